#include "connector/local_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "json/body.h"

#define OURS "GATEHOUSE_"

void
launch_set(struct launch *l, const char *name, const char *value)
{
	const char *entry = mem_wiped(mem_printf(l, "%s=%s", name, value));
	size_t n = strlen(name) + 1;

	for (size_t i = 0; i < l->env.n; i++)
		if (strncmp(l->env.at[i], entry, n) == 0) {
			l->env.at[i] = entry;
			return;
		}
	names_add(l, &l->env, entry);
}

const char *
launch_get(const struct launch *l, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < l->env.n; i++)
		if (strncmp(l->env.at[i], name, n) == 0 && l->env.at[i][n] == '=')
			return l->env.at[i] + n + 1;
	return NULL;
}

static enum err
set_own(struct launch *l, const char *name, struct json_object *value, struct error *e)
{
	const char *text = json_object_get_string(value);

	if (name[0] == '\0' || strchr(name, '=') != NULL)
		return error_set(e, ERR_INVALID, "runtime.env of service %s has the name %s, "
		    "which no variable can have", l->order->service, name[0] != '\0' ?
		    launch_shown(l, name) : "of no letters");
	if (strncmp(name, OURS, strlen(OURS)) == 0 || strcmp(name, "HOME") == 0)
		return error_set(e, ERR_INVALID, "runtime.env of service %s must not set %s",
		    l->order->service, launch_shown(l, name));
	if (!json_object_is_type(value, json_type_string) ||
	    strlen(text) != (size_t)json_object_get_string_len(value))
		return error_set(e, ERR_INVALID, "runtime.env.%s of service %s must be a text "
		    "without NUL", launch_shown(l, name), l->order->service);
	if (strlen(name) + 1 + strlen(text) > WORD_MAX)
		return error_set(e, ERR_TOO_LARGE, "runtime.env.%s of service %s is longer than "
		    "%d bytes", launch_shown(l, name), l->order->service, WORD_MAX);
	launch_set(l, name, text);
	return ERR_OK;
}

enum err
local_env(struct launch *l, struct error *e)
{
	struct json_object *own;

	launch_set(l, "GATEHOUSE_JOB_ID", l->order->job_id);
	launch_set(l, "GATEHOUSE_SERVICE", l->order->service);
	launch_set(l, "PATH", l->config->local_path);
	launch_set(l, "HOME", l->home);
	launch_set(l, "LANG", l->config->local_lang);
	if (getenv("TZ") != NULL)
		launch_set(l, "TZ", getenv("TZ"));
	if (strcmp(l->order->type, "ansible-playbook") == 0) {
		launch_set(l, "ANSIBLE_NOCOLOR", "1");
		launch_set(l, "ANSIBLE_LOCAL_TEMP", mem_printf(l, "%s/.ansible/tmp", l->home));
	}
	if (launch_runtime(l, "env", json_type_object, &own, e) != ERR_OK)
		return e->code;
	if (own == NULL)
		return ERR_OK;
	json_object_object_foreach(own, name, value)
		if (set_own(l, name, value, e) != ERR_OK)
			return e->code;
	return ERR_OK;
}
