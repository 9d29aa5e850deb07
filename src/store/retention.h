#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

#include "db/db.h"

/*
 * Ended jobs are not kept for ever: [retention] says how long, how many of a
 * service, and how much they may hold together. One pass over all of them is
 * many small steps, so that nobody waits for it; it may be given up at any time.
 * Never removed: what has not ended or has just ended (somebody may still come
 * for the answer), and a job whose Idempotency-Key counts for a day.
 */
struct retention;

/* A new pass, for CTX, by the settings of C. */
struct retention *retention_new(void *ctx, const struct config *c);
/* The next step, in a transaction of its own. *MORE: there are others. After a failure it may be tried again. */
enum err retention_step(struct retention *r, struct db *db, bool *more, struct error *e) MUST_CHECK;
/* What this pass has removed so far. */
int64_t retention_jobs(const struct retention *r);
int64_t retention_bytes(const struct retention *r);

#endif
