#include "api/openapi_private.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "json/body.h"

#define JSON_TYPE "application/json"
#define FORM_TYPE "application/x-www-form-urlencoded"

enum { STATUS_TEXT_MAX = 16 };

static void
put_true(struct json_object *o, const char *key)
{
	json_set(o, key, mem_must(json_object_new_boolean(true)));
}

static struct json_object *
new_array(void)
{
	return mem_must(json_object_new_array());
}

/* --- parameters --- */

void
openapi_parameter(struct json_object *list, const char *in, const struct query_field *q)
{
	const struct openapi_text *schema = openapi_find(openapi_parameters, q->name);
	struct json_object *o = mem_must(json_object_new_object());

	openapi_put(o, "name", q->name);
	openapi_put(o, "in", in);
	if (strcmp(in, "path") == 0)
		put_true(o, "required");
	openapi_put(o, "description", q->doc);
	json_set(o, "schema",
	    schema != NULL ? openapi_parse(schema->json) : openapi_type("string"));
	json_push(list, o);
}

static void
add_parameters(struct json_object *list, const char *in, const struct query_field *q)
{
	for (; q != NULL && q->name != NULL; q++)
		openapi_parameter(list, in, q);
}

static void
add_path_parameters(struct json_object *list, const char *path)
{
	SCOPED(tmp, NULL);

	while ((path = strchr(path, '{')) != NULL) {
		size_t n = strcspn(++path, "}");
		const struct query_field q = { mem_textn(tmp, path, n), NULL };

		openapi_parameter(list, "path", &q);
	}
}

static void
put_parameters(struct json_object *o, const struct route *t)
{
	struct json_object *list = new_array();

	add_path_parameters(list, t->path);
	add_parameters(list, "query", t->query);
	if (t->list != NULL)
		openapi_list_parameters(list, t);
	add_parameters(list, "header", t->headers);
	if (json_object_array_length(list) > 0)
		json_set(o, "parameters", list);
	else
		json_object_put(list);
}

/* --- the body --- */

static struct json_object *
wrap_schema(const char *wrapper, struct json_object *schema)
{
	struct json_object *o = openapi_object();

	openapi_member(o, wrapper, schema, true);
	json_set(o, "additionalProperties", mem_must(json_object_new_boolean(false)));
	return o;
}

/* {"TYPE": {"schema": SCHEMA}} as member "content" of O, beside others that are there. */
static void
put_content(struct json_object *o, const char *type, struct json_object *schema)
{
	struct json_object *inner = mem_must(json_object_new_object());

	if (json_get(o, "content") == NULL)
		json_set(o, "content", mem_must(json_object_new_object()));
	json_set(inner, "schema", schema);
	json_set(json_get(o, "content"), type, inner);
}

static void
put_body(struct json_object *o, const struct route *t)
{
	enum schema_use use = t->body.use == BODY_CREATE ? SCHEMA_CREATE : SCHEMA_UPDATE;
	struct json_object *body, *schema;

	if (t->body.use == BODY_NONE)
		return;
	if (t->body.fields != NULL)
		schema = openapi_schema(t->body.fields, use);
	else
		schema = t->body_shape != NULL ? openapi_ref("schemas", t->body_shape) :
		    openapi_type("object");
	body = mem_must(json_object_new_object());
	put_true(body, "required");
	if (t->body.wrapper != NULL)
		schema = wrap_schema(t->body.wrapper, schema);
	put_content(body, t->body.use == BODY_FORM ? FORM_TYPE : JSON_TYPE, schema);
	json_set(o, "requestBody", body);
}

/* --- the answer --- */

static struct json_object *
inner_schema(const struct route *t)
{
	const struct openapi_record *r = t->record != NULL ? openapi_record_of(t->record) : NULL;
	const char *name = r != NULL ? r->name : t->shape;
	struct json_object *one = name != NULL ? openapi_ref("schemas", name) :
	    mem_must(json_object_new_object()), *list;

	if (t->list == NULL)
		return one;
	list = openapi_type("array");
	json_set(list, "items", one);
	return list;
}

static struct json_object *
success_schema(void)
{
	struct json_object *o = openapi_object(), *state = mem_must(json_object_new_object());

	openapi_put(state, "const", "Success");
	openapi_member(o, "state", state, true);
	return o;
}

static struct json_object *
result_schema(const struct route *t, const char *key)
{
	struct json_object *o = success_schema(), *total;

	if (t->message)
		openapi_member(o, "message", openapi_type("string"), true);
	openapi_member(o, key, inner_schema(t), true);
	if (t->list == NULL)
		return o;
	total = openapi_type("integer");
	openapi_put(total, "description", "how many there are, whatever limit and skip say");
	openapi_member(o, "total", total, true);
	return o;
}

static struct json_object *
value_schema(const struct route *t)
{
	struct json_object *o = success_schema(), *result = openapi_object();

	openapi_member(result, "value", inner_schema(t), true);
	openapi_member(o, "result", result, true);
	return o;
}

static struct json_object *
message_id_schema(void)
{
	struct json_object *o = success_schema();

	openapi_member(o, "message", openapi_type("string"), true);
	openapi_member(o, "id", openapi_ref("schemas", "Id"), true);
	return o;
}

static struct json_object *
status_schema(const struct route *t, struct json_object *result)
{
	struct json_object *o = openapi_object(), *status = mem_must(json_object_new_object());

	openapi_put(status, "const", "Success");
	openapi_member(o, "status", status, true);
	if (t->message)
		openapi_member(o, "message", openapi_type("string"), true);
	openapi_member(o, "result", result, true);
	return o;
}

static struct json_object *
listing_schema(const struct route *t)
{
	struct json_object *o = openapi_object();

	openapi_member(o, "results", inner_schema(t), true);
	openapi_member(o, "total", openapi_type("integer"), true);
	return o;
}

static struct json_object *
ok_schema(const struct route *t)
{
	struct json_object *o = openapi_object(), *status = mem_must(json_object_new_object());

	openapi_put(status, "const", "OK");
	openapi_member(o, "status", status, true);
	openapi_member(o, "data", inner_schema(t), true);
	return o;
}

static struct json_object *
page_schema(const struct route *t)
{
	static const char *const counts[] = { "totalRecords", "currentPage", "pageSize",
		"totalPages" };
	struct json_object *o = openapi_object();

	openapi_member(o, "data", inner_schema(t), true);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		openapi_member(o, counts[i], openapi_type("integer"), true);
	return o;
}

/* The envelopes as answer_wrap() makes them. */
static struct json_object *
answer_schema(const struct route *t)
{
	switch (t->answer) {
	case ANSWER_BARE:
		return inner_schema(t);
	case ANSWER_RESULTS:
		return result_schema(t, "results");
	case ANSWER_RESULT:
		return result_schema(t, "result");
	case ANSWER_VALUE:
		return value_schema(t);
	case ANSWER_MESSAGE_ID:
		return message_id_schema();
	case ANSWER_LISTING:
		return listing_schema(t);
	case ANSWER_OK:
		return ok_schema(t);
	case ANSWER_STATUS:
		return status_schema(t, inner_schema(t));
	case ANSWER_PAGE:
		return status_schema(t, page_schema(t));
	}
	return NULL;
}

static void
put_headers(struct json_object *o, const struct query_field *gives)
{
	struct json_object *headers = mem_must(json_object_new_object()), *one;

	json_set(headers, "X-Request-Id", openapi_ref("headers", "X-Request-Id"));
	for (; gives != NULL && gives->name != NULL; gives++) {
		one = mem_must(json_object_new_object());
		openapi_put(one, "description", gives->doc);
		json_set(one, "schema", openapi_type("string"));
		json_set(headers, gives->name, one);
	}
	json_set(o, "headers", headers);
}

static struct json_object *
good_answer(const struct route *t)
{
	struct json_object *o = mem_must(json_object_new_object());

	openapi_put(o, "description", "Success.");
	put_headers(o, t->gives);
	if (t->types == NULL)
		put_content(o, JSON_TYPE, answer_schema(t));
	for (const char *const *type = t->types; type != NULL && *type != NULL; type++)
		put_content(o, *type, openapi_type("string"));
	return o;
}

/* --- errors --- */

/* For which routes the pipeline answers an error for some request, whatever the handler does. */
enum occasion {
	NEVER,
	ALWAYS,
	WITH_CALLER,
	WITH_NAME,	/* in the path */
	WITH_BODY
};

/* ERR_METHOD is of the path, not of an operation that it has. */
static const enum occasion occasions[ERR__COUNT] = {
	[ERR_MALFORMED] = ALWAYS,	/* the query */
	[ERR_INVALID] = ALWAYS,
	[ERR_UNAUTHENTICATED] = WITH_CALLER,
	[ERR_FORBIDDEN] = WITH_CALLER,	/* a role, or a page of another site */
	[ERR_NOT_FOUND] = WITH_NAME,
	[ERR_TOO_LARGE] = WITH_BODY,
	[ERR_MEDIA_TYPE] = WITH_BODY,
	[ERR_TOO_MANY] = WITH_CALLER,	/* wrong passwords */
	[ERR_INTERNAL] = ALWAYS,
	[ERR_UNAVAILABLE] = ALWAYS,	/* the database, or too many that wait */
};

static bool
is_open(const struct route *t)
{
	return strcmp(t->role, ROLE_OPEN) == 0;
}

static bool
is_for_any(const struct route *t)
{
	return strcmp(t->role, ROLE_CALLER) == 0;
}

static bool
may_answer(const struct route *t, enum err code)
{
	switch (occasions[code]) {
	case NEVER:
		return false;
	case ALWAYS:
		return true;
	case WITH_CALLER:
		return !is_open(t);
	case WITH_NAME:
		return strchr(t->path, '{') != NULL;
	case WITH_BODY:
		return t->body.use != BODY_NONE;
	}
	return false;
}

static bool
has_error(const struct route *t, int status)
{
	for (int i = 0; i < ROUTE_ERRORS; i++)
		if (t->errors[i] != ERR_OK && err_status(t->errors[i]) == status)
			return true;
	for (enum err code = ERR_OK + 1; code < ERR__COUNT; code++)
		if (err_status(code) == status && may_answer(t, code))
			return true;
	return false;
}

static void
put_answers(struct json_object *o, const struct route *t)
{
	struct json_object *all = mem_must(json_object_new_object());
	char status[STATUS_TEXT_MAX];

	snprintf(status, sizeof status, "%d", err_status(ERR_OK));
	json_set(all, status, good_answer(t));
	for (const struct openapi_error *e = openapi_errors; e->status != 0; e++) {
		if (!has_error(t, e->status))
			continue;
		snprintf(status, sizeof status, "%d", e->status);
		json_set(all, status, openapi_ref("responses", e->name));
	}
	json_set(o, "responses", all);
}

/* --- the rest --- */

/* The first segment of the path; what is at the top says how the whole is. */
static void
put_tags(struct json_object *o, const char *path)
{
	SCOPED(tmp, NULL);
	size_t n = strcspn(path + 1, "/.");
	struct json_object *tags = new_array();

	json_push(tags, mem_must(json_object_new_string(
	    n > 0 ? mem_textn(tmp, path + 1, n) : "health")));
	json_set(o, "tags", tags);
}

static void
put_description(struct json_object *o, const struct route *t)
{
	SCOPED(tmp, NULL);
	const char *who = is_open(t) ? "No caller is needed." :
	    is_for_any(t) ? "Any caller may do so." :
	    mem_printf(tmp, "Needs the role %s.", t->role);

	openapi_put(o, "description",
	    t->doc != NULL ? mem_printf(tmp, "%s %s", t->doc, who) : who);
}

/* Any one scheme will do. The lists name roles (OpenAPI 3.1, security requirement object). */
static void
put_security(struct json_object *o, const struct route *t)
{
	struct json_object *any = new_array();

	json_set(o, "security", any);
	for (const struct openapi_text *s = openapi_schemes; !is_open(t) && s->name != NULL; s++) {
		struct json_object *one = mem_must(json_object_new_object()), *roles = new_array();

		if (!is_for_any(t))
			json_push(roles, mem_must(json_object_new_string(t->role)));
		json_set(one, s->name, roles);
		json_push(any, one);
	}
}

struct json_object *
openapi_operation(const struct route *t)
{
	struct json_object *o = mem_must(json_object_new_object());

	put_tags(o, t->path);
	openapi_put(o, "summary", t->summary);
	put_description(o, t);
	openapi_put(o, "operationId", t->op);
	put_parameters(o, t);
	put_body(o, t);
	put_answers(o, t);
	put_security(o, t);
	return o;
}
