#include "dispatch_world.h"

#include "base/text.h"
#include "power_vfs.h"

/*
 * The power is cut, again and again, while a dispatcher takes orders and runs them: after each cut the database is whole,
 * and all that somebody was told is in it.
 */

enum { ORDERS = 12, SEEDS = 4, DIR_MODE = 0700 };

TestSuite(power_cut, .timeout = 300);

static struct wait *orders[ORDERS];
static char *after;		/* a state directory that is what a cut left */

static void
power_world_begin(const char *synchronous)
{
	struct error e = { 0 };

	power_begin();
	dispatch_world_open();
	cr_assert_eq(db_exec(w.db, mem_printf(w.ctx, "PRAGMA synchronous=%s", synchronous), &e), ERR_OK);
	after = mem_printf(w.ctx, "%s/after", w.config->state_dir);
	cr_assert_eq(mkdir(after, DIR_MODE), 0);
	dispatcher_start();
}

static void
power_world_end(void)
{
	dispatch_world_end();
	power_end();
}

/* Whether the database that a cut has left has what order I was told; it must be whole. */
static bool
has_what_was_told(struct db *db, size_t i)
{
	SCOPED(tmp, NULL);
	struct job j = { 0 };
	struct error e = { 0 };
	bool found = false;

	if (!orders[i]->accepted)
		return true;
	cr_assert_eq(job_by_request(tmp, db, orders[i]->request_id, &j, &found, &e), ERR_OK, "%s", e.detail);
	return found && (orders[i]->event != WAIT_DONE || strcmp(j.state, "completed") == 0);
}

/* How many of the orders are less in what a cut leaves than they were told. */
static size_t
lost_by_cut(unsigned seed)
{
	SCOPED(tmp, NULL);
	struct config *c = config_defaults(tmp, after);
	struct error e = { 0 };
	struct db *db;
	size_t lost = 0;
	int64_t faults = 1;

	unlink(mem_printf(tmp, "%s/gatehouse.db-shm", after));
	power_cut(after, seed);
	power_watch(false);
	db = db_open(tmp, c, false, &e);
	cr_assert_not_null(db, "%s", e.detail);
	cr_assert_eq(db_pragma(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'", &faults, &e),
	    ERR_OK, "%s", e.detail);
	cr_assert_eq(faults, 0, "the database is broken after a cut with seed %u", seed);
	power_watch(true);
	for (size_t i = 0; i < ORDERS; i++)
		lost += !has_what_was_told(db, i);
	return lost;
}

/* Cuts the power at each turn, until all orders have ended: what was lost over all cuts. */
static size_t
lost_over_all(void)
{
	size_t lost = 0, cuts = 0;
	bool all = false;

	for (size_t i = 0; i < ORDERS; i++)
		orders[i] = submit("o", i % 2 == 0 ? "quick" : "soon");
	while (!all) {
		pump();
		all = true;
		for (size_t i = 0; i < ORDERS; i++)
			all = all && is_over(orders[i]);
		for (unsigned s = 0; s < SEEDS; s++)
			lost += lost_by_cut((unsigned)cuts++);
	}
	return lost;
}

Test(power_cut, loses_nothing_that_was_told)
{
	power_world_begin("full");
	cr_expect_eq(lost_over_all(), 0);
	power_world_end();
}

/* With [database] synchronous = normal this may be; and if it were not seen here, the test above would see nothing. */
Test(power_cut, loses_what_was_not_synced)
{
	power_world_begin("normal");
	cr_expect_gt(lost_over_all(), 0);
	power_world_end();
}
