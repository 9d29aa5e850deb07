#include <string.h>
#include <strings.h>

#include "api/app.h"
#include "api/idempotency.h"
#include "api/inventory.h"
#include "api/output.h"
#include "api/plan_states.h"
#include "base/id.h"
#include "base/mem.h"
#include "store/audit.h"
#include "json/body.h"

enum { MS_PER_S = 1000, ACCEPT_WAIT_MS = 30000, WAIT_MAX_S = 86400, NAME_MAX_CHARS = 256 };

struct run_order {
	const char *service, *cluster_id, *params, *inventory;
};

static const struct field run_fields[] = {
	F_TEXT(run_order, service, .wire = "serviceName", .required = 1, .min = 1,
	    .max = NAME_MAX_CHARS),
	F_TEXT(run_order, cluster_id, .wire = "clusterId", .required = 1, .min = 1,
	    .max = NAME_MAX_CHARS),
	F_JSON(run_order, params, .object = 1, .shape = "Params"),
	F_JSON(run_order, inventory, .shape = "RunInventory"),
	F_END
};

static const struct field run_by_name_fields[] = {
	F_JSON(run_order, params, .object = 1, .shape = "Params"),
	F_JSON(run_order, inventory, .shape = "RunInventory"),
	F_END
};

/*
 * Prefer (RFC 7240): "respond-async" and "wait=N" seconds. What is not
 * understood is ignored, as the RFC says.
 */
static int64_t
read_prefer(const struct request *req, bool *async)
{
	const char *at = req->prefer != NULL ? req->prefer : "";
	int64_t wait = req->app->config->run_wait;

	*async = false;
	while (*at != '\0') {
		SCOPED(tmp, NULL);
		size_t n = strcspn(at, ",");
		char *one = mem_textn(tmp, at + strspn(at, " \t"), n - strspn(at, " \t"));

		one[strcspn(one, "; \t")] = '\0';
		if (strcasecmp(one, "respond-async") == 0)
			*async = true;
		else if (strncasecmp(one, "wait=", strlen("wait=")) == 0)
			text_int(one + strlen("wait="), 0, WAIT_MAX_S, &wait);
		at += n + (at[n] == ',');
	}
	*async |= wait == 0;
	return *async ? ACCEPT_WAIT_MS : wait * MS_PER_S;
}

static enum err
run_answer(struct request *req, struct response *res, struct error *e)
{
	const struct wait *w = req->wait;
	struct job j = { 0 };
	bool found;

	if (job_by_request(req, req->db, w->request_id, &j, &found, e) != ERR_OK)
		return e->code;
	/*
	 * It may have been accepted before gatehoused went away: whoever is told to try again would
	 * run it twice.
	 */
	if (w->event == WAIT_REFUSED && !found)
		return error_set(e, w->code, "%s", w->detail);
	if (!found)
		return error_set(e, ERR_UNAVAILABLE,
		    "gatehoused did not take the run in time: ask GET /jobs before trying again");
	if (idempotency_check(req, &j, e) != ERR_OK)
		return e->code;
	req->wait = NULL;
	req->job_id = j.id;
	res->body = output_answer(req, req->db, &j, e);
	if (res->body == NULL)
		return e->code;
	return plan_state_add_to(req, &j, json_get(res->body, "result"), e);
}

/* A failure that concerns the run itself is an answer, not an error of the request (api.md section
 * 5). */
static enum err
run_refuse(struct request *req, struct response *res, const struct run_order *o, const char *text)
{
	req->outcome = AUDIT_REFUSED;
	res->body = output_refusal(id_uuid(req), o->service, o->cluster_id, text);
	return ERR_OK;
}

static void
run_submit(struct request *req, struct job *j)
{
	bool async;
	int64_t wait = read_prefer(req, &async);

	req->wait = order_submit(req, j, async, wait);
	req->resume = run_answer;
}

/* What can be known beforehand. *TEXT is what refuses the run, where that concerns the run itself.
 */
static enum err
run_check(struct request *req, const struct run_order *o, struct job *j, const char **text,
    struct error *e)
{
	struct json_object *params = json_own(req, o->params != NULL ? o->params : "{}");
	struct gateway g = { 0 };
	struct service s = { 0 };
	bool secret, seen;
	enum err rc = groups_target(req->db, req->caller, o->cluster_id, o->service, &seen, e);

	if (rc != ERR_OK)
		return rc;
	*text = e->detail;
	rc = seen ? order_find(req, req->db, o->cluster_id, o->service, &g, &s, e) :
	    order_no_gateway(o->cluster_id, e);
	if (rc == ERR_OK)
		rc = order_check_params(req, req->db, req->app->schemas, &s, params, text, &secret,
		    e);
	if (rc != ERR_OK)
		return rc;
	j->gateway_id = s.gateway_id;
	j->cluster_id = s.cluster_id;
	j->virtual_cluster_id = strcmp(g.cluster_id, o->cluster_id) != 0 ? o->cluster_id : NULL;
	j->service_id = s.id;
	j->service = s.name;
	j->type = s.type;
	j->params = *text;
	j->order_params = secret ? json_text(req, params) : NULL;
	j->requested_by = req->caller->username;
	return ERR_OK;
}

static enum err
run_order(struct request *req, struct response *res, const struct run_order *o, struct error *e)
{
	struct job j = { 0 };
	const char *refused;
	bool known;
	enum err rc;

	req->acted_on = mem_printf(req, "%s/%s", o->cluster_id, o->service);
	if (idempotency_name(req, &j, &known, e) != ERR_OK ||
	    (!known && inventory_of_run(req, o->inventory, &j, e) != ERR_OK))
		return e->code;
	rc = known ? ERR_OK : run_check(req, o, &j, &refused, e);
	if (rc == ERR_NOT_FOUND || rc == ERR_INVALID)
		return run_refuse(req, res, o, refused);
	if (rc == ERR_OK)
		run_submit(req, &j);
	return rc;
}

static enum err
run_service(struct request *req, struct response *res, struct error *e)
{
	return run_order(req, res, req->record, e);
}

static enum err
run_by_name(struct request *req, struct response *res, struct error *e)
{
	struct run_order *o = req->record;

	o->cluster_id = req->params[0];
	o->service = req->params[1];
	return run_order(req, res, o, e);
}

static const struct query_field run_headers[] = {
	{ "Prefer", "wait=N: seconds to wait for the end; respond-async: do not wait (RFC 7240)" },
	{ "Idempotency-Key", "within a day the same key with the same body answers the same run" },
	{ 0 }
};

static const char run_doc[] =
    "Waits for the end of the run, unless Prefer says otherwise. What goes wrong with the run "
    "itself is answered 200, with state Error.";

const struct route run_routes[] = {
	{ .method = M_POST, .path = "/services/run", .op = "runService", .role = "service:run",
	  .body = { BODY_CREATE, NULL, run_fields, sizeof(struct run_order) },
	  .answer = ANSWER_BARE, .shape = "RunAnswer", .errors = { ERR_NOT_FOUND, ERR_CONFLICT },
	  .headers = run_headers, .doc = run_doc,
	  .run = run_service, .summary = "Run a service" },
	{ .method = M_POST, .path = "/gateways/{clusterId}/services/{serviceName}/run",
	  .op = "runServiceByName",
	  .role = "service:run", .body = { BODY_CREATE, NULL, run_by_name_fields,
	  sizeof(struct run_order) },
	  .answer = ANSWER_BARE, .shape = "RunAnswer", .errors = { ERR_NOT_FOUND, ERR_CONFLICT },
	  .headers = run_headers, .doc = run_doc,
	  .run = run_by_name, .summary = "Run a service named in the path" },
	{ 0 }
};
