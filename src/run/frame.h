#ifndef RUN_FRAME_H
#define RUN_FRAME_H

#include <stddef.h>
#include <json-c/json.h>

#include "base/err.h"
#include "base/text.h"

/* What goes over the control socket: a length of 4 bytes, most significant first, and a JSON object of that length. */
enum { FRAME_HEAD = 4, FRAME_MAX = 64 * 1024 * 1024 };

/* O packed, for CTX. */
void *frame_pack(void *ctx, struct json_object *o, size_t *n);
/*
 * Takes the first whole frame out of IN; *O (for CTX) is NULL where none is there yet.
 * ERR_MALFORMED: the peer is not ours.
 */
enum err frame_take(void *ctx, struct text *in, struct json_object **o, struct error *e) MUST_CHECK;
/* O[key] = text, unless that is NULL. */
void frame_text(struct json_object *o, const char *key, const char *text);

#endif
