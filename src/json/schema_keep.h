#ifndef JSON_SCHEMA_KEEP_H
#define JSON_SCHEMA_KEEP_H

#include "json/schema.h"

/*
 * Compiled schemas that are kept, so that a decorator is not compiled anew for each run: that takes ten times as long
 * as a check. What finds one is the whole text that it was compiled from, so that a decorator that has been changed,
 * or is of another gateway, is another one at once, and no clock or counter has to be trusted. Any number of threads
 * may ask.
 */
struct schema_keep;

enum {
	SCHEMA_KEEP_MAX = 64,		/* schemas; the least recently used goes first */
	SCHEMA_KEEP_BYTES = 1048576	/* of memory that they take together, about; a quarter of it each */
};

/* Made for CTX; all that it gave must be gone when it is freed. */
struct schema_keep *schema_keep_new(void *ctx);
/*
 * The schema that member KEY (a constant) of the JSON object TEXT is, which lives as long as CTX. NULL: TEXT is no
 * object, or every fault of the schema is in FAULTS, as schema_compile() has them.
 */
const struct schema *schema_keep_get(struct schema_keep *k, void *ctx, const char *text, const char *key,
    struct faults *faults);
/* For idle times: frees those that nobody uses. Returns how many are kept still. */
size_t schema_keep_rest(struct schema_keep *k);

#endif
