#include "store/item.h"

#include <stdlib.h>
#include <string.h>

const struct field item_fields[] = {
	F_TEXT(item, id),
	F_TEXT(item, gateway_id),
	F_TEXT(item, kind),
	F_TEXT(item, name),
	F_JSON(item, body),
	F_END
};

enum err
item_list(void *ctx, struct db *db, const char *gateway_id, struct records *out, struct error *e)
{
	STMT(st, db, SQL_ITEM_LIST);

	stmt_text(st, "gateway_id", gateway_id);
	return records_read(ctx, st, item_fields, sizeof(struct item), out, e);
}

enum err
item_list_named(
    void *ctx, struct db *db, const char *cluster_id, struct records *out, struct error *e)
{
	STMT(st, db, SQL_ITEM_LIST_NAMED);

	stmt_text(st, "cluster_id", cluster_id);
	return records_read(ctx, st, item_fields, sizeof(struct item), out, e);
}

/* By bytes, as the database orders them. */
static int
compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = strcmp(x->gateway_id, y->gateway_id);

	if (order == 0)
		order = strcmp(x->kind, y->kind);
	return order != 0 ? order : strcmp(x->name, y->name);
}

const struct item *
item_among(const struct records *named, const char *gateway_id, const char *kind, const char *name)
{
	const struct item wanted = { .gateway_id = gateway_id, .kind = kind, .name = name };

	return named->n == 0 ? NULL :
	    bsearch(&wanted, named->at, named->n, named->size, compare);
}

enum err
item_find(void *ctx, struct db *db, const char *gateway_id, const char *kind, const char *name,
    struct item *item, bool *found, struct error *e)
{
	STMT(st, db, SQL_ITEM_GET);

	stmt_text(st, "gateway_id", gateway_id);
	stmt_text(st, "kind", kind);
	stmt_text(st, "name", name);
	return record_find_row(ctx, st, item_fields, item, found, e);
}

enum err
item_put(struct db *db, const struct item *item, struct error *e)
{
	STMT(st, db, SQL_ITEM_PUT);

	return record_write(st, item_fields, item, NULL, e);
}
