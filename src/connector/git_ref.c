#include "connector/git_private.h"

#include <string.h>

#include "base/mem.h"

enum { SHA1_LEN = 40, SHA256_LEN = 64, REFERENCE_MAX = 1024 };

#define OURS "refs/gatehouse/"

/*
 * git-check-ref-format(1). Beside what git itself refuses for a name this keeps out all that
 * rev-parse would take for something else: options, ranges, ~1 and @{1}.
 */
static bool
is_part(const char *part, size_t n)
{
	static const char lock[] = ".lock";
	const size_t n_lock = strlen(lock);

	return n > 0 && part[0] != '.' &&
	    (n < n_lock || strncmp(part + n - n_lock, lock, n_lock) != 0);
}

static bool
is_name(const char *s)
{
	size_t n = strlen(s), len;

	if (n == 0 || n > REFERENCE_MAX || s[0] == '-' || s[n - 1] == '/' || s[n - 1] == '.' ||
	    strcmp(s, "@") == 0 || strstr(s, "..") != NULL || strstr(s, "@{") != NULL ||
	    strpbrk(s, " ~^:?*[\\\x7f") != NULL)
		return false;
	for (const char *c = s; *c != '\0'; c++)
		if ((unsigned char)*c < ' ')
			return false;
	for (const char *part = s; *part != '\0'; part += len + (part[len] == '/')) {
		len = strcspn(part, "/");
		if (!is_part(part, len))
			return false;
	}
	return true;
}

static bool
begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* Branches and tags come together: which of the two a name is shows when they are there. */
static void
read_name(void *ctx, const char *s, struct git_ref *r)
{
	r->kind = "names";
	r->refspecs[0] = "+refs/heads/*:refs/heads/*";
	r->refspecs[1] = "+refs/tags/*:refs/tags/*";
	if (begins(s, "refs/")) {
		r->names[0] = s;
		return;
	}
	r->names[0] = mem_printf(ctx, "refs/heads/%s", s);
	r->names[1] = mem_printf(ctx, "refs/tags/%s", s);
}

/* One that is kept out of the way of branches and tags. */
static void
read_single(void *ctx, const char *s, struct git_ref *r)
{
	r->kind = s;
	r->names[0] = mem_printf(ctx, OURS "single/%s", s);
	r->refspecs[0] = mem_printf(ctx, "+%s:%s", s, r->names[0]);
}

enum err
git_ref_read(void *ctx, const char *name, const char *reference, struct git_ref *r,
    struct error *e)
{
	const char *s = reference != NULL && *reference != '\0' ? mem_text(ctx, reference) : "HEAD";

	*r = (struct git_ref){ 0 };
	if (hex_is(s, SHA1_LEN) || hex_is(s, SHA256_LEN)) {
		r->is_pinned = true;
		r->kind = r->names[0] = s;
		r->refspecs[0] = mem_printf(ctx, "+%s:" OURS "pinned/%s", s, s);
		return ERR_OK;
	}
	if (!is_name(s) || begins(s, OURS))
		return error_set(e, ERR_INVALID, "the reference %s of repository %s is not the "
		    "name of a branch or tag, nor a full SHA", text_shown(ctx, s), name);
	if (strcmp(s, "HEAD") == 0 ||
	    (begins(s, "refs/") && !begins(s, "refs/heads/") && !begins(s, "refs/tags/")))
		read_single(ctx, s, r);
	else
		read_name(ctx, s, r);
	return ERR_OK;
}

/* A pattern that fits nothing is no failure, as a name would be that is not there. */
void
git_ref_narrow(void *ctx, struct git_ref *r)
{
	if (r->refspecs[1] == NULL)
		return;
	for (size_t i = 0; i < GIT_REFSPECS; i++)
		r->refspecs[i] = r->names[i] == NULL ? NULL :
		    mem_printf(ctx, "+%s*:%s*", r->names[i], r->names[i]);
}
