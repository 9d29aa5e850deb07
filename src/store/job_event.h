#ifndef STORE_JOB_EVENT_H
#define STORE_JOB_EVENT_H

#include "base/field.h"
#include "db/record.h"

/* What happened to a job: EVENT is a job_state_name(), or what its connector calls it (connector/connector.h). */
struct job_event {
	int64_t at, attempt;
	const char *event, *detail;
};
extern const struct field job_event_fields[];

/* Oldest first. */
enum err job_event_list(void *ctx, struct db *db, const char *job_id, struct records *out, struct error *e) MUST_CHECK;
/* Within a transaction. Only the dispatcher's commit calls it. */
enum err job_event_add(struct db *db, const char *job_id, const struct job_event *event, struct error *e) MUST_CHECK;

#endif
