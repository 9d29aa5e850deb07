#ifndef ACCESS_IDENTITY_H
#define ACCESS_IDENTITY_H

#include <stdbool.h>

#include "base/err.h"
#include "secret/remember.h"

struct db;

/* Who is asking. Until the full access model an account is an administrator or a reader. */
struct caller {
	const char *username;
	bool is_admin;
};

/*
 * Finds the caller of an Authorization header (NULL where there was none), for CTX: HTTP Basic, RFC 7617.
 * ERR_UNAUTHENTICATED where there is no credential or a wrong one; the message never says which part is wrong.
 */
enum err identify(void *ctx, struct db *db, struct remember *remember, const char *authorization,
    struct caller *caller, struct error *e) MUST_CHECK;

/*
 * The one place that decides: whether CALLER has ROLE ("gateway:read"). Administrators have all, readers those that
 * end in ":read". ERR_FORBIDDEN names the missing role.
 */
enum err authorize(const struct caller *caller, const char *role, struct error *e) MUST_CHECK;

#endif
