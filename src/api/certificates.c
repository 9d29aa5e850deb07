#include "api/app.h"
#include "api/list.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"
#include "store/certificate.h"
#include "x509/cert.h"

#include <stdio.h>

enum { NUMBER_MAX = 24 };

static void
certificate_fill(struct request *req, void *record)
{
	struct certificate *c = record;

	(void)req;
	c->expires_in_days = certificate_days(c, clock_wall());
}

static struct json_object *
certificate_shown(struct certificate *c)
{
	struct json_object *o;
	char text[CLOCK_TEXT_MAX];

	certificate_fill(NULL, c);
	o = record_to_json(certificate_fields, c);
	/* In other records 0 is no time, but a device without a clock begins in 1970. */
	if (c->not_before == 0)
		json_set(json_get(o, "validity"), "notBefore",
		    mem_must(json_object_new_string(clock_text(text, 0))));
	return o;
}

static struct json_object *
certificate_show(struct request *req, void *record, struct error *e)
{
	(void)req;
	(void)e;
	return certificate_shown(record);
}

static const struct list_kind certificate_kind = {
	.fill = certificate_fill,
	.show = certificate_show,
};

static enum err
certificate_list_all(struct request *req, struct response *res, struct error *e)
{
	struct records all;

	if (certificate_list(req, req->db, groups_seer(req->caller), &all, e) != ERR_OK)
		return e->code;
	return list_answer(req, res, &all, &certificate_kind, e);
}

static enum err
find(struct request *req, struct certificate *c, struct error *e)
{
	return certificate_get(req, req->db, groups_seer(req->caller), req->params[0], c, e);
}

static enum err
certificate_read(struct request *req, struct response *res, struct error *e)
{
	struct certificate c = { 0 };

	if (find(req, &c, e) != ERR_OK)
		return e->code;
	res->body = certificate_shown(&c);
	return ERR_OK;
}

static enum err
certificate_add(struct request *req, const struct cert *from, const char **id, struct error *e)
{
	const struct certificate_order *order = req->record;
	struct certificate c = { .certificate = from->pem, .host = from->host,
		.issuer = from->issuer, .type = from->type, .fingerprint = from->fingerprint,
		.self_signed = from->self_signed, .not_before = from->not_before,
		.not_after = from->not_after, .contract_id = order->contract_id,
		.alias = order->alias };

	c.id = *id = id_new(req);
	c.created = c.last_updated = clock_wall();
	return certificate_insert(req->db, &c, e);
}

static struct json_object *
ids_by_number(const struct names *ids)
{
	struct json_object *o = mem_must(json_object_new_object());
	char number[NUMBER_MAX];

	for (size_t i = 0; i < ids->n; i++) {
		snprintf(number, sizeof number, "%zu", i);
		json_set(o, number, mem_must(json_object_new_string(ids->at[i])));
	}
	return o;
}

/* The answer is that of a bulk write to MongoDB: programs read upsertedIds or insertedIds. */
static struct json_object *
bulk_result(const struct names *ids)
{
	static const struct {
		const char *name;
		bool is_all;
	} counts[] = {
		{ "insertedCount", true }, { "upsertedCount", true }, { "matchedCount", false },
		{ "modifiedCount", false },
	};
	struct json_object *o = mem_must(json_object_new_object());

	json_set(o, "acknowledged", mem_must(json_object_new_boolean(true)));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		json_set(o, counts[i].name,
		    mem_must(json_object_new_int64(counts[i].is_all ? (int64_t)ids->n : 0)));
	json_set(o, "upsertedIds", ids_by_number(ids));
	json_set(o, "insertedIds", ids_by_number(ids));
	return o;
}

static enum err
certificate_create(struct request *req, struct response *res, struct error *e)
{
	const struct certificate_order *order = req->record;
	struct names ids = { 0, NULL };
	struct certs all;
	const char *id;
	TXN(t);

	if (certs_read(req, order->raw_certificate, clock_wall(), &all, e) != ERR_OK ||
	    txn_begin(&t, req->db, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < all.n; i++) {
		if (certificate_add(req, &all.at[i], &id, e) != ERR_OK)
			return e->code;
		names_add(req, &ids, id);
		req->acted_on = ids.at[0];
	}
	if (txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->body = bulk_result(&ids);
	return ERR_OK;
}

static enum err
certificate_change(struct request *req, struct response *res, struct error *e)
{
	struct certificate c = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK ||
	    find(req, &c, e) != ERR_OK ||
	    request_overlay(req, &c, e) != ERR_OK)
		return e->code;
	c.last_updated = clock_wall();
	if (certificate_update(req->db, &c, e) != ERR_OK || txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->body = certificate_shown(&c);
	return ERR_OK;
}

static enum err
certificate_remove(struct request *req, struct response *res, struct error *e)
{
	struct certificate c = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK ||
	    find(req, &c, e) != ERR_OK ||
	    certificate_delete(req->db, c.id, e) != ERR_OK || txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->body = certificate_shown(&c);
	return ERR_OK;
}

const struct route certificate_routes[] = {
	{ .method = M_POST,
	    .path = "/certificates",
	    .op = "createCertificate",
	    .role = "certificate:create",
	    .body = { BODY_CREATE, NULL, certificate_order_fields,
	    sizeof(struct certificate_order) },
	    .answer = ANSWER_RESULTS,
	    .shape = "CertificatesAdded",
	    .errors = { ERR_CONFLICT },
	    .run = certificate_create,
	    .summary = "Add certificates" },
	{ .method = M_GET,
	    .path = "/certificates",
	    .op = "getCertificates",
	    .role = "certificate:read",
	    .list = certificate_fields,
	    .answer = ANSWER_RESULTS,
	    .record = certificate_fields,
	    .run = certificate_list_all,
	    .summary = "List certificates" },
	{ .method = M_GET,
	    .path = "/certificates/{id}",
	    .op = "getCertificateById",
	    .role = "certificate:read",
	    .answer = ANSWER_RESULTS,
	    .record = certificate_fields,
	    .run = certificate_read,
	    .summary = "Read a certificate" },
	{ .method = M_PUT,
	    .path = "/certificates/{id}",
	    .op = "updateCertificateById",
	    .role = "certificate:update",
	    .body = { BODY_UPDATE, NULL, certificate_fields, sizeof(struct certificate) },
	    .answer = ANSWER_BARE,
	    .record = certificate_fields,
	    .run = certificate_change,
	    .summary = "Give a certificate another alias" },
	{ .method = M_DELETE,
	    .path = "/certificates/{id}",
	    .op = "deleteCertificateById",
	    .role = "certificate:delete",
	    .answer = ANSWER_RESULTS,
	    .record = certificate_fields,
	    .run = certificate_remove,
	    .summary = "Delete a certificate and detach it from its gateways" },
	{ 0 }
};
