#include <stdlib.h>

#include "base/mem.h"
#include "json/schema_private.h"

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static bool
check_size(struct check *c, const struct visit *x, size_t n)
{
	const struct count *min = &x->node->min_items, *max = &x->node->max_items;
	bool ok = true;

	if (min->set && n < min->n)
		ok = check_fault(c, x->at, "must have at least %zu item%s", min->n, plural(min->n));
	if (max->set && n > max->n)
		ok = check_fault(c, x->at, "must have at most %zu item%s", max->n, plural(max->n));
	return ok;
}

static bool
check_items(struct check *c, const struct visit *x, size_t n)
{
	const struct node *node = x->node;
	bool ok = true;

	if (node->prefix.n == 0 && node->items == NULL)
		return true;
	for (size_t i = 0; i < n && check_goes_on(c, ok); i++) {
		const struct spot here = { .up = x->at, .index = i };
		const struct node *item = i < node->prefix.n ? node->prefix.at[i] : node->items;

		if (item == NULL)
			break;
		marks_set(x->marks, i);
		ok = check_node(c, item, json_object_array_get_idx(x->value, i), &here, NULL) && ok;
	}
	return ok;
}

static bool
check_contains(struct check *c, const struct visit *x, size_t n)
{
	const struct node *node = x->node;
	size_t least = node->min_contains.set ? node->min_contains.n : 1, fits = 0;
	bool ok = true;

	if (node->contains == NULL)
		return true;
	for (size_t i = 0; i < n && !c->gave_up; i++) {
		const struct spot here = { .up = x->at, .index = i };

		if (!check_try(c, node->contains, json_object_array_get_idx(x->value, i), &here,
		    NULL))
			continue;
		marks_set(x->marks, i);
		fits++;
	}
	if (fits < least)
		ok = check_fault(c, x->at,
		    "must have at least %zu item%s that fit%s \"contains\", has %zu",
		    least, plural(least), least == 1 ? "s" : "", fits);
	if (node->max_contains.set && fits > node->max_contains.n)
		ok = check_fault(c, x->at,
		    "must have at most %zu item%s that fit \"contains\", has %zu",
		    node->max_contains.n, plural(node->max_contains.n), fits);
	return ok;
}

struct hashed {
	uint64_t hash;
	size_t index;
};

static int
by_hash(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/*
 * The first item equal to item LIST[K], among those of the same hash; K itself
 * where it is the first.
 */
static size_t
first_like(struct check *c, const struct visit *x, const struct hashed *list, size_t k)
{
	struct json_object *v = json_object_array_get_idx(x->value, list[k].index);
	size_t i = k;

	while (i > 0 && list[i - 1].hash == list[k].hash)
		i--;
	for (; i < k && check_spend(c, x->at, 1); i++)
		if (value_equal(json_object_array_get_idx(x->value, list[i].index), v))
			return i;
	return k;
}

/* By hashes, since comparing each with each takes too long for long arrays. */
static bool
check_unique(struct check *c, const struct visit *x, size_t n)
{
	struct hashed *list;
	bool ok = true;

	if (!x->node->unique || n < 2 || !check_spend(c, x->at, n))
		return true;
	list = MEM_ARRAY(c->scratch, struct hashed, n);
	for (size_t i = 0; i < n; i++)
		list[i] = (struct hashed){ value_hash(json_object_array_get_idx(x->value, i)), i };
	qsort(list, n, sizeof *list, by_hash);
	for (size_t k = 1; k < n && check_goes_on(c, ok); k++) {
		const struct spot here = { .up = x->at, .index = list[k].index };
		size_t first = first_like(c, x, list, k);

		if (first != k)
			ok = check_fault(c, &here, "must not be the same as item %zu",
			    list[first].index);
	}
	mem_free(list);
	return ok;
}

bool
check_array(struct check *c, const struct visit *x)
{
	size_t n = json_object_array_length(x->value);
	bool ok = check_size(c, x, n);

	ok = check_goes_on(c, ok) && check_items(c, x, n) && ok;
	ok = check_goes_on(c, ok) && check_contains(c, x, n) && ok;
	ok = check_goes_on(c, ok) && check_unique(c, x, n) && ok;
	return ok;
}
