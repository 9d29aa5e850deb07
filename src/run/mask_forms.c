#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "run/mask_private.h"

/*
 * How else programs print a value: in a header of basic authentication (base64, within a longer
 * text too), in the query of a URL, in JSON that is all ASCII, as Python's json.dumps() writes it.
 * These are added beside the value as it is, as far as there is room: a long value is a file, and
 * that is printed as it stands.
 */

enum {
	FORM_VALUE_MAX = 4096,	/* bytes of a value that is looked for in other forms */
	FORM_MIN = 8,		/* bytes of a form: a shorter one would be found by chance */
	FORM_ROOM = 8,		/* bytes of a form for each byte of the value, and more */
	SEXTET = 6, SEXTETS = 64, TRIPLE = 3,
	BYTE = 8,
	LEAD = 6, LEAD_MAX = 7, TAIL_MASK = 0x3f,	/* bits of a UTF-8 character (RFC 3629) */
	ASCII_END = 0x80,
	ASTRAL = 0x10000, HIGH = 0xd800, LOW = 0xdc00, HALF = 10, HALF_MASK = 0x3ff
};

/* Six bits, the AT-th of N bytes behind SKIP unknown ones; a bit that is not of the N is 0. */
static unsigned
sextet_at(const unsigned char *s, size_t n, size_t skip, size_t at)
{
	unsigned v = 0;

	for (size_t bit = at * SEXTET; bit < (at + 1) * SEXTET; bit++) {
		size_t byte = bit / BYTE;
		unsigned b = byte < skip || byte - skip >= n ? 0 : s[byte - skip];

		v = v << 1 | (b >> (BYTE - 1 - bit % BYTE) & 1);
	}
	return v;
}

/*
 * RFC 4648 sections 4 and 5. In a longer text it depends on what comes before and after, so that
 * for each of the three places within a triple those characters count that are the value's alone.
 */
static void
add_base64(struct mask_set *s, const char *value, size_t n, const char *last)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	for (size_t skip = 0; skip < TRIPLE; skip++) {
		SCOPED(tmp, NULL);
		struct text *t = text_new(tmp, FORM_ROOM * FORM_VALUE_MAX);
		size_t from = (skip * BYTE + SEXTET - 1) / SEXTET, to = (skip + n) * BYTE / SEXTET;

		for (size_t i = from; i < to; i++) {
			unsigned v = sextet_at((const unsigned char *)value, n, skip, i);
			bool plain = v < sizeof letters - 1;

			text_add(t, plain ? &letters[v] : &last[v + 2 - SEXTETS], 1);
		}
		mask_set_add_form(s, t->at, FORM_MIN);
	}
}

/* RFC 3986 section 2.1: all but what is unreserved; KEPT may stay as it is too. */
static void
add_percent(struct mask_set *s, const char *value, size_t n, const char *kept)
{
	static const char unreserved[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, FORM_ROOM * FORM_VALUE_MAX);

	for (size_t i = 0; i < n; i++)
		if (strchr(unreserved, value[i]) != NULL || strchr(kept, value[i]) != NULL)
			text_add(t, value + i, 1);
		else
			text_printf(t, "%%%02X", (unsigned char)value[i]);
	mask_set_add_form(s, t->at, FORM_MIN);
}

static uint32_t
code_point(const unsigned char *s, size_t length)
{
	uint32_t c = length == 1 ? s[0] : s[0] & ((1u << (LEAD_MAX - length)) - 1);

	for (size_t i = 1; i < length; i++)
		c = c << LEAD | (s[i] & TAIL_MASK);
	return c;
}

/* JSON (RFC 8259 section 7) as it is, but with all that is not ASCII escaped. */
static void
add_ascii(struct mask_set *s, const char *json, size_t n)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, FORM_ROOM * FORM_ROOM * FORM_VALUE_MAX);

	for (size_t i = 0, length; i < n; i += length) {
		const unsigned char *at = (const unsigned char *)json + i;
		uint32_t c;

		length = utf8_length(at, n - i);
		if (length == 0)
			return;
		c = code_point(at, length);
		if (c < ASCII_END)
			text_add(t, json + i, 1);
		else if (c < ASTRAL)
			text_printf(t, "\\u%04x", c);
		else
			text_printf(t, "\\u%04x\\u%04x", HIGH + ((c - ASTRAL) >> HALF),
			    LOW + ((c - ASTRAL) & HALF_MASK));
	}
	mask_set_add_form(s, t->at, FORM_MIN);
}

void
mask_forms_add(struct mask_set *s, const char *value, size_t n, const char *json, size_t json_len)
{
	if (n > FORM_VALUE_MAX)
		return;
	add_base64(s, value, n, "+/");
	add_base64(s, value, n, "-_");
	add_percent(s, value, n, "");
	add_percent(s, value, n, "/");
	add_ascii(s, json, json_len);
}
