#include <string.h>

#include "api/app.h"
#include "api/list.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"
#include "store/service_group.h"

static struct json_object *
group_shown(const struct service_group *s)
{
	struct json_object *o = record_to_json(service_group_fields, s);
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < s->held.n; i++) {
		const struct service_held *held = records_at(&s->held, i);
		struct json_object *one = json_object_new_object();

		json_object_object_add(one, "id", json_object_new_string(held->id));
		json_object_object_add(one, "name", json_object_new_string(held->name));
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "services", list);
	return o;
}

static void
group_stamp(const struct request *req, struct service_group *s)
{
	s->last_updated = clock_wall();
	s->last_updated_by = req->caller->username;
}

/* The gateway that a new group names. */
static enum err
find_gateway(struct request *req, struct service_group *s, struct error *e)
{
	struct gateway g = { 0 };
	bool found;

	if (groups_cluster(req, req->db, req->caller, s->cluster_id, &g, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return error_field(e, "cluster_id", "there is no gateway %s", s->cluster_id);
	s->gateway_id = g.id;
	return ERR_OK;
}

/* Nobody shows others, or themselves, what they do not see. In the words of the store. */
static enum err
check_services(struct request *req, const struct service_group *s, struct error *e)
{
	for (size_t i = 0; i < s->services.n; i++) {
		SCOPED(tmp, NULL);
		struct service v = { 0 };
		enum err rc = groups_service(
		    tmp, req->db, req->caller, s->services.at[i], &v, e);

		if (rc == ERR_NOT_FOUND)
			return error_field(e, "services", "there is no %s", s->services.at[i]);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

static enum err
group_create(struct request *req, struct response *res, struct error *e)
{
	struct service_group *s = req->record;
	TXN(t);

	res->id = s->id = id_new(req);
	group_stamp(req, s);
	s->created = s->last_updated;
	s->created_by = s->last_updated_by;
	if (txn_begin(&t, req->db, e) != ERR_OK || find_gateway(req, s, e) != ERR_OK ||
	    check_services(req, s, e) != ERR_OK ||
	    service_group_insert(req->db, s, e) != ERR_OK || txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->message = mem_printf(req, "Service group added: %s", s->id);
	return ERR_OK;
}

static struct json_object *
group_show(struct request *req, void *record, struct error *e)
{
	(void)req;
	(void)e;
	return group_shown(record);
}

static const struct list_kind group_kind = { .show = group_show, .added = "services" };

static enum err
group_list(struct request *req, struct response *res, struct error *e)
{
	const char *cluster_id = query_text(req, "cluster_id");
	struct records all;

	if (service_group_list(
		req, req->db, groups_seer(req->caller), cluster_id, &all, e) != ERR_OK)
		return e->code;
	return list_answer(req, res, &all, &group_kind, e);
}

static enum err
group_read(struct request *req, struct response *res, struct error *e)
{
	struct service_group s = { 0 };

	if (groups_service_group(req, req->db, req->caller, req->params[0], &s, e) != ERR_OK)
		return e->code;
	res->body = group_shown(&s);
	return ERR_OK;
}

/* Of the default group only the description may change: the rest is its gateway's. */
static enum err
may_change(struct request *req, const struct service_group *s, struct error *e)
{
	if (json_object_object_length(req->json) == 0)
		return error_field(e, "patches", "must not be empty");
	if (!s->is_default)
		return ERR_OK;
	json_object_object_foreach(req->json, key, value) {
		(void)value;
		if (strcmp(key, "description") != 0)
			return error_set(e, ERR_CONFLICT,
			    "%s: only the description of the default service group can be changed",
			    key);
	}
	return ERR_OK;
}

/* As the original's store counts: what MongoDB says of an update. */
static struct json_object *
update_counts(void)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "acknowledged", json_object_new_boolean(1));
	json_object_object_add(o, "matchedCount", json_object_new_int(1));
	json_object_object_add(o, "modifiedCount", json_object_new_int(1));
	return o;
}

static enum err
group_change(struct request *req, struct response *res, struct error *e)
{
	struct service_group s = { 0 };
	bool services = json_object_object_get_ex(req->json, "services", NULL);
	bool groups = json_object_object_get_ex(req->json, "groups", NULL);
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK ||
	    groups_service_group(req, req->db, req->caller, req->params[0], &s, e) != ERR_OK ||
	    request_overlay(req, &s, e) != ERR_OK || may_change(req, &s, e) != ERR_OK ||
	    check_services(req, &s, e) != ERR_OK)
		return e->code;
	group_stamp(req, &s);
	if (service_group_update(req->db, &s, services, groups, e) != ERR_OK ||
	    txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->message = mem_printf(req, "Service group updated: %s", s.id);
	res->body = update_counts();
	return ERR_OK;
}

static enum err
group_remove(struct request *req, struct response *res, struct error *e)
{
	struct service_group s = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK ||
	    groups_service_group(req, req->db, req->caller, req->params[0], &s, e) != ERR_OK)
		return e->code;
	if (s.is_default)
		return error_set(e, ERR_CONFLICT, "the default service group cannot be deleted");
	if (service_group_delete(req->db, s.id, e) != ERR_OK || txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->message = mem_printf(req, "Service group deleted: %s", s.id);
	res->body = group_shown(&s);
	return ERR_OK;
}

static const struct query_field list_query[] = {
	{ "cluster_id", "only groups of this gateway" },
	{ 0 }
};

const struct route service_group_routes[] = { { .method = M_POST,
						  .path = "/service-groups",
						  .op = "createServiceGroup",
						  .role = "service-group:create",
						  .body = { BODY_CREATE, "serviceGroup",
						      service_group_create,
						      sizeof(struct service_group) },
						  .answer = ANSWER_MESSAGE_ID,
						  .errors = { ERR_CONFLICT },
						  .run = group_create,
						  .summary = "Make a service group" },
	{ .method = M_GET,
	    .path = "/service-groups",
	    .op = "getServiceGroups",
	    .role = "service-group:read",
	    .list = service_group_fields,
	    .query = list_query,
	    .answer = ANSWER_RESULTS,
	    .record = service_group_fields,
	    .run = group_list,
	    .summary = "List service groups" },
	{ .method = M_GET,
	    .path = "/service-groups/{id}",
	    .op = "getServiceGroupById",
	    .role = "service-group:read",
	    .answer = ANSWER_RESULT,
	    .record = service_group_fields,
	    .run = group_read,
	    .summary = "Read a service group" },
	{ .method = M_PATCH,
	    .path = "/service-groups/{id}",
	    .op = "updateServiceGroup",
	    .role = "service-group:update",
	    .body = { BODY_UPDATE, "patches", service_group_patch, sizeof(struct service_group) },
	    .answer = ANSWER_RESULT,
	    .shape = "UpdateCounts",
	    .message = true,
	    .errors = { ERR_CONFLICT },
	    .run = group_change,
	    .summary = "Change a service group" },
	{ .method = M_DELETE,
	    .path = "/service-groups/{id}",
	    .op = "deleteServiceGroup",
	    .role = "service-group:delete",
	    .answer = ANSWER_RESULT,
	    .record = service_group_fields,
	    .message = true,
	    .errors = { ERR_CONFLICT },
	    .run = group_remove,
	    .summary = "Delete a service group" },
	{ 0 } };
