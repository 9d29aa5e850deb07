#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "connector/local_private.h"

/*
 * What a run of another user needs is given to that user before anything is executed, and what is
 * to stay is taken back after. While it is theirs, other processes of the same user may change it
 * under our hands, and we are root: nothing is taken by its path but what lies in a directory that
 * is ours.
 */

enum {
	LEVELS_MAX = 128,	/* each level holds a descriptor */
	DIR_MODE = 0700,
	FILE_MODE = 0600,
	SHOWN_DIR = 0555,
	SHOWN_FILE = 0444,
	ANY_EXECUTE = S_IXUSR | S_IXGRP | S_IXOTH
};

/* --- giving --- */

/* PATH and all below it; nobody else comes there yet. The directory itself is the last. */
static enum err
give(struct launch *l, const char *path, struct error *e)
{
	const struct proc_user *user = l->run->user;
	char *const paths[] = { mem_text(l, path), NULL };
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	const FTSENT *f;
	int error = walk == NULL ? errno : 0;

	while (error == 0 && (f = fts_read(walk)) != NULL)
		if (f->fts_info == FTS_ERR || f->fts_info == FTS_DNR)
			error = f->fts_errno;
		else if (f->fts_info != FTS_D && lchown(f->fts_accpath, user->uid, user->gid) != 0)
			error = errno;
	if (walk != NULL)
		fts_close(walk);
	if (error == 0)
		return ERR_OK;
	return error_set(e, ERR_UNAVAILABLE, "%s cannot be given to another user: %s", path,
	    strerror(error));
}

enum err
local_hand_over(struct launch *l, struct error *e)
{
	const char *states = launch_state_dir(l);

	if (l->run->user == NULL)
		return ERR_OK;
	if (states != NULL && give(l, states, e) != ERR_OK)
		return e->code;
	return give(l, l->home, e);
}

enum err
launch_write(struct launch *l, const char *name, const char *text, const char **path,
    struct error *e)
{
	return run_dir_write(l, l->home, l->run->user, name, text, path, e);
}

/* --- taking back --- */

struct taking {
	const struct proc_user *user;
	bool shown;		/* to be read by all, and written by nobody */
};

static bool take_dir(const struct taking *t, int fd, int level);

/* Not what the user has only linked here: that is somebody else's. */
static bool
may_be_taken(const struct taking *t, const struct stat *st)
{
	return st->st_uid == t->user->uid || (st->st_uid == geteuid() && st->st_nlink == 1);
}

static bool
take_file(const struct taking *t, int dir, const char *name, const struct stat *st)
{
	mode_t shown = (st->st_mode & ANY_EXECUTE) != 0 ? SHOWN_DIR : SHOWN_FILE;

	if (!may_be_taken(t, st)) {
		errno = EPERM;
		return false;
	}
	return fchownat(dir, name, geteuid(), getegid(), AT_SYMLINK_NOFOLLOW) == 0 &&
	    (S_ISLNK(st->st_mode) || fchmodat(dir, name, t->shown ? shown : FILE_MODE, 0) == 0);
}

/* The directory DIR is ours by now, and nobody else can put another file in the place of this. */
static bool
take_entry(const struct taking *t, int dir, const char *name, int level)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
		return take_file(t, dir, name, &st);
	if (!S_ISDIR(st.st_mode))
		return unlinkat(dir, name, 0) == 0;
	if (level == LEVELS_MAX) {
		errno = ELOOP;
		return false;
	}
	return take_dir(t, openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
	    level + 1);
}

/* Closes FD. */
static bool
take_dir(const struct taking *t, int fd, int level)
{
	bool ok = fd >= 0 && fchown(fd, geteuid(), getegid()) == 0 && fchmod(fd, DIR_MODE) == 0;
	DIR *dir = ok ? fdopendir(fd) : NULL;
	const struct dirent *d;
	int error = errno;

	ok = dir != NULL;
	while (ok && (d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0) {
			ok = take_entry(t, fd, d->d_name, level);
			error = errno;
		}
	if (ok && t->shown && fchmod(fd, SHOWN_DIR) != 0) {
		ok = false;
		error = errno;
	}
	if (dir != NULL)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	errno = error;
	return ok;
}

enum err
local_take(const char *path, const struct proc_user *user, bool shown, struct error *e)
{
	const struct taking t = { .user = user, .shown = shown };

	if (take_dir(&t, open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), 0))
		return ERR_OK;
	return error_set(e, ERR_UNAVAILABLE, "%s cannot be taken back from another user: %s", path,
	    strerror(errno));
}

void
local_take_back(struct launch *l)
{
	const char *states = launch_state_dir(l);
	struct error e;

	if (l->run->user != NULL && states != NULL &&
	    local_take(states, l->run->user, false, &e) != ERR_OK)
		log_warning("%s", e.detail);
}
