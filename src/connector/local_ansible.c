#include "connector/local_private.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "json/body.h"
#include "json/schema.h"

/*
 * The command line of ansible-playbook(1). Values stand in one word with their
 * option, so that none of them can be taken for an option itself.
 */

#define RESERVED "__ansible_"	/* to Ansible's JSON reader keys that begin so mean something */
#define UNSAFE "__ansible_unsafe"
#define SETTINGS "ansible_"	/* such variables say how and by which programs a host is reached */
#define TEMPLATE '{'		/* every template begins with it */
#define LIMIT_OPTION "--limit="
#define REMOTE_TMP "ANSIBLE_REMOTE_TMP"

enum { VERBOSE_MAX = 6 };

/* --- parameters --- */

/*
 * Ansible runs {{ }} in variables, also those that reach for files and programs of this
 * host. Texts of callers are marked so that they stay texts.
 */
static struct json_object *
literal_text(struct json_object *s)
{
	struct json_object *o = mem_must(json_object_new_object());

	json_set(o, UNSAFE, json_object_get(s));
	return o;
}

static enum err literal(struct launch *l, struct json_object *o, struct json_object **out,
    struct error *e);

static enum err
literal_array(struct launch *l, struct json_object *o, struct json_object *out, struct error *e)
{
	struct json_object *item;

	for (size_t i = 0; i < json_object_array_length(o); i++) {
		if (literal(l, json_object_array_get_idx(o, i), &item, e) != ERR_OK)
			return e->code;
		json_push(out, item);
	}
	return ERR_OK;
}

/* A name cannot be marked, and a playbook may use it as a value (dict2items). */
static enum err
check_name(struct launch *l, const char *key, struct error *e)
{
	if (strncmp(key, RESERVED, strlen(RESERVED)) == 0)
		return error_set(e, ERR_INVALID, "the name %s cannot be given to "
		    "ansible-playbook services: Ansible keeps names that begin with %s "
		    "to itself", launch_shown(l, key), RESERVED);
	if (strchr(key, TEMPLATE) != NULL)
		return error_set(e, ERR_INVALID, "the name %s cannot be given to "
		    "ansible-playbook services: Ansible could take it for a template",
		    launch_shown(l, key));
	return ERR_OK;
}

static enum err
literal_object(struct launch *l, struct json_object *o, struct json_object *out, struct error *e)
{
	struct json_object *item;

	json_object_object_foreach(o, key, value) {
		if (check_name(l, key, e) != ERR_OK || literal(l, value, &item, e) != ERR_OK)
			return e->code;
		json_set(out, key, item);
	}
	return ERR_OK;
}

/* *OUT is O, a reference of the caller's, with its texts marked. */
static enum err
literal(struct launch *l, struct json_object *o, struct json_object **out, struct error *e)
{
	enum err result = ERR_OK;

	if (json_object_is_type(o, json_type_string)) {
		*out = literal_text(o);
	} else if (json_object_is_type(o, json_type_array)) {
		*out = mem_must(json_object_new_array());
		result = literal_array(l, o, *out, e);
	} else if (json_object_is_type(o, json_type_object)) {
		*out = mem_must(json_object_new_object());
		result = literal_object(l, o, *out, e);
	} else {
		*out = json_object_get(o);
	}
	if (result != ERR_OK)
		json_object_put(*out);
	return result;
}

/* Ansible's options also have names like delegated_vars['ansible_host']. */
static bool
is_setting(const char *key)
{
	const char *at = strstr(key, SETTINGS);

	return at != NULL && (at == key || (at[-1] != '_' && !isalnum((unsigned char)at[-1])));
}

/*
 * ansible_python_interpreter, ansible_ssh_common_args and others name programs that are run,
 * on this host too. Whoever writes the service says which of them callers may set.
 */
static enum err
check_settings(struct launch *l, struct error *e)
{
	const struct schema *schema = l->order->schema;

	json_object_object_foreach(l->order->params, key, value) {
		(void)value;
		if (!is_setting(key) ||
		    (schema != NULL && schema_declares(schema, key)))
			continue;
		return error_set(e, ERR_INVALID, "the parameter %s cannot be given to service %s: "
		    "Ansible takes it for a setting of its own, and the service has no decorator "
		    "with this property", launch_shown(l, key), l->order->service);
	}
	return ERR_OK;
}

static enum err
add_params(struct launch *l, struct error *e)
{
	struct json_object *vars;
	const char *path;

	if (check_settings(l, e) != ERR_OK || literal(l, l->order->params, &vars, e) != ERR_OK)
		return e->code;
	json_keep(l, vars);
	if (launch_write(l, "vars.json", json_text(l, vars), &path, e) != ERR_OK)
		return e->code;
	launch_word(l, mem_printf(l, "--extra-vars=@%s", path));
	return ERR_OK;
}

/* --- inventory --- */

/*
 * Ansible reads r[1:3] as three hosts, and r1:22 as host and port. It gives playbooks the name
 * as a variable, which may be a template, and ssh as a word, which may be an option.
 */
static bool
is_host(const char *name)
{
	const char *colon = strchr(name, ':');

	return name[0] != '-' && name[strcspn(name, "[]")] == '\0' &&
	    strchr(name, TEMPLATE) == NULL &&
	    strncmp(name, RESERVED, strlen(RESERVED)) != 0 &&
	    (colon == NULL || strchr(colon + 1, ':') != NULL);
}

/* The attributes of NODE as variables of its host: texts stay what they are. */
static enum err
host_vars(struct launch *l, struct json_object *node, struct json_object **vars, struct error *e)
{
	struct json_object *attributes = json_get(node, "attributes");
	const char *name = json_get_text(node, "name");

	if (name == NULL || name[0] == '\0')
		return error_set(e, ERR_INVALID, "a node of the inventory has no name");
	if (!is_host(name))
		return error_set(e, ERR_INVALID, "the node %s cannot be given to ansible-playbook "
		    "services: Ansible reads such a name as something else",
		    launch_shown(l, name));
	if (!json_object_is_type(attributes, json_type_object)) {
		*vars = mem_must(json_object_new_object());
		return ERR_OK;
	}
	return literal(l, attributes, vars, e);
}

/*
 * {"inventory_nodes":[{"name","attributes"}]} as Ansible's inventory reader of
 * JSON files wants it.
 */
static enum err
inventory_document(struct launch *l, struct json_object **document, struct error *e)
{
	struct json_object *nodes = json_get(l->order->inventory, "inventory_nodes");
	struct json_object *root = json_keep(l, mem_must(json_object_new_object()));
	struct json_object *all = mem_must(json_object_new_object());
	struct json_object *hosts = mem_must(json_object_new_object());

	json_set(root, "all", all);
	json_set(all, "hosts", hosts);
	for (size_t i = 0; nodes != NULL && i < json_object_array_length(nodes); i++) {
		struct json_object *node = json_object_array_get_idx(nodes, i);
		struct json_object *vars;

		if (host_vars(l, node, &vars, e) != ERR_OK)
			return e->code;
		json_set(hosts, json_get_text(node, "name"), vars);
	}
	*document = root;
	return ERR_OK;
}

static enum err
add_order_inventory(struct launch *l, struct error *e)
{
	struct json_object *document = NULL;
	const char *path;

	if (inventory_document(l, &document, e) != ERR_OK ||
	    launch_write(l, "inventory.json", json_text(l, document), &path, e) != ERR_OK)
		return e->code;
	launch_word(l, mem_printf(l, "--inventory=%s", path));
	return ERR_OK;
}

/* A list of hosts has a comma; anything else is a path of the tree. */
static enum err
add_inventory(struct launch *l, const char *entry, struct error *e)
{
	const char *path = entry;

	if (strchr(entry, ',') == NULL && local_file(l, entry, &path, e) != ERR_OK)
		return e->code;
	launch_word(l, mem_printf(l, "--inventory=%s", path));
	return ERR_OK;
}

static enum err
add_playbook(struct launch *l, const char *entry, struct error *e)
{
	const char *path;

	if (local_file(l, entry, &path, e) != ERR_OK)
		return e->code;
	launch_word(l, path);
	return ERR_OK;
}

static enum err
add_vars(struct launch *l, const char *entry, struct error *e)
{
	(void)e;
	launch_word(l, mem_printf(l, "--extra-vars=%s", entry));
	return ERR_OK;
}

static enum err
add_vars_file(struct launch *l, const char *entry, struct error *e)
{
	const char *path;

	if (local_file(l, entry, &path, e) != ERR_OK)
		return e->code;
	launch_word(l, mem_printf(l, "--extra-vars=@%s", path));
	return ERR_OK;
}

/* Ansible takes the last of several limits only: all stand in one word. */
static enum err
add_limit(struct launch *l, const char *entry, struct error *e)
{
	const char **last = &l->argv.at[l->argv.n - 1];

	(void)e;
	if (strncmp(*last, LIMIT_OPTION, strlen(LIMIT_OPTION)) == 0)
		*last = mem_printf(l, "%s,%s", *last, entry);
	else
		launch_word(l, mem_printf(l, LIMIT_OPTION "%s", entry));
	return ERR_OK;
}

/* --- lists of texts --- */

enum err
launch_each(struct launch *l, const char *key, struct json_object *o,
    enum err (*add)(struct launch *, const char *, struct error *), struct error *e)
{
	for (size_t i = 0; i < json_object_array_length(o); i++) {
		struct json_object *item = json_object_array_get_idx(o, i);
		const char *text = json_object_get_string(item);

		if (!json_object_is_type(item, json_type_string) || text[0] == '\0' ||
		    strlen(text) != (size_t)json_object_get_string_len(item))
			return error_set(e, ERR_INVALID, "%s of service %s must hold texts that "
			    "are not empty", key, l->order->service);
		if (strlen(text) > WORD_MAX / 2)
			return error_set(e, ERR_TOO_LARGE, "%s of service %s has a text that is "
			    "too long", key, l->order->service);
		if (add(l, text, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

static enum err
each_runtime(struct launch *l, const char *key,
    enum err (*add)(struct launch *, const char *, struct error *), struct error *e)
{
	struct json_object *o;

	if (launch_runtime(l, key, json_type_array, &o, e) != ERR_OK)
		return e->code;
	return o != NULL ? launch_each(l, key, o, add, e) : ERR_OK;
}

static enum err
add_inventories(struct launch *l, struct error *e)
{
	struct json_object *own;

	if (l->order->inventory != NULL)
		return add_order_inventory(l, e);
	if (launch_runtime(l, "inventory", json_type_array, &own, e) != ERR_OK)
		return e->code;
	if (own != NULL)
		return launch_each(l, "inventory", own, add_inventory, e);
	launch_word(l, "--inventory=localhost,");
	launch_word(l, "--connection=local");
	return ERR_OK;
}

static enum err
add_playbooks(struct launch *l, struct error *e)
{
	struct json_object *o = json_get(l->order->definition, "playbooks");

	if (!json_object_is_type(o, json_type_array) || json_object_array_length(o) == 0)
		return error_set(e, ERR_INVALID, "service %s has no playbooks", l->order->service);
	return launch_each(l, "playbooks", o, add_playbook, e);
}

/* --- other options --- */

static enum err
add_flag(struct launch *l, const char *key, const char *option, struct error *e)
{
	struct json_object *o;

	if (launch_runtime(l, key, json_type_boolean, &o, e) != ERR_OK)
		return e->code;
	if (o != NULL && json_object_get_boolean(o))
		launch_word(l, option);
	return ERR_OK;
}

static enum err
add_text(struct launch *l, const char *key, struct error *e)
{
	struct json_object *o;

	if (launch_runtime(l, key, json_type_string, &o, e) != ERR_OK)
		return e->code;
	if (o != NULL)
		launch_word(l, mem_printf(l, "--%s=%s", key, json_object_get_string(o)));
	return ERR_OK;
}

static enum err
add_numbers(struct launch *l, struct error *e)
{
	static const char vees[] = "-vvvvvv";
	struct json_object *verbose, *forks;
	int64_t n;

	if (launch_runtime(l, "verbose-level", json_type_int, &verbose, e) != ERR_OK ||
	    launch_runtime(l, "forks", json_type_int, &forks, e) != ERR_OK)
		return e->code;
	n = json_object_get_int64(verbose);
	if (n > 0)
		launch_word(l, mem_textn(l, vees, 1 + (size_t)(n < VERBOSE_MAX ? n : VERBOSE_MAX)));
	if (forks != NULL)
		launch_word(l, mem_printf(l, "--forks=%lld",
		    (long long)json_object_get_int64(forks)));
	return ERR_OK;
}

/*
 * Ansible finds the home of a local connection by the name of the user, who may have
 * none. The shell of the target says the same, and here the run directory. The
 * environment would go before a configuration, so it is set only where there is none.
 */
static enum err
set_config(struct launch *l, struct error *e)
{
	struct json_object *o;
	const char *path;

	if (launch_runtime(l, "config-file", json_type_string, &o, e) != ERR_OK)
		return e->code;
	if (o != NULL && local_file(l, json_object_get_string(o), &path, e) != ERR_OK)
		return e->code;
	if (o != NULL)
		launch_set(l, "ANSIBLE_CONFIG", path);
	else if (access(mem_printf(l, "%s/ansible.cfg", l->dir), F_OK) != 0 &&
	    launch_get(l, REMOTE_TMP) == NULL)
		launch_set(l, REMOTE_TMP, "$HOME/.ansible/tmp");
	return ERR_OK;
}

static enum err
add_options(struct launch *l, struct error *e)
{
	if (set_config(l, e) != ERR_OK || add_flag(l, "check", "--check", e) != ERR_OK ||
	    add_flag(l, "diff", "--diff", e) != ERR_OK || add_numbers(l, e) != ERR_OK ||
	    each_runtime(l, "limit", add_limit, e) != ERR_OK || add_text(l, "tags", e) != ERR_OK ||
	    add_text(l, "skip-tags", e) != ERR_OK)
		return e->code;
	return ERR_OK;
}

/* Ansible takes the last of several values of a variable: those of the caller. */
enum err
local_ansible(struct launch *l, struct error *e)
{
	const char *program = l->config->local_ansible_playbook;

	if (launch_program(l, program, "install the package ansible-core", e) != ERR_OK ||
	    add_inventories(l, e) != ERR_OK || add_options(l, e) != ERR_OK ||
	    each_runtime(l, "extra-vars-file", add_vars_file, e) != ERR_OK ||
	    each_runtime(l, "extra-vars", add_vars, e) != ERR_OK || add_params(l, e) != ERR_OK ||
	    add_playbooks(l, e) != ERR_OK)
		return e->code;
	return ERR_OK;
}
