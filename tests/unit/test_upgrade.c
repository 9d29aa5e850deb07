/* Databases of every schema that there was, with rows in them, as this program finds them. */

#include "world.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "store/account.h"
#include "store/gateway.h"
#include "store/job.h"
#include "store/service.h"

TestSuite(upgrade, .init = world_begin, .fini = world_end);

enum { STEP_MAX = 65536, FIRST_ROLES = 12, NUMBER_LEN = 4 };

/* What the first schema has room for; later ones add columns with defaults. */
static const char rows_of_first[] =
    "INSERT INTO account (id, username, password_hash, is_admin, created, created_by, last_updated, last_updated_by) VALUES "
    "('000000000000000000000000', 'anna', 'x', 1, 1, 'a', 1, 'a'), ('100000000000000000000000', 'bert', 'x', 0, 1, 'a', 1, 'a');"
    "INSERT INTO user_group (id, name) VALUES ('200000000000000000000000', 'ops');"
    "INSERT INTO certificate (id, fingerprint, certificate, created, last_updated) VALUES "
    "('300000000000000000000000', 'f', 'c', 1, 1);"
    "INSERT INTO gateway (id, cluster_id, gateway_name, description, enabled, readonly, connector_kind, connector_settings, "
    "created, created_by, last_updated, last_updated_by, last_connected) VALUES "
    "('400000000000000000000000', 'lab', 'lab', '', 1, 0, 'local', '{}', 1, 'a', 1, 'a', 0);"
    "INSERT INTO gateway_group VALUES ('400000000000000000000000', '200000000000000000000000');"
    "INSERT INTO gateway_certificate VALUES ('400000000000000000000000', '300000000000000000000000');"
    "INSERT INTO item (id, gateway_id, kind, name, body) VALUES "
    "('500000000000000000000000', '400000000000000000000000', 'decorators', 'd', '{}'), "
    "('510000000000000000000000', '400000000000000000000000', 'secrets', 's', '{}');"
    "INSERT INTO service (id, uuid, gateway_id, name, type, description, discovered, definition, active, created, last_run) VALUES "
    "('600000000000000000000000', 'u', '400000000000000000000000', 'hello', 'executable', '', 0, '{\"name\":\"hello\"}', 1, 1, 0);"
    "INSERT INTO job (id, attempt_id, request_id, gateway_id, cluster_id, service_id, service, type, params, state, return_code, "
    "requested_by, created, started, ended, elapsed_ms, attempt, cancel_requested, stdout_bytes, stderr_bytes, truncated) VALUES "
    "('700000000000000000000000', 'a1', 'r1', '400000000000000000000000', 'lab', '600000000000000000000000', 'hello', "
    "'executable', '{\"n\":1}', 'completed', 0, 'anna', 1, 2, 3, 1, 1, 0, 3, 0, 0), "
    "('710000000000000000000000', 'a2', 'r2', '400000000000000000000000', 'lab', '600000000000000000000000', 'hello', "
    "'executable', '{}', 'queued', NULL, 'anna', 1, 0, 0, 0, 1, 0, 0, 0, 0);"
    "INSERT INTO output (job_id, stream, at, data) VALUES ('700000000000000000000000', 0, 0, x'68690a');";

/* The text of step N of sql/migrations. */
static const char *
step_text(int n)
{
	const char *top = getenv("srcdir"), *dir = mem_printf(w.ctx, "%s/sql/migrations", top != NULL ? top : "..");
	char number[16], *text = mem_bytes(w.ctx, STEP_MAX);
	const struct dirent *one;
	DIR *d = opendir(dir);
	FILE *f = NULL;

	cr_assert_not_null(d, "%s", dir);
	snprintf(number, sizeof number, "%04d", n);
	while (f == NULL && (one = readdir(d)) != NULL)
		if (strncmp(one->d_name, number, NUMBER_LEN) == 0)
			f = fopen(mem_printf(w.ctx, "%s/%s", dir, one->d_name), "r");
	closedir(d);
	cr_assert_not_null(f, "there is no step %d in %s", n, dir);
	cr_assert_gt(fread(text, 1, STEP_MAX - 1, f), 0);
	fclose(f);
	return text;
}

/* A database as schema N left it: rows as of the first, carried on by each step, and what later ones have room for. */
static void
make_old(int n)
{
	w.db = world_connect();
	world_exec(w.db, "PRAGMA journal_mode=WAL");
	for (int i = 1; i <= n; i++) {
		world_exec(w.db, step_text(i));
		if (i == 1)
			world_exec(w.db, rows_of_first);
	}
	world_exec(w.db, mem_printf(w.ctx, "PRAGMA user_version=%d", n));
}

/* All of it is there, by the functions that the program reads with. */
static void
expect_rows(int from)
{
	struct gateway g = { .id = "" };
	struct service s = { .id = "" };
	struct job j = { 0 };
	struct output_chunk chunk;
	struct error e = { 0 };
	int64_t admins = 0;
	bool found = false;

	cr_assert_eq(account_count_admins(w.db, &admins, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(admins, 1, "from %d", from);
	cr_assert_eq(gateway_by_cluster(w.ctx, w.db, "lab", &g, &found, &e), ERR_OK, "%s", e.detail);
	cr_expect(found && g.enabled && !g.readonly, "from %d", from);
	cr_assert_eq(service_get(w.ctx, w.db, "600000000000000000000000", &s, &e), ERR_OK, "%s", e.detail);
	cr_expect_str_eq(s.name, "hello");
	cr_assert_eq(job_get(w.ctx, w.db, "700000000000000000000000", &j, &e), ERR_OK, "%s", e.detail);
	cr_expect_str_eq(j.state, "completed");
	cr_expect_eq(j.return_code, 0);
	cr_expect_str_eq(j.params, "{\"n\":1}");
	cr_assert_eq(output_next(w.ctx, w.db, j.id, 0, 0, &chunk, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(chunk.n, 3);
	cr_expect_eq(world_count(w.db, "job WHERE kept_bytes = 10 OR state = 'queued'"), 2, "from %d", from);
	cr_expect_eq(world_count(w.db, "secret WHERE name = 's'"), 1, "from %d: a secret of an item", from);
	cr_expect_eq(world_count(w.db, "item"), 1, "from %d", from);
	cr_expect_eq(world_count(w.db, "account_role WHERE role = 'gateway:read'"), 1, "from %d: who could read can", from);
	cr_expect_eq(world_count(w.db, "gateway_group"), 2, "from %d", from);
	cr_expect_eq(world_pragma(w.db, "SELECT count(*) FROM pragma_foreign_key_check"), 0, "from %d", from);
	cr_expect_eq(world_pragma(w.db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1, "from %d", from);
}

/* Every table and index as a new database has it, to the letter. */
static void
expect_schema(int from)
{
	struct config c = *w.config;
	struct error e = { 0 };
	struct db *fresh;

	c.state_dir = mem_printf(w.ctx, "%s/fresh%d", w.dir, from);
	cr_assert_eq(mkdir(c.state_dir, 0700), 0);
	fresh = db_open(w.ctx, &c, true, &e);
	cr_assert_eq(migrate_run(fresh, NULL, &e), ERR_OK, "%s", e.detail);
	mem_free(fresh);
	world_exec(w.db, mem_printf(w.ctx, "ATTACH '%s/gatehouse.db' AS fresh", c.state_dir));
	cr_expect_eq(world_pragma(w.db, "SELECT count(*) FROM (SELECT type, name, sql FROM main.sqlite_schema EXCEPT "
	    "SELECT type, name, sql FROM fresh.sqlite_schema)"), 0, "from %d", from);
	cr_expect_eq(world_pragma(w.db, "SELECT count(*) FROM (SELECT type, name, sql FROM fresh.sqlite_schema EXCEPT "
	    "SELECT type, name, sql FROM main.sqlite_schema)"), 0, "from %d", from);
	world_exec(w.db, "DETACH fresh");
}

static void
upgrade_from(int from)
{
	const char *path = config_path(w.ctx, w.config, "gatehouse.db");
	struct error e = { 0 };
	int was = -1;

	make_old(from);
	cr_assert_eq(migrate_run(w.db, &was, &e), ERR_OK, "from %d: %s", from, e.detail);
	cr_expect_eq(was, from);
	cr_expect_eq(world_pragma(w.db, "PRAGMA user_version"), migrate_wanted());
	cr_expect_eq(db_prepare_all(w.db, &e), ERR_OK, "from %d: %s", from, e.detail);
	expect_rows(from);
	expect_schema(from);
	mem_free(w.db);
	cr_assert_eq(rename(path, mem_printf(w.ctx, "%s.%d", path, from)), 0);
}

Test(upgrade, from_every_schema)
{
	for (int from = 1; from <= migrate_wanted(); from++)
		upgrade_from(from);
}

/* A step that cannot be done leaves the database as it was, with its rows. */
Test(upgrade, a_step_that_fails_leaves_the_older_one)
{
	struct error e = { 0 };

	make_old(FIRST_ROLES - 1);
	world_exec(w.db, "CREATE TABLE account_role (x)");
	cr_expect_neq(migrate_run(w.db, NULL, &e), ERR_OK);
	cr_expect_eq(world_pragma(w.db, "PRAGMA user_version"), FIRST_ROLES - 1);
	cr_expect_eq(world_count(w.db, "account WHERE is_admin = 1"), 1);
	world_exec(w.db, "DROP TABLE account_role");
	cr_expect_eq(migrate_run(w.db, NULL, &e), ERR_OK, "%s", e.detail);
	expect_rows(FIRST_ROLES - 1);
}
