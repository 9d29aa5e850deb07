#ifndef STORE_SECRET_H
#define STORE_SECRET_H

#include "base/field.h"
#include "db/record.h"

enum { SECRET_NAME_MAX = 128 };		/* characters */

/* A value that services of a gateway are given. The store never sees the value itself: see run/vault.h. */
struct secret {
	const char *id, *gateway_id, *name;
	const char *sealed;		/* NULL: a service file named it, it has no value yet */
	int64_t created, last_updated;	/* LAST_UPDATED: when it got its value; 0: not yet */
	const char *created_by, *last_updated_by;
};
/* As it goes out: names and times. */
extern const struct field secret_fields[];
/* The form of a name: it stands in paths and answers. */
extern const struct field_form secret_name_form;

/* In the order they were made. */
enum err secret_list(void *ctx, struct db *db, const char *gateway_id, struct records *out, struct error *e) MUST_CHECK;
/* Those of all gateways that have a value. */
enum err secret_list_sealed(void *ctx, struct db *db, struct records *out, struct error *e) MUST_CHECK;
enum err secret_find(void *ctx, struct db *db, const char *gateway_id, const char *name, struct secret *s,
    bool *found, struct error *e) MUST_CHECK;
/* Whether any secret has a value, or anything else is sealed for good. */
enum err secret_any_sealed(struct db *db, bool *any, struct error *e) MUST_CHECK;

/* Within a transaction. */
/* Adds it, or gives the one of this name the new value; one without a value leaves what is there alone. */
enum err secret_put(struct db *db, const struct secret *s, struct error *e) MUST_CHECK;
/* No secret has a value any more; *N had one. */
enum err secret_forget(struct db *db, size_t *n, struct error *e) MUST_CHECK;
enum err secret_reseal(struct db *db, const struct secret *s, struct error *e) MUST_CHECK;
enum err secret_delete(struct db *db, const char *gateway_id, const char *name, struct error *e) MUST_CHECK;

#endif
