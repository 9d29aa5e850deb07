#include <string.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/schema.h"
#include "run/order.h"
#include "run/parts.h"
#include "store/item.h"

enum { MS_PER_S = 1000, FLUSH_MS = 100, FLUSH_BYTES = 65536, HOLD_BYTES = 1024 * 1024 };

static struct gate *
gate_find(struct dispatch *d, const struct gateway *g)
{
	struct gate *gate;

	TAILQ_FOREACH(gate, &d->gates, next)
	if (strcmp(gate->gateway_id, g->id) == 0 && strcmp(gate->kind, g->connector_kind) == 0 &&
	    strcmp(gate->settings, g->connector_settings) == 0)
		return gate;
	return NULL;
}

/* The open gateway of these very settings: after a change old runs end on the old one. */
static struct gate *
gate_of(struct dispatch *d, const struct gateway *g, struct error *e)
{
	SCOPED(tmp, NULL);
	struct gate *gate = gate_find(d, g);

	if (gate != NULL)
		return gate;
	gate = MEM_NEW(d, struct gate);
	gate->gateway_id = mem_text(gate, g->id);
	gate->kind = mem_text(gate, g->connector_kind);
	gate->settings = mem_text(gate, g->connector_settings);
	gate->conn = conn_open(gate, d->loop, d->config, g->connector_kind, g->cluster_id,
	    json_own(tmp, g->connector_settings), e);
	if (gate->conn == NULL) {
		mem_free(gate);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&d->gates, gate, next);
	return gate;
}

struct gate *
gate_open(struct dispatch *d, const char *gateway_id, struct error *e)
{
	SCOPED(tmp, NULL);
	struct gateway g = { 0 };

	return gateway_get(tmp, d->db, gateway_id, &g, e) == ERR_OK ? gate_of(d, &g, e) : NULL;
}

void
gate_release(struct dispatch *d, struct gate *g)
{
	if (conn_count(g->conn) > 0)
		return;
	TAILQ_REMOVE(&d->gates, g, next);
	mem_free(g);
}

static void
flush(void *arg)
{
	struct run *r = arg;

	r->flush = NULL;
	run_todo(r, TODO_OUTPUT);
}

static void
on_output(void *arg, enum conn_stream stream, const void *bytes, size_t n)
{
	struct run *r = arg;
	struct text *pending = r->keep[stream == CONN_STDERR].pending;

	CRASH_POINT("output-read");
	hidden_output(r, stream == CONN_STDERR, bytes, n);
	if (pending->len >= FLUSH_BYTES)
		run_todo(r, TODO_OUTPUT);
	else if (r->flush == NULL)
		r->flush = loop_after(r->d->loop, FLUSH_MS, flush, r);
	/* Only while commits fail: the service is held up, nothing piles up here. */
	if (pending->len >= HOLD_BYTES && !r->held) {
		r->held = true;
		conn_hold(r->gate->conn, r->job.attempt_id, true);
	}
}

static void
on_note(void *arg, const char *event, const char *detail)
{
	SCOPED(tmp, NULL);

	run_note(arg, event, hidden_text(tmp, arg, detail));
}

static enum job_state
end_state(const struct run *r, const struct conn_end *end)
{
	switch (r->reason) {
	case REASON_TIMEOUT:
		return JOB_TIMEOUT;
	case REASON_CANCEL:
	case REASON_STOP:
		return JOB_CANCELED;
	case REASON_NONE:
		break;
	}
	return end->ran && end->return_code == 0 ? JOB_COMPLETED : JOB_FAILED;
}

static const char *
end_error(struct run *r, const struct conn_end *end)
{
	switch (r->reason) {
	case REASON_TIMEOUT:
		return mem_printf(r, "it was ended after its run time of %lld s",
		    (long long)(r->job.elapsed_ms / MS_PER_S));
	case REASON_CANCEL:
		return "it was canceled";
	case REASON_STOP:
		return "it was ended because gatehoused was stopped";
	case REASON_NONE:
		break;
	}
	return end->ran ? NULL : end->error;
}

static void
finish(struct run *r, const struct conn_end *end)
{
	enum job_state state;
	const char *error;

	/* Before anybody is told that it has ended. */
	plan_end(r);
	loop_cancel(r->flush);
	r->flush = NULL;
	r->held = false;
	if (end->ran)
		r->job.return_code = end->return_code;
	if (end->results != NULL)
		r->job.results = hidden_json(r, r, end->results);
	r->job.elapsed_ms = clock_mono() - r->began;
	hidden_output_end(r);
	state = end_state(r, end);
	error = hidden_text(r, r, end_error(r, end));
	if (attempt_may_retry(r, state))
		attempt_retry(r, state, error);
	else
		run_end(r, state, error);
}

/* When the gateway's last run has ended, it is closed; not from within its own call. */
static void
release_later(void *arg)
{
	struct dispatch *d = arg;
	struct gate *g, *next;

	for (g = TAILQ_FIRST(&d->gates); g != NULL; g = next) {
		next = TAILQ_NEXT(g, next);
		gate_release(d, g);
	}
}

static void
on_ended(void *arg, const struct conn_end *end)
{
	struct run *r = arg;

	CRASH_POINT("end-seen");
	r->gate = NULL;
	finish(r, end);
	loop_after(r->d->loop, 0, release_later, r->d);
}

static void
time_over(void *arg)
{
	struct run *r = arg;

	r->timer = NULL;
	supervise_stop(r, REASON_TIMEOUT);
}

static struct json_object *
named_item(void *ctx, struct db *db, const struct service *s, struct json_object *definition,
    const char *key, const char *kind, struct error *e)
{
	const char *name = json_get_text(definition, key);
	struct item item;
	bool found = false;

	if (name == NULL ||
	    item_find(ctx, db, s->gateway_id, kind, name, &item, &found, e) != ERR_OK || !found)
		return NULL;
	return json_own(ctx, item.body);
}

/* All that the connector needs; what the store does not have any more the connector says. */
static enum err
fill_order(void *ctx, struct run *r, const struct service *s, struct conn_order *o, struct error *e)
{
	struct dispatch *d = r->d;
	const struct schema *schema;

	if (order_decorator(ctx, d->db, d->schemas, s, &schema, faults_new(ctx), e) != ERR_OK)
		return e->code;
	*o = (struct conn_order){
		.attempt_id = r->job.attempt_id,
		.job_id = r->job.id,
		.service = s->name,
		.type = s->type,
		.definition = json_own(ctx, s->definition),
		.params = json_own(
		    ctx, r->job.order_params != NULL ? r->job.order_params : r->job.params),
		.schema = schema,
		.grace_ms = d->config->run_grace * MS_PER_S,
	};
	if (r->job.order_inventory != NULL &&
	    order_nodes(ctx, d->db, json_own(ctx, r->job.order_inventory), &o->inventory, e) !=
	    ERR_OK)
		return e->code;
	o->executable = named_item(
	    ctx, d->db, s, o->definition, "executable-object", "executable-objects", e);
	o->repository = named_item(ctx, d->db, s, o->definition, "repository", "repositories", e);
	/* Those alone that build something need them, and their credentials. */
	if (json_get(json_get(o->definition, "runtime"), "req-file") != NULL &&
	    registries_read(ctx, d->db, s->gateway_id, &o->registries, e) != ERR_OK)
		return e->code;
	return hidden_fill(ctx, r, o, e) == ERR_OK ? plan_begin(ctx, r, o, e) : e->code;
}

/* The service's own time, at most [run] max_time. */
static int64_t
run_time(const struct run *r, const struct conn_order *o)
{
	int64_t most = r->d->config->run_max_time,
		own = json_object_get_int64(json_get(o->definition, "timeout"));

	return (own > 0 && own < most ? own : most) * MS_PER_S;
}

static enum err
submit(void *ctx, struct run *r, struct error *e)
{
	static const struct conn_events events = { on_output, on_note, on_ended };
	struct gateway g = { 0 };
	struct service s = { 0 };
	struct conn_order order;

	if (order_find_again(ctx, r->d->db, &r->job, &g, &s, e) != ERR_OK ||
	    fill_order(ctx, r, &s, &order, e) != ERR_OK || (r->gate = gate_of(r->d, &g, e)) == NULL)
		return e->code;
	/* It may have been told to end while its start was being written. */
	if (r->reason != REASON_NONE)
		return error_set(e, ERR_INVALID, "it was told to end before it started");
	r->timer = loop_after(r->d->loop, run_time(r, &order), time_over, r);
	return conn_submit(r->gate->conn, &order, &events, r, e);
}

void
supervise_start(struct run *r)
{
	SCOPED(tmp, NULL);
	struct error e = { 0 };
	struct conn_end end = { .error = e.detail };

	if (submit(tmp, r, &e) == ERR_OK) {
		run_unload(r);
		return;
	}
	/* What cannot be started at all does not get better by itself. */
	r->limits.retries = 0;
	loop_after(r->d->loop, 0, release_later, r->d);
	r->gate = NULL;
	finish(r, &end);
}

void
supervise_stop(struct run *r, enum reason why)
{
	struct error e;

	if (r->reason != REASON_NONE)
		return;
	r->reason = why;
	/* One whose start is still being written is not submitted then: see submit(). */
	if (r->gate != NULL && conn_cancel(r->gate->conn, r->job.attempt_id, &e) != ERR_OK)
		log_warning("run %s cannot be ended: %s", r->job.id, e.detail);
}
