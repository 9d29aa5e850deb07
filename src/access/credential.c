#include "access/credential.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "secret/password.h"

enum { BASIC_MAX = 4096, BITS_PER_DIGIT = 6, BITS_PER_BYTE = 8, DIGITS_PER_GROUP = 4 };

/* Base64 (RFC 4648 section 4); padding may be left out, but not wrong. NULL where it is none. */
static char *
base64_decode(void *ctx, const char *s, size_t *n)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strcspn(s, "="), pad = strspn(s + len, "="), bits = 0, at = 0;
	char *out = mem_bytes(ctx, len + 1);
	unsigned word = 0;

	if (s[len + pad] != '\0' || len % DIGITS_PER_GROUP == 1 || pad > 2 ||
	    (pad > 0 && (len + pad) % DIGITS_PER_GROUP != 0))
		return NULL;
	for (size_t i = 0; i < len; i++) {
		const char *d = strchr(digits, s[i]);

		if (d == NULL)
			return NULL;
		word = word << BITS_PER_DIGIT | (unsigned)(d - digits);
		bits += BITS_PER_DIGIT;
		if (bits >= BITS_PER_BYTE) {
			bits -= BITS_PER_BYTE;
			out[at++] = (char)(word >> bits & 0xff);
		}
	}
	*n = at;
	return out;
}

/* What follows SCHEME, which has no case, and its blanks (RFC 9110 section 11.4); NULL: none. */
static const char *
behind_scheme(const char *header, const char *scheme)
{
	size_t n = strlen(scheme);

	if (strncasecmp(header, scheme, n) != 0)
		return NULL;
	return header + n + strspn(header + n, " ");
}

bool
credential_basic(void *ctx, const char *header, char **user, char **password)
{
	size_t n;
	char *colon;

	header = behind_scheme(header, "Basic ");
	if (header == NULL || strlen(header) > BASIC_MAX)
		return false;
	*user = base64_decode(ctx, header, &n);
	if (*user == NULL || strlen(*user) != n || !utf8_valid(*user, n))
		return false;
	colon = strchr(*user, ':');
	if (colon == NULL || strlen(colon + 1) > PASSWORD_MAX)
		return false;
	*colon = '\0';
	*password = colon + 1;
	return true;
}

const char *
credential_bearer(const char *header)
{
	const char *token = behind_scheme(header, "Bearer ");

	return token != NULL && *token != '\0' ? token : NULL;
}

char *
credential_cookie(void *ctx, const char *header, const char *name)
{
	static const char between[] = "; \t";
	size_t len = strlen(name);

	for (const char *at = header; *at != '\0';) {
		size_t n;

		at += strspn(at, between);
		n = strcspn(at, ";");
		if (n > len && strncmp(at, name, len) == 0 && at[len] == '=')
			return mem_textn(ctx, at + len + 1, n - len - 1);
		at += n;
	}
	return NULL;
}
