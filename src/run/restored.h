#ifndef RUN_RESTORED_H
#define RUN_RESTORED_H

#include "db/db.h"

/*
 * A database that comes from a backup is of an earlier time: what happened since is not in it. Nothing may start or go
 * on in it by itself as if no time had passed.
 */
struct restored {
	size_t jobs;		/* that had not ended */
	size_t states;		/* of plans: as old as the backup */
	size_t tokens;		/* API tokens, which are good again */
};

/*
 * Within a transaction. Jobs that had not ended are lost: they may have run since. Sessions of logins end: whoever was
 * logged out since would be logged in again. API tokens stay.
 */
enum err restored_settle(struct db *db, struct restored *r, struct error *e) MUST_CHECK;
/* The processes of runs that a dispatcher of this host left which was killed, as the database DB has them. */
enum err restored_kill(struct db *db, struct error *e) MUST_CHECK;

#endif
