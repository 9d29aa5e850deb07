#include "dispatch_world.h"

#include "run/vault.h"

#include "base/clock.h"

/* What a dispatcher that ended left, however it ended; and how one ends by itself. */

TestSuite(settle, .init = dispatch_world_open, .fini = dispatch_world_end, .timeout = 120);

enum { TOO_OLD_MS = 7200000, IDLE_MS = 100 };

static struct job
row(const char *id, const char *service)
{
	struct job j = order_of("lab", service, "{}");

	j.id = id;
	j.attempt_id = mem_printf(w.ctx, "at-%s", id);
	j.request_id = mem_printf(w.ctx, "rq-%s", id);
	j.state = "queued";
	j.return_code = FIELD_NONE;
	j.created = clock_wall();
	return j;
}

/* As an earlier dispatcher wrote it: queued, or started too. */
static void
left(const struct job *j, bool started)
{
	struct error e = { 0 };
	struct job row = *j;
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	if (row.order_params != NULL)
		cr_assert_eq(vault_seal_params(w.ctx, w.db, w.config, j, &row.order_params, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(job_insert(w.db, &row, &e), ERR_OK, "%s", e.detail);
	if (started)
		cr_assert_eq(job_start(w.db, j, &e), ERR_OK);
	if (j->cancel_requested)
		cr_assert_eq(job_set_cancel_requested(w.db, j->id, &e), ERR_OK);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

static struct job
now(const char *id)
{
	struct job j = { 0 };
	struct error e = { 0 };

	cr_assert_eq(job_get(w.ctx, w.db, id, &j, &e), ERR_OK, "%s", e.detail);
	return j;
}

static bool
is_open(const char *id)
{
	enum job_state s = JOB_LOST;

	cr_assert(job_state_find(now(id).state, &s));
	return job_state_is_open(s);
}

Test(settle, nothing_was_left)
{
	dispatcher_start();
	some_turns();
	cr_expect(TAILQ_EMPTY(&dispatch->all));
	cr_expect_eq(world_count(w.db, "job"), 0);
}

Test(settle, queued_runs_are_started)
{
	struct job a = row("a", "quick"), b = row("b", "echo");

	a.order_params = "{\"key\":\"kept\"}";
	a.service = b.service;
	a.service_id = b.service_id;
	left(&a, false);
	left(&b, false);
	dispatcher_start();
	cr_expect_eq(dispatch->n_queued, 2);
	UNTIL(!is_open("a") && !is_open("b"));
	cr_expect_str_eq(now("a").state, "completed");
	cr_expect_eq(now("a").attempt, 1);
	cr_expect_str_eq(output_of(&a, 0)->at, "{\"key\":\"kept\"}");
	cr_expect_null(now("a").order_params);
	cr_expect_str_eq(output_of(&b, 0)->at, "{}");
	cr_expect(TAILQ_EMPTY(&dispatch->all));
}

/* The key file is not the one that they were sealed with. */
Test(settle, queued_runs_that_cannot_be_unsealed)
{
	struct job a = row("a", "echo"), b = row("b", "echo");

	a.order_params = "{\"key\":\"lost\"}";
	left(&a, false);
	left(&b, false);
	unlink(config_path(w.ctx, w.config, "secret.key"));
	dispatcher_start();
	UNTIL(!is_open("a") && !is_open("b"));
	cr_expect_str_eq(now("a").state, "failed");
	cr_expect_not_null(strstr(now("a").error, "there is no key file"), "%s", now("a").error);
	cr_expect_null(now("a").order_params);
	cr_expect_str_eq(now("b").state, "completed");
}

/* Nobody knows whether it had finished: it is never run again. */
Test(settle, running_ones_are_lost)
{
	struct job j = row("a", "quick");
	struct error e = { 0 };

	left(&j, true);
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(output_add(w.db, "a", 0, 0, "half of ", 8, &e), ERR_OK);
		j.stdout_bytes = 8;
		cr_assert_eq(job_progress(w.db, &j, &e), ERR_OK);
		cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	}
	dispatcher_start();
	UNTIL(!is_open("a"));
	some_turns();
	j = now("a");
	cr_expect_str_eq(j.state, "lost");
	cr_expect_eq(j.return_code, FIELD_NONE);
	cr_assert_not_null(j.error);
	cr_expect_not_null(strstr(j.error, "cannot be known"), "%s", j.error);
	cr_expect_gt(j.ended, 0);
	cr_expect_eq(j.stdout_bytes, 8);
	cr_expect_not(j.truncated);
	cr_expect_str_eq(output_of(&j, 0)->at, "half of ", "what had come stays, and nothing comes to it");
	cr_expect_eq(dispatch->n_running, 0);
	cr_expect(TAILQ_EMPTY(&dispatch->all));
}

/* The limit of the dispatcher that cut it is not that of the next one. */
Test(settle, what_was_cut_stays_cut)
{
	struct job j = row("a", "quick");
	struct error e = { 0 };

	left(&j, true);
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		j.stdout_bytes = 5000;
		j.truncated = true;
		cr_assert_eq(job_progress(w.db, &j, &e), ERR_OK);
		cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	}
	dispatcher_start();
	UNTIL(!is_open("a"));
	cr_expect(now("a").truncated);
	cr_expect_eq(now("a").stdout_bytes, 5000);
}

/* What runs on the host under the mark of a lost run is ended. */
Test(settle, processes_of_lost_runs_are_ended)
{
	struct job j = row("0123456789abcdef01234567", "quick");
	int status, ready[2];
	char c;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		const char *const argv[] = { "sh", "-c", "echo; exec sleep 1000", NULL };
		const char *const env[] = { "GATEHOUSE_JOB_ID=0123456789abcdef01234567", "PATH=/usr/bin:/bin", NULL };

		dup2(ready[1], STDOUT_FILENO);
		execve("/bin/sh", (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
		_exit(1);
	}
	cr_assert_eq(read(ready[0], &c, 1), 1);
	left(&j, true);
	dispatcher_start();
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFSIGNALED(status), "status %x", (unsigned)status);
	UNTIL(!is_open(j.id));
	cr_expect_str_eq(now(j.id).state, "lost");
}

Test(settle, queued_ones_that_are_not_to_start)
{
	struct job canceled = row("c", "quick"), old = row("o", "quick"), young = row("y", "quick");

	canceled.cancel_requested = true;
	old.created -= TOO_OLD_MS;
	left(&canceled, false);
	left(&old, false);
	left(&young, false);
	dispatcher_start();
	UNTIL(!is_open("c") && !is_open("o") && !is_open("y"));
	cr_expect_str_eq(now("c").state, "canceled");
	cr_expect_eq(now("c").started, 0);
	cr_expect_str_eq(now("o").state, "timeout");
	cr_expect_eq(now("o").started, 0);
	cr_expect_eq(output_of(&old, 0)->len, 0);
	cr_expect_str_eq(now("y").state, "completed");
}

Test(settle, more_than_run_at_once_and_in_their_order)
{
	static const char *const ids[] = { "a", "b", "c", "d", "e" };
	struct job j;

	w.config->run_parallel = 1;
	/* More than the queue may hold: they were accepted, so they are kept. */
	w.config->run_queue = 2;
	for (int i = 0; i < 5; i++) {
		j = row(ids[i], "quick");
		left(&j, false);
	}
	dispatcher_start();
	UNTIL(!is_open("e"));
	for (int i = 1; i < 5; i++) {
		cr_expect_str_eq(now(ids[i]).state, "completed");
		cr_expect_geq(now(ids[i]).started, now(ids[i - 1]).ended);
	}
}

Test(settle, what_is_over_is_left_alone)
{
	struct job j = row("a", "quick");
	struct error e = { 0 };

	left(&j, true);
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		j.state = "completed";
		j.ended = 77;
		cr_assert_eq(job_end(w.db, &j, &e), ERR_OK);
		cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	}
	dispatcher_start();
	some_turns();
	cr_expect_str_eq(now("a").state, "completed");
	cr_expect_eq(now("a").ended, 77);
}

/* The one who asked asks again, over a new connection: it is the same run. */
Test(settle, an_order_sent_again_to_the_next_dispatcher)
{
	struct job order = order_of("lab", "slow", "{}"), waiting = order_of("lab", "soon", "{}");
	struct wait *a, *b;

	w.config->run_parallel = 1;
	dispatcher_start();
	a = submit_job("a", &order);
	b = submit_job("b", &waiting);
	UNTIL(a->accepted && b->accepted);
	dispatcher_end();
	expect_state(a, "running");
	expect_state(b, "queued");
	dispatcher_start();
	a = submit_job("c", &order);
	b = submit_job("d", &waiting);
	UNTIL(is_over(a) && is_over(b));
	expect_state(a, "lost");
	expect_state(b, "completed");
	cr_expect_eq(world_count(w.db, "job"), 2);
}

/* Nothing can be written at the start: it goes on when it can. */
Test(settle, with_a_locked_database)
{
	struct job a = row("a", "quick"), b = row("b", "quick");
	struct db *other = world_connect();
	struct error e = { 0 };

	left(&a, true);
	left(&b, false);
	{
		TXN(lock);

		cr_assert_eq(txn_begin(&lock, other, &e), ERR_OK);
		dispatcher_start();
		UNTIL(dispatch->failing);
		cr_expect(is_open("a") && is_open("b"));
	}
	UNTIL(!is_open("a") && !is_open("b"));
	cr_expect_str_eq(now("a").state, "lost");
	cr_expect_str_eq(now("b").state, "completed");
}

/* A gateway with a cascade of rows that are gone since. */
Test(settle, queued_on_a_gateway_that_is_gone)
{
	struct job j = row("a", "quick");

	left(&j, false);
	world_exec(w.db, "DELETE FROM gateway");
	dispatcher_start();
	UNTIL(!is_open("a"));
	cr_expect_str_eq(now("a").state, "failed");
	cr_expect_not_null(strstr(now("a").error, "No connection found"), "%s", now("a").error);
}

/* ---- the end ---- */

Test(settle, stopping)
{
	struct wait *running, *queued, *late;
	struct job j;

	w.config->run_parallel = 1;
	dispatcher_start();
	running = submit("a", "slow");
	queued = submit("b", "quick");
	UNTIL(running->accepted && queued->accepted);
	dispatch_stop(dispatch);
	dispatch_stop(dispatch);
	late = submit("c", "quick");
	loop_run(loop);
	take_replies(asking);
	cr_expect_eq(running->event, WAIT_DONE);
	cr_expect_eq(late->event, WAIT_REFUSED);
	cr_expect_eq(late->code, ERR_UNAVAILABLE);
	cr_expect_eq(queued->event, WAIT_ACCEPTED);
	j = job_of(running);
	cr_expect_str_eq(j.state, "canceled");
	cr_expect_not(j.cancel_requested, "nobody asked for it");
	cr_expect_not_null(strstr(j.error, "gatehoused was stopped"), "%s", j.error);
	expect_state(queued, "queued");
	dispatcher_end();
	dispatcher_start();
	UNTIL(strcmp(job_of(queued).state, "completed") == 0);
	cr_expect_eq(world_count(w.db, "job"), 2);
}

/* The stop comes while the start is on its way to the disk. */
Test(settle, stopping_before_the_start)
{
	struct wait *a;
	struct db *other = world_connect();
	struct error e = { 0 };
	struct job j = row("a", "slow");

	left(&j, false);
	{
		TXN(lock);

		cr_assert_eq(txn_begin(&lock, other, &e), ERR_OK);
		dispatcher_start();
		UNTIL(dispatch->failing);
		dispatch_stop(dispatch);
		a = submit("b", "quick");
		UNTIL(is_over(a));
		cr_expect_eq(a->event, WAIT_REFUSED);
	}
	loop_run(loop);
	j = now("a");
	cr_expect_str_eq(j.state, "canceled");
	cr_expect_eq(j.return_code, FIELD_NONE);
	cr_expect_eq(output_of(&j, 0)->len, 0);
}

Test(settle, stopping_with_nothing_to_do)
{
	dispatcher_start();
	dispatch_stop(dispatch);
	loop_run(loop);
	cr_expect_eq(world_count(w.db, "job"), 0);
}

Test(settle, leaving_when_idle)
{
	struct wait *a;

	dispatcher_start();
	dispatch_leave_when_idle(dispatch, IDLE_MS);
	a = submit("a", "soon");
	loop_run(loop);
	take_replies(asking);
	cr_expect_eq(a->event, WAIT_DONE, "it left while there was work");
	expect_state(a, "completed");
}
