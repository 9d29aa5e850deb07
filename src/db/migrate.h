#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "db/db.h"

/* The schema number that this program wants: the number of files in sql/migrations. */
int migrate_wanted(void);
/* The schema number of the database; 0 where nothing is in it. */
enum err migrate_have(struct db *db, int64_t *number, struct error *e) MUST_CHECK;
/*
 * Brings the database to migrate_wanted(), each step and its number in one
 * transaction; *FROM (may be NULL) gets the number it had. A database that is newer is refused
 * (ERR_INTERNAL, untouched).
 */
enum err migrate_run(struct db *db, int *from, struct error *e) MUST_CHECK;

#endif
