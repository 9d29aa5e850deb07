#ifndef X509_WORLD_H
#define X509_WORLD_H

/* What the tests of certificates share: they make their own. */

#include <criterion/criterion.h>

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "base/text.h"
#include "x509/cert.h"

#define COUNT(a) (sizeof (a) / sizeof *(a))
#define NOW INT64_C(1772566000000)	/* 2026-03-03 */

/* A part of a name; N 0: up to the NUL. */
struct part {
	int nid, type;
	const char *bytes;
	size_t n;
};
enum { PARTS = 4 };

struct recipe {
	const char *key;		/* see new_key(); NULL: "P-256" */
	EVP_PKEY *own, *signer;		/* made before; NULL: a new one; the own one */
	const char *cn, *issuer_cn;	/* UTF-8; NULL: the parts; the subject's */
	struct part parts[PARTS];
	const char *san;		/* "DNS:a.example.org" */
	int basic_constraints;		/* 0: none; 1: CA:TRUE; 2: CA:FALSE */
	const char *from, *to;		/* as in the DER: 13 characters are a UTCTime, 15 a GeneralizedTime */
	const char *serial;		/* hexadecimal */
	int junk_nid;			/* of an extension that holds junk */
};

static inline EVP_PKEY *
new_key(const char *kind)
{
	EVP_PKEY *key = NULL;

	if (strncmp(kind, "RSA-PSS", 7) == 0) {
		EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);

		cr_assert_eq(EVP_PKEY_keygen_init(c), 1);
		cr_assert_eq(EVP_PKEY_CTX_set_rsa_keygen_bits(c, atoi(kind + 7)), 1);
		cr_assert_eq(EVP_PKEY_keygen(c, &key), 1);
		EVP_PKEY_CTX_free(c);
	} else if (strncmp(kind, "RSA", 3) == 0) {
		key = EVP_RSA_gen((unsigned)atoi(kind + 3));
	} else if (strncmp(kind, "ED", 2) == 0) {
		key = EVP_PKEY_Q_keygen(NULL, NULL, kind);
	} else {
		key = EVP_EC_gen(kind);
	}
	cr_assert_not_null(key, "%s", kind);
	return key;
}

static inline void
set_name(X509_NAME *name, const char *cn, const struct part *parts)
{
	if (cn != NULL)
		cr_assert_eq(X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
		    (const unsigned char *)cn, -1, -1, 0), 1);
	for (size_t i = 0; i < PARTS && parts[i].nid != 0; i++)
		cr_assert_eq(X509_NAME_add_entry_by_NID(name, parts[i].nid, parts[i].type,
		    (const unsigned char *)parts[i].bytes,
		    parts[i].n != 0 ? (int)parts[i].n : (int)strlen(parts[i].bytes), -1, 0), 1);
}

static inline ASN1_TIME *
new_time(const char *s)
{
	ASN1_STRING *t = ASN1_STRING_type_new(
	    strlen(s) == 13 ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME);

	cr_assert_eq(ASN1_STRING_set(t, s, -1), 1);
	return t;
}

static inline void
add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX c;
	X509_EXTENSION *one;

	X509V3_set_ctx(&c, x, x, NULL, NULL, 0);
	one = X509V3_EXT_conf_nid(NULL, &c, nid, value);
	cr_assert_not_null(one, "%s", value);
	cr_assert_eq(X509_add_ext(x, one, -1), 1);
	X509_EXTENSION_free(one);
}

static inline void
add_junk(X509 *x, int nid)
{
	ASN1_OCTET_STRING *junk = ASN1_OCTET_STRING_new();
	X509_EXTENSION *one;

	ASN1_OCTET_STRING_set(junk, (const unsigned char *)"junk", 4);
	one = X509_EXTENSION_create_by_NID(NULL, nid, 0, junk);
	cr_assert_eq(X509_add_ext(x, one, -1), 1);
	X509_EXTENSION_free(one);
	ASN1_OCTET_STRING_free(junk);
}

static inline void
set_rest(X509 *x, const struct recipe *r)
{
	ASN1_TIME *from = new_time(r->from != NULL ? r->from : "250101000000Z"),
	    *to = new_time(r->to != NULL ? r->to : "21000101000000Z");
	BIGNUM *serial = NULL;

	cr_assert(X509_set1_notBefore(x, from) == 1 && X509_set1_notAfter(x, to) == 1);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	BN_hex2bn(&serial, r->serial != NULL ? r->serial : "1");
	BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x));
	BN_free(serial);
	X509_set_version(x, X509_VERSION_3);
	if (r->san != NULL)
		add_extension(x, NID_subject_alt_name, r->san);
	if (r->basic_constraints != 0)
		add_extension(x, NID_basic_constraints,
		    r->basic_constraints == 1 ? "critical,CA:TRUE" : "CA:FALSE");
	if (r->junk_nid != 0)
		add_junk(x, r->junk_nid);
}

static inline bool
has_digest(EVP_PKEY *key)
{
	return !EVP_PKEY_is_a(key, "ED25519") && !EVP_PKEY_is_a(key, "ED448");
}

/* The DER, made for CTX. */
static inline unsigned char *
make_der(void *ctx, const struct recipe *r, size_t *n)
{
	static const struct part none[PARTS];
	X509 *x = X509_new();
	EVP_PKEY *own = r->own != NULL ? r->own : new_key(r->key != NULL ? r->key : "P-256"),
	    *signer = r->signer != NULL ? r->signer : own;
	unsigned char *der = NULL, *copy;
	int len;

	set_name(X509_get_subject_name(x), r->cn, r->parts);
	if (r->issuer_cn != NULL)
		set_name(X509_get_issuer_name(x), r->issuer_cn, none);
	else
		set_name(X509_get_issuer_name(x), r->cn, r->parts);
	cr_assert_eq(X509_set_pubkey(x, own), 1);
	set_rest(x, r);
	cr_assert_gt(X509_sign(x, signer, has_digest(signer) ? EVP_sha256() : NULL), 0);
	len = i2d_X509(x, &der);
	cr_assert_gt(len, 0);
	*n = (size_t)len;
	copy = mem_bytes(ctx, *n);
	memcpy(copy, der, *n);
	OPENSSL_free(der);
	X509_free(x);
	if (r->own == NULL)
		EVP_PKEY_free(own);
	return copy;
}

/* PEM with LABEL around N bytes; as OpenSSL writes it. */
static inline char *
wrap(void *ctx, const char *label, const unsigned char *der, size_t n)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *at, *pem;
	long len;

	cr_assert_gt(PEM_write_bio(out, label, "", der, (long)n), 0);
	len = BIO_get_mem_data(out, &at);
	pem = mem_textn(ctx, at, (size_t)len);
	BIO_free(out);
	return pem;
}

static inline char *
make(void *ctx, const struct recipe *r)
{
	size_t n;
	unsigned char *der = make_der(ctx, r, &n);

	return wrap(ctx, "CERTIFICATE", der, n);
}

/* What TEXT must give: that many certificates. */
static inline struct cert *
must_read(void *ctx, const char *text, size_t n)
{
	struct certs all;
	struct error e = { 0 };

	cr_assert_eq(certs_read(ctx, text, NOW, &all, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(all.n, n);
	cr_expect_eq(ERR_peek_error(), 0);
	return all.at;
}

/* TEXT must be refused with a message that has PART. */
static inline void
must_refuse(const char *text, const char *part)
{
	SCOPED(tmp, NULL);
	struct certs all = { 7, NULL };
	struct error e = { 0 };

	cr_expect_eq(certs_read(tmp, text, NOW, &all, &e), ERR_INVALID, "%.80s: %s", text, part);
	cr_expect_eq(e.code, ERR_INVALID);
	cr_expect_str_eq(e.field, "raw_certificate");
	cr_expect_not_null(strstr(e.detail, part), "wanted \"%s\", got \"%s\"", part, e.detail);
	cr_expect_eq(all.n, 0);
	cr_expect_null(strchr(e.detail, '\n'));
	cr_expect(utf8_valid(e.detail, strlen(e.detail)));
	cr_expect_eq(ERR_peek_error(), 0);
}

#endif
