#include "x509/crypto.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	size_t at;
} functions[] = {
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

static enum err
refuse(const char *library, struct error *e)
{
	const char *why = dlerror();

	return error_set(e, ERR_UNAVAILABLE, "%s cannot be loaded: install the package %s (%s)",
	    library, CRYPTO_PACKAGE, why != NULL ? why : "unknown reason");
}

enum err
crypto_open(const char *library, struct crypto *t, struct error *e)
{
	void *lib = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	struct crypto found;

	if (lib == NULL)
		return refuse(library, e);
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		void *p = dlsym(lib, functions[i].name);

		if (p == NULL) {
			refuse(library, e);
			dlclose(lib);
			return e->code;
		}
		/* C has no cast between these kinds of pointers; POSIX has them alike. */
		memcpy((char *)&found + functions[i].at, &p, sizeof p);
	}
	*t = found;
	return ERR_OK;
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
