#include "db/migrate.h"

#include "base/log.h"
#include "base/mem.h"
#include "db/file.h"

static const char *const migrations[] = {
#include "sql_migrations.inc"
};

int
migrate_wanted(void)
{
	return (int)(sizeof migrations / sizeof *migrations);
}

enum err
migrate_have(struct db *db, int64_t *number, struct error *e)
{
	return db_pragma(db, "PRAGMA user_version", number, e);
}

static enum err
migrate_number(struct db *db, int *have, struct error *e)
{
	int64_t number;

	if (migrate_have(db, &number, e) != ERR_OK)
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

enum err
migrate_run(struct db *db, int *from, struct error *e)
{
	int have = 0, first;

	if (migrate_number(db, &have, e) != ERR_OK)
		return e->code;
	first = have;
	if (have == 0 && db_prepare_shrink(db, e) != ERR_OK)
		return e->code;
	/* Not only of a new one: one that came back from a backup has no log either. */
	if (db_log_on(db, e) != ERR_OK)
		return e->code;
	while (have < migrate_wanted())
		if (migrate_step(db, e) != ERR_OK || migrate_number(db, &have, e) != ERR_OK)
			return e->code;
	if (from != NULL)
		*from = first;
	return ERR_OK;
}
