#include <criterion/criterion.h>

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/body.h"
#include "run/mask.h"

/* What a run must not show, found in streams that are cut anywhere. */

enum { ROUNDS = 3000, SPLITS = 8, VALUES = 6, LONG = 400, LIMIT = 1 << 22 };

static void *ctx;

static void
begin(void)
{
	ctx = mem_scope(NULL);
}

static void
end(void)
{
	mem_free(ctx);
}

TestSuite(mask, .init = begin, .fini = end, .timeout = 300);

static struct mask_set *
set_of(const char *const *values, size_t n)
{
	struct mask_set *s = mask_set_new(ctx);

	for (size_t i = 0; i < n; i++)
		cr_assert(mask_set_add(s, values[i]));
	mask_set_close(s);
	return s;
}

static void
collect(void *arg, const void *bytes, size_t n)
{
	cr_assert_gt(n, 0);
	text_add(arg, bytes, n);
}

#define SET(...) set_of((const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))
#define GIVES(set, text, wanted) cr_expect_str_eq(mask_text(ctx, set, text), wanted)

Test(mask, whole_texts)
{
	struct mask_set *s = SET("hunter2", "swordfish");

	GIVES(s, "", "");
	GIVES(s, "nothing to see", "nothing to see");
	GIVES(s, "hunter2", "********");
	GIVES(s, "a hunter2 b swordfish c", "a ******** b ******** c");
	GIVES(s, "hunter hunter2hunter", "hunter ********hunter");
	GIVES(s, "huhunter2", "hu********");
	GIVES(s, "hunter2swordfish.", "********.");
	GIVES(s, "Hunter2", "Hunter2");
	cr_expect_null(mask_text(ctx, s, NULL));
}

Test(mask, values_that_overlap)
{
	GIVES(SET("abcd", "cdef"), "xabcdefx", "x********x");
	GIVES(SET("abcdefgh", "cdef"), "abcdefg cdef", "ab********g ********");
	GIVES(SET("cdef", "abcdefgh"), "abcdefgh", "********");
	GIVES(SET("aaaa"), "aaaaaaa aaa", "******** aaa");
	GIVES(SET("abab"), "abababab", "********");
	GIVES(SET("abcd", "bcde", "cdef"), "abcdef", "********");
	GIVES(SET("xyzabc", "zabq", "abqr"), "xyzabqr", "xy********");
}

Test(mask, what_is_too_short_is_left_alone)
{
	cr_expect(mask_set_is_empty(SET("", "a", "abc", "ab\n\n")));
	cr_expect_not(mask_set_is_empty(SET("abcd")));
	GIVES(SET("", "abc"), "abc", "abc");
}

Test(mask, lines_and_line_ends)
{
	struct mask_set *s = SET("-----BEGIN KEY-----\nAAAABBBBCCCC\r\nshort\n-----END KEY-----\n");

	GIVES(s, "-----BEGIN KEY-----\nAAAABBBBCCCC\r\nshort\n-----END KEY-----", "********");
	GIVES(s, "> AAAABBBBCCCC\n> short", "> ********\n> short");
	GIVES(SET("swordfish\n"), "swordfish, swordfish\n", "********, ********\n");
}

Test(mask, within_json)
{
	struct mask_set *s = SET("say \"friend\"\\/\n\tenter");

	GIVES(s, "{\"a\":\"say \\\"friend\\\"\\\\/\\n\\tenter\"}", "{\"a\":\"********\"}");
	GIVES(s, "{\"a\":\"say \\\"friend\\\"\\\\\\/\\n\\tenter\"}", "{\"a\":\"********\"}");
}

Test(mask, json_values)
{
	struct json_object *o = json_own(ctx, "{\"true\":[\"it is true\",true,null,1.50,{\"pass\":\"x true\"}],\"b\":\"true\"}");
	struct json_object *masked = json_keep(ctx, mask_json(SET("true"), o));

	cr_expect_str_eq(json_text(ctx, masked),
	    "{\"********\":[\"it is ********\",true,null,1.50,{\"pass\":\"x ********\"}],\"b\":\"********\"}");
	cr_expect_str_eq(json_text(ctx, json_keep(ctx, mask_json(SET("true"), NULL))), "null");
}

Test(mask, bytes_of_any_kind)
{
	static const char in[] = "\0\xff" "p\xc3\xa4ss\0w p\xc3\xa4ss";
	struct text *out = text_new(ctx, LIMIT);
	struct mask *m = mask_new(ctx, SET("p\xc3\xa4ss"));

	mask_feed(m, in, sizeof in - 1, collect, out);
	mask_flush(m, collect, out);
	cr_expect_eq(out->len, 2 + 8 + 3 + 8);
	cr_expect_arr_eq(out->at, "\0\xff" "********\0w ********", out->len);
}

Test(mask, what_begins_no_value_comes_at_once)
{
	struct text *out = text_new(ctx, LIMIT);
	struct mask *m = mask_new(ctx, SET("hunter2", "terrible"));

	mask_feed(m, "line\n", 5, collect, out);
	cr_expect_str_eq(out->at, "line\n");
	mask_feed(m, "the hunter", 10, collect, out);
	cr_expect_str_eq(out->at, "line\nthe ", "the rest could be one");
	mask_feed(m, "ri", 2, collect, out);
	cr_expect_str_eq(out->at, "line\nthe hun", "no longer the first, but the second");
	mask_flush(m, collect, out);
	cr_expect_str_eq(out->at, "line\nthe hunterri");
}

Test(mask, values_beyond_the_bound)
{
	struct mask_set *s = mask_set_new(ctx);
	char *large = mem_bytes(ctx, MASK_SET_MAX + 3);

	memset(large, 'x', MASK_SET_MAX + 2);
	cr_expect_not(mask_set_add(s, large));
	large[MASK_SET_MAX / 2] = '\0';
	cr_expect(mask_set_add(s, large));
	mask_set_close(s);
}

/* Expected texts are from Python: base64.b64encode(), urllib.parse.quote(), json.dumps(). */
Test(mask, other_forms)
{
	struct mask_set *s = SET("s3cret/pass w\u00f6rd?", "d\u00e9j\u00e0\U0001f512vu");

	GIVES(s, "czNjcmV0L3Bhc3Mgd8O2cmQ/", "********");
	GIVES(s, "Authorization: Basic dXNlcjpzM2NyZXQvcGFzcyB3w7ZyZD8=", "Authorization: Basic dXNlcjp********8=");
	GIVES(s, "YWI6czNjcmV0L3Bhc3Mgd8O2cmQ/OngA", "YWI6********OngA");
	GIVES(s, "YTpzM2NyZXQvcGFzcyB3w7ZyZD86eA==", "YTp********86eA==");
	GIVES(s, "czNjcmV0L3Bhc3Mgd8O2cmQ_", "********");
	GIVES(s, "?p=s3cret%2Fpass%20w%C3%B6rd%3F&x", "?p=********&x");
	GIVES(s, "?p=s3cret/pass%20w%C3%B6rd%3F&x", "?p=********&x");
	GIVES(s, "{\"p\": \"s3cret/pass w\\u00f6rd?\"}", "{\"p\": \"********\"}");
	GIVES(s, "\"d\\u00e9j\\u00e0\\ud83d\\udd12vu\"", "\"********\"");
	/* too short a form is left alone */
	GIVES(SET("abcd"), "YWJjZA==", "YWJjZA==");
}

/* ---- any values, any text, cut anywhere ---- */

static uint32_t state;

static uint32_t
any(uint32_t n)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % n;
}

/* Of few different bytes, so that values are found, overlap, and end in each other. */
static char *
any_text(size_t n)
{
	char *s = mem_bytes(ctx, n + 1);

	for (size_t i = 0; i < n; i++)
		s[i] = (char)('a' + any(3));
	return s;
}

/* The same by its definition: a byte is hidden where any occurrence has it. */
static const char *
by_definition(const char *const *values, size_t n, const char *text)
{
	size_t len = strlen(text);
	bool *hidden = MEM_ARRAY(ctx, bool, len + 1);
	struct text *out = text_new(ctx, LIMIT);

	for (size_t v = 0; v < n; v++)
		for (const char *at = strstr(text, values[v]); at != NULL; at = strstr(at + 1, values[v]))
			memset(hidden + (at - text), 1, strlen(values[v]));
	for (size_t i = 0; i < len; i++)
		if (!hidden[i])
			text_add(out, text + i, 1);
		else if (i == 0 || !hidden[i - 1])
			text_puts(out, MASK);
	return out->at;
}

/* Fed in pieces of which none has more than MOST bytes. */
static const char *
in_pieces(const struct mask_set *s, const char *text, uint32_t most)
{
	struct text *out = text_new(ctx, LIMIT);
	struct mask *m = mask_new(ctx, s);
	size_t left = strlen(text), n;

	for (; left > 0; text += n, left -= n) {
		n = 1 + any(most);
		n = n < left ? n : left;
		mask_feed(m, text, n, collect, out);
	}
	mask_flush(m, collect, out);
	return out->at;
}

Test(mask, cuts_change_nothing)
{
	size_t found = 0;

	for (state = 1; state <= ROUNDS; state++) {
		uint32_t seed = state;
		const char *values[VALUES], *text, *wanted;
		size_t n = 1 + any(VALUES);
		const struct mask_set *s;

		for (size_t i = 0; i < n; i++)
			values[i] = any_text(MASK_MIN + any(5));
		s = set_of(values, n);
		text = any_text(any(LONG));
		wanted = by_definition(values, n, text);
		found += strchr(wanted, '*') != NULL;
		cr_assert_str_eq(mask_text(ctx, s, text), wanted, "seed %u", seed);
		for (uint32_t i = 0; i < SPLITS; i++)
			cr_assert_str_eq(in_pieces(s, text, 1 + i * i), wanted, "seed %u, pieces of %u", seed, 1 + i * i);
		mem_free(ctx);
		ctx = mem_scope(NULL);
		state = seed;
	}
	cr_expect_gt(found, ROUNDS / 2, "there was something to find");
}

/* Each byte of much output may belong to a value: no work or memory without bound. */
Test(mask, the_worst_there_is)
{
	enum { VALUE = 65536, TEXT = 1 << 21 };
	char *value = mem_bytes(ctx, VALUE + 1), *text = mem_bytes(ctx, TEXT + 1);
	struct text *out = text_new(ctx, LIMIT);
	struct mask *m;

	memset(value, 'a', VALUE);
	memset(text, 'a', TEXT);
	m = mask_new(ctx, SET(value));
	for (size_t i = 0; i < TEXT; i += 1000)
		mask_feed(m, text + i, TEXT - i < 1000 ? TEXT - i : 1000, collect, out);
	mask_flush(m, collect, out);
	cr_expect_str_eq(out->at, "********");
	/* Almost, again and again. */
	value[VALUE - 1] = 'b';
	m = mask_new(ctx, SET(value));
	text_drop(out, out->len);
	for (size_t i = 0; i < TEXT; i += 1000)
		mask_feed(m, text + i, TEXT - i < 1000 ? TEXT - i : 1000, collect, out);
	mask_flush(m, collect, out);
	cr_expect_eq(out->len, TEXT);
	cr_expect_eq(strspn(out->at, "a"), TEXT);
}
