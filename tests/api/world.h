#ifndef API_WORLD_H
#define API_WORLD_H

#include "api/app.h"
#include "case.h"
#include "run/link.h"

/*
 * What each case has to itself: a state directory with a database and the accounts admin (an administrator) and
 * reader, the application, and a connection to a gatehoused that is started when a run wants one.
 */
struct world {
	void *ctx;
	const char *dir, *code;		/* CODE is where services of the case lie: [local] roots */
	struct config *config;
	struct db *db;
	struct app *app;
	struct link *link;
	struct json_object *saved;	/* values by name; "dir" and "code" from the start */
};

/* CONFIG are more lines of gatehouse.conf. NULL: E filled, nothing is left. */
struct world *world_new(const char *config, struct error *e);
/*
 * Ends gatehoused and removes the directory. False: something was left that should not be, and OUT says what (a
 * job that is still "running", a gatehoused that does not end, a process of a run, a file that cannot be removed).
 */
bool world_end(struct world *w, struct text *out);
/* Adds the end of what gatehoused has said, if it ran. */
void world_log(const struct world *w, struct text *out);
/* The header Authorization of caller NAME (NULL for nobody); *KNOWN false where there is none of this name. */
const char *world_caller(const char *name, bool *known);

#endif
