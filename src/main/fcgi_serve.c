#include "main/fcgi_serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/migrate.h"
#include "main/fcgi_parts.h"

enum {
	LISTENER = 0,
	REST_MS = 5000,
	MS_PER_S = 1000,
	STOP_STEP_MS = 50,
	ACCEPT_BATCH = 64,
	ACCEPT_PAUSE_MS = 100,	/* where no descriptor is left for a connection */
	/* A request whose web server neither sends nor takes a byte for so long is dropped. */
	PEER_WAIT_S = 30
};

struct server {
	struct app *app;
	struct loop *loop;
	struct watch *accepting;
	bool accepts_no_more;
	struct waiting *waiting;
	struct hand_over ready;		/* for the workers */
	struct hand_over back; /* for the loop's thread: to be freed, or to wait for a request */
	pthread_t *workers;
	size_t n_workers;
	struct line_list lines;		/* all; of the loop's thread */
	uint64_t tickets;		/* by the lock of READY: see next_ticket() */
	atomic_bool stopping;		/* no wait is taken any more */
};

/* --- libfcgi's streams --- */

static const char *
line_param(void *arg, const char *name)
{
	struct line *l = arg;

	return FCGX_GetParam(name, l->fcgi.envp);
}

static size_t
line_read(void *arg, void *bytes, size_t n)
{
	struct line *l = arg;
	int got = FCGX_GetStr(bytes, (int)n, l->fcgi.in);

	return got > 0 ? (size_t)got : 0;
}

static void
line_write(void *arg, const void *bytes, size_t n)
{
	static const size_t most = 1 << 30;
	struct line *l = arg;

	for (const char *at = bytes; n > 0; at += most) {
		size_t part = n < most ? n : most;

		if (FCGX_PutStr(at, (int)part, l->fcgi.out) < 0)
			return;
		n -= part;
	}
}

static void
line_flush(void *arg)
{
	struct line *l = arg;

	FCGX_FFlush(l->fcgi.out);
}

static const struct cgi_io *
line_io(struct line *l, struct cgi_io *io)
{
	*io = (struct cgi_io){ l, line_param, line_read, line_write, line_flush };
	return io;
}

/* --- a worker: one request in hand --- */

static uint64_t
next_ticket(struct server *s)
{
	uint64_t n;

	pthread_mutex_lock(&s->ready.lock);
	n = ++s->tickets;
	pthread_mutex_unlock(&s->ready.lock);
	return n;
}

/* The loop's thread frees it where it is closed (FD -1), else waits for its next request. */
static void
line_give_back(struct line *l)
{
	struct server *s = l->server;

	/* From then on the line may be gone. */
	hand_over_put(&s->back, l);
	loop_wake(s->loop);
}

/*
 * The request is over. A line whose hang-up was waited for goes back by way of
 * the loop's thread, which alone can tell an old event from a new one.
 */
static void
line_finish(struct line *l)
{
	mem_free(l->memory);
	l->memory = NULL;
	l->req = NULL;
	FCGX_Finish_r(&l->fcgi);
	l->fd = l->fcgi.ipcFd;
	l->fcgi.ipcFd = -1;
	if (l->fd < 0 || l->waited)
		line_give_back(l);
	else
		loop_want(l->watch, LOOP_READ | LOOP_ONCE);
}

static void
line_answer(struct line *l)
{
	struct cgi_io io;

	exchange_write(line_io(l, &io), l->req, &l->res);
	line_finish(l);
}

/* Nobody is there to be answered. */
static void
line_drop(struct line *l)
{
	response_release(&l->res);
	mem_free(l->memory);
	l->memory = NULL;
	l->req = NULL;
	FCGX_Free(&l->fcgi, 1);
	l->fd = -1;
	line_give_back(l);
}

/* Answers, or leaves the request to the thread of the waiting: from then on it is not ours. */
static void
line_proceed(struct line *l)
{
	struct server *s = l->server;
	struct cgi_io io;
	struct error e;

	/* A stream that would go on ends with the server. */
	if (l->req->wait == NULL || (l->res.streaming && s->stopping)) {
		line_answer(l);
		return;
	}
	if (l->res.streaming)
		exchange_write(line_io(l, &io), l->req, &l->res);
	l->ticket = next_ticket(s);
	l->waited = true;
	loop_want(l->watch, LOOP_HANGUP | LOOP_ONCE);
	if (waiting_add(s->waiting, l))
		return;
	l->req->wait = NULL;
	error_set(&e, ERR_UNAVAILABLE, "too many requests wait for runs already, try again later");
	app_refuse(l->req, &l->res, &e);
	line_answer(l);
}

/* The database of this thread, opened when it is first wanted; NULL: E filled. */
static struct db *
worker_db(void *ctx, const struct config *c, struct db **db, struct error *e)
{
	if (*db != NULL)
		return *db;
	*db = db_open(ctx, c, false, e);
	if (*db != NULL && migrate_run(*db, NULL, e) != ERR_OK) {
		mem_free(*db);
		*db = NULL;
	}
	return *db;
}

static void
worker_handle(struct line *l, struct db *db, struct error *e)
{
	if (l->req->wait != NULL && db != NULL)
		app_resume(db, l->req, &l->res);
	else if (db != NULL)
		app_handle(l->server->app, db, l->req, &l->res);
	else
		app_refuse(l->req, &l->res, e);
	line_proceed(l);
}

/* Reads the request that has come. False: the web server has closed the connection instead. */
static bool
worker_read(struct line *l)
{
	struct cgi_io io;

	/* libfcgi closes a connection that it was not told to keep. */
	l->fcgi.ipcFd = l->fd;
	l->fcgi.keepConnection = 1;
	if (FCGX_Accept_r(&l->fcgi) < 0) {
		l->fcgi.ipcFd = -1;
		l->fd = -1;
		return false;
	}
	l->memory = mem_scope(NULL);
	l->req = exchange_read(l->memory, l->server->app, line_io(l, &io));
	response_init(&l->res);
	return true;
}

static void *
worker_main(void *arg)
{
	struct server *s = arg;
	void *ctx = mem_scope(NULL);
	struct db *db = NULL;
	struct line *l;

	while (hand_over_take(&s->ready, db != NULL ? REST_MS : -1, &l)) {
		struct error e = { 0 };

		/* Without work for a while the database is closed: opened anew it costs a
		 * millisecond. */
		if (l == NULL) {
			mem_free(db);
			db = NULL;
			mem_trim();
			continue;
		}
		if (l->gone)
			line_drop(l);
		else if (l->req != NULL || worker_read(l))
			worker_handle(l, worker_db(ctx, s->app->config, &db, &e), &e);
		else
			line_give_back(l);
	}
	mem_free(ctx);
	return NULL;
}

/* --- the loop's thread --- */

static void
line_ready(void *arg, int fd, unsigned ready)
{
	struct line *l = arg;

	(void)fd;
	(void)ready;
	/* It can only be a hang-up then; whoever has the line in hand by now finds out by itself.
	 */
	if (l->waited)
		waiting_abandon(l->server->waiting, l->ticket);
	else
		hand_over_put(&l->server->ready, l);
}

/* A worker reads and writes one request at a time: nobody may hold it for ever. */
static void
set_patience(int fd)
{
	const struct timeval patience = { .tv_sec = PEER_WAIT_S };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
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

static void
server_accept(void *arg, int listener, unsigned ready)
{
	struct server *s = arg;

	(void)ready;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		struct line *l;
		struct error e;

		if (fd < 0) {
			accept_failed(s);
			return;
		}
		set_patience(fd);
		l = MEM_NEW(NULL, struct line);
		l->server = s;
		l->fd = fd;
		FCGX_InitRequest(&l->fcgi, -1, 0);
		l->watch = loop_watch(s->loop, fd, LOOP_READ | LOOP_ONCE, line_ready, l, &e);
		if (l->watch == NULL) {
			log_error("a connection is dropped: %s", e.detail);
			close(fd);
			mem_free(l);
			continue;
		}
		TAILQ_INSERT_TAIL(&s->lines, l, in_all);
	}
}

static void
line_free(struct server *s, struct line *l)
{
	if (l->fd >= 0)
		close(l->fd);
	loop_closed(l->watch);
	TAILQ_REMOVE(&s->lines, l, in_all);
	mem_free(l);
}

static void
take_back(void *arg)
{
	struct server *s = arg;
	struct line *l;

	while ((l = hand_over_try(&s->back)) != NULL) {
		if (l->fd >= 0 && !s->stopping) {
			l->waited = false;
			loop_want(l->watch, LOOP_READ | LOOP_ONCE);
			continue;
		}
		line_free(s, l);
	}
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
	loop_each_turn(s->loop, take_back, s);
	return s->accepting != NULL ? ERR_OK : e->code;
}

/* Finishes what is in hand. Those who still wait for a run when the time is over get what is known
 * by then. */
static void
server_stop(struct server *s)
{
	int64_t until = clock_mono() + s->app->config->responder_stop_wait * MS_PER_S;

	log_info("stopping: %zu requests wait for runs", waiting_count(s->waiting));
	s->accepts_no_more = true;
	loop_forget(s->accepting);
	close(LISTENER);
	while (waiting_count(s->waiting) > 0 && clock_mono() < until)
		loop_turn(s->loop, STOP_STEP_MS);
	s->stopping = true;
	waiting_hurry(s->waiting);
	while (waiting_count(s->waiting) > 0)
		loop_turn(s->loop, STOP_STEP_MS);
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
