#include "json/schema_private.h"

/* Schemas that look at the same value: $ref, $dynamicRef, allOf, anyOf, oneOf, not, if. */

/*
 * What the $dynamicRef of N means here: of the resources that the check is in, the
 * outermost that says so decides.
 */
static const struct node *
dynamic_find(struct check *c, const struct visit *x)
{
	const struct node *found = x->node->dynamic;

	for (const struct scope *s = c->scope; s != NULL; s = s->outer) {
		if (!check_spend(c, x->at, s->resource->n_anchors))
			break;
		for (size_t i = 0; i < s->resource->n_anchors; i++)
			if (s->resource->anchors[i].anchor == x->node->anchor)
				found = s->resource->anchors[i].node;
	}
	return found;
}

static bool
check_dynamic(struct check *c, const struct visit *x)
{
	const struct node *n = x->node->anchor == NULL ? x->node->dynamic : dynamic_find(c, x);

	return n == NULL || check_node(c, n, x->value, x->at, x->marks);
}

static bool
check_all(struct check *c, const struct visit *x)
{
	const struct nodes *all = &x->node->all_of;
	bool ok = true;

	if (x->node->ref != NULL)
		ok = check_node(c, x->node->ref, x->value, x->at, x->marks);
	ok = check_goes_on(c, ok) && check_dynamic(c, x) && ok;
	for (size_t i = 0; i < all->n && check_goes_on(c, ok); i++)
		ok = check_node(c, all->at[i], x->value, x->at, x->marks) && ok;
	return ok;
}

/* How many of LIST fit, up to MOST, but all of them where somebody asks what they look at. */
static size_t
count_fits(struct check *c, const struct visit *x, const struct nodes *list, size_t most)
{
	size_t fits = 0;

	for (size_t i = 0; i < list->n && (fits < most || x->marks != NULL) && !c->gave_up; i++)
		fits += check_try(c, list->at[i], x->value, x->at, x->marks);
	return fits;
}

static bool
check_any(struct check *c, const struct visit *x)
{
	const struct nodes *list = &x->node->any_of;

	if (list->n == 0 || count_fits(c, x, list, 1) > 0)
		return true;
	/* with one alternative its own faults say more */
	if (list->n == 1)
		return check_node(c, list->at[0], x->value, x->at, NULL);
	return check_fault(c, x->at, "must fit one of %zu alternatives (anyOf), and fits none",
	    list->n);
}

static bool
check_one(struct check *c, const struct visit *x)
{
	const struct nodes *list = &x->node->one_of;
	size_t fits = list->n == 0 ? 1 : count_fits(c, x, list, 2);

	if (fits == 1)
		return true;
	if (list->n == 1)
		return check_node(c, list->at[0], x->value, x->at, NULL);
	if (fits == 0)
		return check_fault(c, x->at,
		    "must fit one of %zu alternatives (oneOf), and fits none",
		    list->n);
	return check_fault(c, x->at, "must fit only one of %zu alternatives (oneOf), and fits more",
	    list->n);
}

static bool
check_condition(struct check *c, const struct visit *x)
{
	const struct node *n = x->node, *next;

	if (n->when == NULL || (n->then == NULL && n->otherwise == NULL && x->marks == NULL))
		return true;
	next = check_try(c, n->when, x->value, x->at, x->marks) ? n->then : n->otherwise;
	return next == NULL || check_node(c, next, x->value, x->at, x->marks);
}

bool
check_branches(struct check *c, const struct visit *x)
{
	bool ok = check_all(c, x);

	ok = check_goes_on(c, ok) && check_any(c, x) && ok;
	ok = check_goes_on(c, ok) && check_one(c, x) && ok;
	ok = check_goes_on(c, ok) && check_condition(c, x) && ok;
	if (x->node->not != NULL && check_goes_on(c, ok) &&
	    check_try(c, x->node->not, x->value, x->at, NULL))
		ok = check_fault(c, x->at, "must not fit the schema under \"not\"");
	return ok;
}
