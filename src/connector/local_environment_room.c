#include "connector/local_environment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "proc/proc.h"

/*
 * What is to go is renamed first: then it is nobody's any more, and can be removed without
 * haste.
 */
#define DISCARDED ".discarded-"
#define LOCK_SUFFIX ".lock"
#define REMOVAL_MARK "GATEHOUSE_TASK=remove"

enum {
	DIR_MODE = 0700,
	FILE_MODE = 0600,
	LOCK_TRIES = 10,
	REMOVAL_MS = 3600000,
	REMOVAL_KEEP = 4096,	/* bytes of what rm says */
	GRACE_MS = 1000,
	MS_PER_DAY = 86400000,
	MS_PER_S = 1000,
	KIB_PER_MIB = 1024,
	SIZE_TEXT_MAX = 32
};

char *
environments_path(void *ctx, const struct config *c)
{
	return config_path(ctx, c, "environments");
}

enum err
environments_make(const struct config *c, struct error *e)
{
	SCOPED(tmp, NULL);
	const char *path = environments_path(tmp, c);

	if (mkdir(path, DIR_MODE) == 0 || errno == EEXIST)
		return ERR_OK;
	return error_set(e, ERR_UNAVAILABLE, "the directory %s cannot be made: %s", path,
	    strerror(errno));
}

/* --- locks --- */

/* Whether FD is still the file at PATH: who removed an environment removed its lock file too. */
static bool
is_at(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	    a.st_ino == b.st_ino;
}

int
environment_lock(const char *path, int how)
{
	SCOPED(tmp, NULL);
	const char *file = mem_printf(tmp, "%s" LOCK_SUFFIX, path);

	for (int i = 0; i < LOCK_TRIES; i++) {
		int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);

		if (fd < 0)
			return -1;
		if (flock(fd, how | LOCK_NB) != 0) {
			close(fd);
			return -1;
		}
		if (is_at(fd, file))
			return fd;
		close(fd);
	}
	return -1;
}

/* --- removing --- */

struct removal {
	struct conn *conn;
	const char *path;
	bool unlocked;		/* its directories can be written to again */
};

static void removal_next(struct removal *r);

static void
removal_ended(void *arg, const struct task_end *end)
{
	struct removal *r = arg;

	if (!r->unlocked) {
		r->unlocked = true;
		removal_next(r);
		return;
	}
	if (end->return_code != 0)
		log_warning("%s cannot be removed: %s", r->path, end->err->at);
	mem_free(r);
}

static const char *const removal_words[][3] = { { "chmod", "-R", "u+rwx" }, { "rm", "-r", "-f" } };

static void
removal_next(struct removal *r)
{
	const char *const *words = removal_words[r->unlocked];
	const char *program = proc_find(r, r->conn->config->local_path, words[0]);
	const char *const argv[] = { program, words[1], words[2], r->path, NULL };
	const char *const envp[] = { REMOVAL_MARK, NULL };
	const struct proc_spec spec = {
		.argv = argv, .envp = envp, .cwd = "/", .grace_ms = GRACE_MS, .mark = REMOVAL_MARK,
	};
	struct error e = { 0 };

	if (program != NULL && task_start(r->conn, r->conn->loop, &spec, REMOVAL_MS, REMOVAL_KEEP,
	    removal_ended, r, &e) != NULL)
		return;
	log_warning("%s cannot be removed: %s", r->path, program != NULL ? e.detail : words[0]);
	mem_free(r);
}

/* Where the gateway is closed before it is done, the next sweep goes on. */
static void
removal_begin(struct conn *c, const char *path)
{
	struct removal *r = MEM_NEW(c, struct removal);

	r->conn = c;
	r->path = mem_text(r, path);
	/* Root needs no leave. */
	r->unlocked = geteuid() == 0;
	removal_next(r);
}

void
environment_discard(struct conn *c, const char *path)
{
	SCOPED(tmp, NULL);
	const char *to = mem_printf(tmp, "%s/" DISCARDED "%s", environments_path(tmp, c->config),
	    id_new(tmp));

	if (rename(path, to) == 0)
		removal_begin(c, to);
	else if (errno != ENOENT)
		log_warning("%s cannot be renamed: %s", path, strerror(errno));
}

/* --- what is old, or too much --- */

struct found {
	const char *path;
	int64_t used;		/* ms since 1970; 0: it is not whole */
	int64_t kib;
};

struct stock {
	struct found *at;
	size_t n;
	int64_t kib;
};

static int64_t
read_size(const char *path)
{
	char text[SIZE_TEXT_MAX] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof text - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strtoll(text, NULL, 10);
}

static void
stock_add(void *ctx, struct stock *s, const char *path)
{
	const char *complete = mem_printf(ctx, "%s/complete", path);
	struct found f = { .path = path };
	struct stat st;

	if (stat(complete, &st) == 0) {
		f.used = (int64_t)st.st_mtim.tv_sec * MS_PER_S;
		f.kib = read_size(complete);
	}
	s->at = MEM_GROW(ctx, s->at, struct found, s->n + 1);
	s->at[s->n++] = f;
	s->kib += f.kib;
}

static bool
ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static void
stock_read(void *ctx, struct conn *c, struct stock *s)
{
	const char *top = environments_path(ctx, c->config);
	DIR *dir = opendir(top);
	const struct dirent *d;

	if (dir == NULL)
		return;
	while ((d = readdir(dir)) != NULL) {
		const char *path = mem_printf(ctx, "%s/%s", top, d->d_name);

		if (strncmp(d->d_name, DISCARDED, strlen(DISCARDED)) == 0)
			removal_begin(c, path);
		else if (d->d_name[0] != '.' && !ends_in(d->d_name, LOCK_SUFFIX))
			stock_add(ctx, s, path);
	}
	closedir(dir);
}

static int
by_use(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->used < y->used ? -1 : x->used > y->used;
}

static bool
is_too_old(const struct config *c, const struct found *f)
{
	return f->used == 0 || (c->environments_days > 0 &&
	    f->used < clock_wall() - c->environments_days * MS_PER_DAY);
}

static bool
is_too_much(const struct config *c, int64_t kib)
{
	return c->environments_megabytes > 0 && kib > c->environments_megabytes * KIB_PER_MIB;
}

/* One that a run uses or builds is locked, and stays. */
static bool
retire(struct conn *c, const struct found *f)
{
	SCOPED(tmp, NULL);
	int lock = environment_lock(f->path, LOCK_EX);

	if (lock < 0)
		return false;
	log_info("removing the environment %s", f->path);
	environment_discard(c, f->path);
	unlink(mem_printf(tmp, "%s" LOCK_SUFFIX, f->path));
	close(lock);
	return true;
}

void
environments_sweep(struct conn *c)
{
	SCOPED(tmp, NULL);
	struct stock s = { .at = MEM_ARRAY(tmp, struct found, 0) };

	stock_read(tmp, c, &s);
	qsort(s.at, s.n, sizeof *s.at, by_use);
	for (size_t i = 0; i < s.n; i++)
		if ((is_too_old(c->config, &s.at[i]) || is_too_much(c->config, s.kib)) &&
		    retire(c, &s.at[i]))
			s.kib -= s.at[i].kib;
}
