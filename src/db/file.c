#include "db/file.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/mem.h"
#include "db/db_private.h"

enum {
	STEP_PAGES = 1024,	/* between two calls of TELL: 4 MiB */
	LOG_STEP_MS = 10
};

#define IS_SOUND "ok"

/* --- the log --- */

/* SQLite itself does not wait for another program here, whatever its busy timeout says. */
static enum err
set_log(struct db *db, const char *pragma, struct error *e)
{
	int64_t patience, until;

	if (db_pragma(db, "PRAGMA busy_timeout", &patience, e) != ERR_OK)
		return e->code;
	until = clock_mono() + patience;
	while (db_exec(db, pragma, e) != ERR_OK) {
		if (e->code != ERR_UNAVAILABLE || clock_mono() >= until)
			return e->code;
		poll(NULL, 0, LOG_STEP_MS);
	}
	return ERR_OK;
}

enum err
db_log_on(struct db *db, struct error *e)
{
	return set_log(db, "PRAGMA journal_mode=WAL", e);
}

enum err
db_log_off(struct db *db, struct error *e)
{
	return set_log(db, "PRAGMA journal_mode=DELETE", e);
}

enum err
db_alone(struct db *db, struct error *e)
{
	if (db_log_off(db, e) != ERR_OK)
		return e->code;
	return db_exec(db, "BEGIN EXCLUSIVE", e);
}

void
db_let_in(struct db *db)
{
	struct error ignored;

	if (db_exec(db, "ROLLBACK", &ignored) == ERR_OK)
		(void)!db_log_on(db, &ignored);
}

/* --- a copy --- */

struct copy {
	const char *path;
	sqlite3 *from, *to;
	int64_t page_size;
	db_copy_fn tell;
	void *arg;
};

/* Codes: https://www.sqlite.org/rescode.html */
static enum err
copy_fail(const struct copy *c, int rc, struct error *e)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return error_set(e, ERR_UNAVAILABLE, "%s: the disk is full", c->path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return error_set(
		    e, ERR_INTERNAL, "the database is damaged: %s", sqlite3_errstr(rc));
	default:
		return error_set(e, ERR_UNAVAILABLE, "%s: the copy failed: %s (%d)", c->path,
		    sqlite3_errstr(rc), rc);
	}
}

/* Half a copy is thrown away, and the sync of a whole one comes behind all of it. */
static enum err
copy_open(struct copy *c, struct error *e)
{
	static const char settings[] = "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=OFF; "
	    "PRAGMA synchronous=OFF";
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int rc = sqlite3_open_v2(c->path, &c->to, flags, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(c->to, settings, NULL, NULL, NULL);
	return rc == SQLITE_OK ? ERR_OK : copy_fail(c, rc, e);
}

static enum err
copy_tell(const struct copy *c, int64_t left, int64_t total, struct error *e)
{
	int64_t size = c->page_size;

	return c->tell(c->arg, (total - left) * size, total * size, e);
}

/*
 * The transaction on the source keeps what is read to one moment. Without it each step would have
 * to begin anew when somebody has written between two of them, and with many writers never come to
 * its end.
 */
static enum err
copy_pages(struct copy *c, struct error *e)
{
	sqlite3_backup *b = sqlite3_backup_init(c->to, "main", c->from, "main");
	int rc = b != NULL ? SQLITE_OK : sqlite3_errcode(c->to);
	enum err told = ERR_OK;

	while (rc == SQLITE_OK && told == ERR_OK) {
		rc = sqlite3_backup_step(b, STEP_PAGES);
		CRASH_POINT("backup-half");
		if (rc == SQLITE_OK)
			told = copy_tell(
			    c, sqlite3_backup_remaining(b), sqlite3_backup_pagecount(b), e);
	}
	sqlite3_backup_finish(b);
	if (told != ERR_OK)
		return told;
	return rc == SQLITE_DONE ? ERR_OK : copy_fail(c, rc, e);
}

static int
take_fault(void *arg, int n, char **values, char **names)
{
	char *fault = arg;

	(void)names;
	if (n == 1 && values[0] != NULL)
		strncat(fault, values[0], ERROR_DETAIL_MAX - 1);
	return n != 1;		/* the first is enough */
}

/* The copy says of itself that it has a log, as the source does: not any more. */
static enum err
copy_finish(struct copy *c, struct error *e)
{
	char fault[ERROR_DETAIL_MAX] = "";
	int rc = sqlite3_exec(c->to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_exec(c->to, "PRAGMA quick_check(1)", take_fault, fault, NULL);
	if (rc != SQLITE_OK)
		return copy_fail(c, rc, e);
	return strcmp(fault, IS_SOUND) == 0 ? ERR_OK :
	    error_set(e, ERR_INTERNAL, "the database is damaged: %.900s", fault);
}

static enum err
copy_all(struct copy *c, struct db *db, struct error *e)
{
	int64_t pages;

	/* The first read begins what the transaction sees. */
	if (db_pragma(db, "PRAGMA page_count", &pages, e) != ERR_OK ||
	    db_pragma(db, "PRAGMA page_size", &c->page_size, e) != ERR_OK)
		return e->code;
	if (copy_tell(c, pages, pages, e) != ERR_OK || copy_open(c, e) != ERR_OK)
		return e->code;
	return copy_pages(c, e);
}

enum err
db_copy(struct db *db, const char *path, db_copy_fn tell, void *arg, struct error *e)
{
	struct copy c = { .path = path, .from = db_raw(db), .tell = tell, .arg = arg };
	struct error ignored;
	enum err rc = db_exec(db, "BEGIN", e);

	if (rc != ERR_OK)
		return rc;
	rc = copy_all(&c, db, e);
	(void)!db_exec(db, "ROLLBACK", &ignored);
	if (rc == ERR_OK)
		rc = copy_finish(&c, e);
	sqlite3_close(c.to);
	return rc;
}

/* --- what a file is --- */

static enum err
is_ours(struct db *db, struct error *e)
{
	bool more;
	STMT(st, db, SQL_DATABASE_TABLES);

	if (stmt_row(st, &more, e) != ERR_OK)
		return e->code;
	return more && stmt_col_int(st, "n") == stmt_col_int(st, "wanted") ? ERR_OK :
	    error_set(e, ERR_INVALID, "it is no database of Gatehouse");
}

enum err
db_judge(struct db *db, struct error *e)
{
	bool more;
	STMT(st, db, SQL_DATABASE_FAULTS);

	if (is_ours(db, e) != ERR_OK || stmt_row(st, &more, e) != ERR_OK)
		return e->code;
	return !more ? ERR_OK :
	    error_set(e, ERR_INTERNAL, "it is damaged: %.900s", stmt_col_text(st, "fault"));
}
