#include "secret/digest.h"

#include <sodium.h>

#include "base/mem.h"
#include "base/text.h"

char *
digest_hex(void *ctx, const void *bytes, size_t n)
{
	unsigned char digest[crypto_generichash_BYTES];
	char *out = mem_bytes(ctx, 2 * sizeof digest + 1);

	crypto_generichash(digest, sizeof digest, bytes, n, NULL, 0);
	hex_put(out, digest, sizeof digest);
	return out;
}
