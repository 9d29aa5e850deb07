#ifndef PROC_PARTS_H
#define PROC_PARTS_H

#include "proc/proc.h"
#include "proc/tree.h"

/* What the files of a running process share; nobody else includes this. */

enum {
	STREAMS = 2,
	POLL_FIRST = 1		/* ms until the first look at what is left */
};

struct stream {
	struct proc *proc;
	enum proc_stream which;
	int fd;			/* -1: at its end */
	struct watch *watch;	/* NULL: not read for now */
};

/*
 * Its life: the leader runs; its reaper says how it ended; its pipes are read to their end, or
 * until the deadline; what is left of the tree is ended; ended() is called. The
 * deadline is one grace after the leader's end or proc_stop(), whichever comes first.
 */
struct proc {
	struct tree tree;	/* must be the first: the list of children holds these */
	struct loop *loop;
	const struct proc_events *events;
	void *arg;
	int64_t grace_ms, stop_ms;
	int stop_signal;
	struct stream out[STREAMS];
	int input_fd;		/* -1: nothing to write, or no more */
	struct watch *input_watch;
	const char *input;
	size_t input_len, input_at;
	int report_fd;		/* of the reaper: -1: it has said all */
	struct watch *report_watch;
	struct timer *patience, *deadline, *poll;
	int64_t poll_ms;
	int looks;
	int status;		/* of waitpid() */
	bool stopped;		/* proc_stop() */
	bool termed;		/* everything has had its SIGTERM */
	bool killing;		/* the deadline is over */
	bool held;		/* proc_read() said so */
	bool gone;		/* the reaper says that nothing is left */
	bool done;		/* and so do we */
};

/* streams.c: the three pipes. */
/* Goes on with those that have not ended, and with the input. */
enum err streams_watch(struct proc *p, struct error *e) MUST_CHECK;
/* Paused ones are not watched at all: a hang-up would be told again and again. */
void streams_pause(struct proc *p);
bool streams_ended(const struct proc *p);
/* Gives what they still hold, and closes them. */
void streams_drain(struct proc *p);
void streams_close(struct proc *p);
void input_close(struct proc *p);

/* children.c: whose children there are, and what their reapers say. */
/* All that have not ended. */
const struct tree *children_all(void);
void children_add(struct proc *p);
void children_remove(const struct proc *p);
enum err report_watch(struct proc *p, struct error *e) MUST_CHECK;
void report_close(struct proc *p);

/* end.c: from the leader's end, or proc_stop(), to that of all. */
/* Something has ended: if that was all that is waited for, ends what is left, until nothing is. */
void end_look(struct proc *p);
/* The same, a turn of the loop later. */
void end_look_soon(struct proc *p);
void end_leader(struct proc *p, int status);
/* The stop signal, where there is one, then SIGTERM, then SIGKILL: see proc_stop(). */
void end_stop(struct proc *p);

#endif
