#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "connector/local_private.h"

/*
 * The lists of what may be opened in a sandbox ([local] sandbox): of services, and of all programs
 * that prepare a run, since those execute what others wrote as well. Where a sandbox is asked for
 * and cannot be had, nothing runs.
 */

/* What programs take for granted. Semaphores lie in shm. */
static const struct proc_allow devices[] = {
	{ "/dev/null", PROC_WRITE }, { "/dev/zero", PROC_WRITE }, { "/dev/full", PROC_WRITE },
	{ "/dev/random", PROC_WRITE }, { "/dev/urandom", PROC_WRITE },
	{ "/dev/tty", PROC_WRITE }, { "/dev/ptmx", PROC_WRITE }, { "/dev/pts", PROC_WRITE },
	{ "/dev/shm", PROC_WRITE },
};

enum { DEVICES = sizeof devices / sizeof *devices };

enum err
fence_new(void *ctx, const struct config *c, struct fence **f, struct error *e)
{
	*f = NULL;
	if (strcmp(c->local_sandbox, "none") == 0)
		return ERR_OK;
	if (proc_sandbox_version() == 0)
		return error_set(e, ERR_UNAVAILABLE, "[local] sandbox is landlock, but the kernel "
		    "of this gateway has no Landlock");
	*f = MEM_NEW(ctx, struct fence);
	(*f)->config = c;
	fence_allow_list(*f, c->local_sandbox_read, PROC_READ);
	for (size_t i = 0; i < DEVICES; i++)
		fence_allow(*f, devices[i].path, devices[i].right);
	return ERR_OK;
}

void
fence_allow(struct fence *f, const char *path, enum proc_right right)
{
	if (f == NULL || path == NULL || path[0] == '\0')
		return;
	f->at = MEM_GROW(f, f->at, struct proc_allow, f->n + 1);
	f->at[f->n++] = (struct proc_allow){ .path = mem_text(f, path), .right = right };
}

void
fence_allow_list(struct fence *f, const char *list, enum proc_right right)
{
	while (f != NULL && *list != '\0') {
		size_t n = strcspn(list, ":");

		fence_allow(f, mem_textn(f, list, n), right);
		list += n + (list[n] == ':');
	}
}

/* Whether PATH is DIR or lies below it, by what they are and not by what they are called. */
static bool
is_below(const char *path, const char *dir)
{
	struct stat top, at, up = { 0 };
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), next;
	bool found = false, more;

	more = fd >= 0 && stat(dir, &top) == 0 && fstat(fd, &at) == 0;
	while (more && !found) {
		found = at.st_dev == top.st_dev && at.st_ino == top.st_ino;
		next = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		more = next >= 0 && fstat(next, &up) == 0 &&
		    (up.st_dev != at.st_dev || up.st_ino != at.st_ino);
		at = up;
		close(fd);
		fd = next;
	}
	if (fd >= 0)
		close(fd);
	return found;
}

/* Rules only add: what lies below a directory that is allowed cannot be taken out again. */
enum err
fence_check(const struct fence *f, const char *home, const char *who, struct error *e)
{
	SCOPED(tmp, NULL);
	const char *runs = f != NULL ? config_path(tmp, f->config, "runs") : NULL;

	for (size_t i = 0; f != NULL && i < f->n; i++) {
		const char *path = f->at[i].path;

		if (is_below(f->config->state_dir, path) ||
		    (is_below(path, runs) && !is_below(path, home)))
			return error_set(e, ERR_FORBIDDEN, "the sandbox cannot be made: %s, which "
			    "%s would see, holds the state of Gatehouse", text_shown(tmp, path),
			    who);
	}
	return ERR_OK;
}

void
fence_put(const struct fence *f, struct proc_spec *spec)
{
	spec->allow = f != NULL ? f->at : NULL;
	spec->n_allow = f != NULL ? f->n : 0;
}
