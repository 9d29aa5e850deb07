#include "store/user_group.h"

#include <string.h>

enum { NAME_MAX_CHARS = 256, DESCRIPTION_MAX = 1000 };

const struct field user_group_fields[] = {
	F_TEXT(user_group, id, .readonly = 1, .wire = "_id", .shape = "Id"),
	F_TEXT(user_group, name, .required = 1, .min = 1, .max = NAME_MAX_CHARS,
	    .doc = "unique"),
	F_TEXT(user_group, description, .max = DESCRIPTION_MAX),
	F_TEXT(user_group, provenance, .max = NAME_MAX_CHARS,
	    .doc = "where it comes from; empty: from here"),
	F_BOOL(user_group, inactive, .doc = "true: it counts for nothing"),
	F_JSON(user_group, assigned_roles, .wire = "assignedRoles", .private = 1,
	    .shape = "AssignedRoles"),
	F_JSON(user_group, member_of, .wire = "memberOf", .private = 1, .shape = "MemberOf"),
	F_TIME(user_group, created, .readonly = 1, .nullable = 1),
	F_TEXT(user_group, created_by, .readonly = 1),
	F_TIME(user_group, last_updated, .readonly = 1, .nullable = 1),
	F_TEXT(user_group, last_updated_by, .readonly = 1),
	F_END
};

bool
user_group_is_name(const char *s)
{
	return *s != '\0' && utf8_valid(s, strlen(s)) && utf8_count(s) <= NAME_MAX_CHARS;
}

enum err
user_group_get(void *ctx, struct db *db, const char *id, struct user_group *g, struct error *e)
{
	bool found;
	STMT(st, db, SQL_USER_GROUP_GET);

	stmt_text(st, "id", id);
	if (record_find_row(ctx, st, user_group_fields, g, &found, e) != ERR_OK)
		return e->code;
	return found ? ERR_OK : error_set(e, ERR_NOT_FOUND, "there is no group %s", id);
}

enum err
user_group_find(void *ctx, struct db *db, const char *name, struct user_group *g, bool *found,
    struct error *e)
{
	STMT(st, db, SQL_USER_GROUP_BY_NAME);

	stmt_text(st, "name", name);
	return record_find_row(ctx, st, user_group_fields, g, found, e);
}

enum err
user_group_list(void *ctx, struct db *db, struct records *out, struct error *e)
{
	STMT(st, db, SQL_USER_GROUP_LIST);

	return records_read(ctx, st, user_group_fields, sizeof(struct user_group), out, e);
}

enum err
user_group_fill(void *ctx, struct db *db, struct user_group *g, struct error *e)
{
	if (names_of(ctx, db, SQL_USER_GROUP_ROLE_NAMES, g->id, &g->roles, e) != ERR_OK)
		return e->code;
	return names_of(ctx, db, SQL_USER_GROUP_PARENT_NAMES, g->id, &g->groups, e);
}

/* --- writing --- */

static enum err
check_not_in_itself(struct db *db, const struct user_group *g, struct error *e)
{
	bool found;
	STMT(st, db, SQL_USER_GROUP_IS_ABOVE_ITSELF);

	stmt_text(st, "id", g->id);
	if (stmt_row(st, &found, e) != ERR_OK)
		return e->code;
	return found ? error_field(e, "memberOf", "the group %s would be a member of itself",
	    g->name) : ERR_OK;
}

static enum err
check_chain(struct db *db, const struct user_group *g, struct error *e)
{
	bool found;
	STMT(st, db, SQL_USER_GROUP_CHAIN);

	stmt_text(st, "id", g->id);
	stmt_int(st, "max", USER_GROUP_CHAIN_MAX);
	if (stmt_row(st, &found, e) != ERR_OK)
		return e->code;
	return found && stmt_col_int(st, "n") > USER_GROUP_CHAIN_MAX ?
	    error_field(e, "memberOf", "more than %d groups would be in one another",
	    USER_GROUP_CHAIN_MAX) : ERR_OK;
}

static enum err
write_lists(struct db *db, const struct user_group *g, struct error *e)
{
	if (names_write(db, g->id, SQL_USER_GROUP_ROLE_CLEAR, SQL_USER_GROUP_ROLE_ADD,
	    "assignedRoles", &g->roles, e) != ERR_OK)
		return e->code;
	return names_write(db, g->id, SQL_USER_GROUP_PARENT_CLEAR, SQL_USER_GROUP_PARENT_ADD,
	    "memberOf", &g->groups, e);
}

static enum err
user_group_write(struct db *db, enum sql which, const struct user_group *g, struct error *e)
{
	enum err rc;
	STMT(st, db, which);

	rc = record_write(st, user_group_fields, g, NULL, e);
	if (rc == ERR_CONFLICT)
		return error_set(e, rc, "there is a group %s already", g->name);
	if (rc != ERR_OK || write_lists(db, g, e) != ERR_OK ||
	    check_not_in_itself(db, g, e) != ERR_OK)
		return e->code;
	return check_chain(db, g, e);
}

enum err
user_group_insert(struct db *db, const struct user_group *g, struct error *e)
{
	return user_group_write(db, SQL_USER_GROUP_INSERT, g, e);
}

enum err
user_group_update(struct db *db, const struct user_group *g, struct error *e)
{
	return user_group_write(db, SQL_USER_GROUP_UPDATE, g, e);
}

enum err
user_group_delete(struct db *db, const char *id, struct error *e)
{
	STMT(st, db, SQL_USER_GROUP_DELETE);

	stmt_text(st, "id", id);
	return stmt_exec(st, NULL, e);
}

/* --- what is around it --- */

enum err
user_group_accounts(void *ctx, struct db *db, const char *id, struct names *out, struct error *e)
{
	return names_of(ctx, db, SQL_USER_GROUP_ACCOUNTS, id, out, e);
}

enum err
user_group_roles_given(void *ctx, struct db *db, const char *id, struct names *out,
    struct error *e)
{
	return names_of(ctx, db, SQL_USER_GROUP_ROLES_GIVEN, id, out, e);
}
