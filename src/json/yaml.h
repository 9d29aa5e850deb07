#ifndef JSON_YAML_H
#define JSON_YAML_H

#include <stddef.h>
#include <json-c/json.h>

#include "base/err.h"

/*
 * YAML 1.1 as libyaml reads it, to JSON, with the limits of services.md section 1: YAML_DEPTH levels, YAML_ALIASES
 * anchors and as many alias expansions, at most YAML_NODES values after expansion and YAML_COPIED bytes of text that
 * aliases copy, JSON_BYTES of input, no tags but the plain ones (!!str !!int !!float !!bool !!null !!map !!seq), one
 * document, mapping keys must be scalars (taken as text) without an anchor, no duplicate keys, no merge keys ("<<" is
 * refused by name), at most 100 %TAG lines. UTF-8 only, no NUL in a scalar. An alias is a copy, never
 * a key, and never within its own anchor. Plain scalars resolve as in YAML's core schema (1.2): null ~ true
 * false, decimal, 0x and 0o integers, floats (not .nan or .inf: refused); "yes", "on" and dates are texts,
 * and so is, unlike there, a number with zeros in front
 * ("0123": a mode, a code). Integers that do not fit int64 are refused, floats that do not fit a double too.
 */
enum { YAML_DEPTH = 64, YAML_ALIASES = 10000, YAML_NODES = 1000000, YAML_COPIED = 16777216 };

/* As json_parse(): the value belongs to CTX. ERR_MALFORMED with line and column. An empty document is null. */
enum err yaml_parse(void *ctx, const void *at, size_t n, struct json_object **value, struct error *e) MUST_CHECK;

#endif
