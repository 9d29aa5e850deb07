#include <search.h>
#include <string.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "json/body.h"
#include "run/parts.h"
#include "run/vault.h"

static int
compare_tags(const void *a, const void *b)
{
	const struct interest *x = a, *y = b;

	return strcmp(x->tag, y->tag);
}

static int
interest_destroy(struct interest *i)
{
	tdelete(i, control_interests(i->client), compare_tags);
	return 0;
}

static void
interest_add(
    struct run *r, struct client *c, const char *tag, bool cancel, int64_t out, int64_t err)
{
	struct interest *i;

	/* A tag names one thing only. */
	intake_forget(c, tag);
	i = MEM_NEW(r, struct interest);
	*i = (struct interest){ .run = r, .client = c, .tag = mem_text(i, tag), .cancel = cancel,
		.seen = { out, err } };
	mem_must(tsearch(i, control_interests(c), compare_tags));
	MEM_ON_FREE(i, interest_destroy);
	TAILQ_INSERT_TAIL(&r->interests, i, in_run);
}

static const char *
copy(void *ctx, struct json_object *o, const char *key)
{
	const char *text = json_get_text(o, key);

	return text != NULL ? mem_text(ctx, text) : NULL;
}

static struct run *
run_ordered(struct dispatch *d, const char *request_id, struct json_object *o)
{
	struct run *r = run_new(d, JOB_QUEUED);

	r->job.id = id_new(r);
	r->job.attempt_id = id_new(r);
	r->job.request_id = mem_text(r, request_id);
	r->job.body_digest = copy(r, o, "body_digest");
	r->job.gateway_id = copy(r, o, "gateway_id");
	r->job.cluster_id = copy(r, o, "cluster_id");
	r->job.virtual_cluster_id = copy(r, o, "virtual_cluster_id");
	r->job.service_id = copy(r, o, "service_id");
	r->job.service = copy(r, o, "service");
	r->job.type = copy(r, o, "type");
	r->job.params = copy(r, o, "params");
	r->job.order_params = json_get_text(o, "order_params") != NULL ?
	    mem_wiped(mem_text(r, json_get_text(o, "order_params"))) : NULL;
	r->job.inventory = copy(r, o, "inventory");
	r->job.order_inventory = copy(r, o, "order_inventory");
	r->job.requested_by = copy(r, o, "requested_by");
	r->job.created = clock_wall();
	r->job.attempt = 1;
	r->loaded = true;
	run_index(r);
	return r;
}

/* An order that is known already: sent again after a connection broke. */
static void
take_again(struct run *r, struct client *c, const char *tag)
{
	/* One that is not on disk yet is accepted when it is. */
	if (!(r->todo & TODO_INSERT))
		control_reply(c, tag, "accepted", NULL);
	interest_add(r, c, tag, false, INT64_MAX, INT64_MAX);
}

/* Why a new order cannot be taken. One that lacks something would break all others' commit. */
static enum err
order_check(const struct dispatch *d, struct json_object *o, struct error *e)
{
	static const char *const members[] = { "cluster_id", "service_id", "service", "type",
		"params", "requested_by", NULL };

	if (d->stopping)
		return error_set(e, ERR_UNAVAILABLE, "gatehoused is being stopped, try again");
	if (d->n_queued >= d->config->run_queue)
		return error_set(
		    e, ERR_UNAVAILABLE, "the queue of runs is full, try again later");
	/* Only its key was sent, since its job was there a moment ago. */
	if (json_get_text(o, "gateway_id") == NULL)
		return error_set(e, ERR_CONFLICT, "the job has been deleted meanwhile");
	for (const char *const *m = members; *m != NULL; m++)
		if (json_get_text(o, *m) == NULL)
			return error_set(e, ERR_MALFORMED, "the order lacks its %s", *m);
	return json_get_text(o, "order_params") != NULL ? vault_ready(d->db, d->config, e) : ERR_OK;
}

static void
take_submit(struct dispatch *d, struct client *c, const char *tag, void *ctx, struct json_object *o)
{
	const char *named = json_get_text(o, "request_id"),
		   *request_id = named != NULL ? named : tag;
	struct run *r = index_find(&d->runs_by_request, request_id);
	struct job known = { 0 };
	struct error e;
	bool found = false;

	if (r != NULL) {
		take_again(r, c, tag);
	} else if (job_by_request(ctx, d->db, request_id, &known, &found, &e) != ERR_OK) {
		control_reply(c, tag, "refused", &e);
	} else if (found) {
		control_reply(c, tag, "accepted", NULL);
		control_reply(c, tag, "done", NULL);
	} else if (order_check(d, o, &e) != ERR_OK) {
		control_reply(c, tag, "refused", &e);
	} else {
		r = run_ordered(d, request_id, o);
		run_enqueue(r, r->job.created);
		run_todo(r, TODO_INSERT);
		CRASH_POINT("order-taken");
		run_note(r, r->job.state, NULL);
		interest_add(r, c, tag, false, INT64_MAX, INT64_MAX);
	}
}

static void
take_cancel(struct dispatch *d, struct client *c, const char *tag, struct json_object *o)
{
	const char *job_id = json_get_text(o, "job_id");
	struct run *r = job_id != NULL ? run_find(d, job_id) : NULL;

	if (r == NULL || r->todo & TODO_END) {
		control_reply(c, tag, "done", NULL);
		return;
	}
	interest_add(r, c, tag, true, INT64_MAX, INT64_MAX);
	r->job.cancel_requested = true;
	run_todo(r, TODO_CANCEL);
	run_note(r, "cancel-requested", NULL);
	if (r->state == JOB_QUEUED)
		run_end(r, JOB_CANCELED, r->job.attempt == 1 ? "it was canceled before it started" :
		    "it was canceled before it was tried again");
	else
		supervise_stop(r, REASON_CANCEL);
}

static int64_t
number(struct json_object *o, const char *key)
{
	return json_object_get_int64(json_get(o, key));
}

static void
take_follow(struct dispatch *d, struct client *c, const char *tag, struct json_object *o)
{
	const char *job_id = json_get_text(o, "job_id");
	struct run *r = job_id != NULL ? run_find(d, job_id) : NULL;
	int64_t out = number(o, "stdout"), err = number(o, "stderr");

	if (r == NULL || r->keep[0].committed > out || r->keep[1].committed > err)
		control_reply(c, tag, "done", NULL);
	else
		interest_add(r, c, tag, false, out, err);
}

static void
take_ping(struct dispatch *d, struct client *c, const char *tag, struct json_object *o)
{
	const char *gateway_id = json_get_text(o, "gateway_id");
	struct error e;
	struct gate *g = gate_open(d, gateway_id != NULL ? gateway_id : "", &e);
	bool ok = g != NULL && conn_ping(g->conn, &e) == ERR_OK;

	control_reply(c, tag, ok ? "done" : "refused", ok ? NULL : &e);
	if (g != NULL)
		gate_release(d, g);
}

static void
put_count(struct json_object *o, const char *key, int64_t n)
{
	json_set(o, key, mem_must(json_object_new_int64(n)));
}

/* How many runs there are, over all and on this gateway. */
static void
count_runs(struct dispatch *d, const char *gateway_id, struct json_object *facts)
{
	int64_t queued = 0, running = 0;
	const struct run *r;

	TAILQ_FOREACH(r, &d->all, in_all) {
		if (!text_eq(r->job.gateway_id, gateway_id))
			continue;
		queued += r->state == JOB_QUEUED;
		running += r->state == JOB_RUNNING;
	}
	put_count(facts, "queued", d->n_queued);
	put_count(facts, "running", d->n_running);
	put_count(facts, "queued_here", queued);
	put_count(facts, "running_here", running);
	put_count(facts, "parallel", d->parallel);
	put_count(facts, "parallel_here", gateway_id != NULL ? queue_parallel(d, gateway_id) : 0);
	put_count(facts, "queue", d->config->run_queue);
}

static void
take_inspect(struct dispatch *d, struct client *c, const char *tag, struct json_object *o)
{
	struct json_object *facts = mem_must(json_object_new_object());
	const char *gateway_id = json_get_text(o, "gateway_id");
	struct error e;
	struct gate *g = gate_open(d, gateway_id != NULL ? gateway_id : "", &e);
	bool ok = g != NULL && conn_ping(g->conn, &e) == ERR_OK;

	json_set(facts, "error", ok ? NULL : mem_must(json_object_new_string(e.detail)));
	json_set(facts, "recording", mem_must(json_object_new_boolean(!d->failing)));
	count_runs(d, gateway_id, facts);
	if (g != NULL)
		gate_release(d, g);
	control_tell(c, tag, facts);
}

static void
forget(struct interest *i)
{
	TAILQ_REMOVE(&i->run->interests, i, in_run);
	mem_free(i);
}

void
intake_forget(struct client *c, const char *tag)
{
	const struct interest key = { .tag = (char *)(uintptr_t)tag };
	struct interest **found;

	if (tag != NULL) {
		found = tfind(&key, control_interests(c), compare_tags);
		if (found != NULL)
			forget(*found);
		return;
	}
	/* The root of the tree, until there is none (tsearch(3): a node begins with its key). */
	while ((found = *control_interests(c)) != NULL)
		forget(*found);
}

static void
take_forget(struct dispatch *d, struct client *c, const char *tag)
{
	intake_forget(c, tag);
	fetch_forget(d, c, tag);
}

void
intake_take(struct dispatch *d, struct client *c, void *ctx, struct json_object *o)
{
	const char *op = json_get_text(o, "op"), *tag = json_get_text(o, "tag");

	d->busy_at = clock_mono();
	if (op == NULL || tag == NULL)
		log_warning("control socket: a frame without op or tag");
	else if (strcmp(op, "submit") == 0)
		take_submit(d, c, tag, ctx, o);
	else if (strcmp(op, "cancel") == 0)
		take_cancel(d, c, tag, o);
	else if (strcmp(op, "follow") == 0)
		take_follow(d, c, tag, o);
	else if (strcmp(op, "ping") == 0)
		take_ping(d, c, tag, o);
	else if (strcmp(op, "inspect") == 0)
		take_inspect(d, c, tag, o);
	else if (strcmp(op, "fetch") == 0)
		fetch_take(d, c, tag, ctx, o);
	else if (strcmp(op, "forget") == 0)
		take_forget(d, c, tag);
	else
		log_warning("control socket: unknown op %s", op);
}
