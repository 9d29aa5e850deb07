#include "connector/git_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "base/clock.h"
#include "base/mem.h"
#include "connector/path.h"

/*
 * STORE/trees/COMMIT: built aside under the lock COMMIT.lock, made durable, and renamed when it
 * is whole. Whoever uses it holds the lock with others; who removes it has it alone.
 */

enum { POLL_MS = 50 };

static const char *
tree_path(struct git_get *g)
{
	return mem_printf(g, "%s/trees/%s", g->store, g->end.commit);
}

static const char *
tree_lock_path(struct git_get *g)
{
	return mem_printf(g, "%s/trees/%s.lock", g->store, g->end.commit);
}

/* The lock is shared from now on, and its time says when the tree was used last. */
static enum err
use(struct git_get *g, struct error *e)
{
	if (git_stamp(tree_lock_path(g), clock_wall(), e) != ERR_OK)
		return e->code;
	/* Between the two locks flock(2) may let somebody else in. */
	if (flock(g->tree_lock, LOCK_SH | LOCK_NB) != 0 || !git_is_there(tree_path(g))) {
		git_unlock(&g->tree_lock);
		git_later(g, POLL_MS, git_tree);
		return ERR_OK;
	}
	g->end.tree = tree_path(g);
	git_finish(g);
	return ERR_OK;
}

static enum err
named(struct git_get *g, const struct task_end *end, struct error *e)
{
	if (git_check(g, end, "cannot be written to the disk", e) != ERR_OK)
		return e->code;
	if (rename(g->building, tree_path(g)) != 0)
		return error_set(e, ERR_UNAVAILABLE, "%s cannot be made: %s", tree_path(g),
		    strerror(errno));
	g->end.built = true;
	return use(g, e);
}

/* A power cut must not leave a tree with its name and half its bytes. */
static enum err
closed(struct git_get *g, const struct task_end *end, struct error *e)
{
	const char *const words[] = { "sync", "--file-system", g->building, NULL };

	if (git_check(g, end, "cannot be made read-only", e) != ERR_OK)
		return e->code;
	return git_run_other(g, words, named, e);
}

enum err
git_tree_whole(struct git_get *g, const struct task_end *end, struct error *e)
{
	const char *const words[] = { "chmod", "-R", "a-w", g->building, NULL };

	(void)end;
	return git_run_other(g, words, closed, e);
}

static enum err
checked_out(struct git_get *g, const struct task_end *end, struct error *e)
{
	if (git_check(g, end, "cannot be checked out", e) != ERR_OK)
		return e->code;
	return git_parts(g, NULL, e);
}

static enum err
build(struct git_get *g, struct error *e)
{
	const char *work_tree, *words[] = { NULL, "read-tree", "--reset", "-u", NULL, NULL };

	g->building = mem_printf(g, "%s/trees/.new-%s", g->store, g->end.commit);
	work_tree = mem_printf(g, "--work-tree=%s", g->building);
	words[0] = work_tree;
	words[sizeof words / sizeof *words - 2] = g->end.commit;
	dir_remove(g->building);
	if (git_dir_make(g->building, e) != ERR_OK)
		return e->code;
	return git_run(g, words, NULL, checked_out, e);
}

enum err
git_tree(struct git_get *g, const struct task_end *end, struct error *e)
{
	int how = git_is_there(tree_path(g)) ? LOCK_SH : LOCK_EX;

	(void)end;
	if (git_lock(tree_lock_path(g), how, &g->tree_lock, e) != ERR_OK)
		return e->code;
	if (g->tree_lock < 0) {
		git_later(g, POLL_MS, git_tree);
		return ERR_OK;
	}
	if (git_is_there(tree_path(g)))
		return use(g, e);
	if (how == LOCK_EX)
		return build(g, e);
	git_unlock(&g->tree_lock);
	git_later(g, POLL_MS, git_tree);
	return ERR_OK;
}
