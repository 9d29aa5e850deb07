#include "run/order.h"

#include <string.h>

#include "base/mem.h"
#include "json/body.h"
#include "store/inventory.h"

/* The nodes of one run, gathered from its inventories. */
struct gather {
	struct db *db;
	struct json_object *hosts;	/* attributes by name; NULL: they are not kept */
	int64_t nodes, bytes;		/* so far; one that is met twice counts twice */
	struct error *e;
};

static enum err
check_size(const struct gather *g)
{
	if (g->nodes > INVENTORY_NODES_MAX)
		return error_set(g->e, ERR_TOO_LARGE, "inventory: a run has at most %d nodes",
		    INVENTORY_NODES_MAX);
	if (g->bytes > INVENTORY_BYTES_MAX)
		return error_set(g->e, ERR_TOO_LARGE,
		    "inventory: the nodes of a run have attributes of at most %d bytes",
		    INVENTORY_BYTES_MAX);
	return ERR_OK;
}

/*
 * As Ansible has it with several inventories: of a node that is in two, the later one's
 * attributes go before.
 */
static void
keep_node(struct gather *g, const struct inventory_node *n)
{
	SCOPED(tmp, NULL);
	struct json_object *attributes, *known;

	if (g->hosts == NULL)
		return;
	attributes = json_own(tmp, n->attributes);
	if (!json_object_object_get_ex(g->hosts, n->name, &known)) {
		json_set(g->hosts, n->name, json_object_get(attributes));
		return;
	}
	json_object_object_foreach(attributes, key, value)
		json_set(known, key, json_object_get(value));
}

static enum err
gather_named(struct gather *g, const struct inventory *i, struct json_object *names)
{
	for (size_t k = 0; k < json_object_array_length(names); k++) {
		SCOPED(tmp, NULL);
		const char *name = json_object_get_string(json_object_array_get_idx(names, k));
		struct inventory_node n = { 0 };
		bool found;

		if (inventory_node_find(tmp, g->db, i->id, name, &n, &found, g->e) != ERR_OK)
			return g->e->code;
		if (!found)
			return error_set(g->e, ERR_NOT_FOUND,
			    "Node '%s' not found in inventory '%s'", name, i->name);
		g->nodes++;
		g->bytes += (int64_t)(strlen(n.name) + strlen(n.attributes));
		if (check_size(g) != ERR_OK)
			return g->e->code;
		keep_node(g, &n);
	}
	return ERR_OK;
}

static enum err
gather_all(struct gather *g, const struct inventory *i)
{
	SCOPED(tmp, NULL);
	struct records all;
	int64_t nodes, bytes;

	if (inventory_weight(g->db, i->id, &nodes, &bytes, g->e) != ERR_OK)
		return g->e->code;
	g->nodes += nodes;
	g->bytes += bytes;
	if (check_size(g) != ERR_OK || g->hosts == NULL)
		return g->e->code;
	if (inventory_nodes(tmp, g->db, i->id, &all, g->e) != ERR_OK)
		return g->e->code;
	for (size_t k = 0; k < all.n; k++)
		keep_node(g, records_at(&all, k));
	return ERR_OK;
}

static enum err
gather_one(struct gather *g, struct json_object *one)
{
	SCOPED(tmp, NULL);
	const char *id = json_get_text(one, "id"), *name = json_get_text(one, "inventory");
	struct json_object *names = json_get(one, "nodeNames");
	struct inventory i = { 0 };
	bool found = false;

	if (id != NULL && inventory_find(tmp, g->db, id, &i, &found, g->e) != ERR_OK)
		return g->e->code;
	if (!found)
		return error_set(g->e, ERR_NOT_FOUND, "Inventory '%s' not found",
		    name != NULL ? name : "");
	return names != NULL ? gather_named(g, &i, names) : gather_all(g, &i);
}

static struct json_object *
nodes_document(void *ctx, struct json_object *hosts)
{
	struct json_object *o = json_keep(ctx, mem_must(json_object_new_object()));
	struct json_object *list = mem_must(json_object_new_array());

	json_set(o, "inventory_nodes", list);
	json_object_object_foreach(hosts, name, attributes) {
		struct json_object *node = mem_must(json_object_new_object());

		json_set(node, "name", mem_must(json_object_new_string(name)));
		json_set(node, "attributes", json_object_get(attributes));
		json_push(list, node);
	}
	return o;
}

enum err
order_nodes(void *ctx, struct db *db, struct json_object *order_inventory,
    struct json_object **document, struct error *e)
{
	SCOPED(tmp, NULL);
	struct gather g = { .db = db, .e = e };

	e->code = ERR_OK;
	if (document != NULL)
		g.hosts = json_keep(tmp, mem_must(json_object_new_object()));
	for (size_t i = 0; i < json_object_array_length(order_inventory); i++)
		if (gather_one(&g, json_object_array_get_idx(order_inventory, i)) != ERR_OK)
			return e->code;
	if (document != NULL)
		*document = nodes_document(ctx, g.hosts);
	return ERR_OK;
}
