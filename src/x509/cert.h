#ifndef X509_CERT_H
#define X509_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CERT_FIELD "raw_certificate"	/* the member that errors name */

enum {
	CERT_TEXT_MAX = 1048576,	/* bytes of a text with certificates */
	CERT_COUNT_MAX = 100,		/* certificates in it */
	CERT_NAME_MAX = 256,		/* characters of a host or issuer */
	CERT_RSA_BITS_MIN = 2048
};

/*
 * What is read of one certificate (RFC 5280). Names are UTF-8, whatever they were in the certificate; what cannot be
 * seen (control characters, marks that turn the writing direction) is U+FFFD in them.
 */
struct cert {
	const char *pem;		/* encoded anew from the bytes: one block, nothing beside it */
	/*
	 * The subject's common name; of several the last, which is the most specific one (RFC 2818 section 3.1).
	 * Without one the first DNS name of the subjectAltName; "" where there is none either.
	 */
	const char *host;
	const char *issuer;		/* the issuer's common name, the last too; "" where there is none */
	/*
	 * "Root": a CA by its basicConstraints that names itself as its issuer; "Intermediate": any other CA;
	 * "Host": all others, a self-signed one too.
	 */
	const char *type;
	const char *fingerprint;	/* SHA-256 of its DER: 64 lower-case hex digits without colons */
	bool self_signed;		/* names itself as its issuer, and its signature verifies with its own key */
	int64_t not_before, not_after;	/* ms since 1970; negative before, not before 1950 */
};

struct certs {
	size_t n;
	struct cert *at;		/* in the order of the text */
};

/* Whether certificates can be read here: ERR_UNAVAILABLE where OpenSSL's libcrypto cannot be loaded. */
enum err certs_ready(struct error *e) MUST_CHECK;

/*
 * Reads all certificates of TEXT (PEM); all that OUT gets is made for CTX. NOW is the time, in ms since 1970: what is
 * not valid yet is taken.
 *
 * ERR_INVALID with the field CERT_FIELD, and nothing in OUT:
 * - a text over CERT_TEXT_MAX, with more than CERT_COUNT_MAX certificates, or without one;
 * - a private key, also a damaged or encrypted one (the message says "private key"); any other PEM block;
 * - a damaged block or certificate, bytes behind its end, a certificate that is there twice;
 * - one that has expired (the message says when), or whose validity ends before it begins or begins before 1950,
 *   which RFC 5280 cannot write;
 * - an RSA key under CERT_RSA_BITS_MIN bits (the message says how many it has), a key that cannot be read;
 * - a name that is no text, is longer than CERT_NAME_MAX or holds a NUL.
 * Messages never quote TEXT, but for the label of a block and the host of a certificate.
 *
 * ERR_UNAVAILABLE: as certs_ready() says. Texts that are too long and private keys are refused also then.
 */
enum err certs_read(void *ctx, const char *text, int64_t now, struct certs *out, struct error *e) MUST_CHECK;

#endif
