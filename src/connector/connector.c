#include "connector/connector.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "json/body.h"

static const struct connector_ops *const connectors[] = { &connector_local, &connector_simulator };

enum { PARALLEL_MAX = 100000 };	/* as [run] parallel_gateway */
enum { CONNECTORS = sizeof connectors / sizeof *connectors };

const struct connector_ops *
conn_find(const char *kind)
{
	for (size_t i = 0; i < CONNECTORS; i++)
		if (strcmp(connectors[i]->kind, kind) == 0)
			return connectors[i];
	return NULL;
}

const char *const *
conn_kinds(void)
{
	static const char *const kinds[CONNECTORS + 1] = { "local", "simulator", NULL };

	return kinds;
}

int64_t
conn_parallel(struct json_object *settings)
{
	struct json_object *o = json_get(settings, CONN_PARALLEL);

	return o != NULL ? json_object_get_int64(o) : -1;
}

void
conn_check_parallel(struct json_object *value, const char *path, struct faults *faults)
{
	int64_t n = json_object_get_int64(value);

	if (!json_object_is_type(value, json_type_int) || n < 0 || n > PARALLEL_MAX)
		faults_add(faults, path, "must be a whole number from 0 to %d", PARALLEL_MAX);
}

void
conn_recover(const struct config *config)
{
	struct error e;

	for (size_t i = 0; i < CONNECTORS; i++)
		if (connectors[i]->recover != NULL &&
		    connectors[i]->recover(config, &e) != ERR_OK)
			log_error("what is left of runs on %s gateways stays: %s",
			    connectors[i]->kind, e.detail);
}

static int
conn_close(struct conn *c)
{
	if (c->runs != NULL)
		log_error("gateway %s is closed while %zu runs are under way", c->cluster_id,
		    conn_count(c));
	/* They end with the gateway, and nobody is told any more. */
	while (c->runs != NULL) {
		struct conn_run *r = c->runs;

		c->runs = r->next;
		mem_free(r);
	}
	c->ops->close(c);
	return 0;
}

/* SETTINGS as an object that belongs to CTX; none at all are empty ones. */
static struct json_object *
settings_of(void *ctx, struct json_object *settings, struct error *e)
{
	if (settings == NULL)
		return json_keep(ctx, mem_must(json_object_new_object()));
	if (json_object_is_type(settings, json_type_object))
		return json_keep(ctx, json_object_get(settings));
	error_field(e, "settings", "must be an object");
	return NULL;
}

static enum err
settings_check(const struct connector_ops *ops, struct json_object *settings, struct error *e)
{
	SCOPED(tmp, NULL);
	struct faults *faults = faults_new(tmp);

	ops->check(settings, faults);
	if (faults->count == 0)
		return ERR_OK;
	return error_set(e, ERR_INVALID, "the settings of the gateway are not valid: %s",
	    faults_text(tmp, faults));
}

struct conn *
conn_open(void *ctx, struct loop *l, const struct config *config, const char *kind,
    const char *cluster_id, struct json_object *settings, struct error *e)
{
	struct conn *c = MEM_NEW(ctx, struct conn);

	c->ops = conn_find(kind);
	c->config = config;
	c->loop = l;
	c->cluster_id = mem_text(c, cluster_id);
	if (c->ops == NULL)
		error_set(e, ERR_INVALID, "there is no connector %s", kind);
	if (c->ops == NULL || (c->settings = settings_of(c, settings, e)) == NULL ||
	    settings_check(c->ops, c->settings, e) != ERR_OK || c->ops->open(c, e) != ERR_OK) {
		mem_free(c);
		return NULL;
	}
	MEM_ON_FREE(c, conn_close);
	log_debug("gateway %s: %s connector opened", c->cluster_id, kind);
	return c;
}

enum err
conn_ping(struct conn *c, struct error *e)
{
	enum err result = c->ops->ping(c, e);

	if (result != ERR_OK)
		log_debug("gateway %s: no answer: %s", c->cluster_id, e->detail);
	return result;
}

static struct conn_run *
run_find(const struct conn *c, const char *attempt_id)
{
	for (struct conn_run *r = c->runs; r != NULL; r = r->next)
		if (strcmp(r->attempt_id, attempt_id) == 0)
			return r;
	return NULL;
}

static void
run_unlink(struct conn_run *r)
{
	struct conn_run **at = &r->conn->runs;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
}

enum err
conn_submit(struct conn *c, const struct conn_order *order, const struct conn_events *events,
    void *arg, struct error *e)
{
	struct conn_run *r;
	enum err result;

	if (run_find(c, order->attempt_id) != NULL)
		return error_set(e, ERR_CONFLICT, "attempt %s is under way already",
		    order->attempt_id);
	r = MEM_NEW(c, struct conn_run);
	*r = (struct conn_run){
		.next = c->runs, .conn = c, .attempt_id = mem_text(r, order->attempt_id),
		.events = events, .arg = arg, .is_starting = true,
	};
	c->runs = r;
	result = c->ops->submit(r, order, e);
	r->is_starting = false;
	if (result == ERR_OK) {
		log_debug("gateway %s: attempt %s of %s started, %zu under way", c->cluster_id,
		    r->attempt_id, order->service, conn_count(c));
		return ERR_OK;
	}
	log_debug("gateway %s: attempt %s of %s refused: %s", c->cluster_id, r->attempt_id,
	    order->service, e->detail);
	run_unlink(r);
	mem_free(r);
	return result;
}

enum err
conn_cancel(struct conn *c, const char *attempt_id, struct error *e)
{
	struct conn_run *r = run_find(c, attempt_id);

	if (r == NULL)
		return error_set(e, ERR_NOT_FOUND, "attempt %s is not under way", attempt_id);
	if (!(c->ops->can & CAN_CANCEL))
		return error_set(e, ERR_INVALID, "runs on %s gateways cannot be canceled",
		    c->ops->kind);
	log_debug("gateway %s: attempt %s is canceled", c->cluster_id, attempt_id);
	c->ops->cancel(r);
	return ERR_OK;
}

void
conn_hold(struct conn *c, const char *attempt_id, bool on)
{
	struct conn_run *r = run_find(c, attempt_id);

	if (r != NULL && (c->ops->can & CAN_STREAM))
		c->ops->hold(r, on);
}

size_t
conn_count(const struct conn *c)
{
	size_t n = 0;

	for (const struct conn_run *r = c->runs; r != NULL; r = r->next)
		n++;
	return n;
}

static const char *
text_copy(void *ctx, const char *s)
{
	return s != NULL ? mem_text(ctx, s) : NULL;
}

static struct json_object *
json_copy(void *ctx, struct json_object *o)
{
	return o != NULL ? json_keep(ctx, json_object_get(o)) : NULL;
}

static const struct conn_secret *
secrets_copy(void *ctx, const struct conn_order *order)
{
	struct conn_secret *all = MEM_ARRAY(ctx, struct conn_secret, order->n_secrets);

	for (size_t i = 0; i < order->n_secrets; i++) {
		all[i].name = mem_text(all, order->secrets[i].name);
		all[i].value = mem_wiped(mem_text(all, order->secrets[i].value));
	}
	return all;
}

const char *
conn_order_secret(const struct conn_order *order, const char *name)
{
	for (size_t i = 0; i < order->n_secrets; i++)
		if (strcmp(order->secrets[i].name, name) == 0)
			return order->secrets[i].value;
	return NULL;
}

const struct conn_order *
conn_order_copy(void *ctx, const struct conn_order *order)
{
	struct conn_order *o = MEM_NEW(ctx, struct conn_order);

	*o = *order;
	o->attempt_id = text_copy(o, order->attempt_id);
	o->job_id = text_copy(o, order->job_id);
	o->service = text_copy(o, order->service);
	o->type = text_copy(o, order->type);
	o->definition = json_copy(o, order->definition);
	o->params = json_copy(o, order->params);
	o->inventory = json_copy(o, order->inventory);
	o->executable = json_copy(o, order->executable);
	o->repository = json_copy(o, order->repository);
	o->secrets = secrets_copy(o, order);
	o->registries = json_copy(o, order->registries);
	o->state_path = text_copy(o, order->state_path);
	/* Not changed once it is compiled: it lives as long as one of those who have it. */
	if (order->schema != NULL)
		o->schema = mem_share(o, order->schema);
	return o;
}

void
conn_output(struct conn_run *r, enum conn_stream stream, const void *bytes, size_t n)
{
	assert(!r->is_starting);
	if (n > 0)
		r->events->output(r->arg, stream, bytes, n);
}

void
conn_note(struct conn_run *r, const char *event, const char *fmt, ...)
{
	va_list args;
	char *detail;

	va_start(args, fmt);
	detail = mem_must(talloc_vasprintf(r, fmt, args));
	va_end(args);
	r->events->note(r->arg, event, detail);
	mem_free(detail);
}

void
conn_ended(struct conn_run *r, const struct conn_end *end)
{
	assert(!r->is_starting);
	run_unlink(r);
	log_debug("gateway %s: attempt %s ended, %zu under way", r->conn->cluster_id, r->attempt_id,
	    conn_count(r->conn));
	/* Who is told may free the gateway, and its runs with it. */
	mem_steal(NULL, r);
	r->events->ended(r->arg, end);
	mem_free(r);
}
