#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "json/body.h"
#include "proc/proc.h"
#include "run/frame.h"
#include "run/parts.h"
#include "run/socket.h"

enum { READ_SIZE = 65536, OUT_MAX = 64 * 1024 * 1024, ACCEPT_PAUSE_MS = 100 };

struct client {
	TAILQ_ENTRY(client) next;
	struct dispatch *d;
	int fd;
	struct watch *watch;
	struct text *in, *out;
	bool writing;		/* waits for room in the socket */
	void *interests;
};

void **
control_interests(struct client *c)
{
	return &c->interests;
}

static void
client_close(struct client *c)
{
	intake_forget(c, NULL);
	fetch_forget(c->d, c, NULL);
	TAILQ_REMOVE(&c->d->clients, c, next);
	loop_forget(c->watch);
	close(c->fd);
	mem_free(c);
}

/* False where the client is gone. */
static bool
client_flush(struct client *c)
{
	while (c->out->len > 0) {
		ssize_t n = send(c->fd, c->out->at, c->out->len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		text_drop(c->out, (size_t)n);
	}
	if (c->out->cut || (c->out->len > 0 && errno != EAGAIN && errno != EWOULDBLOCK))
		return false;
	if (c->writing != (c->out->len > 0)) {
		c->writing = !c->writing;
		loop_want(c->watch, LOOP_READ | (c->writing ? LOOP_WRITE : 0u));
	}
	return true;
}

/* False where the client is gone or none of ours. */
static bool
client_read(struct client *c)
{
	SCOPED(tmp, NULL);
	char *bytes = mem_bytes(tmp, READ_SIZE);
	ssize_t n = recv(c->fd, bytes, READ_SIZE, MSG_DONTWAIT);
	struct json_object *o;
	struct error e;

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		return false;
	if (n > 0)
		text_add(c->in, bytes, (size_t)n);
	for (;;) {
		SCOPED(one, NULL);

		if (frame_take(one, c->in, &o, &e) != ERR_OK) {
			log_warning("control socket: %s", e.detail);
			return false;
		}
		if (o == NULL)
			return true;
		intake_take(c->d, c, one, o);
	}
}

static void
client_ready(void *arg, int fd, unsigned ready)
{
	struct client *c = arg;

	(void)fd;
	if ((ready & (LOOP_READ | LOOP_HANGUP) && !client_read(c)) || !client_flush(c))
		client_close(c);
}

static void
accept_again(void *arg)
{
	struct dispatch *d = arg;

	if (d->listener >= 0)
		loop_want(d->accepting, LOOP_READ);
}

/* What came to the listener stays ready: without a pause the loop would ask again and again. */
static void
accept_failed(struct dispatch *d)
{
	if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
		return;
	log_warning("control socket: a client has to wait: %s", strerror(errno));
	loop_want(d->accepting, 0);
	loop_after(d->loop, ACCEPT_PAUSE_MS, accept_again, d);
}

/*
 * A sandbox does not hold back connect(2) to a socket that has a name; a service must not have runs
 * started there, past all roles. All its processes descend from us.
 */
static bool
is_kept_out(const struct dispatch *d, int fd)
{
	struct ucred peer = { 0 };
	socklen_t n = sizeof peer;

	if (strcmp(d->config->local_sandbox, "none") == 0)
		return false;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && !proc_descends(peer.pid))
		return false;
	log_warning("control socket: process %d of a service is kept out", (int)peer.pid);
	return true;
}

static void
control_accept(void *arg, int listener, unsigned ready)
{
	struct dispatch *d = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;
	struct error e;

	(void)ready;
	if (fd < 0) {
		accept_failed(d);
		return;
	}
	if (is_kept_out(d, fd)) {
		close(fd);
		return;
	}
	c = MEM_NEW(d, struct client);
	c->d = d;
	c->fd = fd;
	c->in = text_new(c, 2 * (size_t)FRAME_MAX);
	c->out = text_new(c, OUT_MAX);
	c->watch = loop_watch(d->loop, fd, LOOP_READ, client_ready, c, &e);
	if (c->watch == NULL) {
		log_error("control socket: %s", e.detail);
		close(fd);
		mem_free(c);
		return;
	}
	TAILQ_INSERT_TAIL(&d->clients, c, next);
}

enum err
control_open(struct dispatch *d, struct error *e)
{
	d->listener = socket_listen(d->config, e);
	if (d->listener < 0)
		return e->code;
	d->accepting = loop_watch(d->loop, d->listener, LOOP_READ, control_accept, d, e);
	return d->accepting != NULL ? ERR_OK : e->code;
}

void
control_close(struct dispatch *d)
{
	struct client *c, *next;

	if (d->listener >= 0) {
		loop_forget(d->accepting);
		close(d->listener);
		d->listener = -1;
	}
	for (c = TAILQ_FIRST(&d->clients); c != NULL; c = next) {
		next = TAILQ_NEXT(c, next);
		client_close(c);
	}
}

/*
 * Sends O, which is used up. A client that does not read is found when it is next ready, or
 * by its hang-up.
 */
static void
client_send(struct client *c, struct json_object *o)
{
	SCOPED(tmp, NULL);
	size_t n;
	const void *frame = frame_pack(tmp, o, &n);

	json_object_put(o);
	text_add(c->out, frame, n);
	if (!client_flush(c))
		shutdown(c->fd, SHUT_RDWR);
}

void
control_reply(struct client *c, const char *tag, const char *event, const struct error *e)
{
	struct json_object *o = json_object_new_object();

	frame_text(o, "tag", tag);
	frame_text(o, "event", event);
	if (e != NULL) {
		frame_text(o, "code", err_name(e->code));
		frame_text(o, "detail", e->detail);
	}
	client_send(c, o);
}

void
control_tell(struct client *c, const char *tag, struct json_object *facts)
{
	struct json_object *o = json_object_new_object();

	frame_text(o, "tag", tag);
	frame_text(o, "event", "done");
	json_set(o, "facts", facts);
	client_send(c, o);
}
