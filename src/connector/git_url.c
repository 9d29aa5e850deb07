#include "connector/git_private.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "connector/path.h"

enum { DELETE_CHARACTER = 0x7f };

/* What stands before the colon of user@host:path. */
#define SCP_WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

static const struct {
	const char *prefix;
	enum git_protocol protocol;
} prefixes[] = {
	{ "https://", GIT_HTTPS },
	{ "ssh://", GIT_SSH },
};

static bool
has_blank_or_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || *s == DELETE_CHARACTER)
			return true;
	return false;
}

/* [USER@]HOST[:PORT], RFC 3986 section 3.2; ssh would take a dash for an option. NULL: fine. */
static const char *
read_authority(void *ctx, const char *s, struct git_url *u)
{
	size_t n = strcspn(s, "/?#");
	const char *authority = mem_textn(ctx, s, n), *at = strrchr(authority, '@');

	if (at != NULL) {
		u->user = mem_textn(ctx, authority, (size_t)(at - authority));
		if (strchr(u->user, ':') != NULL)
			return "has a url that holds a password: name a secret of the gateway "
			    "instead";
	}
	u->host = at != NULL ? at + 1 : authority;
	if (u->host[0] == '\0' || u->host[0] == ':')
		return "has a url that names no host";
	if (u->host[0] == '-' || (u->user != NULL && u->user[0] == '-'))
		return "has a url whose host or user begins with -";
	return NULL;
}

/* user@host:path, as git-clone(1) has it. */
static bool
read_scp(void *ctx, const char *s, struct git_url *u)
{
	size_t user = strspn(s, SCP_WORD), host = s[user] == '@' ?
	    strspn(s + user + 1, SCP_WORD) : 0;
	const char *colon = s + user + 1 + host;

	if (user == 0 || host == 0 || *colon != ':' || colon[1] == '\0' || s[0] == '-' ||
	    s[user + 1] == '-')
		return false;
	u->protocol = GIT_SSH;
	u->user = mem_textn(ctx, s, user);
	u->host = mem_textn(ctx, s + user + 1, host);
	return true;
}

static enum err
read_file(void *ctx, const struct config *c, const char *name, struct git_url *u, struct error *e)
{
	const char *path = path_of_url(ctx, u->text);

	u->protocol = GIT_FILE;
	u->host = "";
	if (path == NULL || file_path_climbs(path))
		return error_set(e, ERR_INVALID, "the repository %s has the url %s, which is no "
		    "valid file URL", name, text_shown(ctx, u->text));
	u->path = path_real(ctx, path);
	/* What lies outside is not even said to be there or not. */
	if (!path_is_allowed(u->path != NULL ? u->path : path, c->local_roots))
		return error_set(e, ERR_FORBIDDEN, "the repository %s is at %s, which is not below "
		    "one of [local] roots", name, text_shown(ctx, u->text));
	if (u->path == NULL || !path_is_repository(u->path))
		return error_set(e, ERR_NOT_FOUND, "the repository %s: there is no git repository "
		    "at %s", name, text_shown(ctx, u->text));
	return ERR_OK;
}

enum err
git_url_read(void *ctx, const struct config *c, const char *name, const char *url,
    struct git_url *u, struct error *e)
{
	const char *wrong;

	*u = (struct git_url){ .text = mem_text(ctx, url) };
	if (has_blank_or_control(url))
		return error_set(e, ERR_INVALID, "the repository %s has a url with blanks or "
		    "control characters", name);
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		size_t n = strlen(prefixes[i].prefix);

		if (strncmp(url, prefixes[i].prefix, n) != 0)
			continue;
		u->protocol = prefixes[i].protocol;
		wrong = read_authority(ctx, u->text + n, u);
		return wrong == NULL ? ERR_OK :
		    error_set(e, ERR_INVALID, "the repository %s %s", name, wrong);
	}
	if (strncmp(url, "file:///", strlen("file:///")) == 0)
		return read_file(ctx, c, name, u, e);
	if (read_scp(ctx, u->text, u))
		return ERR_OK;
	/* It is not shown: what cannot be read may hold a password. */
	return error_set(e, ERR_INVALID, "the repository %s has a url that is not https://..., "
	    "ssh://..., git@host:path or file:///path", name);
}

bool
git_url_same_server(const struct git_url *a, const struct git_url *b)
{
	return a->protocol == b->protocol && a->protocol != GIT_FILE &&
	    strcmp(a->host, b->host) == 0;
}

/* How much of URL is its scheme and host. */
static size_t
fixed_part(const char *url)
{
	const char *scheme = strstr(url, "://");

	if (scheme == NULL)
		return strcspn(url, ":") + 1;
	return (size_t)(scheme - url) + strlen("://") + strcspn(scheme + strlen("://"), "/");
}

char *
git_url_join(void *ctx, const char *base, const char *relative)
{
	size_t fixed = fixed_part(base), n = strlen(base);

	if (strncmp(relative, "./", 2) != 0 && strncmp(relative, "../", 3) != 0)
		return mem_text(ctx, relative);
	for (;;) {
		while (n > fixed && base[n - 1] == '/')
			n--;
		if (strncmp(relative, "./", 2) == 0) {
			relative += 2;
		} else if (strncmp(relative, "../", 3) == 0) {
			relative += 3;
			if (n <= fixed)
				return NULL;
			while (n > fixed && base[n - 1] != '/')
				n--;
		} else {
			break;
		}
	}
	return mem_printf(ctx, "%.*s%s%s", (int)n, base,
	    n > 0 && base[n - 1] == ':' ? "" : "/", relative);
}
