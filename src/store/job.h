#ifndef STORE_JOB_H
#define STORE_JOB_H

#include "base/field.h"
#include "db/record.h"

/* States and where each may go: run/state.h. */
#define JOB_STATES(X) \
	X(QUEUED, "queued") \
	X(RUNNING, "running") \
	X(COMPLETED, "completed") \
	X(FAILED, "failed") \
	X(CANCELED, "canceled") \
	X(TIMEOUT, "timeout") \
	X(LOST, "lost")

enum job_state {
#define X(code, name) JOB_##code,
	JOB_STATES(X)
#undef X
	JOB__STATES
};

const char *job_state_name(enum job_state s);
/* False where NAME is none. */
bool job_state_find(const char *name, enum job_state *s);
bool job_state_is_open(enum job_state s);

struct job {
	int64_t seq;
	const char *id, *attempt_id, *request_id, *gateway_id, *cluster_id, *service_id, *service, *type;
	const char *virtual_cluster_id;	/* what it was sent to, where that was a virtual cluster, or NULL */
	const char *body_digest;	/* of a request with an Idempotency-Key, or NULL */
	const char *params;		/* JSON text to be shown */
	/* JSON text as sent, where PARAMS is masked; NULL: PARAMS is it. In a row it is sealed (run/vault.h). */
	const char *order_params;
	const char *inventory;		/* JSON text as asked for, or NULL */
	const char *order_inventory;	/* JSON text or NULL: the same, with ids (run/order.h) */
	const char *state;		/* a job_state_name() */
	const char *status;		/* computed, api.md section 5: queued, running, completed, error */
	int64_t return_code;		/* FIELD_NONE where nothing ran to its end */
	const char *error;		/* a sentence, or NULL */
	const char *results;		/* JSON text or NULL */
	const char *requested_by;
	int64_t created, started, ended, elapsed_ms, attempt;
	const char *attempts;		/* for the wire only: JSON text, or NULL */
	bool cancel_requested, truncated;
	bool keep_order;		/* ORDER_PARAMS stay at the start, for another one; no column */
	int64_t stdout_bytes, stderr_bytes;	/* all that came, kept or not */
	int64_t stdout_from, stderr_from;	/* where the output of this attempt begins */
};
/* As it goes out (api.md section 6); elapsed_time is added by the caller, as a fraction of seconds. */
extern const struct field job_fields[];

/* What GET /jobs can ask the store for; NULL: any. SEER: store/sight.h. */
struct job_query {
	const char *seer, *cluster_id, *service, *state, *requested_by;
	const char *after;	/* the id of the job that was the last of the page before */
	int64_t limit;		/* -1: all */
};

/* ERR_NOT_FOUND where there is none. */
enum err job_get(void *ctx, struct db *db, const char *id, struct job *j, struct error *e) MUST_CHECK;
/* Without what may be large: params, order_params, inventory, results. And only the first three of these. */
enum err job_brief(void *ctx, struct db *db, const char *id, struct job *j, struct error *e) MUST_CHECK;
enum err job_order(void *ctx, struct db *db, const char *id, struct job *j, struct error *e) MUST_CHECK;
enum err job_by_request(void *ctx, struct db *db, const char *request_id, struct job *j, bool *found,
    struct error *e) MUST_CHECK;
/* Newest first. */
enum err job_page(void *ctx, struct db *db, const struct job_query *q, struct records *out, struct error *e) MUST_CHECK;
/* How many there are, whatever AFTER and LIMIT say. */
enum err job_total(struct db *db, const struct job_query *q, int64_t *n, struct error *e) MUST_CHECK;
/* Queued and running ones, oldest first; of one gateway unless GATEWAY_ID is NULL. */
enum err job_open(void *ctx, struct db *db, const char *gateway_id, struct records *out, struct error *e) MUST_CHECK;
/* At most LIMIT of a gateway: in STATE, oldest first, or (STATE NULL) those that have ended, newest first. */
enum err job_of_gateway(void *ctx, struct db *db, const char *gateway_id, const char *state, int64_t limit,
    struct records *out, struct error *e) MUST_CHECK;
/* How many of a gateway in each state: the open ones, and those that were created at SINCE or later. */
enum err job_count_states(struct db *db, const char *gateway_id, int64_t since, int64_t counts[JOB__STATES],
    struct error *e) MUST_CHECK;
/* Those of them with order_params: id and order_params alone. */
enum err job_sealed(void *ctx, struct db *db, struct records *out, struct error *e) MUST_CHECK;
enum err job_count_open(struct db *db, const char *gateway_id, int64_t *n, struct error *e) MUST_CHECK;

/* Writes, each within a transaction. Only the dispatcher's commit (run/commit) calls these, but for job_delete(). */
enum err job_insert(struct db *db, const struct job *j, struct error *e) MUST_CHECK;
enum err job_start(struct db *db, const struct job *j, struct error *e) MUST_CHECK;
/* Queued again, as the attempt that J names. */
enum err job_retry(struct db *db, const struct job *j, struct error *e) MUST_CHECK;
enum err job_set_cancel_requested(struct db *db, const char *id, struct error *e) MUST_CHECK;
enum err job_progress(struct db *db, const struct job *j, struct error *e) MUST_CHECK;
enum err job_end(struct db *db, const struct job *j, struct error *e) MUST_CHECK;
/* Only a change of keys calls this. */
enum err job_set_order_params(struct db *db, const struct job *j, struct error *e) MUST_CHECK;
enum err job_delete(struct db *db, const char *id, struct error *e) MUST_CHECK;

/* Kept output: chunks with the offset of their first byte in all that the stream gave. STREAM is 0 or 1. */
struct output_chunk {
	int64_t at;
	size_t n;
	const void *bytes;	/* owned by the context */
};
enum err output_add(struct db *db, const char *job_id, int stream, int64_t at, const void *bytes, size_t n,
    struct error *e) MUST_CHECK;
/* Drops the chunks that lie wholly in [head, tail). */
enum err output_thin(struct db *db, const char *job_id, int stream, int64_t head, int64_t tail,
    struct error *e) MUST_CHECK;
/* The first chunk that has a byte at OFFSET or later; N is 0 where there is none. */
enum err output_next(void *ctx, struct db *db, const char *job_id, int stream, int64_t offset, struct output_chunk *c,
    struct error *e) MUST_CHECK;

#endif
