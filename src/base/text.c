#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	TEXT_FIRST = 256,
	SHOWN_MAX = 100,	/* bytes of a name in a sentence */
	DELETE_CHARACTER = 0x7f
};

struct text *
text_new(void *ctx, size_t max)
{
	struct text *t = MEM_NEW(ctx, struct text);

	t->max = max;
	t->room = 1;
	t->at = mem_bytes(t, t->room);
	return t;
}

static void
text_reserve(struct text *t, size_t len)
{
	size_t room = t->room < TEXT_FIRST ? TEXT_FIRST : t->room;

	if (len < t->room)
		return;
	while (room <= len)
		room *= 2;
	t->at = MEM_GROW(t, t->at, char, room);
	t->room = room;
}

void
text_add(struct text *t, const void *bytes, size_t n)
{
	if (n > t->max - t->len) {
		n = t->max - t->len;
		t->cut = true;
	}
	if (n == 0)
		return;
	text_reserve(t, t->len + n);
	memcpy(t->at + t->len, bytes, n);
	t->len += n;
	t->at[t->len] = '\0';
}

void
text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void
text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = mem_must(talloc_vasprintf(t, fmt, ap));
	va_end(ap);
	text_puts(t, s);
	mem_free(s);
}

void
text_drop(struct text *t, size_t n)
{
	if (n > t->len)
		n = t->len;
	memmove(t->at, t->at + n, t->len - n);
	t->len -= n;
	t->at[t->len] = '\0';
}

/* RFC 3629 section 4: the second byte's range depends on the first. */
static const struct {
	unsigned char first, last;	/* range of the first byte */
	unsigned char low, high;	/* range of the second */
	size_t length;
} utf8_forms[] = {
	{ 0x00, 0x7f, 0x00, 0x00, 1 },
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

size_t
utf8_length(const unsigned char *s, size_t n)
{
	for (size_t i = 0; i < sizeof utf8_forms / sizeof *utf8_forms; i++) {
		if (n == 0 || s[0] < utf8_forms[i].first || s[0] > utf8_forms[i].last)
			continue;
		if (utf8_forms[i].length > n)
			return 0;
		if (utf8_forms[i].length > 1 &&
		    (s[1] < utf8_forms[i].low || s[1] > utf8_forms[i].high))
			return 0;
		for (size_t k = 2; k < utf8_forms[i].length; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return utf8_forms[i].length;
	}
	return 0;
}

bool
utf8_valid(const void *bytes, size_t n)
{
	const unsigned char *s = bytes;

	for (size_t i = 0, len; i < n; i += len)
		if (s[i] < 0x80)
			len = 1;
		else if ((len = utf8_length(s + i, n - i)) == 0)
			return false;
	return true;
}

void
utf8_trim(char *s)
{
	size_t n = strlen(s), back = 0;

	while (back < n && back < 3 && ((unsigned char)s[n - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back < n && (unsigned char)s[n - 1 - back] >= 0x80 &&
	    utf8_length((const unsigned char *)s + n - 1 - back, back + 1) == 0)
		s[n - 1 - back] = '\0';
}

char *
utf8_mend(void *ctx, const void *bytes, size_t n, size_t *out_len)
{
	static const char replacement[] = "\xef\xbf\xbd";
	const unsigned char *s = bytes;
	struct text *t = text_new(ctx, SIZE_MAX / 2);
	size_t from = 0, i = 0;

	text_reserve(t, n);
	while (i < n) {
		size_t len = s[i] < 0x80 ? 1 : utf8_length(s + i, n - i);

		if (len != 0) {
			i += len;
			continue;
		}
		text_add(t, s + from, i - from);
		text_puts(t, replacement);
		from = ++i;
	}
	text_add(t, s + from, n - from);
	*out_len = t->len;
	return t->at;
}

char *
text_shown(void *ctx, const char *s)
{
	char *out = mem_textn(ctx, s != NULL ? s : "", SHOWN_MAX);

	utf8_trim(out);
	for (char *c = out; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == DELETE_CHARACTER)
			*c = '?';
	return out;
}

size_t
utf8_count(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void
hex_put(char *out, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[b[i] >> 4];
		*out++ = digits[b[i] & 15];
	}
	*out = '\0';
}

bool
hex_is(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, "0123456789abcdef") == n;
}

bool
text_int(const char *s, int64_t min, int64_t max, int64_t *out)
{
	char *end;
	long long v;

	if (s[s[0] == '-'] < '0' || s[s[0] == '-'] > '9')
		return false;
	errno = 0;
	v = strtoll(s, &end, 10);
	if (errno != 0 || *end != '\0' || v < min || v > max)
		return false;
	*out = v;
	return true;
}

bool
text_eq(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

void
names_add(void *ctx, struct names *list, const char *name)
{
	/* By doubling: a list may be of as many words as a body has room for. */
	if (list->at == NULL || talloc_get_size(list->at) <= list->n * sizeof *list->at)
		list->at = MEM_GROW(ctx, list->at, const char *, 2 * list->n + 1);
	list->at[list->n++] = name;
}

bool
names_has(const struct names *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->at[i], name) == 0)
			return true;
	return false;
}

bool
names_drop(struct names *list, const char *name)
{
	size_t kept = 0, n = list->n;

	for (size_t i = 0; i < n; i++)
		if (strcmp(list->at[i], name) != 0)
			list->at[kept++] = list->at[i];
	list->n = kept;
	return kept < n;
}
