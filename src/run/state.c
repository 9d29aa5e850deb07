#include "run/state.h"

#define TO(s) (1u << JOB_##s)

/* A queued run may end without having run: canceled, its time in the queue over, refused by its
 * gateway, or lost, where it comes from a backup (run/restored). One that runs may be queued again:
 * another attempt. */
static const unsigned legal[JOB__STATES] = {
	[JOB_QUEUED] = TO(RUNNING) | TO(FAILED) | TO(CANCELED) | TO(TIMEOUT) | TO(LOST),
	[JOB_RUNNING] = TO(COMPLETED) | TO(FAILED) | TO(CANCELED) | TO(TIMEOUT) | TO(LOST) |
	    TO(QUEUED),
};

bool
state_may(enum job_state from, enum job_state to)
{
	return (legal[from] & 1u << to) != 0;
}

const char *
state_status(enum job_state s)
{
	return job_state_is_open(s) || s == JOB_COMPLETED ? job_state_name(s) : "error";
}
