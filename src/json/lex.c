#include "json/lex.h"

#include <string.h>

#include "base/mem.h"
#include "json/number.h"
#include "json/place.h"

enum { HEX_DIGITS = 4 };	/* of a \u escape */

/* Surrogates (RFC 8259 section 7): two of them, high and low, make one character. */
enum {
	HIGH_FIRST = 0xd800,
	LOW_FIRST = 0xdc00,
	LOW_LAST = 0xdfff,
	HALF_BITS = 10,
	PLANE_ONE = 0x10000,
};

enum err
lex_fault_at(struct reader *r, size_t offset, const char *what)
{
	struct place p = place_of(r->at, offset);

	return error_set(r->e, ERR_MALFORMED, "line %zu, column %zu: %s",
	    p.line, p.column, what);
}

/* The next byte is wrong: WHAT was expected, or the text is cut off. */
enum err
lex_fault(struct reader *r, const char *what)
{
	return lex_fault_at(r, r->i, r->i < r->n ? what : "the text ends here, it is not complete");
}

int
lex_peek(const struct reader *r)
{
	return r->i < r->n ? r->at[r->i] : LEX_END;
}

void
lex_space(struct reader *r)
{
	int c;

	while ((c = lex_peek(r)) == ' ' || c == '\n' || c == '\r' || c == '\t')
		r->i++;
}

void
lex_back(struct reader *r, size_t mark)
{
	r->scratch->len = mark;
	r->scratch->at[mark] = '\0';
}

/* --- strings --- */

static int
hex_value(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The four digits after "\u". */
static enum err
read_unit(struct reader *r, uint32_t *unit)
{
	*unit = 0;
	for (int k = 0; k < HEX_DIGITS; k++) {
		int v = hex_value(lex_peek(r));

		if (v < 0)
			return lex_fault(r, "\\u must be followed by four hexadecimal digits");
		*unit = *unit << 4 | (uint32_t)v;
		r->i++;
	}
	return ERR_OK;
}

static void
add_character(struct reader *r, uint32_t c)
{
	unsigned char s[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < PLANE_ONE ? 3 : 4;
	static const unsigned char lead[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };

	for (size_t k = n; k-- > 1; c >>= 6)
		s[k] = (unsigned char)(0x80 | (c & 0x3f));
	s[0] = (unsigned char)(lead[n] | c);
	text_add(r->scratch, s, n);
}

/* Behind "\u". */
static enum err
read_unicode(struct reader *r)
{
	size_t from = r->i - 2;
	uint32_t c, low;

	if (read_unit(r, &c) != ERR_OK)
		return r->e->code;
	if (c == 0)
		return lex_fault_at(r, from, "\\u0000 is not allowed");
	if (c < HIGH_FIRST || c > LOW_LAST) {
		add_character(r, c);
		return ERR_OK;
	}
	if (c >= LOW_FIRST || lex_peek(r) != '\\' || r->i + 1 >= r->n || r->at[r->i + 1] != 'u')
		return lex_fault_at(r, from, "one half of a surrogate pair stands alone");
	r->i += 2;
	if (read_unit(r, &low) != ERR_OK)
		return r->e->code;
	if (low < LOW_FIRST || low > LOW_LAST)
		return lex_fault_at(r, from, "one half of a surrogate pair stands alone");
	add_character(r, PLANE_ONE + ((c - HIGH_FIRST) << HALF_BITS) + (low - LOW_FIRST));
	return ERR_OK;
}

/* At a backslash. */
static enum err
read_escape(struct reader *r)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *p;
	int c;

	r->i++;
	c = lex_peek(r);
	if (c == 'u') {
		r->i++;
		return read_unicode(r);
	}
	p = c > 0 ? strchr(letters, c) : NULL;
	if (p == NULL)
		return lex_fault(r, "there is no such escape");
	text_add(r->scratch, meanings + (p - letters), 1);
	r->i++;
	return ERR_OK;
}

/* How many bytes from here stand for themselves in a string. */
static size_t
plain_run(const struct reader *r)
{
	size_t i = r->i, len;

	while (i < r->n && r->at[i] >= ' ' && r->at[i] != '"' && r->at[i] != '\\') {
		len = r->at[i] < 0x80 ? 1 : utf8_length(r->at + i, r->n - i);
		if (len == 0)
			break;
		i += len;
	}
	return i - r->i;
}

/* At a quote. Adds the decoded string to the scratch. */
enum err
lex_string(struct reader *r)
{
	r->i++;
	for (;;) {
		size_t run = plain_run(r);

		text_add(r->scratch, r->at + r->i, run);
		r->i += run;
		if (lex_peek(r) == '"') {
			r->i++;
			return ERR_OK;
		}
		if (lex_peek(r) != '\\')
			return lex_fault(r, lex_peek(r) < ' ' ?
			    "a control character in a string must be written as an escape" :
			    "these bytes are not UTF-8");
		if (read_escape(r) != ERR_OK)
			return r->e->code;
	}
}

/* --- numbers and words --- */

static bool
skip_digits(struct reader *r)
{
	size_t from = r->i;

	while (lex_peek(r) >= '0' && lex_peek(r) <= '9')
		r->i++;
	return r->i > from;
}

/* Passes a fraction and an exponent, where there are any. */
static enum err
skip_tail(struct reader *r)
{
	if (lex_peek(r) == '.') {
		r->i++;
		if (!skip_digits(r))
			return lex_fault(r, "a digit must follow the point");
	}
	if (lex_peek(r) == 'e' || lex_peek(r) == 'E') {
		r->i++;
		if (lex_peek(r) == '+' || lex_peek(r) == '-')
			r->i++;
		if (!skip_digits(r))
			return lex_fault(r, "the exponent has no digits");
	}
	return ERR_OK;
}

static struct json_object *
make_number(struct reader *r, size_t from, bool whole)
{
	size_t mark = r->scratch->len;
	struct json_object *o = NULL;

	text_add(r->scratch, r->at + from, r->i - from);
	if (whole)
		o = number_int(r->scratch->at + mark);
	if (o == NULL)
		o = number_double(r->scratch->at + mark);
	lex_back(r, mark);
	return o;
}

enum err
lex_number(struct reader *r, struct json_object **out)
{
	size_t from = r->i, first, digits_end;

	if (lex_peek(r) == '-')
		r->i++;
	first = r->i;
	if (!skip_digits(r))
		return lex_fault(r, "a digit must follow the minus sign");
	if (r->at[first] == '0' && r->i > first + 1)
		return lex_fault_at(r, first, "a number must not begin with zeros");
	digits_end = r->i;
	if (skip_tail(r) != ERR_OK)
		return r->e->code;
	*out = make_number(r, from, r->i == digits_end);
	if (*out == NULL)
		return lex_fault_at(r, from, "the number is too large");
	return ERR_OK;
}

bool
lex_skip(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if (r->n - r->i < n || memcmp(r->at + r->i, word, n) != 0)
		return false;
	r->i += n;
	return true;
}

enum err
lex_word(struct reader *r, struct json_object **out)
{
	if (lex_skip(r, "null"))
		*out = NULL;
	else if (lex_skip(r, "true"))
		*out = mem_must(json_object_new_boolean(true));
	else if (lex_skip(r, "false"))
		*out = mem_must(json_object_new_boolean(false));
	else
		return lex_fault(r, "a value is expected here");
	return ERR_OK;
}
