#include "world.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "store/account.h"

/* What a disk, an administrator or another program can do to the database. */

TestSuite(db_fault, .init = world_begin, .fini = world_end, .timeout = 120);

enum { NOBODY = 65534, BIG = 1500000, SMALL_DISK = 1200 };

static const char big_size[] = "size=1200k";

static enum err
insert(struct db *db, const char *name, size_t hash_size, struct error *e)
{
	SCOPED(tmp, NULL);
	char *hash = mem_bytes(tmp, hash_size + 1);
	struct account a = {
		.id = name, .username = name, .password_hash = memset(hash, 'h', hash_size),
		.created_by = "t", .last_updated_by = "t",
	};
	TXN(t);

	if (txn_begin(&t, db, e) != ERR_OK || account_insert(db, &a, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

/* Is an error that trying again or making room may help with; SAYS is a part of it. */
static void
expect_unavailable(enum err rc, const struct error *e, const char *says)
{
	cr_expect_eq(rc, ERR_UNAVAILABLE, "%s: %s", err_name(rc), rc == ERR_OK ? "" : e->detail);
	if (rc == ERR_OK)
		return;
	world_is_sentence(e);
	cr_expect_not_null(strstr(e->detail, says), "\"%s\" lacks \"%s\"", e->detail, says);
}

/* ---- locked ---- */

/* Another process that holds the lock on the database from the byte it writes until the byte it reads. */
struct locker {
	pid_t pid;
	int to, from;
};

static void
lock_apart(int in, int out)
{
	struct error e;
	struct db *db;
	struct txn t = { NULL };
	char c;

	while (read(in, &c, 1) == 1) {
		db = db_open(NULL, w.config, false, &e);
		if (db == NULL || txn_begin(&t, db, &e) != ERR_OK)
			_exit(1);
		if (write(out, "x", 1) != 1 || read(in, &c, 1) != 1)
			_exit(2);
		txn_end(&t);
		mem_free(db);
		if (write(out, "x", 1) != 1)
			_exit(3);
	}
	_exit(0);
}

/* Before this process has the database open: SQLite must not be carried across a fork. */
static struct locker
locker_start(void)
{
	struct locker l;
	int to[2], from[2];

	cr_assert(pipe(to) == 0 && pipe(from) == 0);
	l.pid = fork();
	cr_assert_geq(l.pid, 0);
	if (l.pid == 0) {
		close(to[1]);
		lock_apart(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	l.to = to[1];
	l.from = from[0];
	return l;
}

/* Locks, then unlocks, and so on. */
static void
locker_step(const struct locker *l)
{
	char c;

	cr_assert_eq(write(l->to, "x", 1), 1);
	cr_assert_eq(read(l->from, &c, 1), 1, "the other process failed");
}

static void
locker_end(const struct locker *l)
{
	int status;

	close(l->to);
	close(l->from);
	cr_assert_eq(waitpid(l->pid, &status, 0), l->pid);
	cr_expect_eq(status, 0);
}

Test(db_fault, locked_by_another_process)
{
	struct locker l = locker_start();
	struct error e = { 0 };

	w.db = world_connect();
	world_migrate(w.db);
	cr_assert_eq(insert(w.db, "before", 10, &e), ERR_OK);
	for (int i = 0; i < 2; i++) {
		locker_step(&l);
		expect_unavailable(insert(w.db, "during", 10, &e), &e, "locked by another program");
		cr_expect_eq(world_count(w.db, "account"), 1 + i, "reading does not wait for writers");
		locker_step(&l);
		cr_expect_eq(insert(w.db, i == 0 ? "after" : "again", 10, &e), ERR_OK, "%s", e.detail);
	}
	locker_end(&l);
	cr_expect_eq(world_count(w.db, "account"), 3);
	cr_expect_eq(world_count(w.db, "account WHERE username = 'during'"), 0);
}

/* A busy timeout waits for the other one's commit instead. */
Test(db_fault, waits_for_another_process)
{
	struct locker l = locker_start();
	struct error e = { 0 };
	pid_t pid;
	int status;

	world_migrate(world_connect());
	mem_free(w.ctx);
	w.ctx = mem_scope(NULL);
	w.config = config_defaults(w.ctx, w.dir);
	locker_step(&l);
	pid = fork();
	if (pid == 0) {
		w.db = db_open(NULL, w.config, false, &e);
		_exit(w.db != NULL && insert(w.db, "patient", 10, &e) == ERR_OK ? 0 : 1);
	}
	locker_step(&l);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
	locker_end(&l);
	cr_expect_eq(world_count(world_connect(), "account"), 1);
}

Test(db_fault, migration_of_a_locked_database)
{
	struct locker l = locker_start();
	struct error e = { 0 };

	w.db = world_connect();
	world_migrate(w.db);
	world_exec(w.db, "PRAGMA user_version=1; ALTER TABLE certificate DROP COLUMN not_after");
	locker_step(&l);
	expect_unavailable(migrate_run(w.db, NULL, &e), &e, "locked");
	cr_expect_eq(world_pragma(w.db, "PRAGMA user_version"), 1);
	locker_step(&l);
	locker_end(&l);
}

/* ---- no room ---- */

/* SQLite's own bound gives a true SQLITE_FULL, which rolls back by itself. */
Test(db_fault, full)
{
	struct error e = { 0 };
	SCOPED(tmp, NULL);

	w.db = world_connect();
	world_migrate(w.db);
	cr_assert_eq(insert(w.db, "before", 10, &e), ERR_OK);
	world_exec(w.db, mem_printf(tmp, "PRAGMA max_page_count=%lld",
	    (long long)world_pragma(w.db, "PRAGMA page_count") + 5));
	for (int i = 0; i < 3; i++) {
		expect_unavailable(insert(w.db, "during", BIG, &e), &e, "full");
		cr_expect_eq(world_count(w.db, "account"), 1);
	}
	cr_expect_eq(insert(w.db, "small", 10, &e), ERR_OK, "what fits is still written: %s", e.detail);
	world_exec(w.db, "PRAGMA max_page_count=100000");
	cr_expect_eq(insert(w.db, "after", BIG, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(world_count(w.db, "account"), 3);
	cr_expect_eq(world_pragma(w.db, "SELECT quick_check = 'ok' FROM pragma_quick_check"), 1);
}

/* After SQLITE_FULL has ended the transaction, nothing of the rest may slip in on its own. */
Test(db_fault, full_in_the_middle_of_a_transaction)
{
	struct error e = { 0 };
	struct account first = {
		.id = "1", .username = "first", .password_hash = "h", .created_by = "t", .last_updated_by = "t",
	}, second = first;
	SCOPED(tmp, NULL);

	w.db = world_connect();
	world_migrate(w.db);
	second.id = second.username = "2";
	second.password_hash = memset(mem_bytes(tmp, BIG + 1), 'h', BIG);
	world_exec(w.db, mem_printf(tmp, "PRAGMA max_page_count=%lld",
	    (long long)world_pragma(w.db, "PRAGMA page_count") + 5));
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(account_insert(w.db, &first, &e), ERR_OK);
		expect_unavailable(account_insert(w.db, &second, &e), &e, "full");
	}
	cr_expect_eq(world_count(w.db, "account"), 0);
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK, "%s", e.detail);
		cr_assert_eq(account_insert(w.db, &first, &e), ERR_OK);
		cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	}
	cr_expect_eq(world_count(w.db, "account"), 1);
}

/* write(2) itself fails (EFBIG), at the commit or before. */
Test(db_fault, files_may_not_grow)
{
	struct rlimit none, before;
	struct error e = { 0 };
	struct stat st;
	SCOPED(tmp, NULL);

	signal(SIGXFSZ, SIG_IGN);
	w.db = world_connect();
	world_migrate(w.db);
	cr_assert_eq(insert(w.db, "before", 10, &e), ERR_OK);
	cr_assert_eq(stat(config_path(tmp, w.config, "gatehouse.db-wal"), &st), 0);
	getrlimit(RLIMIT_FSIZE, &before);
	none = before;
	none.rlim_cur = (rlim_t)st.st_size;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	expect_unavailable(insert(w.db, "during", BIG, &e), &e, "disk");
	cr_expect_eq(world_count(w.db, "account"), 1);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	cr_expect_eq(insert(w.db, "after", BIG, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(world_count(w.db, "account"), 2);
	cr_expect_eq(world_count(world_connect(), "account WHERE username = 'during'"), 0);
}

/* A file system of its own below the state directory, in a mount name space of this process. False: not allowed. */
static bool
mount_disk(const char *at, const char *options)
{
	cr_assert_eq(mkdir(at, 0700), 0);
	return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("none", at, "tmpfs", 0, options) == 0;
}

Test(db_fault, a_small_disk_is_full)
{
	const char *disk = mem_printf(w.ctx, "%s/disk", w.dir);
	struct error e = { 0 };
	int n = 0;

	if (!mount_disk(disk, big_size)) {
		world_end();
		cr_skip_test("a_small_disk_is_full: lacks the right to mount a file system");
	}
	w.config->state_dir = disk;
	w.db = world_connect();
	world_migrate(w.db);
	expect_unavailable(insert(w.db, "during", BIG, &e), &e, "disk");
	cr_expect_eq(world_count(w.db, "account"), 0);
	/* Small ones, until it is full: each is there or is not. */
	while (n < SMALL_DISK && insert(w.db, mem_printf(w.ctx, "%d", n), 1000, &e) == ERR_OK)
		n++;
	cr_expect_gt(n, 0);
	cr_expect_lt(n, SMALL_DISK);
	expect_unavailable(e.code, &e, "disk");
	cr_expect_eq(world_count(w.db, "account"), n);
	cr_assert_eq(mount("none", disk, "tmpfs", MS_REMOUNT, "size=8M"), 0);
	cr_expect_eq(insert(w.db, "after", BIG, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(world_count(w.db, "account"), n + 1);
	cr_expect_eq(world_pragma(w.db, "SELECT quick_check = 'ok' FROM pragma_quick_check"), 1);
	mem_free(w.db);
	cr_expect_eq(umount(disk), 0);
}

Test(db_fault, a_read_only_disk)
{
	const char *disk = mem_printf(w.ctx, "%s/disk", w.dir);
	struct error e = { 0 };

	if (!mount_disk(disk, "size=8M")) {
		world_end();
		cr_skip_test("a_read_only_disk: lacks the right to mount a file system");
	}
	w.config->state_dir = disk;
	w.db = world_connect();
	world_migrate(w.db);
	cr_assert_eq(insert(w.db, "before", 10, &e), ERR_OK);
	mem_free(w.db);
	cr_assert_eq(mount("none", disk, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=8M"), 0);
	w.db = db_open(w.ctx, w.config, false, &e);
	expect_unavailable(w.db == NULL ? e.code : insert(w.db, "during", 10, &e), &e, "");
	mem_free(w.db);
	cr_assert_eq(mount("none", disk, "tmpfs", MS_REMOUNT, "size=8M"), 0);
	w.db = world_connect();
	cr_expect_eq(world_count(w.db, "account"), 1);
	cr_expect_eq(insert(w.db, "after", 10, &e), ERR_OK, "%s", e.detail);
	mem_free(w.db);
	cr_expect_eq(umount(disk), 0);
}

/* ---- not allowed ---- */

/* Permissions bind here even where the tests run as root. Exits 0 where the write was refused as it should be. */
static void
write_as_nobody(void *arg)
{
	struct error e = { 0 };
	struct db *db;
	enum err rc;

	(void)arg;
	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
		_exit(2);
	db = db_open(NULL, w.config, false, &e);
	rc = db == NULL ? e.code : insert(db, "during", 10, &e);
	_exit(rc == ERR_UNAVAILABLE ? 0 : 1);
}

Test(db_fault, a_file_that_may_not_be_written)
{
	static const mode_t modes[][2] = { { 0444, 0777 }, { 0444, 0555 }, { 0000, 0777 }, { 0000, 0000 } };
	const char *file = config_path(w.ctx, w.config, "gatehouse.db");

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		w.db = world_connect();
		world_migrate(w.db);
		mem_free(w.db);
		cr_assert_eq(chmod(file, modes[i][0]), 0);
		cr_assert_eq(chmod(w.dir, modes[i][1]), 0);
		cr_expect_eq(world_apart(write_as_nobody, NULL), 0, "file %o in a directory %o",
		    (unsigned)modes[i][0], (unsigned)modes[i][1]);
		cr_assert_eq(chmod(w.dir, 0700), 0);
		cr_assert_eq(chmod(file, 0600), 0);
		w.db = world_connect();
		cr_expect_eq(world_count(w.db, "account"), 0);
		mem_free(w.db);
	}
}

/* ---- damaged ---- */

static void
put(const void *bytes, size_t n, off_t at)
{
	int fd = open(config_path(w.ctx, w.config, "gatehouse.db"), O_WRONLY | O_CREAT, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite(fd, bytes, n, at), (ssize_t)n);
	close(fd);
}

Test(db_fault, a_file_that_is_no_database)
{
	static const char text[] = "This is a text, and a text is no database, however long it goes on and on. "
	    "This is a text, and a text is no database, however long it goes on and on.";
	struct error e = { 0 };
	struct stat st;

	put(text, sizeof text, 0);
	w.db = db_open(w.ctx, w.config, true, &e);
	cr_expect_eq(w.db == NULL ? e.code : migrate_run(w.db, NULL, &e), ERR_INTERNAL);
	cr_expect_not_null(strstr(e.detail, "none of SQLite's"), "%s", e.detail);
	cr_expect_eq(stat(config_path(w.ctx, w.config, "gatehouse.db"), &st), 0);
	cr_expect_eq(st.st_size, sizeof text, "it was written over");
}

Test(db_fault, a_directory_in_its_place)
{
	struct error e = { 0 };

	cr_assert_eq(mkdir(config_path(w.ctx, w.config, "gatehouse.db"), 0700), 0);
	cr_expect_null(db_open(w.ctx, w.config, true, &e));
	cr_expect_eq(e.code, ERR_UNAVAILABLE);
	world_is_sentence(&e);
}

/* An empty file is a database without anything in it. */
Test(db_fault, an_empty_file)
{
	put("", 0, 0);
	w.db = world_connect();
	world_migrate(w.db);
	cr_expect_eq(world_count(w.db, "account"), 0);
}

Test(db_fault, a_corrupt_page)
{
	char junk[4096];
	struct error e = { 0 };
	struct records all;
	off_t root;

	w.db = world_connect();
	world_migrate(w.db);
	cr_assert_eq(insert(w.db, "before", 10, &e), ERR_OK);
	root = world_pragma(w.db, "SELECT rootpage FROM sqlite_schema WHERE name = 'account'");
	mem_free(w.db);
	put(memset(junk, 0x5a, sizeof junk), sizeof junk, (root - 1) * (off_t)sizeof junk);
	w.db = world_connect();
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(account_list(w.ctx, w.db, &all, &e), ERR_INTERNAL);
		world_is_sentence(&e);
		cr_expect_eq(insert(w.db, "during", 10, &e), ERR_INTERNAL);
	}
	cr_expect_eq(world_count(w.db, "gateway"), 0, "what is whole can be read");
	cr_expect_eq(world_pragma(w.db, "SELECT quick_check = 'ok' FROM pragma_quick_check LIMIT 1"), 0);
}

/* Cut in the middle, as a disk does that was full when the file was copied. */
Test(db_fault, a_cut_file)
{
	const char *file = config_path(w.ctx, w.config, "gatehouse.db");
	struct error e = { 0 };
	struct stat st;

	w.db = world_connect();
	world_migrate(w.db);
	mem_free(w.db);
	cr_assert_eq(stat(file, &st), 0);
	cr_assert_eq(truncate(file, st.st_size / 2), 0);
	w.db = db_open(w.ctx, w.config, false, &e);
	cr_expect_eq(w.db == NULL ? e.code : insert(w.db, "during", 10, &e), ERR_INTERNAL);
	world_is_sentence(&e);
}
