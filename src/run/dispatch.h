#ifndef RUN_DISPATCH_H
#define RUN_DISPATCH_H

#include "base/config.h"
#include "base/loop.h"
#include "db/db.h"

/*
 * The dispatcher: the only place that starts runs and writes their rows. Orders
 * come over the control socket; all orders, output and ends of one turn of the
 * loop share one transaction (group commit), and only what is committed is
 * answered, started or told.
 */
struct dispatch;

/* In the state directory: where the control groups of its processes are, see proc_groups_where(). */
#define GROUPS_FILE "gatehoused.cgroup"

/*
 * Listens, and settles what an earlier dispatcher left: the caller holds the lock of the state directory.
 * NULL: E filled.
 */
struct dispatch *dispatch_new(void *ctx, struct loop *l, const struct config *c, struct db *db, struct error *e);
/*
 * Takes no more orders and ends what runs; queued runs stay queued. Stops the loop when all is written, or cannot be
 * written long after all has been ended: nobody was told of that, and the next dispatcher settles it.
 */
void dispatch_stop(struct dispatch *d);
/* Stops the loop after MS milliseconds without any run or order. */
void dispatch_leave_when_idle(struct dispatch *d, int64_t ms);

#endif
