#ifndef API_MATCH_H
#define API_MATCH_H

#include <json-c/json.h>

#include "base/text.h"

/*
 * Whether GOT is what WANT says; if not, OUT gets one line a difference, with its place. All members must be there
 * and no others, unless an object of WANT has "...": true; README names the texts that stand for any value of a kind.
 */
bool match_json(struct json_object *want, struct json_object *got, struct text *out);
/* The same for a text: WANT may be "@id" and so on. NULL is one that is not there. */
bool match_text(const char *want, const char *got);

#endif
