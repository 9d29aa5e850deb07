#include "db/record.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"

enum { COLUMNS_MAX = 64 };	/* of a statement */

/* Which fields a statement has columns for, and where: looked up once for all its rows. */
struct columns {
	size_t n;
	struct {
		const struct field *field;
		int at;
	} list[COLUMNS_MAX];
};

static void
columns_find(struct columns *c, const struct field *fields, struct stmt *st)
{
	for (const struct field *f = fields; f->name != NULL; f++) {
		int at = -1;

		if (f->type == FIELD_NEST)
			columns_find(c, f->nest, st);
		else if (!f->private && f->type != FIELD_NAMES)
			at = stmt_column(st, f->name);
		if (at < 0)
			continue;
		assert(c->n < COLUMNS_MAX && "too many columns");
		c->list[c->n].field = f;
		c->list[c->n++].at = at;
	}
}

static void
read_one(void *ctx, const struct field *f, struct stmt *st, int at, void *record)
{
	const char *text;

	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_JSON:
		text = stmt_at_text(st, at);
		*field_text(f, record) = text != NULL ? mem_text(ctx, text) : NULL;
		break;
	case FIELD_INT:
	case FIELD_TIME:
	case FIELD_EPOCH:
		*field_int(f, record) =
		    f->nullable && stmt_at_null(st, at) ? FIELD_NONE : stmt_at_int(st, at);
		break;
	case FIELD_BOOL:
		*field_bool(f, record) = stmt_at_int(st, at) != 0;
		break;
	case FIELD_NAMES:
	case FIELD_NEST:
		break;
	}
}

static void
read_row(void *ctx, const struct columns *c, struct stmt *st, void *record)
{
	for (size_t i = 0; i < c->n; i++)
		read_one(ctx, c->list[i].field, st, c->list[i].at, record);
}

void
record_read(void *ctx, const struct field *fields, struct stmt *st, void *record)
{
	struct columns c;

	c.n = 0;
	columns_find(&c, fields, st);
	read_row(ctx, &c, st, record);
}

static void
bind_one(const struct field *f, struct stmt *st, const void *record)
{
	switch (f->type) {
	case FIELD_TEXT:
		stmt_text(st, f->name, *field_text(f, record) == NULL && !f->nullable ?
		    "" : *field_text(f, record));
		break;
	case FIELD_JSON:
		stmt_text(st, f->name, *field_text(f, record));
		break;
	case FIELD_INT:
	case FIELD_TIME:
	case FIELD_EPOCH:
		if (f->nullable && *field_int(f, record) == FIELD_NONE)
			stmt_null(st, f->name);
		else
			stmt_int(st, f->name, *field_int(f, record));
		break;
	case FIELD_BOOL:
		stmt_int(st, f->name, *field_bool(f, record));
		break;
	case FIELD_NAMES:
		break;
	case FIELD_NEST:
		record_bind(f->nest, st, record);
		break;
	}
}

void
record_bind(const struct field *fields, struct stmt *st, const void *record)
{
	for (const struct field *f = fields; f->name != NULL; f++)
		if (f->type == FIELD_NEST || (!f->private && stmt_wants(st, f->name)))
			bind_one(f, st, record);
}

enum err
record_find_row(void *ctx, struct stmt *st, const struct field *fields, void *record, bool *found,
    struct error *e)
{
	if (stmt_row(st, found, e) != ERR_OK)
		return e->code;
	if (*found)
		record_read(ctx, fields, st, record);
	return ERR_OK;
}

enum err
record_write(
    struct stmt *st, const struct field *fields, const void *record, int *changed, struct error *e)
{
	record_bind(fields, st, record);
	return stmt_exec(st, changed, e);
}

enum err
records_read(void *ctx, struct stmt *st, const struct field *fields, size_t size,
    struct records *out, struct error *e)
{
	struct columns c;
	size_t room = 0;
	bool more;
	enum err rc;

	c.n = 0;
	columns_find(&c, fields, st);
	*out = (struct records){ .size = size };
	while ((rc = stmt_row(st, &more, e)) == ERR_OK && more) {
		if (out->n == room) {
			room = room == 0 ? 8 : room * 2;
			out->at = MEM_GROW(ctx, out->at, char, room * size);
		}
		memset(out->at + out->n * size, 0, size);
		read_row(ctx, &c, st, out->at + out->n++ * size);
	}
	return rc;
}

enum err
names_read(void *ctx, struct stmt *st, struct names *out, struct error *e)
{
	bool more;
	enum err rc;

	*out = (struct names){ 0 };
	while ((rc = stmt_row(st, &more, e)) == ERR_OK && more)
		names_add(ctx, out, mem_text(ctx, stmt_col_text(st, "name")));
	return rc;
}

enum err
names_spread(void *ctx, struct stmt *st, const struct records *all, size_t id, size_t list,
    struct error *e)
{
	size_t at = 0;
	bool more;
	enum err rc;

	while ((rc = stmt_row(st, &more, e)) == ERR_OK && more) {
		const char *wanted = stmt_col_text(st, "id");
		size_t i = at;

		while (i < all->n &&
		    strcmp(*(const char **)((char *)records_at(all, i) + id), wanted) != 0)
			i++;
		/* It came or went between the statements. */
		if (i == all->n)
			continue;
		at = i;
		names_add(ctx, (struct names *)((char *)records_at(all, at) + list),
		    mem_text(ctx, stmt_col_text(st, "name")));
	}
	return rc;
}

enum err
names_of(void *ctx, struct db *db, enum sql which, const char *id, struct names *out,
    struct error *e)
{
	STMT(st, db, which);

	stmt_text(st, "id", id);
	return names_read(ctx, st, out, e);
}

static enum err
names_add_one(struct db *db, enum sql add, const char *id, const char *name, int *added,
    struct error *e)
{
	STMT(st, db, add);

	stmt_text(st, "id", id);
	stmt_text(st, "name", name);
	return stmt_exec(st, added, e);
}

enum err
names_write(struct db *db, const char *id, enum sql clear, enum sql add, const char *member,
    const struct names *list, struct error *e)
{
	int added;
	STMT(none, db, clear);

	stmt_text(none, "id", id);
	if (stmt_exec(none, NULL, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < list->n; i++) {
		if (names_add_one(db, add, id, list->at[i], &added, e) != ERR_OK)
			return e->code;
		if (added == 0)
			return error_field(e, member, "there is no %s", list->at[i]);
	}
	return ERR_OK;
}
