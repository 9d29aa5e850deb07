#ifndef PROC_SPAWN_H
#define PROC_SPAWN_H

#include <sys/types.h>

#include "proc/cgroup.h"
#include "proc/proc.h"

/* A process just started, and our ends of its pipes. Private to proc/. */
struct spawned {
	pid_t pid;
	pid_t reaper;	/* our child, its parent: proc/reaper.h */
	int report;	/* struct reaper_report comes here */
	int input;	/* to its stdin, -1 where that is /dev/null */
	int output[2];	/* from its stdout and stderr */
};

/*
 * Starts SPEC as its process, in GROUP (NULL: where we are).
 * The descriptors in OUT, non-blocking and closed on exec, are the caller's.
 * Where the program cannot be executed there is no process any more.
 */
enum err proc_spawn(const struct proc_spec *spec, const struct cgroup *group, struct spawned *out, struct error *e)
    MUST_CHECK;

#endif
