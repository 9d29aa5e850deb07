#include "api/job_stream.h"

#include <string.h>

#include "api/app.h"
#include "api/output.h"
#include "base/mem.h"
#include "json/body.h"
#include "run/state.h"

enum {
	HEARTBEAT_MS = 15000,
	CHARACTER_MAX = 4,
	PART_MAX = 65536	/* bytes at a time: a stream that nobody takes holds no more */
};

struct stream {
	bool want[2];
	int64_t next[2];
	struct text *part;	/* what goes out now */
};

bool
job_stream_wanted(const struct request *req)
{
	return req->accept != NULL && strstr(req->accept, "text/event-stream") != NULL;
}

static void
put_event(struct text *out, const char *name, struct json_object *data)
{
	SCOPED(tmp, NULL);

	text_printf(out, "event: %s\ndata: %s\n\n", name, json_text(tmp, json_keep(tmp, data)));
}

/* How many of the last bytes begin a character that is not whole yet. */
static size_t
unfinished(const char *bytes, size_t n)
{
	static const unsigned char lead = 0xc0;

	for (size_t back = 1; back < CHARACTER_MAX && back <= n; back++) {
		unsigned char c = (unsigned char)bytes[n - back];

		if (c < 0x80)
			return 0;
		if (c >= lead)
			return utf8_length((const unsigned char *)bytes + n - back, back) == 0
			    ? back
			    : 0;
	}
	return 0;
}

/* What has come of one stream since the last time, or a part of it: then *LEFT is set. */
static enum err
put_output(struct request *req, struct stream *s, const struct job *j, int stream, bool open,
    bool *left, struct error *e)
{
	SCOPED(tmp, NULL);
	const struct output_part part = {
		.stream = stream, .offset = s->next[stream], .mark = true, .most = PART_MAX
	};
	struct json_object *data;
	struct text *bytes;
	int64_t next;
	size_t keep, n;
	bool cut;
	const char *text;

	if (output_read(tmp, req->db, j, &part, &bytes, &next, e) != ERR_OK)
		return e->code;
	cut = bytes->len >= PART_MAX;
	*left |= cut;
	keep = open || cut ? unfinished(bytes->at, bytes->len) : 0;
	if (bytes->len == keep)
		return ERR_OK;
	s->next[stream] = next - (int64_t)keep;
	text = utf8_mend(tmp, bytes->at, bytes->len - keep, &n);
	data = json_object_new_object();
	json_object_object_add(data, "offset", json_object_new_int64(s->next[stream]));
	json_object_object_add(data, "text", json_object_new_string_len(text, (int)n));
	put_event(s->part, stream == 0 ? "stdout" : "stderr", data);
	return ERR_OK;
}

static void
put_end(struct text *out, const struct job *j, enum job_state state)
{
	struct json_object *data = json_object_new_object();

	json_object_object_add(data, "job_id", json_object_new_string(j->id));
	json_object_object_add(data, "state", json_object_new_string(j->state));
	json_object_object_add(data, "status", json_object_new_string(state_status(state)));
	if (j->return_code != FIELD_NONE)
		json_object_object_add(data, "return_code", json_object_new_int64(j->return_code));
	put_event(out, "end", data);
}

/* Waits for more. A character that is not whole yet has been seen all the same. */
static void
wait_for_more(struct request *req, const struct stream *s, const struct job *j)
{
	const int64_t all[2] = { j->stdout_bytes, j->stderr_bytes };
	int64_t seen[2];

	for (int i = 0; i < 2; i++) {
		seen[i] = s->want[i] ? s->next[i] : INT64_MAX;
		if (s->want[i] && all[i] > seen[i] && all[i] - seen[i] < CHARACTER_MAX)
			seen[i] = all[i];
	}
	req->wait = order_follow(req, j->id, seen, HEARTBEAT_MS);
}

/* The next part of both streams, and what comes behind it: more, a wait, or the end. */
static enum err
stream_part(struct request *req, struct response *res, struct stream *s, struct error *e)
{
	SCOPED(tmp, NULL);
	enum job_state state = JOB_LOST;
	struct job j = { 0 };
	bool open;

	/* The state is read before the bytes: what it says of the end, they have. */
	if (groups_job(tmp, req->db, req->caller, req->params[0], &j, e) != ERR_OK)
		return e->code;
	job_state_find(j.state, &state);
	open = job_state_is_open(state);
	res->more = false;
	for (int i = 0; i < 2; i++)
		if (s->want[i] && put_output(req, s, &j, i, open, &res->more, e) != ERR_OK)
			return e->code;
	if (res->more)
		return ERR_OK;
	if (open)
		wait_for_more(req, s, &j);
	else
		put_end(s->part, &j, state);
	return ERR_OK;
}

static enum err
stream_more(struct request *req, struct response *res, struct error *e)
{
	struct stream *s = req->record;

	if (req->wait != NULL && req->wait->event == WAIT_REFUSED)
		return error_set(e, req->wait->code, "%s", req->wait->detail);
	mem_free(req->wait);
	req->wait = NULL;
	mem_free(s->part);
	s->part = text_new(s, SIZE_MAX / 2);
	if (stream_part(req, res, s, e) != ERR_OK)
		return e->code;
	if (s->part->len == 0)
		text_puts(s->part, ": still running\n\n");
	res->type = "text/event-stream";
	res->streaming = true;
	res->raw = s->part->at;
	res->raw_len = s->part->len;
	return ERR_OK;
}

enum err
job_stream(struct request *req, struct response *res, const bool want[2], const int64_t from[2],
    struct error *e)
{
	struct stream *s = MEM_NEW(req, struct stream);

	for (int i = 0; i < 2; i++) {
		s->want[i] = want[i];
		s->next[i] = from[i];
	}
	req->record = s;
	req->resume = stream_more;
	return stream_more(req, res, e);
}
