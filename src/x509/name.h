#ifndef X509_NAME_H
#define X509_NAME_H

#include <openssl/x509.h>

/* X509_get_ext_d2i() says so of an extension that isn't there. */
enum { CERT_NO_EXTENSION = -1 };

/* Why a name was refused: "has a name with a NUL in it". */
struct name_fault {
	const char *what;	/* NULL: none was */
};

/*
 * NAME's most specific common name as UTF-8 made for CTX, what cannot be seen turned into U+FFFD. NULL where there is
 * none or it is empty, and where FAULT says what is wrong with one of them.
 */
const char *name_common(void *ctx, const X509_NAME *name, struct name_fault *fault);
/* The common name of X's subject, else its first DNS name, else "". All DNS names are checked, see FAULT. */
const char *name_host(void *ctx, const X509 *x, struct name_fault *fault);

#endif
