#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "secret/password.h"
#include "secret/remember.h"

enum { TTL = 60000, THREADS = 4, ROUNDS = 500 };

static void
start(void)
{
	struct error e;

	cr_assert_eq(secret_init(&e), ERR_OK);
}

TestSuite(secret, .init = start);

static void
refused(const char *password, const char *why)
{
	struct error e = { .code = ERR_OK };

	cr_expect_null(password_hash(NULL, password, &e));
	cr_expect_eq(e.code, ERR_INVALID);
	cr_expect_str_eq(e.field, "password");
	cr_expect_not_null(strstr(e.detail, why), "\"%s\" lacks \"%s\"", e.detail, why);
	if (password[0] != '\0')
		cr_expect_null(strstr(e.detail, password), "a password must not be in an error");
}

Test(secret, init_may_be_called_twice)
{
	struct error e;

	cr_expect_eq(secret_init(&e), ERR_OK);
}

Test(secret, hash_and_verify)
{
	SCOPED(tmp, NULL);
	struct error e;
	char *hash = password_hash(tmp, "correct horse", &e);
	char *again = password_hash(tmp, "correct horse", &e);

	cr_assert_not_null(hash);
	cr_assert_not_null(again);
	cr_expect_eq(strncmp(hash, "$argon2id$v=19$m=65536,t=2,p=1$", 31), 0, "%s", hash);
	cr_expect_str_neq(hash, again, "the salt must differ");
	cr_expect(password_verify(hash, "correct horse"));
	cr_expect(password_verify(again, "correct horse"));
	cr_expect_not(password_verify(hash, "correct horsf"));
	cr_expect_not(password_verify(hash, "correct hors"));
	cr_expect_not(password_verify(hash, "correct horse "));
	cr_expect_not(password_verify(hash, ""));
	password_verify_nothing("correct horse");
	password_verify_nothing("");
}

Test(secret, length_of_a_password)
{
	SCOPED(tmp, NULL);
	struct error e;
	char longest[PASSWORD_MAX + 2];
	char *hash;

	refused("", "at least 8 characters");
	refused("1234567", "at least 8 characters");
	/* Seven characters are too few, however many bytes they are. */
	refused("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", "at least 8 characters");
	cr_expect_not_null(password_hash(tmp, "12345678", &e));
	cr_expect_not_null(password_hash(tmp, "\xe2\x82\xac" "2345678", &e));

	memset(longest, 'x', sizeof longest);
	longest[PASSWORD_MAX + 1] = '\0';
	refused(longest, "at most 1024 bytes");
	longest[PASSWORD_MAX] = '\0';
	hash = password_hash(tmp, longest, &e);
	cr_assert_not_null(hash);
	cr_expect(password_verify(hash, longest));
	longest[PASSWORD_MAX - 1] = 'y';
	cr_expect_not(password_verify(hash, longest), "the last byte counts");
}

Test(secret, password_is_utf8)
{
	refused("1234567\xff", "UTF-8");
	refused("12345678\xc3", "UTF-8");
	refused("12345678\xed\xa0\x80", "UTF-8");
}

Test(secret, verify_refuses_what_is_no_hash)
{
	SCOPED(tmp, NULL);
	struct error e;
	char *hash = password_hash(tmp, "correct horse", &e);
	char overlong[PASSWORD_MAX + 2];

	cr_assert_not_null(hash);
	cr_expect_not(password_verify("", "correct horse"));
	cr_expect_not(password_verify("correct horse", "correct horse"));
	cr_expect_not(password_verify("$argon2id$", "correct horse"));
	cr_expect_not(password_verify("$2b$10$abcdefghijklmnopqrstuv", "correct horse"));
	hash[strlen(hash) - 1] = '\0';
	cr_expect_not(password_verify(hash, "correct horse"), "a hash cut off");

	memset(overlong, 'x', sizeof overlong);
	overlong[PASSWORD_MAX + 1] = '\0';
	cr_expect_not(password_verify(hash, overlong));
}

static void *
verify_often(void *arg)
{
	size_t right = 0;

	for (int i = 0; i < 3; i++) {
		right += password_verify(arg, "correct horse");
		right += !password_verify(arg, "wrong horse");
	}
	return right == 6 ? arg : NULL;
}

Test(secret, verify_from_many_threads)
{
	SCOPED(tmp, NULL);
	struct error e;
	char *hash = password_hash(tmp, "correct horse", &e);
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, verify_often, hash), 0);
	for (int i = 0; i < THREADS; i++) {
		void *result;

		cr_assert_eq(pthread_join(threads[i], &result), 0);
		cr_expect_eq(result, hash);
	}
}

Test(secret, remember_only_the_three)
{
	SCOPED(tmp, NULL);
	struct remember *r = remember_new(tmp, TTL);

	cr_expect_not(remember_has(r, "ann", "secret", "hash", 0));
	remember_put(r, "ann", "secret", "hash", 0);
	cr_expect(remember_has(r, "ann", "secret", "hash", 0));
	cr_expect_not(remember_has(r, "bob", "secret", "hash", 0));
	cr_expect_not(remember_has(r, "ann", "secreT", "hash", 0));
	cr_expect_not(remember_has(r, "ann", "secret", "hash2", 0));
	cr_expect_not(remember_has(r, "", "", "", 0));
	/* The same bytes, divided elsewhere. */
	cr_expect_not(remember_has(r, "anns", "ecret", "hash", 0));
	cr_expect_not(remember_has(r, "ann", "secreth", "ash", 0));
	cr_expect_not(remember_has(r, "annsecrethash", "", "", 0));
	cr_expect_not(remember_has(r, "secret", "ann", "hash", 0));
}

Test(secret, remember_for_its_time)
{
	SCOPED(tmp, NULL);
	struct remember *r = remember_new(tmp, TTL);
	struct remember *none = remember_new(tmp, 0);

	remember_put(r, "ann", "secret", "hash", 1000);
	cr_expect(remember_has(r, "ann", "secret", "hash", 1000 + TTL - 1));
	cr_expect_not(remember_has(r, "ann", "secret", "hash", 1000 + TTL));
	cr_expect(remember_has(r, "ann", "secret", "hash", 999), "another thread read the clock before");
	remember_put(r, "ann", "secret", "hash", 1000 + TTL);
	cr_expect(remember_has(r, "ann", "secret", "hash", 1000 + 2 * TTL - 1), "put anew");

	remember_put(none, "ann", "secret", "hash", 0);
	cr_expect_not(remember_has(none, "ann", "secret", "hash", 0));
}

Test(secret, remember_is_keyed_for_each)
{
	SCOPED(tmp, NULL);
	struct remember *a = remember_new(tmp, TTL), *b = remember_new(tmp, TTL);
	size_t size = talloc_get_size(a);

	cr_assert_eq(size, talloc_get_size(b));
	remember_put(a, "ann", "correct horse", "hash", 0);
	remember_put(b, "ann", "correct horse", "hash", 0);
	cr_expect(memcmp(a, b, size) != 0);
	cr_expect_null(memmem(a, size, "correct horse", 13), "the password itself is kept");
	cr_expect_null(memmem(a, size, "correct", 7));
}

static void
put_numbered(struct remember *r, int i, int64_t now)
{
	SCOPED(tmp, NULL);

	remember_put(r, mem_printf(tmp, "user%d", i), "secret", "hash", now);
}

static bool
has_numbered(struct remember *r, int i, int64_t now)
{
	SCOPED(tmp, NULL);

	return remember_has(r, mem_printf(tmp, "user%d", i), "secret", "hash", now);
}

Test(secret, remember_is_bounded)
{
	SCOPED(tmp, NULL);
	struct remember *r = remember_new(tmp, TTL);
	const int64_t last = REMEMBER_MAX;

	for (int i = 0; i < REMEMBER_MAX; i++)
		put_numbered(r, i, i);
	cr_expect(has_numbered(r, 0, last) && has_numbered(r, REMEMBER_MAX - 1, last));
	/* The first one is put anew and so is no longer the oldest. */
	put_numbered(r, 0, last);
	put_numbered(r, REMEMBER_MAX, last);
	cr_expect(has_numbered(r, 0, last));
	cr_expect(has_numbered(r, REMEMBER_MAX, last));
	cr_expect_not(has_numbered(r, 1, last), "the oldest goes");
	for (int i = 2; i < REMEMBER_MAX; i++)
		cr_expect(has_numbered(r, i, last), "user%d was lost", i);
}

static void *
remember_often(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		put_numbered(arg, i, i);
		if (!has_numbered(arg, i, i))
			return NULL;
	}
	return arg;
}

Test(secret, remember_from_many_threads)
{
	SCOPED(tmp, NULL);
	struct remember *r = remember_new(tmp, TTL);
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, remember_often, r), 0);
	for (int i = 0; i < THREADS; i++) {
		void *result;

		cr_assert_eq(pthread_join(threads[i], &result), 0);
		cr_expect_eq(result, r);
	}
}
