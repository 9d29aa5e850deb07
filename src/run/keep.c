#include "run/parts.h"

enum { CHUNK_MAX = 65536, PENDING_MAX = 64 * 1024 * 1024 };

void
keep_init(struct keep *k, void *ctx, int64_t max)
{
	k->pending = text_new(ctx, PENDING_MAX);
	k->half = max / 2;
}

int64_t
keep_total(const struct keep *k)
{
	return k->committed + (int64_t)k->pending->len;
}

bool
keep_is_cut(const struct keep *k)
{
	return keep_total(k) > 2 * k->half || k->pending->cut;
}

/* How much of the LEFT bytes from AT makes the next chunk: none lies across the end of the first
 * half. */
static int64_t
chunk_size(const struct keep *k, int64_t at, int64_t left)
{
	int64_t n = left < CHUNK_MAX ? left : CHUNK_MAX;

	return at < k->half && at + n > k->half ? k->half - at : n;
}

enum err
keep_write(struct keep *k, struct db *db, const char *job_id, int stream, struct error *e)
{
	int64_t end = keep_total(k), tail = end - k->half, n;

	for (int64_t at = k->committed; at < end; at += n) {
		n = chunk_size(k, at, end - at);
		if (at >= k->half && at + n <= tail)
			continue;
		if (output_add(db, job_id, stream, at, k->pending->at + (at - k->committed),
			(size_t)n, e) != ERR_OK)
			return e->code;
	}
	return tail > k->half ? output_thin(db, job_id, stream, k->half, tail, e) : ERR_OK;
}

void
keep_written(struct keep *k)
{
	k->committed = keep_total(k);
	text_drop(k->pending, k->pending->len);
}
