#ifndef API_LIST_SCAN_H
#define API_LIST_SCAN_H

#include "api/list.h"

/*
 * Lists of records of which there may be very many: the store gives them page by page in its own order, and how many
 * there are makes no difference to the memory. The records have an id; the query may have "after", the id of the last
 * one of the page before.
 */
struct list_source {
	const struct list_kind *kind;		/* with a limit, a limit_max and a skip_max */
	const void *query;			/* for the functions: what else the store is asked for */
	size_t size;				/* of a record */
	/* At most N behind the one with the id AFTER (NULL: from the first), for CTX. */
	enum err (*page)(void *ctx, struct db *db, const void *query, const char *after, int64_t n,
	    struct records *out, struct error *e);
	enum err (*total)(struct db *db, const void *query, int64_t *n, struct error *e);
	/* One for CTX; ERR_NOT_FOUND where it is gone. */
	enum err (*get)(void *ctx, struct db *db, const void *query, const char *id, void *record,
	    struct error *e);
	const char *(*id)(const void *record);
};

/* The whole answer. */
enum err list_scan(struct request *req, struct response *res, const struct list_source *s, struct error *e) MUST_CHECK;

#endif
