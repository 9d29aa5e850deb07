#ifndef API_JOB_LIST_H
#define API_JOB_LIST_H

#include <json-c/json.h>

#include "http/message.h"
#include "store/job.h"

/* J's computed state. */
enum job_state job_state_of(const struct job *j);
/* J as it goes out (api.md section 6). The caller owns it. */
struct json_object *job_shown(struct job *j);
/* The handler of GET /jobs. */
enum err job_list(struct request *req, struct response *res, struct error *e);

#endif
