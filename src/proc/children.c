#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "proc/parts.h"
#include "proc/reaper.h"

enum { INFO_BATCH = 16 };

/*
 * Children belong to the process and waitpid() knows no other owner: so does
 * the table of those under way.
 */
static struct {
	struct tree *first;
	int signals;		/* signalfd(2) */
} table = { .signals = -1 };

static struct proc *
proc_of(struct tree *t)
{
	return (struct proc *)(void *)t;
}

const struct tree *
children_all(void)
{
	return table.first;
}

void
children_add(struct proc *p)
{
	p->tree.next = table.first;
	table.first = &p->tree;
}

void
children_remove(const struct proc *p)
{
	for (struct tree **at = &table.first; *at != NULL; at = &(*at)->next)
		if (*at == &p->tree) {
			*at = p->tree.next;
			return;
		}
}

void
report_close(struct proc *p)
{
	if (p->report_fd < 0)
		return;
	loop_forget(p->report_watch);
	close(p->report_fd);
	p->report_fd = -1;
}

static void
reaper_ended(struct proc *p, int status)
{
	p->tree.reaper = 0;
	p->tree.is_broken = WIFSIGNALED(status);
	if (p->tree.is_broken)
		log_warning("whoever watched process %d has been killed", (int)p->tree.leader);
}

/* What the reaper says; at the end of what it says it is gone, and must have told of the leader. */
static void
report_ready(void *arg, int fd, unsigned ready)
{
	struct proc *p = arg;
	struct reaper_report r;
	ssize_t n = read(fd, &r, sizeof r);
	int status;

	(void)ready;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == (ssize_t)sizeof r) {
		p->gone |= r.is_alone;
		end_leader(p, r.status);
		return;
	}
	report_close(p);
	/* It is ending, if it has not been reaped with others already. */
	if (p->tree.reaper != 0 && waitpid(p->tree.reaper, &status, 0) > 0)
		reaper_ended(p, status);
	p->gone |= !p->tree.is_broken;
	if (p->tree.led)
		end_leader(p, SIGKILL);
	else
		end_look(p);
}

enum err
report_watch(struct proc *p, struct error *e)
{
	p->report_watch = loop_watch(p->loop, p->report_fd, LOOP_READ, report_ready, p, e);
	return p->report_watch != NULL ? ERR_OK : e->code;
}

static struct proc *
reaped_by(pid_t pid)
{
	for (struct tree *t = table.first; t != NULL; t = t->next)
		if (t->reaper == pid)
			return proc_of(t);
	return NULL;
}

/* An orphan has ended: those who wait for the last of their tree look at once. */
static void
hurry(void)
{
	for (struct tree *t = table.first; t != NULL; t = t->next) {
		struct proc *p = proc_of(t);

		if (p->poll != NULL)
			end_look_soon(p);
	}
}

static void
child_ended(void *arg, int fd, unsigned ready)
{
	struct signalfd_siginfo infos[INFO_BATCH];
	bool any_orphan = false;
	int status;
	pid_t pid;

	(void)arg;
	(void)ready;
	/* Several ends may share one signal: waitpid() says which there were. */
	while (read(fd, infos, sizeof infos) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct proc *p = reaped_by(pid);

		if (p != NULL)
			reaper_ended(p, status);
		else
			any_orphan = true;
	}
	if (any_orphan)
		hurry();
}

enum err
proc_init(struct loop *l, struct error *e)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || sigprocmask(SIG_BLOCK, &child, NULL) != 0 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return error_set(e, ERR_INTERNAL, "processes cannot be supervised: %s",
		    strerror(errno));
	if (table.signals >= 0)
		close(table.signals);
	table.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (table.signals < 0)
		return error_set(e, ERR_INTERNAL, "signalfd: %s", strerror(errno));
	if (loop_watch(l, table.signals, LOOP_READ, child_ended, NULL, e) == NULL)
		return e->code;
	return ERR_OK;
}
