#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "base/field.h"
#include "db/record.h"

#define ACCOUNT_FIRST_ID "000000000000000000000000"	/* of the first administrator, api.md section 7 */

struct account {
	const char *id, *username, *password_hash;
	bool inactive;			/* nobody can come in as it */
	struct names roles;		/* names of its own roles */
	struct names groups;		/* ids of the user groups that it is in by itself */
	int64_t created, last_updated;
	const char *created_by, *last_updated_by;
};
extern const struct field account_fields[];
extern const struct names account_admin_roles;	/* what makes an administrator */

/* FOUND false where there is no such account. This and the next two leave roles and groups empty. */
enum err account_find(void *ctx, struct db *db, const char *username, struct account *a, bool *found,
    struct error *e) MUST_CHECK;
/* ERR_NOT_FOUND where there is none of this id. */
enum err account_get(void *ctx, struct db *db, const char *id, struct account *a, struct error *e) MUST_CHECK;
enum err account_list(void *ctx, struct db *db, struct records *out, struct error *e) MUST_CHECK;
/* Fills A's roles and groups, for CTX. */
enum err account_fill(void *ctx, struct db *db, struct account *a, struct error *e) MUST_CHECK;
/*
 * Within a transaction. A name or an id that is taken is ERR_CONFLICT, naming it; a group that does not exist is
 * ERR_INVALID naming memberOf and it.
 */
enum err account_insert(struct db *db, const struct account *a, struct error *e) MUST_CHECK;
/* The same for one that is there, all but its name. */
enum err account_update(struct db *db, const struct account *a, struct error *e) MUST_CHECK;
/* ERR_NOT_FOUND where there is no such account. */
enum err account_set_password(struct db *db, const char *username, const char *hash, const char *by,
    struct error *e) MUST_CHECK;
enum err account_delete(struct db *db, const char *username, struct error *e) MUST_CHECK;
/* A role that an account has; VIA is the name of the group that it comes from, "" for the account's own. */
struct role_held {
	const char *role, *via;
};
/* Those of its own and of its groups, and what these are members of, as far as they are active. */
enum err account_roles_held(void *ctx, struct db *db, const char *id, struct records *out, struct error *e) MUST_CHECK;
/* The names of the groups that count for it: its own, and what these are members of. */
enum err account_groups_held(void *ctx, struct db *db, const char *id, struct names *out, struct error *e) MUST_CHECK;
/*
 * Of these the names of those that are members of GROUP themselves, by which it counts, for explanations; the first
 * is "" where the account is in GROUP by itself.
 */
enum err account_group_ways(void *ctx, struct db *db, const char *id, const char *group, struct names *out,
    struct error *e) MUST_CHECK;
/* How many can come in and have the role admin, by themselves or by a group. */
enum err account_count_admins(struct db *db, int64_t *n, struct error *e) MUST_CHECK;
/* Within the transaction of a change: ERR_CONFLICT where it leaves none of these. */
enum err account_keep_admin(struct db *db, struct error *e) MUST_CHECK;
/* Whether S can be a user name: 1 to 128 printable characters without blank or colon (RFC 7617 forbids the colon). */
bool account_is_name(const char *s);

#endif
