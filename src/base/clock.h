#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT_MAX 32

/* Milliseconds since 1970 (the wall clock, which may jump), and since some start (which never goes back). */
int64_t clock_wall(void);
int64_t clock_mono(void);
/* OUT gets MS (since 1970) as RFC 3339 in UTC, to the second: "2026-03-03T19:26:37Z". Returns OUT. */
const char *clock_text(char out[CLOCK_TEXT_MAX], int64_t ms);

#endif
