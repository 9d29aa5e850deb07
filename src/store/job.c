#include "store/job.h"

#include <string.h>

#include "base/mem.h"

static const char *const state_names[JOB__STATES] = {
#define X(code, name) [JOB_##code] = name,
	JOB_STATES(X)
#undef X
};

const char *
job_state_name(enum job_state s)
{
	return state_names[s];
}

bool
job_state_find(const char *name, enum job_state *s)
{
	for (int i = 0; i < JOB__STATES; i++)
		if (strcmp(state_names[i], name) == 0) {
			*s = (enum job_state)i;
			return true;
		}
	return false;
}

bool
job_state_is_open(enum job_state s)
{
	return s == JOB_QUEUED || s == JOB_RUNNING;
}

static const struct field output_fields[] = {
	F_INT(job, stdout_bytes),
	F_INT(job, stderr_bytes),
	F_BOOL(job, truncated, .doc = "whether some of it was not kept"),
	F_END
};

const struct field job_fields[] = {
	F_TEXT(job, attempt_id, .wire = "_id", .shape = "Id"),
	F_TEXT(job, id, .wire = "job_id", .shape = "Id"),
	F_TEXT(job, cluster_id, .shape = "ClusterId"),
	F_TEXT(job, virtual_cluster_id, .optional = 1, .nullable = 1,
	    .doc = "what it was sent to, where that was a virtual cluster"),
	F_TEXT(job, service),
	F_TEXT(job, service_id, .shape = "Id"),
	F_TEXT(job, type, .shape = "ServiceType"),
	F_JSON(job, params, .shape = "Params"),
	F_JSON(job, inventory),
	F_TEXT(job, state, .shape = "JobState"),
	F_TEXT(job, status, .private = 1, .shape = "JobStatus"),
	F_INT(job, return_code, .nullable = 1),
	F_TEXT(job, error, .nullable = 1, .doc = "why it did not complete"),
	F_TEXT(job, requested_by),
	F_TIME(job, created),
	F_TIME(job, started, .nullable = 1),
	F_TIME(job, ended, .nullable = 1),
	F_INT(job, attempt, .doc = "which one it is, from 1"),
	F_JSON(job, attempts, .private = 1, .optional = 1, .shape = "JobAttempts",
	    .doc = "those that have ended, where there was more than one; not in lists"),
	F_BOOL(job, cancel_requested),
	F_NEST("output", output_fields),
	F_END
};

/* The columns that do not go out as they are. */
static const struct field job_columns[] = {
	F_INT(job, seq),
	F_TEXT(job, request_id),
	F_TEXT(job, body_digest, .nullable = 1),
	F_TEXT(job, gateway_id),
	F_JSON(job, order_params),
	F_JSON(job, order_inventory),
	F_JSON(job, results),
	F_INT(job, elapsed_ms),
	F_BOOL(job, keep_order),
	F_INT(job, stdout_from),
	F_INT(job, stderr_from),
	F_NEST("", job_fields),
	F_END
};

static enum err
job_find(void *ctx, struct db *db, enum sql which, const char *id, struct job *j, struct error *e)
{
	bool found;
	STMT(st, db, which);

	stmt_text(st, "id", id);
	if (record_find_row(ctx, st, job_columns, j, &found, e) != ERR_OK)
		return e->code;
	return found ? ERR_OK : error_set(e, ERR_NOT_FOUND, "there is no job %s", id);
}

enum err
job_get(void *ctx, struct db *db, const char *id, struct job *j, struct error *e)
{
	return job_find(ctx, db, SQL_JOB_GET, id, j, e);
}

enum err
job_brief(void *ctx, struct db *db, const char *id, struct job *j, struct error *e)
{
	return job_find(ctx, db, SQL_JOB_BRIEF, id, j, e);
}

enum err
job_order(void *ctx, struct db *db, const char *id, struct job *j, struct error *e)
{
	return job_find(ctx, db, SQL_JOB_ORDER, id, j, e);
}

enum err
job_by_request(
    void *ctx, struct db *db, const char *request_id, struct job *j, bool *found, struct error *e)
{
	STMT(st, db, SQL_JOB_BY_REQUEST);

	stmt_text(st, "request_id", request_id);
	return record_find_row(ctx, st, job_columns, j, found, e);
}

static void
bind_query(struct stmt *st, const struct job_query *q)
{
	stmt_text(st, "seer", q->seer);
	stmt_text(st, "cluster_id", q->cluster_id);
	stmt_text(st, "service", q->service);
	stmt_text(st, "state", q->state);
	stmt_text(st, "requested_by", q->requested_by);
}

enum err
job_page(void *ctx, struct db *db, const struct job_query *q, struct records *out, struct error *e)
{
	STMT(st, db, SQL_JOB_PAGE);

	bind_query(st, q);
	stmt_text(st, "after", q->after);
	stmt_int(st, "limit", q->limit);
	return records_read(ctx, st, job_columns, sizeof(struct job), out, e);
}

static enum err
read_count(struct stmt *st, int64_t *n, struct error *e)
{
	bool more;

	if (stmt_row(st, &more, e) != ERR_OK)
		return e->code;
	*n = more ? stmt_col_int(st, "n") : 0;
	return ERR_OK;
}

enum err
job_total(struct db *db, const struct job_query *q, int64_t *n, struct error *e)
{
	STMT(st, db, SQL_JOB_TOTAL);

	bind_query(st, q);
	return read_count(st, n, e);
}

enum err
job_count_open(struct db *db, const char *gateway_id, int64_t *n, struct error *e)
{
	STMT(st, db, SQL_JOB_COUNT_OPEN);

	stmt_text(st, "gateway_id", gateway_id);
	return read_count(st, n, e);
}

enum err
job_of_gateway(void *ctx, struct db *db, const char *gateway_id, const char *state, int64_t limit,
    struct records *out, struct error *e)
{
	STMT(st, db, state == NULL ? SQL_JOB_ENDED_OF_GATEWAY : SQL_JOB_STATE_OF_GATEWAY);

	stmt_text(st, "gateway_id", gateway_id);
	stmt_int(st, "limit", limit);
	if (state != NULL)
		stmt_text(st, "state", state);
	return records_read(ctx, st, job_columns, sizeof(struct job), out, e);
}

enum err
job_count_states(struct db *db, const char *gateway_id, int64_t since, int64_t counts[JOB__STATES],
    struct error *e)
{
	enum job_state state;
	enum err rc;
	bool more;
	STMT(st, db, SQL_JOB_COUNT_STATES);

	memset(counts, 0, JOB__STATES * sizeof *counts);
	stmt_text(st, "gateway_id", gateway_id);
	stmt_int(st, "since", since);
	while ((rc = stmt_row(st, &more, e)) == ERR_OK && more)
		if (job_state_find(stmt_col_text(st, "state"), &state))
			counts[state] = stmt_col_int(st, "n");
	return rc;
}

enum err
job_open(void *ctx, struct db *db, const char *gateway_id, struct records *out, struct error *e)
{
	STMT(st, db, gateway_id == NULL ? SQL_JOB_OPEN : SQL_JOB_OPEN_OF_GATEWAY);

	if (gateway_id != NULL)
		stmt_text(st, "gateway_id", gateway_id);
	return records_read(ctx, st, job_columns, sizeof(struct job), out, e);
}

enum err
job_sealed(void *ctx, struct db *db, struct records *out, struct error *e)
{
	STMT(st, db, SQL_JOB_SEALED);

	return records_read(ctx, st, job_columns, sizeof(struct job), out, e);
}

static enum err
job_write(struct db *db, enum sql which, const struct job *j, struct error *e)
{
	STMT(st, db, which);

	return record_write(st, job_columns, j, NULL, e);
}

enum err
job_insert(struct db *db, const struct job *j, struct error *e)
{
	return job_write(db, SQL_JOB_INSERT, j, e);
}

enum err
job_start(struct db *db, const struct job *j, struct error *e)
{
	return job_write(db, SQL_JOB_START, j, e);
}

enum err
job_set_order_params(struct db *db, const struct job *j, struct error *e)
{
	return job_write(db, SQL_JOB_SET_ORDER_PARAMS, j, e);
}

enum err
job_retry(struct db *db, const struct job *j, struct error *e)
{
	return job_write(db, SQL_JOB_RETRY, j, e);
}

enum err
job_progress(struct db *db, const struct job *j, struct error *e)
{
	return job_write(db, SQL_JOB_PROGRESS, j, e);
}

enum err
job_end(struct db *db, const struct job *j, struct error *e)
{
	return job_write(db, SQL_JOB_END, j, e);
}

static enum err
job_by_id(struct db *db, enum sql which, const char *id, struct error *e)
{
	STMT(st, db, which);

	stmt_text(st, "id", id);
	return stmt_exec(st, NULL, e);
}

enum err
job_set_cancel_requested(struct db *db, const char *id, struct error *e)
{
	return job_by_id(db, SQL_JOB_CANCEL_REQUESTED, id, e);
}

enum err
job_delete(struct db *db, const char *id, struct error *e)
{
	return job_by_id(db, SQL_JOB_DELETE, id, e);
}

enum err
output_add(struct db *db, const char *job_id, int stream, int64_t at, const void *bytes, size_t n,
    struct error *e)
{
	STMT(st, db, SQL_OUTPUT_ADD);

	stmt_text(st, "job_id", job_id);
	stmt_int(st, "stream", stream);
	stmt_int(st, "at", at);
	stmt_bytes(st, "data", bytes, n);
	return stmt_exec(st, NULL, e);
}

enum err
output_thin(
    struct db *db, const char *job_id, int stream, int64_t head, int64_t tail, struct error *e)
{
	STMT(st, db, SQL_OUTPUT_THIN);

	stmt_text(st, "job_id", job_id);
	stmt_int(st, "stream", stream);
	stmt_int(st, "head", head);
	stmt_int(st, "tail", tail);
	return stmt_exec(st, NULL, e);
}

enum err
output_next(void *ctx, struct db *db, const char *job_id, int stream, int64_t offset,
    struct output_chunk *c, struct error *e)
{
	const void *bytes;
	bool more;
	STMT(st, db, SQL_OUTPUT_READ);

	*c = (struct output_chunk){ 0 };
	stmt_text(st, "job_id", job_id);
	stmt_int(st, "stream", stream);
	stmt_int(st, "offset", offset);
	stmt_int(st, "limit", 1);
	if (stmt_row(st, &more, e) != ERR_OK)
		return e->code;
	if (!more)
		return ERR_OK;
	c->at = stmt_col_int(st, "at");
	bytes = stmt_col_bytes(st, "data", &c->n);
	c->bytes = memcpy(mem_bytes(ctx, c->n), bytes, c->n);
	return ERR_OK;
}
