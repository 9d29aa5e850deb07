#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <json-c/json.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/field.h"

/* A request and its answer, whatever they came by (FastCGI, CGI, the admin command, a test). */

#define METHODS(X) X(GET) X(HEAD) X(POST) X(PUT) X(PATCH) X(DELETE) X(OPTIONS)
enum method_bit {
#define X(m) METHOD_BIT_##m,
	METHODS(X)
#undef X
	METHOD_BITS
};
enum method {
	METHOD_NONE = 0,	/* one that we do not know */
#define X(m) M_##m = 1 << METHOD_BIT_##m,
	METHODS(X)
#undef X
};
enum method method_find(const char *name);
const char *method_name(enum method m);

struct app;
struct db;
struct caller;
struct route;
struct wait;
struct audit_note;
struct request;
struct response;
typedef enum err (*route_fn)(struct request *req, struct response *res, struct error *e);

enum { ROUTE_PARAMS = 3, RESPONSE_HEADERS = 8 };

struct query_pair {
	const char *name, *value;	/* decoded */
};

/* The parent, in memory, of all that is made for it. */
struct request {
	enum method method;
	const char *path;		/* decoded, from "/"; not NULL */
	const char *query;		/* as it came, "" where there is none */
	const char *content_type;	/* "" where there is none */
	const char *authorization;	/* NULL where there is none: so the others */
	const char *prefer;
	const char *accept;
	const char *idempotency_key;
	const char *cookie;
	const char *content_encoding;
	const char *fetch_site;		/* Sec-Fetch-Site: of which site the page is that a browser asks for */
	const char *origin, *host;	/* Origin: that page's; Host: where the browser thinks that we are */
	const char *remote_user;	/* whom the web server says it is; trusted by setting only */
	const char *remote;		/* address of the client */
	bool https;			/* the client came by it */
	const void *body;
	size_t body_len;
	bool body_too_large;		/* it was over app_body_max() and has been dropped */
	bool body_cut;			/* it ended before its Content-Length */

	/* The pipeline's. */
	const char *id;			/* X-Request-Id */
	struct app *app;
	struct db *db;			/* of the thread that has the request in hand */
	const struct route *route;
	const char *params[ROUTE_PARAMS];	/* values of {x}, in the order of the path */
	struct query_pair *pairs;
	size_t n_pairs;
	struct query_pair *form;	/* the same of a body that is a form */
	size_t n_form;
	const struct caller *caller;	/* NULL on open routes; set by a host that knows who it is */
	const char *claimed;		/* whose password was wrong, "" for no account's; NULL: none was */
	struct audit_note *note;	/* api/audit's */
	/* For the audit, where a handler knows better; NULL: the id in the answer or the path, none, "ok". */
	const char *acted_on, *job_id, *outcome;
	struct json_object *json;	/* the body, without its wrapper */
	void *record;			/* the body as the route's record, for a create */
	struct wait *wait;		/* set by a handler that must wait (run/order.h) */
	route_fn resume;		/* called then instead of the handler */
};

struct response {
	int status;			/* 0: 200 */
	struct json_object *body;	/* owned: put by response_release() */
	const char *id, *message;	/* for the envelopes that have them */
	int64_t total;			/* of a list; -1: none */
	int64_t skip, limit;		/* of a list, as it was asked for; limit 0: all */
	const struct faults *faults;	/* NULL, or what the error lists one by one */
	const char *type;		/* NULL: application/json */
	const void *raw;		/* what is sent instead of BODY, where TYPE is set */
	size_t raw_len;
	bool streaming;			/* RAW is a part: more come while the request waits, */
	bool more;			/* or, without a wait, when this one has gone out */
	bool head_sent;			/* the host's: the first part has gone out */
	struct {
		const char *name, *value;
	} headers[RESPONSE_HEADERS];
	size_t n_headers;
};

void response_init(struct response *res);
void response_release(struct response *res);
/* NAME and VALUE are borrowed until the answer is written; a value with a control character is dropped. */
void response_header(struct response *res, const char *name, const char *value);

/*
 * Query parameters: percent-decoding and '+' (WHATWG URL, application/x-www-form-urlencoded). query_read() refuses what
 * is no UTF-8 or holds a NUL, and more than QUERY_MAX pairs.
 */
enum { QUERY_MAX = 64 };
enum err query_read(struct request *req, struct error *e) MUST_CHECK;
/* The first value of NAME, NULL where there is none. */
const char *query_text(const struct request *req, const char *name);
/* The same for the body. */
enum err form_read(struct request *req, struct error *e) MUST_CHECK;
const char *form_text(const struct request *req, const char *name);
/* Its number, or OTHERWISE; ERR_INVALID naming it where it is none within [min, max]. */
enum err query_int(const struct request *req, const char *name, int64_t min, int64_t max, int64_t otherwise,
    int64_t *out, struct error *e) MUST_CHECK;
/* "true", "1" or "" is true, "false" or "0" false; absent is false. */
enum err query_bool(const struct request *req, const char *name, bool *out, struct error *e) MUST_CHECK;

#endif
