#include "world.h"

#include "access/throttle.h"

enum { NOW = 1000000000, S = 1000, MINUTE = 60 * S, DAY = 24 * 60 * MINUTE };

#define HERE "192.0.2.1"
#define THERE "198.51.100.7"

TestSuite(throttle, .init = world_open, .fini = world_end);

/* The seconds to wait; 0: none. */
static int
wait_for(const char *name, const char *remote, int64_t now)
{
	struct error e = { 0 };
	enum err rc = throttle_check(w.ctx, w.db, w.config, name, remote, now, &e);

	cr_assert(rc == ERR_OK || rc == ERR_TOO_MANY, "%s", e.detail);
	cr_expect_eq(rc == ERR_TOO_MANY, e.retry_s > 0);
	return rc == ERR_OK ? 0 : e.retry_s;
}

static void
fail(const char *name, const char *remote, int times, int64_t now)
{
	for (int i = 0; i < times; i++)
		throttle_failed(w.ctx, w.db, w.config, name, remote, now);
}

Test(throttle, some_are_free_and_then_it_doubles)
{
	int64_t now = NOW;

	fail("anna", HERE, 9, now);
	cr_expect_eq(wait_for("anna", HERE, now), 0);
	for (int wanted = 1; wanted <= 256; wanted *= 2) {
		fail("anna", HERE, 1, now);
		cr_expect_eq(wait_for("anna", HERE, now), wanted);
		cr_expect_eq(wait_for("anna", HERE, now + 1), wanted, "rounded up");
		cr_expect_eq(wait_for("anna", HERE, now + wanted * S - 1), 1);
		now += wanted * S;
		cr_expect_eq(wait_for("anna", HERE, now), 0);
	}
	fail("anna", HERE, 1, now);
	cr_expect_eq(wait_for("anna", HERE, now), 300, "no longer than [auth] lockout");
	fail("anna", HERE, 100, now);
	cr_expect_eq(wait_for("anna", HERE, now), 300);
	cr_expect_eq(wait_for("anna", HERE, now - DAY), 0, "a clock that was set back locks nobody out");
	now += 300 * S + 15 * MINUTE;
	fail("anna", HERE, 1, now);
	cr_expect_eq(wait_for("anna", HERE, now), 0, "forgotten");
}

Test(throttle, others_are_let_alone)
{
	fail("anna", HERE, 20, NOW);
	cr_expect_gt(wait_for("anna", HERE, NOW), 0);
	cr_expect_eq(wait_for("anna", THERE, NOW), 0);
	cr_expect_eq(wait_for("berta", HERE, NOW), 0);
	cr_expect_eq(wait_for("anna", "", NOW), 0);
}

Test(throttle, a_right_password_clears_its_own)
{
	fail("anna", HERE, 9, NOW);
	throttle_passed(w.ctx, w.db, w.config, "anna", HERE, NOW);
	fail("anna", HERE, 9, NOW);
	cr_expect_eq(wait_for("anna", HERE, NOW), 0);
}

/* One address, many accounts: a right password in between does not help. */
Test(throttle, an_address)
{
	for (int i = 0; i < 49; i++)
		fail(mem_printf(w.ctx, "user%d", i), HERE, 1, NOW);
	cr_expect_eq(wait_for("anna", HERE, NOW), 0);
	throttle_passed(w.ctx, w.db, w.config, "mallory", HERE, NOW);
	fail("anna", HERE, 1, NOW);
	cr_expect_eq(wait_for("anna", HERE, NOW), 1);
	cr_expect_eq(wait_for("berta", HERE, NOW), 1);
	cr_expect_eq(wait_for("anna", THERE, NOW), 0);
}

/* Many addresses, one account: its owner comes in from where it came before, others wait a little. */
Test(throttle, an_account)
{
	throttle_passed(w.ctx, w.db, w.config, "anna", THERE, NOW);
	for (int i = 0; i < 200; i++)
		fail("anna", mem_printf(w.ctx, "192.0.2.%d", i), 1, NOW);
	cr_expect_eq(wait_for("anna", "203.0.113.9", NOW), 30);
	cr_expect_eq(wait_for("anna", THERE, NOW), 0);
	cr_expect_eq(wait_for("berta", "203.0.113.9", NOW), 0);
	cr_expect_eq(wait_for("anna", "203.0.113.9", NOW + 30 * S), 0);
}

Test(throttle, known_addresses)
{
	int64_t now = NOW + 30 * (int64_t)DAY - 1;

	throttle_passed(w.ctx, w.db, w.config, "anna", THERE, NOW);
	cr_expect_eq(world_count(w.db, "login_failure"), 1);
	cr_expect_eq(world_pragma(w.db, "SELECT expires FROM login_failure"), NOW + 30 * (int64_t)DAY);
	/* Not written again but once a day. */
	throttle_passed(w.ctx, w.db, w.config, "anna", THERE, NOW + DAY - 1);
	cr_expect_eq(world_pragma(w.db, "SELECT expires FROM login_failure"), NOW + 30 * (int64_t)DAY);
	throttle_passed(w.ctx, w.db, w.config, "anna", THERE, NOW + DAY);
	cr_expect_eq(world_pragma(w.db, "SELECT expires FROM login_failure"), NOW + 31 * (int64_t)DAY);
	for (int i = 0; i < 200; i++)
		fail("anna", mem_printf(w.ctx, "192.0.2.%d", i), 1, now + DAY);
	cr_expect_eq(wait_for("anna", THERE, now + DAY), 0);
	for (int i = 0; i < 200; i++)
		fail("anna", mem_printf(w.ctx, "192.0.2.%d", i), 1, now + DAY + 1);
	cr_expect_gt(wait_for("anna", THERE, now + DAY + 1), 0, "not any more");
}

Test(throttle, networks_of_ipv6)
{
	for (int i = 0; i < 10; i++)
		fail("anna", mem_printf(w.ctx, "2001:db8:0:1::%d", i), 1, NOW);
	cr_expect_gt(wait_for("anna", "2001:db8:0:1:ffff::1", NOW), 0);
	cr_expect_eq(wait_for("anna", "2001:db8:0:2::1", NOW), 0);
	for (int i = 0; i < 10; i++)
		fail("anna", mem_printf(w.ctx, "::ffff:192.0.2.%d", i), 1, NOW);
	cr_expect_eq(wait_for("anna", "::ffff:192.0.2.77", NOW), 0);
}

Test(throttle, nothing_grows_and_nothing_is_written_down)
{
	for (int i = 0; i < 100; i++)
		fail(mem_printf(w.ctx, "a-password-typed-as-a-name-%d", i), HERE, 1, NOW);
	cr_expect_eq(world_count(w.db, "login_failure WHERE length(subject) <> 64"), 0);
	cr_expect_gt(world_count(w.db, "login_failure"), 100);
	fail("anna", HERE, 1, NOW + 15 * MINUTE + DAY);
	cr_expect_eq(world_count(w.db, "login_failure"), 3);
}

Test(throttle, can_be_off)
{
	w.config->auth_attempts = 0;
	fail("anna", HERE, 100, NOW);
	throttle_passed(w.ctx, w.db, w.config, "anna", HERE, NOW);
	cr_expect_eq(world_count(w.db, "login_failure"), 0);
	cr_expect_eq(wait_for("anna", HERE, NOW), 0);
}

/* A database that cannot be written lets nobody's password through, and locks nobody out. */
Test(throttle, a_locked_database)
{
	struct db *other = world_connect();
	struct error e;
	TXN(t);

	cr_assert_eq(txn_begin(&t, other, &e), ERR_OK);
	fail("anna", HERE, 20, NOW);
	throttle_passed(w.ctx, w.db, w.config, "anna", HERE, NOW);
	cr_expect_eq(wait_for("anna", HERE, NOW), 0);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	fail("anna", HERE, 20, NOW);
	cr_expect_gt(wait_for("anna", HERE, NOW), 0);
}
