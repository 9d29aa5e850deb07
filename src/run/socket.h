#ifndef RUN_SOCKET_H
#define RUN_SOCKET_H

#include <stdbool.h>

#include "base/config.h"
#include "base/err.h"

/* STATE/gatehoused.sock, mode 0600, also where its path is longer than a socket address can hold. -1: E filled. */
int socket_connect(const struct config *c, struct error *e);
/* Replaces one that a dead gatehoused left: the caller holds the lock. */
int socket_listen(const struct config *c, struct error *e);

#endif
