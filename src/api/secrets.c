#include "api/app.h"
#include "api/list.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "json/record.h"
#include "run/vault.h"

/*
 * Secrets of a gateway: what goes in never comes out here. Names and times are
 * for whoever may read the gateway, as its export names them too.
 */

struct secret_body {
	const char *name, *value;
};

static const struct field secret_body_fields[] = {
	F_TEXT(secret_body, name, .required = 1, .min = 1, .max = SECRET_NAME_MAX,
	    .form = &secret_name_form),
	F_TEXT(secret_body, value, .required = 1, .min = 1, .max = VAULT_VALUE_MAX,
	    .doc = "any text of at most 65536 bytes; never given back"),
	F_END
};

static struct json_object *
secret_show(struct request *req, void *record, struct error *e)
{
	(void)req;
	(void)e;
	return record_to_json(secret_fields, record);
}

static const struct list_kind secret_kind = { .show = secret_show };

static enum err
secret_get(struct request *req, const struct gateway *g, const char *name, struct secret *s,
    struct error *e)
{
	bool found;

	if (secret_find(req, req->db, g->id, name, s, &found, e) != ERR_OK)
		return e->code;
	return found ? ERR_OK : error_set(e, ERR_NOT_FOUND, "gateway %s has no secret %s",
	    g->cluster_id, name);
}

static enum err
secret_set(struct request *req, struct response *res, struct error *e)
{
	const struct secret_body *body = req->record;
	struct gateway g = { 0 };
	struct secret s = {
		.id = id_new(req), .name = body->name,
		.created = clock_wall(), .created_by = req->caller->username,
		.last_updated = clock_wall(), .last_updated_by = req->caller->username,
	};
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK || request_gateway(req, &g, e) != ERR_OK)
		return e->code;
	s.gateway_id = g.id;
	if (vault_put(req->db, req->app->config, &s, body->value, e) != ERR_OK ||
	    secret_get(req, &g, body->name, &s, e) != ERR_OK || txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->message = mem_printf(req, "Secret set: %s", s.name);
	respond_record(res, secret_fields, &s);
	return ERR_OK;
}

static enum err
secret_list_all(struct request *req, struct response *res, struct error *e)
{
	struct gateway g = { 0 };
	struct records all;

	if (request_gateway(req, &g, e) != ERR_OK ||
	    secret_list(req, req->db, g.id, &all, e) != ERR_OK)
		return e->code;
	return list_answer(req, res, &all, &secret_kind, e);
}

static enum err
secret_remove(struct request *req, struct response *res, struct error *e)
{
	struct gateway g = { 0 };
	struct secret s = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK || request_gateway(req, &g, e) != ERR_OK ||
	    secret_get(req, &g, req->params[1], &s, e) != ERR_OK ||
	    secret_delete(req->db, g.id, s.name, e) != ERR_OK || txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->message = mem_printf(req, "Secret deleted: %s", s.name);
	respond_record(res, secret_fields, &s);
	return ERR_OK;
}

const struct route secret_routes[] = {
	{ .method = M_POST,
	    .path = "/gateways/{clusterId}/secrets",
	    .op = "setSecret",
	    .role = "secret:update",
	    .body = { BODY_CREATE, "secret", secret_body_fields, sizeof(struct secret_body) },
	    .answer = ANSWER_RESULT,
	    .record = secret_fields,
	    .message = true,
	    .run = secret_set,
	    .summary = "Make a secret, or give it a new value",
	    .doc = "It is sealed at once. Services that name it get it with their next run." },
	{ .method = M_GET,
	    .path = "/gateways/{clusterId}/secrets",
	    .op = "getSecrets",
	    .role = "gateway:read",
	    .list = secret_fields,
	    .answer = ANSWER_RESULTS,
	    .record = secret_fields,
	    .run = secret_list_all,
	    .summary = "List secrets: names and times, never values" },
	{ .method = M_DELETE,
	    .path = "/gateways/{clusterId}/secrets/{name}",
	    .op = "deleteSecret",
	    .role = "secret:update",
	    .answer = ANSWER_RESULT,
	    .record = secret_fields,
	    .message = true,
	    .run = secret_remove,
	    .summary = "Delete a secret" },
	{ 0 }
};
