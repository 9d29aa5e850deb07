#ifndef JSON_SCALAR_H
#define JSON_SCALAR_H

#include <stddef.h>
#include <json-c/json.h>

/* What a YAML scalar is to be: SCALAR_ANY finds out (a plain one), the others are tags. */
enum scalar_kind {
	SCALAR_ANY,
	SCALAR_STR,
	SCALAR_INT,
	SCALAR_FLOAT,
	SCALAR_BOOL,
	SCALAR_NULL
};

/*
 * The JSON value of the scalar TEXT (N bytes and a NUL behind them, none within) by YAML 1.2's core
 * schema, but for numbers with zeros in front, which are texts. The caller owns *OUT (NULL: null).
 * NULL where all is well, else what is wrong with it, for a person.
 */
const char *scalar_read(const char *text, size_t n, enum scalar_kind kind, struct json_object **out);

#endif
