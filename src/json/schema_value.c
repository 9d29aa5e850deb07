#include <string.h>

#include "base/mem.h"
#include "json/schema_private.h"

static const struct {
	const char *name;
	unsigned types;		/* that fit */
	const char *text;
} type_names[] = {
	{ "null", TYPE_NULL, "null" },
	{ "boolean", TYPE_BOOLEAN, "true or false" },
	{ "integer", TYPE_INTEGER, "an integer" },
	{ "number", TYPE_NUMBER, "a number" },
	{ "string", TYPE_STRING, "a text" },
	{ "array", TYPE_ARRAY, "an array" },
	{ "object", TYPE_OBJECT, "an object" },
};

void *
taking_slot(const struct taking *t)
{
	return (char *)t->n + t->k->off;
}

/* V as JSON, made for CTX and cut where it is long. */
static char *
quote(void *ctx, struct json_object *v)
{
	struct text *t = text_new(ctx, SCHEMA_TEXT);

	text_puts(t, json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN |
	    JSON_C_TO_STRING_NOSLASHESCAPE));
	utf8_trim(t->at);
	return t->cut ? mem_printf(ctx, "%s...", t->at) : t->at;
}

static void
add_type(const struct taking *t, struct json_object *v, const struct spot *at)
{
	const char *name = json_object_is_type(v, json_type_string) ?
	    json_object_get_string(v) : "";

	for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++) {
		if (strcmp(type_names[i].name, name) != 0)
			continue;
		if ((t->n->types & type_names[i].types) != 0)
			compiler_fault(t->c, at, "is given twice");
		t->n->types_text = t->n->types == 0 ? type_names[i].text :
		    mem_printf(t->n, "%s, or %s", t->n->types_text, type_names[i].text);
		t->n->types |= type_names[i].types;
		return;
	}
	compiler_fault(t->c, at, "must be one of \"null\", \"boolean\", \"integer\", \"number\", "
	    "\"string\", \"array\", \"object\"");
}

void
take_type(const struct taking *t)
{
	if (!json_object_is_type(t->v, json_type_array)) {
		add_type(t, t->v, t->at);
		return;
	}
	if (json_object_array_length(t->v) == 0)
		compiler_fault(t->c, t->at, "must name at least one type");
	for (size_t i = 0; i < json_object_array_length(t->v); i++) {
		const struct spot here = { .up = t->at, .index = i };

		add_type(t, json_object_array_get_idx(t->v, i), &here);
	}
}

void
take_enum(const struct taking *t)
{
	struct text *text;

	take_list(t);
	if (!json_object_is_type(t->v, json_type_array))
		return;
	t->n->choices = t->v;
	text = text_new(t->n, SCHEMA_TEXT);
	for (size_t i = 0; i < json_object_array_length(t->v) && !text->cut; i++) {
		text_puts(text, i == 0 ? "" : ", ");
		text_puts(text, quote(t->c->scratch, json_object_array_get_idx(t->v, i)));
	}
	utf8_trim(text->at);
	t->n->choices_text = text->cut ? mem_printf(t->n, "%s...", text->at) : text->at;
}

void
take_const(const struct taking *t)
{
	t->n->has_constant = true;
	t->n->constant = t->v;
	t->n->constant_text = quote(t->n, t->v);
}

void
take_default(const struct taking *t)
{
	t->n->has_fallback = true;
	t->n->fallback = t->v;
}

static bool
is_number(struct json_object *v)
{
	return json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double);
}

void
take_bound(const struct taking *t)
{
	struct bound *b = taking_slot(t);

	if (!is_number(t->v)) {
		compiler_fault(t->c, t->at, "must be a number");
		return;
	}
	b->set = true;
	b->number = number_of(t->v);
	b->text = quote(t->n, t->v);
}

void
take_step(const struct taking *t)
{
	const struct number zero = { .is_int = true };

	if (!is_number(t->v) || number_compare(number_of(t->v), zero) != 1)
		compiler_fault(t->c, t->at, "must be a number greater than 0");
	else
		take_bound(t);
}

void
take_count(const struct taking *t)
{
	struct count *count = taking_slot(t);
	struct number number = { .is_int = false };

	if (is_number(t->v))
		number = number_of(t->v);
	if (!number.is_int || number.i < 0) {
		compiler_fault(t->c, t->at, "must be a whole number of at least 0");
		return;
	}
	count->set = true;
	count->n = (size_t)number.i;
}

void
take_flag(const struct taking *t)
{
	if (!json_object_is_type(t->v, json_type_boolean))
		compiler_fault(t->c, t->at, "must be true or false");
}

void
take_unique(const struct taking *t)
{
	take_flag(t);
	t->n->unique = json_object_get_boolean(t->v);
}

void
take_text(const struct taking *t)
{
	if (!json_object_is_type(t->v, json_type_string))
		compiler_fault(t->c, t->at, "must be a text");
}

void
take_list(const struct taking *t)
{
	if (!json_object_is_type(t->v, json_type_array))
		compiler_fault(t->c, t->at, "must be an array");
}

struct pattern *
take_regex(struct compiler *c, const char *s, size_t n, const struct spot *at)
{
	const char *why;
	struct pattern *p = pattern_new(c->schema, s, n, &why);

	if (p == NULL)
		compiler_fault(c, at, "is no regular expression of ECMAScript: %s", why);
	return p;
}

void
take_pattern(const struct taking *t)
{
	if (!json_object_is_type(t->v, json_type_string))
		compiler_fault(t->c, t->at, "must be a text: a regular expression");
	else
		t->n->pattern = take_regex(t->c, json_object_get_string(t->v),
		    (size_t)json_object_get_string_len(t->v), t->at);
}

void
take_format(const struct taking *t)
{
	if (!json_object_is_type(t->v, json_type_string)) {
		compiler_fault(t->c, t->at, "must be a text: the name of a format");
		return;
	}
	t->n->format = format_find(json_object_get_string(t->v));
	if (t->n->format == NULL)
		compiler_fault(t->c, t->at, "is not a known format: \"%s\"",
		    json_object_get_string(t->v));
}

void
take_names(struct compiler *c, struct names *out, struct json_object *v, const struct spot *at)
{
	struct lh_table *seen;

	if (!json_object_is_type(v, json_type_array)) {
		compiler_fault(c, at, "must be an array of texts: names of members");
		return;
	}
	seen = mem_must(lh_kchar_table_new((int)json_object_array_length(v) + 1, NULL));
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		const struct spot here = { .up = at, .index = i };
		struct json_object *name = json_object_array_get_idx(v, i);

		if (!json_object_is_type(name, json_type_string)) {
			compiler_fault(c, &here, "must be a text: the name of a member");
			continue;
		}
		if (lh_table_lookup_ex(seen, json_object_get_string(name), NULL))
			compiler_fault(c, &here, "is given twice");
		lh_table_insert(seen, json_object_get_string(name), NULL);
		names_add(c->schema, out, json_object_get_string(name));
	}
	lh_table_free(seen);
}

void
take_required(const struct taking *t)
{
	take_names(t->c, &t->n->required, t->v, t->at);
}
