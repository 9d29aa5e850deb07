#ifndef DB_DB_PRIVATE_H
#define DB_DB_PRIVATE_H

#include <sqlite3.h>

#include "db/db.h"

/* What the files of the database share. Nothing else includes this. */

/* SQLite's own connection. */
sqlite3 *db_raw(const struct db *db);

#endif
