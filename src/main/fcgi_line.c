#include "main/fcgi_parts.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"

/*
 * libfcgi reads and writes until all is done, however long the web server takes
 * for it, and closes with a wait of its own (which also breaks on descriptors
 * from 1024 on). So it never gets the connection: bytes come and go here, as many
 * as there are and as there is room for, and libfcgi reads the whole request from
 * memory (fcgi_worker.c).
 */

enum {
	MS_PER_S = 1000,
	TURNS = 16		/* then the others have their turn, however fast this one is */
};

/* The web server has moved, or need not move any more: until when may it do nothing? */
static void
set_patience(struct line *l, bool on)
{
	struct server *s = l->server;
	int64_t until = on ? clock_mono() + s->app->config->responder_peer_wait * MS_PER_S : 0;
	int64_t before = atomic_exchange(&l->patience, until);

	if (before != 0 && until == 0)
		atomic_fetch_sub(&s->patient, 1);
	/* The first one starts the clock of the loop's thread. */
	if (before == 0 && until != 0 && atomic_fetch_add(&s->patient, 1) == 0)
		loop_wake(s->loop);
}

static bool
would_block(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK;
}

/* As many bodies as workers may be on their way, of the largest size that there is. */
static size_t
received_max(const struct server *s)
{
	const struct config *c = s->app->config;
	int64_t most = c->responder_max_import > c->responder_max_body ? c->responder_max_import
								       : c->responder_max_body;

	return (size_t)(most * c->responder_workers);
}

/*
 * Of a body that is larger than any may be, a little more is kept: so that it
 * shows.
 */
static size_t
body_max(const struct server *s)
{
	return received_max(s) / (size_t)s->app->config->responder_workers + RECORD_MAX;
}

/* A body that is one too many is not kept, and refused when it has come: never a small one. */
static void
count_received(struct line *l)
{
	struct server *s = l->server;
	size_t more = l->in.body - l->held;
	size_t all = atomic_fetch_add(&s->received, more) + more;

	l->held = l->in.body;
	if (all <= received_max(s) || l->held <= RECORD_MAX || all == l->held)
		return;
	l->crowded = true;
	incoming_drop_body(&l->in);
	atomic_fetch_sub(&s->received, l->held);
	l->held = 0;
}

static enum line_io
take_bytes(struct line *l, const unsigned char *bytes, size_t n)
{
	enum incoming_state s;

	while ((s = incoming_feed(&l->in, &bytes, &n)) == INCOMING_REPLY)
		/* A few bytes, and nothing else is on its way. */
		if (send(l->fd, l->in.reply, RECORD_REPLY, MSG_DONTWAIT | MSG_NOSIGNAL) !=
		    RECORD_REPLY)
			return LINE_GONE;
	count_received(l);
	if (s == INCOMING_BROKEN)
		return LINE_GONE;
	return s == INCOMING_WHOLE ? LINE_DONE : LINE_AGAIN;
}

bool
line_has_begun(const struct line *l)
{
	return l->in.id != 0 || l->in.head_len > 0;
}

enum line_io
line_receive(struct line *l, unsigned char *room)
{
	enum line_io r = LINE_AGAIN;

	if (l->in.records == NULL)
		incoming_begin(&l->in, NULL, body_max(l->server));
	for (int i = 0; i < TURNS && r == LINE_AGAIN; i++) {
		ssize_t n = recv(l->fd, room, RECORD_MAX, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (n < 0 && !would_block()))
			return LINE_GONE;
		if (n < 0)
			break;
		r = take_bytes(l, room, (size_t)n);
	}
	/* Between two requests the web server may take its time. */
	set_patience(l, r == LINE_AGAIN && line_has_begun(l));
	return r;
}

void
line_received(struct line *l)
{
	atomic_fetch_sub(&l->server->received, l->held);
	l->held = 0;
	l->crowded = false;
	incoming_release(&l->in);
	set_patience(l, false);
}

/* What waits to be sent is in memory: of all lines together it has a bound. */
static void
count_unsent(struct line *l)
{
	struct server *s = l->server;
	size_t left = outgoing_size(&l->out) - l->out.at;
	size_t before = atomic_exchange(&l->unsent, left);

	/* Modulo arithmetic: it may become less, too. */
	if (atomic_fetch_add(&s->unsent, left - before) + left - before >
	    (size_t)s->app->config->responder_max_unsent)
		loop_wake(s->loop);
}

enum line_io
line_send(struct line *l, unsigned char *room)
{
	size_t n = 0;
	bool moved = false;

	for (int i = 0; i < TURNS; i++) {
		ssize_t sent;

		n = outgoing_bytes(&l->out, room, RECORD_MAX);
		if (n == 0)
			return LINE_DONE;
		sent = send(l->fd, room, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && !would_block())
			return LINE_GONE;
		if (sent < 0)
			break;
		moved = true;
		l->out.at += (size_t)sent;
	}
	if (moved || l->patience == 0)
		set_patience(l, true);
	count_unsent(l);
	return LINE_AGAIN;
}

void
line_sent(struct line *l)
{
	atomic_fetch_sub(&l->server->unsent, atomic_exchange(&l->unsent, 0));
	set_patience(l, false);
	l->sending = false;
}
