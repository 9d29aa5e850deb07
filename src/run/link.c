#include "run/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "json/body.h"
#include "run/frame.h"
#include "run/socket.h"

#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/libexec"
#endif

enum {
	START_WAIT_MS = 10000,	/* for a gatehoused that was started to be there */
	SETTLE_WAIT_MS = 60000,	/* for one that is there to answer: it may have much to settle */
	START_STEP_MS = 20,
	START_AGAIN_MS = 1000,	/* one that is just leaving may have sent ours away */
	READ_SIZE = 65536
};

struct link {
	const struct config *config;
	int fd;
	struct text *in;
};

static int
link_destroy(struct link *l)
{
	link_close(l);
	return 0;
}

struct link *
link_new(void *ctx, const struct config *c)
{
	struct link *l = MEM_NEW(ctx, struct link);

	l->config = c;
	l->fd = -1;
	l->in = text_new(l, 2 * (size_t)FRAME_MAX);
	MEM_ON_FREE(l, link_destroy);
	return l;
}

void
link_close(struct link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	text_drop(l->in, l->in->len);
}

int
link_fd(const struct link *l)
{
	return l->fd;
}

/*
 * What gatehoused gets of our environment: under CGI there is the request in
 * it, with the caller's password.
 */
static const char *const *
environment(void *ctx)
{
	static const char *const names[] = {
		"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "GATEHOUSE_CONFIG",
		"LD_LIBRARY_PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS",
#ifdef GATEHOUSE_CRASH_POINTS
		"GATEHOUSE_CRASH",
#endif
	};
	struct names list = { 0 };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (getenv(names[i]) != NULL)
			names_add(ctx, &list, mem_printf(ctx, "%s=%s", names[i], getenv(names[i])));
	names_add(ctx, &list, NULL);
	return list.at;
}

/* After fork() in a program with threads: only calls that signal-safety(7) lists. */
static void
become_gatehoused(const char *const *argv, const char *const *env, const char *log)
{
	int null = open("/dev/null", O_RDWR);
	int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	setsid();
	if (fork() != 0)
		_exit(0);
	dup2(null, STDIN_FILENO);
	dup2(out >= 0 ? out : null, STDOUT_FILENO);
	dup2(out >= 0 ? out : null, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
	_exit(127);
}

/* Starts gatehoused, detached. One that is there already makes this one leave at once. */
static enum err
link_start(struct link *l, struct error *e)
{
	SCOPED(tmp, NULL);
	const char *program = l->config->dispatcher_program;
	char *log = config_path(tmp, l->config, "gatehoused.log");
	const char *argv[] = {
		*program != '\0' ? program : LIBEXECDIR "/gatehouse/gatehoused",
		"--on-demand", "--config", l->config->file, NULL
	};
	const char *const *env = environment(tmp);
	pid_t pid;

	if (l->config->file[0] == '\0')
		argv[2] = NULL;
	if (access(argv[0], X_OK) != 0)
		return error_set(e, ERR_UNAVAILABLE, "gatehoused cannot be started: %s: %s",
		    argv[0], strerror(errno));
	pid = fork();
	if (pid == 0)
		become_gatehoused(argv, env, log);
	if (pid < 0)
		return error_set(
		    e, ERR_UNAVAILABLE, "gatehoused cannot be started: %s", strerror(errno));
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return ERR_OK;
}

static enum err
link_try(struct link *l, struct error *e)
{
	l->fd = socket_connect(l->config, e);
	return l->fd >= 0 ? ERR_OK : e->code;
}

/* Whether a gatehoused has the lock of the state directory: see its main program. */
static bool
is_there(const struct link *l)
{
	SCOPED(tmp, NULL);
	int fd = open(config_path(tmp, l->config, "gatehoused.pid"), O_RDONLY | O_CLOEXEC);
	bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return held;
}

enum err
link_connect(struct link *l, struct error *e)
{
	int64_t began = clock_mono(), starts = 1;

	if (l->fd >= 0 || link_try(l, e) == ERR_OK)
		return ERR_OK;
	if (!l->config->dispatcher_on_demand)
		return error_set(e, ERR_UNAVAILABLE,
		    "gatehoused is not running, and must not be started on demand");
	if (link_start(l, e) != ERR_OK)
		return e->code;
	while (link_try(l, e) != ERR_OK) {
		int64_t waited = clock_mono() - began;

		/* Asked late: for a moment it takes the lock that one which starts wants. */
		if (waited > SETTLE_WAIT_MS || (waited > START_WAIT_MS && !is_there(l)))
			return error_set(e, ERR_UNAVAILABLE,
			    "gatehoused was started but does not answer: see gatehoused.log");
		if (waited > starts * START_AGAIN_MS && link_start(l, e) != ERR_OK)
			return e->code;
		starts += waited > starts * START_AGAIN_MS;
		poll(NULL, 0, START_STEP_MS);
	}
	return ERR_OK;
}

static enum err
link_put(struct link *l, const void *bytes, size_t n, struct error *e)
{
	const char *at = bytes;

	while (n > 0) {
		ssize_t sent = l->fd < 0 ? -1 : send(l->fd, at, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) {
			link_close(l);
			return error_set(e, ERR_UNAVAILABLE, "the connection to gatehoused broke");
		}
		at += sent;
		n -= (size_t)sent;
	}
	return ERR_OK;
}

enum err
link_send(struct link *l, const struct wait *w, struct error *e)
{
	return link_put(l, w->frame, w->frame_len, e);
}

void
link_forget(struct link *l, const struct wait *w)
{
	SCOPED(tmp, NULL);
	struct json_object *o = json_keep(tmp, json_object_new_object());
	struct error e;
	size_t n;
	const void *frame;

	if (l->fd < 0)
		return;
	frame_text(o, "op", "forget");
	frame_text(o, "tag", w->tag);
	frame = frame_pack(tmp, o, &n);
	if (link_put(l, frame, n, &e) != ERR_OK)
		log_debug("%s", e.detail);
}

/* Reads what is there. ERR_UNAVAILABLE where the peer is gone. */
static enum err
link_fill(struct link *l, struct error *e)
{
	SCOPED(tmp, NULL);
	char *bytes = mem_bytes(tmp, READ_SIZE);
	ssize_t n;

	do
		n = recv(l->fd, bytes, READ_SIZE, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		text_add(l->in, bytes, (size_t)n);
		return ERR_OK;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return ERR_OK;
	link_close(l);
	return error_set(e, ERR_UNAVAILABLE, "gatehoused closed the connection");
}

static enum wait_event
event_find(const char *name)
{
	if (strcmp(name, "accepted") == 0)
		return WAIT_ACCEPTED;
	return strcmp(name, "done") == 0 ? WAIT_DONE : WAIT_REFUSED;
}

enum err
link_receive(struct link *l, void *ctx, struct link_reply *r, bool *got, struct error *e)
{
	struct json_object *o;
	const char *event, *code;

	*got = false;
	if (l->fd < 0)
		return error_set(e, ERR_UNAVAILABLE, "there is no connection to gatehoused");
	if (frame_take(ctx, l->in, &o, e) != ERR_OK ||
	    (o == NULL && (link_fill(l, e) != ERR_OK || frame_take(ctx, l->in, &o, e) != ERR_OK))) {
		link_close(l);
		return e->code;
	}
	if (o == NULL)
		return ERR_OK;
	event = json_get_text(o, "event");
	code = json_get_text(o, "code");
	r->tag = json_get_text(o, "tag");
	r->event = event_find(event != NULL ? event : "");
	r->code = code != NULL ? err_find(code) : ERR_OK;
	r->detail = json_get_text(o, "detail");
	r->facts = json_get(o, "facts") != NULL ? json_text(ctx, json_get(o, "facts")) : NULL;
	*got = r->tag != NULL;
	return ERR_OK;
}

bool
wait_note(struct wait *w, const struct link_reply *r)
{
	w->event = r->event;
	w->accepted |= r->event == WAIT_ACCEPTED;
	w->code = r->code;
	w->detail = r->detail != NULL ? mem_text(w, r->detail) : "";
	w->facts = r->facts != NULL ? mem_text(w, r->facts) : NULL;
	return r->event != WAIT_ACCEPTED || w->until_accepted;
}

static void
wait_refuse(struct wait *w, const struct error *e)
{
	struct link_reply r = { .event = WAIT_REFUSED, .code = e->code, .detail = e->detail };

	wait_note(w, &r);
}

/* What has come. True where W is over; *BROKEN where the connection is gone. */
static bool
link_drain(struct link *l, struct wait *w, bool *broken)
{
	SCOPED(tmp, NULL);
	struct link_reply r;
	struct error e;
	bool got = true;

	while (got) {
		if (link_receive(l, tmp, &r, &got, &e) != ERR_OK) {
			*broken = true;
			return false;
		}
		if (got && strcmp(r.tag, w->tag) == 0 && wait_note(w, &r))
			return true;
	}
	return false;
}

void
link_wait(struct link *l, struct wait *w)
{
	bool broken = true;
	struct error e;

	for (;;) {
		struct pollfd p = { .events = POLLIN };
		int64_t left = w->deadline - clock_mono();

		if (left <= 0)
			break;
		if (broken && link_connect(l, &e) != ERR_OK) {
			wait_refuse(w, &e);
			return;
		}
		if (broken && link_send(l, w, &e) != ERR_OK)
			continue;
		broken = false;
		p.fd = l->fd;
		poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		if (link_drain(l, w, &broken))
			return;
	}
	w->event = WAIT_OVER;
	link_forget(l, w);
}
