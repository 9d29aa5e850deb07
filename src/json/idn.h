#ifndef JSON_IDN_H
#define JSON_IDN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Host names in all scripts: IDNA2008 (RFC 5890 to 5893), by libidn2, which is not linked but loaded when the first
 * such name is met (base/library.h).
 */

#define IDN_LIBRARY "libidn2.so.0"
#define IDN_PACKAGE "libidn2-0"

/* Bytes of a label in ASCII, and with the NUL of a text that holds one. */
enum { IDN_LABEL_MAX = 63 };

/* Whether N bytes hold something that only idn_load() makes it possible to judge. */
bool idn_concerns(const char *s, size_t n);
/*
 * Loads libidn2 where that has not been done; any number of threads may ask at once. ERR_UNAVAILABLE, naming the
 * package: it is not there, or lacks a function. The next call tries again.
 */
enum err idn_load(struct error *e) MUST_CHECK;

/* All that follows only after idn_load() has said ERR_OK. */

/*
 * The A-label ("xn--...", lower case) of LABEL, UTF-8 with something beyond ASCII, made for CTX. With ANY_FORM it
 * need not be in Unicode's normal form C. NULL: it is no U-label.
 */
char *idn_to_ascii(void *ctx, const char *label, bool any_form);
/* The U-label of LABEL, which begins with "xn--", in any case, made for CTX. NULL: it is no A-label. */
char *idn_to_unicode(void *ctx, const char *label);
/* RFC 5893 section 2: whether NAME, U-labels and others with dots between them, keeps the Bidi rule. */
bool idn_keeps_bidi_rule(const char *name);

#endif
