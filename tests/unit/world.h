#ifndef UNIT_WORLD_H
#define UNIT_WORLD_H

#include <criterion/criterion.h>

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/migrate.h"

/* A state directory of the test's own, removed at its end, and the configuration that names it. */

enum { WORLD_FILES = 16 };

struct world {
	void *ctx;
	char dir[32];
	struct config *config;
	struct db *db;		/* NULL until world_open() */
};

static struct world w;

static inline int
world_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

/* The directory and the configuration, no database yet. A locked database is reported at once. */
static inline void
world_begin(void)
{
	log_open("test", LOG_ERROR);
	w = (struct world){ .ctx = mem_scope(NULL), .dir = "/tmp/gatehouse-unit.XXXXXX" };
	cr_assert_not_null(mkdtemp(w.dir));
	w.config = config_defaults(w.ctx, w.dir);
	w.config->database_busy_timeout = 0;
}

/* One more connection to the database. */
static inline struct db *
world_connect(void)
{
	struct error e = { 0 };
	struct db *db = db_open(w.ctx, w.config, true, &e);

	cr_assert_not_null(db, "%s", e.detail);
	return db;
}

static inline void
world_migrate(struct db *db)
{
	struct error e = { 0 };

	cr_assert_eq(migrate_run(db, NULL, &e), ERR_OK, "%s", e.detail);
}

static inline void
world_open(void)
{
	world_begin();
	w.db = world_connect();
	world_migrate(w.db);
}

static inline void
world_end(void)
{
	mem_free(w.ctx);
	cr_expect_eq(nftw(w.dir, world_remove_one, WORLD_FILES, FTW_DEPTH | FTW_PHYS), 0, "%s is left", w.dir);
}

static inline int64_t
world_pragma(struct db *db, const char *sql)
{
	struct error e = { 0 };
	int64_t n = -1;

	cr_assert_eq(db_pragma(db, sql, &n, &e), ERR_OK, "%s: %s", sql, e.detail);
	return n;
}

static inline void
world_exec(struct db *db, const char *sql)
{
	struct error e = { 0 };

	cr_assert_eq(db_exec(db, sql, &e), ERR_OK, "%s: %s", sql, e.detail);
}

/* How many rows a SELECT count(*) finds. */
#define world_count(db, from) world_pragma(db, "SELECT count(*) FROM " from)

/*
 * Runs FN(arg) in a process of its own, whose standard error is not shown. Returns its status as wait(2) gives it. The
 * connections of this process must not be used there.
 */
static inline int
world_apart(void (*fn)(void *), void *arg)
{
	int status, null;
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		null = open("/dev/null", O_WRONLY);
		dup2(null, STDERR_FILENO);
		fn(arg);
		_exit(0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

/* Whether FN(arg) ends its process by an assertion. */
static inline bool
world_aborts(void (*fn)(void *), void *arg)
{
	int status = world_apart(fn, arg);

	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/* The sentence that every error is: for a person, on one line. */
static inline void
world_is_sentence(const struct error *e)
{
	cr_expect_neq(e->detail[0], '\0');
	cr_expect_null(strchr(e->detail, '\n'), "%s", e->detail);
}

#endif
