#ifndef SECRET_PASSWORD_H
#define SECRET_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define PASSWORD_MIN 8		/* characters */
#define PASSWORD_MAX 1024	/* bytes, before any hashing */

/* Once per process, before anything else of this floor. */
enum err secret_init(struct error *e) MUST_CHECK;
/* An Argon2id hash of PASSWORD in its text form (libsodium, interactive limits), made for CTX. NULL: E (length). */
char *password_hash(void *ctx, const char *password, struct error *e);
/*
 * Whether PASSWORD is that of HASH; no where HASH is none. Takes tens of milliseconds and 64 MiB; at most two at
 * once in a process, others wait.
 */
bool password_verify(const char *hash, const char *password);
/* Does the work of a password_verify() that fails, so that an unknown name takes as long as a wrong password. */
void password_verify_nothing(const char *password);

#endif
