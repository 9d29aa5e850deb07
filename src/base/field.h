#ifndef BASE_FIELD_H
#define BASE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * The field table: one constant array per record. Its readers: JSON in and out
 * (json/record), row to struct and struct to bind (db/record), lists
 * (api/list) and the OpenAPI schema.
 */
enum field_type {
	FIELD_TEXT,	/* const char *, never NULL in a whole record */
	FIELD_INT,	/* int64_t */
	FIELD_BOOL,	/* bool; 0 or 1 in a row */
	FIELD_TIME,	/* int64_t ms since 1970; RFC 3339 text on the wire, null where 0 */
	FIELD_EPOCH,	/* the same, but a number on the wire, null where 0 */
	FIELD_NAMES,	/* struct names; an array of unique texts on the wire, tables of their own in the store */
	FIELD_JSON,	/* const char *: JSON text in the row, any value on the wire, null where NULL */
	FIELD_NEST	/* an object on the wire whose members are fields of the same struct: see .nest */
};

/* What a text must look like beside its length; says so in HINT ("letters, digits and . _ -"). */
struct field_form {
	bool (*fits)(const char *s);
	const char *hint;
};

struct field {
	const char *name;	/* the struct member and the column */
	const char *wire;	/* the member in JSON; see field_wire() */
	enum field_type type;
	unsigned required:1;	/* in a create; an update takes what it gets */
	unsigned readonly:1;	/* never taken from a client */
	unsigned optional:1;	/* left out of an answer when it is empty (NULL text) */
	unsigned private:1;	/* no column of this name (computed), or joined from another table */
	unsigned object:1;	/* a FIELD_JSON that must be an object */
	/*
	 * May be FIELD_NONE (a number) or NULL (a text): null on the wire and in the row. A time is null on the wire
	 * where it is 0, and says by this that it may be.
	 */
	unsigned nullable:1;
	size_t off;
	int64_t min, max;	/* characters of a text, range of a number, members of a list; max 0: the default */
	const struct field_form *form;
	const struct field *nest;
	/* For the OpenAPI document: one sentence, and the name of a schema in api/openapi_shapes.c; may be NULL. */
	const char *doc;
	const char *shape;
};

#define FIELD_NONE INT64_MIN		/* the value of a nullable number that is not there */
#define FIELD_TEXT_MAX 4096		/* characters, where a text names no maximum */

/* The address arithmetic fails to compile unless member M of struct S has type T. */
#define FIELD_OFF(S, m, T) (offsetof(struct S, m) + 0 * sizeof((T *)0 == &((struct S *)0)->m))
#define FIELD_OF(S, m, T, kind, ...) \
	{ .name = #m, .type = kind, .off = FIELD_OFF(S, m, T), __VA_ARGS__ }
#define F_TEXT(S, m, ...) FIELD_OF(S, m, const char *, FIELD_TEXT, __VA_ARGS__)
#define F_INT(S, m, ...) FIELD_OF(S, m, int64_t, FIELD_INT, __VA_ARGS__)
#define F_BOOL(S, m, ...) FIELD_OF(S, m, bool, FIELD_BOOL, __VA_ARGS__)
#define F_TIME(S, m, ...) FIELD_OF(S, m, int64_t, FIELD_TIME, __VA_ARGS__)
#define F_EPOCH(S, m, ...) FIELD_OF(S, m, int64_t, FIELD_EPOCH, __VA_ARGS__)
#define F_NAMES(S, m, ...) FIELD_OF(S, m, struct names, FIELD_NAMES, .private = 1, __VA_ARGS__)
#define F_JSON(S, m, ...) FIELD_OF(S, m, const char *, FIELD_JSON, __VA_ARGS__)
#define F_NEST(wire_name, table, ...) { .name = wire_name, .type = FIELD_NEST, .nest = table, __VA_ARGS__ }
#define F_END { .name = NULL }

static inline void *
field_at(const struct field *f, const void *record)
{
	return (void *)(uintptr_t)((const char *)record + f->off);
}

static inline const char **field_text(const struct field *f, const void *r) { return field_at(f, r); }
static inline int64_t *field_int(const struct field *f, const void *r) { return field_at(f, r); }
static inline bool *field_bool(const struct field *f, const void *r) { return field_at(f, r); }
static inline struct names *field_names(const struct field *f, const void *r) { return field_at(f, r); }

/* The name of F in JSON. */
static inline const char *
field_wire(const struct field *f)
{
	return f->wire != NULL ? f->wire : f->name;
}

#endif
