#include "json/scalar.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/number.h"

#define DECIMAL "0123456789"
#define OCTAL "01234567"
#define HEXADECIMAL "0123456789abcdefABCDEF"

enum { BASE_OCTAL = 8, BASE_HEXADECIMAL = 16 };

static const char too_large[] = "the number is too large; a text goes in quotes";
static const char no_json_number[] =
    "JSON has no number that is infinite or none; a text goes in quotes";

/* Whether S is one of the N words. */
static bool
is_word(const char *s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, words[i]) == 0)
			return true;
	return false;
}

#define IS_WORD(s, ...) is_word(s, (const char *const []){ __VA_ARGS__ }, \
	sizeof (const char *[]){ __VA_ARGS__ } / sizeof (const char *))

static bool
is_null(const char *s)
{
	return IS_WORD(s, "", "~", "null", "Null", "NULL");
}

static bool
is_true(const char *s)
{
	return IS_WORD(s, "true", "True", "TRUE");
}

static bool
is_false(const char *s)
{
	return IS_WORD(s, "false", "False", "FALSE");
}

static const char *
skip_sign(const char *s)
{
	return s + (*s == '-' || *s == '+');
}

static bool
is_special(const char *s)
{
	return IS_WORD(skip_sign(s), ".inf", ".Inf", ".INF") ||
	    IS_WORD(s, ".nan", ".NaN", ".NAN");
}

/* --- integers --- */

static bool
is_decimal(const char *s)
{
	s = skip_sign(s);
	return s[0] != '\0' && s[strspn(s, DECIMAL)] == '\0' && (s[0] != '0' || s[1] == '\0');
}

/* The base of 0o17 and 0x1f, 0 where S is neither. */
static int
prefixed_base(const char *s)
{
	const char *digits;

	if (s[0] != '0' || (s[1] != 'o' && s[1] != 'x') || s[2] == '\0')
		return 0;
	digits = s[1] == 'o' ? OCTAL : HEXADECIMAL;
	if (s[2 + strspn(s + 2, digits)] != '\0')
		return 0;
	return s[1] == 'o' ? BASE_OCTAL : BASE_HEXADECIMAL;
}

static const char *
read_prefixed(const char *s, int base, struct json_object **out)
{
	unsigned long long v;

	errno = 0;
	v = strtoull(s + 2, NULL, base);
	if (errno != 0 || v > INT64_MAX)
		return too_large;
	*out = mem_must(json_object_new_int64((int64_t)v));
	return NULL;
}

static const char *
read_decimal(const char *s, struct json_object **out)
{
	*out = number_int(s + (*s == '+'));
	return *out == NULL ? too_large : NULL;
}

/* --- floats --- */

/* A float in its parts: [-+] WHOLE . FRACTION EXPONENT, each of which but one may be empty. */
struct parts {
	bool is_negative;
	const char *whole, *fraction, *exponent;
	size_t n_whole, n_fraction;
};

static bool
is_exponent(const char *s)
{
	if (*s == '\0')
		return true;
	if (*s != 'e' && *s != 'E')
		return false;
	s = skip_sign(s + 1);
	return *s != '\0' && s[strspn(s, DECIMAL)] == '\0';
}

/* Whether S is a float (or an integer): then P has its parts. */
static bool
take_parts(const char *s, struct parts *p)
{
	p->is_negative = *s == '-';
	p->whole = skip_sign(s);
	p->n_whole = strspn(p->whole, DECIMAL);
	if (p->n_whole > 1 && p->whole[0] == '0')
		return false;
	p->fraction = p->whole + p->n_whole;
	if (*p->fraction == '.')
		p->fraction++;
	p->n_fraction = p->fraction == p->whole + p->n_whole ? 0 : strspn(p->fraction, DECIMAL);
	p->exponent = p->fraction + p->n_fraction;
	return p->n_whole + p->n_fraction > 0 && is_exponent(p->exponent);
}

/* JSON wants digits on both sides of the point, and no plus sign in front. */
static const char *
read_float(const struct parts *p, struct json_object **out)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, SIZE_MAX / 2);

	text_puts(t, p->is_negative ? "-" : "");
	text_add(t, p->n_whole > 0 ? p->whole : "0", p->n_whole > 0 ? p->n_whole : 1);
	if (p->n_fraction > 0 || *p->exponent == '\0') {
		text_puts(t, ".");
		text_add(t, p->n_fraction > 0 ? p->fraction : "0",
		    p->n_fraction > 0 ? p->n_fraction : 1);
	}
	text_puts(t, p->exponent);
	*out = number_double(t->at);
	return *out == NULL ? too_large : NULL;
}

/* --- any --- */

static const char *
read_string(const char *s, size_t n, struct json_object **out)
{
	*out = mem_must(json_object_new_string_len(s, (int)n));
	return NULL;
}

static const char *
read_int(const char *s, struct json_object **out)
{
	int base = prefixed_base(s);

	if (base != 0)
		return read_prefixed(s, base, out);
	return is_decimal(s) ? read_decimal(s, out) : "this is no integer";
}

static const char *
read_tagged_float(const char *s, struct json_object **out)
{
	struct parts p;

	if (is_special(s))
		return no_json_number;
	return take_parts(s, &p) ? read_float(&p, out) : "this is no number";
}

static const char *
read_bool(const char *s, struct json_object **out)
{
	if (!is_true(s) && !is_false(s))
		return "this is neither true nor false";
	*out = mem_must(json_object_new_boolean(is_true(s)));
	return NULL;
}

/* A plain scalar: what it looks like. */
static const char *
read_any(const char *s, size_t n, struct json_object **out)
{
	struct parts p;

	if (is_null(s))
		return NULL;
	if (is_true(s) || is_false(s))
		return read_bool(s, out);
	if (is_decimal(s) || prefixed_base(s) != 0)
		return read_int(s, out);
	if (is_special(s))
		return no_json_number;
	if (take_parts(s, &p))
		return read_float(&p, out);
	return read_string(s, n, out);
}

const char *
scalar_read(const char *text, size_t n, enum scalar_kind kind, struct json_object **out)
{
	*out = NULL;
	switch (kind) {
	case SCALAR_ANY:
		return read_any(text, n, out);
	case SCALAR_STR:
		return read_string(text, n, out);
	case SCALAR_INT:
		return read_int(text, out);
	case SCALAR_FLOAT:
		return read_tagged_float(text, out);
	case SCALAR_BOOL:
		return read_bool(text, out);
	case SCALAR_NULL:
		return is_null(text) ? NULL : "this is not null";
	}
	return NULL;
}
