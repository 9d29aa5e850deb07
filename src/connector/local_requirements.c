#include "connector/local_environment.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "connector/path.h"
#include "json/body.h"
#include "json/yaml.h"
#include "secret/digest.h"

/*
 * Requirements files: the texts that an environment is made from. What they name in the tree
 * belongs to them (the environment is built anew when it changes); a whole directory of the tree
 * cannot, it would have to be copied.
 */

#define BLANKS " \t\r"

enum {
	FILE_MAX = 64 * 1024 * 1024,	/* bytes: a wheel in the tree */
	DEPTH_MAX = 16			/* of files that name files */
};

static enum err pip_file(struct launch *l, const char *name, int depth, struct text *source,
    struct error *e);

/* --- files of the tree --- */

/*
 * Whether FD is a file of the tree. A run's user may put a link in the place of one while we, who
 * may read more, open it.
 */
static bool
is_of_tree(struct launch *l, int fd)
{
	const char *real = path_real(l, mem_printf(l, "/proc/self/fd/%d", fd));

	return real != NULL && path_is_within(real, l->tree);
}

struct text *
launch_file(struct launch *l, const char *name, const char *path, struct error *e)
{
	struct stat st;
	struct text *t;
	ssize_t n = 0;
	char *bytes;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX ||
	    !is_of_tree(l, fd)) {
		if (fd >= 0)
			close(fd);
		error_set(e, ERR_INVALID, "%s of service %s is not a file of at most %d bytes that "
		    "can be read", launch_shown(l, name), l->order->service, FILE_MAX);
		return NULL;
	}
	t = text_new(l, FILE_MAX);
	bytes = mem_bytes(l, (size_t)st.st_size + 1);
	while ((n = read(fd, bytes, (size_t)st.st_size + 1)) > 0)
		text_add(t, bytes, (size_t)n);
	mem_free(bytes);
	close(fd);
	if (n == 0 && !t->cut)
		return t;
	error_set(e, ERR_UNAVAILABLE, "%s cannot be read: %s", path, strerror(errno));
	return NULL;
}

/* NAME relative to the directory of the file FROM, without its "a/.." parts. */
static const char *
beside(struct launch *l, const char *from, const char *name)
{
	const char *slash = strrchr(from, '/');
	char *all = slash == NULL ? mem_text(l, name) :
	    mem_printf(l, "%.*s/%s", (int)(slash - from), from, name);
	char *out = mem_text(l, ""), *part, *last;

	if (name[0] == '/')
		return name;
	while ((part = strsep(&all, "/")) != NULL) {
		if (part[0] == '\0' || strcmp(part, ".") == 0)
			continue;
		last = strrchr(out, '/');
		if (strcmp(part, "..") == 0 && out[0] != '\0' && strcmp(last != NULL ? last + 1 :
		    out, "..") != 0)
			*(last != NULL ? last : out) = '\0';
		else
			out = mem_printf(l, "%s%s%s", out, out[0] != '\0' ? "/" : "", part);
	}
	return out;
}

/* What the file NAME of the tree holds belongs to the source by its digest. */
static enum err
add_package(struct launch *l, const char *name, struct text *source, struct error *e)
{
	const char *path;
	struct text *t;
	struct stat st;

	if (local_file(l, beside(l, "", name), &path, e) != ERR_OK)
		return e->code;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return error_set(e, ERR_INVALID,
		    "the requirements of service %s name the directory "
		    "%s: environments are shared, so only packages and files can be installed",
		    l->order->service, launch_shown(l, name));
	t = launch_file(l, name, path, e);
	if (t == NULL)
		return e->code;
	text_printf(source, "%s %s\n", name, digest_hex(l, t->at, t->len));
	mem_free(t);
	return ERR_OK;
}

/* --- pip --- */

/*
 * The value of option NAME (or SHORT) at LINE: "-rX", "-r X", "--name X", "--name=X"; NULL
 * where it is another.
 */
static const char *
option_value(const char *line, const char *brief, const char *name)
{
	size_t n = strlen(name);

	if (strncmp(line, brief, strlen(brief)) == 0 && line[1] != '-')
		line += strlen(brief);
	else if (strncmp(line, name, n) == 0 && (line[n] == '=' || strchr(BLANKS, line[n]) != NULL))
		line += n + (line[n] == '=');
	else
		return NULL;
	return line + strspn(line, BLANKS);
}

static bool
is_url(const char *s)
{
	return strstr(s, "://") != NULL;
}

static bool
ends_in(const char *s, size_t n, const char *end)
{
	size_t m = strlen(end);

	return n >= m && strncmp(s + n - m, end, m) == 0;
}

/*
 * Whether pip would take the first N bytes of S for a path of the tree
 * (pip/_internal/req/constructors.py).
 */
static bool
is_local(const char *s, size_t n)
{
	static const char *const archives[] = { ".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2",
	    ".tar.xz" };

	if (s[0] == '.' || memchr(s, '/', n) != NULL)
		return true;
	for (size_t i = 0; i < sizeof archives / sizeof *archives; i++)
		if (ends_in(s, n, archives[i]))
			return true;
	return false;
}

static enum err
refuse(struct launch *l, const char *what, const char *line, struct error *e)
{
	return error_set(e, ERR_INVALID, "the requirements of service %s %s: %s",
	    l->order->service, what,
	    launch_shown(l, line));
}

static enum err
pip_option(struct launch *l, const char *name, const char *line, int depth, struct text *source,
    struct error *e)
{
	const char *value;

	if ((value = option_value(line, "-r", "--requirement")) != NULL ||
	    (value = option_value(line, "-c", "--constraint")) != NULL) {
		if (is_url(value))
			return refuse(l, "name a file elsewhere, which may change", line, e);
		return pip_file(l, beside(l, name, value), depth + 1, source, e);
	}
	if ((value = option_value(line, "-e", "--editable")) != NULL && !is_url(value))
		return refuse(l, "have an editable directory, but environments are shared", line,
		    e);
	if ((value = option_value(line, "-f", "--find-links")) != NULL && !is_url(value))
		return refuse(l, "look for packages in a directory, name their files instead",
		    line, e);
	return ERR_OK;
}

/* LINE without comment and leading blanks. */
static enum err
pip_line(struct launch *l, const char *name, char *line, int depth, struct text *source,
    struct error *e)
{
	size_t n = strcspn(line, BLANKS ";[");

	if (line[0] == '\0')
		return ERR_OK;
	if (line[0] == '-')
		return pip_option(l, name, line, depth, source, e);
	if (strstr(line, "file:") != NULL)
		return refuse(l, "name a file: URL, name the file of the tree instead", line, e);
	if (is_url(line) || !is_local(line, n))
		return ERR_OK;
	return add_package(l, mem_textn(l, line, n), source, e);
}

/* Takes the comment and the blanks at both ends away. */
static char *
stripped(char *line)
{
	size_t n;

	line += strspn(line, BLANKS);
	for (char *c = line; *c != '\0'; c++)
		if (*c == '#' && (c == line || strchr(BLANKS, c[-1]) != NULL)) {
			*c = '\0';
			break;
		}
	for (n = strlen(line); n > 0 && strchr(BLANKS, line[n - 1]) != NULL; n--)
		line[n - 1] = '\0';
	return line;
}

/* A backslash at its end makes the next line belong to a line. */
static void
join_lines(char *s)
{
	for (; (s = strstr(s, "\\\n")) != NULL; s += 2)
		s[0] = s[1] = ' ';
}

static enum err
pip_file(struct launch *l, const char *name, int depth, struct text *source, struct error *e)
{
	const char *path;
	char *rest, *line;
	struct text *t;

	if (depth > DEPTH_MAX)
		return error_set(e, ERR_INVALID,
		    "the requirements of service %s name one another more than %d "
		    "deep", l->order->service, DEPTH_MAX);
	if (local_file(l, name, &path, e) != ERR_OK || (t = launch_file(l, name, path, e)) == NULL)
		return e->code;
	if (strlen(t->at) != t->len || !utf8_valid(t->at, t->len))
		return refuse(l, "must be UTF-8 without NUL", name, e);
	text_printf(source, "%s %zu\n%s\n", name, t->len, t->at);
	rest = mem_text(l, t->at);
	join_lines(rest);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (pip_line(l, name, stripped(line), depth, source, e) != ERR_OK)
			return e->code;
	if (source->cut)
		return refuse(l, "are too long", name, e);
	return ERR_OK;
}

enum err
requirements_pip(struct launch *l, const char *name, struct text *source, struct error *e)
{
	return pip_file(l, name, 0, source, e);
}

/* --- ansible-galaxy --- */

/* A collection or role that comes from the tree. */
static enum err
galaxy_path(struct launch *l, struct json_object *item, const char *key, struct text *source,
    struct error *e)
{
	const char *value = key != NULL ? json_get_text(item, key) : json_object_get_string(item);

	if (value == NULL || is_url(value) || strchr(value, '/') == NULL || strchr(value,
	    '@') != NULL)
		return ERR_OK;
	return add_package(l, value, source, e);
}

static enum err
galaxy_items(struct launch *l, struct json_object *items, struct text *source, struct error *e)
{
	static const char *const keys[] = { "name", "source", "src" };

	for (size_t i = 0; items != NULL && i < json_object_array_length(items); i++) {
		struct json_object *item = json_object_array_get_idx(items, i);
		const char *type = json_get_text(item, "type");

		if (json_get(item, "include") != NULL)
			return refuse(l, "include another file", json_text(l, item), e);
		if (type != NULL && (strcmp(type, "dir") == 0 || strcmp(type, "subdirs") == 0))
			return refuse(l, "name a directory, but environments are shared",
			    json_text(l, item), e);
		if (json_object_is_type(item, json_type_string) &&
		    galaxy_path(l, item, NULL, source, e) != ERR_OK)
			return e->code;
		for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
			if (galaxy_path(l, item, keys[k], source, e) != ERR_OK)
				return e->code;
	}
	return ERR_OK;
}

static bool
is_list(struct json_object *o)
{
	return json_object_is_type(o, json_type_array) && json_object_array_length(o) > 0;
}

enum err
requirements_galaxy(struct launch *l, const char *name, struct text *source, bool *collections,
    bool *roles, struct error *e)
{
	struct json_object *o = NULL, *list[2];
	struct error fault = { 0 };
	const char *path;
	struct text *t;

	if (local_file(l, name, &path, e) != ERR_OK || (t = launch_file(l, name, path, e)) == NULL)
		return e->code;
	if (yaml_parse(l, t->at, t->len, &o, &fault) != ERR_OK)
		return error_set(e, ERR_INVALID, "%s of service %s is not valid YAML: %s",
		    launch_shown(l, name),
		    l->order->service, fault.detail);
	/* Before there were collections the file was a list of roles. */
	list[0] = json_get(o, "collections");
	list[1] = json_object_is_type(o, json_type_array) ? o : json_get(o, "roles");
	*collections = is_list(list[0]);
	*roles = is_list(list[1]);
	text_printf(source, "%zu\n%s\n", t->len, t->at);
	for (int i = 0; i < 2; i++)
		if (is_list(list[i]) && galaxy_items(l, list[i], source, e) != ERR_OK)
			return e->code;
	if (source->cut)
		return refuse(l, "are too long", name, e);
	return ERR_OK;
}
