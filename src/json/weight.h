#ifndef JSON_WEIGHT_H
#define JSON_WEIGHT_H

#include <stddef.h>
#include <json-c/json.h>

/* What a YAML document has come to, against the limits in json/yaml.h. */
struct weight {
	size_t values;		/* all, those that aliases copied too */
	size_t copied;		/* bytes of text that aliases copied */
};

/*
 * Adds a copy of O that would stand within DEPTH containers. Asked before the copy is made, so that
 * nothing can explode. NULL, or the limit that it passes (a sentence); W is of no use then.
 */
const char *weight_add(struct weight *w, struct json_object *o, unsigned depth);

#endif
