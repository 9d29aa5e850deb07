#include "access/login.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "secret/digest.h"
#include "secret/token.h"
#include "store/account.h"

enum { MS_PER_S = 1000, SESSIONS_KEPT = 1000 };

static int64_t
lifetime_of(const struct config *c, enum session_kind kind)
{
	return (kind == SESSION_LOGIN ? c->auth_session_max : c->auth_oauth_lifetime) * MS_PER_S;
}

enum err
login_issue(void *ctx, struct db *db, const struct config *c, const struct caller *who,
    enum session_kind kind, const char *remote, const char **token, int64_t *lifetime_s,
    struct error *e)
{
	int64_t now = clock_wall(), ends = now + lifetime_of(c, kind);
	struct session s = {
		.id = id_new(ctx), .kind = session_kind_name(kind), .account_id = who->account_id,
		.parent_id = who->session_id, .remote = remote, .created = now, .last_used = now,
		.created_by = who->username, .expires = ends,
	};

	if (who->expires != 0 && who->expires < ends)
		s.expires = who->expires;
	*token = token_new(ctx);
	*lifetime_s = (s.expires - now) / MS_PER_S;
	s.digest = digest_hex(ctx, *token, strlen(*token));
	if (session_tidy(db, who->account_id, now, SESSIONS_KEPT, e) != ERR_OK)
		return e->code;
	return session_insert(db, &s, e);
}

enum err
login_client(void *ctx, struct db *db, const struct verifier *v, const char *id, const char *secret,
    const char *remote, struct caller *caller, struct error *e)
{
	struct session s = { 0 };
	bool found;

	if (session_find(ctx, db, digest_hex(ctx, secret, strlen(secret)), &s, &found, e) != ERR_OK)
		return e->code;
	if (!found || !session_is(&s, SESSION_API))
		return identify_password(ctx, db, v, id, secret, remote, caller, e);
	if (identify_token(ctx, db, v, secret, CALLER_BEARER, caller, e) != ERR_OK)
		return e->code;
	if (text_eq(id, s.name) || text_eq(id, caller->username))
		return ERR_OK;
	caller->claimed = caller->username;
	return error_set(e, ERR_UNAUTHENTICATED, "the client's id or its secret is wrong");
}
