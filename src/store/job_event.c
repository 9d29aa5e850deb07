#include "store/job_event.h"

const struct field job_event_fields[] = {
	F_TIME(job_event, at),
	F_INT(job_event, attempt, .doc = "of the job, from 1"),
	F_TEXT(job_event, event, .doc = "a state of the job, or a step of its gateway"),
	F_TEXT(job_event, detail),
	F_END
};

enum err
job_event_list(void *ctx, struct db *db, const char *job_id, struct records *out, struct error *e)
{
	STMT(st, db, SQL_JOB_EVENT_LIST);

	stmt_text(st, "job_id", job_id);
	return records_read(ctx, st, job_event_fields, sizeof(struct job_event), out, e);
}

enum err
job_event_add(struct db *db, const char *job_id, const struct job_event *event, struct error *e)
{
	STMT(st, db, SQL_JOB_EVENT_ADD);

	stmt_text(st, "job_id", job_id);
	return record_write(st, job_event_fields, event, NULL, e);
}
