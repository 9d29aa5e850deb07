#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "json/body.h"
#include "main/admin.h"

/* What `gateway list` shows of a gateway's two switches in one word. */
static const char *
admin_state(struct json_object *gateway)
{
	if (!json_object_get_boolean(json_get(gateway, "enabled")))
		return "disabled";
	return json_object_get_boolean(json_get(gateway, "readonly")) ? "read-only" : "enabled";
}

static void
print_gateways(struct admin *a, struct json_object *list)
{
	static const char *const headings[] = {
		"ID", "NAME", "STATE", "CONNECTION", "CONNECTOR", "DESCRIPTION"
	};
	enum { COLUMNS = sizeof headings / sizeof *headings };
	struct table *t = table_new(a->ctx, COLUMNS);

	for (size_t i = 0; i < COLUMNS; i++)
		table_add(t, headings[i]);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *gateway = json_object_array_get_idx(list, i);

		table_add(t, json_get_text(gateway, "cluster_id"));
		table_add(t, json_get_text(gateway, "gateway_name"));
		table_add(t, admin_state(gateway));
		table_add(t, json_get_text(gateway, "connection_status"));
		table_add(t, json_get_text(json_get(gateway, "connector"), "kind"));
		table_add(t, json_get_text(gateway, "description"));
	}
	table_print(t);
}

int
admin_gateway_list(struct admin *a)
{
	const struct call call = { .method = M_GET, .path = "/gateways" };

	return admin_list(a, &call, print_gateways);
}

static void
set_text(struct json_object *o, const char *key, const char *text)
{
	if (text != NULL)
		json_set(o, key, mem_must(json_object_new_string(text)));
}

/* The connector of the options; false: said what is wrong with them. */
static bool
set_connector(struct admin *a, struct json_object *gateway)
{
	const char *kind = admin_value(a, "connector"), *settings = admin_value(a, "settings");
	struct json_object *connector, *value;
	struct error e;

	if (kind == NULL && settings == NULL)
		return true;
	connector = mem_must(json_object_new_object());
	json_set(gateway, "connector", connector);
	set_text(connector, "kind", kind);
	if (settings == NULL)
		return true;
	if (json_parse(a->ctx, settings, strlen(settings), &value, &e) != ERR_OK) {
		admin_fail("--settings: %s", e.detail);
		return false;
	}
	json_set(connector, "settings", json_object_get(value));
	return true;
}

bool
admin_gateway_create(struct admin *a, const char *cluster_id)
{
	struct json_object *body = json_keep(a->ctx, mem_must(json_object_new_object()));
	struct json_object *gateway = mem_must(json_object_new_object());
	const struct call call = { .method = M_POST, .path = "/gateways", .body = body };
	struct response res;

	json_set(body, "gateway", gateway);
	set_text(gateway, "cluster_id", cluster_id);
	set_text(gateway, "gateway_name", admin_value(a, "name"));
	set_text(gateway, "description", admin_value(a, "description"));
	json_set(gateway, "enabled", mem_must(json_object_new_boolean(1)));
	json_set(gateway, "readonly", mem_must(json_object_new_boolean(admin_has(a, "readonly"))));
	return set_connector(a, gateway) && admin_call(a, a->ctx, &call, &res);
}

int
admin_gateway_add(struct admin *a)
{
	if (!admin_open(a) || !admin_gateway_create(a, a->args[0]))
		return EXIT_FAILURE;
	admin_say("gateway %s is registered", a->args[0]);
	return EXIT_SUCCESS;
}

int
admin_gateway_delete(struct admin *a)
{
	struct call call = {
		.method = M_DELETE, .query = admin_has(a, "force") ? "force=true" : NULL
	};
	struct response res;
	struct gateway g;

	if (!admin_open(a) || !admin_gateway(a, a->args[0], &g, NULL))
		return EXIT_FAILURE;
	call.path = mem_printf(a->ctx, "/gateways/%s", g.id);
	if (!admin_call(a, a->ctx, &call, &res)) {
		/* The API tells of its own way to force it. */
		if (res.status == err_status(ERR_CONFLICT))
			fputs("Try 'gatehouse gateway delete --force'.\n", stderr);
		return EXIT_FAILURE;
	}
	admin_say("gateway %s is deleted", a->args[0]);
	return EXIT_SUCCESS;
}
