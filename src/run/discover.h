#ifndef RUN_DISCOVER_H
#define RUN_DISCOVER_H

#include "base/fault.h"
#include "db/db.h"
#include "store/gateway.h"

/* What can be known of a gateway from its connector's kind and settings alone. */

/* Adds the faults of kind and settings ("connector.kind", "connector.settings.services[0].name"). */
void discover_check(const struct gateway *g, struct faults *faults);
/* Whether it is connected: enabled, and its connector says so. */
bool discover_connected(const struct gateway *g);
/* Within a transaction: the services that its connector offers become the gateway's; those gone become inactive. */
enum err discover_services(struct db *db, const struct gateway *g, struct error *e) MUST_CHECK;

#endif
