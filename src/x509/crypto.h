#ifndef X509_CRYPTO_H
#define X509_CRYPTO_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/err.h"

/*
 * OpenSSL's libcrypto, which is not linked but loaded on first use: it costs more memory than most of a program that
 * may never see a certificate. Its headers are used for types and numbers; whatever has a symbol is called through
 * the table. Those of its macros and inline functions that call others (sk_*, OPENSSL_free, BIO_get_mem_data) would
 * need the library when the program is linked: the functions behind them stand here in their place.
 */

#define CRYPTO_LIBRARY "libcrypto.so.3"
#define CRYPTO_PACKAGE "libssl3"

/* X(function) */
#define CRYPTO_FUNCTIONS(X) \
	X(ASN1_STRING_to_UTF8) \
	X(ASN1_TIME_to_tm) \
	X(BASIC_CONSTRAINTS_free) \
	X(BIO_ctrl) \
	X(BIO_free) \
	X(BIO_new) \
	X(BIO_s_mem) \
	X(CRYPTO_free) \
	X(ERR_clear_error) \
	X(EVP_DecodeBlock) \
	X(EVP_PKEY_get_bits) \
	X(EVP_PKEY_is_a) \
	X(EVP_sha256) \
	X(GENERAL_NAMES_free) \
	X(OPENSSL_sk_num) \
	X(OPENSSL_sk_value) \
	X(PEM_write_bio_X509) \
	X(X509_NAME_ENTRY_get_data) \
	X(X509_NAME_cmp) \
	X(X509_NAME_get_entry) \
	X(X509_NAME_get_index_by_NID) \
	X(X509_digest) \
	X(X509_free) \
	X(X509_get0_notAfter) \
	X(X509_get0_notBefore) \
	X(X509_get0_pubkey) \
	X(X509_get_ext_d2i) \
	X(X509_get_issuer_name) \
	X(X509_get_subject_name) \
	X(X509_verify) \
	X(d2i_X509) \
	X(i2d_X509)

struct crypto {
#define X(function) __typeof__(function) *function;
	CRYPTO_FUNCTIONS(X)
#undef X
};

/*
 * Loads libcrypto where that has not been done; any number of threads may ask at once. ERR_UNAVAILABLE, naming the
 * package: it is not there, or lacks a function. The next call tries again.
 */
enum err crypto_load(struct error *e) MUST_CHECK;
/* The functions of libcrypto, as in crypto()->X509_free(x). Only after crypto_load() has said ERR_OK. */
const struct crypto *crypto(void);
/* Frees what libcrypto has allocated; NULL is nothing. Only after crypto_load() too. */
void crypto_free(void *p);

/*
 * What crypto_load() does, with another LIBRARY: fills T, and keeps the library loaded. ERR_UNAVAILABLE, and nothing in
 * T, where it cannot.
 */
enum err crypto_open(const char *library, struct crypto *t, struct error *e) MUST_CHECK;

#endif
