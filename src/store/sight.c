#include "store/sight.h"

static const enum sql statements[] = {
	[SIGHT_GATEWAY] = SQL_SIGHT_GATEWAY,
	[SIGHT_SERVICE] = SQL_SIGHT_SERVICE,
	[SIGHT_SERVICE_GROUP] = SQL_SIGHT_SERVICE_GROUP,
	[SIGHT_JOB] = SQL_SIGHT_JOB,
	[SIGHT_INVENTORY] = SQL_SIGHT_INVENTORY,
	[SIGHT_VIRTUAL_CLUSTER] = SQL_SIGHT_VIRTUAL_CLUSTER,
};

enum err
sight_has(struct db *db, enum sight what, const char *seer, const char *id, bool *seen,
    struct error *e)
{
	STMT(st, db, statements[what]);

	stmt_text(st, "seer", seer);
	stmt_text(st, "id", id);
	return stmt_row(st, seen, e);
}

static const struct field by_fields[] = {
	F_TEXT(sight_by, service_group),
	F_TEXT(sight_by, user_group),
	F_END
};

enum err
sight_service_by(void *ctx, struct db *db, const char *seer, const char *id, struct records *out,
    struct error *e)
{
	STMT(st, db, SQL_SIGHT_SERVICE_BY);

	stmt_text(st, "seer", seer);
	stmt_text(st, "id", id);
	return records_read(ctx, st, by_fields, sizeof(struct sight_by), out, e);
}
