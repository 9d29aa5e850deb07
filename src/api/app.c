#include "api/app.h"
#include "api/audit.h"

#include <string.h>
#include <strings.h>

#include "base/fault.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"

#define JSON_TYPE "application/json"
#define FORM_TYPE "application/x-www-form-urlencoded"

/* Of who is not known yet: JSON takes hundreds of times as much memory. */
enum { OPEN_BODY_MAX = 65536 };
enum { MS_PER_S = 1000, RETRY_S = 5, STATUS_NO_CONTENT = 204, STATUS_SERVER = 500 };

static const struct route *const tables[] = {
	health_routes, gateway_routes, service_routes, run_routes, job_routes, connection_routes,
	configuration_routes, service_group_routes, certificate_routes, authorization_routes,
	account_routes, explain_routes, openapi_routes,
	session_routes, audit_routes, secret_routes, plan_state_routes, inventory_routes,
	virtual_cluster_routes, inspect_routes, NULL
};

struct app *
app_new(void *ctx, const struct config *c, struct error *e)
{
	struct app *app = MEM_NEW(ctx, struct app);

	app->config = c;
	app->verifier.config = c;
	app->verifier.remember = remember_new(app, c->auth_cache * MS_PER_S);
	app->schemas = schema_keep_new(app);
	app->router = router_new(app, tables, e);
	if (app->router == NULL) {
		mem_free(app);
		return NULL;
	}
	return app;
}

size_t
app_body_max(const struct app *app, void *ctx, enum method method, const char *path)
{
	const struct route *route;
	const char *params[ROUTE_PARAMS];
	unsigned allow;
	size_t most = (size_t)app->config->responder_max_body;
	struct error e;

	if (router_find(app->router, ctx, method, path, &route, params, &allow, &e) != ERR_OK)
		return most;
	if (strcmp(route->role, ROLE_OPEN) == 0)
		return most < OPEN_BODY_MAX ? most : OPEN_BODY_MAX;
	return route->large ? (size_t)app->config->responder_max_import : most;
}

enum err
refuse_faults(void *ctx, const struct faults *f, struct error *e)
{
	char *all = faults_text(ctx, f);

	snprintf(e->field, sizeof e->field, "%s", f->at[0].path);
	snprintf(e->detail, sizeof e->detail, "%s", all);
	utf8_trim(e->field);
	utf8_trim(e->detail);
	return e->code = ERR_INVALID;
}

static bool
is_type(const char *content_type, const char *type)
{
	size_t n = strlen(type);

	return strncasecmp(content_type, type, n) == 0 && strchr("; \t", content_type[n]) != NULL;
}

static enum err
unwrap(struct request *req, const char *wrapper, struct json_object *body, struct error *e)
{
	struct json_object *inner;

	req->json = body;
	if (wrapper == NULL)
		return ERR_OK;
	json_object_object_foreach(body, key, value) {
		(void)value;
		if (strcmp(key, wrapper) != 0)
			return error_field(
			    e, key, "is not known here: the body is {\"%s\": {...}}", wrapper);
	}
	if (!json_object_object_get_ex(body, wrapper, &inner))
		return error_field(e, wrapper, "is required: the body is {\"%s\": {...}}", wrapper);
	if (!json_object_is_type(inner, json_type_object))
		return error_field(e, wrapper, "must be an object");
	req->json = inner;
	return ERR_OK;
}

/* Whether the body is there and of the TYPE that it has to be. */
static enum err
check_body(struct request *req, const char *type, struct error *e)
{
	if (req->body_too_large)
		return error_set(e, ERR_TOO_LARGE, "the body is larger than %zu bytes",
		    app_body_max(req->app, req, req->method, req->path));
	if (req->content_encoding != NULL &&
	    strcasecmp(req->content_encoding, "identity") != 0)
		return error_set(e, ERR_MEDIA_TYPE, "the body must come without Content-Encoding");
	if (req->body_cut)
		return error_set(e, ERR_MALFORMED, "the body ended before its Content-Length");
	if ((req->body_len > 0 || *req->content_type != '\0') &&
	    !is_type(req->content_type, type))
		return error_set(e, ERR_MEDIA_TYPE, "the body must be %s", type);
	return ERR_OK;
}

static enum err
read_body(struct request *req, struct error *e)
{
	const struct route *route = req->route;
	struct json_object *body;

	if (route->body.use == BODY_NONE)
		return ERR_OK;
	if (check_body(req, route->body.use == BODY_FORM ? FORM_TYPE : JSON_TYPE, e) != ERR_OK)
		return e->code;
	if (route->body.use == BODY_FORM)
		return form_read(req, e);
	if (json_parse(req, req->body, req->body_len, &body, e) != ERR_OK)
		return e->code;
	if (!json_object_is_type(body, json_type_object))
		return error_set(e, ERR_MALFORMED, "the body must be a JSON object");
	if (unwrap(req, route->body.wrapper, body, e) != ERR_OK)
		return e->code;
	if (route->body.use != BODY_CREATE)
		return ERR_OK;
	req->record = mem_bytes(req, route->body.size);
	return record_from_json(req, route->body.fields, req->json, req->record, RECORD_CREATE, e);
}

enum err
request_overlay(struct request *req, void *record, struct error *e)
{
	return record_from_json(req, req->route->body.fields, req->json, record, RECORD_UPDATE, e);
}

void
respond_record(struct response *res, const struct field *fields, const void *record)
{
	res->body = record_to_json(fields, record);
}

static enum err
admit(struct request *req, struct error *e)
{
	if (strcmp(req->route->role, ROLE_OPEN) == 0)
		return ERR_OK;
	/* It is known to a host by itself, or since before the request waited. */
	if ((req->caller == NULL ? request_identify(req, e) : request_identify_again(req, e)) !=
	    ERR_OK)
		return e->code;
	if (strcmp(req->route->role, ROLE_CALLER) == 0)
		return ERR_OK;
	return authorize(req->caller, req->route->role, e);
}

static enum err
route_request(struct app *app, struct request *req, struct response *res, struct error *e)
{
	unsigned allow;
	enum err rc = router_find(
	    app->router, req, req->method, req->path, &req->route, req->params, &allow, e);

	if (allow != 0 && req->method == M_OPTIONS) {
		res->status = STATUS_NO_CONTENT;
		rc = ERR_OK;
	}
	if (rc == ERR_METHOD || res->status == STATUS_NO_CONTENT)
		response_header(res, "Allow", router_allow(req, allow));
	return rc;
}

static enum err
handle(struct app *app, struct request *req, struct response *res, struct error *e)
{
	struct error bad;
	enum err query;

	if (route_request(app, req, res, e) != ERR_OK)
		return e->code;
	if (res->status == STATUS_NO_CONTENT)
		return ERR_OK;
	/* A token may be in the query; but who may not ask is not told what is wrong with it. */
	query = query_read(req, &bad);
	if (admit(req, e) != ERR_OK)
		return e->code;
	if (query != ERR_OK) {
		*e = bad;
		return query;
	}
	if (read_body(req, e) != ERR_OK)
		return e->code;
	db_writable(req->db, req->method != M_GET && req->method != M_HEAD);
	audit_begin(req, res);
	return req->route->run(req, res, e);
}

/* Where Basic is offered a browser asks for a password: not beside a page that logs in itself. */
static const char *
challenge(const struct request *req)
{
	bool is_login = req->route != NULL && strcmp(req->route->role, ROLE_OPEN) == 0 &&
	    req->authorization == NULL;

	return is_login ? "Bearer realm=\"Gatehouse\"" : "Basic realm=\"Gatehouse\"";
}

void
app_refuse(struct request *req, struct response *res, struct error *e)
{
	response_release(res);
	res->type = NULL;
	res->more = false;
	req->wait = NULL;
	if (req->id == NULL) {
		req->id = id_new(req);
		response_header(res, "X-Request-Id", req->id);
	}
	if (err_status(e->code) >= STATUS_SERVER)
		log_error("request %s: %s %s: %s", req->id, method_name(req->method), req->path,
		    e->detail);
	/* What went wrong inside is for the log; the caller can name the request. */
	if (e->code == ERR_INTERNAL)
		error_set(e, ERR_INTERNAL,
		    "something went wrong here: the server's log names the request %s", req->id);
	/* So is what is not there, paths and all, for whom we do not know. */
	if (e->code == ERR_UNAVAILABLE && req->caller == NULL)
		error_set(e, ERR_UNAVAILABLE,
		    "not available now, try again: the server's log names the request %s", req->id);
	if (e->code == ERR_UNAVAILABLE || e->code == ERR_TOO_MANY)
		response_header(res, "Retry-After",
		    mem_printf(req, "%d", e->retry_s > 0 ? e->retry_s : RETRY_S));
	if (e->code == ERR_UNAUTHENTICATED)
		response_header(res, "WWW-Authenticate", challenge(req));
	res->status = err_status(e->code);
	res->body = answer_error(e, req->id, res->faults);
}

static void
finish(struct request *req, struct response *res, enum err rc, struct error *e)
{
	if (rc != ERR_OK) {
		req->wait = NULL;
		app_refuse(req, res, e);
	} else if (req->wait == NULL && res->type == NULL && req->route != NULL &&
	    res->status != STATUS_NO_CONTENT) {
		res->body = answer_wrap(req->route->answer, res);
	}
	if (res->status == 0)
		res->status = err_status(ERR_OK);
}

void
app_handle(struct app *app, struct db *db, struct request *req, struct response *res)
{
	struct error e = { 0 };
	enum err rc;

	response_init(res);
	req->app = app;
	req->db = db;
	req->id = id_new(req);
	response_header(res, "X-Request-Id", req->id);
	/* The pipeline's own records are written for a GET too: see handle(). */
	db_writable(db, true);
	rc = handle(app, req, res, &e);
	rc = audit_end(req, res, rc, &e);
	finish(req, res, rc, &e);
}

void
app_resume(struct db *db, struct request *req, struct response *res)
{
	struct error e = { 0 };
	enum err rc = ERR_OK;

	req->db = db;
	db_writable(db, req->method != M_GET && req->method != M_HEAD);
	audit_begin(req, res);
	/* Who has lost a right meanwhile reads no further. What was ordered is answered. */
	if (req->method == M_GET || req->method == M_HEAD)
		rc = admit(req, &e);
	if (rc == ERR_OK)
		rc = req->resume(req, res, &e);
	rc = audit_end(req, res, rc, &e);
	finish(req, res, rc, &e);
}
