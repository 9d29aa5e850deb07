#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A buffer of bytes that grows up to a bound and then cuts. Always NUL-terminated. */
struct text {
	char *at;		/* owned by the text; moves when it grows */
	size_t len;		/* bytes, without the NUL */
	size_t max;		/* bound on len */
	bool cut;		/* something did not fit */
	size_t room;		/* private: bytes allocated */
};

struct text *text_new(void *ctx, size_t max);
void text_add(struct text *t, const void *bytes, size_t n);
void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Takes the first N bytes away. */
void text_drop(struct text *t, size_t n);

/* Whether N bytes are UTF-8 (RFC 3629: no surrogates, nothing overlong, up to U+10FFFF). */
bool utf8_valid(const void *bytes, size_t n);
/* How many bytes at S (N there) make one valid character; 0 where they make none. */
size_t utf8_length(const unsigned char *s, size_t n);
/* Cuts an incomplete character off the end of S. */
void utf8_trim(char *s);
/* A copy with each byte that is no UTF-8 turned into U+FFFD, its length in *OUT_LEN. */
char *utf8_mend(void *ctx, const void *bytes, size_t n, size_t *out_len);
/* S (NULL: "") fit for a sentence, made for CTX: no control characters, not too long. */
char *text_shown(void *ctx, const char *s);
/* Characters (code points) of the valid UTF-8 S. */
size_t utf8_count(const char *s);

/* OUT gets 2 * N lower-case hex digits and a NUL. */
void hex_put(char *out, const void *bytes, size_t n);
/* Whether S is exactly N lower-case hex digits. */
bool hex_is(const char *s, size_t n);

/* Parses the whole of S as a decimal number within [min, max]. False: *OUT is untouched. */
bool text_int(const char *s, int64_t min, int64_t max, int64_t *out);

/* Null-tolerant comparison. */
bool text_eq(const char *a, const char *b);

/* A list of texts. AT is owned by the list's parent; each text by whoever made it. */
struct names {
	size_t n;
	const char **at;
};
void names_add(void *ctx, struct names *list, const char *name);
bool names_has(const struct names *list, const char *name);
/* Takes NAME out. False: it was not there. */
bool names_drop(struct names *list, const char *name);

#endif
