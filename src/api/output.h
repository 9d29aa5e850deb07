#ifndef API_OUTPUT_H
#define API_OUTPUT_H

#include <json-c/json.h>

#include "base/text.h"
#include "db/db.h"
#include "store/job.h"

/* Which bytes of a job's output. */
struct output_part {
	int stream;		/* 0 or 1 */
	int64_t offset;
	bool mark;		/* where the middle was not kept, the text says so; else it is passed over */
	size_t most;		/* about so many bytes: what is kept as one piece is not cut; 0: all there are */
};
/* Reads the kept output P of job J, for CTX. *NEXT gets the offset after the last byte read. */
enum err output_read(void *ctx, struct db *db, const struct job *j, const struct output_part *p, struct text **out,
    int64_t *next, struct error *e) MUST_CHECK;
/* The union answer to a run (api.md section 5) for job J. The caller owns it. NULL: E filled. */
struct json_object *output_answer(void *ctx, struct db *db, const struct job *j, struct error *e);
/* The same where nothing was accepted: TEXT is error.data. */
struct json_object *output_refusal(const char *request_id, const char *service, const char *cluster_id,
    const char *text);
/* Seconds, as a JSON number with milliseconds. */
struct json_object *output_seconds(int64_t ms);

#endif
