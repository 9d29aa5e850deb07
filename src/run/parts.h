#ifndef RUN_PARTS_H
#define RUN_PARTS_H

#include <sys/queue.h>

#include "base/index.h"
#include "base/text.h"
#include "connector/connector.h"
#include "run/dispatch.h"
#include "store/job.h"
#include "store/job_attempt.h"
#include "store/job_event.h"

/* What the files of the dispatcher share; nobody else includes this. */

struct client;
struct dispatch;

/* Somebody waits for news of a run. */
struct interest {
	TAILQ_ENTRY(interest) in_run;
	struct run *run;
	struct client *client;
	char *tag;
	bool cancel;		/* wants to know that the cancel is on disk */
	int64_t seen[2];	/* wants to know of more output than this */
};

/* Output on its way to the disk, one stream of one run. */
struct keep {
	struct text *pending;	/* received, not committed */
	int64_t committed;	/* bytes that came before PENDING, kept or thinned out */
	int64_t half;		/* bytes kept of the beginning, and of the end */
};

enum todo {			/* what the next commit writes of a run */
	TODO_INSERT = 1,
	TODO_START = 2,
	TODO_OUTPUT = 4,
	TODO_CANCEL = 8,
	TODO_END = 16,
	TODO_NOTE = 32,
	TODO_RETRY = 64
};

/* Events on their way to the disk. */
struct notes {
	size_t n;
	struct job_event *at;
	void *texts;		/* parent of their texts */
};

/* What its service says of all its runs, 0 where it says nothing. */
struct limits {
	int64_t concurrency;	/* runs at once */
	int64_t retries;	/* after the first attempt; none unless it is idempotent */
	int64_t retry_delay;	/* s */
};

struct lane;

enum reason { REASON_NONE, REASON_TIMEOUT, REASON_CANCEL, REASON_STOP };

struct run {
	TAILQ_ENTRY(run) in_all, in_queue, in_lane, in_todo;
	struct indexed by_id, by_request;
	TAILQ_HEAD(, interest) interests;
	struct dispatch *d;
	struct job job;		/* as it will be on disk */
	enum job_state state;
	unsigned todo;
	bool queued;		/* in the queue of the dispatcher */
	bool loaded;		/* the job has its parameters: else they are in its row alone */
	bool started;		/* counted as running */
	bool held;		/* its output is held up */
	enum reason reason;	/* why it was told to end */
	int64_t began;		/* clock_mono() */
	int64_t give_up;	/* clock_mono(): the end of its time in the queue */
	struct lane *lane;	/* while it is queued or under way */
	struct limits limits;	/* as they were when it was last to start */
	struct job_attempt over;	/* an attempt that has ended, on its way to the disk */
	struct timer *timer;	/* the run time, or the pause before it is tried again */
	struct timer *flush;
	struct keep keep[2];
	struct notes notes;
	struct hidden *hidden;	/* what is masked in what it gives, or NULL */
	struct gate *gate;
};
TAILQ_HEAD(run_list, run);

/* An open gateway, while runs are under way on it. */
struct gate {
	TAILQ_ENTRY(gate) next;
	char *gateway_id, *kind, *settings;
	struct conn *conn;
};

struct dispatch {
	struct loop *loop;
	const struct config *config;
	struct db *db;
	struct schema_keep *schemas;
	int listener;
	struct watch *accepting;
	TAILQ_HEAD(, client) clients;
	TAILQ_HEAD(, gate) gates;
	struct run_list all, todo;
	struct run_list queue;		/* all that are queued, as they came */
	struct index runs_by_id, runs_by_request;
	struct index lanes, yards;
	TAILQ_HEAD(, lane) round;	/* the services whose turn comes, see queue.c */
	struct timer *giving_up;	/* for the first of the queue */
	int64_t n_queued, n_running, parallel;
	bool stopping, failing;		/* FAILING: the last commit did not go through */
	int64_t patience;		/* clock_mono(): while stopping, commits that fail are tried until then */
	struct timer *retry;
	int64_t idle_after, busy_at, rested;
	struct retention *purging;	/* a pass under way, or NULL */
	struct git_purge *git_purge;	/* likewise */
	TAILQ_HEAD(, fetch) fetches;
	int n_fetches;
};

/* control.c: the clients. */
enum err control_open(struct dispatch *d, struct error *e) MUST_CHECK;
void control_close(struct dispatch *d);
/* The interests of a client by their tags, for tsearch(3): it may follow thousands of runs. */
void **control_interests(struct client *c);
/* EVENT is "accepted", "done" or "refused", with E where it was refused. */
void control_reply(struct client *c, const char *tag, const char *event, const struct error *e);
/* "done", with FACTS, a reference of the caller's that goes to it. */
void control_tell(struct client *c, const char *tag, struct json_object *facts);

/* intake.c: what clients ask for. O belongs to CTX. */
void intake_take(struct dispatch *d, struct client *c, void *ctx, struct json_object *o);
/* Nobody waits for TAG (NULL: for anything) on this connection any more. */
void intake_forget(struct client *c, const char *tag);

/* fetch.c: files from git, for imports. */
struct fetch;
void fetch_take(struct dispatch *d, struct client *c, const char *tag, void *ctx, struct json_object *o);
/* As intake_forget(). */
void fetch_forget(struct dispatch *d, const struct client *c, const char *tag);
/* Refuses those that are under way. */
void fetch_stop(struct dispatch *d);

/* runs.c: the runs in memory. */
struct run *run_new(struct dispatch *d, enum job_state state);
void run_free(struct run *r);
struct run *run_find(struct dispatch *d, const char *job_id);
/* Once the run has its ids. */
void run_index(struct run *r);
void run_todo(struct run *r, enum todo what);
/* Moves it, by the table of legal moves. */
void run_move(struct run *r, enum job_state to);
/* Ends it: row, interests and memory follow with the next commit. ERROR may be NULL. */
void run_end(struct run *r, enum job_state state, const char *error);
/* Tells those who wait what the commit of WHAT has brought. */
void run_tell(struct run *r, unsigned what);
void run_refuse(struct run *r, const struct error *e);

/* queue.c: whose turn it is. */
/* SINCE (clock_wall()) is when its time in the queue began. */
void run_enqueue(struct run *r, int64_t since);
void run_unqueue(struct run *r);
/* Runs whose turn it is become running: the row says so before the process starts. */
void queue_start(struct dispatch *d);
/* How many runs this gateway may have at once, 0: no matter how many. */
int64_t queue_parallel(struct dispatch *d, const char *gateway_id);
/* It is not under way any more, if it was. */
void run_stopped(struct run *r);

/* attempt.c: what a run needs for a start, and whether there is another one. */
enum err limits_read(struct run *r, struct error *e) MUST_CHECK;
/* Reads the parameters of a run that had to wait, and forgets them: those of thousands are on disk alone. */
enum err run_load(struct run *r, struct error *e) MUST_CHECK;
void run_unload(struct run *r);
/* Whether an attempt that ends in STATE is to be followed by another one. */
bool attempt_may_retry(const struct run *r, enum job_state state);
/* Notes how the last attempt ends, where it was not the only one; run_end() calls it. */
void attempt_end(struct run *r, enum job_state state, const char *error);
/* Ends the attempt so, and queues the run again. ERROR may be NULL. */
void attempt_retry(struct run *r, enum job_state state, const char *error);
/* One that an earlier dispatcher has queued again: the rest of its pause, then the queue. */
void attempt_resume(struct run *r);
/* Within a transaction: the attempt that has ended. */
enum err attempt_write(struct run *r, struct db *db, struct error *e) MUST_CHECK;

/* note.c: events. */
void run_note(struct run *r, const char *event, const char *detail);
/* Within a transaction. */
enum err notes_write(const struct run *r, struct db *db, struct error *e) MUST_CHECK;
/* After the commit. */
void notes_written(struct run *r);

/* hidden.c: what is not to be seen. */
/*
 * Fills O's secrets, for CTX, and keeps in R what is to be masked. O's definition, repository, params and schema are
 * there. A secret that is not there, or cannot be unsealed: E says which.
 */
enum err hidden_fill(void *ctx, struct run *r, struct conn_order *o, struct error *e) MUST_CHECK;
/* Output on its way to what is pending: some of it may be held back until more comes, or it ends. */
void hidden_output(struct run *r, int stream, const void *bytes, size_t n);
void hidden_output_end(struct run *r);
/* TEXT (NULL stays NULL), or the text of O, masked; for CTX, or borrowed where there is nothing to hide. */
const char *hidden_text(void *ctx, const struct run *r, const char *text);
const char *hidden_json(void *ctx, const struct run *r, struct json_object *o);

/* keep.c: output. */
void keep_init(struct keep *k, void *ctx, int64_t max);
int64_t keep_total(const struct keep *k);
/* Within a transaction: writes what is pending, thins out the middle. */
enum err keep_write(struct keep *k, struct db *db, const char *job_id, int stream, struct error *e) MUST_CHECK;
/* After the commit. */
void keep_written(struct keep *k);
bool keep_is_cut(const struct keep *k);

/* supervise.c: a run under way. */
/* Starts what has been committed as running. */
void supervise_start(struct run *r);
/* Tells it to end. */
void supervise_stop(struct run *r, enum reason why);
struct gate *gate_open(struct dispatch *d, const char *gateway_id, struct error *e);
void gate_release(struct dispatch *d, struct gate *g);

/* registries.c */
/* The registries of a gateway's service file, for CTX. */
enum err registries_read(void *ctx, struct db *db, const char *gateway_id, struct json_object **registries,
    struct error *e) MUST_CHECK;

/* plan_work.c: states of opentofu-plan services while a run is under way. */
/* Where O is such a service's: makes its working copy, for CTX, and names it in O. */
enum err plan_begin(void *ctx, struct run *r, struct conn_order *o, struct error *e) MUST_CHECK;
/* Takes the working copy of a run that has ended in; what cannot be kept now stays, for plan_collect(). */
void plan_end(struct run *r);
/* The same for all working copies that no run uses. */
enum err plan_collect(struct dispatch *d, struct error *e) MUST_CHECK;

/* commit.c: the end of each turn. */
void commit_turn(void *dispatch);

/* settle.c: what an earlier dispatcher left. */
enum err settle(struct dispatch *d, struct error *e) MUST_CHECK;

#endif
