#include "store/virtual_cluster.h"

#include "base/mem.h"
#include "store/gateway.h"

enum { DESCRIPTION_MAX = 1000, BACKUPS_MAX = 100 };

const struct field virtual_cluster_fields[] = {
	F_TEXT(virtual_cluster, id, .readonly = 1, .wire = "_id", .shape = "Id"),
	F_TEXT(virtual_cluster, cluster_id, .required = 1, .min = 1, .max = CLUSTER_ID_MAX,
	    .form = &cluster_id_form, .shape = "ClusterId",
	    .doc = "names it in runs; unique, among gateways too"),
	F_TEXT(virtual_cluster, description, .max = DESCRIPTION_MAX),
	F_BOOL(virtual_cluster, enabled, .required = 1, .doc = "false: runs are refused"),
	F_BOOL(virtual_cluster, readonly, .required = 1, .doc = "true: runs are refused"),
	F_TEXT(virtual_cluster, primary_cluster_id, .required = 1, .min = 1, .max = CLUSTER_ID_MAX,
	    .shape = "ClusterId", .doc = "the gateway that runs are sent to"),
	F_NAMES(virtual_cluster, backups, .wire = "backup_cluster_ids", .max = BACKUPS_MAX,
	    .doc = "gateways that runs are sent to while the primary cannot take them: the first "
	    "that can"),
	F_NAMES(virtual_cluster, groups, .doc = "names of the user groups that see it"),
	F_TEXT(virtual_cluster, connection_status, .readonly = 1, .private = 1,
	    .shape = "ConnectionStatus"),
	F_TEXT(virtual_cluster, active_cluster_id, .readonly = 1, .private = 1, .nullable = 1,
	    .doc = "the gateway that a run would be sent to now"),
	F_TIME(virtual_cluster, created, .readonly = 1),
	F_TEXT(virtual_cluster, created_by, .readonly = 1),
	F_TIME(virtual_cluster, last_updated, .readonly = 1),
	F_TEXT(virtual_cluster, last_updated_by, .readonly = 1),
	F_END
};

static enum err
fill_names(void *ctx, struct db *db, struct virtual_cluster *v, struct error *e)
{
	if (names_of(ctx, db, SQL_VIRTUAL_CLUSTER_BACKUP_NAMES, v->id, &v->backups, e) != ERR_OK)
		return e->code;
	return names_of(ctx, db, SQL_VIRTUAL_CLUSTER_GROUP_NAMES, v->id, &v->groups, e);
}

enum err
virtual_cluster_get(void *ctx, struct db *db, const char *id, struct virtual_cluster *v,
    struct error *e)
{
	bool found;
	STMT(st, db, SQL_VIRTUAL_CLUSTER_GET);

	stmt_text(st, "id", id);
	if (record_find_row(ctx, st, virtual_cluster_fields, v, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "there is no virtual cluster %s", id);
	return fill_names(ctx, db, v, e);
}

enum err
virtual_cluster_by_cluster(void *ctx, struct db *db, const char *cluster_id,
    struct virtual_cluster *v, bool *found, struct error *e)
{
	STMT(st, db, SQL_VIRTUAL_CLUSTER_BY_CLUSTER);

	stmt_text(st, "cluster_id", cluster_id);
	if (record_find_row(ctx, st, virtual_cluster_fields, v, found, e) != ERR_OK)
		return e->code;
	return *found ? fill_names(ctx, db, v, e) : ERR_OK;
}

enum err
virtual_cluster_list(void *ctx, struct db *db, struct records *out, struct error *e)
{
	STMT(st, db, SQL_VIRTUAL_CLUSTER_LIST);

	if (records_read(ctx, st, virtual_cluster_fields, sizeof(struct virtual_cluster), out, e) !=
	    ERR_OK)
		return e->code;
	for (size_t i = 0; i < out->n; i++)
		if (fill_names(ctx, db, records_at(out, i), e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

static enum err
virtual_cluster_write(struct db *db, enum sql which, const struct virtual_cluster *v,
    struct error *e)
{
	int changed = 0;
	enum err rc;
	STMT(st, db, which);

	if (cluster_id_is_free(db, SQL_GATEWAY_NAMED, "gateway", v->cluster_id, e) != ERR_OK)
		return e->code;
	rc = record_write(st, virtual_cluster_fields, v, &changed, e);
	if (rc == ERR_CONFLICT)
		return error_set(e, rc, "there is a virtual cluster with cluster_id %s already",
		    v->cluster_id);
	if (rc != ERR_OK)
		return rc;
	if (changed == 0)
		return error_field(e, "primary_cluster_id", "there is no gateway %s",
		    v->primary_cluster_id);
	if (names_write(db, v->id, SQL_VIRTUAL_CLUSTER_BACKUP_CLEAR, SQL_VIRTUAL_CLUSTER_BACKUP_ADD,
		"backup_cluster_ids", &v->backups, e) != ERR_OK)
		return e->code;
	return names_write(db, v->id, SQL_VIRTUAL_CLUSTER_GROUP_CLEAR,
	    SQL_VIRTUAL_CLUSTER_GROUP_ADD, "groups", &v->groups, e);
}

enum err
virtual_cluster_insert(struct db *db, const struct virtual_cluster *v, struct error *e)
{
	return virtual_cluster_write(db, SQL_VIRTUAL_CLUSTER_INSERT, v, e);
}

enum err
virtual_cluster_update(struct db *db, const struct virtual_cluster *v, struct error *e)
{
	return virtual_cluster_write(db, SQL_VIRTUAL_CLUSTER_UPDATE, v, e);
}

enum err
virtual_cluster_delete(struct db *db, const char *id, struct error *e)
{
	STMT(st, db, SQL_VIRTUAL_CLUSTER_DELETE);

	stmt_text(st, "id", id);
	return stmt_exec(st, NULL, e);
}

enum err
virtual_cluster_of_gateway(void *ctx, struct db *db, const char *gateway_id, struct names *out,
    struct error *e)
{
	return names_of(ctx, db, SQL_VIRTUAL_CLUSTER_OF_GATEWAY, gateway_id, out, e);
}
