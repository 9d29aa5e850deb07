#include "connector/git_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "base/mem.h"
#include "proc/proc.h"

/*
 * Runs git, and what else is needed: with our configuration alone, and credentials that only it
 * can read.
 */

enum {
	MS_PER_S = 1000,
	GRACE_MS = 2000,
	WORDS_MAX = 600,	/* bytes of what git says that go into a sentence */
	LINES = 2		/* of it */
};

/* --- what git finds in its directory --- */

/*
 * All that could make git run something, or keep something back: hooks, monitors, filters,
 * background work, credential helpers. It is the only configuration that git reads beside the
 * mirror's own, which is ours too.
 */
static const char configuration[] =
    "[core]\n"
    "\thooksPath = /dev/null\n"
    "\tfsmonitor = false\n"
    "\taskPass = \n"
    "[protocol]\n"
    "\tallow = never\n"
    "[protocol \"%s\"]\n"
    "\tallow = always\n"
    "[gc]\n"
    "\tauto = 0\n"
    "[maintenance]\n"
    "\tauto = false\n"
    "[fetch]\n"
    "\trecurseSubmodules = false\n"
    "[transfer]\n"
    "\tcredentialsInUrl = die\n"
    "[http]\n"
    "\tlowSpeedLimit = 1\n"
    "\tlowSpeedTime = 60\n";

/* A value in double quotes, git-config(1). */
static const char *
config_quoted(void *ctx, const char *s)
{
	struct text *t = text_new(ctx, SIZE_MAX);

	text_puts(t, "\"");
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			text_puts(t, "\\");
		text_add(t, s, 1);
	}
	text_puts(t, "\"");
	return t->at;
}

static const char *
config_text(struct git_get *g)
{
	static const char *const names[] = {
		[GIT_HTTPS] = "https", [GIT_SSH] = "ssh", [GIT_FILE] = "file"
	};
	struct text *t = text_new(g->work, SIZE_MAX);

	text_printf(t, configuration, names[g->url.protocol]);
	if (g->config->git_ca_file[0] != '\0')
		text_printf(t, "\tsslCAInfo = %s\n",
		    config_quoted(t, g->config->git_ca_file));
	/*
	 * An empty one forgets those before it. The file is of git-credential-store(1), which
	 * heeds the host.
	 */
	if (g->wish.password != NULL)
		text_puts(t, "[credential]\n\thelper = \n\thelper = store --file=credentials\n");
	/* Who may put code below [local] roots may also be another user. */
	if (g->url.protocol == GIT_FILE)
		text_printf(t, "[safe]\n\tdirectory = %s\n\tdirectory = %s\n",
		    config_quoted(t, g->url.path),
		    config_quoted(t, mem_printf(t, "%s/.git", g->url.path)));
	return t->at;
}

static void
percent(struct text *t, const char *s)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *s != '\0'; s++)
		text_printf(t, strchr(plain, *s) != NULL ? "%c" : "%%%02x", (unsigned char)*s);
}

static const char *
credentials_text(struct git_get *g)
{
	struct text *t = text_new(g->work, SIZE_MAX);
	const char *user = g->wish.username != NULL && g->wish.username[0] != '\0' ?
	    g->wish.username : g->url.user != NULL ? g->url.user : "git";

	text_puts(t, "https://");
	percent(t, user);
	text_puts(t, ":");
	percent(t, g->wish.password);
	text_printf(t, "@%s\n", g->url.host);
	return t->at;
}

/*
 * ssh_config(5). Paths are relative: git and ssh begin in this directory, and no quoting is
 * needed.
 */
static const char *
ssh_text(struct git_get *g)
{
	struct text *t = text_new(g->work, SIZE_MAX);

	text_puts(t, "BatchMode yes\nStrictHostKeyChecking yes\nUpdateHostKeys no\n"
	    "IdentitiesOnly yes\nIdentityAgent none\nConnectTimeout 30\nServerAliveInterval 15\n"
	    "ForwardAgent no\nForwardX11 no\nPermitLocalCommand no\n");
	text_printf(t, "IdentityFile %s\n", g->wish.key != NULL ? "./key" : "none");
	if (g->config->git_known_hosts[0] != '\0')
		text_puts(t, "UserKnownHostsFile ./known_hosts\nGlobalKnownHostsFile /dev/null\n");
	return t->at;
}

static enum err
put(struct git_get *g, const char *name, const char *text, struct error *e)
{
	const char *path;

	return run_dir_write(g->work, g->work->path, NULL, name, text, &path, e);
}

static enum err
put_ssh(struct git_get *g, struct error *e)
{
	const char *key = g->wish.key, *known = g->config->git_known_hosts;

	if (put(g, "ssh_config", ssh_text(g), e) != ERR_OK)
		return e->code;
	if (known[0] != '\0' &&
	    symlink(known, mem_printf(g->work, "%s/known_hosts", g->work->path)) != 0)
		return error_set(e, ERR_UNAVAILABLE, "%s cannot be linked: %s", known,
		    strerror(errno));
	if (key == NULL)
		return ERR_OK;
	/* ssh takes a key only with its last line feed. */
	return put(g, "key", mem_printf(g->work, "%s%s", key,
	    key[0] != '\0' && key[strlen(key) - 1] == '\n' ? "" : "\n"), e);
}

enum err
git_work(struct git_get *g, struct error *e)
{
	if (g->work != NULL)
		return ERR_OK;
	g->program = proc_find(g, g->config->local_path, g->config->git_program);
	if (g->program == NULL)
		return error_set(e, ERR_UNAVAILABLE, "the repository %s cannot be read: %s is not "
		    "installed on this gateway: install the package git", g->wish.name,
		    text_shown(g, g->config->git_program));
	if (run_dirs_check(g->config, e) != ERR_OK)
		return e->code;
	g->work = run_dir_new(g, g->config, id_new(g), e);
	if (g->work == NULL || put(g, "gitconfig", config_text(g), e) != ERR_OK)
		return e->code;
	if (g->url.protocol == GIT_SSH)
		return put_ssh(g, e);
	if (g->url.protocol == GIT_HTTPS && g->wish.password != NULL)
		return put(g, "credentials", credentials_text(g), e);
	return ERR_OK;
}

/* --- running --- */

static void
tool_ended(void *arg, const struct task_end *end)
{
	struct git_get *g = arg;

	g->task = NULL;
	git_go(g, end);
}

/* Nothing of our own environment: a variable may be a setting for git. */
static const char *const *
environment(struct git_get *g, void *ctx)
{
	struct names env = { 0 };

	names_add(ctx, &env, g->wish.mark);
	names_add(ctx, &env, mem_printf(ctx, "PATH=%s", g->config->local_path));
	names_add(ctx, &env, mem_printf(ctx, "HOME=%s", g->work->path));
	names_add(ctx, &env, mem_printf(ctx, "GIT_CONFIG_GLOBAL=%s/gitconfig", g->work->path));
	names_add(ctx, &env, mem_printf(ctx, "GIT_INDEX_FILE=%s/index", g->work->path));
	names_add(ctx, &env, mem_printf(ctx, "TMPDIR=%s", g->work->path));
	names_add(ctx, &env, "GIT_CONFIG_NOSYSTEM=1");
	names_add(ctx, &env, "GIT_ATTR_NOSYSTEM=1");
	names_add(ctx, &env, "GIT_TERMINAL_PROMPT=0");
	names_add(ctx, &env, "GIT_NO_LAZY_FETCH=1");
	names_add(ctx, &env, "GIT_LITERAL_PATHSPECS=1");
	names_add(ctx, &env, "GIT_LFS_SKIP_SMUDGE=1");
	names_add(ctx, &env, "GIT_SSH_COMMAND=ssh -F ssh_config");
	names_add(ctx, &env, "GIT_SSH_VARIANT=ssh");
	names_add(ctx, &env, "LC_ALL=C.UTF-8");
	names_add(ctx, &env, NULL);
	return env.at;
}

/*
 * Where there is a sandbox: what is ours to build, and what it is made from. Programs that get code
 * are always run by us, as they have its credentials; nothing of a repository is executed by them.
 */
static enum err
fence(void *ctx, struct git_get *g, struct fence **f, struct error *e)
{
	const bool is_ssh = g->url.protocol == GIT_SSH;

	if (fence_new(ctx, g->config, f, e) != ERR_OK)
		return e->code;
	fence_allow(*f, g->work->path, PROC_WRITE);
	fence_allow(*f, g->store, PROC_WRITE);
	fence_allow(*f, g->config->git_ca_file, PROC_READ);
	fence_allow(*f, g->config->git_known_hosts, PROC_READ);
	if (is_ssh && g->config->git_known_hosts[0] == '\0')
		fence_allow(*f, mem_printf(ctx, "%s/.ssh/known_hosts", proc_user_home(ctx)),
		    PROC_READ);
	if (g->url.protocol == GIT_FILE)
		fence_allow(*f, g->url.path, PROC_READ);
	if (g->sub != NULL && g->sub_end != NULL)
		fence_allow(*f, g->sub_end->tree, PROC_READ);
	return fence_check(*f, g->work->path, mem_printf(ctx, "git of repository %s",
	    g->wish.name), e);
}

static enum err
start(struct git_get *g, struct names *argv, const char *input, git_then then, struct error *e)
{
	struct proc_spec spec = {
		.cwd = g->work->path, .input = input,
		.input_len = input != NULL ? strlen(input) : 0,
		.grace_ms = GRACE_MS, .mark = g->wish.mark,
	};
	SCOPED(tmp, NULL);
	struct fence *f;

	if (fence(tmp, g, &f, e) != ERR_OK)
		return e->code;
	fence_put(f, &spec);
	names_add(tmp, argv, NULL);
	spec.argv = argv->at;
	spec.envp = environment(g, tmp);
	g->then = then;
	g->task = task_start(g, g->loop, &spec, g->config->git_timeout * MS_PER_S, g->keep,
	    tool_ended, g, e);
	return g->task != NULL ? ERR_OK : e->code;
}

enum err
git_run(struct git_get *g, const char *const *words, const char *input, git_then then,
    struct error *e)
{
	SCOPED(tmp, NULL);
	struct names argv = { 0 };

	if (git_work(g, e) != ERR_OK)
		return e->code;
	names_add(tmp, &argv, g->program);
	names_add(tmp, &argv, mem_printf(tmp, "--git-dir=%s", g->mirror));
	for (; *words != NULL; words++)
		names_add(tmp, &argv, *words);
	return start(g, &argv, input, then, e);
}

enum err
git_run_other(struct git_get *g, const char *const *words, git_then then, struct error *e)
{
	SCOPED(tmp, NULL);
	struct names argv = { 0 };
	const char *path;

	if (git_work(g, e) != ERR_OK)
		return e->code;
	path = proc_find(tmp, g->config->local_path, words[0]);
	if (path == NULL)
		return error_set(e, ERR_UNAVAILABLE, "the repository %s cannot be read: %s is not "
		    "installed on this gateway", g->wish.name, words[0]);
	names_add(tmp, &argv, path);
	for (words++; *words != NULL; words++)
		names_add(tmp, &argv, *words);
	return start(g, &argv, NULL, then, e);
}

/* --- what it said --- */

/* Lines that are no cause: advice, and what a server chats. */
static bool
is_chatter(const char *line)
{
	static const char *const begins[] = {
		"Please make sure you have", "and the repository exists", "hint:", "warning:",
		"Cloning into", "Warning: Permanently added"
	};

	line += strspn(line, " \t");
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (strncmp(line, begins[i], strlen(begins[i])) == 0)
			return true;
	return *line == '\0';
}

/* The cause stands in the last lines: ssh's or the server's words first, then git's. */
const char *
git_words(void *ctx, const struct text *t)
{
	size_t len, from = t->len > WORDS_MAX ? t->len - WORDS_MAX : 0;
	char *all = utf8_mend(ctx, t->at + from, t->len - from, &len), *line;
	const char *said[LINES] = { "", "" };
	char *out;

	while ((line = strsep(&all, "\r\n")) != NULL) {
		if (is_chatter(line))
			continue;
		said[0] = said[1];
		said[1] = line;
	}
	out = mem_printf(ctx, "%s%s%s", said[0], said[0][0] != '\0' ? "; " : "", said[1]);
	for (char *c = out; *c != '\0'; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	return out;
}

enum err
git_check(struct git_get *g, const struct task_end *end, const char *what, struct error *e)
{
	SCOPED(tmp, NULL);

	if (end->timed_out)
		return error_set(e, ERR_UNAVAILABLE, "the repository %s %s within %lld s",
		    g->wish.name, what, (long long)g->config->git_timeout);
	if (end->return_code == 0)
		return ERR_OK;
	return error_set(e, ERR_INVALID, "the repository %s %s: %s", g->wish.name, what,
	    git_words(tmp, end->err->len > 0 ? end->err : end->out));
}
