#include "store/secret.h"

#include <string.h>

enum { DELETE_CHARACTER = 0x7f, C1_LEAD = 0xc2, C1_LAST = 0x9f };

/* As service files have their names: no slash, no control characters. */
static bool
is_secret_name(const char *s)
{
	if (s[0] == '\0' || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return false;
	for (const unsigned char *p = (const unsigned char *)s; *p != '\0'; p++)
		if (*p < ' ' || *p == '/' || *p == DELETE_CHARACTER ||
		    (*p == C1_LEAD && p[1] <= C1_LAST))
			return false;
	return true;
}

const struct field_form secret_name_form = {
	is_secret_name, "characters other than / and control characters, not . or .."
};

const struct field secret_fields[] = {
	F_TEXT(secret, name, .doc = "unique in its gateway"),
	F_TIME(secret, created),
	F_TEXT(secret, created_by),
	F_TIME(secret, last_updated, .nullable = 1,
	    .doc = "when it got its value; null: it has none yet"),
	F_TEXT(secret, last_updated_by),
	F_END
};

/* The columns that do not go out. */
static const struct field secret_columns[] = {
	F_TEXT(secret, id),
	F_TEXT(secret, gateway_id),
	F_TEXT(secret, sealed, .nullable = 1),
	F_NEST("", secret_fields),
	F_END
};

enum err
secret_list(void *ctx, struct db *db, const char *gateway_id, struct records *out, struct error *e)
{
	STMT(st, db, SQL_SECRET_LIST);

	stmt_text(st, "gateway_id", gateway_id);
	return records_read(ctx, st, secret_columns, sizeof(struct secret), out, e);
}

enum err
secret_list_sealed(void *ctx, struct db *db, struct records *out, struct error *e)
{
	STMT(st, db, SQL_SECRET_SEALED);

	return records_read(ctx, st, secret_columns, sizeof(struct secret), out, e);
}

enum err
secret_find(void *ctx, struct db *db, const char *gateway_id, const char *name, struct secret *s,
    bool *found, struct error *e)
{
	STMT(st, db, SQL_SECRET_GET);

	stmt_text(st, "gateway_id", gateway_id);
	stmt_text(st, "name", name);
	return record_find_row(ctx, st, secret_columns, s, found, e);
}

enum err
secret_any_sealed(struct db *db, bool *any, struct error *e)
{
	bool more;
	STMT(st, db, SQL_SECRET_ANY_SEALED);

	if (stmt_row(st, &more, e) != ERR_OK)
		return e->code;
	*any = more && stmt_col_int(st, "n") > 0;
	return ERR_OK;
}

static enum err
secret_write(struct db *db, enum sql which, const struct secret *s, struct error *e)
{
	STMT(st, db, which);

	return record_write(st, secret_columns, s, NULL, e);
}

enum err
secret_put(struct db *db, const struct secret *s, struct error *e)
{
	return secret_write(db, SQL_SECRET_PUT, s, e);
}

enum err
secret_reseal(struct db *db, const struct secret *s, struct error *e)
{
	return secret_write(db, SQL_SECRET_RESEAL, s, e);
}

enum err
secret_forget(struct db *db, size_t *n, struct error *e)
{
	int changed = 0;
	STMT(st, db, SQL_SECRET_FORGET);

	if (stmt_exec(st, &changed, e) != ERR_OK)
		return e->code;
	*n = (size_t)changed;
	return ERR_OK;
}

enum err
secret_delete(struct db *db, const char *gateway_id, const char *name, struct error *e)
{
	int changed;
	STMT(st, db, SQL_SECRET_DELETE);

	stmt_text(st, "gateway_id", gateway_id);
	stmt_text(st, "name", name);
	if (stmt_exec(st, &changed, e) != ERR_OK)
		return e->code;
	return changed > 0 ? ERR_OK :
	    error_set(e, ERR_NOT_FOUND, "there is no secret %s", name);
}
