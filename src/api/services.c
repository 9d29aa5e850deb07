#include "api/app.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"
#include "store/item.h"

/* {id, name, type} of the repository that the definition names; empty texts where it names none. */
static enum err
repository_of(
    struct request *req, struct service *s, struct json_object *definition, struct error *e)
{
	const char *name = json_get_text(definition, "repository");
	struct json_object *o = json_keep(req, json_object_new_object());
	struct item item = { .id = "", .name = "" };
	bool found = false;

	if (name != NULL &&
	    item_find(req, req->db, s->gateway_id, "repositories", name, &item, &found, e) !=
		ERR_OK)
		return e->code;
	json_object_object_add(o, "id", json_object_new_string(item.id));
	json_object_object_add(o, "name", json_object_new_string(found ? item.name : ""));
	json_object_object_add(o, "type", json_object_new_string(found ? "git" : ""));
	s->repository = json_text(req, o);
	return ERR_OK;
}

/* The members that come from the definition: all are always present (api.md section 3). */
static enum err
service_complete(struct request *req, struct service *s, struct error *e)
{
	struct json_object *definition = json_own(req, s->definition), *schema = NULL;
	struct json_object *tags = json_get(definition, "tags");
	enum err rc = order_decorator(req, req->db, s, &schema, e);

	if (rc != ERR_OK && rc != ERR_NOT_FOUND)
		return rc;
	s->decorator = schema != NULL ? json_text(req, schema) : NULL;
	s->tags = tags != NULL ? json_text(req, tags) : "[]";
	s->working_dir = json_get_text(definition, "working-directory");
	s->key = s->name;
	return repository_of(req, s, definition, e);
}

static enum err
service_list_all(struct request *req, struct response *res, struct error *e)
{
	struct records all;

	if (service_list(req, req->db, query_text(req, "cluster_id"), &all, e) != ERR_OK)
		return e->code;
	res->body = json_object_new_array();
	for (size_t i = 0; i < all.n; i++) {
		if (service_complete(req, records_at(&all, i), e) != ERR_OK)
			return e->code;
		json_object_array_add(
		    res->body, record_to_json(service_fields, records_at(&all, i)));
	}
	res->total = (int64_t)all.n;
	return ERR_OK;
}

static enum err
service_read(struct request *req, struct response *res, struct error *e)
{
	struct service s = { 0 };

	if (service_get(req, req->db, req->params[0], &s, e) != ERR_OK ||
	    service_complete(req, &s, e) != ERR_OK)
		return e->code;
	respond_record(res, service_fields, &s);
	return ERR_OK;
}

static const struct query_field list_query[] = {
	{ "cluster_id", "only services of this gateway" },
	{ 0 }
};

const struct route service_routes[] = {
	{ .method = M_GET, .path = "/services", .op = "getServices", .role = "service:read",
	  .query = list_query,
	  .answer = ANSWER_RESULT, .run = service_list_all,
	  .summary = "List the services that gateways offer" },
	{ .method = M_GET, .path = "/services/{id}", .op = "getServiceById", .role = "service:read",
	  .answer = ANSWER_RESULT, .run = service_read,
	  .summary = "Read a service by its id or UUID" },
	{ 0 }
};
