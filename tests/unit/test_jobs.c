#include "world.h"

#include <string.h>

#include "store/job.h"

/* Rows of runs and their kept output. */

TestSuite(jobs, .init = world_open, .fini = world_end);

#define COUNT(array) (sizeof (array) / sizeof *(array))

static struct job
job(const char *id, const char *state)
{
	return (struct job){
		.id = id, .attempt_id = mem_printf(w.ctx, "at-%s", id), .request_id = mem_printf(w.ctx, "rq-%s", id),
		.gateway_id = "g1", .cluster_id = "lab", .service_id = "s1", .service = "hello", .type = "executable",
		.params = "{}", .state = state, .requested_by = "anna", .created = 5, .return_code = FIELD_NONE,
	};
}

static enum err
write_job(enum err (*fn)(struct db *, const struct job *, struct error *), const struct job *j, struct error *e)
{
	TXN(t);

	if (txn_begin(&t, w.db, e) != ERR_OK || fn(w.db, j, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

static void
must_write(enum err (*fn)(struct db *, const struct job *, struct error *), const struct job *j)
{
	struct error e = { 0 };

	cr_assert_eq(write_job(fn, j, &e), ERR_OK, "%s", e.detail);
}

static struct job
stored(const char *id)
{
	struct job j = { 0 };
	struct error e = { 0 };

	cr_assert_eq(job_get(w.ctx, w.db, id, &j, &e), ERR_OK, "%s", e.detail);
	return j;
}

Test(jobs, states_and_their_names)
{
	enum job_state s = JOB_LOST;

	for (int i = 0; i < JOB__STATES; i++) {
		cr_assert(job_state_find(job_state_name((enum job_state)i), &s));
		cr_expect_eq(s, (enum job_state)i);
		cr_expect_eq(job_state_is_open(s), i == JOB_QUEUED || i == JOB_RUNNING);
	}
	s = JOB_FAILED;
	cr_expect_not(job_state_find("", &s));
	cr_expect_not(job_state_find("Queued", &s));
	cr_expect_not(job_state_find("queued ", &s));
	cr_expect_eq(s, JOB_FAILED);
}

/* The life of a run as the dispatcher writes it. */
Test(jobs, from_queued_to_its_end)
{
	struct job j = job("a", "queued"), got;
	struct error e = { 0 };

	j.order_params = "{\"key\":\"secret\"}";
	j.params = "{\"key\":\"********\"}";
	j.inventory = "{\"inventory_nodes\":[]}";
	must_write(job_insert, &j);
	got = stored("a");
	cr_expect_str_eq(got.state, "queued");
	cr_expect_eq(got.attempt, 1);
	cr_expect_eq(got.return_code, FIELD_NONE);
	cr_expect_eq(got.started, 0);
	cr_expect_eq(got.ended, 0);
	cr_expect_str_eq(got.order_params, j.order_params);
	cr_expect_str_eq(got.inventory, j.inventory);
	cr_expect_null(got.error);
	cr_expect_null(got.results);
	cr_expect_null(got.body_digest);
	cr_expect_not(got.cancel_requested);
	j.started = 7;
	must_write(job_start, &j);
	got = stored("a");
	cr_expect_str_eq(got.state, "running");
	cr_expect_eq(got.started, 7);
	cr_expect_null(got.order_params, "what is secret stays no longer than it must");
	j.stdout_bytes = 10;
	j.stderr_bytes = 20;
	j.truncated = true;
	must_write(job_progress, &j);
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(job_set_cancel_requested(w.db, "a", &e), ERR_OK);
		cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	}
	j.state = "canceled";
	j.return_code = 143;
	j.error = "it was canceled";
	j.results = "[{}]";
	j.ended = 9;
	j.elapsed_ms = 2;
	must_write(job_end, &j);
	got = stored("a");
	cr_expect_str_eq(got.state, "canceled");
	cr_expect_eq(got.return_code, 143);
	cr_expect_str_eq(got.error, "it was canceled");
	cr_expect_str_eq(got.results, "[{}]");
	cr_expect_eq(got.ended, 9);
	cr_expect_eq(got.elapsed_ms, 2);
	cr_expect_eq(got.stdout_bytes, 10);
	cr_expect_eq(got.stderr_bytes, 20);
	cr_expect(got.truncated);
	cr_expect(got.cancel_requested);
	/* A start that comes late does not bring it back to life. */
	must_write(job_start, &j);
	cr_expect_str_eq(stored("a").state, "canceled");
}

Test(jobs, an_end_before_the_start_takes_the_secret_along)
{
	struct job j = job("a", "queued");

	j.order_params = "{\"key\":\"secret\"}";
	must_write(job_insert, &j);
	j.state = "timeout";
	must_write(job_end, &j);
	cr_expect_null(stored("a").order_params);
}

Test(jobs, are_known_by_their_request)
{
	struct job j = job("a", "queued"), again = job("b", "queued"), got = { .id = "before" };
	struct error e = { 0 };
	bool found = true;

	j.body_digest = "d";
	must_write(job_insert, &j);
	cr_expect_eq(job_by_request(w.ctx, w.db, "rq-b", &got, &found, &e), ERR_OK);
	cr_expect_not(found);
	cr_expect_str_eq(got.id, "before");
	cr_expect_eq(job_by_request(w.ctx, w.db, "rq-a", &got, &found, &e), ERR_OK);
	cr_assert(found);
	cr_expect_str_eq(got.id, "a");
	cr_expect_str_eq(got.body_digest, "d");
	again.request_id = "rq-a";
	cr_expect_eq(write_job(job_insert, &again, &e), ERR_CONFLICT);
	again.request_id = "rq-b";
	again.attempt_id = "at-a";
	cr_expect_eq(write_job(job_insert, &again, &e), ERR_CONFLICT);
	cr_expect_eq(job_get(w.ctx, w.db, "b", &got, &e), ERR_NOT_FOUND);
	cr_expect_eq(job_get(w.ctx, w.db, "rq-a", &got, &e), ERR_NOT_FOUND, "the request's id is not the job's");
}

/* ---- lists ---- */

static void
add_many(void)
{
	static const char *const states[] = { "queued", "running", "completed", "failed", "lost" };

	for (int i = 0; i < 10; i++) {
		struct job j = job(mem_printf(w.ctx, "j%d", i), states[i % 5]);

		j.cluster_id = i < 5 ? "lab" : "prod";
		j.gateway_id = i < 5 ? "g1" : "g2";
		j.service = i % 2 == 0 ? "even" : "odd";
		j.requested_by = i == 3 ? "bert" : "anna";
		must_write(job_insert, &j);
	}
}

static void
expect_page(const struct job_query *q, const char *ids, int64_t total)
{
	struct error e = { 0 };
	struct records page;
	char *got = mem_text(w.ctx, "");
	int64_t n = -1;

	cr_assert_eq(job_page(w.ctx, w.db, q, &page, &e), ERR_OK, "%s", e.detail);
	for (size_t i = 0; i < page.n; i++)
		got = mem_printf(w.ctx, "%s%s", got, ((struct job *)records_at(&page, i))->id + 1);
	cr_expect_str_eq(got, ids);
	cr_assert_eq(job_total(w.db, q, &n, &e), ERR_OK);
	cr_expect_eq(n, total);
}

Test(jobs, pages)
{
	static const struct {
		struct job_query q;
		const char *ids;
		int64_t total;
	} pages[] = {
		{ { .limit = -1 }, "9876543210", 10 },
		{ { .limit = 3 }, "987", 10 },
		{ { .limit = 3, .after = "j7" }, "654", 10 },
		{ { .limit = 3, .after = "j1" }, "0", 10 },
		{ { .limit = 3, .after = "j0" }, "", 10 },
		{ { .limit = 3, .after = "none" }, "", 10 },
		{ { .limit = 0 }, "", 10 },
		{ { .limit = -1, .cluster_id = "lab" }, "43210", 5 },
		{ { .limit = -1, .service = "even" }, "86420", 5 },
		{ { .limit = -1, .state = "queued" }, "50", 2 },
		{ { .limit = -1, .state = "canceled" }, "", 0 },
		{ { .limit = -1, .requested_by = "bert" }, "3", 1 },
		{ { .limit = -1, .requested_by = "" }, "", 0 },
		{ { .limit = -1, .cluster_id = "lab", .service = "odd", .state = "running", .requested_by = "anna" }, "1", 1 },
		{ { .limit = 1, .cluster_id = "prod", .after = "j8" }, "7", 5 },
		{ { .limit = -1, .cluster_id = "' OR 1=1 --" }, "", 0 },
	};

	add_many();
	for (size_t i = 0; i < COUNT(pages); i++)
		expect_page(&pages[i].q, pages[i].ids, pages[i].total);
}

Test(jobs, open_ones)
{
	struct error e = { 0 };
	struct records open;
	int64_t n;

	add_many();
	cr_assert_eq(job_open(w.ctx, w.db, NULL, &open, &e), ERR_OK);
	cr_assert_eq(open.n, 4);
	cr_expect_str_eq(((struct job *)records_at(&open, 0))->id, "j0", "oldest first");
	cr_expect_str_eq(((struct job *)records_at(&open, 3))->id, "j6");
	cr_assert_eq(job_open(w.ctx, w.db, "g2", &open, &e), ERR_OK);
	cr_assert_eq(open.n, 2);
	cr_expect_str_eq(((struct job *)records_at(&open, 0))->id, "j5");
	cr_expect_eq(job_count_open(w.db, "g1", &n, &e), ERR_OK);
	cr_expect_eq(n, 2);
	cr_expect_eq(job_count_open(w.db, "g3", &n, &e), ERR_OK);
	cr_expect_eq(n, 0);
}

/* ---- output ---- */

static void
add_chunk(int stream, int64_t at, const char *text)
{
	struct error e = { 0 };
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(output_add(w.db, "a", stream, at, text, strlen(text), &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

static void
thin(int stream, int64_t head, int64_t tail)
{
	struct error e = { 0 };
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(output_thin(w.db, "a", stream, head, tail, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

/* The chunk that is found for OFFSET: "AT:BYTES", "" for none. */
static const char *
found(int stream, int64_t offset)
{
	struct error e = { 0 };
	struct output_chunk c;

	cr_assert_eq(output_next(w.ctx, w.db, "a", stream, offset, &c, &e), ERR_OK, "%s", e.detail);
	return c.n == 0 ? "" :
	    mem_printf(w.ctx, "%lld:%.*s", (long long)c.at, (int)c.n, (const char *)c.bytes);
}

Test(jobs, output_is_found_by_its_offset)
{
	struct job j = job("a", "running");

	must_write(job_insert, &j);
	cr_expect_str_eq(found(0, 0), "");
	add_chunk(0, 0, "abc");
	add_chunk(0, 3, "d");
	add_chunk(0, 10, "klmno");
	add_chunk(1, 0, "ERR");
	cr_expect_str_eq(found(0, 0), "0:abc");
	cr_expect_str_eq(found(0, 2), "0:abc", "an offset within a chunk");
	cr_expect_str_eq(found(0, 3), "3:d");
	cr_expect_str_eq(found(0, 4), "10:klmno", "in a gap: what comes after it");
	cr_expect_str_eq(found(0, 9), "10:klmno");
	cr_expect_str_eq(found(0, 14), "10:klmno");
	cr_expect_str_eq(found(0, 15), "", "at the end");
	cr_expect_str_eq(found(0, INT64_MAX), "");
	cr_expect_str_eq(found(0, -1), "0:abc");
	cr_expect_str_eq(found(1, 0), "0:ERR", "streams are apart");
	cr_expect_str_eq(found(1, 3), "");
}

/* The beginning may be gone, too. */
Test(jobs, output_that_does_not_begin_at_0)
{
	struct job j = job("a", "running");

	must_write(job_insert, &j);
	add_chunk(0, 100, "xyz");
	cr_expect_str_eq(found(0, 0), "100:xyz");
	cr_expect_str_eq(found(0, 99), "100:xyz");
	cr_expect_str_eq(found(0, 102), "100:xyz");
	cr_expect_str_eq(found(0, 103), "");
}

Test(jobs, output_is_thinned_out)
{
	struct job j = job("a", "running");

	must_write(job_insert, &j);
	for (int i = 0; i < 10; i++)
		add_chunk(0, i * 10, "0123456789");
	add_chunk(1, 30, "err");
	thin(0, 20, 50);
	cr_expect_str_eq(found(0, 19), "10:0123456789");
	cr_expect_str_eq(found(0, 20), "50:0123456789");
	cr_expect_str_eq(found(1, 0), "30:err", "the other stream is not meant");
	thin(0, 55, 75);
	cr_expect_str_eq(found(0, 50), "50:0123456789", "a chunk goes as a whole or not at all");
	cr_expect_str_eq(found(0, 60), "70:0123456789");
	cr_expect_str_eq(found(0, 70), "70:0123456789");
	thin(0, 80, 80);
	cr_expect_str_eq(found(0, 80), "80:0123456789");
	cr_expect_eq(world_count(w.db, "output WHERE stream = 0"), 6);
}

Test(jobs, output_of_no_job_and_twice_at_one_place)
{
	struct job j = job("a", "running");
	struct error e = { 0 };

	must_write(job_insert, &j);
	add_chunk(0, 0, "abc");
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_expect_eq(output_add(w.db, "a", 0, 0, "x", 1, &e), ERR_CONFLICT);
	}
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_expect_eq(output_add(w.db, "none", 0, 0, "x", 1, &e), ERR_CONFLICT);
	}
	cr_expect_str_eq(found(0, 0), "0:abc");
}

Test(jobs, a_deleted_job_takes_its_output_along)
{
	struct job j = job("a", "completed"), other = job("b", "completed");
	struct error e = { 0 };

	must_write(job_insert, &j);
	must_write(job_insert, &other);
	add_chunk(0, 0, "abc");
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(job_delete(w.db, "a", &e), ERR_OK);
		cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	}
	cr_expect_eq(world_count(w.db, "output"), 0);
	cr_expect_eq(world_count(w.db, "job"), 1);
	/* A number that was used is never used again. */
	must_write(job_insert, &j);
	cr_expect_gt(stored("a").seq, stored("b").seq);
}
