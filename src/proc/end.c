#include <signal.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/mem.h"
#include "proc/cgroup.h"
#include "proc/parts.h"

enum {
	POLL_MOST = 256,	/* ms between looks at what is left, which are doubled up to this */
	STUBBORN = 100,		/* looks, then the log tells */
	SIGNALLED = 128		/* what shells add to the number of a signal */
};

static void
end_of(const struct proc *p, struct proc_end *end)
{
	end->signal = WIFSIGNALED(p->status) ? WTERMSIG(p->status) : 0;
	end->return_code = end->signal != 0 ? SIGNALLED + end->signal : WEXITSTATUS(p->status);
	end->killed = p->stopped;
}

static void
proc_finish(struct proc *p)
{
	struct proc_end end;

	/* What the pipes still hold is wanted, but not now: proc_read() comes back to this. */
	if (p->held && !streams_ended(p))
		return;
	streams_drain(p);
	mem_free(p->tree.group);
	p->tree.group = NULL;
	p->done = true;
	end_of(p, &end);
	/* Whoever is told may free the parent. */
	mem_steal(NULL, p);
	p->events->ended(p->arg, &end);
	mem_free(p);
}

/* A timer that fires is gone before its function is called. */
static void
poll_over(void *arg)
{
	struct proc *p = arg;

	p->poll = NULL;
	end_look(p);
}

void
end_look_soon(struct proc *p)
{
	loop_cancel(p->poll);
	p->poll = loop_after(p->loop, 0, poll_over, p);
}

static void
look_again(struct proc *p)
{
	if (p->poll != NULL)
		return;
	p->poll = loop_after(p->loop, p->poll_ms, poll_over, p);
	p->poll_ms = p->poll_ms < POLL_MOST ? 2 * p->poll_ms : POLL_MOST;
	if (++p->looks == STUBBORN)
		log_warning("the process tree of %d is still not gone", (int)p->tree.leader);
}

/* Mostly it is gone, and nobody has to look through all processes of the host. */
static bool
is_left(struct proc *p)
{
	size_t left;

	if (p->gone && !cgroup_is_populated(p->tree.group))
		return false;
	left = tree_signal(
	    children_all(), &p->tree, p->killing ? SIGKILL : p->termed ? 0 : SIGTERM);
	return left > 0 || cgroup_is_populated(p->tree.group);
}

/*
 * Once the leader and the pipes have ended, or the deadline is over: ends what
 * is left, until nothing is.
 */
void
end_look(struct proc *p)
{
	bool left;

	loop_cancel(p->poll);
	p->poll = NULL;
	if (!p->killing && (p->tree.led || !streams_ended(p)))
		return;
	left = is_left(p);
	p->termed = true;
	if (!left && !p->tree.led)
		proc_finish(p);
	else
		look_again(p);
}

static void
deadline_over(void *arg)
{
	struct proc *p = arg;

	p->deadline = NULL;
	p->killing = true;
	p->poll_ms = POLL_FIRST;
	end_look(p);
}

static void
deadline_set(struct proc *p)
{
	if (p->deadline == NULL && !p->killing)
		p->deadline = loop_after(p->loop, p->grace_ms, deadline_over, p);
}

void
end_leader(struct proc *p, int status)
{
	p->status = status;
	p->tree.led = false;
	input_close(p);
	loop_cancel(p->patience);
	p->patience = NULL;
	deadline_set(p);
	p->poll_ms = POLL_FIRST;
	end_look(p);
}

static void
stop_tree(struct proc *p)
{
	if (!p->termed)
		tree_signal(children_all(), &p->tree, SIGTERM);
	p->termed = true;
	deadline_set(p);
}

static void
patience_over(void *arg)
{
	struct proc *p = arg;

	p->patience = NULL;
	stop_tree(p);
}

void
end_stop(struct proc *p)
{
	if (p->stop_signal != 0 && p->tree.led && !p->killing &&
	    kill(p->tree.leader, p->stop_signal) == 0)
		p->patience = loop_after(p->loop, p->stop_ms, patience_over, p);
	else
		stop_tree(p);
}
