#ifndef ACCESS_CREDENTIAL_H
#define ACCESS_CREDENTIAL_H

#include <stdbool.h>

/* Reading credentials out of the head of a request. */

/*
 * Splits HEADER, "Basic ..." (RFC 7617), made for CTX: false where it is not well-formed, or no UTF-8, or longer than
 * any that could be right.
 */
bool credential_basic(void *ctx, const char *header, char **user, char **password);
/* The token of HEADER, "Bearer ..." (RFC 6750 section 2.1), borrowed; NULL where it is none. */
const char *credential_bearer(const char *header);
/* The value of the first cookie NAME in the header Cookie (RFC 6265 section 5.4), made for CTX; NULL: none. */
char *credential_cookie(void *ctx, const char *header, const char *name);

#endif
