#include "run/plan.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "json/body.h"
#include "run/vault.h"
#include "secret/digest.h"

const char *
plan_workspace(struct json_object *definition)
{
	const char *own =
	    json_get_text(json_get(json_get(definition, "runtime"), "env"), "TF_WORKSPACE");

	return own != NULL && own[0] != '\0' ? own : PLAN_WORKSPACE;
}

/* What the state says of itself; S->whole is false where it is none. */
static void
describe(struct plan_state *s, const char *text, size_t n, void *ctx)
{
	struct json_object *o = NULL, *resources;
	struct error ignored;
	const char *lineage = NULL;

	if (json_parse(ctx, text, n, &o, &ignored) == ERR_OK)
		lineage = json_get_text(o, "lineage");
	resources = json_get(o, "resources");
	s->whole = lineage != NULL && json_object_is_type(json_get(o, "version"), json_type_int) &&
	    json_object_is_type(json_get(o, "serial"), json_type_int);
	s->lineage = lineage != NULL ? lineage : "";
	s->serial = json_object_get_int64(json_get(o, "serial"));
	s->resources = json_object_is_type(resources, json_type_array) ?
	    (int64_t)json_object_array_length(resources) : 0;
}

enum err
plan_put(void *ctx, struct db *db, const struct config *c, struct plan_state *s, const char *text,
    size_t n, struct error *e)
{
	struct plan_state last = {
		.gateway_id = s->gateway_id, .service = s->service, .workspace = s->workspace,
	};
	size_t len;
	char *mended = utf8_mend(ctx, text, n, &len);
	bool found;

	s->digest = digest_hex(ctx, text, n);
	if (plan_state_find(ctx, db, &last, &found, e) != ERR_OK)
		return e->code;
	if (found && strcmp(last.digest, s->digest) == 0)
		return ERR_OK;
	describe(s, text, n, ctx);
	s->id = id_new(ctx);
	s->version = found ? last.version + 1 : 1;
	s->bytes = (int64_t)n;
	s->created = clock_wall();
	if (vault_put_state(db, c, s, mended, e) != ERR_OK)
		return e->code;
	if (c->retention_states == 0 || s->version <= c->retention_states)
		return ERR_OK;
	last.version = s->version - c->retention_states;
	return plan_state_thin(db, &last, e);
}
