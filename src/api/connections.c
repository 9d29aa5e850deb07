#include "api/app.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "run/discover.h"

enum { PING_WAIT_MS = 30000 };

static enum err
connection_list(struct request *req, struct response *res, struct error *e)
{
	struct records all;

	if (gateway_list(req, req->db, groups_seer(req->caller), &all, e) != ERR_OK)
		return e->code;
	res->body = json_object_new_object();
	for (size_t i = 0; i < all.n; i++) {
		const struct gateway *g = records_at(&all, i);

		json_object_object_add(
		    res->body, g->cluster_id, json_object_new_boolean(discover_connected(g)));
	}
	return ERR_OK;
}

/* JSON-RPC, as the gateway's own answer would be. */
static void
respond_pong(struct request *req, struct response *res, const char *error)
{
	struct json_object *inner = json_object_new_object();

	res->body = json_object_new_object();
	json_object_object_add(res->body, "id", json_object_new_string(id_uuid(req)));
	json_object_object_add(res->body, "jsonrpc", json_object_new_string("2.0"));
	if (error == NULL) {
		json_object_object_add(
		    inner, "reply", json_object_new_string("Health test from GatewayManager"));
	} else {
		json_object_object_add(inner, "code", json_object_new_int(ERROR_GATEWAY));
		json_object_object_add(
		    inner, "message", json_object_new_string("The gateway does not answer"));
		json_object_object_add(inner, "data", json_object_new_string(error));
	}
	json_object_object_add(res->body, error == NULL ? "result" : "error", inner);
	json_object_object_add(res->body, "receiveTime", json_object_new_int64(clock_wall()));
	json_object_object_add(
	    res->body, "status", json_object_new_string(error == NULL ? "success" : "error"));
}

static enum err
connection_answered(struct request *req, struct response *res, struct error *e)
{
	const struct wait *w = req->wait;

	req->wait = NULL;
	if (w->event == WAIT_REFUSED && w->code == ERR_UNAVAILABLE)
		return error_set(e, w->code, "%s", w->detail);
	respond_pong(req, res, w->event == WAIT_DONE ? NULL : w->event == WAIT_OVER ?
	    "no answer in time" : w->detail);
	return ERR_OK;
}

static enum err
connection_ping(struct request *req, struct response *res, struct error *e)
{
	struct gateway g = { 0 };
	bool found;

	if (groups_cluster(req, req->db, req->caller, req->params[0], &g, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return error_set(
		    e, ERR_NOT_FOUND, "there is no gateway with cluster id %s", req->params[0]);
	if (!discover_connected(&g)) {
		respond_pong(req, res, g.enabled ?
		    mem_printf(req, "No connection found to Gateway with cluster id %s",
		    g.cluster_id) : "the gateway is disabled");
		return ERR_OK;
	}
	req->wait = order_ping(req, g.id, PING_WAIT_MS);
	req->resume = connection_answered;
	return ERR_OK;
}

const struct route connection_routes[] = {
	{ .method = M_GET, .path = "/connections", .op = "getAllActiveClients",
	  .role = "gateway:read",
	  .answer = ANSWER_BARE, .shape = "Connections",
	  .run = connection_list,
	  .summary = "Say which gateways are connected" },
	{ .method = M_GET, .path = "/connections/{clusterId}", .op = "getDeviceHealth",
	  .role = "gateway:read",
	  .answer = ANSWER_BARE, .shape = "DeviceHealth",
	  .run = connection_ping,
	  .summary = "Ask a gateway whether it answers" },
	{ 0 }
};
