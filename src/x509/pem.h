#ifndef X509_PEM_H
#define X509_PEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Text with PEM blocks (RFC 7468). What stands between blocks is explanatory
 * text and is passed over; blanks and line ends may be anywhere in a block.
 */
struct pem_block {
	const char *label;	/* "CERTIFICATE" */
	const char *body;	/* borrowed from the text: what stands between the two lines */
	size_t n;		/* bytes of it */
};

/* Whether TEXT has the BEGIN or END line of a private key of any kind, also a damaged or encrypted one. */
bool pem_has_private_key(const char *text);
/*
 * The next block at *AT, which moves behind it; *MORE false where there is none. The label is made for CTX.
 * ERR_INVALID: a BEGIN without its END, or an END without its BEGIN. The message never quotes the text.
 */
enum err pem_next(void *ctx, const char **at, struct pem_block *b, bool *more, struct error *e) MUST_CHECK;
/* The bytes that B's body stands for, made for CTX, their number in *N; NULL where it is no base64 (RFC 4648). */
unsigned char *pem_decode(void *ctx, const struct pem_block *b, size_t *n);

#endif
