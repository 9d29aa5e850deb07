#include "proc/tree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "proc/proc.h"

enum {
	STAT_MAX = 1024,	/* a line of /proc/PID/stat is shorter */
	PATH_OF_PROC = 64,
	CHUNK = 4096,
	INIT_PID = 1,
	MARKED_ROUNDS = 200,	/* of proc_kill_marked(), */
	MARKED_PAUSE = 10	/* ms between them */
};

enum marked { MARK_UNKNOWN, MARK_YES, MARK_NO };

/* One process, as it was when the snapshot was taken. */
struct entry {
	pid_t pid, parent, group, session;
	uint64_t start;
	bool is_dead;		/* a zombie */
	enum marked marked;
};

struct snapshot {
	pid_t self;
	size_t n;
	struct entry *at;	/* by pid */
	struct cgroup_members members;	/* of the control group in question */
};

/* --- reading /proc --- */

static ssize_t
read_file(pid_t pid, const char *name, char *out, size_t size)
{
	char path[PATH_OF_PROC];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, out, size);
	close(fd);
	return n;
}

/* proc(5): the name of the program stands in brackets and may hold brackets itself. */
static bool
entry_read(struct entry *p, pid_t pid)
{
	char line[STAT_MAX + 1], state;
	ssize_t n = read_file(pid, "stat", line, STAT_MAX);
	unsigned long long start;
	int parent, group, session;
	const char *rest;

	if (n <= 0)
		return false;
	line[n] = '\0';
	rest = strrchr(line, ')');
	if (rest == NULL || sscanf(rest + 1, " %c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
	    "%*d %*d %*d %*d %*d %*d %llu", &state, &parent, &group, &session, &start) != 5)
		return false;
	*p = (struct entry){ .pid = pid, .parent = parent, .group = group, .session = session,
	    .start = start, .is_dead = state == 'Z' || state == 'X' };
	return true;
}

static int
entry_compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static struct snapshot *
snapshot_take(void *ctx)
{
	struct snapshot *s = MEM_NEW(ctx, struct snapshot);
	DIR *dir = opendir("/proc");
	size_t room = 0;
	const struct dirent *d;

	s->self = getpid();
	if (dir == NULL)
		return s;
	while ((d = readdir(dir)) != NULL) {
		if (!isdigit((unsigned char)d->d_name[0]))
			continue;
		if (s->n == room) {
			room = room == 0 ? CHUNK / sizeof *s->at : 2 * room;
			s->at = MEM_GROW(s, s->at, struct entry, room);
		}
		s->n += entry_read(&s->at[s->n], (pid_t)strtol(d->d_name, NULL, 10));
	}
	closedir(dir);
	if (s->n > 0)
		qsort(s->at, s->n, sizeof *s->at, entry_compare);
	return s;
}

static struct entry *
snapshot_find(const struct snapshot *s, pid_t pid)
{
	const struct entry key = { .pid = pid };

	return s->n > 0 ? bsearch(&key, s->at, s->n, sizeof *s->at, entry_compare) : NULL;
}

/*
 * Whether the NUL-terminated texts in BYTES have MARK; *AT is how far the one
 * in hand agrees, -1: it doesn't.
 */
static bool
has_mark(const char *bytes, size_t n, const char *mark, ssize_t *at)
{
	for (size_t i = 0; i < n; i++) {
		if (*at >= 0 && bytes[i] == mark[*at]) {
			if (bytes[i] == '\0')
				return true;
			++*at;
		} else {
			*at = bytes[i] == '\0' ? 0 : -1;
		}
	}
	return false;
}

static bool
environment_has(pid_t pid, const char *mark)
{
	char path[PATH_OF_PROC], chunk[CHUNK];
	bool found = false;
	ssize_t n, at = 0;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (!found && (n = read(fd, chunk, sizeof chunk)) > 0)
		found = has_mark(chunk, (size_t)n, mark, &at);
	close(fd);
	return found;
}

static bool
entry_is_marked(struct entry *p, const char *mark)
{
	if (p->marked == MARK_UNKNOWN)
		p->marked = environment_has(p->pid, mark) ? MARK_YES : MARK_NO;
	return p->marked == MARK_YES;
}

/* --- belonging --- */

/* The child of ours that P is or descends from; NULL where it is no descendant. */
static struct entry *
top_of(const struct snapshot *s, struct entry *p)
{
	/* Parents of different moments could go round in a circle: no chain is longer than all. */
	for (size_t steps = 0; p != NULL && steps <= s->n; steps++) {
		if (p->parent == s->self)
			return p;
		p = snapshot_find(s, p->parent);
	}
	return NULL;
}

static const struct tree *
reaped_by(const struct tree *all, pid_t pid)
{
	for (; all != NULL; all = all->next)
		if (all->reaper == pid)
			return all;
	return NULL;
}

/* Whether no other tree without a reaper is old enough to have started what began at START. */
static bool
is_only(const struct tree *all, const struct tree *t, uint64_t start)
{
	for (; all != NULL; all = all->next)
		if (all != t && all->is_broken && all->start <= start)
			return false;
	return true;
}

static bool
is_with(const struct tree *t, const struct entry *p)
{
	return p->session == t->leader || p->group == t->leader;
}

/* Whether P, under our child TOP that is no reaper, is T's. */
static bool
orphan_belongs(const struct tree *all, const struct tree *t, struct entry *p, struct entry *top)
{
	return entry_is_marked(p, t->mark) || entry_is_marked(top, t->mark) ||
	    (t->is_broken && (is_with(t, p) || is_with(t, top) ||
	    (top->start >= t->start && is_only(all, t, top->start))));
}

static bool
belongs(const struct snapshot *s, const struct tree *all, const struct tree *t, struct entry *p)
{
	struct entry *top;
	const struct tree *reaped;

	if (p->pid == s->self || p->pid == INIT_PID || p->start < t->start)
		return false;
	if (cgroup_members_have(&s->members, p->pid))
		return true;
	top = top_of(s, p);
	if (top == NULL)
		return entry_is_marked(p, t->mark);
	reaped = reaped_by(all, top->pid);
	if (reaped != NULL)
		return reaped == t && p != top;
	return orphan_belongs(all, t, p, top);
}

/* --- signals --- */

/*
 * The number of a process may be another's by now. A descriptor of the process
 * cannot: what it names is the one we meant if that still lives after it was opened.
 */
static void
entry_signal(const struct entry *p, int sig)
{
	struct entry now;
	int fd = pidfd_open(p->pid, 0);

	if (fd < 0 && errno == ESRCH)
		return;
	if (entry_read(&now, p->pid) && now.start == p->start) {
		if (fd < 0)
			kill(p->pid, sig);
		else
			pidfd_send_signal(fd, sig, NULL, 0);
	}
	if (fd >= 0)
		close(fd);
}

/*
 * Descendants' groups hold nobody else: the leader made a session of its own.
 * A whole group is killed in one step, so that nothing forks away from it.
 */
static void
entry_kill(const struct snapshot *s, struct entry *p)
{
	struct entry now;

	if (p->group > INIT_PID && p->group != getpgrp() && top_of(s, p) != NULL &&
	    entry_read(&now, p->pid) && now.start == p->start && now.group == p->group)
		kill(-p->group, SIGKILL);
	entry_signal(p, SIGKILL);
}

bool
proc_descends(pid_t pid)
{
	struct entry p = { .parent = pid };

	/* Whoever lost its parent has become our own child. */
	while (p.parent > 1 && p.parent != getpid())
		if (!entry_read(&p, p.parent))
			return true;
	return p.pid != 0 && p.parent == getpid();
}

uint64_t
tree_start(pid_t pid)
{
	struct entry p;

	return entry_read(&p, pid) ? p.start : 0;
}

size_t
tree_signal(const struct tree *all, const struct tree *t, int sig)
{
	SCOPED(tmp, NULL);
	struct snapshot *s;
	size_t living = 0;

	if (sig == SIGKILL)
		cgroup_kill(t->group);
	s = snapshot_take(tmp);
	/* After that: whose number is another's by now is told apart by when it began. */
	cgroup_members(tmp, t->group, &s->members);
	if (s->n == 0 && t->led) {
		/* No /proc: its group is all that can be reached. */
		kill(-t->leader, sig);
		return 1;
	}
	for (size_t i = 0; i < s->n; i++) {
		struct entry *p = &s->at[i];

		if (p->is_dead || !belongs(s, all, t, p))
			continue;
		living++;
		if (sig == SIGKILL)
			entry_kill(s, p);
		else if (sig != 0)
			entry_signal(p, sig);
	}
	return living;
}

/* --- what a dead dispatcher left --- */

/*
 * Whether P or one that it descends from has MARK; we ourselves may be marked,
 * what we started is not left over.
 */
static bool
descends_from_marked(const struct snapshot *s, struct entry *p, const char *mark)
{
	for (size_t steps = 0; p != NULL && steps <= s->n; steps++) {
		if (p->pid == s->self || p->pid == INIT_PID)
			return false;
		if (entry_is_marked(p, mark))
			return true;
		p = snapshot_find(s, p->parent);
	}
	return false;
}

static bool
is_known(const struct entry *known, size_t n, const struct entry *p)
{
	for (size_t i = 0; i < n; i++)
		if (known[i].pid == p->pid && known[i].start == p->start)
			return true;
	return false;
}

struct killed {
	size_t n;
	struct entry *at;
};

/* One round; returns whether any was left. */
static bool
kill_marked(struct killed *k, const char *mark)
{
	SCOPED(tmp, NULL);
	struct snapshot *s = snapshot_take(tmp);
	bool any = false;

	for (size_t i = 0; i < s->n; i++) {
		struct entry *p = &s->at[i];

		if (p->is_dead || !descends_from_marked(s, p, mark))
			continue;
		any = true;
		entry_signal(p, SIGKILL);
		if (is_known(k->at, k->n, p))
			continue;
		k->at = MEM_GROW(k, k->at, struct entry, k->n + 1);
		k->at[k->n++] = *p;
	}
	return any;
}

int
proc_kill_marked(const char *mark)
{
	SCOPED(tmp, NULL);
	struct killed *k = MEM_NEW(tmp, struct killed);

	for (int round = 0; round < MARKED_ROUNDS && kill_marked(k, mark); round++)
		poll(NULL, 0, MARKED_PAUSE);
	return (int)k->n;
}
