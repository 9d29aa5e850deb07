#include <string.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "proc/proc.h"
#include "run/parts.h"

static const char lost[] = "the dispatcher ended while it was under way: "
    "what was left of it has been ended, and it cannot be known whether it had finished";

static enum job_state
state_of(const struct job *j)
{
	enum job_state s = JOB_QUEUED;

	job_state_find(j->state, &s);
	return s;
}

/* A run that was under way: its processes lost their dispatcher, and their output its reader. */
static void
settle_running(struct run *r)
{
	SCOPED(tmp, NULL);
	int killed = proc_kill_marked(mem_printf(tmp, "GATEHOUSE_JOB_ID=%s", r->job.id));
	struct error e;

	log_warning("run %s was under way when the dispatcher ended: lost, %d processes killed",
	    r->job.id, killed);
	if (!r->job.cancel_requested && limits_read(r, &e) == ERR_OK &&
	    attempt_may_retry(r, JOB_LOST))
		attempt_retry(r, JOB_LOST, lost);
	else
		run_end(r, JOB_LOST, lost);
}

/* Read once more for R alone, so that it goes with the run. */
static enum err
settle_one(struct dispatch *d, const struct job *j, struct error *e)
{
	struct run *r = run_new(d, state_of(j));

	if (job_brief(r, d->db, j->id, &r->job, e) != ERR_OK)
		return e->code;
	run_index(r);
	/* Output that was committed before stays as it is. */
	r->keep[0].committed = j->stdout_bytes;
	r->keep[1].committed = j->stderr_bytes;
	if (r->state == JOB_RUNNING)
		settle_running(r);
	else if (j->cancel_requested)
		run_end(r, JOB_CANCELED, "it was canceled before it started");
	else if (j->attempt > 1)
		attempt_resume(r);
	else
		run_enqueue(r, j->created);
	return ERR_OK;
}

enum err
settle(struct dispatch *d, struct error *e)
{
	SCOPED(tmp, NULL);
	struct error ignored = { 0 };
	struct records open;

	if (job_open(tmp, d->db, NULL, &open, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < open.n; i++) {
		CRASH_POINT("settling");
		if (settle_one(d, records_at(&open, i), e) != ERR_OK)
			return e->code;
	}
	/*
	 * Nobody writes to them any more. What cannot be kept is tried again before the next
	 * plan.
	 */
	(void)!plan_collect(d, &ignored);
	return ERR_OK;
}
