#include "run/order.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/schema.h"
#include "run/discover.h"
#include "run/frame.h"
#include "store/item.h"

static const char mask[] = "********";

enum err
order_no_gateway(const char *cluster_id, struct error *e)
{
	return error_set(e, ERR_NOT_FOUND, "No connection found to Gateway with cluster id %s",
	    cluster_id);
}

static enum err
may_run(const struct gateway *g, const struct service *s, bool found, struct error *e)
{
	if (!g->enabled)
		return error_set(e, ERR_INVALID, "Gateway %s is disabled", g->cluster_id);
	if (g->readonly)
		return error_set(
		    e, ERR_INVALID, "Gateway %s is read-only: runs are refused", g->cluster_id);
	if (!discover_connected(g))
		return order_no_gateway(g->cluster_id, e);
	if (!found || !s->active)
		return error_set(e, ERR_NOT_FOUND, "Service not found on cluster");
	return ERR_OK;
}

enum err
order_find(void *ctx, struct db *db, const char *cluster_id, const char *service, struct gateway *g,
    struct service *s, struct error *e)
{
	bool found;

	if (gateway_by_cluster(ctx, db, cluster_id, g, &found, e) != ERR_OK ||
	    (!found && order_choose(ctx, db, cluster_id, g, &found, e) != ERR_OK))
		return e->code;
	if (!found)
		return order_no_gateway(cluster_id, e);
	if (service_by_name(ctx, db, g->id, service, s, &found, e) != ERR_OK)
		return e->code;
	return may_run(g, s, found, e);
}

enum err
order_find_again(void *ctx, struct db *db, const struct job *j, struct gateway *g,
    struct service *s, struct error *e)
{
	enum err rc = gateway_get(ctx, db, j->gateway_id, g, e);

	if (rc == ERR_NOT_FOUND)
		return order_no_gateway(j->cluster_id, e);
	if (rc != ERR_OK)
		return rc;
	rc = service_get(ctx, db, j->service_id, s, e);
	return rc == ERR_OK || rc == ERR_NOT_FOUND ? may_run(g, s, rc == ERR_OK, e) : rc;
}

/* A discovered service brings its schema, an imported one names a decorator of its gateway. */
enum err
order_decorator(void *ctx, struct db *db, struct schema_keep *keep, const struct service *s,
    const struct schema **schema, struct faults *faults, struct error *e)
{
	struct json_object *named = json_get(json_own(ctx, s->definition), "decorator");
	struct item item;
	bool found;

	*schema = NULL;
	if (named == NULL)
		return ERR_OK;
	if (!json_object_is_type(named, json_type_string))
		*schema = schema_keep_get(keep, ctx, s->definition, "decorator", faults);
	else if (item_find(ctx, db, s->gateway_id, "decorators", json_object_get_string(named),
	    &item, &found, e) != ERR_OK)
		return e->code;
	else if (!found)
		return error_set(e, ERR_NOT_FOUND,
		    "The decorator %s of service %s is not on its gateway",
		    json_object_get_string(named), s->name);
	else
		*schema = schema_keep_get(keep, ctx, item.body, "schema", faults);
	return *schema != NULL ? ERR_OK :
	    error_set(e, ERR_INVALID, "The decorator of service %s cannot be used", s->name);
}

/* The text of PARAMS, secrets masked. */
static const char *
shown_params(void *ctx, const struct schema *schema, struct json_object *params, bool *secret)
{
	struct json_object *copy = NULL;

	*secret = false;
	json_object_object_foreach(params, key, value) {
		(void)value;
		*secret |= schema != NULL && schema_is_secret(schema, key);
	}
	if (!*secret)
		return json_text(ctx, params);
	json_object_deep_copy(params, &copy, NULL);
	json_keep(ctx, copy);
	json_object_object_foreach(params, name, unmasked) {
		(void)unmasked;
		if (schema_is_secret(schema, name))
			json_object_object_add(copy, name, json_object_new_string(mask));
	}
	return json_text(ctx, copy);
}

/* api.md section 5: a plan says what is to be done with it. */
static void
check_action(const struct service *s, struct json_object *params, struct faults *faults)
{
	static const char *const actions[] = { "apply", "destroy", "plan" };
	const char *action = json_get_text(params, "action");

	if (strcmp(s->type, "opentofu-plan") != 0)
		return;
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (text_eq(action, actions[i]))
			return;
	faults_add(faults, "/action", "must be apply, destroy or plan");
}

enum err
order_check_params(void *ctx, struct db *db, struct schema_keep *keep, const struct service *s,
    struct json_object *params, const char **shown, bool *secret, struct error *e)
{
	struct faults *faults = faults_new(ctx);
	const struct schema *schema;

	if (order_decorator(ctx, db, keep, s, &schema, faults, e) != ERR_OK) {
		*shown = e->detail;
		if (faults->count == 0)
			return e->code;
		*shown = mem_printf(ctx, "The decorator of the service cannot be used: %s",
		    faults_text(ctx, faults));
		return error_set(e, ERR_INVALID, "%s", *shown);
	}
	if (schema != NULL) {
		schema_apply_defaults(schema, params);
		schema_check(schema, params, faults);
	}
	check_action(s, params, faults);
	if (faults->count > 0) {
		*shown = mem_printf(ctx, "Invalid parameters: %s", faults_text(ctx, faults));
		return error_set(e, ERR_INVALID, "%s", *shown);
	}
	*shown = shown_params(ctx, schema, params, secret);
	return ERR_OK;
}

static struct wait *
wait_new(void *ctx, const char *op, const char *tag, int64_t wait_ms, struct json_object **o)
{
	struct wait *w = MEM_NEW(ctx, struct wait);

	w->tag = mem_text(w, tag);
	w->deadline = clock_mono() + wait_ms;
	*o = json_object_new_object();
	frame_text(*o, "op", op);
	frame_text(*o, "tag", tag);
	return w;
}

static struct wait *
wait_pack(struct wait *w, struct json_object *o)
{
	w->frame = frame_pack(w, o, &w->frame_len);
	json_object_put(o);
	return w;
}

struct wait *
order_submit(void *ctx, const struct job *j, bool until_accepted, int64_t wait_ms)
{
	struct json_object *o;
	SCOPED(tmp, NULL);
	struct wait *w = wait_new(ctx, "submit", id_uuid(tmp), wait_ms, &o);

	w->until_accepted = until_accepted;
	w->request_id = mem_text(w, j->request_id);
	frame_text(o, "request_id", j->request_id);
	frame_text(o, "body_digest", j->body_digest);
	frame_text(o, "gateway_id", j->gateway_id);
	frame_text(o, "cluster_id", j->cluster_id);
	frame_text(o, "virtual_cluster_id", j->virtual_cluster_id);
	frame_text(o, "service_id", j->service_id);
	frame_text(o, "service", j->service);
	frame_text(o, "type", j->type);
	frame_text(o, "params", j->params);
	frame_text(o, "order_params", j->order_params);
	frame_text(o, "inventory", j->inventory);
	frame_text(o, "order_inventory", j->order_inventory);
	frame_text(o, "requested_by", j->requested_by);
	return wait_pack(w, o);
}

static struct wait *
wait_for_job(void *ctx, const char *op, const char *job_id, int64_t wait_ms, struct json_object **o)
{
	SCOPED(tmp, NULL);
	struct wait *w = wait_new(ctx, op, id_uuid(tmp), wait_ms, o);

	frame_text(*o, "job_id", job_id);
	return w;
}

struct wait *
order_cancel(void *ctx, const char *job_id, int64_t wait_ms)
{
	struct json_object *o;
	struct wait *w = wait_for_job(ctx, "cancel", job_id, wait_ms, &o);

	return wait_pack(w, o);
}

struct wait *
order_follow(void *ctx, const char *job_id, const int64_t seen[2], int64_t wait_ms)
{
	struct json_object *o;
	struct wait *w = wait_for_job(ctx, "follow", job_id, wait_ms, &o);

	json_object_object_add(o, "stdout", json_object_new_int64(seen[0]));
	json_object_object_add(o, "stderr", json_object_new_int64(seen[1]));
	return wait_pack(w, o);
}

struct wait *
order_await(void *ctx, const char *job_id, int64_t wait_ms)
{
	static const int64_t no_output[2] = { INT64_MAX, INT64_MAX };

	return order_follow(ctx, job_id, no_output, wait_ms);
}

static struct wait *
wait_for_gateway(void *ctx, const char *op, const char *gateway_id, int64_t wait_ms)
{
	SCOPED(tmp, NULL);
	struct json_object *o;
	struct wait *w = wait_new(ctx, op, id_uuid(tmp), wait_ms, &o);

	frame_text(o, "gateway_id", gateway_id);
	return wait_pack(w, o);
}

struct wait *
order_ping(void *ctx, const char *gateway_id, int64_t wait_ms)
{
	return wait_for_gateway(ctx, "ping", gateway_id, wait_ms);
}

struct wait *
order_inspect(void *ctx, const char *gateway_id, int64_t wait_ms)
{
	return wait_for_gateway(ctx, "inspect", gateway_id, wait_ms);
}

enum { FETCH_STEPS = 3, FETCH_SPARE_S = 60, MS_PER_S = 1000 };

struct wait *
order_fetch(void *ctx, const struct config *c, const struct order_file *f)
{
	/* A fetch, another where the server gives no single commit, and the small steps. */
	const int64_t wait_ms = (FETCH_STEPS * c->git_timeout + FETCH_SPARE_S) * MS_PER_S;
	SCOPED(tmp, NULL);
	struct json_object *o;
	struct wait *w = wait_new(ctx, "fetch", id_uuid(tmp), wait_ms, &o);

	frame_text(o, "gateway_id", f->gateway_id);
	frame_text(o, "url", f->url);
	frame_text(o, "reference", f->reference);
	frame_text(o, "file", f->file);
	frame_text(o, "username", f->username);
	frame_text(o, "password", f->password);
	frame_text(o, "key", f->key);
	return wait_pack(w, o);
}
