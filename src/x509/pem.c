#include "x509/pem.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "x509/cert.h"
#include "x509/crypto.h"

enum { BASE64_CHARS = 4, BASE64_BYTES = 3 };	/* so many characters for so many bytes */

static const char begin_mark[] = "-----BEGIN ", end_mark[] = "-----END ", dashes[] = "-----";
static const char blanks[] = " \t\r\n";

bool
pem_has_private_key(const char *text)
{
	static const char key[] = "PRIVATE KEY", block[] = "BLOCK";

	while ((text = strcasestr(text, key)) != NULL) {
		text += strlen(key);
		text += strspn(text, " ");
		/* As OpenPGP has it. */
		if (strncasecmp(text, block, strlen(block)) == 0)
			text += strlen(block);
		text += strspn(text, " ");
		/* SSH2 has four dashes. */
		if (strncmp(text, "--", 2) == 0)
			return true;
	}
	return false;
}

/* S stands behind "-----BEGIN ". NULL: no whole label. *REST gets what follows the line. */
static const char *
take_label(void *ctx, const char *s, const char **rest)
{
	size_t n = strcspn(s, "-\r\n");

	if (n == 0 || strncmp(s + n, dashes, strlen(dashes)) != 0)
		return NULL;
	*rest = s + n + strlen(dashes);
	return mem_textn(ctx, s, n);
}

/* Base64 has no dash: the first ones behind the body must be the END line. */
static const char *
find_end(void *ctx, const char *body, const char *label, const char **rest)
{
	SCOPED(tmp, ctx);
	char *wanted = mem_printf(tmp, "%s%s%s", end_mark, label, dashes);
	const char *end = strstr(body, dashes);

	if (end == NULL || strncmp(end, wanted, strlen(wanted)) != 0)
		return NULL;
	*rest = end + strlen(wanted);
	return end;
}

enum err
pem_next(void *ctx, const char **at, struct pem_block *b, bool *more, struct error *e)
{
	const char *begin = strstr(*at, begin_mark), *end = strstr(*at, end_mark), *body;

	*more = begin != NULL;
	if (end != NULL && (begin == NULL || end < begin))
		return error_field(e, CERT_FIELD, "is damaged: an END line without its BEGIN line");
	if (begin == NULL)
		return ERR_OK;
	b->label = take_label(ctx, begin + strlen(begin_mark), &body);
	if (b->label == NULL)
		return error_field(e, CERT_FIELD, "is damaged: a BEGIN line that is cut off");
	end = find_end(ctx, body, b->label, at);
	if (end == NULL)
		return error_field(e, CERT_FIELD, "is damaged: a BEGIN line without its END line");
	b->body = body;
	b->n = (size_t)(end - body);
	return ERR_OK;
}

/* Without the blanks. */
static char *
squeeze(void *ctx, const struct pem_block *b, size_t *n)
{
	char *out = mem_bytes(ctx, b->n + 1);

	*n = 0;
	for (size_t i = 0; i < b->n; i++)
		if (strchr(blanks, b->body[i]) == NULL)
			out[(*n)++] = b->body[i];
	return out;
}

/* EVP_DecodeBlock() takes some wrong texts for right ones. */
static bool
is_base64(const char *s, size_t n)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t used = strspn(s, alphabet), padding = strspn(s + used, "=");

	return n > 0 && n <= INT_MAX && n % BASE64_CHARS == 0 && used + padding == n &&
	    padding < BASE64_BYTES;
}

unsigned char *
pem_decode(void *ctx, const struct pem_block *b, size_t *n)
{
	SCOPED(tmp, ctx);
	size_t len;
	char *s = squeeze(tmp, b, &len);
	unsigned char *out;

	if (!is_base64(s, len))
		return NULL;
	out = mem_bytes(ctx, len / BASE64_CHARS * BASE64_BYTES);
	crypto()->EVP_DecodeBlock(out, (const unsigned char *)s, (int)len);
	*n = len / BASE64_CHARS * BASE64_BYTES - strspn(s + strcspn(s, "="), "=");
	return out;
}
