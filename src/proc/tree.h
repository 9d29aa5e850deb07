#ifndef PROC_TREE_H
#define PROC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc/cgroup.h"

/*
 * Which processes belong to a run, read from /proc. Private to proc/. A process
 * belongs to a tree if it began no earlier than the leader and
 *  - is in its control group (proc/cgroup.h), where it has one, or
 *  - descends from the tree's reaper (proc/reaper.h), which itself does not count, or
 *  - has the mark in its environment, wherever it descends from.
 * Where somebody has killed the reaper we are who adopts its orphans. One of these, or what descends from it, belongs
 * to a tree without a reaper if it is in the leader's session or group, or no other such tree is old enough to have
 * started it.
 */
struct tree {
	struct tree *next;	/* the other trees that have not ended */
	pid_t leader;
	pid_t reaper;		/* 0: it has ended */
	uint64_t start;		/* when the leader began: clock ticks since the host did */
	bool led;		/* the leader has not ended, as far as we know */
	bool is_broken;		/* its reaper has been killed */
	const char *mark;	/* "NAME=value" */
	struct cgroup *group;	/* NULL: it has none */
};

/* When process PID began; 0 where there is none. */
uint64_t tree_start(pid_t pid);
/*
 * Sends SIG (0: nothing) to every living process of T, one of the list ALL; SIGKILL to their process groups too,
 * and first, in one step, to all of the control group.
 * Returns how many live, as they were before; zombies do not count.
 */
size_t tree_signal(const struct tree *all, const struct tree *t, int sig);

#endif
