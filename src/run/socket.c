#include "run/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

enum { BACKLOG = 128, SEND_WAIT_S = 10 };

/* The address by way of the state directory's descriptor, which is short whatever the directory is
 * called. */
static int
socket_address(const struct config *c, struct sockaddr_un *a, struct error *e)
{
	int dir = open(c->state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0) {
		error_set(e, ERR_UNAVAILABLE, "the state directory %s: %s", c->state_dir,
		    strerror(errno));
		return -1;
	}
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(a->sun_path, sizeof a->sun_path, "/proc/self/fd/%d/gatehoused.sock", dir);
	return dir;
}

int
socket_connect(const struct config *c, struct error *e)
{
	const struct timeval patience = { .tv_sec = SEND_WAIT_S };
	struct sockaddr_un a;
	int dir = socket_address(c, &a, e), fd, rc;

	if (dir < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* For connect() too: one that hangs does not empty its backlog. */
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	rc = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&a, sizeof a);
	if (rc != 0) {
		error_set(e, ERR_UNAVAILABLE, "gatehoused does not answer: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	close(dir);
	return fd;
}

int
socket_listen(const struct config *c, struct error *e)
{
	struct sockaddr_un a;
	int dir = socket_address(c, &a, e), fd;
	mode_t before;

	if (dir < 0)
		return -1;
	unlink(a.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	before = umask(S_IXUSR | S_IRWXG | S_IRWXO);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, BACKLOG) != 0) {
		error_set(e, ERR_UNAVAILABLE, "the control socket: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	umask(before);
	close(dir);
	return fd;
}
