#include "connector/git_private.h"

#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "connector/path.h"
#include "secret/digest.h"

/*
 * The mirror, and which commit a reference is. The lock of the store is held from git_mirror()
 * to its end.
 */

enum { POLL_MS = 50, MS_PER_S = 1000, KIND_NAME_LEN = 16 };

static enum err find_commit(struct git_get *g, struct error *e);
static enum err fetch(struct git_get *g, struct error *e);

/*
 * STORE/fetched-HASH: when what is fetched together was asked for last; STORE/failed-HASH
 * likewise.
 */
static const char *
mark_path(struct git_get *g, const char *mark)
{
	return mem_printf(g, "%s/%s-%.*s", g->store, mark, KIND_NAME_LEN,
	    digest_hex(g, g->ref.kind, strlen(g->ref.kind)));
}

/* While it is there a fetch is under way; with the lock in our hand, it is of one that died. */
static const char *
fetching_path(struct git_get *g)
{
	return mem_printf(g, "%s/fetching", g->store);
}

static bool
is_fresh(struct git_get *g)
{
	int64_t asked = git_stamped(mark_path(g, "fetched")), age = clock_wall() - asked;

	/* Whoever was waited for has asked since we came. */
	if (g->waited && asked >= g->began)
		return true;
	return age >= 0 && age < g->config->git_refresh * MS_PER_S;
}

/* --- fetching --- */

static enum err
fetch_failed(struct git_get *g, struct error *e)
{
	git_failure_write(mark_path(g, "failed"), e);
	return e->code;
}

static enum err
fetched_all(struct git_get *g, const struct task_end *end, struct error *e)
{
	unlink(fetching_path(g));
	if (git_check(g, end, "cannot be fetched", e) != ERR_OK)
		return fetch_failed(g, e);
	if (git_stamp(mark_path(g, "fetched"), g->fetch_began, e) != ERR_OK)
		return e->code;
	return find_commit(g, e);
}

/* Of a repository that gives one file no history is needed. */
static bool
is_shallow(const struct git_get *g)
{
	return g->wish.file != NULL && !g->whole;
}

/* The url is an argument: it holds no password, see git_url_read(). */
static enum err
fetch_refs(struct git_get *g, const char *first, const char *second, git_then then,
    struct error *e)
{
	/* One that went away there goes here, but only where all of them are asked for. */
	const char *prune = second != NULL ? "--prune" : "--no-prune";
	const char *const words[] = {
		"fetch", "--quiet", "--force", "--no-tags", "--no-auto-maintenance",
		"--no-write-fetch-head", "--no-recurse-submodules", prune,
		is_shallow(g) ? "--depth=1" : "--no-update-shallow", "--", g->url.text,
		first, second, NULL
	};

	g->fetch_began = clock_wall();
	g->end.fetched = true;
	if (git_stamp(fetching_path(g), g->fetch_began, e) != ERR_OK)
		return e->code;
	return git_run(g, words, NULL, then, e);
}

/* Servers may refuse to give a single commit: then it has to be in what they do give. */
static enum err
fetched_one(struct git_get *g, const struct task_end *end, struct error *e)
{
	struct git_ref all;

	if (end->return_code == 0 || end->timed_out)
		return fetched_all(g, end, e);
	if (git_ref_read(g, g->wish.name, "any", &all, e) != ERR_OK)
		return e->code;
	g->whole = true;
	return fetch_refs(g, all.refspecs[0], all.refspecs[1], fetched_all, e);
}

/*
 * A server that is but files knows nothing of depths; and where nothing fits, git fails for one,
 * without a word.
 */
static enum err
fetched_some(struct git_get *g, const struct task_end *end, struct error *e)
{
	const struct text *said = end->err;

	if (!is_shallow(g) || end->return_code == 0 || end->timed_out ||
	    (said->len > 0 && strstr(said->at, "shallow") == NULL))
		return fetched_all(g, end, e);
	g->whole = true;
	return fetch_refs(g, g->ref.refspecs[0], g->ref.refspecs[1], fetched_all, e);
}

static enum err
fetch_wanted(struct git_get *g, struct error *e)
{
	return fetch_refs(g, g->ref.refspecs[0], g->ref.refspecs[1],
	    g->ref.is_pinned ? fetched_one : fetched_some, e);
}

static enum err
cleaned(struct git_get *g, const struct task_end *end, struct error *e)
{
	if (git_check(g, end, "cannot be cleaned", e) != ERR_OK)
		return e->code;
	return fetch_wanted(g, e);
}

/* What a git that was killed leaves: locks, which would stop the next one, and half packs. */
static enum err
fetch(struct git_get *g, struct error *e)
{
	const char *const words[] = {
		"find", g->mirror, "-type", "f", "(", "-name", "*.lock", "-o", "-name", "tmp_*",
		")", "-delete", NULL
	};

	if (git_is_there(fetching_path(g)))
		return git_run_other(g, words, cleaned, e);
	return fetch_wanted(g, e);
}

/* --- the commit --- */

/* Line by line "HASH commit SIZE" for each name, or "NAME missing": git-cat-file(1). */
static enum err
read_commit(struct git_get *g, const char *out, struct error *e)
{
	for (size_t i = 0; i < GIT_NAMES && g->ref.names[i] != NULL; i++) {
		size_t line = strcspn(out, "\n"), n = strcspn(out, " ");
		const char *hash = mem_textn(g, out, n);

		if (strncmp(out + n, " commit ", strlen(" commit ")) == 0) {
			if (g->end.commit != NULL && strcmp(g->end.commit, hash) != 0)
				return error_set(e, ERR_INVALID, "the reference %s of repository "
				    "%s is a branch and a tag: say refs/heads/... or "
				    "refs/tags/...", text_shown(g, g->wish.reference),
				    g->wish.name);
			g->end.commit = hash;
		}
		out += line + (out[line] == '\n');
	}
	return ERR_OK;
}

static enum err
no_commit(struct git_get *g, struct error *e)
{
	if (g->ref.is_pinned)
		return error_set(e, ERR_NOT_FOUND, "the repository %s has no commit %s",
		    g->wish.name, g->wish.reference);
	if (g->wish.reference == NULL || g->wish.reference[0] == '\0')
		return error_set(e, ERR_NOT_FOUND, "the repository %s has no commit yet",
		    g->wish.name);
	return error_set(e, ERR_NOT_FOUND, "the repository %s has no branch or tag %s, nor is that "
	    "a full SHA", g->wish.name, text_shown(g, g->wish.reference));
}

static enum err
commit_asked(struct git_get *g, const struct task_end *end, struct error *e)
{
	g->end.commit = NULL;
	if (git_check(g, end, "cannot be read", e) != ERR_OK ||
	    read_commit(g, end->out->at, e) != ERR_OK)
		return e->code;
	if (g->end.commit == NULL)
		return g->end.fetched ? no_commit(g, e) : fetch(g, e);
	git_unlock(&g->lock);
	return g->wish.file != NULL ? git_file(g, e) : git_tree(g, NULL, e);
}

static enum err
find_commit(struct git_get *g, struct error *e)
{
	static const char *const words[] = { "cat-file", "--batch-check", NULL };
	struct text *names = text_new(g, SIZE_MAX);

	for (size_t i = 0; i < GIT_NAMES && g->ref.names[i] != NULL; i++)
		text_printf(names, "%s^{commit}\n", g->ref.names[i]);
	return git_run(g, words, names->at, commit_asked, e);
}

/* --- the mirror --- */

static enum err
mirror_there(struct git_get *g, struct error *e)
{
	/* A pinned commit is fetched when it turns out not to be there. */
	return g->ref.is_pinned || is_fresh(g) ? find_commit(g, e) : fetch(g, e);
}

static const char *
new_mirror(struct git_get *g)
{
	return mem_printf(g, "%s/.new-mirror", g->store);
}

static enum err
mirror_made(struct git_get *g, const struct task_end *end, struct error *e)
{
	if (git_check(g, end, "cannot be mirrored", e) != ERR_OK)
		return e->code;
	if (rename(new_mirror(g), g->mirror) != 0)
		return error_set(e, ERR_UNAVAILABLE, "%s cannot be made", g->mirror);
	return mirror_there(g, e);
}

static enum err
make_mirror(struct git_get *g, struct error *e)
{
	/* No template: it would bring hooks. */
	const char *const words[] = {
		g->config->git_program, "init", "--quiet", "--bare", "--template=", new_mirror(g),
		NULL
	};

	dir_remove(new_mirror(g));
	return git_run_other(g, words, mirror_made, e);
}

enum err
git_mirror(struct git_get *g, const struct task_end *end, struct error *e)
{
	const char *path = mem_printf(g, "%s/lock", g->store);
	struct error failure;

	(void)end;
	if (git_lock(path, LOCK_EX, &g->lock, e) != ERR_OK)
		return e->code;
	if (g->lock < 0) {
		g->waited = true;
		git_later(g, POLL_MS, git_mirror);
		return ERR_OK;
	}
	/* Its time says when the mirror was used last. */
	if (git_stamp(path, clock_wall(), e) != ERR_OK)
		return e->code;
	/* Whoever was waited for has asked the server already, and in vain. */
	if (g->waited && git_stamped(mark_path(g, "failed")) >= g->began &&
	    git_failure_read(mark_path(g, "failed"), &failure))
		return error_set(e, failure.code, "%s", failure.detail);
	return git_is_there(g->mirror) ? mirror_there(g, e) : make_mirror(g, e);
}
