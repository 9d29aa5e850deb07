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
		add_name(c, n, mem_printf(c->scratch, "%s#%s", n->base, anchor), at);
}

/* The URI of N; in draft-07 its fragment is an anchor, in 2020-12 it must have none. */
static void
take_id(struct compiler *c, struct node *n, const char *id, const struct spot *at)
{
	const char *fragment;
	char *uri;

	if (strlen(id) > URI_MAX) {
		compiler_fault(c, at, "must be at most %d bytes long", URI_MAX);
		return;
	}
	uri = uri_resolve(c->schema, n->base, id, &fragment);
	if (fragment != NULL && *fragment != '\0' && !c->schema->draft7) {
		compiler_fault(c, at, "must have no fragment: draft 2020-12 has $anchor for that");
		return;
	}
	if (id[0] != '#' && id[0] != '\0') {
		n->base = uri;
		add_name(c, n, uri, at);
	}
	if (fragment != NULL && *fragment != '\0')
		add_anchor(c, n, fragment, at);
}

void
schema_register(struct compiler *c, struct node *n, struct json_object *o, const struct spot *at,
    const char *base)
{
	static const char *const anchors[] = { "$anchor", "$dynamicAnchor" };
	const struct spot id = { .up = at, .key = "$id" };
	const char *seen = NULL, *text;

	n->base = base;
	lh_table_insert(c->places, n->where, n);
	/* the root has this name beside its own */
	if (at == NULL)
		lh_table_insert(c->names, "", n);
	/* draft-07 section 8.3: an $id beside a $ref is ignored too */
	if (o == NULL || (c->schema->draft7 && own_text(o, "$ref") != NULL))
		return;
	text = own_text(o, "$id");
	if (text != NULL)
		take_id(c, n, text, &id);
	for (size_t i = 0; i < sizeof anchors / sizeof *anchors && !c->schema->draft7; i++) {
		const struct spot here = { .up = at, .key = anchors[i] };

		text = own_text(o, anchors[i]);
		if (text != NULL && !text_eq(text, seen))
			add_anchor(c, n, text, &here);
		seen = text;
	}
}

void
schema_refer(struct compiler *c, struct node *n, const char *uri, const struct spot *at)
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
	char *uri = uri_resolve(c->scratch, r->from->base, r->uri, &fragment);
	void *found;

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

void
schema_link(struct compiler *c)
{
	const struct nodes *all = &c->schema->nodes;

	for (size_t i = 0; i < c->n_references; i++) {
		const struct reference *r = &c->references[i];

		r->from->ref = reference_find(c, r);
		if (r->from->ref != NULL)
			schema_attach(r->from, r->from->ref, EDGE_SAME);
	}
	for (size_t i = 0; i < all->n; i++)
		if (goes_round(all->at[i], 0))
			faults_add(c->faults, all->at[i]->where,
			    "leads back to itself without going "
			    "into the value, or through more than %d schemas", SCHEMA_CHAIN);
}
