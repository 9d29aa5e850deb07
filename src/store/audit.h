#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "base/field.h"
#include "db/record.h"

/* What was done. Texts that come from a caller are cut by who makes the record; none of them is a secret. */
struct audit {
	int64_t seq;
	const char *id;
	int64_t time;
	const char *username;		/* "" where it was nobody that is known */
	const char *account_id;		/* or NULL: likewise, or the host's own user */
	const char *credential;		/* caller_by_name(), or NULL */
	const char *remote;		/* address; "" for the host's own user */
	const char *operation;		/* operation id, or a command of the admin command */
	const char *record;		/* its id, or what else names it; "" where there is none */
	const char *job_id;		/* of a run, once it is known, or NULL */
	const char *outcome;
	const char *request_id;		/* X-Request-Id, or "" */
};
extern const struct field audit_fields[];

/* What came of it, beside the names of errors (err_name()). */
#define AUDIT_OK "ok"
#define AUDIT_ORDERED "ordered"		/* the dispatcher has been asked, and has not answered yet */
#define AUDIT_REFUSED "refused"		/* a run that was answered 200, but never ordered */

/* What GET /audit can ask the store for; NULL: any. */
struct audit_query {
	const char *username, *operation;
	const char *after;		/* the id of the last one of the page before */
	int64_t limit;			/* -1: all */
};

/* Within a transaction. Takes a few away that are older than BEFORE, the oldest first: so there are never many. */
enum err audit_insert(struct db *db, const struct audit *a, int64_t before, struct error *e) MUST_CHECK;
/* Writes record, job and outcome of A, which is there already. */
enum err audit_settle(struct db *db, const struct audit *a, struct error *e) MUST_CHECK;
/* ERR_NOT_FOUND where there is none. */
enum err audit_get(void *ctx, struct db *db, const char *id, struct audit *a, struct error *e) MUST_CHECK;
/* Newest first. */
enum err audit_page(void *ctx, struct db *db, const struct audit_query *q, struct records *out,
    struct error *e) MUST_CHECK;
/* How many there are, whatever AFTER and LIMIT say. */
enum err audit_total(struct db *db, const struct audit_query *q, int64_t *n, struct error *e) MUST_CHECK;

#endif
