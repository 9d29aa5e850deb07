#include "access/identity.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "secret/password.h"
#include "store/account.h"

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

/* Splits "Basic ...": false where it is not well-formed. */
static bool
basic_split(void *ctx, const char *header, char **user, char **password)
{
	static const char scheme[] = "Basic ";
	size_t n;
	char *colon;

	if (strncasecmp(header, scheme, sizeof scheme - 1) != 0 || strlen(header) > BASIC_MAX)
		return false;
	header += sizeof scheme - 1;
	header += strspn(header, " ");
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

static bool
password_is_right(struct remember *remember, const struct account *a, const char *password)
{
	int64_t now = clock_mono();

	if (remember_has(remember, a->username, password, a->password_hash, now))
		return true;
	if (!password_verify(a->password_hash, password))
		return false;
	remember_put(remember, a->username, password, a->password_hash, now);
	return true;
}

enum err
identify(void *ctx, struct db *db, struct remember *remember, const char *authorization,
    struct caller *caller, struct error *e)
{
	struct account a = { 0 };
	char *user, *password;
	bool found;

	if (authorization == NULL)
		return error_set(e, ERR_UNAUTHENTICATED,
		    "this operation needs a caller: send a user name and password");
	if (!basic_split(ctx, authorization, &user, &password))
		return error_set(
		    e, ERR_UNAUTHENTICATED, "the header Authorization holds no Basic credential");
	if (account_find(ctx, db, user, &a, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		password_verify_nothing(password);
	if (!found || !password_is_right(remember, &a, password))
		return error_set(e, ERR_UNAUTHENTICATED, "the user name or the password is wrong");
	*caller = (struct caller){ .username = a.username, .is_admin = a.is_admin };
	return ERR_OK;
}

enum err
authorize(const struct caller *caller, const char *role, struct error *e)
{
	static const char read[] = ":read";
	size_t n = strlen(role), tail = sizeof read - 1;

	if (caller->is_admin || (n > tail && strcmp(role + n - tail, read) == 0))
		return ERR_OK;
	return error_set(e, ERR_FORBIDDEN, "%s lacks the role %s", caller->username, role);
}
