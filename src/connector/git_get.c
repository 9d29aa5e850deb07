#include "connector/git_private.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "secret/digest.h"

/*
 * The life of a git_get: the mirror (git_fetch.c), the commit, its tree (git_tree.c) with its
 * submodules (git_parts.c), the end. Each step starts a program or waits for a lock, and names
 * what comes then.
 */

enum {
	STORE_NAME_LEN = 32,	/* hex digits */
	KEEP = 1024 * 1024,	/* bytes of what a program writes */
	HEADER_MAX = 1024	/* bytes that git writes before a file */
};

/* Whoever is told may free G: nothing comes after this. */
static void
git_fail(struct git_get *g, const struct error *e)
{
	g->error = *e;
	g->end.error = &g->error;
	git_unlock(&g->lock);
	git_unlock(&g->tree_lock);
	g->done(g->arg, &g->end);
}

void
git_finish(struct git_get *g)
{
	git_unlock(&g->lock);
	g->done(g->arg, &g->end);
}

void
git_go(struct git_get *g, const struct task_end *end)
{
	struct error e = { 0 };

	/* Where it went well G may be gone. */
	if (g->then(g, end, &e) != ERR_OK)
		git_fail(g, &e);
}

static void
timer_over(void *arg)
{
	struct git_get *g = arg;

	g->timer = NULL;
	git_go(g, NULL);
}

void
git_later(struct git_get *g, int64_t ms, git_then step)
{
	g->then = step;
	g->timer = loop_after(g->loop, ms, timer_over, g);
}

/* ROOT/HASH: what is behind one url, for one scope. */
static enum err
make_store(struct git_get *g, struct error *e)
{
	const char *root = g->root;
	const char *key = mem_printf(g, "%s\n%s", g->wish.scope, g->url.text);
	const char *hash = digest_hex(g, key, strlen(key));

	g->store = mem_printf(g, "%s/%.*s", root, STORE_NAME_LEN, hash);
	g->mirror = mem_printf(g, "%s/mirror", g->store);
	if (git_dir_make(root, e) != ERR_OK || git_dir_make(g->store, e) != ERR_OK)
		return e->code;
	return git_dir_make(mem_printf(g, "%s/trees", g->store), e);
}

static enum err
choose_root(struct git_get *g, struct error *e)
{
	if (g->wish.file == NULL) {
		g->root = config_path(g, g->config, "git");
		return ERR_OK;
	}
	git_ref_narrow(g, &g->ref);
	if (git_file_check(g, e) != ERR_OK || git_work(g, e) != ERR_OK)
		return e->code;
	g->root = mem_printf(g, "%s/git", g->work->path);
	return ERR_OK;
}

static enum err
begin(struct git_get *g, const struct task_end *end, struct error *e)
{
	(void)end;
	if (git_url_read(g, g->config, g->wish.name, g->wish.url, &g->url, e) != ERR_OK ||
	    git_ref_read(g, g->wish.name, g->wish.reference, &g->ref, e) != ERR_OK ||
	    choose_root(g, e) != ERR_OK || make_store(g, e) != ERR_OK)
		return e->code;
	if (!g->ref.is_pinned || g->wish.file != NULL)
		return git_mirror(g, NULL, e);
	/* What a full SHA names never changes: where its tree is, nothing has to be asked. */
	g->end.commit = g->ref.names[0];
	if (git_is_there(mem_printf(g, "%s/trees/%s", g->store, g->end.commit)))
		return git_tree(g, NULL, e);
	return git_mirror(g, NULL, e);
}

static int
git_free(struct git_get *g)
{
	loop_cancel(g->timer);
	/* The program first: it must not go on when others may begin. */
	mem_free(g->task);
	mem_free(g->sub);
	git_unlock(&g->lock);
	git_unlock(&g->tree_lock);
	return 0;
}

static const char *
copy(void *ctx, const char *s)
{
	return s != NULL ? mem_text(ctx, s) : NULL;
}

static const char *
copy_secret(void *ctx, const char *s)
{
	return s != NULL ? mem_wiped(mem_text(ctx, s)) : NULL;
}

struct git_get *
git_get(void *ctx, struct loop *l, const struct config *c, const struct git_wish *wish,
    git_fn done, void *arg)
{
	struct git_get *g = MEM_NEW(ctx, struct git_get);

	g->loop = l;
	g->config = c;
	g->done = done;
	g->arg = arg;
	g->lock = g->tree_lock = -1;
	g->began = clock_wall();
	g->wish = (struct git_wish){
		.name = mem_text(g, text_shown(g, wish->name)), .url = mem_text(g, wish->url),
		.reference = copy(g, wish->reference), .scope = mem_text(g, wish->scope),
		.key = copy_secret(g, wish->key), .username = copy(g, wish->username),
		.password = copy_secret(g, wish->password), .mark = mem_text(g, wish->mark),
		.file = copy(g, wish->file), .file_max = wish->file_max,
	};
	g->keep = wish->file != NULL ? wish->file_max + HEADER_MAX : KEEP;
	MEM_ON_FREE(g, git_free);
	git_later(g, 0, begin);
	return g;
}
