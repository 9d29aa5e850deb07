#include "x509_world.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

extern char **environ;

/* --- what the openssl command says of the same certificate --- */

enum { OUTPUT_MAX = 65536 };

static char *
ask_openssl(void *ctx, const char *pem)
{
	static const char *const argv[] = { "openssl", "x509", "-noout", "-subject", "-issuer",
	    "-dates", "-fingerprint", "-sha256", "-nameopt", "sep_multiline,utf8,sname", "-dateopt",
	    "iso_8601", NULL };
	char in[] = "/tmp/x509-in-XXXXXX", out[] = "/tmp/x509-out-XXXXXX";
	int in_fd = mkstemp(in), out_fd = mkstemp(out), status;
	posix_spawn_file_actions_t files;
	char *text = mem_bytes(ctx, OUTPUT_MAX);
	pid_t pid;

	cr_assert_eq(write(in_fd, pem, strlen(pem)), (ssize_t)strlen(pem));
	lseek(in_fd, 0, SEEK_SET);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in_fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out_fd, STDOUT_FILENO);
	if (posix_spawnp(&pid, argv[0], &files, NULL, (char **)(uintptr_t)argv, environ) != 0)
		cr_skip_test("openssl is not installed");
	posix_spawn_file_actions_destroy(&files);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "openssl takes it not");
	cr_assert_gt(pread(out_fd, text, OUTPUT_MAX - 1, 0), 0);
	close(in_fd);
	close(out_fd);
	unlink(in);
	unlink(out);
	return text;
}

/* The value of the last line between FROM and TO that begins with NAME. */
static const char *
last_line(void *ctx, const char *from, const char *to, const char *name)
{
	const char *found = "";

	for (const char *s = from; s < to; s += strcspn(s, "\n"), s += *s == '\n') {
		const char *value = s + strspn(s, " ");

		if (strncmp(value, name, strlen(name)) == 0) {
			value += strlen(name);
			found = mem_textn(ctx, value, strcspn(value, "\n"));
		}
	}
	return found;
}

static void
same_time(int64_t ms, const char *iso)
{
	char text[CLOCK_TEXT_MAX];

	clock_text(text, ms);
	text[strlen("2026-03-03")] = ' ';
	cr_expect_str_eq(text, iso);
}

/* Whether the openssl command sees the same in C's PEM; names only where it doesn't escape them. */
static void
agrees(const struct cert *c)
{
	SCOPED(tmp, NULL);
	char *out = ask_openssl(tmp, c->pem), *issuer = strstr(out, "issuer="),
	    *dates = strstr(out, "notBefore="), *end = out + strlen(out), *to;
	const char *print = last_line(tmp, dates, end, "sha256 Fingerprint=");

	cr_assert(issuer != NULL && dates != NULL && *print != '\0', "%s", out);
	if (*last_line(tmp, out, issuer, "CN=") != '\0')
		cr_expect_str_eq(c->host, last_line(tmp, out, issuer, "CN="));
	cr_expect_str_eq(c->issuer, last_line(tmp, issuer, dates, "CN="));
	same_time(c->not_before, last_line(tmp, dates, end, "notBefore="));
	same_time(c->not_after, last_line(tmp, dates, end, "notAfter="));
	to = mem_bytes(tmp, strlen(print) + 1);
	for (char *p = to; *print != '\0'; print++)
		if (*print != ':')
			*p++ = (char)(*print >= 'A' ? *print + 'a' - 'A' : *print);
	cr_expect_str_eq(c->fingerprint, to);
	cr_expect(hex_is(c->fingerprint, 64));
}

/* --- keys --- */

Test(x509, takes_good_keys)
{
	static const char *const kinds[] = { "RSA2048", "RSA4096", "P-256", "P-384", "P-521",
	    "ED25519", "ED448", "RSA-PSS2048" };

	for (size_t i = 0; i < COUNT(kinds); i++) {
		SCOPED(tmp, NULL);
		const struct recipe r = { .key = kinds[i], .cn = kinds[i] };
		const struct cert *c = must_read(tmp, make(tmp, &r), 1);

		agrees(c);
		cr_expect_str_eq(c->host, kinds[i]);
		cr_expect_str_eq(c->issuer, kinds[i]);
		cr_expect(c->self_signed);
		cr_expect_str_eq(c->type, "Host");
	}
}

Test(x509, refuses_weak_keys)
{
	SCOPED(tmp, NULL);
	const struct recipe weak = { .key = "RSA1024", .cn = "w" },
	    nearly = { .key = "RSA2040", .cn = "w" }, pss = { .key = "RSA-PSS1024", .cn = "w" };

	must_refuse(make(tmp, &weak), "certificate 1 has an RSA key of 1024 bits");
	must_refuse(make(tmp, &nearly), "an RSA key of 2040 bits");
	must_refuse(make(tmp, &pss), "an RSA key of 1024 bits");
}

Test(x509, refuses_a_key_that_cannot_be_read)
{
	SCOPED(tmp, NULL);
	const struct recipe r = { .cn = "k" };
	static const unsigned char p256[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	size_t n;
	unsigned char *der = make_der(tmp, &r, &n), *at = memmem(der, n, p256, sizeof p256);

	cr_assert_not_null(at);
	/* The bit string's first byte of the point: 4 is the only uncompressed form. */
	cr_assert_eq(at[sizeof p256 + 3], 4);
	at[sizeof p256 + 3] = 9;
	must_refuse(wrap(tmp, "CERTIFICATE", der, n), "public key that cannot be read");
	at[sizeof p256 + 3] = 4;
	at[sizeof p256 - 1] = 0x63;
	must_refuse(wrap(tmp, "CERTIFICATE", der, n), "public key that cannot be read");
}

/* --- names --- */

#define CN(kind, s) { NID_commonName, V_ASN1_##kind, s, sizeof s - 1 }

Test(x509, host_names)
{
	static const struct {
		struct recipe recipe;
		const char *host, *issuer;
	} cases[] = {
		{ { .cn = "a.example.org", .san = "DNS:b.example.org" }, "a.example.org", "a.example.org" },
		{ { .san = "DNS:first.example.org,DNS:second.example.org" }, "first.example.org", "" },
		{ { .san = "IP:192.0.2.1,DNS:third.example.org" }, "third.example.org", "" },
		{ { .san = "IP:192.0.2.1" }, "", "" },
		{ { .issuer_cn = "CA" }, "", "CA" },
		{ { .parts = { { NID_organizationName, V_ASN1_UTF8STRING, "O only", 0 } } }, "", "" },
		/* The last, whatever stands between. */
		{ { .parts = { CN(UTF8STRING, "outer"), { NID_organizationName, V_ASN1_UTF8STRING, "O", 0 },
		    CN(UTF8STRING, "middle"), CN(UTF8STRING, "inner") } }, "inner", "inner" },
		{ { .parts = { CN(UTF8STRING, "m\xc3\xbcller \xe2\x82\xac \xf0\x9f\x94\x92") } },
		    "m\xc3\xbcller \xe2\x82\xac \xf0\x9f\x94\x92", "m\xc3\xbcller \xe2\x82\xac \xf0\x9f\x94\x92" },
		{ { .parts = { CN(BMPSTRING, "\0m\0\xfc\x20\xac\x30\x42") } },
		    "m\xc3\xbc\xe2\x82\xac\xe3\x81\x82", "m\xc3\xbc\xe2\x82\xac\xe3\x81\x82" },
		{ { .parts = { CN(UNIVERSALSTRING, "\0\0\0m\0\x01\xf5\x12") } },
		    "m\xf0\x9f\x94\x92", "m\xf0\x9f\x94\x92" },
		{ { .parts = { CN(T61STRING, "m\xfcller") } }, "m\xc3\xbcller", "m\xc3\xbcller" },
		{ { .parts = { CN(PRINTABLESTRING, "plain host") } }, "plain host", "plain host" },
		{ { .parts = { CN(IA5STRING, "ia5@host") } }, "ia5@host", "ia5@host" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		SCOPED(tmp, NULL);
		const struct cert *c = must_read(tmp, make(tmp, &cases[i].recipe), 1);

		cr_expect_str_eq(c->host, cases[i].host, "%zu: %s", i, c->host);
		cr_expect_str_eq(c->issuer, cases[i].issuer, "%zu: %s", i, c->issuer);
		agrees(c);
	}
}

#define GONE "\xef\xbf\xbd"

Test(x509, replaces_what_cannot_be_seen)
{
	static const struct {
		struct part cn;
		const char *host;
	} cases[] = {
		{ CN(UTF8STRING, "a\x01\n\x1f\x7f z"), "a" GONE GONE GONE GONE " z" },
		{ CN(UTF8STRING, "a\xc2\x80\xc2\x9f\xc2\xa0"), "a" GONE GONE "\xc2\xa0" },
		/* Right-to-left override, isolate, zero width space, line separator; a dash is none. */
		{ CN(UTF8STRING, "\xe2\x80\xae\xe2\x81\xa7\xe2\x80\x8b\xe2\x80\xa8\xe2\x80\x94"),
		    GONE GONE GONE GONE "\xe2\x80\x94" },
		{ CN(BMPSTRING, "\0a\x20\x2e\xfe\xff"), "a" GONE GONE },
		{ CN(T61STRING, "a\x85"), "a" GONE },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		SCOPED(tmp, NULL);
		const struct recipe r = { .parts = { cases[i].cn } };

		cr_expect_str_eq(must_read(tmp, make(tmp, &r), 1)->host, cases[i].host, "%zu", i);
	}
}

Test(x509, an_empty_common_name_is_none)
{
	SCOPED(tmp, NULL);
	const struct recipe empty = { .cn = "", .san = "DNS:y.example.org" },
	    last = { .parts = { CN(UTF8STRING, "first"), CN(UTF8STRING, "") } };

	cr_expect_str_eq(must_read(tmp, make(tmp, &empty), 1)->host, "y.example.org");
	cr_expect_str_eq(must_read(tmp, make(tmp, &empty), 1)->issuer, "");
	cr_expect_str_eq(must_read(tmp, make(tmp, &last), 1)->host, "");
}

/* Puts the N bytes AFTER wherever the N bytes BEFORE are. */
static void
patch(unsigned char *der, size_t size, const void *before, const void *after, size_t n)
{
	unsigned char *at = memmem(der, size, before, n);

	cr_assert_not_null(at);
	for (; at != NULL; at = memmem(der, size, before, n))
		memcpy(at, after, n);
}

Test(x509, refuses_a_nul_in_a_name)
{
	static const struct part common[] = { CN(UTF8STRING, "good.example.org\0.evil.example"),
		CN(PRINTABLESTRING, "\0"), CN(BMPSTRING, "\0a\0\0\0b") };
	SCOPED(tmp, NULL);
	const struct recipe first = { .parts = { CN(UTF8STRING, "a\0b"), CN(UTF8STRING, "c") } },
	    dns = { .cn = "a", .san = "DNS:good.example.org,DNS:bad@example.org" },
	    issuer = { .cn = "a", .issuer_cn = "bad@issuer" };
	const struct recipe *const patched[] = { &dns, &issuer };
	size_t n;
	unsigned char *der;

	for (size_t i = 0; i < COUNT(common); i++) {
		const struct recipe r = { .parts = { common[i] } };

		must_refuse(make(tmp, &r), "certificate 1 has a name with a NUL in it");
	}
	must_refuse(make(tmp, &first), "a NUL in it");
	for (size_t i = 0; i < COUNT(patched); i++) {
		der = make_der(tmp, patched[i], &n);
		patch(der, n, "bad@", "bad", 4);
		must_refuse(wrap(tmp, "CERTIFICATE", der, n), "a NUL in it");
	}
}

Test(x509, refuses_a_name_that_is_no_text)
{
	static const struct {
		unsigned char type;
		const char *bytes;
	} cases[] = {
		{ V_ASN1_BMPSTRING, "a@b" },
		{ V_ASN1_BMPSTRING, "\xd8\x01@a" },
		{ V_ASN1_UNIVERSALSTRING, "\x01\x11\x01\x01" },
		{ V_ASN1_UNIVERSALSTRING, "ab@" },
		{ V_ASN1_UTF8STRING, "ab\xff" },
		{ V_ASN1_UTF8STRING, "\xed\xa0\x80" },
		{ V_ASN1_UTF8STRING, "\xc0\xae" },
		{ V_ASN1_UTF8STRING, "ab\xc3" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		SCOPED(tmp, NULL);
		size_t len = strlen(cases[i].bytes), n;
		const struct recipe r = { .parts = { { NID_commonName, V_ASN1_PRINTABLESTRING,
		    "qqqq", len } } };
		unsigned char *der = make_der(tmp, &r, &n);
		char before[8] = { V_ASN1_PRINTABLESTRING, (char)len, 'q', 'q', 'q', 'q' },
		    after[8] = { (char)cases[i].type, (char)len };

		memcpy(after + 2, cases[i].bytes, len);
		patch(der, n, before, after, len + 2);
		must_refuse(wrap(tmp, "CERTIFICATE", der, n), "damaged");
	}
}

Test(x509, names_have_a_length)
{
	SCOPED(tmp, NULL);
	struct text *long_name = text_new(tmp, SIZE_MAX / 2);
	struct recipe r = { .san = NULL };

	for (int i = 0; i < CERT_NAME_MAX; i++)
		text_puts(long_name, "\xc3\xbc");
	r.cn = long_name->at;
	cr_expect_str_eq(must_read(tmp, make(tmp, &r), 1)->host, long_name->at);
	text_puts(long_name, "x");
	r.cn = long_name->at;
	must_refuse(make(tmp, &r), "a name that is too long");
}

/* --- other members --- */

Test(x509, takes_long_serials)
{
	static const char *const serials[] = { "0", "-1", "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
	    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF" };

	for (size_t i = 0; i < COUNT(serials); i++) {
		SCOPED(tmp, NULL);
		const struct recipe r = { .cn = "serial", .serial = serials[i] };

		agrees(must_read(tmp, make(tmp, &r), 1));
	}
}

Test(x509, reads_all_years)
{
	static const struct {
		const char *from, *to;
		int64_t from_s, to_s;
	} cases[] = {
		{ "250101000000Z", "491231235959Z", 1735689600, 2524607999 },
		{ "250101000000Z", "20500101000000Z", 1735689600, 2524608000 },
		{ "20510101000000Z", "21000228235959Z", 2556144000, 4107542399 },
		{ "700101000000Z", "99991231235959Z", 0, 253402300799 },
		{ "691231235959Z", "99991231235959Z", -1, 253402300799 },
		{ "500101000000Z", "99991231235959Z", -631152000, 253402300799 },
		{ "19500101000000Z", "24000229120000Z", -631152000, 13574606400 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		SCOPED(tmp, NULL);
		const struct recipe r = { .cn = "y", .from = cases[i].from, .to = cases[i].to };
		const struct cert *c = must_read(tmp, make(tmp, &r), 1);

		cr_expect_eq(c->not_before, cases[i].from_s * 1000, "%zu", i);
		cr_expect_eq(c->not_after, cases[i].to_s * 1000, "%zu", i);
		agrees(c);
	}
}

Test(x509, refuses_bad_validity)
{
	static const struct {
		const char *from, *to, *part;
	} cases[] = {
		{ "200101000000Z", "210101000000Z", "certificate 1 expired on 2021-01-01T00:00:00Z: v.example.org" },
		{ "200101000000Z", "691231235959Z", "expired on 1969-12-31T23:59:59Z" },
		{ "19491231235959Z", "21000101000000Z", "before 1950" },
		{ "00000101000000Z", "21000101000000Z", "before 1950" },
		{ "21010101000000Z", "21000101000000Z", "ends before it begins" },
		{ "251301000000Z", "21000101000000Z", "no time" },
		{ "250101000000Z", "21000230000000Z", "no time" },
		{ "250101000000Z", "2100010100000-Z", "no time" },
		{ "250101000000Z", "              Z", "no time" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		SCOPED(tmp, NULL);
		const struct recipe r = { .cn = "v.example.org", .from = cases[i].from,
		    .to = cases[i].to };

		must_refuse(make(tmp, &r), cases[i].part);
	}
}

/* RFC 5280 section 4.1.2.5: both ends belong to it. */
Test(x509, is_valid_to_the_end_of_its_last_second)
{
	SCOPED(tmp, NULL);
	const struct recipe r = { .cn = "v", .to = "260303120000Z" };
	const int64_t end = INT64_C(1772539200000);
	const char *pem = make(tmp, &r);
	struct certs all;
	struct error e;

	cr_assert_eq(certs_read(tmp, pem, end + 999, &all, &e), ERR_OK);
	cr_expect_eq(all.at[0].not_after, end);
	cr_expect_eq(certs_read(tmp, pem, end + 1000, &all, &e), ERR_INVALID);
	cr_expect_not_null(strstr(e.detail, "2026-03-03T12:00:00Z"));
	/* Before it begins too. */
	cr_expect_eq(certs_read(tmp, pem, INT64_C(0), &all, &e), ERR_OK);
}

Test(x509, tells_the_types_of_a_chain)
{
	SCOPED(tmp, NULL);
	EVP_PKEY *root = new_key("RSA2048"), *middle = new_key("P-384");
	const struct recipe recipes[] = {
		{ .cn = "host.example.org", .issuer_cn = "Middle", .signer = middle,
		    .basic_constraints = 2 },
		{ .cn = "Middle", .issuer_cn = "Root", .own = middle, .signer = root,
		    .basic_constraints = 1 },
		{ .cn = "Root", .own = root, .basic_constraints = 1 },
	};
	static const char *const types[] = { "Host", "Intermediate", "Root" };
	struct text *chain = text_new(tmp, SIZE_MAX / 2);
	const struct cert *c;

	for (size_t i = 0; i < COUNT(recipes); i++)
		text_puts(chain, make(tmp, &recipes[i]));
	c = must_read(tmp, chain->at, COUNT(recipes));
	for (size_t i = 0; i < COUNT(recipes); i++) {
		cr_expect_str_eq(c[i].type, types[i]);
		cr_expect_str_eq(c[i].host, recipes[i].cn);
		cr_expect_eq(c[i].self_signed, i == 2);
		agrees(&c[i]);
	}
	EVP_PKEY_free(root);
	EVP_PKEY_free(middle);
}

/* The same name as issuer is no signature. */
Test(x509, self_signed_is_verified)
{
	SCOPED(tmp, NULL);
	EVP_PKEY *other = new_key("P-256"), *rsa = new_key("RSA2048");
	const struct recipe host = { .cn = "same", .issuer_cn = "same", .signer = other },
	    ca = { .cn = "same", .signer = rsa, .basic_constraints = 1 },
	    plain = { .cn = "same", .basic_constraints = 2 };
	const struct cert *c;

	c = must_read(tmp, make(tmp, &host), 1);
	cr_expect_not(c->self_signed);
	cr_expect_str_eq(c->type, "Host");
	c = must_read(tmp, make(tmp, &ca), 1);
	cr_expect_not(c->self_signed);
	cr_expect_str_eq(c->type, "Root");
	c = must_read(tmp, make(tmp, &plain), 1);
	cr_expect(c->self_signed);
	cr_expect_str_eq(c->type, "Host");
	EVP_PKEY_free(other);
	EVP_PKEY_free(rsa);
}

Test(x509, refuses_damaged_extensions)
{
	SCOPED(tmp, NULL);
	const struct recipe basic = { .cn = "a", .junk_nid = NID_basic_constraints },
	    san = { .cn = "a", .junk_nid = NID_subject_alt_name },
	    other = { .cn = "a", .junk_nid = NID_netscape_comment };

	must_refuse(make(tmp, &basic), "its basicConstraints cannot be read");
	must_refuse(make(tmp, &san), "its subjectAltName cannot be read");
	cr_expect_str_eq(must_read(tmp, make(tmp, &other), 1)->host, "a");
}
