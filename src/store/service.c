#include "store/service.h"

/* api.md section 3: all members are always present. */
static const struct field metadata_fields[] = {
	F_TEXT(service, cluster_id, .wire = "location", .shape = "ClusterId",
	    .doc = "the gateway's cluster id"),
	F_TEXT(service, uuid, .wire = "id", .shape = "Uuid"),
	F_TEXT(service, key, .private = 1),
	F_TEXT(service, type, .shape = "ServiceType"),
	F_TIME(service, created),
	F_TEXT(service, name),
	F_TEXT(service, description),
	F_JSON(service, decorator, .private = 1, .shape = "Decorator",
	    .doc = "JSON Schema of its parameters, or null"),
	F_JSON(service, repository, .private = 1, .shape = "Repository"),
	F_JSON(service, tags, .private = 1, .shape = "Tags"),
	F_TEXT(service, working_dir, .private = 1),
	F_TEXT(service, entity, .private = 1),
	F_END
};

const struct field service_fields[] = {
	F_TEXT(service, id, .wire = "_id", .shape = "Id"),
	F_BOOL(service, active, .doc = "false: it left its gateway"),
	F_NEST("service_metadata", metadata_fields),
	F_EPOCH(service, last_run, .nullable = 1),
	F_JSON(service, schedule, .private = 1),
	F_END
};

/* The columns that do not go out as they are. */
static const struct field service_columns[] = {
	F_TEXT(service, gateway_id),
	F_BOOL(service, discovered),
	F_JSON(service, definition),
	F_NEST("", service_fields),
	F_END
};

enum err
service_list(void *ctx, struct db *db, const char *seer, const char *cluster_id,
    struct records *out, struct error *e)
{
	STMT(st, db, SQL_SERVICE_LIST);

	stmt_text(st, "seer", seer);
	stmt_text(st, "cluster_id", cluster_id);
	return records_read(ctx, st, service_columns, sizeof(struct service), out, e);
}

enum err
service_get(void *ctx, struct db *db, const char *id, struct service *s, struct error *e)
{
	bool found;
	STMT(st, db, SQL_SERVICE_GET);

	stmt_text(st, "id", id);
	if (record_find_row(ctx, st, service_columns, s, &found, e) != ERR_OK)
		return e->code;
	return found ? ERR_OK : error_set(e, ERR_NOT_FOUND, "there is no service %s", id);
}

enum err
service_by_name(void *ctx, struct db *db, const char *gateway_id, const char *name,
    struct service *s, bool *found, struct error *e)
{
	STMT(st, db, SQL_SERVICE_BY_NAME);

	stmt_text(st, "gateway_id", gateway_id);
	stmt_text(st, "name", name);
	return record_find_row(ctx, st, service_columns, s, found, e);
}

static enum err
service_write(struct db *db, enum sql which, const struct service *s, struct error *e)
{
	STMT(st, db, which);

	return record_write(st, service_columns, s, NULL, e);
}

enum err
service_put(struct db *db, const struct service *s, struct error *e)
{
	return service_write(db, SQL_SERVICE_PUT, s, e);
}

enum err
service_discover(struct db *db, const struct service *s, struct error *e)
{
	return service_write(db, SQL_SERVICE_DISCOVER, s, e);
}

enum err
service_retire_discovered(struct db *db, const char *gateway_id, struct error *e)
{
	STMT(st, db, SQL_SERVICE_RETIRE_DISCOVERED);

	stmt_text(st, "gateway_id", gateway_id);
	return stmt_exec(st, NULL, e);
}

enum err
service_set_last_run(struct db *db, const char *id, int64_t when, struct error *e)
{
	STMT(st, db, SQL_SERVICE_SET_LAST_RUN);

	stmt_text(st, "id", id);
	stmt_int(st, "last_run", when);
	return stmt_exec(st, NULL, e);
}
