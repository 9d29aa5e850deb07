/* Every case file is a test, and every operation has some: see README. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "cases.h"
#include "drive.h"

/* A case that hangs would hold up all. */
enum { CASE_SECONDS = 600 };
enum { CASE_PATH_MAX = 512, GOOD = 200, BAD = 400, REPORT_MAX = 65536 };

/* A parameter lies in memory that the test's process shares: no pointers. */
struct case_name {
	char path[CASE_PATH_MAX];
};

/* --- the cases themselves --- */

static void
add_operation(struct names *all, void *ctx, const char *dir, const char *operation)
{
	struct names files = cases_of(ctx, dir, operation);
	const char *only = getenv("GATEHOUSE_CASE");

	for (size_t i = 0; i < files.n; i++) {
		char *path = mem_printf(ctx, "%s/%s/%s", dir, operation, files.at[i]);

		if (only == NULL || strstr(path, only) != NULL)
			names_add(ctx, all, path);
	}
}

/* One with an empty path where there is no case: a test that looks at nothing must not pass. */
ParameterizedTestParameters(api, cases)
{
	SCOPED(ctx, NULL);
	char *dir = cases_directory(ctx);
	struct names operations = cases_operations(ctx, dir), all = { 0, NULL };
	struct case_name *made;
	size_t n;

	for (size_t i = 0; i < operations.n; i++)
		add_operation(&all, ctx, dir, operations.at[i]);
	n = all.n > 0 ? all.n : 1;
	made = cr_malloc(n * sizeof *made);
	memset(made, 0, n * sizeof *made);
	for (size_t i = 0; i < all.n; i++)
		snprintf(made[i].path, sizeof made[i].path, "%s", all.at[i]);
	return cr_make_param_array(struct case_name, made, n);
}

ParameterizedTest(struct case_name *p, api, cases, .timeout = CASE_SECONDS)
{
	void *ctx = mem_scope(NULL);
	struct text *out = text_new(ctx, REPORT_MAX);
	struct case_file *file;
	struct error e = { .detail = "" };
	bool good;

	log_open("api", LOG_ERROR);
	file = case_read(ctx, p->path, &e);
	good = file != NULL && drive_case(file, out);
	cr_expect(good, "%s%s\n%s", p->path[0] == '\0' ? "there are no cases" : "", e.detail,
	    out->at);
	mem_free(ctx);
}

/* --- that no operation is without --- */

/* What a test about all operations has. */
struct survey {
	void *ctx;
	struct app *app;
	char *dir;
	struct names directories;
};

static struct survey
survey_new(void)
{
	struct survey s = { .ctx = mem_scope(NULL) };
	struct error e = { .detail = "" };

	s.app = app_new(s.ctx, config_defaults(s.ctx, "/nonexistent"), &e);
	cr_assert_not_null(s.app, "%s", e.detail);
	s.dir = cases_directory(s.ctx);
	s.directories = cases_operations(s.ctx, s.dir);
	return s;
}

/* The operation that call A of a case asks for, NULL for none. */
static const char *
operation_of(const struct survey *s, const struct act *a)
{
	const char *params[ROUTE_PARAMS];
	const struct route *route;
	struct error e;
	unsigned allow;
	char *path;

	if (a->kind != ACT_CALL)
		return NULL;
	path = mem_printf(s->ctx, "%s%s", *a->path == '~' ? ROUTE_BASE : "",
	    *a->path == '~' ? a->path + 1 : a->path);
	path[strcspn(path, "?")] = '\0';
	if (router_find(s->app->router, s->ctx, a->method, path, &route, params, &allow, &e) !=
	    ERR_OK)
		return NULL;
	return route->op;
}

struct count {
	size_t good, bad;
};

/* How many cases ask for OPERATION and expect 200, and how many are refused something. */
static struct count
count_cases(const struct survey *s, const char *operation)
{
	struct names files = cases_of(s->ctx, s->dir, operation);
	struct count n = { 0, 0 };
	struct error e;

	for (size_t i = 0; i < files.n; i++) {
		char *path = mem_printf(s->ctx, "%s/%s/%s", s->dir, operation, files.at[i]);
		struct case_file *f = case_read(s->ctx, path, &e);
		bool good = false, bad = false;

		cr_expect_not_null(f, "%s", e.detail);
		for (size_t k = 0; f != NULL && k < f->n_acts; k++) {
			const char *op = operation_of(s, &f->acts[k]);

			good |= !f->acts[k].is_given && f->acts[k].status == GOOD && op != NULL &&
			    strcmp(op, operation) == 0;
			bad |= f->acts[k].status >= BAD;
		}
		n.good += good;
		n.bad += bad;
	}
	return n;
}

Test(operations, each_has_good_and_bad_cases)
{
	struct survey s = survey_new();
	const struct route *const *routes;
	size_t n;

	routes = router_all(s.app->router, &n);
	cr_assert_gt(n, 0);
	for (size_t i = 0; i < n; i++) {
		struct count c = count_cases(&s, routes[i]->op);

		cr_expect_gt(c.good, 0, "%s/%s has no case that expects 200", s.dir, routes[i]->op);
		cr_expect_gt(c.bad, 0, "%s/%s has no case that is refused", s.dir, routes[i]->op);
	}
	mem_free(s.ctx);
}

Test(operations, each_directory_has_one)
{
	struct survey s = survey_new();
	const struct route *const *routes;
	size_t n;

	routes = router_all(s.app->router, &n);
	cr_assert_gt(s.directories.n, 0, "%s has no directories", s.dir);
	for (size_t i = 0; i < s.directories.n; i++) {
		bool found = false;

		for (size_t k = 0; k < n; k++)
			found |= strcmp(routes[k]->op, s.directories.at[i]) == 0;
		cr_expect(found, "%s/%s: there is no such operation", s.dir, s.directories.at[i]);
	}
	mem_free(s.ctx);
}

Test(operations, each_case_expects_something)
{
	struct survey s = survey_new();
	size_t n = 0;

	for (size_t i = 0; i < s.directories.n; i++) {
		struct names files = cases_of(s.ctx, s.dir, s.directories.at[i]);

		for (size_t k = 0; k < files.n; k++, n++) {
			char *path = mem_printf(s.ctx, "%s/%s/%s", s.dir, s.directories.at[i],
			    files.at[k]);
			struct error e = { .detail = "" };
			struct case_file *f = case_read(s.ctx, path, &e);

			cr_expect(f != NULL && f->n_requests > 0, "%s", e.detail);
		}
	}
	cr_expect_gt(n, 0, "%s has no cases", s.dir);
	mem_free(s.ctx);
}
