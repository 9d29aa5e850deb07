#ifndef STORE_USER_GROUP_H
#define STORE_USER_GROUP_H

#include "base/field.h"
#include "db/record.h"

enum { USER_GROUP_CHAIN_MAX = 8 };	/* groups that are in one another */

struct user_group {
	const char *id, *name, *description, *provenance;
	bool inactive;			/* it counts for nothing */
	struct names roles;		/* names of the roles that it gives */
	struct names groups;		/* ids of the groups that it is a member of */
	int64_t created, last_updated;
	const char *created_by, *last_updated_by;
	const char *assigned_roles, *member_of;	/* JSON texts, for the wire: the API's */
};
extern const struct field user_group_fields[];

/* Whether S can be a group's name: 1 to 256 characters. */
bool user_group_is_name(const char *s);
/* ERR_NOT_FOUND where there is none. This and the next two leave roles and groups empty. */
enum err user_group_get(void *ctx, struct db *db, const char *id, struct user_group *g, struct error *e) MUST_CHECK;
enum err user_group_find(void *ctx, struct db *db, const char *name, struct user_group *g, bool *found,
    struct error *e) MUST_CHECK;
enum err user_group_list(void *ctx, struct db *db, struct records *out, struct error *e) MUST_CHECK;
/* Fills G's roles and groups, for CTX. */
enum err user_group_fill(void *ctx, struct db *db, struct user_group *g, struct error *e) MUST_CHECK;
/*
 * Within a transaction. A name that is taken is ERR_CONFLICT; ERR_INVALID naming memberOf where a group does not
 * exist, where G would be a member of itself, or a chain would have over USER_GROUP_CHAIN_MAX groups.
 */
enum err user_group_insert(struct db *db, const struct user_group *g, struct error *e) MUST_CHECK;
enum err user_group_update(struct db *db, const struct user_group *g, struct error *e) MUST_CHECK;
/* Takes it off gateways, service groups, accounts and other groups. */
enum err user_group_delete(struct db *db, const char *id, struct error *e) MUST_CHECK;
/* The names of those that are in it by themselves. */
enum err user_group_accounts(void *ctx, struct db *db, const char *id, struct names *out, struct error *e) MUST_CHECK;
/* The roles that membership in it can give, by what it is a member of too, whether that is active now or not. */
enum err user_group_roles_given(void *ctx, struct db *db, const char *id, struct names *out,
    struct error *e) MUST_CHECK;

#endif
