#ifndef MAIN_SETUP_H
#define MAIN_SETUP_H

#include "base/config.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

/* Reads the configuration (PATH NULL: see config_read()) and opens the log of PROGRAM as it says. NULL: E filled. */
struct config *setup_config(void *ctx, const char *path, const char *program, struct error *e);
/*
 * A descriptor of STATE/gatehoused.pid, locked until it is closed: whoever has it is the one that executes runs. -1:
 * another has it (errno EWOULDBLOCK), or it cannot be made.
 */
int setup_lock(void *ctx, const struct config *c);
/* As many descriptors as this process may have: each connection and each run takes some. */
void setup_descriptors(void);

#endif
