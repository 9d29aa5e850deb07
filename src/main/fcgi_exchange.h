#ifndef MAIN_FCGI_EXCHANGE_H
#define MAIN_FCGI_EXCHANGE_H

#include "api/app.h"

/* Between CGI's variables and streams (RFC 3875), whoever provides them, and a request with its answer. */
struct cgi_io {
	void *arg;
	const char *(*param)(void *arg, const char *name);		/* NULL where there is none */
	size_t (*read)(void *arg, void *bytes, size_t n);		/* 0 at the end */
};

/* What goes out of an answer, or of a part of one. */
struct cgi_answer {
	const char *head;	/* length 0 behind the first part */
	size_t head_len;
	const char *body;
	size_t body_len;
	bool last;		/* nothing comes behind it */
};

/*
 * The request that IO brings, made for CTX. The body is read to its end (what is left unread would be taken for
 * the next request), but what is over the route's limit is dropped.
 */
struct request *exchange_read(void *ctx, const struct app *app, const struct cgi_io *io);
/*
 * What is to be sent of RES, or of the next part where it is streaming: borrowed from REQ and RES, until
 * response_release(). Not for a request that waits and is not streaming: it has nothing to send yet.
 */
void exchange_answer(struct request *req, struct response *res, struct cgi_answer *out);

#endif
