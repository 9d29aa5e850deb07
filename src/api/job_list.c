#include "api/job_list.h"

#include "access/groups.h"
#include "api/list_scan.h"
#include "api/output.h"
#include "json/body.h"
#include "json/record.h"
#include "run/state.h"

enum { LIMIT_DEFAULT = 25, LIMIT_MAX = 10000, SKIP_MAX = 100000 };

enum job_state
job_state_of(const struct job *j)
{
	enum job_state s = JOB_LOST;

	job_state_find(j->state, &s);
	return s;
}

static void
job_fill(struct request *req, void *record)
{
	struct job *j = record;
	enum job_state s = job_state_of(j);

	(void)req;
	j->status = s == JOB_RUNNING && j->cancel_requested ? "cancel_requested" : state_status(s);
}

struct json_object *
job_shown(struct job *j)
{
	struct json_object *o;

	job_fill(NULL, j);
	o = record_to_json(job_fields, j);
	json_set(o, "elapsed_time", j->ended != 0 ? output_seconds(j->elapsed_ms) : NULL);
	return o;
}

static struct json_object *
job_show(struct request *req, void *record, struct error *e)
{
	(void)req;
	(void)e;
	return job_shown(record);
}

static const struct list_kind job_kind = {
	.fill = job_fill,
	.show = job_show,
	.added = "elapsed_time",
	.limit = LIMIT_DEFAULT,
	.limit_max = LIMIT_MAX,
	.skip_max = SKIP_MAX,
};

/* What the store is asked for, and by whom. */
struct source_query {
	struct job_query jobs;
	const struct caller *caller;
};

static enum err
source_page(void *ctx, struct db *db, const void *query, const char *after, int64_t n,
    struct records *out, struct error *e)
{
	struct job_query q = ((const struct source_query *)query)->jobs;

	q.after = after;
	q.limit = n;
	return job_page(ctx, db, &q, out, e);
}

static enum err
source_total(struct db *db, const void *query, int64_t *n, struct error *e)
{
	return job_total(db, &((const struct source_query *)query)->jobs, n, e);
}

static enum err
source_get(void *ctx, struct db *db, const void *query, const char *id, void *record,
    struct error *e)
{
	return groups_job(ctx, db, ((const struct source_query *)query)->caller, id, record, e);
}

static const char *
source_id(const void *record)
{
	return ((const struct job *)record)->id;
}

enum err
job_list(struct request *req, struct response *res, struct error *e)
{
	const struct source_query q = {
		.jobs = {
			.seer = groups_seer(req->caller),
			.cluster_id = query_text(req, "cluster_id"),
			.service = query_text(req, "service"),
			.state = query_text(req, "state"),
			.requested_by = query_text(req, "requested_by"),
		},
		.caller = req->caller,
	};
	const struct list_source source = { .kind = &job_kind, .query = &q,
		.size = sizeof(struct job), .page = source_page, .total = source_total,
		.get = source_get, .id = source_id };
	enum job_state state;

	if (q.jobs.state != NULL && !job_state_find(q.jobs.state, &state))
		return error_field(e, "state",
		    "must be queued, running, completed, failed, canceled, timeout or lost");
	return list_scan(req, res, &source, e);
}
