#ifndef API_PLAN_STATES_H
#define API_PLAN_STATES_H

#include <json-c/json.h>

#include "base/err.h"
#include "http/message.h"
#include "store/job.h"

/*
 * Adds state_file to the RESULT of a run that applied or destroyed a plan: the text of the state, as in the original,
 * where REQ's caller may read it.
 */
enum err plan_state_add_to(struct request *req, const struct job *j, struct json_object *result,
    struct error *e) MUST_CHECK;

#endif
