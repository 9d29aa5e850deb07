/* The database as a file: copies of it while others write, and what takes its place. */

#include "world.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

#include "db/file.h"
#include "run/restored.h"
#include "store/account.h"

TestSuite(db_file, .init = world_open, .fini = world_end);

enum { ROWS = 4000, SMALL_DISK = 1 << 20 };

static const char fill[] = "INSERT INTO user_group (id, name) "
    "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 4000) "
    "SELECT 'id' || n, hex(randomblob(200)) || n FROM c";

/* What a copy meets on its way: WRITER writes at each call of tell(). */
struct seen {
	struct db *writer;
	int calls;
	int64_t total;
	int stop_at;		/* the call that gives it up; 0: none */
};

static enum err
tell(void *arg, int64_t done, int64_t total, struct error *e)
{
	struct seen *s = arg;

	cr_expect_leq(done, total);
	s->total = total;
	if (++s->calls == s->stop_at)
		return error_set(e, ERR_CONFLICT, "enough");
	if (s->writer != NULL)
		world_exec(s->writer, mem_printf(w.ctx, "INSERT INTO user_group (id, name) VALUES ('late%d', 'late%d')",
		    s->calls, s->calls));
	return ERR_OK;
}

/* An empty file below the state directory. */
static const char *
target(void)
{
	const char *path = config_path(w.ctx, w.config, "copy");
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	cr_assert_geq(fd, 0);
	close(fd);
	return path;
}

/* The copy as the database of a state directory of its own. */
static struct db *
open_copy(const char *path)
{
	struct config c = *w.config;
	struct error e = { 0 };
	struct db *db;

	c.state_dir = mem_printf(w.ctx, "%s/of-copy", w.dir);
	cr_assert_eq(mkdir(c.state_dir, 0700), 0);
	cr_assert_eq(rename(path, config_path(w.ctx, &c, "gatehouse.db")), 0);
	db = db_open(w.ctx, &c, false, &e);
	cr_assert_not_null(db, "%s", e.detail);
	return db;
}

/* Others write between each two of its steps: it neither begins anew for ever, nor has what they write. */
Test(db_file, a_copy_is_of_one_moment)
{
	struct seen s = { .writer = world_connect() };
	const char *path = target();
	struct error e = { 0 };
	struct db *db;

	world_exec(w.db, fill);
	cr_assert_eq(db_copy(w.db, path, tell, &s, &e), ERR_OK, "%s", e.detail);
	cr_expect_geq(s.calls, 2);
	cr_expect_eq(world_count(w.db, "user_group"), ROWS + s.calls);
	db = open_copy(path);
	/* The first call comes before the first page, but not before the moment. */
	cr_expect_eq(world_count(db, "user_group"), ROWS);
	cr_expect_eq(db_judge(db, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(world_pragma(db, "PRAGMA user_version"), migrate_wanted());
	/* It goes on as any other. */
	cr_expect_eq(migrate_run(db, NULL, &e), ERR_OK, "%s", e.detail);
	world_exec(db, "INSERT INTO user_group (id, name) VALUES ('x', 'x')");
	cr_expect_eq(world_pragma(db, "SELECT auto_vacuum FROM pragma_auto_vacuum"), 2);
}

Test(db_file, a_copy_that_is_given_up)
{
	struct seen s = { .stop_at = 1 };
	const char *path = target();
	struct error e = { 0 };
	struct stat st;

	cr_expect_eq(db_copy(w.db, path, tell, &s, &e), ERR_CONFLICT);
	cr_expect_str_eq(e.detail, "enough");
	cr_expect(stat(path, &st) == 0 && st.st_size == 0, "nothing was written yet");
	world_exec(w.db, fill);
	s = (struct seen){ .stop_at = 2 };
	cr_expect_eq(db_copy(w.db, path, tell, &s, &e), ERR_CONFLICT);
	/* The connection is as good as before. */
	s = (struct seen){ 0 };
	cr_expect_eq(db_copy(w.db, target(), tell, &s, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(world_count(open_copy(path), "user_group"), ROWS);
}

Test(db_file, no_room_for_a_copy)
{
	const char *disk = mem_printf(w.ctx, "%s/disk", w.dir), *path = mem_printf(w.ctx, "%s/copy", disk);
	struct seen s = { 0 };
	struct error e = { 0 };
	int fd;

	cr_assert_eq(mkdir(disk, 0700), 0);
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", disk, "tmpfs", 0, "size=1M") != 0) {
		world_end();
		cr_skip_test("no_room_for_a_copy: lacks the right to mount a file system");
	}
	world_exec(w.db, fill);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	cr_assert_geq(fd, 0);
	close(fd);
	cr_expect_eq(db_copy(w.db, path, tell, &s, &e), ERR_UNAVAILABLE);
	world_is_sentence(&e);
	cr_expect_not_null(strstr(e.detail, "disk is full"), "%s", e.detail);
	cr_expect_gt(s.total, SMALL_DISK);
	cr_expect_eq(world_count(w.db, "user_group"), ROWS);
	cr_expect_eq(umount(disk), 0);
}

Test(db_file, what_is_damaged_is_not_copied)
{
	struct seen s = { 0 };
	struct error e = { 0 };
	char junk[4096 * 8];
	int fd;

	world_exec(w.db, fill);
	db_rest(w.db);
	mem_free(w.db);
	memset(junk, 0xaa, sizeof junk);
	fd = open(config_path(w.ctx, w.config, "gatehouse.db"), O_WRONLY);
	cr_assert_eq(pwrite(fd, junk, sizeof junk, 4096 * 200), (ssize_t)sizeof junk);
	close(fd);
	w.db = world_connect();
	cr_expect_eq(db_copy(w.db, target(), tell, &s, &e), ERR_INTERNAL);
	cr_expect_not_null(strstr(e.detail, "damaged"), "%s", e.detail);
	cr_expect_eq(db_judge(w.db, &e), ERR_INTERNAL);
}

Test(db_file, what_is_another_database)
{
	struct config c = *w.config;
	struct error e = { 0 };
	struct db *db;

	c.state_dir = mem_printf(w.ctx, "%s/other", w.dir);
	cr_assert_eq(mkdir(c.state_dir, 0700), 0);
	db = db_open(w.ctx, &c, true, &e);
	cr_expect_eq(db_judge(db, &e), ERR_INVALID, "an empty one");
	world_exec(db, "CREATE TABLE account (x); CREATE TABLE job (x)");
	cr_expect_eq(db_judge(db, &e), ERR_INVALID);
	world_is_sentence(&e);
}

/* What would be written into a file that was moved away would be lost: it is refused, and can be read on. */
Test(db_file, a_file_that_was_moved_is_not_written)
{
	const char *path = config_path(w.ctx, w.config, "gatehouse.db");
	struct error e = { 0 };
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	cr_assert_eq(rename(path, mem_printf(w.ctx, "%s.away", path)), 0);
	cr_expect_eq(txn_begin(&t, w.db, &e), ERR_UNAVAILABLE);
	cr_expect_not_null(strstr(e.detail, "moved away"), "%s", e.detail);
	cr_expect_eq(world_count(w.db, "account"), 0);
	cr_assert_eq(rename(mem_printf(w.ctx, "%s.away", path), path), 0);
	cr_expect_eq(txn_begin(&t, w.db, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(txn_commit(&t, &e), ERR_OK);
}

Test(db_file, alone)
{
	struct db *other = world_connect(), *third;
	struct error e = { 0 };
	TXN(t);

	cr_expect_eq(world_count(other, "account"), 0);
	cr_expect_eq(db_alone(w.db, &e), ERR_UNAVAILABLE, "another one has it open");
	mem_free(other);
	cr_expect_eq(db_alone(w.db, &e), ERR_OK, "%s", e.detail);
	cr_expect_neq(access(config_path(w.ctx, w.config, "gatehouse.db-wal"), F_OK), 0);
	cr_expect_null(db_open(w.ctx, w.config, false, &e));
	cr_expect_eq(e.code, ERR_UNAVAILABLE);
	db_let_in(w.db);
	third = world_connect();
	cr_expect_eq(migrate_run(third, NULL, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(txn_begin(&t, third, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(world_count(w.db, "account"), 0, "readers and a writer do not wait for each other");
	cr_expect_eq(txn_commit(&t, &e), ERR_OK);
}

/* ---- what comes back ---- */

static void
put_job(const char *id, const char *state, int attempt)
{
	world_exec(w.db, mem_printf(w.ctx, "INSERT INTO job (id, attempt_id, request_id, gateway_id, cluster_id, "
	    "service_id, service, type, params, order_params, state, requested_by, created, started, ended, elapsed_ms, "
	    "attempt, cancel_requested, stdout_bytes, stderr_bytes, truncated) VALUES ('%s', 'a%s', 'r%s', 'g', 'g', 's', "
	    "'s', 'executable', '{}', 'secret', '%s', 'a', 1, %d, 0, 0, %d, 0, 3, 0, 0)", id, id, id, state,
	    strcmp(state, "running") == 0, attempt));
}

Test(db_file, what_had_not_ended_is_lost)
{
	struct restored r = { 0 };
	struct error e = { 0 };
	TXN(t);

	put_job("one", "queued", 1);
	put_job("two", "running", 1);
	put_job("three", "queued", 2);
	put_job("four", "running", 2);
	put_job("five", "completed", 1);
	world_exec(w.db, "INSERT INTO output (job_id, stream, at, data) VALUES ('two', 0, 0, x'616263')");
	world_exec(w.db, "INSERT INTO account (id, username, password_hash, created, created_by, last_updated, "
	    "last_updated_by) VALUES ('a', 'a', 'x', 1, 'a', 1, 'a')");
	world_exec(w.db, "INSERT INTO session (id, digest, kind, name, account_id, parent_id, remote, created, created_by, "
	    "last_used, expires) VALUES ('s', 's', 'api', 't', 'a', NULL, '', 1, 'a', 1, 0), "
	    "('o', 'o', 'oauth', NULL, 'a', 's', '', 1, 'a', 1, 9), ('l', 'l', 'login', NULL, 'a', NULL, '', 1, 'a', 1, 9)");
	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_expect_eq(restored_settle(w.db, &r, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	cr_expect_eq(r.jobs, 4);
	cr_expect_eq(r.tokens, 1);
	cr_expect_eq(r.states, 0);
	cr_expect_eq(world_count(w.db, "job WHERE state = 'lost' AND ended > 1 AND error LIKE 'it was % when the backup was "
	    "made%' AND order_params IS NULL AND return_code IS NULL"), 4);
	cr_expect_eq(world_count(w.db, "job WHERE state = 'completed' AND error IS NULL AND order_params = 'secret'"), 1);
	cr_expect_eq(world_count(w.db, "job_event WHERE event = 'lost'"), 4);
	cr_expect_eq(world_count(w.db, "job_attempt WHERE job_id = 'four' AND attempt = 2 AND state = 'lost'"), 1);
	cr_expect_eq(world_count(w.db, "job_attempt"), 1, "an attempt that never began has no row");
	cr_expect_eq(world_count(w.db, "job WHERE id = 'two' AND kept_bytes = 5"), 1);
	cr_expect_eq(world_count(w.db, "session"), 1);
	cr_expect_eq(world_count(w.db, "session WHERE kind = 'api'"), 1);
}
