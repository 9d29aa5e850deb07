#ifndef PROC_PROC_H
#define PROC_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/loop.h"

/*
 * A process and all that it starts. An argument vector, never a shell line; a
 * clean environment; a session and process group of its own; stdout and stderr
 * on pipes; every inherited descriptor closed. The calling program must have
 * called proc_init() once: it becomes the subreaper of what it starts.
 */
enum proc_stream { PROC_STDOUT, PROC_STDERR };

/* What may be opened in a sandbox: PATH and all below it. A link is followed once, here. */
enum proc_right {
	PROC_READ,	/* read, list, execute */
	PROC_WRITE	/* that, and write, make, remove; never device files */
};

struct proc_allow {
	const char *path;
	enum proc_right right;
};

/* Another user of this host. */
struct proc_user {
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t n_groups;
};

/* setrlimit(2), of each process; 0: as we have it. */
struct proc_limits {
	int64_t memory;			/* bytes of address space */
	int64_t processes;		/* that the user may have; root may have any number */
	int64_t file_size;		/* bytes */
};

struct proc_spec {
	const char *const *argv;	/* argv[0] is an absolute path: see proc_find() */
	const char *const *envp;	/* NAME=value, the whole environment, ends in NULL */
	const char *cwd;		/* absolute */
	const void *input;		/* stdin's whole content, copied; NULL: /dev/null */
	size_t input_len;
	int stop_signal;		/* proc_stop() sends it to the leader alone first; 0: not */
	int64_t stop_ms;		/* from that to SIGTERM */
	int64_t grace_ms;		/* from SIGTERM to SIGKILL; so long pipes stay open after the leader's end */
	struct proc_limits limits;
	const char *mark;		/* "NAME=value", one of envp: who has it in its environment is of the tree */
	const struct proc_user *user;	/* to run as, which takes root; NULL: as we are */
	const struct proc_allow *allow;	/* the sandbox: nothing else can be opened; NULL: there is none */
	size_t n_allow;
};

struct proc_end {
	int return_code;	/* exit status 0 to 255; 128 + signal where a signal ended it (as shells say it) */
	int signal;		/* 0 where it exited by itself */
	int killed;		/* proc_stop() had been called */
};

struct proc_events {
	/* N bytes came on a stream. Called from the loop. */
	void (*output)(void *arg, enum proc_stream stream, const void *bytes, size_t n);
	/* Called once, after the last output, when nothing of the tree is left; the proc is freed after it returns. */
	void (*ended)(void *arg, const struct proc_end *end);
};

struct proc;

/*
 * Once, before the first proc_start(): subreaper, SIGCHLD to LOOP, SIGPIPE ignored. SIGCHLD is blocked in the calling
 * thread: call it before other threads start. All children of this process are reaped from then on.
 */
enum err proc_init(struct loop *l, struct error *e) MUST_CHECK;
/*
 * The absolute path of program NAME in the colon-separated PATH, made for CTX; NULL where there is none. An absolute
 * NAME is checked and copied.
 */
char *proc_find(void *ctx, const char *path, const char *name);
/* User NAME of this host, made for CTX. NULL: E filled. */
struct proc_user *proc_user_find(void *ctx, const char *name, struct error *e);
/* The home directory of who we are, made for CTX; "" where it is not known. */
char *proc_user_home(void *ctx);
/* The version of Landlock (its ABI) that the kernel has: sandboxes can be made. 0: it has none. */
int proc_sandbox_version(void);
/* What a sandbox of this kernel cannot hold back, a sentence; NULL: it holds back all that we promise. */
const char *proc_sandbox_lacks(void);
/*
 * Starts SPEC (copied). EVENTS must outlive the proc. NULL: E says why ("exec /x: No such file or directory");
 * nothing runs then and no event comes. Freeing it (or CTX, before L) while it runs kills the tree without an event.
 */
struct proc *proc_start(void *ctx, struct loop *l, const struct proc_spec *spec, const struct proc_events *events,
    void *arg, struct error *e);
/*
 * The stop signal, where there is one, and STOP_MS later: SIGTERM to the whole tree, SIGKILL a grace after that. Once
 * is enough; ended() comes later.
 */
void proc_stop(struct proc *p);
/* Stops (0) or goes on (1) reading the pipes, so that a full disk holds the writer up. */
void proc_read(struct proc *p, int on);
/*
 * Control groups (cgroup v2): from then on all that proc_start() starts gets one of its own, below one that is made
 * below that of this process; FILE names that one for the next dispatcher. Not ERR_OK: E says why there are none, and
 * processes are watched without.
 */
enum err proc_groups_open(const char *file, struct error *e) MUST_CHECK;
/* They are removed, and FILE with them. Nothing that was started may be under way. */
void proc_groups_close(const char *file);
/* Kills all that is left in the groups that FILE names, of a dispatcher that died, and removes them. */
void proc_groups_sweep(const char *file);
/* Where FILE says that they are, for CTX; NULL: there are none. */
char *proc_groups_where(void *ctx, const char *file);
pid_t proc_pid(const struct proc *p);
/* Whether process PID descends from this one, or is gone, so that nobody can say. */
bool proc_descends(pid_t pid);
/*
 * SIGKILLs every process but this one whose environment has MARK ("NAME=value"), and what descends from such; returns
 * how many there were. Waits until none is left, two seconds at most. For what a dead dispatcher left.
 */
int proc_kill_marked(const char *mark);

#endif
