#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "connector/local_environment.h"
#include "connector/local_private.h"
#include "json/body.h"

/*
 * What keeps a run apart from the rest of the host, beside its directory and its environment:
 * another user ([local] run_as, or the gateway's own), and a sandbox ([local] sandbox). Where what
 * is asked for cannot be had, nothing runs.
 */

#define USER "user"

enum { PASSED = S_IRWXU | S_IXGRP | S_IXOTH };	/* others may pass, not list */

/* --- another user --- */

void
local_check_user(struct json_object *user, struct faults *faults)
{
	const char *name = json_object_get_string(user);

	if (!json_object_is_type(user, json_type_string) || name[0] == '\0' ||
	    strlen(name) != (size_t)json_object_get_string_len(user))
		faults_add(faults, "settings." USER, "must be the name of a user");
}

/* Whether NAME is in the colon-separated LIST. */
static bool
is_listed(const char *name, const char *list)
{
	size_t n = strlen(name);

	for (;;) {
		size_t len = strcspn(list, ":");

		if (len == n && strncmp(list, name, n) == 0)
			return true;
		if (list[len] == '\0')
			return false;
		list += len + 1;
	}
}

/* Who is to run the services of C; "": whoever we are. */
static enum err
user_name(struct conn *c, const char **name, struct error *e)
{
	const char *own = json_get_text(c->settings, USER);

	*name = own != NULL ? own : c->config->local_run_as;
	if (own == NULL || is_listed(own, c->config->local_run_as_users))
		return ERR_OK;
	return error_set(e, ERR_FORBIDDEN, "the user %s of the gateway is not one of [local] "
	    "run_as_users", own);
}

/* Run directories lie below the state directory, whose other files are for nobody else. */
static enum err
make_way(const struct config *c, const char *name, struct error *e)
{
	SCOPED(tmp, NULL);
	const char *runs = config_path(tmp, c, "runs");
	struct stat st;

	if (stat(c->state_dir, &st) != 0 || (st.st_mode & S_IXOTH) == 0)
		return error_set(e, ERR_UNAVAILABLE, "the user %s cannot come to its run "
		    "directories: the state directory needs mode 0711 (chmod 711 %s)", name,
		    c->state_dir);
	if (chmod(runs, PASSED) != 0)
		return error_set(e, ERR_UNAVAILABLE, "chmod %s: %s", runs, strerror(errno));
	return ERR_OK;
}

enum err
local_user(struct conn *c, struct proc_user **user, struct error *e)
{
	const char *name;

	*user = NULL;
	if (user_name(c, &name, e) != ERR_OK)
		return e->code;
	if (*name == '\0')
		return ERR_OK;
	*user = proc_user_find(c, name, e);
	if (*user == NULL)
		return e->code;
	if ((*user)->uid == 0)
		return error_set(e, ERR_FORBIDDEN, "services cannot be told to run as %s", name);
	if (geteuid() == 0)
		return make_way(c->config, name, e);
	if ((*user)->uid != geteuid())
		return error_set(e, ERR_UNAVAILABLE, "services can run as %s only where "
		    "gatehoused is started as root", name);
	/* That is who we are. */
	*user = NULL;
	return ERR_OK;
}

bool
local_is_apart(const struct launch *l)
{
	return l->run->user != NULL || strcmp(l->config->local_sandbox, "none") != 0;
}

/* --- the sandbox of the service --- */

enum err
local_sandbox(struct launch *l, struct error *e)
{
	if (fence_new(l, l->config, &l->fence, e) != ERR_OK)
		return e->code;
	if (l->fence != NULL && launch_get(l, "TMPDIR") == NULL)
		launch_set(l, "TMPDIR", l->home);
	fence_allow_list(l->fence, l->config->local_sandbox_write, PROC_WRITE);
	fence_allow(l->fence, l->tree, PROC_READ);
	fence_allow(l->fence, l->home, PROC_WRITE);
	if (l->environment != NULL)
		fence_allow(l->fence, environment_path(l->environment), PROC_READ);
	if (launch_state_dir(l) != NULL) {
		fence_allow(l->fence, launch_state_dir(l), PROC_WRITE);
		fence_allow(l->fence, launch_plugins(l), PROC_READ);
	}
	return fence_check(l->fence, l->home, mem_printf(l, "service %s", l->order->service), e);
}
