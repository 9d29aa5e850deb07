#include <string.h>

#include "base/mem.h"
#include "json/body.h"
#include "run/parts.h"
#include "store/item.h"

enum err
registries_read(void *ctx, struct db *db, const char *gateway_id, struct json_object **registries,
    struct error *e)
{
	struct json_object *all = json_keep(ctx, mem_must(json_object_new_array()));
	struct records items;

	*registries = all;
	if (item_list(ctx, db, gateway_id, &items, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < items.n; i++) {
		const struct item *item = records_at(&items, i);

		if (strcmp(item->kind, "registries") == 0)
			json_push(all, json_object_get(json_own(ctx, item->body)));
	}
	return ERR_OK;
}
