#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "json/schema_private.h"

/* Compiles V at AT, which is or is within the keyword's value. */
static struct node *
child_new(const struct taking *t, struct json_object *v, const struct spot *at)
{
	struct node *child = schema_node(t->c, v, at, t->n->resource);

	schema_attach(t->n, child, t->k->edge);
	return child;
}

static void
take_schema(const struct taking *t)
{
	*(struct node **)taking_slot(t) = child_new(t, t->v, t->at);
}

static void
take_schemas(const struct taking *t)
{
	struct nodes *list = taking_slot(t);

	if (!json_object_is_type(t->v, json_type_array) || json_object_array_length(t->v) == 0) {
		compiler_fault(t->c, t->at, "must be an array of at least one schema");
		return;
	}
	list->at = MEM_ARRAY(t->n, struct node *, json_object_array_length(t->v));
	for (size_t i = 0; i < json_object_array_length(t->v); i++) {
		const struct spot here = { .up = t->at, .index = i };

		list->at[list->n++] = child_new(t, json_object_array_get_idx(t->v, i), &here);
	}
}

/* Draft-07's items may be an array, which 2020-12 calls prefixItems. */
static void
take_items(const struct taking *t)
{
	struct keyword prefix = *t->k;
	struct taking list = *t;

	if (!json_object_is_type(t->v, json_type_array)) {
		take_schema(t);
		return;
	}
	if (!t->n->resource->draft7) {
		compiler_fault(t->c, t->at,
		    "must be a schema: draft 2020-12 has prefixItems for arrays");
		return;
	}
	prefix.off = offsetof(struct node, prefix);
	list.k = &prefix;
	t->n->tuple = true;
	if (json_object_array_length(t->v) > 0)
		take_schemas(&list);
}

/* A new last member of the keyword's list. */
static struct member *
member_new(const struct taking *t, const char *name)
{
	struct members *list = taking_slot(t);

	list->at = MEM_GROW(t->n, list->at, struct member, list->n + 1);
	list->at[list->n] = (struct member){ .name = name };
	return &list->at[list->n++];
}

/* Whether the value is an object; a fault that says of WHAT where it is not. */
static bool
is_object_of(const struct taking *t, const char *what)
{
	if (json_object_is_type(t->v, json_type_object))
		return true;
	compiler_fault(t->c, t->at, "must be an object of %s", what);
	return false;
}

static void
take_members(const struct taking *t)
{
	struct lh_entry *e;

	if (!is_object_of(t, "schemas"))
		return;
	lh_foreach(json_object_get_object(t->v), e) {
		const struct spot here = { .up = t->at, .key = lh_entry_k(e) };
		struct node *child = child_new(t, lh_entry_v(e), &here);

		member_new(t, here.key)->node = child;
	}
}

static void
take_patterns(const struct taking *t)
{
	struct lh_entry *e;

	if (!is_object_of(t, "schemas"))
		return;
	lh_foreach(json_object_get_object(t->v), e) {
		const struct spot here = { .up = t->at, .key = lh_entry_k(e) };
		struct node *child = child_new(t, lh_entry_v(e), &here);
		struct member *m = member_new(t, here.key);

		m->node = child;
		m->pattern = take_regex(t->c, here.key, strlen(here.key), &here);
	}
}

static void
take_needs(const struct taking *t)
{
	struct lh_entry *e;

	if (!is_object_of(t, "arrays of names"))
		return;
	lh_foreach(json_object_get_object(t->v), e) {
		const struct spot here = { .up = t->at, .key = lh_entry_k(e) };

		take_names(t->c, &member_new(t, here.key)->needs, lh_entry_v(e), &here);
	}
}

static void
take_dependencies(const struct taking *t)
{
	struct lh_entry *e;

	if (!is_object_of(t, "schemas and arrays of names"))
		return;
	lh_foreach(json_object_get_object(t->v), e) {
		const struct spot here = { .up = t->at, .key = lh_entry_k(e) };
		struct member *m;
		struct node *child;

		if (json_object_is_type(lh_entry_v(e), json_type_array)) {
			m = member_new(t, here.key);
			take_names(t->c, &m->needs, lh_entry_v(e), &here);
			continue;
		}
		child = child_new(t, lh_entry_v(e), &here);
		member_new(t, here.key)->node = child;
	}
}

static void
take_reference(const struct taking *t, bool is_dynamic)
{
	if (json_object_is_type(t->v, json_type_string))
		schema_refer(t->c, t->n, json_object_get_string(t->v), t->at, is_dynamic);
	else
		compiler_fault(t->c, t->at, "must be a text: a reference to a schema");
}

static void
take_ref(const struct taking *t)
{
	take_reference(t, false);
}

static void
take_dynamic_ref(const struct taking *t)
{
	take_reference(t, true);
}

static void
take_vocabulary(const struct taking *t)
{
	if (*t->n->resource->document == '\0')
		compiler_fault(t->c, t->at, "is not supported");
}

#define AT(member) offsetof(struct node, member)
#define KEYWORD(name, drafts, take, ...) { name, drafts, take, __VA_ARGS__ }

static const struct keyword keywords[] = {
	KEYWORD("$anchor", DRAFT_2020, take_text, 0, EDGE_NONE),
	KEYWORD("$comment", DRAFTS, take_text, 0, EDGE_NONE),
	KEYWORD("$defs", DRAFTS, take_members, AT(definitions), EDGE_NONE),
	KEYWORD("$dynamicAnchor", DRAFT_2020, take_text, 0, EDGE_NONE),
	KEYWORD("$dynamicRef", DRAFT_2020, take_dynamic_ref, 0, EDGE_NONE),
	KEYWORD("$id", DRAFTS, take_text, 0, EDGE_NONE),
	KEYWORD("$ref", DRAFTS, take_ref, 0, EDGE_NONE),
	KEYWORD("$schema", DRAFTS, take_dialect, 0, EDGE_NONE),
	KEYWORD("$vocabulary", DRAFT_2020, take_vocabulary, 0, EDGE_NONE),
	KEYWORD("additionalItems", DRAFT_07, take_schema, AT(extra_items), EDGE_INTO),
	KEYWORD("additionalProperties", DRAFTS, take_schema, AT(additional), EDGE_INTO),
	KEYWORD("allOf", DRAFTS, take_schemas, AT(all_of), EDGE_SAME),
	KEYWORD("anyOf", DRAFTS, take_schemas, AT(any_of), EDGE_SAME),
	KEYWORD("const", DRAFTS, take_const, 0, EDGE_NONE),
	KEYWORD("contains", DRAFTS, take_schema, AT(contains), EDGE_INTO),
	KEYWORD("contentEncoding", DRAFTS, take_text, 0, EDGE_NONE),
	KEYWORD("contentMediaType", DRAFTS, take_text, 0, EDGE_NONE),
	KEYWORD("contentSchema", DRAFT_2020, take_schema, AT(content), EDGE_NONE),
	KEYWORD("default", DRAFTS, take_default, 0, EDGE_NONE),
	KEYWORD("definitions", DRAFTS, take_members, AT(definitions), EDGE_NONE),
	/* 2020-12 keeps its name; asserting it is the safe reading */
	KEYWORD("dependencies", DRAFTS, take_dependencies, AT(dependent), EDGE_SAME),
	KEYWORD("dependentRequired", DRAFT_2020, take_needs, AT(dependent), EDGE_NONE),
	KEYWORD("dependentSchemas", DRAFT_2020, take_members, AT(dependent), EDGE_SAME),
	KEYWORD("deprecated", DRAFTS, take_flag, 0, EDGE_NONE),
	KEYWORD("description", DRAFTS, take_text, 0, EDGE_NONE),
	KEYWORD("else", DRAFTS, take_schema, AT(otherwise), EDGE_SAME),
	KEYWORD("enum", DRAFTS, take_enum, 0, EDGE_NONE),
	KEYWORD("examples", DRAFTS, take_list, 0, EDGE_NONE),
	KEYWORD("exclusiveMaximum", DRAFTS, take_bound, AT(below), EDGE_NONE),
	KEYWORD("exclusiveMinimum", DRAFTS, take_bound, AT(above), EDGE_NONE),
	KEYWORD("format", DRAFTS, take_format, 0, EDGE_NONE),
	KEYWORD("if", DRAFTS, take_schema, AT(when), EDGE_SAME),
	KEYWORD("items", DRAFTS, take_items, AT(items), EDGE_INTO),
	KEYWORD("maxContains", DRAFT_2020, take_count, AT(max_contains), EDGE_NONE),
	KEYWORD("maxItems", DRAFTS, take_count, AT(max_items), EDGE_NONE),
	KEYWORD("maxLength", DRAFTS, take_count, AT(max_length), EDGE_NONE),
	KEYWORD("maxProperties", DRAFTS, take_count, AT(max_members), EDGE_NONE),
	KEYWORD("maximum", DRAFTS, take_bound, AT(maximum), EDGE_NONE),
	KEYWORD("minContains", DRAFT_2020, take_count, AT(min_contains), EDGE_NONE),
	KEYWORD("minItems", DRAFTS, take_count, AT(min_items), EDGE_NONE),
	KEYWORD("minLength", DRAFTS, take_count, AT(min_length), EDGE_NONE),
	KEYWORD("minProperties", DRAFTS, take_count, AT(min_members), EDGE_NONE),
	KEYWORD("minimum", DRAFTS, take_bound, AT(minimum), EDGE_NONE),
	KEYWORD("multipleOf", DRAFTS, take_step, AT(step), EDGE_NONE),
	KEYWORD("not", DRAFTS, take_schema, AT(not), EDGE_SAME),
	KEYWORD("oneOf", DRAFTS, take_schemas, AT(one_of), EDGE_SAME),
	KEYWORD("pattern", DRAFTS, take_pattern, 0, EDGE_NONE),
	KEYWORD("patternProperties", DRAFTS, take_patterns, AT(patterns), EDGE_INTO),
	KEYWORD("prefixItems", DRAFT_2020, take_schemas, AT(prefix), EDGE_INTO),
	KEYWORD("properties", DRAFTS, take_members, AT(properties), EDGE_INTO),
	KEYWORD("propertyNames", DRAFTS, take_schema, AT(names), EDGE_INTO),
	KEYWORD("readOnly", DRAFTS, take_flag, 0, EDGE_NONE),
	KEYWORD("required", DRAFTS, take_required, 0, EDGE_NONE),
	KEYWORD("then", DRAFTS, take_schema, AT(then), EDGE_SAME),
	KEYWORD("title", DRAFTS, take_text, 0, EDGE_NONE),
	KEYWORD("type", DRAFTS, take_type, 0, EDGE_NONE),
	KEYWORD("unevaluatedItems", DRAFT_2020, take_schema, AT(unevaluated_items), EDGE_INTO),
	KEYWORD("unevaluatedProperties", DRAFT_2020, take_schema, AT(unevaluated), EDGE_INTO),
	KEYWORD("uniqueItems", DRAFTS, take_unique, 0, EDGE_NONE),
	KEYWORD("writeOnly", DRAFTS, take_flag, 0, EDGE_NONE),
};

const struct keyword *
keyword_find(const char *name)
{
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

const struct member *
members_find(const struct members *list, const char *name)
{
	const struct member key = { .name = name };

	if (list->n == 0)
		return NULL;
	return bsearch(&key, list->at, list->n, sizeof *list->at, by_name);
}

void
keyword_finish(struct node *n)
{
	if (n->properties.n > 1)
		qsort(n->properties.at, n->properties.n, sizeof *n->properties.at, by_name);
	/* draft-07 section 6.4.2: additionalItems counts only beside an array of items */
	if (n->resource->draft7 && n->tuple)
		n->items = n->extra_items;
}
