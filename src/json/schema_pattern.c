#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/mem.h"
#include "json/schema_private.h"

/* Bounds on one match; what needs more is given up, and the check refuses the value. */
enum { MATCH_STEPS = 500000, MATCH_DEPTH = 100000, MATCH_HEAP = 32768 /* KiB */,
    GROUPS_DEPTH = 100, WHY_MAX = 200 };

struct pattern {
	pcre2_code *code;
	const char *text;
};

struct match {
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

static int
pattern_free(struct pattern *p)
{
	pcre2_code_free(p->code);
	return 0;
}

static int
match_free(struct match *m)
{
	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->limits);
	return 0;
}

static pcre2_code *
code_new(const struct text *t, int *error)
{
	/*
	 * Without PCRE2_UCP: ECMAScript's \d, \w and \b are ASCII. $ is the very end,
	 * [] matches nothing, and a group that took no part matches as empty.
	 */
	const uint32_t options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY |
	    PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF;
	pcre2_compile_context *limits = mem_must(pcre2_compile_context_create(NULL));
	pcre2_code *code;
	PCRE2_SIZE where;

	pcre2_set_parens_nest_limit(limits, GROUPS_DEPTH);
	code = pcre2_compile((PCRE2_SPTR)t->at, t->len, options, error, &where, limits);
	pcre2_compile_context_free(limits);
	return code;
}

struct pattern *
pattern_new(void *ctx, const char *s, size_t n, const char **why)
{
	SCOPED(tmp, NULL);
	struct text *t;
	struct pattern *p;
	const char *refused;
	unsigned char said[WHY_MAX];
	int error;

	*why = "is too long";
	if (n > PATTERN_MAX)
		return NULL;
	t = ecma_translate(tmp, s, n, &refused);
	if (t == NULL) {
		*why = mem_text(ctx, refused);
		return NULL;
	}
	p = MEM_NEW(ctx, struct pattern);
	MEM_ON_FREE(p, pattern_free);
	p->text = mem_textn(p, s, n);
	p->code = code_new(t, &error);
	if (p->code != NULL)
		return p;
	mem_free(p);
	pcre2_get_error_message(error, said, sizeof said);
	*why = mem_text(ctx, (const char *)said);
	return NULL;
}

const char *
pattern_text(const struct pattern *p)
{
	return p->text;
}

struct match *
match_new(void *ctx)
{
	struct match *m = MEM_NEW(ctx, struct match);

	m->data = mem_must(pcre2_match_data_create(1, NULL));
	m->limits = mem_must(pcre2_match_context_create(NULL));
	MEM_ON_FREE(m, match_free);
	pcre2_set_match_limit(m->limits, MATCH_STEPS);
	pcre2_set_depth_limit(m->limits, MATCH_DEPTH);
	pcre2_set_heap_limit(m->limits, MATCH_HEAP);
	return m;
}

enum matched
pattern_match(const struct pattern *p, struct match *m, const char *s, size_t n)
{
	int found = pcre2_match(p->code, (PCRE2_SPTR)s, n, 0, 0, m->data, m->limits);

	if (found >= 0)
		return MATCHED_YES;
	return found == PCRE2_ERROR_NOMATCH ? MATCHED_NO : MATCHED_GAVE_UP;
}
