#ifndef JSON_BODY_H
#define JSON_BODY_H

#include <stddef.h>
#include <json-c/json.h>

#include "base/err.h"

/*
 * Strict JSON (RFC 8259), as api.md section 1 wants it: UTF-8 only, no duplicate
 * keys, no NaN or Infinity, no single quotes, no comments, no raw control
 * characters, no trailing data, no leading zeros, no byte order mark, depth at
 * most JSON_DEPTH, integers that fit int64 stay integers, others and fractions
 * become doubles that print as they were written (a number too large for a double is refused).
 * "\u0000" and lone surrogates in strings are refused. At most JSON_VALUES values: an empty
 * object takes two bytes on the wire and hundreds in memory.
 * JSON_BYTES bounds the text (memory's largest piece is four times as much).
 * json-c's own parser is laxer than that (style.md, traps).
 */
enum { JSON_DEPTH = 64, JSON_VALUES = 1000000, JSON_BYTES = 67108864 };

/*
 * The value that the N bytes at AT are; it belongs to CTX (a talloc parent) and
 * is put when CTX is freed. A JSON null comes as *VALUE NULL, and so does a failure.
 * ERR_MALFORMED with the position ("line 3, column 7: ...") where it is none.
 */
enum err json_parse(void *ctx, const void *at, size_t n, struct json_object **value, struct error *e) MUST_CHECK;
/* As json_parse(), for text that is ours (from the database): NULL where it is no JSON, null, or NULL. */
struct json_object *json_own(void *ctx, const char *text);
/* Makes O (a reference that the caller had) belong to CTX. Returns O. NULL is fine. */
struct json_object *json_keep(void *ctx, struct json_object *o);
/* O as compact JSON text, made for CTX ("null" for NULL). One thread at a time may do so for one O. */
char *json_text(void *ctx, struct json_object *o);
/* Borrowed text of member KEY of object O; NULL where it is absent or no string. */
const char *json_get_text(struct json_object *o, const char *key);
/* Borrowed member KEY of O; NULL where O is no object, KEY is absent or null. */
struct json_object *json_get(struct json_object *o, const char *key);
/* Sets member KEY (copied) of object O, or adds a member to ARRAY. The reference V (NULL: null) goes to them. */
void json_set(struct json_object *o, const char *key, struct json_object *v);
void json_push(struct json_object *array, struct json_object *v);

#endif
