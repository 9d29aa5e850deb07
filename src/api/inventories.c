#include "api/app.h"
#include "api/inventory.h"
#include "api/list.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"

/*
 * The API of the original's Inventory Manager, as far as inventories and nodes go:
 * its paths, envelopes and names of members. What it calls actions is not here.
 */

#define BASE "/inventory_manager/v1"

/* --- answers --- */

static struct json_object *
inventory_show(struct request *req, void *record, struct error *e)
{
	(void)req;
	(void)e;
	return record_to_json(inventory_fields, record);
}

static struct json_object *
node_show(struct request *req, void *record, struct error *e)
{
	(void)req;
	(void)e;
	return record_to_json(inventory_node_record, record);
}

static const struct list_kind inventory_kind = { .show = inventory_show, .is_paged = true };
static const struct list_kind node_kind = { .show = node_show, .is_paged = true };

/* RES's body is I with all its nodes, as a body would have them. */
static enum err
respond_whole(struct request *req, struct response *res, const struct inventory *i,
    struct error *e)
{
	struct json_object *list;
	struct records nodes;

	if (inventory_nodes(req, req->db, i->id, &nodes, e) != ERR_OK)
		return e->code;
	list = mem_must(json_object_new_array());
	for (size_t k = 0; k < nodes.n; k++)
		json_push(list, record_to_json(inventory_node_fields, records_at(&nodes, k)));
	respond_record(res, inventory_fields, i);
	json_set(res->body, "nodes", list);
	return ERR_OK;
}

/* --- inventories --- */

static enum err
check_tags(const struct inventory *i, struct error *e)
{
	for (size_t k = 0; k < i->tags.n; k++)
		for (const char *s = i->tags.at[k]; *s != '\0'; s++)
			if ((unsigned char)*s < ' ' || *s == '\x7f')
				return error_field(e, "tags", "must hold no control characters");
	return ERR_OK;
}

static void
stamp(const struct request *req, struct inventory *i)
{
	i->last_updated = clock_wall();
	i->last_updated_by = req->caller->username;
}

/* The nodes of REQ's body, where there are some, become I's; I is then read again. */
static enum err
take_nodes(struct request *req, struct inventory *i, struct error *e)
{
	struct json_object *list;
	bool found;

	if (json_object_object_get_ex(req->json, "nodes", &list) &&
	    inventory_fill(req, i, list, false, e) != ERR_OK)
		return e->code;
	return inventory_find(req, req->db, i->id, i, &found, e);
}

static enum err
create(struct request *req, struct response *res, struct error *e)
{
	struct inventory *i = req->record;
	TXN(t);

	i->id = id_new(req);
	stamp(req, i);
	i->created = i->last_updated;
	i->created_by = i->last_updated_by;
	if (check_tags(i, e) != ERR_OK || txn_begin(&t, req->db, e) != ERR_OK ||
	    inventory_insert(req->db, i, e) != ERR_OK || take_nodes(req, i, e) != ERR_OK ||
	    respond_whole(req, res, i, e) != ERR_OK || txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->message = mem_printf(req, "Inventory added: %s", i->id);
	return ERR_OK;
}

static enum err
list_all(struct request *req, struct response *res, struct error *e)
{
	struct records all;

	if (inventory_list(req, req->db, groups_seer(req->caller), &all, e) != ERR_OK)
		return e->code;
	return list_answer(req, res, &all, &inventory_kind, e);
}

static enum err
get(struct request *req, struct response *res, struct error *e)
{
	struct inventory i = { 0 };

	if (inventory_seen(req, req->params[0], &i, e) != ERR_OK)
		return e->code;
	return respond_whole(req, res, &i, e);
}

static enum err
change(struct request *req, struct response *res, struct error *e)
{
	struct inventory i = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK ||
	    inventory_seen(req, req->params[0], &i, e) != ERR_OK ||
	    request_overlay(req, &i, e) != ERR_OK || check_tags(&i, e) != ERR_OK)
		return e->code;
	stamp(req, &i);
	if (inventory_update(req->db, &i, e) != ERR_OK || take_nodes(req, &i, e) != ERR_OK ||
	    respond_whole(req, res, &i, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

static enum err
drop(struct request *req, struct response *res, struct error *e)
{
	struct inventory i = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK ||
	    inventory_seen(req, req->params[0], &i, e) != ERR_OK ||
	    inventory_delete(req->db, i.id, e) != ERR_OK || txn_commit(&t, e) != ERR_OK)
		return e->code;
	respond_record(res, inventory_fields, &i);
	res->message = mem_printf(req, "Inventory deleted: %s", i.id);
	return ERR_OK;
}

/* --- nodes --- */

static enum err
list_nodes(struct request *req, struct response *res, struct error *e)
{
	struct inventory i = { 0 };
	struct records nodes;

	if (inventory_seen(req, req->params[0], &i, e) != ERR_OK ||
	    inventory_nodes(req, req->db, i.id, &nodes, e) != ERR_OK)
		return e->code;
	return list_answer(req, res, &nodes, &node_kind, e);
}

static void
put_inventory(struct json_object *o, const struct inventory *i)
{
	struct json_object *named = mem_must(json_object_new_object());

	json_set(named, "id", mem_must(json_object_new_string(i->id)));
	json_set(named, "name", mem_must(json_object_new_string(i->name)));
	json_set(o, "inventory", named);
}

static void
put_count(struct json_object *o, const char *key, int64_t n)
{
	json_set(o, key, mem_must(json_object_new_int64(n)));
}

/* {inventory:{id, name}, statistics:{total, inserted, skipped, errors}}, as the original counts. */
static struct json_object *
bulk_counts(const struct inventory *i, int64_t n)
{
	struct json_object *o = mem_must(json_object_new_object());
	struct json_object *counts = mem_must(json_object_new_object());

	put_inventory(o, i);
	put_count(counts, "total", n);
	put_count(counts, "inserted", n);
	put_count(counts, "skipped", 0);
	json_set(counts, "errors", mem_must(json_object_new_array()));
	json_set(o, "statistics", counts);
	return o;
}

struct bulk {
	const char *identifier, *inventory;	/* two names of one thing */
	const char *nodes;
	bool replace;
};

static const struct field bulk_fields[] = {
	F_TEXT(bulk, identifier, .wire = "inventory_identifier", .min = 1,
	    .doc = "the id or name of the inventory"),
	F_TEXT(bulk, inventory, .min = 1, .doc = "the same as inventory_identifier"),
	F_JSON(bulk, nodes, .required = 1, .shape = "InventoryNodes"),
	F_BOOL(bulk, replace,
	    .doc = "false: nodes of other names stay; they are taken away if left out"),
	F_END
};

/* The inventory that the body names. */
static enum err
bulk_target(struct request *req, const struct bulk *b, struct inventory *i, struct error *e)
{
	const char *named = b->identifier != NULL ? b->identifier : b->inventory;

	if (named == NULL)
		return error_field(e, "inventory_identifier", "is required");
	if (b->identifier != NULL && b->inventory != NULL)
		return error_field(e, "inventory", "cannot stand beside inventory_identifier");
	return inventory_seen(req, named, i, e);
}

static enum err
bulk(struct request *req, struct response *res, struct error *e)
{
	const struct bulk *b = req->record;
	struct json_object *list = json_get(req->json, "nodes");
	bool merge = json_get(req->json, "replace") != NULL && !b->replace;
	struct inventory i = { 0 };
	int64_t n;
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK || bulk_target(req, b, &i, e) != ERR_OK ||
	    inventory_fill(req, &i, list, merge, e) != ERR_OK)
		return e->code;
	stamp(req, &i);
	if (inventory_update(req->db, &i, e) != ERR_OK || txn_commit(&t, e) != ERR_OK)
		return e->code;
	n = (int64_t)json_object_array_length(list);
	res->body = bulk_counts(&i, n);
	res->message = mem_printf(req, "%lld nodes are in inventory %s by this", (long long)n,
	    i.name);
	return ERR_OK;
}

static enum err
clear(struct request *req, struct response *res, struct error *e)
{
	struct json_object *counts;
	struct inventory i = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK ||
	    inventory_seen(req, req->params[0], &i, e) != ERR_OK ||
	    inventory_clear(req->db, i.id, e) != ERR_OK)
		return e->code;
	stamp(req, &i);
	if (inventory_update(req->db, &i, e) != ERR_OK || txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->body = mem_must(json_object_new_object());
	counts = mem_must(json_object_new_object());
	put_inventory(res->body, &i);
	put_count(counts, "nodesDeleted", i.node_count);
	json_set(res->body, "statistics", counts);
	res->message = mem_printf(req, "%lld nodes are deleted from inventory %s",
	    (long long)i.node_count, i.name);
	return ERR_OK;
}

const struct route inventory_routes[] = {
	{ .method = M_POST, .path = BASE "/inventories", .outside = true, .large = true,
	  .op = "createInventory", .role = "inventory:update",
	  .body = { BODY_CREATE, NULL, inventory_fields, sizeof(struct inventory) },
	  .answer = ANSWER_STATUS, .record = inventory_fields, .message = true,
	  .errors = { ERR_CONFLICT }, .run = create, .summary = "Make an inventory" },
	{ .method = M_GET, .path = BASE "/inventories", .outside = true,
	  .op = "getInventories", .role = "inventory:read",
	  .query = list_page_query, .list = inventory_fields,
	  .answer = ANSWER_PAGE, .record = inventory_fields, .run = list_all,
	  .summary = "List inventories", .doc = "Their nodes are left out." },
	{ .method = M_GET, .path = BASE "/inventories/{identifier}", .outside = true,
	  .op = "getInventory", .role = "inventory:read",
	  .answer = ANSWER_STATUS, .record = inventory_fields, .run = get,
	  .summary = "Read an inventory with its nodes" },
	{ .method = M_PATCH, .path = BASE "/inventories/{identifier}", .outside = true,
	  .large = true, .op = "updateInventory", .role = "inventory:update",
	  .body = { BODY_UPDATE, NULL, inventory_fields, sizeof(struct inventory) },
	  .answer = ANSWER_STATUS, .record = inventory_fields,
	  .errors = { ERR_CONFLICT }, .run = change, .summary = "Change an inventory" },
	{ .method = M_DELETE, .path = BASE "/inventories/{identifier}", .outside = true,
	  .op = "deleteInventory", .role = "inventory:update",
	  .answer = ANSWER_STATUS, .record = inventory_fields, .message = true, .run = drop,
	  .summary = "Delete an inventory with its nodes" },
	{ .method = M_GET, .path = BASE "/inventories/{identifier}/nodes", .outside = true,
	  .op = "getInventoryNodes", .role = "inventory:read",
	  .query = list_page_query, .list = inventory_node_record,
	  .answer = ANSWER_PAGE, .record = inventory_node_record, .run = list_nodes,
	  .summary = "List the nodes of an inventory" },
	{ .method = M_POST, .path = BASE "/nodes/bulk", .outside = true, .large = true,
	  .op = "populateInventory", .role = "inventory:update",
	  .body = { BODY_CREATE, NULL, bulk_fields, sizeof(struct bulk) },
	  .answer = ANSWER_STATUS, .shape = "BulkCounts", .message = true,
	  .errors = { ERR_NOT_FOUND }, .run = bulk,
	  .summary = "Replace the nodes of an inventory, or add to them" },
	{ .method = M_DELETE, .path = BASE "/nodes/clear/{identifier}", .outside = true,
	  .op = "clearInventory", .role = "inventory:update",
	  .answer = ANSWER_STATUS, .shape = "ClearCounts", .message = true, .run = clear,
	  .summary = "Take all nodes out of an inventory" },
	{ 0 }
};
