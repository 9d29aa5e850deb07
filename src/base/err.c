#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct {
	int status;
	const char *name;
} codes[ERR__COUNT] = {
#define X(code, status, name) [ERR_##code] = { status, name },
	ERR_CODES(X)
#undef X
};

/* snprintf() may cut a character in two: what goes out must stay UTF-8. */
static void PRINTF_LIKE(3, 0)
print_at(char *out, size_t size, const char *fmt, va_list ap)
{
	vsnprintf(out, size, fmt, ap);
	utf8_trim(out);
}

enum err
error_set(struct error *e, enum err code, const char *fmt, ...)
{
	va_list ap;

	assert(code != ERR_OK);
	e->code = code;
	e->retry_s = 0;
	e->field[0] = '\0';
	va_start(ap, fmt);
	print_at(e->detail, sizeof e->detail, fmt, ap);
	va_end(ap);
	return code;
}

enum err
error_field(struct error *e, const char *field, const char *fmt, ...)
{
	va_list ap;
	size_t used;

	e->code = ERR_INVALID;
	e->retry_s = 0;
	snprintf(e->field, sizeof e->field, "%s", field);
	utf8_trim(e->field);
	used = (size_t)snprintf(e->detail, sizeof e->detail, "%s: ", e->field);
	va_start(ap, fmt);
	print_at(e->detail + used, sizeof e->detail - used, fmt, ap);
	va_end(ap);
	return ERR_INVALID;
}

int
err_status(enum err code)
{
	return codes[code].status;
}

const char *
err_name(enum err code)
{
	return codes[code].name;
}

enum err
err_find(const char *name)
{
	for (int i = 0; i < ERR__COUNT; i++)
		if (strcmp(codes[i].name, name) == 0)
			return (enum err)i;
	return ERR_INTERNAL;
}
