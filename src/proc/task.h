#ifndef PROC_TASK_H
#define PROC_TASK_H

#include <stdbool.h>

#include "base/text.h"
#include "proc/proc.h"

/* A program that is run to its end for what it writes, with a deadline: proc/proc.h and two buffers. */
struct task;

struct task_end {
	int return_code;	/* as struct proc_end has it */
	bool timed_out;		/* its deadline came first */
	bool stopped;		/* task_stop() came first */
	const struct text *out, *err;	/* what it wrote; the bytes beyond the bound are dropped (.cut) */
};

/* Called once, from the loop, when nothing of the program is left; END is borrowed. The task is freed after it. */
typedef void (*task_fn)(void *arg, const struct task_end *end);

/*
 * Starts SPEC (copied), which is told to end TIMEOUT_MS milliseconds from now; keeps at most KEEP bytes of each
 * stream. Freeing the task (or CTX, before L) while it runs kills the tree, and DONE is not called. NULL: E filled,
 * nothing runs.
 */
struct task *task_start(void *ctx, struct loop *l, const struct proc_spec *spec, int64_t timeout_ms, size_t keep,
    task_fn done, void *arg, struct error *e);
/* Tells it to end; DONE comes later. */
void task_stop(struct task *t);

#endif
