#include "connector/local_private.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "connector/path.h"
#include "json/body.h"

/* The directory that the repository's url names. */
static enum err
repository_path(struct launch *l, const char **path, struct error *e)
{
	const char *name = json_get_text(l->order->definition, "repository");
	const char *url = json_get_text(l->order->repository, "url");

	if (l->order->repository == NULL)
		return error_set(e, ERR_NOT_FOUND, "the repository %s of service %s is not on "
		    "this gateway", launch_shown(l, name), l->order->service);
	*path = path_of_url(l, url != NULL ? url : "");
	if (*path == NULL)
		return error_set(e, ERR_INVALID, "the url %s of repository %s is not a valid file "
		    "URL", launch_shown(l, url), launch_shown(l, name));
	return ERR_OK;
}

/* Where the tree is, before links are resolved. */
static enum err
tree_path(struct launch *l, const char **path, struct error *e)
{
	const char *dir = json_get_text(l->order->definition, "working-directory");

	if (json_get(l->order->definition, "repository") != NULL)
		return repository_path(l, path, e);
	if (dir == NULL || dir[0] == '\0')
		return error_set(e, ERR_INVALID, "service %s has neither a repository nor a "
		    "working-directory", l->order->service);
	if (dir[0] != '/')
		return error_set(e, ERR_INVALID, "the working-directory of service %s must be an "
		    "absolute path: there is no repository", l->order->service);
	*path = dir;
	return ERR_OK;
}

static enum err
find_tree(struct launch *l, struct error *e)
{
	const char *path, *real;

	if (tree_path(l, &path, e) != ERR_OK)
		return e->code;
	if (file_path_climbs(path))
		return error_set(e, ERR_INVALID, "the directory %s of service %s must not have .. "
		    "parts", launch_shown(l, path), l->order->service);
	if (l->config->local_roots[0] == '\0')
		return error_set(e, ERR_INVALID, "services cannot run on this gateway before "
		    "[local] roots names the directories that code may come from");
	real = path_real(l, path);
	/* What lies outside is not even said to be there or not. */
	if (!path_is_allowed(real != NULL ? real : path, l->config->local_roots))
		return error_set(e, ERR_FORBIDDEN, "the directory %s of service %s is not below "
		    "one of [local] roots", launch_shown(l, path), l->order->service);
	if (real == NULL || !path_is_directory(real))
		return error_set(e, ERR_NOT_FOUND, "the directory %s of service %s does not exist",
		    launch_shown(l, path), l->order->service);
	l->tree = l->dir = real;
	return ERR_OK;
}

enum err
local_working_dir(struct launch *l, struct error *e)
{
	const char *dir = json_get_text(l->order->definition, "working-directory"), *real;

	if (json_get(l->order->definition, "repository") == NULL || dir == NULL || dir[0] == '\0')
		return ERR_OK;
	if (dir[0] == '/' || file_path_climbs(dir))
		return error_set(e, ERR_INVALID, "the working-directory %s of service %s must be "
		    "a relative path without .. parts", launch_shown(l, dir), l->order->service);
	real = path_real(l, mem_printf(l, "%s/%s", l->tree, dir));
	if (real != NULL && !path_is_within(real, l->tree))
		return error_set(e, ERR_FORBIDDEN, "the working-directory %s of service %s leads "
		    "out of its repository", launch_shown(l, dir), l->order->service);
	if (real == NULL || !path_is_directory(real))
		return error_set(e, ERR_NOT_FOUND, "the working-directory %s of service %s does "
		    "not exist", launch_shown(l, dir), l->order->service);
	l->dir = real;
	return ERR_OK;
}

/* Whether the code is not in a directory of this host. */
static bool
is_elsewhere(const struct launch *l)
{
	static const char file[] = "file:";
	const char *url = json_get_text(l->order->repository, "url");

	return json_get(l->order->definition, "repository") != NULL && url != NULL &&
	    strncmp(url, file, strlen(file)) != 0;
}

enum err
local_code(struct launch *l, struct error *e)
{
	if (is_elsewhere(l))
		return local_repository(l, e);
	if (find_tree(l, e) != ERR_OK)
		return e->code;
	/* A directory that is no repository is used as it is. */
	if (json_get(l->order->definition, "repository") != NULL && path_is_repository(l->tree))
		return local_repository(l, e);
	return local_working_dir(l, e);
}

enum err
local_file(struct launch *l, const char *name, const char **path, struct error *e)
{
	const char *real;
	struct stat st;

	if (name[0] == '\0' || name[0] == '/' || file_path_climbs(name))
		return error_set(e, ERR_INVALID, "%s of service %s must be a relative path "
		    "without .. parts", name[0] != '\0' ? launch_shown(l, name) : "a file",
		    l->order->service);
	*path = mem_printf(l, "%s/%s", l->dir, name);
	real = path_real(l, *path);
	if (real == NULL)
		return error_set(e, ERR_NOT_FOUND, "%s is not in the working directory of service "
		    "%s", launch_shown(l, name), l->order->service);
	if (!path_is_within(real, l->tree))
		return error_set(e, ERR_FORBIDDEN, "%s of service %s leads out of its tree",
		    launch_shown(l, name), l->order->service);
	if (stat(real, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return error_set(e, ERR_INVALID, "%s of service %s is not a file",
		    launch_shown(l, name), l->order->service);
	return ERR_OK;
}
