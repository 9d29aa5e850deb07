#include "dispatch_world.h"

#include "store/inventory.h"

/* Inventories in the store, and what a run gets of them. */

TestSuite(inventory, .init = dispatch_world_open, .fini = dispatch_world_end, .timeout = 120);

static void
put_inventory(const char *id, const char *name)
{
	const struct inventory i = { .id = id, .name = name, .created_by = "t", .last_updated_by = "t" };
	struct error e = { 0 };
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(inventory_insert(w.db, &i, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

static void
put_node(const char *inventory_id, const char *name, const char *attributes)
{
	const struct inventory_node n = { .id = id_new(w.ctx), .inventory_id = inventory_id, .name = name,
		.attributes = attributes, .created_by = "t", .last_updated_by = "t" };
	struct error e = { 0 };
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(inventory_node_put(w.db, &n, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

static void
expect_nodes(const char *order, const char *document)
{
	struct json_object *o = NULL;
	struct error e = { 0 };

	cr_assert_eq(order_nodes(w.ctx, w.db, json_own(w.ctx, order), &o, &e), ERR_OK, "%s", e.detail);
	cr_expect_str_eq(json_text(w.ctx, o), document);
	cr_expect_eq(order_nodes(w.ctx, w.db, json_own(w.ctx, order), NULL, &e), ERR_OK, "%s", e.detail);
}

static void
expect_refused(const char *order, enum err code, const char *says)
{
	struct json_object *o = NULL;
	struct error e = { 0 };

	cr_expect_eq(order_nodes(w.ctx, w.db, json_own(w.ctx, order), &o, &e), code);
	cr_expect_not_null(strstr(e.detail, says), "%s", e.detail);
	cr_expect_eq(order_nodes(w.ctx, w.db, json_own(w.ctx, order), NULL, &e), code, "only looking finds the same");
}

Test(inventory, store)
{
	const char *tags[] = { "core", "a b" };
	struct inventory i = { .id = "i1", .name = "lab", .tags = { 2, tags }, .created_by = "t",
		.last_updated_by = "t" }, got = { 0 };
	struct error e = { 0 };
	struct records all;
	bool found;

	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(inventory_insert(w.db, &i, &e), ERR_OK, "%s", e.detail);
		i.id = "i2";
		cr_expect_eq(inventory_insert(w.db, &i, &e), ERR_CONFLICT);
		cr_expect_not_null(strstr(e.detail, "lab"));
		cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	}
	put_node("i1", "r1", "{\"a\":1}");
	put_node("i1", "r2", "{}");
	put_node("i1", "r1", "{\"a\":2}");
	for (int by_name = 0; by_name < 2; by_name++) {
		cr_assert_eq(inventory_find(w.ctx, w.db, by_name ? "lab" : "i1", &got, &found, &e), ERR_OK);
		cr_assert(found);
		cr_expect_eq(got.node_count, 2);
		cr_assert_eq(got.tags.n, 2);
		cr_expect_str_eq(got.tags.at[1], "a b");
	}
	cr_assert_eq(inventory_nodes(w.ctx, w.db, "i1", &all, &e), ERR_OK);
	cr_assert_eq(all.n, 2);
	cr_expect_str_eq(((struct inventory_node *)records_at(&all, 0))->attributes, "{\"a\":2}");
	cr_assert_eq(inventory_find(w.ctx, w.db, "i3", &got, &found, &e), ERR_OK);
	cr_expect_not(found);
	world_exec(w.db, "DELETE FROM inventory WHERE id = 'i1'");
	cr_expect_eq(world_count(w.db, "inventory_node"), 0, "the nodes go with it");
}

Test(inventory, weight)
{
	struct error e = { 0 };
	int64_t nodes, bytes;

	put_inventory("i1", "lab");
	cr_expect_eq(inventory_weight(w.db, "i1", &nodes, &bytes, &e), ERR_OK);
	cr_expect_eq(nodes, 0);
	cr_expect_eq(bytes, 0);
	put_node("i1", "r\303\244", "{}");
	cr_expect_eq(inventory_weight(w.db, "i1", &nodes, &bytes, &e), ERR_OK);
	cr_expect_eq(nodes, 1);
	cr_expect_eq(bytes, 5, "bytes, not characters");
}

Test(inventory, nodes_of_a_run)
{
	put_inventory("i1", "lab");
	put_inventory("i2", "site");
	put_node("i1", "r1", "{\"host\":\"a\",\"n\":null}");
	put_node("i1", "r2", "{}");
	put_node("i2", "r1", "{\"host\":\"b\",\"l\":[1]}");
	expect_nodes("[{\"id\":\"i1\",\"inventory\":\"lab\",\"nodeNames\":[\"r2\"]}]",
	    "{\"inventory_nodes\":[{\"name\":\"r2\",\"attributes\":{}}]}");
	expect_nodes("[{\"id\":\"i1\",\"inventory\":\"lab\"}]",
	    "{\"inventory_nodes\":[{\"name\":\"r1\",\"attributes\":{\"host\":\"a\",\"n\":null}},"
	    "{\"name\":\"r2\",\"attributes\":{}}]}");
	expect_nodes("[{\"id\":\"i1\"},{\"id\":\"i2\",\"nodeNames\":[\"r1\"]},{\"id\":\"i1\",\"nodeNames\":[\"r2\"]}]",
	    "{\"inventory_nodes\":[{\"name\":\"r1\",\"attributes\":{\"host\":\"b\",\"n\":null,\"l\":[1]}},"
	    "{\"name\":\"r2\",\"attributes\":{}}]}");
	put_inventory("i3", "empty");
	expect_nodes("[{\"id\":\"i3\"}]", "{\"inventory_nodes\":[]}");
}

Test(inventory, nodes_that_are_not_there)
{
	put_inventory("i1", "lab");
	put_node("i1", "r1", "{}");
	expect_refused("[{\"id\":\"i1\"},{\"id\":\"i9\",\"inventory\":\"gone\"}]", ERR_NOT_FOUND,
	    "Inventory 'gone' not found");
	expect_refused("[{\"id\":\"i1\",\"nodeNames\":[\"r1\",\"r9\"]}]", ERR_NOT_FOUND,
	    "Node 'r9' not found in inventory 'lab'");
}

Test(inventory, more_than_a_run_may_have)
{
	SCOPED(tmp, NULL);
	struct text *big = text_new(tmp, INVENTORY_ATTRIBUTES_MAX + 64);

	put_inventory("i1", "lab");
	world_exec(w.db, "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 6000) INSERT INTO "
	    "inventory_node (id, inventory_id, name, attributes, tags, created, created_by, last_updated, last_updated_by) "
	    "SELECT 'n' || n, 'i1', 'r' || n, '{}', '', 0, '', 0, '' FROM c");
	expect_refused("[{\"id\":\"i1\"},{\"id\":\"i1\"}]", ERR_TOO_LARGE, "10000");
	text_puts(big, "{\"a\":\"");
	while (big->len < INVENTORY_ATTRIBUTES_MAX)
		text_puts(big, "x");
	text_puts(big, "\"}");
	world_exec(w.db, mem_printf(tmp, "UPDATE inventory_node SET attributes = '%s' WHERE seq <= 300", big->at));
	expect_refused("[{\"id\":\"i1\"}]", ERR_TOO_LARGE, "16777216");
}

/* An order is known by the inventory's id: a new name does not matter, and another inventory of the old name neither. */
Test(inventory, what_changes_while_a_run_is_queued)
{
	struct job j = order_of("lab", "quick", "{}"), renamed, gone;
	struct wait *first, *second;

	put_inventory("i1", "lab");
	put_node("i1", "r1", "{\"password\":\"geheim\"}");
	j.inventory = "[{\"inventory\":\"lab\",\"nodeNames\":[\"r1\"]}]";
	j.order_inventory = "[{\"id\":\"i1\",\"inventory\":\"lab\",\"nodeNames\":[\"r1\"]}]";
	world_exec(w.db, "UPDATE inventory SET name = 'attic'");
	put_inventory("i2", "lab");
	dispatcher_start();
	first = submit_job("first", &j);
	UNTIL(is_over(first));
	renamed = job_of(first);
	cr_expect_str_eq(renamed.state, "completed");
	cr_expect_str_eq(renamed.inventory, j.inventory);
	cr_expect_str_eq(renamed.order_inventory, j.order_inventory);
	world_exec(w.db, "DELETE FROM inventory WHERE id = 'i1'");
	j.request_id = id_uuid(w.ctx);
	second = submit_job("second", &j);
	UNTIL(is_over(second));
	gone = job_of(second);
	cr_expect_str_eq(gone.state, "failed");
	cr_expect_str_eq(gone.error, "Inventory 'lab' not found");
}
