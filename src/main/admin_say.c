#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "main/admin.h"

#define COLUMN_GAP 2

/*
 * Names and messages come from files and services: in a terminal a control
 * character (also U+0080 to U+009F, in UTF-8) would be a command.
 */
static void
tame(char *s)
{
	for (unsigned char *c = (unsigned char *)s; *c != '\0'; c++) {
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
		if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
	}
}

static char *__attribute__((format(printf, 1, 0)))
format(const char *fmt, va_list ap)
{
	char *line;

	if (vasprintf(&line, fmt, ap) < 0)
		mem_must(NULL);
	tame(line);
	return line;
}

int
admin_fail(const char *fmt, ...)
{
	va_list ap;
	char *line;

	va_start(ap, fmt);
	line = format(fmt, ap);
	va_end(ap);
	fflush(stdout);
	fprintf(stderr, "gatehouse: %s\n", line);
	free(line);
	return EXIT_FAILURE;
}

int
admin_misuse(const struct admin *a, const char *fmt, ...)
{
	va_list ap;
	char *line;

	va_start(ap, fmt);
	line = format(fmt, ap);
	va_end(ap);
	fprintf(stderr, "gatehouse: %s: %s\nTry 'gatehouse help %s'.\n", a->command->name, line,
	    a->command->name);
	free(line);
	return EXIT_USAGE;
}

void
admin_say(const char *fmt, ...)
{
	va_list ap;
	char *line;

	va_start(ap, fmt);
	line = format(fmt, ap);
	va_end(ap);
	puts(line);
	free(line);
}

void
admin_say_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o,
	    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
}

struct table {
	size_t columns, n;
	char **cells;
};

struct table *
table_new(void *ctx, size_t columns)
{
	struct table *t = MEM_NEW(ctx, struct table);

	t->columns = columns;
	return t;
}

void
table_add(struct table *t, const char *text)
{
	t->cells = MEM_GROW(t, t->cells, char *, t->n + 1);
	t->cells[t->n] = mem_text(t, text != NULL && *text != '\0' ? text : "-");
	tame(t->cells[t->n++]);
}

static size_t
column_width(const struct table *t, size_t column)
{
	size_t widest = 0;

	for (size_t i = column; i < t->n; i += t->columns)
		if (utf8_count(t->cells[i]) > widest)
			widest = utf8_count(t->cells[i]);
	return widest + COLUMN_GAP;
}

void
table_print(const struct table *t)
{
	SCOPED(tmp, NULL);
	size_t *widths = MEM_ARRAY(tmp, size_t, t->columns);

	for (size_t i = 0; i < t->columns; i++)
		widths[i] = column_width(t, i);
	for (size_t i = 0; i < t->n; i++) {
		bool is_last = i % t->columns == t->columns - 1;
		size_t blanks = is_last ? 0 : widths[i % t->columns] - utf8_count(t->cells[i]);

		printf("%s%*s%s", t->cells[i], (int)blanks, "", is_last ? "\n" : "");
	}
}
