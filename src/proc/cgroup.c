#include "proc/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "proc/cgroup_private.h"
#include "proc/proc.h"

#define OUR_NAME "gatehouse-"

enum {
	READ_SIZE = 4096,
	READ_MOST = 4 * 1024 * 1024,	/* bytes of a file of the system */
	DECIMAL = 10,
	DIR_MODE = 0755,
	FILE_MODE = 0600,
	KILL_ROUNDS = 200,		/* until a group is empty, */
	KILL_PAUSE = 10			/* ms between them */
};

struct cgroup {
	const char *path;
};

/* Which groups are ours belongs to the process, as its children do. */
static struct {
	char *dir;		/* those of what is started are below it; NULL: there are none */
	uint64_t made;
	bool complained;	/* that one cannot be made */
} groups;

/* --- files of the system --- */

struct text *
cgroup_read(void *ctx, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct text *t = text_new(ctx, READ_MOST);
	char bytes[READ_SIZE];
	ssize_t n;

	if (fd < 0)
		return NULL;
	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		text_add(t, bytes, (size_t)n);
	close(fd);
	return n == 0 ? t : NULL;
}

static int
open_file(const char *dir, const char *file)
{
	SCOPED(tmp, NULL);

	return open(mem_printf(tmp, "%s/%s", dir, file), O_WRONLY | O_CLOEXEC);
}

bool
cgroup_write(int fd, char word)
{
	ssize_t n;

	do
		n = write(fd, &word, sizeof word);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof word;
}

static bool
write_word(const char *dir, const char *file, char word)
{
	int fd = open_file(dir, file), error;
	bool ok = fd >= 0 && cgroup_write(fd, word);

	error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return ok;
}

bool
cgroup_is(const char *dir)
{
	struct statfs fs;

	return statfs(dir, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* --- a group and those below it: a service may have made some --- */

/* Calls FN(arg, dir) for DIR and all directories below it, the lowest first. */
static void
each_group(const char *dir, void (*fn)(void *arg, const char *dir), void *arg)
{
	SCOPED(tmp, NULL);
	char *paths[] = { mem_text(tmp, dir), NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	const FTSENT *one;

	if (tree == NULL)
		return;
	while ((one = fts_read(tree)) != NULL)
		if (one->fts_info == FTS_DP)
			fn(arg, one->fts_path);
	fts_close(tree);
}

void
cgroup_members_add(void *members, const char *dir)
{
	SCOPED(tmp, NULL);
	struct cgroup_members *m = members;
	const struct text *list = cgroup_read(tmp, mem_printf(tmp, "%s/" CGROUP_DOOR, dir));
	char *at = list != NULL ? list->at : NULL, *end;

	while (at != NULL && *at != '\0') {
		long pid = strtol(at, &end, DECIMAL);

		if (end == at)
			return;
		/* One of another space of processes has no number here. */
		if (pid > 0) {
			m->at = MEM_GROW(m->ctx, m->at, pid_t, m->n + 1);
			m->at[m->n++] = (pid_t)pid;
		}
		at = end + strspn(end, "\n");
	}
}

static int
compare_pids(const void *a, const void *b)
{
	const pid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

bool
cgroup_members_have(const struct cgroup_members *m, pid_t pid)
{
	return m->n > 0 && bsearch(&pid, m->at, m->n, sizeof *m->at, compare_pids) != NULL;
}

static bool
is_populated(const char *dir)
{
	SCOPED(tmp, NULL);
	const struct text *t = cgroup_read(tmp, mem_printf(tmp, "%s/cgroup.events", dir));

	return t != NULL && strstr(t->at, "populated 1") != NULL;
}

static void
remove_one(void *arg, const char *dir)
{
	(void)arg;
	rmdir(dir);
}

/* False: somebody is in it, or in one below it. */
static bool
remove_group(const char *dir)
{
	if (rmdir(dir) == 0 || errno == ENOENT)
		return true;
	each_group(dir, remove_one, NULL);
	return access(dir, F_OK) != 0;
}

/* Kills all that are in it and below it, and removes them. False: something is still there. */
static bool
clear_group(const char *dir)
{
	for (int round = 0; round < KILL_ROUNDS; round++) {
		if (remove_group(dir))
			return true;
		write_word(dir, CGROUP_KILLER, CGROUP_KILL);
		poll(NULL, 0, KILL_PAUSE);
	}
	return false;
}

/* --- one of a process --- */

static int
cgroup_destroy(struct cgroup *g)
{
	/* What is left goes when the dispatcher leaves, or with the next one. */
	if (!remove_group(g->path))
		log_debug("control group %s is in use", g->path);
	return 0;
}

struct cgroup *
cgroup_new(void *ctx)
{
	struct cgroup *g;

	if (groups.dir == NULL)
		return NULL;
	g = MEM_NEW(ctx, struct cgroup);
	g->path = mem_printf(g, "%s/%llu", groups.dir, (unsigned long long)++groups.made);
	if (mkdir(g->path, DIR_MODE) != 0) {
		if (!groups.complained)
			log_warning("processes get no control group: %s: %s", g->path,
			    strerror(errno));
		groups.complained = true;
		mem_free(g);
		return NULL;
	}
	groups.complained = false;
	MEM_ON_FREE(g, cgroup_destroy);
	return g;
}

int
cgroup_open(const struct cgroup *g, const char *file)
{
	return open_file(g->path, file);
}

void
cgroup_kill(const struct cgroup *g)
{
	if (g != NULL && !write_word(g->path, CGROUP_KILLER, CGROUP_KILL) && errno != ENOENT)
		log_warning("%s/" CGROUP_KILLER ": %s", g->path, strerror(errno));
}

void
cgroup_members(void *ctx, const struct cgroup *g, struct cgroup_members *m)
{
	*m = (struct cgroup_members){ .ctx = ctx };
	if (g != NULL)
		each_group(g->path, cgroup_members_add, m);
	if (m->n > 0)
		qsort(m->at, m->n, sizeof *m->at, compare_pids);
}

bool
cgroup_is_populated(const struct cgroup *g)
{
	return g != NULL && is_populated(g->path);
}

/* --- where they may be made --- */

/* The kernel lets whoever may make a group not put processes into it everywhere. */
static bool
try_one(struct error *e)
{
	struct cgroup *g = cgroup_new(NULL);
	int status = -1;
	pid_t pid = g != NULL ? fork() : -1;

	if (pid == 0)
		_exit(write_word(g->path, CGROUP_DOOR, CGROUP_ENTER) ? 0 : errno);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	mem_free(g);
	if (status == 0)
		return true;
	error_set(e, ERR_UNAVAILABLE, "no process can be put into a cgroup below %s: %s",
	    groups.dir, WIFEXITED(status) ? strerror(WEXITSTATUS(status)) : "no try was possible");
	return false;
}

static enum err
make_dir(const char *dir, struct error *e)
{
	SCOPED(tmp, NULL);

	if (mkdir(dir, DIR_MODE) != 0)
		return error_set(e, ERR_UNAVAILABLE, "%s: %s", dir, strerror(errno));
	if (access(mem_printf(tmp, "%s/" CGROUP_KILLER, dir), W_OK) != 0)
		return error_set(e, ERR_UNAVAILABLE,
		    "the kernel cannot kill a whole cgroup, Linux 5.14 can");
	return ERR_OK;
}

/* It is named before it is there, so that none is left that nobody knows. */
static enum err
write_name(const char *file, const char *dir, struct error *e)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	bool ok = fd >= 0 && dprintf(fd, "%s\n", dir) > 0;

	if (!ok)
		error_set(e, ERR_UNAVAILABLE, "%s: %s", file, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok ? ERR_OK : e->code;
}

char *
proc_groups_where(void *ctx, const char *file)
{
	SCOPED(tmp, NULL);
	const struct text *t = cgroup_read(tmp, file);
	char *dir = t != NULL ? mem_textn(ctx, t->at, strcspn(t->at, "\n")) : NULL;
	const char *name = dir != NULL ? strrchr(dir, '/') : NULL;

	if (name == NULL || strncmp(name + 1, OUR_NAME, strlen(OUR_NAME)) != 0 || !cgroup_is(dir))
		return NULL;
	return dir;
}

enum err
proc_groups_open(const char *file, struct error *e)
{
	SCOPED(tmp, NULL);
	const char *own = cgroup_own(tmp, e);

	if (own == NULL)
		return e->code;
	groups.dir = mem_printf(NULL, "%s/" OUR_NAME "%s", own, id_new(tmp));
	groups.made = 0;
	if (write_name(file, groups.dir, e) == ERR_OK && make_dir(groups.dir, e) == ERR_OK &&
	    try_one(e))
		return ERR_OK;
	proc_groups_close(file);
	return e->code;
}

void
proc_groups_sweep(const char *file)
{
	SCOPED(tmp, NULL);
	const char *dir = proc_groups_where(tmp, file), *own;
	struct error ignored;
	size_t n;

	if (dir == NULL)
		return;
	/* One that is started on demand may be in what is left itself. */
	own = cgroup_own(tmp, &ignored);
	n = strlen(dir);
	if (own != NULL && strncmp(own, dir, n) == 0 && (own[n] == '/' || own[n] == '\0'))
		log_warning("what an earlier gatehoused left in %s stays: this one is in it", dir);
	else if (!clear_group(dir))
		log_warning("what an earlier gatehoused left in %s cannot be removed", dir);
}

void
proc_groups_close(const char *file)
{
	if (groups.dir == NULL)
		return;
	if (clear_group(groups.dir))
		unlink(file);
	else
		log_warning("control group %s is not empty", groups.dir);
	mem_free(groups.dir);
	groups.dir = NULL;
}
