#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "json/schema_private.h"

enum { TABLE_SIZE = 64 };

static void
spot_add(struct text *t, const struct spot *at)
{
	if (at == NULL)
		return;
	spot_add(t, at->up);
	text_puts(t, "/");
	if (at->key == NULL) {
		text_printf(t, "%zu", at->index);
		return;
	}
	/* RFC 6901 section 3 */
	for (const char *p = at->key; *p != '\0'; p++)
		if (*p == '~')
			text_puts(t, "~0");
		else if (*p == '/')
			text_puts(t, "~1");
		else
			text_add(t, p, 1);
}

char *
spot_text(void *ctx, const struct spot *at, bool *cut)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, PLACE_MAX);

	spot_add(t, at);
	utf8_trim(t->at);
	if (cut != NULL)
		*cut = t->cut;
	return mem_text(ctx, t->at);
}

void
compiler_fault(struct compiler *c, const struct spot *at, const char *fmt, ...)
{
	SCOPED(tmp, NULL);
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_must(talloc_vasprintf(tmp, fmt, ap));
	va_end(ap);
	faults_add(c->faults, spot_text(tmp, at, NULL), "%s", text);
}

static struct node *
node_new(struct compiler *c)
{
	struct nodes *all = &c->schema->nodes;
	struct node *n = MEM_NEW(c->schema, struct node);

	all->at = MEM_GROW(c->schema, all->at, struct node *, all->n + 1);
	n->index = all->n;
	all->at[all->n++] = n;
	return n;
}

static void
take_keyword(struct compiler *c, struct node *n, const char *name, struct json_object *v,
    const struct spot *at)
{
	const struct keyword *k = keyword_find(name);
	unsigned draft = n->resource->draft7 ? DRAFT_07 : DRAFT_2020;

	if (k == NULL)
		compiler_fault(c, at, "is not a known keyword");
	else if ((k->drafts & draft) == 0)
		compiler_fault(c, at, "is no keyword of %s, as which this schema is read",
		    n->resource->draft7 ? "draft-07" : "draft 2020-12");
	else
		k->take(&(struct taking){ c, n, k, v, at });
}

/*
 * Draft-07 section 8.3: beside a $ref all else is ignored. Definitions may still
 * be referred to, and a default asserts nothing, so that it is worth keeping.
 */
static bool
is_void_beside_ref(const char *name)
{
	static const char *const kept[] = { "$ref", "$schema", "$defs", "definitions", "default" };

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (strcmp(name, kept[i]) == 0)
			return false;
	return keyword_find(name) != NULL;
}

static void
take_object(struct compiler *c, struct node *n, struct json_object *o, const struct spot *at)
{
	struct json_object *ref;
	struct lh_entry *e;
	bool only_ref;

	schema_register(c, n, o, at);
	only_ref = n->resource->draft7 && json_object_object_get_ex(o, "$ref", &ref) &&
	    json_object_is_type(ref, json_type_string);
	lh_foreach(json_object_get_object(o), e) {
		const struct spot here = { .up = at, .key = lh_entry_k(e) };

		if (!only_ref || !is_void_beside_ref(here.key))
			take_keyword(c, n, here.key, lh_entry_v(e), &here);
	}
	keyword_finish(n);
}

/* Whether one more schema N at AT is within bounds; else a fault. Sets where it is. */
static bool
has_room(struct compiler *c, struct node *n, const struct spot *at)
{
	bool cut;

	if (c->schema->nodes.n > SCHEMA_NODES) {
		/* said once: there may be very many more */
		if (!c->full)
			compiler_fault(c, at, "is one schema too many");
		c->full = true;
		return false;
	}
	n->where = mem_printf(n, "%s%s", n->resource->document, spot_text(c->scratch, at, &cut));
	if (cut)
		compiler_fault(c, at, "is in a place whose name is too long");
	else if (c->depth >= SCHEMA_DEPTH)
		compiler_fault(c, at, "is nested too deeply");
	return !cut && c->depth < SCHEMA_DEPTH;
}

struct node *
schema_node(struct compiler *c, struct json_object *v, const struct spot *at, struct resource *r)
{
	struct node *n = node_new(c);

	n->resource = r;
	n->where = "";
	if (!has_room(c, n, at))
		return n;
	c->depth++;
	if (json_object_is_type(v, json_type_object))
		take_object(c, n, v, at);
	else if (json_object_is_type(v, json_type_boolean)) {
		n->never = !json_object_get_boolean(v);
		schema_register(c, n, NULL, at);
	} else
		compiler_fault(c, at, "must be a schema: an object, true or false");
	c->depth--;
	return n;
}

static int
schema_free(struct schema *s)
{
	json_object_put(s->source);
	return 0;
}

struct schema *
schema_compile(void *ctx, struct json_object *source, struct faults *faults)
{
	SCOPED(tmp, NULL);
	struct schema *s = MEM_NEW(ctx, struct schema);
	struct compiler c = { .schema = s, .faults = faults, .scratch = tmp };
	size_t before = faults->count;

	MEM_ON_FREE(s, schema_free);
	if (source != NULL && json_object_deep_copy(source, &s->source, NULL) != 0)
		mem_must(NULL);
	c.places = mem_must(lh_kchar_table_new(TABLE_SIZE, NULL));
	c.names = mem_must(lh_kchar_table_new(TABLE_SIZE, NULL));
	c.anchors = mem_must(lh_kchar_table_new(TABLE_SIZE, NULL));
	s->root = schema_node(&c, s->source, NULL, resource_new(&c, "", "",
	    names_draft7(s->source)));
	schema_link(&c);
	lh_table_free(c.places);
	lh_table_free(c.names);
	lh_table_free(c.anchors);
	if (faults->count == before)
		return s;
	mem_free(s);
	return NULL;
}
