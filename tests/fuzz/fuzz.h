#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* What the fuzz targets share. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static inline void
must(bool so)
{
	if (!so)
		abort();
}

/* S is one line of text. */
static inline void
must_line(const char *s)
{
	must(utf8_valid(s, strlen(s)));
	for (; *s != '\0'; s++)
		must((unsigned char)*s >= ' ' && *s != 0x7f);
}

#endif
