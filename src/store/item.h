#ifndef STORE_ITEM_H
#define STORE_ITEM_H

#include "base/field.h"
#include "db/record.h"

/* One item of a gateway's service file, but its services (store/service.h). */
struct item {
	const char *id, *gateway_id;
	const char *kind;	/* the section's key: "decorators", "repositories", "executable-objects" ... */
	const char *name, *body;	/* BODY is JSON text, as it was imported */
};
extern const struct field item_fields[];

/* In the order of their import. */
enum err item_list(void *ctx, struct db *db, const char *gateway_id, struct records *out, struct error *e) MUST_CHECK;
/*
 * The decorators and repositories of all gateways, or of one, for lists of many services: item_among() finds one there,
 * NULL where there is none.
 */
enum err item_list_named(void *ctx, struct db *db, const char *cluster_id, struct records *out,
    struct error *e) MUST_CHECK;
const struct item *item_among(const struct records *named, const char *gateway_id, const char *kind, const char *name);
enum err item_find(void *ctx, struct db *db, const char *gateway_id, const char *kind, const char *name,
    struct item *item, bool *found, struct error *e) MUST_CHECK;
/* Within a transaction: adds, or replaces the body of the one with this kind and name. */
enum err item_put(struct db *db, const struct item *item, struct error *e) MUST_CHECK;

#endif
