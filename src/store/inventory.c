#include "store/inventory.h"

#include <string.h>

#include "base/id.h"
#include "base/mem.h"

enum { NAME_MAX_CHARS = 256, DESCRIPTION_MAX = 1000 };

/* A name stands in a path, and a node's in messages and in files of others. */
static bool
is_name(const char *s)
{
	for (const unsigned char *p = (const unsigned char *)s; *p != '\0'; p++)
		if (*p < ' ' || *p == '\x7f' || *p == '/')
			return false;
	return true;
}

/* An inventory is found by its id or its name: what looks like the one cannot be the other. */
static bool
is_inventory_name(const char *s)
{
	return is_name(s) && !id_is(s);
}

static const struct field_form name_form = { is_inventory_name,
	"without / and control characters, and no id" };
static const struct field_form node_name_form = { is_name, "without / and control characters" };

const struct field inventory_fields[] = {
	F_TEXT(inventory, id, .readonly = 1, .wire = "_id", .shape = "Id"),
	F_TEXT(inventory, name, .required = 1, .min = 1, .max = NAME_MAX_CHARS, .form = &name_form,
	    .doc = "names it in runs; unique"),
	F_TEXT(inventory, description, .max = DESCRIPTION_MAX),
	F_NAMES(inventory, groups, .doc = "names of the user groups that see it"),
	F_NAMES(inventory, tags),
	F_INT(inventory, node_count, .readonly = 1, .wire = "nodeCount"),
	F_JSON(inventory, nodes, .private = 1, .optional = 1, .shape = "InventoryNodes",
	    .doc = "in lists they are left out; in a change they replace all that are there"),
	F_TIME(inventory, created, .readonly = 1, .wire = "created_at"),
	F_TEXT(inventory, created_by, .readonly = 1),
	F_TIME(inventory, last_updated, .readonly = 1, .wire = "updated_at"),
	F_TEXT(inventory, last_updated_by, .readonly = 1, .wire = "updated_by"),
	F_END
};

static const struct field inventory_columns[] = {
	{ .name = "tags", .type = FIELD_TEXT,
	  .off = FIELD_OFF(inventory, tags_kept, const char *) },
	F_NEST("", inventory_fields),
	F_END
};

const struct field inventory_node_fields[] = {
	F_TEXT(inventory_node, name, .required = 1, .min = 1, .max = NAME_MAX_CHARS,
	    .form = &node_name_form, .doc = "unique in its inventory"),
	F_JSON(inventory_node, attributes, .object = 1, .shape = "NodeAttributes"),
	F_NAMES(inventory_node, tags),
	F_END
};

const struct field inventory_node_record[] = {
	F_TEXT(inventory_node, id, .wire = "_id", .shape = "Id"),
	F_TEXT(inventory_node, inventory_id, .shape = "Id"),
	F_TEXT(inventory_node, name),
	F_JSON(inventory_node, attributes, .shape = "NodeAttributes"),
	F_NAMES(inventory_node, tags),
	F_TIME(inventory_node, created, .wire = "created_at"),
	F_TEXT(inventory_node, created_by),
	F_TIME(inventory_node, last_updated, .wire = "updated_at"),
	F_TEXT(inventory_node, last_updated_by, .wire = "updated_by"),
	F_END
};

static const struct field node_columns[] = {
	{ .name = "tags", .type = FIELD_TEXT,
	  .off = FIELD_OFF(inventory_node, tags_kept, const char *) },
	F_NEST("", inventory_node_record),
	F_END
};

/* --- tags --- */

static const char *
tags_join(void *ctx, const struct names *tags)
{
	struct text *all = text_new(ctx, SIZE_MAX / 2);

	for (size_t i = 0; i < tags->n; i++)
		text_printf(all, "%s%s", i > 0 ? "\n" : "", tags->at[i]);
	return all->at;
}

static void
tags_split(void *ctx, const char *kept, struct names *tags)
{
	*tags = (struct names){ 0 };
	while (*kept != '\0') {
		size_t n = strcspn(kept, "\n");

		names_add(ctx, tags, mem_textn(ctx, kept, n));
		kept += n + (kept[n] == '\n');
	}
}

/* --- inventories --- */

static enum err
fill(void *ctx, struct db *db, struct inventory *i, struct error *e)
{
	tags_split(ctx, i->tags_kept, &i->tags);
	return names_of(ctx, db, SQL_INVENTORY_GROUP_NAMES, i->id, &i->groups, e);
}

static enum err
find_by(void *ctx, struct stmt *st, const char *column, const char *value, struct inventory *i,
    bool *found, struct error *e)
{
	stmt_text(st, column, value);
	return record_find_row(ctx, st, inventory_columns, i, found, e);
}

enum err
inventory_by_name(void *ctx, struct db *db, const char *name, struct inventory *i, bool *found,
    struct error *e)
{
	STMT(st, db, SQL_INVENTORY_BY_NAME);

	return find_by(ctx, st, "name", name, i, found, e);
}

enum err
inventory_find(void *ctx, struct db *db, const char *id_or_name, struct inventory *i, bool *found,
    struct error *e)
{
	STMT(st, db, SQL_INVENTORY_GET);

	if (find_by(ctx, st, "id", id_or_name, i, found, e) != ERR_OK)
		return e->code;
	if (!*found && inventory_by_name(ctx, db, id_or_name, i, found, e) != ERR_OK)
		return e->code;
	return *found ? fill(ctx, db, i, e) : ERR_OK;
}

enum err
inventory_list(void *ctx, struct db *db, const char *seer, struct records *out, struct error *e)
{
	STMT(st, db, SQL_INVENTORY_LIST);

	stmt_text(st, "seer", seer);
	if (records_read(ctx, st, inventory_columns, sizeof(struct inventory), out, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < out->n; i++)
		if (fill(ctx, db, records_at(out, i), e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

static enum err
inventory_write(struct db *db, enum sql which, const struct inventory *i, struct error *e)
{
	SCOPED(tmp, NULL);
	struct inventory row = *i;
	enum err rc;
	STMT(st, db, which);

	row.tags_kept = tags_join(tmp, &i->tags);
	rc = record_write(st, inventory_columns, &row, NULL, e);
	if (rc == ERR_CONFLICT)
		return error_set(e, rc, "there is an inventory %s already", i->name);
	if (rc != ERR_OK)
		return rc;
	return names_write(db, i->id, SQL_INVENTORY_GROUP_CLEAR, SQL_INVENTORY_GROUP_ADD, "groups",
	    &i->groups, e);
}

enum err
inventory_insert(struct db *db, const struct inventory *i, struct error *e)
{
	return inventory_write(db, SQL_INVENTORY_INSERT, i, e);
}

enum err
inventory_update(struct db *db, const struct inventory *i, struct error *e)
{
	return inventory_write(db, SQL_INVENTORY_UPDATE, i, e);
}

enum err
inventory_delete(struct db *db, const char *id, struct error *e)
{
	STMT(st, db, SQL_INVENTORY_DELETE);

	stmt_text(st, "id", id);
	return stmt_exec(st, NULL, e);
}

/* --- nodes --- */

enum err
inventory_nodes(void *ctx, struct db *db, const char *inventory_id, struct records *out,
    struct error *e)
{
	STMT(st, db, SQL_INVENTORY_NODE_LIST);

	stmt_text(st, "inventory_id", inventory_id);
	if (records_read(ctx, st, node_columns, sizeof(struct inventory_node), out, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < out->n; i++) {
		struct inventory_node *n = records_at(out, i);

		tags_split(ctx, n->tags_kept, &n->tags);
	}
	return ERR_OK;
}

enum err
inventory_node_find(void *ctx, struct db *db, const char *inventory_id, const char *name,
    struct inventory_node *n, bool *found, struct error *e)
{
	STMT(st, db, SQL_INVENTORY_NODE_BY_NAME);

	stmt_text(st, "inventory_id", inventory_id);
	stmt_text(st, "name", name);
	if (record_find_row(ctx, st, node_columns, n, found, e) != ERR_OK)
		return e->code;
	if (*found)
		tags_split(ctx, n->tags_kept, &n->tags);
	return ERR_OK;
}

enum err
inventory_weight(struct db *db, const char *inventory_id, int64_t *nodes, int64_t *bytes,
    struct error *e)
{
	bool more;
	STMT(st, db, SQL_INVENTORY_NODE_WEIGHT);

	stmt_text(st, "inventory_id", inventory_id);
	if (stmt_row(st, &more, e) != ERR_OK)
		return e->code;
	*nodes = more ? stmt_col_int(st, "n") : 0;
	*bytes = more ? stmt_col_int(st, "bytes") : 0;
	return ERR_OK;
}

enum err
inventory_clear(struct db *db, const char *inventory_id, struct error *e)
{
	STMT(st, db, SQL_INVENTORY_NODE_CLEAR);

	stmt_text(st, "inventory_id", inventory_id);
	return stmt_exec(st, NULL, e);
}

enum err
inventory_node_put(struct db *db, const struct inventory_node *n, struct error *e)
{
	SCOPED(tmp, NULL);
	struct inventory_node row = *n;
	STMT(st, db, SQL_INVENTORY_NODE_PUT);

	row.tags_kept = tags_join(tmp, &n->tags);
	return record_write(st, node_columns, &row, NULL, e);
}
