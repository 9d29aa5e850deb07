#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "json/idn.h"
#include "json/schema_private.h"

/* Addresses, host names and e-mail addresses. */

#define ATEXT ALPHA DIGIT "!#$%&'*+-/=?^_`{|}~"	/* RFC 5322 section 3.2.3 */

enum {
	HOST_MAX = 253, LOCAL_MAX = 64,
	CHARACTER_MAX = 4,	/* bytes of a character in UTF-8 */
	IPV4_BITS = 32, IPV6_BITS = 128
};

/* What a host name may hold beside letters, digits and hyphens. */
enum {
	HOST_WIDE = 1,		/* U-labels */
	HOST_DOTS = 2,		/* the other dots of RFC 3490 section 3.1 */
	HOST_ANY_FORM = 4	/* U-labels that are not in normal form C */
};

static bool
address_fits(int family, const char *s, size_t n)
{
	char copy[INET6_ADDRSTRLEN];
	unsigned char address[sizeof(struct in6_addr)];

	if (n == 0 || n >= sizeof copy || memchr(s, '\0', n) != NULL)
		return false;
	memcpy(copy, s, n);
	copy[n] = '\0';
	return inet_pton(family, copy, address) == 1;
}

bool
format_ipv4(const char *s, size_t n)
{
	return address_fits(AF_INET, s, n);
}

bool
format_ipv6(const char *s, size_t n)
{
	return address_fits(AF_INET6, s, n);
}

/* An address, a slash and the length of its prefix, with no leading zero. */
bool
format_cidr(const char *s, size_t n)
{
	const char *slash = memchr(s, '/', n);
	size_t address = slash == NULL ? 0 : (size_t)(slash - s), digits;
	int most = 0;

	if (slash == NULL)
		return false;
	if (format_ipv4(s, address))
		most = IPV4_BITS;
	else if (format_ipv6(s, address))
		most = IPV6_BITS;
	digits = n - address - 1;
	return (bytes_shaped(slash + 1, digits, "9") || bytes_shaped(slash + 1, digits, "99") ||
	    bytes_shaped(slash + 1, digits, "999")) && (digits == 1 || slash[1] != '0') &&
	    most > 0 && digits_value(slash + 1, digits) <= most;
}

/* RFC 1123 section 2.1: letters, digits and inner hyphens. */
static bool
label_fits(const char *s, size_t n)
{
	if (n == 0 || n > IDN_LABEL_MAX || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!byte_in(s[i], ALPHA DIGIT "-"))
			return false;
	return true;
}

/* A host name that is looked at label by label. */
struct host {
	void *scratch;
	unsigned may;		/* HOST_ bits */
	size_t length;		/* bytes that it has in ASCII */
	struct text *name;	/* in U-labels */
};

/* The dot at S, of those that separate labels: its length, or 0. */
static size_t
dot_length(const struct host *h, const char *s, size_t n)
{
	static const char *const wide[] = { "\u3002", "\uff0e", "\uff61" };

	if (s[0] == '.')
		return 1;
	for (size_t i = 0; i < sizeof wide / sizeof *wide && (h->may & HOST_DOTS) != 0; i++)
		if (n >= strlen(wide[i]) && memcmp(s, wide[i], strlen(wide[i])) == 0)
			return strlen(wide[i]);
	return 0;
}

/* Takes the next label of H, N bytes at S; false where it is none. */
static bool
host_add(struct host *h, const char *s, size_t n)
{
	char *label = mem_textn(h->scratch, s, n), *ascii = label, *wide = label;

	if (strlen(label) != n)
		return false;
	if (utf8_count(label) < n) {
		ascii = (h->may & HOST_WIDE) == 0 ? NULL :
		    idn_to_ascii(h->scratch, label, (h->may & HOST_ANY_FORM) != 0);
	} else if (!label_fits(s, n))
		return false;
	else if (strncasecmp(label, "xn--", strlen("xn--")) == 0)
		wide = idn_to_unicode(h->scratch, label);
	if (ascii == NULL || wide == NULL)
		return false;
	text_puts(h->name, h->name->len == 0 ? "" : ".");
	text_puts(h->name, wide);
	h->length += (h->length == 0 ? 0 : 1) + strlen(ascii);
	return h->length <= HOST_MAX;
}

/* RFC 5890 section 2.3.2: a name with A-labels or U-labels in it. */
static bool
wide_host_fits(const char *s, size_t n, unsigned may)
{
	SCOPED(tmp, NULL);
	struct host h = { .scratch = tmp, .may = may };
	size_t from = 0, i = 0, dot;

	if (n > HOST_MAX * CHARACTER_MAX || !utf8_valid(s, n))
		return false;
	h.name = text_new(tmp, SIZE_MAX / 2);
	while (i < n) {
		dot = dot_length(&h, s + i, n - i);
		if (dot > 0 && !host_add(&h, s + from, i - from))
			return false;
		i += dot > 0 ? dot : 1;
		if (dot > 0)
			from = i;
	}
	return host_add(&h, s + from, n - from) && idn_keeps_bidi_rule(h.name->at);
}

static bool
host_fits(const char *s, size_t n, unsigned may)
{
	const char *end = s + n, *dot;

	if (idn_concerns(s, n))
		return wide_host_fits(s, n, may);
	for (; (dot = memchr(s, '.', (size_t)(end - s))) != NULL; s = dot + 1)
		if (!label_fits(s, (size_t)(dot - s)))
			return false;
	return n <= HOST_MAX && label_fits(s, (size_t)(end - s));
}

bool
format_hostname(const char *s, size_t n)
{
	return host_fits(s, n, 0);
}

bool
format_idn_hostname(const char *s, size_t n)
{
	return host_fits(s, n, HOST_WIDE | HOST_DOTS);
}

/*
 * RFC 6531 section 3.3 adds all that is beyond ASCII, where HOST_WIDE is among what there
 * MAY be.
 */
static bool
is_wide(char c, unsigned may)
{
	return (may & HOST_WIDE) != 0 && (unsigned char)c > '~' + 1;
}

/* RFC 5321 section 4.1.2, Dot-string */
static bool
dotted_fits(const char *s, size_t n, unsigned may)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '.' ? i == 0 || i == n - 1 || s[i - 1] == '.' :
		    !byte_in(s[i], ATEXT) && !is_wide(s[i], may))
			return false;
	return n > 0;
}

/* RFC 5321 section 4.1.2, Quoted-string */
static bool
quoted_fits(const char *s, size_t n, unsigned may)
{
	if (n < 2 || s[0] != '"' || s[n - 1] != '"')
		return false;
	for (size_t i = 1; i < n - 1; i++) {
		if (s[i] == '"' || (s[i] == '\\' && ++i == n - 1))
			return false;
		if ((s[i] < ' ' || s[i] > '~') && !is_wide(s[i], may))
			return false;
	}
	return true;
}

/* RFC 5321 section 4.1.3 */
static bool
literal_fits(const char *s, size_t n)
{
	static const char ipv6[] = "[IPv6:";
	const size_t mark = sizeof ipv6 - 1;

	if (n < 2 || s[n - 1] != ']')
		return false;
	if (n > mark && strncasecmp(s, ipv6, mark) == 0)
		return format_ipv6(s + mark, n - mark - 1);
	return s[0] == '[' && format_ipv4(s + 1, n - 2);
}

static bool
email_fits(const char *s, size_t n, unsigned may)
{
	const char *at = memrchr(s, '@', n);
	size_t local = at == NULL ? 0 : (size_t)(at - s), host = n - local - 1;

	if (at == NULL || local > LOCAL_MAX || !utf8_valid(s, n))
		return false;
	return (dotted_fits(s, local, may) || quoted_fits(s, local, may)) &&
	    (host_fits(at + 1, host, may) || literal_fits(at + 1, host));
}

bool
format_email(const char *s, size_t n)
{
	return email_fits(s, n, 0);
}

bool
format_idn_email(const char *s, size_t n)
{
	return email_fits(s, n, HOST_WIDE | HOST_ANY_FORM);
}

