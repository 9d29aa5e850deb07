#include "secret/password.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { AT_ONCE = 2 };

/*
 * A hash of nothing that anybody knows, with the limits of password_hash(): a
 * constant, since making one costs each start of the program a whole hashing.
 */
#define NOBODYS_HASH \
	"$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$" \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static_assert(crypto_pwhash_OPSLIMIT_INTERACTIVE == 2, "t of NOBODYS_HASH");
static_assert(crypto_pwhash_MEMLIMIT_INTERACTIVE == 65536 * 1024, "m of NOBODYS_HASH");

/* Bounds the memory of the whole process, so it belongs to the process. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t left;
	int free;
} gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, AT_ONCE };

static void
gate_enter(void)
{
	pthread_mutex_lock(&gate.lock);
	while (gate.free == 0)
		pthread_cond_wait(&gate.left, &gate.lock);
	gate.free--;
	pthread_mutex_unlock(&gate.lock);
}

static void
gate_leave(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.free++;
	pthread_cond_signal(&gate.left);
	pthread_mutex_unlock(&gate.lock);
}

enum err
secret_init(struct error *e)
{
	if (sodium_init() < 0)
		return error_set(e, ERR_INTERNAL, "libsodium does not start");
	return ERR_OK;
}

static enum err
password_check(const char *password, struct error *e)
{
	size_t n = strlen(password);

	if (n > PASSWORD_MAX)
		return error_field(e, "password", "must have at most %d bytes", PASSWORD_MAX);
	if (!utf8_valid(password, n))
		return error_field(e, "password", "must be UTF-8");
	if (utf8_count(password) < PASSWORD_MIN)
		return error_field(e, "password", "must have at least %d characters", PASSWORD_MIN);
	return ERR_OK;
}

char *
password_hash(void *ctx, const char *password, struct error *e)
{
	char hash[crypto_pwhash_STRBYTES];
	int failed;

	if (password_check(password, e) != ERR_OK)
		return NULL;
	gate_enter();
	failed = crypto_pwhash_str(hash, password, strlen(password),
	    crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE);
	gate_leave();
	if (failed != 0) {
		error_set(e, ERR_UNAVAILABLE, "not enough memory to hash a password");
		return NULL;
	}
	return mem_text(ctx, hash);
}

bool
password_verify(const char *hash, const char *password)
{
	size_t n = strlen(password);
	bool is_same;

	/* None such was ever hashed, and what comes from outside must not cost by its length. */
	if (n > PASSWORD_MAX)
		return false;
	gate_enter();
	is_same = crypto_pwhash_str_verify(hash, password, n) == 0;
	gate_leave();
	return is_same;
}

void
password_verify_nothing(const char *password)
{
	static const char nobody[crypto_pwhash_STRBYTES] = NOBODYS_HASH;

	(void)password_verify(nobody, password);
}
