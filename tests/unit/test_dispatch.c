#include "dispatch_world.h"

/* Orders that come over the control socket, to the ends of their runs. */

TestSuite(dispatch, .init = dispatch_world_begin, .fini = dispatch_world_end, .timeout = 120);
TestSuite(dispatch_set, .init = dispatch_world_open, .fini = dispatch_world_end, .timeout = 120);

/* ---- submit ---- */

Test(dispatch, accepted_then_done)
{
	struct wait *a = submit("a", "quick");
	struct service s = { 0 };
	struct error e = { 0 };
	struct job j;

	UNTIL(is_over(a));
	expect_journal("a accepted; a done; ");
	cr_expect(a->accepted);
	j = job_of(a);
	cr_expect_str_eq(j.state, "completed");
	cr_expect_eq(j.return_code, 0);
	cr_expect_null(j.error);
	cr_expect_null(j.results);
	cr_expect(id_is(j.id) && id_is(j.attempt_id));
	cr_expect_str_neq(j.id, j.attempt_id);
	cr_expect_str_eq(j.cluster_id, "lab");
	cr_expect_str_eq(j.gateway_id, "lab0");
	cr_expect_str_eq(j.service, "quick");
	cr_expect_str_eq(j.requested_by, "anna");
	cr_expect_str_eq(j.params, "{}");
	cr_expect_eq(j.attempt, 1);
	cr_expect_gt(j.created, 0);
	cr_expect_geq(j.started, j.created);
	cr_expect_geq(j.ended, j.started);
	cr_expect_geq(j.elapsed_ms, 0);
	cr_expect_eq(j.stdout_bytes, 3);
	cr_expect_eq(j.stderr_bytes, 5);
	cr_expect_not(j.truncated);
	cr_expect_not(j.cancel_requested);
	cr_expect_str_eq(output_of(&j, 0)->at, "hi\n");
	cr_expect_str_eq(output_of(&j, 1)->at, "warn\n");
	cr_assert_eq(service_get(w.ctx, w.db, j.service_id, &s, &e), ERR_OK);
	cr_expect_eq(s.last_run, j.started);
}

Test(dispatch, ends_of_services)
{
	struct wait *fails = submit("f", "fails"), *data = submit("d", "data");
	struct job j;

	UNTIL(is_over(fails) && is_over(data));
	j = job_of(fails);
	cr_expect_str_eq(j.state, "failed");
	cr_expect_eq(j.return_code, 3);
	cr_expect_null(j.error, "it ran: its return code says enough");
	j = job_of(data);
	cr_expect_str_eq(j.state, "completed");
	cr_expect_str_eq(j.results, "[{\"a\":1}]");
}

/* Accepted means: on disk, for any other program to see; the run may take its time. */
Test(dispatch, accepted_is_on_disk)
{
	struct wait *a = submit("a", "slow");
	struct db *other = world_connect();

	UNTIL(a->accepted);
	cr_expect_eq(world_count(other, "job WHERE state = 'running'"), 1);
	some_turns();
	expect_journal("a accepted; ");
	cr_expect_eq(job_of(a).return_code, FIELD_NONE);
	cr_expect_eq(job_of(a).ended, 0);
}

Test(dispatch, an_order_sent_twice_runs_once)
{
	struct job j = order_of("lab", "soon", "{}");
	struct wait *first, *same_turn, *later, *after;

	first = submit_job("a", &j);
	same_turn = submit_job("b", &j);
	UNTIL(first->accepted && same_turn->accepted);
	later = submit_job("c", &j);
	UNTIL(is_over(first) && is_over(same_turn) && is_over(later));
	after = submit_job("d", &j);
	UNTIL(is_over(after));
	expect_journal("a accepted; b accepted; c accepted; a done; b done; c done; d accepted; d done; ");
	cr_expect_eq(world_count(w.db, "job"), 1);
	cr_expect_str_eq(output_of(&(struct job){ .id = job_of(first).id }, 0)->at, "late");
}

/* As the link does when a connection breaks: the order is sent again over the next one. */
Test(dispatch, sent_again_over_another_connection)
{
	struct job j = order_of("lab", "soon", "{}");
	struct wait *lost = submit_job("a", &j), *again;

	UNTIL(lost->accepted);
	link_close(asking);
	again = submit_job("b", &j);
	UNTIL(is_over(again));
	expect_journal("a accepted; b accepted; b done; ");
	cr_expect_eq(world_count(w.db, "job"), 1);
	expect_state(again, "completed");
}

/* Only its request is named where the caller knows that its job was there. */
Test(dispatch, an_order_whose_job_has_been_deleted)
{
	struct wait *a = ask("a", order_submit(w.ctx, &(struct job){ .request_id = "gone" }, false, PATIENCE_MS));

	UNTIL(is_over(a));
	cr_expect_eq(a->event, WAIT_REFUSED);
	cr_expect_eq(a->code, ERR_CONFLICT);
	cr_expect_eq(world_count(w.db, "job"), 0);
}

Test(dispatch, nobody_waits_any_more)
{
	struct wait *a = submit("a", "soon"), *b = submit("b", "soon");

	UNTIL(a->accepted && b->accepted);
	link_forget(asking, a);
	UNTIL(is_over(b));
	some_turns();
	cr_expect_eq(a->event, WAIT_ACCEPTED, "it was forgotten");
	link_close(asking);
	expect_state(a, "completed");
	a = submit("c", "soon");
	UNTIL(a->accepted);
	link_close(asking);
	UNTIL(strcmp(job_of(a).state, "completed") == 0);
}

/* ---- order, queue, limits ---- */

Test(dispatch_set, one_at_a_time_in_their_order)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	struct wait *all[5];

	w.config->run_parallel = 1;
	dispatcher_start();
	for (int i = 0; i < 5; i++)
		all[i] = submit(names[i], "soon");
	while (!is_over(all[4])) {
		pump();
		cr_expect_leq(world_count(w.db, "job WHERE state = 'running'"), 1);
		cr_expect_leq(dispatch->n_running, 1);
	}
	expect_journal("a accepted; b accepted; c accepted; d accepted; e accepted; "
	    "a done; b done; c done; d done; e done; ");
	for (int i = 1; i < 5; i++)
		cr_expect_geq(job_of(all[i]).started, job_of(all[i - 1]).ended);
}

Test(dispatch_set, as_many_at_once_as_allowed)
{
	struct wait *all[5];

	w.config->run_parallel = 3;
	dispatcher_start();
	for (int i = 0; i < 5; i++)
		all[i] = submit("s", "slow");
	UNTIL(all[4]->accepted);
	some_turns();
	cr_expect_eq(world_count(w.db, "job WHERE state = 'running'"), 3);
	cr_expect_eq(world_count(w.db, "job WHERE state = 'queued' AND started = 0"), 2);
	ask("x", order_cancel(w.ctx, job_of(all[0]).id, PATIENCE_MS));
	UNTIL(is_over(all[0]));
	some_turns();
	cr_expect_eq(world_count(w.db, "job WHERE state = 'running'"), 3);
	expect_state(all[3], "running");
	expect_state(all[4], "queued");
}

Test(dispatch_set, a_full_queue_refuses)
{
	struct wait *running, *queued, *refused;

	w.config->run_parallel = 1;
	w.config->run_queue = 1;
	dispatcher_start();
	running = submit("a", "slow");
	UNTIL(running->accepted);
	queued = submit("b", "slow");
	refused = submit("c", "quick");
	UNTIL(is_over(refused));
	cr_expect_eq(refused->event, WAIT_REFUSED);
	cr_expect_eq(refused->code, ERR_UNAVAILABLE);
	cr_expect_not_null(strstr(refused->detail, "queue"), "%s", refused->detail);
	cr_expect_eq(world_count(w.db, "job"), 2);
	ask("x", order_cancel(w.ctx, job_of(queued).id, PATIENCE_MS));
	UNTIL(is_over(queued));
	refused = submit("d", "quick");
	UNTIL(refused->accepted);
	expect_state(refused, "queued");
}

Test(dispatch_set, too_long_in_the_queue)
{
	struct wait *running, *queued;
	struct job j;

	w.config->run_parallel = 1;
	w.config->run_queue_ttl = 1;
	dispatcher_start();
	running = submit("a", "slow");
	UNTIL(running->accepted);
	queued = submit("b", "quick");
	UNTIL(is_over(queued));
	cr_expect_eq(queued->event, WAIT_DONE);
	j = job_of(queued);
	cr_expect_str_eq(j.state, "timeout");
	cr_expect_eq(j.started, 0);
	cr_expect_eq(j.return_code, FIELD_NONE);
	cr_expect_eq(j.elapsed_ms, 0);
	cr_expect_not_null(strstr(j.error, "not started within 1 s"), "%s", j.error);
	expect_state(running, "running");
	cr_expect_eq(dispatch->n_queued, 0);
}

Test(dispatch_set, too_long_under_way)
{
	struct wait *a;
	struct job j;

	w.config->run_max_time = 1;
	dispatcher_start();
	a = submit("a", "slow");
	UNTIL(is_over(a));
	j = job_of(a);
	cr_expect_str_eq(j.state, "timeout");
	cr_expect_geq(j.elapsed_ms, 1000);
	cr_expect_not_null(strstr(j.error, "run time"), "%s", j.error);
	cr_expect_not(j.cancel_requested);
	cr_expect_eq(dispatch->n_running, 0);
}

/* The service's own time, where it is shorter. */
Test(dispatch_set, the_time_of_a_service)
{
	struct service s = {
		.id = "0", .uuid = "0", .gateway_id = "lab0", .name = "slow", .type = "executable",
		.definition = "{\"name\":\"slow\",\"timeout\":1}",
	};
	struct error e = { 0 };
	struct wait *a;

	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(service_put(w.db, &s, &e), ERR_OK);
		cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	}
	dispatcher_start();
	a = submit("a", "slow");
	UNTIL(is_over(a));
	expect_state(a, "timeout");
}

/* ---- cancel ---- */

Test(dispatch_set, canceling_what_is_queued_and_what_runs)
{
	struct wait *running, *queued, *x;
	struct job j;

	w.config->run_parallel = 1;
	dispatcher_start();
	running = submit("a", "slow");
	queued = submit("b", "slow");
	UNTIL(running->accepted && queued->accepted);
	x = ask("x", order_cancel(w.ctx, job_of(queued).id, PATIENCE_MS));
	UNTIL(is_over(x) && is_over(queued));
	j = job_of(queued);
	cr_expect_str_eq(j.state, "canceled");
	cr_expect(j.cancel_requested);
	cr_expect_eq(j.started, 0);
	cr_expect_eq(j.return_code, FIELD_NONE);
	cr_expect_not_null(strstr(j.error, "before it started"), "%s", j.error);
	expect_state(running, "running");
	x = ask("y", order_cancel(w.ctx, job_of(running).id, PATIENCE_MS));
	UNTIL(is_over(x) && is_over(running));
	j = job_of(running);
	cr_expect_str_eq(j.state, "canceled");
	cr_expect(j.cancel_requested);
	cr_expect_eq(j.return_code, 143);
	cr_expect_str_eq(j.error, "it was canceled");
}

/* It is over, or there is none: nothing is left to do, and nothing changes. */
Test(dispatch, canceling_what_is_over)
{
	struct wait *a = submit("a", "quick"), *x;
	struct job before, after;

	UNTIL(is_over(a));
	before = job_of(a);
	x = ask("x", order_cancel(w.ctx, before.id, PATIENCE_MS));
	UNTIL(is_over(x));
	cr_expect_eq(x->event, WAIT_DONE);
	after = job_of(a);
	cr_expect_str_eq(after.state, "completed");
	cr_expect_not(after.cancel_requested);
	cr_expect_eq(after.ended, before.ended);
	x = ask("y", order_cancel(w.ctx, "no such job", PATIENCE_MS));
	UNTIL(is_over(x));
	cr_expect_eq(x->event, WAIT_DONE);
}

Test(dispatch, canceling_twice)
{
	struct wait *a = submit("a", "slow"), *x, *y;

	UNTIL(a->accepted);
	x = ask("x", order_cancel(w.ctx, job_of(a).id, PATIENCE_MS));
	y = ask("y", order_cancel(w.ctx, job_of(a).id, PATIENCE_MS));
	UNTIL(is_over(a) && is_over(x) && is_over(y));
	expect_state(a, "canceled");
	cr_expect_eq(world_count(w.db, "job WHERE cancel_requested = 1"), 1);
}

/* ---- follow ---- */

Test(dispatch, following)
{
	static const int64_t nothing[2] = { 0, 0 }, all[2] = { 4, 0 };
	struct wait *a = submit("a", "soon"), *f, *g;

	UNTIL(a->accepted);
	f = ask("f", order_follow(w.ctx, job_of(a).id, nothing, PATIENCE_MS));
	g = ask("g", order_await(w.ctx, job_of(a).id, PATIENCE_MS));
	UNTIL(is_over(a) && is_over(f) && is_over(g));
	cr_expect_eq(f->event, WAIT_DONE);
	cr_expect_eq(g->event, WAIT_DONE);
	expect_state(a, "completed");
	f = ask("h", order_follow(w.ctx, job_of(a).id, all, PATIENCE_MS));
	g = ask("i", order_follow(w.ctx, "no such job", nothing, PATIENCE_MS));
	UNTIL(is_over(f) && is_over(g));
	cr_expect_eq(f->event, WAIT_DONE, "it has ended");
}

Test(dispatch, following_waits_for_news)
{
	static const int64_t nothing[2] = { 0, 0 };
	struct wait *a = submit("a", "slow"), *f, *g, *x;

	UNTIL(a->accepted);
	f = ask("f", order_follow(w.ctx, job_of(a).id, nothing, PATIENCE_MS));
	g = ask("g", order_await(w.ctx, job_of(a).id, PATIENCE_MS));
	some_turns();
	cr_expect_eq(f->event, WAIT_SENT, "there is no news");
	cr_expect_eq(g->event, WAIT_SENT);
	x = ask("x", order_cancel(w.ctx, job_of(a).id, PATIENCE_MS));
	UNTIL(is_over(x) && is_over(f) && is_over(g));
	expect_state(a, "canceled");
}

/* ---- ping ---- */

Test(dispatch, pinging)
{
	struct wait *lab, *away, *none;

	world_gateway("away0", "away", "simulator", "{\"connected\":false}");
	lab = ask("l", order_ping(w.ctx, "lab0", PATIENCE_MS));
	away = ask("a", order_ping(w.ctx, "away0", PATIENCE_MS));
	none = ask("n", order_ping(w.ctx, "none", PATIENCE_MS));
	UNTIL(is_over(lab) && is_over(away) && is_over(none));
	cr_expect_eq(lab->event, WAIT_DONE);
	cr_expect_eq(away->event, WAIT_REFUSED);
	cr_expect_eq(away->code, ERR_UNAVAILABLE);
	cr_expect_not_null(strstr(away->detail, "away"), "%s", away->detail);
	cr_expect_eq(none->event, WAIT_REFUSED);
	cr_expect_eq(none->code, ERR_NOT_FOUND);
	cr_expect(TAILQ_EMPTY(&dispatch->gates), "no gateway is kept open");
}

/* A ping does not close the gateway of a run that is under way. */
Test(dispatch, pinging_while_a_run_is_under_way)
{
	struct wait *a = submit("a", "soon"), *p;

	UNTIL(a->accepted);
	p = ask("p", order_ping(w.ctx, "lab0", PATIENCE_MS));
	UNTIL(is_over(p) && is_over(a));
	cr_expect_eq(p->event, WAIT_DONE);
	expect_state(a, "completed");
	some_turns();
	cr_expect(TAILQ_EMPTY(&dispatch->gates));
}

/* ---- what is not to be shown ---- */

Test(dispatch_set, secrets_stay_no_longer_than_they_must)
{
	struct wait *running, *queued;
	struct job j;

	w.config->run_parallel = 1;
	dispatcher_start();
	j = order_of("lab", "slow", "{\"key\":\"********\"}");
	j.order_params = "{\"key\":\"one\"}";
	running = submit_job("a", &j);
	j = order_of("lab", "echo", "{\"key\":\"********\"}");
	j.order_params = "{\"key\":\"two\"}";
	queued = submit_job("b", &j);
	UNTIL(running->accepted && queued->accepted);
	cr_expect_null(job_of(running).order_params, "it has started");
	cr_expect_null(strstr(job_of(queued).order_params, "two"), "it will be needed, and is sealed");
	cr_expect_str_eq(job_of(queued).params, "{\"key\":\"********\"}");
	ask("x", order_cancel(w.ctx, job_of(running).id, PATIENCE_MS));
	UNTIL(is_over(queued));
	j = job_of(queued);
	cr_expect_str_eq(output_of(&j, 0)->at, "{\"key\":\"two\"}", "what was sent, not what is shown");
	cr_expect_eq(world_count(w.db, "job WHERE order_params IS NOT NULL"), 0);
}

/* ---- what changes between the order and its start ---- */

Test(dispatch, a_gateway_that_changes_before_its_run_starts)
{
	static const struct {
		const char *sql, *error;
	} changes[] = {
		{ "UPDATE gateway SET enabled = 0", "is disabled" },
		{ "UPDATE gateway SET enabled = 1, readonly = 1", "is read-only" },
		{ "UPDATE gateway SET readonly = 0, connector_settings = '{\"connected\":false}'", "No connection found" },
		{ "UPDATE gateway SET connector_settings = '{}'; UPDATE service SET active = 0 WHERE name = 'quick'",
		    "Service not found" },
		{ "UPDATE service SET active = 1; UPDATE gateway SET connector_settings = '{\"services\":7}'", "not valid" },
		{ "UPDATE gateway SET connector_settings = '{}'; DELETE FROM service", "Service not found" },
		{ "UPDATE gateway SET connector_kind = 'nosuch'", "No connection found" },
		{ "DELETE FROM gateway", "No connection found" },
	};
	struct job order = order_of("lab", "quick", "{}"), j;

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct wait *a;

		world_exec(w.db, changes[i].sql);
		order.request_id = id_uuid(w.ctx);
		a = submit_job("a", &order);
		UNTIL(is_over(a));
		cr_expect_eq(a->event, WAIT_DONE, "it was accepted, and is over");
		j = job_of(a);
		cr_expect_str_eq(j.state, "failed", "%s", changes[i].sql);
		cr_expect_eq(j.return_code, FIELD_NONE);
		cr_assert_not_null(j.error);
		cr_expect_not_null(strstr(j.error, changes[i].error), "%s: %s", changes[i].sql, j.error);
	}
	some_turns();
	cr_expect_eq(dispatch->n_running, 0);
	cr_expect(TAILQ_EMPTY(&dispatch->all) && TAILQ_EMPTY(&dispatch->gates));
}

/* ---- what is masked ---- */

static struct job
ran_with(const char *settings, const char *params)
{
	struct wait *a;
	struct job j;

	world_gateway("masks", "masks", "simulator", settings);
	j = order_of("masks", "s", "{\"key\":\"********\"}");
	j.order_params = params;
	a = submit_job("a", &j);
	UNTIL(is_over(a));
	return job_of(a);
}

#define KEYED "\"decorator\":{\"type\":\"object\",\"properties\":{\"key\":{\"type\":\"string\",\"format\":\"password\"}}}"

Test(dispatch, output_and_results_are_masked)
{
	struct job j = ran_with("{\"services\":[{\"name\":\"s\"," KEYED ",\"stdout\":\"<open sesame>\\nopen ses\","
	    "\"stderr\":\"open sesameopen sesame\",\"results\":[{\"said\":\"it is open sesame\",\"n\":7}]}]}",
	    "{\"key\":\"open sesame\"}");

	cr_expect_str_eq(output_of(&j, 0)->at, "<********>\nopen ses", "what was held back came at the end");
	cr_expect_str_eq(output_of(&j, 1)->at, "********");
	cr_expect_str_eq(j.results, "[{\"said\":\"it is ********\",\"n\":7}]");
	cr_expect_eq(j.stdout_bytes, 19, "of what is kept");
	cr_expect_eq(j.stderr_bytes, 8);
}
