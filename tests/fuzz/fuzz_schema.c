/*
 * A schema and a value, with a NUL byte or a newline between them: whatever they
 * are, compiling and checking must neither crash nor hang, and a schema that
 * compiles must answer the same each time.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "json/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct json_object *
parse(const char *s, size_t n)
{
	struct json_tokener *t = json_tokener_new();
	struct json_object *o = json_tokener_parse_ex(t, s, (int)n);

	json_tokener_free(t);
	return o;
}

static void
ask(const struct schema *s, struct json_object *value, void *ctx)
{
	struct faults *first = faults_new(ctx), *second = faults_new(ctx), *third = faults_new(ctx);
	size_t n = schema_check(s, value, first);

	assert(n == first->count);
	/* a pattern may run out of time in one of them */
	if (n < FAULTS_MAX && strstr(faults_text(ctx, first), "too long") == NULL)
		assert(schema_check(s, value, second) == n);
	schema_is_boolean(s, "a");
	schema_is_secret(s, "a");
	schema_apply_defaults(s, value);
	schema_check(s, value, third);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(ctx, NULL);
	const char *at = (const char *)data;
	const char *gap = memchr(at, '\0', size);
	struct faults *faults = faults_new(ctx);
	struct json_object *source, *value;
	struct schema *s;

	if (gap == NULL)
		gap = memchr(at, '\n', size);
	if (gap == NULL)
		return 0;
	source = parse(at, (size_t)(gap - at));
	value = parse(gap + 1, size - (size_t)(gap - at) - 1);
	s = schema_compile(ctx, source, faults);
	assert((s == NULL) == (faults->count > 0));
	if (s != NULL)
		ask(s, value, ctx);
	json_object_put(source);
	json_object_put(value);
	return 0;
}
