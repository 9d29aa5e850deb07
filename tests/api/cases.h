#ifndef API_CASES_H
#define API_CASES_H

#include "base/text.h"

/*
 * Where the cases are: GATEHOUSE_CASES, or tests/api below the directory that srcdir names (automake sets it), or
 * beside this file's source. Made for CTX.
 */
char *cases_directory(void *ctx);
/* The directories in DIR, one an operation; and the files OPERATION/NAME.case in there. In order, made for CTX. */
struct names cases_operations(void *ctx, const char *dir);
struct names cases_of(void *ctx, const char *dir, const char *operation);

#endif
