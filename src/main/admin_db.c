#include <stdlib.h>

#include "db/migrate.h"
#include "main/admin.h"

int
admin_migrate(struct admin *a)
{
	struct error e;
	struct db *db = NULL;
	int from;

	if (admin_check_owner(a->config, &e) == ERR_OK)
		db = db_open(a->ctx, a->config, false, &e);
	if (db == NULL || migrate_run(db, &from, &e) != ERR_OK)
		return admin_fail("%s", e.detail);
	if (from == migrate_wanted())
		admin_say("the database has schema %d already", from);
	else
		admin_say("the database had schema %d and has %d now", from, migrate_wanted());
	return EXIT_SUCCESS;
}

int
admin_version(struct admin *a)
{
	(void)a;
	admin_say("gatehouse %s", PACKAGE_VERSION);
	admin_say("schema %d", migrate_wanted());
	return EXIT_SUCCESS;
}
