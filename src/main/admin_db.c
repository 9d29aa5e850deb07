#include <stdlib.h>

#include "db/migrate.h"
#include "main/admin.h"
#include "run/vault.h"
#include "store/retention.h"

int
admin_migrate(struct admin *a)
{
	struct error e;
	struct db *db = NULL;
	bool can_shrink;
	int from;

	if (admin_check_owner(a->config, &e) == ERR_OK)
		db = db_open(a->ctx, a->config, false, &e);
	/* A state directory from before secrets has no key file yet. */
	if (db == NULL || migrate_run(db, &from, &e) != ERR_OK ||
	    vault_ready(db, a->config, &e) != ERR_OK)
		return admin_fail("%s", e.detail);
	if (from == migrate_wanted())
		admin_say("the database has schema %d already", from);
	else
		admin_say("the database had schema %d and has %d now", from, migrate_wanted());
	/* A file of an earlier version: what is removed from it would keep its room for ever. */
	if (db_can_shrink(db, &can_shrink, &e) != ERR_OK ||
	    (!can_shrink && db_rewrite(db, &e) != ERR_OK))
		return admin_fail("the database cannot be written anew, which it needs once: %s",
		    e.detail);
	if (!can_shrink)
		admin_say("the database was written anew: it shrinks by itself now");
	return EXIT_SUCCESS;
}

/* At once what gatehoused does every ten minutes. */
int
admin_purge(struct admin *a)
{
	struct retention *r = retention_new(a->ctx, a->config);
	struct error e;
	bool more = true;

	if (!admin_open(a))
		return EXIT_FAILURE;
	while (more)
		if (retention_step(r, a->db, &more, &e) != ERR_OK)
			return admin_fail("%s", e.detail);
	admin_say("%lld jobs removed, they held %lld bytes", (long long)retention_jobs(r),
	    (long long)retention_bytes(r));
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
