#include "connector/git_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

enum {
	DIR_MODE = 0700,
	FILE_MODE = 0600,
	MS_PER_S = 1000,
	NS_PER_MS = 1000000
};

enum err
git_dir_make(const char *path, struct error *e)
{
	if (mkdir(path, DIR_MODE) == 0 || errno == EEXIST)
		return ERR_OK;
	return error_set(e, ERR_UNAVAILABLE, "the directory %s cannot be made: %s", path,
	    strerror(errno));
}

/* The file may have been removed between opening and locking it: that would lock nobody out. */
static bool
is_still_there(int fd, const char *path)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
	    opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

enum err
git_lock(const char *path, int how, int *fd, struct error *e)
{
	int opened = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);

	*fd = -1;
	if (opened < 0)
		return error_set(e, ERR_UNAVAILABLE, "the file %s cannot be opened: %s", path,
		    strerror(errno));
	if (flock(opened, how | LOCK_NB) == 0 && is_still_there(opened, path))
		*fd = opened;
	else
		close(opened);
	return ERR_OK;
}

void
git_unlock(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

bool
git_is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

enum err
git_stamp(const char *path, int64_t ms, struct error *e)
{
	const struct timespec at = {
		.tv_sec = ms / MS_PER_S, .tv_nsec = ms % MS_PER_S * NS_PER_MS
	};
	const struct timespec times[] = { at, at };
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	bool ok = fd >= 0 && futimens(fd, times) == 0;
	int error = errno;

	if (fd >= 0)
		close(fd);
	return ok ? ERR_OK : error_set(e, ERR_UNAVAILABLE, "the file %s cannot be written: %s",
	    path, strerror(error));
}

int64_t
git_stamped(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * MS_PER_S + st.st_mtim.tv_nsec / NS_PER_MS;
}

void
git_failure_write(const char *path, const struct error *failure)
{
	FILE *f = fopen(path, "we");

	if (f == NULL || fprintf(f, "%s\n%s\n", err_name(failure->code), failure->detail) < 0)
		log_debug("%s cannot be written", path);
	if (f != NULL)
		fclose(f);
}

bool
git_failure_read(const char *path, struct error *failure)
{
	char code[ERROR_FIELD_MAX] = "", detail[ERROR_DETAIL_MAX] = "";
	FILE *f = fopen(path, "re");
	bool ok = f != NULL && fgets(code, sizeof code, f) != NULL &&
	    fgets(detail, sizeof detail, f) != NULL;

	if (f != NULL)
		fclose(f);
	if (!ok)
		return false;
	code[strcspn(code, "\n")] = detail[strcspn(detail, "\n")] = '\0';
	error_set(failure, err_find(code), "%s", detail);
	return true;
}
