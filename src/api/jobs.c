#include <stdio.h>
#include <string.h>

#include "api/app.h"
#include "api/job_list.h"
#include "api/job_stream.h"
#include "api/list.h"
#include "api/output.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"
#include "store/job_attempt.h"
#include "store/job_event.h"

enum {
	MS_PER_S = 1000,
	CANCEL_WAIT_MS = 30000,
	WAIT_MAX_S = 3600
};

/* Those of a job that had more than one. */
static enum err
add_attempts(struct request *req, struct job *j, struct error *e)
{
	struct json_object *list;
	struct records all;

	if (job_attempt_list(req, req->db, j->id, &all, e) != ERR_OK)
		return e->code;
	if (all.n == 0)
		return ERR_OK;
	list = json_keep(req, json_object_new_array());
	for (size_t i = 0; i < all.n; i++)
		json_push(list, record_to_json(job_attempt_fields, records_at(&all, i)));
	j->attempts = json_text(req, list);
	return ERR_OK;
}

static enum err
job_read(struct request *req, struct response *res, struct error *e)
{
	struct job j = { 0 };

	if (groups_job(req, req->db, req->caller, req->params[0], &j, e) != ERR_OK ||
	    add_attempts(req, &j, e) != ERR_OK)
		return e->code;
	res->body = job_shown(&j);
	return ERR_OK;
}

static struct json_object *
event_show(struct request *req, void *record, struct error *e)
{
	(void)req;
	(void)e;
	return record_to_json(job_event_fields, record);
}

static const struct list_kind event_kind = { .show = event_show };

static enum err
job_events(struct request *req, struct response *res, struct error *e)
{
	struct job j = { 0 };
	struct records all;

	if (groups_job(req, req->db, req->caller, req->params[0], &j, e) != ERR_OK ||
	    job_event_list(req, req->db, j.id, &all, e) != ERR_OK)
		return e->code;
	return list_answer(req, res, &all, &event_kind, e);
}

static enum err
job_canceled(struct request *req, struct response *res, struct error *e)
{
	const struct wait *w = req->wait;

	req->wait = NULL;
	if (w->event == WAIT_REFUSED)
		return error_set(e, w->code, "%s", w->detail);
	if (w->event == WAIT_OVER)
		return error_set(
		    e, ERR_UNAVAILABLE, "gatehoused did not confirm the cancel in time");
	return job_read(req, res, e);
}

static enum err
must_be_open(const struct job *j, bool open, struct error *e)
{
	if (job_state_is_open(job_state_of(j)) == open)
		return ERR_OK;
	return error_set(e, ERR_CONFLICT,
	    open ? "job %s has ended already: it is %s" : "job %s is still %s", j->id, j->state);
}

static enum err
job_cancel(struct request *req, struct response *res, struct error *e)
{
	struct job j = { 0 };

	(void)res;
	if (groups_job(req, req->db, req->caller, req->params[0], &j, e) != ERR_OK ||
	    must_be_open(&j, true, e) != ERR_OK)
		return e->code;
	req->wait = order_cancel(req, j.id, CANCEL_WAIT_MS);
	req->resume = job_canceled;
	return ERR_OK;
}

static enum err
job_remove(struct request *req, struct response *res, struct error *e)
{
	struct job j = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK ||
	    groups_job(req, req->db, req->caller, req->params[0], &j, e) != ERR_OK ||
	    must_be_open(&j, false, e) != ERR_OK || job_delete(req->db, j.id, e) != ERR_OK ||
	    txn_commit(&t, e) != ERR_OK)
		return e->code;
	res->body = job_shown(&j);
	return ERR_OK;
}

/* Which streams are wanted, from where: "0", or "120,7" for both. */
struct output_query {
	bool want[2];
	int64_t offset[2];
	int64_t wait;		/* s */
};

static enum err
read_offsets(struct request *req, struct output_query *q, struct error *e)
{
	const char *text = query_text(req, "offset");
	char *first = mem_text(req, text != NULL ? text : "0"), *comma = strchr(first, ',');
	bool both = q->want[0] && q->want[1];
	int only = q->want[0] ? 0 : 1;

	if (comma != NULL)
		*comma = '\0';
	if ((comma != NULL && (!both || !text_int(comma + 1, 0, INT64_MAX - 1, &q->offset[1]))) ||
	    !text_int(first, 0, INT64_MAX - 1, &q->offset[only]))
		return error_field(e, "offset",
		    both ? "must be 0, or two numbers with a comma (stdout,stderr)"
			 : "must be a whole number from 0");
	return ERR_OK;
}

static enum err
read_output_query(struct request *req, struct output_query *q, struct error *e)
{
	const char *stream = query_text(req, "stream");

	*q = (struct output_query){ 0 };
	if (stream == NULL)
		stream = "both";
	q->want[0] = strcmp(stream, "stdout") == 0 || strcmp(stream, "both") == 0;
	q->want[1] = strcmp(stream, "stderr") == 0 || strcmp(stream, "both") == 0;
	if (!q->want[0] && !q->want[1])
		return error_field(e, "stream", "must be stdout, stderr or both");
	if (read_offsets(req, q, e) != ERR_OK)
		return e->code;
	return query_int(req, "wait", 0, WAIT_MAX_S, 0, &q->wait, e);
}

/* The bytes as they were; both: stdout's, then stderr's. */
static enum err
respond_output(struct request *req, struct response *res, const struct job *j,
    const struct output_query *q, struct error *e)
{
	struct text *all = text_new(req, SIZE_MAX / 2), *one;
	int64_t next[2] = { q->offset[0], q->offset[1] };

	for (int i = 0; i < 2; i++) {
		const struct output_part part = { .stream = i, .offset = q->offset[i] };

		if (!q->want[i])
			continue;
		if (output_read(req, req->db, j, &part, &one, &next[i], e) != ERR_OK)
			return e->code;
		text_add(all, one->at, one->len);
	}
	res->type = "application/octet-stream";
	res->raw = all->at;
	res->raw_len = all->len;
	response_header(res, "X-Next-Offset", q->want[0] && q->want[1] ?
	    mem_printf(req, "%lld,%lld", (long long)next[0], (long long)next[1]) :
	    mem_printf(req, "%lld", (long long)next[q->want[0] ? 0 : 1]));
	response_header(res, "X-Job-State", j->state);
	return ERR_OK;
}

static enum err
job_output(struct request *req, struct response *res, struct error *e)
{
	const struct wait *w = req->wait;
	struct output_query q;
	struct job j = { 0 };

	req->wait = NULL;
	if (read_output_query(req, &q, e) != ERR_OK)
		return e->code;
	if (job_stream_wanted(req))
		return job_stream(req, res, q.want, q.offset, e);
	/* The state is read before the bytes: what it says of the end, they have. */
	if (groups_job(req, req->db, req->caller, req->params[0], &j, e) != ERR_OK ||
	    respond_output(req, res, &j, &q, e) != ERR_OK)
		return e->code;
	if (res->raw_len > 0 || w != NULL || q.wait == 0 || !job_state_is_open(job_state_of(&j)))
		return ERR_OK;
	for (int i = 0; i < 2; i++)
		if (!q.want[i])
			q.offset[i] = INT64_MAX;
	res->n_headers -= 2;
	res->type = NULL;
	req->wait = order_follow(req, j.id, q.offset, q.wait * MS_PER_S);
	req->resume = job_output;
	return ERR_OK;
}

static const struct query_field list_query[] = {
	{ "cluster_id", "only runs on this gateway" },
	{ "service", "only runs of the service of this name" },
	{ "state", "only runs in this state" },
	{ "requested_by", "only runs that this user asked for" },
	{ "after", "the job_id that the page before ended with" },
	{ "limit", "how many at most; 25 if left out" },
	{ 0 }
};

static const struct query_field output_query[] = {
	{ "stream", "stdout, stderr or both" },
	{ "offset", "bytes to leave out; for both streams two numbers with a comma" },
	{ "wait", "seconds to wait for more, while the job is under way" },
	{ 0 }
};

/* The second where the header Accept asks for it. */
static const char *const output_types[] = { "application/octet-stream", "text/event-stream", NULL };

static const struct query_field output_headers[] = {
	{ "X-Next-Offset", "the offset to go on with; not in a stream of events" },
	{ "X-Job-State", "as it was before the bytes were read; not in a stream of events" },
	{ 0 }
};

const struct route job_routes[] = {
	{ .method = M_GET, .path = "/jobs", .op = "getJobs", .role = "job:read",
	  .query = list_query, .list = job_fields,
	  .answer = ANSWER_RESULTS, .record = job_fields,
	  .run = job_list, .summary = "List jobs, newest first" },
	{ .method = M_GET, .path = "/jobs/{id}", .op = "getJobById", .role = "job:read",
	  .answer = ANSWER_RESULT, .record = job_fields,
	  .run = job_read, .summary = "Read a job" },
	{ .method = M_POST, .path = "/jobs/{id}/cancel", .op = "cancelJob", .role = "job:cancel",
	  .answer = ANSWER_RESULT, .record = job_fields, .errors = { ERR_CONFLICT },
	  .run = job_cancel,
	  .summary = "Cancel a job that has not ended" },
	{ .method = M_GET, .path = "/jobs/{id}/output", .op = "getJobOutput", .role = "job:read",
	  .query = output_query, .answer = ANSWER_BARE,
	  .types = output_types, .gives = output_headers,
	  .run = job_output,
	  .summary = "Read the output of a job" },
	{ .method = M_GET, .path = "/jobs/{id}/events", .op = "getJobEvents", .role = "job:read",
	  .list = job_event_fields, .answer = ANSWER_RESULTS, .record = job_event_fields,
	  .run = job_events, .summary = "List what happened to a job, oldest first" },
	{ .method = M_DELETE, .path = "/jobs/{id}", .op = "deleteJob", .role = "job:delete",
	  .answer = ANSWER_RESULT, .record = job_fields, .errors = { ERR_CONFLICT },
	  .run = job_remove,
	  .summary = "Delete the record of a job that has ended" },
	{ 0 }
};
