#ifndef STORE_VIRTUAL_CLUSTER_H
#define STORE_VIRTUAL_CLUSTER_H

#include "base/field.h"
#include "db/record.h"

/* A name for several gateways: what is sent there goes to the primary, or to a backup (run/order.h says which). */
struct virtual_cluster {
	const char *id, *cluster_id, *description;
	bool enabled, readonly;
	const char *primary_cluster_id;
	struct names backups;		/* cluster ids, in the order in which they are tried */
	struct names groups;		/* names of user groups */
	const char *connection_status;	/* computed, as a gateway's */
	const char *active_cluster_id;	/* computed: where a run would go now; NULL: nowhere */
	int64_t created, last_updated;
	const char *created_by, *last_updated_by;
};
extern const struct field virtual_cluster_fields[];

/* Each fills V from the row, backups and groups too. ERR_NOT_FOUND where there is none. */
enum err virtual_cluster_get(void *ctx, struct db *db, const char *id, struct virtual_cluster *v,
    struct error *e) MUST_CHECK;
enum err virtual_cluster_by_cluster(void *ctx, struct db *db, const char *cluster_id, struct virtual_cluster *v,
    bool *found, struct error *e) MUST_CHECK;
/* By cluster id. */
enum err virtual_cluster_list(void *ctx, struct db *db, struct records *out, struct error *e) MUST_CHECK;
/*
 * Within a transaction. Both write backups and groups too; a gateway or group that does not exist is ERR_INVALID naming
 * the member and the first that is missing; a cluster_id that is taken, by a gateway too, is ERR_CONFLICT.
 */
enum err virtual_cluster_insert(struct db *db, const struct virtual_cluster *v, struct error *e) MUST_CHECK;
enum err virtual_cluster_update(struct db *db, const struct virtual_cluster *v, struct error *e) MUST_CHECK;
enum err virtual_cluster_delete(struct db *db, const char *id, struct error *e) MUST_CHECK;
/* The cluster ids of those that name this gateway, as primary or backup. */
enum err virtual_cluster_of_gateway(void *ctx, struct db *db, const char *gateway_id, struct names *out,
    struct error *e) MUST_CHECK;

#endif
