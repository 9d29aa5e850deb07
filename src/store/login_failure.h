#ifndef STORE_LOGIN_FAILURE_H
#define STORE_LOGIN_FAILURE_H

#include "base/field.h"
#include "db/record.h"

/* Counts of wrong passwords; what they mean is access/throttle's. */
struct login_failure {
	const char *subject;		/* a digest */
	int64_t failures, blocked_until;
	int64_t expires;		/* then it is forgotten */
};

/* All 0 but the subject where there is none, or it has expired by NOW. */
enum err login_failure_get(void *ctx, struct db *db, const char *subject, int64_t now, struct login_failure *f,
    struct error *e) MUST_CHECK;
/* In a light transaction of its own: writes the N at F, and takes away DROP (may be NULL) and what has expired. */
enum err login_failure_put(struct db *db, const struct login_failure *f, size_t n, const char *drop, int64_t now,
    struct error *e) MUST_CHECK;

#endif
