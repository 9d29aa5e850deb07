#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "json/body.h"
#include "run/parts.h"
#include "store/gateway.h"

/*
 * Whose turn it is. Services take turns, so that thousands of runs of one hold
 * nobody else's up; of one service the oldest run is first. A lane holds the
 * queued runs of a service. It is in the round while it may start one; where the
 * service has as many under way as it may have, it comes back when one of them
 * ends; where its gateway has, it waits with the gateway's others. What a gateway
 * may have is read from its record when that is asked; while runs wait for it, that
 * is once a second, so that they start when somebody has raised it.
 */

enum { MS_PER_S = 1000, LOOK_MS = 1000 };

enum place { NOWHERE, IN_ROUND, AT_GATEWAY };

struct lane {
	TAILQ_ENTRY(lane) next;		/* in the round, or of those that wait for the gateway */
	struct indexed by_service;
	struct dispatch *d;
	struct yard *yard;
	struct run_list runs;
	int64_t n_queued, n_running;
	enum place place;
};

/* A gateway, as far as runs of it are queued or under way. */
struct yard {
	struct indexed by_gateway;
	struct dispatch *d;
	TAILQ_HEAD(, lane) waiting;
	int64_t n_lanes, n_running;
	int64_t most;			/* runs at once, 0: no limit */
	const char *settings;		/* that say so; NULL: not read yet */
	struct timer *look;		/* while lanes wait */
};

static void
lane_put(struct lane *l, enum place place)
{
	if (l->place == IN_ROUND)
		TAILQ_REMOVE(&l->d->round, l, next);
	else if (l->place == AT_GATEWAY)
		TAILQ_REMOVE(&l->yard->waiting, l, next);
	if (place == IN_ROUND)
		TAILQ_INSERT_TAIL(&l->d->round, l, next);
	else if (place == AT_GATEWAY)
		TAILQ_INSERT_TAIL(&l->yard->waiting, l, next);
	l->place = place;
}

/* --- their lives: as long as a run is queued or under way --- */

static int
yard_destroy(struct yard *y)
{
	loop_cancel(y->look);
	index_remove(&y->d->yards, &y->by_gateway);
	return 0;
}

static int
lane_destroy(struct lane *l)
{
	index_remove(&l->d->lanes, &l->by_service);
	return 0;
}

static struct yard *
yard_of(struct dispatch *d, const char *gateway_id)
{
	struct yard *y = index_find(&d->yards, gateway_id);

	if (y != NULL)
		return y;
	y = MEM_NEW(d, struct yard);
	y->d = d;
	TAILQ_INIT(&y->waiting);
	index_add(&d->yards, &y->by_gateway, mem_text(y, gateway_id), y);
	MEM_ON_FREE(y, yard_destroy);
	return y;
}

static struct lane *
lane_of(struct dispatch *d, const struct run *r)
{
	struct lane *l = index_find(&d->lanes, r->job.service_id);

	if (l != NULL)
		return l;
	l = MEM_NEW(d, struct lane);
	l->d = d;
	l->yard = yard_of(d, r->job.gateway_id);
	l->yard->n_lanes++;
	TAILQ_INIT(&l->runs);
	index_add(&d->lanes, &l->by_service, mem_text(l, r->job.service_id), l);
	MEM_ON_FREE(l, lane_destroy);
	return l;
}

static void
lane_leave(struct lane *l)
{
	struct yard *y = l->yard;

	if (l->n_queued > 0 || l->n_running > 0)
		return;
	lane_put(l, NOWHERE);
	mem_free(l);
	if (--y->n_lanes == 0)
		mem_free(y);
}

static bool
is_full(int64_t n, int64_t most)
{
	return most > 0 && n >= most;
}

static void
parse_most(struct yard *y)
{
	SCOPED(tmp, NULL);
	int64_t own = conn_parallel(json_own(tmp, y->settings));

	y->most = own >= 0 ? own : y->d->config->run_parallel_gateway;
}

/* As the gateway's record has it now. One that is gone has no limit of its own. */
static void
read_most(struct yard *y)
{
	SCOPED(tmp, NULL);
	struct error e;
	const char *settings;

	if (gateway_settings(tmp, y->d->db, y->by_gateway.key, &settings, &e) != ERR_OK) {
		log_warning("the limit of gateway %s cannot be read: %s", y->by_gateway.key,
		    e.detail);
		return;
	}
	if (settings == NULL)
		settings = "{}";
	/* It may be long, and is asked for with each run. */
	if (text_eq(settings, y->settings))
		return;
	mem_free(y->settings);
	y->settings = mem_text(y, settings);
	parse_most(y);
}

static bool
yard_is_full(const struct yard *y)
{
	return is_full(y->n_running, y->most);
}

/* One that waits for the gateway may try again. */
static void
let_in(struct yard *y)
{
	struct lane *l = TAILQ_FIRST(&y->waiting);

	if (l != NULL && !yard_is_full(y))
		lane_put(l, IN_ROUND);
}

static void
look(void *arg)
{
	struct yard *y = arg;

	y->look = NULL;
	read_most(y);
	let_in(y);
	if (!TAILQ_EMPTY(&y->waiting))
		y->look = loop_after(y->d->loop, LOOK_MS, look, y);
}

static void
wait_for_gateway(struct lane *l)
{
	struct yard *y = l->yard;

	lane_put(l, AT_GATEWAY);
	if (y->look == NULL)
		y->look = loop_after(y->d->loop, LOOK_MS, look, y);
}

int64_t
queue_parallel(struct dispatch *d, const char *gateway_id)
{
	SCOPED(tmp, NULL);
	struct yard *y = index_find(&d->yards, gateway_id);

	if (y == NULL) {
		y = MEM_NEW(tmp, struct yard);
		y->d = d;
		y->by_gateway.key = gateway_id;
	}
	read_most(y);
	return y->most;
}

/* --- the time in the queue --- */

/* All wait as long, so they give up in the order in which they came. */
static void
give_up(void *arg)
{
	struct dispatch *d = arg;
	struct run *r;

	d->giving_up = NULL;
	while ((r = TAILQ_FIRST(&d->queue)) != NULL && r->give_up <= clock_mono())
		run_end(r, JOB_TIMEOUT, mem_printf(r, "it was not started within %lld s",
		    (long long)d->config->run_queue_ttl));
	if (r != NULL)
		d->giving_up = loop_after(d->loop, r->give_up - clock_mono(), give_up, d);
}

void
run_enqueue(struct run *r, int64_t since)
{
	struct dispatch *d = r->d;
	struct lane *l = lane_of(d, r);
	int64_t left = since + d->config->run_queue_ttl * MS_PER_S - clock_wall();

	r->give_up = clock_mono() + (left > 0 ? left : 0);
	r->lane = l;
	r->queued = true;
	d->n_queued++;
	l->n_queued++;
	TAILQ_INSERT_TAIL(&d->queue, r, in_queue);
	TAILQ_INSERT_TAIL(&l->runs, r, in_lane);
	if (l->place == NOWHERE)
		lane_put(l, IN_ROUND);
	if (d->giving_up == NULL)
		d->giving_up = loop_after(d->loop, left > 0 ? left : 0, give_up, d);
}

/* Out of the queue; its lane stays, though nothing may be in it. */
static void
take_out(struct run *r)
{
	r->queued = false;
	r->d->n_queued--;
	r->lane->n_queued--;
	TAILQ_REMOVE(&r->d->queue, r, in_queue);
	TAILQ_REMOVE(&r->lane->runs, r, in_lane);
	if (r->lane->n_queued > 0)
		return;
	lane_put(r->lane, NOWHERE);
	let_in(r->lane->yard);
}

void
run_unqueue(struct run *r)
{
	if (!r->queued)
		return;
	take_out(r);
	lane_leave(r->lane);
	r->lane = NULL;
}

/* --- starts and ends --- */

static void
start(struct run *r)
{
	struct lane *l = r->lane;

	take_out(r);
	run_move(r, JOB_RUNNING);
	r->job.started = clock_wall();
	r->began = clock_mono();
	r->started = true;
	r->d->n_running++;
	l->n_running++;
	l->yard->n_running++;
	run_note(r, r->job.state, NULL);
	run_todo(r, TODO_START);
}

/* The first of the lane starts if it may, and then the lane waits for its next turn. */
static void
lane_turn(struct lane *l)
{
	struct run *r = TAILQ_FIRST(&l->runs);
	struct error e;

	lane_put(l, NOWHERE);
	read_most(l->yard);
	if (yard_is_full(l->yard)) {
		wait_for_gateway(l);
		return;
	}
	if (limits_read(r, &e) == ERR_OK && is_full(l->n_running, r->limits.concurrency)) {
		let_in(l->yard);
		return;
	}
	if (l->n_queued > 1)
		lane_put(l, IN_ROUND);
	if (run_load(r, &e) == ERR_OK)
		start(r);
	/* Its gateway may have room for more, or again. */
	let_in(l->yard);
	if (r->queued)
		run_end(r, JOB_FAILED, e.detail);
}

void
queue_start(struct dispatch *d)
{
	struct lane *l;

	while (!d->stopping && !d->failing && d->n_running < d->parallel &&
	    (l = TAILQ_FIRST(&d->round)) != NULL)
		lane_turn(l);
}

void
run_stopped(struct run *r)
{
	struct lane *l = r->lane;

	if (!r->started)
		return;
	r->started = false;
	r->lane = NULL;
	r->d->n_running--;
	l->n_running--;
	l->yard->n_running--;
	/* Those that have waited for the gateway come before. */
	let_in(l->yard);
	if (l->n_queued > 0 && l->place == NOWHERE)
		lane_put(l, IN_ROUND);
	lane_leave(l);
}
