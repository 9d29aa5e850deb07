#include "world.h"

#include <string.h>

#include "run/parts.h"

/* Output on its way to the disk: the beginning and the end are kept, the middle is counted. */

enum { CHUNK = 65536 };		/* what one row holds at most */

/* Many small commits, and no power cut is tried here. */
static void
open_fast(void)
{
	world_open();
	world_exec(w.db, "PRAGMA synchronous=OFF");
}

TestSuite(keep, .init = open_fast, .fini = world_end);

/* The byte at AT of all that a stream gives: no two pieces near each other look the same. */
static char
byte_at(int64_t at)
{
	return (char)('!' + (at * 7 + at / 97 + at / 10007) % 90);
}

static void
begin(struct keep *k, int64_t max, const char *job)
{
	struct error e = { 0 };
	struct job j = {
		.id = job, .attempt_id = job, .request_id = job, .params = "{}", .state = "running", .return_code = FIELD_NONE,
	};
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(job_insert(w.db, &j, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	*k = (struct keep){ 0 };
	keep_init(k, w.ctx, max);
}

/* N more bytes come in. */
static void
give(struct keep *k, size_t n)
{
	int64_t from = keep_total(k);
	SCOPED(tmp, NULL);
	char *bytes = mem_bytes(tmp, n);

	for (size_t i = 0; i < n; i++)
		bytes[i] = byte_at(from + (int64_t)i);
	text_add(k->pending, bytes, n);
}

static void
commit(struct keep *k, const char *job)
{
	struct error e = { 0 };
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(keep_write(k, w.db, job, 0, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	keep_written(k);
}

struct kept {
	int64_t head, tail;	/* kept from the beginning up to HEAD, from TAIL to the end; both TOTAL where all is */
	int64_t bytes;
	int gaps;
};

/* Reads all that is kept, and that each byte is the one that was given at its place. */
static struct kept
read_back(const char *job, int64_t total)
{
	struct kept k = { .head = total, .tail = total };
	struct output_chunk c;
	struct error e = { 0 };
	int64_t next = 0;

	for (;;) {
		cr_assert_eq(output_next(w.ctx, w.db, job, 0, next, &c, &e), ERR_OK, "%s", e.detail);
		if (c.n == 0)
			break;
		cr_assert_geq(c.at, next, "chunks overlap");
		cr_assert_leq(c.n, CHUNK);
		if (c.at > next && k.gaps++ == 0) {
			k.head = next;
			k.tail = c.at;
		}
		for (size_t i = 0; i < c.n; i++)
			cr_assert_eq(((const char *)c.bytes)[i], byte_at(c.at + (int64_t)i), "byte %lld", (long long)c.at);
		k.bytes += (int64_t)c.n;
		next = c.at + (int64_t)c.n;
		mem_free(c.bytes);
	}
	cr_assert_eq(next, total, "the end is always kept");
	return k;
}

/* The promise: all of the first half and of the last half, one gap, and little more than that on disk. */
static void
expect_promise(const char *job, int64_t max, int64_t total, int64_t piece)
{
	struct kept k = read_back(job, total);
	int64_t half = max / 2, slack = piece < CHUNK ? piece : CHUNK;

	if (k.gaps == 0)
		cr_expect_eq(k.bytes, total);
	if (total <= max || k.gaps == 0) {
		cr_expect_eq(k.gaps, 0);
		cr_expect_leq(k.bytes, 2 * half + slack);
		return;
	}
	cr_expect_eq(k.gaps, 1, "%d gaps", k.gaps);
	cr_expect_geq(k.head, half);
	cr_expect_leq(k.tail, total - half);
	cr_expect_leq(k.bytes, 2 * half + slack, "%lld kept", (long long)k.bytes);
}

static void
try(int64_t max, int64_t total, size_t piece)
{
	SCOPED(tmp, NULL);
	const char *job = mem_printf(tmp, "%lld-%lld-%zu", (long long)max, (long long)total, piece);
	struct keep k;

	begin(&k, max, job);
	while (keep_total(&k) < total) {
		int64_t left = total - keep_total(&k);

		give(&k, left < (int64_t)piece ? (size_t)left : piece);
		commit(&k, job);
		cr_expect_eq(keep_is_cut(&k), keep_total(&k) > max, "at %lld", (long long)keep_total(&k));
	}
	cr_expect_eq(keep_total(&k), total);
	expect_promise(job, max, total, (int64_t)piece);
}

Test(keep, nothing)
{
	struct keep k;

	begin(&k, 1024, "job");
	commit(&k, "job");
	cr_expect_eq(keep_total(&k), 0);
	cr_expect_not(keep_is_cut(&k));
	cr_expect_eq(world_count(w.db, "output"), 0);
}

Test(keep, around_the_limit)
{
	static const int64_t totals[] = { 1, 1023, 1024, 1025, 2047, 2048, 2049, 3000, 4096, 20480 };

	for (size_t i = 0; i < sizeof totals / sizeof *totals; i++) {
		if (totals[i] <= 4096)
			try(2048, totals[i], 1);
		try(2048, totals[i], 100);
		try(2048, totals[i], 1024);
		try(2048, totals[i], 1025);
		try(2048, totals[i], 30000);
	}
}

/* Up to ten times the limit, in pieces around the size of a row. */
Test(keep, ten_times_the_limit)
{
	static const size_t pieces[] = { 1000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7, 1000000 };

	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		try(300000, 3000000, pieces[i]);
		try(300000, 300000, pieces[i]);
		try(300000, 300001, pieces[i]);
		try(CHUNK, 10 * CHUNK, pieces[i]);
	}
}

/* At every moment, not only at the end: a follower and a crash see it so. */
Test(keep, is_kept_at_every_moment)
{
	struct keep k;

	begin(&k, 10000, "job");
	for (size_t i = 1; keep_total(&k) < 100000; i++) {
		give(&k, i * 37 % 3000 + 1);
		commit(&k, "job");
		expect_promise("job", 10000, keep_total(&k), 3000);
	}
}

/* Two streams of one run do not mix. */
Test(keep, streams_are_apart)
{
	struct keep out, err = { 0 };
	struct output_chunk c;
	struct error e = { 0 };
	TXN(t);

	begin(&out, 2048, "job");
	keep_init(&err, w.ctx, 2048);
	give(&out, 100);
	text_puts(err.pending, "stderr");
	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(keep_write(&out, w.db, "job", 0, &e), ERR_OK);
	cr_assert_eq(keep_write(&err, w.db, "job", 1, &e), ERR_OK);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	cr_expect_eq(read_back("job", 100).bytes, 100);
	cr_assert_eq(output_next(w.ctx, w.db, "job", 1, 0, &c, &e), ERR_OK);
	cr_assert_eq(c.n, 6);
	cr_expect_eq(memcmp(c.bytes, "stderr", 6), 0);
}

/* A commit that fails changes nothing: the same bytes are written by the next, with what came meanwhile. */
Test(keep, after_a_rollback)
{
	struct keep k;
	struct error e = { 0 };

	begin(&k, 4096, "job");
	give(&k, 5000);
	commit(&k, "job");
	for (int i = 0; i < 3; i++) {
		TXN(t);

		give(&k, 3000);
		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(keep_write(&k, w.db, "job", 0, &e), ERR_OK);
	}
	cr_expect_eq(k.committed, 5000);
	cr_expect_eq(keep_total(&k), 14000);
	expect_promise("job", 4096, 5000, 5000);
	commit(&k, "job");
	cr_expect_eq(k.committed, 14000);
	expect_promise("job", 4096, 14000, 14000);
}

Test(keep, of_a_job_that_is_gone)
{
	struct keep k = { 0 };
	struct error e = { 0 };
	TXN(t);

	keep_init(&k, w.ctx, 2048);
	give(&k, 10);
	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_expect_eq(keep_write(&k, w.db, "none", 0, &e), ERR_CONFLICT);
	world_is_sentence(&e);
}
