#ifndef MAIN_FCGI_SERVE_H
#define MAIN_FCGI_SERVE_H

#include "api/app.h"

/*
 * Serves FastCGI on descriptor 0 until SIGTERM: one thread waits for all
 * connections, workers have one request each in hand, and requests that wait for
 * a run hold no thread (the event loop of the design, over libfcgi). Returns the
 * exit status.
 */
int fcgi_serve(void *ctx, struct app *app);
/* Answers the one request of a CGI program. */
int cgi_serve(void *ctx, struct app *app);

#endif
