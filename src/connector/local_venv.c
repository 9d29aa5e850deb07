#include "connector/local_environment.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "json/body.h"
#include "proc/proc.h"

/*
 * runtime.req-file: for python-script services a virtual environment (venv in the standard
 * library, then pip), for ansible-playbook services collections and roles (ansible-galaxy).
 */

enum { SOURCE_MAX = 16 * 1024 * 1024 };

#define SYSTEM_COLLECTIONS "/usr/share/ansible/collections"
#define SYSTEM_ROLES "/usr/share/ansible/roles:/etc/ansible/roles"

/*
 * What has a way to the packages: of the service's own variables these alone come to pip and
 * ansible-galaxy.
 */
static const char *const ways[] = {
	"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
};

struct asked {
	struct environment_plan plan;
	struct text *source;
	const char *file;	/* path of the requirements file */
	const char *program;	/* path of python or ansible-galaxy */
	const char *config;	/* of the tool, in the run directory */
	bool collections, roles;
};

static void
add_ways(struct launch *l, struct names *env, struct text *source)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		const char *value = launch_get(l, ways[i]);

		if (value != NULL && env != NULL)
			names_add(l, env, mem_printf(l, "%s=%s", ways[i], value));
		if (value != NULL && source != NULL)
			text_printf(source, "%s=%s\n", ways[i], value);
	}
}

/*
 * Adds to the source a program: its path, and which file that is instead of what it would say
 * when it is asked for its version. Another version is another file.
 */
static enum err
add_program(struct launch *l, struct asked *a, const char *program, const char *hint,
    struct error *e)
{
	struct stat st;
	char *real;

	a->program = proc_find(l, l->config->local_path, program);
	if (a->program == NULL)
		return error_set(e, ERR_UNAVAILABLE, "%s is not installed on this gateway: %s",
		    launch_shown(l, program), hint);
	real = realpath(a->program, NULL);
	if (real == NULL || stat(real, &st) != 0) {
		free(real);
		return error_set(e, ERR_UNAVAILABLE, "%s cannot be read", a->program);
	}
	text_printf(a->source, "%s\n%s\n%lld %lld %lld\n", a->program, real, (long long)st.st_ino,
	    (long long)st.st_size, (long long)st.st_mtim.tv_sec);
	free(real);
	return ERR_OK;
}

/* --- python-script --- */

static void
add_words(struct launch *l, struct tool *t, const char *const *words)
{
	for (; *words != NULL; words++)
		names_add(l, t->argv, *words);
}

static bool
python_tool(const struct environment_plan *plan, struct launch *l, size_t n, const char *path,
    struct tool *t)
{
	const struct asked *a = plan->own;
	const char *venv = mem_printf(l, "%s/venv", path);
	const char *const make[] = { a->program, "-m", "venv", venv, NULL };
	const char *const install[] = {
		mem_printf(l, "%s/bin/python3", venv), "-m", "pip", "install", "--no-input",
		"--disable-pip-version-check", "--no-cache-dir", "--requirement", a->file, NULL,
	};

	if (n > 1)
		return false;
	t->name = n == 0 ? "python3 -m venv" : "pip install";
	add_words(l, t, n == 0 ? make : install);
	if (n == 1)
		names_add(l, t->env, mem_printf(l, "PIP_CONFIG_FILE=%s", a->config));
	add_ways(l, t->env, NULL);
	return true;
}

static enum err
python_there(struct launch *l, const struct task_end *end, struct error *e)
{
	const char *venv = mem_printf(l, "%s/venv", environment_path(l->environment));

	(void)end;
	(void)e;
	registries_forget(l);
	launch_set(l, "VIRTUAL_ENV", venv);
	launch_set(l, "PATH", mem_printf(l, "%s/bin:%s", venv, launch_get(l, "PATH")));
	l->python = mem_printf(l, "%s/bin/python3", venv);
	return ERR_OK;
}

static enum err
python_environment(struct launch *l, struct asked *a, const char *file, struct error *e)
{
	if (add_program(l, a, l->config->local_python, "install the package python3",
	    e) != ERR_OK ||
	    requirements_pip(l, file, a->source, e) != ERR_OK ||
	    registries_pip(l, &a->config, e) != ERR_OK)
		return e->code;
	registries_source(l, "pypi", a->source);
	a->plan.kind = "python";
	a->plan.tool = python_tool;
	a->plan.missing = "ensurepip is not\navailable";
	a->plan.hint = "install the package python3-venv";
	a->plan.then = python_there;
	return environment_use(l, &a->plan, e);
}

/* --- ansible-playbook --- */

static bool
galaxy_tool(const struct environment_plan *plan, struct launch *l, size_t n, const char *path,
    struct tool *t)
{
	const struct asked *a = plan->own;
	const char *what = n == 0 && a->collections ? "collection" : "role";
	const char *const words[] = {
		a->program, what, "install", "-r", a->file, "-p",
		mem_printf(l, "%s/%ss", path, what), NULL,
	};

	if (n >= (size_t)a->collections + (size_t)a->roles)
		return false;
	t->name = mem_printf(l, "ansible-galaxy %s install", what);
	add_words(l, t, words);
	names_add(l, t->env, mem_printf(l, "ANSIBLE_CONFIG=%s", a->config));
	names_add(l, t->env, mem_printf(l, "ANSIBLE_LOCAL_TEMP=%s/.ansible/tmp", l->home));
	names_add(l, t->env, "ANSIBLE_NOCOLOR=1");
	add_ways(l, t->env, NULL);
	return true;
}

/* What the service says itself stays, after ours. */
static void
set_path(struct launch *l, const char *name, const char *first, const char *usual)
{
	const char *own = launch_get(l, name);

	launch_set(l, name, mem_printf(l, "%s:%s", first, own != NULL ? own : usual));
}

static enum err
galaxy_there(struct launch *l, const struct task_end *end, struct error *e)
{
	const char *path = environment_path(l->environment);

	(void)end;
	(void)e;
	registries_forget(l);
	set_path(l, "ANSIBLE_COLLECTIONS_PATH", mem_printf(l, "%s/collections", path),
	    SYSTEM_COLLECTIONS);
	set_path(l, "ANSIBLE_ROLES_PATH", mem_printf(l, "%s/roles", path), SYSTEM_ROLES);
	return ERR_OK;
}

static enum err
galaxy_environment(struct launch *l, struct asked *a, const char *file, struct error *e)
{
	if (add_program(l, a, l->config->local_ansible_galaxy, "install the package ansible-core",
	    e) != ERR_OK ||
	    requirements_galaxy(l, file, a->source, &a->collections, &a->roles, e) != ERR_OK ||
	    registries_galaxy(l, &a->config, e) != ERR_OK)
		return e->code;
	registries_source(l, "ansible-galaxy", a->source);
	if (!a->collections && !a->roles)
		return ERR_OK;
	a->plan.kind = "ansible";
	a->plan.tool = galaxy_tool;
	a->plan.then = galaxy_there;
	return environment_use(l, &a->plan, e);
}

enum err
local_environment(struct launch *l, struct error *e)
{
	bool is_python = strcmp(l->order->type, "python-script") == 0;
	struct json_object *o;
	struct asked *a;
	const char *name, *path;

	if (!is_python && strcmp(l->order->type, "ansible-playbook") != 0)
		return ERR_OK;
	if (launch_runtime(l, "req-file", json_type_string, &o, e) != ERR_OK)
		return e->code;
	if (o == NULL)
		return ERR_OK;
	name = json_object_get_string(o);
	if (local_file(l, name, &path, e) != ERR_OK)
		return e->code;
	a = MEM_NEW(l, struct asked);
	a->file = path;
	a->source = text_new(l, SOURCE_MAX);
	a->plan.source = a->source;
	a->plan.own = a;
	/* What one user has built is not for another to execute. */
	if (l->run->user != NULL)
		text_printf(a->source, "user %d\n", (int)l->run->user->uid);
	add_ways(l, NULL, a->source);
	return is_python ? python_environment(l, a, name, e) : galaxy_environment(l, a, name, e);
}
