#include "run/restored.h"

#include <assert.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "proc/proc.h"
#include "run/state.h"
#include "store/job_attempt.h"
#include "store/job_event.h"
#include "store/plan_state.h"
#include "store/session.h"

static const char queued[] = "it was queued when the backup was made that the database comes from: "
    "it may have run since, so it does not start by itself";
static const char running[] = "it was under way when the backup was made that the database comes "
    "from: how it ended is not known";

/* As run/attempt.c does: only of a job that had more than one. */
static enum err
end_attempt(struct db *db, const struct job *j, struct error *e)
{
	const struct job_attempt over = {
		.attempt = j->attempt, .attempt_id = j->attempt_id, .state = j->state,
		.return_code = j->return_code, .error = j->error, .started = j->started,
		.ended = j->ended, .stdout_bytes = j->stdout_bytes,
		.stderr_bytes = j->stderr_bytes,
	};

	return j->attempt > 1 && j->started != 0 ? job_attempt_add(db, j->id, &over, e) : ERR_OK;
}

static enum err
lose(struct db *db, const char *id, struct error *e)
{
	SCOPED(tmp, NULL);
	struct job j = { 0 };
	struct job_event event = { .event = job_state_name(JOB_LOST) };
	enum job_state was = JOB_QUEUED;

	if (job_brief(tmp, db, id, &j, e) != ERR_OK)
		return e->code;
	job_state_find(j.state, &was);
	assert(state_may(was, JOB_LOST) && "not a legal move of a run");
	j.state = job_state_name(JOB_LOST);
	j.error = was == JOB_RUNNING ? running : queued;
	j.return_code = FIELD_NONE;
	j.ended = clock_wall();
	event.at = j.ended;
	event.attempt = j.attempt;
	event.detail = j.error;
	if (end_attempt(db, &j, e) != ERR_OK || job_event_add(db, id, &event, e) != ERR_OK)
		return e->code;
	return job_end(db, &j, e);
}

enum err
restored_settle(struct db *db, struct restored *r, struct error *e)
{
	SCOPED(tmp, NULL);
	struct records open, tokens;
	struct names states = { 0 };

	if (job_open(tmp, db, NULL, &open, e) != ERR_OK ||
	    session_end_logins(db, e) != ERR_OK || token_list(tmp, db, &tokens, e) != ERR_OK ||
	    plan_state_ids(tmp, db, &states, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < open.n; i++) {
		const struct job *j = records_at(&open, i);

		if (lose(db, j->id, e) != ERR_OK)
			return e->code;
	}
	*r = (struct restored){ .jobs = open.n, .states = states.n, .tokens = tokens.n };
	return ERR_OK;
}

enum err
restored_kill(struct db *db, struct error *e)
{
	SCOPED(tmp, NULL);
	struct records open;

	if (job_open(tmp, db, NULL, &open, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < open.n; i++) {
		const struct job *j = records_at(&open, i);

		if (text_eq(j->state, job_state_name(JOB_RUNNING)))
			proc_kill_marked(mem_printf(tmp, "GATEHOUSE_JOB_ID=%s", j->id));
	}
	return ERR_OK;
}
