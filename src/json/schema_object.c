#include <string.h>

#include "json/schema_private.h"

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static bool
check_size(struct check *c, const struct visit *x)
{
	const struct count *min = &x->node->min_members, *max = &x->node->max_members;
	size_t n = (size_t)json_object_object_length(x->value);
	bool ok = true;

	if (min->set && n < min->n)
		ok = check_fault(c, x->at, "must have at least %zu member%s", min->n,
		    plural(min->n));
	if (max->set && n > max->n)
		ok = check_fault(c, x->at, "must have at most %zu member%s", max->n,
		    plural(max->n));
	return ok;
}

static bool
check_required(struct check *c, const struct visit *x)
{
	bool ok = true;

	for (size_t i = 0; i < x->node->required.n; i++) {
		const struct spot here = { .up = x->at, .key = x->node->required.at[i] };

		if (!json_object_object_get_ex(x->value, here.key, NULL))
			ok = check_fault(c, &here, "is required");
	}
	return ok;
}

/* The name of a member is checked as a text; what is wrong with it is said of the member. */
static bool
check_name(struct check *c, const struct visit *x, const struct spot *here)
{
	struct json_object *name;
	const char *about = c->about;
	bool ok;

	if (x->node->names == NULL)
		return true;
	name = json_object_new_string(here->key);
	c->about = "the name of this member ";
	ok = check_node(c, x->node->names, name, here, NULL);
	c->about = about;
	json_object_put(name);
	return ok;
}

static bool
check_member(struct check *c, const struct visit *x, const struct spot *here, struct json_object *v)
{
	const struct node *n = x->node;
	const struct member *declared = members_find(&n->properties, here->key);
	bool ok = true, known = declared != NULL;

	if (known)
		ok = check_node(c, declared->node, v, here, NULL);
	for (size_t i = 0; i < n->patterns.n && check_goes_on(c, ok); i++) {
		if (!check_matches(c, n->patterns.at[i].pattern, here->key, strlen(here->key),
		    here))
			continue;
		known = true;
		ok = check_node(c, n->patterns.at[i].node, v, here, NULL) && ok;
	}
	if (!known && n->additional != NULL)
		ok = check_node(c, n->additional, v, here, NULL) && ok;
	if (known || n->additional != NULL)
		marks_set(x->marks, here->index);
	return ok;
}

static bool
looks_at_members(const struct node *n)
{
	return n->properties.n > 0 || n->patterns.n > 0 || n->additional != NULL ||
	    n->names != NULL;
}

bool
check_object(struct check *c, const struct visit *x)
{
	struct lh_entry *e;
	struct spot here = { .up = x->at };
	bool ok = check_size(c, x);

	if (!check_spend(c, x->at, x->node->required.n))
		return false;
	ok = check_required(c, x) && ok;
	if (!looks_at_members(x->node))
		return ok;
	lh_foreach(json_object_get_object(x->value), e) {
		if (!check_goes_on(c, ok))
			break;
		here.key = lh_entry_k(e);
		ok = check_name(c, x, &here) && ok;
		ok = check_member(c, x, &here, lh_entry_v(e)) && ok;
		here.index++;
	}
	return ok;
}

static bool
check_needs(struct check *c, const struct visit *x, const struct member *m)
{
	bool ok = true;

	for (size_t i = 0; i < m->needs.n; i++) {
		const struct spot here = { .up = x->at, .key = m->needs.at[i] };

		if (!json_object_object_get_ex(x->value, here.key, NULL))
			ok = check_fault(c, &here, "is required where %s is given", m->name);
	}
	return ok;
}

bool
check_dependent(struct check *c, const struct visit *x)
{
	const struct members *list = &x->node->dependent;
	bool ok = check_spend(c, x->at, list->n);

	for (size_t i = 0; i < list->n && check_goes_on(c, ok); i++) {
		if (!json_object_object_get_ex(x->value, list->at[i].name, NULL))
			continue;
		ok = check_spend(c, x->at, list->at[i].needs.n) &&
		    check_needs(c, x, &list->at[i]) && ok;
		if (list->at[i].node != NULL)
			ok = check_node(c, list->at[i].node, x->value, x->at, x->marks) && ok;
	}
	return ok;
}

static bool
unevaluated_items(struct check *c, const struct visit *x)
{
	bool ok = true;

	for (size_t i = 0; i < x->marks->n && check_goes_on(c, ok); i++) {
		const struct spot here = { .up = x->at, .index = i };

		if (!x->marks->at[i])
			ok = check_node(c, x->node->unevaluated_items,
			    json_object_array_get_idx(x->value, i), &here, NULL) && ok;
		marks_set(x->marks, i);
	}
	return ok;
}

static bool
unevaluated_members(struct check *c, const struct visit *x)
{
	struct spot here = { .up = x->at };
	struct lh_entry *e;
	bool ok = true;

	lh_foreach(json_object_get_object(x->value), e) {
		if (!check_goes_on(c, ok))
			break;
		here.key = lh_entry_k(e);
		if (!x->marks->at[here.index])
			ok = check_node(c, x->node->unevaluated, lh_entry_v(e), &here, NULL) && ok;
		marks_set(x->marks, here.index++);
	}
	return ok;
}

bool
check_unevaluated(struct check *c, const struct visit *x)
{
	if (x->marks == NULL)
		return true;
	if ((x->types & TYPE_ARRAY) != 0)
		return x->node->unevaluated_items == NULL || unevaluated_items(c, x);
	return x->node->unevaluated == NULL || unevaluated_members(c, x);
}
