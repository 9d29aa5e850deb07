#include "access/identity.h"

#include <string.h>

#include "access/credential.h"
#include "access/roles.h"
#include "access/throttle.h"
#include "base/clock.h"
#include "base/mem.h"
#include "secret/digest.h"
#include "secret/password.h"
#include "store/account.h"
#include "store/session.h"

/* That a session was used is written at most so often, and at least some times in its idle time. */
enum { MS_PER_S = 1000, USE_STEP_MS = 60000, USES_IN_IDLE = 4 };

static enum err
become(struct db *db, struct caller *caller, const struct account *a, enum caller_by by,
    struct error *e)
{
	*caller = (struct caller){ .username = a->username, .account_id = a->id, .by = by };
	return roles_load(db, a, caller, e);
}

enum err
identify_password(void *ctx, struct db *db, const struct verifier *v, const char *username,
    const char *password, const char *remote, struct caller *caller, struct error *e)
{
	struct account a = { 0 };
	int64_t wall = clock_wall(), mono = clock_mono();
	bool found;

	if (account_find(ctx, db, username, &a, &found, e) != ERR_OK)
		return e->code;
	/* What was right a moment ago is no guess: nobody's guesses get in its way. */
	if (found && !a.inactive &&
	    remember_has(v->remember, username, password, a.password_hash, mono))
		return become(db, caller, &a, CALLER_PASSWORD, e);
	if (throttle_check(ctx, db, v->config, username, remote, wall, e) != ERR_OK)
		return e->code;
	if (!found)
		password_verify_nothing(password);
	if (!found || !password_verify(a.password_hash, password) || a.inactive) {
		/* Not what was typed: people type passwords where names belong. */
		caller->claimed = found ? a.username : "";
		throttle_failed(ctx, db, v->config, username, remote, wall);
		return error_set(
		    e, ERR_UNAUTHENTICATED, "the user name or the password is wrong");
	}
	remember_put(v->remember, username, password, a.password_hash, mono);
	throttle_passed(ctx, db, v->config, username, remote, wall);
	return become(db, caller, &a, CALLER_PASSWORD, e);
}

static int64_t
use_step(int64_t idle_ms)
{
	return idle_ms / USES_IN_IDLE < USE_STEP_MS ? idle_ms / USES_IN_IDLE : USE_STEP_MS;
}

enum err
identify_token(void *ctx, struct db *db, const struct verifier *v, const char *token,
    enum caller_by by, struct caller *caller, struct error *e)
{
	const char *digest = digest_hex(ctx, token, strlen(token));
	int64_t now = clock_wall(), idle = v->config->auth_session_idle * MS_PER_S;
	struct session s = { 0 };
	struct account a = { 0 };
	bool found;
	enum err rc;

	if (session_find(ctx, db, digest, &s, &found, e) != ERR_OK)
		return e->code;
	rc = found && session_is_alive(&s, idle, now) ?
	    account_get(ctx, db, s.account_id, &a, e) : ERR_NOT_FOUND;
	/* The account may have gone since, with its sessions. */
	if (rc == ERR_NOT_FOUND)
		return error_set(e, ERR_UNAUTHENTICATED,
		    "the token is not known, or not any more: log in again");
	if (rc != ERR_OK)
		return rc;
	if (now - s.last_used >= use_step(idle))
		session_note_use(db, s.id, now);
	if (become(db, caller, &a, by, e) != ERR_OK)
		return e->code;
	caller->session_id = s.id;
	caller->expires = s.expires;
	caller->can_end = !session_is(&s, SESSION_API);
	return ERR_OK;
}

static enum err
by_header(void *ctx, struct db *db, const struct verifier *v, const struct credentials *given,
    struct caller *caller, struct error *e)
{
	const char *token = credential_bearer(given->authorization);
	char *user, *password;

	if (token != NULL)
		return identify_token(ctx, db, v, token, CALLER_BEARER, caller, e);
	if (!credential_basic(ctx, given->authorization, &user, &password))
		return error_set(e, ERR_UNAUTHENTICATED,
		    "the header Authorization holds no Basic credential and no Bearer token");
	return identify_password(ctx, db, v, user, password, given->remote, caller, e);
}

/* The web server has made sure of them: LDAP, OIDC, Kerberos, client certificates come in so. */
static enum err
by_server(void *ctx, struct db *db, const char *username, struct caller *caller, struct error *e)
{
	struct account a = { 0 };
	bool found;

	if (account_find(ctx, db, username, &a, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return error_set(e, ERR_FORBIDDEN,
		    "%s is known to the web server, but has no account here", username);
	return become(db, caller, &a, CALLER_SERVER, e);
}

enum err
identify(void *ctx, struct db *db, const struct verifier *v, const struct credentials *given,
    struct caller *caller, struct error *e)
{
	const char *cookie = given->cookie != NULL ?
	    credential_cookie(ctx, given->cookie, COOKIE_NAME) : NULL;
	bool is_named = given->remote_user != NULL && *given->remote_user != '\0';

	if (given->authorization != NULL)
		return by_header(ctx, db, v, given, caller, e);
	if (cookie != NULL)
		return identify_token(ctx, db, v, cookie, CALLER_COOKIE, caller, e);
	if (given->token != NULL)
		return identify_token(ctx, db, v, given->token, CALLER_QUERY, caller, e);
	if (v->config->auth_trust_remote_user && is_named)
		return by_server(ctx, db, given->remote_user, caller, e);
	return error_set(e, ERR_UNAUTHENTICATED,
	    "this operation needs a caller: send a user name and password, or a token");
}

enum err
identify_again(void *ctx, struct db *db, struct caller *caller, struct error *e)
{
	struct account a = { 0 };
	bool there = true;
	enum err rc;

	if (caller->account_id == NULL)
		return ERR_OK;
	if (caller->session_id != NULL &&
	    session_is_there(db, caller->session_id, &there, e) != ERR_OK)
		return e->code;
	rc = there ? account_get(ctx, db, caller->account_id, &a, e) : ERR_NOT_FOUND;
	if (rc == ERR_NOT_FOUND)
		return error_set(e, ERR_UNAUTHENTICATED,
		    "the session, or its account, has ended meanwhile");
	return rc == ERR_OK ? roles_load(db, &a, caller, e) : rc;
}

bool
caller_is_ambient(const struct caller *caller)
{
	switch (caller->by) {
	case CALLER_PASSWORD:
	case CALLER_COOKIE:
	case CALLER_SERVER:
		return true;
	case CALLER_HOST:
	case CALLER_BEARER:
	case CALLER_QUERY:
		return false;
	}
	return true;
}

const char *
caller_by_name(enum caller_by by)
{
	static const char *const names[] = {
		[CALLER_HOST] = "host", [CALLER_PASSWORD] = "password",
		[CALLER_BEARER] = "bearer", [CALLER_COOKIE] = "cookie",
		[CALLER_QUERY] = "query", [CALLER_SERVER] = "server",
	};

	return names[by];
}
