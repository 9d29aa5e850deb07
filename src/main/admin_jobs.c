#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"
#include "json/body.h"
#include "main/admin.h"

enum { FOLLOW_WAIT_S = 3600, QUERY_TEXT_MAX = 65536 };

/* --- jobs, job, cancel --- */

static const char *
number_text(void *ctx, struct json_object *v)
{
	return v != NULL ? mem_text(ctx, json_object_to_json_string(v)) : NULL;
}

static void
print_jobs(struct admin *a, struct json_object *list)
{
	static const char *const headings[] = {
		"JOB", "CREATED", "GATEWAY", "SERVICE", "STATE", "CODE", "SECONDS", "BY"
	};
	enum { COLUMNS = sizeof headings / sizeof *headings };
	struct table *t = table_new(a->ctx, COLUMNS);

	for (size_t i = 0; i < COLUMNS; i++)
		table_add(t, headings[i]);
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *job = json_object_array_get_idx(list, i);

		table_add(t, json_get_text(job, "job_id"));
		table_add(t, json_get_text(job, "created"));
		table_add(t, json_get_text(job, "cluster_id"));
		table_add(t, json_get_text(job, "service"));
		table_add(t, json_get_text(job, "state"));
		table_add(t, number_text(t, json_get(job, "return_code")));
		table_add(t, number_text(t, json_get(job, "elapsed_time")));
		table_add(t, json_get_text(job, "requested_by"));
	}
	table_print(t);
}

int
admin_jobs(struct admin *a)
{
	struct text *query = text_new(a->ctx, QUERY_TEXT_MAX);
	struct call call = { .method = M_GET, .path = "/jobs" };

	admin_query_add(query, "cluster_id", admin_value(a, "gateway"));
	admin_query_add(query, "service", admin_value(a, "service"));
	admin_query_add(query, "state", admin_value(a, "state"));
	admin_query_add(query, "limit", admin_value(a, "limit"));
	call.query = query->at;
	return admin_list(a, &call, print_jobs);
}

/* A call of METHOD about the job, below whose path is TAIL. */
static bool
job_call(struct admin *a, void *ctx, const char *job_id, struct call call, struct response *res)
{
	if (!id_is(job_id)) {
		admin_fail("there is no job %s", job_id);
		return false;
	}
	call.path = mem_printf(ctx, "/jobs/%s%s", job_id, call.path);
	return admin_call(a, ctx, &call, res);
}

struct json_object *
admin_job(struct admin *a, void *ctx, const char *job_id)
{
	struct response res;

	if (!job_call(a, ctx, job_id, (struct call){ .method = M_GET, .path = "" }, &res))
		return NULL;
	return json_get(res.body, "result");
}

int
admin_job_show(struct admin *a)
{
	struct json_object *job = admin_open(a) ? admin_job(a, a->ctx, a->args[0]) : NULL;

	if (job == NULL)
		return EXIT_FAILURE;
	admin_say_json(job);
	return EXIT_SUCCESS;
}

int
admin_cancel(struct admin *a)
{
	const struct call call = { .method = M_POST, .path = "/cancel" };
	const char *state;
	struct response res;

	if (!admin_open(a) || !job_call(a, a->ctx, a->args[0], call, &res))
		return EXIT_FAILURE;
	state = json_get_text(json_get(res.body, "result"), "state");
	if (text_eq(state, job_state_name(JOB_RUNNING)))
		admin_say("job %s has been told to end", a->args[0]);
	else
		admin_say("job %s is %s", a->args[0], state);
	return EXIT_SUCCESS;
}

/* --- logs --- */

/* The copying of a job's output. */
struct copy {
	struct admin *a;
	const char *job_id;
	bool want[2];		/* stdout, stderr */
	int64_t at[2];		/* bytes that have been passed on */
	bool ended;		/* the job had, before the bytes were read */
};

static const char *const streams[] = { "stdout", "stderr" };

static const char *
header(const struct response *res, const char *name)
{
	for (size_t i = 0; i < res->n_headers; i++)
		if (strcmp(res->headers[i].name, name) == 0)
			return res->headers[i].value;
	return "";
}

/* Passes on what there is of one stream. *SOME is set where there was any. */
static bool
copy_stream(struct copy *c, int stream, bool *some)
{
	SCOPED(tmp, NULL);
	struct call call = { .method = M_GET, .path = "/output" };
	enum job_state state = JOB_LOST;
	struct response res;

	call.query = mem_printf(tmp, "stream=%s&offset=%lld", streams[stream],
	    (long long)c->at[stream]);
	if (!job_call(c->a, tmp, c->job_id, call, &res))
		return false;
	fwrite(res.raw, 1, res.raw_len, stream == 0 ? stdout : stderr);
	text_int(header(&res, "X-Next-Offset"), 0, INT64_MAX, &c->at[stream]);
	job_state_find(header(&res, "X-Job-State"), &state);
	c->ended &= !job_state_is_open(state);
	*some |= res.raw_len > 0;
	return true;
}

static bool
copy_round(struct copy *c, bool *some)
{
	c->ended = true;
	*some = false;
	for (int i = 0; i < 2; i++)
		if (c->want[i] && !copy_stream(c, i, some))
			return false;
	if (fflush(stdout) == 0)
		return true;
	admin_fail("the output could not be written");
	return false;
}

/*
 * Waits until there is more, or the job has ended. What the answer holds is
 * read again by stream: of both at once it does not say which bytes are whose.
 */
static bool
copy_wait(struct copy *c)
{
	SCOPED(tmp, NULL);
	struct call call = { .method = M_GET, .path = "/output" };
	int only = c->want[0] ? 0 : 1;
	struct response res;
	struct error e;

	/* Where there is nobody to wait for, the answer would come at once, again and again. */
	if (link_connect(c->a->link, &e) != ERR_OK) {
		admin_fail("%s", e.detail);
		return false;
	}
	if (c->want[0] && c->want[1])
		call.query = mem_printf(tmp, "stream=both&offset=%lld,%lld&wait=%d",
		    (long long)c->at[0], (long long)c->at[1], FOLLOW_WAIT_S);
	else
		call.query = mem_printf(tmp, "stream=%s&offset=%lld&wait=%d", streams[only],
		    (long long)c->at[only], FOLLOW_WAIT_S);
	return job_call(c->a, tmp, c->job_id, call, &res);
}

int
admin_copy_output(struct admin *a, const char *job_id, const char *stream, bool follow)
{
	struct copy c = { .a = a, .job_id = job_id };
	bool some;

	for (int i = 0; i < 2; i++)
		c.want[i] = stream == NULL || text_eq(stream, streams[i]);
	do {
		if (!copy_round(&c, &some))
			return EXIT_FAILURE;
		if (follow && !c.ended && !some && !copy_wait(&c))
			return EXIT_FAILURE;
	} while (follow && !c.ended);
	return EXIT_SUCCESS;
}

int
admin_logs(struct admin *a)
{
	const char *stream = admin_value(a, "stream");

	if (stream != NULL && !text_eq(stream, streams[0]) && !text_eq(stream, streams[1]))
		return admin_misuse(a, "--stream must be stdout or stderr, not %s", stream);
	if (!admin_open(a))
		return EXIT_FAILURE;
	return admin_copy_output(a, a->args[0], stream, admin_has(a, "follow"));
}
