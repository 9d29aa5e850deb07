#ifndef ACCESS_GROUPS_H
#define ACCESS_GROUPS_H

#include "access/identity.h"
#include "store/gateway.h"
#include "store/inventory.h"
#include "store/job.h"
#include "store/service.h"
#include "store/service_group.h"
#include "store/sight.h"
#include "store/virtual_cluster.h"

/*
 * Groups say what a caller sees (api.md section 8): the one place that decides, by the statements of
 * sql/queries/sight.sql. What a caller does not see does not exist for it: it looks as what is not there.
 * Administrators see all.
 */

/* For the lists of the store: the account that looks, NULL for who sees all. */
const char *groups_seer(const struct caller *caller);
/* Whether CALLER sees the record ID; what is not there nobody sees. */
enum err groups_see(struct db *db, const struct caller *caller, enum sight what, const char *id, bool *seen,
    struct error *e) MUST_CHECK;

/* Each fills the record for CTX. ERR_NOT_FOUND where there is none that CALLER sees. */
enum err groups_gateway(void *ctx, struct db *db, const struct caller *caller, const char *id, struct gateway *g,
    struct error *e) MUST_CHECK;
/* By record id or UUID. */
enum err groups_service(void *ctx, struct db *db, const struct caller *caller, const char *id, struct service *s,
    struct error *e) MUST_CHECK;
enum err groups_service_group(void *ctx, struct db *db, const struct caller *caller, const char *id,
    struct service_group *s, struct error *e) MUST_CHECK;
enum err groups_job(void *ctx, struct db *db, const struct caller *caller, const char *id, struct job *j,
    struct error *e) MUST_CHECK;
enum err groups_virtual_cluster(void *ctx, struct db *db, const struct caller *caller, const char *id,
    struct virtual_cluster *v, struct error *e) MUST_CHECK;
/* These say by *FOUND whether there is one that CALLER sees. */
enum err groups_cluster(void *ctx, struct db *db, const struct caller *caller, const char *cluster_id,
    struct gateway *g, bool *found, struct error *e) MUST_CHECK;
/* By id or name. */
enum err groups_inventory(void *ctx, struct db *db, const struct caller *caller, const char *id_or_name,
    struct inventory *i, bool *found, struct error *e) MUST_CHECK;
/*
 * Whether there is CLUSTER_ID for who wants to run SERVICE: CALLER sees the gateway, or that service of it, or the
 * virtual cluster of this name.
 */
enum err groups_target(struct db *db, const struct caller *caller, const char *cluster_id, const char *service,
    bool *seen, struct error *e) MUST_CHECK;

#endif
