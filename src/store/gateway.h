#ifndef STORE_GATEWAY_H
#define STORE_GATEWAY_H

#include "base/field.h"
#include "db/record.h"

enum { CLUSTER_ID_MAX = 128 };
extern const struct field_form cluster_id_form;

struct gateway {
	const char *id, *cluster_id, *gateway_name, *description;
	bool enabled, readonly;
	struct names groups;		/* names of user groups */
	struct names certificates;	/* ids */
	const char *connector_kind, *connector_settings;	/* the settings are JSON text */
	const char *connection_status;	/* computed: "connected" or "disconnected" */
	int64_t created, last_updated, last_connected;
	const char *created_by, *last_updated_by;
};
extern const struct field gateway_fields[];

/* Each fills G from the row, its groups and certificates too. ERR_NOT_FOUND where there is none. */
enum err gateway_get(void *ctx, struct db *db, const char *id, struct gateway *g, struct error *e) MUST_CHECK;
enum err gateway_by_cluster(void *ctx, struct db *db, const char *cluster_id, struct gateway *g, bool *found,
    struct error *e) MUST_CHECK;
/* Its connector's settings alone, for CTX; NULL where there is no such gateway. */
enum err gateway_settings(void *ctx, struct db *db, const char *id, const char **settings, struct error *e) MUST_CHECK;
/* Those that SEER sees (store/sight.h). */
enum err gateway_list(void *ctx, struct db *db, const char *seer, struct records *out, struct error *e) MUST_CHECK;
/*
 * Within a transaction. Both write groups and certificates too; one that does not exist is ERR_INVALID
 * naming the member and the first that is missing; a cluster_id that is taken is ERR_CONFLICT.
 */
enum err gateway_insert(struct db *db, const struct gateway *g, struct error *e) MUST_CHECK;
enum err gateway_update(struct db *db, const struct gateway *g, struct error *e) MUST_CHECK;
/*
 * Gateways and virtual clusters share their names. Whether NAMED (SQL_GATEWAY_NAMED, SQL_VIRTUAL_CLUSTER_NAMED) finds
 * none of this KIND; ERR_CONFLICT.
 */
enum err cluster_id_is_free(struct db *db, enum sql named, const char *kind, const char *cluster_id,
    struct error *e) MUST_CHECK;
/* Takes its services and items along, keeps its jobs. */
enum err gateway_delete(struct db *db, const char *id, struct error *e) MUST_CHECK;

#endif
