#include "run/dispatch.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "json/schema_keep.h"
#include "connector/git.h"
#include "proc/proc.h"
#include "run/parts.h"
#include "run/plan.h"
#include "store/retention.h"

enum {
	MS_PER_S = 1000,
	RUNS_PER_CORE = 2,
	REST_MS = 5000,
	PURGE_FIRST_MS = 1000,		/* after the start: runs come first */
	PURGE_EVERY_MS = 600000,
	GIT_FIRST_MS = 15000,		/* before one that was started on demand leaves */
	GIT_EVERY_MS = 3600000,
	LAST_TRIES_MS = 5000,		/* of commits that fail, once all have had their grace */
	PURGE_PAUSE_MS = 50		/* between two steps: what is due meanwhile is done */
};

static int
dispatch_close(struct dispatch *d)
{
	SCOPED(tmp, NULL);

	control_close(d);
	proc_groups_close(config_path(tmp, d->config, GROUPS_FILE));
	return 0;
}

/* Those of an earlier dispatcher go, whatever is set now. */
static void
groups_open(const struct config *c)
{
	SCOPED(tmp, NULL);
	const char *file = config_path(tmp, c, GROUPS_FILE);
	struct error e;

	proc_groups_sweep(file);
	unlink(file);
	if (strcmp(c->run_cgroup, "off") != 0 && proc_groups_open(file, &e) != ERR_OK)
		log_info("runs get no control group: %s", e.detail);
}

static int64_t
parallel(const struct config *c)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (c->run_parallel > 0)
		return c->run_parallel;
	return RUNS_PER_CORE * (cores > 0 ? cores : 1);
}

/* Now and then: once after work, memory and log are given back. */
static void
rest(void *arg)
{
	struct dispatch *d = arg;

	if (d->rested < d->busy_at && clock_mono() - d->busy_at >= REST_MS) {
		d->rested = clock_mono();
		db_rest(d->db);
		schema_keep_rest(d->schemas);
		mem_trim();
	}
	loop_after(d->loop, REST_MS, rest, d);
}

/* What [retention] does not keep goes, step by step. What fails is tried again in the next pass. */
static void
purge(void *arg)
{
	struct dispatch *d = arg;
	struct error e;
	bool more = false;

	if (d->stopping)
		return;
	if (d->purging == NULL)
		d->purging = retention_new(d, d->config);
	if (retention_step(d->purging, d->db, &more, &e) != ERR_OK) {
		log_warning("old jobs cannot be removed: %s", e.detail);
		more = false;
	}
	if (!more && retention_jobs(d->purging) > 0)
		log_info("%lld old jobs removed, they held %lld bytes",
		    (long long)retention_jobs(d->purging),
		    (long long)retention_bytes(d->purging));
	if (!more) {
		mem_free(d->purging);
		d->purging = NULL;
	}
	loop_after(d->loop, more ? PURGE_PAUSE_MS : PURGE_EVERY_MS, purge, d);
}

static void git_purge_later(struct dispatch *d, int64_t ms);

static void
git_purge_done(void *arg)
{
	struct dispatch *d = arg;

	mem_free(d->git_purge);
	d->git_purge = NULL;
	git_purge_later(d, GIT_EVERY_MS);
}

static void
git_purge_begin(void *arg)
{
	struct dispatch *d = arg;

	if (!d->stopping)
		d->git_purge = git_purge(d, d->loop, d->config, git_purge_done, d);
}

static void
git_purge_later(struct dispatch *d, int64_t ms)
{
	loop_after(d->loop, ms, git_purge_begin, d);
}

struct dispatch *
dispatch_new(void *ctx, struct loop *l, const struct config *c, struct db *db, struct error *e)
{
	struct dispatch *d = MEM_NEW(ctx, struct dispatch);

	d->loop = l;
	d->config = c;
	d->db = db;
	d->schemas = schema_keep_new(d);
	d->listener = -1;
	d->parallel = parallel(c);
	d->busy_at = clock_mono();
	TAILQ_INIT(&d->clients);
	TAILQ_INIT(&d->gates);
	TAILQ_INIT(&d->fetches);
	TAILQ_INIT(&d->all);
	TAILQ_INIT(&d->queue);
	TAILQ_INIT(&d->todo);
	TAILQ_INIT(&d->round);
	MEM_ON_FREE(d, dispatch_close);
	groups_open(c);
	if (proc_init(l, e) != ERR_OK || settle(d, e) != ERR_OK || control_open(d, e) != ERR_OK) {
		mem_free(d);
		return NULL;
	}
	conn_recover(c);
	loop_each_turn(l, commit_turn, d);
	loop_watchdog(l, (unsigned)c->dispatcher_watchdog);
	rest(d);
	loop_after(l, PURGE_FIRST_MS, purge, d);
	git_purge_later(d, GIT_FIRST_MS);
	loop_wake(l);
	return d;
}

/* As long as the slowest of those under way may take to end. */
static int64_t
longest_grace(const struct dispatch *d)
{
	int64_t s = d->config->run_grace;
	const struct run *r;

	TAILQ_FOREACH(r, &d->all, in_all)
		if (r->started && text_eq(r->job.type, PLAN_TYPE))
			return (s + d->config->run_grace_tofu) * MS_PER_S;
	return s * MS_PER_S;
}

void
dispatch_stop(struct dispatch *d)
{
	struct run *r;

	if (d->stopping)
		return;
	d->stopping = true;
	d->patience = clock_mono() + longest_grace(d) + LAST_TRIES_MS;
	fetch_stop(d);
	log_info("stopping: %lld runs under way, %lld queued", (long long)d->n_running,
	    (long long)d->n_queued);
	TAILQ_FOREACH(r, &d->all, in_all)
		if (r->started)
			supervise_stop(r, REASON_STOP);
	loop_wake(d->loop);
}

static void
idle_check(void *arg)
{
	struct dispatch *d = arg;
	int64_t idle = clock_mono() - d->busy_at;

	if (TAILQ_EMPTY(&d->all) && TAILQ_EMPTY(&d->fetches) && idle >= d->idle_after)
		dispatch_stop(d);
	else
		dispatch_leave_when_idle(d, d->idle_after);
}

void
dispatch_leave_when_idle(struct dispatch *d, int64_t ms)
{
	int64_t left = ms - (clock_mono() - d->busy_at);

	d->idle_after = ms;
	loop_after(d->loop, left > 0 ? left : ms, idle_check, d);
}
