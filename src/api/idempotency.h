#ifndef API_IDEMPOTENCY_H
#define API_IDEMPOTENCY_H

#include "http/message.h"
#include "store/job.h"

/*
 * Idempotency-Key (api.md section 5): the same key from the same caller within
 * 24 h names the same job. The job's request_id is derived from caller and key,
 * so the dispatcher itself, which knows an order by its request_id, makes sure
 * that it runs once, whatever dies in between.
 */

/*
 * Sets J's request_id and body_digest for REQ, made for it: random and NULL without a key. *KNOWN says whether there
 * is such a job already.
 * ERR_INVALID where the key is no 1 to 255 printable characters; ERR_CONFLICT where it had another body.
 */
enum err idempotency_name(struct request *req, struct job *j, bool *known, struct error *e) MUST_CHECK;
/* Whether FOUND, the job of REQ's request_id, is that of REQ: two at once may have had the same key. ERR_CONFLICT. */
enum err idempotency_check(struct request *req, const struct job *found, struct error *e) MUST_CHECK;

#endif
