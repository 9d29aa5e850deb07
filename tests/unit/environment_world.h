#ifndef ENVIRONMENT_WORLD_H
#define ENVIRONMENT_WORLD_H

#include "connector_fixture.h"

#include <dirent.h>

/* An index of packages (tests/standin/index), and what environments there are. For their tests. */

enum { ENVIRONMENT_LIMIT = 400, INDEX_LOOKS = 3000, INDEX_LOOK_US = 10000 };

static const char *packages;	/* what the index serves */
static int port;
static pid_t index_pid;

static inline const char *
standin(const char *name)
{
	const char *top = getenv("srcdir");

	return mem_printf(ctx, "%s/tests/standin/%s", top != NULL ? top : ".", name);
}

/* Serves what is in PACKAGES; USER NULL: to everybody. */
static inline void
serve(const char *user, const char *password)
{
	const char *program = standin("index"), *port_file = mem_printf(ctx, "%s/port", packages);
	FILE *f = NULL;

	index_pid = fork();
	if (index_pid == 0) {
		execl("/usr/bin/python3", "python3", program, packages, user, password, NULL);
		_exit(1);
	}
	for (int i = 0; i < INDEX_LOOKS && (f = fopen(port_file, "r")) == NULL; i++)
		usleep(INDEX_LOOK_US);
	cr_assert_not_null(f, "the index does not answer");
	cr_assert_eq(fscanf(f, "%d", &port), 1);
	fclose(f);
}

static inline void
begin_environments(void)
{
	begin();
	packages = mem_printf(ctx, "%s/packages", state);
	cr_assert_eq(mkdir(packages, 0755), 0);
}

static inline void
finish_environments(void)
{
	if (index_pid > 0)
		kill(index_pid, SIGKILL);
	while (index_pid > 0 && kill(index_pid, 0) == 0)
		loop_turn(loop, 10);
	finish();
}

static inline void
program_is_there(const char *path, const char *package)
{
	if (access(path, R_OK) != 0)
		cr_skip_test("%s (package %s) is not installed", path, package);
}

/* How many lines of FILE of the packages hold WORD. */
static inline int
lines_with(const char *file, const char *word)
{
	FILE *f = fopen(mem_printf(ctx, "%s/%s", packages, file), "r");
	char line[4096];
	int n = 0;

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		n += strstr(line, word) != NULL;
	if (f != NULL)
		fclose(f);
	return n;
}

/* How many environments there are; *PATH (may be NULL) is one of them. */
static inline int
environments(const char **path)
{
	const char *top = mem_printf(ctx, "%s/environments", state);
	DIR *dir = opendir(top);
	struct dirent *d;
	int n = 0;

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		const char *one = mem_printf(ctx, "%s/%s", top, d->d_name);

		if (d->d_name[0] == '.' || access(mem_printf(ctx, "%s/complete", one), F_OK) != 0)
			continue;
		n++;
		if (path != NULL)
			*path = one;
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

static inline int
count(const char *text, const char *word)
{
	int n = 0;

	for (; (text = strstr(text, word)) != NULL; text++)
		n++;
	return n;
}

static inline const char *
registries(const char *more)
{
	return mem_printf(ctx, "[{\"name\":\"mine\",\"type\":\"pypi\",\"url\":\"http://127.0.0.1:%d/simple/\",\"default\":true%s},"
	    "{\"name\":\"other\",\"type\":\"ansible-galaxy\",\"url\":\"http://127.0.0.1:%d/api/\",\"default\":true%s}]",
	    port, more, port, more);
}

#endif
