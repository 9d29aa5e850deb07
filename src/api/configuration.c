#include <string.h>

#include "api/app.h"
#include "api/service_file.h"
#include "base/mem.h"
#include "json/body.h"

struct import_options {
	const char *source, *content;
	bool check, validate, force;
};

static const struct field import_fields[] = {
	F_TEXT(import_options, source, .required = 1, .shape = "ImportSource",
	    .doc = "content: the document is in the request"),
	F_JSON(import_options, content, .shape = "ServiceFileSource",
	    .doc = "the document, or its YAML or JSON text"),
	F_BOOL(import_options, check, .doc = "say what would happen, write nothing"),
	F_BOOL(import_options, validate, .doc = "only parse and check the document"),
	F_BOOL(import_options, force, .doc = "replace items whose names are there already"),
	F_END
};

enum err
request_gateway(struct request *req, struct gateway *g, struct error *e)
{
	bool found;

	if (groups_cluster(req, req->db, req->caller, req->params[0], g, &found, e) != ERR_OK)
		return e->code;
	return found
	    ? ERR_OK
	    : error_set(e, ERR_NOT_FOUND, "there is no gateway with cluster id %s", req->params[0]);
}

static enum err
read_document(struct request *req, const struct import_options *o, struct json_object **document,
    struct error *e)
{
	if (strcmp(o->source, "content") != 0)
		return error_field(e, "source", "must be content");
	if (o->check && o->validate)
		return error_field(e, "check", "and validate exclude each other");
	*document = o->content != NULL ? json_own(req, o->content) : NULL;
	if (json_object_is_type(*document, json_type_string))
		return service_file_parse(req, json_object_get_string(*document),
		    (size_t)json_object_get_string_len(*document), document, e);
	if (!json_object_is_type(*document, json_type_object))
		return error_field(e, "content", "must be a document, or its text");
	return ERR_OK;
}

static enum err
configuration_import(struct request *req, struct response *res, struct error *e)
{
	const struct import_options *o = req->record;
	struct service_import import = { .force = o->force, .faults = faults_new(req),
	    .config = req->app->config, .by = req->caller->username,
	    .mode = o->validate ? IMPORT_VALIDATE : o->check ? IMPORT_CHECK : IMPORT_WRITE };
	struct gateway g = { 0 };

	if (request_gateway(req, &g, e) != ERR_OK ||
	    read_document(req, o, &import.document, e) != ERR_OK)
		return e->code;
	res->faults = import.faults;
	if (service_file_import(req, req->db, &g, &import, e) != ERR_OK)
		return e->code;
	res->body = json_object_get(import.answer);
	return ERR_OK;
}

static enum err
configuration_export(struct request *req, struct response *res, struct error *e)
{
	struct json_object *document;
	struct gateway g = { 0 };

	if (request_gateway(req, &g, e) != ERR_OK ||
	    service_file_export(req, req->db, g.id, &document, e) != ERR_OK)
		return e->code;
	res->body = json_object_get(document);
	return ERR_OK;
}

const struct route configuration_routes[] = {
	{ .method = M_POST,
	    .path = "/gateways/{clusterId}/configuration/import",
	    .op = "importConfiguration",
	    .role = "gateway:update",
	    .large = true,
	    .body = { BODY_CREATE, "options", import_fields, sizeof(struct import_options) },
	    .answer = ANSWER_BARE,
	    .shape = "ImportAnswer",
	    .errors = { ERR_CONFLICT },
	    .run = configuration_import,
	    .summary = "Import a service file" },
	{ .method = M_GET,
	    .path = "/gateways/{clusterId}/configuration/export",
	    .op = "exportConfiguration",
	    .role = "gateway:read",
	    .answer = ANSWER_BARE,
	    .shape = "ServiceFile",
	    .run = configuration_export,
	    .summary = "Export what was imported as a service file" },
	{ 0 }
};
