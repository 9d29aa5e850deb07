#include "base/mem.h"

#include <limits.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
mem_must(void *p)
{
	if (p == NULL) {
		fputs("gatehouse: out of memory\n", stderr);
		abort();
	}
	return p;
}

unsigned
mem_count(size_t n)
{
	return n <= UINT_MAX ? (unsigned)n : UINT_MAX;
}

void *
mem_bytes(void *ctx, size_t n)
{
	return mem_must(talloc_zero_size(ctx, n == 0 ? 1 : n));
}

void *
mem_scope(void *ctx)
{
	return mem_must(talloc_new(ctx));
}

void
mem_scope_end(void **p)
{
	mem_free(*p);
	*p = NULL;
}

char *
mem_text(void *ctx, const char *s)
{
	return mem_must(talloc_strdup(ctx, s));
}

char *
mem_textn(void *ctx, const char *s, size_t n)
{
	return mem_must(talloc_strndup(ctx, s, n));
}

char *
mem_printf(void *ctx, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = talloc_vasprintf(ctx, fmt, ap);
	va_end(ap);
	return mem_must(s);
}

void
mem_free(const void *p)
{
	if (p != NULL)
		talloc_free((void *)(uintptr_t)p);
}

static int
wipe(char *s)
{
	explicit_bzero(s, talloc_get_size(s));
	return 0;
}

char *
mem_wiped(char *s)
{
	MEM_ON_FREE(s, wipe);
	return s;
}

void
mem_trim(void)
{
	malloc_trim(0);
}

void *
mem_share(void *ctx, const void *p)
{
	return mem_must(talloc_reference(ctx, (void *)(uintptr_t)p));
}

void *
mem_steal(void *ctx, const void *p)
{
	return talloc_steal(ctx, (void *)(uintptr_t)p);
}
