#ifndef PROC_SANDBOX_H
#define PROC_SANDBOX_H

#include "proc/proc.h"

/*
 * Landlock (Linux 5.13, kernel.org userspace-api/landlock): a process gives up, for itself and all that it starts, the
 * right to open what is not listed. Private to proc/, but for the front functions in proc.h.
 */

/* proc_sandbox_lacks() of a kernel with this ABI. */
const char *sandbox_lacks(int abi);
/* A ruleset that allows what SPEC lists. Its descriptor, closed on exec, is the caller's. -1: E filled. */
int sandbox_open(const struct proc_spec *spec, struct error *e);
/*
 * In the child, before a change of user: what it executes has of root's capabilities those alone that cannot undo the
 * rest. Safe after a fork. 0, or -1 with errno.
 */
int sandbox_lower(void);
/* In the child, after no_new_privs: safe after a fork. 0, or -1 with errno. */
int sandbox_enter(int ruleset);

#endif
