#ifndef ACCESS_LOGIN_H
#define ACCESS_LOGIN_H

#include "access/identity.h"
#include "store/session.h"

/* Tokens: given out, and given by programs that have one already. */

/*
 * Within a transaction: a new token for WHO, made for CTX; only its digest is kept. A login lasts as long as [auth]
 * session_max says, an access token as [auth] oauth_lifetime and no longer than the token that asked for it.
 * *LIFETIME_S gets the seconds that it is good for. What has expired is cleared away, and of very many sessions of
 * one account those that were used least lately.
 */
enum err login_issue(void *ctx, struct db *db, const struct config *c, const struct caller *who, enum session_kind kind,
    const char *remote, const char **token, int64_t *lifetime_s, struct error *e) MUST_CHECK;
/*
 * Finds the caller of an OAuth client (RFC 6749 section 4.4): ID is an API token's name or its account's, SECRET the
 * token; or they are an account's name and password. ERR_UNAUTHENTICATED: they are neither.
 */
enum err login_client(void *ctx, struct db *db, const struct verifier *v, const char *id, const char *secret,
    const char *remote, struct caller *caller, struct error *e) MUST_CHECK;

#endif
