/*
 * That the matcher sees every difference, and the reader takes no nonsense: a
 * lax one would make all cases pass.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "base/mem.h"
#include "case.h"
#include "json/body.h"
#include "match.h"

#define COUNT(a) (sizeof (a) / sizeof *(a))

static bool
matches(void *ctx, const char *want, const char *got)
{
	return match_json(json_own(ctx, want), json_own(ctx, got), text_new(ctx, SIZE_MAX / 2));
}

struct two {
	const char *want, *got;
};

static const struct two same[] = {
	{ "{}", "{}" },
	{ "[]", "[]" },
	{ "null", "null" },
	{ "{\"a\":1,\"b\":[true,null,\"x\"]}", "{\"b\":[true,null,\"x\"],\"a\":1}" },
	{ "1.5", "1.5" },
	{ "{\"...\":true}", "{\"a\":1}" },
	{ "{\"...\":true,\"a\":1}", "{\"a\":1,\"b\":2}" },
	{ "{\"a\":\"@absent\"}", "{}" },
	{ "\"@id\"", "\"0123456789abcdef01234567\"" },
	{ "\"@uuid\"", "\"debe9024-52ee-4b39-8c49-96567ff925e4\"" },
	{ "\"@time\"", "\"2026-03-03T19:26:37Z\"" },
	{ "\"@number\"", "0.5" },
	{ "\"@number\"", "7" },
	{ "\"@text\"", "\"\"" },
	{ "\"@bool\"", "false" },
	{ "\"@any\"", "null" },
	{ "\"@any\"", "[1]" },
	{ "\"@has:bc\"", "\"abcd\"" },
	{ "\"@one-of:a|b\"", "\"b\"" },
	{ "\"@list:2\"", "[1,{}]" },
	{ "\"@list:0\"", "[]" },
};

static const struct two different[] = {
	{ "{}", "{\"a\":1}" },
	{ "{\"a\":1}", "{}" },
	{ "{\"a\":null}", "{}" },
	{ "{}", "{\"a\":null}" },
	{ "{}", "[]" },
	{ "[]", "{}" },
	{ "[]", "null" },
	{ "null", "{}" },
	{ "null", "false" },
	{ "null", "\"\"" },
	{ "[1,2]", "[2,1]" },
	{ "[1]", "[1,1]" },
	{ "[1,1]", "[1]" },
	{ "[{\"a\":1}]", "[{\"a\":2}]" },
	{ "{\"a\":{\"b\":[0,{\"c\":1}]}}", "{\"a\":{\"b\":[0,{\"c\":1,\"d\":1}]}}" },
	{ "1", "2" },
	{ "1", "\"1\"" },
	{ "1", "true" },
	{ "true", "false" },
	{ "\"a\"", "\"A\"" },
	{ "\"a\"", "\"ab\"" },
	{ "\"ab\"", "\"a\"" },
	{ "{\"...\":true,\"a\":1}", "{\"b\":2}" },
	{ "{\"...\":true,\"a\":{}}", "{\"a\":{\"b\":2}}" },
	{ "{\"a\":\"@absent\"}", "{\"a\":1}" },
	{ "{\"a\":\"@absent\"}", "{\"a\":null}" },
	{ "{\"...\":true,\"a\":\"@absent\"}", "{\"a\":1}" },
	{ "{\"a\":\"@any\"}", "{}" },
	{ "\"@absent\"", "\"x\"" },
	{ "\"@id\"", "\"0123456789ABCDEF01234567\"" },
	{ "\"@id\"", "\"0123456789abcdef0123456\"" },
	{ "\"@id\"", "\"0123456789abcdef012345678\"" },
	{ "\"@id\"", "12" },
	{ "\"@id\"", "null" },
	{ "\"@uuid\"", "\"debe9024-52ee-4b39-8c49-96567ff925e\"" },
	{ "\"@time\"", "\"2026-03-03T19:26:37\"" },
	{ "\"@time\"", "\"2026-03-03T19:26:37Zx\"" },
	{ "\"@time\"", "\"2026-03-03 19:26:37Z\"" },
	{ "\"@time\"", "\"\"" },
	{ "\"@time\"", "null" },
	{ "\"@number\"", "\"1\"" },
	{ "\"@number\"", "true" },
	{ "\"@text\"", "1" },
	{ "\"@text\"", "null" },
	{ "\"@bool\"", "1" },
	{ "\"@has:bc\"", "\"acb\"" },
	{ "\"@has:bc\"", "[\"bc\"]" },
	{ "\"@one-of:a|b\"", "\"c\"" },
	{ "\"@one-of:a|b\"", "\"a|b\"" },
	{ "\"@one-of:ab|c\"", "\"a\"" },
	{ "\"@list:2\"", "[1]" },
	{ "\"@list:2\"", "\"@list:2\"" },
	{ "\"@list:1\"", "{\"a\":1}" },
	{ "\"@list:0\"", "null" },
};

Test(match, what_is_the_same)
{
	SCOPED(ctx, NULL);

	for (size_t i = 0; i < COUNT(same); i++)
		cr_expect(matches(ctx, same[i].want, same[i].got), "%s and %s", same[i].want,
		    same[i].got);
}

Test(match, what_differs)
{
	SCOPED(ctx, NULL);

	for (size_t i = 0; i < COUNT(different); i++)
		cr_expect_not(matches(ctx, different[i].want, different[i].got), "%s and %s",
		    different[i].want, different[i].got);
}

Test(match, names_the_places)
{
	SCOPED(ctx, NULL);
	struct text *out = text_new(ctx, SIZE_MAX / 2);

	cr_expect_not(match_json(json_own(ctx, "{\"a\":[1,{\"b\":\"@id\"}],\"c\":1}"),
	    json_own(ctx, "{\"a\":[2,{\"b\":\"x\"}],\"d\":1}"), out));
	cr_expect_str_eq(out->at,
	    "    at .a.0: wanted 1, got 2\n"
	    "    at .a.1.b: wanted \"@id\", got \"x\"\n"
	    "    at .c: is not there\n"
	    "    at .d: is not expected\n");
}

/* --- the reader --- */

static struct case_file *
parsed(void *ctx, const char *text, struct error *e)
{
	return case_parse(ctx, "x.case", text, strlen(text), e);
}

Test(reader, a_whole_case)
{
	SCOPED(ctx, NULL);
	struct error e = { .detail = "" };
	struct case_file *f = parsed(ctx,
	    "# a comment\n"
	    "given config\n[run]\nwait = 1\n\n"
	    "given sql\nFIRST;\nSECOND;\n\n"
	    "given file run.sh\n#!/bin/sh\n\n"
	    "given POST ~/gateways\nsave gw .id\n{\"a\":\n1}\n\n"
	    "request PUT /x?y=1\nas reader\nheader Prefer: wait=1\ntype text/plain\n"
	    "rawbody a\\x00\\xff\nrawbody \\n\n"
	    "expect 400\nexpect-header Allow: GET, HEAD\n{\"b\":1}\n\n"
	    "request GET /y\nexpect 200\nexpect-raw hi\\n\n", &e);

	cr_assert_not_null(f, "%s", e.detail);
	cr_expect_str_eq(f->config, "[run]\nwait = 1\n");
	cr_assert_eq(f->n_acts, 5);
	cr_expect_eq(f->n_requests, 2);
	cr_expect_str_eq(f->acts[0].body, "FIRST;\nSECOND;");
	cr_expect_str_eq(f->acts[1].path, "run.sh");
	cr_expect_str_eq(f->acts[2].body, "{\"a\":\n1}");
	cr_expect(f->acts[2].is_given && f->acts[2].status == 200 && f->acts[2].saved.n == 1);
	cr_expect_str_eq(f->acts[2].saved.at->name, "gw");
	cr_expect_str_eq(f->acts[2].saved.at->value, ".id");
	cr_expect_eq(f->acts[3].method, M_PUT);
	cr_expect_str_eq(f->acts[3].path, "/x?y=1");
	cr_expect_str_eq(f->acts[3].as, "reader");
	cr_expect_str_eq(f->acts[3].prefer, "wait=1");
	cr_expect_str_eq(f->acts[3].type, "text/plain");
	cr_assert_eq(f->acts[3].body_len, 4);
	cr_expect_arr_eq(f->acts[3].body, "a\0\xff\n", 4);
	cr_expect_eq(f->acts[3].status, 400);
	cr_expect_str_eq(f->acts[3].headers.at->value, "GET, HEAD");
	cr_expect_str_eq(f->acts[3].want, "{\"b\":1}");
	cr_expect_str_eq(f->acts[4].want_raw, "hi\n");
}

/* What is wrong with each, as its message says. */
static const struct two nonsense[] = {
	{ "", "nothing is expected in this file" },
	{ "given GET ~/x\n", "nothing is expected in this file" },
	{ "request GET ~/x\n", "a request without its expect" },
	{ "request GET ~/x\nexpect 200\n", "no answer is expected" },
	{ "request GET ~/x\nexpect\n{}\n", "expect wants a status" },
	{ "request GET ~/x\nexpect 99\n{}\n", "expect wants a status" },
	{ "request GET ~/x\nexpect 200\n{}\n\nexpect 200\n{}\n", "has one expect" },
	{ "given GET ~/x\nexpect 200\n{}\n", "a given call must be 200" },
	{ "request GET ~/x\nexpect 200\n{}\n\n{}\n", "a second answer" },
	{ "request GET ~/x\n{}\n\n{}\nexpect 200\n{}\n", "a second body" },
	{ "request FETCH ~/x\nexpect 200\n{}\n", "FETCH is no method" },
	{ "request GET x\nexpect 200\n{}\n", "must begin with" },
	{ "expects 200\n{}\n", "stands behind no request" },
	{ "given sql\n\nrequest GET ~/x\nexpect 200\n{}\n", "nothing is given" },
	{ "request GET ~/x\nheader Accept: x\nexpect 200\n{}\n", "knows no header Accept" },
	{ "request GET ~/x\nrawbody \\q\nexpect 200\n{}\n", "are known" },
	{ "request GET ~/x\nrawbody \\x1\nexpect 200\n{}\n", "are known" },
	{ "request GET ~/x\nbigbody 10 abc\nexpect 200\n{}\n", "bigbody wants" },
	{ "request GET ~/x\nbigbody 2 abc...\nexpect 200\n{}\n", "is larger" },
	{ "request GET ~/x\nsave gw\nexpect 200\n{}\n", "a name and a value" },
	{ "request GET ~/\xff\nexpect 200\n{}\n", "a case is UTF-8" },
};

Test(reader, nonsense_is_refused)
{
	SCOPED(ctx, NULL);

	for (size_t i = 0; i < COUNT(nonsense); i++) {
		struct error e = { .detail = "" };

		cr_expect_null(parsed(ctx, nonsense[i].want, &e), "%s", nonsense[i].want);
		cr_expect(strstr(e.detail, nonsense[i].got) != NULL, "%s: %s", nonsense[i].want,
		    e.detail);
	}
}

Test(reader, a_big_body_has_its_size)
{
	SCOPED(ctx, NULL);
	struct error e = { .detail = "" };
	struct case_file *f = parsed(ctx, "request PUT ~/x\nbigbody 12 {\"a\":\"...\"}\n"
	    "expect 200\n{}\n", &e);

	cr_assert_not_null(f, "%s", e.detail);
	cr_expect_eq(f->acts[0].body_len, 12);
	cr_expect_str_eq(f->acts[0].body, "{\"a\":\"xxxx\"}");
}

Test(reader, values_are_filled_in)
{
	SCOPED(ctx, NULL);
	struct json_object *saved = json_own(ctx, "{\"gw\":\"12\"}");
	struct error e = { .detail = "" };

	cr_expect_str_eq(case_fill(ctx, "/a/{{gw}}/b{{gw}}", saved, &e), "/a/12/b12");
	cr_expect_str_eq(case_fill(ctx, "{{repeat 3 ab}}{{repeat 0 x}}", saved, &e), "ababab");
	cr_expect_str_eq(case_fill(ctx, "{{{\"a\":{}}}}", saved, &e), "{{{\"a\":{}}}}");
	cr_expect_null(case_fill(ctx, "{{other}}", saved, &e));
	cr_expect_str_eq(e.detail, "nothing was saved as other");
	cr_expect_null(case_fill(ctx, "{{repeat x}}", saved, &e));
}

Test(reader, values_are_found)
{
	SCOPED(ctx, NULL);
	struct json_object *o = json_own(ctx, "{\"a\":[{\"b\":\"x\"},7],\"c\":null}");

	cr_expect_str_eq(case_find(ctx, o, ".a.0.b"), "x");
	cr_expect_str_eq(case_find(ctx, o, ".a.1"), "7");
	cr_expect_str_eq(case_find(ctx, o, ".a.0"), "{\"b\":\"x\"}");
	cr_expect_null(case_find(ctx, o, ".a.2"));
	cr_expect_null(case_find(ctx, o, ".a.b"));
	cr_expect_null(case_find(ctx, o, ".c"));
	cr_expect_null(case_find(ctx, o, ".d.e"));
	cr_expect_null(case_find(ctx, o, "a"));
}
