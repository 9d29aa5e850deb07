#include "run/order.h"

#include "run/discover.h"

bool
order_is_usable(const struct gateway *g)
{
	return g->enabled && !g->readonly && discover_connected(g);
}

static enum err
try_one(void *ctx, struct db *db, const char *cluster_id, struct gateway *g, bool *found,
    struct error *e)
{
	if (gateway_by_cluster(ctx, db, cluster_id, g, found, e) != ERR_OK)
		return e->code;
	*found = *found && order_is_usable(g);
	return ERR_OK;
}

enum err
order_member(void *ctx, struct db *db, const struct virtual_cluster *v, struct gateway *g,
    bool *found, struct error *e)
{
	if (try_one(ctx, db, v->primary_cluster_id, g, found, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < v->backups.n && !*found; i++)
		if (try_one(ctx, db, v->backups.at[i], g, found, e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

enum err
order_choose(void *ctx, struct db *db, const char *cluster_id, struct gateway *g, bool *found,
    struct error *e)
{
	struct virtual_cluster v = { 0 };

	if (virtual_cluster_by_cluster(ctx, db, cluster_id, &v, found, e) != ERR_OK)
		return e->code;
	if (!*found)
		return ERR_OK;
	if (!v.enabled)
		return error_set(e, ERR_INVALID, "Virtual cluster %s is disabled", cluster_id);
	if (v.readonly)
		return error_set(e, ERR_INVALID,
		    "Virtual cluster %s is read-only: runs are refused", cluster_id);
	return order_member(ctx, db, &v, g, found, e);
}
