#include "main/fcgi_serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "main/fcgi_parts.h"
#include "main/setup.h"

enum {
	LISTENER = 0,
	MS_PER_S = 1000,
	STOP_STEP_MS = 50,
	LINGER_MS = 2000,	/* that kept connections are served on when the server stops, */
	LINGER_STEP_MS = 10,
	PAUSE_MS = 50,		/* or until they have not been used for this time */
	CUT_WAIT_MS = 2000,	/* for a last answer to be taken when the server stops */
	LOOK_MS = 1000,
	ACCEPT_BATCH = 64,
	ACCEPT_PAUSE_MS = 100,	/* where no descriptor is left for a connection */
	LINES_MIN = 4,
	/* Descriptors that are no connection: a worker's (a request, a database), others. */
	FDS_WORKER = 6,
	FDS_OTHER = 24
};

/* --- the loop's thread --- */

static void
line_ready(void *arg, int fd, unsigned ready)
{
	struct line *l = arg;

	(void)fd;
	(void)ready;
	/* It can only be a hang-up then; whoever has the line in hand by now finds out by itself.
	 */
	if (l->waited) {
		waiting_abandon(l->server->waiting, l->ticket);
	} else {
		l->phase = LINE_AT_WORK;
		hand_over_put(&l->server->ready, l);
	}
}

/* Whoever has it in hand, or gets it by this, finds that it is at its end. */
static void
line_cut(struct line *l)
{
	l->cut = true;
	shutdown(l->fd, SHUT_RDWR);
}

/* Web servers that neither send nor take a byte for too long. */
static void
look_over(void *arg)
{
	struct server *s = arg;
	int64_t now = clock_mono();
	struct line *l;

	s->look = NULL;
	TAILQ_FOREACH(l, &s->lines, in_all) {
		int64_t until = l->patience;

		if (l->cut || until == 0 || until > now)
			continue;
		log_info("a connection is dropped: its web server did nothing for %lld s",
		    (long long)s->app->config->responder_peer_wait);
		line_cut(l);
	}
}

/*
 * The one whose reader has done nothing for the longest time. *CUT: bytes that will be given back
 * soon.
 */
static struct line *
slowest(struct server *s, size_t *cut)
{
	struct line *l, *found = NULL;

	*cut = 0;
	TAILQ_FOREACH(l, &s->lines, in_all) {
		size_t unsent = l->unsent;

		if (l->cut)
			*cut += unsent;
		else if (unsent > 0 && (found == NULL || l->patience < found->patience))
			found = l;
	}
	return found;
}

/* Answers that nobody takes have a bound. */
static void
limit_unsent(struct server *s)
{
	size_t max = (size_t)s->app->config->responder_max_unsent, cut;

	while (s->unsent > max) {
		struct line *l = slowest(s, &cut);

		if (l == NULL || s->unsent <= max + cut)
			return;
		log_warning("a connection is dropped: more than %zu bytes of answers wait for "
		    "their readers, and this one is the slowest", max);
		line_cut(l);
	}
}

static void
accept_again(void *arg)
{
	struct server *s = arg;

	if (!s->accepts_no_more)
		loop_want(s->accepting, LOOP_READ);
}

/* What came to the listener stays ready: without a pause the loop would ask again and again. */
static void
accept_failed(struct server *s)
{
	if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
		return;
	log_warning("a connection has to wait: %s", strerror(errno));
	loop_want(s->accepting, 0);
	loop_after(s->loop, ACCEPT_PAUSE_MS, accept_again, s);
}

/*
 * Whether one more connection leaves the workers what they need: who has been let in is answered,
 * also where the others do nothing with theirs.
 */
static bool
has_room(const struct server *s)
{
	size_t own = FDS_OTHER + FDS_WORKER * (size_t)s->app->config->responder_workers;
	struct rlimit limit;

	return s->n_lines < LINES_MIN || getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    s->n_lines + own < limit.rlim_cur;
}

static bool
make_room(struct server *s)
{
	if (has_room(s))
		return true;
	log_warning("a connection has to wait: %zu are open, and no descriptor is left for more",
	    s->n_lines);
	s->is_full = true;
	loop_want(s->accepting, 0);
	return false;
}

static void
server_accept(void *arg, int listener, unsigned ready)
{
	struct server *s = arg;

	(void)ready;
	for (int i = 0; i < ACCEPT_BATCH && make_room(s); i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		struct line *l;
		struct error e;

		if (fd < 0) {
			accept_failed(s);
			return;
		}
		l = MEM_NEW(NULL, struct line);
		l->server = s;
		l->fd = fd;
		l->watch = loop_watch(s->loop, fd, LOOP_READ | LOOP_ONCE, line_ready, l, &e);
		if (l->watch == NULL) {
			log_error("a connection is dropped: %s", e.detail);
			close(fd);
			mem_free(l);
			continue;
		}
		TAILQ_INSERT_TAIL(&s->lines, l, in_all);
		s->n_lines++;
	}
}

static void
line_free(struct server *s, struct line *l)
{
	/* A request that did not come whole. */
	line_received(l);
	loop_forget(l->watch);
	close(l->fd);
	TAILQ_REMOVE(&s->lines, l, in_all);
	mem_free(l);
	s->n_lines--;
	if (s->is_full)
		accept_again(s);
	s->is_full = false;
}

static void
take_back(struct server *s)
{
	struct line *l;

	while ((l = hand_over_try(&s->back)) != NULL) {
		l->waited = false;
		if (l->closing || (s->stopping && l->req == NULL))
			line_free(s, l);
		else
			loop_want(l->watch, l->want);
	}
}

static void
on_turn(void *arg)
{
	struct server *s = arg;

	take_back(s);
	limit_unsent(s);
	if (s->look == NULL && s->patient > 0)
		s->look = loop_after(s->loop, LOOK_MS, look_over, s);
}

static void
on_signal(void *arg, int fd, unsigned ready)
{
	struct server *s = arg;
	struct signalfd_siginfo info;

	(void)ready;
	if (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
		loop_stop(s->loop);
}

/* Blocked in all threads, read by the loop's. Web servers stop their programs with SIGTERM, some
 * with SIGUSR1. */
static enum err
watch_signals(struct server *s, struct error *e)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return error_set(e, ERR_INTERNAL, "signalfd: %s", strerror(errno));
	return loop_watch(s->loop, fd, LOOP_READ, on_signal, s, e) != NULL ? ERR_OK : e->code;
}

static enum err
start_workers(struct server *s, struct error *e)
{
	size_t n = (size_t)s->app->config->responder_workers;

	s->workers = MEM_ARRAY(s, pthread_t, n);
	for (; s->n_workers < n; s->n_workers++)
		if (pthread_create(&s->workers[s->n_workers], NULL, worker_main, s) != 0)
			return error_set(e, ERR_INTERNAL, "a worker thread cannot be started");
	return ERR_OK;
}

static enum err
server_start(struct server *s, struct error *e)
{
	hand_over_init(&s->ready);
	hand_over_init(&s->back);
	TAILQ_INIT(&s->lines);
	s->loop = loop_new(s, e);
	if (s->loop == NULL || watch_signals(s, e) != ERR_OK)
		return e->code;
	s->waiting = waiting_start(s->app->config, &s->ready, e);
	if (s->waiting == NULL || start_workers(s, e) != ERR_OK)
		return e->code;
	/* Several responders may share the listener: one that comes late must not block. */
	fcntl(LISTENER, F_SETFL, fcntl(LISTENER, F_GETFL) | O_NONBLOCK);
	s->accepting = loop_watch(s->loop, LISTENER, LOOP_READ, server_accept, s, e);
	loop_each_turn(s->loop, on_turn, s);
	return s->accepting != NULL ? ERR_OK : e->code;
}

static bool
is_at_work(const struct server *s)
{
	const struct line *l;

	TAILQ_FOREACH(l, &s->lines, in_all)
		if (l->phase == LINE_AT_WORK)
			return true;
	return false;
}

static void
turn_until_idle(struct server *s, int64_t ms)
{
	int64_t until = clock_mono() + ms;

	while (is_at_work(s) && clock_mono() < until)
		loop_turn(s->loop, STOP_STEP_MS);
}

/*
 * No more is taken from it, but what has come before that is. On a unix socket a web server that is
 * a moment too late cannot send its request at all.
 */
static void
line_end(const struct line *l)
{
	char byte;

	shutdown(l->fd, SHUT_RD);
	if (recv(l->fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) <= 0)
		shutdown(l->fd, SHUT_WR);
}

/*
 * FastCGI has no word for "send no more", and leaves the end of a kept connection to the web
 * server: one that sends a request while we end it does not know whether that was done. So
 * connections are served on as long as they are used, at most for MS, and ended in a pause.
 */
static void
linger(struct server *s, int64_t ms)
{
	int64_t until = clock_mono() + ms;
	struct line *l;

	while (!TAILQ_EMPTY(&s->lines) && clock_mono() < until) {
		loop_turn(s->loop, LINGER_STEP_MS);
		TAILQ_FOREACH(l, &s->lines, in_all)
			if (l->phase == LINE_IDLE && clock_mono() - l->since >= PAUSE_MS)
				line_end(l);
	}
	s->leaving = true;
	TAILQ_FOREACH(l, &s->lines, in_all)
		if (l->phase != LINE_AT_WORK)
			line_end(l);
}

/*
 * Finishes what is in hand. Those who still wait for a run when the time is over get what is known
 * by then; those who don't take it in time are cut off.
 */
static void
server_stop(struct server *s)
{
	int64_t patience = s->app->config->responder_stop_wait * MS_PER_S;
	struct line *l;

	log_info("stopping: %zu requests wait for runs", waiting_count(s->waiting));
	s->accepts_no_more = true;
	loop_forget(s->accepting);
	close(LISTENER);
	linger(s, patience < LINGER_MS ? patience : LINGER_MS);
	turn_until_idle(s, patience);
	s->stopping = true;
	waiting_hurry(s->waiting);
	turn_until_idle(s, CUT_WAIT_MS);
	while (s->busy > 0) {
		TAILQ_FOREACH(l, &s->lines, in_all)
			shutdown(l->fd, SHUT_RDWR);
		loop_turn(s->loop, STOP_STEP_MS);
	}
	hand_over_close(&s->ready);
	for (size_t i = 0; i < s->n_workers; i++)
		pthread_join(s->workers[i], NULL);
	waiting_stop(s->waiting);
	/* What is left waits for a request that will not come. */
	take_back(s);
	while (!TAILQ_EMPTY(&s->lines))
		line_free(s, TAILQ_FIRST(&s->lines));
}

int
fcgi_serve(void *ctx, struct app *app)
{
	struct server *s = MEM_NEW(ctx, struct server);
	struct error e = { 0 };

	s->app = app;
	setup_descriptors();
	if (server_start(s, &e) != ERR_OK) {
		log_error("%s", e.detail);
		return EXIT_FAILURE;
	}
	log_info("serves %s", app->config->state_dir);
	loop_run(s->loop);
	server_stop(s);
	log_info("stopped");
	return EXIT_SUCCESS;
}
