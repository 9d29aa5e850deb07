#include "access/groups.h"
#include "api/app.h"
#include "api/list.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "json/record.h"
#include "run/order.h"

/* Sets the computed members: where a run would go now. */
static enum err
fill(struct request *req, struct virtual_cluster *v, struct error *e)
{
	struct gateway g = { 0 };
	bool found;

	if (order_member(req, req->db, v, &g, &found, e) != ERR_OK)
		return e->code;
	v->active_cluster_id = v->enabled && found ? g.cluster_id : NULL;
	v->connection_status = v->active_cluster_id != NULL ? "connected" : "disconnected";
	return ERR_OK;
}

static enum err
get_seen(struct request *req, struct virtual_cluster *v, struct error *e)
{
	return groups_virtual_cluster(req, req->db, req->caller, req->params[0], v, e);
}

static struct json_object *
show(struct request *req, void *record, struct error *e)
{
	(void)req;
	(void)e;
	return record_to_json(virtual_cluster_fields, record);
}

static const struct list_kind kind = { .show = show };

static enum err
list_all(struct request *req, struct response *res, struct error *e)
{
	struct records all, mine = { .size = sizeof(struct virtual_cluster) };

	if (virtual_cluster_list(req, req->db, &all, e) != ERR_OK)
		return e->code;
	mine.at = all.at;
	for (size_t i = 0; i < all.n; i++) {
		struct virtual_cluster one = *(struct virtual_cluster *)records_at(&all, i);
		bool seen;

		if (groups_see(req->db, req->caller, SIGHT_VIRTUAL_CLUSTER, one.id, &seen, e) !=
		    ERR_OK)
			return e->code;
		if (!seen)
			continue;
		if (fill(req, &one, e) != ERR_OK)
			return e->code;
		*(struct virtual_cluster *)records_at(&mine, mine.n++) = one;
	}
	return list_answer(req, res, &mine, &kind, e);
}

static enum err
respond(struct request *req, struct response *res, struct virtual_cluster *v, struct error *e)
{
	if (fill(req, v, e) != ERR_OK)
		return e->code;
	respond_record(res, virtual_cluster_fields, v);
	return ERR_OK;
}

static enum err
get(struct request *req, struct response *res, struct error *e)
{
	struct virtual_cluster v = { 0 };

	if (get_seen(req, &v, e) != ERR_OK)
		return e->code;
	return respond(req, res, &v, e);
}

/* Nobody reaches by a virtual cluster what they do not see. */
static enum err
must_see(struct request *req, const char *member, const char *cluster_id, struct error *e)
{
	struct gateway g = { 0 };
	bool found;

	if (groups_cluster(req, req->db, req->caller, cluster_id, &g, &found, e) != ERR_OK)
		return e->code;
	return found ? ERR_OK : error_field(e, member, "there is no gateway %s", cluster_id);
}

static enum err
check(struct request *req, const struct virtual_cluster *v, struct error *e)
{
	if (must_see(req, "primary_cluster_id", v->primary_cluster_id, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < v->backups.n; i++)
		if (must_see(req, "backup_cluster_ids", v->backups.at[i], e) != ERR_OK)
			return e->code;
	if (names_has(&v->backups, v->primary_cluster_id))
		return error_field(e, "backup_cluster_ids", "%s is the primary already",
		    v->primary_cluster_id);
	return ERR_OK;
}

static void
stamp(const struct request *req, struct virtual_cluster *v)
{
	v->last_updated = clock_wall();
	v->last_updated_by = req->caller->username;
}

static enum err
create(struct request *req, struct response *res, struct error *e)
{
	struct virtual_cluster *v = req->record;
	TXN(t);

	v->id = id_new(req);
	stamp(req, v);
	v->created = v->last_updated;
	v->created_by = v->last_updated_by;
	if (txn_begin(&t, req->db, e) != ERR_OK || check(req, v, e) != ERR_OK ||
	    virtual_cluster_insert(req->db, v, e) != ERR_OK || txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->id = v->id;
	res->message = mem_printf(req, "Virtual cluster added: %s", v->id);
	return ERR_OK;
}

static enum err
change(struct request *req, struct response *res, struct error *e)
{
	struct virtual_cluster v = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK || get_seen(req, &v, e) != ERR_OK ||
	    request_overlay(req, &v, e) != ERR_OK || check(req, &v, e) != ERR_OK)
		return e->code;
	stamp(req, &v);
	if (virtual_cluster_update(req->db, &v, e) != ERR_OK ||
	    virtual_cluster_get(req, req->db, v.id, &v, e) != ERR_OK ||
	    respond(req, res, &v, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

static enum err
drop(struct request *req, struct response *res, struct error *e)
{
	struct virtual_cluster v = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK || get_seen(req, &v, e) != ERR_OK ||
	    virtual_cluster_delete(req->db, v.id, e) != ERR_OK ||
	    respond(req, res, &v, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

const struct route virtual_cluster_routes[] = {
	{ .method = M_POST, .path = "/virtual-clusters", .op = "createVirtualCluster",
	  .role = "gateway:create",
	  .body = { BODY_CREATE, "virtualCluster", virtual_cluster_fields,
	  sizeof(struct virtual_cluster) },
	  .answer = ANSWER_MESSAGE_ID, .errors = { ERR_CONFLICT }, .run = create,
	  .summary = "Make a virtual cluster",
	  .doc = "A name for several gateways: a run that is sent there goes to the primary, or "
	  "to the first backup that is connected, enabled and not read-only." },
	{ .method = M_GET, .path = "/virtual-clusters", .op = "getVirtualClusters",
	  .role = "gateway:read", .list = virtual_cluster_fields,
	  .answer = ANSWER_RESULTS, .record = virtual_cluster_fields, .run = list_all,
	  .summary = "List virtual clusters" },
	{ .method = M_GET, .path = "/virtual-clusters/{id}", .op = "getVirtualClusterById",
	  .role = "gateway:read",
	  .answer = ANSWER_RESULT, .record = virtual_cluster_fields, .run = get,
	  .summary = "Read a virtual cluster" },
	{ .method = M_PUT, .path = "/virtual-clusters/{id}", .op = "updateVirtualCluster",
	  .role = "gateway:update",
	  .body = { BODY_UPDATE, "virtualCluster", virtual_cluster_fields,
	  sizeof(struct virtual_cluster) },
	  .answer = ANSWER_VALUE, .record = virtual_cluster_fields, .errors = { ERR_CONFLICT },
	  .run = change, .summary = "Change a virtual cluster" },
	{ .method = M_DELETE, .path = "/virtual-clusters/{id}", .op = "deleteVirtualClusterById",
	  .role = "gateway:delete",
	  .answer = ANSWER_RESULT, .record = virtual_cluster_fields, .run = drop,
	  .summary = "Delete a virtual cluster; its gateways stay" },
	{ 0 }
};
