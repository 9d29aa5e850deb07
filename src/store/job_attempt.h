#ifndef STORE_JOB_ATTEMPT_H
#define STORE_JOB_ATTEMPT_H

#include "base/field.h"
#include "db/record.h"

/* An attempt of a job that had more than one, once it has ended. */
struct job_attempt {
	int64_t attempt;		/* from 1 */
	const char *attempt_id;
	const char *state;		/* a job_state_name() */
	int64_t return_code;		/* FIELD_NONE where nothing ran to its end */
	const char *error;		/* a sentence, or NULL */
	int64_t started, ended;
	int64_t stdout_bytes, stderr_bytes;	/* how far the output of the job went at its end */
};
extern const struct field job_attempt_fields[];

/* In their order. */
enum err job_attempt_list(void *ctx, struct db *db, const char *job_id, struct records *out,
    struct error *e) MUST_CHECK;
/* Within a transaction. Only the dispatcher's commit calls it. */
enum err job_attempt_add(struct db *db, const char *job_id, const struct job_attempt *a, struct error *e) MUST_CHECK;

#endif
