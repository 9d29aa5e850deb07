#ifndef DB_RECORD_H
#define DB_RECORD_H

#include "base/field.h"
#include "db/db.h"

/*
 * Rows and structs, by the field table: a field's column has the field's name.
 * Fields that are .private or have no column in the statement are left alone.
 */

/* Fills RECORD from the row that ST stands on. Texts are copied for CTX. */
void record_read(void *ctx, const struct field *fields, struct stmt *st, void *record);
/* Binds each field that ST has a parameter for. A NULL text binds as '' unless it is nullable. */
void record_bind(const struct field *fields, struct stmt *st, const void *record);

/* Runs ST; the one row fills RECORD. *FOUND false (and RECORD untouched) where there is none. */
enum err record_find_row(void *ctx, struct stmt *st, const struct field *fields, void *record, bool *found,
    struct error *e) MUST_CHECK;
/* Binds RECORD and runs a write. CHANGED may be NULL. */
enum err record_write(struct stmt *st, const struct field *fields, const void *record, int *changed,
    struct error *e) MUST_CHECK;

/* Records of one size, one after the other. */
struct records {
	size_t n, size;
	char *at;		/* owned by the parent given to records_read() */
};
static inline void *
records_at(const struct records *r, size_t i)
{
	return r->at + i * r->size;
}
/* All rows of ST, made for CTX. */
enum err records_read(void *ctx, struct stmt *st, const struct field *fields, size_t size, struct records *out,
    struct error *e) MUST_CHECK;
/* All rows of ST's column "name". */
enum err names_read(void *ctx, struct stmt *st, struct names *out, struct error *e) MUST_CHECK;
/*
 * Each row's "name" joins the list that is at LIST in the record whose id, a text at ID, is the row's "id". ALL and the
 * rows are in one order; rows of other records are passed over.
 */
enum err names_spread(void *ctx, struct stmt *st, const struct records *all, size_t id, size_t list,
    struct error *e) MUST_CHECK;
/* The same as names_read() for a statement that wants :id. */
enum err names_of(void *ctx, struct db *db, enum sql which, const char *id, struct names *out,
    struct error *e) MUST_CHECK;
/*
 * Within a transaction: LIST replaces what the table of references has for :id. CLEAR takes all away, ADD adds one
 * :name and changes no row where there is none such: that is ERR_INVALID naming MEMBER and the name.
 */
enum err names_write(struct db *db, const char *id, enum sql clear, enum sql add, const char *member,
    const struct names *list, struct error *e) MUST_CHECK;

#endif
