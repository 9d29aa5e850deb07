#include "api/openapi_private.h"

#include <string.h>

#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"

/* --- small parts --- */

void
openapi_put(struct json_object *o, const char *key, const char *text)
{
	if (text != NULL)
		json_set(o, key, mem_must(json_object_new_string(text)));
}

static void
put_int(struct json_object *o, const char *key, int64_t n)
{
	json_set(o, key, mem_must(json_object_new_int64(n)));
}

static void
put_bool(struct json_object *o, const char *key, bool is)
{
	json_set(o, key, mem_must(json_object_new_boolean(is)));
}

struct json_object *
openapi_type(const char *type)
{
	struct json_object *o = mem_must(json_object_new_object());

	openapi_put(o, "type", type);
	return o;
}

struct json_object *
openapi_ref(const char *section, const char *name)
{
	SCOPED(tmp, NULL);
	struct json_object *o = mem_must(json_object_new_object());

	openapi_put(o, "$ref", mem_printf(tmp, "#/components/%s/%s", section, name));
	return o;
}

struct json_object *
openapi_parse(const char *text)
{
	SCOPED(tmp, NULL);

	return json_object_get(json_own(tmp, text));
}

const struct openapi_text *
openapi_find(const struct openapi_text *table, const char *name)
{
	for (; table->name != NULL; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

struct json_object *
openapi_object(void)
{
	struct json_object *o = openapi_type("object");

	json_set(o, "properties", mem_must(json_object_new_object()));
	return o;
}

void
openapi_member(struct json_object *schema, const char *name, struct json_object *v,
    bool is_required)
{
	json_set(json_get(schema, "properties"), name, v);
	if (!is_required)
		return;
	if (json_get(schema, "required") == NULL)
		json_set(schema, "required", mem_must(json_object_new_array()));
	json_push(json_get(schema, "required"), mem_must(json_object_new_string(name)));
}

/* --- one field --- */

/* {"type": TYPE}, or where the value may be null {"type": [TYPE, "null"]}. */
static struct json_object *
type_of(const char *type, bool may_be_null)
{
	struct json_object *o, *both;

	if (!may_be_null)
		return openapi_type(type);
	o = mem_must(json_object_new_object());
	both = mem_must(json_object_new_array());
	json_push(both, mem_must(json_object_new_string(type)));
	json_push(both, mem_must(json_object_new_string("null")));
	json_set(o, "type", both);
	return o;
}

static struct json_object *
text_schema(const struct field *f, enum schema_use use)
{
	struct json_object *o = type_of("string", use == SCHEMA_ANSWER && f->nullable);

	if (use == SCHEMA_ANSWER)
		return o;
	if (f->min > 0)
		put_int(o, "minLength", f->min);
	put_int(o, "maxLength", f->max != 0 ? f->max : FIELD_TEXT_MAX);
	return o;
}

static struct json_object *
int_schema(const struct field *f, enum schema_use use)
{
	struct json_object *o = type_of("integer", use == SCHEMA_ANSWER && f->nullable);

	if (use != SCHEMA_ANSWER && f->max != 0) {
		put_int(o, "minimum", f->min);
		put_int(o, "maximum", f->max);
	}
	return o;
}

static struct json_object *
time_schema(const struct field *f, enum schema_use use)
{
	struct json_object *o = type_of("string", use == SCHEMA_ANSWER && f->nullable);

	openapi_put(o, "format", "date-time");
	return o;
}

static struct json_object *
epoch_schema(const struct field *f, enum schema_use use)
{
	struct json_object *o = type_of("integer", use == SCHEMA_ANSWER && f->nullable);

	openapi_put(o, "format", "int64");
	if (use != SCHEMA_ANSWER)
		put_int(o, "minimum", 0);
	return o;
}

static struct json_object *
names_schema(const struct field *f, enum schema_use use)
{
	struct json_object *o = openapi_type("array"), *item = openapi_type("string");

	json_set(o, "items", item);
	if (use == SCHEMA_ANSWER)
		return o;
	put_int(item, "minLength", 1);
	put_int(item, "maxLength", RECORD_NAME_MAX);
	if (f->min > 0)
		put_int(o, "minItems", f->min);
	put_int(o, "maxItems", f->max != 0 ? f->max : RECORD_NAMES_MAX);
	put_bool(o, "uniqueItems", true);
	return o;
}

/* A shape says by itself whether it can be null. */
static struct json_object *
json_schema(const struct field *f, enum schema_use use)
{
	if (f->shape != NULL || !f->object)
		return mem_must(json_object_new_object());
	return type_of("object", use != SCHEMA_CREATE || !f->required);
}

static struct json_object *
bare_schema(const struct field *f, enum schema_use use)
{
	switch (f->type) {
	case FIELD_TEXT:
		return text_schema(f, use);
	case FIELD_INT:
		return int_schema(f, use);
	case FIELD_BOOL:
		return openapi_type("boolean");
	case FIELD_TIME:
		return time_schema(f, use);
	case FIELD_EPOCH:
		return epoch_schema(f, use);
	case FIELD_NAMES:
		return names_schema(f, use);
	case FIELD_JSON:
		return json_schema(f, use);
	case FIELD_NEST:
		return openapi_schema(f->nest, use);
	}
	return NULL;
}

static void
put_doc(struct json_object *o, const struct field *f, enum schema_use use)
{
	SCOPED(tmp, NULL);
	const char *hint = use != SCHEMA_ANSWER && f->form != NULL ? f->form->hint : NULL;

	if (f->doc != NULL && hint != NULL)
		openapi_put(o, "description", mem_printf(tmp, "%s; %s", f->doc, hint));
	else
		openapi_put(o, "description", f->doc != NULL ? f->doc : hint);
}

static struct json_object *
field_schema(const struct field *f, enum schema_use use)
{
	const struct openapi_text *example = openapi_find(openapi_examples, field_wire(f));
	struct json_object *o = bare_schema(f, use), *list;

	if (f->shape != NULL) {
		SCOPED(tmp, NULL);

		openapi_put(o, "$ref", mem_printf(tmp, "#/components/schemas/%s", f->shape));
	}
	put_doc(o, f, use);
	if (example == NULL || f->shape != NULL ||
	    (f->type != FIELD_TEXT && f->type != FIELD_TIME))
		return o;
	list = mem_must(json_object_new_array());
	json_push(list, openapi_parse(example->json));
	json_set(o, "examples", list);
	return o;
}

/* --- a record --- */

struct json_object *
openapi_schema(const struct field *fields, enum schema_use use)
{
	struct json_object *o = openapi_object();

	for (const struct field *f = fields; f->name != NULL; f++) {
		if (use == SCHEMA_ANSWER)
			openapi_member(o, field_wire(f), field_schema(f, use), !f->optional);
		else if (!f->readonly)
			openapi_member(o, field_wire(f), field_schema(f, use),
			    use == SCHEMA_CREATE && f->required);
	}
	if (use != SCHEMA_ANSWER)
		put_bool(o, "additionalProperties", false);
	return o;
}

struct json_object *
openapi_record_schema(const struct openapi_record *r)
{
	struct json_object *o = openapi_schema(r->fields, SCHEMA_ANSWER);
	struct json_object *more = r->more != NULL ? openapi_parse(r->more) : NULL;

	if (more != NULL) {
		json_object_object_foreach(more, name, schema)
			openapi_member(o, name, json_object_get(schema), true);
	}
	json_object_put(more);
	return o;
}

const struct openapi_record *
openapi_record_of(const struct field *fields)
{
	for (const struct openapi_record *r = openapi_records; r->name != NULL; r++)
		if (r->fields == fields)
			return r;
	return NULL;
}
