#ifndef JSON_RECORD_H
#define JSON_RECORD_H

#include <json-c/json.h>

#include "base/err.h"
#include "base/field.h"

/* Reads the field table (base/field.h) between JSON and structs. */
enum record_use {
	RECORD_CREATE,		/* required members must be there */
	RECORD_UPDATE		/* all are optional */
};

enum { RECORD_NAMES_MAX = 1000, RECORD_NAME_MAX = 256 };	/* members of a list by default; characters of each */

/*
 * Fills RECORD (the struct that FIELDS describe) from O, which must be an object. What O lacks keeps its value, in
 * a create too: set defaults before. Texts and lists are made for CTX; nothing of O is borrowed.
 *
 * Refused, with the member's dotted name ("connector.kind") in E: what is unknown or readonly; a wrong type, length
 * (characters), range or form; null but for a FIELD_JSON, which it makes NULL; in a create a required member that is
 * absent (in a nest: if the nest is there). A list replaces the list that was there. A FIELD_TIME takes what
 * record_to_json() writes, UTC to the second. RECORD may be half filled after a failure.
 */
enum err record_from_json(void *ctx, const struct field *fields, struct json_object *o, void *record,
    enum record_use use, struct error *e) MUST_CHECK;
/* A new object, owned by the caller, with all members of RECORD in the table's order. */
struct json_object *record_to_json(const struct field *fields, const void *record);
/* The field with this wire name, "connector.kind" for one in a nest; NULL where there is none. */
const struct field *record_find(const struct field *fields, const char *wire);

#endif
