#include "connector/local_private.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "json/body.h"

#define FILE_URL "file://"

enum { HEX = 16, ESCAPE_LEN = 3 };

/* realpath(3), the result made for CTX; NULL where there is no such path. */
static char *
real_path(void *ctx, const char *path)
{
	char *real = realpath(path, NULL), *out = real != NULL ? mem_text(ctx, real) : NULL;

	free(real);
	return out;
}

/* Whether PATH is DIR or lies below it; both are real paths. */
static bool
is_within(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	n -= n > 0 && dir[n - 1] == '/';
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Whether the path S has a part "..". */
static bool
has_parent_part(const char *s)
{
	size_t n;

	for (; *s != '\0'; s += n + (s[n] == '/')) {
		n = strcspn(s, "/");
		if (n == 2 && strncmp(s, "..", n) == 0)
			return true;
	}
	return false;
}

/* A root that does not exist allows nothing. */
static bool
is_allowed(const char *path, const char *roots)
{
	SCOPED(tmp, NULL);

	while (*roots != '\0') {
		size_t n = strcspn(roots, ":");
		const char *root = n > 0 ? real_path(tmp, mem_textn(tmp, roots, n)) : NULL;

		if (root != NULL && roots[0] == '/' && is_within(path, root))
			return true;
		roots += n + (roots[n] == ':');
	}
	return false;
}

/* RFC 8089 and 3986: the path of a file URL, with %XX decoded. NULL where it is none. */
static char *
url_path(void *ctx, const char *url)
{
	char *out = mem_text(ctx, url), *to = out;

	for (const char *s = url; *s != '\0'; to++) {
		if (*s != '%') {
			*to = *s++;
			continue;
		}
		if (!isxdigit((unsigned char)s[1]) || !isxdigit((unsigned char)s[2]))
			return NULL;
		*to = (char)strtol((const char[]){ s[1], s[2], '\0' }, NULL, HEX);
		if (*to == '\0')
			return NULL;
		s += ESCAPE_LEN;
	}
	*to = '\0';
	return out;
}

/* The directory that the repository's url names. */
static enum err
repository_path(struct launch *l, const char **path, struct error *e)
{
	const char *name = json_get_text(l->order->definition, "repository");
	const char *url = json_get_text(l->order->repository, "url");
	const size_t n = strlen(FILE_URL);

	if (l->order->repository == NULL)
		return error_set(e, ERR_NOT_FOUND, "the repository %s of service %s is not on "
		    "this gateway", launch_shown(l, name), l->order->service);
	if (url == NULL || strncmp(url, FILE_URL "/", n + 1) != 0)
		return error_set(e, ERR_INVALID, "the repository %s is at %s: only file:/// "
		    "directories are supported so far", launch_shown(l, name), url != NULL ?
		    launch_shown(l, url) : "no url");
	*path = url_path(l, url + n);
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
	if (has_parent_part(path))
		return error_set(e, ERR_INVALID, "the directory %s of service %s must not have .. "
		    "parts", launch_shown(l, path), l->order->service);
	if (l->config->local_roots[0] == '\0')
		return error_set(e, ERR_INVALID, "services cannot run on this gateway before "
		    "[local] roots names the directories that code may come from");
	real = real_path(l, path);
	/* What lies outside is not even said to be there or not. */
	if (!is_allowed(real != NULL ? real : path, l->config->local_roots))
		return error_set(e, ERR_FORBIDDEN, "the directory %s of service %s is not below "
		    "one of [local] roots", launch_shown(l, path), l->order->service);
	if (real == NULL || !is_directory(real))
		return error_set(e, ERR_NOT_FOUND, "the directory %s of service %s does not exist",
		    launch_shown(l, path), l->order->service);
	l->tree = l->dir = real;
	return ERR_OK;
}

static enum err
find_dir(struct launch *l, struct error *e)
{
	const char *dir = json_get_text(l->order->definition, "working-directory"), *real;

	if (json_get(l->order->definition, "repository") == NULL || dir == NULL || dir[0] == '\0')
		return ERR_OK;
	if (dir[0] == '/' || has_parent_part(dir))
		return error_set(e, ERR_INVALID, "the working-directory %s of service %s must be "
		    "a relative path without .. parts", launch_shown(l, dir), l->order->service);
	real = real_path(l, mem_printf(l, "%s/%s", l->tree, dir));
	if (real != NULL && !is_within(real, l->tree))
		return error_set(e, ERR_FORBIDDEN, "the working-directory %s of service %s leads "
		    "out of its repository", launch_shown(l, dir), l->order->service);
	if (real == NULL || !is_directory(real))
		return error_set(e, ERR_NOT_FOUND, "the working-directory %s of service %s does "
		    "not exist", launch_shown(l, dir), l->order->service);
	l->dir = real;
	return ERR_OK;
}

enum err
local_code(struct launch *l, struct error *e)
{
	if (find_tree(l, e) != ERR_OK)
		return e->code;
	return find_dir(l, e);
}

enum err
local_file(struct launch *l, const char *name, const char **path, struct error *e)
{
	const char *real;
	struct stat st;

	if (name[0] == '\0' || name[0] == '/' || has_parent_part(name))
		return error_set(e, ERR_INVALID, "%s of service %s must be a relative path "
		    "without .. parts", name[0] != '\0' ? launch_shown(l, name) : "a file",
		    l->order->service);
	*path = mem_printf(l, "%s/%s", l->dir, name);
	real = real_path(l, *path);
	if (real == NULL)
		return error_set(e, ERR_NOT_FOUND, "%s is not in the working directory of service "
		    "%s", launch_shown(l, name), l->order->service);
	if (!is_within(real, l->tree))
		return error_set(e, ERR_FORBIDDEN, "%s of service %s leads out of its tree",
		    launch_shown(l, name), l->order->service);
	if (stat(real, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return error_set(e, ERR_INVALID, "%s of service %s is not a file",
		    launch_shown(l, name), l->order->service);
	return ERR_OK;
}
