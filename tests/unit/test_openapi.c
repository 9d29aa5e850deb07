/* The OpenAPI document: whole, true to the routes, and true to the field tables. */
#include <criterion/criterion.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "api/app.h"
#include "api/openapi.h"
#include "api/openapi_private.h"
#include "base/mem.h"
#include "json/body.h"
#include "store/job.h"

enum { TEXT_MAX = 512 };

struct world {
	void *ctx;
	struct app *app;
	struct json_object *document;
};

static struct world
world_new(void)
{
	struct world w = { .ctx = mem_scope(NULL) };
	struct error e = { .detail = "" };

	w.app = app_new(w.ctx, config_defaults(w.ctx, "/nonexistent"), &e);
	cr_assert_not_null(w.app, "%s", e.detail);
	w.document = json_keep(w.ctx, openapi_document(w.app->router));
	return w;
}

/* The member of O that PATH names, its parts with a blank between them; NULL where there is none. */
static struct json_object *
at(struct json_object *o, const char *path)
{
	char part[TEXT_MAX];

	while (o != NULL && *path != '\0') {
		size_t n = strcspn(path, " ");

		snprintf(part, sizeof part, "%.*s", (int)n, path);
		o = json_get(o, part);
		path += n + (path[n] == ' ');
	}
	return o;
}

static bool
has_text(struct json_object *array, const char *text)
{
	for (size_t i = 0; array != NULL && i < json_object_array_length(array); i++)
		if (text_eq(json_object_get_string(json_object_array_get_idx(array, i)), text))
			return true;
	return false;
}

static struct json_object *
operation(const struct world *w, const char *method, const char *path)
{
	char where[TEXT_MAX];

	snprintf(where, sizeof where, "paths %s %s", path, method);
	return at(w->document, where);
}

static struct json_object *
parameter(struct json_object *operation, const char *name, size_t *times)
{
	struct json_object *all = json_get(operation, "parameters"), *found = NULL;

	*times = 0;
	for (size_t i = 0; all != NULL && i < json_object_array_length(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i);

		if (text_eq(json_get_text(one, "name"), name)) {
			found = one;
			(*times)++;
		}
	}
	return found;
}

static void
expect_json(struct json_object *got, const char *wanted)
{
	SCOPED(tmp, NULL);
	struct json_object *o = json_own(tmp, wanted);

	cr_assert(o != NULL, "no JSON: %s", wanted);
	cr_expect(json_object_equal(got, o), "wanted %s, got %s", wanted, json_text(tmp, got));
}

static void
expect_texts(const struct openapi_text *table)
{
	SCOPED(tmp, NULL);
	struct json_object *o;
	struct error e = { .detail = "" };
	size_t n = 0;

	for (const struct openapi_text *t = table; t->name != NULL; t++, n++) {
		cr_expect_eq(json_parse(tmp, t->json, strlen(t->json), &o, &e), ERR_OK, "%s: %s",
		    t->name, e.detail);
		cr_expect_eq(openapi_find(table, t->name), t, "%s is there twice", t->name);
	}
	cr_expect_gt(n, 0);
}

/* The strict reader refuses a member that is there twice. */
Test(openapi, tables_are_json)
{
	SCOPED(tmp, NULL);

	expect_texts(openapi_shapes);
	expect_texts(openapi_parameters);
	expect_texts(openapi_examples);
	for (const struct openapi_record *r = openapi_records; r->name != NULL; r++) {
		cr_expect(r->more == NULL || json_own(tmp, r->more) != NULL, "%s", r->name);
		cr_expect_eq(openapi_record_of(r->fields), r, "%s is there twice", r->name);
		cr_expect_null(openapi_find(openapi_shapes, r->name), "%s", r->name);
	}
	cr_expect_null(openapi_record_of(NULL));
	cr_expect_null(openapi_find(openapi_shapes, "nothing"));
}

Test(openapi, is_strict_json)
{
	struct world w = world_new();
	char *text = json_text(w.ctx, w.document);
	struct json_object *again;
	struct error e = { .detail = "" };

	cr_assert_eq(json_parse(w.ctx, text, strlen(text), &again, &e), ERR_OK, "%s", e.detail);
	cr_expect(json_object_equal(again, w.document));
	cr_expect_str_eq(json_get_text(w.document, "openapi"), "3.1.0");
	cr_expect_not_null(at(w.document, "info version"));
	mem_free(w.ctx);
}

Test(openapi, is_the_same_each_time)
{
	struct world w = world_new();
	struct json_object *again = json_keep(w.ctx, openapi_document(w.app->router));

	cr_expect_str_eq(json_text(w.ctx, again), json_text(w.ctx, w.document));
	mem_free(w.ctx);
}

static size_t
count_operations(struct json_object *document)
{
	size_t n = 0;

	json_object_object_foreach(json_get(document, "paths"), path, item) {
		(void)path;
		n += (size_t)json_object_object_length(item);
	}
	return n;
}

/* What the program refers to by name must be there: a wrong name would be left out without a word. */
static void
expect_answer(const struct route *t)
{
	int kinds = (t->record != NULL) + (t->shape != NULL) + (t->types != NULL) +
	    (t->answer == ANSWER_MESSAGE_ID);

	cr_expect_eq(kinds, 1, "%s: its answer is not said, or twice", t->op);
	cr_expect(t->record == NULL || openapi_record_of(t->record) != NULL, "%s", t->op);
	cr_expect(t->shape == NULL || openapi_find(openapi_shapes, t->shape) != NULL, "%s", t->op);
	cr_expect(!t->message || t->answer == ANSWER_RESULT || t->answer == ANSWER_STATUS, "%s", t->op);
	cr_expect(t->list == NULL || t->list == t->record, "%s lists what it does not give", t->op);
	for (const struct query_field *q = t->query; q != NULL && q->name != NULL; q++)
		cr_expect(q->doc != NULL && *q->doc != '\0', "%s: %s", t->op, q->name);
}

Test(openapi, has_every_route)
{
	struct world w = world_new();
	const struct route *const *routes;
	size_t n;

	routes = router_all(w.app->router, &n);
	cr_assert_gt(n, 0);
	for (size_t i = 0; i < n; i++) {
		const struct route *t = routes[i];
		char *path = mem_printf(w.ctx, "%s%s", t->outside ? "" : ROUTE_BASE, t->path);
		char *method = mem_text(w.ctx, method_name(t->method));
		struct json_object *o;

		for (char *c = method; *c != '\0'; c++)
			*c = (char)tolower((unsigned char)*c);
		o = operation(&w, method, path);
		cr_assert_not_null(o, "%s %s", method, path);
		cr_expect_str_eq(json_get_text(o, "operationId"), t->op);
		cr_expect_str_eq(json_get_text(o, "summary"), t->summary);
		expect_answer(t);
		for (size_t k = 0; k < i; k++)
			cr_expect_str_neq(routes[k]->op, t->op, "two operations are %s", t->op);
	}
	cr_expect_eq(count_operations(w.document), n);
	mem_free(w.ctx);
}

/* api.md section 2, 1 to 22. */
Test(openapi, names_the_operations_of_the_contract)
{
	static const struct {
		const char *method, *path, *op, *role;
	} wanted[] = {
		{ "post", "/certificates", "createCertificate", "certificate:create" },
		{ "get", "/certificates", "getCertificates", "certificate:read" },
		{ "get", "/certificates/{id}", "getCertificateById", "certificate:read" },
		{ "put", "/certificates/{id}", "updateCertificateById", "certificate:update" },
		{ "delete", "/certificates/{id}", "deleteCertificateById", "certificate:delete" },
		{ "get", "/connections", "getAllActiveClients", "gateway:read" },
		{ "get", "/connections/{clusterId}", "getDeviceHealth", "gateway:read" },
		{ "post", "/gateways", "createGateway", "gateway:create" },
		{ "get", "/gateways", "getGateways", "gateway:read" },
		{ "get", "/gateways/{id}", "getGatewayById", "gateway:read" },
		{ "put", "/gateways/{id}", "updateGateway", "gateway:update" },
		{ "delete", "/gateways/{id}", "deleteGatewayById", "gateway:delete" },
		{ "post", "/service-groups", "createServiceGroup", "service-group:create" },
		{ "get", "/service-groups", "getServiceGroups", "service-group:read" },
		{ "get", "/service-groups/{id}", "getServiceGroupById", "service-group:read" },
		{ "patch", "/service-groups/{id}", "updateServiceGroup", "service-group:update" },
		{ "delete", "/service-groups/{id}", "deleteServiceGroup", "service-group:delete" },
		{ "get", "/services", "getServices", "service:read" },
		{ "get", "/services/{id}", "getServiceById", "service:read" },
		{ "post", "/services/run", "runService", "service:run" },
		{ "get", "/health/status", "status", NULL },
		{ "get", "/version", "getPackageVersion", NULL },
	};
	struct world w = world_new();

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		char *path = mem_printf(w.ctx, "%s%s", ROUTE_BASE, wanted[i].path);
		struct json_object *o = operation(&w, wanted[i].method, path);
		char *security = wanted[i].role == NULL ? mem_text(w.ctx, "[]") :
		    mem_printf(w.ctx,
			"[{\"basic\":[\"%1$s\"]},{\"bearer\":[\"%1$s\"]},"
			"{\"cookie\":[\"%1$s\"]},{\"query\":[\"%1$s\"]}]", wanted[i].role);

		cr_assert_not_null(o, "%s %s", wanted[i].method, path);
		cr_expect_str_eq(json_get_text(o, "operationId"), wanted[i].op);
		expect_json(json_get(o, "security"), security);
		cr_expect_eq(at(o, "responses 401") != NULL, wanted[i].role != NULL, "%s", path);
		cr_expect_eq(at(o, "responses 403") != NULL, wanted[i].role != NULL, "%s", path);
	}
	mem_free(w.ctx);
}

/* --- references --- */

static size_t
follow(const struct world *w, struct json_object *o)
{
	SCOPED(tmp, NULL);
	const char *ref = json_get_text(o, "$ref");
	size_t n = 0;

	if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++)
			n += follow(w, json_object_array_get_idx(o, i));
		return n;
	}
	if (!json_object_is_type(o, json_type_object))
		return 0;
	if (ref != NULL) {
		char *path = mem_text(tmp, ref);

		for (char *c = path; *c != '\0'; c++)
			*c = *c == '/' ? ' ' : *c;
		n++;
		cr_expect(strncmp(path, "# ", 2) == 0 && at(w->document, path + 2) != NULL,
		    "%s leads nowhere", ref);
	}
	json_object_object_foreach(o, key, value) {
		(void)key;
		n += follow(w, value);
	}
	return n;
}

Test(openapi, references_lead_somewhere)
{
	struct world w = world_new();

	cr_expect_gt(follow(&w, w.document), 0);
	mem_free(w.ctx);
}

Test(openapi, parameters_of_paths_are_there)
{
	struct world w = world_new();
	size_t seen = 0, times;

	json_object_object_foreach(json_get(w.document, "paths"), path, item) {
		json_object_object_foreach(item, method, o) {
			for (const char *c = path; (c = strchr(c, '{')) != NULL; seen++) {
				char *name = mem_textn(w.ctx, c + 1, strcspn(c, "}") - 1);
				struct json_object *p = parameter(o, name, &times);

				cr_assert(times == 1, "%s %s: %s", method, path, name);
				cr_expect_str_eq(json_get_text(p, "in"), "path");
				cr_expect(json_object_get_boolean(json_get(p, "required")));
				c++;
			}
		}
	}
	cr_expect_gt(seen, 0);
	mem_free(w.ctx);
}

/* --- words that the program has elsewhere --- */

Test(openapi, error_codes_are_the_programs)
{
	struct world w = world_new();
	struct json_object *words = at(w.document, "components schemas Error properties code enum");

	cr_expect_eq(json_object_array_length(words), ERR__COUNT - 1);
	for (enum err code = ERR_OK + 1; code < ERR__COUNT; code++) {
		const struct openapi_error *e = openapi_errors;

		cr_expect(has_text(words, err_name(code)), "%s", err_name(code));
		while (e->status != 0 && e->status != err_status(code))
			e++;
		cr_expect_neq(e->status, 0, "%d has no answer", err_status(code));
	}
	mem_free(w.ctx);
}

Test(openapi, job_states_are_the_programs)
{
	struct world w = world_new();
	struct json_object *words = at(w.document, "components schemas JobState enum");

	cr_expect_eq(json_object_array_length(words), JOB__STATES);
	for (int i = 0; i < JOB__STATES; i++)
		cr_expect(has_text(words, job_state_name((enum job_state)i)));
	mem_free(w.ctx);
}

/* --- fields --- */

struct thing {
	const char *text, *shown, *given, *any, *object, *shaped;
	int64_t number, none, when, never, epoch;
	bool flag;
	struct names names;
};

static bool
fits_all(const char *s)
{
	return s != NULL;
}

static const struct field_form letters = { fits_all, "letters" };

static const struct field inner_fields[] = {
	F_BOOL(thing, flag, .required = 1),
	F_END
};

static const struct field thing_fields[] = {
	F_TEXT(thing, text, .required = 1, .min = 2, .max = 9, .form = &letters, .doc = "a text"),
	F_TEXT(thing, shown, .readonly = 1, .optional = 1),
	F_TEXT(thing, given, .nullable = 1, .form = &letters),
	F_INT(thing, number, .min = -3, .max = 7, .wire = "no"),
	F_INT(thing, none, .nullable = 1),
	F_TIME(thing, when),
	F_TIME(thing, never, .nullable = 1),
	F_EPOCH(thing, epoch, .nullable = 1),
	F_NAMES(thing, names, .min = 1, .max = 4),
	F_JSON(thing, any),
	F_JSON(thing, object, .object = 1),
	F_JSON(thing, shaped, .object = 1, .shape = "Params"),
	F_NEST("inner", inner_fields),
	F_END
};

Test(openapi_schema, of_an_answer)
{
	struct json_object *o = openapi_schema(thing_fields, SCHEMA_ANSWER);

	expect_json(o, "{\"type\":\"object\",\"properties\":{"
	    "\"text\":{\"type\":\"string\",\"description\":\"a text\"},"
	    "\"shown\":{\"type\":\"string\"},"
	    "\"given\":{\"type\":[\"string\",\"null\"]},"
	    "\"no\":{\"type\":\"integer\"},"
	    "\"none\":{\"type\":[\"integer\",\"null\"]},"
	    "\"when\":{\"type\":\"string\",\"format\":\"date-time\"},"
	    "\"never\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"},"
	    "\"epoch\":{\"type\":[\"integer\",\"null\"],\"format\":\"int64\"},"
	    "\"names\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
	    "\"any\":{},"
	    "\"object\":{\"type\":[\"object\",\"null\"]},"
	    "\"shaped\":{\"$ref\":\"#/components/schemas/Params\"},"
	    "\"inner\":{\"type\":\"object\",\"properties\":{\"flag\":{\"type\":\"boolean\"}},"
	    "\"required\":[\"flag\"]}},"
	    "\"required\":[\"text\",\"given\",\"no\",\"none\",\"when\",\"never\",\"epoch\",\"names\","
	    "\"any\",\"object\",\"shaped\",\"inner\"]}");
	json_object_put(o);
}

Test(openapi_schema, of_bodies)
{
	struct json_object *o = openapi_schema(thing_fields, SCHEMA_CREATE);

	expect_json(json_get(o, "required"), "[\"text\"]");
	expect_json(json_get(o, "additionalProperties"), "false");
	expect_json(at(o, "properties text"), "{\"type\":\"string\",\"minLength\":2,"
	    "\"maxLength\":9,\"description\":\"a text; letters\"}");
	cr_expect_null(at(o, "properties shown"));
	expect_json(at(o, "properties given"),
	    "{\"type\":\"string\",\"maxLength\":4096,\"description\":\"letters\"}");
	expect_json(at(o, "properties no"), "{\"type\":\"integer\",\"minimum\":-3,\"maximum\":7}");
	expect_json(at(o, "properties none"), "{\"type\":\"integer\"}");
	expect_json(at(o, "properties never"), "{\"type\":\"string\",\"format\":\"date-time\"}");
	expect_json(at(o, "properties epoch"),
	    "{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":0}");
	expect_json(at(o, "properties names"), "{\"type\":\"array\",\"items\":{\"type\":\"string\","
	    "\"minLength\":1,\"maxLength\":256},\"minItems\":1,\"maxItems\":4,\"uniqueItems\":true}");
	expect_json(at(o, "properties inner required"), "[\"flag\"]");
	expect_json(at(o, "properties inner additionalProperties"), "false");
	json_object_put(o);
	o = openapi_schema(thing_fields, SCHEMA_UPDATE);
	cr_expect_null(json_get(o, "required"));
	cr_expect_null(at(o, "properties inner required"));
	json_object_put(o);
}

/* --- operations --- */

static struct json_object *
answer_schema(const struct world *w, const char *method, const char *path)
{
	return at(operation(w, method, path), "responses 200 content application/json schema");
}

Test(openapi, bodies_have_their_wrapper)
{
	struct world w = world_new();
	struct json_object *o = operation(&w, "post", ROUTE_BASE "/gateways"), *inner;

	cr_expect(json_object_get_boolean(at(o, "requestBody required")));
	o = at(o, "requestBody content application/json schema");
	expect_json(json_get(o, "required"), "[\"gateway\"]");
	expect_json(json_get(o, "additionalProperties"), "false");
	inner = at(o, "properties gateway");
	expect_json(json_get(inner, "required"), "[\"cluster_id\",\"enabled\",\"readonly\"]");
	cr_expect_null(at(inner, "properties _id"));
	cr_expect_null(at(operation(&w, "get", ROUTE_BASE "/gateways"), "requestBody"));
	o = at(operation(&w, "put", ROUTE_BASE "/gateways/{id}"),
	    "requestBody content application/json schema properties payload");
	cr_assert_not_null(o);
	cr_expect_null(json_get(o, "required"));
	mem_free(w.ctx);
}

Test(openapi, answers_have_their_envelope)
{
	struct world w = world_new();

	expect_json(answer_schema(&w, "get", ROUTE_BASE "/gateways/{id}"),
	    "{\"type\":\"object\",\"properties\":{\"state\":{\"const\":\"Success\"},"
	    "\"result\":{\"$ref\":\"#/components/schemas/Gateway\"}},\"required\":[\"state\",\"result\"]}");
	expect_json(at(answer_schema(&w, "get", ROUTE_BASE "/services"), "properties result"),
	    "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Service\"}}");
	expect_json(at(answer_schema(&w, "get", ROUTE_BASE "/services"), "required"),
	    "[\"state\",\"result\",\"total\"]");
	expect_json(at(answer_schema(&w, "put", ROUTE_BASE "/gateways/{id}"),
	    "properties result properties value"), "{\"$ref\":\"#/components/schemas/Gateway\"}");
	expect_json(at(answer_schema(&w, "post", ROUTE_BASE "/gateways"), "required"),
	    "[\"state\",\"message\",\"id\"]");
	expect_json(answer_schema(&w, "put", ROUTE_BASE "/certificates/{id}"),
	    "{\"$ref\":\"#/components/schemas/Certificate\"}");
	expect_json(at(answer_schema(&w, "delete", ROUTE_BASE "/service-groups/{id}"), "required"),
	    "[\"state\",\"message\",\"result\"]");
	cr_expect_null(answer_schema(&w, "get", ROUTE_BASE "/jobs/{id}/output"));
	cr_expect_not_null(at(operation(&w, "get", ROUTE_BASE "/jobs/{id}/output"),
	    "responses 200 content text/event-stream"));
	mem_free(w.ctx);
}

static void
expect_statuses(struct json_object *operation, const char *const *wanted)
{
	struct json_object *all = json_get(operation, "responses");
	int n = 0;

	for (; wanted[n] != NULL; n++)
		cr_expect_not_null(json_get(all, wanted[n]), "%s lacks %s",
		    json_get_text(operation, "operationId"), wanted[n]);
	cr_expect_eq(json_object_object_length(all), n, "%s has others",
	    json_get_text(operation, "operationId"));
}

Test(openapi, errors_are_those_that_can_be)
{
	static const char *const open[] = { "200", "400", "500", "503", NULL };
	static const char *const any[] = { "200", "400", "401", "403", "429", "500", "503", NULL };
	static const char *const create[] = { "200", "400", "401", "403", "409", "413", "415", "429", "500",
		"503", NULL };
	static const char *const named[] = { "200", "400", "401", "403", "404", "429", "500", "503", NULL };
	struct world w = world_new();

	expect_statuses(operation(&w, "get", ROUTE_BASE "/version"), open);
	expect_statuses(operation(&w, "get", "/health/server"), any);
	expect_statuses(operation(&w, "post", ROUTE_BASE "/gateways"), create);
	expect_statuses(operation(&w, "get", ROUTE_BASE "/gateways/{id}"), named);
	expect_json(at(operation(&w, "get", ROUTE_BASE "/version"), "responses 503"),
	    "{\"$ref\":\"#/components/responses/Unavailable\"}");
	mem_free(w.ctx);
}

/* api.md section 4. */
Test(openapi, lists_have_the_common_parameters)
{
	static const char *const names[] = { "limit", "skip", "sort", "order", "equals",
		"equalsField", "contains", "containsField", "startsWith", "startsWithField", "in",
		"not-in", "gt", "gte", "lt", "lte", "include", "exclude", NULL };
	struct world w = world_new();
	const struct route *const *routes;
	size_t n, lists = 0, times;

	routes = router_all(w.app->router, &n);
	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_keep(w.ctx, openapi_operation(routes[i]));

		lists += routes[i]->list != NULL;
		for (const char *const *name = names; *name != NULL; name++) {
			parameter(o, *name, &times);
			cr_expect_eq(times, routes[i]->list != NULL, "%s: %s is there %zu times",
			    routes[i]->op, *name, times);
		}
	}
	cr_expect_geq(lists, 5);
	mem_free(w.ctx);
}

Test(openapi, lists_name_the_fields_that_fit)
{
	struct world w = world_new();
	struct json_object *o = operation(&w, "get", ROUTE_BASE "/gateways"), *words;
	size_t times;

	words = at(parameter(o, "sort", &times), "schema enum");
	cr_expect(has_text(words, "connector.kind"));
	cr_expect(!has_text(words, "groups"));
	words = at(parameter(o, "containsField", &times), "schema enum");
	cr_expect(has_text(words, "groups"));
	cr_expect(!has_text(words, "created"));
	cr_expect(!has_text(words, "connector.settings"));
	o = parameter(o, "gte", &times);
	cr_expect_str_eq(json_get_text(o, "style"), "deepObject");
	expect_json(at(o, "schema properties created"),
	    "{\"type\":\"string\",\"format\":\"date-time\"}");
	cr_expect_null(at(o, "schema properties enabled"));
	mem_free(w.ctx);
}

Test(openapi, heads_are_there_where_they_are_read)
{
	struct world w = world_new();
	struct json_object *o = operation(&w, "post", ROUTE_BASE "/services/run");
	size_t times;

	cr_expect_str_eq(json_get_text(parameter(o, "Prefer", &times), "in"), "header");
	cr_expect_str_eq(json_get_text(parameter(o, "Idempotency-Key", &times), "in"), "header");
	parameter(operation(&w, "post", ROUTE_BASE "/gateways"), "Prefer", &times);
	cr_expect_eq(times, 0);
	mem_free(w.ctx);
}

Test(openapi, tags_are_first_segments)
{
	struct world w = world_new();

	expect_json(at(operation(&w, "get", ROUTE_BASE "/jobs/{id}/output"), "tags"), "[\"jobs\"]");
	expect_json(at(operation(&w, "get", "/"), "tags"), "[\"health\"]");
	expect_json(at(operation(&w, "get", ROUTE_BASE "/openapi.json"), "tags"), "[\"openapi\"]");
	mem_free(w.ctx);
}
