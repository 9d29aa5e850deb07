/*
 * Who may do what: every route, asked by nobody, by who lacks the role, by who has it but does not see the record, by
 * who has it and sees it, and by an administrator. The rows say what is expected; the routes say which rows there are.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "drive.h"
#include "matrix_rows.h"

enum { SECONDS = 600, REPORT_MAX = 65536, TEXT_MAX = 1 << 20, ROWS = sizeof rows / sizeof *rows };

#define CREW "a00000000000000000000001"
#define HASH "$argon2id$v=19$m=8,t=1,p=1$WHwjf4A4nvsOw0fmUnibgQ$U3aR5kbhBs9XZe5Wo8MFtbXR4g4ecm57QPwrl/wKFDU"

static const struct route *
route_of(const struct app *app, const char *op)
{
	const struct route *const *routes;
	size_t n;

	routes = router_all(app->router, &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(routes[i]->op, op) == 0)
			return routes[i];
	return NULL;
}

/* --- the case that a row is --- */

static void
put_people(struct text *out)
{
	static const struct {
		const char *id, *name;
		bool has_roles, in_crew;
	} people[] = {
		{ "b00000000000000000000001", "worker", true, true },
		{ "b00000000000000000000002", "outsider", true, false },
		{ "b00000000000000000000003", "idle", false, true },
	};

	text_puts(out, "given sql\nINSERT INTO user_group (id, name, created, last_updated) VALUES ('" CREW
	    "', 'crew', 1, 1);\n");
	for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
		text_printf(out, "INSERT INTO account (id, username, password_hash, created, created_by, "
		    "last_updated, last_updated_by) VALUES ('%s', '%s', '" HASH "', 1, 't', 1, 't');\n",
		    people[i].id, people[i].name);
		if (people[i].in_crew)
			text_printf(out, "INSERT INTO account_group VALUES ('%s', '" CREW "');\n", people[i].id);
		for (int r = 0; people[i].has_roles && r < ROLES_N; r++)
			if (r != ROLE_CODE_ADMIN)
				text_printf(out, "INSERT INTO account_role VALUES ('%s', '%s');\n", people[i].id,
				    roles[r].name);
	}
	text_puts(out, "\n");
}

static void
put_request(struct text *out, const struct row *row, const char *who, const char *expect)
{
	size_t line = strcspn(row->request, "\n");

	text_printf(out, "request %.*s\nas %s%s\n\nexpect %s\n\n", (int)line, row->request, who, row->request + line,
	    expect);
}

/* Those who are turned away change nothing: one world does for them. */
static void
put_refused(struct text *out, const struct row *row, const struct route *route)
{
	SCOPED(tmp, NULL);

	put_request(out, row, "nobody", "401\n{\"code\":\"unauthenticated\",\"...\":true}");
	if (strcmp(route->role, ROLE_CALLER) == 0)
		return;
	put_request(out, row, "idle", mem_printf(tmp,
	    "403\n{\"code\":\"forbidden\",\"message\":\"idle lacks the role %s\",\"...\":true}", route->role));
	if (row->unseen != NULL)
		put_request(out, row, "outsider", row->unseen);
}

static bool
try(void *ctx, const struct row *row, const char *who, const struct route *route, struct text *report)
{
	struct text *all = text_new(ctx, TEXT_MAX);
	struct case_file *file;
	struct error e = { .detail = "" };

	put_people(all);
	text_puts(all, fixture);
	text_puts(all, row->given != NULL ? row->given : "");
	if (who == NULL)
		put_refused(all, row, route);
	else
		put_request(all, row, who, row->good);
	file = case_parse(ctx, mem_printf(ctx, "%s, %s", row->op, who != NULL ? who : "refused"), all->at, all->len, &e);
	if (file == NULL)
		text_printf(report, "  %s\n", e.detail);
	return file != NULL && drive_case(file, report);
}

ParameterizedTestParameters(matrix, rows)
{
	size_t *made = cr_malloc(sizeof *made * ROWS);

	for (size_t i = 0; i < ROWS; i++)
		made[i] = i;
	return cr_make_param_array(size_t, made, ROWS);
}

ParameterizedTest(size_t *number, matrix, rows, .timeout = SECONDS)
{
	const struct row *row = &rows[*number];
	void *ctx = mem_scope(NULL);
	struct text *report = text_new(ctx, REPORT_MAX);
	struct error e = { .detail = "" };
	struct app *app;
	const struct route *route;
	bool is_open, good = true;

	log_open("api", LOG_ERROR);
	app = app_new(ctx, config_defaults(ctx, "/nonexistent"), &e);
	cr_assert_not_null(app, "%s", e.detail);
	route = route_of(app, row->op);
	cr_assert_not_null(route, "%s: there is no such route", row->op);
	is_open = strcmp(route->role, ROLE_OPEN) == 0;
	if (is_open)
		good &= try(ctx, row, "nobody", route, report);
	else
		good &= try(ctx, row, NULL, route, report);
	if (!is_open && row->unseen == NULL)
		good &= try(ctx, row, "outsider", route, report);
	good &= try(ctx, row, "worker", route, report);
	good &= try(ctx, row, "admin", route, report);
	cr_expect(good, "%s\n%s", row->op, report->at);
	mem_free(ctx);
}

/* --- that none is without --- */

static size_t
count_rows(const char *op)
{
	size_t n = 0;

	for (size_t i = 0; i < ROWS; i++)
		n += strcmp(rows[i].op, op) == 0;
	return n;
}

Test(matrix, each_route_has_a_row_and_a_role_that_there_is)
{
	void *ctx = mem_scope(NULL);
	const struct route *const *routes;
	struct error e = { .detail = "" };
	struct app *app;
	size_t n;

	app = app_new(ctx, config_defaults(ctx, "/nonexistent"), &e);
	cr_assert_not_null(app, "%s", e.detail);
	routes = router_all(app->router, &n);
	cr_expect_eq(n, ROWS);
	for (size_t i = 0; i < n; i++) {
		const char *role = routes[i]->role;

		cr_expect_eq(count_rows(routes[i]->op), 1, "%s: not one row in matrix_rows.h", routes[i]->op);
		cr_expect(strcmp(role, ROLE_OPEN) == 0 || strcmp(role, ROLE_CALLER) == 0 || role_find(role) != NULL,
		    "%s: there is no role %s", routes[i]->op, role);
	}
	mem_free(ctx);
}
