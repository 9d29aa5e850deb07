#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http/message.h"

/* The envelope of a success (api.md section 2). */
enum answer {
	ANSWER_BARE,		/* the body as it is */
	ANSWER_RESULTS,		/* {state, results: body, total} */
	ANSWER_RESULT,		/* {state, message, result: body, total}, what there is of these */
	ANSWER_VALUE,		/* {state, result: {value: body}} */
	ANSWER_MESSAGE_ID,	/* {state, message, id} */
	/* Of the original's Inventory Manager: */
	ANSWER_STATUS,		/* {status, message, result: body}, message where there is one */
	ANSWER_LISTING,		/* {results: body, total} */
	ANSWER_OK,		/* {status: "OK", data: body} */
	ANSWER_PAGE		/* {status, result: {data: body, totalRecords, currentPage, pageSize, totalPages}} */
};

enum body_use {
	BODY_NONE,		/* one that comes is not looked at */
	BODY_CREATE,		/* read into a new record before the handler */
	BODY_UPDATE,		/* the handler reads it over the record: request_overlay() */
	BODY_JSON,		/* any object: the handler reads it */
	BODY_FORM		/* application/x-www-form-urlencoded: the handler reads it by form_text() */
};

enum { ROUTE_ERRORS = 4 };

struct query_field {
	const char *name, *doc;
};

struct route {
	enum method method;
	const char *path;		/* "/gateways/{id}", below the base path; see BASE */
	const char *op;			/* operation id */
	const char *role;		/* or ROLE_OPEN: no caller is needed, or ROLE_CALLER */
	struct {
		enum body_use use;
		const char *wrapper;	/* NULL: the object itself */
		const struct field *fields;
		size_t size;		/* of the record */
	} body;
	const char *body_shape;		/* where it has no fields: the name of a schema in api/openapi_shapes.c */
	const struct query_field *query;	/* what it reads of the query, for the OpenAPI document */
	const struct field *list;	/* a list: what it can be filtered and sorted by (api.md section 4) */
	enum answer answer;
	/*
	 * The rest of the answer, for the OpenAPI document: the record, or where it is none the name of a schema in
	 * api/openapi_shapes.c; and what its errors may be beside those that the row itself brings about.
	 */
	const struct field *record;
	const char *shape;
	bool message;			/* ANSWER_RESULT: there is one */
	enum err errors[ROUTE_ERRORS];
	const struct query_field *headers;	/* what it reads of the head */
	const struct query_field *gives;	/* headers of its answer, where they are its own */
	const char *const *types;	/* of an answer that is no JSON; the last is NULL */
	bool outside;			/* not below the base path */
	bool large;			/* its body may be as large as [responder] max_import */
	route_fn run;
	const char *summary;		/* must */
	const char *doc;		/* sentences: what the summary has no room for; may be NULL */
};

#define ROUTE_BASE "/gateway_manager/v1"
#define ROLE_OPEN "-"
#define ROLE_CALLER "*"			/* whoever has a credential */

struct router;
/*
 * TABLES ends in NULL, each table in a route without a path. NULL where a route lacks a handler, role or summary, or
 * where two can match one path: E names them.
 */
struct router *router_new(void *ctx, const struct route *const *tables, struct error *e);
/*
 * Finds the route of METHOD and PATH (a trailing slash is tolerated; HEAD is as GET) and fills PARAMS, made for CTX.
 * ERR_NOT_FOUND, or ERR_METHOD; ALLOW gets the methods that PATH has.
 */
enum err router_find(const struct router *r, void *ctx, enum method method, const char *path,
    const struct route **found, const char *params[ROUTE_PARAMS], unsigned *allow, struct error *e) MUST_CHECK;
/* "GET, HEAD, POST", made for CTX. */
char *router_allow(void *ctx, unsigned allow);
/* The N routes. */
const struct route *const *router_all(const struct router *r, size_t *n);

/* The envelope KIND around RES's body, made from RES: the caller owns it, RES's body is used up. */
struct json_object *answer_wrap(enum answer kind, struct response *res);
/*
 * The body of an error (api.md section 1), with "faults":[{path,message}] unless FAULTS is NULL or empty.
 * The caller owns it.
 */
struct json_object *answer_error(const struct error *e, const char *request_id, const struct faults *faults);

#endif
