#include "api/openapi.h"

#include <ctype.h>
#include <string.h>

#include "api/app.h"
#include "api/openapi_private.h"
#include "base/mem.h"
#include "json/body.h"

static const char about[] =
    "The API of Gatehouse, an open Gateway Manager. A path may end with a slash; HEAD is answered "
    "wherever GET is, OPTIONS with the methods of the path, and any other method with 405. Query "
    "parameters that are not known are passed over, members of a body that are not known are "
    "refused. In lists, include and exclude leave out members that are required here. What goes "
    "wrong with a run itself is answered with 200.";

static struct json_object *
new_object(void)
{
	return mem_must(json_object_new_object());
}

static struct json_object *
info(void)
{
	struct json_object *o = new_object();

	openapi_put(o, "title", "Gatehouse");
	openapi_put(o, "version", PACKAGE_VERSION);
	openapi_put(o, "description", about);
	return o;
}

/* The paths are whole, as some are not below the base path. */
static struct json_object *
servers(void)
{
	struct json_object *list = mem_must(json_object_new_array()), *one = new_object();

	openapi_put(one, "url", "/");
	json_push(list, one);
	return list;
}

/* --- paths --- */

static char *
lower(void *ctx, const char *s)
{
	char *out = mem_text(ctx, s);

	for (char *p = out; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return out;
}

static struct json_object *
paths(const struct router *r)
{
	SCOPED(tmp, NULL);
	struct json_object *all = new_object();
	const struct route *const *routes;
	size_t n;

	routes = router_all(r, &n);
	for (size_t i = 0; i < n; i++) {
		const struct route *t = routes[i];
		const char *path = mem_printf(tmp, "%s%s", t->outside ? "" : ROUTE_BASE, t->path);

		if (json_get(all, path) == NULL)
			json_set(all, path, new_object());
		json_set(json_get(all, path), lower(tmp, method_name(t->method)),
		    openapi_operation(t));
	}
	return all;
}

/* --- components --- */

static struct json_object *
schemas(void)
{
	struct json_object *all = new_object();

	for (const struct openapi_record *r = openapi_records; r->name != NULL; r++)
		json_set(all, r->name, openapi_record_schema(r));
	for (const struct openapi_text *s = openapi_shapes; s->name != NULL; s++)
		json_set(all, s->name, openapi_parse(s->json));
	return all;
}

static struct json_object *
header(const char *doc, struct json_object *schema)
{
	struct json_object *o = new_object();

	openapi_put(o, "description", doc);
	json_set(o, "schema", schema);
	return o;
}

static struct json_object *
error_answer(const struct openapi_error *e)
{
	struct json_object *o = new_object(), *headers = new_object(), *content = new_object(),
	    *type = new_object();

	openapi_put(o, "description", e->doc);
	json_set(headers, "X-Request-Id", openapi_ref("headers", "X-Request-Id"));
	if (e->header != NULL)
		json_set(headers, e->header, header(e->header_doc, openapi_type("string")));
	json_set(o, "headers", headers);
	json_set(type, "schema", openapi_ref("schemas", "Error"));
	json_set(content, "application/json", type);
	json_set(o, "content", content);
	return o;
}

static struct json_object *
responses(void)
{
	struct json_object *all = new_object();

	for (const struct openapi_error *e = openapi_errors; e->status != 0; e++)
		json_set(all, e->name, error_answer(e));
	return all;
}

static struct json_object *
security_schemes(void)
{
	struct json_object *all = new_object();

	for (const struct openapi_text *s = openapi_schemes; s->name != NULL; s++)
		json_set(all, s->name, openapi_parse(s->json));
	return all;
}

static struct json_object *
components(void)
{
	struct json_object *o = new_object(), *headers = new_object();

	json_set(headers, "X-Request-Id",
	    header("names the request in the log", openapi_ref("schemas", "Id")));
	json_set(o, "schemas", schemas());
	json_set(o, "responses", responses());
	json_set(o, "headers", headers);
	json_set(o, "securitySchemes", security_schemes());
	return o;
}

struct json_object *
openapi_document(const struct router *r)
{
	struct json_object *o = new_object();

	openapi_put(o, "openapi", "3.1.0");
	json_set(o, "info", info());
	json_set(o, "servers", servers());
	json_set(o, "paths", paths(r));
	json_set(o, "components", components());
	return o;
}

/* Made anew for each who asks: few do, and a copy that is kept would cost memory always. */
static enum err
openapi_read(struct request *req, struct response *res, struct error *e)
{
	(void)e;
	res->body = openapi_document(req->app->router);
	return ERR_OK;
}

const struct route openapi_routes[] = {
	{ .method = M_GET, .path = "/openapi.json", .op = "getOpenapi", .role = ROLE_OPEN,
	  .answer = ANSWER_BARE, .shape = "Document", .run = openapi_read,
	  .summary = "This document" },
	{ 0 }
};
