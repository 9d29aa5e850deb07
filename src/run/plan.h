#ifndef RUN_PLAN_H
#define RUN_PLAN_H

#include <json-c/json.h>

#include "base/config.h"
#include "db/db.h"
#include "store/plan_state.h"

/*
 * States of opentofu-plan services: sealed in the database, and one version after the other. While a run is under way
 * its working copy is in STATE/states/ATTEMPT_ID; it is removed only when it is in the database.
 */

#define PLAN_TYPE "opentofu-plan"
#define PLAN_WORKSPACE "default"

/* The workspace of the service with this DEFINITION, borrowed: the TF_WORKSPACE of its environment. */
const char *plan_workspace(struct json_object *definition);
/*
 * Within a transaction: TEXT (N bytes) becomes the newest version of S's gateway, service and workspace, if it is not
 * already. S has what is known of where it comes from; the rest is filled in. Older versions go ([retention] states).
 */
enum err plan_put(void *ctx, struct db *db, const struct config *c, struct plan_state *s, const char *text, size_t n,
    struct error *e) MUST_CHECK;

#endif
