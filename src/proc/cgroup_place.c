#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "proc/cgroup_private.h"

/* Where our own control group lies among the files of the system: cgroups(7), proc(5). */

/* The group that we are in: from the root of the hierarchy, or from that of our namespace. */
static const char *
own_name(void *ctx)
{
	const struct text *t = cgroup_read(ctx, "/proc/self/cgroup");
	char *rest = t != NULL ? t->at : NULL, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (strncmp(line, "0::/", strlen("0::/")) == 0)
			return line + strlen("0::");
	return NULL;
}

/* Blanks and the like are octal there (proc(5)). */
static void
unescape(char *s)
{
	enum { OCTAL = 8, DIGITS = 3 };
	char *to = s;

	while (*s != '\0') {
		char digits[DIGITS + 1] = "";

		if (*s == '\\' && strspn(s + 1, "01234567") >= DIGITS) {
			memcpy(digits, s + 1, DIGITS);
			*to++ = (char)strtol(digits, NULL, OCTAL);
			s += 1 + DIGITS;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* Where group NAME lies if LINE of mountinfo is of a cgroup2 that shows it; else NULL. */
static char *
place_in_mount(void *ctx, char *line, const char *name)
{
	enum { ROOT = 3, POINT = 4, FIELDS };
	char *field[FIELDS], *type = strstr(line, " - ");
	size_t n;

	if (type == NULL || strncmp(type, " - cgroup2 ", strlen(" - cgroup2 ")) != 0)
		return NULL;
	for (int i = 0; i < FIELDS; i++)
		if ((field[i] = strsep(&line, " ")) == NULL)
			return NULL;
	unescape(field[ROOT]);
	unescape(field[POINT]);
	n = strcmp(field[ROOT], "/") == 0 ? 0 : strlen(field[ROOT]);
	if (strncmp(name, field[ROOT], n) != 0 || (name[n] != '/' && name[n] != '\0'))
		return NULL;
	return mem_printf(ctx, "%s%s", field[POINT], strcmp(name + n, "/") == 0 ? "" : name + n);
}

/* Two mounts may show different parts under one name: the one that has us in it is it. */
static bool
has_us(const char *dir)
{
	SCOPED(tmp, NULL);
	struct cgroup_members m = { .ctx = tmp };

	if (!cgroup_is(dir))
		return false;
	cgroup_members_add(&m, dir);
	for (size_t i = 0; i < m.n; i++)
		if (m.at[i] == getpid())
			return true;
	return false;
}

char *
cgroup_own(void *ctx, struct error *e)
{
	const char *name = own_name(ctx);
	const struct text *t = cgroup_read(ctx, "/proc/self/mountinfo");
	char *rest = t != NULL ? t->at : NULL, *line;

	while (name != NULL && (line = strsep(&rest, "\n")) != NULL) {
		char *dir = place_in_mount(ctx, line, name);

		if (dir != NULL && has_us(dir))
			return dir;
	}
	error_set(e, ERR_UNAVAILABLE, "no cgroup v2 is mounted that shows the one of this process");
	return NULL;
}
