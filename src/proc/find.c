#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "proc/proc.h"

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *
proc_find(void *ctx, const char *path, const char *name)
{
	if (name[0] == '/')
		return is_program(name) ? mem_text(ctx, name) : NULL;
	if (name[0] == '\0' || strchr(name, '/') != NULL)
		return NULL;
	for (;;) {
		size_t n = strcspn(path, ":");
		char *at = mem_printf(ctx, "%.*s/%s", (int)n, path, name);

		/* Empty and relative parts would mean the working directory. */
		if (path[0] == '/' && is_program(at))
			return at;
		mem_free(at);
		if (path[n] == '\0')
			return NULL;
		path += n + 1;
	}
}
