#ifndef SERVICE_FILE_WORLD_H
#define SERVICE_FILE_WORLD_H

/* What the tests of the service file share. */

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/service_file.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"
#include "db/migrate.h"
#include "json/body.h"

#define COUNT(a) (sizeof (a) / sizeof *(a))

/* What each test has: a database of its own with two gateways. */
static struct world {
	char dir[64];
	void *ctx;
	struct config *config;
	struct db *db;
	struct gateway first, second;
} w;

static inline void
add_gateway(struct gateway *g, const char *cluster_id)
{
	struct error e;
	TXN(txn);

	*g = (struct gateway){ .id = id_new(w.ctx), .cluster_id = cluster_id,
	    .gateway_name = cluster_id,
	    .enabled = true, .connector_kind = "simulator", .connector_settings = "{}" };
	cr_assert_eq(txn_begin(&txn, w.db, &e), ERR_OK);
	cr_assert_eq(gateway_insert(w.db, g, &e), ERR_OK);
	cr_assert_eq(txn_commit(&txn, &e), ERR_OK);
}

static inline void
start(void)
{
	struct error e;

	snprintf(w.dir, sizeof w.dir, "/tmp/service-file-XXXXXX");
	cr_assert_not_null(mkdtemp(w.dir));
	w.ctx = mem_scope(NULL);
	w.config = config_defaults(w.ctx, w.dir);
	w.config->database_busy_timeout = 0;
	w.db = db_open(w.ctx, w.config, true, &e);
	cr_assert_not_null(w.db);
	cr_assert_eq(migrate_run(w.db, NULL, &e), ERR_OK);
	add_gateway(&w.first, "one");
	add_gateway(&w.second, "two");
}

static inline void
end(void)
{
	static const char *const files[] = { "gatehouse.db", "gatehouse.db-wal",
	    "gatehouse.db-shm", "secret.key" };
	SCOPED(tmp, NULL);

	mem_free(w.ctx);
	for (size_t i = 0; i < COUNT(files); i++)
		unlink(mem_printf(tmp, "%s/%s", w.dir, files[i]));
	cr_expect_eq(rmdir(w.dir), 0);
}

/* JSON with ' for ", so that it can be read here. */
static inline const char *
quoted(const char *s)
{
	char *copy = mem_text(w.ctx, s);

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

static inline struct json_object *
parsed(const char *text)
{
	struct json_object *o;
	struct error e = { .code = ERR_OK };

	cr_assert_eq(service_file_parse(w.ctx, text, strlen(text), &o, &e), ERR_OK, "%s: %s",
	    e.detail, text);
	return o;
}

static inline struct json_object *
json(const char *s)
{
	return parsed(quoted(s));
}

static inline const char *
exported(const struct gateway *g)
{
	struct json_object *o;
	struct error e = { .code = ERR_OK };

	cr_assert_eq(service_file_export(w.ctx, w.db, g->id, &o, &e), ERR_OK, "%s", e.detail);
	return json_text(w.ctx, o);
}

static inline const char *
imported(const struct gateway *g, struct json_object *document, enum import_mode mode, bool force)
{
	struct service_import im = { .document = document, .mode = mode, .force = force,
	    .faults = faults_new(w.ctx), .config = w.config, .by = "t" };
	struct error e = { .code = ERR_OK };

	cr_assert_eq(service_file_import(w.ctx, w.db, g, &im, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(im.faults->count, 0);
	return json_text(w.ctx, im.answer);
}

/* The faults of a document that must be refused; *E may be NULL. Nothing may have been written. */
static inline struct faults *
refused(struct json_object *document, enum import_mode mode, struct error *e)
{
	struct service_import im = { .document = document, .mode = mode, .force = true,
	    .faults = faults_new(w.ctx), .config = w.config, .by = "t" };
	struct error own = { .code = ERR_OK };
	const char *before = exported(&w.first);

	e = e != NULL ? e : &own;
	cr_expect_eq(service_file_import(w.ctx, w.db, &w.first, &im, e), ERR_INVALID);
	cr_expect_null(im.answer);
	cr_assert_gt(im.faults->count, 0, "no fault in %s", json_text(w.ctx, document));
	cr_expect_eq(e->code, ERR_INVALID);
	cr_expect_str_eq(exported(&w.first), before);
	return im.faults;
}

static inline bool
has_fault(const struct faults *f, const char *path, const char *text)
{
	for (size_t i = 0; i < f->kept; i++)
		if (strcmp(f->at[i].path, path) == 0 && strstr(f->at[i].text, text) != NULL)
			return true;
	return false;
}

#endif
