#include "dispatch_world.h"

#include "base/clock.h"
#include "store/retention.h"

/* Which old jobs go, and which never do. */

TestSuite(retention, .init = dispatch_world_open, .fini = dispatch_world_end, .timeout = 120);

enum { DAY_MS = 86400000, HOUR_MS = 3600000, BLOB = 100000, MANY = 250 };

/* An ended job of SERVICE ("s1"), which ended AGE milliseconds ago, with OUTPUT bytes. KEY: it had an Idempotency-Key. */
static void
ended_job(const char *id, const char *service, int64_t age, size_t output, bool key)
{
	int64_t when = clock_wall() - age;
	struct error e = { 0 };
	struct job j = {
		.id = id, .attempt_id = id, .request_id = id, .gateway_id = "lab0", .cluster_id = "lab", .service_id = service,
		.service = service, .type = "executable", .params = "{}", .requested_by = "anna", .state = "queued",
		.created = when, .return_code = 0, .body_digest = key ? "d" : NULL,
	};
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(job_insert(w.db, &j, &e), ERR_OK, "%s", e.detail);
	if (output > 0)
		cr_assert_eq(output_add(w.db, id, 0, 0, mem_bytes(w.ctx, output), output, &e), ERR_OK);
	j.state = "completed";
	j.ended = when;
	cr_assert_eq(job_end(w.db, &j, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

/* A whole pass. Returns its steps. */
static int
purge(int64_t *jobs, int64_t *bytes)
{
	struct retention *r = retention_new(w.ctx, w.config);
	struct error e = { 0 };
	bool more = true;
	int steps = 0;

	for (; more; steps++)
		cr_assert_eq(retention_step(r, w.db, &more, &e), ERR_OK, "%s", e.detail);
	*jobs = retention_jobs(r);
	*bytes = retention_bytes(r);
	return steps;
}

static int64_t
removed(void)
{
	int64_t jobs, bytes;

	purge(&jobs, &bytes);
	return jobs;
}

static bool
is_there(const char *id)
{
	struct job j;
	struct error e = { 0 };

	return job_get(w.ctx, w.db, id, &j, &e) == ERR_OK;
}

static void
limits(int64_t days, int64_t runs, int64_t megabytes)
{
	w.config->retention_days = days;
	w.config->retention_runs = runs;
	w.config->retention_megabytes = megabytes;
}

Test(retention, nothing_there)
{
	limits(1, 1, 1);
	cr_expect_eq(removed(), 0);
}

Test(retention, by_age)
{
	int64_t jobs, bytes;

	limits(2, 0, 0);
	ended_job("old", "s1", INT64_C(3) * DAY_MS, BLOB, false);
	ended_job("older", "s2", INT64_C(30) * DAY_MS, 0, false);
	ended_job("young", "s1", DAY_MS, BLOB, false);
	purge(&jobs, &bytes);
	cr_expect_eq(jobs, 2);
	cr_expect_eq(bytes, BLOB + 4, "the output, and {} twice, but there were %lld", (long long)bytes);
	cr_expect(is_there("young"));
	cr_expect_eq(world_count(w.db, "output"), 1, "output goes with its job");
	cr_expect_eq(removed(), 0);
}

Test(retention, by_count_of_each_service)
{
	limits(0, 2, 0);
	for (int i = 1; i <= 4; i++) {
		ended_job(mem_printf(w.ctx, "a%d", i), "s1", INT64_C(1) * i * HOUR_MS, 0, false);
		ended_job(mem_printf(w.ctx, "b%d", i), "s2", INT64_C(2) * i * HOUR_MS, 0, false);
	}
	ended_job("c1", "s3", HOUR_MS, 0, false);
	cr_expect_eq(removed(), 4);
	cr_expect(is_there("a1") && is_there("a2") && is_there("b1") && is_there("b2") && is_there("c1"));
}

Test(retention, by_bytes_of_all)
{
	int64_t jobs, bytes;

	limits(0, 0, 1);
	for (int i = 1; i <= 20; i++)
		ended_job(mem_printf(w.ctx, "j%02d", i), i % 2 ? "s1" : "s2", INT64_C(1) * i * HOUR_MS, BLOB, false);
	purge(&jobs, &bytes);
	cr_expect_eq(jobs, 10, "ten of 100000 bytes stay within 1048576, but %lld went", (long long)jobs);
	cr_expect(is_there("j10") && !is_there("j11"));
	cr_expect_eq(removed(), 0);
}

Test(retention, without_limits)
{
	limits(0, 0, 0);
	ended_job("old", "s1", INT64_C(3000) * DAY_MS, BLOB, false);
	cr_expect_eq(removed(), 0);
}

Test(retention, what_has_not_ended_or_has_just_ended_stays)
{
	struct error e = { 0 };
	struct job running = order_of("lab", "slow", "{}"), queued = running;

	limits(1, 1, 1);
	running.id = running.attempt_id = "running";
	queued.id = queued.attempt_id = queued.request_id = "queued";
	running.state = queued.state = "queued";
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(job_insert(w.db, &running, &e), ERR_OK, "%s", e.detail);
		cr_assert_eq(job_start(w.db, &running, &e), ERR_OK);
		cr_assert_eq(job_insert(w.db, &queued, &e), ERR_OK, "%s", e.detail);
		cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	}
	ended_job("now", "s1", 0, BLOB * 20, false);
	ended_job("minute", "s1", HOUR_MS / 60, BLOB * 20, false);
	ended_job("hour", "s1", HOUR_MS, 0, false);
	cr_expect_eq(removed(), 1);
	cr_expect(is_there("running") && is_there("queued") && is_there("now") && is_there("minute"));
}

/* The same key must still find its job (api.md section 5). */
Test(retention, a_key_counts_for_a_day)
{
	limits(0, 1, 1);
	ended_job("newest", "s1", HOUR_MS / 4, BLOB * 11, false);
	ended_job("key", "s1", HOUR_MS, 0, true);
	ended_job("nokey", "s1", HOUR_MS, 0, false);
	ended_job("oldkey", "s1", INT64_C(25) * HOUR_MS, 0, true);
	cr_expect_eq(removed(), 3);
	cr_expect(is_there("key") && !is_there("newest") && !is_there("oldkey"), "the newest alone is over the limit");
}

/* Many are removed in steps, and a step that fails is tried again without harm. */
Test(retention, in_small_steps)
{
	struct retention *r;
	struct db *other = world_connect();
	struct error e = { 0 };
	int64_t jobs, bytes;
	bool more;

	limits(1, 0, 0);
	for (int i = 0; i < MANY; i++)
		ended_job(mem_printf(w.ctx, "j%d", i), "s1", INT64_C(2) * DAY_MS, 0, false);
	r = retention_new(w.ctx, w.config);
	{
		TXN(lock);

		cr_assert_eq(txn_begin(&lock, other, &e), ERR_OK);
		cr_expect_eq(retention_step(r, w.db, &more, &e), ERR_UNAVAILABLE);
		cr_expect_eq(retention_jobs(r), 0);
	}
	cr_assert_eq(retention_step(r, w.db, &more, &e), ERR_OK);
	cr_expect(more && retention_jobs(r) > 0 && retention_jobs(r) < MANY);
	cr_expect_eq(world_count(w.db, "job"), MANY - retention_jobs(r));
	cr_expect_geq(purge(&jobs, &bytes), 2);
	cr_expect_eq(world_count(w.db, "job"), 0);
}

/* The file becomes smaller; one of an earlier version only after it was written anew. */
Test(retention, the_file_shrinks)
{
	int64_t before, after;
	struct error e = { 0 };
	bool can = false;

	cr_assert_eq(db_can_shrink(w.db, &can, &e), ERR_OK);
	cr_expect(can, "new files are made for it");
	limits(1, 0, 0);
	for (int i = 0; i < MANY; i++)
		ended_job(mem_printf(w.ctx, "j%d", i), "s1", INT64_C(2) * DAY_MS, BLOB, false);
	cr_assert_eq(db_pragma(w.db, "PRAGMA page_count", &before, &e), ERR_OK);
	cr_expect_eq(removed(), MANY);
	cr_assert_eq(db_pragma(w.db, "PRAGMA page_count", &after, &e), ERR_OK);
	cr_expect_lt(after, before / 2, "%lld pages of %lld", (long long)after, (long long)before);

	cr_assert_eq(db_exec(w.db, "PRAGMA auto_vacuum=NONE; VACUUM", &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(db_can_shrink(w.db, &can, &e), ERR_OK);
	cr_expect_not(can);
	cr_expect_eq(removed(), 0, "a pass ends with such a file too");
	cr_assert_eq(db_rewrite(w.db, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(db_can_shrink(w.db, &can, &e), ERR_OK);
	cr_expect(can);
}

/* The dispatcher does it by itself, while runs go on. */
Test(retention, by_the_dispatcher)
{
	struct wait *a;

	limits(1, 0, 0);
	ended_job("old", "s1", INT64_C(2) * DAY_MS, 0, false);
	dispatcher_start();
	a = submit("a", "soon");
	UNTIL(is_over(a) && !is_there("old"));
	expect_state(a, "completed");
}
