#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stddef.h>

#include "base/err.h"

/*
 * A list of faults, for input that is checked to its end before it is refused
 * (service files, parameters). At most FAULTS_MAX are kept, the rest counted.
 */
#define FAULTS_MAX 100

struct fault {
	const char *path;	/* a JSON pointer ("/n") or a path ("services[2].name"); "" is the whole */
	const char *text;	/* "must be at least 1" */
};

struct faults {
	size_t count;		/* all that were found */
	size_t kept;		/* those in AT */
	struct fault *at;
};

struct faults *faults_new(void *ctx);
/* PATH is copied. */
void faults_add(struct faults *f, const char *path, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "PATH: TEXT; PATH: TEXT; and 3 more", made for CTX. */
char *faults_text(void *ctx, const struct faults *f);

#endif
