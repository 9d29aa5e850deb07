#include "main/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/file.h"
#include "base/mem.h"

enum { COPY_SIZE = 65536 };

static enum err
cannot(const char *path, struct error *e)
{
	return error_set(e, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
}

static enum err
is_there(const char *path, struct error *e)
{
	return error_set(e, ERR_CONFLICT, "%s is there already: --force replaces it", path);
}

/* Whether PATH may get its name at the end. */
static enum err
check_path(const struct whole *w, struct error *e)
{
	struct stat st;

	if (lstat(w->path, &st) != 0)
		return errno == ENOENT ? ERR_OK : cannot(w->path, e);
	if (!S_ISREG(st.st_mode))
		return error_set(e, ERR_CONFLICT, "%s is there already, and is no file", w->path);
	return w->replaces ? ERR_OK : is_there(w->path, e);
}

/* Another writer may have given the locked file its name meanwhile: then it is not ours. */
static bool
is_named(int fd, const char *path)
{
	struct stat one, other;

	return fstat(fd, &one) == 0 && lstat(path, &other) == 0 && one.st_dev == other.st_dev &&
	    one.st_ino == other.st_ino;
}

enum err
whole_begin(struct whole *w, void *ctx, const char *path, bool replaces, struct error *e)
{
	const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;

	*w = (struct whole){ .path = path, .replaces = replaces, .lock = -1 };
	if (check_path(w, e) != ERR_OK)
		return e->code;
	w->part = mem_printf(ctx, "%s.part", path);
	w->lock = open(w->part, flags, S_IRUSR | S_IWUSR);
	if (w->lock < 0)
		return cannot(w->part, e);
	if (flock(w->lock, LOCK_EX | LOCK_NB) != 0 || !is_named(w->lock, w->part)) {
		close(w->lock);
		w->lock = -1;
		return error_set(e, ERR_CONFLICT, "another program is writing %s", w->part);
	}
	return ftruncate(w->lock, 0) == 0 && fchmod(w->lock, S_IRUSR | S_IWUSR) == 0 ? ERR_OK :
	    cannot(w->part, e);
}

enum err
whole_room(const struct whole *w, int64_t bytes, struct error *e)
{
	struct statvfs fs;

	if (fstatvfs(w->lock, &fs) != 0)
		return cannot(w->part, e);
	if ((uint64_t)bytes <= (uint64_t)fs.f_bavail * fs.f_frsize)
		return ERR_OK;
	return error_set(e, ERR_UNAVAILABLE, "%s needs %lld bytes, and its disk has %llu left",
	    w->path, (long long)bytes, (unsigned long long)fs.f_bavail * fs.f_frsize);
}

enum err
whole_copy(int from, int to, struct error *e)
{
	SCOPED(tmp, NULL);
	char *bytes = mem_bytes(tmp, COPY_SIZE);
	ssize_t n;

	while ((n = read(from, bytes, COPY_SIZE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(
			    e, ERR_UNAVAILABLE, "it cannot be read: %s", strerror(errno));
		if (!file_write_all(to, bytes, (size_t)n))
			return error_set(
			    e, ERR_UNAVAILABLE, "it cannot be written: %s", strerror(errno));
	}
	return ERR_OK;
}

static enum err
sync_path(const char *path, int flags, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	enum err rc = fd >= 0 && fsync(fd) == 0 ? ERR_OK : cannot(path, e);

	if (fd >= 0)
		close(fd);
	return rc;
}

enum err
whole_sync_dir(const char *path, struct error *e)
{
	return sync_path(path, O_DIRECTORY, e);
}

/* Some file systems cannot refuse to replace: then what was seen at the begin has to do. */
static int
give_name(const struct whole *w)
{
	int rc = renameat2(AT_FDCWD, w->part, AT_FDCWD, w->path,
	    w->replaces ? 0 : RENAME_NOREPLACE);

	return rc != 0 && errno == EINVAL ? rename(w->part, w->path) : rc;
}

enum err
whole_end(struct whole *w, struct error *e)
{
	SCOPED(tmp, NULL);
	const char *slash = strrchr(w->path, '/');
	size_t n = slash != NULL ? (size_t)(slash - w->path) : 0;

	if (sync_path(w->part, O_NOFOLLOW, e) != ERR_OK)
		return e->code;
	CRASH_POINT("backup-whole");
	if (give_name(w) != 0)
		return errno == EEXIST ? is_there(w->path, e) : cannot(w->path, e);
	w->part = NULL;
	if (slash == NULL)
		return whole_sync_dir(".", e);
	return whole_sync_dir(n > 0 ? mem_textn(tmp, w->path, n) : "/", e);
}

void
whole_drop(struct whole *w)
{
	if (w->lock < 0)
		return;
	if (w->part != NULL)
		unlink(w->part);
	close(w->lock);
	w->lock = -1;
}
