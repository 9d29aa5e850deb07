#ifndef PROC_REAPER_H
#define PROC_REAPER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Between us and each process that we start stands a small one of our own: the
 * subreaper (prctl(2)) of all that comes of it. Orphans become its children and
 * nobody else's, whatever session or environment they have made themselves, so
 * that it is always known whose they are. It says when the leader has ended, ends
 * itself when nothing is left, and kills everything where we die before that.
 * Private to proc/.
 */

/* What comes through its pipe: first the leader says who it is, before it runs anything, then it how that ended. */
struct reaper_report {
	pid_t leader;
	bool has_ended;
	bool is_alone;		/* nothing else is left either */
	int status;		/* as waitpid(2) gives it */
};

/* In the new process, before it starts the leader. 0, or -1 and errno. */
int reaper_prepare(void);
/* In the leader: says so to REPORT. */
void reaper_tell_leader(int report);
/*
 * After that: reports to REPORT until nothing is left, or nobody listens. KILLER is that of the leader's control group
 * (proc/cgroup.h), or -1. All signals are blocked.
 */
_Noreturn void reaper_watch(int report, int killer, pid_t leader);

#endif
