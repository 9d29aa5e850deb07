#ifndef STORE_INVENTORY_H
#define STORE_INVENTORY_H

#include "base/field.h"
#include "db/record.h"

/*
 * Inventories: named lists of nodes (devices) that runs may work on. The
 * attributes of a node may hold passwords: they go to who may read the inventory
 * and to the service, never into a log or the record of a job.
 */

enum {
	INVENTORY_NODES_MAX = 10000,
	INVENTORY_ATTRIBUTES_MAX = 65536,	/* bytes of one node's, as JSON */
	INVENTORY_BYTES_MAX = 16777216		/* of all names and attributes of an inventory, and of a run's nodes */
};

struct inventory {
	const char *id, *name, *description;
	struct names groups;		/* names of user groups */
	struct names tags;		/* no control characters */
	int64_t node_count;		/* computed */
	const char *nodes;		/* of a body: JSON text */
	int64_t created, last_updated;
	const char *created_by, *last_updated_by;
	const char *tags_kept;		/* the column */
};
extern const struct field inventory_fields[];

struct inventory_node {
	const char *id, *inventory_id, *name;
	const char *attributes;		/* JSON text of an object */
	struct names tags;
	int64_t created, last_updated;
	const char *created_by, *last_updated_by;
	const char *tags_kept;
};
extern const struct field inventory_node_fields[];	/* as a body has it: name, attributes, tags */
extern const struct field inventory_node_record[];	/* as a list shows it */

/* By the id, else by the name, its groups too. */
enum err inventory_find(void *ctx, struct db *db, const char *id_or_name, struct inventory *i, bool *found,
    struct error *e) MUST_CHECK;
/* By the name alone; without its groups. */
enum err inventory_by_name(void *ctx, struct db *db, const char *name, struct inventory *i, bool *found,
    struct error *e) MUST_CHECK;
/* All of them, by name. */
/* Those that SEER sees (store/sight.h). */
enum err inventory_list(void *ctx, struct db *db, const char *seer, struct records *out, struct error *e) MUST_CHECK;
/*
 * Within a transaction. Both write the groups too: one that does not exist is ERR_INVALID naming it; a name that is
 * taken is ERR_CONFLICT.
 */
enum err inventory_insert(struct db *db, const struct inventory *i, struct error *e) MUST_CHECK;
enum err inventory_update(struct db *db, const struct inventory *i, struct error *e) MUST_CHECK;
/* Takes its nodes along. */
enum err inventory_delete(struct db *db, const char *id, struct error *e) MUST_CHECK;

/* struct inventory_node, in the order in which they came. */
enum err inventory_nodes(void *ctx, struct db *db, const char *inventory_id, struct records *out,
    struct error *e) MUST_CHECK;
enum err inventory_node_find(void *ctx, struct db *db, const char *inventory_id, const char *name,
    struct inventory_node *n, bool *found, struct error *e) MUST_CHECK;
/* How many nodes there are, and the bytes of their names and attributes. */
enum err inventory_weight(struct db *db, const char *inventory_id, int64_t *nodes, int64_t *bytes,
    struct error *e) MUST_CHECK;
/* Within a transaction: takes all nodes away. */
enum err inventory_clear(struct db *db, const char *inventory_id, struct error *e) MUST_CHECK;
/* Within a transaction: adds the node, or replaces attributes and tags of the one that has its name. */
enum err inventory_node_put(struct db *db, const struct inventory_node *n, struct error *e) MUST_CHECK;

#endif
