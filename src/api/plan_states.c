#include "api/plan_states.h"

#include <string.h>

#include "access/groups.h"
#include "access/roles.h"
#include "api/app.h"
#include "api/list.h"
#include "base/mem.h"
#include "base/text.h"
#include "json/body.h"
#include "json/record.h"
#include "run/plan.h"
#include "run/vault.h"
#include "store/service.h"

/*
 * States of opentofu-plan services. A state holds secrets, so it is for those alone who may set
 * secrets; which versions there are everybody may know who sees the service.
 */

#define STATE_ROLE "secret:update"

enum { VERSION_MAX = 1000000000 };

struct put_body {
	const char *workspace, *state;
};

static const struct field put_fields[] = {
	F_TEXT(put_body, workspace, .doc = "default, where it is left out"),
	F_JSON(put_body, state, .required = 1, .object = 1, .shape = "PlanState"),
	F_END
};


static struct json_object *
version_show(struct request *req, void *record, struct error *e)
{
	(void)req;
	(void)e;
	return record_to_json(plan_state_fields, record);
}

static const struct list_kind version_kind = { .show = version_show };

/* The gateway and the plan that the path names, where the caller sees both. */
static enum err
plan_service(struct request *req, struct gateway *g, struct error *e)
{
	struct service s = { 0 };
	bool found;

	if (request_gateway(req, g, e) != ERR_OK ||
	    service_by_name(req, req->db, g->id, req->params[1], &s, &found, e) != ERR_OK ||
	    (found && groups_see(req->db, req->caller, SIGHT_SERVICE, s.id, &found, e) != ERR_OK))
		return e->code;
	if (!found || strcmp(s.type, PLAN_TYPE) != 0)
		return error_set(e, ERR_NOT_FOUND, "gateway %s has no opentofu-plan service %s",
		    g->cluster_id, req->params[1]);
	return ERR_OK;
}

/* The version that the path and the query name. */
static enum err
version_find(struct request *req, struct plan_state *s, struct error *e)
{
	const char *workspace = query_text(req, "workspace");
	struct gateway g = { 0 };
	bool found;

	if (query_int(req, "version", 0, VERSION_MAX, 0, &s->version, e) != ERR_OK ||
	    plan_service(req, &g, e) != ERR_OK)
		return e->code;
	s->gateway_id = g.id;
	s->service = req->params[1];
	s->workspace = workspace != NULL ? workspace : PLAN_WORKSPACE;
	if (plan_state_find(req, req->db, s, &found, e) != ERR_OK)
		return e->code;
	return found ? ERR_OK :
	    error_set(e, ERR_NOT_FOUND, "service %s on %s has no such state", req->params[1],
	    g.cluster_id);
}

static enum err
state_read(struct request *req, struct response *res, struct error *e)
{
	struct plan_state s = { 0 };
	const char *text;

	if (version_find(req, &s, e) != ERR_OK ||
	    vault_get_state(req, req->db, req->app->config, &s, &text, e) != ERR_OK)
		return e->code;
	res->body = record_to_json(plan_state_fields, &s);
	if (s.whole)
		json_set(res->body, "state", json_object_get(json_own(req, text)));
	else
		json_set(res->body, "damaged", mem_must(json_object_new_string(text)));
	return ERR_OK;
}

static enum err
state_versions(struct request *req, struct response *res, struct error *e)
{
	struct gateway g = { 0 };
	struct records all;

	if (plan_service(req, &g, e) != ERR_OK ||
	    plan_state_list(req, req->db, g.id, req->params[1], &all, e) != ERR_OK)
		return e->code;
	return list_answer(req, res, &all, &version_kind, e);
}

/* A run under way would put its own after it. */
static enum err
check_idle(struct request *req, const struct gateway *g, struct error *e)
{
	struct records open;

	if (job_open(req, req->db, g->id, &open, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < open.n; i++) {
		const struct job *j = records_at(&open, i);

		if (strcmp(j->service, req->params[1]) == 0)
			return error_set(e, ERR_CONFLICT,
			    "service %s has runs that have not ended: wait for "
			    "them, or cancel them", req->params[1]);
	}
	return ERR_OK;
}

static enum err
state_put(struct request *req, struct response *res, struct error *e)
{
	const struct put_body *body = req->record;
	const bool named = body->workspace != NULL && body->workspace[0] != '\0';
	struct gateway g = { 0 };
	struct plan_state s = {
		.service = req->params[1], .workspace = named ? body->workspace : PLAN_WORKSPACE,
		.created_by = req->caller->username,
	}, newest;
	bool found;
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK || plan_service(req, &g, e) != ERR_OK ||
	    check_idle(req, &g, e) != ERR_OK)
		return e->code;
	s.gateway_id = g.id;
	newest = s;
	if (plan_put(req, req->db, req->app->config, &s, body->state, strlen(body->state),
	    e) != ERR_OK)
		return e->code;
	if (s.version != 0 && !s.whole)
		return error_field(e, "state",
		    "must be a state: it lacks version, serial or lineage");
	if (plan_state_find(req, req->db, &newest, &found, e) != ERR_OK || txn_commit(&t,
	    e) != ERR_OK)
		return e->code;
	res->message = mem_printf(req, "State of %s put: version %lld", s.service,
	    (long long)newest.version);
	respond_record(res, plan_state_fields, &newest);
	return ERR_OK;
}

/* --- of a run --- */

/* The newest state of the service, where the run has not changed it. */
static enum err
state_unchanged(void *ctx, struct db *db, const struct job *j, struct plan_state *s, bool *found,
    struct error *e)
{
	struct service service = { 0 };
	enum err rc = service_get(ctx, db, j->service_id, &service, e);

	if (rc == ERR_NOT_FOUND)
		return ERR_OK;
	if (rc != ERR_OK)
		return rc;
	*s = (struct plan_state){
		.gateway_id = j->gateway_id, .service = j->service,
		.workspace = plan_workspace(json_own(ctx, service.definition)),
	};
	return plan_state_find(ctx, db, s, found, e);
}

enum err
plan_state_add_to(struct request *req, const struct job *j, struct json_object *result,
    struct error *e)
{
	const char *action = json_get_text(json_own(req, j->params), "action"), *text;
	struct plan_state s = { 0 };
	struct error refused;
	bool found;

	if (strcmp(j->type, PLAN_TYPE) != 0 || action == NULL || strcmp(action, "plan") == 0 ||
	    j->return_code == FIELD_NONE || authorize(req->caller, STATE_ROLE, &refused) != ERR_OK)
		return ERR_OK;
	if (plan_state_of_job(req, req->db, j->id, &s, &found, e) != ERR_OK ||
	    (!found && state_unchanged(req, req->db, j, &s, &found, e) != ERR_OK))
		return e->code;
	if (!found)
		return ERR_OK;
	if (vault_get_state(req, req->db, req->app->config, &s, &text, e) != ERR_OK)
		return e->code;
	json_set(result, "state_file", mem_must(json_object_new_string(text)));
	return ERR_OK;
}

static const struct query_field read_query[] = {
	{ "workspace", "the workspace; left out: default" },
	{ "version", "the version; 0 or left out: the newest" },
	{ 0 }
};

const struct route plan_state_routes[] = {
	{ .method = M_GET,
	    .path = "/gateways/{clusterId}/services/{serviceName}/state",
	    .op = "getPlanState",
	    .role = STATE_ROLE,
	    .query = read_query,
	    .answer = ANSWER_BARE,
	    .shape = "PlanStateVersion",
	    .run = state_read,
	    .summary = "Read the state of an opentofu-plan service",
	    .doc = "It holds whatever the resources hold, secrets too." },
	{ .method = M_POST,
	    .path = "/gateways/{clusterId}/services/{serviceName}/state",
	    .op = "putPlanState",
	    .role = STATE_ROLE,
	    .body = { BODY_CREATE, NULL, put_fields, sizeof(struct put_body) },
	    .large = true,
	    .answer = ANSWER_RESULT,
	    .record = plan_state_fields,
	    .message = true,
	    .errors = { ERR_CONFLICT },
	    .run = state_put,
	    .summary = "Put a state of an opentofu-plan service as its newest version",
	    .doc = "To take over what another program has made, or to mend what was damaged." },
	{ .method = M_GET,
	    .path = "/gateways/{clusterId}/services/{serviceName}/states",
	    .op = "getPlanStates",
	    .role = "service:read",
	    .list = plan_state_fields,
	    .answer = ANSWER_RESULTS,
	    .record = plan_state_fields,
	    .run = state_versions,
	    .summary = "List the versions of the state of an opentofu-plan service" },
	{ 0 }
};
