#include "dispatch_world.h"

#include "store/virtual_cluster.h"

/* Virtual clusters: which gateway a run goes to; and what the dispatcher tells of one. */

TestSuite(clusters, .init = dispatch_world_open, .fini = dispatch_world_end, .timeout = 120);

static enum err
put_cluster(const char *id, const char *cluster_id, const char *primary, const char *backup, struct error *e)
{
	const struct virtual_cluster v = {
		.id = id, .cluster_id = cluster_id, .enabled = true, .primary_cluster_id = primary,
		.backups = { backup != NULL, &backup }, .created_by = "t", .last_updated_by = "t",
	};
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, e), ERR_OK);
	return virtual_cluster_insert(w.db, &v, e) != ERR_OK ? e->code : txn_commit(&t, e);
}

static void
expect_goes(const char *to)
{
	struct gateway g = { 0 };
	struct service s = { 0 };
	struct error e = { 0 };

	cr_expect_eq(order_find(w.ctx, w.db, "v", "quick", &g, &s, &e), ERR_OK, "%s", e.detail);
	cr_expect_str_eq(g.cluster_id, to);
	cr_expect_str_eq(s.cluster_id, to);
}

static void
expect_refused(enum err code, const char *says)
{
	struct gateway g = { 0 };
	struct service s = { 0 };
	struct error e = { 0 };

	cr_expect_eq(order_find(w.ctx, w.db, "v", "quick", &g, &s, &e), code);
	cr_expect_str_eq(e.detail, says);
}

Test(clusters, choosing)
{
	struct error e = { 0 };

	world_gateway("two0", "two", "simulator", lab_settings);
	cr_assert_eq(put_cluster("v0", "v", "lab", "two", &e), ERR_OK, "%s", e.detail);
	expect_goes("lab");
	world_exec(w.db, "UPDATE gateway SET readonly = 1 WHERE id = 'lab0'");
	expect_goes("two");
	world_exec(w.db, "UPDATE gateway SET enabled = 0, readonly = 0 WHERE id = 'lab0'");
	expect_goes("two");
	world_exec(w.db, "UPDATE gateway SET cluster_id = 'renamed' WHERE id = 'two0'");
	expect_goes("renamed");
	world_exec(w.db, "UPDATE gateway SET connector_settings = '{\"connected\":false}' WHERE id = 'two0'");
	expect_refused(ERR_NOT_FOUND, "No connection found to Gateway with cluster id v");
	world_exec(w.db, "UPDATE gateway SET enabled = 1 WHERE id = 'lab0'");
	expect_goes("lab");
	world_exec(w.db, "UPDATE virtual_cluster SET readonly = 1");
	expect_refused(ERR_INVALID, "Virtual cluster v is read-only: runs are refused");
	world_exec(w.db, "UPDATE virtual_cluster SET enabled = 0");
	expect_refused(ERR_INVALID, "Virtual cluster v is disabled");
}

Test(clusters, names_and_references)
{
	struct error e = { 0 };
	struct names of;

	world_gateway("two0", "two", "simulator", lab_settings);
	cr_assert_eq(put_cluster("v0", "v", "lab", "two", &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(put_cluster("v1", "v", "lab", NULL, &e), ERR_CONFLICT);
	cr_expect_eq(put_cluster("v1", "two", "lab", NULL, &e), ERR_CONFLICT);
	cr_expect_eq(put_cluster("v1", "x", "v", NULL, &e), ERR_INVALID);
	cr_expect_str_eq(e.field, "primary_cluster_id");
	cr_expect_eq(put_cluster("v1", "x", "lab", "none", &e), ERR_INVALID);
	cr_expect_str_eq(e.field, "backup_cluster_ids");
	cr_expect_eq(world_count(w.db, "virtual_cluster"), 1);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(virtual_cluster_of_gateway(w.ctx, w.db, i == 0 ? "lab0" : "two0", &of, &e), ERR_OK);
		cr_assert_eq(of.n, 1);
		cr_expect_str_eq(of.at[0], "v");
	}
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_expect_eq(gateway_delete(w.db, "two0", &e), ERR_CONFLICT, "the database keeps it too");
	}
	world_exec(w.db, "DELETE FROM virtual_cluster");
	cr_expect_eq(world_count(w.db, "virtual_cluster_backup"), 0);
}

/* A run that is queued stays with the gateway that was chosen for it. */
Test(clusters, a_gateway_that_goes_while_a_run_is_queued)
{
	struct error e = { 0 };
	struct wait *first, *queued;
	struct job j;

	w.config->run_parallel = 1;
	dispatcher_start();
	world_gateway("two0", "two", "simulator", lab_settings);
	cr_assert_eq(put_cluster("v0", "v", "lab", "two", &e), ERR_OK, "%s", e.detail);
	first = submit("first", "slow");
	j = order_of("v", "quick", "{}");
	j.virtual_cluster_id = "v";
	queued = submit_job("queued", &j);
	UNTIL(queued->accepted);
	world_exec(w.db, "UPDATE gateway SET enabled = 0 WHERE id = 'lab0'");
	UNTIL(first->accepted);
	ask("x", order_cancel(w.ctx, job_of(first).id, PATIENCE_MS));
	UNTIL(is_over(queued));
	j = job_of(queued);
	cr_expect_str_eq(j.state, "failed");
	cr_expect_str_eq(j.error, "Gateway lab is disabled");
	cr_expect_str_eq(j.cluster_id, "lab");
	cr_expect_str_eq(j.virtual_cluster_id, "v");
}

static int64_t
fact(const struct wait *wait, const char *key)
{
	return json_object_get_int64(json_get(json_own(w.ctx, wait->facts), key));
}

Test(clusters, what_the_dispatcher_tells)
{
	struct wait *a, *idle, *busy, *away, *none;

	w.config->run_parallel = 1;
	dispatcher_start();
	world_gateway("away0", "away", "simulator", "{\"connected\":false}");
	idle = ask("i", order_inspect(w.ctx, "lab0", PATIENCE_MS));
	UNTIL(is_over(idle));
	cr_assert_eq(idle->event, WAIT_DONE);
	cr_expect_str_eq(idle->facts, "{\"error\":null,\"recording\":true,\"queued\":0,\"running\":0,\"queued_here\":0,"
	    "\"running_here\":0,\"parallel\":1,\"parallel_here\":0,\"queue\":10000}");
	a = submit("a", "slow");
	submit("b", "slow");
	UNTIL(a->accepted);
	some_turns();
	busy = ask("l", order_inspect(w.ctx, "lab0", PATIENCE_MS));
	away = ask("w", order_inspect(w.ctx, "away0", PATIENCE_MS));
	none = ask("n", order_inspect(w.ctx, "none", PATIENCE_MS));
	UNTIL(is_over(busy) && is_over(away) && is_over(none));
	cr_expect_eq(fact(busy, "running_here"), 1);
	cr_expect_eq(fact(busy, "queued_here"), 1);
	cr_expect_eq(fact(away, "running_here"), 0);
	cr_expect_eq(fact(away, "queued"), 1);
	cr_expect_not_null(strstr(away->facts, "away"), "%s", away->facts);
	cr_expect_not_null(strstr(none->facts, "there is no gateway none"), "%s", none->facts);
}
