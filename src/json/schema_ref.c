#include <string.h>

#include "base/mem.h"
#include "json/schema_private.h"

/* Text member KEY of O, where it is one: what is none is refused as a keyword. */
static const char *
own_text(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string))
		return NULL;
	return json_object_get_string(v);
}

static void
add_name(struct compiler *c, struct node *n, const char *name, const struct spot *at)
{
	if (lh_table_lookup_ex(c->names, name, NULL))
		compiler_fault(c, at, "is given twice: %s", name);
	else
		lh_table_insert(c->names, name, n);
}

struct resource *
resource_new(struct compiler *c, const char *uri, const char *document, bool draft7)
{
	struct resource *r = MEM_NEW(c->schema, struct resource);

	r->uri = uri;
	r->document = document;
	r->draft7 = draft7;
	return r;
}

static void
add_anchor(struct compiler *c, struct node *n, const char *anchor, const struct spot *at)
{
	static const char first[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	static const char rest[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789-.:";

	if (strspn(anchor, first) == 0 || strspn(anchor, rest) != strlen(anchor))
		compiler_fault(c, at,
		    "must be a name of letters, digits and _ - . that begins with a letter");
	else
		add_name(c, n, mem_printf(c->scratch, "%s#%s", n->resource->uri, anchor), at);
}

/* The URI of N; in draft-07 its fragment is an anchor, in 2020-12 it must have none. */
static void
take_id(struct compiler *c, struct node *n, struct json_object *o, const struct spot *at)
{
	const char *fragment, *id = own_text(o, at->key);
	char *uri;

	if (strlen(id) > URI_MAX) {
		compiler_fault(c, at, "must be at most %d bytes long", URI_MAX);
		return;
	}
	uri = uri_resolve(c->schema, n->resource->uri, id, &fragment);
	if (fragment != NULL && *fragment != '\0' && !n->resource->draft7) {
		compiler_fault(c, at, "must have no fragment: draft 2020-12 has $anchor for that");
		return;
	}
	if (id[0] != '#' && id[0] != '\0') {
		n->resource = resource_new(c, uri, n->resource->document,
		    own_text(o, "$schema") != NULL ? names_draft7(o) : n->resource->draft7);
		add_name(c, n, uri, at);
	}
	if (fragment != NULL && *fragment != '\0')
		add_anchor(c, n, fragment, at);
}

/* Notes that N, in its resource, is what $dynamicAnchor NAME means. */
static void
add_dynamic(struct compiler *c, struct node *n, const char *name)
{
	struct resource *r = n->resource;
	struct anchor *a;
	void *found;

	if (lh_table_lookup_ex(c->anchors, name, &found))
		a = found;
	else {
		a = MEM_NEW(c->schema, struct anchor);
		a->index = c->schema->n_anchors++;
		a->name = name;
		lh_table_insert(c->anchors, name, a);
	}
	a->nodes.at = MEM_GROW(a, a->nodes.at, struct node *, a->nodes.n + 1);
	a->nodes.at[a->nodes.n++] = n;
	r->anchors = MEM_GROW(r, r->anchors, struct dynamic_anchor, r->n_anchors + 1);
	r->anchors[r->n_anchors++] = (struct dynamic_anchor){ a, n };
}

static void
take_anchors(struct compiler *c, struct node *n, struct json_object *o, const struct spot *at)
{
	const struct spot plain = { .up = at, .key = "$anchor" };
	const struct spot dynamic = { .up = at, .key = "$dynamicAnchor" };
	const char *text = own_text(o, dynamic.key), *seen = text;

	if (text != NULL) {
		add_anchor(c, n, text, &dynamic);
		add_dynamic(c, n, text);
	}
	text = own_text(o, plain.key);
	if (text != NULL && !text_eq(text, seen))
		add_anchor(c, n, text, &plain);
}

void
schema_register(struct compiler *c, struct node *n, struct json_object *o, const struct spot *at)
{
	const struct spot id = { .up = at, .key = "$id" };
	bool is_root = at == NULL && *n->resource->document == '\0';

	lh_table_insert(c->places, n->where, n);
	/* the root has this name beside its own */
	if (is_root)
		lh_table_insert(c->names, "", n);
	/* draft-07 section 8.3: an $id beside a $ref is ignored too */
	if (o == NULL || (n->resource->draft7 && own_text(o, "$ref") != NULL))
		return;
	if (own_text(o, id.key) != NULL)
		take_id(c, n, o, &id);
	if (!n->resource->draft7)
		take_anchors(c, n, o, at);
}

void
schema_refer(struct compiler *c, struct node *n, const char *uri, const struct spot *at,
    bool is_dynamic)
{
	struct reference *r;

	if (strlen(uri) > URI_MAX) {
		compiler_fault(c, at, "must be at most %d bytes long", URI_MAX);
		return;
	}
	c->references = MEM_GROW(c->scratch, c->references, struct reference, c->n_references + 1);
	r = &c->references[c->n_references++];
	r->from = n;
	r->uri = uri;
	r->where = spot_text(c->scratch, at, NULL);
	r->is_dynamic = is_dynamic;
}

void
schema_attach(struct node *parent, struct node *child, enum edge edge)
{
	if (edge == EDGE_NONE)
		return;
	parent->children = MEM_GROW(parent, parent->children, struct child, parent->n_children + 1);
	parent->children[parent->n_children++] = (struct child){ edge, child };
}

/* The schema that R means; NULL and a fault where there is none. */
static struct node *
reference_find(struct compiler *c, const struct reference *r)
{
	const char *fragment, *name, *decoded;
	char *uri = uri_resolve(c->scratch, r->from->resource->uri, r->uri, &fragment);
	void *found;

	if (!lh_table_lookup_ex(c->names, uri, NULL))
		schema_known(c, mem_text(c->schema, uri));
	if (!lh_table_lookup_ex(c->names, uri, &found)) {
		faults_add(c->faults, r->where,
		    "refers to another document, and those are not fetched: %s", uri);
		return NULL;
	}
	if (fragment == NULL || *fragment == '\0')
		return found;
	decoded = uri_decode(c->scratch, fragment);
	if (decoded == NULL)
		faults_add(c->faults, r->where, "has a malformed percent sign");
	if (decoded == NULL)
		return NULL;
	name = *decoded == '/' ?
	    mem_printf(c->scratch, "%s%s", ((struct node *)found)->where, decoded) :
	    mem_printf(c->scratch, "%s#%s", uri, decoded);
	if (lh_table_lookup_ex(*decoded == '/' ? c->places : c->names, name, &found))
		return found;
	faults_add(c->faults, r->where, "refers to a schema that is not there: %s", r->uri);
	return NULL;
}

/*
 * Whether one comes from N back to N, or further than can be followed, without
 * going into the value: a check would not end.
 */
static bool
goes_round(struct node *n, size_t depth)
{
	bool found = false;

	if (n->walked)
		return false;
	if (n->walking || depth >= SCHEMA_CHAIN)
		return true;
	n->walking = true;
	for (size_t i = 0; i < n->n_children && !found; i++)
		if (n->children[i].edge == EDGE_SAME)
			found = goes_round(n->children[i].node, depth + 1);
	n->walking = false;
	n->walked = true;
	return found;
}

/*
 * 2020-12 core section 8.2.3.2: where R leads to a $dynamicAnchor by its name, those of
 * that name further out come first. It can mean only one schema where there is no other
 * such, and is a $ref then; NULL says so.
 */
static const struct anchor *
anchor_of(struct compiler *c, const struct reference *r, const struct node *found)
{
	const char *fragment, *name;
	void *anchor;

	uri_resolve(c->scratch, "", r->uri, &fragment);
	name = fragment == NULL ? NULL : uri_decode(c->scratch, fragment);
	if (name == NULL || !lh_table_lookup_ex(c->anchors, name, &anchor) ||
	    ((struct anchor *)anchor)->nodes.n < 2)
		return NULL;
	for (size_t i = 0; i < found->resource->n_anchors; i++)
		if (found->resource->anchors[i].anchor == anchor &&
		    found->resource->anchors[i].node == found)
			return anchor;
	return NULL;
}

/* Only when all schemas are there: which others there are matters. */
static void
link_dynamic(struct compiler *c, const struct reference *r)
{
	struct node *n = r->from;

	if (n->dynamic == NULL)
		return;
	n->anchor = anchor_of(c, r, n->dynamic);
	if (n->anchor == NULL)
		schema_attach(n, n->dynamic, EDGE_SAME);
	else
		c->schema->is_dynamic = true;
}

static void
link_reference(struct compiler *c, const struct reference *r)
{
	struct node *found = reference_find(c, r);

	if (r->is_dynamic)
		r->from->dynamic = found;
	else
		r->from->ref = found;
	if (found != NULL && !r->is_dynamic)
		schema_attach(r->from, found, EDGE_SAME);
}

void
schema_link(struct compiler *c)
{
	const struct nodes *all = &c->schema->nodes;

	/*
	 * a known document brings references of its own, so that the list grows, and
	 * moves, meanwhile
	 */
	for (size_t i = 0; i < c->n_references; i++) {
		const struct reference r = c->references[i];

		link_reference(c, &r);
	}
	for (size_t i = 0; i < c->n_references; i++)
		if (c->references[i].is_dynamic)
			link_dynamic(c, &c->references[i]);
	for (size_t i = 0; i < all->n; i++)
		if (goes_round(all->at[i], 0))
			faults_add(c->faults, all->at[i]->where,
			    "leads back to itself without going "
			    "into the value, or through more than %d schemas", SCHEMA_CHAIN);
}
