#include "cases.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

char *
cases_directory(void *ctx)
{
	const char *named = getenv("GATEHOUSE_CASES"), *source = getenv("srcdir");
	const char *here = __FILE__, *slash = strrchr(here, '/');

	if (named != NULL)
		return mem_text(ctx, named);
	if (source != NULL)
		return mem_printf(ctx, "%s/tests/api", source);
	return slash != NULL ? mem_textn(ctx, here, (size_t)(slash - here)) : mem_text(ctx, ".");
}

static int
is_case(const struct dirent *d)
{
	static const char suffix[] = ".case";
	size_t n = strlen(d->d_name), tail = strlen(suffix);

	return d->d_name[0] != '.' && n > tail && strcmp(d->d_name + n - tail, suffix) == 0;
}

static int
is_shown(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* The names in DIR that FITS takes; only directories, or only what is none. */
static struct names
list(void *ctx, const char *dir, int (*fits)(const struct dirent *d), bool directories)
{
	SCOPED(tmp, NULL);
	struct names out = { 0, NULL };
	struct dirent **found;
	int n = scandir(dir, &found, fits, alphasort);

	for (int i = 0; i < n; i++) {
		struct stat st;

		if (stat(mem_printf(tmp, "%s/%s", dir, found[i]->d_name), &st) == 0 &&
		    S_ISDIR(st.st_mode) == directories)
			names_add(ctx, &out, mem_text(ctx, found[i]->d_name));
		free(found[i]);
	}
	if (n >= 0)
		free(found);
	return out;
}

struct names
cases_operations(void *ctx, const char *dir)
{
	return list(ctx, dir, is_shown, true);
}

struct names
cases_of(void *ctx, const char *dir, const char *operation)
{
	SCOPED(tmp, NULL);

	return list(ctx, mem_printf(tmp, "%s/%s", dir, operation), is_case, false);
}
