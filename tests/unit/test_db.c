#include "world.h"

#include <string.h>

#include "store/account.h"
#include "store/item.h"
#include "store/job.h"

TestSuite(db, .init = world_open, .fini = world_end);
TestSuite(migrate, .init = world_begin, .fini = world_end);

static const struct account anna = {
	.id = "aaaaaaaaaaaaaaaaaaaaaaaa", .username = "anna", .password_hash = "h",
	.created_by = "t", .last_updated_by = "t",
};

static enum err
insert_anna(struct db *db, struct error *e)
{
	TXN(t);

	if (txn_begin(&t, db, e) != ERR_OK || account_insert(db, &anna, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

/* ---- opening ---- */

Test(db, every_statement_prepares)
{
	struct error e = { 0 };

	cr_expect_eq(db_prepare_all(w.db, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(db_prepare_all(w.db, &e), ERR_OK, "again, from the prepared ones");
}

Test(db, settings_of_a_connection)
{
	cr_expect_eq(world_pragma(w.db, "PRAGMA foreign_keys"), 1);
	cr_expect_eq(world_pragma(w.db, "PRAGMA synchronous"), 2, "FULL");
	cr_expect_eq(world_pragma(w.db, "PRAGMA trusted_schema"), 0);
	cr_expect_eq(world_pragma(w.db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
	w.config->database_synchronous = "normal";
	cr_expect_eq(world_pragma(world_connect(), "PRAGMA synchronous"), 1, "NORMAL");
}

Test(db, a_missing_file_is_not_made_unless_asked)
{
	struct error e = { 0 };
	SCOPED(tmp, NULL);
	struct config *c = config_defaults(tmp, mem_printf(tmp, "%s/none", w.dir));

	cr_expect_null(db_open(tmp, c, false, &e));
	cr_expect_eq(e.code, ERR_UNAVAILABLE);
	cr_expect_not_null(strstr(e.detail, "gatehouse init"), "%s", e.detail);
	cr_expect_null(db_open(tmp, c, true, &e), "there is no such directory");
	cr_expect_eq(e.code, ERR_UNAVAILABLE);
	cr_expect_neq(access(c->state_dir, F_OK), 0);
}

Test(db, what_is_wrong_with_sql_is_said)
{
	struct error e = { 0 };
	int64_t n = 7;

	cr_expect_eq(db_exec(w.db, "SELECT FROM", &e), ERR_INTERNAL);
	world_is_sentence(&e);
	cr_expect_eq(db_pragma(w.db, "PRAGMA user_version; x", &n, &e), ERR_OK, "the first statement only");
	cr_expect_eq(db_pragma(w.db, "SELECT nothing", &n, &e), ERR_INTERNAL);
	cr_expect_not_null(strstr(e.detail, "nothing"), "%s", e.detail);
}

/* Statements of a database that has no tables yet: errors, each time, and no crash. */
Test(migrate, statements_fail_before_the_tables_are_there)
{
	struct db *db = world_connect();
	struct error e = { 0 };
	struct account a = { .username = "kept" };
	struct records all;
	bool found = true;

	cr_expect_eq(db_prepare_all(db, &e), ERR_INTERNAL);
	cr_expect_not_null(strstr(e.detail, "no such table"), "%s", e.detail);
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(account_find(w.ctx, db, "anna", &a, &found, &e), ERR_INTERNAL);
		cr_expect_not(found);
		cr_expect_eq(account_list(w.ctx, db, &all, &e), ERR_INTERNAL);
		cr_expect_eq(all.n, 0);
		cr_expect_eq(insert_anna(db, &e), ERR_INTERNAL);
	}
	cr_expect_str_eq(a.username, "kept");
	world_migrate(db);
	cr_expect_eq(insert_anna(db, &e), ERR_OK, "the same statements, now that they can be prepared: %s", e.detail);
	cr_expect_eq(account_find(w.ctx, db, "anna", &a, &found, &e), ERR_OK);
	cr_expect(found);
}

/* ---- transactions ---- */

Test(db, a_transaction_is_rolled_back_unless_committed)
{
	struct db *other = world_connect();
	struct error e = { 0 };

	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(account_insert(w.db, &anna, &e), ERR_OK);
		cr_expect_eq(world_count(w.db, "account"), 1);
		cr_expect_eq(world_count(other, "account"), 0, "seen by others before its commit");
	}
	cr_expect_eq(world_count(w.db, "account"), 0);
	cr_expect_eq(insert_anna(w.db, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(world_count(other, "account"), 1);
}

Test(db, txn_end_without_begin_does_nothing)
{
	struct error e = { 0 };

	{
		TXN(never);

		cr_expect_null(never.db);
	}
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		txn_end(&t);
		txn_end(&t);
		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK, "%s", e.detail);
		cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	}
	cr_expect_eq(insert_anna(w.db, &e), ERR_OK);
}

/* What is broken within a transaction breaks all of it. */
Test(db, a_conflict_leaves_nothing_behind)
{
	struct account twin = anna;
	struct error e = { 0 };

	twin.id = "bbbbbbbbbbbbbbbbbbbbbbbb";
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(account_insert(w.db, &anna, &e), ERR_OK);
		cr_expect_eq(account_insert(w.db, &twin, &e), ERR_CONFLICT);
		cr_expect_not_null(strstr(e.detail, "anna"), "%s", e.detail);
	}
	cr_expect_eq(world_count(w.db, "account"), 0);
}

Test(db, a_broken_reference_is_a_conflict)
{
	struct item orphan = { .id = "i", .gateway_id = "none", .kind = "k", .name = "n", .body = "{}" };
	struct error e = { 0 };
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_expect_eq(item_put(w.db, &orphan, &e), ERR_CONFLICT);
	world_is_sentence(&e);
}

/* A STRICT table takes no text for a number: ours never gives one, a hand in the file might. */
Test(db, tables_are_strict)
{
	struct error e = { 0 };

	cr_expect_neq(db_exec(w.db, "INSERT INTO account VALUES ('x', 'x', 'x', 'yes', 0, '', 0, '')", &e), ERR_OK);
	cr_expect_eq(world_count(w.db, "account"), 0);
}

static void
nest(void *arg)
{
	struct txn a = { NULL }, b = { NULL };
	struct error e;
	struct db *db = db_open(NULL, w.config, true, &e);

	(void)arg;
	if (db == NULL || migrate_run(db, NULL, &e) != ERR_OK || txn_begin(&a, db, &e) != ERR_OK ||
	    txn_begin(&b, db, &e) != ERR_OK)
		_exit(1);
}

static void
write_in_a_get(void *arg)
{
	struct txn t = { NULL };
	struct error e;
	struct db *db = db_open(NULL, w.config, true, &e);

	(void)arg;
	if (db == NULL || migrate_run(db, NULL, &e) != ERR_OK)
		_exit(1);
	db_writable(db, false);
	if (txn_begin(&t, db, &e) != ERR_OK)
		_exit(1);
}

static void
write_without_transaction(void *arg)
{
	struct error e;
	struct db *db = db_open(NULL, w.config, true, &e);

	(void)arg;
	if (db == NULL || migrate_run(db, NULL, &e) != ERR_OK || account_insert(db, &anna, &e) != ERR_OK)
		_exit(1);
}

static void
use_twice(void *arg)
{
	struct error e;
	struct db *db = db_open(NULL, w.config, true, &e);

	(void)arg;
	if (db == NULL || migrate_run(db, NULL, &e) != ERR_OK)
		_exit(1);
	stmt_get(db, SQL_ACCOUNT_LIST);
	stmt_get(db, SQL_ACCOUNT_LIST);
}

static void
bind_unknown(void *arg)
{
	struct error e;
	struct db *db = db_open(NULL, w.config, true, &e);

	(void)arg;
	if (db == NULL || migrate_run(db, NULL, &e) != ERR_OK)
		_exit(1);
	stmt_text(stmt_get(db, SQL_ACCOUNT_BY_USERNAME), "user", "anna");
}

/* Our own mistakes end the process, before anything is written. */
Test(migrate, mistakes_of_ours_abort)
{
	cr_expect(world_aborts(nest, NULL), "transactions nest");
	cr_expect(world_aborts(write_in_a_get, NULL), "a GET writes");
	cr_expect(world_aborts(write_without_transaction, NULL), "a write without a transaction");
	cr_expect(world_aborts(use_twice, NULL), "a statement is used twice at once");
	cr_expect(world_aborts(bind_unknown, NULL), "an unknown parameter is bound");
	cr_expect_eq(world_count(world_connect(), "account"), 0);
}

Test(db, a_get_may_read_and_a_post_write_again)
{
	struct account a = { 0 };
	struct error e = { 0 };
	bool found;

	cr_assert_eq(insert_anna(w.db, &e), ERR_OK);
	db_writable(w.db, false);
	cr_expect_eq(account_find(w.ctx, w.db, "anna", &a, &found, &e), ERR_OK);
	cr_expect(found);
	db_writable(w.db, true);
	{
		TXN(t);

		cr_expect_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_expect_eq(account_delete(w.db, "anna", &e), ERR_OK);
		cr_expect_eq(txn_commit(&t, &e), ERR_OK);
	}
	cr_expect_eq(world_count(w.db, "account"), 0);
}

/* ---- statements ---- */

/* A SELECT that was not read to its end does not stand in the way of a write of one's own. */
Test(db, a_statement_is_given_back_at_scope_end)
{
	struct error e = { 0 };
	bool more;

	cr_assert_eq(insert_anna(w.db, &e), ERR_OK);
	for (int i = 0; i < 3; i++) {
		STMT(st, w.db, SQL_ACCOUNT_LIST);

		cr_assert_eq(stmt_row(st, &more, &e), ERR_OK);
		cr_expect(more);
	}
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(account_set_password(w.db, "anna", "new", "t", &e), ERR_OK);
		cr_expect_eq(txn_commit(&t, &e), ERR_OK, "%s", e.detail);
	}
}

Test(db, bindings_do_not_outlive_a_use)
{
	struct error e = { 0 };
	bool more;

	cr_assert_eq(insert_anna(w.db, &e), ERR_OK);
	{
		STMT(st, w.db, SQL_ACCOUNT_BY_USERNAME);

		stmt_text(st, "username", "anna");
		cr_expect_eq(stmt_row(st, &more, &e), ERR_OK);
		cr_expect(more);
		cr_expect(stmt_wants(st, "username"));
		cr_expect_not(stmt_wants(st, "usernam"));
		cr_expect_not(stmt_wants(st, ""));
		cr_expect_not(stmt_wants(st, "a_name_that_is_much_longer_than_any_parameter_of_ours_can_ever_be_at_all"));
	}
	{
		STMT(st, w.db, SQL_ACCOUNT_BY_USERNAME);

		cr_expect_eq(stmt_row(st, &more, &e), ERR_OK);
		cr_expect_not(more, "the binding of the use before is still there");
	}
}

Test(db, texts_from_outside_are_never_sql)
{
	static const char *const hostile[] = { "' OR 1=1 --", "\"; DROP TABLE account; --", "%", ":username", "", "\x01" };
	struct account a = { 0 };
	struct error e = { 0 };
	bool found;

	cr_assert_eq(insert_anna(w.db, &e), ERR_OK);
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		cr_expect_eq(account_find(w.ctx, w.db, hostile[i], &a, &found, &e), ERR_OK);
		cr_expect_not(found, "%s", hostile[i]);
	}
	cr_expect_eq(world_count(w.db, "account"), 1);
}

/* The file alone, without its log. */
static struct db *
copy_of_the_file(void)
{
	SCOPED(tmp, NULL);
	struct config *c = config_defaults(w.ctx, mem_printf(tmp, "%s/copy", w.dir));
	struct error e = { 0 };
	struct db *db;
	char bytes[4096];
	int from, to;
	ssize_t n;

	cr_assert(mkdir(c->state_dir, 0700) == 0);
	from = open(config_path(tmp, w.config, "gatehouse.db"), O_RDONLY);
	to = open(config_path(tmp, c, "gatehouse.db"), O_WRONLY | O_CREAT, 0600);
	while ((n = read(from, bytes, sizeof bytes)) > 0)
		cr_assert_eq(write(to, bytes, (size_t)n), n);
	/* FROM stays open: closing it would drop this process's locks on the database. */
	close(to);
	db = db_open(w.ctx, c, false, &e);
	cr_assert_not_null(db, "%s", e.detail);
	return db;
}

Test(db, rest_moves_the_log_into_the_file)
{
	struct error e = { 0 };
	struct db *copy;

	cr_assert_eq(insert_anna(w.db, &e), ERR_OK);
	db_rest(w.db);
	copy = copy_of_the_file();
	cr_expect_eq(world_count(copy, "account"), 1);
	cr_expect_eq(world_pragma(copy, "SELECT quick_check = 'ok' FROM pragma_quick_check"), 1);
	cr_expect_eq(account_find(w.ctx, w.db, "anna", &(struct account){ 0 }, &(bool){ 0 }, &e), ERR_OK);
}

/* ---- migrations ---- */

Test(migrate, fresh_and_repeated)
{
	struct db *db = world_connect();
	struct error e = { 0 };
	int from = -1;

	cr_expect_gt(migrate_wanted(), 0);
	cr_expect_eq(migrate_run(db, &from, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(from, 0);
	cr_expect_eq(world_pragma(db, "PRAGMA user_version"), migrate_wanted());
	cr_expect_eq(insert_anna(db, &e), ERR_OK);
	cr_expect_eq(migrate_run(db, &from, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(from, migrate_wanted());
	cr_expect_eq(migrate_run(world_connect(), NULL, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(world_count(db, "account"), 1);
	cr_expect_eq(db_prepare_all(db, &e), ERR_OK, "%s", e.detail);
}

Test(migrate, a_newer_database_is_refused_untouched)
{
	struct db *db = world_connect();
	struct error e = { 0 };
	int64_t tables, changes;
	int from = -1;
	SCOPED(tmp, NULL);

	world_migrate(db);
	tables = world_count(db, "sqlite_schema");
	world_exec(db, mem_printf(tmp, "PRAGMA user_version=%d", migrate_wanted() + 1));
	changes = world_pragma(db, "PRAGMA data_version");
	cr_expect_eq(migrate_run(db, &from, &e), ERR_INTERNAL);
	cr_expect_not_null(strstr(e.detail, "newer"), "%s", e.detail);
	cr_expect_eq(from, -1);
	cr_expect_eq(migrate_run(world_connect(), NULL, &e), ERR_INTERNAL);
	cr_expect_eq(world_pragma(db, "PRAGMA data_version"), changes, "another connection wrote");
	cr_expect_eq(world_count(db, "sqlite_schema"), tables);
	cr_expect_eq(world_pragma(db, "PRAGMA user_version"), migrate_wanted() + 1);
}

/* A table of that name is there already: the step is undone, its number too. */
Test(migrate, a_step_that_fails_is_undone)
{
	struct db *db = world_connect();
	struct error e = { 0 };

	world_exec(db, "CREATE TABLE output (x)");
	cr_expect_eq(migrate_run(db, NULL, &e), ERR_INTERNAL);
	cr_expect_not_null(strstr(e.detail, "output"), "%s", e.detail);
	cr_expect_eq(world_pragma(db, "PRAGMA user_version"), 0);
	cr_expect_eq(world_count(db, "sqlite_schema WHERE type = 'table'"), 1, "tables of a half step are left");
	world_exec(db, "DROP TABLE output");
	world_migrate(db);
	cr_expect_eq(db_prepare_all(db, &e), ERR_OK, "%s", e.detail);
}

static void
migrate_apart(void *start)
{
	const int *pipe_end = start;
	struct error e = { 0 };
	struct db *db;
	char go;

	if (read(*pipe_end, &go, 1) != 0)
		_exit(2);
	db = db_open(NULL, w.config, true, &e);
	if (db == NULL || migrate_run(db, NULL, &e) != ERR_OK) {
		dprintf(STDOUT_FILENO, "%s\n", e.detail);
		_exit(1);
	}
	_exit(db_prepare_all(db, &e) == ERR_OK ? 0 : 3);
}

/* Both programs are started at once for the first time: the pipe's end lets them go together. */
Test(migrate, several_processes_at_once)
{
	enum { AT_ONCE = 4, ROUNDS = 10, BUSY_S = 60 };
	pid_t pids[AT_ONCE];
	int gate[2], status;
	struct error e = { 0 };
	SCOPED(tmp, NULL);

	w.config->database_busy_timeout = BUSY_S;
	for (int round = 0; round < ROUNDS; round++) {
		cr_assert_eq(pipe(gate), 0);
		for (int i = 0; i < AT_ONCE; i++) {
			pids[i] = fork();
			cr_assert_geq(pids[i], 0);
			if (pids[i] == 0) {
				close(gate[1]);
				migrate_apart(&gate[0]);
			}
		}
		close(gate[0]);
		close(gate[1]);
		for (int i = 0; i < AT_ONCE; i++) {
			cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
			cr_expect_eq(status, 0, "round %d, process %d: status %x", round, i, (unsigned)status);
		}
		w.db = world_connect();
		cr_expect_eq(world_pragma(w.db, "PRAGMA user_version"), migrate_wanted());
		cr_expect_eq(db_prepare_all(w.db, &e), ERR_OK, "%s", e.detail);
		mem_free(w.db);
		cr_assert_eq(unlink(config_path(tmp, w.config, "gatehouse.db")), 0);
		unlink(config_path(tmp, w.config, "gatehouse.db-wal"));
		unlink(config_path(tmp, w.config, "gatehouse.db-shm"));
	}
}
