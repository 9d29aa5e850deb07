#include "connector/local_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "connector/path.h"

enum {
	DIR_MODE = 0700,
	FILE_MODE = 0600,
	LEVELS_MAX = 64,	/* each level holds a descriptor: what is deeper is moved up */
	PASSES_MAX = 100000,
	SLICE = 500		/* entries that are removed at a time */
};

static char *
runs_path(void *ctx, const struct config *c)
{
	return config_path(ctx, c, "runs");
}

/* --- removing --- */

struct removal {
	int top;		/* the directory that is emptied */
	unsigned moved;
	bool again;		/* something was moved up or left, and is to be removed yet */
	int left;		/* entries that may still be removed in this pass; -1: any number */
	bool failed;
};

static void empty(struct removal *r, int fd, int level);

/* Too deep: it becomes an entry of the top, where the next pass finds it. */
static void
move_up(struct removal *r, int fd, const char *name)
{
	SCOPED(tmp, NULL);

	if (renameat(fd, name, r->top, mem_printf(tmp, ".removed-%u", r->moved++)) == 0)
		r->again = true;
	else
		r->failed = true;
}

static void
remove_directory(struct removal *r, int fd, const char *name, int level)
{
	int inner;

	if (level == LEVELS_MAX) {
		move_up(r, fd, name);
		return;
	}
	inner = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* The service may have taken its own right to read it. */
	if (inner < 0 && errno == EACCES && fchmodat(fd, name, DIR_MODE, 0) == 0)
		inner = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner >= 0)
		empty(r, inner, level + 1);
	if (unlinkat(fd, name, AT_REMOVEDIR) != 0 && !r->again)
		r->failed = true;
}

/* Removes what FD holds, and closes it. */
static void
empty(struct removal *r, int fd, int level)
{
	const struct dirent *d;
	DIR *dir;

	fchmod(fd, DIR_MODE);
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		r->failed = true;
		return;
	}
	while ((d = readdir(dir)) != NULL) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (r->left == 0) {
			r->again = true;
			break;
		}
		r->left -= r->left > 0;
		if (unlinkat(fd, d->d_name, 0) == 0)
			continue;
		if (errno == EISDIR || errno == EPERM)
			remove_directory(r, fd, d->d_name, level);
		else
			r->failed = true;
	}
	closedir(dir);
}

/* At most MOST entries (-1: any number). False: something is left for another pass. */
static bool
remove_some(struct removal *r, const char *path, int most)
{
	r->again = r->failed = false;
	r->left = most;
	r->top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r->top >= 0)
		empty(r, r->top, 0);
	return !r->again;
}

void
dir_remove(const char *path)
{
	struct removal r = { 0 };

	for (int pass = 0; pass < PASSES_MAX && !remove_some(&r, path, -1); pass++)
		;
	if (rmdir(path) != 0 && errno != ENOENT)
		log_warning("%s cannot be removed: %s", path, strerror(errno));
}

/* --- the directory of run directories --- */

static void
remove_stale(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		log_info("removing %s, left over", path);
		dir_remove(path);
	}
	close(fd);
}

enum err
run_dirs_check(const struct config *c, struct error *e)
{
	SCOPED(tmp, NULL);
	const char *path = runs_path(tmp, c);

	if (mkdir(path, DIR_MODE) != 0 && errno != EEXIST)
		return error_set(e, ERR_UNAVAILABLE, "the directory %s cannot be made: %s", path,
		    strerror(errno));
	if (access(path, R_OK | W_OK | X_OK) != 0)
		return error_set(e, ERR_UNAVAILABLE, "the directory %s cannot be used: %s", path,
		    strerror(errno));
	return ERR_OK;
}

enum err
run_dirs_open(const struct config *c, struct error *e)
{
	SCOPED(tmp, NULL);
	const char *path = runs_path(tmp, c);
	const struct dirent *d;
	DIR *dir;

	if (run_dirs_check(c, e) != ERR_OK)
		return e->code;
	dir = opendir(path);
	if (dir == NULL)
		return error_set(e, ERR_UNAVAILABLE, "the directory %s cannot be read: %s", path,
		    strerror(errno));
	while ((d = readdir(dir)) != NULL)
		if (id_is(d->d_name))
			remove_stale(mem_printf(tmp, "%s/%s", path, d->d_name));
	closedir(dir);
	return ERR_OK;
}

/* --- one run directory --- */

static int
run_dir_free(struct run_dir *d)
{
	dir_remove(d->path);
	if (d->lock >= 0)
		close(d->lock);
	return 0;
}

bool
run_dir_empty(struct run_dir *d)
{
	struct removal r = { .moved = d->moved };
	bool is_empty = ++d->passes >= PASSES_MAX || remove_some(&r, d->path, SLICE);

	d->moved = r.moved;
	return is_empty;
}

struct run_dir *
run_dir_new(void *ctx, const struct config *c, const char *attempt_id, struct error *e)
{
	struct run_dir *d;

	if (!id_is(attempt_id)) {
		error_set(e, ERR_INVALID, "the id of an attempt must be %d hex digits", ID_LEN);
		return NULL;
	}
	d = MEM_NEW(ctx, struct run_dir);
	d->path = mem_printf(d, "%s/%s", runs_path(d, c), attempt_id);
	if (mkdir(d->path, DIR_MODE) != 0) {
		error_set(e, ERR_UNAVAILABLE, "the run directory %s cannot be made: %s", d->path,
		    strerror(errno));
		mem_free(d);
		return NULL;
	}
	MEM_ON_FREE(d, run_dir_free);
	d->lock = open(d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->lock < 0 || flock(d->lock, LOCK_EX | LOCK_NB) != 0) {
		error_set(e, ERR_UNAVAILABLE, "the run directory %s cannot be locked: %s", d->path,
		    strerror(errno));
		mem_free(d);
		return NULL;
	}
	return d;
}

enum err
run_dir_write(void *ctx, const char *home, const struct proc_user *user, const char *name,
    const char *text, const char **path, struct error *e)
{
	const char *at = mem_printf(ctx, "%s/%s", home, name);
	int fd = open(at, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	bool ok = fd >= 0 && file_write_all(fd, text, strlen(text)) &&
	    (user == NULL || fchown(fd, user->uid, user->gid) == 0);
	int error = errno;

	if (fd >= 0 && close(fd) != 0 && ok) {
		error = errno;
		ok = false;
	}
	*path = at;
	if (ok)
		return ERR_OK;
	return error_set(e, ERR_UNAVAILABLE, "%s cannot be written: %s", at, strerror(error));
}
