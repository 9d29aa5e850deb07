#include "connector/local_environment.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "json/body.h"

/*
 * The registries of the service file (services.md section 1), as pip and ansible-galaxy read
 * them. Credentials stand in files of the run directory alone, mode 0600: pip gives the URLs of
 * its configuration to other processes in their argument vectors, so its credentials are in .netrc.
 */

#define PUBLIC_GALAXY "https://galaxy.ansible.com"
#define TOKEN_USER "__token__"	/* what Python package indexes call the user of a token */

#define NETRC ".netrc"
#define PIP_CONF "pip.conf"
#define GALAXY_CFG "galaxy.cfg"

enum { FILE_MAX = 1024 * 1024 };

/* The N-th registry of TYPE; NULL: there are no more. */
static struct json_object *
registry_at(struct launch *l, const char *type, size_t n)
{
	struct json_object *all = l->order->registries;

	for (size_t i = 0; all != NULL && i < json_object_array_length(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i);
		const char *is = json_get_text(one, "type");

		if (is != NULL && strcmp(is, type) == 0 && n-- == 0)
			return one;
	}
	return NULL;
}

static bool
is_default(struct json_object *registry)
{
	return json_object_get_boolean(json_get(registry, "default"));
}

static const char *
text_of(struct json_object *registry, const char *key)
{
	const char *s = json_get_text(registry, key);

	return s != NULL ? s : "";
}

/* The value of the secret that the registry names by KEY ("token-name"); NULL: it names none. */
static const char *
credential(struct launch *l, struct json_object *registry, const char *key)
{
	const char *name = json_get_text(registry, key);

	return name != NULL ? conn_order_secret(l->order, name) : NULL;
}

void
registries_source(struct launch *l, const char *type, struct text *source)
{
	struct json_object *one;

	for (size_t i = 0; (one = registry_at(l, type, i)) != NULL; i++)
		text_printf(source, "%s%s %s\n", text_of(one, "url"),
		    is_default(one) ? " (default)" : "", text_of(one, "username"));
}

/* Every line of a file is one of ours. */
static enum err
check_line(struct launch *l, struct json_object *one, const char *value, const char *bad,
    struct error *e)
{
	size_t n = strlen(value);

	if (strpbrk(value, bad) == NULL &&
	    (n == 0 || (strchr(" \t", value[0]) == NULL && strchr(" \t", value[n - 1]) == NULL)))
		return ERR_OK;
	return error_set(e, ERR_INVALID,
	    "the registry %s has a user name, password or token that its tool "
	    "cannot be given: it holds a line break, a semicolon, or a blank at an end",
	    launch_shown(l, text_of(one, "name")));
}

/* --- pip --- */

/* The host of URL, as it stands there. */
static const char *
host_of(struct launch *l, const char *url)
{
	const char *at = strstr(url, "://"), *user;
	size_t n;

	at = at != NULL ? at + strlen("://") : url;
	n = strcspn(at, "/?#");
	user = memchr(at, '@', n);
	if (user != NULL) {
		n -= (size_t)(user + 1 - at);
		at = user + 1;
	}
	return mem_textn(l, at, n < strcspn(at, ":") ? n : strcspn(at, ":"));
}

/* netrc(5) as Python's netrc module reads it: in quotes, with backslashes. */
static void
netrc_word(struct text *t, const char *word)
{
	text_puts(t, " \"");
	for (; *word != '\0'; word++) {
		if (*word == '"' || *word == '\\')
			text_puts(t, "\\");
		text_add(t, word, 1);
	}
	text_puts(t, "\"");
}

static enum err
netrc_add(struct launch *l, struct json_object *one, struct names *hosts, struct text *t,
    struct error *e)
{
	const char *token = credential(l, one, "token-name"), *user = text_of(one, "username");
	const char *password = token != NULL ? token : credential(l, one, "password-name");
	const char *host = host_of(l, text_of(one, "url"));

	if (password == NULL)
		return ERR_OK;
	if (token != NULL && user[0] == '\0')
		user = TOKEN_USER;
	if (names_has(hosts, host))
		return error_set(e, ERR_INVALID,
		    "two registries of type pypi have credentials for the host "
		    "%s: pip can be given one only", launch_shown(l, host));
	if (check_line(l, one, user, "\r\n", e) != ERR_OK || check_line(l, one, password, "\r\n",
	    e) != ERR_OK)
		return e->code;
	names_add(l, hosts, host);
	text_printf(t, "machine %s login", host);
	netrc_word(t, user);
	text_puts(t, " password");
	netrc_word(t, password);
	text_puts(t, "\n");
	return ERR_OK;
}

enum err
registries_pip(struct launch *l, const char **path, struct error *e)
{
	struct text *first = text_new(l, FILE_MAX), *others = text_new(l, FILE_MAX);
	struct text *netrc = text_new(l, FILE_MAX);
	struct names hosts = { 0 };
	struct json_object *one;
	const char *ignored;

	for (size_t i = 0; (one = registry_at(l, "pypi", i)) != NULL; i++) {
		if (is_default(one) && first->len == 0)
			text_printf(first, "index-url = %s\n", text_of(one, "url"));
		else
			text_printf(others, "\t%s\n", text_of(one, "url"));
		if (netrc_add(l, one, &hosts, netrc, e) != ERR_OK)
			return e->code;
	}
	if (netrc->len > 0 && launch_write(l, NETRC, netrc->at, &ignored, e) != ERR_OK)
		return e->code;
	return launch_write(l, PIP_CONF, mem_printf(l, "[global]\n%s%s%s", first->at,
	    others->len > 0 ? "extra-index-url =\n" : "", others->at), path, e);
}

/* --- ansible-galaxy --- */

static enum err
server_add(struct launch *l, struct json_object *one, size_t n, struct text *t, struct error *e)
{
	const struct {
		const char *key, *value;
	} lines[] = {
		{ "url", json_get_text(one, "url") },
		{ "username", json_get_text(one, "username") },
		{ "password", credential(l, one, "password-name") },
		{ "token", credential(l, one, "token-name") },
	};

	text_printf(t, "[galaxy_server.r%zu]\n", n);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		const char *value = lines[i].value;

		if (value == NULL || value[0] == '\0')
			continue;
		if (check_line(l, one, value, "\r\n;", e) != ERR_OK)
			return e->code;
		text_printf(t, "%s = %s\n", lines[i].key, value);
	}
	return ERR_OK;
}

/*
 * The default first, the others in their order, and the public one last where none is the
 * default.
 */
enum err
registries_galaxy(struct launch *l, const char **path, struct error *e)
{
	struct text *first = text_new(l, FILE_MAX), *others = text_new(l, FILE_MAX);
	struct text *servers = text_new(l, FILE_MAX);
	struct json_object *one;
	size_t n;

	for (n = 0; (one = registry_at(l, "ansible-galaxy", n)) != NULL; n++) {
		text_printf(is_default(one) ? first : others, "r%zu, ", n);
		if (server_add(l, one, n, servers, e) != ERR_OK)
			return e->code;
	}
	if (n > 0 && first->len == 0)
		text_printf(servers, "[galaxy_server.public]\nurl = %s\n", PUBLIC_GALAXY);
	return launch_write(l, GALAXY_CFG, mem_printf(l, "[galaxy]\n%s%s%s%s\n%s",
	    n > 0 ? "server_list = " : "", first->at, others->at,
	    n > 0 && first->len == 0 ? "public" : "", servers->at), path, e);
}

void
registries_forget(struct launch *l)
{
	static const char *const names[] = { NETRC, PIP_CONF, GALAXY_CFG };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(mem_printf(l, "%s/%s", l->home, names[i]));
}
