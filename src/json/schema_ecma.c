#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "json/schema_private.h"

/*
 * ECMAScript patterns (ECMA-262 section 22.2, with the u flag) for PCRE2. What
 * both write alike is copied, what they write differently is rewritten, and what
 * only PCRE2 knows is refused, so that a pattern means here what it means to
 * every other JSON Schema checker.
 */

enum { HEX_BASE = 16, X_DIGITS = 2, U_DIGITS = 4, CONTROL_BITS = 31, POINT_MAX = 0x10ffff,
    NAME_MAX_LENGTH = 40 };
enum { HIGH_FIRST = 0xd800, LOW_FIRST = 0xdc00, LOW_LAST = 0xdfff, BEYOND = 0x10000,
    HIGH_SHIFT = 10 };

struct scan {
	const char *at, *end;
	struct text *out;
	void *ctx;
	const char *why;	/* the first thing that is wrong */
	bool in_class;
};

/* ECMA-262: tab to carriage return, space, U+FEFF, and what Unicode calls a separator */
static const char space_in_class[] = "\\x{feff}\\p{Z}\\s";
static const char space[] = "[\\x{feff}\\p{Z}\\s]";
static const char no_space[] = "[^\\x{feff}\\p{Z}\\s]";
static const char no_space_in_class[] =
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"
    "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"
    "\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}";
static const char any_but_newline[] = "[^\\n\\r\\x{2028}\\x{2029}]";

static void
refuse(struct scan *s, const char *why)
{
	if (s->why == NULL)
		s->why = why;
	s->at = s->end;
}

/* The long names of general categories, which PCRE2 knows by their letters only. */
static const struct {
	const char *name, *letters;
} categories[] = {
	{ "Cased_Letter", "L&" }, { "Close_Punctuation", "Pe" }, { "Connector_Punctuation", "Pc" },
	{ "Control", "Cc" }, { "cntrl", "Cc" }, { "Currency_Symbol", "Sc" },
	{ "Dash_Punctuation", "Pd" }, { "Decimal_Number", "Nd" }, { "digit", "Nd" },
	{ "Enclosing_Mark", "Me" }, { "Final_Punctuation", "Pf" }, { "Format", "Cf" },
	{ "Initial_Punctuation", "Pi" }, { "LC", "L&" }, { "Letter", "L" }, 
	{ "Letter_Number", "Nl" },
	{ "Line_Separator", "Zl" }, { "Lowercase_Letter", "Ll" }, { "Mark", "M" },
	{ "Combining_Mark", "M" }, { "Math_Symbol", "Sm" }, { "Modifier_Letter", "Lm" },
	{ "Modifier_Symbol", "Sk" }, { "Nonspacing_Mark", "Mn" }, { "Number", "N" },
	{ "Open_Punctuation", "Ps" }, { "Other", "C" }, { "Other_Letter", "Lo" },
	{ "Other_Number", "No" }, { "Other_Punctuation", "Po" }, { "Other_Symbol", "So" },
	{ "Paragraph_Separator", "Zp" }, { "Private_Use", "Co" }, { "Punctuation", "P" },
	{ "punct", "P" }, { "Separator", "Z" }, { "Space_Separator", "Zs" }, 
	{ "Spacing_Mark", "Mc" },
	{ "Surrogate", "Cs" }, { "Symbol", "S" }, { "Titlecase_Letter", "Lt" },
	{ "Unassigned", "Cn" }, { "Uppercase_Letter", "Lu" },
};

/* \p{...} and \P{...}; AT is behind the letter. */
static void
property(struct scan *s, char letter)
{
	static const char name_characters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_=";
	static const char *const keys[] = { "General_Category=", "gc=" };
	const char *close = memchr(s->at, '}', (size_t)(s->end - s->at));
	char *name;
	const char *short_name;

	if (s->at == s->end || *s->at != '{' || close == NULL || close - s->at > NAME_MAX_LENGTH) {
		refuse(s, "\\p must be followed by a property in braces");
		return;
	}
	name = mem_textn(s->ctx, s->at + 1, (size_t)(close - s->at - 1));
	s->at = close + 1;
	/* ECMAScript's names have no spaces and no negation */
	if (strspn(name, name_characters) != strlen(name)) {
		refuse(s, "\\p names no property");
		return;
	}
	short_name = name;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strncmp(name, keys[i], strlen(keys[i])) == 0)
			short_name = name + strlen(keys[i]);
	for (size_t i = 0; i < sizeof categories / sizeof *categories; i++)
		if (strcmp(short_name, categories[i].name) == 0) {
			short_name = categories[i].letters;
			break;
		}
	text_printf(s->out, "\\%c{%s}", letter, short_name);
}

/* N hexadecimal digits, or at N 0 all that are there; -1 where they are not. */
static long
hex_number(struct scan *s, size_t n)
{
	long v = 0;
	size_t used = 0;

	while (s->at < s->end && *s->at != '\0' && (n == 0 || used < n)) {
		const char *digits = "0123456789abcdef0123456789ABCDEF";
		const char *found = strchr(digits, *s->at);

		if (found == NULL)
			break;
		v = v * HEX_BASE + (found - digits) % HEX_BASE;
		if (v > POINT_MAX)
			return -1;
		used++;
		s->at++;
	}
	return used == 0 || (n != 0 && used != n) ? -1 : v;
}

/* What follows \u: four digits, a pair of them for what is beyond U+FFFF, or digits in braces. */
static long
code_point(struct scan *s)
{
	long v, low;

	if (s->at < s->end && *s->at == '{') {
		s->at++;
		v = hex_number(s, 0);
		return s->at < s->end && *s->at++ == '}' ? v : -1;
	}
	v = hex_number(s, U_DIGITS);
	if (v < HIGH_FIRST || v >= LOW_FIRST || s->end - s->at < 2 || memcmp(s->at, "\\u", 2) != 0)
		return v;
	s->at += 2;
	low = hex_number(s, U_DIGITS);
	if (low < LOW_FIRST || low > LOW_LAST)
		return -1;
	return BEYOND + ((v - HIGH_FIRST) << HIGH_SHIFT) + (low - LOW_FIRST);
}

static void
character(struct scan *s, long v)
{
	if (v < 0 || (v >= HIGH_FIRST && v <= LOW_LAST))
		refuse(s, "an escape names no character");
	else
		text_printf(s->out, "\\x{%lx}", (unsigned long)v);
}

/* PCRE2 refuses [\w-.], which people write: the hyphen beside a set of characters is itself. */
static void
hyphen_after_set(struct scan *s)
{
	if (s->in_class && s->at + 1 < s->end && s->at[0] == '-' && s->at[1] != ']') {
		text_puts(s->out, "\\-");
		s->at++;
	}
}

/* Whether AT begins an escape for a set of characters. */
static bool
set_follows(const struct scan *s)
{
	return s->end - s->at >= 2 && s->at[0] == '\\' && s->at[1] != '\0' &&
	    strchr("dDwWsSpP", s->at[1]) != NULL;
}

static void
set(struct scan *s, char letter)
{
	switch (letter) {
	case 's':
		text_puts(s->out, s->in_class ? space_in_class : space);
		break;
	case 'S':
		text_puts(s->out, s->in_class ? no_space_in_class : no_space);
		break;
	case 'p':
	case 'P':
		property(s, letter);
		break;
	default:
		text_printf(s->out, "\\%c", letter);
	}
	hyphen_after_set(s);
}

/* \1 and so on; AT is behind the first digit. PCRE2 reads some as octal, so that they are named. */
static void
back_reference(struct scan *s)
{
	const char *from = s->at - 1;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	if (s->in_class)
		refuse(s, "a class cannot refer to a group");
	else
		text_printf(s->out, "\\g{%.*s}", (int)(s->at - from), from);
}

/* The escapes that are one letter, each by itself or with something behind it. */
static void
letter_escape(struct scan *s, char letter)
{
	if (strchr("fnrt", letter) != NULL) {
		text_printf(s->out, "\\%c", letter);
		return;
	}
	switch (letter) {
	case 'v':
		character(s, '\v');
		return;
	case 'c':
		if (s->at == s->end || (*s->at | ' ') < 'a' || (*s->at | ' ') > 'z')
			refuse(s, "\\c must be followed by a letter");
		else
			character(s, *s->at++ & CONTROL_BITS);
		return;
	case 'x':
		character(s, hex_number(s, X_DIGITS));
		return;
	case 'u':
		character(s, code_point(s));
		return;
	case '0':
		if (s->at < s->end && *s->at >= '0' && *s->at <= '9')
			refuse(s, "octal escapes are not supported");
		else
			character(s, 0);
		return;
	default:
		refuse(s, mem_printf(s->ctx, "\\%c is no escape of ECMAScript", letter));
	}
}

/* \b, \B and \k, which mean something else, or nothing, in a class */
static void
place_escape(struct scan *s, char letter)
{
	if (!s->in_class && (letter != 'k' || (s->at < s->end && *s->at == '<')))
		text_printf(s->out, "\\%c", letter);
	else if (letter == 'b')
		character(s, '\b');
	else
		refuse(s, mem_printf(s->ctx, "\\%c is no escape of ECMAScript here", letter));
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | ' ') >= 'a' && (c | ' ') <= 'z' && c != '\0');
}

static void
escape(struct scan *s)
{
	char c;

	if (set_follows(s)) {
		s->at += 2;
		set(s, s->at[-1]);
		return;
	}
	if (++s->at == s->end) {
		refuse(s, "ends with a backslash");
		return;
	}
	c = *s->at++;
	if (c >= '1' && c <= '9')
		back_reference(s);
	else if (c == 'b' || c == 'B' || c == 'k')
		place_escape(s, c);
	else if (is_alnum(c))
		letter_escape(s, c);
	else if ((unsigned char)c < ' ' || (unsigned char)c > '~')
		text_add(s->out, &c, 1);
	else
		text_printf(s->out, "\\%c", c);
}

/* What follows an opening parenthesis: ECMAScript has fewer kinds of group. */
static void
group(struct scan *s)
{
	size_t left = (size_t)(s->end - s->at);

	text_puts(s->out, "(");
	if (left > 0 && s->at[0] == '*')
		refuse(s, "there is nothing for * to repeat");
	if (left < 2 || s->at[0] != '?')
		return;
	if (s->at[1] == '\0' || strchr(":=!<", s->at[1]) == NULL)
		refuse(s, "(? begins no group of ECMAScript");
}

static void
in_class(struct scan *s)
{
	char c = *s->at++;

	if (c == '[')	/* [: and [. are nothing special to ECMAScript */
		text_puts(s->out, "\\[");
	else if (c == '-' && set_follows(s))
		text_puts(s->out, "\\-");
	else
		text_add(s->out, &c, 1);
	if (c == ']')
		s->in_class = false;
}

static void
outside(struct scan *s)
{
	char c = *s->at++;

	if (c == '(')
		group(s);
	else if (c == '.')
		text_puts(s->out, any_but_newline);
	else
		text_add(s->out, &c, 1);
	/* PCRE2's possessive quantifiers; to ECMAScript there is nothing to repeat */
	if (c != '\0' && strchr("*+?", c) != NULL && s->at < s->end && *s->at == '+')
		refuse(s, "there is nothing for + to repeat");
	if (c != '[')
		return;
	s->in_class = true;
	if (s->at < s->end && *s->at == '^') {
		text_puts(s->out, "^");
		s->at++;
	}
}

struct text *
ecma_translate(void *ctx, const char *s, size_t n, const char **why)
{
	struct scan scan = { .at = s, .end = s + n, .ctx = ctx };

	scan.out = text_new(ctx, SIZE_MAX / 2);
	while (scan.at < scan.end)
		if (*scan.at == '\\')
			escape(&scan);
		else if (scan.in_class)
			in_class(&scan);
		else
			outside(&scan);
	*why = scan.why;
	return scan.why == NULL ? scan.out : NULL;
}
