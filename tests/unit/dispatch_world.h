#ifndef DISPATCH_WORLD_H
#define DISPATCH_WORLD_H

#include "world.h"

#include <string.h>
#include <sys/socket.h>

#include "base/id.h"
#include "base/loop.h"
#include "json/body.h"
#include "run/discover.h"
#include "run/frame.h"
#include "run/link.h"
#include "run/order.h"
#include "run/parts.h"
#include "run/socket.h"
#include "store/item.h"

/*
 * A dispatcher in this process, and one thread for both sides: it asks over the control socket as the responder does,
 * and gives the dispatcher its turns. Runs are the simulator's.
 */

enum { WAITS = 64, TURN_MS = 20, PATIENCE_MS = 3600000, JOURNAL_MAX = 10000 };

static struct loop *loop;
static struct dispatch *dispatch;
static struct link *asking;
static struct text *journal;		/* "NAME EVENT; " for each reply, in the order they came */
static struct {
	const char *name;
	struct wait *wait;
} waits[WAITS];
static size_t n_waits;

static const char lab_settings[] =
    "{\"services\":["
    "{\"name\":\"quick\",\"stdout\":\"hi\\n\",\"stderr\":\"warn\\n\"},"
    "{\"name\":\"echo\"},"
    "{\"name\":\"soon\",\"delay_ms\":50,\"stdout\":\"late\"},"
    "{\"name\":\"slow\",\"delay_ms\":86400000},"
    "{\"name\":\"fails\",\"return_code\":3},"
    "{\"name\":\"data\",\"results\":[{\"a\":1}]},"
    "{\"name\":\"secret\",\"decorator\":{\"type\":\"object\",\"properties\":"
    "{\"key\":{\"type\":\"string\",\"format\":\"password\"},\"n\":{\"type\":\"integer\",\"default\":7}}}}"
    "]}";

static inline void
world_gateway(const char *id, const char *cluster_id, const char *kind, const char *settings)
{
	const struct gateway g = {
		.id = id, .cluster_id = cluster_id, .gateway_name = cluster_id, .enabled = true, .connector_kind = kind,
		.connector_settings = settings, .created_by = "t", .last_updated_by = "t",
	};
	struct error e = { 0 };
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(gateway_insert(w.db, &g, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(discover_services(w.db, &g, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

/* The database with the gateway "lab", no dispatcher yet. A test may change the configuration before it starts one. */
static inline void
dispatch_world_open(void)
{
	world_open();
	w.config->dispatcher_on_demand = false;
	w.config->run_parallel = 4;
	journal = text_new(w.ctx, JOURNAL_MAX);
	asking = link_new(w.ctx, w.config);
	dispatch = NULL;
	loop = NULL;
	n_waits = 0;
	world_gateway("lab0", "lab", "simulator", lab_settings);
}

static inline void
dispatcher_start(void)
{
	struct error e = { 0 };

	loop = loop_new(w.ctx, &e);
	cr_assert_not_null(loop, "%s", e.detail);
	dispatch = dispatch_new(loop, loop, w.config, w.db, &e);
	cr_assert_not_null(dispatch, "%s", e.detail);
}

/* As where gatehoused dies: what is under way stays in the database as it is. */
static inline void
dispatcher_end(void)
{
	int shown = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	/* It says so where runs are under way: here they are meant to be. */
	dup2(null, STDERR_FILENO);
	mem_free(dispatch);
	dup2(shown, STDERR_FILENO);
	close(shown);
	close(null);
	mem_free(loop);
	dispatch = NULL;
	loop = NULL;
	link_close(asking);
}

static inline void
dispatch_world_end(void)
{
	dispatcher_end();
	world_end();
}

static inline void
dispatch_world_begin(void)
{
	dispatch_world_open();
	dispatcher_start();
}

/* ---- asking ---- */

static inline void
note_reply(const struct link_reply *r)
{
	static const char *const events[] = {
		[WAIT_SENT] = "sent", [WAIT_ACCEPTED] = "accepted", [WAIT_DONE] = "done", [WAIT_REFUSED] = "refused",
		[WAIT_OVER] = "over",
	};
	size_t i = 0;

	while (i < n_waits && strcmp(waits[i].wait->tag, r->tag) != 0)
		i++;
	cr_assert_lt(i, n_waits, "a reply to nobody");
	text_printf(journal, "%s %s; ", waits[i].name, events[r->event]);
	wait_note(waits[i].wait, r);
}

/* Takes in all that has been answered over L. */
static inline void
take_replies(struct link *l)
{
	struct error e = { 0 };
	bool got = link_fd(l) >= 0;

	while (got) {
		SCOPED(tmp, NULL);
		struct link_reply r;

		if (link_receive(l, tmp, &r, &got, &e) == ERR_OK && got)
			note_reply(&r);
	}
}

static inline void
pump(void)
{
	loop_turn(loop, TURN_MS);
	take_replies(asking);
}

/* The suite's time limit ends a wait for what never comes. */
#define UNTIL(condition) \
	do \
		pump(); \
	while (!(condition))

/* Turns in which what should not happen could. */
static inline void
some_turns(void)
{
	for (int i = 0; i < 5; i++)
		pump();
}

static inline bool
is_over(const struct wait *wait)
{
	return wait->event == WAIT_DONE || wait->event == WAIT_REFUSED;
}

static inline struct wait *
ask_over(struct link *l, const char *name, struct wait *wait)
{
	struct error e = { 0 };

	cr_assert_lt(n_waits, WAITS);
	waits[n_waits].name = name;
	waits[n_waits++].wait = wait;
	cr_assert_eq(link_connect(l, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(link_send(l, wait, &e), ERR_OK, "%s", e.detail);
	return wait;
}

static inline struct wait *
ask(const char *name, struct wait *wait)
{
	return ask_over(asking, name, wait);
}

/* The order of a run as the API makes it. */
static inline struct job
order_of(const char *cluster_id, const char *service, const char *params)
{
	struct gateway g = { 0 };
	struct service s = { 0 };
	struct error e = { 0 };

	cr_assert_eq(order_find(w.ctx, w.db, cluster_id, service, &g, &s, &e), ERR_OK, "%s", e.detail);
	return (struct job){
		.request_id = id_uuid(w.ctx), .gateway_id = g.id, .cluster_id = g.cluster_id, .service_id = s.id,
		.service = s.name, .type = s.type, .params = params, .requested_by = "anna",
	};
}

static inline struct wait *
submit_job(const char *name, const struct job *j)
{
	return ask(name, order_submit(w.ctx, j, false, PATIENCE_MS));
}

static inline struct wait *
submit(const char *name, const char *service)
{
	struct job j = order_of("lab", service, "{}");

	return submit_job(name, &j);
}

/* ---- looking ---- */

/* The job as another program sees it, in the database. */
static inline bool
find_job(const struct wait *wait, struct job *j)
{
	struct error e = { 0 };
	bool found;

	*j = (struct job){ 0 };
	cr_assert_eq(job_by_request(w.ctx, w.db, wait->request_id, j, &found, &e), ERR_OK, "%s", e.detail);
	return found;
}

static inline struct job
job_of(const struct wait *wait)
{
	struct job j;

	cr_assert(find_job(wait, &j), "there is no such job");
	return j;
}

static inline void
expect_state(const struct wait *wait, const char *state)
{
	cr_expect_str_eq(job_of(wait).state, state);
}

static inline struct text *
output_of(const struct job *j, int stream)
{
	struct text *t = text_new(w.ctx, (size_t)FRAME_MAX);
	struct output_chunk c;
	struct error e = { 0 };
	int64_t next = 0;

	for (;;) {
		cr_assert_eq(output_next(w.ctx, w.db, j->id, stream, next, &c, &e), ERR_OK, "%s", e.detail);
		if (c.n == 0)
			return t;
		text_add(t, c.bytes, c.n);
		next = c.at + (int64_t)c.n;
	}
}

static inline void
expect_journal(const char *events)
{
	cr_expect_str_eq(journal->at, events);
}

#endif
