#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "base/field.h"
#include "db/record.h"

#define ACCOUNT_FIRST_ID "000000000000000000000000"	/* of the first administrator, api.md section 7 */

struct account {
	const char *id, *username, *password_hash;
	bool is_admin;		/* else a reader */
	int64_t created, last_updated;
	const char *created_by, *last_updated_by;
};
extern const struct field account_fields[];

/* FOUND false where there is no such account. */
enum err account_find(void *ctx, struct db *db, const char *username, struct account *a, bool *found,
    struct error *e) MUST_CHECK;
/* By its id. ERR_NOT_FOUND where there is none. */
enum err account_get(void *ctx, struct db *db, const char *id, struct account *a, struct error *e) MUST_CHECK;
enum err account_list(void *ctx, struct db *db, struct records *out, struct error *e) MUST_CHECK;
/* Within a transaction. A name or an id that is taken is ERR_CONFLICT, naming it. */
enum err account_insert(struct db *db, const struct account *a, struct error *e) MUST_CHECK;
/* ERR_NOT_FOUND where there is no such account. */
enum err account_set_password(struct db *db, const char *username, const char *hash, const char *by,
    struct error *e) MUST_CHECK;
enum err account_delete(struct db *db, const char *username, struct error *e) MUST_CHECK;
enum err account_count_admins(struct db *db, int64_t *n, struct error *e) MUST_CHECK;
/* Whether S can be a user name: 1 to 128 printable characters without blank or colon (RFC 7617 forbids the colon). */
bool account_is_name(const char *s);

#endif
