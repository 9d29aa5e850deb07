#ifndef RUN_STATE_H
#define RUN_STATE_H

#include "store/job.h"

/* Whether a run may go from one state to another (architecture.md section 5). */
bool state_may(enum job_state from, enum job_state to);
/* The "status" of api.md section 5 and 6: queued, running, completed, else error. */
const char *state_status(enum job_state s);

#endif
