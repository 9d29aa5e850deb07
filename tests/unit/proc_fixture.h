#ifndef PROC_FIXTURE_H
#define PROC_FIXTURE_H

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "proc/proc.h"

/* Real processes, mostly /bin/sh. Time limits only keep a failure from hanging. */

enum { LIMIT = 60, TURN_MS = 1000, GRACE_LONG = 30000, GRACE_SHORT = 200, KEPT = 8 * 1024 * 1024 };

#define PATH_VAR "PATH=/usr/local/bin:/usr/bin:/bin"
#define MARK_NAME "GATEHOUSE_JOB_ID="

static void *ctx;
static struct loop *loop;
static char mark[64];	/* of this test: others run at the same time */

/* What a process gave. */
struct seen {
	struct text *out[2];
	size_t bytes[2];
	size_t largest;		/* piece */
	struct proc *proc;
	struct proc_end end;
	int ended;
	bool stop_at_output;
};

static inline void
on_output(void *arg, enum proc_stream stream, const void *bytes, size_t n)
{
	struct seen *s = arg;

	cr_assert_eq(s->ended, 0, "output after the end");
	text_add(s->out[stream], bytes, n);
	s->bytes[stream] += n;
	s->largest = n > s->largest ? n : s->largest;
	if (s->stop_at_output)
		proc_stop(s->proc);
}

static inline void
on_ended(void *arg, const struct proc_end *end)
{
	struct seen *s = arg;

	s->end = *end;
	s->ended++;
	s->proc = NULL;
}

static const struct proc_events events = { on_output, on_ended };

static inline void
begin(void)
{
	struct error e;

	ctx = mem_scope(NULL);
	snprintf(mark, sizeof mark, MARK_NAME "%024d", (int)getpid());
	loop = loop_new(ctx, &e);
	cr_assert_not_null(loop);
	cr_assert_eq(proc_init(loop, &e), ERR_OK, "%s", e.detail);
}

static inline void
finish(void)
{
	siginfo_t info;

	/* All that was started is reaped: what is not hangs here. */
	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		loop_turn(loop, 10);
	mem_free(ctx);
}

static inline struct seen *
seen_new(void)
{
	struct seen *s = MEM_NEW(ctx, struct seen);

	s->out[0] = text_new(s, KEPT);
	s->out[1] = text_new(s, KEPT);
	return s;
}

static inline struct seen *
start_spec(const struct proc_spec *spec)
{
	struct seen *s = seen_new();
	struct error e;

	s->proc = proc_start(ctx, loop, spec, &events, s, &e);
	cr_assert_not_null(s->proc, "%s", e.detail);
	return s;
}

static inline struct seen *
start_marked(const char *script, int64_t grace, const char *with)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const envp[] = { with, PATH_VAR, NULL };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .grace_ms = grace, .mark = with };

	return start_spec(&spec);
}

static inline struct seen *
start(const char *script, int64_t grace)
{
	return start_marked(script, grace, mark);
}

static inline void
await(const struct seen *s)
{
	while (!s->ended)
		loop_turn(loop, TURN_MS);
	cr_assert_eq(s->ended, 1);
}

static inline void
await_bytes(const struct seen *s, size_t n)
{
	while (s->bytes[PROC_STDOUT] < n && !s->ended)
		loop_turn(loop, TURN_MS);
}

static inline struct seen *
run(const char *script)
{
	struct seen *s = start(script, GRACE_LONG);

	await(s);
	return s;
}

/* Whether process PID exists and is no zombie. */
static inline bool
lives(pid_t pid)
{
	char path[64], state = '?';
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	/* It may have been reaped meanwhile. */
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'X';
	fclose(f);
	return state != 'Z' && state != 'X';
}

/* The pid that the output begins with. */
static inline pid_t
told_pid(const struct seen *s)
{
	pid_t pid = (pid_t)strtol(s->out[0]->at, NULL, 10);

	cr_assert_gt(pid, 1, "no pid in %s", s->out[0]->at);
	return pid;
}

#endif
