/*
 * Whatever comes as the body of an operation (the first byte says which): it is read into a record, or refused with a
 * clean line that names the member; what was read goes out as JSON that can be read again.
 */
#include <string.h>

#include "fuzz.h"

#include "api/app.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"

/* Made once: it is constant. */
static const struct app *
the_app(void)
{
	static const struct app *app;
	static struct config config;
	struct error e;

	if (app == NULL)
		app = app_new(NULL, &config, &e);
	must(app != NULL);
	return app;
}

/* The route NUMBER, around, of those whose body is a record. */
static const struct route *
pick(unsigned number)
{
	size_t n, with = 0;
	const struct route *const *all = router_all(the_app()->router, &n);

	for (size_t i = 0; i < n; i++)
		with += all[i]->body.fields != NULL;
	number %= (unsigned)with;
	for (size_t i = 0; i < n; i++)
		if (all[i]->body.fields != NULL && number-- == 0)
			return all[i];
	return NULL;
}

static void
check_error(const struct error *e)
{
	must(e->code == ERR_INVALID && *e->detail != '\0');
	must(utf8_valid(e->detail, strlen(e->detail)) && utf8_valid(e->field, strlen(e->field)));
	for (const char *s = e->detail; *s != '\0'; s++)
		must((unsigned char)*s >= ' ' && *s != 0x7f);
}

static void
read_as(struct json_object *body, const struct route *route, enum record_use use)
{
	SCOPED(tmp, NULL);
	void *record = mem_bytes(tmp, route->body.size);
	struct json_object *out, *again;
	const char *text;
	struct error e = { 0 };

	if (record_from_json(tmp, route->body.fields, body, record, use, &e) != ERR_OK) {
		check_error(&e);
		return;
	}
	out = json_keep(tmp, record_to_json(route->body.fields, record));
	text = json_text(tmp, out);
	must(json_parse(tmp, text, strlen(text), &again, &e) == ERR_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	SCOPED(tmp, NULL);
	const struct route *route;
	struct json_object *body;
	struct error e = { 0 };

	if (n < 2 || json_parse(tmp, data + 1, n - 1, &body, &e) != ERR_OK)
		return 0;
	route = pick(data[0]);
	read_as(body, route, RECORD_CREATE);
	read_as(body, route, RECORD_UPDATE);
	return 0;
}
