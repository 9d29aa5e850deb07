#ifndef DB_FILE_H
#define DB_FILE_H

#include "db/db.h"

/* The database as a file, which is copied, taken away and put back as a whole. */

/* Told of a copy now and then: DONE of TOTAL bytes. Not ERR_OK: it is given up. */
typedef enum err (*db_copy_fn)(void *arg, int64_t done, int64_t total, struct error *e);

/*
 * Copies DB as it is at one moment into PATH, an empty file that nobody else uses. Others go on reading and writing
 * meanwhile; only the log (gatehouse.db-wal) keeps what they write until the copy is done. The copy is one file without
 * a log of its own, has been looked at for damage, and is not synced yet. Where it fails PATH has anything. The first
 * call of TELL comes before anything is written. ERR_UNAVAILABLE: no room; ERR_INTERNAL: damaged; what TELL says.
 */
enum err db_copy(struct db *db, const char *path, db_copy_fn tell, void *arg, struct error *e) MUST_CHECK;

/*
 * The write-ahead log, which is a property of the file: with it readers and a writer do not wait for each other;
 * without it the database is one file. Waits for other programs as long as [database] busy_timeout says; to take it
 * away there must be none that has the database open (ERR_UNAVAILABLE).
 */
enum err db_log_on(struct db *db, struct error *e) MUST_CHECK;
enum err db_log_off(struct db *db, struct error *e) MUST_CHECK;

/*
 * Nobody else has the database open, nor reads or writes it until DB is closed, or db_let_in(); its log is in the file.
 * ERR_UNAVAILABLE: somebody has.
 */
enum err db_alone(struct db *db, struct error *e) MUST_CHECK;
void db_let_in(struct db *db);

/* ERR_INVALID where DB is no database of Gatehouse, ERR_INTERNAL where it is damaged. Reads all of it. */
enum err db_judge(struct db *db, struct error *e) MUST_CHECK;

#endif
