#include "main/fcgi_exchange.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/crash.h"
#include "base/mem.h"
#include "base/text.h"

enum { READ_SIZE = 16384, HEAD_MAX = 65536, EVENT_MAX = 65536, STATUS_NO_CONTENT = 204 };

static const struct {
	int status;
	const char *phrase;
} phrases[] = {
	{ 200, "OK" },
	{ 204, "No Content" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 429, "Too Many Requests" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
};

static const char *
phrase_of(int status)
{
	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Status";
}

/* NULL or a copy for CTX. */
static const char *
param(void *ctx, const struct cgi_io *io, const char *name)
{
	const char *value = io->param(io->arg, name);

	return value != NULL ? mem_text(ctx, value) : NULL;
}

static const char *
param_or(void *ctx, const struct cgi_io *io, const char *name, const char *otherwise)
{
	const char *value = param(ctx, io, name);

	return value != NULL ? value : otherwise;
}

/* The decoded path: below the place of the program, or where the program is the root, all of it. */
static const char *
path_of(void *ctx, const struct cgi_io *io)
{
	const char *path = param_or(ctx, io, "PATH_INFO", "");

	if (*path == '\0')
		path = param_or(ctx, io, "SCRIPT_NAME", "");
	return *path == '/' ? path : "/";
}

static void
read_body(struct request *req, const struct cgi_io *io, size_t max)
{
	struct text *body = text_new(req, max);
	const char *length = io->param(io->arg, "CONTENT_LENGTH");
	int64_t announced = -1;
	char part[READ_SIZE];
	size_t n;

	while ((n = io->read(io->arg, part, sizeof part)) > 0)
		text_add(body, part, n);
	req->body = body->at;
	req->body_len = body->len;
	req->body_too_large = body->cut;
	req->body_cut = length != NULL && *length != '\0' && !body->cut &&
	    (!text_int(length, 0, INT64_MAX, &announced) || announced > (int64_t)body->len);
}

/* The last of a list with commas, which our own proxy has added: the others anybody can write. */
static const char *
last_of(const char *list)
{
	const char *comma = strrchr(list, ',');

	list = comma != NULL ? comma + 1 : list;
	return list + strspn(list, " \t");
}

/* Whether the client came by HTTPS, as the web server says, or the proxy before it, if TRUSTED. */
static bool
is_https(void *ctx, const struct cgi_io *io, bool trusted)
{
	const char *https = param_or(ctx, io, "HTTPS", "off");
	const char *proto = trusted ? param_or(ctx, io, "HTTP_X_FORWARDED_PROTO", "") : "";

	return (*https != '\0' && strcasecmp(https, "off") != 0) ||
	    strcasecmp(param_or(ctx, io, "REQUEST_SCHEME", ""), "https") == 0 ||
	    strcasecmp(last_of(proto), "https") == 0;
}

static const char *
remote_of(void *ctx, const struct cgi_io *io, bool trusted)
{
	const char *forwarded = trusted ? param(ctx, io, "HTTP_X_FORWARDED_FOR") : NULL;

	return forwarded != NULL && *last_of(forwarded) != '\0' ?
	    last_of(forwarded) : param_or(ctx, io, "REMOTE_ADDR", "");
}

struct request *
exchange_read(void *ctx, const struct app *app, const struct cgi_io *io)
{
	struct request *req = MEM_NEW(ctx, struct request);

	req->method = method_find(param_or(req, io, "REQUEST_METHOD", ""));
	req->path = path_of(req, io);
	req->query = param_or(req, io, "QUERY_STRING", "");
	req->content_type = param_or(req, io, "CONTENT_TYPE", "");
	req->authorization = param(req, io, "HTTP_AUTHORIZATION");
	req->prefer = param(req, io, "HTTP_PREFER");
	req->accept = param(req, io, "HTTP_ACCEPT");
	req->idempotency_key = param(req, io, "HTTP_IDEMPOTENCY_KEY");
	req->cookie = param(req, io, "HTTP_COOKIE");
	req->content_encoding = param(req, io, "HTTP_CONTENT_ENCODING");
	req->fetch_site = param(req, io, "HTTP_SEC_FETCH_SITE");
	req->origin = param(req, io, "HTTP_ORIGIN");
	req->host = param(req, io, "HTTP_HOST");
	req->remote_user = param(req, io, "REMOTE_USER");
	req->remote = remote_of(req, io, app->config->auth_trust_forwarded);
	req->https = is_https(req, io, app->config->auth_trust_forwarded);
	read_body(req, io, app_body_max(app, req, req->method, req->path));
	return req;
}

static void
put_head(const struct response *res, struct text *head, size_t body_len)
{
	text_printf(head, "Status: %d %s\r\n", res->status, phrase_of(res->status));
	if (res->status != STATUS_NO_CONTENT)
		text_printf(head, "Content-Type: %s\r\n",
		    res->type != NULL ? res->type : "application/json");
	if (res->status != STATUS_NO_CONTENT && !res->streaming)
		text_printf(head, "Content-Length: %zu\r\n", body_len);
	/* nginx passes on a stream as it comes, and only that. */
	if (res->streaming)
		text_puts(head, "X-Accel-Buffering: no\r\n");
	text_puts(head, "Cache-Control: no-store\r\n");
	for (size_t i = 0; i < res->n_headers; i++)
		text_printf(head, "%s: %s\r\n", res->headers[i].name, res->headers[i].value);
	text_puts(head, "\r\n");
}

static const char *
json_body(struct response *res, size_t *n)
{
	return json_object_to_json_string_length(
	    res->body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, n);
}

/* A stream that fails on its way has told its status already: an event says what went wrong. */
static const char *
error_event(struct request *req, struct response *res, size_t *n)
{
	struct text *event = text_new(req, EVENT_MAX);
	size_t json_len;

	text_printf(event, "event: error\ndata: %s\n\n", json_body(res, &json_len));
	*n = event->len;
	return event->at;
}

void
exchange_answer(struct request *req, struct response *res, struct cgi_answer *out)
{
	struct text *head;

	CRASH_POINT("answer-unwritten");
	*out = (struct cgi_answer){ .body = res->raw, .body_len = res->raw_len };
	if (res->type == NULL && res->head_sent)
		out->body = error_event(req, res, &out->body_len);
	else if (res->type == NULL && res->status != STATUS_NO_CONTENT)
		out->body = json_body(res, &out->body_len);
	if (!res->head_sent) {
		head = text_new(req, HEAD_MAX);
		put_head(res, head, out->body_len);
		out->head = head->at;
		out->head_len = head->len;
	}
	res->head_sent = true;
	out->last = req->method == M_HEAD || (req->wait == NULL && !res->more);
	if (req->method == M_HEAD)
		out->body_len = 0;
}
