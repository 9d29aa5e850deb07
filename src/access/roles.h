#ifndef ACCESS_ROLES_H
#define ACCESS_ROLES_H

#include <stdbool.h>
#include <stdint.h>

#include "access/identity.h"
#include "base/err.h"
#include "store/account.h"

/*
 * Roles say what a caller may do (api.md section 8). They are fixed; an account has its own and those of its groups.
 * X(code, name, _id, what it is for): the ids are stable, clients keep them.
 */
#define ROLES(X) \
	X(GATEWAY_CREATE, "gateway:create", "676174650000000000000001", "register gateways") \
	X(GATEWAY_READ, "gateway:read", "676174650000000000000002", "see gateways and their connections") \
	X(GATEWAY_UPDATE, "gateway:update", "676174650000000000000003", "change gateways, import service files") \
	X(GATEWAY_DELETE, "gateway:delete", "676174650000000000000004", "delete gateways") \
	X(CERTIFICATE_CREATE, "certificate:create", "676174650000000000000005", "add certificates") \
	X(CERTIFICATE_READ, "certificate:read", "676174650000000000000006", "see certificates") \
	X(CERTIFICATE_UPDATE, "certificate:update", "676174650000000000000007", "change certificates") \
	X(CERTIFICATE_DELETE, "certificate:delete", "676174650000000000000008", "delete certificates") \
	X(SERVICE_GROUP_CREATE, "service-group:create", "676174650000000000000009", "make service groups") \
	X(SERVICE_GROUP_READ, "service-group:read", "67617465000000000000000a", "see service groups") \
	X(SERVICE_GROUP_UPDATE, "service-group:update", "67617465000000000000000b", "change service groups") \
	X(SERVICE_GROUP_DELETE, "service-group:delete", "67617465000000000000000c", "delete service groups") \
	X(SERVICE_READ, "service:read", "67617465000000000000000d", "see services") \
	X(SERVICE_RUN, "service:run", "67617465000000000000000e", "run services") \
	X(JOB_READ, "job:read", "67617465000000000000000f", "see jobs and their output") \
	X(JOB_CANCEL, "job:cancel", "676174650000000000000010", "cancel jobs") \
	X(JOB_DELETE, "job:delete", "676174650000000000000011", "delete jobs that have ended") \
	X(INVENTORY_READ, "inventory:read", "676174650000000000000012", "see inventories") \
	X(INVENTORY_UPDATE, "inventory:update", "676174650000000000000013", "make, change and delete inventories") \
	X(SECRET_UPDATE, "secret:update", "676174650000000000000014", "set and delete secrets") \
	X(ACCOUNT_READ, "account:read", "676174650000000000000015", "see roles, groups and accounts") \
	X(ACCOUNT_UPDATE, "account:update", "676174650000000000000016", "make, change and delete groups and accounts") \
	X(AUDIT_READ, "audit:read", "676174650000000000000017", "see who did what") \
	X(ADMIN, "admin", "676174650000000000000018", "do and see everything")

enum role_code {
#define X(code, name, id, doc) ROLE_CODE_##code,
	ROLES(X)
#undef X
	ROLES_N
};

struct role {
	const char *id, *name, *doc;
};
/* By role_code. */
extern const struct role roles[ROLES_N];

/* The role of this id, or of this name. NULL: none. */
const struct role *role_find(const char *id_or_name);
/* Whether it only looks: its name ends in ":read". */
bool role_is_read(const struct role *r);
/* ROLE in a set of roles; role_bits() are all of those named that there are, and of an administrator all. */
role_set role_bit(const struct role *r);
role_set role_bits(const struct names *names);
/* The roles of CALLER: of an administrator all. */
role_set roles_of(const struct caller *caller);

/* Fills what CALLER may do by A, its account, as it was just read. ERR_UNAUTHENTICATED where that is inactive. */
enum err roles_load(struct db *db, const struct account *a, struct caller *caller, struct error *e) MUST_CHECK;

/*
 * The one place that decides what CALLER may do: whether it has ROLE ("gateway:read"). Administrators have all.
 * ERR_FORBIDDEN names the missing role.
 */
enum err authorize(const struct caller *caller, const char *role, struct error *e) MUST_CHECK;
/*
 * Nobody gives, or touches, more than they have: ERR_FORBIDDEN names a role of SET that CALLER lacks, and says WHAT
 * it therefore cannot do.
 */
enum err authorize_all(const struct caller *caller, role_set set, const char *what, struct error *e) MUST_CHECK;

#endif
