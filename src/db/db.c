#include "db/db.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "db/db_private.h"

enum {
	MS_PER_S = 1000,
	VACUUM_INCREMENTAL = 2,		/* PRAGMA auto_vacuum */
	SPARE_PAGES = 1024		/* that may stay free: what comes next needs them */
};

#define SHRINK_STEP "PRAGMA incremental_vacuum(256)"	/* pages: 1 MiB */
#define WAL_KEPT "16777216"	/* bytes of the log that stay after a larger one */

static const struct {
	const char *name, *text;
} statements[SQL__COUNT] = {
#define SQL_STMT(n, t) [SQL_##n] = { #n, t },
#include "sql_statements.inc"
#undef SQL_STMT
};

struct stmt {
	struct db *db;
	enum sql which;
	sqlite3_stmt *raw;
	bool busy;
	int failed;		/* the first failure of preparing or binding */
};

struct db {
	sqlite3 *raw;
	bool in_txn, read_only;
	bool is_full;		/* [database] synchronous */
	int patience;		/* ms to wait for a lock */
	db_commit_fn before_commit;
	void *before_commit_arg;
	struct stmt stmts[SQL__COUNT];
};

/* Codes: https://www.sqlite.org/rescode.html */
static enum err
db_fail(struct db *db, const char *what, struct error *e)
{
	int rc = sqlite3_extended_errcode(db->raw);

	switch (rc & 0xff) {
	case SQLITE_CONSTRAINT:
		return error_set(e, ERR_CONFLICT, "%s: %s", what, sqlite3_errmsg(db->raw));
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:	/* seconds of races for the log: many CGI processes */
		return error_set(
		    e, ERR_UNAVAILABLE, "the database is locked by another program, try again");
	case SQLITE_FULL:
		return error_set(
		    e, ERR_UNAVAILABLE, "the disk of the database is full, nothing was written");
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return error_set(
		    e, ERR_UNAVAILABLE, "the database cannot be written: it is read-only");
	case SQLITE_CANTOPEN:
		return error_set(e, ERR_UNAVAILABLE, "the database file cannot be opened");
	case SQLITE_IOERR:
		return error_set(e, ERR_UNAVAILABLE, "the disk of the database failed: %s (%d)",
		    sqlite3_errmsg(db->raw), rc);
	case SQLITE_NOTADB:
		return error_set(e, ERR_INTERNAL, "the database file is none of SQLite's");
	default:
		return error_set(e, ERR_INTERNAL, "%s: %s (%d)", what, sqlite3_errmsg(db->raw), rc);
	}
}

sqlite3 *
db_raw(const struct db *db)
{
	return db->raw;
}

static int
db_close(struct db *db)
{
	for (int i = 0; i < SQL__COUNT; i++)
		sqlite3_finalize(db->stmts[i].raw);
	sqlite3_close(db->raw);
	return 0;
}

enum err
db_exec(struct db *db, const char *sql, struct error *e)
{
	if (sqlite3_exec(db->raw, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(db, "the database", e);
	return ERR_OK;
}

enum err
db_pragma(struct db *db, const char *sql, int64_t *value, struct error *e)
{
	sqlite3_stmt *st = NULL;
	bool ok = sqlite3_prepare_v2(db->raw, sql, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW;

	if (ok)
		*value = sqlite3_column_int64(st, 0);
	else
		db_fail(db, "the database", e);
	sqlite3_finalize(st);
	return ok ? ERR_OK : e->code;
}

/* Whether a commit waits for the disk: https://www.sqlite.org/pragma.html#pragma_synchronous */
static enum err
db_sync(struct db *db, bool full, struct error *e)
{
	return db_exec(
	    db, full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", e);
}

static enum err
db_settle(struct db *db, const struct config *c, struct error *e)
{
	sqlite3_extended_result_codes(db->raw, 1);
	db->patience = (int)(c->database_busy_timeout * MS_PER_S);
	db->is_full = strcmp(c->database_synchronous, "full") == 0;
	sqlite3_busy_timeout(db->raw, db->patience);
	sqlite3_db_config(db->raw, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* The system caches the file already: a small cache of our own keeps the programs small. */
	if (db_exec(db, "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; "
	    "PRAGMA cache_size=-512; PRAGMA journal_size_limit=" WAL_KEPT, e) != ERR_OK)
		return e->code;
	return db_sync(db, db->is_full, e);
}

struct db *
db_open(void *ctx, const struct config *c, bool create, struct error *e)
{
	struct db *db = MEM_NEW(ctx, struct db);
	char *path = config_path(db, c, "gatehouse.db");
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
	int rc = sqlite3_open_v2(path, &db->raw, flags, NULL);

	MEM_ON_FREE(db, db_close);
	if (rc == SQLITE_CANTOPEN)
		error_set(
		    e, ERR_UNAVAILABLE, "there is no database %s: run `gatehouse init`", path);
	else if (rc != SQLITE_OK)
		db_fail(db, path, e);
	if (rc != SQLITE_OK || db_settle(db, c, e) != ERR_OK) {
		mem_free(db);
		return NULL;
	}
	return db;
}

void
db_writable(struct db *db, bool on)
{
	db->read_only = !on;
}

void
db_rest(struct db *db)
{
	sqlite3_wal_checkpoint_v2(db->raw, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	sqlite3_db_release_memory(db->raw);
}

enum err
db_can_shrink(struct db *db, bool *can, struct error *e)
{
	int64_t mode;

	if (db_pragma(db, "PRAGMA auto_vacuum", &mode, e) != ERR_OK)
		return e->code;
	*can = mode == VACUUM_INCREMENTAL;
	return ERR_OK;
}

enum err
db_shrink(struct db *db, bool *more, struct error *e)
{
	int64_t free_pages = 0;

	if (db_can_shrink(db, more, e) != ERR_OK ||
	    db_pragma(db, "PRAGMA freelist_count", &free_pages, e) != ERR_OK)
		return e->code;
	*more = *more && free_pages > SPARE_PAGES;
	return *more ? db_exec(db, SHRINK_STEP, e) : ERR_OK;
}

enum err
db_prepare_shrink(struct db *db, struct error *e)
{
	return db_exec(db, "PRAGMA auto_vacuum=INCREMENTAL", e);
}

enum err
db_rewrite(struct db *db, struct error *e)
{
	return db_prepare_shrink(db, e) == ERR_OK ? db_exec(db, "VACUUM", e) : e->code;
}

enum err
db_prepare_all(struct db *db, struct error *e)
{
	for (int i = 0; i < SQL__COUNT; i++) {
		STMT(st, db, (enum sql)i);
		if (st->failed != SQLITE_OK)
			return db_fail(db, statements[i].name, e);
	}
	return ERR_OK;
}

struct stmt *
stmt_get(struct db *db, enum sql which)
{
	struct stmt *st = &db->stmts[which];

	assert(!st->busy && "a statement cannot be used twice at once");
	st->failed = SQLITE_OK;
	if (st->raw == NULL) {
		st->db = db;
		st->which = which;
		st->failed = sqlite3_prepare_v3(db->raw, statements[which].text, -1,
		    SQLITE_PREPARE_PERSISTENT, &st->raw, NULL);
	}
	st->busy = true;
	return st;
}

void
stmt_done(struct stmt **st)
{
	/* One that could not be prepared has none, and SQLite does not look. */
	if ((*st)->raw != NULL) {
		sqlite3_reset((*st)->raw);
		sqlite3_clear_bindings((*st)->raw);
	}
	(*st)->busy = false;
}

static int
stmt_param(struct stmt *st, const char *name)
{
	char with_colon[64] = ":";

	strncat(with_colon, name, sizeof with_colon - 2);
	return sqlite3_bind_parameter_index(st->raw, with_colon);
}

bool
stmt_wants(struct stmt *st, const char *name)
{
	return st->raw != NULL && stmt_param(st, name) > 0;
}

/* The place of parameter NAME, or 0 where an earlier step has failed already. */
static int
stmt_place(struct stmt *st, const char *name)
{
	int i;

	if (st->failed != SQLITE_OK)
		return 0;
	i = stmt_param(st, name);
	assert(i > 0 && "no such :parameter in this statement");
	return i;
}

void
stmt_text(struct stmt *st, const char *name, const char *text)
{
	int i = stmt_place(st, name);

	if (i > 0)
		st->failed = sqlite3_bind_text(st->raw, i, text, -1, SQLITE_TRANSIENT);
}

void
stmt_int(struct stmt *st, const char *name, int64_t value)
{
	int i = stmt_place(st, name);

	if (i > 0)
		st->failed = sqlite3_bind_int64(st->raw, i, value);
}

void
stmt_null(struct stmt *st, const char *name)
{
	int i = stmt_place(st, name);

	if (i > 0)
		st->failed = sqlite3_bind_null(st->raw, i);
}

void
stmt_bytes(struct stmt *st, const char *name, const void *bytes, size_t n)
{
	int i = stmt_place(st, name);

	if (i > 0)
		st->failed = sqlite3_bind_blob64(st->raw, i, bytes, n, SQLITE_TRANSIENT);
}

enum err
stmt_row(struct stmt *st, bool *more, struct error *e)
{
	*more = false;
	if (st->failed != SQLITE_OK)
		return db_fail(st->db, statements[st->which].name, e);
	switch (sqlite3_step(st->raw)) {
	case SQLITE_ROW:
		*more = true;
		return ERR_OK;
	case SQLITE_DONE:
		return ERR_OK;
	default:
		return db_fail(st->db, statements[st->which].name, e);
	}
}

enum err
stmt_exec(struct stmt *st, int *changed, struct error *e)
{
	bool more;

	assert(st->db->in_txn && "writes only inside a transaction");
	do {
		if (stmt_row(st, &more, e) != ERR_OK)
			return e->code;
	} while (more);
	if (changed != NULL)
		*changed = sqlite3_changes(st->db->raw);
	return ERR_OK;
}

int
stmt_column(struct stmt *st, const char *name)
{
	for (int i = 0, n = sqlite3_column_count(st->raw); i < n; i++)
		if (strcmp(sqlite3_column_name(st->raw, i), name) == 0)
			return i;
	return -1;
}

static int
stmt_column_must(struct stmt *st, const char *name)
{
	int i = stmt_column(st, name);

	assert(i >= 0 && "no such column in this statement");
	return i;
}

const char *
stmt_at_text(struct stmt *st, int at)
{
	return (const char *)sqlite3_column_text(st->raw, at);
}

int64_t
stmt_at_int(struct stmt *st, int at)
{
	return sqlite3_column_int64(st->raw, at);
}

bool
stmt_at_null(struct stmt *st, int at)
{
	return sqlite3_column_type(st->raw, at) == SQLITE_NULL;
}

const char *
stmt_col_text(struct stmt *st, const char *name)
{
	return stmt_at_text(st, stmt_column_must(st, name));
}

int64_t
stmt_col_int(struct stmt *st, const char *name)
{
	return stmt_at_int(st, stmt_column_must(st, name));
}

const void *
stmt_col_bytes(struct stmt *st, const char *name, size_t *n)
{
	int i = stmt_column_must(st, name);
	const void *at = sqlite3_column_blob(st->raw, i);

	*n = (size_t)sqlite3_column_bytes(st->raw, i);
	return at;
}

/*
 * Whether the open file is still the one of that name: what is written into one that was moved away
 * would be lost. Asked with the lock held, without which nobody puts another one in its place
 * (db/file.h: db_alone()).
 */
static enum err
db_in_place(struct db *db, struct error *e)
{
	int moved = 0;

	/* A file system of SQLite's that does not know leaves it at 0. */
	sqlite3_file_control(db->raw, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return moved == 0 ? ERR_OK : error_set(e, ERR_UNAVAILABLE,
	    "the database file was replaced or moved away: start this program anew");
}

enum err
txn_begin(struct txn *t, struct db *db, struct error *e)
{
	assert(!db->in_txn && "transactions do not nest");
	assert(!db->read_only && "a GET cannot write");
	if (db_exec(db, "BEGIN IMMEDIATE", e) != ERR_OK)
		return e->code;
	if (db_in_place(db, e) != ERR_OK) {
		sqlite3_exec(db->raw, "ROLLBACK", NULL, NULL, NULL);
		return e->code;
	}
	db->in_txn = true;
	t->db = db;
	return ERR_OK;
}

/* T of DB has ended, or come to nothing. */
static void
txn_over(struct txn *t, struct db *db)
{
	db->in_txn = false;
	if (t->is_light && db->is_full)
		sqlite3_exec(db->raw, "PRAGMA synchronous=FULL", NULL, NULL, NULL);
	*t = (struct txn){ 0 };
}

enum err
txn_begin_light(struct txn *t, struct db *db, enum txn_patience patience, struct error *e)
{
	enum err rc;

	if (db->is_full && db_sync(db, false, e) != ERR_OK)
		return e->code;
	if (patience == TXN_AT_ONCE)
		sqlite3_busy_timeout(db->raw, 0);
	rc = txn_begin(t, db, e);
	if (patience == TXN_AT_ONCE)
		sqlite3_busy_timeout(db->raw, db->patience);
	t->is_light = true;
	if (rc != ERR_OK)
		txn_over(t, db);
	return rc;
}

void
db_before_commit(struct db *db, db_commit_fn fn, void *arg)
{
	db->before_commit = fn;
	db->before_commit_arg = arg;
}

enum err
txn_commit(struct txn *t, struct error *e)
{
	struct db *db = t->db;

	if (!t->is_light && db->before_commit != NULL &&
	    db->before_commit(db, db->before_commit_arg, e) != ERR_OK)
		return e->code;
	if (db_exec(t->db, "COMMIT", e) != ERR_OK)
		return e->code;
	txn_over(t, t->db);
	return ERR_OK;
}

void
txn_end(struct txn *t)
{
	if (t->db == NULL)
		return;
	/* After some errors (disk full) SQLite has rolled back by itself: then this fails, which is
	 * fine. */
	sqlite3_exec(t->db->raw, "ROLLBACK", NULL, NULL, NULL);
	txn_over(t, t->db);
}
