#include <criterion/criterion.h>

#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/body.h"

#define BYTES(s) s, sizeof s - 1
#define COUNT(a) (sizeof (a) / sizeof *(a))

enum { LARGE = 100000 };

/* What is accepted, and how it prints; NULL: as it stands. */
static const struct {
	const char *in;
	size_t n;
	const char *out;
} good[] = {
	/* values of each kind, alone */
	{ BYTES("null"), NULL },
	{ BYTES("true"), NULL },
	{ BYTES("false"), NULL },
	{ BYTES("0"), NULL },
	{ BYTES("42"), NULL },
	{ BYTES("\"\""), NULL },
	{ BYTES("\"asd\""), NULL },
	{ BYTES("[]"), NULL },
	{ BYTES("{}"), NULL },
	/* white space */
	{ BYTES(" \t\r\n[ \t\r\n] \t\r\n"), "[]" },
	{ BYTES("{ \"a\" :\n1 ,\r\n\"b\"\t: [ ] }"), "{\"a\":1,\"b\":[]}" },
	{ BYTES(" 7 "), "7" },
	/* integers */
	{ BYTES("-0"), "0" },
	{ BYTES("-1"), NULL },
	{ BYTES("[123]"), NULL },
	{ BYTES("9223372036854775807"), NULL },
	{ BYTES("-9223372036854775808"), NULL },
	/* fractions, exponents and what does not fit int64: as they were written */
	{ BYTES("9223372036854775808"), NULL },
	{ BYTES("-9223372036854775809"), NULL },
	{ BYTES("123456789012345678901234567890"), NULL },
	{ BYTES("1.10"), NULL },
	{ BYTES("0.1"), NULL },
	{ BYTES("-0.0"), NULL },
	{ BYTES("[123.456e78]"), NULL },
	{ BYTES("[0e+1]"), NULL },
	{ BYTES("[0e1]"), NULL },
	{ BYTES("[1E22]"), NULL },
	{ BYTES("[1E-2]"), NULL },
	{ BYTES("[1E+2]"), NULL },
	{ BYTES("[1e-2]"), NULL },
	{ BYTES("[20e1]"), NULL },
	{ BYTES("[-0.000000000000000000000000000000000000000000000000000000000001]"), NULL },
	{ BYTES("1e308"), NULL },
	{ BYTES("1e-400"), NULL },
	/* arrays and objects */
	{ BYTES("[null,1,\"1\",{}]"), NULL },
	{ BYTES("[[]   ]"), "[[]]" },
	{ BYTES("[1,null,null,null,2]"), NULL },
	{ BYTES("{\"\":0}"), NULL },
	{ BYTES("{\"b\":1,\"a\":2}"), NULL },
	{ BYTES("{\"a\":{\"a\":{\"a\":[]}},\"b\":{\"a\":1}}"), NULL },
	{ BYTES("{\"a\":null}"), NULL },
	/* escapes */
	{ BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
	{ BYTES("\"/\""), NULL },
	{ BYTES("\"\\u0061\\u30aF\\u30EA\\u0012\""), "\"a\xe3\x82\xaf\xe3\x83\xaa\\u0012\"" },
	{ BYTES("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\""),
	    "\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\"" },
	{ BYTES("\"\\ud7ff\\ue000\""), "\"\xed\x9f\xbf\xee\x80\x80\"" },
	{ BYTES("\"\\uD801\\udc37\""), "\"\xf0\x90\x90\xb7\"" },
	{ BYTES("\"\\ud83d\\ude39\\ud83d\\udc8d\""), "\"\xf0\x9f\x98\xb9\xf0\x9f\x92\x8d\"" },
	{ BYTES("\"\\uDBFF\\uDFFF\""), "\"\xf4\x8f\xbf\xbf\"" },
	{ BYTES("\"\\\\u0000\""), NULL },
	{ BYTES("\"\\\\a\""), NULL },
	{ BYTES("\"a/*b*/c/*d//e\""), NULL },
	{ BYTES("{\"\\u0066oo\":\"bar\"}"), "{\"foo\":\"bar\"}" },
	/* UTF-8 and what may stand in a string as it is */
	{ BYTES("\"\x7f\""), NULL },
	{ BYTES("\"\xc2\x80\xe2\x82\xac\xf0\x9d\x84\x9e\""), NULL },
	{ BYTES("\"\xe2\x80\xa8\xe2\x80\xa9\""), NULL },
	{ BYTES("\"\xef\xbf\xbe\xf4\x8f\xbf\xbf\""), NULL },
	{ BYTES("\"\xef\xbb\xbf\""), NULL },
	{ BYTES("{\"\xc3\xa4\":1}"), NULL },
	{ BYTES("\"'\""), NULL },
};

/* What is refused, and where. */
static const struct {
	const char *in;
	size_t n;
	const char *place;
} bad[] = {
	/* nothing, or cut off */
	{ BYTES(""), "line 1, column 1: the text ends here" },
	{ BYTES(" \n "), "line 2, column 2: the text ends here" },
	{ BYTES("["), "line 1, column 2: the text ends" },
	{ BYTES("[1"), "line 1, column 3: the text ends" },
	{ BYTES("[1,"), "line 1, column 4: the text ends" },
	{ BYTES("[1,\n1\n,1"), "line 3, column 3: the text ends" },
	{ BYTES("[[1,2]"), "line 1, column 7: the text ends" },
	{ BYTES("{"), "line 1, column 2: the text ends" },
	{ BYTES("{\"a\""), "line 1, column 5: the text ends" },
	{ BYTES("{\"a\":"), "line 1, column 6: the text ends" },
	{ BYTES("{\"a\":1"), "line 1, column 7: the text ends" },
	{ BYTES("{\"a\":1,"), "line 1, column 8: the text ends" },
	{ BYTES("\""), "line 1, column 2: the text ends" },
	{ BYTES("\"a"), "line 1, column 3: the text ends" },
	{ BYTES("\"\\"), "line 1, column 3: the text ends" },
	{ BYTES("\"\\u12"), "line 1, column 6: the text ends" },
	{ BYTES("-"), "line 1, column 2: the text ends" },
	{ BYTES("1."), "line 1, column 3: the text ends" },
	{ BYTES("1e"), "line 1, column 3: the text ends" },
	{ BYTES("1e+"), "line 1, column 4: the text ends" },
	/* words */
	{ BYTES("nul"), "line 1, column 1: a value" },
	{ BYTES("[tru]"), "line 1, column 2: a value" },
	{ BYTES("[nulL]"), "line 1, column 2: a value" },
	{ BYTES("True"), "line 1, column 1: a value" },
	{ BYTES("undefined"), "line 1, column 1: a value" },
	{ BYTES("nulll"), "line 1, column 5: nothing" },
	{ BYTES("asd"), "line 1, column 1: a value" },
	/* numbers */
	{ BYTES("NaN"), "line 1, column 1: a value" },
	{ BYTES("[-NaN]"), "line 1, column 3: a digit" },
	{ BYTES("Infinity"), "line 1, column 1: a value" },
	{ BYTES("-Infinity"), "line 1, column 2: a digit" },
	{ BYTES("Inf"), "line 1, column 1: a value" },
	{ BYTES("+1"), "line 1, column 1: a value" },
	{ BYTES("++1234"), "line 1, column 1: a value" },
	{ BYTES("01"), "line 1, column 1: a number must not begin" },
	{ BYTES("-01"), "line 1, column 2: a number must not begin" },
	{ BYTES("00"), "line 1, column 1: a number must not begin" },
	{ BYTES("-012.5"), "line 1, column 2: a number must not begin" },
	{ BYTES("[1.]"), "line 1, column 4: a digit" },
	{ BYTES("[2.e3]"), "line 1, column 4: a digit" },
	{ BYTES("[0.e1]"), "line 1, column 4: a digit" },
	{ BYTES(".5"), "line 1, column 1: a value" },
	{ BYTES("-.5"), "line 1, column 2: a digit" },
	{ BYTES("[0e]"), "line 1, column 4: the exponent" },
	{ BYTES("[1e+]"), "line 1, column 5: the exponent" },
	{ BYTES("[1.0e-]"), "line 1, column 7: the exponent" },
	{ BYTES("[1eE2]"), "line 1, column 4: the exponent" },
	{ BYTES("[0.3e+]"), "line 1, column 7: the exponent" },
	{ BYTES("[- 1]"), "line 1, column 3: a digit" },
	{ BYTES("[--2]"), "line 1, column 3: a digit" },
	{ BYTES("[1 000]"), "line 1, column 4: a comma" },
	{ BYTES("[1_000]"), "line 1, column 3: a comma" },
	{ BYTES("[0x1]"), "line 1, column 3: a comma" },
	{ BYTES("[1+2]"), "line 1, column 3: a comma" },
	{ BYTES("[1a]"), "line 1, column 3: a comma" },
	{ BYTES("[1.8011670033376514H-308]"), "line 1, column 20: a comma" },
	{ BYTES("[1.2.3]"), "line 1, column 5: a comma" },
	{ BYTES("[\xef\xbc\x91]"), "line 1, column 2: a value" },
	{ BYTES("1e400"), "line 1, column 1: the number is too large" },
	{ BYTES("[0,-1e9999]"), "line 1, column 4: the number is too large" },
	/* arrays */
	{ BYTES("[1 true]"), "line 1, column 4: a comma" },
	{ BYTES("[,]"), "line 1, column 2: a value" },
	{ BYTES("[,1]"), "line 1, column 2: a value" },
	{ BYTES("[1,]"), "line 1, column 4: a member must follow" },
	{ BYTES("[1,,2]"), "line 1, column 4: a value" },
	{ BYTES("[\"\",,]"), "line 1, column 5: a value" },
	{ BYTES("[1:2]"), "line 1, column 3: a comma" },
	{ BYTES("[}"), "line 1, column 2: a value" },
	{ BYTES("[1}"), "line 1, column 3: a comma" },
	{ BYTES("]"), "line 1, column 1: a value" },
	{ BYTES("[*]"), "line 1, column 2: a value" },
	{ BYTES("[\"a\"\v]"), "line 1, column 5: a comma" },
	{ BYTES("[\f]"), "line 1, column 2: a value" },
	{ BYTES("[\xc2\xa0]"), "line 1, column 2: a value" },
	{ BYTES("[\xe2\x81\xa0]"), "line 1, column 2: a value" },
	/* objects */
	{ BYTES("{,}"), "line 1, column 2: a name" },
	{ BYTES("{\"a\":1,}"), "line 1, column 8: a member must follow" },
	{ BYTES("{\"a\":1,,\"b\":2}"), "line 1, column 8: a name" },
	{ BYTES("{\"a\"}"), "line 1, column 5: a colon" },
	{ BYTES("{\"a\" \"b\"}"), "line 1, column 6: a colon" },
	{ BYTES("{\"a\",1}"), "line 1, column 5: a colon" },
	{ BYTES("{\"a\"::1}"), "line 1, column 6: a value" },
	{ BYTES("{\"a\":}"), "line 1, column 6: a value" },
	{ BYTES("{\"a\":1 \"b\":2}"), "line 1, column 8: a comma" },
	{ BYTES("{\"a\":1]"), "line 1, column 7: a comma" },
	{ BYTES("{:1}"), "line 1, column 2: a name" },
	{ BYTES("{1:1}"), "line 1, column 2: a name" },
	{ BYTES("{a:1}"), "line 1, column 2: a name" },
	{ BYTES("{'a':1}"), "line 1, column 2: a name" },
	{ BYTES("{null:1}"), "line 1, column 2: a name" },
	{ BYTES("{[]:1}"), "line 1, column 2: a name" },
	{ BYTES("{\"a\":1,\"a\":1}"), "line 1, column 8: the name \"a\" is there twice" },
	{ BYTES("{\"a\":1,\n\"\\u0061\":2}"), "line 2, column 1: the name \"a\" is there twice" },
	{ BYTES("{\"\":1,\"\":2}"), "line 1, column 7: the name \"\" is there twice" },
	{ BYTES("{\"a\\n\":null,\"a\\n\":2}"), "line 1, column 13: the name \"a\\n\" is there" },
	{ BYTES("{\"x\":[{\"k\":0,\"k\":0}]}"), "line 1, column 14: the name \"k\"" },
	/* comments, quotes, other text around */
	{ BYTES("'a'"), "line 1, column 1: a value" },
	{ BYTES("[1]/*c*/"), "line 1, column 4: nothing" },
	{ BYTES("/*c*/[1]"), "line 1, column 1: a value" },
	{ BYTES("[1]//"), "line 1, column 4: nothing" },
	{ BYTES("[1]#"), "line 1, column 4: nothing" },
	{ BYTES("[1]x"), "line 1, column 4: nothing" },
	{ BYTES("[][]"), "line 1, column 3: nothing" },
	{ BYTES("1 2"), "line 1, column 3: nothing" },
	{ BYTES("{}}"), "line 1, column 3: nothing" },
	{ BYTES("\"a\"\"b\""), "line 1, column 4: nothing" },
	{ BYTES("1\0"), "line 1, column 2: nothing" },
	{ BYTES("\0"), "line 1, column 1: a value" },
	{ BYTES("[\0]"), "line 1, column 2: a value" },
	{ BYTES("<null>"), "line 1, column 1: a value" },
	{ BYTES("`a`"), "line 1, column 1: a value" },
	{ BYTES("\xef\xbb\xbf{}"), "line 1, column 1: a byte order mark" },
	{ BYTES("\xef\xbb"), "line 1, column 1: a value" },
	{ BYTES("[\0]\0"), "line 1, column 2: a value" },
	{ BYTES("\xff\xfe[\0]\0"), "line 1, column 1: a value" },
	/* escapes */
	{ BYTES("\"\\x00\""), "line 1, column 3: there is no such escape" },
	{ BYTES("\"\\a\""), "line 1, column 3: there is no such escape" },
	{ BYTES("\"\\'\""), "line 1, column 3: there is no such escape" },
	{ BYTES("\"\\0\""), "line 1, column 3: there is no such escape" },
	{ BYTES("\"\\\0\""), "line 1, column 3: there is no such escape" },
	{ BYTES("\"\\U0061\""), "line 1, column 3: there is no such escape" },
	{ BYTES("\"\\\xf0\x9f\x8c\x80\""), "line 1, column 3: there is no such escape" },
	{ BYTES("\"\\\n\""), "line 1, column 3: there is no such escape" },
	{ BYTES("\"\\u\""), "line 1, column 4: \\u must" },
	{ BYTES("\"\\u00A\""), "line 1, column 7: \\u must" },
	{ BYTES("\"\\uqqqq\""), "line 1, column 4: \\u must" },
	{ BYTES("\"\\u+123\""), "line 1, column 4: \\u must" },
	{ BYTES("\"\\u0000\""), "line 1, column 2: \\u0000" },
	{ BYTES("{\"a\\u0000\":1}"), "line 1, column 4: \\u0000" },
	{ BYTES("\"\\uD800\""), "line 1, column 2: one half" },
	{ BYTES("\"\\uDC00\""), "line 1, column 2: one half" },
	{ BYTES("\"\\uDC00\\uD800\""), "line 1, column 2: one half" },
	{ BYTES("\"\\uD800\\uD800\""), "line 1, column 2: one half" },
	{ BYTES("\"\\uD800\\u0061\""), "line 1, column 2: one half" },
	{ BYTES("\"\\uD800a\""), "line 1, column 2: one half" },
	{ BYTES("\"\\uD800\\\""), "line 1, column 2: one half" },
	{ BYTES("\"\\uD800\\n\""), "line 1, column 2: one half" },
	{ BYTES("\"\\uD800\\u\""), "line 1, column 10: \\u must" },
	{ BYTES("\"\\uD800\\u1x\""), "line 1, column 11: \\u must" },
	/* control characters */
	{ BYTES("\"\n\""), "line 1, column 2: a control character" },
	{ BYTES("\"a\tb\""), "line 1, column 3: a control character" },
	{ BYTES("\"a\0b\""), "line 1, column 3: a control character" },
	{ BYTES("\"\x1f\""), "line 1, column 2: a control character" },
	{ BYTES("{\"\t\":1}"), "line 1, column 3: a control character" },
	/* not UTF-8 */
	{ BYTES("\"\xff\""), "line 1, column 2: these bytes" },
	{ BYTES("\"\x80\""), "line 1, column 2: these bytes" },
	{ BYTES("\"\xc3\xa4\xe4\""), "line 1, column 3: these bytes" },
	{ BYTES("\"\xc0\xaf\""), "line 1, column 2: these bytes" },
	{ BYTES("\"\xe0\x80\xaf\""), "line 1, column 2: these bytes" },
	{ BYTES("\"\xed\xa0\x80\""), "line 1, column 2: these bytes" },
	{ BYTES("\"\xf4\x90\x80\x80\""), "line 1, column 2: these bytes" },
	{ BYTES("\"\xf0\x9f\x98\""), "line 1, column 2: these bytes" },
	{ BYTES("\"\xf0\x9f"), "line 1, column 2: these bytes" },
	{ BYTES("{\"\xe9\":0}"), "line 1, column 3: these bytes" },
	{ BYTES("[\xff]"), "line 1, column 2: a value" },
	{ BYTES("\xe9"), "line 1, column 1: a value" },
	/* places count lines and characters, not bytes */
	{ BYTES("[1,\r\n  2,\r\n  x]"), "line 3, column 3: a value" },
	{ BYTES("[\"\xc3\xa4\xe2\x82\xac\" x]"), "line 1, column 7: a comma" },
};

/* IN at the end of a block of its own, so that reading one byte too many is found. */
static enum err
parse_exact(void *ctx, const char *in, size_t n, struct json_object **o, struct error *e)
{
	char *copy = malloc(n == 0 ? 1 : n);
	enum err err;

	cr_assert_not_null(copy);
	memcpy(copy, in, n);
	err = json_parse(ctx, n == 0 ? copy + 1 : copy, n, o, e);
	free(copy);
	return err;
}

Test(json_body, good)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		SCOPED(tmp, NULL);
		struct json_object *o, *again;
		struct error e = { 0 };
		const char *out = good[i].out != NULL ? good[i].out : good[i].in;

		cr_assert_eq(parse_exact(tmp, good[i].in, good[i].n, &o, &e), ERR_OK,
		    "%s: %s", good[i].in, e.detail);
		cr_assert_str_eq(json_text(tmp, o), out);
		cr_assert_eq(parse_exact(tmp, out, strlen(out), &again, &e), ERR_OK,
		    "%s: %s", out, e.detail);
		cr_assert(json_object_equal(o, again), "%s", out);
	}
}

Test(json_body, bad)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		SCOPED(tmp, NULL);
		struct json_object *o = (struct json_object *)tmp;
		struct error e = { 0 };

		cr_assert_eq(parse_exact(tmp, bad[i].in, bad[i].n, &o, &e), ERR_MALFORMED,
		    "%zu: %s", i, bad[i].in);
		cr_assert_null(o);
		cr_assert_eq(e.code, ERR_MALFORMED);
		cr_assert_eq(strncmp(e.detail, bad[i].place, strlen(bad[i].place)), 0,
		    "%zu: %s: %s, not %s", i, bad[i].in, e.detail, bad[i].place);
		cr_assert_str_eq(e.field, "");
		cr_assert(utf8_valid(e.detail, strlen(e.detail)));
		cr_assert_null(strchr(e.detail, '\n'));
	}
}

/* Every beginning of a document is none. */
Test(json_body, cut_off)
{
	static const char whole[] =
	    "{\"a\":[1.5e3,-2,null,true,false,\"\\ud83d\\ude39\\n\xe2\x82\xac\"],\"b\":{\"c\":\"\"}}";

	for (size_t n = 0; n < sizeof whole - 1; n++) {
		SCOPED(tmp, NULL);
		struct json_object *o;
		struct error e;

		cr_assert_eq(parse_exact(tmp, whole, n, &o, &e), ERR_MALFORMED, "%zu", n);
	}
}

static const struct {
	const char *in;
	enum json_type type;
} typed[] = {
	{ "0", json_type_int },
	{ "-0", json_type_int },
	{ "9223372036854775807", json_type_int },
	{ "9223372036854775808", json_type_double },
	{ "-9223372036854775808", json_type_int },
	{ "-9223372036854775809", json_type_double },
	{ "1.0", json_type_double },
	{ "1e0", json_type_double },
	{ "\"1\"", json_type_string },
	{ "true", json_type_boolean },
	{ "null", json_type_null },
};

Test(json_body, types)
{
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < COUNT(typed); i++)
		cr_assert_eq(json_object_get_type(json_own(tmp, typed[i].in)), typed[i].type,
		    "%s", typed[i].in);
	cr_assert_eq(json_object_get_int64(json_own(tmp, "-9223372036854775808")), INT64_MIN);
	cr_assert_eq(json_object_get_int64(json_own(tmp, "9223372036854775807")), INT64_MAX);
	cr_assert_float_eq(json_object_get_double(json_own(tmp, "-1.25e2")), -125.0, 0);
	cr_assert_float_eq(json_object_get_double(json_own(tmp, "1e-400")), 0.0, 0);
}

/* N times OPEN, MIDDLE, N times CLOSE. */
static char *
nested(void *ctx, size_t n, const char *open, const char *middle, const char *close)
{
	struct text *t = text_new(ctx, SIZE_MAX / 2);

	for (size_t i = 0; i < n; i++)
		text_puts(t, open);
	text_puts(t, middle);
	for (size_t i = 0; i < n; i++)
		text_puts(t, close);
	return t->at;
}

Test(json_body, depth)
{
	SCOPED(tmp, NULL);
	struct json_object *o;
	struct error e;
	char *s;

	cr_assert_not_null(json_own(tmp, nested(tmp, JSON_DEPTH, "[", "", "]")));
	cr_assert_not_null(json_own(tmp, nested(tmp, JSON_DEPTH - 1, "{\"a\":", "{}", "}")));
	s = nested(tmp, JSON_DEPTH + 1, "[", "", "]");
	cr_assert_eq(json_parse(tmp, s, strlen(s), &o, &e), ERR_MALFORMED);
	cr_assert_str_eq(e.detail, "line 1, column 65: this is nested too deeply");
	s = nested(tmp, JSON_DEPTH, "{\"a\":", "[]", "}");
	cr_assert_eq(json_parse(tmp, s, strlen(s), &o, &e), ERR_MALFORMED);
	s = nested(tmp, LARGE, "[", "", "");
	cr_assert_eq(json_parse(tmp, s, strlen(s), &o, &e), ERR_MALFORMED);
	/* what is beside counts anew */
	s = nested(tmp, LARGE, "[],", "[]", "");
	cr_assert_not_null(json_own(tmp, mem_printf(tmp, "[%s]", s)));
}

Test(json_body, large)
{
	SCOPED(tmp, NULL);
	struct json_object *o;
	struct error e;
	char *s = nested(tmp, LARGE, "9", "", "");

	cr_assert_eq(json_parse(tmp, s, strlen(s), &o, &e), ERR_MALFORMED);
	cr_assert_str_eq(e.detail, "line 1, column 1: the number is too large");
	s = mem_printf(tmp, "0.%s", s);
	o = json_own(tmp, s);
	cr_assert_str_eq(json_text(tmp, o), s);
	s = mem_printf(tmp, "\"%s\"", nested(tmp, LARGE, "\xe2\x82\xac", "", ""));
	cr_assert_str_eq(json_text(tmp, json_own(tmp, s)), s);
	/* a long name in an error is cut, at a character */
	s = nested(tmp, LARGE, "\xe2\x82\xac", "", "");
	s = mem_printf(tmp, "{\"%s\":1,\"%s\":2}", s, s);
	cr_assert_eq(json_parse(tmp, s, strlen(s), &o, &e), ERR_MALFORMED);
	cr_assert(utf8_valid(e.detail, strlen(e.detail)));
}

Test(json_body, too_many_values)
{
	SCOPED(tmp, NULL);
	struct json_object *o;
	struct error e;
	char *s = nested(tmp, JSON_VALUES - 2, "1,", "1", "");

	o = json_own(tmp, mem_printf(tmp, "[%s]", s));
	cr_assert_eq(json_object_array_length(o), JSON_VALUES - 1);
	s = mem_printf(tmp, "[%s,1]", s);
	cr_assert_eq(json_parse(tmp, s, strlen(s), &o, &e), ERR_MALFORMED);
	cr_assert_not_null(strstr(e.detail, "too many values"));
}

Test(json_body, too_long)
{
	SCOPED(tmp, NULL);
	struct json_object *o;
	struct error e;
	char *s = mem_bytes(tmp, JSON_BYTES + 1);

	memset(s, ' ', JSON_BYTES + 1);
	s[0] = '1';
	cr_assert_eq(json_parse(tmp, s, JSON_BYTES, &o, &e), ERR_OK);
	cr_assert_eq(json_parse(tmp, s, JSON_BYTES + 1, &o, &e), ERR_MALFORMED);
	cr_assert_str_eq(e.detail, "line 1, column 1: the text is too long");
}

/* Objects with many names keep their order, and each is found. */
Test(json_body, many_names)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, SIZE_MAX / 2);
	struct json_object *o;

	text_puts(t, "{");
	for (int i = 0; i < 1000; i++)
		text_printf(t, "%s\"k%d\":%d", i == 0 ? "" : ",", i, i);
	text_puts(t, "}");
	o = json_own(tmp, t->at);
	cr_assert_eq(json_object_object_length(o), 1000);
	cr_assert_eq(json_object_get_int(json_get(o, "k999")), 999);
	cr_assert_str_eq(json_text(tmp, o), t->at);
}

Test(json_body, own)
{
	SCOPED(tmp, NULL);

	cr_assert_null(json_own(tmp, NULL));
	cr_assert_null(json_own(tmp, ""));
	cr_assert_null(json_own(tmp, "null"));
	cr_assert_null(json_own(tmp, "{'a':1}"));
	cr_assert_str_eq(json_text(tmp, json_own(tmp, " [ 1 ] ")), "[1]");
}

static void
count_delete(struct json_object *o, void *count)
{
	(void)o;
	++*(int *)count;
}

Test(json_body, keep)
{
	void *ctx = mem_scope(NULL);
	int deleted = 0;
	struct json_object *o = json_object_new_object(), *second;

	json_object_set_userdata(o, &deleted, count_delete);
	cr_assert_eq(json_keep(ctx, o), o);
	second = json_object_get(o);
	mem_free(ctx);
	cr_assert_eq(deleted, 0);
	json_object_put(second);
	cr_assert_eq(deleted, 1);
	ctx = mem_scope(NULL);
	cr_assert_null(json_keep(ctx, NULL));
	mem_free(ctx);
}

Test(json_body, text)
{
	SCOPED(tmp, NULL);
	struct json_object *o = json_keep(tmp, json_object_new_object());

	json_set(o, "url", json_object_new_string("https://a/b?c=<\"\\\x01\x7f>"));
	json_set(o, "none", NULL);
	cr_assert_str_eq(json_text(tmp, o),
	    "{\"url\":\"https://a/b?c=<\\\"\\\\\\u0001\x7f>\",\"none\":null}");
	cr_assert_str_eq(json_text(tmp, NULL), "null");
}

Test(json_body, get)
{
	SCOPED(tmp, NULL);
	struct json_object *o = json_own(tmp, "{\"a\":\"x\",\"b\":1,\"c\":null,\"d\":[]}");

	cr_assert_str_eq(json_get_text(o, "a"), "x");
	cr_assert_null(json_get_text(o, "b"));
	cr_assert_null(json_get_text(o, "c"));
	cr_assert_null(json_get_text(o, "missing"));
	cr_assert_null(json_get_text(NULL, "a"));
	cr_assert_null(json_get_text(json_get(o, "d"), "a"));
	cr_assert_eq(json_object_get_int(json_get(o, "b")), 1);
	cr_assert_null(json_get(o, "c"));
	cr_assert_null(json_get(o, "missing"));
	cr_assert_null(json_get(json_get(o, "b"), "a"));
	cr_assert_null(json_get(NULL, "a"));
}

Test(json_body, set_and_push)
{
	SCOPED(tmp, NULL);
	struct json_object *o = json_own(tmp, "{\"list\":[1],\"a\":1}");

	json_set(o, "a", json_object_new_int(2));
	json_push(json_get(o, "list"), NULL);
	json_push(json_get(o, "list"), json_object_new_string("x"));
	cr_assert_str_eq(json_text(tmp, o), "{\"list\":[1,null,\"x\"],\"a\":2}");
}
