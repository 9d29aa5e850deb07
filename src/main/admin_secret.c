#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "json/body.h"
#include "main/admin.h"
#include "run/vault.h"

/*
 * One line is the value without its line break; several lines are a file (a
 * key), and the last line's end belongs to it.
 */
static void
trim_single_line(struct text *value)
{
	char *end = memchr(value->at, '\n', value->len);

	if (end == NULL || end + 1 != value->at + value->len)
		return;
	*end = '\0';
	if (end > value->at && end[-1] == '\r')
		end[-1] = '\0';
}

/* The value of secret NAME, from standard input or terminal. NULL: said why there is none. */
static const char *
read_value(struct admin *a, const char *name)
{
	enum { LINE_END = 2 };
	struct text *value;

	if (isatty(STDIN_FILENO))
		return admin_type_value(a, name);
	value = admin_read_file(a, "-", VAULT_VALUE_MAX + LINE_END);
	if (value == NULL)
		return NULL;
	mem_wiped(value->at);
	if (memchr(value->at, '\0', value->len) == NULL && utf8_valid(value->at, value->len)) {
		trim_single_line(value);
		return value->at;
	}
	admin_fail("the value must be UTF-8 without NUL");
	return NULL;
}

int
admin_secret_set(struct admin *a)
{
	const char *name = a->args[0], *value;
	struct json_object *body = json_keep(a->ctx, mem_must(json_object_new_object()));
	struct json_object *secret = mem_must(json_object_new_object());
	struct call call = { .method = M_POST, .body = body };
	struct response res;
	struct gateway g;

	json_set(body, "secret", secret);
	call.path = mem_printf(a->ctx, "/gateways/%s/secrets", admin_value(a, "gateway"));
	/* Nobody should have typed it for a gateway that is not there. */
	if (!admin_open(a) || !admin_gateway(a, admin_value(a, "gateway"), &g, NULL))
		return EXIT_FAILURE;
	value = read_value(a, name);
	if (value == NULL)
		return EXIT_FAILURE;
	json_set(secret, "name", mem_must(json_object_new_string(name)));
	json_set(secret, "value", mem_must(json_object_new_string(value)));
	if (!admin_call(a, a->ctx, &call, &res))
		return EXIT_FAILURE;
	admin_say("secret %s is set", name);
	return EXIT_SUCCESS;
}

static void
print_secrets(struct admin *a, struct json_object *list)
{
	static const char *const columns[][2] = {
		{ "NAME", "name" }, { "CREATED", "created" }, { "BY", "created_by" },
		{ "VALUE SET", "last_updated" }, { "BY", "last_updated_by" }
	};
	enum { COLUMNS = sizeof columns / sizeof *columns };
	struct table *t = table_new(a->ctx, COLUMNS);

	for (size_t i = 0; i < COLUMNS; i++)
		table_add(t, columns[i][0]);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		for (size_t k = 0; k < COLUMNS; k++)
			table_add(t, json_get_text(json_object_array_get_idx(list, i),
			    columns[k][1]));
	table_print(t);
}

int
admin_secret_list(struct admin *a)
{
	struct call call = { .method = M_GET };

	call.path = mem_printf(a->ctx, "/gateways/%s/secrets", admin_value(a, "gateway"));
	return admin_list(a, &call, print_secrets);
}

int
admin_secret_delete(struct admin *a)
{
	struct call call = { .method = M_DELETE };
	struct response res;

	call.path = mem_printf(a->ctx, "/gateways/%s/secrets/%s", admin_value(a, "gateway"),
	    a->args[0]);
	if (!admin_open(a) || !admin_call(a, a->ctx, &call, &res))
		return EXIT_FAILURE;
	admin_say("secret %s is deleted", a->args[0]);
	return EXIT_SUCCESS;
}

int
admin_secret_rekey(struct admin *a)
{
	struct error e;
	size_t n;

	if (!admin_open(a))
		return EXIT_FAILURE;
	if (vault_rekey(a->db, a->config, &n, &e) != ERR_OK)
		return admin_fail("%s", e.detail);
	admin_say("there is a new key, and %zu sealed value%s %s sealed with it", n,
	    n == 1 ? "" : "s", n == 1 ? "is" : "are");
	admin_say("copies of the database from before can only be read with the key file from "
	    "before");
	return EXIT_SUCCESS;
}
