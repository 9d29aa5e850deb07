#include "base/id.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/mem.h"
#include "base/text.h"

enum { ID_BYTES = 12, ID_TIME_BYTES = 4, UUID_BYTES = 16 };

static void
random_fill(unsigned char *out, size_t n)
{
	/* Up to 256 bytes getrandom(2) is never cut short once the pool is ready. */
	if (getrandom(out, n, 0) != (ssize_t)n) {
		perror("gatehouse: getrandom");
		abort();
	}
}

char *
id_new(void *ctx)
{
	unsigned char b[ID_BYTES];
	uint32_t s = (uint32_t)time(NULL);
	char *out = mem_bytes(ctx, ID_LEN + 1);

	random_fill(b, sizeof b);
	for (int i = 0; i < ID_TIME_BYTES; i++)
		b[i] = (unsigned char)(s >> (24 - 8 * i));
	hex_put(out, b, sizeof b);
	return out;
}

char *
id_uuid(void *ctx)
{
	unsigned char b[UUID_BYTES];
	char h[2 * UUID_BYTES + 1];

	random_fill(b, sizeof b);
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	hex_put(h, b, sizeof b);
	return mem_printf(ctx, "%.8s-%.4s-%.4s-%.4s-%.12s", h, h + 8, h + 12, h + 16, h + 20);
}

bool
id_is(const char *s)
{
	return hex_is(s, ID_LEN);
}

bool
id_is_uuid(const char *s)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(s) != UUID_LEN)
		return false;
	for (size_t i = 0; i < UUID_LEN; i++)
		if (form[i] == '-' ? s[i] != '-' : strchr("0123456789abcdef", s[i]) == NULL)
			return false;
	return true;
}
