#include "api/app.h"
#include "api/list.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/id.h"
#include "base/mem.h"
#include "store/plan_state.h"
#include "json/record.h"
#include "run/discover.h"
#include "store/service_group.h"
#include "store/virtual_cluster.h"

#include <string.h>

static void
gateway_fill(struct request *req, void *record)
{
	struct gateway *g = record;

	(void)req;
	g->connection_status = discover_connected(g) ? "connected" : "disconnected";
}

/* What a caller is shown of G: its connection, and the connector's settings only to whom may change
 * them. */
static struct json_object *
gateway_shown(const struct request *req, struct gateway *g)
{
	struct error e;

	gateway_fill(NULL, g);
	if (authorize(req->caller, "gateway:update", &e) != ERR_OK)
		g->connector_settings = NULL;
	return record_to_json(gateway_fields, g);
}

static struct json_object *
gateway_show(struct request *req, void *record, struct error *e)
{
	(void)e;
	return gateway_shown(req, record);
}

static const struct list_kind gateway_kind = { .fill = gateway_fill, .show = gateway_show };

static enum err
gateway_list_all(struct request *req, struct response *res, struct error *e)
{
	struct records all;

	if (gateway_list(req, req->db, groups_seer(req->caller), &all, e) != ERR_OK)
		return e->code;
	return list_answer(req, res, &all, &gateway_kind, e);
}

static enum err
gateway_read(struct request *req, struct response *res, struct error *e)
{
	struct gateway g = { 0 };

	if (groups_gateway(req, req->db, req->caller, req->params[0], &g, e) != ERR_OK)
		return e->code;
	res->body = gateway_shown(req, &g);
	return ERR_OK;
}

static enum err
gateway_check(struct request *req, struct gateway *g, struct error *e)
{
	struct faults *faults = faults_new(req);

	discover_check(g, faults);
	return faults->count == 0 ? ERR_OK : refuse_faults(req, faults, e);
}

static void
gateway_stamp(const struct request *req, struct gateway *g)
{
	g->last_updated = clock_wall();
	g->last_updated_by = req->caller->username;
	if (discover_connected(g))
		g->last_connected = g->last_updated;
}

static void
gateway_complete(struct request *req, struct gateway *g)
{
	g->id = id_new(req);
	if (g->gateway_name == NULL)
		g->gateway_name = g->cluster_id;
	if (g->connector_kind == NULL)
		g->connector_kind = req->app->config->gateways_default_connector;
	if (g->connector_settings == NULL)
		g->connector_settings = "{}";
	gateway_stamp(req, g);
	g->created = g->last_updated;
	g->created_by = g->last_updated_by;
}

static enum err
gateway_create(struct request *req, struct response *res, struct error *e)
{
	struct gateway *g = req->record;
	TXN(t);

	gateway_complete(req, g);
	res->id = g->id;
	if (gateway_check(req, g, e) != ERR_OK || txn_begin(&t, req->db, e) != ERR_OK ||
	    gateway_insert(req->db, g, e) != ERR_OK ||
	    service_group_insert_default(req, req->db, g, e) != ERR_OK ||
	    discover_services(req->db, g, e) != ERR_OK || txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->message = mem_printf(req, "Gateway added: %s", g->id);
	return ERR_OK;
}

static enum err
gateway_change(struct request *req, struct response *res, struct error *e)
{
	struct gateway g = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK ||
	    groups_gateway(req, req->db, req->caller, req->params[0], &g, e) != ERR_OK ||
	    request_overlay(req, &g, e) != ERR_OK)
		return e->code;
	if (g.connector_settings == NULL)
		g.connector_settings = "{}";
	gateway_stamp(req, &g);
	/*
	 * Read again it is as every later answer shows it: groups and certificates in order. The
	 * caller may have put it out of its own sight.
	 */
	if (gateway_check(req, &g, e) != ERR_OK || gateway_update(req->db, &g, e) != ERR_OK ||
	    discover_services(req->db, &g, e) != ERR_OK ||
	    gateway_get(req, req->db, g.id, &g, e) != ERR_OK ||
	    txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->body = gateway_shown(req, &g);
	return ERR_OK;
}

enum { CANCEL_WAIT_MS = 60000 };

/* A virtual cluster that lost a gateway without a word would send runs elsewhere, or nowhere. */
static enum err
check_unnamed(struct request *req, const struct gateway *g, struct error *e)
{
	struct names of;

	if (virtual_cluster_of_gateway(req, req->db, g->id, &of, e) != ERR_OK)
		return e->code;
	return of.n == 0 ? ERR_OK : error_set(e, ERR_CONFLICT,
	    "the virtual cluster %s names the gateway %s: change that first", of.at[0],
	    g->cluster_id);
}

/*
 * Waits for the newest run, told to end; then the next, until none is left. So what is queued goes
 * first: once a run ends it would be started, and refused by the disabled gateway.
 */
static enum err
cancel_next(struct request *req, const char *gateway_id, bool *none, struct error *e)
{
	struct records open;
	const struct job *j;

	if (job_open(req, req->db, gateway_id, &open, e) != ERR_OK)
		return e->code;
	*none = open.n == 0;
	if (*none)
		return ERR_OK;
	j = records_at(&open, open.n - 1);
	req->wait = j->cancel_requested ? order_await(req, j->id, CANCEL_WAIT_MS) :
	    order_cancel(req, j->id, CANCEL_WAIT_MS);
	return ERR_OK;
}

/* What a plan has made would be nobody's. */
static enum err
check_states(struct request *req, const struct gateway *g, struct error *e)
{
	struct names held = { 0 };
	bool force;

	if (query_bool(req, "force", &force, e) != ERR_OK ||
	    plan_state_held(req, req->db, g->id, &held, e) != ERR_OK)
		return e->code;
	if (held.n == 0 || force)
		return ERR_OK;
	return error_set(e, ERR_CONFLICT,
	    "the state of service %s on gateway %s still has resources: destroy them first, or "
	    "delete the gateway with ?force=true",
	    held.at[0], g->cluster_id);
}

static enum err
gateway_drop(struct request *req, struct response *res, struct error *e)
{
	struct gateway g = { 0 };
	int64_t open;
	TXN(t);

	/* A resumed request comes here too: it is a DELETE all the same. */
	db_writable(req->db, true);
	if (txn_begin(&t, req->db, e) != ERR_OK ||
	    groups_gateway(req, req->db, req->caller, req->params[0], &g, e) != ERR_OK ||
	    check_unnamed(req, &g, e) != ERR_OK ||
	    job_count_open(req->db, g.id, &open, e) != ERR_OK)
		return e->code;
	if (open > 0)
		return error_set(e, ERR_CONFLICT,
		    "gateway %s has %lld runs under way: wait for them, or delete it with "
		    "?force=true",
		    g.cluster_id, (long long)open);
	if (check_states(req, &g, e) != ERR_OK || gateway_delete(req->db, g.id, e) != ERR_OK ||
	    txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->body = gateway_shown(req, &g);
	return ERR_OK;
}

/* Once no new run can start, those under way are canceled one after the other. */
static enum err
gateway_force(struct request *req, struct response *res, struct error *e)
{
	const struct wait *before = req->wait;
	bool none = false;

	req->wait = NULL;
	req->resume = gateway_force;
	if (before != NULL && (before->event == WAIT_REFUSED || before->event == WAIT_OVER))
		return error_set(e, ERR_UNAVAILABLE,
		    "the runs under way on the gateway could not be canceled: %s",
		    before->event == WAIT_OVER ? "they do not end" : before->detail);
	if (cancel_next(req, req->params[0], &none, e) != ERR_OK)
		return e->code;
	return none ? gateway_drop(req, res, e) : ERR_OK;
}

static enum err
gateway_disable(struct request *req, struct error *e)
{
	struct gateway g = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK ||
	    groups_gateway(req, req->db, req->caller, req->params[0], &g, e) != ERR_OK ||
	    check_unnamed(req, &g, e) != ERR_OK)
		return e->code;
	g.enabled = false;
	gateway_stamp(req, &g);
	if (gateway_update(req->db, &g, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

static enum err
gateway_remove(struct request *req, struct response *res, struct error *e)
{
	bool force;

	if (query_bool(req, "force", &force, e) != ERR_OK)
		return e->code;
	if (!force)
		return gateway_drop(req, res, e);
	return gateway_disable(req, e) == ERR_OK ? gateway_force(req, res, e) : e->code;
}

static const struct query_field delete_query[] = {
	{ "force", "true cancels the runs under way first" },
	{ 0 }
};

const struct route gateway_routes[] = {
	{ .method = M_POST,
	    .path = "/gateways",
	    .op = "createGateway",
	    .role = "gateway:create",
	    .body = { BODY_CREATE, "gateway", gateway_fields, sizeof(struct gateway) },
	    .answer = ANSWER_MESSAGE_ID,
	    .errors = { ERR_CONFLICT },
	    .run = gateway_create,
	    .summary = "Register a gateway" },
	{ .method = M_GET,
	    .path = "/gateways",
	    .op = "getGateways",
	    .role = "gateway:read",
	    .list = gateway_fields,
	    .answer = ANSWER_RESULTS,
	    .record = gateway_fields,
	    .run = gateway_list_all,
	    .summary = "List gateways" },
	{ .method = M_GET,
	    .path = "/gateways/{id}",
	    .op = "getGatewayById",
	    .role = "gateway:read",
	    .answer = ANSWER_RESULT,
	    .record = gateway_fields,
	    .run = gateway_read,
	    .summary = "Read a gateway" },
	{ .method = M_PUT,
	    .path = "/gateways/{id}",
	    .op = "updateGateway",
	    .role = "gateway:update",
	    .body = { BODY_UPDATE, "payload", gateway_fields, sizeof(struct gateway) },
	    .answer = ANSWER_VALUE,
	    .record = gateway_fields,
	    .errors = { ERR_CONFLICT },
	    .run = gateway_change,
	    .summary = "Change a gateway" },
	{ .method = M_DELETE,
	    .path = "/gateways/{id}",
	    .op = "deleteGatewayById",
	    .role = "gateway:delete",
	    .query = delete_query,
	    .answer = ANSWER_RESULT,
	    .record = gateway_fields,
	    .errors = { ERR_CONFLICT },
	    .run = gateway_remove,
	    .summary = "Delete a gateway with its services" },
	{ 0 }
};
