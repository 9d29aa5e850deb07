#ifndef API_JOB_STREAM_H
#define API_JOB_STREAM_H

#include "http/message.h"

/* Whether REQ asks for server-sent events (its Accept names text/event-stream). */
bool job_stream_wanted(const struct request *req);
/*
 * Streams the output of job PARAMS[0] as server-sent events (WHATWG HTML, section 9.2) until it ends: events "stdout"
 * and "stderr" with {"offset", "text"}, the offset being that of the next byte, then one event "end" with the job's
 * state, status and return code. A comment comes now and then, so that nobody takes the line for dead.
 * FROM are the offsets to begin at, WANT says which streams.
 */
enum err job_stream(struct request *req, struct response *res, const bool want[2], const int64_t from[2],
    struct error *e) MUST_CHECK;

#endif
