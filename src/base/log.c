#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { LOG_LINE_MAX = 2048 };

/* The one sink: set before any thread starts. */
static struct {
	const char *program;
	enum log_level most;
} sink = { "gatehouse", LOG_INFO };

void
log_open(const char *program, enum log_level most)
{
	sink.program = program;
	sink.most = most;
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = {
		[LOG_ERROR] = "error",
		[LOG_WARNING] = "warning",
		[LOG_INFO] = "info",
		[LOG_DEBUG] = "debug",
	};
	char when[CLOCK_TEXT_MAX], line[LOG_LINE_MAX];
	va_list ap;

	if (level > sink.most)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	for (char *c = line; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	/* One call, so that lines of several processes do not mix. */
	dprintf(STDERR_FILENO, "%s %s[%d] %s: %s\n", clock_text(when, clock_wall()), sink.program,
	    (int)getpid(), names[level], line);
}
