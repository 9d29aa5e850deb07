#include "base/clock.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "run/parts.h"
#include "run/vault.h"
#include "store/service.h"

enum { RETRY_MS = 1000 };

/*
 * What is secret in the parameters is kept for the start alone, and sealed: not where the run
 * starts by this very commit, unless it may be started again.
 */
static enum err
write_insert(struct db *db, const struct run *r, struct error *e)
{
	SCOPED(tmp, NULL);
	struct job row = r->job;

	if (r->todo & TODO_START && !r->job.keep_order)
		row.order_params = NULL;
	if (row.order_params != NULL &&
	    vault_seal_params(tmp, db, r->d->config, &row, &row.order_params, e) != ERR_OK)
		return e->code;
	return job_insert(db, &row, e);
}

static enum err
write_output(struct db *db, struct run *r, struct error *e)
{
	for (int i = 0; i < 2; i++)
		if (keep_write(&r->keep[i], db, r->job.id, i, e) != ERR_OK)
			return e->code;
	r->job.stdout_bytes = keep_total(&r->keep[0]);
	r->job.stderr_bytes = keep_total(&r->keep[1]);
	/* Once it is so it stays so, whatever limit a later dispatcher has. */
	r->job.truncated = r->job.truncated || keep_is_cut(&r->keep[0]) || keep_is_cut(&r->keep[1]);
	return job_progress(db, &r->job, e);
}

static enum err
write_start(struct db *db, struct run *r, struct error *e)
{
	/* A new row is written as running at once. */
	if (!(r->todo & TODO_INSERT) && job_start(db, &r->job, e) != ERR_OK)
		return e->code;
	return service_set_last_run(db, r->job.service_id, r->job.started, e);
}

static enum err
write_end(struct db *db, struct run *r, struct error *e)
{
	if (!(r->todo & TODO_RETRY) && r->over.attempt != 0 && attempt_write(r, db, e) != ERR_OK)
		return e->code;
	return job_end(db, &r->job, e);
}

static enum err
write_run(struct db *db, struct run *r, struct error *e)
{
	if ((r->todo & TODO_INSERT && write_insert(db, r, e) != ERR_OK) ||
	    (r->todo & TODO_RETRY && attempt_write(r, db, e) != ERR_OK) ||
	    (r->todo & TODO_START && write_start(db, r, e) != ERR_OK) ||
	    (r->todo & (TODO_OUTPUT | TODO_END) && write_output(db, r, e) != ERR_OK) ||
	    (r->todo & TODO_NOTE && notes_write(r, db, e) != ERR_OK) ||
	    (r->todo & TODO_CANCEL && job_set_cancel_requested(db, r->job.id, e) != ERR_OK) ||
	    (r->todo & TODO_END && write_end(db, r, e) != ERR_OK))
		return e->code;
	return ERR_OK;
}

/* For the tests: what this transaction does for one of its runs. */
static void
crash_points(const struct dispatch *d, bool committed)
{
	const struct run *r;

	TAILQ_FOREACH(r, &d->todo, in_todo) {
		if (r->todo & TODO_INSERT)
			CRASH_POINT(committed ? "insert-committed" : "insert-written");
		if (r->todo & TODO_RETRY)
			CRASH_POINT(committed ? "retry-committed" : "retry-written");
		if (r->todo & TODO_START && r->job.attempt > 1)
			CRASH_POINT(committed ? "again-committed" : "again-written");
		else if (r->todo & TODO_START)
			CRASH_POINT(committed ? "start-committed" : "start-written");
		if (r->todo & TODO_OUTPUT)
			CRASH_POINT(committed ? "output-committed" : "output-written");
		if (r->todo & TODO_END)
			CRASH_POINT(committed ? "end-committed" : "end-written");
	}
	(void)committed;
}

static enum err
write_all(struct dispatch *d, struct error *e)
{
	struct run *r;
	TXN(t);

	if (txn_begin(&t, d->db, e) != ERR_OK)
		return e->code;
	TAILQ_FOREACH(r, &d->todo, in_todo)
		if (write_run(d->db, r, e) != ERR_OK)
			return e->code;
	crash_points(d, false);
	if (txn_commit(&t, e) != ERR_OK)
		return e->code;
	crash_points(d, true);
	return ERR_OK;
}

/* What was written may be told, started, forgotten. */
static void
follow_up(struct run *r, unsigned done)
{
	if (done & (TODO_OUTPUT | TODO_END))
		for (int i = 0; i < 2; i++)
			keep_written(&r->keep[i]);
	if (done & TODO_NOTE)
		notes_written(r);
	if (done & TODO_RETRY)
		r->over = (struct job_attempt){ 0 };
	if (r->held) {
		r->held = false;
		conn_hold(r->gate->conn, r->job.attempt_id, false);
	}
	run_tell(r, done);
	if (done & TODO_INSERT)
		CRASH_POINT("accepted-told");
	if (done & TODO_END)
		CRASH_POINT("end-told");
	if (done & TODO_END)
		run_free(r);
	else if (done & TODO_START)
		supervise_start(r);
	else if (r->queued)
		run_unload(r);
}

static void
retry(void *arg)
{
	struct dispatch *d = arg;

	d->retry = NULL;
	d->failing = false;
}

/* Nothing of this turn is on disk: new orders are refused, all else waits and is tried again. */
static void
hold_back(struct dispatch *d, const struct error *e)
{
	struct run *r, *next;

	log_error("runs cannot be recorded: %s", e->detail);
	for (r = TAILQ_FIRST(&d->todo); r != NULL; r = next) {
		next = TAILQ_NEXT(r, in_todo);
		if (!(r->todo & TODO_INSERT))
			continue;
		run_stopped(r);
		run_refuse(r, e);
		run_free(r);
	}
	d->failing = true;
	if (d->retry == NULL)
		d->retry = loop_after(d->loop, RETRY_MS, retry, d);
}

/* Whether nothing is left to be done, or it is no use to go on. */
static bool
may_leave(const struct dispatch *d)
{
	if (d->n_running == 0 && TAILQ_EMPTY(&d->todo))
		return true;
	if (!d->failing || clock_mono() < d->patience)
		return false;
	log_error("leaving with %lld runs under way, for nothing can be recorded: the next start "
	    "settles what is left", (long long)d->n_running);
	return true;
}

void
commit_turn(void *arg)
{
	struct dispatch *d = arg;
	struct run_list done;
	struct error e = { 0 };
	struct run *r;

	queue_start(d);
	while (!TAILQ_EMPTY(&d->todo) && !d->failing) {
		if (write_all(d, &e) != ERR_OK) {
			hold_back(d, &e);
			break;
		}
		/* What a follow-up brings goes into a new list, and into the next transaction. */
		TAILQ_INIT(&done);
		TAILQ_CONCAT(&done, &d->todo, in_todo);
		while ((r = TAILQ_FIRST(&done)) != NULL) {
			unsigned what = r->todo;

			TAILQ_REMOVE(&done, r, in_todo);
			r->todo = 0;
			follow_up(r, what);
		}
		queue_start(d);
	}
	if (!TAILQ_EMPTY(&d->all))
		d->busy_at = clock_mono();
	if (d->stopping && may_leave(d))
		loop_stop(d->loop);
}
