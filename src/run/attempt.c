#include "base/clock.h"
#include "base/crash.h"
#include "base/id.h"
#include "base/mem.h"
#include "json/body.h"
#include "run/parts.h"
#include "run/plan.h"
#include "run/vault.h"
#include "store/service.h"

enum { MS_PER_S = 1000, DELAY_DEFAULT = 10 /* s */ };

static int64_t
number(struct json_object *definition, const char *key, int64_t otherwise)
{
	struct json_object *o = json_get(definition, key);

	return o != NULL ? json_object_get_int64(o) : otherwise;
}

/* A service that is gone sets none: why the run cannot start is said when it is to. */
enum err
limits_read(struct run *r, struct error *e)
{
	SCOPED(tmp, NULL);
	struct service s = { 0 };
	struct json_object *o;
	enum err rc = service_get(tmp, r->d->db, r->job.service_id, &s, e);

	r->limits = (struct limits){ 0 };
	if (rc == ERR_NOT_FOUND)
		return ERR_OK;
	if (rc != ERR_OK)
		return rc;
	o = json_own(tmp, s.definition);
	/* One at a time has the state of a plan; the others wait in the queue. */
	r->limits.concurrency = text_eq(s.type, PLAN_TYPE) ? 1 : number(o, "concurrency", 0);
	if (json_object_get_boolean(json_get(o, "idempotent")))
		r->limits.retries = number(o, "retries", 0);
	r->limits.retry_delay = number(o, "retry-delay", DELAY_DEFAULT);
	r->job.keep_order = r->job.attempt <= r->limits.retries;
	return ERR_OK;
}

enum err
run_load(struct run *r, struct error *e)
{
	if (r->loaded)
		return ERR_OK;
	if (job_order(r, r->d->db, r->job.id, &r->job, e) != ERR_OK ||
	    vault_unseal_params(
		r, r->d->db, r->d->config, &r->job, &r->job.order_params, e) != ERR_OK)
		return e->code;
	r->loaded = true;
	return ERR_OK;
}

static void
forget(const char **text)
{
	mem_free(*text);
	*text = NULL;
}

void
run_unload(struct run *r)
{
	forget(&r->job.params);
	forget(&r->job.order_params);
	forget(&r->job.inventory);
	forget(&r->job.order_inventory);
	r->loaded = false;
}

/*
 * Only what failed by itself or was taken away from it: whoever cancels a run wants its end, and a
 * run that used up its time would do so again.
 */
bool
attempt_may_retry(const struct run *r, enum job_state state)
{
	bool taken = state == JOB_LOST || (state == JOB_CANCELED && r->reason == REASON_STOP);

	return (state == JOB_FAILED || taken) && r->job.attempt <= r->limits.retries;
}

/* As the row of an attempt has it. */
static void
attempt_over(struct run *r, enum job_state state, const char *error)
{
	r->over = (struct job_attempt){
		.attempt = r->job.attempt,
		.attempt_id = r->job.attempt_id,
		.state = job_state_name(state),
		.return_code = r->job.return_code,
		.error = error != NULL ? mem_text(r, error) : NULL,
		.started = r->job.started,
		.ended = clock_wall(),
		.stdout_bytes = keep_total(&r->keep[0]),
		.stderr_bytes = keep_total(&r->keep[1]),
	};
}

void
attempt_end(struct run *r, enum job_state state, const char *error)
{
	if (r->job.attempt > 1 && r->job.started != 0)
		attempt_over(r, state, error);
}

/* The pause is over: in the queue again. */
static void
pause_over(void *arg)
{
	struct run *r = arg;

	r->timer = NULL;
	CRASH_POINT("pause-over");
	run_enqueue(r, clock_wall());
}

static void
pause_for(struct run *r, int64_t ms)
{
	CRASH_POINT("pause-begins");
	r->timer = loop_after(r->d->loop, ms, pause_over, r);
}

/* What is left of the pause since the last attempt's end, ms. */
static int64_t
pause_left(struct run *r)
{
	SCOPED(tmp, NULL);
	const struct job_attempt *last;
	struct records all;
	struct error e;
	int64_t whole, left;

	/* What cannot be read now is seen when it is to start. */
	if (limits_read(r, &e) != ERR_OK ||
	    job_attempt_list(tmp, r->d->db, r->job.id, &all, &e) != ERR_OK || all.n == 0)
		return 0;
	last = records_at(&all, all.n - 1);
	whole = r->limits.retry_delay * MS_PER_S;
	left = last->ended + whole - clock_wall();
	/* A clock that was set back makes it no longer. */
	return left < whole ? left : whole;
}

void
attempt_resume(struct run *r)
{
	int64_t left = pause_left(r);

	/* Nobody knows when it was queued: its time begins anew. */
	if (left > 0)
		pause_for(r, left);
	else
		run_enqueue(r, clock_wall());
}

void
attempt_retry(struct run *r, enum job_state state, const char *error)
{
	SCOPED(tmp, NULL);

	run_note(r, job_state_name(state), error);
	attempt_over(r, state, error);
	run_stopped(r);
	run_move(r, JOB_QUEUED);
	loop_cancel(r->timer);
	r->reason = REASON_NONE;
	mem_free(r->hidden);
	r->hidden = NULL;
	r->began = 0;
	r->job.attempt++;
	r->job.attempt_id = id_new(r);
	r->job.started = 0;
	r->job.return_code = FIELD_NONE;
	r->job.results = NULL;
	r->job.stdout_from = r->over.stdout_bytes;
	r->job.stderr_from = r->over.stderr_bytes;
	run_note(r, r->job.state, mem_printf(tmp, "attempt %lld of %lld, in %lld s",
	    (long long)r->job.attempt, (long long)r->limits.retries + 1,
	    (long long)r->limits.retry_delay));
	run_todo(r, TODO_RETRY | TODO_OUTPUT);
	pause_for(r, r->limits.retry_delay * MS_PER_S);
}

enum err
attempt_write(struct run *r, struct db *db, struct error *e)
{
	if (job_attempt_add(db, r->job.id, &r->over, e) != ERR_OK)
		return e->code;
	return r->todo & TODO_RETRY ? job_retry(db, &r->job, e) : ERR_OK;
}
