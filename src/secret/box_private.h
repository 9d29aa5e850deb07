#ifndef SECRET_BOX_PRIVATE_H
#define SECRET_BOX_PRIVATE_H

#include <sodium.h>

/* What the files of the box share. Nothing else includes this. */

enum {
	BOX_KEY = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
	BOX_ID_LEN = 16,	/* hex digits */
	BOX_KEYS_MAX = 16	/* changes of keys that were killed on their way each leave one more */
};

struct box_key {
	unsigned char bytes[BOX_KEY];
	char id[BOX_ID_LEN + 1];	/* the begin of its BLAKE2b digest */
};

struct box {
	size_t n;
	struct box_key keys[BOX_KEYS_MAX];	/* the newest is the first */
};

#endif
