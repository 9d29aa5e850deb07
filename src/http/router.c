#include "http/router.h"

#include <string.h>

#include "base/mem.h"

struct router {
	const struct route **all;
	size_t n;
};

/* Matches PATH against PATTERN; the values of {x} go to PARAMS, made for CTX. */
static bool
match(void *ctx, const char *pattern, const char *path, const char *params[ROUTE_PARAMS])
{
	size_t n = 0, len;

	while (*pattern != '\0') {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		len = strcspn(path, "/");
		if (len == 0 || n == ROUTE_PARAMS)
			return false;
		params[n++] = mem_textn(ctx, path, len);
		path += len;
		pattern = strchr(pattern, '}') + 1;
	}
	return *path == '\0';
}

/* Whether some path matches both patterns. */
static bool
overlap(const char *a, const char *b)
{
	for (;;) {
		size_t la = strcspn(a, "/"), lb = strcspn(b, "/");

		if (*a != '{' && *b != '{' && (la != lb || strncmp(a, b, la) != 0))
			return false;
		a += la;
		b += lb;
		if (*a == '\0' || *b == '\0')
			return *a == *b;
		a++;
		b++;
	}
}

static enum err
router_add(struct router *r, const struct route *t, struct error *e)
{
	if (t->run == NULL || t->op == NULL || t->role == NULL || t->summary == NULL)
		return error_set(e, ERR_INTERNAL,
		    "route %s needs a handler, an operation id, a role and a summary", t->path);
	for (size_t i = 0; i < r->n; i++)
		if (r->all[i]->method == t->method && r->all[i]->outside == t->outside &&
		    overlap(r->all[i]->path, t->path))
			return error_set(e, ERR_INTERNAL, "routes %s and %s match the same path",
			    r->all[i]->path, t->path);
	r->all = MEM_GROW(r, r->all, const struct route *, r->n + 1);
	r->all[r->n++] = t;
	return ERR_OK;
}

struct router *
router_new(void *ctx, const struct route *const *tables, struct error *e)
{
	struct router *r = MEM_NEW(ctx, struct router);

	for (; *tables != NULL; tables++)
		for (const struct route *t = *tables; t->path != NULL; t++)
			if (router_add(r, t, e) != ERR_OK) {
				mem_free(r);
				return NULL;
			}
	return r;
}

enum err
router_find(const struct router *r, void *ctx, enum method method, const char *path,
    const struct route **found, const char *params[ROUTE_PARAMS], unsigned *allow, struct error *e)
{
	enum method want = method == M_HEAD ? M_GET : method;
	size_t base = strlen(ROUTE_BASE), len = strlen(path);
	char *bare = mem_textn(ctx, path, len > 1 && path[len - 1] == '/' ? len - 1 : len);
	bool below = strncmp(bare, ROUTE_BASE, base) == 0 &&
	    (bare[base] == '/' || bare[base] == '\0');

	*allow = 0;
	*found = NULL;
	for (size_t i = 0; i < r->n; i++) {
		const char *tried[ROUTE_PARAMS] = { NULL };

		if (r->all[i]->outside == below ||
		    !match(ctx, r->all[i]->path, below ? bare + base : bare, tried))
			continue;
		*allow |= (unsigned)r->all[i]->method;
		if (r->all[i]->method != want)
			continue;
		*found = r->all[i];
		memcpy(params, tried, sizeof tried);
	}
	if (*allow == 0)
		return error_set(e, ERR_NOT_FOUND,
		    "there is nothing at this path: the API is below %s", ROUTE_BASE);
	*allow |= (*allow & M_GET ? M_HEAD : 0) | M_OPTIONS;
	if (*found == NULL)
		return error_set(e, ERR_METHOD, "%s is not allowed here: see the header Allow",
		    method != METHOD_NONE ? method_name(method) : "this method");
	return ERR_OK;
}

char *
router_allow(void *ctx, unsigned allow)
{
	char *out = mem_text(ctx, "");

	for (unsigned m = 1; m <= M_OPTIONS; m <<= 1)
		if (allow & m)
			out = mem_printf(ctx, "%s%s%s", out, *out != '\0' ? ", " : "",
			    method_name((enum method)m));
	return out;
}

const struct route *const *
router_all(const struct router *r, size_t *n)
{
	*n = r->n;
	return r->all;
}
