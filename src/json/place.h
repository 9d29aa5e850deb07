#ifndef JSON_PLACE_H
#define JSON_PLACE_H

#include <stddef.h>

/* A place in a text, as people count: from 1, columns in characters. */
struct place {
	size_t line, column;
};

/* The place of byte OFFSET of AT; the bytes before it must be UTF-8. */
struct place place_of(const void *at, size_t offset);

#endif
