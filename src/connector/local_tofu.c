#include "connector/local_environment.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "connector/path.h"
#include "json/body.h"

/*
 * opentofu-plan services (services.md section 3): "tofu init" as a tool, then plan, apply or
 * destroy as the service's process. The state is where the order says, and not in the tree: the
 * order's giver keeps it.
 */

#define PLAN "opentofu-plan"
#define PLUGINS "plugins"

enum {
	DIR_MODE = 0700,
	LOOK_MS = 100,		/* between two looks at the lock of the plug-ins */
	MS_PER_S = 1000,
	SAID_KEEP = 30000,	/* bytes of each stream of init that its event has: the end */
	LAST_LINES = 12,	/* an error has a frame and a few lines of its reason */
	LAST_MAX = 600
};

/* --- the command line --- */

static enum err
action_words(struct launch *l, const char **action, struct error *e)
{
	*action = json_get_text(l->order->params, "action");
	if (*action == NULL || (strcmp(*action, "plan") != 0 && strcmp(*action, "apply") != 0 &&
	    strcmp(*action, "destroy") != 0))
		return error_set(e, ERR_INVALID, "the parameter action of opentofu-plan services "
		    "must be apply, destroy or plan");
	launch_word(l, *action);
	if (strcmp(*action, "plan") == 0)
		return ERR_OK;
	launch_word(l, "-auto-approve");
	/* The versions that the order's giver keeps are the backup. */
	launch_word(l, "-backup=-");
	return ERR_OK;
}

static enum err
add_var(struct launch *l, const char *entry, struct error *e)
{
	if (strchr(entry, '=') == NULL)
		return error_set(e, ERR_INVALID, "vars of service %s must be as in name=value, "
		    "not %s", l->order->service, launch_shown(l, entry));
	launch_word(l, mem_printf(l, "-var=%s", entry));
	return ERR_OK;
}

static enum err
add_var_file(struct launch *l, const char *entry, struct error *e)
{
	const char *path;

	if (local_file(l, entry, &path, e) != ERR_OK)
		return e->code;
	launch_word(l, mem_printf(l, "-var-file=%s", path));
	return ERR_OK;
}

/* KEY, or its old spelling OLD, of the service. */
static enum err
each_of(struct launch *l, const char *key, const char *old,
    enum err (*add)(struct launch *, const char *, struct error *), struct error *e)
{
	struct json_object *o = json_get(l->order->definition, key);

	if (o == NULL)
		o = json_get(l->order->definition, old);
	if (o == NULL)
		return ERR_OK;
	if (!json_object_is_type(o, json_type_array))
		return error_set(e, ERR_INVALID, "%s of service %s must be an array", key,
		    l->order->service);
	return launch_each(l, key, o, add, e);
}

/* Of several values of a variable tofu takes the last: that of the caller. */
static enum err
add_params(struct launch *l, struct error *e)
{
	struct json_object *vars = json_keep(l, mem_must(json_object_new_object()));
	const char *path;

	json_object_object_foreach(l->order->params, key, value)
		if (strcmp(key, "action") != 0)
			json_set(vars, key, json_object_get(value));
	if (launch_write(l, "params.tfvars.json", json_text(l, vars), &path, e) != ERR_OK)
		return e->code;
	launch_word(l, mem_printf(l, "-var-file=%s", path));
	return ERR_OK;
}

/* --- state --- */

const char *
launch_state_dir(struct launch *l)
{
	const char *path = l->order->state_path, *slash = path != NULL ? strrchr(path, '/') : NULL;

	return slash != NULL ? mem_textn(l, path, (size_t)(slash - path)) : NULL;
}

/* The first run of a service may begin with a state that is in its tree. */
static enum err
first_state(struct launch *l, struct error *e)
{
	const char *name = json_get_text(l->order->definition, "state-file"), *path, *ignored;
	struct text *t;

	if (name == NULL || name[0] == '\0' || access(l->order->state_path, F_OK) == 0)
		return ERR_OK;
	if (local_file(l, name, &path, e) != ERR_OK ||
	    (t = launch_file(l, name, path, e)) == NULL)
		return e->code;
	return run_dir_write(l, launch_state_dir(l), l->run->user,
	    strrchr(l->order->state_path, '/') + 1, t->at, &ignored, e);
}

static void
set_unless(struct launch *l, const char *name, const char *value)
{
	if (launch_get(l, name) == NULL)
		launch_set(l, name, value);
}

enum err
local_tofu(struct launch *l, struct error *e)
{
	const char *program = l->config->local_tofu, *action;

	if (l->order->state_path == NULL)
		return error_set(e, ERR_INTERNAL, "there is no place for the state of service %s",
		    l->order->service);
	if (launch_program(l, program, "install OpenTofu (package tofu of packages.opentofu.org), "
	    "or name another program in [local] tofu", e) != ERR_OK ||
	    action_words(l, &action, e) != ERR_OK || first_state(l, e) != ERR_OK)
		return e->code;
	launch_word(l, "-no-color");
	launch_word(l, "-input=false");
	launch_word(l, mem_printf(l, "-state=%s", l->order->state_path));
	if (each_of(l, "var-files", "plan-var-files", add_var_file, e) != ERR_OK ||
	    each_of(l, "vars", "plan-vars", add_var, e) != ERR_OK || add_params(l, e) != ERR_OK)
		return e->code;
	launch_set(l, "TF_IN_AUTOMATION", "1");
	set_unless(l, "CHECKPOINT_DISABLE", "1");
	/* The tree may be shared by runs at the same time. */
	set_unless(l, "TF_DATA_DIR", mem_printf(l, "%s/.terraform", l->home));
	set_unless(l, "TF_PLUGIN_CACHE_DIR", launch_plugins(l));
	return ERR_OK;
}

/* --- code and plug-ins --- */

/*
 * init writes the lock file of the plug-ins beside the plan, which in a sandbox is read-only, and
 * another user's hardly ever to write to.
 */
enum err
local_tofu_code(struct launch *l, struct error *e)
{
	if (strcmp(l->order->type, PLAN) != 0 || !local_is_apart(l) ||
	    path_is_within(l->tree, path_real(l, l->home)))
		return ERR_OK;
	return local_copy_tree(l, l->tree, e);
}

/* What one user has put there is not for another to execute. */
const char *
launch_plugins(struct launch *l)
{
	if (l->run->user == NULL)
		return config_path(l, l->config, PLUGINS);
	return config_path(l, l->config, mem_printf(l, PLUGINS "-%d", (int)l->run->user->uid));
}

/* --- init --- */

/* One at a time: tofu's cache of plug-ins knows no lock of its own. */
struct init {
	struct launch *launch;
	int lock;
	struct timer *look;
};

static enum err init_look(struct launch *l, const struct task_end *end, struct error *e);

static int
init_free(struct init *i)
{
	loop_cancel(i->look);
	if (i->lock >= 0)
		close(i->lock);
	return 0;
}

static void
look_again(void *arg)
{
	struct init *i = arg;

	i->look = NULL;
	launch_resume(i->launch, NULL);
}

static const char *
end_of(struct launch *l, const struct text *t)
{
	size_t from = t->len > SAID_KEEP ? t->len - SAID_KEEP : 0, len;

	return utf8_mend(l, t->at + from, t->len - from, &len);
}

static enum err
init_done(struct launch *l, const struct task_end *end, struct error *e)
{
	mem_free(l->init);
	l->init = NULL;
	conn_note(l->run->r, CONN_EVENT_ENVIRONMENT, "tofu init\n%s%s", end_of(l, end->out),
	    end_of(l, end->err));
	if (end->timed_out)
		return error_set(e, ERR_UNAVAILABLE, "tofu init did not end within [environments] "
		    "build_time (%lld s)", (long long)l->config->environments_build_time);
	if (end->return_code != 0)
		return error_set(e, ERR_UNAVAILABLE, "tofu init failed (%d): %s", end->return_code,
		    launch_last_lines(l, end->err->len > 0 ? end->err : end->out, LAST_LINES,
		    LAST_MAX));
	return ERR_OK;
}

static enum err
init_run(struct launch *l, struct error *e)
{
	struct names argv = { 0 };
	const struct tool t = {
		.name = "tofu init", .argv = &argv, .env = &l->env, .cwd = l->dir,
		.timeout_ms = l->config->environments_build_time * MS_PER_S,
		.is_foreign = true, .writes = launch_plugins(l),
	};
	const char *const words[] = { l->argv.at[0], "init", "-input=false", "-no-color", NULL };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		names_add(l, &argv, words[i]);
	return launch_tool(l, &t, init_done, e);
}

static enum err
init_look(struct launch *l, const struct task_end *end, struct error *e)
{
	struct init *i = l->init;

	(void)end;
	i->lock = environment_lock(launch_plugins(l), LOCK_EX);
	if (i->lock >= 0)
		return init_run(l, e);
	i->look = loop_after(l->run->r->conn->loop, LOOK_MS, look_again, i);
	launch_wait(l, init_look);
	return ERR_OK;
}

static enum err
make_plugins(struct launch *l, struct error *e)
{
	const struct proc_user *user = l->run->user;
	const char *path = launch_plugins(l);
	bool ok = mkdir(path, DIR_MODE) == 0 || errno == EEXIST;

	if (ok && user != NULL)
		ok = lchown(path, user->uid, user->gid) == 0;
	if (ok)
		return ERR_OK;
	return error_set(e, ERR_UNAVAILABLE, "the directory %s cannot be made: %s", path,
	    strerror(errno));
}

enum err
local_init(struct launch *l, struct error *e)
{
	if (strcmp(l->order->type, PLAN) != 0)
		return ERR_OK;
	if (make_plugins(l, e) != ERR_OK)
		return e->code;
	l->init = MEM_NEW(l, struct init);
	l->init->launch = l;
	l->init->lock = -1;
	MEM_ON_FREE(l->init, init_free);
	return init_look(l, NULL, e);
}
