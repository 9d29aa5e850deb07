#include "store/retention.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/job.h"

/* What one step may take. A single job may hold more bytes, and is one step then. */
enum { STEP_JOBS = 100, STEP_BYTES = 4 * 1024 * 1024, STEP_SIZES = 5000 };

static const int64_t just_ended = 5 * 60 * INT64_C(1000);		/* ms */
static const int64_t key_lifetime = 24 * 60 * 60 * INT64_C(1000);	/* ms, api.md section 5 */
static const int64_t day = 24 * 60 * 60 * INT64_C(1000);		/* ms */
static const int64_t megabyte = 1024 * INT64_C(1024);

/* A job's place in the order of ends. */
struct place {
	int64_t ended, seq;
};

/* What the next step does. */
enum phase {
	BY_AGE,
	NEXT_SERVICE,	/* finds one, and how many it has too many */
	OF_SERVICE,	/* removes these */
	SUM_SIZES,	/* goes back in time until the sum is too large */
	BY_SIZE,	/* removes what is older */
	SHRINK
};

struct retention {
	const struct config *config;
	enum phase phase;
	int64_t now;
	char *service_id;
	int64_t until;		/* what ended then or before goes; 0: nothing */
	struct place at;	/* where the next step goes on */
	int64_t sum;
	int64_t jobs, bytes;
};

struct retention *
retention_new(void *ctx, const struct config *c)
{
	struct retention *r = MEM_NEW(ctx, struct retention);

	r->config = c;
	r->now = clock_wall();
	r->service_id = mem_text(r, "");
	r->until = c->retention_days > 0 ? r->now - c->retention_days * day : 0;
	return r;
}

int64_t
retention_jobs(const struct retention *r)
{
	return r->jobs;
}

int64_t
retention_bytes(const struct retention *r)
{
	return r->bytes;
}

/* PHASE comes next, and removes what ended by UNTIL. */
static void
turn_to(struct retention *r, enum phase phase, int64_t until)
{
	r->phase = phase;
	r->until = until < r->now - just_ended ? until : r->now - just_ended;
	r->at = (struct place){ 0 };
}

struct due {
	const char *id[STEP_JOBS];
	size_t n;
	int64_t bytes;
	struct place last;
	bool more;
};

/* The next jobs that go, as many as make a step. */
static enum err
find_due(void *ctx, struct retention *r, struct db *db, struct due *due, struct error *e)
{
	STMT(st, db, r->phase == OF_SERVICE ? SQL_RETENTION_DUE_OF_SERVICE : SQL_RETENTION_DUE);

	if (r->phase == OF_SERVICE)
		stmt_text(st, "service_id", r->service_id);
	stmt_int(st, "until", r->until);
	stmt_int(st, "after_ended", r->at.ended);
	stmt_int(st, "after_seq", r->at.seq);
	stmt_int(st, "keys_from", r->now - key_lifetime);
	stmt_int(st, "limit", STEP_JOBS);
	due->last = r->at;
	for (;;) {
		if (stmt_row(st, &due->more, e) != ERR_OK)
			return e->code;
		if (!due->more || due->bytes >= STEP_BYTES)
			break;
		due->id[due->n++] = mem_text(ctx, stmt_col_text(st, "id"));
		due->bytes += stmt_col_int(st, "kept_bytes");
		due->last = (struct place){ stmt_col_int(st, "ended"), stmt_col_int(st, "seq") };
	}
	due->more |= due->n == STEP_JOBS;
	return ERR_OK;
}

static enum err
remove_due(struct retention *r, struct db *db, bool *more, struct error *e)
{
	SCOPED(tmp, NULL);
	struct due due = { 0 };
	TXN(t);

	*more = false;
	if (r->until <= 0)
		return ERR_OK;
	if (txn_begin(&t, db, e) != ERR_OK || find_due(tmp, r, db, &due, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < due.n; i++)
		if (job_delete(db, due.id[i], e) != ERR_OK)
			return e->code;
	if (txn_commit(&t, e) != ERR_OK)
		return e->code;
	r->jobs += (int64_t)due.n;
	r->bytes += due.bytes;
	r->at = due.last;
	*more = due.more;
	return ERR_OK;
}

/* *FOUND: service_id and until are set to what it has too many. */
static enum err
next_service(struct retention *r, struct db *db, bool *found, struct error *e)
{
	STMT(next, db, SQL_RETENTION_NEXT_SERVICE);
	STMT(surplus, db, SQL_RETENTION_SURPLUS_OF_SERVICE);
	bool any;

	stmt_text(next, "after", r->service_id);
	if (stmt_row(next, found, e) != ERR_OK)
		return e->code;
	if (!*found)
		return ERR_OK;
	mem_free(r->service_id);
	r->service_id = mem_text(r, stmt_col_text(next, "service_id"));
	stmt_text(surplus, "service_id", r->service_id);
	stmt_int(surplus, "keep", r->config->retention_runs);
	if (stmt_row(surplus, &any, e) != ERR_OK)
		return e->code;
	turn_to(r, OF_SERVICE, any ? stmt_col_int(surplus, "ended") : 0);
	return ERR_OK;
}

/* Adds up some more of the jobs. *MORE: neither is the limit reached nor were these the last. */
static enum err
sum_sizes(struct retention *r, struct db *db, bool *more, struct error *e)
{
	int64_t most = r->config->retention_megabytes * megabyte;
	int n = 0;
	STMT(st, db, SQL_RETENTION_SIZES);

	stmt_int(st, "before_ended", r->at.ended);
	stmt_int(st, "before_seq", r->at.seq);
	stmt_int(st, "limit", STEP_SIZES);
	for (;; n++) {
		if (stmt_row(st, more, e) != ERR_OK)
			return e->code;
		if (!*more)
			break;
		r->at = (struct place){ stmt_col_int(st, "ended"), stmt_col_int(st, "seq") };
		r->sum += stmt_col_int(st, "kept_bytes");
		if (r->sum > most) {
			turn_to(r, BY_SIZE, r->at.ended);
			return ERR_OK;
		}
	}
	*more = n == STEP_SIZES;
	return ERR_OK;
}

static void
turn_to_sizes(struct retention *r)
{
	turn_to(r, r->config->retention_megabytes > 0 ? SUM_SIZES : SHRINK, 0);
	r->at = (struct place){ INT64_MAX, INT64_MAX };
}

/* What comes when a phase has nothing more to do. */
static void
next_phase(struct retention *r)
{
	switch (r->phase) {
	case BY_AGE:
		if (r->config->retention_runs > 0)
			turn_to(r, NEXT_SERVICE, 0);
		else
			turn_to_sizes(r);
		break;
	case OF_SERVICE:
		turn_to(r, NEXT_SERVICE, 0);
		break;
	case NEXT_SERVICE:
		turn_to_sizes(r);
		break;
	case SUM_SIZES:
	case BY_SIZE:
	case SHRINK:
		turn_to(r, SHRINK, 0);
		break;
	}
}

enum err
retention_step(struct retention *r, struct db *db, bool *more, struct error *e)
{
	bool again = false;
	enum err rc = ERR_OK;

	*more = true;
	switch (r->phase) {
	case BY_AGE:
	case OF_SERVICE:
	case BY_SIZE:
		rc = remove_due(r, db, &again, e);
		break;
	case NEXT_SERVICE:
		rc = next_service(r, db, &again, e);
		break;
	case SUM_SIZES:
		rc = sum_sizes(r, db, &again, e);
		break;
	case SHRINK:
		rc = db_shrink(db, &again, e);
		*more = again;
		break;
	}
	if (rc == ERR_OK && !again)
		next_phase(r);
	return rc;
}
