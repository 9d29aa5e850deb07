#include "connector/git_private.h"

#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "connector/path.h"

/*
 * Submodules: each is fetched and built as a repository of its own, at the commit that the tree
 * names, and copied to its place. git's own submodule command would run with what .gitmodules
 * says; here that file gives urls and paths alone, and each url has to pass what the
 * repository's own had to.
 */

enum { DEPTH_MAX = 8, PARTS_MAX = 256 };

static enum err next_part(struct git_get *g, struct error *e);

/* --- which there are --- */

static struct git_part *
part_of(struct git_get *g, const char *key, size_t n)
{
	for (size_t i = 0; i < g->n_parts; i++)
		if (strlen(g->parts[i].key) == n && strncmp(g->parts[i].key, key, n) == 0)
			return &g->parts[i];
	g->parts = MEM_GROW(g, g->parts, struct git_part, g->n_parts + 1);
	g->parts[g->n_parts] = (struct git_part){ .key = mem_textn(g, key, n) };
	return &g->parts[g->n_parts++];
}

/* One setting, "submodule.NAME.path" or ".url", a line feed, its value. */
static void
read_setting(struct git_get *g, const char *line)
{
	static const char before[] = "submodule.";
	size_t n = strcspn(line, "\n");
	const char *value = line[n] == '\n' ? line + n + 1 : "", *dot = line + n;

	while (dot > line && *dot != '.')
		dot--;
	if (dot <= line + strlen(before) || strncmp(line, before, strlen(before)) != 0)
		return;
	if (strncmp(dot, ".path\n", strlen(".path\n")) == 0)
		part_of(g, line, (size_t)(dot - line))->path = mem_text(g, value);
	else
		part_of(g, line, (size_t)(dot - line))->url = mem_text(g, value);
}

static struct git_part *
part_at(struct git_get *g, const char *path)
{
	for (size_t i = 0; i < g->n_parts; i++)
		if (text_eq(g->parts[i].path, path) && g->parts[i].url != NULL)
			return &g->parts[i];
	return NULL;
}

/*
 * "MODE TYPE HASH", a tab, the path, a NUL: git-ls-tree(1). Only a commit in the tree makes a
 * submodule.
 */
static void
read_entries(struct git_get *g, const struct text *out)
{
	static const char mode[] = "160000 commit ";

	for (const char *at = out->at; at < out->at + out->len; at += strlen(at) + 1) {
		const char *tab = strchr(at, '\t'), *hash = at + strlen(mode);
		struct git_part *part = tab != NULL ? part_at(g, tab + 1) : NULL;

		if (part != NULL && strncmp(at, mode, strlen(mode)) == 0)
			part->commit = mem_textn(g, hash, (size_t)(tab - hash));
	}
}

static enum err
entries_listed(struct git_get *g, const struct task_end *end, struct error *e)
{
	if (git_check(g, end, "cannot be read", e) != ERR_OK)
		return e->code;
	read_entries(g, end->out);
	return next_part(g, e);
}

static enum err
list_entries(struct git_get *g, struct error *e)
{
	struct names words = { 0 };

	names_add(g, &words, "ls-tree");
	names_add(g, &words, "-z");
	names_add(g, &words, g->end.commit);
	names_add(g, &words, "--");
	for (size_t i = 0; i < g->n_parts; i++)
		if (g->parts[i].path != NULL && g->parts[i].path[0] != '\0')
			names_add(g, &words, g->parts[i].path);
	names_add(g, &words, NULL);
	return git_run(g, words.at, NULL, entries_listed, e);
}

static enum err
settings_listed(struct git_get *g, const struct task_end *end, struct error *e)
{
	/* git-config(1): 1 where there are none. */
	if (end->return_code == 1)
		return git_tree_whole(g, NULL, e);
	if (git_check(g, end, "has a .gitmodules that cannot be read", e) != ERR_OK)
		return e->code;
	for (const char *at = end->out->at; at < end->out->at + end->out->len; at += strlen(at) + 1)
		read_setting(g, at);
	if (g->n_parts > PARTS_MAX || end->out->cut)
		return error_set(e, ERR_INVALID, "the repository %s has more than %d submodules",
		    g->wish.name, PARTS_MAX);
	return list_entries(g, e);
}

/* --- one after the other --- */

static enum err
copied(struct git_get *g, const struct task_end *end, struct error *e)
{
	if (git_check(g, end, "cannot be put together", e) != ERR_OK)
		return e->code;
	mem_free(g->sub);
	g->sub = NULL;
	g->sub_end = NULL;
	return next_part(g, e);
}

/*
 * Its place must be where it seems to be: a tree may have been made by hand, to lead somewhere
 * else.
 */
static enum err
copy_part(struct git_get *g, const struct task_end *end, struct error *e)
{
	const struct git_part *part = &g->parts[g->part - 1];
	const char *place = mem_printf(g, "%s/%s", path_real(g, g->building), part->path);
	const char *real = path_real(g, place);
	const char *from = mem_printf(g, "%s/.", g->sub_end->tree);
	const char *const words[] = {
		"cp", "-R", "--reflink=auto", "--preserve=timestamps", "--", from, place, NULL
	};

	(void)end;
	if (g->sub_end->error != NULL)
		return error_set(e, g->sub_end->error->code, "%s", g->sub_end->error->detail);
	g->end.fetched |= g->sub_end->fetched;
	if (!text_eq(real, place) || !path_is_directory(place))
		return error_set(e, ERR_INVALID, "the repository %s has a submodule at %s, which "
		    "is no directory of its tree", g->wish.name, text_shown(g, part->path));
	return git_run_other(g, words, copied, e);
}

static void
sub_ended(void *arg, const struct git_end *end)
{
	struct git_get *g = arg;

	g->sub_end = end;
	g->then = copy_part;
	git_go(g, NULL);
}

/* Credentials go along only to the server that they are for. */
static struct git_wish
part_wish(struct git_get *g, const struct git_part *part, const char *url)
{
	struct git_wish w = {
		.name = mem_printf(g, "%s, submodule %s", g->wish.name, text_shown(g, part->path)),
		.url = url, .reference = part->commit, .scope = "", .mark = g->wish.mark,
	};
	struct git_url to;
	struct error e;

	/* What is wrong with it is told when it is begun. */
	if (git_url_read(g, g->config, w.name, url, &to, &e) != ERR_OK ||
	    !git_url_same_server(&g->url, &to))
		return w;
	w.scope = g->wish.scope;
	w.key = g->wish.key;
	w.username = g->wish.username;
	w.password = g->wish.password;
	return w;
}

static enum err
next_part(struct git_get *g, struct error *e)
{
	const struct git_part *part;
	struct git_wish wish;
	const char *url;

	while (g->part < g->n_parts && g->parts[g->part].commit == NULL)
		g->part++;
	if (g->part == g->n_parts)
		return git_tree_whole(g, NULL, e);
	part = &g->parts[g->part++];
	url = git_url_join(g, g->url.text, part->url);
	if (url == NULL)
		return error_set(e, ERR_INVALID, "the repository %s has a submodule at %s whose "
		    "url leads nowhere", g->wish.name, text_shown(g, part->path));
	if (g->depth == DEPTH_MAX)
		return error_set(e, ERR_INVALID, "the repository %s has submodules more than %d "
		    "deep", g->wish.name, DEPTH_MAX);
	wish = part_wish(g, part, url);
	g->sub = git_get(g, g->loop, g->config, &wish, sub_ended, g);
	g->sub->depth = g->depth + 1;
	return ERR_OK;
}

enum err
git_parts(struct git_get *g, const struct task_end *end, struct error *e)
{
	const char *file = mem_printf(g, "%s/.gitmodules", g->building);
	const char *const words[] = {
		"config", "-z", "-f", file, "--get-regexp", "^submodule\\..*\\.(path|url)$", NULL
	};
	struct stat st;

	(void)end;
	if (lstat(file, &st) != 0 || !S_ISREG(st.st_mode))
		return git_tree_whole(g, NULL, e);
	return git_run(g, words, NULL, settings_listed, e);
}
