#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "http/router.h"

#define COUNT(array) (sizeof (array) / sizeof *(array))
#define BASE ROUTE_BASE

static enum err
handler(struct request *req, struct response *res, struct error *e)
{
	(void)req;
	(void)res;
	(void)e;
	return ERR_OK;
}

/* A whole route but for what a test changes. */
#define ROUTE(m, p, ...) { .method = m, .path = p, .op = "op " p, .role = "x:read", .run = handler, \
	.summary = "s", __VA_ARGS__ }
#define ROUTES_END { .path = NULL }

/* ---- the table ---- */

/* Why the routes A and B (which may be a route without a path) are refused; NULL where they are taken. */
static char *
refusal(void *ctx, struct route a, struct route b)
{
	const struct route one[] = { a, ROUTES_END }, two[] = { b, ROUTES_END };
	const struct route *const tables[] = { one, two, NULL };
	struct error e = { 0 };
	struct router *r = router_new(ctx, tables, &e);

	if (r != NULL) {
		mem_free(r);
		return NULL;
	}
	cr_expect_eq(e.code, ERR_INTERNAL);
	return mem_text(ctx, e.detail);
}

Test(router, routes_that_lack_something)
{
	const struct route none = ROUTES_END, whole = ROUTE(M_GET, "/a"), other = ROUTE(M_GET, "/b");
	struct route no[] = { whole, whole, whole, whole };
	SCOPED(tmp, NULL);

	cr_expect_null(refusal(tmp, whole, none));
	no[0].run = NULL;
	no[1].op = NULL;
	no[2].role = NULL;
	no[3].summary = NULL;
	for (size_t i = 0; i < COUNT(no); i++) {
		char *first = refusal(tmp, no[i], none), *second = refusal(tmp, other, no[i]);

		cr_assert_not_null(first, "number %zu", i);
		cr_expect_not_null(strstr(first, "/a"), "it names the route: %s", first);
		cr_expect_not_null(second);
	}
}

Test(router, routes_that_clash)
{
	static const char *const clash[][2] = {
		{ "/a", "/a" }, { "/{x}", "/a" }, { "/a", "/{x}" }, { "/{x}", "/{y}" }, { "/a/{x}", "/{y}/b" },
		{ "/a/{x}/c", "/a/b/{y}" }, { "/{x}/{y}", "/a/b" }, { "/", "/" },
	}, *const fine[][2] = {
		{ "/a", "/b" }, { "/a", "/ab" }, { "/ab", "/a" }, { "/a", "/a/b" }, { "/a/b", "/a" }, { "/{x}", "/a/b" },
		{ "/a/{x}", "/a" }, { "/a/{x}", "/b/{x}" }, { "/a/{x}/c", "/a/{x}/d" }, { "/{x}/a", "/{x}/b" }, { "/", "/a" },
	};
	struct route a = ROUTE(M_GET, ""), b = ROUTE(M_GET, "");
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < COUNT(clash); i++) {
		char *why;

		a.path = clash[i][0];
		b.path = clash[i][1];
		why = refusal(tmp, a, b);
		cr_assert_not_null(why, "%s and %s", a.path, b.path);
		cr_expect(strstr(why, a.path) != NULL && strstr(why, b.path) != NULL, "%s", why);
	}
	for (size_t i = 0; i < COUNT(fine); i++) {
		a.path = fine[i][0];
		b.path = fine[i][1];
		cr_expect_null(refusal(tmp, a, b), "%s and %s", a.path, b.path);
	}
	a.path = b.path = "/same";
	b.method = M_POST;
	cr_expect_null(refusal(tmp, a, b), "another method");
	b.method = M_GET;
	b.outside = true;
	cr_expect_null(refusal(tmp, a, b), "not below the base path");
	a.outside = true;
	cr_expect_not_null(refusal(tmp, a, b));
}

/* ---- finding ---- */

static const struct route gateways[] = {
	ROUTE(M_GET, "/gateways"),
	ROUTE(M_POST, "/gateways"),
	ROUTE(M_GET, "/gateways/{id}"),
	ROUTE(M_DELETE, "/gateways/{id}"),
	ROUTE(M_PUT, "/gateways/{id}/a/{b}/{c}"),
	ROUTES_END
};
static const struct route others[] = {
	ROUTE(M_POST, "/run"),
	ROUTE(M_GET, "/", .outside = true),
	ROUTE(M_GET, "/status", .outside = true),
	ROUTES_END
};

static struct router *
router(void *ctx)
{
	static const struct route *const tables[] = { gateways, others, NULL };
	struct error e = { 0 };
	struct router *r = router_new(ctx, tables, &e);

	cr_assert_not_null(r, "%s", e.detail);
	return r;
}

struct found {
	const struct route *route;
	const char *params[ROUTE_PARAMS];
	unsigned allow;
	struct error e;
};

static enum err
find(void *ctx, enum method m, const char *path, struct found *f)
{
	*f = (struct found){ 0 };
	return router_find(router(ctx), ctx, m, path, &f->route, f->params, &f->allow, &f->e);
}

Test(router, finds_and_fills_params)
{
	static const struct {
		enum method method;
		const char *path, *op, *params[ROUTE_PARAMS];
	} cases[] = {
		{ M_GET, BASE "/gateways", "op /gateways", { NULL } },
		{ M_HEAD, BASE "/gateways", "op /gateways", { NULL } },
		{ M_GET, BASE "/gateways/", "op /gateways", { NULL } },
		{ M_GET, BASE "/gateways/abc", "op /gateways/{id}", { "abc" } },
		{ M_GET, BASE "/gateways/abc/", "op /gateways/{id}", { "abc" } },
		{ M_HEAD, BASE "/gateways/\xc3\xa4 %?#", "op /gateways/{id}", { "\xc3\xa4 %?#" } },
		{ M_GET, BASE "/gateways/gateways", "op /gateways/{id}", { "gateways" } },
		{ M_GET, BASE "/gateways/{id}", "op /gateways/{id}", { "{id}" } },
		{ M_GET, BASE "/gateways/..", "op /gateways/{id}", { ".." } },
		{ M_PUT, BASE "/gateways/1/a/2/3", "op /gateways/{id}/a/{b}/{c}", { "1", "2", "3" } },
		{ M_GET, "/", "op /", { NULL } },
		{ M_GET, "/status", "op /status", { NULL } },
		{ M_GET, "/status/", "op /status", { NULL } },
	};
	struct found f;
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_assert_eq(find(tmp, cases[i].method, cases[i].path, &f), ERR_OK, "%s: %s", cases[i].path, f.e.detail);
		cr_expect_str_eq(f.route->op, cases[i].op);
		for (int k = 0; k < ROUTE_PARAMS; k++)
			cr_expect(text_eq(f.params[k], cases[i].params[k]), "%s: parameter %d", cases[i].path, k);
	}
}

Test(router, what_is_not_there)
{
	static const char *const paths[] = {
		"", "///", "/gateways", BASE, BASE "/", BASE "//", BASE "/gateway", BASE "/gatewayss", BASE "/gateways//",
		BASE "/gateways/a/b", BASE "/gateways//a", BASE "/gateways/1/a//3", BASE "/gateways/1/a/2", BASE "/status",
		BASE "x/gateways", "/gateway_manager/v2/gateways", "/gateway_manager", BASE "/Gateways", "gateways",
		BASE "/gateways/1/a/2/3/4", "/gateway_manager/v1gateways",
	};
	struct found f;
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < COUNT(paths); i++) {
		cr_expect_eq(find(tmp, M_GET, paths[i], &f), ERR_NOT_FOUND, "%s", paths[i]);
		cr_expect_null(f.route);
		cr_expect_eq(f.allow, 0);
		cr_expect_not_null(strstr(f.e.detail, BASE));
	}
}

Test(router, wrong_methods_and_allow)
{
	static const struct {
		enum method method;
		const char *path, *allow;
	} cases[] = {
		{ M_PATCH, BASE "/gateways", "GET, HEAD, POST, OPTIONS" },
		{ M_OPTIONS, BASE "/gateways", "GET, HEAD, POST, OPTIONS" },
		{ M_OPTIONS, BASE "/gateways/", "GET, HEAD, POST, OPTIONS" },
		{ METHOD_NONE, BASE "/gateways", "GET, HEAD, POST, OPTIONS" },
		{ M_POST, BASE "/gateways/1", "GET, HEAD, DELETE, OPTIONS" },
		{ M_GET, BASE "/run", "POST, OPTIONS" },
		{ M_HEAD, BASE "/run", "POST, OPTIONS" },
		{ M_POST, "/status", "GET, HEAD, OPTIONS" },
	};
	struct found f;
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_expect_eq(find(tmp, cases[i].method, cases[i].path, &f), ERR_METHOD, "%s", cases[i].path);
		cr_expect_null(f.route);
		cr_expect_str_eq(router_allow(tmp, f.allow), cases[i].allow);
	}
	cr_expect_str_eq(router_allow(tmp, 0), "");
	cr_expect_eq(find(tmp, M_GET, BASE "/gateways", &f), ERR_OK);
	cr_expect_str_eq(router_allow(tmp, f.allow), "GET, HEAD, POST, OPTIONS");
}

Test(router, all)
{
	size_t n = 0;
	SCOPED(tmp, NULL);
	const struct route *const *all = router_all(router(tmp), &n);

	cr_assert_eq(n, 8);
	cr_expect_eq(all[0], &gateways[0]);
	cr_expect_eq(all[7], &others[2]);
}

Test(router, methods)
{
	static const char *const unknown[] = { "", "get", "GETS", "GE", "TRACE", "CONNECT", " GET", "GET ", "\xff" };

	cr_expect_eq(method_find("GET"), M_GET);
	cr_expect_eq(method_find("OPTIONS"), M_OPTIONS);
	cr_expect_str_eq(method_name(M_PATCH), "PATCH");
	cr_expect_str_eq(method_name(METHOD_NONE), "?");
	for (size_t i = 0; i < COUNT(unknown); i++)
		cr_expect_eq(method_find(unknown[i]), METHOD_NONE, "%s", unknown[i]);
}

/* ---- the query ---- */

static struct request *
asked(void *ctx, const char *query)
{
	struct request *req = MEM_NEW(ctx, struct request);

	req->query = query;
	return req;
}

static struct request *
parsed(void *ctx, const char *query)
{
	struct request *req = asked(ctx, query);
	struct error e = { 0 };

	cr_assert_eq(query_read(req, &e), ERR_OK, "%s: %s", query, e.detail);
	return req;
}

Test(query, pairs)
{
	static const struct {
		const char *query, *name, *value;
		size_t n;
	} cases[] = {
		{ "", "a", NULL, 0 },
		{ "a=1", "a", "1", 1 },
		{ "a", "a", "", 1 },
		{ "a=", "a", "", 1 },
		{ "a=1&b=2", "b", "2", 2 },
		{ "a=1&a=2", "a", "1", 2 },
		{ "a=b=c", "a", "b=c", 1 },
		{ "a&b=2", "b", "2", 2 },
		{ "a=1&&b=2&", "b", "2", 3 },
		{ "=x", "", "x", 1 },
		{ "a=x+y", "a", "x y", 1 },
		{ "a=x%2By", "a", "x+y", 1 },
		{ "a=%26%3d%3D", "a", "&==", 1 },
		{ "%61%5b0%5D=1", "a[0]", "1", 1 },
		{ "a=%c3%A4%E2%82%ac", "a", "\xc3\xa4\xe2\x82\xac", 1 },
		{ "a=\xc3\xa4", "a", "\xc3\xa4", 1 },
		{ "a=%01", "a", "\x01", 1 },
		{ "a=%2500", "a", "%00", 1 },
		{ "A=1", "a", NULL, 1 },
		{ "a?=1;b=2", "a?", "1;b=2", 1 },
	};
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct request *req = parsed(tmp, cases[i].query);

		cr_expect_eq(req->n_pairs, cases[i].n, "%s", cases[i].query);
		cr_expect(text_eq(query_text(req, cases[i].name), cases[i].value), "%s", cases[i].query);
	}
}

Test(query, that_is_refused)
{
	static const char *const bad[] = {
		"a=%", "a=%1", "a=%1&b=22", "a=%g0", "a=%0g", "a=%-1", "a=%+1", "a=%%20", "a=%00", "a=x%00y", "%00=1",
		"a=%ff", "a=%c3", "a=%c3%28", "a=%c0%80", "a=%ed%a0%80", "a=%f4%90%80%80", "a=\xff", "\xc3=1", "a=%c3&b=%a4",
		"a=%u0041", "%", "a%=1",
	};
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct error e = { 0 };

		cr_expect_eq(query_read(asked(tmp, bad[i]), &e), ERR_MALFORMED, "%s", bad[i]);
		cr_expect_not_null(strstr(e.detail, "percent-encoded"));
	}
}

Test(query, has_a_bound)
{
	struct text *t;
	struct error e = { 0 };
	SCOPED(tmp, NULL);

	t = text_new(tmp, 10000);
	for (int i = 0; i < QUERY_MAX; i++)
		text_printf(t, "%sp%d=%d", i > 0 ? "&" : "", i, i);
	cr_expect_str_eq(query_text(parsed(tmp, t->at), "p63"), "63");
	text_puts(t, "&");
	cr_expect_eq(parsed(tmp, t->at)->n_pairs, QUERY_MAX);
	text_puts(t, "x");
	cr_expect_eq(query_read(asked(tmp, t->at), &e), ERR_MALFORMED);
	cr_expect_not_null(strstr(e.detail, "64"), "%s", e.detail);
}

Test(query, numbers)
{
	static const char *const bad[] = { "", "-1", "11", "x", "1x", " 1", "1.0", "1e0", "99999999999999999999", "0x1" };
	struct error e = { 0 };
	int64_t n = 0;
	SCOPED(tmp, NULL);

	cr_expect_eq(query_int(parsed(tmp, "n=0"), "n", 0, 10, 5, &n, &e), ERR_OK);
	cr_expect_eq(n, 0);
	cr_expect_eq(query_int(parsed(tmp, "n=10"), "n", 0, 10, 5, &n, &e), ERR_OK);
	cr_expect_eq(n, 10);
	cr_expect_eq(query_int(parsed(tmp, "m=10"), "n", 0, 10, 5, &n, &e), ERR_OK);
	cr_expect_eq(n, 5);
	cr_expect_eq(query_int(parsed(tmp, ""), "n", 0, 10, -1, &n, &e), ERR_OK);
	cr_expect_eq(n, -1, "what stands for nothing need not be in the range");
	for (size_t i = 0; i < COUNT(bad); i++) {
		char *query = mem_printf(tmp, "n=%s", bad[i]);

		cr_expect_eq(query_int(parsed(tmp, query), "n", 0, 10, 5, &n, &e), ERR_INVALID, "%s", query);
		cr_expect_str_eq(e.field, "n");
		cr_expect_not_null(strstr(e.detail, "0 to 10"), "%s", e.detail);
	}
}

Test(query, flags)
{
	static const char *const yes[] = { "f=true", "f=1", "f=", "f" }, *const no[] = { "f=false", "f=0", "", "g=1" },
				*const bad[] = { "f=yes", "f=TRUE", "f=2", "f=%20", "f=true+" };
	struct error e = { 0 };
	bool f;
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < COUNT(yes); i++) {
		f = false;
		cr_expect_eq(query_bool(parsed(tmp, yes[i]), "f", &f, &e), ERR_OK);
		cr_expect(f, "%s", yes[i]);
	}
	for (size_t i = 0; i < COUNT(no); i++) {
		f = true;
		cr_expect_eq(query_bool(parsed(tmp, no[i]), "f", &f, &e), ERR_OK);
		cr_expect_not(f, "%s", no[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		cr_expect_eq(query_bool(parsed(tmp, bad[i]), "f", &f, &e), ERR_INVALID, "%s", bad[i]);
		cr_expect_str_eq(e.field, "f");
	}
}

/* ---- answers ---- */

static struct json_object *
body(void)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "a", json_object_new_int(1));
	return o;
}

static void
expect_envelope(enum answer kind, struct response res, const char *text)
{
	struct json_object *o;

	res.body = body();
	o = answer_wrap(kind, &res);
	cr_expect_str_eq(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), text);
	cr_expect_null(res.body, "it is used up");
	json_object_put(o);
	response_release(&res);
}

Test(answer, envelopes)
{
	struct response res;

	response_init(&res);
	cr_expect_eq(res.total, -1);
	expect_envelope(ANSWER_BARE, res, "{\"a\":1}");
	expect_envelope(ANSWER_RESULTS, res, "{\"state\":\"Success\",\"results\":{\"a\":1}}");
	expect_envelope(ANSWER_RESULT, res, "{\"state\":\"Success\",\"result\":{\"a\":1}}");
	expect_envelope(ANSWER_VALUE, res, "{\"state\":\"Success\",\"result\":{\"value\":{\"a\":1}}}");
	res.total = 0;
	res.message = "Done: \"x\"";
	res.id = "0123";
	expect_envelope(ANSWER_BARE, res, "{\"a\":1}");
	expect_envelope(ANSWER_RESULTS, res,
	    "{\"state\":\"Success\",\"message\":\"Done: \\\"x\\\"\",\"results\":{\"a\":1},\"total\":0}");
	expect_envelope(ANSWER_RESULT, res,
	    "{\"state\":\"Success\",\"message\":\"Done: \\\"x\\\"\",\"result\":{\"a\":1},\"total\":0}");
	expect_envelope(ANSWER_MESSAGE_ID, res,
	    "{\"state\":\"Success\",\"message\":\"Done: \\\"x\\\"\",\"id\":\"0123\"}");
}

static void
expect_error(const struct error *e, const struct faults *faults, const char *text)
{
	struct json_object *o = answer_error(e, "rq", faults);

	cr_expect_str_eq(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), text);
	json_object_put(o);
}

Test(answer, errors)
{
	struct error e = { 0 };
	SCOPED(tmp, NULL);
	struct faults *faults = faults_new(tmp);

	error_set(&e, ERR_NOT_FOUND, "there is no gateway x");
	expect_error(&e, NULL,
	    "{\"domain\":\"gateway_manager\",\"code\":\"not-found\",\"message\":\"there is no gateway x\",\"request_id\":\"rq\"}");
	expect_error(&e, faults,
	    "{\"domain\":\"gateway_manager\",\"code\":\"not-found\",\"message\":\"there is no gateway x\",\"request_id\":\"rq\"}");
	error_field(&e, "cluster_id", "is required");
	faults_add(faults, "a.b", "is %s", "bad");
	faults_add(faults, "", "worse");
	expect_error(&e, faults,
	    "{\"domain\":\"gateway_manager\",\"code\":\"invalid\",\"message\":\"cluster_id: is required\","
	    "\"field\":\"cluster_id\",\"request_id\":\"rq\","
	    "\"faults\":[{\"path\":\"a.b\",\"message\":\"is bad\"},{\"path\":\"\",\"message\":\"worse\"}]}");
}

Test(answer, headers_are_bounded_and_never_split)
{
	static const char *const bad[] = { "a\nb", "a\r\nX: y", "\x01", "\x7f", "\t" };
	struct response res;

	response_init(&res);
	for (size_t i = 0; i < COUNT(bad); i++)
		response_header(&res, "X-Bad", bad[i]);
	cr_expect_eq(res.n_headers, 0);
	for (int i = 0; i < RESPONSE_HEADERS + 3; i++)
		response_header(&res, "X-Good", i == 0 ? "" : "\xc3\xa4 1");
	cr_assert_eq(res.n_headers, RESPONSE_HEADERS);
	cr_expect_str_eq(res.headers[0].name, "X-Good");
	cr_expect_str_eq(res.headers[0].value, "");
	response_release(&res);
	response_release(&res);
}
