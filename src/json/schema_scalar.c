#include <string.h>

#include "json/idn.h"
#include "json/schema_private.h"

bool
check_type(struct check *c, const struct visit *x)
{
	if (x->node->types == 0 || (x->node->types & x->types) != 0)
		return true;
	return check_fault(c, x->at, "must be %s", x->node->types_text);
}

static bool
is_choice(struct check *c, const struct visit *x)
{
	size_t n = json_object_array_length(x->node->choices);

	if (!check_spend(c, x->at, n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (value_equal(x->value, json_object_array_get_idx(x->node->choices, i)))
			return true;
	return false;
}

bool
check_value(struct check *c, const struct visit *x)
{
	const struct node *n = x->node;
	bool ok = true;

	if (n->has_constant && !value_equal(x->value, n->constant))
		ok = check_fault(c, x->at, "must be %s", n->constant_text);
	if (n->choices != NULL && !is_choice(c, x))
		ok = check_fault(c, x->at, "must be one of %s", n->choices_text);
	return ok;
}

bool
check_number(struct check *c, const struct visit *x)
{
	const struct node *n = x->node;
	struct number v = number_of(x->value);
	/* claims that a NaN does not fulfil */
	const struct {
		const struct bound *bound;
		int order, or_order;
		const char *text;
	} bounds[] = {
		{ &n->minimum, 1, 0, "must be at least" },
		{ &n->maximum, -1, 0, "must be at most" },
		{ &n->above, 1, 1, "must be greater than" },
		{ &n->below, -1, -1, "must be less than" },
	};
	bool ok = true;

	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
		int order;

		if (!bounds[i].bound->set)
			continue;
		order = number_compare(v, bounds[i].bound->number);
		if (order != bounds[i].order && order != bounds[i].or_order)
			ok = check_fault(c, x->at, "%s %s", bounds[i].text, bounds[i].bound->text);
	}
	if (n->step.set && !number_is_multiple(v, n->step.number))
		ok = check_fault(c, x->at, "must be a multiple of %s", n->step.text);
	return ok;
}

/* Characters (code points) of N bytes of UTF-8. */
static size_t
characters(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

static bool
check_length(struct check *c, const struct visit *x, const char *s, size_t bytes)
{
	const struct node *n = x->node;
	size_t length;
	bool ok = true;

	if (!n->min_length.set && !n->max_length.set)
		return true;
	length = characters(s, bytes);
	if (n->min_length.set && length < n->min_length.n)
		ok = check_fault(c, x->at, "must be at least %zu character%s long", n->min_length.n,
		    n->min_length.n == 1 ? "" : "s");
	if (n->max_length.set && length > n->max_length.n)
		ok = check_fault(c, x->at, "must be at most %zu character%s long", n->max_length.n,
		    n->max_length.n == 1 ? "" : "s");
	return ok;
}

static bool
check_format(struct check *c, const struct visit *x, const char *s, size_t n)
{
	const struct format *f = x->node->format;
	struct error e;

	if (f == NULL)
		return true;
	if (f->is_of_hosts && idn_concerns(s, n) && idn_load(&e) != ERR_OK)
		return check_give_up(c, x->at, e.detail);
	return f->fits(s, n) || check_fault(c, x->at, "must be %s", f->what);
}

bool
check_string(struct check *c, const struct visit *x)
{
	const struct node *n = x->node;
	const char *s = json_object_get_string(x->value);
	size_t bytes = (size_t)json_object_get_string_len(x->value);
	bool ok;

	if (!check_spend(c, x->at, bytes / WORK_BYTES))
		return false;
	ok = check_length(c, x, s, bytes);
	if (n->pattern != NULL && !check_matches(c, n->pattern, s, bytes, x->at))
		ok = check_fault(c, x->at, "must match the pattern %s", pattern_text(n->pattern));
	return check_goes_on(c, ok) && check_format(c, x, s, bytes) && ok;
}
