#include "connector/path.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define FILE_URL "file://"

enum { HEX = 16, ESCAPE_LEN = 3 };

char *
path_real(void *ctx, const char *path)
{
	char *real = realpath(path, NULL), *out = real != NULL ? mem_text(ctx, real) : NULL;

	free(real);
	return out;
}

bool
path_is_within(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	n -= n > 0 && dir[n - 1] == '/';
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

bool
path_is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool
path_is_allowed(const char *path, const char *roots)
{
	SCOPED(tmp, NULL);

	while (*roots != '\0') {
		size_t n = strcspn(roots, ":");
		const char *root = n > 0 ? path_real(tmp, mem_textn(tmp, roots, n)) : NULL;

		if (root != NULL && roots[0] == '/' && path_is_within(path, root))
			return true;
		roots += n + (roots[n] == ':');
	}
	return false;
}

char *
path_of_url(void *ctx, const char *url)
{
	const size_t n = strlen(FILE_URL);
	char *out, *to;

	if (strncmp(url, FILE_URL "/", n + 1) != 0)
		return NULL;
	to = out = mem_text(ctx, url + n);
	for (const char *s = url + n; *s != '\0'; to++) {
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

static bool
has(const char *dir, const char *name)
{
	SCOPED(tmp, NULL);

	return access(mem_printf(tmp, "%s/%s", dir, name), F_OK) == 0;
}

/* gitrepository-layout(5): .git is a directory, or a file of a linked working tree. */
bool
path_is_repository(const char *dir)
{
	return has(dir, ".git") || (has(dir, "HEAD") && has(dir, "objects") && has(dir, "refs"));
}
