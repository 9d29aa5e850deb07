#ifndef API_SERVICE_FILE_H
#define API_SERVICE_FILE_H

#include <json-c/json.h>

#include "base/err.h"
#include "base/fault.h"
#include "db/db.h"
#include "store/gateway.h"

/*
 * The service file (services.md section 1): one document that says what a
 * gateway offers. It is what `gatehouse import` and the import operation read
 * and what the export gives.
 */
enum import_mode {
	IMPORT_VALIDATE,	/* only parse and check the document */
	IMPORT_CHECK,		/* say what would happen, write nothing */
	IMPORT_WRITE
};

/* What is to be imported, and what came of it. */
struct service_import {
	struct json_object *document;
	enum import_mode mode;
	bool force;			/* replace what is there */
	const struct config *config;	/* of the state directory, whose keys seal the values of secrets */
	const char *by;			/* who imports */
	struct faults *faults;		/* new, of the caller: gets every fault of the document */
	struct json_object *answer;	/* out, on success */
};

/*
 * YAML or JSON text (JSON where the first character that is no blank is '{'), made for CTX. ERR_MALFORMED with the
 * position.
 */
enum err service_file_parse(void *ctx, const char *text, size_t n, struct json_object **document,
    struct error *e) MUST_CHECK;
/*
 * Imports the document into G: an item whose name is there is skipped, or with FORCE replaced; nothing is deleted; all
 * or nothing. The answer (for CTX) is {added:[], replaced:[], skipped:[], summary:{...}} with names as "kind/name" in
 * the document's order; all are empty with IMPORT_VALIDATE. Every fault of the document goes to FAULTS by its path
 * ("services[2].playbooks"); with faults it returns ERR_INVALID, E.field being the first path and E.detail all
 * of them as faults_text() gives, and nothing is written. References (a service's decorator, repository,
 * executable-object) must be in the document or on the gateway already. A service that was discovered is there too, as
 * long as it is active. A secret's value is kept sealed; one without a value keeps what it has. Only IMPORT_WRITE
 * begins a transaction, one of its own.
 */
enum err service_file_import(void *ctx, struct db *db, const struct gateway *g, struct service_import *import,
    struct error *e) MUST_CHECK;
/*
 * What was imported, item by item as it came, for CTX; sections without items are left out. Secrets have their names,
 * never a value; those are among them that came another way.
 */
enum err service_file_export(void *ctx, struct db *db, const char *gateway_id, struct json_object **document,
    struct error *e) MUST_CHECK;

#endif
