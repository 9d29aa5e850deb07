#include <string.h>

#include "api/app.h"
#include "api/service_file.h"
#include "base/mem.h"
#include "json/body.h"
#include "run/order.h"

enum { KEY_MAX = 65536 };	/* characters */

struct import_options {
	const char *source, *content;
	const char *url, *reference, *file, *path, *filename;
	const char *username, *password, *private_key;
	bool check, validate, force;
};

/* How the original calls the file is not known for sure: each likely name will do. */
static const struct field git_fields[] = {
	F_TEXT(import_options, url, .required = 1, .min = 1,
	    .doc = "https://..., ssh://..., git@host:path, or file:/// below [local] roots"),
	F_TEXT(import_options, reference,
	    .doc = "branch, tag or full SHA; without it what HEAD is there"),
	F_TEXT(import_options, file,
	    .doc = "path of the service file in the repository"),
	F_TEXT(import_options, path, .doc = "another name of file"),
	F_TEXT(import_options, filename, .doc = "another name of file"),
	F_TEXT(import_options, username, .doc = "for https, with password"),
	F_TEXT(import_options, password,
	    .doc = "for https; $GATEWAYSECRET_NAME names a secret of the gateway"),
	F_TEXT(import_options, private_key, .wire = "privateKey", .max = KEY_MAX,
	    .doc = "for ssh; $GATEWAYSECRET_NAME names a secret of the gateway"),
	F_END
};

static const struct field import_fields[] = {
	F_TEXT(import_options, source, .required = 1, .shape = "ImportSource",
	    .doc = "content: the document is in the request; git: it is in a repository"),
	F_JSON(import_options, content, .shape = "ServiceFileSource",
	    .doc = "the document, or its YAML or JSON text"),
	F_NEST("git", git_fields, .doc = "where the document is"),
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

/* Imports DOCUMENT as the options say, and answers. */
static enum err
import_document(struct request *req, struct response *res, struct json_object *document,
    struct error *e)
{
	const struct import_options *o = req->record;
	struct service_import import = { .document = document, .force = o->force,
	    .faults = faults_new(req), .config = req->app->config, .by = req->caller->username,
	    .mode = o->validate ? IMPORT_VALIDATE : o->check ? IMPORT_CHECK : IMPORT_WRITE };
	struct gateway g = { 0 };

	if (request_gateway(req, &g, e) != ERR_OK)
		return e->code;
	res->faults = import.faults;
	if (service_file_import(req, req->db, &g, &import, e) != ERR_OK)
		return e->code;
	res->body = json_object_get(import.answer);
	return ERR_OK;
}

static enum err
import_content(struct request *req, struct response *res, struct error *e)
{
	const struct import_options *o = req->record;
	struct json_object *document = o->content != NULL ? json_own(req, o->content) : NULL;

	if (o->url != NULL)
		return error_field(e, "git", "is not for source content");
	if (json_object_is_type(document, json_type_string)) {
		if (service_file_parse(req, json_object_get_string(document),
		    (size_t)json_object_get_string_len(document), &document, e) != ERR_OK)
			return e->code;
	} else if (!json_object_is_type(document, json_type_object)) {
		return error_field(e, "content", "must be a document, or its text");
	}
	return import_document(req, res, document, e);
}

/* --- from git: gatehoused fetches the file, and the request waits meanwhile --- */

static enum err
import_fetched(struct request *req, struct response *res, struct error *e)
{
	const struct wait *w = req->wait;
	struct json_object *facts = w->facts != NULL ? json_own(req, w->facts) : NULL;
	struct json_object *content = json_get(facts, "content"), *document;

	req->wait = NULL;
	if (w->event == WAIT_OVER)
		return error_set(e, ERR_UNAVAILABLE, "the repository was not fetched in time");
	if (w->event != WAIT_DONE && (w->code == ERR_UNAVAILABLE || w->code == ERR_INTERNAL))
		return error_set(e, w->code, "%s", w->detail);
	/* What is not found there is a fault of the request, and no record missing here. */
	if (w->event != WAIT_DONE || content == NULL)
		return error_field(e, "git", "%s", w->detail);
	if (service_file_parse(req, json_object_get_string(content),
	    (size_t)json_object_get_string_len(content), &document, e) != ERR_OK)
		return e->code;
	if (!json_object_is_type(document, json_type_object))
		return error_field(e, "git", "the file must hold a document");
	return import_document(req, res, document, e);
}

static bool
is_given(const char *s)
{
	return s != NULL && s[0] != '\0';
}

/* One without the other would be found out by git only, which says nothing of fields. */
static enum err
check_credentials(const struct import_options *o, struct error *e)
{
	if (is_given(o->private_key) && is_given(o->password))
		return error_field(e, "git.privateKey", "and password exclude each other");
	if (is_given(o->username) && !is_given(o->password))
		return error_field(e, "git.password", "is required beside a username");
	/* The url may name the user. */
	if (is_given(o->password) && !is_given(o->username) && strchr(o->url, '@') == NULL)
		return error_field(e, "git.username", "is required beside a password");
	return ERR_OK;
}

static enum err
import_git(struct request *req, struct error *e)
{
	const struct import_options *o = req->record;
	const char *names[] = { o->file, o->path, o->filename };
	struct gateway g = { 0 };
	struct order_file f = {
		.url = o->url, .reference = o->reference, .username = o->username,
		.password = o->password, .key = o->private_key,
	};

	if (o->url == NULL)
		return error_field(e, "git", "is required for source git");
	if (o->content != NULL)
		return error_field(e, "content", "is not for source git");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (names[i] != NULL && f.file != NULL)
			return error_field(e, "git.file", "is given under two names");
		f.file = names[i] != NULL ? names[i] : f.file;
	}
	if (f.file == NULL)
		return error_field(e, "git.file", "is required");
	if (check_credentials(o, e) != ERR_OK || request_gateway(req, &g, e) != ERR_OK)
		return e->code;
	f.gateway_id = g.id;
	req->wait = order_fetch(req, req->app->config, &f);
	req->resume = import_fetched;
	return ERR_OK;
}

static enum err
configuration_import(struct request *req, struct response *res, struct error *e)
{
	const struct import_options *o = req->record;
	bool git = strcmp(o->source, "git") == 0;
	struct gateway g = { 0 };

	if (request_gateway(req, &g, e) != ERR_OK)
		return e->code;
	if (!git && strcmp(o->source, "content") != 0)
		return error_field(e, "source", "must be content or git");
	if (o->check && o->validate)
		return error_field(e, "check", "and validate exclude each other");
	return git ? import_git(req, e) : import_content(req, res, e);
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
