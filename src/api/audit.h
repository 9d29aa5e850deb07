#ifndef API_AUDIT_H
#define API_AUDIT_H

#include "api/app.h"
#include "store/audit.h"

/*
 * Every change, every run and every password that counts or is refused leaves a record: who, from where, what, to
 * what, and what came of it. Only the pipeline calls this.
 *
 * The record of a change is part of its transaction: there is neither without the other, whatever happens in between.
 * What changes nothing (a refusal) is recorded once its answer is known, and the answer stays where that fails: it
 * would only tell a caller less. A run is recorded before the dispatcher is asked, by a commit that waits for no disk:
 * the commit of the job, in the same file, takes the record with it. What became known later (the id of what was
 * made, the job, a failure after a first transaction) is added to the record then.
 *
 * Not recorded: reads; who brings no credential, and tokens that are not known (nobody can be told from that, and
 * anybody could fill the disk by it, while wrong passwords are throttled).
 */

/* Before the handler of REQ, or what goes on with it, is called. */
void audit_begin(struct request *req, struct response *res);
/* Behind it: RC and E are what it gave. A run that cannot be recorded must not be ordered: E says why not. */
enum err audit_end(struct request *req, struct response *res, enum err rc, struct error *e) MUST_CHECK;
/* How old a record may be that is kept: the time before which they go. */
int64_t audit_cut(const struct config *c, int64_t now);

#endif
