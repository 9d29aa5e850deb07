#ifndef SECRET_REMEMBER_H
#define SECRET_REMEMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Remembers that a user name and password were verified against a hash, so that
 * a request costs microseconds and not the Argon2id work. What is kept is a
 * hash keyed with random bytes of this process, never the password; a changed
 * password changes the stored hash and so forgets by itself. Thread-safe. Bounded: the
 * oldest of REMEMBER_MAX goes.
 */
enum { REMEMBER_MAX = 1024 };

struct remember;

/* TTL in milliseconds; 0 remembers nothing. Made for CTX. */
struct remember *remember_new(void *ctx, int64_t ttl_ms);
void remember_put(struct remember *r, const char *user, const char *password, const char *hash, int64_t now_mono);
/* Whether exactly these three were put less than the TTL ago. */
bool remember_has(struct remember *r, const char *user, const char *password, const char *hash, int64_t now_mono);

#endif
