#include "json/place.h"

struct place
place_of(const void *at, size_t offset)
{
	const unsigned char *s = at;
	struct place p = { 1, 1 };

	for (size_t i = 0; i < offset; i++)
		if (s[i] == '\n') {
			p.line++;
			p.column = 1;
		} else if ((s[i] & 0xc0) != 0x80) {
			p.column++;
		}
	return p;
}
