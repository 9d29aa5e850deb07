#include "world.h"

#include <string.h>

#include "access/credential.h"
#include "access/login.h"
#include "base/clock.h"
#include "secret/digest.h"
#include "secret/password.h"
#include "secret/token.h"
#include "store/account.h"

enum { FULL = 2, HOUR_MS = 3600000 };

static struct verifier verifier;
static struct caller anna = { .username = "anna", .account_id = ACCOUNT_FIRST_ID };

static void
begin(void)
{
	struct account a = { .id = ACCOUNT_FIRST_ID, .username = "anna", .password_hash = "!",
		.created_by = "t", .last_updated_by = "t" };
	struct error e;
	TXN(t);

	world_open();
	cr_assert_eq(secret_init(&e), ERR_OK);
	verifier = (struct verifier){ w.config, remember_new(w.ctx, 0) };
	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(account_insert(w.db, &a, &e), ERR_OK);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

TestSuite(session, .init = begin, .fini = world_end);

static const char *
issue(const struct caller *who, enum session_kind kind, int64_t *lifetime)
{
	const char *token = NULL;
	struct error e = { 0 };
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(login_issue(w.ctx, w.db, w.config, who, kind, "192.0.2.1", &token, lifetime, &e), ERR_OK,
	    "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	return token;
}

static enum err
use(const char *token, struct caller *c)
{
	struct error e = { 0 };
	enum err rc;

	*c = (struct caller){ 0 };
	rc = identify_token(w.ctx, w.db, &verifier, token, CALLER_BEARER, c, &e);
	cr_expect(*token == '\0' || strstr(e.detail, token) == NULL, "%s", e.detail);
	return rc;
}

Test(session, tokens_are_random_and_fit_a_url)
{
	const char *a = token_new(w.ctx), *b = token_new(w.ctx);

	cr_expect_eq(strlen(a), 43);
	cr_expect_str_neq(a, b);
	for (int i = 0; i < 100; i++)
		cr_expect_eq(strspn(token_new(w.ctx),
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
}

Test(session, only_a_digest_is_kept)
{
	int64_t lifetime;
	const char *token = issue(&anna, SESSION_LOGIN, &lifetime), *path = config_path(w.ctx, w.config, "gatehouse.db-wal");
	char *bytes = mem_bytes(w.ctx, 1 << 20);
	FILE *f = fopen(path, "re");
	size_t n;
	struct caller c;

	cr_assert_not_null(f);
	n = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	cr_expect_null(memmem(bytes, n, token, strlen(token)));
	cr_expect_not_null(memmem(bytes, n, digest_hex(w.ctx, token, strlen(token)), 64), "or it looked at nothing");
	cr_expect_eq(lifetime, w.config->auth_session_max);
	cr_assert_eq(use(token, &c), ERR_OK);
	cr_expect_str_eq(c.username, "anna");
	cr_expect(c.can_end);
	cr_expect_eq(use(mem_printf(w.ctx, "%sx", token), &c), ERR_UNAUTHENTICATED);
	cr_expect_eq(use(mem_textn(w.ctx, token, 42), &c), ERR_UNAUTHENTICATED);
	cr_expect_eq(use("", &c), ERR_UNAUTHENTICATED);
	cr_expect_eq(use(digest_hex(w.ctx, token, strlen(token)), &c), ERR_UNAUTHENTICATED, "the digest is no token");
}

Test(session, ends)
{
	const struct session login = { .kind = "login", .last_used = 1000, .expires = 10000 },
			     oauth = { .kind = "oauth", .last_used = 1000, .expires = 10000 },
			     api = { .kind = "api" };

	cr_expect(session_is_alive(&login, 500, 1499));
	cr_expect_not(session_is_alive(&login, 500, 1500), "unused");
	cr_expect(session_is_alive(&login, 100000, 9999));
	cr_expect_not(session_is_alive(&login, 100000, 10000), "too old");
	cr_expect(session_is_alive(&login, 500, 0), "a clock that was set back");
	cr_expect(session_is_alive(&oauth, 500, 9999), "only logins end unused");
	cr_expect_not(session_is_alive(&oauth, 500, 10000));
	cr_expect(session_is_alive(&api, 1, INT64_MAX), "for ever");
}

/* A use is written when the last one is some time ago, and only then. */
Test(session, uses_are_noted_now_and_then)
{
	int64_t lifetime, before;
	const char *token = issue(&anna, SESSION_LOGIN, &lifetime);
	struct caller c;

	world_exec(w.db, "UPDATE session SET last_used = last_used - 30000");
	before = world_pragma(w.db, "SELECT last_used FROM session");
	cr_assert_eq(use(token, &c), ERR_OK);
	cr_expect_eq(world_pragma(w.db, "SELECT last_used FROM session"), before);
	world_exec(w.db, "UPDATE session SET last_used = last_used - 60000");
	cr_assert_eq(use(token, &c), ERR_OK);
	cr_expect_geq(world_pragma(w.db, "SELECT last_used FROM session"), before);
	/* With a short idle time, more often. */
	w.config->auth_session_idle = 40;
	world_exec(w.db, "UPDATE session SET last_used = last_used - 11000");
	before = world_pragma(w.db, "SELECT last_used FROM session");
	cr_assert_eq(use(token, &c), ERR_OK);
	cr_expect_gt(world_pragma(w.db, "SELECT last_used FROM session"), before);
}

/* Nobody is kept out, nor waits, because the use cannot be written. */
Test(session, a_locked_database_does_not_matter)
{
	int64_t lifetime, before;
	const char *token = issue(&anna, SESSION_LOGIN, &lifetime);
	struct db *other = world_connect();
	struct error e;
	struct caller c;
	TXN(t);

	world_exec(w.db, "UPDATE session SET last_used = last_used - 120000");
	before = world_pragma(w.db, "SELECT last_used FROM session");
	cr_assert_eq(txn_begin(&t, other, &e), ERR_OK);
	cr_expect_eq(use(token, &c), ERR_OK);
	cr_expect_eq(world_pragma(w.db, "PRAGMA synchronous"), FULL);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	cr_expect_eq(world_pragma(w.db, "SELECT last_used FROM session"), before);
	cr_expect_eq(use(token, &c), ERR_OK);
	cr_expect_gt(world_pragma(w.db, "SELECT last_used FROM session"), before);
	cr_expect_eq(world_pragma(w.db, "PRAGMA synchronous"), FULL);
}

Test(session, light_transactions)
{
	struct error e;
	{
		TXN(t);

		cr_assert_eq(txn_begin_light(&t, w.db, TXN_WAITS, &e), ERR_OK);
		cr_expect_eq(world_pragma(w.db, "PRAGMA synchronous"), 1);
		cr_expect_eq(session_end_all(w.db, "anna", &e), ERR_OK);
	}
	cr_expect_eq(world_pragma(w.db, "PRAGMA synchronous"), FULL, "rolled back");
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK, "not within another");
		cr_expect_eq(world_pragma(w.db, "PRAGMA synchronous"), FULL);
	}
}

static int asked;

static enum err
on_commit(struct db *db, void *arg, struct error *e)
{
	asked++;
	if (arg != NULL)
		return error_set(e, ERR_INTERNAL, "%s", (const char *)arg);
	return session_end_all(db, "anna", e);
}

/* What is called before a commit is part of the transaction; bookkeeping does not call it. */
Test(session, before_a_commit)
{
	int64_t lifetime;
	struct error e = { 0 };
	struct account b = { .id = "b", .username = "berta", .password_hash = "!", .created_by = "t",
		.last_updated_by = "t" };

	static char no[] = "not today";

	issue(&anna, SESSION_LOGIN, &lifetime);
	db_before_commit(w.db, on_commit, no);
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(account_insert(w.db, &b, &e), ERR_OK);
		cr_expect_eq(txn_commit(&t, &e), ERR_INTERNAL);
		cr_expect_str_eq(e.detail, "not today");
	}
	cr_expect_eq(asked, 1);
	cr_expect_eq(world_count(w.db, "account"), 1, "rolled back");
	db_before_commit(w.db, on_commit, NULL);
	session_note_use(w.db, "x", 1);
	cr_expect_eq(asked, 1);
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(account_insert(w.db, &b, &e), ERR_OK);
		cr_expect_eq(txn_commit(&t, &e), ERR_OK);
	}
	cr_expect_eq(asked, 2);
	cr_expect_eq(world_count(w.db, "session"), 0);
	db_before_commit(w.db, NULL, NULL);
	cr_assert_eq(issue(&anna, SESSION_LOGIN, &lifetime) != NULL, true);
	cr_expect_eq(asked, 2);
}

Test(session, many_and_old_ones_go)
{
	int64_t lifetime;
	const char *first = issue(&anna, SESSION_LOGIN, &lifetime);
	struct caller c;

	world_exec(w.db, "UPDATE session SET last_used = last_used - 1000");
	world_exec(w.db,
	    "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) "
	    "INSERT INTO session SELECT 'x' || i, 'd' || i, 'oauth', NULL, account_id, NULL, '', created, '', "
	    "last_used + i, expires FROM n, session");
	world_exec(w.db, "INSERT INTO session SELECT 'api', 'da', 'api', 'n', account_id, NULL, '', 1, '', 1, 1 "
			 "FROM session LIMIT 1");
	cr_assert_eq(use(issue(&anna, SESSION_LOGIN, &lifetime), &c), ERR_OK);
	cr_expect_eq(world_count(w.db, "session WHERE kind <> 'api'"), 1001);
	cr_expect_eq(use(first, &c), ERR_UNAUTHENTICATED);
	world_exec(w.db, "UPDATE session SET expires = 1");
	cr_assert_eq(use(issue(&anna, SESSION_LOGIN, &lifetime), &c), ERR_OK);
	cr_expect_eq(world_count(w.db, "session WHERE kind <> 'api'"), 1);
	cr_expect_eq(world_count(w.db, "session WHERE kind = 'api'"), 1, "these are for `token revoke`");
}

Test(session, a_token_asks_for_one_that_ends_with_it)
{
	int64_t lifetime, now = clock_wall();
	struct caller robot = { .username = "anna", .account_id = ACCOUNT_FIRST_ID, .session_id = "api",
		.expires = now + HOUR_MS / 2 }, c;
	const char *token;
	struct error e;
	TXN(t);

	world_exec(w.db, "INSERT INTO session VALUES ('api', 'd', 'api', 'robot', '" ACCOUNT_FIRST_ID "', NULL, '', 1, '', 1, 0)");
	token = issue(&robot, SESSION_OAUTH, &lifetime);
	cr_expect_leq(lifetime, HOUR_MS / 2 / 1000);
	cr_expect_gt(lifetime, 0);
	cr_expect_eq(use(token, &c), ERR_OK);
	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_expect_eq(token_delete(w.db, "nosuch", &e), ERR_NOT_FOUND);
	cr_expect_eq(token_delete(w.db, "robot", &e), ERR_OK);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	cr_expect_eq(use(token, &c), ERR_UNAUTHENTICATED);
}

/* ---- the headers ---- */

Test(session, cookies)
{
	static const struct {
		const char *header, *value;
	} rows[] = {
		{ "token=abc", "abc" }, { "a=b; token=abc", "abc" }, { "a=b;token=abc;c=d", "abc" },
		{ "token=abc; token=x", "abc" }, { " ;; token=a=b", "a=b" }, { "token=", "" }, { "token=\"abc\"", "\"abc\"" },
		{ "", NULL }, { "token", NULL }, { "tokens=abc", NULL }, { "xtoken=abc", NULL }, { "Token=abc", NULL },
		{ "a=token=abc", NULL }, { ";", NULL }, { "token;=abc", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *got = credential_cookie(w.ctx, rows[i].header, "token");

		cr_expect(text_eq(got, rows[i].value), "%s: %s", rows[i].header, got != NULL ? got : "none");
	}
}

Test(session, bearers)
{
	cr_expect_str_eq(credential_bearer("Bearer abc"), "abc");
	cr_expect_str_eq(credential_bearer("bEARER   abc"), "abc");
	cr_expect_null(credential_bearer("Bearer"));
	cr_expect_null(credential_bearer("Bearer "));
	cr_expect_null(credential_bearer("Bearerabc"));
	cr_expect_null(credential_bearer("Basic abc"));
	cr_expect_null(credential_bearer(""));
}
