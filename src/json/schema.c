#include <string.h>

#include "base/mem.h"
#include "json/idn.h"
#include "json/schema_private.h"

/* What else is asked of a schema than to check: defaults, flags and secrets. */

/* Schemas looked at for one answer: references can make them very many. */
enum { WALK_MAX = 100000 };

/* A member that is to be added once all have been found. */
struct addition {
	struct json_object *object;
	const char *name;
	struct json_object *value;
};

struct walk {
	void *scratch;
	size_t left;
	size_t n;
	struct addition *at;
};

/* How many schemas always go with N, and which; some are NULL. */
static size_t
always_count(const struct node *n)
{
	return n->all_of.n + 2;
}

static const struct node *
always_at(const struct node *n, size_t i)
{
	if (i >= 2)
		return n->all_of.at[i - 2];
	if (i == 0)
		return n->ref;
	return n->anchor == NULL ? n->dynamic : NULL;
}

/* The first of N and the schemas that always go with it that has a default. */
static const struct node *
find_default(struct walk *w, const struct node *n)
{
	const struct node *found = n != NULL && n->has_fallback ? n : NULL;

	if (w->left == 0 || n == NULL)
		return NULL;
	w->left--;
	for (size_t i = 0; i < always_count(n) && found == NULL; i++)
		found = find_default(w, always_at(n, i));
	return found;
}

static void
find_additions(struct walk *w, const struct node *n, struct json_object *object);

static void
find_addition(struct walk *w, const struct member *m, struct json_object *object)
{
	struct json_object *present;
	const struct node *found;

	if (json_object_object_get_ex(object, m->name, &present)) {
		find_additions(w, m->node, present);
		return;
	}
	found = find_default(w, m->node);
	if (found == NULL)
		return;
	w->at = MEM_GROW(w->scratch, w->at, struct addition, w->n + 1);
	w->at[w->n++] = (struct addition){ object, m->name, found->fallback };
}

static void
find_additions(struct walk *w, const struct node *n, struct json_object *object)
{
	if (w->left == 0 || n == NULL || !json_object_is_type(object, json_type_object))
		return;
	w->left--;
	for (size_t i = 0; i < n->properties.n; i++)
		find_addition(w, &n->properties.at[i], object);
	for (size_t i = 0; i < always_count(n); i++)
		find_additions(w, always_at(n, i), object);
}

void
schema_apply_defaults(const struct schema *s, struct json_object *object)
{
	SCOPED(tmp, NULL);
	struct walk w = { .scratch = tmp, .left = WALK_MAX };

	/* found first and added then, so that a default is never a place for further defaults */
	find_additions(&w, s->root, object);
	for (size_t i = 0; i < w.n; i++) {
		struct json_object *copy = NULL;

		if (json_object_object_get_ex(w.at[i].object, w.at[i].name, NULL))
			continue;
		if (w.at[i].value != NULL && json_object_deep_copy(w.at[i].value, &copy, NULL) != 0)
			mem_must(NULL);
		if (json_object_object_add(w.at[i].object, w.at[i].name, copy) != 0)
			mem_must(NULL);
	}
}

static bool
is_boolean(struct walk *w, const struct node *n)
{
	bool found = n != NULL && n->types == TYPE_BOOLEAN;

	if (w->left == 0 || n == NULL)
		return false;
	w->left--;
	for (size_t i = 0; i < always_count(n) && !found; i++)
		found = is_boolean(w, always_at(n, i));
	return found;
}

static bool
is_anything(struct walk *w, const struct node *n)
{
	(void)w;
	(void)n;
	return true;
}

/* Whether N or what always goes with it declares property NAME as one that IS. */
static bool
declares(struct walk *w, const struct node *n, const char *name,
    bool (*is)(struct walk *, const struct node *))
{
	const struct member *m = n == NULL ? NULL : members_find(&n->properties, name);
	bool found = m != NULL && is(w, m->node);

	if (w->left == 0 || n == NULL)
		return false;
	w->left--;
	for (size_t i = 0; i < always_count(n) && !found; i++)
		found = declares(w, always_at(n, i), name, is);
	return found;
}

int
schema_is_boolean(const struct schema *s, const char *name)
{
	struct walk w = { .left = WALK_MAX };

	return declares(&w, s->root, name, is_boolean);
}

int
schema_declares(const struct schema *s, const char *name)
{
	struct walk w = { .left = WALK_MAX };

	return declares(&w, s->root, name, is_anything);
}

/* A search through what a schema applies, each schema once. */
struct search {
	const char *name;
	bool *seen, *anchor_seen;
	struct match *match;
	size_t n;
	const struct node **at;	/* yet to be looked at */
};

static void
search_add(struct search *s, const struct node *n)
{
	if (n == NULL || s->seen[n->index])
		return;
	s->seen[n->index] = true;
	s->at[s->n++] = n;
}

/* Adds what the $dynamicRef of N may mean, wherever it is met. */
static void
search_dynamic(struct search *s, const struct node *n)
{
	if (n->anchor == NULL || s->anchor_seen[n->anchor->index])
		return;
	s->anchor_seen[n->anchor->index] = true;
	for (size_t i = 0; i < n->anchor->nodes.n; i++)
		search_add(s, n->anchor->nodes.at[i]);
}

/* Adds what N applies to a value: to all of it, and where INTO is set also to parts. */
static void
search_children(struct search *s, const struct node *n, bool into)
{
	search_dynamic(s, n);
	for (size_t i = 0; i < n->n_children; i++)
		if (into || n->children[i].edge == EDGE_SAME)
			search_add(s, n->children[i].node);
}

static struct search
search_new(void *ctx, const struct schema *s, const char *name)
{
	struct search new = { .name = name };

	new.seen = MEM_ARRAY(ctx, bool, s->nodes.n);
	new.anchor_seen = MEM_ARRAY(ctx, bool, s->n_anchors);
	new.at = MEM_ARRAY(ctx, const struct node *, s->nodes.n);
	new.match = match_new(ctx);
	return new;
}

/* Adds to MEMBERS the schemas that N has for the member that is looked for. */
static void
search_member(struct search *members, const struct node *n)
{
	const struct member *m = members_find(&n->properties, members->name);

	if (m != NULL)
		search_add(members, m->node);
	for (size_t i = 0; i < n->patterns.n; i++)
		/* where it cannot be known it is the safe side to say yes */
		if (pattern_match(n->patterns.at[i].pattern, members->match, members->name,
		    strlen(members->name)) != MATCHED_NO)
			search_add(members, n->patterns.at[i].node);
	if (m == NULL)
		search_add(members, n->additional);
	search_add(members, n->unevaluated);
}

int
schema_is_secret(const struct schema *s, const char *name)
{
	SCOPED(tmp, NULL);
	const struct format *password = format_find("password");
	struct search whole = search_new(tmp, s, name), members = search_new(tmp, s, name);

	search_add(&whole, s->root);
	while (whole.n > 0) {
		const struct node *n = whole.at[--whole.n];

		search_children(&whole, n, false);
		search_member(&members, n);
	}
	while (members.n > 0) {
		const struct node *n = members.at[--members.n];

		if (n->format == password)
			return true;
		search_children(&members, n, true);
	}
	return false;
}

enum err
schema_ready(struct error *e)
{
	return idn_load(e);
}
