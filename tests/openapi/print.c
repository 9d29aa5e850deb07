/* Prints the OpenAPI document as doc/openapi.json has it: see tests/check-openapi. */
#include <stdio.h>

#include "api/app.h"
#include "api/openapi.h"
#include "base/mem.h"

enum { FLAGS = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE };

int
main(void)
{
	void *ctx = mem_scope(NULL);
	struct error e = { .detail = "" };
	struct app *app = app_new(ctx, config_defaults(ctx, "/nonexistent"), &e);
	struct json_object *document;
	bool good;

	if (app == NULL) {
		fprintf(stderr, "print: %s\n", e.detail);
		return 1;
	}
	document = openapi_document(app->router);
	good = puts(json_object_to_json_string_ext(document, FLAGS)) >= 0;
	json_object_put(document);
	mem_free(ctx);
	return good && fflush(stdout) == 0 ? 0 : 1;
}
