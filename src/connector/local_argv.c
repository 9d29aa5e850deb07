#include "connector/local_private.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "json/body.h"
#include "json/schema.h"
#include "proc/proc.h"

enum {
	ARGS_SPARE = 4096	/* execve(2) counts some things that are not ours */
};

#define BLANKS " \t\n\r"
#define ARG_FORMAT_DEFAULT "--{{.Key}}={{.Value}}"

/* --- what all types use --- */

const char *
launch_shown(struct launch *l, const char *s)
{
	return text_shown(l, s);
}

void
launch_word(struct launch *l, const char *word)
{
	names_add(l, &l->argv, word);
}

enum err
launch_program(struct launch *l, const char *program, const char *hint, struct error *e)
{
	const char *path = proc_find(l, launch_get(l, "PATH"), program);

	if (path == NULL)
		return error_set(e, ERR_UNAVAILABLE, "%s is not installed on this gateway: %s",
		    launch_shown(l, program), hint);
	launch_word(l, path);
	return ERR_OK;
}

static bool
is_empty(struct json_object *o, enum json_type type)
{
	return (type == json_type_string && json_object_get_string_len(o) == 0) ||
	    (type == json_type_array && json_object_array_length(o) == 0) ||
	    (type == json_type_object && json_object_object_length(o) == 0);
}

enum err
launch_runtime(struct launch *l, const char *key, enum json_type type, struct json_object **o,
    struct error *e)
{
	struct json_object *value = json_get(json_get(l->order->definition, "runtime"), key);

	*o = NULL;
	if (value == NULL)
		return ERR_OK;
	if (!json_object_is_type(value, type))
		return error_set(e, ERR_INVALID, "runtime.%s of service %s must be of type %s", key,
		    l->order->service, json_type_to_name(type));
	if (!is_empty(value, type))
		*o = value;
	return ERR_OK;
}

/* --- parameters --- */

/* Keys become words of a command line as they stand. */
static enum err
check_key(struct launch *l, const char *key, struct error *e)
{
	const char *fault = key[0] == '-' ? "begins with -" : strchr(key, '=') != NULL ? "holds =" :
	    strchr(key, '\n') != NULL ? "holds a line break" : NULL;

	if (key[0] == '\0')
		return error_set(e, ERR_INVALID, "a parameter without a name cannot be given to "
		    "%s services", l->order->type);
	if (fault != NULL)
		return error_set(e, ERR_INVALID, "the parameter %s cannot be given to %s "
		    "services: its name %s", launch_shown(l, key), l->order->type, fault);
	return ERR_OK;
}

static enum err
too_long(struct launch *l, const char *key, struct error *e)
{
	return error_set(e, ERR_TOO_LARGE, "the parameter %s is too long for %s services: a word "
	    "of their command line has at most %d bytes", launch_shown(l, key), l->order->type,
	    WORD_MAX);
}

enum err
launch_value(struct launch *l, const char *key, struct json_object *value, const char **text,
    struct error *e)
{
	if (!json_object_is_type(value, json_type_string)) {
		*text = json_text(l, value);
		return ERR_OK;
	}
	*text = json_object_get_string(value);
	if (strlen(*text) != (size_t)json_object_get_string_len(value))
		return error_set(e, ERR_INVALID, "the parameter %s cannot be given to %s "
		    "services: it holds NUL", launch_shown(l, key), l->order->type);
	return ERR_OK;
}

/* --- python-script --- */

/* services.md section 3: argparse knows a flag as a word without a value. */
static enum err
python_word(struct launch *l, const char *key, struct json_object *value, struct error *e)
{
	const struct schema *schema = l->order->schema;
	const char *text, *word;

	if (value == NULL || launch_is_secret(l, key))
		return ERR_OK;
	if (check_key(l, key, e) != ERR_OK || launch_value(l, key, value, &text, e) != ERR_OK)
		return e->code;
	if (json_object_is_type(value, json_type_boolean) && !json_object_get_boolean(value))
		return ERR_OK;
	if (json_object_is_type(value, json_type_boolean) &&
	    schema != NULL && schema_is_boolean(schema, key))
		word = mem_printf(l, "--%s", key);
	else
		word = mem_printf(l, "--%s=%s", key, text);
	if (strlen(word) > WORD_MAX)
		return too_long(l, key, e);
	launch_word(l, word);
	return ERR_OK;
}

/* The file that the service names: it must be there, and be no directory. */
static enum err
script_path(struct launch *l, const char **path, struct error *e)
{
	const char *name = json_get_text(l->order->definition, "filename");

	if (name == NULL || name[0] == '\0')
		return error_set(e, ERR_INVALID, "service %s has no filename", l->order->service);
	return local_file(l, name, path, e);
}

static enum err
python_argv(struct launch *l, struct error *e)
{
	const char *program = l->python != NULL ? l->python : l->config->local_python, *script;

	if (launch_program(l, program, "install the package python3", e) != ERR_OK ||
	    script_path(l, &script, e) != ERR_OK)
		return e->code;
	launch_word(l, script);
	json_object_object_foreach(l->order->params, key, value)
		if (python_word(l, key, value, e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

/* --- executable --- */

/*
 * How long the placeholder at S is, and what it stands for; 0 where none begins
 * there, or it is not known.
 */
static size_t
placeholder(const char *s, const char *key, const char *value, const char **stands_for)
{
	static const char open[] = "{{", close[] = "}}";
	const char *end = strncmp(s, open, strlen(open)) == 0 ? strstr(s, close) : NULL, *name;
	size_t n;

	if (end == NULL)
		return 0;
	name = s + strlen(open);
	name += strspn(name, BLANKS);
	n = strcspn(name, BLANKS "}");
	if (name + n + strspn(name + n, BLANKS) != end)
		return 0;
	if (n == strlen(".Key") && strncmp(name, ".Key", n) == 0)
		*stands_for = key;
	else if (n == strlen(".Value") && strncmp(name, ".Value", n) == 0)
		*stands_for = value;
	else
		return 0;
	return (size_t)(end - s) + strlen(close);
}

static enum err
bad_format(struct launch *l, struct error *e)
{
	return error_set(e, ERR_INVALID, "the arg-format of service %s has braces that are "
	    "neither {{.Key}} nor {{.Value}}", l->order->service);
}

/*
 * Adds the next word of FORMAT, filled in; *FORMAT moves behind it. What is
 * filled in is never split.
 */
static enum err
format_word(struct launch *l, const char **format, const char *key, const char *value,
    struct error *e)
{
	struct text *word = text_new(l, WORD_MAX);
	const char *s = *format, *stands_for;

	while (*s != '\0' && strchr(BLANKS, *s) == NULL) {
		size_t n = placeholder(s, key, value, &stands_for);

		if (n == 0 && strncmp(s, "{{", 2) == 0)
			return bad_format(l, e);
		if (n == 0)
			text_add(word, s++, 1);
		else
			text_puts(word, stands_for);
		s += n;
	}
	*format = s + strspn(s, BLANKS);
	if (word->cut)
		return too_long(l, key, e);
	launch_word(l, word->at);
	return ERR_OK;
}

static enum err
executable_words(struct launch *l, const char *key, struct json_object *value, struct error *e)
{
	const char *format = json_get_text(l->order->definition, "arg-format"), *text;

	if (value == NULL || launch_is_secret(l, key))
		return ERR_OK;
	if (check_key(l, key, e) != ERR_OK || launch_value(l, key, value, &text, e) != ERR_OK)
		return e->code;
	if (format == NULL || format[strspn(format, BLANKS)] == '\0')
		format = ARG_FORMAT_DEFAULT;
	format += strspn(format, BLANKS);
	while (*format != '\0')
		if (format_word(l, &format, key, text, e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

/* EXEC-COMMAND's words; the first is a program. *ANY: there is one. */
static enum err
exec_command(struct launch *l, bool *any, struct error *e)
{
	const char *name = json_get_text(l->order->definition, "executable-object");
	const char *command = json_get_text(l->order->executable, "exec-command"), *hint;

	*any = false;
	if (name != NULL && l->order->executable == NULL)
		return error_set(e, ERR_NOT_FOUND, "the executable-object %s of service %s is not "
		    "on this gateway", launch_shown(l, name), l->order->service);
	hint = mem_printf(l, "it is the exec-command of executable-object %s",
	    launch_shown(l, name));
	command = command != NULL ? command + strspn(command, BLANKS) : "";
	for (const char *s = command; *s != '\0'; ) {
		const size_t n = strcspn(s, BLANKS);
		const char *word = mem_textn(l, s, n);

		if (*any)
			launch_word(l, word);
		else if (launch_program(l, word, hint, e) != ERR_OK)
			return e->code;
		*any = true;
		s += n + strspn(s + n, BLANKS);
	}
	return ERR_OK;
}

static enum err
executable_argv(struct launch *l, struct error *e)
{
	const char *script;
	bool any;

	if (exec_command(l, &any, e) != ERR_OK || script_path(l, &script, e) != ERR_OK)
		return e->code;
	if (!any && access(script, X_OK) != 0)
		return error_set(e, ERR_INVALID, "%s of service %s is not executable, and there "
		    "is no exec-command to execute it with",
		    launch_shown(l, json_get_text(l->order->definition, "filename")),
		    l->order->service);
	launch_word(l, script);
	json_object_object_foreach(l->order->params, key, value)
		if (executable_words(l, key, value, e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

/* --- all --- */

static size_t
bytes_of(const struct names *words)
{
	size_t n = 0;

	for (size_t i = 0; i < words->n; i++)
		n += strlen(words->at[i]) + 1 + sizeof *words->at;
	return n;
}

/* The kernel would refuse it as well, but without saying what is too long. */
static enum err
check_size(const struct launch *l, struct error *e)
{
	const long most = sysconf(_SC_ARG_MAX) - ARGS_SPARE;
	const size_t n = bytes_of(&l->argv) + bytes_of(&l->env);

	for (size_t i = 0; i < l->argv.n; i++)
		if (strlen(l->argv.at[i]) > WORD_MAX)
			return error_set(e, ERR_TOO_LARGE, "the command line of service %s has a "
			    "word of more than %d bytes", l->order->service, WORD_MAX);
	if (most < 0 || n <= (size_t)most)
		return ERR_OK;
	return error_set(e, ERR_TOO_LARGE, "the parameters are too long for %s services: their "
	    "command line and environment would take %zu bytes, at most %ld can be given",
	    l->order->type, n, most);
}

enum err
local_argv(struct launch *l, struct error *e)
{
	enum err result;

	if (strcmp(l->order->type, "ansible-playbook") == 0)
		result = local_ansible(l, e);
	else if (strcmp(l->order->type, "python-script") == 0)
		result = python_argv(l, e);
	else if (strcmp(l->order->type, "opentofu-plan") == 0)
		result = local_tofu(l, e);
	else
		result = executable_argv(l, e);
	if (result != ERR_OK || check_size(l, e) != ERR_OK)
		return e->code;
	if (l->order->inventory != NULL && strcmp(l->order->type, "ansible-playbook") != 0)
		l->input = json_text(l, l->order->inventory);
	names_add(l, &l->argv, NULL);
	names_add(l, &l->env, NULL);
	return ERR_OK;
}
