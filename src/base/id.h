#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>

#define ID_LEN 24		/* hex digits of a record's id, api.md section 1 */
#define UUID_LEN 36

/* A new id: 4 bytes of seconds and 8 random ones as 24 lower-case hex digits, made for CTX. */
char *id_new(void *ctx);
/* A new random UUID (RFC 4122 version 4), made for CTX. */
char *id_uuid(void *ctx);
bool id_is(const char *s);
bool id_is_uuid(const char *s);

#endif
