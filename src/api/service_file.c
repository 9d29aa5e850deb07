#include "api/service_file.h"

#include <string.h>

#include "api/service_file_private.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/yaml.h"
#include "run/vault.h"
#include "store/item.h"
#include "store/service.h"

#define BLANKS " \t\r\n"

/* An import under way. */
struct import {
	const struct service_import *order;
	struct db *db;
	const struct gateway *gateway;
	struct json_object *added, *replaced, *skipped;	/* of the answer */
	struct error *e;
};

/* One item of the document. */
struct entry {
	const struct section *section;
	const char *name;
	struct json_object *o;
};

enum err
service_file_parse(void *ctx, const char *text, size_t n, struct json_object **document,
    struct error *e)
{
	size_t i = 0;

	while (i < n && memchr(BLANKS, text[i], strlen(BLANKS)) != NULL)
		i++;
	if (i < n && text[i] == '{')
		return json_parse(ctx, text, n, document, e);
	return yaml_parse(ctx, text, n, document, e);
}

/* --- import --- */

/* Whether the gateway has such an item. A service that has left it does not count. */
static enum err
is_there(const struct import *im, const struct section *s, const char *name, bool *there)
{
	SCOPED(tmp, NULL);
	struct service service = { 0 };
	struct secret secret = { 0 };
	struct item item = { 0 };

	if (s->is_secrets)
		return secret_find(tmp, im->db, im->gateway->id, name, &secret, there, im->e);
	if (!s->is_services)
		return item_find(tmp, im->db, im->gateway->id, s->key, name, &item, there, im->e);
	if (service_by_name(tmp, im->db, im->gateway->id, name, &service, there, im->e) != ERR_OK)
		return im->e->code;
	*there = *there && service.active;
	return ERR_OK;
}

static enum err
check_references(const struct import *im, const struct references *open)
{
	struct faults *faults = im->order->faults;

	for (size_t i = 0; i < open->n; i++) {
		const struct reference *r = &open->at[i];
		bool there;

		if (is_there(im, r->section, r->name, &there) != ERR_OK)
			return im->e->code;
		if (!there)
			faults_add(faults, r->path, "there is no %s %s", r->section->word, r->name);
	}
	return ERR_OK;
}

/* One that gets no value has none yet, or keeps what it has. */
static enum err
write_secret(const struct import *im, const struct entry *entry)
{
	SCOPED(tmp, NULL);
	const char *value = json_get_text(entry->o, "value");
	struct secret s = {
		.id = id_new(tmp), .gateway_id = im->gateway->id, .name = entry->name,
		.created = clock_wall(), .created_by = im->order->by,
	};

	s.last_updated = value != NULL ? s.created : 0;
	s.last_updated_by = value != NULL ? im->order->by : NULL;
	return vault_put(im->db, im->order->config, &s, value, im->e);
}

static enum err
write_entry(const struct import *im, const struct entry *entry)
{
	SCOPED(tmp, NULL);
	const char *text = json_text(tmp, entry->o);
	struct item item = {
		.id = id_new(tmp), .gateway_id = im->gateway->id, .kind = entry->section->key,
		.name = entry->name, .body = text,
	};
	struct service service = {
		.id = item.id, .gateway_id = im->gateway->id, .name = entry->name,
		.type = json_get_text(entry->o, "type"),
		.description = json_get_text(entry->o, "description"),
		.definition = text, .created = clock_wall(),
	};

	if (entry->section->is_secrets)
		return write_secret(im, entry);
	if (!entry->section->is_services)
		return item_put(im->db, &item, im->e);
	service.uuid = id_uuid(tmp);
	return service_put(im->db, &service, im->e);
}

static enum err
import_entry(const struct import *im, const struct entry *entry)
{
	SCOPED(tmp, NULL);
	const char *shown = mem_printf(tmp, "%s/%s", entry->section->word, entry->name);
	bool there;

	if (is_there(im, entry->section, entry->name, &there) != ERR_OK)
		return im->e->code;
	json_push(!there ? im->added : im->order->force ? im->replaced : im->skipped,
	    mem_must(json_object_new_string(shown)));
	if (im->order->mode != IMPORT_WRITE || (there && !im->order->force))
		return ERR_OK;
	return write_entry(im, entry);
}

static enum err
import_section(const struct import *im, const struct section *s, struct json_object *list)
{
	for (size_t i = 0, n = json_object_array_length(list); i < n; i++) {
		SCOPED(tmp, NULL);
		struct entry entry = { .section = s, .o = json_object_array_get_idx(list, i) };

		entry.name = service_file_name(tmp, s, entry.o, i);
		if (import_entry(im, &entry) != ERR_OK)
			return im->e->code;
	}
	return ERR_OK;
}

static enum err
import_document(const struct import *im)
{
	json_object_object_foreach(im->order->document, key, list) {
		if (import_section(im, service_file_section(key), list) != ERR_OK)
			return im->e->code;
	}
	return ERR_OK;
}

static struct json_object *
answer_list(struct json_object *answer, const char *key)
{
	struct json_object *list = mem_must(json_object_new_array());

	json_set(answer, key, list);
	return list;
}

static void
answer_sum(struct json_object *answer)
{
	static const char *const keys[] = { "added", "replaced", "skipped" };
	struct json_object *summary = mem_must(json_object_new_object());

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		size_t n = json_object_array_length(json_get(answer, keys[i]));

		json_set(summary, keys[i], mem_must(json_object_new_int64((int64_t)n)));
	}
	json_set(answer, "summary", summary);
}

/* The text of all begins with "PATH: " of the first, which error_field() puts there itself. */
static enum err
refuse(const struct faults *faults, struct error *e)
{
	SCOPED(tmp, NULL);
	const char *all = faults_text(tmp, faults), *path = faults->at[0].path;

	if (*path == '\0')
		return error_set(e, ERR_INVALID, "%s", all);
	return error_field(e, path, "%s", all + strlen(path) + strlen(": "));
}

/* In the transaction what is looked up stays true, and the gateway there. */
static enum err
begin(void *ctx, struct txn *txn, const struct import *im)
{
	struct gateway now = { 0 };

	if (txn_begin(txn, im->db, im->e) != ERR_OK)
		return im->e->code;
	return gateway_get(ctx, im->db, im->gateway->id, &now, im->e);
}

enum err
service_file_import(void *ctx, struct db *db, const struct gateway *g,
    struct service_import *import, struct error *e)
{
	SCOPED(tmp, NULL);
	struct json_object *answer = json_keep(tmp, mem_must(json_object_new_object()));
	struct import im = {
		.order = import, .db = db, .gateway = g, .e = e,
		.added = answer_list(answer, "added"),
		.replaced = answer_list(answer, "replaced"),
		.skipped = answer_list(answer, "skipped"),
	};
	struct references open;
	bool writes = import->mode == IMPORT_WRITE;
	TXN(txn);

	service_file_check(tmp, import->document, import->faults, &open);
	if (writes && import->faults->count == 0 && begin(tmp, &txn, &im) != ERR_OK)
		return e->code;
	if (check_references(&im, &open) != ERR_OK)
		return e->code;
	if (import->faults->count > 0)
		return refuse(import->faults, e);
	if (import->mode != IMPORT_VALIDATE && import_document(&im) != ERR_OK)
		return e->code;
	if (writes && txn_commit(&txn, e) != ERR_OK)
		return e->code;
	answer_sum(answer);
	import->answer = json_keep(ctx, json_object_get(answer));
	return ERR_OK;
}

/* --- export --- */

/* Adds the stored item TEXT to section S of DOCUMENT, which is made where it is not there. */
static enum err
export_entry(struct json_object *document, const struct section *s, const char *name,
    const char *text, struct error *e)
{
	SCOPED(tmp, NULL);
	struct json_object *o = json_own(tmp, text), *list = json_get(document, s->key);

	if (o == NULL)
		return error_set(e, ERR_INTERNAL, "the stored %s %s is damaged", s->word, name);
	json_push(list != NULL ? list : answer_list(document, s->key), json_object_get(o));
	return ERR_OK;
}

static enum err
export_services(struct json_object *document, const struct section *s, const struct records *all,
    struct error *e)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct service *service = records_at(all, i);

		if (!service->discovered && service->active &&
		    export_entry(document, s, service->name, service->definition, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

static enum err
export_items(struct json_object *document, const struct section *s, const struct records *all,
    struct error *e)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct item *item = records_at(all, i);

		if (strcmp(item->kind, s->key) == 0 &&
		    export_entry(document, s, item->name, item->body, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

static enum err
export_secrets(struct json_object *document, const struct section *s, const struct records *all)
{
	struct json_object *list = all->n > 0 ? answer_list(document, s->key) : NULL;

	for (size_t i = 0; i < all->n; i++) {
		const struct secret *secret = records_at(all, i);
		struct json_object *o = mem_must(json_object_new_object());

		json_set(o, "name", mem_must(json_object_new_string(secret->name)));
		json_push(list, o);
	}
	return ERR_OK;
}

enum err
service_file_export(void *ctx, struct db *db, const char *gateway_id, struct json_object **document,
    struct error *e)
{
	SCOPED(tmp, NULL);
	struct json_object *made = json_keep(tmp, mem_must(json_object_new_object()));
	struct gateway gateway = { 0 };
	struct records services, items, secrets;
	enum err rc;

	/* Services first: what they refer to is there then, also when an import comes between. */
	if (gateway_get(tmp, db, gateway_id, &gateway, e) != ERR_OK ||
	    service_list(tmp, db, NULL, gateway.cluster_id, &services, e) != ERR_OK ||
	    item_list(tmp, db, gateway_id, &items, e) != ERR_OK ||
	    secret_list(tmp, db, gateway_id, &secrets, e) != ERR_OK)
		return e->code;
	for (const struct section *s = service_file_sections; s->key != NULL; s++) {
		rc = s->is_services ? export_services(made, s, &services, e) :
		    s->is_secrets ? export_secrets(made, s, &secrets) :
		    export_items(made, s, &items, e);
		if (rc != ERR_OK)
			return rc;
	}
	*document = json_keep(ctx, json_object_get(made));
	return ERR_OK;
}
