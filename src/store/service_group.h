#ifndef STORE_SERVICE_GROUP_H
#define STORE_SERVICE_GROUP_H

#include "base/field.h"
#include "db/record.h"
#include "store/gateway.h"

#define SERVICE_GROUP_DEFAULT "Default Service Group"

struct service_group {
	const char *id, *gateway_id, *name, *cluster_id, *description;
	bool is_default;		/* holds all services and groups of its gateway */
	struct names services;		/* as they were given: UUIDs or record ids */
	struct names groups;		/* names of user groups */
	struct records held;		/* struct service_held: the services as they are shown */
	int64_t created, last_updated;
	const char *created_by, *last_updated_by;
};
struct service_held {
	const char *id, *name;		/* the UUID */
};

extern const struct field service_group_fields[];	/* as it goes out, but for the services */
extern const struct field service_group_create[];	/* what a create takes */
extern const struct field service_group_patch[];	/* what a change takes */

/* Those that SEER sees (store/sight.h). CLUSTER_ID NULL: of all gateways. */
enum err service_group_list(void *ctx, struct db *db, const char *seer, const char *cluster_id, struct records *out,
    struct error *e) MUST_CHECK;
/* ERR_NOT_FOUND where there is none. */
enum err service_group_get(void *ctx, struct db *db, const char *id, struct service_group *s,
    struct error *e) MUST_CHECK;
/*
 * Within a transaction. A name that the gateway has already is ERR_CONFLICT; a service that is not the gateway's
 * or a group that does not exist is ERR_INVALID, naming the member and the first that is missing.
 */
enum err service_group_insert(struct db *db, const struct service_group *s, struct error *e) MUST_CHECK;
/* The same; SERVICES and GROUPS say whether these lists are to be replaced. */
enum err service_group_update(struct db *db, const struct service_group *s, bool services, bool groups,
    struct error *e) MUST_CHECK;
enum err service_group_delete(struct db *db, const char *id, struct error *e) MUST_CHECK;
/* Within the transaction that inserts G: its default group. */
enum err service_group_insert_default(void *ctx, struct db *db, const struct gateway *g, struct error *e) MUST_CHECK;

#endif
