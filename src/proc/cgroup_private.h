#ifndef PROC_CGROUP_PRIVATE_H
#define PROC_CGROUP_PRIVATE_H

#include "base/err.h"
#include "base/text.h"
#include "proc/cgroup.h"

/* What the files of control groups share; nobody else includes this. */

/* The whole of a file of the system, for CTX; NULL where it cannot be read. */
struct text *cgroup_read(void *ctx, const char *path);
/* Whether DIR lies in a cgroup2. */
bool cgroup_is(const char *dir);
/* Adds those that are in DIR itself to MEMBERS, a struct cgroup_members, as they come. */
void cgroup_members_add(void *members, const char *dir);
/* The directory of the group that we are in, for CTX. NULL: E filled. */
char *cgroup_own(void *ctx, struct error *e);

#endif
