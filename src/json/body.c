#include "json/body.h"

#include <string.h>

#include "base/mem.h"

/* Ties a json-c reference to the memory tree. */
struct keeper {
	struct json_object *o;
};

static int
keeper_free(struct keeper *k)
{
	json_object_put(k->o);
	return 0;
}

struct json_object *
json_keep(void *ctx, struct json_object *o)
{
	struct keeper *k;

	if (o == NULL)
		return NULL;
	k = MEM_NEW(ctx, struct keeper);
	k->o = o;
	MEM_ON_FREE(k, keeper_free);
	return o;
}

struct json_object *
json_own(void *ctx, const char *text)
{
	struct json_object *o;
	struct error e;

	if (text == NULL || json_parse(ctx, text, strlen(text), &o, &e) != ERR_OK)
		return NULL;
	return o;
}

char *
json_text(void *ctx, struct json_object *o)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	size_t n;
	const char *s;

	if (o == NULL)
		return mem_text(ctx, "null");
	s = mem_must((void *)(uintptr_t)json_object_to_json_string_length(o, flags, &n));
	return mem_textn(ctx, s, n);
}

struct json_object *
json_get(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &v))
		return NULL;
	return v;
}

const char *
json_get_text(struct json_object *o, const char *key)
{
	struct json_object *v = json_get(o, key);

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

void
json_set(struct json_object *o, const char *key, struct json_object *v)
{
	if (json_object_object_add(o, key, v) != 0)
		mem_must(NULL);
}

void
json_push(struct json_object *array, struct json_object *v)
{
	if (json_object_array_add(array, v) != 0)
		mem_must(NULL);
}
