#ifndef JSON_NUMBER_H
#define JSON_NUMBER_H

#include <json-c/json.h>

/*
 * Numbers from text. S is a whole JSON number (RFC 8259 section 6), without
 * fraction and exponent for number_int(). The caller owns what is returned.
 */

/* NULL where it does not fit int64. */
struct json_object *number_int(const char *s);
/* Prints as S again. NULL where it is too large for a double; what is too small becomes 0. */
struct json_object *number_double(const char *s);

#endif
