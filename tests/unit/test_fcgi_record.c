#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "main/fcgi_record.h"

#define COUNT(array) (sizeof (array) / sizeof *(array))

enum { BEGIN = 1, ABORT = 2, END = 3, PARAMS = 4, IN = 5, OUT = 6, GET_VALUES = 9, HEAD = 8, BIG = 70000 };

static void
put(struct text *t, int type, int id, const void *content, size_t n, size_t padding)
{
	const unsigned char head[HEAD] = { 1, (unsigned char)type, (unsigned char)(id >> 8),
		(unsigned char)(id & 255), (unsigned char)(n >> 8), (unsigned char)(n & 255),
		(unsigned char)padding, 0 };
	static const char junk[256] = { 'j' };

	text_add(t, head, HEAD);
	text_add(t, content, n);
	text_add(t, junk, padding);
}

static void
put_begin(struct text *t, int id, int role, int flags)
{
	const unsigned char body[8] = { 0, (unsigned char)role, (unsigned char)flags };

	put(t, BEGIN, id, body, sizeof body, 0);
}

/* A whole request without padding, as libfcgi is to read it. */
static struct text *
request(void *ctx, size_t padding)
{
	struct text *t = text_new(ctx, SIZE_MAX / 2);

	put_begin(t, 258, 1, 1);
	put(t, PARAMS, 258, "\1\1AB", 4, padding);
	put(t, PARAMS, 258, "", 0, padding);
	put(t, IN, 258, "hello", 5, padding);
	put(t, IN, 258, "", 0, padding);
	return t;
}

/* Feeds T in pieces of at most STEP bytes. */
static enum incoming_state
feed(struct incoming *in, const struct text *t, size_t step)
{
	enum incoming_state s = INCOMING_MORE;

	for (size_t at = 0; at < t->len && s == INCOMING_MORE; at += step) {
		const unsigned char *bytes = (const unsigned char *)t->at + at;
		size_t n = t->len - at < step ? t->len - at : step;

		s = incoming_feed(in, &bytes, &n);
		cr_assert(n == 0 || s != INCOMING_MORE);
	}
	return s;
}

Test(fcgi_record, pieces)
{
	SCOPED(ctx, NULL);
	static const size_t steps[] = { 1, 2, 3, 7, 8, 9, 64, 1000 };
	const struct text *plain = request(ctx, 0);

	for (size_t padding = 0; padding < 256; padding += 51)
		for (size_t i = 0; i < COUNT(steps); i++) {
			struct incoming in = { 0 };

			incoming_begin(&in, ctx, 100);
			cr_assert_eq(feed(&in, request(ctx, padding), steps[i]), INCOMING_WHOLE);
			cr_expect_eq(in.id, 258);
			cr_expect(in.keep_connection && !in.dropped);
			cr_expect_eq(in.body, 5);
			cr_assert_eq(in.records->len, plain->len);
			cr_expect_arr_eq(in.records->at, plain->at, plain->len);
			incoming_release(&in);
			cr_expect_null(in.records);
		}
}

/* What is over the bound is not kept, and the request ends all the same. */
Test(fcgi_record, too_large_a_body)
{
	SCOPED(ctx, NULL);
	struct incoming in = { 0 };
	struct text *t = text_new(ctx, SIZE_MAX / 2);
	char *content = mem_bytes(ctx, BIG);

	put_begin(t, 1, 1, 0);
	put(t, PARAMS, 1, "", 0, 0);
	for (int i = 0; i < 10; i++)
		put(t, IN, 1, content, 60000, 8);
	put(t, IN, 1, "x", 1, 0);
	put(t, IN, 1, "", 0, 0);
	incoming_begin(&in, ctx, 125000);
	cr_assert_eq(feed(&in, t, 4096), INCOMING_WHOLE);
	cr_expect(in.dropped && !in.keep_connection);
	cr_expect_eq(in.body, 120000);
	cr_expect_eq(in.records->len, HEAD + 8 + HEAD + 2 * (HEAD + 60000) + HEAD);
	incoming_release(&in);
}

/* A body can be given up in the middle of it, wherever that is. */
Test(fcgi_record, dropped_body)
{
	SCOPED(ctx, NULL);
	const struct text *t = request(ctx, 3), *plain = request(ctx, 0);

	for (size_t at = HEAD; at < t->len; at++) {
		struct incoming in = { 0 };
		const unsigned char *bytes = (const unsigned char *)t->at;
		size_t n = at, rest = t->len - at;

		incoming_begin(&in, ctx, 100);
		cr_assert_eq(incoming_feed(&in, &bytes, &n), INCOMING_MORE);
		incoming_drop_body(&in);
		cr_assert_eq(incoming_feed(&in, &bytes, &rest), INCOMING_WHOLE);
		cr_expect(in.dropped);
		cr_expect_eq(in.body, 0);
		/* All but the record with "hello". */
		cr_assert_eq(in.records->len, plain->len - HEAD - 5, "given up at %zu", at);
		cr_expect_arr_eq(in.records->at, plain->at, plain->len - 2 * HEAD - 5);
		incoming_release(&in);
	}
}

Test(fcgi_record, parameters_without_end)
{
	SCOPED(ctx, NULL);
	struct incoming in = { 0 };
	struct text *t = text_new(ctx, SIZE_MAX / 2);
	char *content = mem_bytes(ctx, BIG);

	put_begin(t, 1, 1, 0);
	for (int i = 0; i < 20; i++)
		put(t, PARAMS, 1, content, 60000, 0);
	incoming_begin(&in, ctx, 1000);
	cr_expect_eq(feed(&in, t, 4096), INCOMING_BROKEN);
	incoming_release(&in);
}

/* A request whose parameters are the N bytes at CONTENT, as it is taken in pieces of STEP bytes. */
static enum incoming_state
feed_params(void *ctx, const void *content, size_t n, size_t step)
{
	struct text *t = text_new(ctx, SIZE_MAX / 2);
	struct incoming in = { 0 };
	enum incoming_state s;

	put_begin(t, 1, 1, 0);
	for (size_t at = 0; at < n; at += 60000)
		put(t, PARAMS, 1, (const char *)content + at, n - at < 60000 ? n - at : 60000, 3);
	put(t, PARAMS, 1, "", 0, 0);
	put(t, IN, 1, "", 0, 0);
	incoming_begin(&in, ctx, 1000);
	s = feed(&in, t, step);
	incoming_release(&in);
	return s;
}

/* libfcgi adds the lengths of name and value as an int, and makes room for the sum, whatever has come. */
Test(fcgi_record, lengths_of_parameters)
{
	SCOPED(ctx, NULL);
	static const struct {
		const char *content;
		size_t n;
		bool is_right;
	} cases[] = {
		{ "", 0, true },
		{ "\0\0", 2, true },
		{ "\1\1AB", 4, true },
		{ "\1\0A\0\1B", 6, true },
		{ "\x80\0\0\1\x80\0\0\2ABC", 11, true },
		{ "\x80\0\0\1\2ABC", 8, true },
		{ "\1\x80\0\0\2ABC", 8, true },
		{ "\1", 1, false },
		{ "\1\1A", 3, false },
		{ "\1\1AB\5", 5, false },
		{ "\1\x80\0\0", 4, false },
		{ "\x80\0\0\1\2AB", 7, false },
		{ "\xff\xff\xff\xfe\0", 5, false },
		{ "\0\xff\xff\xff\xfe", 5, false },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff", 8, false },
		{ "\xc0\0\0\0\xc0\0\0\0", 8, false },
	};
	char *large = mem_bytes(ctx, BIG);

	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t step = 1; step < 12; step++)
			cr_expect_eq(feed_params(ctx, cases[i].content, cases[i].n, step),
			    cases[i].is_right ? INCOMING_WHOLE : INCOMING_BROKEN, "case %zu, step %zu", i, step);
	/* One of 65,536 bytes, in two records. */
	memcpy(large, "\x80\0\0\1\x80\0\xff\xff", 8);
	cr_expect_eq(feed_params(ctx, large, 8 + 65536, 4096), INCOMING_WHOLE);
	cr_expect_eq(feed_params(ctx, large, 8 + 65535, 4096), INCOMING_BROKEN);
}

/* Each of its records costs a header: of those there is a bound, too. */
Test(fcgi_record, a_body_byte_by_byte)
{
	SCOPED(ctx, NULL);
	struct incoming in = { 0 };
	struct text *t = text_new(ctx, SIZE_MAX / 2);

	put_begin(t, 1, 1, 0);
	put(t, PARAMS, 1, "", 0, 0);
	for (int i = 0; i < 140000; i++)
		put(t, IN, 1, "x", 1, 0);
	incoming_begin(&in, ctx, SIZE_MAX / 2);
	cr_expect_eq(feed(&in, t, 4096), INCOMING_BROKEN);
	cr_expect_lt(in.records->len, 1200000);
	incoming_release(&in);
}

Test(fcgi_record, refused)
{
	SCOPED(ctx, NULL);
	static const struct {
		int first[3], second[2];	/* id, role, flags of BEGIN; type and id of another record */
	} cases[] = {
		{ { 1, 2, 0 }, { PARAMS, 1 } },		/* an authorizer */
		{ { 1, 3, 0 }, { PARAMS, 1 } },		/* a filter */
		{ { 1, 1, 0 }, { PARAMS, 2 } },		/* of another request */
		{ { 1, 1, 0 }, { ABORT, 1 } },
		{ { 1, 1, 0 }, { BEGIN, 2 } },		/* two at once */
		{ { 1, 1, 0 }, { OUT, 1 } },
		{ { 1, 1, 0 }, { 77, 1 } },
	};
	struct incoming in = { 0 };
	struct text *t;

	for (size_t i = 0; i < COUNT(cases); i++) {
		t = text_new(ctx, SIZE_MAX / 2);
		put_begin(t, cases[i].first[0], cases[i].first[1], cases[i].first[2]);
		put(t, cases[i].second[0], cases[i].second[1], "abcdefgh", 8, 0);
		incoming_begin(&in, ctx, 100);
		cr_expect_eq(feed(&in, t, 5), INCOMING_BROKEN, "case %zu", i);
		incoming_release(&in);
	}
	t = text_new(ctx, SIZE_MAX / 2);
	text_puts(t, "GET / HTTP/1.0\r\n\r\n");
	incoming_begin(&in, ctx, 100);
	cr_expect_eq(feed(&in, t, 5), INCOMING_BROKEN, "HTTP");
	incoming_release(&in);
	/* The next request before the answer to this one. */
	t = request(ctx, 0);
	put_begin(t, 1, 1, 1);
	incoming_begin(&in, ctx, 100);
	cr_expect_eq(feed(&in, t, t->len), INCOMING_BROKEN, "another one behind it");
	incoming_release(&in);
}

/* Questions about us are answered in between, and nothing of them is kept. */
Test(fcgi_record, questions)
{
	SCOPED(ctx, NULL);
	static const unsigned char values[RECORD_REPLY] = { 1, 10, 0, 0, 0, 0, 8, 0 };
	static const unsigned char unknown[RECORD_REPLY] = { 1, 11, 0, 0, 0, 8, 0, 0, 33 };
	const struct text *plain = request(ctx, 0);
	struct text *t = text_new(ctx, SIZE_MAX / 2);
	struct incoming in = { 0 };
	const unsigned char *bytes;
	size_t n;

	put(t, GET_VALUES, 0, "\x0e\0FCGI_MAX_CONNS", 16, 3);
	put(t, 33, 0, "", 0, 0);
	text_add(t, plain->at, plain->len);
	bytes = (const unsigned char *)t->at;
	n = t->len;
	incoming_begin(&in, ctx, 100);
	cr_assert_eq(incoming_feed(&in, &bytes, &n), INCOMING_REPLY);
	cr_expect_arr_eq(in.reply, values, RECORD_REPLY);
	cr_assert_eq(incoming_feed(&in, &bytes, &n), INCOMING_REPLY);
	cr_expect_arr_eq(in.reply, unknown, RECORD_REPLY);
	cr_assert_eq(incoming_feed(&in, &bytes, &n), INCOMING_WHOLE);
	cr_assert_eq(in.records->len, plain->len);
	cr_expect_arr_eq(in.records->at, plain->at, plain->len);
	incoming_release(&in);
}

/* The content that is in the records OUT of request ID; the end must be there where WHOLE. */
static struct text *
content_of(void *ctx, const struct text *out, int id, bool whole)
{
	struct text *t = text_new(ctx, SIZE_MAX / 2);
	const unsigned char *at = (const unsigned char *)out->at, *stop = at + out->len;
	bool ended = false, over = false;

	while (at < stop) {
		size_t n = (size_t)at[4] << 8 | at[5];

		cr_assert(stop - at >= (ptrdiff_t)(HEAD + n + at[6]) && at[0] == 1 && !over);
		cr_assert_eq(at[2] << 8 | at[3], id);
		cr_assert_eq(at[1], ended ? END : OUT);
		if (at[1] == END)
			over = n == 8 && at[HEAD + 4] == 0;
		else
			text_add(t, at + HEAD, n);
		ended = n == 0;
		at += HEAD + n + at[6];
	}
	cr_assert_eq(over, whole);
	return t;
}

/* From wherever it goes on, in pieces of any size, the same bytes go out. */
Test(fcgi_record, answers)
{
	SCOPED(ctx, NULL);
	static const size_t heads[] = { 0, 1, 100, 65527, 65528, 65529 };
	static const size_t bodies[] = { 0, 1, 65428, 65528, 131056, 200000 };
	static const size_t rooms[] = { 17, 4096, RECORD_MAX };
	char *bytes = mem_bytes(ctx, 300000);

	for (size_t i = 0; i < 300000; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	for (size_t i = 0; i < COUNT(heads) * COUNT(bodies) * COUNT(rooms) * 2; i++) {
		SCOPED(tmp, NULL);
		struct outgoing o = { .head = bytes, .head_len = heads[i / 2 % COUNT(heads)],
			.body_len = bodies[i / 2 / COUNT(heads) % COUNT(bodies)], .id = 513,
			.last = i % 2 };
		size_t room = rooms[i / 2 / COUNT(heads) / COUNT(bodies)], n;
		unsigned char *piece = mem_bytes(tmp, room);
		struct text *out = text_new(tmp, SIZE_MAX / 2), *content;

		o.body = bytes + o.head_len;
		while ((n = outgoing_bytes(&o, piece, room)) > 0) {
			/* Only some of it was taken. */
			n = n > 5 ? n - n / 3 : n;
			text_add(out, piece, n);
			o.at += n;
		}
		cr_assert_eq(out->len, outgoing_size(&o));
		content = content_of(tmp, out, 513, o.last);
		cr_assert_eq(content->len, o.head_len + o.body_len);
		cr_assert_eq(memcmp(content->at, bytes, content->len), 0);
	}
}
