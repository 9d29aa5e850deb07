#include "proc/reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/cgroup.h"

/* A copy of the dispatcher that has not executed anything: it only calls the system. */

enum {
	REPORT = STDERR_FILENO + 1,	/* where the pipe is moved to */
	CHILDREN,			/* the signalfd(2) */
	FIRST_OTHER,
	LIST_MAX = 4096,		/* bytes of the list of children looked at a time */
	PATH_OF_PROC = 64,
	DECIMAL = 10,
	KILL_PAUSE = 1			/* ms between two rounds */
};

int
reaper_prepare(void)
{
	prctl(PR_SET_NAME, "gatehouse-run");
	return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static void
say(int report, const struct reaper_report *r)
{
	ssize_t n;

	/* It fits the pipe, whose reader may be gone. SIGPIPE is blocked. */
	do
		n = write(report, r, sizeof *r);
	while (n < 0 && errno == EINTR);
}

/* Not by the reaper: a service may kill that before it has said a word. */
void
reaper_tell_leader(int report)
{
	const struct reaper_report r = { .leader = getpid() };

	say(report, &r);
}

/* Reaps all that have ended. False: there is no child any more. */
static bool
reap(struct reaper_report *r)
{
	bool is_news = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != r->leader || r->has_ended)
			continue;
		r->has_ended = is_news = true;
		r->status = status;
	}
	r->is_alone = pid < 0 && errno == ECHILD;
	if (is_news)
		say(REPORT, r);
	return !r->is_alone;
}

/* Kills the children that we have now. Theirs become ours then, and are met in the next round. */
static void
kill_children(void)
{
	char path[PATH_OF_PROC], list[LIST_MAX + 1], *at = list, *end;
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, list, LIST_MAX);
		close(fd);
	}
	if (n <= 0)
		return;
	list[n] = '\0';
	/* The last number may be cut: each one is followed by a blank. */
	for (;;) {
		long pid = strtol(at, &end, DECIMAL);

		if (end == at || *end != ' ')
			return;
		kill((pid_t)pid, SIGKILL);
		at = end;
	}
}

static _Noreturn void
kill_all(struct reaper_report *r, int killer)
{
	while (reap(r)) {
		if (killer >= 0)
			cgroup_write(killer, CGROUP_KILL);
		kill_children();
		if (!r->has_ended)
			kill(-r->leader, SIGKILL);
		poll(NULL, 0, KILL_PAUSE);
	}
	_exit(0);
}

/*
 * Only the pipe stays open, and *KILLER: others wait for the end of the rest, and locks would be
 * held.
 */
static void
hold_only(int report, int *killer)
{
	sigset_t child;
	int fd;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	*killer = fcntl(*killer, F_DUPFD, FIRST_OTHER + 1);
	if (report != REPORT)
		dup2(report, REPORT);
	close_range(CHILDREN, *killer < 0 ? ~0u : (unsigned)*killer - 1, 0);
	if (*killer >= 0)
		close_range((unsigned)*killer + 1, ~0u, 0);
	fd = signalfd(-1, &child, SFD_NONBLOCK);
	if (fd >= 0 && fd != CHILDREN) {
		dup2(fd, CHILDREN);
		close(fd);
	}
}

_Noreturn void
reaper_watch(int report, int killer, pid_t leader)
{
	struct reaper_report r = { .leader = leader };
	struct signalfd_siginfo info;
	struct pollfd wait[] = { { .fd = REPORT }, { .fd = CHILDREN, .events = POLLIN } };

	hold_only(report, &killer);
	while (reap(&r)) {
		/* The pipe reports that its reader is gone: we live for nobody any more. */
		if (poll(wait, sizeof wait / sizeof *wait, -1) > 0 &&
		    (wait[0].revents & POLLERR) != 0)
			kill_all(&r, killer);
		while (read(CHILDREN, &info, sizeof info) > 0)
			;
	}
	_exit(0);
}
