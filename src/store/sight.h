#ifndef STORE_SIGHT_H
#define STORE_SIGHT_H

#include "db/db.h"

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

#endif
