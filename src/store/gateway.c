#include "store/gateway.h"

#include <string.h>

#include "base/mem.h"

enum { DESCRIPTION_MAX = 1000, NAME_MAX_CHARS = 256, KIND_MAX = 32 };

static bool
is_cluster_id(const char *s)
{
	return s[0] != '\0' &&
	    s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] ==
	    '\0';
}

const struct field_form cluster_id_form = { is_cluster_id, "letters, digits and . _ -" };

static const struct field connector_fields[] = {
	F_TEXT(gateway, connector_kind, .wire = "kind", .min = 1, .max = KIND_MAX,
	    .doc = "how the gateway is reached"),
	F_JSON(gateway, connector_settings, .wire = "settings", .object = 1,
	    .doc = "settings of that kind; null for who may not change the gateway"),
	F_END
};

const struct field gateway_fields[] = {
	F_TEXT(gateway, id, .readonly = 1, .wire = "_id", .shape = "Id"),
	F_TEXT(gateway, cluster_id, .required = 1, .min = 1, .max = CLUSTER_ID_MAX,
	    .form = &cluster_id_form, .shape = "ClusterId",
	    .doc = "names the gateway in runs; unique"),
	F_TEXT(gateway, gateway_name, .min = 1, .max = NAME_MAX_CHARS,
	    .doc = "for people; the cluster id if left out"),
	F_TEXT(gateway, description, .max = DESCRIPTION_MAX),
	F_BOOL(gateway, enabled, .required = 1, .doc = "false: not connected, runs are refused"),
	F_BOOL(gateway, readonly, .required = 1, .doc = "true: connected, runs are refused"),
	F_NAMES(gateway, groups, .doc = "names of the user groups that see it"),
	F_NAMES(gateway, certificates, .doc = "ids of its certificates"),
	F_TEXT(gateway, connection_status, .readonly = 1, .private = 1,
	    .shape = "ConnectionStatus"),
	F_NEST("connector", connector_fields),
	F_TIME(gateway, created, .readonly = 1),
	F_TEXT(gateway, created_by, .readonly = 1),
	F_TIME(gateway, last_updated, .readonly = 1),
	F_TEXT(gateway, last_updated_by, .readonly = 1),
	F_TIME(gateway, last_connected, .readonly = 1, .nullable = 1),
	F_END
};

static enum err
fill_names(void *ctx, struct db *db, struct gateway *g, struct error *e)
{
	if (names_of(ctx, db, SQL_GATEWAY_GROUP_NAMES, g->id, &g->groups, e) != ERR_OK)
		return e->code;
	return names_of(ctx, db, SQL_GATEWAY_CERTIFICATE_NAMES, g->id, &g->certificates, e);
}

enum err
gateway_get(void *ctx, struct db *db, const char *id, struct gateway *g, struct error *e)
{
	bool found;
	STMT(st, db, SQL_GATEWAY_GET);

	stmt_text(st, "id", id);
	if (record_find_row(ctx, st, gateway_fields, g, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "there is no gateway %s", id);
	return fill_names(ctx, db, g, e);
}

enum err
gateway_settings(void *ctx, struct db *db, const char *id, const char **settings, struct error *e)
{
	bool found;
	STMT(st, db, SQL_GATEWAY_SETTINGS);

	*settings = NULL;
	stmt_text(st, "id", id);
	if (stmt_row(st, &found, e) != ERR_OK)
		return e->code;
	if (found)
		*settings = mem_text(ctx, stmt_col_text(st, "connector_settings"));
	return ERR_OK;
}

enum err
gateway_by_cluster(void *ctx, struct db *db, const char *cluster_id, struct gateway *g, bool *found,
    struct error *e)
{
	STMT(st, db, SQL_GATEWAY_BY_CLUSTER);

	stmt_text(st, "cluster_id", cluster_id);
	if (record_find_row(ctx, st, gateway_fields, g, found, e) != ERR_OK)
		return e->code;
	return *found ? fill_names(ctx, db, g, e) : ERR_OK;
}

/* The lists at OFF of all gateways by one statement: a query for each would be slow. */
static enum err
fill_all(void *ctx, struct db *db, enum sql which, const char *seer, const struct records *all,
    size_t off, struct error *e)
{
	STMT(st, db, which);

	stmt_text(st, "seer", seer);
	return names_spread(ctx, st, all, offsetof(struct gateway, id), off, e);
}

enum err
gateway_list(void *ctx, struct db *db, const char *seer, struct records *out, struct error *e)
{
	STMT(st, db, SQL_GATEWAY_LIST);

	stmt_text(st, "seer", seer);
	if (records_read(ctx, st, gateway_fields, sizeof(struct gateway), out, e) != ERR_OK ||
	    fill_all(ctx, db, SQL_GATEWAY_LIST_GROUPS, seer, out,
		offsetof(struct gateway, groups), e) != ERR_OK)
		return e->code;
	return fill_all(ctx, db, SQL_GATEWAY_LIST_CERTIFICATES, seer, out,
	    offsetof(struct gateway, certificates), e);
}

enum err
cluster_id_is_free(struct db *db, enum sql named, const char *kind, const char *cluster_id,
    struct error *e)
{
	SCOPED(tmp, NULL);
	struct names taken;

	if (names_of(tmp, db, named, cluster_id, &taken, e) != ERR_OK)
		return e->code;
	return taken.n == 0 ? ERR_OK : error_set(e, ERR_CONFLICT,
	    "there is a %s with cluster_id %s already", kind, cluster_id);
}

static enum err
gateway_write(struct db *db, enum sql which, const struct gateway *g, struct error *e)
{
	enum err rc;
	STMT(st, db, which);

	if (cluster_id_is_free(db, SQL_VIRTUAL_CLUSTER_NAMED, "virtual cluster", g->cluster_id,
		e) != ERR_OK)
		return e->code;
	rc = record_write(st, gateway_fields, g, NULL, e);
	if (rc == ERR_CONFLICT)
		return error_set(
		    e, rc, "there is a gateway with cluster_id %s already", g->cluster_id);
	if (rc != ERR_OK)
		return rc;
	if (names_write(db, g->id, SQL_GATEWAY_GROUP_CLEAR, SQL_GATEWAY_GROUP_ADD, "groups",
		&g->groups, e) != ERR_OK)
		return e->code;
	return names_write(db, g->id, SQL_GATEWAY_CERTIFICATE_CLEAR, SQL_GATEWAY_CERTIFICATE_ADD,
	    "certificates", &g->certificates, e);
}

enum err
gateway_insert(struct db *db, const struct gateway *g, struct error *e)
{
	return gateway_write(db, SQL_GATEWAY_INSERT, g, e);
}

enum err
gateway_update(struct db *db, const struct gateway *g, struct error *e)
{
	return gateway_write(db, SQL_GATEWAY_UPDATE, g, e);
}

enum err
gateway_delete(struct db *db, const char *id, struct error *e)
{
	STMT(st, db, SQL_GATEWAY_DELETE);

	stmt_text(st, "id", id);
	return stmt_exec(st, NULL, e);
}
