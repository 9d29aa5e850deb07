#include "access/groups.h"

#include "base/mem.h"

/* No account has this id: a caller without one that is no administrator sees nothing. */
static const char nobody[] = "";

const char *
groups_seer(const struct caller *caller)
{
	if (caller->is_admin)
		return NULL;
	return caller->account_id != NULL ? caller->account_id : nobody;
}

enum err
groups_see(struct db *db, const struct caller *caller, enum sight what, const char *id, bool *seen,
    struct error *e)
{
	return sight_has(db, what, groups_seer(caller), id, seen, e);
}

/* ERR_NOT_FOUND, as of a WHAT that is not there: in the words of the store. */
static enum err
must_see(struct db *db, const struct caller *caller, enum sight what, const char *id,
    const char *asked, struct error *e)
{
	static const char *const nouns[] = {
		[SIGHT_GATEWAY] = "gateway", [SIGHT_SERVICE] = "service",
		[SIGHT_SERVICE_GROUP] = "service group", [SIGHT_JOB] = "job",
		[SIGHT_INVENTORY] = "inventory", [SIGHT_VIRTUAL_CLUSTER] = "virtual cluster",
	};
	bool seen;

	if (groups_see(db, caller, what, id, &seen, e) != ERR_OK)
		return e->code;
	return seen ? ERR_OK :
	    error_set(e, ERR_NOT_FOUND, "there is no %s %s", nouns[what], asked);
}

enum err
groups_gateway(void *ctx, struct db *db, const struct caller *caller, const char *id,
    struct gateway *g, struct error *e)
{
	if (must_see(db, caller, SIGHT_GATEWAY, id, id, e) != ERR_OK)
		return e->code;
	return gateway_get(ctx, db, id, g, e);
}

enum err
groups_service(void *ctx, struct db *db, const struct caller *caller, const char *id,
    struct service *s, struct error *e)
{
	if (service_get(ctx, db, id, s, e) != ERR_OK)
		return e->code;
	return must_see(db, caller, SIGHT_SERVICE, s->id, id, e);
}

enum err
groups_service_group(void *ctx, struct db *db, const struct caller *caller, const char *id,
    struct service_group *s, struct error *e)
{
	if (must_see(db, caller, SIGHT_SERVICE_GROUP, id, id, e) != ERR_OK)
		return e->code;
	return service_group_get(ctx, db, id, s, e);
}

enum err
groups_job(void *ctx, struct db *db, const struct caller *caller, const char *id, struct job *j,
    struct error *e)
{
	if (must_see(db, caller, SIGHT_JOB, id, id, e) != ERR_OK)
		return e->code;
	return job_get(ctx, db, id, j, e);
}

enum err
groups_virtual_cluster(void *ctx, struct db *db, const struct caller *caller, const char *id,
    struct virtual_cluster *v, struct error *e)
{
	if (must_see(db, caller, SIGHT_VIRTUAL_CLUSTER, id, id, e) != ERR_OK)
		return e->code;
	return virtual_cluster_get(ctx, db, id, v, e);
}

enum err
groups_cluster(void *ctx, struct db *db, const struct caller *caller, const char *cluster_id,
    struct gateway *g, bool *found, struct error *e)
{
	if (gateway_by_cluster(ctx, db, cluster_id, g, found, e) != ERR_OK)
		return e->code;
	return *found ? groups_see(db, caller, SIGHT_GATEWAY, g->id, found, e) : ERR_OK;
}

enum err
groups_inventory(void *ctx, struct db *db, const struct caller *caller, const char *id_or_name,
    struct inventory *i, bool *found, struct error *e)
{
	if (inventory_find(ctx, db, id_or_name, i, found, e) != ERR_OK)
		return e->code;
	return *found ? groups_see(db, caller, SIGHT_INVENTORY, i->id, found, e) : ERR_OK;
}

/* No gateway has the name: then a virtual cluster may. */
static enum err
virtual_target(void *ctx, struct db *db, const struct caller *caller, const char *cluster_id,
    bool *seen, struct error *e)
{
	struct virtual_cluster v = { 0 };

	if (virtual_cluster_by_cluster(ctx, db, cluster_id, &v, seen, e) != ERR_OK)
		return e->code;
	return *seen ? groups_see(db, caller, SIGHT_VIRTUAL_CLUSTER, v.id, seen, e) : ERR_OK;
}

enum err
groups_target(struct db *db, const struct caller *caller, const char *cluster_id,
    const char *service, bool *seen, struct error *e)
{
	SCOPED(tmp, NULL);
	struct gateway g = { 0 };
	struct service s = { 0 };
	enum err rc = groups_cluster(tmp, db, caller, cluster_id, &g, seen, e);

	if (rc != ERR_OK || *seen)
		return rc;
	if (g.id == NULL)
		return virtual_target(tmp, db, caller, cluster_id, seen, e);
	rc = service_by_name(tmp, db, g.id, service, &s, seen, e);
	if (rc != ERR_OK || !*seen)
		return rc;
	return groups_see(db, caller, SIGHT_SERVICE, s.id, seen, e);
}
