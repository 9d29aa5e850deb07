#include "dispatch_world.h"

#include "base/clock.h"

/* Whose turn it is, limits of services and gateways, and runs that are tried again. */

TestSuite(queue, .init = dispatch_world_open, .fini = dispatch_world_end, .timeout = 120);

enum { CROWD = 30, THOUSANDS = 3000, PARAMS = 20000 };

static const char limited[] =
    "{\"services\":["
    "{\"name\":\"one\",\"delay_ms\":50,\"stdout\":\"1\"},"
    "{\"name\":\"two\",\"delay_ms\":50,\"stdout\":\"2\"},"
    "{\"name\":\"bad\",\"stdout\":\"{\",\"return_code\":4},"
    "{\"name\":\"hang\",\"delay_ms\":86400000}]}";

/* The gateway NAME with these services; those named get MORE ("\"concurrency\":1") in their definitions. */
static void
gateway(const char *name, const char *service, const char *more)
{
	world_gateway(mem_printf(w.ctx, "%s0", name), name, "simulator", limited);
	world_exec(w.db, mem_printf(w.ctx, "UPDATE service SET definition = substr(definition, 1, length(definition) - 1) || "
	    "',%s}' WHERE gateway_id = '%s0' AND name = '%s'", more, name, service));
}

static struct wait *
run_on(const char *cluster_id, const char *service)
{
	struct job j = order_of(cluster_id, service, "{}");

	return submit_job(service, &j);
}

static int64_t
running(const char *cluster_id, const char *service)
{
	struct error e = { 0 };
	int64_t n = -1;

	cr_assert_eq(db_pragma(w.db, mem_printf(w.ctx, "SELECT count(*) FROM job WHERE state = 'running' AND "
	    "cluster_id = '%s' AND service LIKE '%s'", cluster_id, service), &n, &e), ERR_OK, "%s", e.detail);
	return n;
}

/* A single run of one service does not wait behind a crowd of another's. */
Test(queue, services_take_turns)
{
	struct wait *crowd[CROWD], *single;
	int over = 0;

	w.config->run_parallel = 1;
	dispatcher_start();
	for (int i = 0; i < CROWD; i++)
		crowd[i] = submit("many", "soon");
	single = submit("single", "quick");
	UNTIL(is_over(single));
	for (int i = 0; i < CROWD; i++)
		over += is_over(crowd[i]);
	cr_expect_leq(over, 2, "it came after %d others", over);
	UNTIL(is_over(crowd[CROWD - 1]));
	for (int i = 1; i < CROWD; i++)
		cr_expect_geq(job_of(crowd[i]).started, job_of(crowd[i - 1]).started, "the oldest first");
}

Test(queue, concurrency_of_a_service)
{
	struct wait *a[6];
	struct wait *other;

	gateway("g", "one", "\"concurrency\":2");
	w.config->run_parallel = 10;
	dispatcher_start();
	for (int i = 0; i < 6; i++)
		a[i] = run_on("g", "one");
	other = run_on("g", "two");
	UNTIL(other->accepted);
	cr_expect_eq(running("g", "two"), 1);
	while (!is_over(a[5])) {
		cr_expect_leq(running("g", "one"), 2);
		pump();
	}
	for (int i = 0; i < 6; i++)
		expect_state(a[i], "completed");
	UNTIL(TAILQ_EMPTY(&dispatch->all));
	cr_expect_null(dispatch->lanes.root);
	cr_expect_null(dispatch->yards.root);
}

/* Its queued runs come whatever ended meanwhile: also where the one that had the gateway is canceled. */
Test(queue, limit_of_a_gateway)
{
	struct wait *a[4], *b[4], *hang, *elsewhere, *cancel;

	gateway("g", "one", "\"description\":\"\"");
	gateway("h", "one", "\"description\":\"\"");
	w.config->run_parallel = 10;
	w.config->run_parallel_gateway = 1;
	dispatcher_start();
	hang = run_on("g", "hang");
	UNTIL(hang->accepted);
	for (int i = 0; i < 4; i++) {
		a[i] = run_on("g", "one");
		b[i] = run_on("g", "two");
	}
	elsewhere = run_on("h", "one");
	UNTIL(is_over(elsewhere));
	cr_expect_eq(running("g", "%"), 1);
	/* Those at the head of what waits go, and the rest must come all the same. */
	for (int i = 0; i < 2; i++) {
		cancel = ask("x", order_cancel(w.ctx, job_of(i == 0 ? a[0] : b[0]).id, PATIENCE_MS));
		UNTIL(is_over(cancel));
	}
	cancel = ask("x", order_cancel(w.ctx, job_of(hang).id, PATIENCE_MS));
	UNTIL(is_over(cancel));
	while (!is_over(a[3]) || !is_over(b[3])) {
		cr_expect_leq(running("g", "%"), 1);
		pump();
	}
	expect_state(a[0], "canceled");
	expect_state(a[3], "completed");
	expect_state(b[3], "completed");
	UNTIL(TAILQ_EMPTY(&dispatch->all));
	cr_expect_null(dispatch->yards.root);
}

static void
set_settings(const char *cluster_id, const char *settings)
{
	world_exec(w.db, mem_printf(w.ctx, "UPDATE gateway SET connector_settings = '%s' WHERE cluster_id = '%s'", settings,
	    cluster_id));
}

/* The limited gateway's settings with MEMBER in front. */
static const char *
with(const char *member)
{
	return mem_printf(w.ctx, "{%s,%s", member, limited + 1);
}

/* A gateway's own limit stands in place of the common one, and holds as soon as it is changed, with nothing else about. */
Test(queue, own_limit_of_a_gateway)
{
	struct wait *a[6], *b[2];
	int64_t seen = 0;

	gateway("g", "one", "\"description\":\"\"");
	gateway("h", "one", "\"description\":\"\"");
	set_settings("g", with("\"parallel\":2"));
	w.config->run_parallel = 10;
	w.config->run_parallel_gateway = 1;
	dispatcher_start();
	cr_expect_eq(queue_parallel(dispatch, "g0"), 2);
	cr_expect_eq(queue_parallel(dispatch, "h0"), 1);
	cr_expect_eq(queue_parallel(dispatch, "none"), 1);
	for (int i = 0; i < 6; i++)
		a[i] = run_on("g", "hang");
	for (int i = 0; i < 2; i++)
		b[i] = run_on("h", "hang");
	UNTIL(a[5]->accepted && b[1]->accepted);
	cr_expect_eq(running("g", "%"), 2);
	cr_expect_eq(running("h", "%"), 1);
	/* Raised: no run ends, and none comes. */
	set_settings("g", with("\"parallel\":4"));
	UNTIL(running("g", "%") >= 4);
	cr_expect_eq(running("g", "%"), 4);
	cr_expect_eq(running("h", "%"), 1);
	/* Lowered: what runs goes on, and nothing starts before there is room again. */
	set_settings("g", with("\"parallel\":3"));
	for (int i = 0; i < 2; i++) {
		struct wait *x = ask("x", order_cancel(w.ctx, job_of(a[i]).id, PATIENCE_MS));

		UNTIL(is_over(x) && is_over(a[i]));
		pump();
		seen = running("g", "%");
		cr_expect_leq(seen, 3, "%d", (int)seen);
	}
	UNTIL(running("g", "%") == 3);
	/* 0 is no limit, and without the member the common one holds again. */
	set_settings("g", with("\"parallel\":0"));
	UNTIL(running("g", "%") == 4);
	set_settings("h", with("\"parallel\":0"));
	UNTIL(running("h", "%") == 2);
	set_settings("h", limited);
	cr_expect_eq(queue_parallel(dispatch, "h0"), 1);
	cr_expect_eq(running("h", "%"), 2);
}

/* What waits is on disk alone, and comes back with its parameters. */
Test(queue, parameters_are_not_kept_in_memory)
{
	struct text *params = text_new(w.ctx, 2 * PARAMS);
	struct wait *hang, *a;
	struct run *r;
	struct job j;

	w.config->run_parallel = 1;
	dispatcher_start();
	hang = submit("h", "slow");
	UNTIL(hang->accepted);
	text_puts(params, "{\"x\":\"");
	for (int i = 0; i < PARAMS; i++)
		text_puts(params, "y");
	text_puts(params, "\"}");
	j = order_of("lab", "echo", params->at);
	a = submit_job("a", &j);
	UNTIL(a->accepted);
	r = run_find(dispatch, job_of(a).id);
	cr_assert_not_null(r);
	cr_expect(r->queued && r->job.params == NULL);
	ask("x", order_cancel(w.ctx, job_of(hang).id, PATIENCE_MS));
	UNTIL(is_over(a));
	j = job_of(a);
	cr_expect_str_eq(j.state, "completed");
	cr_expect_str_eq(output_of(&j, 0)->at, params->at);
}

/* Thousands wait; each turn still looks at what it starts alone. */
Test(queue, thousands)
{
	struct error e = { 0 };
	struct wait *single;
	TXN(t);

	w.config->run_parallel = 4;
	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	for (int i = 0; i < THOUSANDS; i++) {
		struct job j = order_of("lab", "quick", "{}");

		j.id = id_new(w.ctx);
		j.attempt_id = id_new(w.ctx);
		j.state = "queued";
		j.return_code = FIELD_NONE;
		j.created = clock_wall();
		cr_assert_eq(job_insert(w.db, &j, &e), ERR_OK, "%s", e.detail);
	}
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	dispatcher_start();
	cr_expect_eq(dispatch->n_queued, THOUSANDS);
	single = submit("single", "echo");
	UNTIL(is_over(single));
	cr_expect_gt(world_count(w.db, "job WHERE state = 'queued'"), THOUSANDS / 2);
	UNTIL(TAILQ_EMPTY(&dispatch->all));
	cr_expect_eq(world_count(w.db, "job WHERE state = 'completed'"), THOUSANDS + 1);
}

/* ---- attempts ---- */

#define AGAIN "\"idempotent\":true,\"retries\":2,\"retry-delay\":0"

static struct records
attempts_of(const struct job *j)
{
	struct records all;
	struct error e = { 0 };

	cr_assert_eq(job_attempt_list(w.ctx, w.db, j->id, &all, &e), ERR_OK, "%s", e.detail);
	return all;
}

Test(queue, what_fails_is_tried_again)
{
	struct wait *a;
	struct records all;
	struct job j;

	gateway("g", "bad", AGAIN);
	dispatcher_start();
	a = run_on("g", "bad");
	UNTIL(is_over(a));
	expect_journal("bad accepted; bad done; ");
	j = job_of(a);
	cr_expect_str_eq(j.state, "failed");
	cr_expect_eq(j.return_code, 4);
	cr_expect_eq(j.attempt, 3);
	cr_expect_str_eq(output_of(&j, 0)->at, "{{{", "the output of all three is there");
	cr_expect_eq(j.stdout_from, 2);
	all = attempts_of(&j);
	cr_assert_eq(all.n, 3);
	for (size_t i = 0; i < all.n; i++) {
		const struct job_attempt *one = records_at(&all, i);

		cr_expect_eq(one->attempt, (int64_t)i + 1);
		cr_expect_str_eq(one->state, "failed");
		cr_expect_eq(one->return_code, 4);
		cr_expect_eq(one->stdout_bytes, (int64_t)i + 1);
		cr_expect(one->started > 0 && one->ended >= one->started);
	}
	cr_expect_str_eq(((struct job_attempt *)records_at(&all, 2))->attempt_id, j.attempt_id);
	cr_expect_null(j.order_params);
}

Test(queue, only_where_the_service_says_so)
{
	struct wait *a, *b;
	struct job j;

	gateway("g", "bad", "\"retries\":2,\"retry-delay\":0");
	gateway("h", "one", AGAIN);
	dispatcher_start();
	a = run_on("g", "bad");
	b = run_on("h", "one");
	UNTIL(is_over(a) && is_over(b));
	cr_expect_eq(job_of(a).attempt, 1, "it is not idempotent");
	j = job_of(b);
	cr_expect_eq(j.attempt, 1, "it succeeded");
	cr_expect_eq(attempts_of(&j).n, 0);
}

/* Whoever cancels wants its end; also in the pause before the next attempt. */
Test(queue, cancel_is_the_end)
{
	struct wait *a, *b, *x;
	struct job j;

	gateway("g", "hang", AGAIN);
	gateway("h", "bad", "\"idempotent\":true,\"retries\":2,\"retry-delay\":86400");
	dispatcher_start();
	a = run_on("g", "hang");
	b = run_on("h", "bad");
	UNTIL(a->accepted && b->accepted && job_of(b).attempt == 2);
	expect_state(b, "queued");
	x = ask("x", order_cancel(w.ctx, job_of(a).id, PATIENCE_MS));
	UNTIL(is_over(a) && is_over(x));
	x = ask("y", order_cancel(w.ctx, job_of(b).id, PATIENCE_MS));
	UNTIL(is_over(b) && is_over(x));
	j = job_of(a);
	cr_expect_str_eq(j.state, "canceled");
	cr_expect_eq(j.attempt, 1);
	j = job_of(b);
	cr_expect_str_eq(j.state, "canceled");
	cr_expect_eq(attempts_of(&j).n, 1);
	cr_expect_str_eq(j.error, "it was canceled before it was tried again");
}

/* The dispatcher dies, or is stopped: an idempotent run with attempts left goes on with the next one. */
Test(queue, after_the_dispatcher)
{
	struct wait *a, *b;
	struct records all;
	struct job j;

	gateway("g", "hang", AGAIN);
	dispatcher_start();
	a = run_on("g", "hang");
	b = run_on("lab", "slow");
	UNTIL(a->accepted && b->accepted);
	dispatcher_end();
	dispatcher_start();
	UNTIL(strcmp(job_of(b).state, "lost") == 0 && job_of(a).attempt == 2 && strcmp(job_of(a).state, "running") == 0);
	dispatch_stop(dispatch);
	loop_run(loop);
	j = job_of(a);
	cr_expect_str_eq(j.state, "queued");
	cr_expect_eq(j.attempt, 3);
	all = attempts_of(&j);
	cr_assert_eq(all.n, 2);
	cr_expect_str_eq(((struct job_attempt *)records_at(&all, 0))->state, "lost");
	cr_expect_str_eq(((struct job_attempt *)records_at(&all, 1))->state, "canceled");
	dispatcher_end();
	dispatcher_start();
	UNTIL(strcmp(job_of(a).state, "running") == 0);
	dispatcher_end();
	dispatcher_start();
	UNTIL(strcmp(job_of(a).state, "lost") == 0);
	j = job_of(a);
	cr_expect_eq(attempts_of(&j).n, 3, "no attempt is left");
}

/* The pause before the next attempt is no shorter for a dispatcher that ends meanwhile, and no longer for a clock set back. */
Test(queue, the_pause_after_the_dispatcher)
{
	static const int64_t hour = INT64_C(3600000);
	struct wait *a;
	struct run *r;

	gateway("g", "bad", "\"idempotent\":true,\"retries\":2,\"retry-delay\":86400");
	dispatcher_start();
	a = run_on("g", "bad");
	UNTIL(a->accepted && job_of(a).attempt == 2);
	for (int i = -1; i <= 1; i++) {
		dispatcher_end();
		world_exec(w.db, mem_printf(w.ctx, "UPDATE job_attempt SET ended = ended + %lld", (long long)(i * hour)));
		dispatcher_start();
		pump();
		r = run_find(dispatch, job_of(a).id);
		cr_assert_not_null(r);
		cr_expect(!r->queued && r->timer != NULL);
		expect_state(a, "queued");
	}
	dispatcher_end();
	world_exec(w.db, "UPDATE job_attempt SET ended = ended - 86400000");
	dispatcher_start();
	UNTIL(job_of(a).attempt == 3);
}

/* Secret parameters are there for each attempt, and gone with the last one. */
Test(queue, secret_parameters_are_kept_for_it)
{
	struct job j;
	struct wait *a;

	gateway("g", "bad", AGAIN);
	dispatcher_start();
	j = order_of("g", "bad", "{\"key\":\"********\"}");
	j.order_params = "{\"key\":\"plain\"}";
	a = submit_job("a", &j);
	UNTIL(a->event == WAIT_REFUSED || is_over(a));
	cr_assert_eq(a->event, WAIT_DONE, "%s", a->detail);
	j = job_of(a);
	cr_expect_eq(j.attempt, 3);
	cr_expect_null(j.order_params);
}
