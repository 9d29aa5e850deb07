#include "connector/git_private.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "proc/proc.h"

/*
 * What is kept below STATE/git is what was used lately. Each mirror and each tree goes by
 * itself, under its lock: it is renamed first, so that it is there whole or not at all, and
 * then removed by programs, which hold nothing up.
 */

enum {
	MS_PER_DAY = 86400000,
	MB = 1048576,
	KEEP = 16 * 1024 * 1024,	/* bytes of a list of sizes */
	TOOL_MS = 3600000,
	GRACE_MS = 2000
};

#define GONE ".gone-"
#define NEW ".new-"
#define MARK "GATEHOUSE_JOB_ID=git-purge"

/* A mirror or a tree, or what is left of one. */
struct entry {
	const char *path, *lock;	/* LOCK NULL: nobody can be using it */
	int64_t used, bytes;
	bool is_mirror, goes;
};

struct git_purge {
	struct loop *loop;
	const struct config *config;
	void (*done)(void *arg);
	void *arg;
	const char *root;
	struct entry *entries;
	size_t n, at;
	int lock;
	struct timer *timer;
	struct task *task;
	void (*then)(struct git_purge *p, const struct task_end *end);
};

static void next_entry(struct git_purge *p, const struct task_end *end);

/* --- what there is --- */

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static void
add(struct git_purge *p, const char *path, const char *lock, bool is_mirror, bool goes)
{
	p->entries = MEM_GROW(p, p->entries, struct entry, p->n + 1);
	p->entries[p->n++] = (struct entry){
		.path = path, .lock = lock, .is_mirror = is_mirror, .goes = goes,
		.used = lock != NULL ? git_stamped(lock) : 0,
	};
}

static void
add_tree(struct git_purge *p, const char *dir, const char *name)
{
	const char *path = mem_printf(p, "%s/%s", dir, name);
	const char *dot = strrchr(name, '.');

	if (begins(name, GONE))
		add(p, path, NULL, false, true);
	else if (begins(name, NEW))
		add(p, path, mem_printf(p, "%s/%s.lock", dir, name + strlen(NEW)), false, true);
	else if (dot == NULL)
		add(p, path, mem_printf(p, "%s.lock", path), false, false);
}

static void
add_trees(struct git_purge *p, const char *store)
{
	const char *dir = mem_printf(p, "%s/trees", store);
	const struct dirent *d;
	DIR *list = opendir(dir);

	while (list != NULL && (d = readdir(list)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			add_tree(p, dir, d->d_name);
	if (list != NULL)
		closedir(list);
}

static void
add_store(struct git_purge *p, const char *name)
{
	const char *store = mem_printf(p, "%s/%s", p->root, name);
	const char *mirror = mem_printf(p, "%s/mirror", store);

	if (begins(name, GONE))
		add(p, store, NULL, false, true);
	if (name[0] == '.')
		return;
	if (git_is_there(mirror))
		add(p, mirror, mem_printf(p, "%s/lock", store), true, false);
	add_trees(p, store);
}

/* --- what goes --- */

static int
by_use(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->used > y->used) - (x->used < y->used);
}

static void
choose_by_age(struct git_purge *p)
{
	int64_t days = p->config->git_keep_days;

	for (size_t i = 0; days > 0 && i < p->n; i++)
		p->entries[i].goes |= clock_wall() - p->entries[i].used > days * MS_PER_DAY;
}

static void
choose_by_size(struct git_purge *p)
{
	int64_t total = 0;

	for (size_t i = 0; i < p->n; i++)
		total += p->entries[i].goes ? 0 : p->entries[i].bytes;
	for (size_t i = 0; i < p->n && total > p->config->git_megabytes * MB; i++) {
		total -= p->entries[i].goes ? 0 : p->entries[i].bytes;
		p->entries[i].goes = true;
	}
}

/* "BYTES", a tab, "PATH" in each line: du(1). */
static void
read_sizes(struct git_purge *p, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		const char *path = strchr(line, '\t');

		for (size_t i = 0; path != NULL && i < p->n; i++)
			if (strcmp(p->entries[i].path, path + 1) == 0)
				p->entries[i].bytes = strtoll(line, NULL, 10);
	}
}

/* --- doing it --- */

static void
tool_ended(void *arg, const struct task_end *end)
{
	struct git_purge *p = arg;

	p->task = NULL;
	if (end->return_code != 0)
		log_debug("git: cleaning up: %s", end->err->at);
	p->then(p, end);
}

/* What fails is left for the next time. */
static void
run(struct git_purge *p, const char *const *words,
    void (*then)(struct git_purge *p, const struct task_end *end))
{
	SCOPED(tmp, NULL);
	struct names argv = { 0 };
	const char *const env[] = {
		MARK, mem_printf(tmp, "PATH=%s", p->config->local_path), "HOME=/",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C.UTF-8", NULL
	};
	struct proc_spec spec = { .envp = env, .cwd = "/", .grace_ms = GRACE_MS, .mark = MARK };
	const char *program = proc_find(tmp, p->config->local_path, words[0]);
	struct error e;

	p->then = then;
	if (program != NULL) {
		names_add(tmp, &argv, program);
		for (words++; *words != NULL; words++)
			names_add(tmp, &argv, *words);
		names_add(tmp, &argv, NULL);
		spec.argv = argv.at;
		p->task = task_start(p, p->loop, &spec, TOOL_MS, KEEP, tool_ended, p, &e);
	}
	if (p->task == NULL) {
		log_debug("git: cleaning up: a program cannot be started");
		git_unlock(&p->lock);
		p->at = p->n;
		next_entry(p, NULL);
	}
}

static void
removed(struct git_purge *p, const struct task_end *end)
{
	const struct entry *entry = &p->entries[p->at - 1];

	/* While we have it: whoever waits for it finds that it is gone, and makes another. */
	if (p->lock >= 0 && !entry->is_mirror)
		unlink(entry->lock);
	git_unlock(&p->lock);
	next_entry(p, end);
}

static void
opened(struct git_purge *p, const struct task_end *end)
{
	const char *const words[] = { "rm", "-rf", "--", p->entries[p->at - 1].path, NULL };

	(void)end;
	run(p, words, removed);
}

static void
remove_entry(struct git_purge *p, struct entry *entry)
{
	const char *slash = strrchr(entry->path, '/');
	const char *gone = mem_printf(p, "%.*s/" GONE "%s", (int)(slash - entry->path),
	    entry->path, id_new(p));
	const char *const words[] = { "chmod", "-R", "u+w", "--", gone, NULL };
	struct error e;

	if (entry->lock != NULL &&
	    (git_lock(entry->lock, LOCK_EX, &p->lock, &e) != ERR_OK || p->lock < 0)) {
		next_entry(p, NULL);
		return;
	}
	if (rename(entry->path, gone) != 0) {
		git_unlock(&p->lock);
		next_entry(p, NULL);
		return;
	}
	log_debug("git: %s is removed", entry->path);
	entry->path = gone;
	run(p, words, opened);
}

static void
end_later(void *arg)
{
	struct git_purge *p = arg;

	p->timer = NULL;
	p->done(p->arg);
}

static void
next_entry(struct git_purge *p, const struct task_end *end)
{
	struct entry *entry;

	(void)end;
	while (p->at < p->n && !p->entries[p->at].goes && !p->entries[p->at].is_mirror)
		p->at++;
	if (p->at == p->n) {
		p->timer = loop_after(p->loop, 0, end_later, p);
		return;
	}
	entry = &p->entries[p->at++];
	if (entry->goes) {
		remove_entry(p, entry);
	} else {
		/* Many small packs become one; next to nothing where there are few. */
		const char *const words[] = {
			p->config->git_program, mem_printf(p, "--git-dir=%s", entry->path),
			"-c", "gc.autoDetach=false", "gc", "--auto", "--quiet", NULL
		};

		run(p, words, next_entry);
	}
}

static void
sized(struct git_purge *p, const struct task_end *end)
{
	read_sizes(p, end->out->at);
	choose_by_size(p);
	next_entry(p, NULL);
}

static void
begin(void *arg)
{
	struct git_purge *p = arg;
	/* ROOT/HASH/trees/COMMIT is three deep. */
	const char *const words[] = {
		"du", "--block-size=1", "--max-depth=3", "--", p->root, NULL
	};
	const struct dirent *d;
	DIR *list = opendir(p->root);

	p->timer = NULL;
	while (list != NULL && (d = readdir(list)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			add_store(p, d->d_name);
	if (list != NULL)
		closedir(list);
	if (p->n > 0)
		qsort(p->entries, p->n, sizeof *p->entries, by_use);
	choose_by_age(p);
	if (p->n > 0 && p->config->git_megabytes > 0)
		run(p, words, sized);
	else
		next_entry(p, NULL);
}

static int
purge_free(struct git_purge *p)
{
	loop_cancel(p->timer);
	mem_free(p->task);
	git_unlock(&p->lock);
	return 0;
}

struct git_purge *
git_purge(void *ctx, struct loop *l, const struct config *c, void (*done)(void *arg), void *arg)
{
	struct git_purge *p = MEM_NEW(ctx, struct git_purge);

	p->loop = l;
	p->config = c;
	p->done = done;
	p->arg = arg;
	p->lock = -1;
	p->root = config_path(p, c, "git");
	p->timer = loop_after(l, 0, begin, p);
	MEM_ON_FREE(p, purge_free);
	return p;
}
