#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <talloc.h>

#include "base/err.h"

/*
 * Memory is a tree (libtalloc): what is made for a parent goes with it. CTX is
 * the parent of what is returned; NULL makes a root that the caller frees.
 * None of these returns NULL: out of memory ends the process with one line,
 * and the web server or systemd starts it anew. A tree belongs to one thread.
 */

/* A zeroed T, an array of N zeroed T, an array made N long (what is new is not set). */
#define MEM_NEW(ctx, T) ((T *)mem_must(talloc_zero(ctx, T)))
#define MEM_ARRAY(ctx, T, n) ((T *)mem_must(talloc_zero_array(ctx, T, mem_count(n))))
#define MEM_GROW(ctx, p, T, n) ((T *)mem_must(talloc_realloc(ctx, p, T, mem_count(n))))
/* FN(p) is called, returning 0, when P is freed. */
#define MEM_ON_FREE(p, fn) talloc_set_destructor(p, fn)

void *mem_must(void *p);
unsigned mem_count(size_t n);
/* N zeroed bytes; at least one is allocated. */
void *mem_bytes(void *ctx, size_t n);
/* An empty parent, to hang things on. */
void *mem_scope(void *ctx);
char *mem_text(void *ctx, const char *s);
char *mem_textn(void *ctx, const char *s, size_t n);
char *mem_printf(void *ctx, const char *fmt, ...) PRINTF_LIKE(2, 3);
void mem_free(const void *p);
/* S is overwritten when it is freed: for what is secret. Returns S. */
char *mem_wiped(char *s);
/* P gets the parent CTX. Returns P. */
void *mem_steal(void *ctx, const void *p);

/* CTX becomes one more parent of P, which lives until the last of them is gone. Returns P. */
void *mem_share(void *ctx, const void *p);

/* Gives memory that is free back to the system: for programs that have become idle. */
void mem_trim(void);

/* Frees *P at the end of the scope that declares it: SCOPED(tmp, NULL). */
void mem_scope_end(void **p);
#define SCOPED(var, ctx) void *var __attribute__((cleanup(mem_scope_end))) = mem_scope(ctx)

#endif
