#include "proc/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/cgroup.h"
#include "proc/reaper.h"
#include "proc/sandbox.h"

/* What the child came to; it says so through the status pipe, which exec closes. */
enum step { STEP_PREPARE, STEP_GROUP, STEP_USER, STEP_CHDIR, STEP_SANDBOX, STEP_EXEC };

struct trouble {
	enum step step;
	int error;
};

enum {
	EXIT_NOT_RUN = 127,
	UMASK = 077,
	FIRST_OTHER = STDERR_FILENO + 1,
	DESCRIPTORS = 1024
};

enum { KERNEL_SIGACTION = 8 };	/* words: more than it has anywhere */
enum { IN, OUT, ERR, STATUS, REPORT, PIPES };
enum { READ_END, WRITE_END };

struct pipes {
	int at[PIPES][2];
	int ruleset;	/* of the sandbox; -1: there is none */
	int door, killer;	/* of the control group; -1: there is none */
};

/* --- in the child: nothing but calls that are safe after a fork --- */

static _Noreturn void
child_fail(int status, enum step step)
{
	const struct trouble t = { .step = step, .error = errno };
	ssize_t n = write(status, &t, sizeof t);

	_exit(n == (ssize_t)sizeof t ? EXIT_NOT_RUN : EXIT_FAILURE);
}

static void
child_signals(void)
{
	/*
	 * The kernel's form, all zero: SIG_DFL. signal() would leave out the two that the C library
	 * keeps for itself.
	 */
	static const uint64_t usual[KERNEL_SIGACTION];
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		syscall(SYS_rt_sigaction, sig, &usual, NULL, sizeof(uint64_t));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The descriptors may be 0, 1 or 2 themselves: all are moved out of the way first. */
static int
child_descriptors(const struct pipes *p, int *status)
{
	int from[] = { p->at[IN][READ_END], p->at[OUT][WRITE_END], p->at[ERR][WRITE_END] };

	*status = fcntl(*status, F_DUPFD_CLOEXEC, FIRST_OTHER);
	if (from[IN] < 0)
		from[IN] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i <= STDERR_FILENO; i++)
		if ((from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FIRST_OTHER)) < 0)
			return -1;
	for (int i = 0; i <= STDERR_FILENO; i++)
		if (dup2(from[i], i) < 0)
			return -1;
	return close_range(FIRST_OTHER, ~0u, CLOSE_RANGE_CLOEXEC);
}

/*
 * We may have raised our own limit. A program gets the usual one: select(2) knows no more, and some
 * go through all that there may be. It may raise it, too.
 */
static void
child_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= DESCRIPTORS)
		return;
	limit.rlim_cur = DESCRIPTORS;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Groups first: afterwards it is not ours to say any more. */
static int
child_user(const struct proc_user *u)
{
	if (u == NULL)
		return 0;
	if (setgroups(u->n_groups, u->groups) != 0 || setresgid(u->gid, u->gid, u->gid) != 0)
		return -1;
	return setresuid(u->uid, u->uid, u->uid);
}

/* One that is lower already stays: nobody may raise it. */
static int
child_limit(__rlimit_resource_t which, int64_t most)
{
	struct rlimit limit;

	if (most == 0)
		return 0;
	if (getrlimit(which, &limit) != 0)
		return -1;
	if (limit.rlim_max > (rlim_t)most)
		limit.rlim_max = (rlim_t)most;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(which, &limit);
}

static int
child_limits(const struct proc_limits *l)
{
	child_descriptor_limit();
	if (child_limit(RLIMIT_AS, l->memory) != 0 || child_limit(RLIMIT_NPROC, l->processes) != 0)
		return -1;
	return child_limit(RLIMIT_FSIZE, l->file_size);
}

static _Noreturn void
child_run(const struct proc_spec *spec, const struct pipes *p, pid_t parent)
{
	int status = p->at[STATUS][WRITE_END];

	reaper_tell_leader(p->at[REPORT][WRITE_END]);
	umask(UMASK);
	/* Before it can start anything. */
	if (p->door >= 0 && !cgroup_write(p->door, CGROUP_ENTER))
		child_fail(status, STEP_GROUP);
	if (setsid() < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    child_descriptors(p, &status) != 0 || child_limits(&spec->limits) != 0)
		child_fail(status, STEP_PREPARE);
	child_signals();
	if (p->ruleset >= 0 && sandbox_lower() != 0)
		child_fail(status, STEP_SANDBOX);
	if (child_user(spec->user) != 0)
		child_fail(status, STEP_USER);
	/*
	 * The leader must not outlive us; we may have died before it said so. Not before the change
	 * of user, which takes it back.
	 */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		child_fail(status, STEP_PREPARE);
	if (chdir(spec->cwd) != 0)
		child_fail(status, STEP_CHDIR);
	if (p->ruleset >= 0 && sandbox_enter(p->ruleset) != 0)
		child_fail(status, STEP_SANDBOX);
	execve(spec->argv[0], (char *const *)(uintptr_t)spec->argv,
	    (char *const *)(uintptr_t)spec->envp);
	child_fail(status, STEP_EXEC);
}

/* Our child: it starts the leader and stays. */
static _Noreturn void
reaper_run(const struct proc_spec *spec, const struct pipes *p)
{
	pid_t self = getpid(), leader = -1;

	if (reaper_prepare() != 0 || (leader = fork()) < 0)
		child_fail(p->at[STATUS][WRITE_END], STEP_PREPARE);
	if (leader == 0)
		child_run(spec, p, self);
	reaper_watch(p->at[REPORT][WRITE_END], p->killer, leader);
}

/* --- in the parent --- */

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
pipes_close(struct pipes *p)
{
	for (int i = 0; i < PIPES; i++) {
		close_one(&p->at[i][READ_END]);
		close_one(&p->at[i][WRITE_END]);
	}
	close_one(&p->ruleset);
	close_one(&p->door);
	close_one(&p->killer);
}

static bool
set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static bool
pipes_open(struct pipes *p, bool has_input)
{
	for (int i = 0; i < PIPES; i++)
		p->at[i][READ_END] = p->at[i][WRITE_END] = -1;
	for (int i = has_input ? IN : OUT; i < PIPES; i++)
		if (pipe2(p->at[i], O_CLOEXEC) != 0)
			return false;
	return (!has_input || set_nonblocking(p->at[IN][WRITE_END])) &&
	    set_nonblocking(p->at[OUT][READ_END]) && set_nonblocking(p->at[ERR][READ_END]);
}

/* No handler of ours may run in the child: signals wait until it has reset them. */
static pid_t
fork_quietly(const struct proc_spec *spec, const struct pipes *p)
{
	pid_t pid;
	sigset_t all, before;
	int error;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		reaper_run(spec, p);
	error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}

static enum err
explain(const struct proc_spec *spec, const struct trouble *t, struct error *e)
{
	switch (t->step) {
	case STEP_PREPARE:
		break;
	case STEP_GROUP:
		return error_set(e, ERR_INTERNAL,
		    "the process cannot enter its control group: %s", strerror(t->error));
	case STEP_CHDIR:
		return error_set(e, ERR_INTERNAL, "chdir %s: %s", spec->cwd, strerror(t->error));
	case STEP_USER:
		return error_set(e, ERR_INTERNAL, "the process cannot run as user %d: %s",
		    (int)spec->user->uid, strerror(t->error));
	case STEP_SANDBOX:
		return error_set(e, ERR_INTERNAL, "the sandbox cannot be entered: %s",
		    strerror(t->error));
	case STEP_EXEC:
		return error_set(e, ERR_INTERNAL, "exec %s: %s", spec->argv[0], strerror(t->error));
	}
	return error_set(e, ERR_INTERNAL, "the process cannot be prepared: %s", strerror(t->error));
}

/* Waits until the child has executed its program, or has said why not. */
static enum err
await_exec(const struct proc_spec *spec, pid_t pid, int status, struct error *e)
{
	struct trouble t;
	ssize_t n;

	do
		n = read(status, &t, sizeof t);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof t)
		return ERR_OK;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return explain(spec, &t, e);
}

/* Who the leader is; after that nothing is waited for any more. */
static bool
await_leader(int report, pid_t *leader)
{
	struct reaper_report r;
	ssize_t n;

	do
		n = read(report, &r, sizeof r);
	while (n < 0 && errno == EINTR);
	*leader = r.leader;
	return n == (ssize_t)sizeof r && set_nonblocking(report);
}

/* What is opened only where it is wanted. */
static enum err
extras_open(struct pipes *p, const struct proc_spec *spec, const struct cgroup *group,
    struct error *e)
{
	if (spec->allow != NULL && (p->ruleset = sandbox_open(spec, e)) < 0)
		return e->code;
	if (group != NULL && ((p->door = cgroup_open(group, CGROUP_DOOR)) < 0 ||
	    (p->killer = cgroup_open(group, CGROUP_KILLER)) < 0))
		return error_set(
		    e, ERR_INTERNAL, "the control group cannot be opened: %s", strerror(errno));
	return ERR_OK;
}

static int
take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

enum err
proc_spawn(const struct proc_spec *spec, const struct cgroup *group, struct spawned *out,
    struct error *e)
{
	struct pipes p;
	enum err result;

	p.ruleset = p.door = p.killer = -1;
	if (!pipes_open(&p, spec->input != NULL)) {
		result = error_set(e, ERR_INTERNAL, "pipe: %s", strerror(errno));
	} else if (extras_open(&p, spec, group, e) != ERR_OK) {
		result = e->code;
	} else if ((out->reaper = fork_quietly(spec, &p)) < 0) {
		result = error_set(e, ERR_INTERNAL, "fork: %s", strerror(errno));
	} else {
		close_one(&p.at[STATUS][WRITE_END]);
		close_one(&p.at[REPORT][WRITE_END]);
		result = await_exec(spec, out->reaper, p.at[STATUS][READ_END], e);
	}
	if (result == ERR_OK && !await_leader(p.at[REPORT][READ_END], &out->pid)) {
		kill(out->reaper, SIGKILL);
		result = error_set(e, ERR_INTERNAL, "the process was killed as it started");
	}
	if (result == ERR_OK) {
		out->input = take(&p.at[IN][WRITE_END]);
		out->output[PROC_STDOUT] = take(&p.at[OUT][READ_END]);
		out->output[PROC_STDERR] = take(&p.at[ERR][READ_END]);
		out->report = take(&p.at[REPORT][READ_END]);
	}
	pipes_close(&p);
	return result;
}
