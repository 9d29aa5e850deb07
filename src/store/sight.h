#ifndef STORE_SIGHT_H
#define STORE_SIGHT_H

#include "db/record.h"

/*
 * What an account sees (sql/queries/sight.sql). Lists of the store take SEER, the id of the account that looks: what
 * it does not see is not in them, and NULL sees all.
 */
enum sight {
	SIGHT_GATEWAY,
	SIGHT_SERVICE,
	SIGHT_SERVICE_GROUP,
	SIGHT_JOB,
	SIGHT_INVENTORY,
	SIGHT_VIRTUAL_CLUSTER
};

/* Whether SEER, or who sees all (NULL), sees the record ID. One that does not exist is not seen. */
enum err sight_has(struct db *db, enum sight what, const char *seer, const char *id, bool *seen,
    struct error *e) MUST_CHECK;

/* For explanations: that SEER sees the service ID by this service group, which has this group of SEER's. */
struct sight_by {
	const char *service_group, *user_group;
};
enum err sight_service_by(void *ctx, struct db *db, const char *seer, const char *id, struct records *out,
    struct error *e) MUST_CHECK;

#endif
