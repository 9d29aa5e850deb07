#include "access/throttle.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "secret/digest.h"
#include "store/login_failure.h"

enum { MS_PER_S = 1000, DOUBLINGS_MAX = 30, NETWORK_BYTES = 8 };

static const int64_t memory_ms = 15 * 60 * INT64_C(1000),	/* of failures */
    account_block_ms = 30 * INT64_C(1000),
    known_ms = 30 * 24 * 60 * 60 * INT64_C(1000),		/* of an account's own addresses */
    known_step_ms = 24 * 60 * 60 * INT64_C(1000);		/* how often that is written */

enum scope { SCOPE_PAIR, SCOPE_ADDRESS, SCOPE_ACCOUNT, SCOPES, KNOWN = SCOPES };

static const int64_t factors[SCOPES] = {
	[SCOPE_PAIR] = 1, [SCOPE_ADDRESS] = 5, [SCOPE_ACCOUNT] = 10
};

/* The network of an IPv6 address; else REMOTE. */
static const char *
network_of(void *ctx, const char *remote)
{
	struct in6_addr in;
	char *out;

	if (inet_pton(AF_INET6, remote, &in) != 1 || IN6_IS_ADDR_V4MAPPED(&in))
		return remote;
	memset(in.s6_addr + NETWORK_BYTES, 0, sizeof in.s6_addr - NETWORK_BYTES);
	out = mem_bytes(ctx, INET6_ADDRSTRLEN);
	return inet_ntop(AF_INET6, &in, out, INET6_ADDRSTRLEN);
}

static const char *
subject_of(void *ctx, int scope, const char *username, const char *remote)
{
	const char *text = mem_printf(ctx, "%d\n%s\n%s", scope,
	    scope != SCOPE_ACCOUNT ? network_of(ctx, remote) : "",
	    scope != SCOPE_ADDRESS ? username : "");

	return digest_hex(ctx, text, strlen(text));
}

static int64_t
longest(const struct config *c, int scope)
{
	int64_t lockout = c->auth_lockout * MS_PER_S;

	return scope == SCOPE_ACCOUNT && lockout > account_block_ms ? account_block_ms : lockout;
}

/* How long one is blocked after so many FAILURES; 0: not at all. */
static int64_t
block_of(const struct config *c, int scope, int64_t failures)
{
	int64_t over = failures - c->auth_attempts * factors[scope], ms;

	if (over < 0)
		return 0;
	ms = INT64_C(1) * MS_PER_S << (over < DOUBLINGS_MAX ? over : DOUBLINGS_MAX);
	return ms < longest(c, scope) ? ms : longest(c, scope);
}

static enum err
is_known(void *ctx, struct db *db, const char *username, const char *remote, int64_t now,
    bool *known, struct error *e)
{
	struct login_failure f;

	if (login_failure_get(ctx, db, subject_of(ctx, KNOWN, username, remote), now, &f, e) !=
	    ERR_OK)
		return e->code;
	*known = f.expires != 0;
	return ERR_OK;
}

enum err
throttle_check(void *ctx, struct db *db, const struct config *c, const char *username,
    const char *remote, int64_t now, struct error *e)
{
	bool known = false;

	if (c->auth_attempts == 0)
		return ERR_OK;
	if (is_known(ctx, db, username, remote, now, &known, e) != ERR_OK)
		return e->code;
	for (int scope = 0; scope < SCOPES; scope++) {
		const char *subject = subject_of(ctx, scope, username, remote);
		struct login_failure f;
		int64_t left;

		if (scope == SCOPE_ACCOUNT && known)
			continue;
		if (login_failure_get(ctx, db, subject, now, &f, e) != ERR_OK)
			return e->code;
		left = f.blocked_until - now;
		/* Longer than any is only one from before the clock was set back. */
		if (left <= 0 || left > longest(c, scope))
			continue;
		error_set(e, ERR_TOO_MANY, "too many wrong passwords: try again later");
		e->retry_s = (int)((left + MS_PER_S - 1) / MS_PER_S);
		return e->code;
	}
	return ERR_OK;
}

void
throttle_failed(void *ctx, struct db *db, const struct config *c, const char *username,
    const char *remote, int64_t now)
{
	struct login_failure all[SCOPES];
	struct error e;
	int64_t block, most = 0;

	if (c->auth_attempts == 0)
		return;
	for (int scope = 0; scope < SCOPES; scope++) {
		struct login_failure *f = &all[scope];

		if (login_failure_get(
			ctx, db, subject_of(ctx, scope, username, remote), now, f, &e) != ERR_OK) {
			log_warning("a wrong password is not counted: %s", e.detail);
			return;
		}
		block = block_of(c, scope, ++f->failures);
		most = block > most ? block : most;
		f->blocked_until = block > 0 ? now + block : 0;
		f->expires = now + memory_ms + block;
	}
	if (login_failure_put(db, all, SCOPES, NULL, now, &e) != ERR_OK)
		log_warning("a wrong password is not counted: %s", e.detail);
	else if (most > 0)
		log_warning("wrong passwords, again and again, the last from %s: none is looked at "
			    "for %d s", remote, (int)(most / MS_PER_S));
}

void
throttle_passed(void *ctx, struct db *db, const struct config *c, const char *username,
    const char *remote, int64_t now)
{
	const char *pair = subject_of(ctx, SCOPE_PAIR, username, remote);
	struct login_failure failed, known;
	struct error e;

	if (c->auth_attempts == 0)
		return;
	if (login_failure_get(ctx, db, pair, now, &failed, &e) == ERR_OK &&
	    login_failure_get(ctx, db, subject_of(ctx, KNOWN, username, remote), now, &known, &e) ==
		ERR_OK) {
		/* Most of the time there is nothing to write. */
		if (failed.failures == 0 && known.expires - now > known_ms - known_step_ms)
			return;
		known.expires = now + known_ms;
		if (login_failure_put(db, &known, 1, pair, now, &e) == ERR_OK)
			return;
	}
	log_warning("a right password is not noted: %s", e.detail);
}
