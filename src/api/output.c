#include "api/output.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "json/body.h"
#include "run/order.h"
#include "run/state.h"

enum { MS_PER_S = 1000, SECONDS_TEXT_MAX = 32, OUTPUT_MAX = 1 << 30 };

static void
put(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

enum err
output_read(void *ctx, struct db *db, const struct job *j, const struct output_part *p,
    struct text **out, int64_t *next, struct error *e)
{
	struct output_chunk c;

	*out = text_new(ctx, OUTPUT_MAX);
	*next = p->offset;
	do {
		size_t skip;

		if (output_next(ctx, db, j->id, p->stream, *next, &c, e) != ERR_OK)
			return e->code;
		if (c.n == 0)
			return ERR_OK;
		skip = *next > c.at ? (size_t)(*next - c.at) : 0;
		if (p->mark && c.at > *next)
			text_printf(
			    *out, "\n[%lld bytes were not kept]\n", (long long)(c.at - *next));
		text_add(*out, (const char *)c.bytes + skip, c.n - skip);
		*next = c.at + (int64_t)c.n;
		mem_free(c.bytes);
	} while (p->most == 0 || (*out)->len < p->most);
	return ERR_OK;
}

struct json_object *
output_seconds(int64_t ms)
{
	char text[SECONDS_TEXT_MAX];

	snprintf(text, sizeof text, "%lld.%03d", (long long)(ms / MS_PER_S), (int)(ms % MS_PER_S));
	return json_object_new_double_s((double)ms / MS_PER_S, text);
}

/* The stream as text of RESULT's member KEY; what is no UTF-8 becomes U+FFFD. */
static enum err
add_stream(void *ctx, struct db *db, const struct job *j, int stream, const char *key,
    struct json_object *result, struct error *e)
{
	/* Of the last attempt: what came before is in the job's output. */
	const struct output_part all = {
		.stream = stream,
		.offset = stream == 0 ? j->stdout_from : j->stderr_from,
		.mark = true,
	};
	struct json_object *parsed;
	struct error not_json;
	struct text *bytes;
	int64_t next;
	size_t n;
	char *text;

	if (output_read(ctx, db, j, &all, &bytes, &next, e) != ERR_OK)
		return e->code;
	text = utf8_mend(ctx, bytes->at, bytes->len, &n);
	json_object_object_add(result, key, json_object_new_string_len(text, (int)n));
	if (stream == 0 && !j->truncated && n > 0 &&
	    json_parse(ctx, text, n, &parsed, &not_json) == ERR_OK)
		json_object_object_add(result, "stdout_json", json_object_get(parsed));
	return ERR_OK;
}

static void
add_times(struct json_object *result, const struct job *j)
{
	char when[CLOCK_TEXT_MAX];

	if (j->started != 0)
		put(result, "start_time", clock_text(when, j->started));
	if (j->ended != 0)
		put(result, "end_time", clock_text(when, j->ended));
	if (j->ended != 0)
		json_object_object_add(result, "elapsed_time", output_seconds(j->elapsed_ms));
}

/* What is there only when the run is over. */
static enum err
add_end(void *ctx, struct db *db, const struct job *j, struct json_object *result, struct error *e)
{
	if (j->return_code != FIELD_NONE)
		json_object_object_add(
		    result, "return_code", json_object_new_int64(j->return_code));
	if (add_stream(ctx, db, j, 0, "stdout", result, e) != ERR_OK ||
	    add_stream(ctx, db, j, 1, "stderr", result, e) != ERR_OK)
		return e->code;
	if (j->truncated) {
		json_object_object_add(result, "truncated", json_object_new_boolean(1));
		json_object_object_add(
		    result, "stdout_bytes", json_object_new_int64(j->stdout_bytes));
		json_object_object_add(
		    result, "stderr_bytes", json_object_new_int64(j->stderr_bytes));
	}
	if (j->results != NULL)
		json_object_object_add(
		    result, "results", json_object_get(json_own(ctx, j->results)));
	return ERR_OK;
}

static struct json_object *
envelope(const char *id, const char *service, const char *cluster_id, const char *status,
    const char *error)
{
	struct json_object *o = json_object_new_object(), *fault;
	char *message = mem_printf(NULL, "Running %s on %s", service, cluster_id);

	put(o, "state", error == NULL ? "Success" : "Error");
	put(o, "message", message);
	mem_free(message);
	put(o, "id", id);
	put(o, "jsonrpc", "2.0");
	put(o, "status", status);
	if (error != NULL) {
		fault = json_object_new_object();
		json_object_object_add(fault, "code", json_object_new_int(ERROR_GATEWAY));
		put(fault, "message", "The service could not be run to its end");
		put(fault, "data", error);
		json_object_object_add(o, "error", fault);
	}
	return o;
}

struct json_object *
output_refusal(
    const char *request_id, const char *service, const char *cluster_id, const char *text)
{
	return envelope(request_id, service, cluster_id, "error", text);
}

struct json_object *
output_answer(void *ctx, struct db *db, const struct job *j, struct error *e)
{
	enum job_state state = JOB_LOST;
	struct json_object *o, *result = json_object_new_object();

	job_state_find(j->state, &state);
	o = envelope(j->request_id, j->service, j->cluster_id, state_status(state), j->error);
	json_object_object_add(o, "result", result);
	put(result, "_id", j->attempt_id);
	put(result, "job_id", j->id);
	put(result, "data", j->request_id);
	if (!job_state_is_open(state) && add_end(ctx, db, j, result, e) != ERR_OK) {
		json_object_put(o);
		return NULL;
	}
	add_times(result, j);
	return o;
}
