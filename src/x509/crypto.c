#include "x509/crypto.h"

#include <dlfcn.h>
#include <pthread.h>
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
 * read_table(), and only read from then on.
 */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct crypto table;
static struct error fault;	/* ERR_OK: the table is filled */

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

static void
read_table(void)
{
	if (crypto_open(CRYPTO_LIBRARY, &table, &fault) == ERR_OK)
		fault.code = ERR_OK;
}

enum err
crypto_load(struct error *e)
{
	pthread_once(&once, read_table);
	if (fault.code != ERR_OK)
		*e = fault;
	return fault.code;
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
