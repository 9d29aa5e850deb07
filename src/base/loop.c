#include "base/loop.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { LOOP_BATCH = 64 };

struct watch {
	struct loop *loop;
	struct watch *next_dead;
	int fd;			/* -1: forgotten, waits for the end of the turn */
	watch_fn fn;
	void *arg;
};

struct timer {
	struct loop *loop;
	struct timer *prev, *next;	/* in the order of DUE */
	int64_t due;			/* clock_mono() */
	timer_fn fn;
	void *arg;
};

struct loop {
	int epoll, event;
	volatile bool stopped;
	unsigned watchdog;	/* s that a turn may take; 0: for ever */
	struct timer *first, *last;
	struct watch *dead;
	timer_fn each_turn;
	void *each_turn_arg;
};

static int
loop_close(struct loop *l)
{
	if (l->epoll >= 0)
		close(l->epoll);
	if (l->event >= 0)
		close(l->event);
	return 0;
}

static enum err
loop_fail(struct error *e, const char *what)
{
	return error_set(e, ERR_INTERNAL, "%s: %s", what, strerror(errno));
}

struct loop *
loop_new(void *ctx, struct error *e)
{
	struct loop *l = MEM_NEW(ctx, struct loop);
	struct epoll_event wake = { .events = EPOLLIN };

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	MEM_ON_FREE(l, loop_close);
	if (l->epoll < 0 || l->event < 0 ||
	    epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->event, &wake) != 0) {
		loop_fail(e, "event loop");
		mem_free(l);
		return NULL;
	}
	return l;
}

static uint32_t
loop_events(unsigned want)
{
	return (want & LOOP_READ ? EPOLLIN | EPOLLRDHUP : 0u) |
	    (want & LOOP_WRITE ? EPOLLOUT : 0u) | (want & LOOP_HANGUP ? EPOLLRDHUP : 0u) |
	    (want & LOOP_ONCE ? EPOLLONESHOT : 0u);
}

struct watch *
loop_watch(struct loop *l, int fd, unsigned want, watch_fn fn, void *arg, struct error *e)
{
	struct watch *w = MEM_NEW(l, struct watch);
	struct epoll_event ev = { .events = loop_events(want), .data.ptr = w };

	*w = (struct watch){ .loop = l, .fd = fd, .fn = fn, .arg = arg };
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) != 0) {
		loop_fail(e, "epoll");
		mem_free(w);
		return NULL;
	}
	return w;
}

void
loop_want(struct watch *w, unsigned want)
{
	struct epoll_event ev = { .events = loop_events(want), .data.ptr = w };

	epoll_ctl(w->loop->epoll, EPOLL_CTL_MOD, w->fd, &ev);
}

/* An event of this turn may still point at the watch: it is freed when the turn is over. */
void
loop_forget(struct watch *w)
{
	if (w == NULL || w->fd < 0)
		return;
	epoll_ctl(w->loop->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	loop_closed(w);
}

void
loop_closed(struct watch *w)
{
	if (w == NULL || w->fd < 0)
		return;
	w->fd = -1;
	w->next_dead = w->loop->dead;
	w->loop->dead = w;
}

static void
loop_bury(struct loop *l)
{
	while (l->dead != NULL) {
		struct watch *w = l->dead;

		l->dead = w->next_dead;
		mem_free(w);
	}
}

/* Most timers are due later than the others: look for the place from the end. */
struct timer *
loop_after(struct loop *l, int64_t ms, timer_fn fn, void *arg)
{
	struct timer *t = MEM_NEW(l, struct timer);

	*t = (struct timer){
		.loop = l, .due = clock_mono() + ms, .fn = fn, .arg = arg, .prev = l->last
	};
	while (t->prev != NULL && t->prev->due > t->due)
		t->prev = t->prev->prev;
	t->next = t->prev != NULL ? t->prev->next : l->first;
	*(t->prev != NULL ? &t->prev->next : &l->first) = t;
	*(t->next != NULL ? &t->next->prev : &l->last) = t;
	return t;
}

void
loop_cancel(struct timer *t)
{
	if (t == NULL)
		return;
	*(t->prev != NULL ? &t->prev->next : &t->loop->first) = t->next;
	*(t->next != NULL ? &t->next->prev : &t->loop->last) = t->prev;
	mem_free(t);
}

void
loop_each_turn(struct loop *l, timer_fn fn, void *arg)
{
	l->each_turn = fn;
	l->each_turn_arg = arg;
}

void
loop_watchdog(struct loop *l, unsigned s)
{
	l->watchdog = s;
}

void
loop_wake(struct loop *l)
{
	uint64_t one = 1;
	int saved = errno;

	/* A full counter wakes as well: the result does not matter. */
	if (write(l->event, &one, sizeof one) < 0)
		errno = saved;
}

void
loop_stop(struct loop *l)
{
	l->stopped = true;
	loop_wake(l);
}

/* Timers due by now. */
static void
loop_fire(struct loop *l)
{
	int64_t now = clock_mono();

	while (l->first != NULL && l->first->due <= now) {
		struct timer *t = l->first;
		timer_fn fn = t->fn;
		void *arg = t->arg;

		loop_cancel(t);
		fn(arg);
	}
}

static int
loop_patience(const struct loop *l, int64_t ms)
{
	if (l->first != NULL) {
		int64_t left = l->first->due - clock_mono();

		left = left < 0 ? 0 : left;
		ms = ms < 0 || left < ms ? left : ms;
	}
	return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static void
loop_dispatch(struct loop *l, const struct epoll_event *ev)
{
	struct watch *w = ev->data.ptr;
	uint64_t drained;

	if (w == NULL) {
		while (read(l->event, &drained, sizeof drained) > 0)
			;
		return;
	}
	if (w->fd >= 0)
		w->fn(w->arg, w->fd, (ev->events & EPOLLIN ? LOOP_READ : 0u) |
		    (ev->events & EPOLLOUT ? LOOP_WRITE : 0u) |
		    (ev->events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP) ? LOOP_HANGUP : 0u));
}

void
loop_turn(struct loop *l, int64_t ms)
{
	struct epoll_event ev[LOOP_BATCH];
	int n = epoll_wait(l->epoll, ev, LOOP_BATCH, loop_patience(l, ms));

	if (l->watchdog > 0)
		alarm(l->watchdog);
	for (int i = 0; i < n; i++)
		loop_dispatch(l, &ev[i]);
	loop_fire(l);
	if (l->each_turn != NULL)
		l->each_turn(l->each_turn_arg);
	loop_bury(l);
	if (l->watchdog > 0)
		alarm(0);
}

void
loop_run(struct loop *l)
{
	while (!l->stopped)
		loop_turn(l, -1);
}
