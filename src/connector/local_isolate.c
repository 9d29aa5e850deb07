#include <errno.h>
#include <fcntl.h>
#include <fts.h>
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
#define PLUGINS "plugins"	/* local_tofu.c's */

enum {
	SEARCHED = S_IXUSR | S_IXGRP | S_IXOTH,	/* others may pass, not list */
	SHOWN = S_IRGRP | S_IROTH
};

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
	if (chmod(runs, S_IRWXU | SEARCHED) != 0)
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

typedef int (*change)(const FTSENT *f, const struct proc_user *user);

/* Does FN to PATH and all below it, no link followed; what a directory holds comes first. */
static enum err
change_all(struct launch *l, const char *path, change fn, struct error *e)
{
	char *const paths[] = { mem_text(l, path), NULL };
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	const FTSENT *f;
	int error = walk == NULL ? errno : 0;

	while (error == 0 && (f = fts_read(walk)) != NULL)
		if (f->fts_info == FTS_ERR || f->fts_info == FTS_DNR)
			error = f->fts_errno;
		else if (f->fts_info != FTS_D && fn(f, l->run->user) != 0)
			error = errno;
	if (walk != NULL)
		fts_close(walk);
	if (error == 0)
		return ERR_OK;
	return error_set(e, ERR_UNAVAILABLE, "%s cannot be given to another user: %s", path,
	    strerror(error));
}

static int
give(const FTSENT *f, const struct proc_user *user)
{
	return lchown(f->fts_accpath, user->uid, user->gid);
}

static int
show(const FTSENT *f, const struct proc_user *user)
{
	mode_t mode = f->fts_statp->st_mode, more = SHOWN | ((mode & S_IXUSR) != 0 ? SEARCHED : 0);

	(void)user;
	if (S_ISLNK(mode) || (mode & more) == more)
		return 0;
	return chmod(f->fts_accpath, (mode | more) & (S_IRWXU | S_IRWXG | S_IRWXO));
}

/* An environment holds nothing that is secret. Its own directory is the last that is changed. */
static enum err
show_environment(struct launch *l, struct error *e)
{
	const char *path = environment_path(l->environment);
	struct stat st;

	if (stat(path, &st) == 0 && (st.st_mode & S_IXOTH) != 0)
		return ERR_OK;
	if (chmod(environments_path(l, l->config), S_IRWXU | SEARCHED) != 0)
		return error_set(e, ERR_UNAVAILABLE, "the environments: %s", strerror(errno));
	return change_all(l, path, show, e);
}

/* The directory of the state of an opentofu-plan service, which the order's giver made for it. */
static const char *
state_dir(struct launch *l)
{
	const char *path = l->order->state_path, *slash = path != NULL ? strrchr(path, '/') : NULL;

	return slash != NULL ? mem_textn(l, path, (size_t)(slash - path)) : NULL;
}

enum err
local_hand_over(struct launch *l, struct error *e)
{
	if (l->run->user == NULL)
		return ERR_OK;
	if (state_dir(l) != NULL)
		return error_set(e, ERR_INVALID, "opentofu-plan services cannot be run as another "
		    "user yet ([local] run_as, or the user of the gateway)");
	if (l->environment != NULL && show_environment(l, e) != ERR_OK)
		return e->code;
	return change_all(l, l->home, give, e);
}

/* --- the sandbox --- */

/* What programs take for granted. Semaphores lie in shm. */
static const struct proc_allow devices[] = {
	{ "/dev/null", PROC_WRITE }, { "/dev/zero", PROC_WRITE }, { "/dev/full", PROC_WRITE },
	{ "/dev/random", PROC_WRITE }, { "/dev/urandom", PROC_WRITE },
	{ "/dev/tty", PROC_WRITE }, { "/dev/ptmx", PROC_WRITE }, { "/dev/pts", PROC_WRITE },
	{ "/dev/shm", PROC_WRITE },
};

enum { DEVICES = sizeof devices / sizeof *devices };

static void
allow(struct launch *l, const char *path, enum proc_right right)
{
	l->allow = MEM_GROW(l, l->allow, struct proc_allow, l->n_allow + 1);
	l->allow[l->n_allow++] = (struct proc_allow){ .path = path, .right = right };
}

static void
allow_list(struct launch *l, const char *list, enum proc_right right)
{
	while (*list != '\0') {
		size_t n = strcspn(list, ":");

		if (n > 0)
			allow(l, mem_textn(l, list, n), right);
		list += n + (list[n] == ':');
	}
}

/* Whether PATH is DIR or lies below it, by what they are and not by what they are called. */
static bool
is_below(const char *path, const char *dir)
{
	struct stat top, at, up = { 0 };
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), next;
	bool found = false, more;

	more = fd >= 0 && stat(dir, &top) == 0 && fstat(fd, &at) == 0;
	while (more && !found) {
		found = at.st_dev == top.st_dev && at.st_ino == top.st_ino;
		next = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		more = next >= 0 && fstat(next, &up) == 0 &&
		    (up.st_dev != at.st_dev || up.st_ino != at.st_ino);
		at = up;
		close(fd);
		fd = next;
	}
	if (fd >= 0)
		close(fd);
	return found;
}

/* Rules only add: what lies below a directory that is allowed cannot be taken out again. */
static enum err
check_allowed(struct launch *l, struct error *e)
{
	const char *state = l->config->state_dir, *runs = config_path(l, l->config, "runs");

	for (size_t i = 0; i < l->n_allow; i++) {
		const char *path = l->allow[i].path;

		if (is_below(state, path) || (is_below(path, runs) && !is_below(path, l->home)))
			return error_set(e, ERR_FORBIDDEN, "the sandbox cannot be made: %s, which "
			    "service %s would see, holds the state of Gatehouse",
			    launch_shown(l, path), l->order->service);
	}
	return ERR_OK;
}

enum err
local_sandbox(struct launch *l, struct error *e)
{
	if (strcmp(l->config->local_sandbox, "none") == 0)
		return ERR_OK;
	if (proc_sandbox_version() == 0)
		return error_set(e, ERR_UNAVAILABLE, "[local] sandbox is landlock, but the kernel "
		    "of this gateway has no Landlock");
	if (launch_get(l, "TMPDIR") == NULL)
		launch_set(l, "TMPDIR", l->home);
	allow_list(l, l->config->local_sandbox_read, PROC_READ);
	allow_list(l, l->config->local_sandbox_write, PROC_WRITE);
	for (size_t i = 0; i < DEVICES; i++)
		allow(l, devices[i].path, devices[i].right);
	allow(l, l->tree, PROC_READ);
	allow(l, l->home, PROC_WRITE);
	if (l->environment != NULL)
		allow(l, environment_path(l->environment), PROC_READ);
	if (state_dir(l) != NULL) {
		allow(l, state_dir(l), PROC_WRITE);
		allow(l, config_path(l, l->config, PLUGINS), PROC_READ);
	}
	return check_allowed(l, e);
}
