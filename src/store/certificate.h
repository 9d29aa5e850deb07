#ifndef STORE_CERTIFICATE_H
#define STORE_CERTIFICATE_H

#include "base/field.h"
#include "db/record.h"

struct certificate {
	const char *id;
	const char *certificate;	/* PEM: this one certificate and nothing else */
	const char *contract_id, *alias;
	const char *host, *issuer, *type, *fingerprint;		/* as x509/cert.h has them */
	bool self_signed;
	int64_t not_before, not_after;	/* ms since 1970, negative before: 0 is a time like any other */
	int64_t expires_in_days;	/* computed by certificate_days(); negative once it has expired */
	struct names gateways;		/* ids of those it is attached to */
	int64_t created, last_updated;
};
/* As it goes out; a client can give the alias alone. */
extern const struct field certificate_fields[];

/* The body of a create. */
struct certificate_order {
	const char *raw_certificate, *contract_id, *alias;
};
extern const struct field certificate_order_fields[];

/* Each fills C from the row, and the gateways that SEER sees (store/sight.h). ERR_NOT_FOUND where there is none. */
enum err certificate_get(void *ctx, struct db *db, const char *seer, const char *id, struct certificate *c,
    struct error *e) MUST_CHECK;
/* By host, what expires first before the others. */
enum err certificate_list(void *ctx, struct db *db, const char *seer, struct records *out,
    struct error *e) MUST_CHECK;
/* Within a transaction. ERR_CONFLICT where there is one with this fingerprint: it names its id. */
enum err certificate_insert(struct db *db, const struct certificate *c, struct error *e) MUST_CHECK;
/* Within a transaction: writes the alias (nothing else changes) and last_updated. */
enum err certificate_update(struct db *db, const struct certificate *c, struct error *e) MUST_CHECK;
/* Within a transaction: takes it off its gateways too. ERR_NOT_FOUND where there is none. */
enum err certificate_delete(struct db *db, const char *id, struct error *e) MUST_CHECK;
/* Whole days from NOW (ms since 1970) to its end: 0 on its last day, -1 from its end on. */
int64_t certificate_days(const struct certificate *c, int64_t now);

#endif
