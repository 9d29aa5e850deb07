#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "connector/local_private.h"
#include "json/body.h"
#include "json/schema.h"

/*
 * Secrets, and parameters of format password: they come in the environment or in
 * a file, where other users of the host cannot see them; a command line can be
 * seen by all.
 */

#define PARAM "GATEHOUSE_PARAM_"
#define OURS "GATEHOUSE_"

enum { CONTINUES = 0x80, CONTINUES_MASK = 0xc0 };	/* a byte within a UTF-8 character */

bool
launch_is_secret(const struct launch *l, const char *key)
{
	return l->order->schema != NULL && schema_is_secret(l->order->schema, key);
}

static enum err
set_once(struct launch *l, const char *what, const char *name, const char *value, struct error *e)
{
	if (launch_get(l, name) != NULL)
		return error_set(e, ERR_INVALID, "%s cannot be given to service %s: its variable "
		    "%s is taken already", what, l->order->service, launch_shown(l, name));
	if (strlen(name) + 1 + strlen(value) > WORD_MAX)
		return error_set(e, ERR_TOO_LARGE, "%s is too long for a variable of service %s: "
		    "%d bytes is the most", what, l->order->service, WORD_MAX);
	launch_set(l, name, value);
	return ERR_OK;
}

/* --- secrets --- */

/* The import has looked at it, but it may be of an older program. */
static bool
is_target(const char *s)
{
	static const char known[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

	return s != NULL && s[0] != '\0' && !isdigit((unsigned char)s[0]) &&
	    s[strspn(s, known)] == '\0' &&
	    strncmp(s, OURS, strlen(OURS)) != 0 && strcmp(s, "HOME") != 0;
}

static enum err
give_secret(struct launch *l, struct json_object *one, struct error *e)
{
	const char *name = json_get_text(one, "name"), *type = json_get_text(one, "type");
	const char *target = json_get_text(one, "target");
	const char *value = name != NULL ? conn_order_secret(l->order, name) : NULL, *what;

	what = mem_printf(l, "the secret %s", launch_shown(l, name));
	if (value == NULL)
		return error_set(e, ERR_NOT_FOUND, "%s of service %s is not on its gateway", what,
		    l->order->service);
	if (type == NULL || (strcmp(type, "env") != 0 && strcmp(type, "file") != 0) ||
	    !is_target(target))
		return error_set(e, ERR_INVALID, "%s of service %s must have the type env or file, "
		    "and the name of a variable as its target", what, l->order->service);
	if (strcmp(type, "file") == 0 && launch_write(l,
	    mem_printf(l, "secret.%s", target), value, &value, e) != ERR_OK)
		return e->code;
	return set_once(l, what, target, value, e);
}

/* --- parameters --- */

/* Upper case; each character that is no letter or digit of ASCII is an underscore. */
static const char *
param_name(struct launch *l, const char *key)
{
	char *name = mem_printf(l, PARAM "%s", key), *to = name + strlen(PARAM);

	for (const unsigned char *s = (const unsigned char *)key; *s != '\0'; s++)
		if ((*s & CONTINUES_MASK) != CONTINUES)
			*to++ = *s < CONTINUES && isalnum(*s) ? (char)toupper(*s) : '_';
	*to = '\0';
	return name;
}

static enum err
give_param(struct launch *l, const char *key, struct json_object *value, struct error *e)
{
	const char *what = mem_printf(l, "the parameter %s", launch_shown(l, key)), *text;

	if (value == NULL || !launch_is_secret(l, key))
		return ERR_OK;
	if (launch_value(l, key, value, &text, e) != ERR_OK)
		return e->code;
	return set_once(l, what, param_name(l, key), text, e);
}

enum err
local_secrets(struct launch *l, struct error *e)
{
	struct json_object *list = json_get(l->order->definition, "secrets");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++)
		if (give_secret(l, json_object_array_get_idx(list, i), e) != ERR_OK)
			return e->code;
	/* A playbook and a plan get them in their files of variables. */
	if (strcmp(l->order->type, "ansible-playbook") == 0 ||
	    strcmp(l->order->type, "opentofu-plan") == 0)
		return ERR_OK;
	json_object_object_foreach(l->order->params, key, value)
		if (give_param(l, key, value, e) != ERR_OK)
			return e->code;
	return ERR_OK;
}
