/*
 * Whatever comes as a service file: it is read and checked, or refused; each fault names its place in one clean line.
 * What is without fault has what an import relies on.
 */
#include "fuzz.h"

#include "api/service_file.h"
#include "api/service_file_private.h"
#include "base/mem.h"
#include "base/text.h"
#include "json/body.h"

static void
check_items(void *ctx, struct json_object *document)
{
	for (const struct section *s = service_file_sections; s->key != NULL; s++) {
		struct json_object *list = json_get(document, s->key);

		for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
			struct json_object *o = json_object_array_get_idx(list, i);

			must(json_object_is_type(o, json_type_object));
			must(service_file_name(ctx, s, o, i) != NULL);
			must(!s->is_services || json_get_text(o, "type") != NULL);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	SCOPED(tmp, NULL);
	struct faults *faults = faults_new(tmp);
	struct json_object *document;
	struct references open;
	struct error e = { 0 };

	if (service_file_parse(tmp, (const char *)data, n, &document, &e) != ERR_OK) {
		must(e.code == ERR_MALFORMED);
		must_line(e.detail);
		return 0;
	}
	service_file_check(tmp, document, faults, &open);
	for (size_t i = 0; i < faults->kept; i++) {
		must_line(faults->at[i].path);
		must_line(faults->at[i].text);
	}
	for (size_t i = 0; i < open.n; i++)
		must(open.at[i].section != NULL && open.at[i].name != NULL && *open.at[i].path != '\0');
	if (faults->count == 0)
		check_items(tmp, document);
	return 0;
}
