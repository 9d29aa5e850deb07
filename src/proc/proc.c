#include "proc/proc.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "proc/reaper.h"
#include "proc/spawn.h"
#include "proc/tree.h"

enum {
	READ_MAX = 65536,	/* bytes of a stream a turn, so that a flood starves nobody */
	LAST_READS = 16,	/* a pipe holds 1 MiB at most (pipe(7)): more has no end */
	POLL_FIRST = 1,		/* ms between looks at what is left, doubled */
	POLL_MOST = 256,	/* up to this */
	STUBBORN = 100,		/* looks, then the log tells */
	FREE_ROUNDS = 5,
	SIGNALLED = 128,	/* what shells add to the number of a signal */
	INFO_BATCH = 16,
	STREAMS = 2
};

struct stream {
	struct proc *proc;
	enum proc_stream which;
	int fd;			/* -1: at its end */
	struct watch *watch;	/* NULL: not read for now */
};

/*
 * Its life: the leader runs; its reaper says how it ended; its pipes are read to their end, or
 * until the deadline; what is left of the tree is ended; ended() is called. The
 * deadline is one grace after the leader's end or proc_stop(), whichever comes first.
 */
struct proc {
	struct tree tree;	/* must be the first: the table holds these */
	struct loop *loop;
	const struct proc_events *events;
	void *arg;
	int64_t grace_ms, stop_ms;
	int stop_signal;
	struct stream out[STREAMS];
	int input_fd;		/* -1: nothing to write, or no more */
	struct watch *input_watch;
	const char *input;
	size_t input_len, input_at;
	int report_fd;		/* of the reaper: -1: it has said all */
	struct watch *report_watch;
	struct timer *patience, *deadline, *poll;
	int64_t poll_ms;
	int looks;
	int status;		/* of waitpid() */
	bool stopped;		/* proc_stop() */
	bool termed;		/* everything has had its SIGTERM */
	bool killing;		/* the deadline is over */
	bool held;		/* proc_read() said so */
	bool gone;		/* the reaper says that nothing is left */
	bool done;		/* and so do we */
};

/*
 * Children belong to the process and waitpid() knows no other owner: so does
 * the table of those under way.
 */
static struct {
	struct tree *first;
	int signals;		/* signalfd(2) */
} table = { .signals = -1 };

static void proc_look(struct proc *p);

static struct proc *
proc_of(struct tree *t)
{
	return (struct proc *)(void *)t;
}

static void
table_remove(const struct tree *t)
{
	for (struct tree **at = &table.first; *at != NULL; at = &(*at)->next)
		if (*at == t) {
			*at = t->next;
			return;
		}
}

/* --- streams --- */

static void
stream_close(struct stream *s)
{
	if (s->fd < 0)
		return;
	loop_forget(s->watch);
	s->watch = NULL;
	close(s->fd);
	s->fd = -1;
}

/* One read; false where there is nothing, and at the end, which closes the stream. */
static bool
stream_read(struct stream *s)
{
	char bytes[READ_MAX];
	ssize_t n = read(s->fd, bytes, sizeof bytes);

	if (n > 0)
		s->proc->events->output(s->proc->arg, s->which, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		stream_close(s);
	return n > 0;
}

static void
stream_ready(void *arg, int fd, unsigned ready)
{
	struct stream *s = arg;

	(void)fd;
	(void)ready;
	if (!stream_read(s) && s->fd < 0)
		proc_look(s->proc);
}

static enum err
stream_watch(struct stream *s, struct error *e)
{
	if (s->fd < 0 || s->watch != NULL)
		return ERR_OK;
	s->watch = loop_watch(s->proc->loop, s->fd, LOOP_READ, stream_ready, s, e);
	return s->watch != NULL ? ERR_OK : e->code;
}

/* Paused ones are not watched at all: a hang-up would be told again and again. */
static void
stream_pause(struct stream *s)
{
	loop_forget(s->watch);
	s->watch = NULL;
}

static void
input_close(struct proc *p)
{
	if (p->input_fd < 0)
		return;
	loop_forget(p->input_watch);
	close(p->input_fd);
	p->input_fd = -1;
}

/* A process need not read what it is given: a broken pipe is no fault. */
static void
input_ready(void *arg, int fd, unsigned ready)
{
	struct proc *p = arg;
	size_t left = p->input_len - p->input_at;
	ssize_t n = left > 0 ? write(fd, p->input + p->input_at, left) : 0;

	(void)ready;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		p->input_at += (size_t)n;
	if (n < 0 || p->input_at == p->input_len)
		input_close(p);
}

/* --- the end --- */

static bool
streams_ended(const struct proc *p)
{
	return p->out[PROC_STDOUT].fd < 0 && p->out[PROC_STDERR].fd < 0;
}

static void
end_of(const struct proc *p, struct proc_end *end)
{
	end->signal = WIFSIGNALED(p->status) ? WTERMSIG(p->status) : 0;
	end->return_code = end->signal != 0 ? SIGNALLED + end->signal : WEXITSTATUS(p->status);
	end->killed = p->stopped;
}

static void
proc_finish(struct proc *p)
{
	struct proc_end end;

	/* What the pipes still hold is wanted, but not now: proc_read() comes back to this. */
	if (p->held && !streams_ended(p))
		return;
	for (int i = 0; i < STREAMS; i++) {
		for (int n = 0; p->out[i].fd >= 0 && n < LAST_READS && stream_read(&p->out[i]); n++)
			;
		stream_close(&p->out[i]);
	}
	p->done = true;
	end_of(p, &end);
	/* Whoever is told may free the parent. */
	mem_steal(NULL, p);
	p->events->ended(p->arg, &end);
	mem_free(p);
}

/* A timer that fires is gone before its function is called. */
static void
poll_over(void *arg)
{
	struct proc *p = arg;

	p->poll = NULL;
	proc_look(p);
}

static void
proc_look_again(struct proc *p)
{
	if (p->poll != NULL)
		return;
	p->poll = loop_after(p->loop, p->poll_ms, poll_over, p);
	p->poll_ms = p->poll_ms < POLL_MOST ? 2 * p->poll_ms : POLL_MOST;
	if (++p->looks == STUBBORN)
		log_warning("the process tree of %d is still not gone", (int)p->tree.leader);
}

/*
 * Once the leader and the pipes have ended, or the deadline is over: ends what
 * is left, until nothing is.
 */
static void
proc_look(struct proc *p)
{
	size_t left = 0;

	loop_cancel(p->poll);
	p->poll = NULL;
	if (!p->killing && (p->tree.led || !streams_ended(p)))
		return;
	/* Mostly it is gone, and nobody has to look through all processes of the host. */
	if (!p->gone)
		left = tree_signal(
		    table.first, &p->tree, p->killing ? SIGKILL : p->termed ? 0 : SIGTERM);
	p->termed = true;
	if (left == 0 && !p->tree.led)
		proc_finish(p);
	else
		proc_look_again(p);
}

static void
deadline_over(void *arg)
{
	struct proc *p = arg;

	p->deadline = NULL;
	p->killing = true;
	p->poll_ms = POLL_FIRST;
	proc_look(p);
}

static void
deadline_set(struct proc *p)
{
	if (p->deadline == NULL && !p->killing)
		p->deadline = loop_after(p->loop, p->grace_ms, deadline_over, p);
}

static void
leader_ended(struct proc *p, int status)
{
	p->status = status;
	p->tree.led = false;
	input_close(p);
	loop_cancel(p->patience);
	p->patience = NULL;
	deadline_set(p);
	p->poll_ms = POLL_FIRST;
	proc_look(p);
}

/* --- reapers --- */

static void
report_close(struct proc *p)
{
	if (p->report_fd < 0)
		return;
	loop_forget(p->report_watch);
	close(p->report_fd);
	p->report_fd = -1;
}

static void
reaper_ended(struct proc *p, int status)
{
	p->tree.reaper = 0;
	p->tree.is_broken = WIFSIGNALED(status);
	if (p->tree.is_broken)
		log_warning("whoever watched process %d has been killed", (int)p->tree.leader);
}

/* What the reaper says; at the end of what it says it is gone, and must have told of the leader. */
static void
report_ready(void *arg, int fd, unsigned ready)
{
	struct proc *p = arg;
	struct reaper_report r;
	ssize_t n = read(fd, &r, sizeof r);
	int status;

	(void)ready;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == (ssize_t)sizeof r) {
		p->gone |= r.is_alone;
		leader_ended(p, r.status);
		return;
	}
	report_close(p);
	/* It is ending, if it has not been reaped with others already. */
	if (p->tree.reaper != 0 && waitpid(p->tree.reaper, &status, 0) > 0)
		reaper_ended(p, status);
	p->gone |= !p->tree.is_broken;
	if (p->tree.led)
		leader_ended(p, SIGKILL);
	else
		proc_look(p);
}

static struct proc *
reaped_by(pid_t pid)
{
	for (struct tree *t = table.first; t != NULL; t = t->next)
		if (t->reaper == pid)
			return proc_of(t);
	return NULL;
}

/* An orphan has ended: those who wait for the last of their tree look at once. */
static void
hurry(void)
{
	for (struct tree *t = table.first; t != NULL; t = t->next) {
		struct proc *p = proc_of(t);

		if (p->poll == NULL)
			continue;
		loop_cancel(p->poll);
		p->poll = loop_after(p->loop, 0, poll_over, p);
	}
}

static void
child_ended(void *arg, int fd, unsigned ready)
{
	struct signalfd_siginfo infos[INFO_BATCH];
	bool any_orphan = false;
	int status;
	pid_t pid;

	(void)arg;
	(void)ready;
	/* Several ends may share one signal: waitpid() says which there were. */
	while (read(fd, infos, sizeof infos) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct proc *p = reaped_by(pid);

		if (p != NULL)
			reaper_ended(p, status);
		else
			any_orphan = true;
	}
	if (any_orphan)
		hurry();
}

enum err
proc_init(struct loop *l, struct error *e)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || sigprocmask(SIG_BLOCK, &child, NULL) != 0 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return error_set(e, ERR_INTERNAL, "processes cannot be supervised: %s",
		    strerror(errno));
	if (table.signals >= 0)
		close(table.signals);
	table.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (table.signals < 0)
		return error_set(e, ERR_INTERNAL, "signalfd: %s", strerror(errno));
	if (loop_watch(l, table.signals, LOOP_READ, child_ended, NULL, e) == NULL)
		return e->code;
	return ERR_OK;
}

/* --- the door --- */

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *
proc_find(void *ctx, const char *path, const char *name)
{
	if (name[0] == '/')
		return is_program(name) ? mem_text(ctx, name) : NULL;
	if (name[0] == '\0' || strchr(name, '/') != NULL)
		return NULL;
	for (;;) {
		size_t n = strcspn(path, ":");
		char *at = mem_printf(ctx, "%.*s/%s", (int)n, path, name);

		/* Empty and relative parts would mean the working directory. */
		if (path[0] == '/' && is_program(at))
			return at;
		mem_free(at);
		if (path[n] == '\0')
			return NULL;
		path += n + 1;
	}
}

/* One that is freed while it runs is killed without a word. */
static int
proc_free(struct proc *p)
{
	loop_cancel(p->patience);
	loop_cancel(p->deadline);
	loop_cancel(p->poll);
	for (int i = 0; i < STREAMS; i++)
		stream_close(&p->out[i]);
	input_close(p);
	report_close(p);
	for (int n = 0; !p->done && n < FREE_ROUNDS; n++)
		p->done = tree_signal(table.first, &p->tree, SIGKILL) == 0;
	table_remove(&p->tree);
	return 0;
}

static struct proc *
proc_new(void *ctx, const struct proc_spec *spec, const struct spawned *s)
{
	struct proc *p = MEM_NEW(ctx, struct proc);

	p->tree = (struct tree){
		.next = table.first, .leader = s->pid, .reaper = s->reaper,
		.start = tree_start(s->reaper), .led = true, .mark = mem_text(p, spec->mark),
	};
	table.first = &p->tree;
	for (int i = 0; i < STREAMS; i++)
		p->out[i] = (struct stream){
			.proc = p, .which = (enum proc_stream)i, .fd = s->output[i],
		};
	p->report_fd = s->report;
	p->input_fd = s->input;
	p->input_len = spec->input_len;
	if (spec->input != NULL)
		p->input = memcpy(mem_bytes(p, spec->input_len), spec->input, spec->input_len);
	p->grace_ms = spec->grace_ms;
	p->stop_signal = spec->stop_signal;
	p->stop_ms = spec->stop_ms;
	p->poll_ms = POLL_FIRST;
	MEM_ON_FREE(p, proc_free);
	return p;
}

struct proc *
proc_start(void *ctx, struct loop *l, const struct proc_spec *spec,
    const struct proc_events *events, void *arg, struct error *e)
{
	struct spawned s;
	struct proc *p;

	if (proc_spawn(spec, &s, e) != ERR_OK)
		return NULL;
	p = proc_new(ctx, spec, &s);
	p->loop = l;
	p->events = events;
	p->arg = arg;
	if (p->input_fd >= 0)
		p->input_watch = loop_watch(l, p->input_fd, LOOP_WRITE, input_ready, p, e);
	p->report_watch = loop_watch(l, p->report_fd, LOOP_READ, report_ready, p, e);
	if (p->report_watch == NULL || (p->input_fd >= 0 && p->input_watch == NULL) ||
	    stream_watch(&p->out[PROC_STDOUT], e) != ERR_OK ||
	    stream_watch(&p->out[PROC_STDERR], e) != ERR_OK) {
		mem_free(p);
		return NULL;
	}
	return p;
}

static void
stop_tree(struct proc *p)
{
	if (!p->termed)
		tree_signal(table.first, &p->tree, SIGTERM);
	p->termed = true;
	deadline_set(p);
}

static void
patience_over(void *arg)
{
	struct proc *p = arg;

	p->patience = NULL;
	stop_tree(p);
}

void
proc_stop(struct proc *p)
{
	if (p->stopped || p->done)
		return;
	p->stopped = true;
	if (p->stop_signal != 0 && p->tree.led && !p->killing &&
	    kill(p->tree.leader, p->stop_signal) == 0)
		p->patience = loop_after(p->loop, p->stop_ms, patience_over, p);
	else
		stop_tree(p);
}

void
proc_read(struct proc *p, int on)
{
	struct error e;

	p->held = !on;
	for (int i = 0; i < STREAMS; i++)
		if (p->held) {
			stream_pause(&p->out[i]);
		} else if (stream_watch(&p->out[i], &e) != ERR_OK) {
			log_error("output of process %d is lost: %s", (int)p->tree.leader,
			    e.detail);
			stream_close(&p->out[i]);
		}
	if (on && !p->done && p->poll == NULL)
		p->poll = loop_after(p->loop, 0, poll_over, p);
}

pid_t
proc_pid(const struct proc *p)
{
	return p->tree.leader;
}
