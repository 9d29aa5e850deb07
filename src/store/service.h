#ifndef STORE_SERVICE_H
#define STORE_SERVICE_H

#include "base/field.h"
#include "db/record.h"

struct service {
	const char *id, *uuid, *gateway_id, *cluster_id, *name, *type, *description;
	bool discovered;		/* by the connector; else imported */
	const char *definition;		/* JSON text: its item of the service file */
	bool active;
	int64_t created, last_run;
	/* For the wire only: filled by api/services from the definition. */
	const char *key, *decorator, *repository, *tags, *working_dir, *entity, *schedule;
};
extern const struct field service_fields[];

/* Those that SEER sees (store/sight.h). CLUSTER_ID NULL: of all gateways. */
enum err service_list(void *ctx, struct db *db, const char *seer, const char *cluster_id, struct records *out,
    struct error *e) MUST_CHECK;
/* By record id or UUID. ERR_NOT_FOUND where there is none. */
enum err service_get(void *ctx, struct db *db, const char *id, struct service *s, struct error *e) MUST_CHECK;
enum err service_by_name(void *ctx, struct db *db, const char *gateway_id, const char *name, struct service *s,
    bool *found, struct error *e) MUST_CHECK;
/* Within a transaction: adds S, or gives the one of that name S's type, description and definition. */
enum err service_put(struct db *db, const struct service *s, struct error *e) MUST_CHECK;
/* Within a transaction: the same for one that the connector offers; an imported one of that name stays as it is. */
enum err service_discover(struct db *db, const struct service *s, struct error *e) MUST_CHECK;
/* Within a transaction: all that the connector had discovered become inactive (then those still there are put). */
enum err service_retire_discovered(struct db *db, const char *gateway_id, struct error *e) MUST_CHECK;
enum err service_set_last_run(struct db *db, const char *id, int64_t when, struct error *e) MUST_CHECK;

#endif
