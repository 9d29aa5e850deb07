#ifndef MAIN_SETUP_H
#define MAIN_SETUP_H

#include "base/config.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

/* Reads the configuration (PATH NULL: see config_read()) and opens the log of PROGRAM as it says. NULL: E filled. */
struct config *setup_config(void *ctx, const char *path, const char *program, struct error *e);
/* As many descriptors as this process may have: each connection and each run takes some. */
void setup_descriptors(void);

#endif
