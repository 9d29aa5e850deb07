#include "secret/box.h"

#include <sodium.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "secret/box_private.h"

/*
 * "gh1.KEY-ID.BASE64": the number of this form, which key, and nonce and
 * ciphertext in one.
 */
#define FORM "gh1."
#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

enum {
	NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	HEAD = sizeof FORM - 1 + BOX_ID_LEN + 1		/* "gh1.KEY-ID." */
};

static const unsigned char *
bytes_of(const char *text)
{
	return (const unsigned char *)text;
}

bool
box_is_sealed(const char *text)
{
	size_t n = sizeof FORM - 1;

	return strncmp(text, FORM, n) == 0 && strlen(text) > HEAD && text[HEAD - 1] == '.';
}

char *
box_seal(const struct box *b, void *ctx, const char *identity, const char *value)
{
	SCOPED(tmp, NULL);
	const struct box_key *key = &b->keys[0];
	size_t n = NONCE + strlen(value) + TAG, room = sodium_base64_ENCODED_LEN(n, VARIANT);
	unsigned char *bytes = mem_bytes(tmp, n);
	char *text = mem_bytes(tmp, room);

	randombytes_buf(bytes, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + NONCE, NULL, bytes_of(value),
	    strlen(value), bytes_of(identity), strlen(identity), NULL, bytes, key->bytes);
	sodium_bin2base64(text, room, bytes, n, VARIANT);
	return mem_printf(ctx, FORM "%s.%s", key->id, text);
}

static const struct box_key *
key_of(const struct box *b, const char *sealed)
{
	for (size_t i = 0; i < b->n; i++)
		if (strncmp(sealed + sizeof FORM - 1, b->keys[i].id, BOX_ID_LEN) == 0)
			return &b->keys[i];
	return NULL;
}

static enum err
damaged(struct error *e)
{
	return error_set(
	    e, ERR_INTERNAL, "what is sealed is damaged, or belongs to another record");
}

char *
box_unseal(const struct box *b, void *ctx, const char *identity, const char *sealed,
    struct error *e)
{
	SCOPED(tmp, NULL);
	size_t room = strlen(sealed), n = 0;
	unsigned char *bytes = mem_bytes(tmp, room);
	const struct box_key *key;
	char *value;

	if (!box_is_sealed(sealed) || sodium_base642bin(bytes, room, sealed + HEAD, room - HEAD,
	    NULL, &n, NULL, VARIANT) != 0 || n < NONCE + TAG) {
		damaged(e);
		return NULL;
	}
	key = key_of(b, sealed);
	if (key == NULL) {
		error_set(e, ERR_NOT_FOUND, "it was sealed with a key that is not in %s: bring "
		    "that key file back, or set it anew", BOX_FILE);
		return NULL;
	}
	value = mem_wiped(mem_bytes(ctx, n - NONCE - TAG + 1));
	if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)value, NULL, NULL,
	    bytes + NONCE, n - NONCE, bytes_of(identity), strlen(identity), bytes, key->bytes) == 0)
		return value;
	mem_free(value);
	damaged(e);
	return NULL;
}
