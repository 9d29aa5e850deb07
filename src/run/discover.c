#include "run/discover.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "connector/connector.h"
#include "json/body.h"
#include "store/service.h"

static void
name_kinds(const char *kind, struct faults *faults)
{
	SCOPED(tmp, NULL);
	char *known = mem_text(tmp, "");

	for (const char *const *k = conn_kinds(); *k != NULL; k++)
		known = mem_printf(tmp, "%s%s%s", known, *known != '\0' ? ", " : "", *k);
	faults_add(faults, "connector.kind", "there is no kind %s, but %s", kind, known);
}

void
discover_check(const struct gateway *g, struct faults *faults)
{
	SCOPED(tmp, NULL);
	const struct connector_ops *ops = conn_find(g->connector_kind);
	struct faults *found = faults_new(tmp);

	if (ops == NULL) {
		name_kinds(g->connector_kind, faults);
		return;
	}
	ops->check(json_own(tmp, g->connector_settings), found);
	for (size_t i = 0; i < found->kept; i++)
		faults_add(faults, mem_printf(tmp, "connector.%s", found->at[i].path), "%s",
		    found->at[i].text);
}

bool
discover_connected(const struct gateway *g)
{
	SCOPED(tmp, NULL);
	const struct connector_ops *ops = conn_find(g->connector_kind);

	return g->enabled && ops != NULL && ops->connected(json_own(tmp, g->connector_settings));
}

enum err
discover_services(struct db *db, const struct gateway *g, struct error *e)
{
	SCOPED(tmp, NULL);
	const struct connector_ops *ops = conn_find(g->connector_kind);
	struct conn_service *offered;
	size_t n = 0;

	if (service_retire_discovered(db, g->id, e) != ERR_OK)
		return e->code;
	if (ops == NULL || !(ops->can & CAN_DISCOVER))
		return ERR_OK;
	offered = ops->discover(tmp, json_own(tmp, g->connector_settings), &n);
	for (size_t i = 0; i < n; i++) {
		struct service s = {
			.id = id_new(tmp),
			.uuid = id_uuid(tmp),
			.gateway_id = g->id,
			.name = offered[i].name,
			.type = offered[i].type,
			.description = offered[i].description,
			.discovered = true,
			.definition = json_text(tmp, offered[i].definition),
			.created = clock_wall(),
		};

		if (service_discover(db, &s, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}
