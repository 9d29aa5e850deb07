#ifndef DB_DB_H
#define DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"

/* The statements of sql/queries, by name: SQL_GATEWAY_GET ... */
enum sql {
#define SQL_STMT(name, text) SQL_##name,
#include "sql_statements.inc"
#undef SQL_STMT
	SQL__COUNT
};

/*
 * One connection to STATE/gatehouse.db: WAL, foreign keys on, statements
 * prepared once each. It belongs to one thread. Errors: ERR_UNAVAILABLE where
 * trying again or making room may help (locked, read-only, disk full),
 * ERR_CONFLICT for a broken uniqueness or reference, else ERR_INTERNAL.
 */
struct db;

/*
 * Made for CTX; freeing it closes it. The file must exist unless CREATE. NULL: E filled.
 * The schema is not looked at: see migrate.h.
 */
struct db *db_open(void *ctx, const struct config *c, bool create, struct error *e);
/* Whether txn_begin() is allowed: a GET turns it off, and a write then ends the process by assertion. */
void db_writable(struct db *db, bool on);
/* Prepares every statement: for the tests and `doctor`. */
enum err db_prepare_all(struct db *db, struct error *e) MUST_CHECK;
/* Runs SQL text of our own that is no named statement (pragmas, migrations). */
enum err db_exec(struct db *db, const char *sql, struct error *e) MUST_CHECK;
/* The integer that a PRAGMA answers. */
enum err db_pragma(struct db *db, const char *sql, int64_t *value, struct error *e) MUST_CHECK;
/* For idle times: writes what the WAL holds into the database file, as far as readers allow, and frees the cache. */
void db_rest(struct db *db);
/*
 * Gives some pages that hold nothing any more back to the system, outside a transaction: a small step, which leaves a
 * reserve. *MORE: there are still some. Nothing in a file that was not made for it: see db_can_shrink().
 */
enum err db_shrink(struct db *db, bool *more, struct error *e) MUST_CHECK;
/* Before the first table of a new file: db_shrink() will work. */
enum err db_prepare_shrink(struct db *db, struct error *e) MUST_CHECK;
/* Whether db_shrink() works. */
enum err db_can_shrink(struct db *db, bool *can, struct error *e) MUST_CHECK;
/* Writes the whole file anew so that it can; takes as much room again, and keeps writers out meanwhile. */
enum err db_rewrite(struct db *db, struct error *e) MUST_CHECK;

/*
 * A statement, reset and unbound; the macro gives it back at the end of the
 * scope (an unreset SELECT would make one's own write fail with BUSY). The same
 * statement cannot be used twice at once.
 */
struct stmt;
struct stmt *stmt_get(struct db *db, enum sql which);
void stmt_done(struct stmt **st);
#define STMT(var, ...) struct stmt *var __attribute__((cleanup(stmt_done))) = stmt_get(__VA_ARGS__)

/* Bind by name without the colon; one that is not there asserts. TEXT NULL binds NULL. All is copied. */
void stmt_text(struct stmt *st, const char *name, const char *text);
void stmt_int(struct stmt *st, const char *name, int64_t value);
void stmt_null(struct stmt *st, const char *name);
void stmt_bytes(struct stmt *st, const char *name, const void *bytes, size_t n);
bool stmt_wants(struct stmt *st, const char *name);
/* The next row, or *MORE false. */
enum err stmt_row(struct stmt *st, bool *more, struct error *e) MUST_CHECK;
/* Runs a write to its end, inside a transaction. CHANGED (may be NULL) gets the number of rows. */
enum err stmt_exec(struct stmt *st, int *changed, struct error *e) MUST_CHECK;
/* Columns of the row, by name; borrowed until the next row. NULL text where the column is NULL. */
const char *stmt_col_text(struct stmt *st, const char *name);
int64_t stmt_col_int(struct stmt *st, const char *name);
const void *stmt_col_bytes(struct stmt *st, const char *name, size_t *n);
/* The same by place, for many rows: stmt_column() says which, or -1 where ST has no such column. */
int stmt_column(struct stmt *st, const char *name);
const char *stmt_at_text(struct stmt *st, int at);
int64_t stmt_at_int(struct stmt *st, int at);
bool stmt_at_null(struct stmt *st, int at);

/* A write transaction (BEGIN IMMEDIATE) that rolls back at scope end unless committed. They do not nest. */
struct txn {
	struct db *db;
	bool is_light;
};
#define TXN(var) struct txn var __attribute__((cleanup(txn_end))) = { NULL, false }
enum err txn_begin(struct txn *t, struct db *db, struct error *e) MUST_CHECK;
/*
 * The same for bookkeeping: its commit does not wait for the disk, but for a later one that does, of any program. A
 * power cut may take it, never a part of it, and never without taking what was committed after it. With TXN_AT_ONCE it
 * gives up (ERR_UNAVAILABLE) where another program has the lock, for what is not worth waiting for.
 */
enum txn_patience { TXN_WAITS, TXN_AT_ONCE };
enum err txn_begin_light(struct txn *t, struct db *db, enum txn_patience patience, struct error *e) MUST_CHECK;
/*
 * FN(ARG) is called in each transaction of DB that is not light, just before its COMMIT: what it writes is part of
 * that, and where it fails nothing is committed. NULL takes it away.
 */
typedef enum err (*db_commit_fn)(struct db *db, void *arg, struct error *e);
void db_before_commit(struct db *db, db_commit_fn fn, void *arg);
enum err txn_commit(struct txn *t, struct error *e) MUST_CHECK;
void txn_end(struct txn *t);

#endif
