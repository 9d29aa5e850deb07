#include "store/job_attempt.h"

const struct field job_attempt_fields[] = {
	F_INT(job_attempt, attempt, .doc = "from 1"),
	F_TEXT(job_attempt, attempt_id, .wire = "_id", .shape = "Id"),
	F_TEXT(job_attempt, state, .shape = "JobState"),
	F_INT(job_attempt, return_code, .nullable = 1),
	F_TEXT(job_attempt, error, .nullable = 1, .doc = "why it did not complete"),
	F_TIME(job_attempt, started),
	F_TIME(job_attempt, ended),
	F_INT(job_attempt, stdout_bytes, .doc = "how far the output of the job went at its end"),
	F_INT(job_attempt, stderr_bytes),
	F_END
};

enum err
job_attempt_list(
    void *ctx, struct db *db, const char *job_id, struct records *out, struct error *e)
{
	STMT(st, db, SQL_JOB_ATTEMPT_LIST);

	stmt_text(st, "job_id", job_id);
	return records_read(ctx, st, job_attempt_fields, sizeof(struct job_attempt), out, e);
}

enum err
job_attempt_add(
    struct db *db, const char *job_id, const struct job_attempt *a, struct error *e)
{
	STMT(st, db, SQL_JOB_ATTEMPT_ADD);

	stmt_text(st, "job_id", job_id);
	return record_write(st, job_attempt_fields, a, NULL, e);
}
