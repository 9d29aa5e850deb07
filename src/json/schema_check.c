#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "json/schema_private.h"

bool
check_fault(struct check *c, const struct spot *at, const char *fmt, ...)
{
	SCOPED(tmp, NULL);
	va_list ap;
	char *text;

	if (c->faults == NULL || c->gave_up)
		return false;
	if (c->faults->count >= FAULTS_MAX) {
		faults_add(c->faults, "", "%s", "");
		return false;
	}
	va_start(ap, fmt);
	text = mem_must(talloc_vasprintf(tmp, fmt, ap));
	va_end(ap);
	faults_add(c->faults, spot_text(tmp, at, NULL), "%s%s", c->about, text);
	return false;
}

bool
check_give_up(struct check *c, const struct spot *at, const char *why)
{
	SCOPED(tmp, NULL);

	if (!c->gave_up)
		faults_add(c->all, spot_text(tmp, at, NULL), "%s", why);
	c->gave_up = true;
	return false;
}

bool
check_spend(struct check *c, const struct spot *at, size_t n)
{
	if (c->gave_up)
		return false;
	c->work += n;
	return c->work <= CHECK_WORK || check_give_up(c, at, "takes too much work to check");
}

bool
check_goes_on(const struct check *c, bool ok)
{
	return !c->gave_up && (ok || c->faults != NULL);
}

bool
check_matches(struct check *c, const struct pattern *p, const char *s, size_t n,
    const struct spot *at)
{
	if (!check_spend(c, at, 1))
		return false;
	if (c->match == NULL) {
		c->match = match_new(c->scratch);
		c->started = clock_mono();
	}
	switch (pattern_match(p, c->match, s, n)) {
	case MATCHED_YES:
		break;
	case MATCHED_NO:
		return false;
	case MATCHED_GAVE_UP:
		return check_give_up(c, at,
		    "is no valid text, or takes too much work to compare with a pattern");
	}
	return clock_mono() - c->started <= CHECK_TIME ||
	    check_give_up(c, at, "takes too long to check");
}

struct marks *
marks_new(struct check *c, struct json_object *v)
{
	struct marks *m;
	size_t n = 0;

	if (json_object_is_type(v, json_type_array))
		n = json_object_array_length(v);
	else if (json_object_is_type(v, json_type_object))
		n = (size_t)json_object_object_length(v);
	if (n == 0)
		return NULL;
	m = MEM_NEW(c->scratch, struct marks);
	m->n = n;
	m->at = MEM_ARRAY(m, bool, n);
	return m;
}

void
marks_set(struct marks *m, size_t i)
{
	if (m != NULL)
		m->at[i] = true;
}

void
marks_join(struct marks *to, const struct marks *from)
{
	if (to == NULL || from == NULL)
		return;
	for (size_t i = 0; i < to->n; i++)
		to->at[i] = to->at[i] || from->at[i];
}

static const struct {
	bool (*run)(struct check *c, const struct visit *x);
	unsigned types;		/* of values that it looks at */
	bool ends;		/* a fault here would only bring more of its kind */
} steps[] = {
	{ check_type, ~0u, true },
	{ check_value, ~0u, false },
	{ check_number, TYPE_NUMBER, false },
	{ check_string, TYPE_STRING, false },
	{ check_branches, ~0u, false },
	{ check_array, TYPE_ARRAY, false },
	{ check_object, TYPE_OBJECT, false },
	{ check_dependent, TYPE_OBJECT, false },
	/* the last: it asks what all others have looked at */
	{ check_unevaluated, TYPE_ARRAY | TYPE_OBJECT, false },
};

static bool
check_steps(struct check *c, const struct visit *x)
{
	bool ok = true;

	for (size_t i = 0; i < sizeof steps / sizeof *steps && check_goes_on(c, ok); i++) {
		if ((steps[i].types & x->types) == 0)
			continue;
		if (!steps[i].run(c, x)) {
			ok = false;
			if (steps[i].ends)
				break;
		}
	}
	return ok && !c->gave_up;
}

bool
check_node(struct check *c, const struct node *n, struct json_object *v, const struct spot *at,
    struct marks *marks)
{
	struct visit x = { .node = n, .value = v, .at = at, .marks = marks };
	const struct scope here = { c->scope, n->resource };
	bool ok;

	if (n->never)
		return check_fault(c, at, "is not allowed here");
	if (c->depth >= CHECK_DEPTH)
		return check_give_up(c, at, "is nested too deeply to check");
	if (!check_spend(c, at, 1))
		return false;
	if (n->unevaluated != NULL || n->unevaluated_items != NULL)
		x.marks = marks_new(c, v);
	if (x.marks != marks && x.marks != NULL)
		c->work += x.marks->n;
	x.types = value_types(v);
	if (c->schema->is_dynamic && (here.outer == NULL || here.outer->resource != n->resource))
		c->scope = &here;
	c->depth++;
	ok = check_steps(c, &x);
	c->depth--;
	c->scope = here.outer;
	if (x.marks != marks) {
		marks_join(marks, x.marks);
		mem_free(x.marks);
	}
	return ok;
}

bool
check_try(struct check *c, const struct node *n, struct json_object *v, const struct spot *at,
    struct marks *marks)
{
	struct faults *saved = c->faults;
	struct marks *own = marks == NULL ? NULL : marks_new(c, v);
	bool ok;

	if (own != NULL && !check_spend(c, at, own->n))
		ok = false;
	else {
		c->faults = NULL;
		ok = check_node(c, n, v, at, own);
		c->faults = saved;
	}
	if (ok)
		marks_join(marks, own);
	mem_free(own);
	return ok;
}

size_t
schema_check(const struct schema *s, struct json_object *value, struct faults *faults)
{
	SCOPED(tmp, NULL);
	struct check c = { .schema = s, .scratch = tmp, .all = faults, .faults = faults,
	    .about = "" };
	size_t before = faults->count;

	check_node(&c, s->root, value, NULL, NULL);
	return faults->count - before;
}
