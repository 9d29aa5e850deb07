#ifndef API_INVENTORY_H
#define API_INVENTORY_H

#include "http/message.h"
#include "store/inventory.h"
#include "store/job.h"

/* What the handlers of inventories and of runs share. */

/*
 * Fills I, made for REQ, with the inventory of this id or name. ERR_NOT_FOUND "Inventory 'X' not found" (seen), also
 * where the caller may not see it.
 */
enum err inventory_seen(struct request *req, const char *id_or_name, struct inventory *i, struct error *e) MUST_CHECK;

/*
 * Within a transaction: the nodes of the array LIST become I's, in place of all that are there or (MERGE) beside
 * them, replacing those of the same name. ERR_INVALID naming what is at fault in FIELD ("nodes[3].attributes"),
 * ERR_TOO_LARGE over INVENTORY_NODES_MAX or INVENTORY_BYTES_MAX.
 */
enum err inventory_fill(struct request *req, const struct inventory *i, struct json_object *list, bool merge,
    struct error *e) MUST_CHECK;

/*
 * The inventory of a run's request (JSON text or NULL; "" and [] are as none): all that it names must be there. J gets
 * inventory (as it is to be shown) and order_inventory (run/order.h), both NULL where there is none. ERR_INVALID,
 * ERR_NOT_FOUND "Inventory 'X' not found", ERR_TOO_LARGE.
 */
enum err inventory_of_run(struct request *req, const char *text, struct job *j, struct error *e) MUST_CHECK;

#endif
