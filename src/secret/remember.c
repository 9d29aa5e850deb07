#include "secret/remember.h"

#include <pthread.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"

enum { DIGEST_BYTES = crypto_generichash_BYTES };

struct proof {
	unsigned char digest[DIGEST_BYTES];
	int64_t at;		/* ms, monotonic clock */
};

struct remember {
	pthread_mutex_t lock;
	int64_t ttl_ms;
	unsigned char key[crypto_generichash_KEYBYTES];
	size_t n;
	struct proof proofs[REMEMBER_MAX];
};

static int
remember_end(struct remember *r)
{
	pthread_mutex_destroy(&r->lock);
	sodium_memzero(r->key, sizeof r->key);
	sodium_memzero(r->proofs, sizeof r->proofs);
	return 0;
}

struct remember *
remember_new(void *ctx, int64_t ttl_ms)
{
	struct remember *r = MEM_NEW(ctx, struct remember);

	r->ttl_ms = ttl_ms;
	pthread_mutex_init(&r->lock, NULL);
	randombytes_buf(r->key, sizeof r->key);
	MEM_ON_FREE(r, remember_end);
	return r;
}

/* With its length before it, so that "ab" and "c" are not "a" and "bc". */
static void
digest_add(crypto_generichash_state *state, const char *s)
{
	uint64_t n = strlen(s);

	crypto_generichash_update(state, (const unsigned char *)&n, sizeof n);
	crypto_generichash_update(state, (const unsigned char *)s, n);
}

static void
digest_make(const struct remember *r, const char *user, const char *password, const char *hash,
    unsigned char out[DIGEST_BYTES])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, r->key, sizeof r->key, DIGEST_BYTES);
	digest_add(&state, user);
	digest_add(&state, password);
	digest_add(&state, hash);
	crypto_generichash_final(&state, out, DIGEST_BYTES);
	sodium_memzero(&state, sizeof state);
}

static struct proof *
proof_find(struct remember *r, const unsigned char digest[DIGEST_BYTES])
{
	struct proof *found = NULL;

	/* To the end, so that the time tells nothing about what is kept. */
	for (size_t i = 0; i < r->n; i++)
		if (sodium_memcmp(r->proofs[i].digest, digest, DIGEST_BYTES) == 0)
			found = &r->proofs[i];
	return found;
}

/* A free place, or that of the oldest. */
static struct proof *
proof_place(struct remember *r)
{
	struct proof *oldest = r->proofs;

	if (r->n < REMEMBER_MAX)
		return &r->proofs[r->n++];
	for (size_t i = 1; i < r->n; i++)
		if (r->proofs[i].at < oldest->at)
			oldest = &r->proofs[i];
	return oldest;
}

void
remember_put(struct remember *r, const char *user, const char *password, const char *hash,
    int64_t now_mono)
{
	unsigned char digest[DIGEST_BYTES];
	struct proof *p;

	if (r->ttl_ms <= 0)
		return;
	digest_make(r, user, password, hash, digest);
	pthread_mutex_lock(&r->lock);
	p = proof_find(r, digest);
	if (p == NULL)
		p = proof_place(r);
	memcpy(p->digest, digest, DIGEST_BYTES);
	p->at = now_mono;
	pthread_mutex_unlock(&r->lock);
}

bool
remember_has(struct remember *r, const char *user, const char *password, const char *hash,
    int64_t now_mono)
{
	unsigned char digest[DIGEST_BYTES];
	const struct proof *p;
	bool is_fresh;

	if (r->ttl_ms <= 0)
		return false;
	digest_make(r, user, password, hash, digest);
	pthread_mutex_lock(&r->lock);
	p = proof_find(r, digest);
	is_fresh = p != NULL && now_mono - p->at < r->ttl_ms;
	pthread_mutex_unlock(&r->lock);
	return is_fresh;
}
