#ifndef ACCESS_IDENTITY_H
#define ACCESS_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "secret/remember.h"

struct db;

/* By what a caller is known. */
enum caller_by {
	CALLER_HOST,		/* the system's user, of the admin command */
	CALLER_PASSWORD,	/* HTTP Basic */
	CALLER_BEARER,		/* a token, in the header Authorization ... */
	CALLER_COOKIE,		/* ... in a cookie ... */
	CALLER_QUERY,		/* ... or in the query */
	CALLER_SERVER		/* the web server knows: REMOTE_USER */
};

/* Some of the roles of access/roles.h, a bit for each. */
typedef uint32_t role_set;

/* Who is asking. */
struct caller {
	const char *username;
	const char *account_id;		/* NULL: the host's own */
	bool is_admin;			/* does and sees everything */
	role_set roles;			/* as roles_load() has found them */
	enum caller_by by;
	const char *session_id;		/* whose token it was, or NULL */
	int64_t expires;		/* of that token; 0: never */
	bool can_end;			/* that session is none of an API token: POST /logout ends it */
	const char *claimed;		/* refused: whose password was wrong, "" for no account's; NULL: none was */
};

/* What is needed to tell. Shared by threads: what is remembered locks by itself. */
struct verifier {
	const struct config *config;
	struct remember *remember;
};

/* What a request brings. NULL: none. */
struct credentials {
	const char *authorization, *cookie;	/* the headers */
	const char *token;			/* of the query */
	const char *remote_user;		/* from the web server */
	const char *remote;			/* the address of the client; not NULL */
};

#define COOKIE_NAME "token"

/*
 * Finds who asks, for CTX. The first that is present decides, right or wrong: Authorization (Basic, RFC 7617, or
 * Bearer, RFC 6750), the cookie "token", the token of the query, and the user that the web server names, if it is
 * trusted ([auth] trust_remote_user). ERR_UNAUTHENTICATED where there is no credential or a wrong one; the message
 * never says which part is wrong. ERR_FORBIDDEN: the web server's user has no account here.
 */
enum err identify(void *ctx, struct db *db, const struct verifier *v, const struct credentials *given,
    struct caller *caller, struct error *e) MUST_CHECK;
/*
 * The same by a user name and a password, which came from the address REMOTE. ERR_TOO_MANY: after so many wrong ones
 * none is looked at (access/throttle.h).
 */
enum err identify_password(void *ctx, struct db *db, const struct verifier *v, const char *username,
    const char *password, const char *remote, struct caller *caller, struct error *e) MUST_CHECK;
/* The same by a token, which came as BY says. */
enum err identify_token(void *ctx, struct db *db, const struct verifier *v, const char *token, enum caller_by by,
    struct caller *caller, struct error *e) MUST_CHECK;
/*
 * CALLER as it is by now, for a request that has been waiting: what it may do is read again. ERR_UNAUTHENTICATED where
 * its session has ended, or its account is gone or inactive.
 */
enum err identify_again(void *ctx, struct db *db, struct caller *caller, struct error *e) MUST_CHECK;
/*
 * Whether CALLER's credential is one that browsers send by themselves (the cookie, a password that they remember, the
 * web server's user), so that a page of another site can have a request made with it.
 */
bool caller_is_ambient(const struct caller *caller);
/* "password", "bearer" ...: for records. */
const char *caller_by_name(enum caller_by by);

#endif
