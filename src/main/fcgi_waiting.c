#include <search.h>
#include <string.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "main/fcgi_parts.h"
#include "run/link.h"
#include "store/job.h"

enum { TURN_MS = 1000, REVIVE_MS = 1000 };

struct abandoned {
	TAILQ_ENTRY(abandoned) next;
	uint64_t ticket;
};

struct waiting {
	const struct config *config;
	struct hand_over *ready;
	pthread_t thread;
	struct loop *loop;
	struct link *link;
	struct watch *watch;
	struct line_list lines;		/* of this thread */
	void *by_tag, *by_ticket;	/* the same lines, for tsearch(3): thousands may wait */
	int64_t next_due;		/* none of their deadlines is before */
	size_t n_lines;			/* by LOCK, like all below */
	pthread_mutex_t lock;
	struct line_list fresh;
	TAILQ_HEAD(, abandoned) abandoned;
	bool hurry, stop;
};

static struct wait *
wait_of(const struct line *l)
{
	return l->req->wait;
}

static int
compare_tags(const void *a, const void *b)
{
	return strcmp(wait_of(a)->tag, wait_of(b)->tag);
}

static int
compare_tickets(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return (x->ticket > y->ticket) - (x->ticket < y->ticket);
}

static void
keep(struct waiting *w, struct line *l)
{
	TAILQ_INSERT_TAIL(&w->lines, l, in_queue);
	mem_must(tsearch(l, &w->by_tag, compare_tags));
	mem_must(tsearch(l, &w->by_ticket, compare_tickets));
	if (wait_of(l)->deadline < w->next_due)
		w->next_due = wait_of(l)->deadline;
}

static void
give_back(struct waiting *w, struct line *l)
{
	TAILQ_REMOVE(&w->lines, l, in_queue);
	tdelete(l, &w->by_tag, compare_tags);
	tdelete(l, &w->by_ticket, compare_tickets);
	pthread_mutex_lock(&w->lock);
	w->n_lines--;
	pthread_mutex_unlock(&w->lock);
	hand_over_put(w->ready, l);
}

static void
refuse(struct waiting *w, struct line *l, const struct error *e)
{
	struct link_reply r = { .event = WAIT_REFUSED, .code = e->code, .detail = e->detail };

	wait_note(wait_of(l), &r);
	give_back(w, l);
}

/* The line that is equal to KEY, or NULL. */
static struct line *
find(const struct line *key, void *const *tree, int (*compare)(const void *, const void *))
{
	struct line *const *found = tfind(key, tree, compare);

	return found != NULL ? *found : NULL;
}

static struct line *
find_tag(const struct waiting *w, const char *tag)
{
	struct wait wanted = { .tag = tag };
	struct request req = { .wait = &wanted };
	const struct line key = { .req = &req };

	return find(&key, &w->by_tag, compare_tags);
}

static bool have_link(struct waiting *w);
static void connect_and_send(struct waiting *w);

static bool
has_open_runs(const struct waiting *w)
{
	static const char *const states[] = { "running", "queued" };
	SCOPED(tmp, NULL);
	struct error e;
	struct db *db = db_open(tmp, w->config, false, &e);
	int64_t n = 0;

	for (size_t i = 0; db != NULL && n == 0 && i < sizeof states / sizeof *states; i++) {
		const struct job_query q = { .state = states[i] };

		if (job_total(db, &q, &n, &e) != ERR_OK)
			return false;
	}
	return n > 0;
}

/*
 * Runs under way or queued have a gatehoused, also where nobody waits for them:
 * one that died left its records untrue, and a next one settles them.
 */
static void
revive(void *arg)
{
	struct waiting *w = arg;

	if (w->watch == NULL && w->config->dispatcher_on_demand && has_open_runs(w))
		have_link(w);
}

/* The connection is gone: another gatehoused is told of all that waits. */
static void
lost_link(struct waiting *w)
{
	loop_forget(w->watch);
	w->watch = NULL;
	link_close(w->link);
	if (!TAILQ_EMPTY(&w->lines))
		connect_and_send(w);
	else
		loop_after(w->loop, REVIVE_MS, revive, w);
}

static void
on_reply(void *arg, int fd, unsigned ready)
{
	struct waiting *w = arg;
	bool got = true;

	(void)fd;
	(void)ready;
	while (got) {
		SCOPED(tmp, NULL);
		struct link_reply r;
		struct error e;
		struct line *l;

		if (link_receive(w->link, tmp, &r, &got, &e) != ERR_OK) {
			lost_link(w);
			return;
		}
		if (got)
			CRASH_POINT("reply-heard");
		l = got ? find_tag(w, r.tag) : NULL;
		if (l != NULL && wait_note(wait_of(l), &r))
			give_back(w, l);
	}
}

static void
refuse_all(struct waiting *w, const struct error *e)
{
	struct line *l;

	log_error("%s", e->detail);
	while ((l = TAILQ_FIRST(&w->lines)) != NULL)
		refuse(w, l, e);
}

/* False (and all refused) where gatehoused cannot be had. */
static bool
have_link(struct waiting *w)
{
	struct error e;

	if (w->watch != NULL)
		return true;
	if (link_connect(w->link, &e) == ERR_OK)
		w->watch = loop_watch(w->loop, link_fd(w->link), LOOP_READ, on_reply, w, &e);
	if (w->watch == NULL)
		refuse_all(w, &e);
	return w->watch != NULL;
}

static void
drop_link(struct waiting *w)
{
	loop_forget(w->watch);
	w->watch = NULL;
	link_close(w->link);
}

/* A link that breaks while sending is left for the next turn: see on_turn(). */
static void
connect_and_send(struct waiting *w)
{
	struct error e;
	struct line *l;

	if (!have_link(w))
		return;
	TAILQ_FOREACH(l, &w->lines, in_queue)
		if (link_send(w->link, wait_of(l), &e) != ERR_OK) {
			drop_link(w);
			return;
		}
}

static void
take_fresh(struct waiting *w)
{
	struct line_list fresh;
	struct error e;
	struct line *l;
	bool connected = w->watch != NULL;

	TAILQ_INIT(&fresh);
	pthread_mutex_lock(&w->lock);
	TAILQ_CONCAT(&fresh, &w->fresh, in_queue);
	pthread_mutex_unlock(&w->lock);
	while ((l = TAILQ_FIRST(&fresh)) != NULL) {
		TAILQ_REMOVE(&fresh, l, in_queue);
		keep(w, l);
		/* Not before it has been kept: one who leaves is found by its ticket. */
		loop_want(l->watch, LOOP_HANGUP | LOOP_ONCE);
		CRASH_POINT("order-unsent");
		if (connected && link_send(w->link, wait_of(l), &e) != ERR_OK) {
			connected = false;
			drop_link(w);
		}
		if (connected)
			CRASH_POINT("order-sent");
	}
}

static void
drop_ticket(struct waiting *w, uint64_t ticket)
{
	const struct line key = { .ticket = ticket };
	struct line *l = find(&key, &w->by_ticket, compare_tickets);

	if (l == NULL)
		return;
	l->gone = true;
	link_forget(w->link, wait_of(l));
	give_back(w, l);
}

static void
take_abandoned(struct waiting *w)
{
	for (;;) {
		struct abandoned *a;

		pthread_mutex_lock(&w->lock);
		a = TAILQ_FIRST(&w->abandoned);
		if (a != NULL)
			TAILQ_REMOVE(&w->abandoned, a, next);
		pthread_mutex_unlock(&w->lock);
		if (a == NULL)
			return;
		drop_ticket(w, a->ticket);
		mem_free(a);
	}
}

static void
end_overdue(struct waiting *w, bool all)
{
	int64_t now = clock_mono();
	struct line *l, *next;

	if (!all && now < w->next_due)
		return;
	w->next_due = INT64_MAX;
	for (l = TAILQ_FIRST(&w->lines); l != NULL; l = next) {
		next = TAILQ_NEXT(l, in_queue);
		if (!all && wait_of(l)->deadline > now) {
			if (wait_of(l)->deadline < w->next_due)
				w->next_due = wait_of(l)->deadline;
			continue;
		}
		wait_of(l)->event = WAIT_OVER;
		link_forget(w->link, wait_of(l));
		give_back(w, l);
	}
}

/* How long until the next deadline, at most a turn. */
static int64_t
patience(const struct waiting *w)
{
	int64_t left = w->next_due - clock_mono();

	if (TAILQ_EMPTY(&w->lines))
		return -1;
	if (left > TURN_MS)
		return TURN_MS;
	return left > 0 ? left : 0;
}

static void *
waiting_main(void *arg)
{
	struct waiting *w = arg;
	bool hurry = false, stop = false;

	loop_after(w->loop, REVIVE_MS, revive, w);
	while (!stop) {
		loop_turn(w->loop, patience(w));
		take_fresh(w);
		take_abandoned(w);
		/* One that broke while something was forgotten tells no more of itself. */
		if (w->watch != NULL && link_fd(w->link) < 0)
			drop_link(w);
		if (!TAILQ_EMPTY(&w->lines) && w->watch == NULL)
			connect_and_send(w);
		pthread_mutex_lock(&w->lock);
		hurry = w->hurry;
		stop = w->stop;
		pthread_mutex_unlock(&w->lock);
		end_overdue(w, hurry);
	}
	drop_link(w);
	return NULL;
}

struct waiting *
waiting_start(const struct config *c, struct hand_over *ready, struct error *e)
{
	/* A tree of its own: it belongs to its thread. */
	struct waiting *w = MEM_NEW(NULL, struct waiting);

	w->config = c;
	w->ready = ready;
	w->next_due = INT64_MAX;
	w->loop = loop_new(w, e);
	if (w->loop == NULL) {
		mem_free(w);
		return NULL;
	}
	w->link = link_new(w, c);
	TAILQ_INIT(&w->lines);
	TAILQ_INIT(&w->fresh);
	TAILQ_INIT(&w->abandoned);
	pthread_mutex_init(&w->lock, NULL);
	if (pthread_create(&w->thread, NULL, waiting_main, w) != 0) {
		error_set(e, ERR_INTERNAL, "a thread cannot be started");
		mem_free(w);
		return NULL;
	}
	return w;
}

bool
waiting_add(struct waiting *w, struct line *l)
{
	bool room;

	pthread_mutex_lock(&w->lock);
	room = (int64_t)w->n_lines < w->config->responder_max_waiting;
	if (room) {
		TAILQ_INSERT_TAIL(&w->fresh, l, in_queue);
		w->n_lines++;
	}
	pthread_mutex_unlock(&w->lock);
	loop_wake(w->loop);
	return room;
}

void
waiting_abandon(struct waiting *w, uint64_t ticket)
{
	struct abandoned *a = MEM_NEW(NULL, struct abandoned);

	a->ticket = ticket;
	pthread_mutex_lock(&w->lock);
	TAILQ_INSERT_TAIL(&w->abandoned, a, next);
	pthread_mutex_unlock(&w->lock);
	loop_wake(w->loop);
}

static void
raise_flag(struct waiting *w, bool *flag)
{
	pthread_mutex_lock(&w->lock);
	*flag = true;
	pthread_mutex_unlock(&w->lock);
	loop_wake(w->loop);
}

void
waiting_hurry(struct waiting *w)
{
	raise_flag(w, &w->hurry);
}

size_t
waiting_count(struct waiting *w)
{
	size_t n;

	pthread_mutex_lock(&w->lock);
	n = w->n_lines;
	pthread_mutex_unlock(&w->lock);
	return n;
}

void
waiting_stop(struct waiting *w)
{
	raise_flag(w, &w->stop);
	pthread_join(w->thread, NULL);
	pthread_mutex_destroy(&w->lock);
	mem_free(w);
}
