#ifndef SECRET_DIGEST_H
#define SECRET_DIGEST_H

#include <stddef.h>

/* BLAKE2b-256 of N bytes as 64 lower-case hex digits, made for CTX. */
char *digest_hex(void *ctx, const void *bytes, size_t n);

#endif
