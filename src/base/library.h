#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include <stddef.h>

#include "base/err.h"

/*
 * A shared library that is not linked but loaded when it is needed first: for those that cost more memory than most
 * of a program that may never need them. Their headers are used for types and numbers; whatever has a symbol is
 * called through a table of pointers, of the functions' own types.
 */

/* A function of the library and the place of its pointer in the table. */
struct library_function {
	const char *name;
	size_t at;
};

/*
 * Loads LIBRARY ("libcrypto.so.3"), which Debian's PACKAGE brings, and puts the N FUNCTIONS into TABLE (SIZE bytes). It
 * stays loaded for the life of the process. ERR_UNAVAILABLE, naming LIBRARY and PACKAGE: it is not there, or lacks a
 * function; nothing is in TABLE then.
 */
enum err library_open(const char *library, const char *package, const struct library_function *functions, size_t n,
    void *table, size_t size, struct error *e) MUST_CHECK;

#endif
