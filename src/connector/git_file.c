#include "connector/git_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "connector/path.h"

/*
 * One file of a commit, straight from the mirror: nothing is checked out. Links are followed
 * by git itself, and never out of the tree.
 */

enum err
git_file_check(const struct git_get *g, struct error *e)
{
	const char *file = g->wish.file;
	SCOPED(tmp, NULL);

	if (file[0] == '\0' || file[0] == '/' || path_has_parent_part(file) ||
	    strpbrk(file, "\r\n") != NULL)
		return error_set(e, ERR_INVALID, "the file %s of repository %s must be a relative "
		    "path without .. parts", text_shown(tmp, file), g->wish.name);
	return ERR_OK;
}

/* "HASH blob SIZE", a line feed, the bytes: git-cat-file(1). Anything else is no file. */
static enum err
file_read(struct git_get *g, const struct task_end *end, struct error *e)
{
	static const char blob[] = " blob ";
	const struct text *out = end->out;
	const char *kind = out->at + strcspn(out->at, " \n"), *line = strchr(out->at, '\n');
	unsigned long long size;

	if (git_check(g, end, "cannot be read", e) != ERR_OK)
		return e->code;
	if (line == NULL || strncmp(kind, blob, strlen(blob)) != 0)
		return error_set(e, ERR_NOT_FOUND, "the repository %s has no file %s in commit %s",
		    g->wish.name, text_shown(g, g->wish.file), g->end.commit);
	size = strtoull(kind + strlen(blob), NULL, 10);
	if (size > g->wish.file_max || out->cut)
		return error_set(e, ERR_TOO_LARGE, "the file %s of repository %s is larger than "
		    "%zu bytes", text_shown(g, g->wish.file), g->wish.name, g->wish.file_max);
	g->end.content = mem_textn(g, line + 1, size);
	g->end.content_len = size;
	if (memchr(line + 1, '\0', size) != NULL || !utf8_valid(line + 1, size))
		return error_set(e, ERR_INVALID, "the file %s of repository %s is no UTF-8 text",
		    text_shown(g, g->wish.file), g->wish.name);
	git_finish(g);
	return ERR_OK;
}

enum err
git_file(struct git_get *g, struct error *e)
{
	static const char *const words[] = { "cat-file", "--batch", "--follow-symlinks", NULL };
	const char *input = mem_printf(g, "%s:%s\n", g->end.commit, g->wish.file);

	return git_run(g, words, input, file_read, e);
}
