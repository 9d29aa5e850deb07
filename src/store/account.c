#include "store/account.h"

#include <string.h>

#include "base/clock.h"

enum { USERNAME_MAX = 128 };

bool
account_is_name(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > USERNAME_MAX || !utf8_valid(s, n))
		return false;
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || *s == ':' || *s == 0x7f)
			return false;
	return true;
}

static const struct field_form username_form = { account_is_name,
	"printable characters without blanks and colons" };

static const char *admin_names[] = { "admin" };
const struct names account_admin_roles = { 1, admin_names };

const struct field account_fields[] = {
	F_TEXT(account, id, .readonly = 1, .wire = "_id"),
	F_TEXT(account, username, .required = 1, .min = 1, .max = USERNAME_MAX,
	    .form = &username_form),
	F_TEXT(account, password_hash, .readonly = 1),
	F_BOOL(account, inactive, .doc = "nobody can come in as it"),
	F_TIME(account, created, .readonly = 1),
	F_TEXT(account, created_by, .readonly = 1),
	F_TIME(account, last_updated, .readonly = 1),
	F_TEXT(account, last_updated_by, .readonly = 1),
	F_END
};

enum err
account_find(
    void *ctx, struct db *db, const char *username, struct account *a, bool *found, struct error *e)
{
	STMT(st, db, SQL_ACCOUNT_BY_USERNAME);

	stmt_text(st, "username", username);
	return record_find_row(ctx, st, account_fields, a, found, e);
}

enum err
account_get(void *ctx, struct db *db, const char *id, struct account *a, struct error *e)
{
	bool found;
	STMT(st, db, SQL_ACCOUNT_GET);

	stmt_text(st, "id", id);
	if (record_find_row(ctx, st, account_fields, a, &found, e) != ERR_OK)
		return e->code;
	return found ? ERR_OK : error_set(e, ERR_NOT_FOUND, "there is no account %s", id);
}

enum err
account_list(void *ctx, struct db *db, struct records *out, struct error *e)
{
	STMT(st, db, SQL_ACCOUNT_LIST);

	return records_read(ctx, st, account_fields, sizeof(struct account), out, e);
}

enum err
account_fill(void *ctx, struct db *db, struct account *a, struct error *e)
{
	if (names_of(ctx, db, SQL_ACCOUNT_ROLE_NAMES, a->id, &a->roles, e) != ERR_OK)
		return e->code;
	return names_of(ctx, db, SQL_ACCOUNT_GROUP_NAMES, a->id, &a->groups, e);
}

static enum err
account_write(struct db *db, enum sql which, const struct account *a, struct error *e)
{
	enum err rc;
	STMT(st, db, which);

	rc = record_write(st, account_fields, a, NULL, e);
	if (rc == ERR_CONFLICT)
		return error_set(e, rc, "there is an account %s already", a->username);
	if (rc != ERR_OK || names_write(db, a->id, SQL_ACCOUNT_ROLE_CLEAR, SQL_ACCOUNT_ROLE_ADD,
	    "assignedRoles", &a->roles, e) != ERR_OK)
		return e->code;
	return names_write(db, a->id, SQL_ACCOUNT_GROUP_CLEAR, SQL_ACCOUNT_GROUP_ADD, "memberOf",
	    &a->groups, e);
}

enum err
account_insert(struct db *db, const struct account *a, struct error *e)
{
	return account_write(db, SQL_ACCOUNT_INSERT, a, e);
}

enum err
account_update(struct db *db, const struct account *a, struct error *e)
{
	return account_write(db, SQL_ACCOUNT_UPDATE, a, e);
}

static enum err
account_must(int changed, const char *username, struct error *e)
{
	if (changed == 0)
		return error_set(e, ERR_NOT_FOUND, "there is no account %s", username);
	return ERR_OK;
}

enum err
account_set_password(
    struct db *db, const char *username, const char *hash, const char *by, struct error *e)
{
	int changed;
	STMT(st, db, SQL_ACCOUNT_SET_PASSWORD);

	stmt_text(st, "username", username);
	stmt_text(st, "password_hash", hash);
	stmt_int(st, "last_updated", clock_wall());
	stmt_text(st, "last_updated_by", by);
	if (stmt_exec(st, &changed, e) != ERR_OK)
		return e->code;
	return account_must(changed, username, e);
}

enum err
account_delete(struct db *db, const char *username, struct error *e)
{
	int changed;
	STMT(st, db, SQL_ACCOUNT_DELETE);

	stmt_text(st, "username", username);
	if (stmt_exec(st, &changed, e) != ERR_OK)
		return e->code;
	return account_must(changed, username, e);
}

static const struct field role_held_fields[] = {
	F_TEXT(role_held, role),
	F_TEXT(role_held, via),
	F_END
};

enum err
account_roles_held(void *ctx, struct db *db, const char *id, struct records *out, struct error *e)
{
	STMT(st, db, SQL_ACCOUNT_ROLES_HELD);

	stmt_text(st, "seer", id);
	return records_read(ctx, st, role_held_fields, sizeof(struct role_held), out, e);
}

enum err
account_groups_held(void *ctx, struct db *db, const char *id, struct names *out, struct error *e)
{
	STMT(st, db, SQL_ACCOUNT_GROUPS_HELD);

	stmt_text(st, "seer", id);
	return names_read(ctx, st, out, e);
}

enum err
account_group_ways(void *ctx, struct db *db, const char *id, const char *group, struct names *out,
    struct error *e)
{
	STMT(st, db, SQL_ACCOUNT_GROUP_WAYS);

	stmt_text(st, "seer", id);
	stmt_text(st, "name", group);
	return names_read(ctx, st, out, e);
}

enum err
account_count_admins(struct db *db, int64_t *n, struct error *e)
{
	bool more;
	STMT(st, db, SQL_ACCOUNT_COUNT_ADMINS);

	if (stmt_row(st, &more, e) != ERR_OK)
		return e->code;
	*n = more ? stmt_col_int(st, "n") : 0;
	return ERR_OK;
}

enum err
account_keep_admin(struct db *db, struct error *e)
{
	int64_t n;

	if (account_count_admins(db, &n, e) != ERR_OK)
		return e->code;
	return n > 0 ? ERR_OK : error_set(e, ERR_CONFLICT,
	    "that would leave no administrator who can come in: make another one first");
}
