#include "api/job_list.h"

#include <stdio.h>

#include "access/groups.h"
#include "api/list.h"
#include "api/output.h"
#include "base/id.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"
#include "run/state.h"

enum { LIMIT_DEFAULT = 25, LIMIT_MAX = 10000, SKIP_MAX = 100000, PAGE = 100 };

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

/* A list under way. */
struct scan {
	struct request *req;
	struct response *res;
	struct error *e;
	struct list list;
	struct job_query query;		/* of the next page */
	const char *after;		/* what comes up to this job counts, but is not given */
	bool is_past;			/* AFTER has been met */
	char last[ID_LEN + 1];
	int64_t passed;			/* how many could have been given */
	struct list_picks picks;
};

/* A page after nothing would look like the end of the list. */
static enum err
check_after(struct scan *s)
{
	struct job j = { 0 };
	enum err rc = groups_job(
	    s->req, s->req->db, s->req->caller, s->query.after, &j, s->e);

	return rc == ERR_NOT_FOUND ?
	    error_field(s->e, "after", "there is no job %s (any more)", s->query.after) : rc;
}

static enum err
read_query(struct scan *s)
{
	struct request *req = s->req;
	struct job_query *q = &s->query;
	enum job_state state;

	*q = (struct job_query){
		.seer = groups_seer(req->caller),
		.cluster_id = query_text(req, "cluster_id"), .service = query_text(req, "service"),
		.state = query_text(req, "state"), .requested_by = query_text(req, "requested_by"),
		.after = query_text(req, "after"),
	};
	if (q->state != NULL && !job_state_find(q->state, &state))
		return error_field(s->e, "state",
		    "must be queued, running, completed, failed, canceled, timeout or lost");
	if (list_read(req, &job_kind, &s->list, s->e) != ERR_OK)
		return s->e->code;
	if (s->list.sort != NULL && q->after != NULL)
		return error_field(s->e, "after", "cannot stand beside sort");
	return q->after != NULL ? check_after(s) : ERR_OK;
}

/* --- what the store can answer by itself --- */

static bool
is_plain(const struct list *l)
{
	return l->n_filters == 0 && l->skip == 0 && l->sort == NULL;
}

static enum err
list_plain(struct scan *s)
{
	struct request *req = s->req;
	struct records page;

	s->query.limit = s->list.limit;
	if (job_page(req, req->db, &s->query, &page, s->e) != ERR_OK ||
	    job_total(req->db, &s->query, &s->res->total, s->e) != ERR_OK)
		return s->e->code;
	for (size_t i = 0; i < page.n; i++)
		if (list_add(req, s->res, &s->list, records_at(&page, i), s->e) != ERR_OK)
			return s->e->code;
	return ERR_OK;
}

/* --- what is looked for job by job --- */

/* The page that holds J goes: what stays of it is its id and what it is sorted by. */
static void
scan_pick(struct scan *s, const struct job *j)
{
	struct list_value key = list_key(&s->list, j);
	char *id = mem_text(s->req, j->id);

	if (key.text != NULL)
		key.text = mem_text(id, key.text);
	list_pick_add(&s->picks, key, id);
}

static enum err
scan_job(struct scan *s, struct job *j)
{
	const struct list *l = &s->list;
	bool can_give = s->is_past;

	s->is_past |= text_eq(j->id, s->after);
	job_fill(s->req, j);
	if (!list_fits(l, j))
		return ERR_OK;
	s->res->total++;
	if (l->sort != NULL) {
		scan_pick(s, j);
		return ERR_OK;
	}
	if (!can_give || s->passed++ < l->skip || s->passed > l->skip + l->limit)
		return ERR_OK;
	return list_add(s->req, s->res, l, j, s->e);
}

static enum err
scan_page(struct scan *s, bool *more)
{
	struct records page;
	SCOPED(tmp, NULL);

	if (job_page(tmp, s->req->db, &s->query, &page, s->e) != ERR_OK)
		return s->e->code;
	*more = page.n == PAGE;
	for (size_t i = 0; i < page.n; i++)
		if (scan_job(s, records_at(&page, i)) != ERR_OK)
			return s->e->code;
	if (*more) {
		snprintf(s->last, sizeof s->last, "%s",
		    ((const struct job *)records_at(&page, page.n - 1))->id);
		s->query.after = s->last;
	}
	return ERR_OK;
}

/* The picked jobs as they are now: one that is gone or does not fit any more is left out. */
static enum err
give_picked(struct scan *s)
{
	struct request *req = s->req;
	size_t end;

	list_picks_end(&s->picks, &end);
	for (size_t i = (size_t)s->list.skip; i < end; i++) {
		SCOPED(tmp, NULL);
		struct job j = { 0 };
		enum err rc = groups_job(
		    tmp, req->db, req->caller, s->picks.at[i].what, &j, s->e);

		if (rc == ERR_NOT_FOUND)
			continue;
		if (rc != ERR_OK)
			return rc;
		job_fill(req, &j);
		if (list_fits(&s->list, &j) &&
		    list_add(req, s->res, &s->list, &j, s->e) != ERR_OK)
			return s->e->code;
	}
	return ERR_OK;
}

/* Newest first, page by page: how many jobs there are makes no difference to the memory. */
static enum err
list_scanned(struct scan *s)
{
	bool more = true;

	s->after = s->query.after;
	s->is_past = s->after == NULL;
	s->query.after = NULL;
	s->query.limit = PAGE;
	s->picks = (struct list_picks){ .list = &s->list, .ctx = s->req, .is_owned = true };
	s->res->total = 0;
	while (more)
		if (scan_page(s, &more) != ERR_OK)
			return s->e->code;
	return give_picked(s);
}

enum err
job_list(struct request *req, struct response *res, struct error *e)
{
	struct scan s = { .req = req, .res = res, .e = e };

	if (read_query(&s) != ERR_OK)
		return e->code;
	res->body = mem_must(json_object_new_array());
	return is_plain(&s.list) ? list_plain(&s) : list_scanned(&s);
}
