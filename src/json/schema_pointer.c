#include <string.h>

#include "json/schema_private.h"

/* JSON pointers and URI templates. */

enum { PREFIX_DIGITS = 4 };	/* of a template's prefix, "{name:9999}" */

/* RFC 6901 section 3 */
bool
format_pointer(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '~' && (i + 1 == n || !byte_in(s[i + 1], "01")))
			return false;
	return n == 0 || s[0] == '/';
}

/* How many bytes of S are a number without leading zeros. */
static size_t
whole_length(const char *s, size_t n)
{
	size_t used = 0;

	if (n > 0 && s[0] == '0')
		return 1;
	while (used < n && byte_in(s[used], DIGIT))
		used++;
	return used;
}

/*
 * draft-bhutton-relative-json-pointer-00 section 3; what it adds to the one of draft-07
 * is a step to a neighbour, "0+1"
 */
bool
format_relative_pointer(const char *s, size_t n)
{
	size_t used = whole_length(s, n), step;

	if (used == 0)
		return false;
	if (used < n && byte_in(s[used], "+-")) {
		step = whole_length(s + used + 1, n - used - 1);
		if (step == 0 || s[used + 1] == '0')
			return false;
		used += 1 + step;
	}
	return (n - used == 1 && s[used] == '#') || format_pointer(s + used, n - used);
}

/* What of a template is yet to be read. */
struct template {
	const char *at, *end;
};

static bool
template_has(const struct template *t, const char *set)
{
	return t->at < t->end && byte_in(*t->at, set);
}

/* Takes a percent sign with its two digits; false where there is none. */
static bool
take_percent(struct template *t)
{
	if (t->end - t->at <= 2 || !bytes_shaped(t->at + 1, 2, "ff") || *t->at != '%')
		return false;
	t->at += sizeof "%ff" - 1;
	return true;
}

/* RFC 6570 section 2.3: a name, with single dots within */
static bool
take_name(struct template *t)
{
	bool is_open = true;	/* a character must follow */

	for (;;) {
		if (template_has(t, ALPHA DIGIT "_"))
			t->at++;
		else if (!take_percent(t))
			return !is_open;
		is_open = template_has(t, ".");
		t->at += is_open;
	}
}

/* Section 2.4: how many characters, or that a list is taken apart */
static bool
take_modifier(struct template *t)
{
	size_t digits;

	if (template_has(t, "*"))
		t->at++;
	else if (template_has(t, ":")) {
		t->at++;
		digits = whole_length(t->at, (size_t)(t->end - t->at));
		if (digits == 0 || digits > PREFIX_DIGITS || *t->at == '0')
			return false;
		t->at += digits;
	}
	return true;
}

/* Section 2.2; AT is behind the opening brace. */
static bool
take_expression(struct template *t)
{
	if (template_has(t, "+#./;?&=,!@|"))
		t->at++;
	do {
		if (!take_name(t) || !take_modifier(t))
			return false;
	} while (template_has(t, ",") && t->at++ < t->end);
	return template_has(t, "}") && t->at++ < t->end;
}

/* Section 2.1; the apostrophe by its erratum 6937 */
static bool
take_literal(struct template *t)
{
	size_t length;

	if (*t->at == '%')
		return take_percent(t);
	length = uri_wide(t->at, (size_t)(t->end - t->at), true);
	if (length == 0 && *t->at > ' ' && *t->at <= '~' && !byte_in(*t->at, "\"%<>\\^`{|}"))
		length = 1;
	t->at += length;
	return length > 0;
}

bool
format_template(const char *s, size_t n)
{
	struct template t = { s, s + n };

	while (t.at < t.end) {
		bool is_expression = *t.at == '{';

		t.at += is_expression;
		if (!(is_expression ? take_expression(&t) : take_literal(&t)))
			return false;
	}
	return true;
}
