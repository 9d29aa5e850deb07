#include <string.h>

#include "access/groups.h"
#include "access/roles.h"
#include "api/app.h"
#include "base/mem.h"
#include "json/body.h"
#include "store/user_group.h"

/* Whether an account may do something, and why: said by the functions that decide. */

struct explained {
	struct request *req;
	struct caller caller;		/* the account that is asked about */
	bool allowed;
	struct json_object *because;	/* sentences */
};

static void
say(struct explained *x, bool holds, const char *sentence)
{
	x->allowed = x->allowed && holds;
	json_push(x->because, mem_must(json_object_new_string(sentence)));
}

static enum err
find_account(struct request *req, struct account *a, struct error *e)
{
	const char *who = query_text(req, "account");
	bool found = false;

	if (who == NULL || *who == '\0')
		return error_field(e, "account", "is required: a user name or an _id");
	if (account_find(req, req->db, who, a, &found, e) != ERR_OK)
		return e->code;
	if (!found && account_get(req, req->db, who, a, e) != ERR_OK)
		return e->code;
	return ERR_OK;
}

static enum err
find_operation(struct request *req, const struct route **route, struct error *e)
{
	const char *op = query_text(req, "operation");
	const struct route *const *all;
	size_t n;

	if (op == NULL)
		return error_field(e, "operation", "is required: an operation id of /openapi.json");
	all = router_all(req->app->router, &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(all[i]->op, op) == 0) {
			*route = all[i];
			return ERR_OK;
		}
	return error_field(e, "operation", "there is no operation %s", op);
}

/* " (anna is in east, east in noc)": how the account is in a group; "" where that is by itself. */
static enum err
way_into(struct explained *x, const char *group, const char **text, struct error *e)
{
	struct request *req = x->req;
	const char *tail = NULL;
	struct names ways;

	*text = "";
	for (int i = 0; i < USER_GROUP_CHAIN_MAX; i++) {
		if (account_group_ways(req, req->db, x->caller.account_id, group, &ways, e) !=
		    ERR_OK)
			return e->code;
		if (ways.n == 0 || *ways.at[0] == '\0')
			break;
		tail = mem_printf(req, ", %s in %s%s", ways.at[0], group,
		    tail != NULL ? tail : "");
		group = ways.at[0];
	}
	if (tail != NULL)
		*text = mem_printf(req, " (%s is in %s%s)", x->caller.username, group, tail);
	return ERR_OK;
}

/* Where ROLE, or the one that has all, comes from. */
static enum err
say_role_source(struct explained *x, const char *role, struct error *e)
{
	struct request *req = x->req;
	struct records held;

	if (account_roles_held(req, req->db, x->caller.account_id, &held, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < held.n; i++) {
		const struct role_held *h = records_at(&held, i);
		const char *way = "";

		if (strcmp(h->role, role) != 0 &&
		    strcmp(h->role, roles[ROLE_CODE_ADMIN].name) != 0)
			continue;
		if (*h->via != '\0' && way_into(x, h->via, &way, e) != ERR_OK)
			return e->code;
		say(x, true, *h->via == '\0' ?
		    mem_printf(req, "%s has the role %s itself", x->caller.username, h->role) :
		    mem_printf(req, "%s has the role %s by the group %s%s",
			x->caller.username, h->role, h->via, way));
	}
	return ERR_OK;
}

static enum err
explain_role(struct explained *x, const struct route *route, struct error *e)
{
	struct error lacks;

	if (strcmp(route->role, ROLE_OPEN) == 0 || strcmp(route->role, ROLE_CALLER) == 0) {
		say(x, true, "the operation needs no role");
		return ERR_OK;
	}
	if (authorize(&x->caller, route->role, &lacks) != ERR_OK) {
		say(x, false, lacks.detail);
		return ERR_OK;
	}
	return say_role_source(x, route->role, e);
}

/* The groups of the account that the gateway has. */
static enum err
say_shared_groups(struct explained *x, const struct gateway *g, struct error *e)
{
	struct names held;

	if (account_groups_held(x->req, x->req->db, x->caller.account_id, &held, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < held.n; i++) {
		const char *way;

		if (!names_has(&g->groups, held.at[i]))
			continue;
		if (way_into(x, held.at[i], &way, e) != ERR_OK)
			return e->code;
		say(x, true, mem_printf(x->req, "gateway %s is seen by the group %s%s",
		    g->cluster_id, held.at[i], way));
	}
	return ERR_OK;
}

/* The service groups that show the service to the account. */
static enum err
say_service_groups(struct explained *x, const struct gateway *g, const char *service,
    struct error *e)
{
	struct request *req = x->req;
	struct service s = { 0 };
	struct records by;
	bool found;

	if (g->id == NULL)
		return ERR_OK;
	if (service_by_name(req, req->db, g->id, service, &s, &found, e) != ERR_OK ||
	    sight_service_by(req, req->db, x->caller.account_id, s.id, &by, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < by.n; i++) {
		const struct sight_by *one = records_at(&by, i);
		const char *way;

		if (way_into(x, one->user_group, &way, e) != ERR_OK)
			return e->code;
		say(x, true, mem_printf(req,
		    "service group %s shows service %s to the group %s%s", one->service_group,
		    service, one->user_group, way));
	}
	return ERR_OK;
}

/* What the one who asks does not see does not exist in the answer either. */
static enum err
check_asked(struct request *req, struct error *e)
{
	const char *cluster_id = query_text(req, "cluster_id");
	const char *service = query_text(req, "service");
	struct gateway g = { 0 };
	struct service s = { 0 };
	bool seen;

	if (service != NULL && cluster_id == NULL)
		return error_field(e, "service", "needs cluster_id beside it");
	if (cluster_id == NULL)
		return ERR_OK;
	if (groups_target(req->db, req->caller, cluster_id, service != NULL ? service : "",
		&seen, e) != ERR_OK)
		return e->code;
	if (!seen)
		return error_set(e, ERR_NOT_FOUND, "there is no gateway with cluster id %s",
		    cluster_id);
	if (service == NULL || gateway_by_cluster(req, req->db, cluster_id, &g, &seen, e) != ERR_OK)
		return service == NULL ? ERR_OK : e->code;
	if (seen && service_by_name(req, req->db, g.id, service, &s, &seen, e) != ERR_OK)
		return e->code;
	return g.id == NULL || seen ? ERR_OK : error_set(e, ERR_NOT_FOUND,
	    "gateway %s has no service %s", cluster_id, service);
}

static enum err
explain_sight(struct explained *x, struct error *e)
{
	struct request *req = x->req;
	const char *cluster_id = query_text(req, "cluster_id");
	const char *service = query_text(req, "service");
	struct gateway g = { 0 };
	bool seen;

	if (cluster_id == NULL)
		return ERR_OK;
	if (x->caller.is_admin) {
		say(x, true, "administrators see everything");
		return ERR_OK;
	}
	if (service != NULL) {
		if (groups_target(req->db, &x->caller, cluster_id, service, &seen, e) != ERR_OK)
			return e->code;
		say(x, seen, mem_printf(req, "%s %s service %s of %s", x->caller.username,
		    seen ? "sees" : "does not see", service, cluster_id));
	}
	if (groups_cluster(req, req->db, &x->caller, cluster_id, &g, &seen, e) != ERR_OK)
		return e->code;
	if (service == NULL)
		say(x, seen, mem_printf(req, "%s %s gateway %s", x->caller.username,
		    seen ? "sees" : "does not see", cluster_id));
	if (seen)
		return say_shared_groups(x, &g, e);
	return service != NULL ? say_service_groups(x, &g, service, e) : ERR_OK;
}

static enum err
explain(struct request *req, struct response *res, struct error *e)
{
	struct explained x = { .req = req, .allowed = true };
	const struct route *route = NULL;
	struct account a = { 0 };
	enum err rc = ERR_OK;

	if (find_account(req, &a, e) != ERR_OK || find_operation(req, &route, e) != ERR_OK ||
	    check_asked(req, e) != ERR_OK)
		return e->code;
	x.because = json_keep(req, mem_must(json_object_new_array()));
	x.caller = (struct caller){ .username = a.username, .account_id = a.id };
	if (a.inactive)
		say(&x, false, mem_printf(req, "the account %s is inactive", a.username));
	else if (roles_load(req->db, &a, &x.caller, e) != ERR_OK ||
	    explain_role(&x, route, e) != ERR_OK || explain_sight(&x, e) != ERR_OK)
		rc = e->code;
	if (rc != ERR_OK)
		return rc;
	res->body = mem_must(json_object_new_object());
	json_set(res->body, "account", mem_must(json_object_new_string(a.username)));
	json_set(res->body, "operation", mem_must(json_object_new_string(route->op)));
	json_set(res->body, "allowed", mem_must(json_object_new_boolean(x.allowed)));
	json_set(res->body, "because", json_object_get(x.because));
	return ERR_OK;
}

static const struct query_field explain_query[] = {
	{ "account", "a user name, or the _id of an account" },
	{ "operation", "an operation id of this document" },
	{ "cluster_id", "on this gateway; left out: the role alone is judged" },
	{ "service", "with this service of it" },
	{ 0 }
};

const struct route explain_routes[] = {
	{ .method = M_GET, .path = "/authorization/explain", .outside = true, .op = "explain",
	  .role = "account:read", .query = explain_query, .answer = ANSWER_BARE,
	  .shape = "Explanation", .errors = { ERR_NOT_FOUND }, .run = explain,
	  .summary = "Say whether an account may do something, and why" },
	{ 0 }
};
