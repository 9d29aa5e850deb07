#include <criterion/criterion.h>

#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/body.h"
#include "json/yaml.h"

#define BYTES(s) s, sizeof s - 1
#define COUNT(a) (sizeof (a) / sizeof *(a))

/* What is accepted, as JSON. */
static const struct {
	const char *in, *out;
} good[] = {
	/* nothing */
	{ "", "null" },
	{ "  \n# only a comment\n", "null" },
	{ "---\n", "null" },
	{ "---\n...\n", "null" },
	{ "\xef\xbb\xbf" "a: 1\n", "{\"a\":1}" },
	{ "%YAML 1.1\n---\na: 1\n...\n", "{\"a\":1}" },
	/* null and booleans: the core schema's words only */
	{ "[~, null, Null, NULL, nULL]", "[null,null,null,null,\"nULL\"]" },
	{ "a:\nb: ''\n", "{\"a\":null,\"b\":\"\"}" },
	{ "[true, True, TRUE, tRUE]", "[true,true,true,\"tRUE\"]" },
	{ "[false, False, FALSE]", "[false,false,false]" },
	{ "[yes, no, on, off, y, n, Yes]", "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\",\"Yes\"]" },
	/* integers */
	{ "[0, 12, -12, +12, -0]", "[0,12,-12,12,0]" },
	{ "[0x1F, 0xff, 0o17, 0x0010]", "[31,255,15,16]" },
	{ "[9223372036854775807, -9223372036854775808]",
	    "[9223372036854775807,-9223372036854775808]" },
	{ "[0x7fffffffffffffff, 0o777777777777777777777]",
	    "[9223372036854775807,9223372036854775807]" },
	/* what is no number stays text */
	{ "[0123, 00, -01, +007, 01.5, 0123e1]",
	    "[\"0123\",\"00\",\"-01\",\"+007\",\"01.5\",\"0123e1\"]" },
	{ "[1_000, 1.000.000, 0b11, 0xZZ, 0o8, 0x, 0o, -0x1, +0o7]",
	    "[\"1_000\",\"1.000.000\",\"0b11\",\"0xZZ\",\"0o8\",\"0x\",\"0o\",\"-0x1\",\"+0o7\"]" },
	{ "[12:30:45, 2026-03-03, 2026-03-03T19:26:37Z, 1.2.3, 10.0.0.1]",
	    "[\"12:30:45\",\"2026-03-03\",\"2026-03-03T19:26:37Z\",\"1.2.3\",\"10.0.0.1\"]" },
	{ "[., -, +, e1, .e1, 1e, 1e+, 1.e, +.e3, --1, 1-2, 0X1F]",
	    "[\".\",\"-\",\"+\",\"e1\",\".e1\",\"1e\",\"1e+\",\"1.e\",\"+.e3\",\"--1\",\"1-2\",\"0X1F\"]" },
	{ "[inf, nan, Infinity, .infinity, +.nan, .iNf]",
	    "[\"inf\",\"nan\",\"Infinity\",\".infinity\",\"+.nan\",\".iNf\"]" },
	/* floats keep their digits */
	{ "[1.10, -1.50, +1.5, 0.0, -0.0]", "[1.10,-1.50,1.5,0.0,-0.0]" },
	{ "[.5, -.5, +.5, 5., -5.]", "[0.5,-0.5,0.5,5.0,-5.0]" },
	{ "[1e3, 1E3, 1e+3, 1.5e-3, .5e1, 5.e1]", "[1e3,1E3,1e+3,1.5e-3,0.5e1,5e1]" },
	{ "[1e-400]", "[1e-400]" },
	/* quotes make texts, whatever is in them */
	{ "['12', \"12\", 'null', \"true\", '~', '1.5']",
	    "[\"12\",\"12\",\"null\",\"true\",\"~\",\"1.5\"]" },
	{ "[\"a\\tb\\n\\x41\\u20ac\\U0001f639\\e\"]",
	    "[\"a\\tb\\nA\xe2\x82\xac\xf0\x9f\x98\xb9\\u001b\"]" },
	{ "'it''s'", "\"it's\"" },
	{ "a: |\n  one\n  two\nb: >-\n  one\n  two\n", "{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\"}" },
	{ "a: |\n  12\n", "{\"a\":\"12\\n\"}" },
	{ "a: |-\n  12\n", "{\"a\":\"12\"}" },
	{ "plain text with spaces", "\"plain text with spaces\"" },
	/* tags */
	{ "[!!str 12, !!str null, !!str, !!str 'x']", "[\"12\",\"null\",\"\",\"x\"]" },
	{ "[!!int '12', !!int 0x1f, !!int -3]", "[12,31,-3]" },
	{ "[!!float 1, !!float '1.50', !!float 1e3]", "[1.0,1.50,1e3]" },
	{ "[!!bool 'true', !!bool False]", "[true,false]" },
	{ "[!!null '', !!null ~, !!null null]", "[null,null,null]" },
	{ "!!map {a: !!seq [1]}", "{\"a\":[1]}" },
	{ "! {a: ! [1]}", "{\"a\":[1]}" },
	{ "!<tag:yaml.org,2002:str> 12", "\"12\"" },
	{ "%TAG !y! tag:yaml.org,2002:\n---\n!y!str 12", "\"12\"" },
	/* keys are texts */
	{ "{1: a, true: b, ~: c, 1.50: d, 0x10: e, 1e999: f, .inf: g}",
	    "{\"1\":\"a\",\"true\":\"b\",\"~\":\"c\",\"1.50\":\"d\",\"0x10\":\"e\","
	    "\"1e999\":\"f\",\".inf\":\"g\"}" },
	{ "? a\n: b\n", "{\"a\":\"b\"}" },
	{ "? a\n", "{\"a\":null}" },
	{ "?\n: a\n", "{\"\":\"a\"}" },
	{ "'<<': a\n", "{\"<<\":\"a\"}" },
	{ "a: <<\n", "{\"a\":\"<<\"}" },
	{ "!!str 12: a\n", "{\"12\":\"a\"}" },
	/* nests */
	{ "- - 1\n  - 2\n-\n  - a: {b: [c, {d: e}]}\n", "[[1,2],[{\"a\":{\"b\":[\"c\",{\"d\":\"e\"}]}}]]" },
	{ "a:\n- 1\nb: []\nc: {}\n", "{\"a\":[1],\"b\":[],\"c\":{}}" },
	{ "{\"a\": [1, \"x\", null, true, 1.5]}", "{\"a\":[1,\"x\",null,true,1.5]}" },
	{ "a: 1\r\nb: 2\r\n", "{\"a\":1,\"b\":2}" },
	/* aliases */
	{ "a: &x 1\nb: *x\n", "{\"a\":1,\"b\":1}" },
	{ "a: &x {k: [1, 2.50]}\nb: *x\nc: [*x, *x]\n",
	    "{\"a\":{\"k\":[1,2.50]},\"b\":{\"k\":[1,2.50]},\"c\":[{\"k\":[1,2.50]},{\"k\":[1,2.50]}]}" },
	{ "a: &x\nb: *x\n", "{\"a\":null,\"b\":null}" },
	{ "[&x 1, *x, &x 2, *x]", "[1,1,2,2]" },
	{ "[&x [&x 1, *x], *x]", "[[1,1],1]" },
	{ "[&x '12', *x]", "[\"12\",\"12\"]" },
	{ "&root {a: 1}", "{\"a\":1}" },
};

/* What is refused, and how the error begins. */
static const struct {
	const char *in;
	size_t n;
	const char *detail;
} bad[] = {
	/* syntax: libyaml's own words */
	{ BYTES("a: [1, 2"), "line 2, column 1: while parsing a flow sequence" },
	{ BYTES("a: {b: 1"), "line 2, column 1: while parsing a flow mapping" },
	{ BYTES("a: 'x"), "line 1, column 6: while scanning a quoted scalar" },
	{ BYTES("a: 1\n b: 2\n"), "line 2, column 3: mapping values are not allowed" },
	{ BYTES("a:\n\t- 1\n"), "line 2, column 1: while scanning for the next token" },
	{ BYTES("- a\nb: 1\n"), "line 2, column 1: while parsing a block collection" },
	{ BYTES("a: \"\\q\"\n"), "line 1, column 5: while parsing a quoted scalar" },
	{ BYTES("a: \"\\ud800\"\n"), "line 1, column 7: while parsing a quoted scalar" },
	{ BYTES("a: @x\n"), "line 1, column 4: while scanning for the next token" },
	{ BYTES("%YAML 3.0\n---\na: 1\n"), "line 1, column 1: found incompatible YAML document" },
	{ BYTES("!x!y 1\n"), "line 1, column 1: while parsing a node, found undefined tag handle" },
	{ BYTES("a: b: c\n"), "line 1, column 5: mapping values are not allowed" },
	{ BYTES("]"), "line 1, column 1:" },
	/* bytes */
	{ BYTES("a: \xff\n"), "line 1, column 4: these bytes are not UTF-8" },
	{ BYTES("a: x\nb: '\xc3\xa4\xed\xa0\x80'"), "line 2, column 6: these bytes are not UTF-8" },
	{ BYTES("\xff\xfe" "a\0"), "line 1, column 1: these bytes are not UTF-8" },
	{ BYTES("a\0:\0 \0b\0"), "line 1, column 2: control characters are not allowed" },
	{ BYTES("a: 1\nb: x\0\n"), "line 2, column 5: control characters are not allowed" },
	{ BYTES("a: 1\nb: \xc3\xa4\x01\n"), "line 2, column 5: control characters are not allowed" },
	{ BYTES("a: \"x\\0\"\n"), "line 1, column 4: \\0 is not allowed" },
	{ BYTES("\"x\\0\": a\n"), "line 1, column 1: \\0 is not allowed" },
	/* documents */
	{ BYTES("a: 1\n---\nb: 2\n"), "line 2, column 1: there is more than one document" },
	{ BYTES("a: 1\n...\n---\n"), "line 3, column 1: there is more than one document" },
	{ BYTES("a: 1\n...\nb"), "line 3, column 1: did not find expected <document start>" },
	/* keys */
	{ BYTES("a: 1\nb: 2\na: 3\n"), "line 3, column 1: the key \"a\" is there twice" },
	{ BYTES("{a: null, 'a': 1}"), "line 1, column 11: the key \"a\" is there twice" },
	{ BYTES("x:\n  - {\"k\\n\": 1, \"k\\n\": 1}"), "line 2, column 16: the key \"k\\n\" is there" },
	{ BYTES("{1: a, '1': b}"), "line 1, column 8: the key \"1\" is there twice" },
	{ BYTES("? [a]\n: b\n"), "line 1, column 3: a key must be a text" },
	{ BYTES("{? {a: b} : c}"), "line 1, column 4: a key must be a text" },
	{ BYTES("a: &x {k: 1}\n<<: *x\n"), "line 2, column 1: merge keys (<<)" },
	{ BYTES("[&x a, {*x : b}]"), "line 1, column 9: an alias cannot be a key" },
	{ BYTES("&x a: b\n"), "line 1, column 1: a key cannot have an anchor" },
	{ BYTES("!foo a: b\n"), "line 1, column 1: the tag \"!foo\" is not allowed" },
	/* tags */
	{ BYTES("a: !foo 1\n"), "line 1, column 4: the tag \"!foo\" is not allowed here" },
	{ BYTES("!!python/object:os.system x"), "line 1, column 1: the tag \"tag:yaml.org,2002:py" },
	{ BYTES("!!binary aGk="), "line 1, column 1: the tag \"tag:yaml.org,2002:binary\"" },
	{ BYTES("!!timestamp 2026-03-03"), "line 1, column 1: the tag" },
	{ BYTES("!!set {a, b}"), "line 1, column 1: the tag \"tag:yaml.org,2002:set\"" },
	{ BYTES("!!omap [a: 1]"), "line 1, column 1: the tag \"tag:yaml.org,2002:omap\"" },
	{ BYTES("!!seq {a: 1}"), "line 1, column 1: the tag" },
	{ BYTES("!!map [a]"), "line 1, column 1: the tag" },
	{ BYTES("!!str [a]"), "line 1, column 1: the tag" },
	{ BYTES("!!map a"), "line 1, column 1: the tag" },
	{ BYTES("!!merge <<: a"), "line 1, column 1: the tag" },
	{ BYTES("!<!x%0Ay> a"), "line 1, column 1: the tag \"!x\\ny\" is not allowed" },
	{ BYTES("!!int x"), "line 1, column 1: this is no integer" },
	{ BYTES("!!int 1.5"), "line 1, column 1: this is no integer" },
	{ BYTES("!!int 007"), "line 1, column 1: this is no integer" },
	{ BYTES("!!int ''"), "line 1, column 1: this is no integer" },
	{ BYTES("!!float x"), "line 1, column 1: this is no number" },
	{ BYTES("!!float .inf"), "line 1, column 1: JSON has no number" },
	{ BYTES("!!bool yes"), "line 1, column 1: this is neither true nor false" },
	{ BYTES("!!null x"), "line 1, column 1: this is not null" },
	/* numbers */
	{ BYTES("a: 9223372036854775808\n"), "line 1, column 4: the number is too large" },
	{ BYTES("a: -9223372036854775809\n"), "line 1, column 4: the number is too large" },
	{ BYTES("a: +99999999999999999999\n"), "line 1, column 4: the number is too large" },
	{ BYTES("a: 0x8000000000000000\n"), "line 1, column 4: the number is too large" },
	{ BYTES("a: 0xfffffffffffffffff\n"), "line 1, column 4: the number is too large" },
	{ BYTES("a: 0o1777777777777777777777\n"), "line 1, column 4: the number is too large" },
	{ BYTES("a: 1e400\n"), "line 1, column 4: the number is too large" },
	{ BYTES("- -1.5E+999\n"), "line 1, column 3: the number is too large" },
	{ BYTES("[.nan]"), "line 1, column 2: JSON has no number" },
	{ BYTES("[.NaN]"), "line 1, column 2: JSON has no number" },
	{ BYTES("[.inf]"), "line 1, column 2: JSON has no number" },
	{ BYTES("[-.Inf]"), "line 1, column 2: JSON has no number" },
	{ BYTES("[+.INF]"), "line 1, column 2: JSON has no number" },
	/* anchors and aliases */
	{ BYTES("a: *x\n"), "line 1, column 4: there is no anchor \"x\" before this" },
	{ BYTES("a: *x\nb: &x 1\n"), "line 1, column 4: there is no anchor \"x\"" },
	{ BYTES("&x [*x]"), "line 1, column 5: the alias \"x\" is within its own anchor" },
	{ BYTES("a: &x\n  b: {c: *x}\n"), "line 2, column 10: the alias \"x\" is within" },
	{ BYTES("[&x 1, &x [*x]]"), "line 1, column 12: the alias \"x\" is within" },
};

static enum err
parse_exact(void *ctx, const char *in, size_t n, struct json_object **o, struct error *e)
{
	char *copy = malloc(n == 0 ? 1 : n);
	enum err err;

	cr_assert_not_null(copy);
	memcpy(copy, in, n);
	err = yaml_parse(ctx, copy, n, o, e);
	free(copy);
	return err;
}

Test(json_yaml, good)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		SCOPED(tmp, NULL);
		struct json_object *o;
		struct error e = { 0 };

		cr_assert_eq(parse_exact(tmp, good[i].in, strlen(good[i].in), &o, &e), ERR_OK,
		    "%s: %s", good[i].in, e.detail);
		cr_assert_str_eq(json_text(tmp, o), good[i].out);
		cr_assert(json_object_equal(o, json_own(tmp, good[i].out)), "%s", good[i].out);
	}
}

Test(json_yaml, bad)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		SCOPED(tmp, NULL);
		struct json_object *o = (struct json_object *)tmp;
		struct error e = { 0 };

		cr_assert_eq(parse_exact(tmp, bad[i].in, bad[i].n, &o, &e), ERR_MALFORMED,
		    "%zu: %s", i, bad[i].in);
		cr_assert_null(o);
		cr_assert_eq(e.code, ERR_MALFORMED);
		cr_assert_eq(strncmp(e.detail, bad[i].detail, strlen(bad[i].detail)), 0,
		    "%zu: %s: %s, not %s", i, bad[i].in, e.detail, bad[i].detail);
		cr_assert_str_eq(e.field, "");
		cr_assert(utf8_valid(e.detail, strlen(e.detail)));
		cr_assert_null(strchr(e.detail, '\n'));
	}
}

Test(json_yaml, null_pointer_of_no_bytes)
{
	SCOPED(tmp, NULL);
	struct json_object *o = (struct json_object *)tmp;
	struct error e;

	cr_assert_eq(yaml_parse(tmp, NULL, 0, &o, &e), ERR_OK);
	cr_assert_null(o);
}

/* A copy is its own: what changes one leaves the other. */
Test(json_yaml, alias_is_a_copy)
{
	SCOPED(tmp, NULL);
	static const char in[] = "a: &x {k: 1}\nb: *x\n";
	struct json_object *o;
	struct error e;

	cr_assert_eq(yaml_parse(tmp, in, sizeof in - 1, &o, &e), ERR_OK);
	json_set(json_get(o, "b"), "k", NULL);
	cr_assert_str_eq(json_text(tmp, o), "{\"a\":{\"k\":1},\"b\":{\"k\":null}}");
}

static struct text *
repeat(void *ctx, size_t n, const char *s)
{
	struct text *t = text_new(ctx, SIZE_MAX / 2);

	for (size_t i = 0; i < n; i++)
		text_puts(t, s);
	return t;
}

static struct text *
joined(void *ctx, const char *before, const struct text *middle, const char *after)
{
	struct text *t = text_new(ctx, SIZE_MAX / 2);

	text_printf(t, "%s%s%s", before, middle->at, after);
	return t;
}

/* T is refused for WHAT. */
static void
refused(void *ctx, const struct text *t, const char *what)
{
	struct json_object *o;
	struct error e = { 0 };

	cr_assert_eq(yaml_parse(ctx, t->at, t->len, &o, &e), ERR_MALFORMED, "%s", what);
	cr_assert_null(o);
	cr_assert_not_null(strstr(e.detail, what), "%s, not %s", e.detail, what);
}

static void
accepted(void *ctx, const struct text *t)
{
	struct json_object *o;
	struct error e = { 0 };

	cr_assert_eq(yaml_parse(ctx, t->at, t->len, &o, &e), ERR_OK, "%s", e.detail);
}

Test(json_yaml, depth)
{
	SCOPED(tmp, NULL);
	struct text *t;

	t = repeat(tmp, YAML_DEPTH, "[");
	text_puts(t, repeat(tmp, YAML_DEPTH, "]")->at);
	accepted(tmp, t);
	t = repeat(tmp, YAML_DEPTH - 1, "{a: ");
	text_puts(t, "[]");
	text_puts(t, repeat(tmp, YAML_DEPTH - 1, "}")->at);
	accepted(tmp, t);
	t = repeat(tmp, YAML_DEPTH + 1, "[");
	text_puts(t, repeat(tmp, YAML_DEPTH + 1, "]")->at);
	refused(tmp, t, "line 1, column 65: this is nested too deeply");
	refused(tmp, repeat(tmp, YAML_DEPTH + 1, "- "), "column 129: this is nested too deeply");
	refused(tmp, repeat(tmp, 100000, "["), "line 1, column 65: this is nested too deeply");
	refused(tmp, repeat(tmp, 100000, "[\n"), "line 65, column 1: this is nested too deeply");
	refused(tmp, repeat(tmp, 100000, "? "), "a key must be a text");
}

/* An alias can put what is deep enough into what is deep enough. */
Test(json_yaml, depth_by_alias)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, SIZE_MAX / 2);

	text_puts(t, "- &a [[]]\n- ");
	text_puts(t, repeat(tmp, YAML_DEPTH - 3, "[")->at);
	text_puts(t, "*a");
	text_puts(t, repeat(tmp, YAML_DEPTH - 3, "]")->at);
	accepted(tmp, t);
	t = text_new(tmp, SIZE_MAX / 2);
	text_puts(t, "- &a [[]]\n- ");
	text_puts(t, repeat(tmp, YAML_DEPTH - 2, "[")->at);
	text_puts(t, "*a");
	text_puts(t, repeat(tmp, YAML_DEPTH - 2, "]")->at);
	refused(tmp, t, "line 2, column 65: this is nested too deeply");
	/* each a level deeper than the last */
	t = text_new(tmp, SIZE_MAX / 2);
	text_puts(t, "- &a0 []\n");
	for (int i = 1; i < 1000; i++)
		text_printf(t, "- &a%d [*a%d]\n", i, i - 1);
	refused(tmp, t, "line 64, column 9: this is nested too deeply");
}

Test(json_yaml, laughs)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, SIZE_MAX / 2);

	text_puts(t, "- &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 10; i++)
		text_printf(t, "- &a%d [%s*a%d]\n", i,
		    repeat(tmp, 9, mem_printf(tmp, "*a%d, ", i - 1))->at, i - 1);
	refused(tmp, t, "there are too many values");
	/* few values, much text */
	t = text_new(tmp, SIZE_MAX / 2);
	text_printf(t, "- &a %s\n", repeat(tmp, 1 << 20, "x")->at);
	text_puts(t, repeat(tmp, 16, "- *a\n")->at);
	accepted(tmp, t);
	text_puts(t, "- *a\n");
	refused(tmp, t, "line 18, column 3: the aliases make too much text");
	t = text_new(tmp, SIZE_MAX / 2);
	text_printf(t, "- &a {? %s}\n", repeat(tmp, 1 << 20, "x")->at);
	text_puts(t, repeat(tmp, 17, "- *a\n")->at);
	refused(tmp, t, "the aliases make too much text");
}

Test(json_yaml, too_many)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, SIZE_MAX / 2);

	text_puts(t, "- &a 1\n");
	text_puts(t, repeat(tmp, YAML_ALIASES, "- *a\n")->at);
	accepted(tmp, t);
	text_puts(t, "- *a\n");
	refused(tmp, t, "line 10002, column 3: there are too many aliases");
	t = repeat(tmp, YAML_ALIASES, "- &a 1\n");
	accepted(tmp, t);
	text_puts(t, "- &a 1\n");
	refused(tmp, t, "line 10001, column 3: there are too many anchors");
	t = repeat(tmp, YAML_NODES - 1, "- 1\n");
	accepted(tmp, t);
	text_puts(t, "- 1\n");
	refused(tmp, t, "line 1000000, column 3: there are too many values");
}

/* The time that they take grows with their square. */
Test(json_yaml, too_many_directives)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, SIZE_MAX / 2);

	for (int i = 0; i < 100; i++)
		text_printf(t, "%%TAG !a%d! b\n", i);
	accepted(tmp, joined(tmp, "", t, "---\n- x %TAG %TAG\n"));
	refused(tmp, joined(tmp, "", t, "%TAG !x! b\n---\n"),
	    "line 101, column 1: there are too many directives");
	refused(tmp, joined(tmp, "%YAML 1.1\r%TAG !x! b\n", t, "---\n"),
	    "there are too many directives");
	refused(tmp, joined(tmp, "a: 1\n...\n", t, "%TAG !x! b\n---\n"),
	    "line 103, column 1: there are too many directives");
}

Test(json_yaml, too_long)
{
	SCOPED(tmp, NULL);
	struct json_object *o;
	struct error e;
	char *s = mem_bytes(tmp, JSON_BYTES + 1);

	memset(s, ' ', JSON_BYTES + 1);
	cr_assert_eq(yaml_parse(tmp, s, JSON_BYTES + 1, &o, &e), ERR_MALFORMED);
	cr_assert_str_eq(e.detail, "line 1, column 1: the text is too long");
}

/* Every beginning of a document gives a value or an error, and nothing else. */
Test(json_yaml, cut_off)
{
	static const char whole[] =
	    "a: &x\n  - \"b\\u20ac\"\n  - {c: 1.5, 'd': [e, ~]}\nf: *x\ng: |\n  \xe2\x82\xac\n";
	size_t values = 0;

	for (size_t n = 0; n < sizeof whole - 1; n++) {
		SCOPED(tmp, NULL);
		struct json_object *o;
		struct error e = { 0 };

		if (parse_exact(tmp, whole, n, &o, &e) == ERR_OK) {
			values++;
			continue;
		}
		cr_assert_eq(e.code, ERR_MALFORMED);
		cr_assert_eq(strncmp(e.detail, "line ", 5), 0, "%s", e.detail);
	}
	cr_assert_gt(values, 10);
}
