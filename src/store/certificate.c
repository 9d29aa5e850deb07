#include "store/certificate.h"

enum { PEM_MAX = 1048576, ALIAS_MAX = 256, CONTRACT_ID_MAX = 256 };
#define MS_PER_DAY INT64_C(86400000)

static const struct field validity_fields[] = {
	F_TIME(certificate, not_before, .readonly = 1, .wire = "notBefore"),
	F_TIME(certificate, not_after, .readonly = 1, .wire = "notAfter"),
	F_END
};

const struct field certificate_fields[] = {
	F_TEXT(certificate, id, .readonly = 1, .wire = "_id", .shape = "Id"),
	F_TEXT(certificate, certificate, .readonly = 1, .doc = "PEM, this one alone"),
	F_TEXT(certificate, contract_id, .readonly = 1),
	F_TEXT(certificate, alias, .max = ALIAS_MAX, .doc = "for people"),
	F_TEXT(certificate, host, .readonly = 1,
	    .doc = "common name of the subject, else its first DNS name"),
	F_TEXT(certificate, issuer, .readonly = 1, .doc = "common name of the issuer"),
	F_BOOL(certificate, self_signed, .readonly = 1),
	F_TEXT(certificate, type, .readonly = 1, .shape = "CertificateType"),
	F_NEST("validity", validity_fields, .readonly = 1),
	F_TEXT(certificate, fingerprint, .readonly = 1, .shape = "Fingerprint",
	    .doc = "SHA-256 in hexadecimal digits"),
	F_INT(certificate, expires_in_days, .readonly = 1, .private = 1,
	    .doc = "whole days; negative once it has expired"),
	F_NAMES(certificate, gateways, .readonly = 1,
	    .doc = "ids of the gateways it is attached to"),
	F_TIME(certificate, created, .readonly = 1),
	F_TIME(certificate, last_updated, .readonly = 1, .wire = "updatedAt"),
	F_END
};

const struct field certificate_order_fields[] = {
	F_TEXT(certificate_order, raw_certificate, .required = 1, .max = PEM_MAX,
	    .doc = "PEM; of several certificates each becomes a record"),
	F_TEXT(certificate_order, contract_id, .max = CONTRACT_ID_MAX),
	F_TEXT(certificate_order, alias, .max = ALIAS_MAX, .doc = "for people"),
	F_END
};

static enum err
fill_gateways(void *ctx, struct db *db, const char *seer, struct certificate *c, struct error *e)
{
	STMT(st, db, SQL_CERTIFICATE_GATEWAY_NAMES);

	stmt_text(st, "seer", seer);
	stmt_text(st, "id", c->id);
	return names_read(ctx, st, &c->gateways, e);
}

static enum err
is_missing(const char *id, struct error *e)
{
	return error_set(e, ERR_NOT_FOUND, "there is no certificate %s", id);
}

enum err
certificate_get(void *ctx, struct db *db, const char *seer, const char *id, struct certificate *c,
    struct error *e)
{
	bool found;
	STMT(st, db, SQL_CERTIFICATE_GET);

	stmt_text(st, "id", id);
	if (record_find_row(ctx, st, certificate_fields, c, &found, e) != ERR_OK)
		return e->code;
	return found ? fill_gateways(ctx, db, seer, c, e) : is_missing(id, e);
}

enum err
certificate_list(
    void *ctx, struct db *db, const char *seer, struct records *out, struct error *e)
{
	STMT(st, db, SQL_CERTIFICATE_LIST);

	if (records_read(ctx, st, certificate_fields, sizeof(struct certificate), out, e) !=
	    ERR_OK)
		return e->code;
	for (size_t i = 0; i < out->n; i++)
		if (fill_gateways(ctx, db, seer, records_at(out, i), e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

static enum err
check_unique(struct db *db, const struct certificate *c, struct error *e)
{
	bool found;
	STMT(st, db, SQL_CERTIFICATE_BY_FINGERPRINT);

	stmt_text(st, "fingerprint", c->fingerprint);
	if (stmt_row(st, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return ERR_OK;
	return error_set(e, ERR_CONFLICT, "the certificate of %s is there already: it is %s",
	    *c->host != '\0' ? c->host : c->fingerprint, stmt_col_text(st, "id"));
}

enum err
certificate_insert(struct db *db, const struct certificate *c, struct error *e)
{
	STMT(st, db, SQL_CERTIFICATE_INSERT);

	if (check_unique(db, c, e) != ERR_OK)
		return e->code;
	return record_write(st, certificate_fields, c, NULL, e);
}

enum err
certificate_update(struct db *db, const struct certificate *c, struct error *e)
{
	int changed;
	STMT(st, db, SQL_CERTIFICATE_UPDATE);

	if (record_write(st, certificate_fields, c, &changed, e) != ERR_OK)
		return e->code;
	return changed == 1 ? ERR_OK : is_missing(c->id, e);
}

enum err
certificate_delete(struct db *db, const char *id, struct error *e)
{
	int changed;
	STMT(st, db, SQL_CERTIFICATE_DELETE);

	stmt_text(st, "id", id);
	if (stmt_exec(st, &changed, e) != ERR_OK)
		return e->code;
	return changed == 1 ? ERR_OK : is_missing(id, e);
}

int64_t
certificate_days(const struct certificate *c, int64_t now)
{
	int64_t left = c->not_after - now;

	return left >= 0 ? left / MS_PER_DAY : -((-left + MS_PER_DAY - 1) / MS_PER_DAY);
}
