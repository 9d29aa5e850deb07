#include "drive.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "json/body.h"
#include "match.h"

enum { AGAIN_WAIT_MS = 60000, AGAIN_STEP_MS = 20, STATUS_NO_CONTENT = 204 };

/* One call and what came of it. */
struct call {
	struct world *w;
	const struct act *act;
	struct request *req;
	struct response res;
	struct json_object *json;	/* the answer; NULL where it is none */
	struct text *out;		/* what is wrong */
};

static bool
is_wrong(struct call *c, const char *what, const char *detail)
{
	text_printf(c->out, "    %s: %s\n", what, detail);
	return false;
}

/* --- asking --- */

/* The path and query of the request: "~" is the base path. */
static bool
set_path(struct call *c)
{
	struct request *req = c->req;
	struct error e;
	char *path = case_fill(req, c->act->path, c->w->saved, &e), *query;

	if (path == NULL)
		return is_wrong(c, "path", e.detail);
	if (*path == '~')
		path = mem_printf(req, "%s%s", ROUTE_BASE, path + 1);
	query = strchr(path, '?');
	req->path = path;
	req->query = query != NULL ? query + 1 : "";
	if (query != NULL)
		*query = '\0';
	return true;
}

/* A host drops a body that is too large, and gives no byte more than there is. */
static bool
set_body(struct call *c)
{
	const struct act *a = c->act;
	struct request *req = c->req;
	const char *body = a->body;
	size_t n = a->body_len;
	struct error e;

	req->content_type = a->type != NULL ? a->type : body != NULL ? "application/json" : "";
	req->body_cut = a->is_cut;
	if (body == NULL)
		return true;
	if (!a->is_raw) {
		body = case_fill(req, body, c->w->saved, &e);
		if (body == NULL)
			return is_wrong(c, "body", e.detail);
		n = strlen(body);
	}
	if (n > app_body_max(c->w->app, req, req->method, req->path)) {
		req->body_too_large = true;
		return true;
	}
	req->body = memcpy(mem_bytes(req, n), body, n);
	req->body_len = n;
	return true;
}

/* Credentials may be what an earlier answer gave. */
static bool
set_secrets(struct call *c)
{
	const struct act *a = c->act;
	struct request *req = c->req;
	struct error e = { 0 };

	if (a->authorization != NULL)
		req->authorization = case_fill(req, a->authorization, c->w->saved, &e);
	if (a->cookie != NULL)
		req->cookie = case_fill(req, a->cookie, c->w->saved, &e);
	return e.code == ERR_OK || is_wrong(c, "credential", e.detail);
}

static bool
make_request(struct call *c)
{
	const struct act *a = c->act;
	struct request *req = c->req;
	bool known;

	req->method = a->method;
	req->prefer = a->prefer;
	req->idempotency_key = a->idempotency_key;
	req->remote = a->remote != NULL ? a->remote : "192.0.2.1";
	req->fetch_site = a->fetch_site;
	req->origin = a->origin;
	req->host = a->host;
	req->content_encoding = a->encoding;
	req->remote_user = a->remote_user;
	req->https = a->https != NULL;
	req->authorization = world_caller(a->as, &known);
	if (!known)
		return is_wrong(c, "there is no caller", a->as);
	return set_secrets(c) && set_path(c) && set_body(c);
}

static void
ask(struct call *c)
{
	struct world *w = c->w;

	app_handle(w->app, w->db, c->req, &c->res);
	while (c->req->wait != NULL || c->res.more) {
		if (c->req->wait != NULL)
			link_wait(w->link, c->req->wait);
		app_resume(w->db, c->req, &c->res);
	}
}

/* --- judging --- */

static const char *
header(const struct call *c, const char *name)
{
	const struct response *res = &c->res;

	if (strcmp(name, "Content-Type") == 0)
		return res->type != NULL ? res->type : "application/json";
	for (size_t i = 0; i < res->n_headers; i++)
		if (strcmp(res->headers[i].name, name) == 0)
			return res->headers[i].value;
	return NULL;
}

/* What goes over the wire must be what our own strict reader takes. */
static bool
read_answer(struct call *c)
{
	char *text;
	struct error e;

	if (c->res.type != NULL || c->res.status == STATUS_NO_CONTENT)
		return c->res.body == NULL || is_wrong(c, "a body beside", "one that is no JSON");
	if (c->res.body == NULL)
		return is_wrong(c, "answer", "has no body");
	text = json_text(c->req, c->res.body);
	if (json_parse(c->req, text, strlen(text), &c->json, &e) != ERR_OK)
		return is_wrong(c, "the answer is no JSON", e.detail);
	return true;
}

static bool
judge_id(struct call *c)
{
	const char *id = header(c, "X-Request-Id"), *named = json_get_text(c->json, "request_id");

	if (id == NULL || !id_is(id))
		return is_wrong(c, "X-Request-Id", id != NULL ? id : "is not there");
	if (named != NULL && strcmp(named, id) != 0)
		return is_wrong(c, "request_id is not that of the header", named);
	return true;
}

static bool
judge_headers(struct call *c)
{
	const struct pairs *want = &c->act->headers;
	bool good = true;

	for (size_t i = 0; i < want->n; i++) {
		const char *got = header(c, want->at[i].name);
		struct error e = { 0 };
		char *value = case_fill(c->req, want->at[i].value, c->w->saved, &e);

		if (value == NULL || !match_text(value, got)) {
			text_printf(c->out, "    header %s: wanted %s, got %s\n", want->at[i].name,
			    want->at[i].value, got != NULL ? got : "none");
			good = false;
		}
	}
	return good;
}

static bool
judge_json(struct call *c)
{
	struct json_object *want;
	struct error e;
	char *text = case_fill(c->req, c->act->want, c->w->saved, &e);

	if (text == NULL)
		return is_wrong(c, "the expected answer", e.detail);
	if (json_parse(c->req, text, strlen(text), &want, &e) != ERR_OK)
		return is_wrong(c, "the expected answer is no JSON", e.detail);
	return match_json(want, c->json, c->out);
}

static bool
judge_text(struct call *c)
{
	struct error e;
	char *got = mem_textn(c->req, c->res.raw, c->res.type != NULL ? c->res.raw_len : 0);
	char *want = case_fill(c->req, c->act->want_text, c->w->saved, &e);

	if (want == NULL)
		return is_wrong(c, "the expected text", e.detail);
	if (match_text(want, got))
		return true;
	text_printf(c->out, "    wanted the text %s, got %s\n", want, got);
	return false;
}

static bool
judge_raw(struct call *c)
{
	const struct act *a = c->act;

	if (c->res.type != NULL && c->res.raw_len == a->want_raw_len &&
	    memcmp(c->res.raw, a->want_raw, a->want_raw_len) == 0)
		return true;
	text_printf(c->out, "    wanted %zu bytes \"%s\", got %zu \"", a->want_raw_len, a->want_raw,
	    c->res.raw_len);
	text_add(c->out, c->res.raw, c->res.type != NULL ? c->res.raw_len : 0);
	text_puts(c->out, "\"\n");
	return false;
}

static bool
judge_status(struct call *c)
{
	if (c->res.status == c->act->status)
		return true;
	text_printf(c->out, "    wanted status %d, got %d\n", c->act->status, c->res.status);
	return false;
}

static bool
save(struct call *c)
{
	const struct pairs *list = &c->act->saved;

	for (size_t i = 0; i < list->n; i++) {
		bool is_raw = strcmp(list->at[i].value, "raw") == 0 && c->res.type != NULL;
		char *value = is_raw ? mem_textn(c->req, c->res.raw, c->res.raw_len) :
		    case_find(c->req, c->json, list->at[i].value);

		if (value == NULL)
			return is_wrong(c, "nothing to save at", list->at[i].value);
		json_set(c->w->saved, list->at[i].name, json_object_new_string(value));
	}
	return true;
}

/* What is saved first may be expected in the same answer. */
static bool
judge(struct call *c)
{
	bool good = read_answer(c);

	good &= judge_status(c);
	good &= save(c);
	good &= judge_id(c);
	good &= judge_headers(c);
	if (c->act->want != NULL)
		good &= judge_json(c);
	if (c->act->want_raw != NULL)
		good &= judge_raw(c);
	if (c->act->want_text != NULL)
		good &= judge_text(c);
	if (!good && c->json != NULL)
		text_printf(c->out, "    the answer: %s\n", json_text(c->req, c->json));
	return good;
}

/* --- keeping --- */

static void
put_text(struct json_object *o, const char *key, const char *text)
{
	json_set(o, key, text != NULL ? json_object_new_string(text) : NULL);
}

/* The body of the request as a handler would read it; NULL where it is no JSON. */
static struct json_object *
asked(const struct call *c)
{
	const struct request *req = c->req;
	struct json_object *o;
	struct error e;

	if (req->body_len == 0 || json_parse(c->req, req->body, req->body_len, &o, &e) != ERR_OK)
		return NULL;
	return json_object_get(o);
}

static char *
answer_line(const struct call *c)
{
	const struct request *req = c->req;
	struct json_object *o = json_keep(c->req, json_object_new_object());

	put_text(o, "op", req->route != NULL ? req->route->op : NULL);
	put_text(o, "method", method_name(req->method));
	put_text(o, "path", req->path);
	put_text(o, "query", req->query);
	json_set(o, "asked", asked(c));
	json_set(o, "status", json_object_new_int(c->res.status));
	put_text(o, "type", c->res.status != STATUS_NO_CONTENT ? header(c, "Content-Type") : NULL);
	json_set(o, "body", json_object_get(c->json));
	return mem_printf(c->req, "%s\n", json_text(c->req, o));
}

/*
 * Adds the answer to the file that GATEHOUSE_ANSWERS names, one JSON object a line, for tests/check-openapi. Cases run
 * at once: each line is one write.
 */
static bool
keep_answer(struct call *c)
{
	const char *path = getenv("GATEHOUSE_ANSWERS");
	const char *line;
	bool good;
	int fd;

	if (path == NULL)
		return true;
	line = answer_line(c);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
	good = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);
	if (!good)
		is_wrong(c, path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

/* --- acts --- */

/* One request. Nothing that was made for it may stay with the application. */
static bool
call_once(struct world *w, const struct act *a, struct text *out)
{
	SCOPED(tmp, NULL);
	struct call c = { .w = w, .act = a, .out = out, .req = MEM_NEW(tmp, struct request) };
	size_t before = talloc_total_blocks(w->app);
	bool good = make_request(&c);

	if (!good)
		return false;
	ask(&c);
	good = judge(&c);
	good &= keep_answer(&c);
	response_release(&c.res);
	mem_free(c.req);
	if (talloc_total_blocks(w->app) != before) {
		text_puts(out, "    something of the request stays with the application\n");
		good = false;
	}
	return good;
}

static bool
do_call(struct world *w, const struct act *a, struct text *out)
{
	int64_t until = clock_mono() + AGAIN_WAIT_MS;
	size_t mark = out->len;

	while (!call_once(w, a, out)) {
		if (!a->again || clock_mono() > until)
			return false;
		out->len = mark;
		poll(NULL, 0, AGAIN_STEP_MS);
	}
	return true;
}

static bool
do_sql(struct world *w, const struct act *a, struct text *out)
{
	SCOPED(tmp, NULL);
	struct error e;
	char *sql = case_fill(tmp, a->body, w->saved, &e);

	if (sql != NULL && db_exec(w->db, sql, &e) == ERR_OK)
		return true;
	text_printf(out, "    %s\n", e.detail);
	return false;
}

static bool
do_file(struct world *w, const struct act *a, struct text *out)
{
	SCOPED(tmp, NULL);
	struct error e;
	char *path = mem_printf(tmp, "%s/%s", w->code, a->path);
	char *text = case_fill(tmp, a->body, w->saved, &e);
	FILE *f = text != NULL ? fopen(path, "wxe") : NULL;
	bool good = f != NULL && fprintf(f, "%s\n", text) > 0;

	if (f != NULL)
		good &= fclose(f) == 0 && chmod(path, S_IRWXU) == 0;
	if (!good)
		text_printf(out, "    %s: %s\n", path, strerror(errno));
	return good;
}

static bool
do_act(struct world *w, const struct act *a, struct text *out)
{
	switch (a->kind) {
	case ACT_SQL:
		return do_sql(w, a, out);
	case ACT_FILE:
		return do_file(w, a, out);
	case ACT_CALL:
		return do_call(w, a, out);
	}
	return false;
}

/* What follows a failure would only fail too. */
static bool
do_acts(struct world *w, const struct case_file *file, struct text *out)
{
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < file->n_acts; i++) {
		struct text *what = text_new(tmp, SIZE_MAX / 2);
		const struct act *a = &file->acts[i];

		if (do_act(w, a, what))
			continue;
		text_printf(out, "  %s:%d: %s %s\n%s", file->path, a->line,
		    a->kind == ACT_CALL ? method_name(a->method) : "given",
		    a->path != NULL ? a->path : "sql", what->at);
		return false;
	}
	return true;
}

bool
drive_case(const struct case_file *file, struct text *out)
{
	struct error e;
	struct world *w = world_new(file->config, &e);
	bool good;

	if (w == NULL) {
		text_printf(out, "  %s: %s\n", file->path, e.detail);
		return false;
	}
	good = do_acts(w, file, out);
	if (!good)
		world_log(w, out);
	return world_end(w, out) && good;
}
