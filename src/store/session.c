#include "store/session.h"

#include <string.h>

#include "base/log.h"

static const char *const kind_names[SESSION__KINDS] = {
	[SESSION_LOGIN] = "login",
	[SESSION_OAUTH] = "oauth",
	[SESSION_API] = "api",
};

const char *
session_kind_name(enum session_kind kind)
{
	return kind_names[kind];
}

static const struct field session_fields[] = {
	F_TEXT(session, id),
	F_TEXT(session, digest),
	F_TEXT(session, kind),
	F_TEXT(session, name, .nullable = 1),
	F_TEXT(session, account_id),
	F_TEXT(session, parent_id, .nullable = 1),
	F_TEXT(session, remote),
	F_TIME(session, created),
	F_TEXT(session, created_by),
	F_TIME(session, last_used),
	F_TIME(session, expires),
	F_TEXT(session, username),
	F_END
};

enum err
session_find(void *ctx, struct db *db, const char *digest, struct session *s, bool *found,
    struct error *e)
{
	STMT(st, db, SQL_SESSION_BY_DIGEST);

	stmt_text(st, "digest", digest);
	return record_find_row(ctx, st, session_fields, s, found, e);
}

enum err
session_is_there(struct db *db, const char *id, bool *there, struct error *e)
{
	STMT(st, db, SQL_SESSION_IS_THERE);

	stmt_text(st, "id", id);
	return stmt_row(st, there, e);
}

bool
session_is(const struct session *s, enum session_kind kind)
{
	return strcmp(s->kind, kind_names[kind]) == 0;
}

bool
session_is_alive(const struct session *s, int64_t idle_ms, int64_t now)
{
	if (s->expires != 0 && now >= s->expires)
		return false;
	return !session_is(s, SESSION_LOGIN) || now - s->last_used < idle_ms;
}

enum err
session_insert(struct db *db, const struct session *s, struct error *e)
{
	enum err rc;
	STMT(st, db, SQL_SESSION_INSERT);

	rc = record_write(st, session_fields, s, NULL, e);
	if (rc == ERR_CONFLICT && s->name != NULL)
		return error_set(e, rc, "there is a token %s already", s->name);
	return rc;
}

static enum err
session_touch(struct db *db, const char *id, int64_t now, struct error *e)
{
	STMT(st, db, SQL_SESSION_TOUCH);

	stmt_text(st, "id", id);
	stmt_int(st, "last_used", now);
	return stmt_exec(st, NULL, e);
}

void
session_note_use(struct db *db, const char *id, int64_t now)
{
	struct error e;
	TXN(t);

	if (txn_begin_light(&t, db, TXN_AT_ONCE, &e) == ERR_OK &&
	    session_touch(db, id, now, &e) == ERR_OK && txn_commit(&t, &e) == ERR_OK)
		return;
	log_debug("the use of session %s is not noted: %s", id, e.detail);
}

/* Runs WHICH with its one text NAME. */
static enum err
exec_with(struct db *db, enum sql which, const char *name, const char *text, int *changed,
    struct error *e)
{
	STMT(st, db, which);

	stmt_text(st, name, text);
	return stmt_exec(st, changed, e);
}

enum err
session_delete(struct db *db, const char *id, struct error *e)
{
	return exec_with(db, SQL_SESSION_DELETE, "id", id, NULL, e);
}

enum err
session_end_all(struct db *db, const char *username, struct error *e)
{
	return exec_with(db, SQL_SESSION_END_ALL, "username", username, NULL, e);
}

enum err
session_end_logins(struct db *db, struct error *e)
{
	STMT(st, db, SQL_SESSION_END_LOGINS);

	return stmt_exec(st, NULL, e);
}

enum err
session_tidy(struct db *db, const char *account_id, int64_t now, int64_t keep, struct error *e)
{
	STMT(purge, db, SQL_SESSION_PURGE);
	STMT(thin, db, SQL_SESSION_THIN);

	stmt_int(purge, "now", now);
	stmt_text(thin, "account_id", account_id);
	stmt_int(thin, "keep", keep);
	if (stmt_exec(purge, NULL, e) != ERR_OK)
		return e->code;
	return stmt_exec(thin, NULL, e);
}

enum err
token_list(void *ctx, struct db *db, struct records *out, struct error *e)
{
	STMT(st, db, SQL_TOKEN_LIST);

	return records_read(ctx, st, session_fields, sizeof(struct session), out, e);
}

enum err
token_delete(struct db *db, const char *name, struct error *e)
{
	int changed;

	if (exec_with(db, SQL_TOKEN_DELETE, "name", name, &changed, e) != ERR_OK)
		return e->code;
	if (changed == 0)
		return error_set(e, ERR_NOT_FOUND, "there is no token %s", name);
	return ERR_OK;
}
