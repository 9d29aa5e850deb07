#include "run/frame.h"

#include <string.h>

#include "base/mem.h"
#include "json/body.h"

void
frame_text(struct json_object *o, const char *key, const char *text)
{
	if (text != NULL)
		json_object_object_add(o, key, json_object_new_string(text));
}

void *
frame_pack(void *ctx, struct json_object *o, size_t *n)
{
	size_t len;
	const char *text = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, &len);
	unsigned char *out = mem_bytes(ctx, FRAME_HEAD + len);

	for (int i = 0; i < FRAME_HEAD; i++)
		out[i] = (unsigned char)(len >> (8 * (FRAME_HEAD - 1 - i)));
	memcpy(out + FRAME_HEAD, text, len);
	*n = FRAME_HEAD + len;
	return out;
}

enum err
frame_take(void *ctx, struct text *in, struct json_object **o, struct error *e)
{
	size_t len = 0;

	*o = NULL;
	if (in->len < FRAME_HEAD)
		return ERR_OK;
	for (int i = 0; i < FRAME_HEAD; i++)
		len = len << 8 | (unsigned char)in->at[i];
	if (len > FRAME_MAX)
		return error_set(e, ERR_MALFORMED, "a frame of %zu bytes", len);
	if (in->len < FRAME_HEAD + len)
		return ERR_OK;
	if (json_parse(ctx, in->at + FRAME_HEAD, len, o, e) != ERR_OK)
		return e->code;
	text_drop(in, FRAME_HEAD + len);
	if (json_object_is_type(*o, json_type_object))
		return ERR_OK;
	*o = NULL;
	return error_set(e, ERR_MALFORMED, "a frame without an object");
}
