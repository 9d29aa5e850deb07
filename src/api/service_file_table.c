#include "api/service_file_private.h"

#include <string.h>

#include "base/field.h"
#include "base/file.h"
#include "json/body.h"
#include "run/vault.h"

/*
 * All that services.md section 1 says of items: sections, their members, and
 * the checks of single texts.
 */

enum {
	ITEM_NAME_MAX = 128,
	TIMEOUT_MAX = 31536000,		/* s, a year */
	CONCURRENCY_MAX = 100000,	/* as [run] parallel */
	RETRIES_MAX = 100,
	RETRY_DELAY_MAX = 86400,	/* s, a day */
	VERBOSE_MAX = 6,		/* ansible-playbook(1): -vvvvvv is the most it knows */
	FORKS_MAX = 10000,
	DELETE_CHARACTER = 0x7f,
	C1_LEAD = 0xc2,			/* U+0080 to U+009F are C2 80 to C2 9F */
	C1_LAST = 0x9f
};

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* --- checks of texts --- */

static bool
has_control(const char *s)
{
	for (const unsigned char *p = (const unsigned char *)s; *p != '\0'; p++)
		if (*p < ' ' || *p == DELETE_CHARACTER || (*p == C1_LEAD && p[1] <= C1_LAST))
			return true;
	return false;
}

static const char *
after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

static const char *
check_line(const char *s, struct json_object *owner)
{
	(void)owner;
	return has_control(s) ? "must not hold control characters" : NULL;
}

/* A name stands in answers as kind/name, and in paths of the API. */
static const char *
check_name(const char *s, struct json_object *owner)
{
	if (strchr(s, '/') != NULL)
		return "must not hold a /";
	if (strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return "must not be . or ..";
	return check_line(s, owner);
}

/* A file of the tree that the service runs in. With a dash in front it would be an option. */
static const char *
check_file(const char *s, struct json_object *owner)
{
	if (s[0] == '/' || file_path_climbs(s))
		return "must be a relative path without .. parts";
	if (s[0] == '-')
		return "must not begin with -";
	return check_line(s, owner);
}

static const char *
check_directory(const char *s, struct json_object *owner)
{
	if (file_path_climbs(s))
		return "must be a path without .. parts";
	if (s[0] == '/' && json_get(owner, "repository") != NULL)
		return "must be relative where there is a repository";
	return check_line(s, owner);
}

/* Branch, tag or hash: git would take a dash for an option. */
static const char *
check_revision(const char *s, struct json_object *owner)
{
	if (s[0] == '-')
		return "must not begin with -";
	return strchr(s, ' ') != NULL ? "must not hold blanks" : check_line(s, owner);
}

/* [USER@]HOST[:PORT] up to a slash. ssh and git would take a dash for an option. */
static const char *
check_authority(const char *s)
{
	size_t n = strcspn(s, "/"), user = strcspn(s, "@");
	const char *host = user < n ? s + user + 1 : s;

	if (host == s + n || *host == ':')
		return "must name a host";
	if (s[0] == '-' || *host == '-')
		return "must not have a host or user that begins with -";
	if (user < n && memchr(s, ':', user) != NULL)
		return "must not hold a password";
	return NULL;
}

static const char *
check_scp_form(const char *s)
{
	size_t n = strcspn(s, ":/");

	if (n == 0 || s[n] != ':' || s[n + 1] == '\0')
		return "must be as in git@host:path";
	return s[0] == '-' ? "must not have a host that begins with -" : NULL;
}

static const char *
check_repository_url(const char *s, struct json_object *owner)
{
	const char *rest;

	if (strchr(s, ' ') != NULL || check_line(s, owner) != NULL)
		return "must not hold blanks or control characters";
	if ((rest = after(s, "https://")) != NULL || (rest = after(s, "ssh://")) != NULL)
		return check_authority(rest);
	if ((rest = after(s, "git@")) != NULL)
		return check_scp_form(rest);
	if ((rest = after(s, "file:///")) != NULL)
		return *rest == '\0' || file_path_climbs(rest) ?
		    "must name an absolute path without .. parts" : NULL;
	return "must be https://..., ssh://..., git@host:path or file:///path";
}

static const char *
check_registry_url(const char *s, struct json_object *owner)
{
	const char *rest;

	if (strchr(s, ' ') != NULL || check_line(s, owner) != NULL)
		return "must not hold blanks or control characters";
	if ((rest = after(s, "https://")) != NULL || (rest = after(s, "http://")) != NULL)
		return check_authority(rest);
	return "must be https://... or http://...";
}

/* POSIX.1-2017 section 8.1, but small letters are fine too. */
const char *
service_file_env_name(const char *s, struct json_object *owner)
{
	(void)owner;
	if (s[0] == '\0' || strspn(s, DIGITS) > 0 || s[strspn(s, LETTERS DIGITS "_")] != '\0')
		return "must be the name of an environment variable: letters, digits and _";
	return NULL;
}

/* The variable that holds a secret, or the path of its file. Those that are ours stay ours. */
static const char *
check_target(const char *s, struct json_object *owner)
{
	if (after(s, "GATEHOUSE_") != NULL || strcmp(s, "HOME") == 0)
		return "must not be HOME or begin with GATEHOUSE_";
	return service_file_env_name(s, owner);
}

/* The number of bytes is what counts at the end. */
static const char *
check_value(const char *s, struct json_object *owner)
{
	(void)owner;
	return strlen(s) > VAULT_VALUE_MAX ? "must have at most 65536 bytes" : NULL;
}

/* --- members --- */

#define M(key, kind, ...) { .name = key, .type = MEMBER_##kind, __VA_ARGS__ }
#define M_NAMED(key, ...) \
	M(key, TEXT, .min = 1, .max = ITEM_NAME_MAX, .check = check_name, __VA_ARGS__)
#define M_LINE(key, with, ...) \
	M(key, TEXT, .min = 1, .max = FIELD_TEXT_MAX, .check = with, __VA_ARGS__)
#define M_FILE(key, ...) M_LINE(key, check_file, __VA_ARGS__)
#define M_COMMON \
	M_NAMED("name", .required = 1), \
	M("description", TEXT, .max = FIELD_TEXT_MAX), \
	M("tags", TEXTS)
#define M_END { .name = NULL }

static const struct member decorator_members[] = {
	M_COMMON,
	M("schema", SCHEMA, .required = 1),
	M("argument_order", TEXTS),
	M_END
};

static const struct member repository_members[] = {
	M_COMMON,
	M_LINE("url", check_repository_url, .required = 1),
	M_LINE("reference", check_revision),
	M_NAMED("private-key-name"),
	M("username", TEXT, .max = FIELD_TEXT_MAX, .check = check_line),
	M_NAMED("password-name", .beside = "private-key-name"),
	M_END
};

static const struct member service_secret_members[] = {
	M_NAMED("name", .required = 1),
	M("type", TEXT, .required = 1, .words = "env|file"),
	M_LINE("target", check_target, .required = 1),
	M_END
};

static const struct member service_members[] = {
	M_COMMON,
	M("type", TEXT, .required = 1,
	    .words = "python-script|ansible-playbook|opentofu-plan|executable"),
	M_NAMED("repository", .section = "repositories"),
	M("working-directory", TEXT, .max = FIELD_TEXT_MAX, .check = check_directory),
	M_NAMED("decorator", .section = "decorators"),
	M("secrets", OBJECTS, .members = service_secret_members),
	M("timeout", INT, .min = 1, .max = TIMEOUT_MAX),
	M("concurrency", INT, .min = 1, .max = CONCURRENCY_MAX),
	M("idempotent", BOOL),
	M("retries", INT, .min = 1, .max = RETRIES_MAX, .needs = "idempotent"),
	M("retry-delay", INT, .min = 0, .max = RETRY_DELAY_MAX),
	M_END
};

static const struct member python_runtime[] = {
	M("env", ENV),
	M("req-file", TEXT),
	M_END
};

static const struct member python_members[] = {
	M_FILE("filename", .required = 1),
	M("runtime", OBJECT, .members = python_runtime),
	M_END
};

static const struct member ansible_runtime[] = {
	M("inventory", TEXTS),
	M("config-file", TEXT),
	M("env", ENV),
	M("req-file", TEXT),
	M("extra-vars", TEXTS),
	M("extra-vars-file", TEXTS),
	M("check", BOOL),
	M("diff", BOOL),
	M("verbose-level", INT, .min = 0, .max = VERBOSE_MAX),
	M("forks", INT, .min = 1, .max = FORKS_MAX),
	M("limit", TEXTS),
	M("tags", TEXT),
	M("skip-tags", TEXT),
	M_END
};

static const struct member ansible_members[] = {
	M("playbooks", TEXTS, .required = 1, .min = 1, .check = check_file),
	M("runtime", OBJECT, .members = ansible_runtime),
	M_END
};

static const struct member env_runtime[] = {
	M("env", ENV),
	M_END
};

static const struct member opentofu_members[] = {
	M("vars", TEXTS),
	M("var-files", TEXTS),
	M("plan-vars", TEXTS, .beside = "vars"),
	M("plan-var-files", TEXTS, .beside = "var-files"),
	M("state-file", TEXT, .nullable = 1),
	M("runtime", OBJECT, .members = env_runtime),
	M_END
};

static const struct member executable_members[] = {
	M_NAMED("executable-object", .required = 1, .section = "executable-objects"),
	M_FILE("filename", .required = 1),
	M("arg-format", TEXT, .max = FIELD_TEXT_MAX),
	M("runtime", OBJECT, .members = env_runtime),
	M_END
};

static const struct variant service_variants[] = {
	{ "python-script", python_members },
	{ "ansible-playbook", ansible_members },
	{ "opentofu-plan", opentofu_members },
	{ "executable", executable_members },
	{ NULL, NULL }
};

static const struct member executable_object_members[] = {
	M_COMMON,
	M_LINE("exec-command", check_line, .required = 1),
	M_END
};

static const struct member registry_members[] = {
	M_COMMON,
	M("type", TEXT, .required = 1, .words = "pypi|ansible-galaxy"),
	M_LINE("url", check_registry_url, .required = 1),
	M("default", BOOL),
	M("username", TEXT, .max = FIELD_TEXT_MAX, .check = check_line),
	M_NAMED("password-name"),
	M_NAMED("token-name", .beside = "password-name"),
	M_END
};

static const struct member secret_members[] = {
	M_NAMED("name", .required = 1),
	M("value", TEXT, .min = 1, .max = VAULT_VALUE_MAX, .check = check_value),
	M_END
};

/* --- sections --- */

const struct section service_file_sections[] = {
	{ .key = "decorators", .word = "decorator", .members = decorator_members },
	{ .key = "repositories", .word = "repository", .members = repository_members },
	{ .key = "services", .word = "service", .members = service_members,
	    .variants = service_variants, .is_services = true },
	{ .key = "executable-objects", .word = "executable-object",
	    .members = executable_object_members },
	{ .key = "registries", .word = "registry", .members = registry_members },
	{ .key = "secrets", .word = "secret", .members = secret_members,
	    .is_secrets = true },
	{ .key = "users", .word = "user", .is_opaque = true },
	{ .key = "mcp_servers", .word = "mcp_server", .is_opaque = true },
	{ .key = "secret-providers", .word = "secret-provider", .is_opaque = true },
	{ .key = NULL }
};

const struct section *
service_file_section(const char *key)
{
	for (const struct section *s = service_file_sections; s->key != NULL; s++)
		if (strcmp(s->key, key) == 0)
			return s;
	return NULL;
}
