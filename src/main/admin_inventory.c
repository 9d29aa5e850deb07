#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/service_file.h"
#include "base/mem.h"
#include "json/body.h"
#include "main/admin.h"
#include "store/inventory.h"

#define BASE "/inventory_manager/v1"

/* CALL to PATH; the answer's result, borrowed. NULL: said what is wrong. */
static struct json_object *
ask(struct admin *a, enum method method, const char *path, struct json_object *body)
{
	const struct call call = {
		.method = method, .path = path, .outside = true, .body = body
	};
	struct response res;

	return admin_call(a, a->ctx, &call, &res) ? json_get(res.body, "result") : NULL;
}

/* The path of the inventory that the command names. NULL: said that there is none. */
static const char *
named_path(struct admin *a, const char *name)
{
	struct inventory i = { 0 };
	struct error e;
	bool found;

	if (inventory_find(a->ctx, a->db, name, &i, &found, &e) != ERR_OK)
		admin_fail("%s", e.detail);
	else if (!found)
		admin_fail("Inventory '%s' not found", name);
	else
		return mem_printf(a->ctx, BASE "/inventories/%s", i.id);
	return NULL;
}

/* --- list --- */

static const char *
joined(void *ctx, struct json_object *list)
{
	char *all = mem_text(ctx, "");

	for (size_t i = 0; i < json_object_array_length(list); i++)
		all = mem_printf(ctx, "%s%s%s", all, i > 0 ? "," : "",
		    json_object_get_string(json_object_array_get_idx(list, i)));
	return all;
}

static void
print_inventories(struct admin *a, struct json_object *list)
{
	static const char *const headings[] = { "NAME", "NODES", "GROUPS", "TAGS", "DESCRIPTION" };
	enum { COLUMNS = sizeof headings / sizeof *headings };
	struct table *t = table_new(a->ctx, COLUMNS);

	for (size_t i = 0; i < COLUMNS; i++)
		table_add(t, headings[i]);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		table_add(t, json_get_text(one, "name"));
		table_add(t, json_object_get_string(json_get(one, "nodeCount")));
		table_add(t, joined(a->ctx, json_get(one, "groups")));
		table_add(t, joined(a->ctx, json_get(one, "tags")));
		table_add(t, json_get_text(one, "description"));
	}
	table_print(t);
}

int
admin_inventory_list(struct admin *a)
{
	struct json_object *result;

	if (!admin_open(a) || (result = ask(a, M_GET, BASE "/inventories", NULL)) == NULL)
		return EXIT_FAILURE;
	if (admin_has(a, "json"))
		admin_say_json(json_get(result, "data"));
	else
		print_inventories(a, json_get(result, "data"));
	return EXIT_SUCCESS;
}

/* --- show, import, delete --- */

/* What `inventory import` takes. */
int
admin_inventory_show(struct admin *a)
{
	static const char *const members[] = { "name", "description", "groups", "tags", "nodes" };
	struct json_object *result, *shown;
	const char *path;

	if (!admin_open(a) || (path = named_path(a, a->args[0])) == NULL ||
	    (result = ask(a, M_GET, path, NULL)) == NULL)
		return EXIT_FAILURE;
	shown = json_keep(a->ctx, mem_must(json_object_new_object()));
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		json_set(shown, members[i], json_object_get(json_get(result, members[i])));
	admin_say_json(shown);
	return EXIT_SUCCESS;
}

/* The inventory of FILE. NULL: said what is wrong. */
static struct json_object *
read_inventory(struct admin *a, const char *file)
{
	struct text *text = admin_read_file(a, file, (size_t)a->config->responder_max_import);
	struct json_object *document;
	struct error e;

	if (text == NULL)
		return NULL;
	if (service_file_parse(a->ctx, text->at, text->len, &document, &e) != ERR_OK) {
		admin_fail("%s: %s", file, e.detail);
		return NULL;
	}
	if (json_get_text(document, "name") == NULL) {
		admin_fail("%s: name is required: {name, description, groups, tags, nodes}", file);
		return NULL;
	}
	return document;
}

int
admin_inventory_import(struct admin *a)
{
	struct json_object *document, *result;
	struct inventory i = { 0 };
	struct error e;
	bool found;

	if (!admin_open(a) || (document = read_inventory(a, a->args[0])) == NULL)
		return EXIT_FAILURE;
	if (inventory_find(a->ctx, a->db, json_get_text(document, "name"), &i, &found, &e) !=
	    ERR_OK)
		return admin_fail("%s", e.detail);
	result = found ?
	    ask(a, M_PATCH, mem_printf(a->ctx, BASE "/inventories/%s", i.id), document) :
	    ask(a, M_POST, BASE "/inventories", document);
	if (result == NULL)
		return EXIT_FAILURE;
	admin_say("inventory %s is %s: %lld nodes", json_get_text(result, "name"),
	    found ? "replaced" : "made",
	    (long long)json_object_get_int64(json_get(result, "nodeCount")));
	return EXIT_SUCCESS;
}

int
admin_inventory_delete(struct admin *a)
{
	const char *path;

	if (!admin_open(a) || (path = named_path(a, a->args[0])) == NULL ||
	    ask(a, M_DELETE, path, NULL) == NULL)
		return EXIT_FAILURE;
	admin_say("inventory %s is deleted", a->args[0]);
	return EXIT_SUCCESS;
}

/* --- for `run` --- */

/* NAME, or NAME:NODE,NODE. */
static struct json_object *
read_choice(void *ctx, const char *text)
{
	size_t n = strcspn(text, ":");
	struct json_object *one = mem_must(json_object_new_object()), *nodes;
	const char *at = text + n;

	json_set(one, "inventory", mem_must(json_object_new_string(mem_textn(ctx, text, n))));
	if (*at == '\0')
		return one;
	nodes = mem_must(json_object_new_array());
	for (at++; *at != '\0'; at += n + (at[n] == ',')) {
		n = strcspn(at, ",");
		json_push(nodes, mem_must(json_object_new_string(mem_textn(ctx, at, n))));
	}
	json_set(one, "nodeNames", nodes);
	return one;
}

struct json_object *
admin_inventory_given(struct admin *a)
{
	struct json_object *list = mem_must(json_object_new_array());

	for (size_t i = 0; i < a->n_given; i++)
		if (strcmp(a->given[i].option->name, "inventory") == 0)
			json_push(list, read_choice(a->ctx, a->given[i].value));
	return list;
}
