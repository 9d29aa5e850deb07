#ifndef API_AUTHORIZATION_H
#define API_AUTHORIZATION_H

#include "access/roles.h"
#include "api/app.h"
#include "api/list.h"
#include "store/user_group.h"

/* What groups and accounts have in common on the wire (api.md section 7). */

extern const struct field role_fields[], account_wire_fields[];	/* as they go out */

enum { AUTHORIZATION_PAGE = 100 };	/* records of one answer at most */

/*
 * The list MEMBER of REQ's body, [{"KEY": "..."}], becomes OUT: names of roles (KEY "roleId"; an _id or a name), or
 * ids of groups ("groupId"). *GIVEN: it is there; else OUT stays. ERR_INVALID names the member and what is wrong.
 */
enum err assigned_read(struct request *req, const char *member, const char *key, struct names *out, bool *given,
    struct error *e) MUST_CHECK;
/* JSON texts for the wire. */
const char *assigned_roles_text(void *ctx, const struct names *role_names);
const char *member_of_text(void *ctx, const struct names *group_ids);
/* The roles that membership in GROUPS (ids) gives. One that does not exist gives none. */
enum err roles_of_groups(struct request *req, const struct names *groups, role_set *set, struct error *e) MUST_CHECK;

#endif
