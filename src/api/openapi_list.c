#include "api/openapi_private.h"

#include <string.h>

#include "api/list_private.h"
#include "base/mem.h"
#include "json/body.h"

/* What a parameter of lists holds. */
enum kind {
	PLAIN,		/* see openapi_parameters */
	SORT,		/* the name of a field that can be sorted by */
	BESIDE,		/* the name of a field that OP can be used with */
	BRACKET,	/* NAME[FIELD]=V */
	MEMBERS		/* names of members */
};

/* api.md section 4, as api/list.h reads it. */
static const struct row {
	const char *name;
	enum kind kind;
	enum list_op op;
	const char *doc;
} rows[] = {
	{ "limit", PLAIN, 0, "how many at most; all if left out" },
	{ "skip", PLAIN, 0, "how many to leave out first" },
	{ "sort", SORT, 0, "the field to sort by" },
	{ "order", PLAIN, 0, "1: ascending, -1: descending; with sort" },
	{ "equals", PLAIN, 0, "the value that equalsField must have; also equals[FIELD]" },
	{ "equalsField", BESIDE, LIST_EQUALS, "with equals" },
	{ "contains", PLAIN, 0, "what containsField must contain; also contains[FIELD]" },
	{ "containsField", BESIDE, LIST_CONTAINS, "with contains" },
	{ "startsWith", PLAIN, 0,
	    "what startsWithField must start with; also startsWith[FIELD]" },
	{ "startsWithField", BESIDE, LIST_STARTS_WITH, "with startsWith" },
	{ "in", BRACKET, LIST_IN, "values that the field may have, with commas between them" },
	{ "not-in", BRACKET, LIST_NOT_IN,
	    "values that the field must not have, with commas between them" },
	{ "gt", BRACKET, LIST_GT, "the field is greater" },
	{ "gte", BRACKET, LIST_GTE, "the field is greater or equal" },
	{ "lt", BRACKET, LIST_LT, "the field is less" },
	{ "lte", BRACKET, LIST_LTE, "the field is less or equal" },
	{ "include", MEMBERS, 0,
	    "the members to give, with commas between them: the others are left out, but for _id" },
	{ "exclude", MEMBERS, 0, "the members to leave out, with commas between them" },
};

static bool
fits(const struct row *r, const struct field *f)
{
	return r->kind == SORT ? list_can_sort(f->type) : list_can_filter(r->op, f->type);
}

/* Lists of values are texts; a range has the field's own type. */
static struct json_object *
value_schema(const struct row *r, const struct field *f)
{
	bool is_list = r->op == LIST_IN || r->op == LIST_NOT_IN;
	struct json_object *o;

	if (!is_list && (f->type == FIELD_INT || f->type == FIELD_EPOCH))
		return openapi_type("integer");
	o = openapi_type("string");
	if (!is_list && f->type == FIELD_TIME)
		openapi_put(o, "format", "date-time");
	return o;
}

/* Adds what fits R to OUT: names to an array, members to an object of schemas. */
static void
add_fields(const struct row *r, const struct field *fields, const char *prefix,
    struct json_object *out)
{
	SCOPED(tmp, NULL);

	for (const struct field *f = fields; f->name != NULL; f++) {
		const char *name = mem_printf(tmp, "%s%s", prefix, field_wire(f));

		if (f->type == FIELD_NEST)
			add_fields(r, f->nest, mem_printf(tmp, "%s.", name), out);
		else if (fits(r, f) && r->kind == BRACKET)
			json_set(out, name, value_schema(r, f));
		else if (fits(r, f))
			json_push(out, mem_must(json_object_new_string(name)));
	}
}

static struct json_object *
names_schema(const struct row *r, const struct field *fields)
{
	struct json_object *o = openapi_type("string");
	struct json_object *names = mem_must(json_object_new_array());

	add_fields(r, fields, "", names);
	json_set(o, "enum", names);
	return o;
}

static struct json_object *
bracket_schema(const struct row *r, const struct field *fields)
{
	struct json_object *o = openapi_object();

	add_fields(r, fields, "", json_get(o, "properties"));
	json_set(o, "additionalProperties", mem_must(json_object_new_boolean(false)));
	return o;
}

static struct json_object *
members_schema(void)
{
	struct json_object *o = openapi_type("array");

	json_set(o, "items", openapi_type("string"));
	return o;
}

static bool
is_of_route(const struct route *t, const char *name)
{
	for (const struct query_field *q = t->query; q != NULL && q->name != NULL; q++)
		if (strcmp(q->name, name) == 0)
			return true;
	return false;
}

static void
add_row(struct json_object *list, const struct row *r, const struct field *fields)
{
	const struct query_field q = { r->name, r->doc };
	struct json_object *o, *schema = NULL;

	openapi_parameter(list, "query", &q);
	o = json_object_array_get_idx(list, json_object_array_length(list) - 1);
	switch (r->kind) {
	case PLAIN:
		return;
	case SORT:
	case BESIDE:
		schema = names_schema(r, fields);
		break;
	case BRACKET:
		schema = bracket_schema(r, fields);
		openapi_put(o, "style", "deepObject");
		json_set(o, "explode", mem_must(json_object_new_boolean(true)));
		break;
	case MEMBERS:
		schema = members_schema();
		openapi_put(o, "style", "form");
		json_set(o, "explode", mem_must(json_object_new_boolean(false)));
		break;
	}
	json_set(o, "schema", schema);
}

void
openapi_list_parameters(struct json_object *list, const struct route *t)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!is_of_route(t, rows[i].name))
			add_row(list, &rows[i], t->list);
}
