/*
 * Whatever comes in, as a text or as the bytes of one certificate: certs_read() does not crash; what it takes is clean
 * and reads again as the same; what it refuses it refuses with one clean line that names the member.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "fuzz.h"

#include "base/mem.h"
#include "base/text.h"
#include "x509/cert.h"

#define NOW INT64_C(1772566000000)	/* 2026-03-03 */

static void
check_error(const struct error *e)
{
	must(e->code == ERR_INVALID && strcmp(e->field, CERT_FIELD) == 0);
	must(strncmp(e->detail, CERT_FIELD ": ", strlen(CERT_FIELD ": ")) == 0);
	must_line(e->detail);
}

static void
check_again(void *ctx, const struct cert *c)
{
	struct certs all;
	struct error e;

	must(certs_read(ctx, c->pem, NOW, &all, &e) == ERR_OK && all.n == 1);
	must(strcmp(all.at->pem, c->pem) == 0 && strcmp(all.at->host, c->host) == 0);
	must(strcmp(all.at->fingerprint, c->fingerprint) == 0);
}

static void
check_cert(void *ctx, const struct cert *c)
{
	must_line(c->host);
	must_line(c->issuer);
	must(utf8_count(c->host) <= CERT_NAME_MAX && utf8_count(c->issuer) <= CERT_NAME_MAX);
	must(hex_is(c->fingerprint, 64));
	must(c->not_before <= c->not_after && c->not_after + 1000 > NOW);
	must(strcmp(c->type, "Host") == 0 || strcmp(c->type, "Intermediate") == 0 ||
	    strcmp(c->type, "Root") == 0);
	/* Base64 has no blank. */
	must(strstr(c->pem, "PRIVATE KEY") == NULL);
	check_again(ctx, c);
}

/* PEM around bytes that are no text: so the fuzzer need not find out what base64 is. */
static const char *
wrap(void *ctx, const uint8_t *data, size_t n)
{
	unsigned char *body = mem_bytes(ctx, n / 3 * 4 + 8);

	EVP_EncodeBlock(body, data, (int)n);
	return mem_printf(ctx, "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n", body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	SCOPED(tmp, NULL);
	bool is_der = n > 1 && data[0] == 0x30;
	const char *text = is_der ? wrap(tmp, data, n) : mem_textn(tmp, (const char *)data, n);
	struct certs all;
	struct error e = { 0 };

	if (certs_read(tmp, text, NOW, &all, &e) == ERR_OK) {
		must(all.n > 0 && all.n <= CERT_COUNT_MAX);
		for (size_t i = 0; i < all.n; i++)
			check_cert(tmp, &all.at[i]);
	} else {
		check_error(&e);
	}
	must(ERR_peek_error() == 0);
	return 0;
}
