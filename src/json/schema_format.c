#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "json/schema_private.h"

/*
 * The formats of services.md section 2. Each is asserted: a decorator that says
 * "email" lets nothing else pass, whatever a dialect says of annotations.
 */

#define ALPHA "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"
#define HEX DIGIT "abcdefABCDEF"
#define ATEXT ALPHA DIGIT "!#$%&'*+-/=?^_`{|}~"	/* RFC 5322 section 3.2.3 */

enum {
	TEN = 10,
	MONTHS = 12, FEBRUARY = 2,
	HOUR_LAST = 23, MINUTE_LAST = 59, SECOND_LAST = 59, HOUR = 60, DAY = 24 * 60,
	DATE_LENGTH = 10,	/* 2026-03-03 */
	CLOCK_LENGTH = 8,	/* 19:26:37 */
	ZONE_LENGTH = 6,	/* +01:00 */
	LABEL_MAX = 63, HOST_MAX = 253, LOCAL_MAX = 64,
	IPV4_BITS = 32, IPV6_BITS = 128
};

static bool
one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

/*
 * Whether S (N bytes, all of them) has the shape FORM: 9 there is a digit, f a
 * hexadecimal one, all else itself.
 */
static bool
shaped(const char *s, size_t n, const char *form)
{
	if (n != strlen(form))
		return false;
	for (size_t i = 0; i < n; i++)
		if (form[i] == '9' ? !one_of(s[i], DIGIT) :
		    form[i] == 'f' ? !one_of(s[i], HEX) : s[i] != form[i])
			return false;
	return true;
}

static int
number_at(const char *s, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * TEN + (s[i] - '0');
	return v;
}

static int
days_of(int year, int month)
{
	static const int days[MONTHS + 1] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month] + (leap && month == FEBRUARY ? 1 : 0);
}

/* RFC 3339 full-date */
static bool
format_date(const char *s, size_t n)
{
	int month, day;

	if (!shaped(s, n, "9999-99-99"))
		return false;
	month = number_at(s + sizeof "9999-" - 1, 2);
	day = number_at(s + sizeof "9999-99-" - 1, 2);
	return month >= 1 && month <= MONTHS && day >= 1 && day <= days_of(number_at(s, 4), month);
}

/* Z or +hh:mm; *MINUTES gets what it is ahead of UTC. */
static bool
zone_fits(const char *s, size_t n, int *minutes)
{
	int hour, minute;

	*minutes = 0;
	if (n == 1)
		return one_of(*s, "Zz");
	if (n != ZONE_LENGTH || !one_of(*s, "+-") || !shaped(s + 1, n - 1, "99:99"))
		return false;
	hour = number_at(s + 1, 2);
	minute = number_at(s + sizeof "+99:" - 1, 2);
	*minutes = (hour * HOUR + minute) * (*s == '-' ? -1 : 1);
	return hour <= HOUR_LAST && minute <= MINUTE_LAST;
}

/* RFC 3339 full-time; a leap second (60) is one only at the end of a UTC day. */
static bool
format_time(const char *s, size_t n)
{
	size_t used = CLOCK_LENGTH;
	int hour, minute, second, ahead;

	if (n < CLOCK_LENGTH || !shaped(s, CLOCK_LENGTH, "99:99:99"))
		return false;
	if (used + 1 < n && s[used] == '.' && one_of(s[used + 1], DIGIT))
		for (used++; used < n && one_of(s[used], DIGIT);)
			used++;
	if (!zone_fits(s + used, n - used, &ahead))
		return false;
	hour = number_at(s, 2);
	minute = number_at(s + sizeof "99:" - 1, 2);
	second = number_at(s + sizeof "99:99:" - 1, 2);
	if (hour > HOUR_LAST || minute > MINUTE_LAST)
		return false;
	return second <= SECOND_LAST || (second == SECOND_LAST + 1 &&
	    (hour * HOUR + minute - ahead + 2 * DAY) % DAY == DAY - 1);
}

static bool
format_date_time(const char *s, size_t n)
{
	return n > DATE_LENGTH + 1 && format_date(s, DATE_LENGTH) && one_of(s[DATE_LENGTH], "Tt") &&
	    format_time(s + DATE_LENGTH + 1, n - DATE_LENGTH - 1);
}

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
static bool
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
	return (shaped(slash + 1, digits, "9") || shaped(slash + 1, digits, "99") ||
	    shaped(slash + 1, digits, "999")) && (digits == 1 || slash[1] != '0') &&
	    most > 0 && number_at(slash + 1, digits) <= most;
}

/*
 * RFC 1123 section 2.1: labels of letters, digits and inner hyphens. Punycode
 * is not looked into.
 */
static bool
format_hostname(const char *s, size_t n)
{
	size_t label = 0;

	if (n == 0 || n > HOST_MAX)
		return false;
	for (size_t i = 0; i <= n; i++) {
		if (i == n || s[i] == '.') {
			if (label == 0 || label > LABEL_MAX || s[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!one_of(s[i], ALPHA DIGIT "-") || (label == 0 && s[i] == '-'))
			return false;
		label++;
	}
	return true;
}

/* RFC 5321 section 4.1.2, Dot-string */
static bool
dotted_fits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '.' ? i == 0 || i == n - 1 || s[i - 1] == '.' : !one_of(s[i], ATEXT))
			return false;
	return n > 0;
}

/* RFC 5321 section 4.1.2, Quoted-string */
static bool
quoted_fits(const char *s, size_t n)
{
	if (n < 2 || s[0] != '"' || s[n - 1] != '"')
		return false;
	for (size_t i = 1; i < n - 1; i++) {
		if (s[i] < ' ' || s[i] > '~' || s[i] == '"')
			return false;
		if (s[i] == '\\' && (++i == n - 1 || s[i] < ' ' || s[i] > '~'))
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
format_email(const char *s, size_t n)
{
	const char *at = memrchr(s, '@', n);
	size_t local = at == NULL ? 0 : (size_t)(at - s), host = n - local - 1;

	if (at == NULL || local > LOCAL_MAX)
		return false;
	return (dotted_fits(s, local) || quoted_fits(s, local)) &&
	    (format_hostname(at + 1, host) || literal_fits(at + 1, host));
}

static bool
format_uuid(const char *s, size_t n)
{
	return shaped(s, n, "ffffffff-ffff-ffff-ffff-ffffffffffff");
}

static bool
format_regex(const char *s, size_t n)
{
	SCOPED(tmp, NULL);
	const char *why;

	return pattern_new(tmp, s, n, &why) != NULL;
}

static bool
format_any(const char *s, size_t n)
{
	(void)s;
	(void)n;
	return true;
}

static const struct format formats[] = {
	{ "cidr", "an address with the length of its prefix, as 192.0.2.0/24", format_cidr },
	{ "date", "a date, as 2026-03-03", format_date },
	{ "date-time", "a date and time with a zone, as 2026-03-03T19:26:37Z", format_date_time },
	{ "email", "an e-mail address", format_email },
	{ "hostname", "a host name", format_hostname },
	{ "ipv4", "an IPv4 address", format_ipv4 },
	{ "ipv6", "an IPv6 address", format_ipv6 },
	{ "password", "a password", format_any },
	{ "regex", "a regular expression as ECMAScript has them", format_regex },
	{ "time", "a time with a zone, as 19:26:37Z", format_time },
	{ "uri", "a URI with a scheme, as https://example.org/", uri_fits },
	{ "uuid", "a UUID", format_uuid },
};

const struct format *
format_find(const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}
