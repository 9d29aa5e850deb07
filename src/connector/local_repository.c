#include <string.h>

#include "base/mem.h"
#include "connector/git.h"
#include "connector/local_private.h"
#include "connector/path.h"
#include "json/body.h"

/*
 * Code from git, for one run: the tree of the commit is copied into the run directory, where
 * the service may write as it likes. Links to the tree would let it change what others run, and
 * a working tree of git would lead to the mirror; a copy by cp(1) costs next to nothing where
 * the file system can share blocks, and else as much as reading.
 */

enum { COPY_MS = 600000 };

#define COPY "code"

static const char *
copy_path(struct launch *l)
{
	return mem_printf(l, "%s/" COPY, l->home);
}

/* Runs a program on the copy. */
static enum err
run_on_copy(struct launch *l, const char *const *words, const char *from, launch_then then,
    struct error *e)
{
	struct names argv = { 0 }, env = { 0 };
	const struct tool tool = {
		.name = words[0], .argv = &argv, .env = &env, .cwd = l->home,
		.timeout_ms = COPY_MS, .reads = from,
	};
	const char *program = proc_find(l, l->config->local_path, words[0]);

	if (program == NULL)
		return error_set(e, ERR_UNAVAILABLE, "%s is not installed on this gateway",
		    words[0]);
	names_add(l, &argv, program);
	for (words++; *words != NULL; words++)
		names_add(l, &argv, *words);
	names_add(l, &argv, NULL);
	names_add(l, &env, l->env.at[0]);
	names_add(l, &env, NULL);
	return launch_tool(l, &tool, then, e);
}

static enum err
copy_ready(struct launch *l, const struct task_end *end, struct error *e)
{
	if (launch_tool_check(l, end, e) != ERR_OK)
		return e->code;
	l->tree = l->dir = path_real(l, copy_path(l));
	if (l->tree == NULL)
		return error_set(e, ERR_UNAVAILABLE, "the copy of the code is gone");
	return local_working_dir(l, e);
}

/* The tree is read-only, and so is what was copied from it. */
static enum err
copied(struct launch *l, const struct task_end *end, struct error *e)
{
	const char *const words[] = { "chmod", "-R", "u+w", COPY, NULL };

	/* The tree may go now. */
	mem_free(l->git);
	l->git = NULL;
	if (launch_tool_check(l, end, e) != ERR_OK)
		return e->code;
	return run_on_copy(l, words, NULL, copy_ready, e);
}

enum err
local_copy_tree(struct launch *l, const char *from, struct error *e)
{
	const char *const words[] = {
		"cp", "-R", "--reflink=auto", "--preserve=timestamps", "--", from, COPY, NULL
	};

	return run_on_copy(l, words, from, copied, e);
}

static const char *
how_it_came(const struct git_end *code)
{
	if (code->fetched)
		return code->built ? "fetched" : "fetched, nothing new";
	return code->built ? "checked out" : "there already";
}

static enum err
have_tree(struct launch *l, const struct task_end *end, struct error *e)
{
	const char *reference = json_get_text(l->order->repository, "reference");

	(void)end;
	if (l->code->error != NULL)
		return error_set(e, l->code->error->code, "%s", l->code->error->detail);
	conn_note(l->run->r, CONN_EVENT_CODE, "%s %s %s %s",
	    launch_shown(l, json_get_text(l->order->repository, "name")),
	    reference != NULL && *reference != '\0' ? launch_shown(l, reference) : "HEAD",
	    l->code->commit, how_it_came(l->code));
	return local_copy_tree(l, l->code->tree, e);
}

static void
got(void *arg, const struct git_end *end)
{
	struct launch *l = arg;

	l->code = end;
	launch_resume(l, NULL);
}

/* The secret that member KEY of the repository names; NULL where there is none. */
static enum err
credential(struct launch *l, const char *key, const char **value, struct error *e)
{
	const char *name = json_get_text(l->order->repository, key);

	*value = name != NULL ? conn_order_secret(l->order, name) : NULL;
	if (name != NULL && *value == NULL)
		return error_set(e, ERR_NOT_FOUND, "the secret %s of repository %s is not on this "
		    "gateway", launch_shown(l, name),
		    launch_shown(l, json_get_text(l->order->repository, "name")));
	return ERR_OK;
}

/*
 * Who has no credentials must not get what others fetched with theirs: what needed some is
 * shared by the repositories of one gateway that name the same secret.
 */
static const char *
scope(struct launch *l)
{
	const char *key = json_get_text(l->order->repository, "private-key-name");
	const char *password = json_get_text(l->order->repository, "password-name");

	if (key == NULL && password == NULL)
		return "";
	return mem_printf(l, "%s/%s/%s", l->run->r->conn->cluster_id,
	    key != NULL ? "key" : "password", key != NULL ? key : password);
}

enum err
local_repository(struct launch *l, struct error *e)
{
	struct json_object *o = l->order->repository;
	struct git_wish wish = {
		.name = json_get_text(o, "name"), .url = json_get_text(o, "url"),
		.reference = json_get_text(o, "reference"), .scope = scope(l),
		.username = json_get_text(o, "username"), .mark = l->env.at[0],
	};

	if (credential(l, "private-key-name", &wish.key, e) != ERR_OK ||
	    credential(l, "password-name", &wish.password, e) != ERR_OK)
		return e->code;
	launch_wait(l, have_tree);
	l->git = git_get(l, l->run->r->conn->loop, l->config, &wish, got, l);
	return ERR_OK;
}
