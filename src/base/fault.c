#include "base/fault.h"

#include <stdarg.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/text.h"

struct faults *
faults_new(void *ctx)
{
	return MEM_NEW(ctx, struct faults);
}

void
faults_add(struct faults *f, const char *path, const char *fmt, ...)
{
	va_list ap;

	if (f->count++ >= FAULTS_MAX)
		return;
	f->at = MEM_GROW(f, f->at, struct fault, f->kept + 1);
	f->at[f->kept].path = mem_text(f, path);
	va_start(ap, fmt);
	f->at[f->kept].text = mem_must(talloc_vasprintf(f, fmt, ap));
	va_end(ap);
	f->kept++;
}

char *
faults_text(void *ctx, const struct faults *f)
{
	struct text *t = text_new(ctx, SIZE_MAX / 2);

	for (size_t i = 0; i < f->kept; i++) {
		if (i > 0)
			text_puts(t, "; ");
		if (f->at[i].path[0] != '\0')
			text_printf(t, "%s: ", f->at[i].path);
		text_puts(t, f->at[i].text);
	}
	if (f->count > f->kept)
		text_printf(t, "; and %zu more", f->count - f->kept);
	return t->at;
}
