#include "store/service_group.h"

#include "base/id.h"
#include "base/mem.h"

enum { NAME_MAX_CHARS = 256, DESCRIPTION_MAX = 1000 };

const struct field service_group_fields[] = {
	F_TEXT(service_group, id, .wire = "_id", .shape = "Id"),
	F_TEXT(service_group, name),
	F_TEXT(service_group, cluster_id, .shape = "ClusterId"),
	F_BOOL(service_group, is_default, .doc = "it holds all services and groups of its gateway"),
	F_TEXT(service_group, description),
	F_TIME(service_group, created),
	F_TEXT(service_group, created_by),
	F_TIME(service_group, last_updated),
	F_TEXT(service_group, last_updated_by),
	F_NAMES(service_group, groups, .doc = "names of the user groups that see its services"),
	F_END
};

const struct field service_group_create[] = {
	F_TEXT(service_group, name, .required = 1, .min = 1, .max = NAME_MAX_CHARS,
	    .doc = "unique on its gateway"),
	F_TEXT(service_group, cluster_id, .required = 1, .min = 1, .max = NAME_MAX_CHARS),
	F_TEXT(service_group, description, .max = DESCRIPTION_MAX),
	F_NAMES(service_group, services, .doc = "ids of services of the gateway"),
	F_NAMES(service_group, groups, .doc = "names of the user groups that see its services"),
	F_END
};

const struct field service_group_patch[] = {
	F_TEXT(service_group, name, .min = 1, .max = NAME_MAX_CHARS),
	F_TEXT(service_group, description, .max = DESCRIPTION_MAX),
	F_NAMES(service_group, services, .doc = "replaces the list"),
	F_NAMES(service_group, groups, .doc = "replaces the list"),
	F_END
};

/* The columns that do not go out. */
static const struct field service_group_columns[] = {
	F_TEXT(service_group, gateway_id),
	F_NEST("", service_group_fields),
	F_END
};

static const struct field held_fields[] = {
	F_TEXT(service_held, id),
	F_TEXT(service_held, name),
	F_END
};

static enum err
fill_lists(void *ctx, struct db *db, struct service_group *s, struct error *e)
{
	STMT(st, db, SQL_SERVICE_GROUP_SERVICES);

	stmt_text(st, "id", s->id);
	if (records_read(ctx, st, held_fields, sizeof(struct service_held), &s->held, e) != ERR_OK)
		return e->code;
	return names_of(ctx, db, SQL_SERVICE_GROUP_GROUPS, s->id, &s->groups, e);
}

enum err
service_group_list(void *ctx, struct db *db, const char *seer, const char *cluster_id,
    struct records *out, struct error *e)
{
	STMT(st, db, SQL_SERVICE_GROUP_LIST);

	stmt_text(st, "seer", seer);
	stmt_text(st, "cluster_id", cluster_id);
	if (records_read(ctx, st, service_group_columns, sizeof(struct service_group), out, e) !=
	    ERR_OK)
		return e->code;
	for (size_t i = 0; i < out->n; i++)
		if (fill_lists(ctx, db, records_at(out, i), e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

enum err
service_group_get(void *ctx, struct db *db, const char *id, struct service_group *s,
    struct error *e)
{
	bool found;
	STMT(st, db, SQL_SERVICE_GROUP_GET);

	stmt_text(st, "id", id);
	if (record_find_row(ctx, st, service_group_columns, s, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "there is no service group %s", id);
	return fill_lists(ctx, db, s, e);
}

static enum err
service_group_write(struct db *db, enum sql which, const struct service_group *s, struct error *e)
{
	enum err rc;
	STMT(st, db, which);

	rc = record_write(st, service_group_columns, s, NULL, e);
	if (rc == ERR_CONFLICT)
		return error_set(e, rc, "the gateway has a service group %s already", s->name);
	return rc;
}

static enum err
write_services(struct db *db, const struct service_group *s, struct error *e)
{
	return names_write(db, s->id, SQL_SERVICE_GROUP_SERVICE_CLEAR,
	    SQL_SERVICE_GROUP_SERVICE_ADD, "services", &s->services, e);
}

static enum err
write_groups(struct db *db, const struct service_group *s, struct error *e)
{
	return names_write(db, s->id, SQL_SERVICE_GROUP_GROUP_CLEAR, SQL_SERVICE_GROUP_GROUP_ADD,
	    "groups", &s->groups, e);
}

enum err
service_group_insert(struct db *db, const struct service_group *s, struct error *e)
{
	if (service_group_write(db, SQL_SERVICE_GROUP_INSERT, s, e) != ERR_OK ||
	    write_services(db, s, e) != ERR_OK)
		return e->code;
	return write_groups(db, s, e);
}

enum err
service_group_update(struct db *db, const struct service_group *s, bool services, bool groups,
    struct error *e)
{
	if (service_group_write(db, SQL_SERVICE_GROUP_UPDATE, s, e) != ERR_OK ||
	    (services && write_services(db, s, e) != ERR_OK))
		return e->code;
	return groups ? write_groups(db, s, e) : ERR_OK;
}

enum err
service_group_delete(struct db *db, const char *id, struct error *e)
{
	STMT(st, db, SQL_SERVICE_GROUP_DELETE);

	stmt_text(st, "id", id);
	return stmt_exec(st, NULL, e);
}

enum err
service_group_insert_default(void *ctx, struct db *db, const struct gateway *g, struct error *e)
{
	struct service_group s = {
		.id = id_new(ctx),
		.gateway_id = g->id,
		.name = SERVICE_GROUP_DEFAULT,
		.is_default = true,
		.created = g->created,
		.created_by = g->created_by,
		.last_updated = g->last_updated,
		.last_updated_by = g->last_updated_by,
	};

	return service_group_write(db, SQL_SERVICE_GROUP_INSERT, &s, e);
}
