#include "x509/cert.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "x509/crypto.h"
#include "x509/name.h"
#include "x509/pem.h"

enum { MS = 1000, LABEL_MAX = 64, TM_1950 = 50 };

/* One reading of a text. */
struct reading {
	void *ctx;
	int64_t now;
	size_t number;		/* of the certificate in hand, from 1 */
	struct error *e;
};

PRINTF_LIKE(2, 3) static enum err
refuse(const struct reading *r, const char *fmt, ...)
{
	SCOPED(tmp, NULL);
	va_list ap;
	char *what;

	va_start(ap, fmt);
	what = mem_must(talloc_vasprintf(tmp, fmt, ap));
	va_end(ap);
	return error_field(r->e, CERT_FIELD, "certificate %zu %s", r->number, what);
}

/* --- one certificate --- */

static enum err
read_time(const struct reading *r, const ASN1_TIME *t, int64_t *ms)
{
	struct tm tm;

	if (crypto()->ASN1_TIME_to_tm(t, &tm) != 1)
		return refuse(r, "is damaged: its validity is no time");
	if (tm.tm_year < TM_1950)
		return refuse(r, "has a validity before 1950");
	*ms = (int64_t)timegm(&tm) * MS;
	return ERR_OK;
}

static enum err
read_validity(const struct reading *r, const X509 *x, struct cert *c)
{
	char text[CLOCK_TEXT_MAX];

	if (read_time(r, crypto()->X509_get0_notBefore(x), &c->not_before) != ERR_OK ||
	    read_time(r, crypto()->X509_get0_notAfter(x), &c->not_after) != ERR_OK)
		return r->e->code;
	/* It is valid to the end of its last second. */
	if (c->not_after + MS <= r->now)
		return refuse(r, "expired on %s%s%s", clock_text(text, c->not_after),
		    *c->host != '\0' ? ": " : "", c->host);
	if (c->not_after < c->not_before)
		return refuse(r, "has a validity that ends before it begins");
	return ERR_OK;
}

static enum err
check_key(const struct reading *r, const X509 *x)
{
	const struct crypto *lib = crypto();
	const EVP_PKEY *key = lib->X509_get0_pubkey(x);
	int bits;

	if (key == NULL)
		return refuse(r, "has a public key that cannot be read");
	bits = lib->EVP_PKEY_get_bits(key);
	if ((lib->EVP_PKEY_is_a(key, "RSA") || lib->EVP_PKEY_is_a(key, "RSA-PSS")) &&
	    bits < CERT_RSA_BITS_MIN)
		return refuse(r, "has an RSA key of %d bits: it must have at least %d", bits,
		    CERT_RSA_BITS_MIN);
	return ERR_OK;
}

static enum err
read_type(const struct reading *r, X509 *x, struct cert *c)
{
	const struct crypto *lib = crypto();
	const X509_NAME *subject = lib->X509_get_subject_name(x),
	    *issuer = lib->X509_get_issuer_name(x);
	int critical;
	BASIC_CONSTRAINTS *b = lib->X509_get_ext_d2i(x, NID_basic_constraints, &critical, NULL);
	bool is_ca = b != NULL && b->ca, is_own = lib->X509_NAME_cmp(subject, issuer) == 0;

	lib->BASIC_CONSTRAINTS_free(b);
	if (b == NULL && critical != CERT_NO_EXTENSION)
		return refuse(r, "is damaged: its basicConstraints cannot be read");
	c->self_signed = is_own && lib->X509_verify(x, lib->X509_get0_pubkey(x)) == 1;
	c->type = !is_ca ? "Host" : is_own ? "Root" : "Intermediate";
	return ERR_OK;
}

static const char *
encode(void *ctx, X509 *x)
{
	const struct crypto *lib = crypto();
	BIO *out = mem_must(lib->BIO_new(lib->BIO_s_mem()));
	char *at;
	const char *pem;
	long n;

	if (lib->PEM_write_bio_X509(out, x) != 1)
		mem_must(NULL);
	n = lib->BIO_ctrl(out, BIO_CTRL_INFO, 0, &at);
	pem = mem_textn(ctx, at, (size_t)n);
	lib->BIO_free(out);
	return pem;
}

static enum err
read_fingerprint(const struct reading *r, const X509 *x, struct cert *c)
{
	const struct crypto *lib = crypto();
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;
	char *text;

	if (lib->X509_digest(x, lib->EVP_sha256(), digest, &n) != 1)
		return error_set(r->e, ERR_INTERNAL, "OpenSSL makes no SHA-256");
	text = mem_bytes(r->ctx, 2 * (size_t)n + 1);
	hex_put(text, digest, n);
	c->fingerprint = text;
	return ERR_OK;
}

static enum err
read_names(const struct reading *r, const X509 *x, struct cert *c)
{
	struct name_fault fault = { NULL };

	c->host = name_host(r->ctx, x, &fault);
	c->issuer = name_common(r->ctx, crypto()->X509_get_issuer_name(x), &fault);
	if (fault.what != NULL)
		return refuse(r, "%s", fault.what);
	if (c->issuer == NULL)
		c->issuer = "";
	return ERR_OK;
}

static enum err
read_x509(const struct reading *r, X509 *x, struct cert *c)
{
	if (read_names(r, x, c) != ERR_OK || read_validity(r, x, c) != ERR_OK ||
	    check_key(r, x) != ERR_OK || read_type(r, x, c) != ERR_OK ||
	    read_fingerprint(r, x, c) != ERR_OK)
		return r->e->code;
	c->pem = encode(r->ctx, x);
	return ERR_OK;
}

/* OpenSSL takes some encodings that are no DER: those would have a second fingerprint. */
static bool
is_same(const X509 *x, const unsigned char *der, size_t n)
{
	unsigned char *again = NULL;
	int len = crypto()->i2d_X509(x, &again);
	bool same = len >= 0 && (size_t)len == n && memcmp(again, der, n) == 0;

	crypto_free(again);
	return same;
}

static enum err
read_der(const struct reading *r, const unsigned char *der, size_t n, struct cert *c)
{
	const unsigned char *end = der;
	X509 *x = crypto()->d2i_X509(NULL, &end, (long)n);
	enum err rc;

	if (x == NULL)
		return refuse(r, "is damaged: its bytes are no certificate");
	if (end != der + n)
		rc = refuse(r, "is damaged: %zu bytes stand behind its end",
		    n - (size_t)(end - der));
	else if (!is_same(x, der, n))
		rc = refuse(r, "is damaged: it is not encoded as DER");
	else
		rc = read_x509(r, x, c);
	crypto()->X509_free(x);
	return rc;
}

/* --- a text --- */

static bool
is_harmless(const char *label)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ";

	return strlen(label) <= LABEL_MAX && label[strspn(label, plain)] == '\0';
}

static enum err
read_block(const struct reading *r, const struct pem_block *b, struct cert *c)
{
	SCOPED(tmp, NULL);
	unsigned char *der;
	size_t n;

	/* RFC 7468 section 5.1: the older label means the same. */
	if (strcmp(b->label, "CERTIFICATE") != 0 && strcmp(b->label, "X509 CERTIFICATE") != 0)
		return error_field(r->e, CERT_FIELD,
		    "holds a block named %s: only CERTIFICATE blocks are taken",
		    is_harmless(b->label) ? b->label : "in a strange way");
	if (r->number > CERT_COUNT_MAX)
		return error_field(r->e, CERT_FIELD, "holds more than %d certificates",
		    CERT_COUNT_MAX);
	der = pem_decode(tmp, b, &n);
	if (der == NULL)
		return refuse(r, "is damaged: its text is no base64");
	return read_der(r, der, n, c);
}

static enum err
check_twice(const struct reading *r, const struct certs *all)
{
	const struct cert *last = &all->at[all->n - 1];

	for (size_t i = 0; i + 1 < all->n; i++)
		if (strcmp(all->at[i].fingerprint, last->fingerprint) == 0)
			return refuse(r, "is the same as certificate %zu", i + 1);
	return ERR_OK;
}

static enum err
read_all(struct reading *r, const char *text, struct certs *all)
{
	struct pem_block b;
	bool more;

	while (pem_next(r->ctx, &text, &b, &more, r->e) == ERR_OK && more) {
		r->number++;
		all->at = MEM_GROW(r->ctx, all->at, struct cert, all->n + 1);
		if (read_block(r, &b, &all->at[all->n++]) != ERR_OK ||
		    check_twice(r, all) != ERR_OK)
			return r->e->code;
	}
	return r->e->code;
}

enum err
certs_ready(struct error *e)
{
	return crypto_load(e);
}

enum err
certs_read(void *ctx, const char *text, int64_t now, struct certs *out, struct error *e)
{
	struct reading r = { .ctx = ctx, .now = now, .e = e };
	struct certs all = { 0, NULL };
	enum err rc;

	*out = all;
	if (strnlen(text, CERT_TEXT_MAX + 1) > CERT_TEXT_MAX)
		return error_field(e, CERT_FIELD, "is longer than %d bytes", CERT_TEXT_MAX);
	/* Before anything else is looked at: whatever else is wrong with it, this is worse. */
	if (pem_has_private_key(text))
		return error_field(e, CERT_FIELD,
		    "holds a private key: nothing of it was kept; send certificates only, and use "
		    "a new key");
	if (crypto_load(e) != ERR_OK)
		return e->code;
	e->code = ERR_OK;
	rc = read_all(&r, text, &all);
	/* OpenSSL notes faults for the whole thread. */
	crypto()->ERR_clear_error();
	if (rc != ERR_OK)
		return rc;
	if (all.n == 0)
		return error_field(e, CERT_FIELD,
		    "holds no certificate: -----BEGIN CERTIFICATE----- is expected");
	*out = all;
	return ERR_OK;
}
