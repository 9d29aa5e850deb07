/*
 * Whatever comes in: json_parse() does not crash, and what it accepts prints as
 * JSON that it accepts again and that is equal.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_error(const struct error *e)
{
	if (e->code != ERR_MALFORMED || strncmp(e->detail, "line ", 5) != 0 ||
	    strchr(e->detail, '\n') != NULL || !utf8_valid(e->detail, strlen(e->detail)))
		abort();
}

static void
check_again(void *ctx, struct json_object *o)
{
	const char *text = json_text(ctx, o);
	struct json_object *again;
	struct error e;

	if (!utf8_valid(text, strlen(text)) ||
	    json_parse(ctx, text, strlen(text), &again, &e) != ERR_OK ||
	    !json_object_equal(o, again) || strcmp(json_text(ctx, again), text) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	SCOPED(tmp, NULL);
	struct json_object *o;
	struct error e = { 0 };

	if (json_parse(tmp, data, n, &o, &e) == ERR_OK)
		check_again(tmp, o);
	else
		check_error(&e);
	return 0;
}
