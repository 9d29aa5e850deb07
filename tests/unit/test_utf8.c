#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define COUNT(array) (sizeof (array) / sizeof *(array))
#define A_UML "\xc3\xa4"
#define EURO "\xe2\x82\xac"
#define GRIN "\xf0\x9f\x98\x80"
#define MENDED "\xef\xbf\xbd"

static size_t
encode(unsigned char out[4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (unsigned char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (unsigned char)(0xc0 | c >> 6);
		out[1] = (unsigned char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (unsigned char)(0xe0 | c >> 12);
		out[1] = (unsigned char)(0x80 | (c >> 6 & 63));
		out[2] = (unsigned char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (unsigned char)(0xf0 | c >> 18);
	out[1] = (unsigned char)(0x80 | (c >> 12 & 63));
	out[2] = (unsigned char)(0x80 | (c >> 6 & 63));
	out[3] = (unsigned char)(0x80 | (c & 63));
	return 4;
}

Test(utf8, every_code_point)
{
	size_t wrong = 0, cut = 0, surrogates = 0;

	for (uint32_t c = 0; c <= 0x1fffff; c++) {
		unsigned char s[4];
		size_t n = encode(s, c);
		bool is_good = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);

		wrong += utf8_length(s, n) != (is_good ? n : 0);
		wrong += utf8_valid(s, n) != is_good;
		for (size_t k = 1; k < n; k++)
			cut += utf8_length(s, k) != 0 || utf8_valid(s, k);
		surrogates += !is_good;
	}
	cr_expect_eq(wrong, 0);
	cr_expect_eq(cut, 0, "cut off characters must not pass");
	cr_expect_eq(surrogates, 2048 + 0xf0000);
}

/* A second opinion by arithmetic: the length of the character that S (4 bytes there) begins with. */
static size_t
expected_length(const unsigned char s[4])
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
	uint32_t c = n < 2 ? s[0] : s[0] & (0x7fu >> n);
	unsigned char again[4];

	for (size_t k = 1; k < n; k++) {
		if (s[k] >> 6 != 2)
			return 0;
		c = c << 6 | (s[k] & 63);
	}
	if (n == 0 || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	return encode(again, c) == n ? n : 0;
}

Test(utf8, every_start_with_every_second_byte)
{
	static const unsigned char edges[] = { 0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff };
	size_t wrong = 0, good = 0;

	for (unsigned i = 0; i < 0x10000; i++)
		for (size_t k = 0; k < COUNT(edges) * COUNT(edges); k++) {
			unsigned char s[4] = {
				(unsigned char)(i >> 8), (unsigned char)i,
				edges[k / COUNT(edges)], edges[k % COUNT(edges)],
			};

			wrong += utf8_length(s, 4) != expected_length(s);
			good += expected_length(s) != 0;
		}
	cr_expect_eq(wrong, 0);
	cr_expect_gt(good, 1000000);
}

Test(utf8, boundaries_by_hand)
{
	static const struct {
		const char *bytes;
		bool is_good;
	} cases[] = {
		{ "", true }, { "\x7f", true }, { "\x80", false }, { "\xbf", false },
		{ "\xc0\x80", false }, { "\xc1\xbf", false }, { "\xc2\x80", true }, { "\xdf\xbf", true },
		{ "\xe0\x9f\xbf", false }, { "\xe0\xa0\x80", true }, { "\xed\x9f\xbf", true },
		{ "\xed\xa0\x80", false }, { "\xed\xbf\xbf", false }, { "\xee\x80\x80", true },
		{ "\xef\xbf\xbf", true }, { "\xf0\x8f\xbf\xbf", false }, { "\xf0\x90\x80\x80", true },
		{ "\xf4\x8f\xbf\xbf", true }, { "\xf4\x90\x80\x80", false }, { "\xf5\x80\x80\x80", false },
		{ "\xf8\x88\x80\x80\x80", false }, { "\xfe", false }, { "\xff", false },
		{ "a" EURO "\xe2\x82", false }, { "a" EURO GRIN A_UML "z", true }, { EURO "\x80", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(utf8_valid(cases[i].bytes, strlen(cases[i].bytes)), cases[i].is_good, "case %zu", i);
	cr_expect_eq(utf8_length((const unsigned char *)"a", 0), 0);
	cr_expect(utf8_valid("a\0b", 3), "a NUL is a character");
}

static void
trimmed(const char *s, const char *want)
{
	char room[32];

	snprintf(room, sizeof room, "%s", s);
	utf8_trim(room);
	cr_expect_str_eq(room, want);
}

Test(utf8, trim)
{
	trimmed("", "");
	trimmed("abc", "abc");
	trimmed("a" A_UML, "a" A_UML);
	trimmed("a\xc3", "a");
	trimmed("a" EURO, "a" EURO);
	trimmed("a\xe2\x82", "a");
	trimmed("a\xe2", "a");
	trimmed("a" GRIN, "a" GRIN);
	trimmed("a\xf0\x9f\x98", "a");
	trimmed("a\xf0\x9f", "a");
	trimmed("a\xf0", "a");
	trimmed("\xf0", "");
	trimmed(EURO GRIN "\xe2\x82", EURO GRIN);
}

static void
mended(const char *bytes, size_t n, const char *want)
{
	SCOPED(tmp, NULL);
	size_t len;
	char *out = utf8_mend(tmp, bytes, n, &len);

	cr_expect_eq(len, strlen(want));
	cr_expect_eq(memcmp(out, want, len + 1), 0, "\"%s\" is not \"%s\"", out, want);
	cr_expect(utf8_valid(out, len));
}

Test(utf8, mend)
{
	SCOPED(tmp, NULL);
	size_t len;

	mended("", 0, "");
	mended("abc", 3, "abc");
	mended("a" EURO GRIN, 8, "a" EURO GRIN);
	mended("\xff", 1, MENDED);
	mended("a\xff" "b", 3, "a" MENDED "b");
	mended("\xff\xfe" "b", 3, MENDED MENDED "b");
	mended("a\xe2\x82", 3, "a" MENDED MENDED);
	mended("\xe2\x82" "a", 3, MENDED MENDED "a");
	mended("\xed\xa0\x80", 3, MENDED MENDED MENDED);
	mended("ab\xc3", 3, "ab" MENDED);
	cr_expect_eq(memcmp(utf8_mend(tmp, "a\0\xff", 3, &len), "a\0" MENDED, 6), 0);
	cr_expect_eq(len, 5);
}

Test(utf8, count)
{
	cr_expect_eq(utf8_count(""), 0);
	cr_expect_eq(utf8_count("abc"), 3);
	cr_expect_eq(utf8_count("a" A_UML EURO GRIN), 4);
}
