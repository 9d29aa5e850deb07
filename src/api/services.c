#include "api/app.h"
#include "api/list.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"
#include "store/item.h"

enum { FEW = 100 };		/* services for which each item is looked up by itself */

/* What services name, where many are shown: a query for each would be slow. NULL where few are. */
static const struct records *
shelf(const struct request *req)
{
	return req->record;
}

static enum err
find_item(struct request *req, const struct service *s, const char *kind, const char *name,
    struct item *item, bool *found, struct error *e)
{
	const struct item *there;

	if (shelf(req) == NULL)
		return item_find(req, req->db, s->gateway_id, kind, name, item, found, e);
	there = item_among(shelf(req), s->gateway_id, kind, name);
	*found = there != NULL;
	if (*found)
		*item = *there;
	return ERR_OK;
}

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
	    find_item(req, s, "repositories", name, &item, &found, e) != ERR_OK)
		return e->code;
	json_object_object_add(o, "id", json_object_new_string(item.id));
	json_object_object_add(o, "name", json_object_new_string(found ? item.name : ""));
	json_object_object_add(o, "type", json_object_new_string(found ? "git" : ""));
	s->repository = json_text(req, o);
	return ERR_OK;
}

/* The texts that come from the definition. */
static void
service_fill(struct request *req, void *record)
{
	struct service *s = record;
	const char *dir;
	SCOPED(tmp, NULL);

	dir = json_get_text(json_own(tmp, s->definition), "working-directory");
	s->working_dir = dir != NULL ? mem_text(req, dir) : NULL;
	s->key = s->name;
}

/* The schema of its parameters, NULL where there is none (any more). */
static enum err
decorator_of(struct request *req, const struct service *s, struct json_object *definition,
    struct json_object **schema, struct error *e)
{
	const char *name = json_get_text(definition, "decorator");
	struct item item;
	bool found;

	*schema = json_get(definition, "decorator");
	if (name == NULL)
		return ERR_OK;
	*schema = NULL;
	if (find_item(req, s, "decorators", name, &item, &found, e) != ERR_OK)
		return e->code;
	if (found)
		*schema = json_get(json_own(req, item.body), "schema");
	return ERR_OK;
}

/* The rest of what comes from the definition: all members are always present (api.md section 3). */
static enum err
service_complete(struct request *req, struct service *s, struct error *e)
{
	struct json_object *definition = json_own(req, s->definition), *schema = NULL;
	struct json_object *tags = json_get(definition, "tags");

	if (decorator_of(req, s, definition, &schema, e) != ERR_OK)
		return e->code;
	s->decorator = schema != NULL ? json_text(req, schema) : NULL;
	s->tags = tags != NULL ? json_text(req, tags) : "[]";
	return repository_of(req, s, definition, e);
}

static struct json_object *
service_show(struct request *req, void *record, struct error *e)
{
	return service_complete(req, record, e) == ERR_OK ? record_to_json(service_fields, record) :
	    NULL;
}

static const struct list_kind service_kind = { .fill = service_fill, .show = service_show };

static enum err
service_list_all(struct request *req, struct response *res, struct error *e)
{
	const char *cluster_id = query_text(req, "cluster_id");
	struct records all, *named;
	int64_t limit = FEW + 1;

	if (service_list(req, req->db, groups_seer(req->caller), cluster_id, &all, e) != ERR_OK)
		return e->code;
	if (query_text(req, "limit") != NULL)
		text_int(query_text(req, "limit"), 1, FEW, &limit);
	if (all.n > FEW && limit > FEW) {
		req->record = named = MEM_NEW(req, struct records);
		if (item_list_named(req, req->db, cluster_id, named, e) != ERR_OK)
			return e->code;
	}
	return list_answer(req, res, &all, &service_kind, e);
}

static enum err
service_read(struct request *req, struct response *res, struct error *e)
{
	struct service s = { 0 };

	if (groups_service(req, req->db, req->caller, req->params[0], &s, e) != ERR_OK)
		return e->code;
	service_fill(req, &s);
	if (service_complete(req, &s, e) != ERR_OK)
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
	  .query = list_query, .list = service_fields,
	  .answer = ANSWER_RESULT, .record = service_fields,
	  .run = service_list_all,
	  .summary = "List the services that gateways offer" },
	{ .method = M_GET, .path = "/services/{id}", .op = "getServiceById", .role = "service:read",
	  .answer = ANSWER_RESULT, .record = service_fields,
	  .run = service_read,
	  .summary = "Read a service by its id or UUID" },
	{ 0 }
};
