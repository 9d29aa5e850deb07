#ifndef SECRET_TOKEN_H
#define SECRET_TOKEN_H

/*
 * A new token, made for CTX: 32 random bytes as base64url text (RFC 4648 section 5) without padding. It cannot be
 * guessed, so a plain digest of it (secret/digest.h) is enough to keep: no work factor is needed as for passwords.
 */
char *token_new(void *ctx);

#endif
