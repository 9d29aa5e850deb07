#include "world.h"

#include <string.h>

#include "access/roles.h"
#include "secret/password.h"
#include "store/account.h"

enum { TTL = 60000 };

static struct verifier verifier;

/* True Argon2id hashes of the passwords below, with the least work that there is. */
#define ANNA_PASSWORD "open: the gate"
#define ANNA_HASH \
	"$argon2id$v=19$m=8,t=1,p=1$/rnL8DK6R+wNW6i6TlQ7VA$1nFBdRF4NQIRQ9rD+cUw0LEgzdQgawu6ioBtkcb589s"
#define READER_PASSWORD "only looking"
#define READER_HASH \
	"$argon2id$v=19$m=8,t=1,p=1$WHwjf4A4nvsOw0fmUnibgQ$U3aR5kbhBs9XZe5Wo8MFtbXR4g4ecm57QPwrl/wKFDU"

static void
add_account(const char *name, const char *hash, bool is_admin)
{
	struct account a = {
		.id = name, .username = name, .password_hash = hash,
		.roles = is_admin ? account_admin_roles : (struct names){ 0, NULL },
		.created_by = "t", .last_updated_by = "t",
	};
	struct error e = { 0 };
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(account_insert(w.db, &a, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

static void
begin(void)
{
	struct error e;

	world_open();
	cr_assert_eq(secret_init(&e), ERR_OK);
	verifier = (struct verifier){ w.config, remember_new(w.ctx, TTL) };
	add_account("anna", ANNA_HASH, true);
	add_account("reader", READER_HASH, false);
	add_account("\xc3\xa4nna", ANNA_HASH, false);
}

TestSuite(access, .init = begin, .fini = world_end);

/* Base64 of N bytes, padded (RFC 4648 section 4). */
static char *
base64(const char *bytes, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *out = mem_bytes(w.ctx, (n + 2) / 3 * 4 + 1);
	size_t at = 0;

	for (size_t i = 0; i < n; i += 3) {
		unsigned word = (unsigned)(unsigned char)bytes[i] << 16;

		word |= i + 1 < n ? (unsigned)(unsigned char)bytes[i + 1] << 8 : 0u;
		word |= i + 2 < n ? (unsigned)(unsigned char)bytes[i + 2] : 0u;
		for (size_t k = 0; k < 4; k++)
			out[at++] = i + k > n ? '=' : digits[word >> (18 - 6 * k) & 63];
	}
	return out;
}

static char *
basic(const char *user_and_password)
{
	return mem_printf(w.ctx, "Basic %s", base64(user_and_password, strlen(user_and_password)));
}

static enum err
identify_header(const char *authorization, struct caller *caller, struct error *e)
{
	const struct credentials given = { .authorization = authorization, .remote = "192.0.2.1" };

	return identify(w.ctx, w.db, &verifier, &given, caller, e);
}

/* Refused, and neither says which part is wrong nor shows any. */
static void
expect_nobody(const char *header, const char *what)
{
	struct caller caller = { .username = "before" };
	struct error e = { 0 };

	cr_expect_eq(identify_header(header, &caller, &e), ERR_UNAUTHENTICATED, "%s", what);
	cr_expect_str_eq(caller.username, "before", "%s", what);
	world_is_sentence(&e);
	cr_expect_null(strstr(e.detail, "anna"), "%s", e.detail);
	cr_expect_null(strstr(e.detail, "gate"), "%s", e.detail);
}

static void
expect_anna(const char *header)
{
	struct caller caller = { 0 };
	struct error e = { 0 };

	cr_assert_eq(identify_header(header, &caller, &e), ERR_OK, "%s: %s", header, e.detail);
	cr_expect_str_eq(caller.username, "anna");
	cr_expect(caller.is_admin);
}

/* ---- who ---- */

Test(access, right_credentials)
{
	struct caller caller = { 0 };
	struct error e = { 0 };

	cr_assert_str_eq(basic("anna:" ANNA_PASSWORD), "Basic YW5uYTpvcGVuOiB0aGUgZ2F0ZQ==", "of the tests themselves");
	for (int i = 0; i < 3; i++)
		expect_anna(basic("anna:" ANNA_PASSWORD));
	cr_assert_eq(identify_header(basic("reader:" READER_PASSWORD), &caller, &e), ERR_OK);
	cr_expect_str_eq(caller.username, "reader");
	cr_expect_not(caller.is_admin);
	cr_assert_eq(identify_header(basic("\xc3\xa4nna:" ANNA_PASSWORD), &caller, &e), ERR_OK);
	cr_expect_str_eq(caller.username, "\xc3\xa4nna");
}

/* RFC 7235: the scheme has no case, blanks may follow it; padding may be left out. */
Test(access, spellings)
{
	static const char *const fine[] = {
		"Basic YW5uYTpvcGVuOiB0aGUgZ2F0ZQ==", "basic YW5uYTpvcGVuOiB0aGUgZ2F0ZQ==",
		"BASIC YW5uYTpvcGVuOiB0aGUgZ2F0ZQ==", "bAsIc    YW5uYTpvcGVuOiB0aGUgZ2F0ZQ==",
		"Basic YW5uYTpvcGVuOiB0aGUgZ2F0ZQ",
	};

	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
		expect_anna(fine[i]);
}

Test(access, malformed_headers)
{
	static const char *const bad[] = {
		"", "Basic", "Basic ", "Basic =", "Basic ====", "Basi", "Basic\tYW5uYTpvcGVuOiB0aGUgZ2F0ZQ==",
		"BasicYW5uYTpvcGVuOiB0aGUgZ2F0ZQ==", " Basic YW5uYTpvcGVuOiB0aGUgZ2F0ZQ==",
		"Bearer YW5uYTpvcGVuOiB0aGUgZ2F0ZQ==", "Digest username=\"anna\"", "YW5uYTpvcGVuOiB0aGUgZ2F0ZQ==",
		"anna:" ANNA_PASSWORD, "Basic anna:" ANNA_PASSWORD,
		"Basic YW5uYTpvcGVuOiB0aGUgZ2F0ZQ==x", "Basic YW5uYTpvcGVuOiB0aGUgZ2F0ZQ== ",
		"Basic YW5uYTpvcGVuOiB0aGUgZ2F0ZQ=", "Basic YW5uYTpvcGVuOiB0aGUgZ2F0ZQ===",
		"Basic YW5uYTpvcGVuOiB0aGUgZ2F0ZQ======", "Basic YW5uYTpv=cGVuOiB0aGUgZ2F0ZQ==",
		"Basic YW5uYTpvcGVuOiB0aGUgZ2F0Z", "Basic YW5uYTpv cGVuOiB0aGUgZ2F0ZQ==",
		"Basic YW5uYTpv\ncGVuOiB0aGUgZ2F0ZQ==", "Basic YW5uYTpvcGVuOiB0aGUgZ2F0ZQ==, Basic x",
		"Basic YW5uYTpvcGVuOiB0aGUgZ2F0Z\xc3\xa4", "Basic A", "Basic ????", "Basic -_-_",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_nobody(bad[i], bad[i]);
	expect_nobody(NULL, "no header at all");
}

Test(access, malformed_credentials)
{
	static const char *const bad[] = {
		"anna", ":", "", ":" ANNA_PASSWORD, "anna:", "anna: " ANNA_PASSWORD, "anna:" ANNA_PASSWORD " ", "anna :" ANNA_PASSWORD,
		"Anna:" ANNA_PASSWORD, "anna\xff:" ANNA_PASSWORD, "anna:\xff", "anna:\xed\xa0\x80",
	};
	char *nul = base64("anna\0:" ANNA_PASSWORD, sizeof "anna\0:" ANNA_PASSWORD - 1);
	char *nul_behind = base64("anna:" ANNA_PASSWORD "\0", sizeof "anna:" ANNA_PASSWORD);

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_nobody(basic(bad[i]), bad[i]);
	expect_nobody(mem_printf(w.ctx, "Basic %s", nul), "a NUL in the name");
	expect_nobody(mem_printf(w.ctx, "Basic %s", nul_behind), "a NUL behind the password");
}

Test(access, long_ones)
{
	enum { LONG = 100000 };
	char *many = memset(mem_bytes(w.ctx, LONG + 1), 'a', LONG);

	expect_nobody(mem_printf(w.ctx, "Basic %s", many), "100,000 digits");
	expect_nobody(many, "100,000 letters");
	expect_nobody(basic(mem_printf(w.ctx, "anna:%.*s", PASSWORD_MAX, many)), "the longest password");
	expect_nobody(basic(mem_printf(w.ctx, "anna:%.*s", PASSWORD_MAX + 1, many)), "a longer one");
	expect_nobody(basic(mem_printf(w.ctx, "%.*s:x", 2000, many)), "a long name");
}

Test(access, wrong_and_unknown_look_the_same)
{
	struct caller caller;
	struct error wrong = { 0 }, unknown = { 0 };

	cr_expect_eq(identify_header(basic("anna:open the gate"), &caller, &wrong),
	    ERR_UNAUTHENTICATED);
	cr_expect_eq(identify_header(basic("nosuch:" ANNA_PASSWORD), &caller, &unknown),
	    ERR_UNAUTHENTICATED);
	cr_expect_str_eq(wrong.detail, unknown.detail);
	expect_nobody(basic("anna:" READER_PASSWORD), "another's password");
	expect_nobody(basic("' OR 1=1 --:x"), "SQL for a name");
}

/* An account with a hash that is none lets nobody in, whatever they say. */
Test(access, accounts_that_cannot_be_entered)
{
	static const char *const hashes[] = { "", "!", "*", "x", "$argon2id$", ANNA_PASSWORD };

	for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
		const char *name = mem_printf(w.ctx, "locked%zu", i);

		add_account(name, hashes[i], true);
		expect_nobody(basic(mem_printf(w.ctx, "%s:", name)), "an empty password");
		expect_nobody(basic(mem_printf(w.ctx, "%s:%s", name, hashes[i])), "the hash itself");
		expect_nobody(basic(mem_printf(w.ctx, "%s:" ANNA_PASSWORD, name)), "a good password");
	}
}

static enum err
write_account(enum err (*fn)(struct db *, const char *, struct error *), const char *name)
{
	struct error e = { 0 };
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(fn(w.db, name, &e), ERR_OK, "%s", e.detail);
	return txn_commit(&t, &e);
}

static enum err
set_readers_hash(struct db *db, const char *name, struct error *e)
{
	return account_set_password(db, name, READER_HASH, "t", e);
}

/* What was remembered does not outlive the password or the account. */
Test(access, changes_hold_at_once)
{
	expect_anna(basic("anna:" ANNA_PASSWORD));
	cr_assert_eq(write_account(set_readers_hash, "anna"), ERR_OK);
	expect_nobody(basic("anna:" ANNA_PASSWORD), "the password before");
	expect_anna(basic("anna:" READER_PASSWORD));
	cr_assert_eq(write_account(account_delete, "anna"), ERR_OK);
	expect_nobody(basic("anna:" READER_PASSWORD), "a deleted account");
}

Test(access, without_a_database_there_is_another_error)
{
	struct caller caller;
	struct error e = { 0 };

	world_exec(w.db, "ALTER TABLE account RENAME TO gone");
	cr_expect_eq(identify_header(basic("anna:" ANNA_PASSWORD), &caller, &e), ERR_INTERNAL);
}

/* ---- may they ---- */

Test(access, roles)
{
	static const char *const reads[] = { "gateway:read", "job:read", "service-group:read" },
				*const writes[] = { "gateway:create", "job:cancel", "service:run", ":read", "read", "", "gateway:readx",
		"gateway:read:write", "gateway:Read", "gatewayread" };
	const char *names[] = { "gateway:read", "job:read", "service-group:read", "gateway:readx" };
	const struct names list = { sizeof names / sizeof *names, names };
	const struct caller admin = { .username = "anna", .is_admin = true },
			    reader = { .username = "reader", .roles = role_bits(&list) };

	for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
		struct error e = { 0 };

		cr_expect_eq(authorize(&admin, reads[i], &e), ERR_OK);
		cr_expect_eq(authorize(&reader, reads[i], &e), ERR_OK);
	}
	for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
		struct error e = { 0 };

		cr_expect_eq(authorize(&admin, writes[i], &e), ERR_OK);
		cr_expect_eq(authorize(&reader, writes[i], &e), ERR_FORBIDDEN, "%s", writes[i]);
		cr_expect_not_null(strstr(e.detail, writes[i]), "it names the role: %s", e.detail);
		cr_expect_not_null(strstr(e.detail, "reader"));
	}
}
