#include "world.h"

#include <sqlite3.h>
#include <string.h>

#include "base/text.h"

/*
 * What grows with the history of a server is never read through from its begin to its end: each statement's plan
 * (https://www.sqlite.org/eqp.html) is looked at.
 */

TestSuite(query_plans, .init = world_open, .fini = world_end);

static const struct {
	const char *name, *text;
} statements[] = {
#define SQL_STMT(name, text) { #name, text },
#include "sql_statements.inc"
#undef SQL_STMT
};

static const char *const growing[] = { "job", "output", "job_event", "job_attempt", "audit", "plan_state", NULL };

/* Those that stop after a few rows, or are for a person at rest. */
static const char *const allowed[] = {
	"AUDIT_EXPIRE",		/* LIMIT */
	"PLAN_STATE_IDS",	/* a new key: all are sealed anew */
	NULL
};

static bool
is_listed(const char *const *list, const char *name, size_t n)
{
	for (; *list != NULL; list++)
		if (strlen(*list) == n && strncmp(*list, name, n) == 0)
			return true;
	return false;
}

/* Whether a step of a plan reads all rows of a growing table; their index alone may be read. */
static bool
reads_all(const char *step)
{
	const char *table = step + strlen("SCAN ");
	size_t n;

	if (strncmp(step, "SCAN ", strlen("SCAN ")) != 0)
		return false;
	n = strcspn(table, " ");
	return is_listed(growing, table, n) && strstr(table + n, "COVERING INDEX") == NULL;
}

Test(query_plans, no_history_is_read_through)
{
	char *path = mem_printf(w.ctx, "%s/gatehouse.db", w.dir);
	size_t looked = 0;
	sqlite3 *db;

	cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
		const char *name = statements[i].name;
		sqlite3_stmt *st;

		cr_assert_eq(sqlite3_prepare_v2(db, mem_printf(w.ctx, "EXPLAIN QUERY PLAN %s", statements[i].text), -1, &st,
		    NULL), SQLITE_OK, "%s: %s", name, sqlite3_errmsg(db));
		while (sqlite3_step(st) == SQLITE_ROW) {
			const char *step = (const char *)sqlite3_column_text(st, 3);

			looked++;
			cr_expect(!reads_all(step) || is_listed(allowed, name, strlen(name)), "%s: %s", name, step);
		}
		sqlite3_finalize(st);
	}
	sqlite3_close(db);
	cr_expect_gt(looked, sizeof statements / sizeof *statements, "plans were looked at");
	cr_expect(reads_all("SCAN job"), "and one that reads all is seen");
	cr_expect_not(reads_all("SCAN job USING COVERING INDEX job_list"));
	cr_expect_not(reads_all("SEARCH job USING INDEX job_open (state=?)"));
}
