#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "run/parts.h"
#include "run/state.h"

static int
run_destroy(struct run *r)
{
	loop_cancel(r->timer);
	loop_cancel(r->flush);
	index_remove(&r->d->runs_by_id, &r->by_id);
	index_remove(&r->d->runs_by_request, &r->by_request);
	return 0;
}

struct run *
run_new(struct dispatch *d, enum job_state state)
{
	struct run *r = MEM_NEW(d, struct run);

	r->d = d;
	r->state = state;
	r->job.state = job_state_name(state);
	r->job.return_code = FIELD_NONE;
	TAILQ_INIT(&r->interests);
	for (int i = 0; i < 2; i++)
		keep_init(&r->keep[i], r, d->config->run_max_output);
	TAILQ_INSERT_TAIL(&d->all, r, in_all);
	MEM_ON_FREE(r, run_destroy);
	return r;
}

void
run_free(struct run *r)
{
	if (r->todo != 0)
		TAILQ_REMOVE(&r->d->todo, r, in_todo);
	run_unqueue(r);
	TAILQ_REMOVE(&r->d->all, r, in_all);
	mem_free(r);
}

void
run_index(struct run *r)
{
	index_add(&r->d->runs_by_id, &r->by_id, r->job.id, r);
	index_add(&r->d->runs_by_request, &r->by_request, r->job.request_id, r);
}

struct run *
run_find(struct dispatch *d, const char *job_id)
{
	return index_find(&d->runs_by_id, job_id);
}

void
run_todo(struct run *r, enum todo what)
{
	if (r->todo == 0)
		TAILQ_INSERT_TAIL(&r->d->todo, r, in_todo);
	r->todo |= what;
}

void
run_move(struct run *r, enum job_state to)
{
	assert(state_may(r->state, to) && "not a legal move of a run");
	r->state = to;
	r->job.state = job_state_name(to);
}

void
run_end(struct run *r, enum job_state state, const char *error)
{
	run_unqueue(r);
	loop_cancel(r->timer);
	r->timer = NULL;
	run_move(r, state);
	r->job.error = error != NULL ? mem_text(r, error) : NULL;
	run_note(r, r->job.state, error);
	r->job.ended = clock_wall();
	r->job.elapsed_ms = r->began != 0 ? clock_mono() - r->began : 0;
	attempt_end(r, state, error);
	run_stopped(r);
	run_todo(r, TODO_END);
}

static bool
interest_met(const struct run *r, const struct interest *i, unsigned what)
{
	if (what & TODO_END)
		return true;
	if (i->cancel)
		return (what & TODO_CANCEL) != 0;
	return r->keep[0].committed > i->seen[0] || r->keep[1].committed > i->seen[1];
}

void
run_tell(struct run *r, unsigned what)
{
	struct interest *i, *next;

	for (i = TAILQ_FIRST(&r->interests); i != NULL; i = next) {
		next = TAILQ_NEXT(i, in_run);
		if (what & TODO_INSERT)
			control_reply(i->client, i->tag, "accepted", NULL);
		if (!interest_met(r, i, what))
			continue;
		control_reply(i->client, i->tag, "done", NULL);
		TAILQ_REMOVE(&r->interests, i, in_run);
		mem_free(i);
	}
}

void
run_refuse(struct run *r, const struct error *e)
{
	struct interest *i;

	TAILQ_FOREACH(i, &r->interests, in_run)
		control_reply(i->client, i->tag, "refused", e);
}
