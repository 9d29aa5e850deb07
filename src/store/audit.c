#include "store/audit.h"

enum { EXPIRED_AT_ONCE = 8 };	/* more than come with one */

const struct field audit_fields[] = {
	F_TEXT(audit, id, .wire = "_id", .shape = "Id"),
	F_TIME(audit, time),
	F_TEXT(audit, username, .doc = "empty where it was nobody that is known"),
	F_TEXT(audit, account_id, .nullable = 1),
	F_TEXT(audit, credential, .nullable = 1, .doc = "by which it was known who it is"),
	F_TEXT(audit, remote, .doc = "the address that it came from"),
	F_TEXT(audit, operation, .doc = "operationId, or a command of the admin command"),
	F_TEXT(audit, record, .doc = "the id of what it was done to, or what else names it"),
	F_TEXT(audit, job_id, .nullable = 1, .doc = "of a run that was accepted"),
	F_TEXT(audit, outcome, .doc = "ok; ordered: not answered yet; refused: a run that "
				      "could not be; or the code of an error"),
	F_TEXT(audit, request_id, .doc = "as in the header X-Request-Id"),
	F_END
};

static const struct field audit_columns[] = {
	F_INT(audit, seq),
	F_NEST("", audit_fields),
	F_END
};

static enum err
audit_write(struct db *db, enum sql which, const struct audit *a, struct error *e)
{
	STMT(st, db, which);

	return record_write(st, audit_fields, a, NULL, e);
}

enum err
audit_insert(struct db *db, const struct audit *a, int64_t before, struct error *e)
{
	STMT(expire, db, SQL_AUDIT_EXPIRE);

	stmt_int(expire, "most", EXPIRED_AT_ONCE);
	stmt_int(expire, "before", before);
	if (stmt_exec(expire, NULL, e) != ERR_OK)
		return e->code;
	return audit_write(db, SQL_AUDIT_INSERT, a, e);
}

enum err
audit_settle(struct db *db, const struct audit *a, struct error *e)
{
	return audit_write(db, SQL_AUDIT_SETTLE, a, e);
}

enum err
audit_get(void *ctx, struct db *db, const char *id, struct audit *a, struct error *e)
{
	bool found;
	STMT(st, db, SQL_AUDIT_GET);

	stmt_text(st, "id", id);
	if (record_find_row(ctx, st, audit_columns, a, &found, e) != ERR_OK)
		return e->code;
	return found ? ERR_OK : error_set(e, ERR_NOT_FOUND, "there is no audit record %s", id);
}

static void
bind_query(struct stmt *st, const struct audit_query *q)
{
	stmt_text(st, "username", q->username);
	stmt_text(st, "operation", q->operation);
}

enum err
audit_page(void *ctx, struct db *db, const struct audit_query *q, struct records *out,
    struct error *e)
{
	STMT(st, db, SQL_AUDIT_PAGE);

	bind_query(st, q);
	stmt_text(st, "after", q->after);
	stmt_int(st, "limit", q->limit);
	return records_read(ctx, st, audit_columns, sizeof(struct audit), out, e);
}

enum err
audit_total(struct db *db, const struct audit_query *q, int64_t *n, struct error *e)
{
	bool more;
	STMT(st, db, SQL_AUDIT_TOTAL);

	bind_query(st, q);
	if (stmt_row(st, &more, e) != ERR_OK)
		return e->code;
	*n = more ? stmt_col_int(st, "n") : 0;
	return ERR_OK;
}
