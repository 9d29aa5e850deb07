#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "db/migrate.h"
#include "json/body.h"
#include "json/record.h"
#include "store/certificate.h"
#include "store/gateway.h"

#define COUNT(a) (sizeof (a) / sizeof *(a))
#define DAY INT64_C(86400000)

/* What each test has: a database of its own. */
static struct {
	char dir[64];
	void *ctx;
	struct db *db;
} w;

static void
start(void)
{
	struct config *config;
	struct error e;

	log_open("unit", LOG_ERROR);
	snprintf(w.dir, sizeof w.dir, "/tmp/certificate-store-XXXXXX");
	cr_assert_not_null(mkdtemp(w.dir));
	w.ctx = mem_scope(NULL);
	config = config_defaults(w.ctx, w.dir);
	config->database_busy_timeout = 0;
	w.db = db_open(w.ctx, config, true, &e);
	cr_assert_not_null(w.db);
	cr_assert_eq(migrate_run(w.db, NULL, &e), ERR_OK);
}

static void
end(void)
{
	static const char *const files[] = { "gatehouse.db", "gatehouse.db-wal", "gatehouse.db-shm" };
	SCOPED(tmp, NULL);

	mem_free(w.ctx);
	for (size_t i = 0; i < COUNT(files); i++)
		unlink(mem_printf(tmp, "%s/%s", w.dir, files[i]));
	cr_expect_eq(rmdir(w.dir), 0);
}

TestSuite(certificate_store, .init = start, .fini = end);

static struct certificate
sample(const char *fingerprint)
{
	return (struct certificate){ .id = id_new(w.ctx), .certificate = "PEM", .contract_id = "c",
		.alias = "a", .host = fingerprint, .issuer = "ca", .type = "Intermediate",
		.fingerprint = fingerprint, .self_signed = true, .not_before = -1000,
		.not_after = INT64_C(253402300799000), .created = 5, .last_updated = 6 };
}

typedef enum err (*write_fn)(struct db *db, const struct certificate *c, struct error *e);

static enum err
committed(write_fn write, const struct certificate *c, struct error *e)
{
	TXN(t);

	if (txn_begin(&t, w.db, e) != ERR_OK || write(w.db, c, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

static void
add(const struct certificate *c)
{
	struct error e = { 0 };

	cr_assert_eq(committed(certificate_insert, c, &e), ERR_OK, "%s", e.detail);
}

static enum err
removed(const char *id, struct error *e)
{
	TXN(t);

	if (txn_begin(&t, w.db, e) != ERR_OK || certificate_delete(w.db, id, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

static void
attach(const char *gateway, const char *cluster_id, const char *const *certificates, size_t n)
{
	struct gateway g = { .id = gateway, .cluster_id = cluster_id, .gateway_name = cluster_id,
		.enabled = true, .connector_kind = "simulator", .connector_settings = "{}" };
	struct error e = { 0 };
	TXN(t);

	for (size_t i = 0; i < n; i++)
		names_add(w.ctx, &g.certificates, certificates[i]);
	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(gateway_insert(w.db, &g, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

static struct certificate
got(const char *id)
{
	struct certificate c = { 0 };
	struct error e = { 0 };

	cr_assert_eq(certificate_get(w.ctx, w.db, NULL, id, &c, &e), ERR_OK, "%s", e.detail);
	return c;
}

/* All members come back as they went in. */
Test(certificate_store, keeps_all_members)
{
	struct certificate in = sample("f1"), out;

	in.certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
	in.host = "k\xc3\xbc" "che'; --";
	add(&in);
	out = got(in.id);
	cr_expect_str_eq(out.id, in.id);
	cr_expect_str_eq(out.certificate, in.certificate);
	cr_expect_str_eq(out.contract_id, "c");
	cr_expect_str_eq(out.alias, "a");
	cr_expect_str_eq(out.host, in.host);
	cr_expect_str_eq(out.issuer, "ca");
	cr_expect_str_eq(out.type, "Intermediate");
	cr_expect_str_eq(out.fingerprint, "f1");
	cr_expect(out.self_signed);
	cr_expect_eq(out.not_before, -1000);
	cr_expect_eq(out.not_after, INT64_C(253402300799000));
	cr_expect_eq(out.created, 5);
	cr_expect_eq(out.last_updated, 6);
	cr_expect_eq(out.gateways.n, 0);
}

Test(certificate_store, texts_that_are_not_given_are_empty)
{
	struct certificate in = sample("f1"), out;

	in.contract_id = in.alias = NULL;
	in.self_signed = false;
	add(&in);
	out = got(in.id);
	cr_expect_str_eq(out.contract_id, "");
	cr_expect_str_eq(out.alias, "");
	cr_expect_not(out.self_signed);
}

Test(certificate_store, a_fingerprint_is_there_once)
{
	struct certificate first = sample("f1"), again = sample("f1"), nameless = sample("f2");
	struct records all;
	struct error e = { 0 };

	add(&first);
	cr_expect_eq(committed(certificate_insert, &again, &e), ERR_CONFLICT);
	cr_expect_not_null(strstr(e.detail, first.id), "%s", e.detail);
	cr_assert_eq(certificate_list(w.ctx, w.db, NULL, &all, &e), ERR_OK);
	cr_expect_eq(all.n, 1);
	/* Without a host the message names the fingerprint. */
	nameless.host = "";
	add(&nameless);
	cr_expect_eq(committed(certificate_insert, &nameless, &e), ERR_CONFLICT);
	cr_expect_not_null(strstr(e.detail, "f2"), "%s", e.detail);
	cr_expect_not_null(strstr(e.detail, nameless.id), "%s", e.detail);
}

Test(certificate_store, an_id_is_there_once)
{
	struct certificate first = sample("f1"), other = sample("f2");
	struct error e = { 0 };

	add(&first);
	other.id = first.id;
	cr_expect_eq(committed(certificate_insert, &other, &e), ERR_CONFLICT);
	cr_expect_str_eq(got(first.id).fingerprint, "f1");
}

/* Until it is committed nothing is there. */
Test(certificate_store, all_or_none)
{
	struct certificate one = sample("f1"), two = sample("f2"), again = sample("f1");
	struct records all;
	struct error e = { 0 };

	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(certificate_insert(w.db, &one, &e), ERR_OK);
		cr_assert_eq(certificate_insert(w.db, &two, &e), ERR_OK);
		cr_expect_eq(certificate_insert(w.db, &again, &e), ERR_CONFLICT);
	}
	cr_assert_eq(certificate_list(w.ctx, w.db, NULL, &all, &e), ERR_OK);
	cr_expect_eq(all.n, 0);
}

Test(certificate_store, lists_by_host_and_end)
{
	struct certificate c[] = { sample("f1"), sample("f2"), sample("f3"), sample("f4") };
	static const char *const hosts[] = { "b", "a", "b", "" }, *const want[] = { "f4", "f2", "f3", "f1" };
	struct records all;
	struct error e = { 0 };

	for (size_t i = 0; i < COUNT(c); i++) {
		c[i].host = hosts[i];
		c[i].not_after = i == 2 ? -5 : 7;
		add(&c[i]);
	}
	cr_assert_eq(certificate_list(w.ctx, w.db, NULL, &all, &e), ERR_OK);
	cr_assert_eq(all.n, COUNT(c));
	for (size_t i = 0; i < all.n; i++)
		cr_expect_str_eq(((struct certificate *)records_at(&all, i))->fingerprint, want[i]);
}

Test(certificate_store, only_the_alias_changes)
{
	struct certificate in = sample("f1"), changed, out;
	struct error e = { 0 };

	add(&in);
	changed = sample("f2");
	changed.id = in.id;
	changed.alias = "new";
	changed.contract_id = changed.host = changed.certificate = "other";
	changed.created = changed.not_after = 77;
	changed.last_updated = 9;
	cr_assert_eq(committed(certificate_update, &changed, &e), ERR_OK, "%s", e.detail);
	out = got(in.id);
	cr_expect_str_eq(out.alias, "new");
	cr_expect_eq(out.last_updated, 9);
	cr_expect_str_eq(out.contract_id, "c");
	cr_expect_str_eq(out.host, "f1");
	cr_expect_str_eq(out.certificate, "PEM");
	cr_expect_str_eq(out.fingerprint, "f1");
	cr_expect_eq(out.created, 5);
	cr_expect_eq(out.not_after, in.not_after);
}

Test(certificate_store, what_is_not_there)
{
	struct certificate c = sample("f1"), none = { 0 };
	struct error e = { 0 };

	cr_expect_eq(certificate_get(w.ctx, w.db, NULL, c.id, &none, &e), ERR_NOT_FOUND);
	cr_expect_not_null(strstr(e.detail, c.id));
	cr_expect_eq(certificate_get(w.ctx, w.db, NULL, "' OR 1=1 --", &none, &e), ERR_NOT_FOUND);
	cr_expect_eq(committed(certificate_update, &c, &e), ERR_NOT_FOUND);
	cr_expect_eq(removed(c.id, &e), ERR_NOT_FOUND);
}

Test(certificate_store, knows_its_gateways)
{
	struct certificate a = sample("f1"), b = sample("f2"), c;
	const char *const both[] = { a.id, b.id };
	static const char one[] = "00000000000000000000000b", two[] = "00000000000000000000000a";
	struct records all;
	struct error e = { 0 };

	add(&a);
	add(&b);
	attach(one, "one", both, 2);
	attach(two, "two", both, 1);
	c = got(a.id);
	cr_assert_eq(c.gateways.n, 2);
	cr_expect_str_eq(c.gateways.at[0], two);
	cr_expect_str_eq(c.gateways.at[1], one);
	cr_assert_eq(certificate_list(w.ctx, w.db, NULL, &all, &e), ERR_OK);
	cr_expect_eq(((struct certificate *)records_at(&all, 1))->gateways.n, 1);
}

Test(certificate_store, deleting_detaches)
{
	struct certificate a = sample("f1"), b = sample("f2");
	const char *const both[] = { a.id, b.id };
	struct gateway g = { 0 };
	struct error e = { 0 };

	add(&a);
	add(&b);
	attach("00000000000000000000000b", "one", both, 2);
	cr_assert_eq(removed(a.id, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(gateway_get(w.ctx, w.db, "00000000000000000000000b", &g, &e), ERR_OK);
	cr_assert_eq(g.certificates.n, 1);
	cr_expect_str_eq(g.certificates.at[0], b.id);
	cr_expect_eq(got(b.id).gateways.n, 1);
	/* Its fingerprint is free again. */
	add(&a);
	cr_expect_eq(got(a.id).gateways.n, 0);
}

/* Rows of the first schema stay readable. */
Test(certificate_store, old_rows_have_defaults)
{
	struct certificate c;
	struct error e = { 0 };

	cr_assert_eq(db_exec(w.db, "INSERT INTO certificate (id, fingerprint, certificate, created, "
	    "last_updated) VALUES ('00000000000000000000000c', 'f', 'PEM', 1, 2)", &e), ERR_OK);
	c = got("00000000000000000000000c");
	cr_expect_str_eq(c.host, "");
	cr_expect_str_eq(c.type, "Host");
	cr_expect_not(c.self_signed);
}

Test(certificate_store, counts_whole_days)
{
	static const struct {
		int64_t end, now, days;
	} cases[] = {
		{ 10 * DAY, 0, 10 }, { 10 * DAY, 1, 9 }, { DAY, 0, 1 }, { DAY - 1, 0, 0 }, { 0, 0, 0 },
		{ 0, 1, -1 }, { 0, DAY, -1 }, { 0, DAY + 1, -2 }, { -DAY, DAY, -2 },
		{ INT64_C(253402300799000), 0, 2932896 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct certificate c = { .not_after = cases[i].end };

		cr_expect_eq(certificate_days(&c, cases[i].now), cases[i].days, "%zu", i);
	}
}

/* The table says what a client may give: the alias alone. */
Test(certificate_store, the_alias_alone_can_be_given)
{
	struct certificate c = sample("f1");
	struct error e = { 0 };
	struct json_object *shown = record_to_json(certificate_fields, &c);
	size_t refused = 0;

	json_object_object_foreach(shown, name, value) {
		struct json_object *one = json_object_new_object();
		enum err rc;

		json_object_object_add(one, name, json_object_get(value));
		rc = record_from_json(w.ctx, certificate_fields, one, &c, RECORD_UPDATE, &e);
		cr_expect_eq(rc, strcmp(name, "alias") == 0 ? ERR_OK : ERR_INVALID, "%s", name);
		refused += rc != ERR_OK;
		json_object_put(one);
	}
	cr_expect_eq(refused, 13);
	json_object_put(shown);
}
