#include "db/migrate.h"

#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum { WAL_STEP_MS = 10 };

static const char *const migrations[] = {
#include "sql_migrations.inc"
};

int
migrate_wanted(void)
{
	return (int)(sizeof migrations / sizeof *migrations);
}

static enum err
migrate_number(struct db *db, int *have, struct error *e)
{
	int64_t number;

	if (db_pragma(db, "PRAGMA user_version", &number, e) != ERR_OK)
		return e->code;
	if (number > migrate_wanted())
		return error_set(e, ERR_INTERNAL,
		    "the database has schema %d, newer than this program's %d: install the newer "
		    "program",
		    (int)number, migrate_wanted());
	*have = (int)number;
	return ERR_OK;
}

/* One step, unless another program was faster. */
static enum err
migrate_step(struct db *db, struct error *e)
{
	SCOPED(tmp, NULL);
	char *mark;
	int have = 0;
	TXN(t);

	if (txn_begin(&t, db, e) != ERR_OK || migrate_number(db, &have, e) != ERR_OK)
		return e->code;
	if (have == migrate_wanted())
		return txn_commit(&t, e);
	mark = mem_printf(tmp, "PRAGMA user_version=%d", have + 1);
	if (db_exec(db, migrations[have], e) != ERR_OK || db_exec(db, mark, e) != ERR_OK ||
	    txn_commit(&t, e) != ERR_OK)
		return e->code;
	log_info("database schema %d", have + 1);
	return ERR_OK;
}

/*
 * The write-ahead log is a property of the file: set once. SQLite itself does not wait for
 * another program here, whatever its busy timeout says.
 */
static enum err
migrate_journal(struct db *db, struct error *e)
{
	int64_t patience, until;

	if (db_pragma(db, "PRAGMA busy_timeout", &patience, e) != ERR_OK)
		return e->code;
	until = clock_mono() + patience;
	while (db_exec(db, "PRAGMA journal_mode=WAL", e) != ERR_OK) {
		if (e->code != ERR_UNAVAILABLE || clock_mono() >= until)
			return e->code;
		poll(NULL, 0, WAL_STEP_MS);
	}
	return ERR_OK;
}

enum err
migrate_run(struct db *db, int *from, struct error *e)
{
	int have = 0, first;

	if (migrate_number(db, &have, e) != ERR_OK)
		return e->code;
	first = have;
	if (have == 0 && (db_prepare_shrink(db, e) != ERR_OK || migrate_journal(db, e) != ERR_OK))
		return e->code;
	while (have < migrate_wanted())
		if (migrate_step(db, e) != ERR_OK || migrate_number(db, &have, e) != ERR_OK)
			return e->code;
	if (from != NULL)
		*from = first;
	return ERR_OK;
}
