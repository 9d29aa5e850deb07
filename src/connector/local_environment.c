#include "connector/local_environment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "proc/proc.h"
#include "secret/digest.h"

#define COMPLETE "complete"
#define TREE "tree"

enum {
	DIR_MODE = 0700,
	FILE_MODE = 0600,
	PASSED = 0711,		/* others may pass, not list */
	LOOK_MS = 100,		/* between two looks at what another run builds */
	MS_PER_S = 1000,
	SAID_KEEP = 60000,	/* bytes of the tools' output,
	    its end: an event has room for 65536 */
	SAID_MAX = 4 * 1024 * 1024,
	LAST_LINES = 6,
	LAST_MAX = 600,		/* bytes of these */
	DIGITS_KEPT = 40	/* of the digest: 160 bits,
	    and paths stay short (a #! line has its limit) */
};

struct environment {
	struct launch *launch;
	const struct environment_plan *plan;
	const char *path;
	const char *tree;	/* below it: all that the tools may write to */
	int lock;		/* -1: not held */
	struct timer *look;
	bool said_waiting;
	size_t tool, closing;	/* of the build: the next ones */
	int64_t began;
	struct text *said;	/* by the tools */
};

static enum err look(struct environment *v, struct error *e);
static enum err build_next(struct launch *l, struct error *e);

const char *
environment_path(const struct environment *v)
{
	return v->tree;
}

static void
unlock(struct environment *v)
{
	if (v->lock >= 0)
		close(v->lock);
	v->lock = -1;
}

static int
environment_free(struct environment *v)
{
	loop_cancel(v->look);
	unlock(v);
	return 0;
}

static const char *
complete_path(struct environment *v)
{
	return mem_printf(v, "%s/" COMPLETE, v->path);
}

/* --- waiting --- */

static enum err
looked(struct launch *l, const struct task_end *end, struct error *e)
{
	(void)end;
	return look(l->environment, e);
}

static void
look_again(void *arg)
{
	struct environment *v = arg;

	v->look = NULL;
	launch_resume(v->launch, NULL);
}

static enum err
wait_for_it(struct environment *v)
{
	struct launch *l = v->launch;

	unlock(v);
	if (!v->said_waiting)
		conn_note(l->run->r, CONN_EVENT_ENVIRONMENT, "another run is building it");
	v->said_waiting = true;
	v->look = loop_after(l->run->r->conn->loop, LOOK_MS, look_again, v);
	launch_wait(l, looked);
	return ERR_OK;
}

/* --- building --- */

static const char *
name_of(const struct environment *v)
{
	return strrchr(v->path, '/') + 1;
}

/* What was said by the tools goes with the first job: the end of it, where it is long. */
static void
note_output(struct environment *v)
{
	const struct text *t = v->said;
	size_t from = t->len > SAID_KEEP ? t->len - SAID_KEEP : 0, len;
	const char *said = utf8_mend(v, t->at + from, t->len - from, &len);

	if (t->len > 0)
		conn_note(v->launch->run->r, CONN_EVENT_ENVIRONMENT, "%s%s", from > 0 ? "... " :
		    "", said);
}

static enum err
failed(struct environment *v, const struct task_end *end, struct error *e)
{
	const struct environment_plan *p = v->plan;
	const char *tool = v->launch->tool;

	note_output(v);
	if (end->timed_out)
		return error_set(e, ERR_UNAVAILABLE, "the environment could not be built: %s did "
		    "not end within [environments] build_time (%lld s)", tool,
		    (long long)v->launch->config->environments_build_time);
	if (p->missing != NULL && strstr(v->said->at, p->missing) != NULL)
		return error_set(e, ERR_UNAVAILABLE, "the environment could not be built: %s",
		    p->hint);
	return error_set(e, ERR_UNAVAILABLE, "the environment could not be built: %s failed (%d): "
	    "%s", tool, end->return_code,
	    launch_last_lines(v->launch, v->said, LAST_LINES, LAST_MAX));
}

/* The marker has the size in KiB, and its time says when the environment was used last. */
static bool
write_complete(struct environment *v, int64_t kib)
{
	const char *path = complete_path(v), *text = mem_printf(v, "%lld\n", (long long)kib);
	int dir = open(v->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	bool ok = dir >= 0 && fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
	    fsync(fd) == 0 && fsync(dir) == 0;
	int error = errno;

	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	if (!ok)
		unlink(path);
	errno = error;
	return ok;
}

static enum err
built(struct environment *v, const struct task_end *last, struct error *e)
{
	struct launch *l = v->launch;
	int64_t kib = strtoll(last->out->at, NULL, 10);

	if (!write_complete(v, kib))
		return error_set(e, ERR_UNAVAILABLE, "the environment %s cannot be completed: %s",
		    v->path, strerror(errno));
	/* Others may use it from now on. */
	flock(v->lock, LOCK_SH | LOCK_NB);
	note_output(v);
	conn_note(l->run->r, CONN_EVENT_ENVIRONMENT, "%s built in %lld s, %lld KiB", name_of(v),
	    (long long)((clock_mono() - v->began) / MS_PER_S), (long long)kib);
	environments_sweep(l->run->r->conn);
	return v->plan->then(l, NULL, e);
}

/*
 * What follows the tools of a kind: nobody changes it by mistake, all of it is on disk, and how
 * much that is. Where another user has built it, it is ours from now on, and chmod has nothing to
 * do: that user's services may read it, and none can change what the next one executes.
 */
static const char *const closing[][3] = {
	{ "chmod", "-R", "a-w" }, { "sync", "-f", NULL }, { "du", "-sk", NULL },
};

enum { CLOSING = sizeof closing / sizeof *closing };

static enum err
closing_tool(struct environment *v, struct tool *t, struct error *e)
{
	struct launch *l = v->launch;
	const struct proc_user *user = l->run->user;
	const char *const *words = closing[v->closing];

	if (user != NULL && v->closing == 0 && local_take(v->tree, user, true, e) != ERR_OK)
		return e->code;
	v->closing++;
	const char *program = proc_find(l, l->config->local_path, words[0]);

	if (program == NULL)
		return error_set(e, ERR_UNAVAILABLE, "%s is not installed on this gateway: install "
		    "the package coreutils", words[0]);
	t->name = words[0];
	names_add(l, t->argv, program);
	names_add(l, t->argv, words[1]);
	if (words[2] != NULL)
		names_add(l, t->argv, words[2]);
	names_add(l, t->argv, v->tree);
	return ERR_OK;
}

static enum err
build_went_on(struct launch *l, const struct task_end *end, struct error *e)
{
	struct environment *v = l->environment;

	if (end->timed_out || end->return_code != 0 || v->closing == 0) {
		text_add(v->said, end->out->at, end->out->len);
		text_add(v->said, end->err->at, end->err->len);
	}
	if (end->timed_out || end->return_code != 0)
		return failed(v, end, e);
	return v->closing == CLOSING ? built(v, end, e) : build_next(l, e);
}

static int64_t
time_left(const struct environment *v)
{
	int64_t most = v->launch->config->environments_build_time * MS_PER_S;
	int64_t left = v->began + most - clock_mono();

	return left > 0 ? left : 0;
}

/* All tools have what a run has of an environment, but nothing of the service's own. */
static void
tool_env(struct launch *l, struct names *env)
{
	static const char *const names[] = { "PATH", "HOME", "LANG" };

	names_add(l, env, l->env.at[0]);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		names_add(l, env, mem_printf(l, "%s=%s", names[i], launch_get(l, names[i])));
	names_add(l, env, mem_printf(l, "TMPDIR=%s", l->home));
}

static enum err
build_next(struct launch *l, struct error *e)
{
	struct environment *v = l->environment;
	struct tool t = {
		.argv = MEM_NEW(l, struct names), .env = MEM_NEW(l, struct names), .cwd = l->dir,
		.timeout_ms = time_left(v), .writes = v->tree,
	};

	tool_env(l, t.env);
	t.is_foreign = v->plan->tool(v->plan, l, v->tool, v->tree, &t);
	if (t.is_foreign)
		v->tool++;
	else if (closing_tool(v, &t, e) != ERR_OK)
		return e->code;
	names_add(l, t.argv, NULL);
	names_add(l, t.env, NULL);
	return launch_tool(l, &t, build_went_on, e);
}

/* Another user who builds in it has to come there. */
static bool
make_place(struct environment *v)
{
	const struct proc_user *user = v->launch->run->user;

	if (mkdir(v->path, DIR_MODE) != 0 || mkdir(v->tree, DIR_MODE) != 0)
		return false;
	return user == NULL ||
	    (chmod(environments_path(v, v->launch->config), PASSED) == 0 &&
	    chmod(v->path, PASSED) == 0 && lchown(v->tree, user->uid, user->gid) == 0);
}

/* The lock is held exclusively: what is there was left half built. */
static enum err
build(struct environment *v, struct error *e)
{
	struct launch *l = v->launch;

	if (access(v->path, F_OK) == 0)
		environment_discard(l->run->r->conn, v->path);
	if (!make_place(v))
		return error_set(e, ERR_UNAVAILABLE, "the directory %s cannot be made: %s", v->path,
		    strerror(errno));
	v->began = clock_mono();
	v->said = text_new(v, SAID_MAX);
	v->tool = v->closing = 0;
	return build_next(l, e);
}

/* --- the door --- */

static bool
is_complete(struct environment *v)
{
	/* Touched: it has been used just now. */
	return utimensat(AT_FDCWD, complete_path(v), NULL, 0) == 0;
}

static enum err
look(struct environment *v, struct error *e)
{
	v->lock = environment_lock(v->path, LOCK_SH);
	if (v->lock < 0)
		return wait_for_it(v);
	if (is_complete(v)) {
		conn_note(v->launch->run->r, CONN_EVENT_ENVIRONMENT, "%s there already",
		    name_of(v));
		return v->plan->then(v->launch, NULL, e);
	}
	/* Not atomic: another one may have had it in between. */
	if (flock(v->lock, LOCK_EX | LOCK_NB) != 0 || is_complete(v))
		return wait_for_it(v);
	return build(v, e);
}

enum err
environment_use(struct launch *l, const struct environment_plan *plan, struct error *e)
{
	struct environment *v = MEM_NEW(l, struct environment);
	const char *source;

	if (environments_make(l->config, e) != ERR_OK)
		return e->code;
	v->launch = l;
	v->plan = plan;
	v->lock = -1;
	/* Older programs had no TREE: theirs are others. */
	source = mem_printf(v, "%s" TREE "\n", plan->source->at);
	v->path = mem_printf(v, "%s/%s-%.*s", environments_path(v, l->config), plan->kind,
	    DIGITS_KEPT, digest_hex(v, source, strlen(source)));
	v->tree = mem_printf(v, "%s/" TREE, v->path);
	l->environment = v;
	MEM_ON_FREE(v, environment_free);
	return look(v, e);
}
