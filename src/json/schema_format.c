#include <string.h>

#include "base/mem.h"
#include "json/schema_private.h"

/*
 * The formats of both drafts, and two of our own. Each is asserted: a decorator
 * that says "email" lets nothing else pass, whatever a dialect says of annotations.
 */

enum { TEN = 10 };

bool
byte_in(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

bool
bytes_shaped(const char *s, size_t n, const char *form)
{
	if (n != strlen(form))
		return false;
	for (size_t i = 0; i < n; i++)
		if (form[i] == '9' ? !byte_in(s[i], DIGIT) :
		    form[i] == 'f' ? !byte_in(s[i], HEX) : s[i] != form[i])
			return false;
	return true;
}

int
digits_value(const char *s, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * TEN + (s[i] - '0');
	return v;
}

static bool
format_uuid(const char *s, size_t n)
{
	return bytes_shaped(s, n, "ffffffff-ffff-ffff-ffff-ffffffffffff");
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
	{ "cidr", "an address with the length of its prefix, as 192.0.2.0/24", format_cidr, false },
	{ "date", "a date, as 2026-03-03", format_date, false },
	{ "date-time", "a date and time with a zone, as 2026-03-03T19:26:37Z", format_date_time,
	    false },
	{ "duration", "a duration, as P1DT12H", format_duration, false },
	{ "email", "an e-mail address", format_email, true },
	{ "hostname", "a host name", format_hostname, true },
	{ "idn-email", "an e-mail address", format_idn_email, true },
	{ "idn-hostname", "a host name", format_idn_hostname, true },
	{ "ipv4", "an IPv4 address", format_ipv4, false },
	{ "ipv6", "an IPv6 address", format_ipv6, false },
	{ "iri", "an IRI with a scheme, as https://example.org/", format_iri, false },
	{ "iri-reference", "an IRI reference", format_iri_reference, false },
	{ "json-pointer", "a JSON pointer, as /a/0", format_pointer, false },
	{ "password", "a password", format_any, false },
	{ "regex", "a regular expression as ECMAScript has them", format_regex, false },
	{ "relative-json-pointer", "a relative JSON pointer, as 1/a", format_relative_pointer,
	    false },
	{ "time", "a time with a zone, as 19:26:37Z", format_time, false },
	{ "uri", "a URI with a scheme, as https://example.org/", format_uri, false },
	{ "uri-reference", "a URI reference", format_uri_reference, false },
	{ "uri-template", "a URI template, as /jobs/{id}", format_template, false },
	{ "uuid", "a UUID", format_uuid, false },
};

const struct format *
format_find(const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}
