#ifndef PROC_TREE_H
#define PROC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Which processes belong to a run, read from /proc. Private to proc/. A process
 * belongs to a tree if it began no earlier than the leader and
 *  - is the leader or descends from it, or
 *  - was adopted by us and is, or descends from one that is, in the leader's session or group, or
 *  - has the mark in its environment, wherever it descends from, or
 *  - was adopted by us and no other tree is old enough to have started it.
 */
struct tree {
	struct tree *next;	/* the other trees that have not ended */
	pid_t leader;
	uint64_t start;		/* when the leader began: clock ticks since the host did */
	bool led;		/* the leader is not reaped yet: its number is surely its own */
	const char *mark;	/* "NAME=value" */
};

/* When process PID began; 0 where there is none. */
uint64_t tree_start(pid_t pid);
/*
 * Sends SIG (0: nothing) to every living process of T, one of the list ALL; SIGKILL to their process groups too.
 * Returns how many live, as they were before; zombies do not count.
 */
size_t tree_signal(const struct tree *all, const struct tree *t, int sig);

#endif
