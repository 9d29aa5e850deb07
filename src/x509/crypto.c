#include "x509/crypto.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/library.h"

static const struct library_function functions[] = {
#define X(function) { #function, offsetof(struct crypto, function) },
	CRYPTO_FUNCTIONS(X)
#undef X
};

/*
 * The one state of this folder: a process has one libcrypto, whoever asks. It is written once, by
 * crypto_load(), and only read from then on.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct crypto table;
static bool is_loaded;

enum err
crypto_open(const char *library, struct crypto *t, struct error *e)
{
	return library_open(library, CRYPTO_PACKAGE, functions,
	    sizeof functions / sizeof *functions, t, sizeof *t, e);
}

/* Tried again after a failure: what was missing may have been installed since. */
enum err
crypto_load(struct error *e)
{
	enum err rc = ERR_OK;

	pthread_mutex_lock(&lock);
	if (!is_loaded)
		rc = crypto_open(CRYPTO_LIBRARY, &table, e);
	is_loaded |= rc == ERR_OK;
	pthread_mutex_unlock(&lock);
	return rc;
}

const struct crypto *
crypto(void)
{
	return &table;
}

void
crypto_free(void *p)
{
	crypto()->CRYPTO_free(p, OPENSSL_FILE, OPENSSL_LINE);
}
