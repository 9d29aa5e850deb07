#include "api/inventory.h"

#include <string.h>

#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"
#include "run/order.h"

/* api.md section 5: [{"inventory":"lab","nodeNames":["r1"]}], all nodes where none are named. */

enum { INVENTORIES_MAX = 1000 };

struct named {
	const char *inventory;
	struct names nodes;
};

static const struct field named_fields[] = {
	F_TEXT(named, inventory, .required = 1, .min = 1),
	F_NAMES(named, nodes, .wire = "nodeNames", .min = 1, .max = INVENTORY_NODES_MAX),
	F_END
};

static bool
is_none(struct json_object *list)
{
	if (json_object_is_type(list, json_type_array))
		return json_object_array_length(list) == 0;
	return list == NULL || (json_object_is_type(list, json_type_string) &&
	    *json_object_get_string(list) == '\0');
}

/* Item NUMBER of the list, as it is to be shown in SHOWN and as it is found again in ORDER. */
static enum err
take_one(struct request *req, struct json_object *item, size_t number, struct json_object *shown,
    struct json_object *order, struct error *e)
{
	struct named named = { 0 };
	struct inventory i = { 0 };
	struct json_object *one, *again;

	if (record_from_json(req, named_fields, item, &named, RECORD_CREATE, e) != ERR_OK) {
		char *what = mem_text(req, e->detail);

		return error_field(e, "inventory", "item %zu: %s", number, what);
	}
	if (inventory_seen(req, named.inventory, &i, e) != ERR_OK)
		return e->code;
	one = record_to_json(named_fields, &named);
	if (named.nodes.n == 0)
		json_object_object_del(one, "nodeNames");
	json_push(shown, one);
	again = mem_must(json_object_new_object());
	json_set(again, "id", mem_must(json_object_new_string(i.id)));
	json_set(again, "inventory", mem_must(json_object_new_string(i.name)));
	if (named.nodes.n > 0)
		json_set(again, "nodeNames", json_object_get(json_get(one, "nodeNames")));
	json_push(order, again);
	return ERR_OK;
}

enum err
inventory_of_run(struct request *req, const char *text, struct job *j, struct error *e)
{
	struct json_object *list = text != NULL ? json_own(req, text) : NULL;
	struct json_object *shown = json_keep(req, mem_must(json_object_new_array()));
	struct json_object *order = json_keep(req, mem_must(json_object_new_array()));

	j->inventory = j->order_inventory = NULL;
	if (is_none(list))
		return ERR_OK;
	if (!json_object_is_type(list, json_type_array))
		return error_field(
		    e, "inventory", "must be a list of {\"inventory\", \"nodeNames\"}");
	if (json_object_array_length(list) > INVENTORIES_MAX)
		return error_field(e, "inventory", "must have at most %d members", INVENTORIES_MAX);
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (take_one(req, json_object_array_get_idx(list, i), i, shown, order, e) != ERR_OK)
			return e->code;
	if (order_nodes(req, req->db, order, NULL, e) != ERR_OK)
		return e->code;
	j->inventory = json_text(req, shown);
	j->order_inventory = json_text(req, order);
	return ERR_OK;
}
