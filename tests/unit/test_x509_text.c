#include "x509_world.h"

#include <stdlib.h>

/* --- private keys --- */

Test(x509_text, refuses_private_keys)
{
	static const char *const keys[] = {
		"-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
		"-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n",
		"-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nc2VjcmV0\n-----END ENCRYPTED PRIVATE KEY-----\n",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n",
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n",
		/* Damaged: without its end, without its beginning, as one line, in small letters. */
		"-----BEGIN PRIVATE KEY-----\nc2VjcmV0",
		"c2VjcmV0\n-----END PRIVATE KEY-----",
		"-----BEGIN PRIVATE KEY----- c2VjcmV0 -----END PRIVATE KEY-----",
		"-----begin private key-----\nc2VjcmV0\n-----end private key-----\n",
		"-----BEGIN PRIVATE KEY -----\nc2VjcmV0\n-----END PRIVATE KEY -----\n",
		/* Those of other programs. */
		"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nc2VjcmV0\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\n",
		"-----BEGIN PGP PRIVATE KEY BLOCK-----\nc2VjcmV0\n-----END PGP PRIVATE KEY BLOCK-----\n",
	};
	SCOPED(tmp, NULL);
	const struct recipe r = { .cn = "a" };
	const char *pem = make(tmp, &r);

	for (size_t i = 0; i < COUNT(keys); i++) {
		struct certs all;
		struct error e;

		must_refuse(keys[i], "private key");
		must_refuse(mem_printf(tmp, "%s%s", pem, keys[i]), "private key");
		must_refuse(mem_printf(tmp, "%s%s", keys[i], pem), "private key");
		cr_expect_eq(certs_read(tmp, keys[i], NOW, &all, &e), ERR_INVALID);
		cr_expect_null(strstr(e.detail, "c2Vj"));
	}
}

Test(x509_text, refuses_a_key_that_openssl_writes)
{
	static const char *const kinds[] = { "RSA2048", "P-256", "ED25519" };
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < COUNT(kinds); i++) {
		EVP_PKEY *key = new_key(kinds[i]);
		const struct recipe r = { .cn = "a", .own = key };
		BIO *out = BIO_new(BIO_s_mem());
		char *at;
		unsigned char *der = NULL;
		int n;

		PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
		PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_256_cbc(), "password", 8, NULL, NULL);
		BIO_write(out, "", 1);
		BIO_get_mem_data(out, &at);
		must_refuse(mem_printf(tmp, "%s%s", make(tmp, &r), at), "private key");
		must_refuse(mem_text(tmp, strstr(at, "-----BEGIN ENCRYPTED")), "private key");
		BIO_free(out);
		/* Under a wrong label it is no certificate either. */
		n = i2d_PrivateKey(key, &der);
		must_refuse(wrap(tmp, "CERTIFICATE", der, (size_t)n), "damaged");
		OPENSSL_free(der);
		EVP_PKEY_free(key);
	}
}

/* Words alone are no key. */
Test(x509_text, takes_words_about_private_keys)
{
	SCOPED(tmp, NULL);
	const struct recipe r = { .cn = "a" };
	const char *pem = make(tmp, &r);

	must_read(tmp, mem_printf(tmp, "The private key of this is elsewhere.\n%s", pem), 1);
	must_read(tmp, mem_printf(tmp, "%sPRIVATE KEY BLOCK", pem), 1);
}

/* --- the text --- */

Test(x509_text, refuses_what_holds_no_certificate)
{
	SCOPED(tmp, NULL);
	const struct recipe r = { .cn = "a" };
	const char *pem = make(tmp, &r);
	size_t n;
	unsigned char *der = make_der(tmp, &r, &n);

	must_refuse("", "no certificate");
	must_refuse("hello", "no certificate");
	must_refuse("-----", "no certificate");
	must_refuse("-----BEGIN", "no certificate");
	must_refuse("\xff\xfe \x01", "no certificate");
	must_refuse("-----BEGIN ", "cut off");
	must_refuse("-----BEGIN CERTIFICATE", "cut off");
	must_refuse("-----BEGIN CERTIFICATE----", "cut off");
	must_refuse("-----BEGIN -----\n-----END -----", "cut off");
	must_refuse("-----BEGIN CERTI\nFICATE-----\n-----END CERTI\nFICATE-----", "cut off");
	must_refuse("-----BEGIN CERTIFICATE-----", "without its END line");
	must_refuse("-----BEGIN CERTIFICATE-----\n", "without its END line");
	must_refuse("-----END CERTIFICATE-----", "without its BEGIN line");
	must_refuse("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", "no base64");
	must_refuse(mem_printf(tmp, "%s-----END CERTIFICATE-----", pem), "without its BEGIN line");
	must_refuse(mem_printf(tmp, "%s%.200s", pem, pem), "without its END line");
	must_refuse(mem_printf(tmp, "%.200s\n%s", pem, pem), "without its END line");
	must_refuse(mem_printf(tmp, "%.*s", (int)strlen(pem) - 2, pem), "without its END line");
	must_refuse("-----BEGIN CERTIFICATE-----\nAAAA\n-----END X509 CERTIFICATE-----",
	    "without its END line");
	must_refuse(wrap(tmp, "CERTIFICATE REQUEST", der, n), "CERTIFICATE REQUEST");
	must_refuse(wrap(tmp, "TRUSTED CERTIFICATE", der, n), "TRUSTED CERTIFICATE");
	must_refuse(mem_printf(tmp, "%s%s", pem, wrap(tmp, "X509 CRL", der, n)), "X509 CRL");
	must_refuse("-----BEGIN \x1b[31m\xff-----\nAAAA\n-----END \x1b[31m\xff-----",
	    "named in a strange way");
}

Test(x509_text, refuses_bad_base64)
{
	static const char *const bodies[] = { "A", "AA", "AAA", "AAAAA", "A===", "====", "=AAA", "AA=A",
	    "AAAA=", "AA==AA==", "AA*A", "AAAA\\n", "AAA\xc3\xa4", "AA-A", "Proc-Type: 4", "AA\vA",
	    "\xef\xbb\xbf+AAA" };
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < COUNT(bodies); i++)
		must_refuse(mem_printf(tmp,
		    "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n", bodies[i]),
		    "certificate 1 is damaged: its text is no base64");
}

static char *
replaced(void *ctx, const char *s, const char *with)
{
	struct text *t = text_new(ctx, SIZE_MAX / 2);

	for (; *s != '\0'; s++)
		if (*s == '\n')
			text_puts(t, with);
		else
			text_add(t, s, 1);
	return t->at;
}

/* Whatever it looks like when it comes, it is kept in one way. */
Test(x509_text, keeps_a_clean_text)
{
	SCOPED(tmp, NULL);
	const struct recipe r = { .cn = "a", .key = "RSA2048" };
	size_t n;
	unsigned char *der = make_der(tmp, &r, &n);
	const char *pem = wrap(tmp, "CERTIFICATE", der, n);
	const char *const texts[] = {
		pem, replaced(tmp, pem, "\r\n"), replaced(tmp, pem, "\r"), replaced(tmp, pem, " "),
		replaced(tmp, pem, ""), replaced(tmp, pem, "\n\n \t"),
		wrap(tmp, "X509 CERTIFICATE", der, n),
		mem_printf(tmp, "\xef\xbb\xbf%s", pem),
		mem_printf(tmp, "Bag Attributes\n  localKeyID: 01\nsubject=CN = a\n%s-----\n<script>", pem),
		mem_printf(tmp, "\xff\x01 %s BEGIN CERTIFICATE", pem),
	};

	for (size_t i = 0; i < COUNT(texts); i++)
		cr_expect_str_eq(must_read(tmp, texts[i], 1)->pem, pem, "%zu", i);
}

Test(x509_text, a_bundle_keeps_its_order)
{
	SCOPED(tmp, NULL);
	EVP_PKEY *key = new_key("ED25519");
	struct text *all = text_new(tmp, SIZE_MAX / 2);
	const struct cert *c;

	for (int i = 0; i <= CERT_COUNT_MAX; i++) {
		const struct recipe r = { .own = key, .cn = mem_printf(tmp, "host %d", i) };

		if (i == CERT_COUNT_MAX) {
			c = must_read(tmp, all->at, CERT_COUNT_MAX);
			for (int k = 0; k < CERT_COUNT_MAX; k++)
				cr_expect_str_eq(c[k].host, mem_printf(tmp, "host %d", k));
		}
		text_printf(all, "number %d\n%s\n", i, make(tmp, &r));
	}
	must_refuse(all->at, "more than 100 certificates");
	EVP_PKEY_free(key);
}

Test(x509_text, one_bad_certificate_spoils_all)
{
	SCOPED(tmp, NULL);
	const struct recipe good = { .cn = "good" }, old = { .cn = "old", .to = "250102000000Z" };
	const char *pem = make(tmp, &good);

	must_refuse(mem_printf(tmp, "%s%s", pem, make(tmp, &old)),
	    "certificate 2 expired on 2025-01-02T00:00:00Z: old");
	must_refuse(mem_printf(tmp, "%s%s", make(tmp, &old), pem), "certificate 1 expired");
	must_refuse(mem_printf(tmp, "%s%s%s", pem, make(tmp, &good), pem),
	    "certificate 3 is the same as certificate 1");
}

Test(x509_text, has_a_length)
{
	SCOPED(tmp, NULL);
	const struct recipe r = { .cn = "a" };
	const char *pem = make(tmp, &r);
	char *text = mem_bytes(tmp, CERT_TEXT_MAX + 2);

	memset(text, 'x', CERT_TEXT_MAX + 1);
	memcpy(text, pem, strlen(pem));
	must_refuse(text, "longer than 1048576 bytes");
	text[CERT_TEXT_MAX] = '\0';
	must_read(tmp, text, 1);
}

/* --- the bytes --- */

Test(x509_text, refuses_bytes_that_are_cut_off)
{
	SCOPED(tmp, NULL);
	const struct recipe r = { .cn = "a.example.org", .san = "DNS:b", .basic_constraints = 1 };
	size_t n;
	unsigned char *der = make_der(tmp, &r, &n);

	for (size_t i = 1; i < n; i++)
		must_refuse(wrap(tmp, "CERTIFICATE", der, i), "damaged");
}

Test(x509_text, refuses_bytes_behind_the_end)
{
	SCOPED(tmp, NULL);
	const struct recipe r = { .cn = "a" };
	size_t n;
	unsigned char *der = make_der(tmp, &r, &n), *more = mem_bytes(tmp, 2 * n);

	memcpy(more, der, n);
	memcpy(more + n, der, n);
	must_refuse(wrap(tmp, "CERTIFICATE", more, n + 1), "1 bytes stand behind its end");
	must_refuse(wrap(tmp, "CERTIFICATE", more, 2 * n), "stand behind its end");
}

/* One certificate in two encodings would have two fingerprints. */
Test(x509_text, refuses_what_is_not_der)
{
	SCOPED(tmp, NULL);
	const struct recipe r = { .cn = "a" };
	size_t n;
	unsigned char *der = make_der(tmp, &r, &n), *ber = mem_bytes(tmp, n + 4);

	cr_assert(der[0] == 0x30 && der[1] == 0x82);
	ber[0] = 0x30;
	ber[1] = 0x80;
	memcpy(ber + 2, der + 4, n - 4);
	must_refuse(wrap(tmp, "CERTIFICATE", ber, n), "not encoded as DER");
	ber[1] = 0x83;
	ber[2] = 0;
	memcpy(ber + 3, der + 2, n - 2);
	must_refuse(wrap(tmp, "CERTIFICATE", ber, n + 1), "not encoded as DER");
}

/* With any one bit turned it is refused, or it is another certificate that is read as it stands. */
Test(x509_text, bears_any_turned_bit)
{
	SCOPED(tmp, NULL);
	const struct recipe r = { .cn = "a.example.org", .san = "DNS:b", .basic_constraints = 1 };
	size_t n, taken = 0, refused = 0;
	unsigned char *der = make_der(tmp, &r, &n);
	const char *was = must_read(tmp, wrap(tmp, "CERTIFICATE", der, n), 1)->fingerprint;

	for (size_t i = 0; i < n * 8; i++) {
		SCOPED(one, tmp);
		struct certs all;
		struct error e;
		const char *pem;

		der[i / 8] ^= (unsigned char)(1 << i % 8);
		pem = wrap(one, "CERTIFICATE", der, n);
		if (certs_read(one, pem, NOW, &all, &e) == ERR_OK) {
			taken++;
			cr_expect_str_eq(all.at[0].pem, pem);
			cr_expect_str_neq(all.at[0].fingerprint, was);
			cr_expect_not(all.at[0].self_signed);
		} else {
			refused++;
			cr_expect_str_eq(e.field, "raw_certificate");
			cr_expect(utf8_valid(e.detail, strlen(e.detail)));
		}
		der[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	cr_expect_gt(taken, 0);
	cr_expect_gt(refused, 0);
}
