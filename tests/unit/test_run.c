#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "json/body.h"
#include "run/frame.h"
#include "run/state.h"

#define COUNT(array) (sizeof (array) / sizeof *(array))

/* ---- states ---- */

/* architecture.md section 5 and services.md section 4, written down once more: all others are not legal. */
static const struct {
	enum job_state from, to;
} legal[] = {
	{ JOB_QUEUED, JOB_RUNNING },
	{ JOB_QUEUED, JOB_FAILED },	/* its gateway or service is gone */
	{ JOB_QUEUED, JOB_CANCELED },
	{ JOB_QUEUED, JOB_TIMEOUT },	/* the time in the queue */
	{ JOB_QUEUED, JOB_LOST },	/* it comes from a backup */
	{ JOB_RUNNING, JOB_COMPLETED },
	{ JOB_RUNNING, JOB_FAILED },
	{ JOB_RUNNING, JOB_CANCELED },
	{ JOB_RUNNING, JOB_TIMEOUT },
	{ JOB_RUNNING, JOB_LOST },
	{ JOB_RUNNING, JOB_QUEUED },	/* another attempt */
};

static bool
is_legal(enum job_state from, enum job_state to)
{
	for (size_t i = 0; i < COUNT(legal); i++)
		if (legal[i].from == from && legal[i].to == to)
			return true;
	return false;
}

Test(run_state, every_pair)
{
	for (int from = 0; from < JOB__STATES; from++)
		for (int to = 0; to < JOB__STATES; to++)
			cr_expect_eq(state_may((enum job_state)from, (enum job_state)to),
			    is_legal((enum job_state)from, (enum job_state)to), "%s to %s",
			    job_state_name((enum job_state)from), job_state_name((enum job_state)to));
}

/* api.md section 5. */
Test(run_state, status)
{
	cr_expect_str_eq(state_status(JOB_QUEUED), "queued");
	cr_expect_str_eq(state_status(JOB_RUNNING), "running");
	cr_expect_str_eq(state_status(JOB_COMPLETED), "completed");
	cr_expect_str_eq(state_status(JOB_FAILED), "error");
	cr_expect_str_eq(state_status(JOB_CANCELED), "error");
	cr_expect_str_eq(state_status(JOB_TIMEOUT), "error");
	cr_expect_str_eq(state_status(JOB_LOST), "error");
}

/* ---- frames ---- */

static const char sample[] = "{\"op\":\"submit\",\"tag\":\"\xc3\xa4 \\\"quoted\\\"\",\"n\":[1,2.5,null,{}]}";

static const char *
packed(void *ctx, const char *json, size_t *n)
{
	struct json_object *o = json_own(ctx, json);

	cr_assert_not_null(o, "%s", json);
	return frame_pack(ctx, o, n);
}

/* A head that says N bytes, then TEXT. */
static struct text *
framed(void *ctx, size_t says, const char *text, size_t n)
{
	const unsigned char head[FRAME_HEAD] = {
		(unsigned char)(says >> 24), (unsigned char)(says >> 16), (unsigned char)(says >> 8), (unsigned char)says,
	};
	struct text *t = text_new(ctx, 2 * (size_t)FRAME_MAX);

	text_add(t, head, sizeof head);
	text_add(t, text, n);
	return t;
}

Test(frame, there_and_back)
{
	SCOPED(tmp, NULL);
	struct text *in = text_new(tmp, 10000);
	struct json_object *o;
	struct error e = { 0 };
	size_t n;
	const char *bytes = packed(tmp, sample, &n);

	cr_assert_eq(n, FRAME_HEAD + strlen(json_text(tmp, json_own(tmp, sample))));
	cr_expect_eq(memcmp(bytes, "\0\0\0", 3), 0);
	cr_expect_eq((size_t)(unsigned char)bytes[3], n - FRAME_HEAD);
	text_add(in, bytes, n);
	cr_assert_eq(frame_take(tmp, in, &o, &e), ERR_OK, "%s", e.detail);
	cr_assert_not_null(o);
	cr_expect_str_eq(json_get_text(o, "tag"), "\xc3\xa4 \"quoted\"");
	cr_expect_str_eq(json_text(tmp, json_get(o, "n")), "[1,2.5,null,{}]");
	cr_expect_eq(in->len, 0);
	cr_expect_eq(frame_take(tmp, in, &o, &e), ERR_OK);
	cr_expect_null(o);
}

/* Three frames, cut at every place: the same three come out, whatever pieces they came in. */
Test(frame, cut_anywhere)
{
	SCOPED(tmp, NULL);
	struct text *all = text_new(tmp, 10000);
	struct error e = { 0 };
	size_t n;

	for (int i = 0; i < 3; i++) {
		const char *bytes = packed(tmp, i == 1 ? "{}" : sample, &n);

		text_add(all, bytes, n);
	}
	for (size_t cut = 0; cut <= all->len; cut++) {
		SCOPED(one, NULL);
		struct text *in = text_new(one, 10000);
		struct json_object *o;
		int taken = 0;

		for (int part = 0; part < 2; part++) {
			text_add(in, part == 0 ? all->at : all->at + cut, part == 0 ? cut : all->len - cut);
			do {
				cr_assert_eq(frame_take(one, in, &o, &e), ERR_OK, "cut at %zu: %s", cut, e.detail);
				taken += o != NULL;
			} while (o != NULL);
		}
		cr_expect_eq(taken, 3, "cut at %zu", cut);
		cr_expect_eq(in->len, 0);
	}
}

Test(frame, byte_by_byte)
{
	SCOPED(tmp, NULL);
	struct text *in = text_new(tmp, 10000);
	struct json_object *o = NULL;
	struct error e = { 0 };
	size_t n;
	const char *bytes = packed(tmp, sample, &n);

	for (size_t i = 0; i < n; i++) {
		cr_expect_null(o);
		text_add(in, bytes + i, 1);
		cr_assert_eq(frame_take(tmp, in, &o, &e), ERR_OK);
	}
	cr_expect_not_null(o);
}

Test(frame, that_is_none_of_ours)
{
	static const struct {
		const char *text;
		size_t n;
	} bad[] = {
#define BAD(s) { s, sizeof s - 1 }
		BAD(""), BAD("null"), BAD("1"), BAD("\"op\""), BAD("true"), BAD("[]"), BAD("[{\"op\":\"x\",\"tag\":\"y\"}]"),
		BAD("{"), BAD("{}{}"), BAD("{} "  "x"), BAD("{'op':1}"), BAD("{\"op\":\"x\",\"op\":\"y\"}"), BAD("{\"op\":NaN}"),
		BAD("{\"op\":\"\xff\"}"), BAD("{\"op\":\"a\0b\"}"), BAD("{\"op\":\"\\u0000\"}"), BAD("GET / HTTP/1.1\r\n\r\n"),
		BAD("\0\0\0\0"),
#undef BAD
	};
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct json_object *o = NULL;
		struct error e = { 0 };

		cr_expect_eq(frame_take(tmp, framed(tmp, bad[i].n, bad[i].text, bad[i].n), &o, &e), ERR_MALFORMED,
		    "number %zu: %s", i, bad[i].text);
		cr_expect_null(o, "number %zu", i);
		cr_expect_neq(e.detail[0], '\0');
	}
}

Test(frame, too_long)
{
	static const size_t sizes[] = { (size_t)FRAME_MAX + 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x47455420 };
	SCOPED(tmp, NULL);
	struct json_object *o;
	struct error e = { 0 };

	for (size_t i = 0; i < COUNT(sizes); i++)
		cr_expect_eq(frame_take(tmp, framed(tmp, sizes[i], "", 0), &o, &e), ERR_MALFORMED, "%zu", sizes[i]);
	cr_expect_eq(frame_take(tmp, framed(tmp, FRAME_MAX, "{", 1), &o, &e), ERR_OK, "it may still come");
	cr_expect_null(o);
}

/* A body that is shorter than its head says is what came, up to there; the rest is the next frame's. */
Test(frame, a_length_that_lies)
{
	SCOPED(tmp, NULL);
	struct json_object *o;
	struct error e = { 0 };

	cr_expect_eq(frame_take(tmp, framed(tmp, 2, "{}{}", 4), &o, &e), ERR_OK);
	cr_expect_not_null(o);
	cr_expect_eq(frame_take(tmp, framed(tmp, 3, "{}{}", 4), &o, &e), ERR_MALFORMED);
	cr_expect_eq(frame_take(tmp, framed(tmp, 5, "{}{}", 4), &o, &e), ERR_OK);
	cr_expect_null(o);
}

/* As large as an import may be. */
Test(frame, a_large_one)
{
	enum { LARGE = 16 * 1024 * 1024 };
	SCOPED(tmp, NULL);
	struct json_object *o = json_keep(tmp, json_object_new_object());
	struct text *in = text_new(tmp, 2 * (size_t)FRAME_MAX);
	char *large = memset(mem_bytes(tmp, LARGE + 1), 'x', LARGE);
	struct error e = { 0 };
	size_t n;
	const void *bytes;

	frame_text(o, "params", large);
	frame_text(o, "absent", NULL);
	bytes = frame_pack(tmp, o, &n);
	text_add(in, bytes, n);
	cr_assert_eq(frame_take(tmp, in, &o, &e), ERR_OK, "%s", e.detail);
	cr_assert_not_null(o);
	cr_expect_eq(strlen(json_get_text(o, "params")), LARGE);
	cr_expect_eq(json_object_object_length(o), 1);
}
