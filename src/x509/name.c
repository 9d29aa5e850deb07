#include "x509/name.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "x509/cert.h"
#include "x509/crypto.h"

/* Ranges of characters that nobody can see. In UTF-8 characters sort as their numbers do. */
static const struct {
	const char *low, *high;
} unseen[] = {
	{ "\x01", "\x1f" },		/* C0 */
	{ "\x7f", "\x7f" },
	{ "\xc2\x80", "\xc2\x9f" },	/* C1 */
	{ "\xe2\x80\x8b", "\xe2\x80\x8f" },	/* zero width; marks of direction */
	{ "\xe2\x80\xa8", "\xe2\x80\xae" },	/* line and paragraph; embeddings and overrides */
	{ "\xe2\x81\xa0", "\xe2\x81\xa9" },	/* isolates, invisible operators */
	{ "\xef\xbb\xbf", "\xef\xbb\xbf" },	/* byte order mark */
};

static bool
is_unseen(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++)
		if (strlen(unseen[i].low) == n && memcmp(s, unseen[i].low, n) >= 0 &&
		    memcmp(s, unseen[i].high, n) <= 0)
			return true;
	return false;
}

static const char *
clean(void *ctx, const char *s, size_t left)
{
	SCOPED(tmp, ctx);
	struct text *out = text_new(tmp, SIZE_MAX / 2);
	size_t n;

	for (; left > 0; s += n, left -= n) {
		n = utf8_length((const unsigned char *)s, left);
		/* OpenSSL gives UTF-8; should it not, no byte is looked at twice. */
		n = n > 0 ? n : 1;
		if (is_unseen(s, n) || !utf8_valid(s, n))
			text_puts(out, "\xef\xbf\xbd");
		else
			text_add(out, s, n);
	}
	return mem_text(ctx, out->at);
}

static const char *
refuse(struct name_fault *fault, const char *what)
{
	if (fault->what == NULL)
		fault->what = what;
	return NULL;
}

static const char *
take(void *ctx, const unsigned char *utf8, size_t n, struct name_fault *fault)
{
	const char *name;

	if (n > 0 && memchr(utf8, '\0', n) != NULL)
		return refuse(fault, "has a name with a NUL in it");
	name = clean(ctx, (const char *)utf8, n);
	if (utf8_count(name) > CERT_NAME_MAX)
		return refuse(fault, "has a name that is too long");
	return name;
}

static const char *
text_of(void *ctx, const ASN1_STRING *s, struct name_fault *fault)
{
	unsigned char *utf8 = NULL;
	int n = crypto()->ASN1_STRING_to_UTF8(&utf8, s);
	const char *name;

	if (n < 0)
		return refuse(fault, "is damaged: it has a name that is no text");
	name = take(ctx, utf8, (size_t)n, fault);
	crypto_free(utf8);
	return name;
}

/* A name's parts go from the least to the most specific (RFC 5280): the last one counts. */
const char *
name_common(void *ctx, const X509_NAME *name, struct name_fault *fault)
{
	const struct crypto *lib = crypto();
	const char *found = NULL;
	int i = -1;

	while ((i = lib->X509_NAME_get_index_by_NID(name, NID_commonName, i)) >= 0) {
		found = text_of(ctx,
		    lib->X509_NAME_ENTRY_get_data(lib->X509_NAME_get_entry(name, i)), fault);
		if (found == NULL)
			return NULL;
	}
	return found != NULL && *found != '\0' ? found : NULL;
}

static const char *
first_dns_name(void *ctx, const GENERAL_NAMES *names, struct name_fault *fault)
{
	const struct crypto *lib = crypto();
	const OPENSSL_STACK *all = (const OPENSSL_STACK *)names;
	const char *first = NULL;

	for (int i = 0; i < lib->OPENSSL_sk_num(all); i++) {
		const GENERAL_NAME *one = lib->OPENSSL_sk_value(all, i);
		const char *text;

		if (one->type != GEN_DNS)
			continue;
		text = text_of(ctx, one->d.dNSName, fault);
		if (text == NULL)
			return NULL;
		if (first == NULL && *text != '\0')
			first = text;
	}
	return first;
}

const char *
name_host(void *ctx, const X509 *x, struct name_fault *fault)
{
	const struct crypto *lib = crypto();
	const char *common = name_common(ctx, lib->X509_get_subject_name(x), fault), *dns;
	int critical;
	GENERAL_NAMES *names = lib->X509_get_ext_d2i(x, NID_subject_alt_name, &critical, NULL);

	if (names == NULL && critical != CERT_NO_EXTENSION)
		return refuse(fault, "is damaged: its subjectAltName cannot be read");
	dns = first_dns_name(ctx, names, fault);
	lib->GENERAL_NAMES_free(names);
	if (common != NULL)
		return common;
	return dns != NULL ? dns : "";
}
