#ifndef PROC_CGROUP_H
#define PROC_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Control groups (cgroup v2, kernel.org admin-guide/cgroup-v2): where this process may make some, each process that is
 * started gets one of its own, before it executes its program. All that comes of it is in it, however it forks, and is
 * killed in one step. Whoever runs as our user, with no sandbox, may move itself to another group of ours: the reaper
 * (proc/reaper.h) and the mark (proc/tree.h) find it all the same. Private to proc/, but for the front functions in
 * proc.h.
 */
struct cgroup;

struct cgroup_members {
	size_t n;
	pid_t *at;
	void *ctx;		/* parent of AT */
};

/* A new, empty one for CTX; it is removed with it. NULL: processes have none; where one cannot be made it is logged. */
struct cgroup *cgroup_new(void *ctx);
/* Its files: whoever writes CGROUP_ENTER to the first is in it, CGROUP_KILL to the second kills all that are. */
#define CGROUP_DOOR "cgroup.procs"
#define CGROUP_ENTER '0'
#define CGROUP_KILLER "cgroup.kill"
#define CGROUP_KILL '1'
/* Opens one of them for writing, closed on exec. -1: errno says why. */
int cgroup_open(const struct cgroup *g, const char *file);
/* Safe after a fork. False: errno says why. */
bool cgroup_write(int fd, char word);
/* SIGKILL to all that are in it. NULL is fine. */
void cgroup_kill(const struct cgroup *g);
/* Fills M with those that are in it now, in order, for CTX; none where G is NULL. */
void cgroup_members(void *ctx, const struct cgroup *g, struct cgroup_members *m);
bool cgroup_members_have(const struct cgroup_members *m, pid_t pid);
/* Whether any living process is in it. NULL: no. */
bool cgroup_is_populated(const struct cgroup *g);

#endif
