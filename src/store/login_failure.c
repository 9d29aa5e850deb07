#include "store/login_failure.h"

static const struct field login_failure_fields[] = {
	F_TEXT(login_failure, subject),
	F_INT(login_failure, failures),
	F_INT(login_failure, blocked_until),
	F_INT(login_failure, expires),
	F_END
};

enum err
login_failure_get(void *ctx, struct db *db, const char *subject, int64_t now,
    struct login_failure *f, struct error *e)
{
	bool found;
	STMT(st, db, SQL_LOGIN_FAILURE_GET);

	*f = (struct login_failure){ 0 };
	stmt_text(st, "subject", subject);
	if (record_find_row(ctx, st, login_failure_fields, f, &found, e) != ERR_OK)
		return e->code;
	if (!found || f->expires <= now)
		*f = (struct login_failure){ .subject = subject };
	return ERR_OK;
}

static enum err
put_one(struct db *db, const struct login_failure *f, struct error *e)
{
	STMT(st, db, SQL_LOGIN_FAILURE_PUT);

	return record_write(st, login_failure_fields, f, NULL, e);
}

static enum err
take_away(struct db *db, const char *drop, int64_t now, struct error *e)
{
	STMT(purge, db, SQL_LOGIN_FAILURE_PURGE);
	STMT(one, db, SQL_LOGIN_FAILURE_DELETE);

	stmt_int(purge, "now", now);
	stmt_text(one, "subject", drop);
	if (stmt_exec(purge, NULL, e) != ERR_OK)
		return e->code;
	return drop != NULL ? stmt_exec(one, NULL, e) : ERR_OK;
}

enum err
login_failure_put(struct db *db, const struct login_failure *f, size_t n, const char *drop,
    int64_t now, struct error *e)
{
	TXN(t);

	if (txn_begin_light(&t, db, TXN_WAITS, e) != ERR_OK ||
	    take_away(db, drop, now, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < n; i++)
		if (put_one(db, &f[i], e) != ERR_OK)
			return e->code;
	return txn_commit(&t, e);
}
