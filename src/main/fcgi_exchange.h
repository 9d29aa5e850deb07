#ifndef MAIN_FCGI_EXCHANGE_H
#define MAIN_FCGI_EXCHANGE_H

#include "api/app.h"

/* Between CGI's variables and streams (RFC 3875), whoever provides them, and a request with its answer. */
struct cgi_io {
	void *arg;
	const char *(*param)(void *arg, const char *name);		/* NULL where there is none */
	size_t (*read)(void *arg, void *bytes, size_t n);		/* 0 at the end */
	void (*write)(void *arg, const void *bytes, size_t n);		/* a failure shows when the exchange ends */
	void (*flush)(void *arg);					/* what was written goes out now */
};

/*
 * The request that IO brings, made for CTX. The body is read to its end (what is left unread would be taken for
 * the next request), but what is over the route's limit is dropped.
 */
struct request *exchange_read(void *ctx, const struct app *app, const struct cgi_io *io);
/* Writes RES, or the next part of it where it is streaming; what has been written is released. */
void exchange_write(const struct cgi_io *io, const struct request *req, struct response *res);

#endif
