#include "secret/token.h"

#include <sodium.h>

#include "base/mem.h"

enum { TOKEN_BYTES = 32, VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

char *
token_new(void *ctx)
{
	unsigned char bytes[TOKEN_BYTES];
	size_t room = sodium_base64_ENCODED_LEN(TOKEN_BYTES, VARIANT);
	char *out = mem_bytes(ctx, room);

	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2base64(out, room, bytes, sizeof bytes, VARIANT);
	sodium_memzero(bytes, sizeof bytes);
	return out;
}
