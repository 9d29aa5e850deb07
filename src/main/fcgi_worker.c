#include <errno.h>
#include <fcgiapp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/migrate.h"
#include "main/fcgi_parts.h"

enum {
	REST_MS = 5000,
	SCRATCH_KEPT = 262144	/* bytes that stay between two requests */
};

/* One thread, with one line in hand at any time. */
struct worker {
	struct server *server;
	void *ctx;
	struct db *db;			/* opened when it is first wanted */
	FCGX_Request fcgi;
	int scratch;			/* a file in memory, for libfcgi to read; -1: none */
	unsigned char *room;		/* RECORD_MAX bytes, while there is work */
};

/* --- libfcgi's streams --- */

static const char *
fcgi_param(void *arg, const char *name)
{
	FCGX_Request *r = arg;

	return FCGX_GetParam(name, r->envp);
}

static size_t
fcgi_read(void *arg, void *bytes, size_t n)
{
	FCGX_Request *r = arg;
	int got = FCGX_GetStr(bytes, (int)n, r->in);

	return got > 0 ? (size_t)got : 0;
}

static bool
scratch_fill(struct worker *w, const struct text *bytes)
{
	if (w->scratch < 0)
		w->scratch = memfd_create("request", MFD_CLOEXEC);
	return w->scratch >= 0 && ftruncate(w->scratch, (off_t)bytes->len) == 0 &&
	    pwrite(w->scratch, bytes->at, bytes->len, 0) == (ssize_t)bytes->len &&
	    lseek(w->scratch, 0, SEEK_SET) == 0;
}

/* libfcgi says what is in the request. False where it is none. */
static bool
decode(struct worker *w, struct line *l)
{
	const struct cgi_io io = { &w->fcgi, fcgi_param, fcgi_read };
	size_t n = l->in.records->len;

	if (!scratch_fill(w, l->in.records)) {
		log_error("a request is dropped: %s", strerror(errno));
		return false;
	}
	/* Without the second it would close the first before it reads. */
	w->fcgi.ipcFd = w->scratch;
	w->fcgi.keepConnection = 1;
	if (FCGX_Accept_r(&w->fcgi) < 0) {
		w->fcgi.ipcFd = w->scratch = -1;	/* closed by it */
		return false;
	}
	l->memory = mem_scope(NULL);
	l->req = exchange_read(l->memory, w->server->app, &io);
	FCGX_Free(&w->fcgi, 0);
	w->fcgi.ipcFd = -1;
	if (n > SCRATCH_KEPT && ftruncate(w->scratch, 0) != 0)
		log_warning("memory of a request is not given back: %s", strerror(errno));
	return true;
}

/* --- a line leaves our hand --- */

/* The loop's thread gets it: from then on it may be gone. */
static void
give_back(struct line *l)
{
	struct server *s = l->server;

	hand_over_put(&s->back, l);
	loop_wake(s->loop);
}

/*
 * Until the web server sends or takes bytes. A line whose hang-up was waited for goes by way of
 * the loop's thread, which alone can tell an old event from a new one.
 */
static void
watch(struct line *l, unsigned want)
{
	l->want = want | LOOP_ONCE;
	if (l->waited) {
		give_back(l);
		return;
	}
	/* It is so already: that line_ready() reads it orders what we did, for C too. */
	l->waited = false;
	loop_want(l->watch, want | LOOP_ONCE);
}

static void
forget_request(struct line *l)
{
	line_received(l);
	line_sent(l);
	if (l->memory == NULL)
		return;
	response_release(&l->res);
	mem_free(l->memory);
	l->memory = NULL;
	l->req = NULL;
	atomic_fetch_sub(&l->server->busy, 1);
}

static void
drop(struct line *l)
{
	forget_request(l);
	l->closing = true;
	give_back(l);
}

static void
set_idle(struct line *l)
{
	l->since = clock_mono();
	l->phase = LINE_IDLE;
}

static void
finish(struct line *l)
{
	l->closing = !l->keep_connection || l->server->leaving;
	/* The web server sees the end with the answer, before it can send another request. */
	if (l->closing)
		shutdown(l->fd, SHUT_WR);
	forget_request(l);
	if (l->closing) {
		give_back(l);
		return;
	}
	set_idle(l);
	watch(l, LOOP_READ);
}

/* --- one line in hand --- */

static void proceed(struct worker *w, struct line *l);

/* Leaves the request to the thread of the waiting. */
static void
park(struct worker *w, struct line *l)
{
	struct server *s = l->server;
	struct error e;

	l->ticket = atomic_fetch_add(&s->tickets, 1) + 1;
	l->waited = true;
	if (waiting_add(s->waiting, l))
		return;
	l->req->wait = NULL;
	error_set(&e, ERR_UNAVAILABLE, "too many requests wait for runs already, try again later");
	app_refuse(l->req, &l->res, &e);
	proceed(w, l);
}

static void
push(struct worker *w, struct line *l)
{
	bool last = l->out.last;

	switch (line_send(l, w->room)) {
	case LINE_AGAIN:
		watch(l, LOOP_WRITE);
		return;
	case LINE_GONE:
		drop(l);
		return;
	case LINE_DONE:
		break;
	}
	CRASH_POINT("answer-written");
	if (last) {
		finish(l);
		return;
	}
	line_sent(l);
	response_release(&l->res);
	if (l->req->wait != NULL)
		park(w, l);
	else
		hand_over_put(&l->server->ready, l);
}

/* The handler has had its turn: sends what there is, or waits. */
static void
proceed(struct worker *w, struct line *l)
{
	struct cgi_answer a;

	if (l->req->wait != NULL && !l->res.streaming) {
		park(w, l);
		return;
	}
	exchange_answer(l->req, &l->res, &a);
	/* A stream that would go on ends with the server. */
	l->out = (struct outgoing){ .head = a.head, .head_len = a.head_len, .body = a.body,
		.body_len = a.body_len, .id = l->id, .last = a.last || l->server->stopping };
	l->sending = true;
	push(w, l);
}

/* NULL: E filled. */
static struct db *
worker_db(struct worker *w, struct error *e)
{
	if (w->db != NULL)
		return w->db;
	w->db = db_open(w->ctx, w->server->app->config, false, e);
	if (w->db != NULL && migrate_run(w->db, NULL, e) != ERR_OK) {
		mem_free(w->db);
		mem_free(w->room);
		w->db = NULL;
		w->room = NULL;
	}
	return w->db;
}

static void
begin(struct worker *w, struct line *l, bool crowded)
{
	struct error e = { 0 };
	struct db *db = NULL;

	response_init(&l->res);
	if (crowded)
		error_set(
		    &e, ERR_UNAVAILABLE, "too many large requests come at once, try again later");
	else
		db = worker_db(w, &e);
	if (db != NULL)
		app_handle(w->server->app, db, l->req, &l->res);
	else
		app_refuse(l->req, &l->res, &e);
	proceed(w, l);
}

static void
resume(struct worker *w, struct line *l)
{
	struct error e = { 0 };
	struct db *db = worker_db(w, &e);

	if (db != NULL)
		app_resume(db, l->req, &l->res);
	else
		app_refuse(l->req, &l->res, &e);
	proceed(w, l);
}

static void
receive(struct worker *w, struct line *l)
{
	bool crowded;

	switch (line_receive(l, w->room)) {
	case LINE_AGAIN:
		if (!line_has_begun(l))
			set_idle(l);
		watch(l, LOOP_READ);
		return;
	case LINE_GONE:
		drop(l);
		return;
	case LINE_DONE:
		break;
	}
	if (!decode(w, l)) {
		drop(l);
		return;
	}
	l->id = l->in.id;
	l->keep_connection = l->in.keep_connection;
	crowded = l->crowded;
	line_received(l);
	atomic_fetch_add(&l->server->busy, 1);
	begin(w, l, crowded);
}

static void
work(struct worker *w, struct line *l)
{
	if (l->gone)
		drop(l);
	else if (l->sending)
		push(w, l);
	else if (l->req != NULL)
		resume(w, l);
	else
		receive(w, l);
}

void *
worker_main(void *arg)
{
	void *ctx = mem_scope(NULL);
	struct worker *w = MEM_NEW(ctx, struct worker);
	struct line *l;

	w->server = arg;
	w->ctx = ctx;
	w->scratch = -1;
	FCGX_InitRequest(&w->fcgi, -1, 0);
	while (hand_over_take(&w->server->ready, w->room != NULL ? REST_MS : -1, &l)) {
		if (l != NULL) {
			if (w->room == NULL)
				w->room = mem_bytes(w, RECORD_MAX);
			work(w, l);
			continue;
		}
		/* Without work for a while the database is closed: opened anew it costs a
		 * millisecond. */
		mem_free(w->db);
		mem_free(w->room);
		w->db = NULL;
		w->room = NULL;
		schema_keep_rest(w->server->app->schemas);
		mem_trim();
	}
	if (w->scratch >= 0)
		close(w->scratch);
	mem_free(ctx);
	return NULL;
}
