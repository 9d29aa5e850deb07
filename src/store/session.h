#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "base/field.h"
#include "db/record.h"

/* What stands for a caller in place of a password. */
enum session_kind {
	SESSION_LOGIN,		/* of POST /login: ends when it is not used for a while, too */
	SESSION_OAUTH,		/* an access token of POST /oauth/token */
	SESSION_API,		/* a named token of `gatehouse token create` */
	SESSION__KINDS
};
const char *session_kind_name(enum session_kind kind);

struct session {
	const char *id, *digest;	/* of its token: digest_hex() */
	const char *kind;		/* a session_kind_name() */
	const char *name;		/* of an API token, else NULL */
	const char *account_id;
	const char *parent_id;		/* the API token that asked for it, or NULL: it goes with that one */
	const char *remote;		/* the address that it was made for */
	int64_t created, last_used;	/* the latter is written now and then only: see session_note_use() */
	int64_t expires;		/* 0: never */
	const char *created_by;
	const char *username;		/* of the account, in token_list() only */
};

/*
 * FOUND false where no session has this digest of a token. A digest is looked up as any text is: how long that takes
 * tells something of digests, of which nobody can compute a token.
 */
enum err session_find(void *ctx, struct db *db, const char *digest, struct session *s, bool *found,
    struct error *e) MUST_CHECK;
/* Whether session ID has not been ended: by a logout, a new password, or with its account. */
enum err session_is_there(struct db *db, const char *id, bool *there, struct error *e) MUST_CHECK;
bool session_is(const struct session *s, enum session_kind kind);
/* Whether it is good at NOW; IDLE_MS is how long a login may be unused. */
bool session_is_alive(const struct session *s, int64_t idle_ms, int64_t now);
/*
 * Writes that session ID was used at NOW, in a light transaction of its own. Where the database cannot be written just
 * now nothing comes of it: the next use is as good.
 */
void session_note_use(struct db *db, const char *id, int64_t now);

/* Writes, each within a transaction. */
/* An API token's name that is taken is ERR_CONFLICT. */
enum err session_insert(struct db *db, const struct session *s, struct error *e) MUST_CHECK;
/* With what it has asked for, if it is an API token. None such is fine. */
enum err session_delete(struct db *db, const char *id, struct error *e) MUST_CHECK;
/* Ends what USERNAME has logged in, not its API tokens: for a new password. */
enum err session_end_all(struct db *db, const char *username, struct error *e) MUST_CHECK;
/* Ends what anybody has logged in, not API tokens. */
enum err session_end_logins(struct db *db, struct error *e) MUST_CHECK;
/* Takes away what has expired by NOW, and of the account's sessions all but the KEEP that were used last. */
enum err session_tidy(struct db *db, const char *account_id, int64_t now, int64_t keep, struct error *e) MUST_CHECK;

/* The API tokens, by name. */
enum err token_list(void *ctx, struct db *db, struct records *out, struct error *e) MUST_CHECK;
/* ERR_NOT_FOUND where there is none of this name. */
enum err token_delete(struct db *db, const char *name, struct error *e) MUST_CHECK;

#endif
