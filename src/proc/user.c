#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "proc/proc.h"

enum { ENTRY_FIRST = 1024, ENTRY_MOST = 1024 * 1024, GROUPS_FIRST = 16 };

/*
 * The entry of user NAME (NULL: of us), its texts made for CTX. 0, or an errno: ENOENT where there
 * is none.
 */
static int
find_entry(void *ctx, const char *name, struct passwd *entry)
{
	struct passwd *found = NULL;
	int rc = ERANGE;

	for (size_t room = ENTRY_FIRST; rc == ERANGE && room <= ENTRY_MOST; room *= 2) {
		char *at = mem_bytes(ctx, room);

		rc = name != NULL ? getpwnam_r(name, entry, at, room, &found) :
		    getpwuid_r(geteuid(), entry, at, room, &found);
	}
	return rc != 0 ? rc : found == NULL ? ENOENT : 0;
}

char *
proc_user_home(void *ctx)
{
	struct passwd entry;

	return find_entry(ctx, NULL, &entry) == 0 ? mem_text(ctx, entry.pw_dir) : mem_text(ctx, "");
}

static void
fill_groups(struct proc_user *u, const char *name)
{
	gid_t *groups = MEM_ARRAY(u, gid_t, GROUPS_FIRST);
	int n = GROUPS_FIRST;

	/* N says how many there are where it is not enough. */
	if (getgrouplist(name, u->gid, groups, &n) < 0) {
		groups = MEM_ARRAY(u, gid_t, (size_t)n);
		if (getgrouplist(name, u->gid, groups, &n) < 0)
			n = 0;
	}
	u->groups = groups;
	u->n_groups = (size_t)n;
}

struct proc_user *
proc_user_find(void *ctx, const char *name, struct error *e)
{
	struct proc_user *u = MEM_NEW(ctx, struct proc_user);
	struct passwd entry;
	int rc = find_entry(u, name, &entry);

	if (rc != 0) {
		error_set(e, ERR_UNAVAILABLE, "the user %s: %s", name,
		    rc == ENOENT ? "there is no such user on this host" : strerror(rc));
		mem_free(u);
		return NULL;
	}
	u->uid = entry.pw_uid;
	u->gid = entry.pw_gid;
	fill_groups(u, name);
	return u;
}
