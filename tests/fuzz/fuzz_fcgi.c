/*
 * Whatever comes on a connection of a web server: the records are taken the same in one piece and byte by byte; what
 * is whole ends where it should, libfcgi reads it without a harm, and what is kept of it has a bound. What goes out is
 * the answer, in whatever pieces it goes.
 */
#include <fcgiapp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#include "base/mem.h"
/* The responder's own files are in no library. */
#include "main/fcgi_record.c"

enum { BODY_MAX = 300, STEPS = 17, ROOM = 64 };

/* Feeds all, STEP bytes at a time; *QUESTIONS counts the answers in between. */
static enum incoming_state
feed(struct incoming *in, const uint8_t *data, size_t n, size_t step, int *questions)
{
	enum incoming_state s = INCOMING_MORE;

	*questions = 0;
	for (size_t at = 0; at < n && s == INCOMING_MORE; at += step) {
		const unsigned char *bytes = data + at;
		size_t left = n - at < step ? n - at : step;

		while ((s = incoming_feed(in, &bytes, &left)) == INCOMING_REPLY)
			++*questions;
		must(s != INCOMING_MORE || left == 0);
	}
	return s;
}

/* As a worker does it. */
static void
decode(const struct text *records)
{
	FCGX_Request r;
	char body[BODY_MAX];
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, records->at, records->len) == (ssize_t)records->len);
	must(lseek(fd, 0, SEEK_SET) == 0 && FCGX_InitRequest(&r, -1, 0) == 0);
	r.ipcFd = fd;
	r.keepConnection = 1;
	/* It closes the descriptor where it is no request. */
	if (FCGX_Accept_r(&r) < 0)
		return;
	for (char **p = r.envp; *p != NULL; p++)
		must(strchr(*p, '=') != NULL);
	while (FCGX_GetStr(body, sizeof body, r.in) > 0)
		;
	FCGX_Free(&r, 0);
	close(fd);
}

static void
take(const uint8_t *data, size_t n, size_t step)
{
	SCOPED(tmp, NULL);
	struct incoming one = { 0 }, other = { 0 };
	enum incoming_state a, b;
	int questions, again;

	incoming_begin(&one, tmp, BODY_MAX);
	incoming_begin(&other, tmp, BODY_MAX);
	a = feed(&one, data, n, n, &questions);
	b = feed(&other, data, n, step, &again);
	/* In pieces nobody sees that there is more behind the end. */
	if (a == INCOMING_BROKEN && b == INCOMING_WHOLE)
		a = b;
	must(a == b && (a == INCOMING_BROKEN || questions == again));
	must(one.body <= BODY_MAX && one.records->len <= n);
	if (b == INCOMING_WHOLE) {
		must(one.records->len == other.records->len);
		must(memcmp(one.records->at, other.records->at, one.records->len) == 0);
		decode(other.records);
		incoming_drop_body(&other);
		must(other.body == 0);
	}
	incoming_release(&one);
	incoming_release(&other);
}

/* The content of FCGI_STDOUT in the records at AT. */
static void
check_out(const uint8_t *data, size_t n, const struct text *out, bool last)
{
	size_t at = 0, content = 0;

	while (at + HEAD <= out->len) {
		const unsigned char *head = (const unsigned char *)out->at + at;
		size_t length = (size_t)head[4] << 8 | head[5];

		must(head[0] == 1 && head[6] == 0 && at + HEAD + length <= out->len);
		if (head[1] == 6) {
			must(memcmp(head + HEAD, data + content, length) == 0);
			content += length;
		}
		at += HEAD + length;
	}
	must(at == out->len && content == n);
	must(!last || (out->len >= 2 * HEAD && (unsigned char)out->at[out->len - 2 * HEAD + 1] == 3));
}

static void
give(const uint8_t *data, size_t n, size_t step)
{
	SCOPED(tmp, NULL);
	unsigned char room[ROOM];
	struct text *out = text_new(tmp, SIZE_MAX / 2);
	struct outgoing o = { .head = (const char *)data, .head_len = n / 2,
		.body = (const char *)data + n / 2, .body_len = n - n / 2, .id = 1, .last = n % 2 == 0 };
	size_t k;

	while ((k = outgoing_bytes(&o, room, step < ROOM ? step : ROOM)) > 0) {
		text_add(out, room, k);
		o.at += k;
	}
	must(out->len == outgoing_size(&o));
	check_out(data, n, out, o.last);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t step;

	if (n < 2)
		return 0;
	step = 1 + data[0] % STEPS;
	take(data + 1, n - 1, step);
	give(data + 1, n - 1, step);
	return 0;
}
