#include "connector/git_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
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

	if (file[0] == '\0' || file[0] == '/' || file_path_climbs(file) ||
	    strpbrk(file, "\r\n") != NULL)
		return error_set(e, ERR_INVALID, "the file %s of repository %s must be a relative "
		    "path without .. parts", text_shown(tmp, file), g->wish.name);
	return ERR_OK;
}

/*
 * The bytes after "HASH blob SIZE" and a line feed, *SIZE of them: git-cat-file(1). NULL where
 * git says anything else; it then repeats the name that it was asked for, which may look like
 * a size, so the hash is looked at too.
 */
static const char *
blob_in(const struct text *out, unsigned long long *size)
{
	static const char kind[] = " blob ";
	const char *line = strchr(out->at, '\n');
	size_t hash = strspn(out->at, "0123456789abcdef");

	if (line == NULL || hash == 0 || strncmp(out->at + hash, kind, strlen(kind)) != 0)
		return NULL;
	*size = strtoull(out->at + hash + strlen(kind), NULL, 10);
	return line + 1;
}

static enum err
file_read(struct git_get *g, const struct task_end *end, struct error *e)
{
	const struct text *out = end->out;
	unsigned long long size = 0;
	const char *bytes;

	if (git_check(g, end, "cannot be read", e) != ERR_OK)
		return e->code;
	bytes = blob_in(out, &size);
	if (bytes == NULL)
		return error_set(e, ERR_NOT_FOUND, "the repository %s has no file %s in commit %s",
		    g->wish.name, text_shown(g, g->wish.file), g->end.commit);
	if (size > g->wish.file_max || out->cut)
		return error_set(e, ERR_TOO_LARGE, "the file %s of repository %s is larger than "
		    "%zu bytes", text_shown(g, g->wish.file), g->wish.name, g->wish.file_max);
	if (size > out->len - (size_t)(bytes - out->at))
		return error_set(e, ERR_UNAVAILABLE, "git gave only a part of the file %s of "
		    "repository %s", text_shown(g, g->wish.file), g->wish.name);
	g->end.content = mem_textn(g, bytes, size);
	g->end.content_len = size;
	if (memchr(bytes, '\0', size) != NULL || !utf8_valid(bytes, size))
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
