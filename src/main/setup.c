#include "main/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

struct config *
setup_config(void *ctx, const char *path, const char *program, struct error *e)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error", [LOG_WARNING] = "warning",
		[LOG_INFO] = "info", [LOG_DEBUG] = "debug",
	};
	enum log_level level = LOG_ERROR;
	struct config *c;

	log_open(program, LOG_INFO);
	c = config_read(ctx, path, e);
	while (c != NULL && level < LOG_DEBUG && strcmp(names[level], c->log_level) != 0)
		level++;
	if (c != NULL)
		log_open(program, level);
	return c;
}

int
setup_lock(void *ctx, const struct config *c)
{
	int fd = open(
	    config_path(ctx, c, "gatehoused.pid"), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
	int saved;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

void
setup_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		log_warning("the limit of descriptors stays as it is: %s", strerror(errno));
}
