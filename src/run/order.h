#ifndef RUN_ORDER_H
#define RUN_ORDER_H

#include <json-c/json.h>

#include "base/config.h"
#include "base/err.h"
#include "db/db.h"
#include "json/schema_keep.h"
#include "store/gateway.h"
#include "store/job.h"
#include "store/service.h"
#include "store/virtual_cluster.h"

/*
 * How the API has runs done: it finds what can be known beforehand, makes an
 * order, and hands a struct wait to whoever holds the request (run/link.h), who
 * sends it to gatehoused and says when it is over. The jobs themselves are read
 * from the database.
 */

enum { ERROR_GATEWAY = -32000 };	/* JSON-RPC code of what the gateway side finds (api.md section 5) */

/* Whether a run could be sent to G now: enabled, not read-only, connected. */
bool order_is_usable(const struct gateway *g);
/* The first usable one of V's primary and backups (for CTX); *FOUND false where none is. V's own state is not asked. */
enum err order_member(void *ctx, struct db *db, const struct virtual_cluster *v, struct gateway *g, bool *found,
    struct error *e) MUST_CHECK;
/*
 * The gateway that a run goes to which is sent to the virtual cluster CLUSTER_ID; *FOUND false where there is no such
 * virtual cluster, or none of its gateways is usable. ERR_INVALID: it is disabled or read-only.
 */
enum err order_choose(void *ctx, struct db *db, const char *cluster_id, struct gateway *g, bool *found,
    struct error *e) MUST_CHECK;
/*
 * Fills G and S with the gateway (of a virtual cluster, the one that is chosen) and service of a run, made for CTX. Not
 * ERR_OK: E.detail is the text for error.data ("Service not found on cluster", "No connection found to Gateway with
 * cluster id X", disabled, read-only); ERR_NOT_FOUND and ERR_INVALID are such, other codes are failures of ours.
 */
enum err order_find(void *ctx, struct db *db, const char *cluster_id, const char *service, struct gateway *g,
    struct service *s, struct error *e) MUST_CHECK;
/* The same by the ids of a job, just before it starts. */
enum err order_find_again(void *ctx, struct db *db, const struct job *j, struct gateway *g, struct service *s,
    struct error *e) MUST_CHECK;
/* E as where there is no such gateway: ERR_NOT_FOUND. */
enum err order_no_gateway(const char *cluster_id, struct error *e) MUST_CHECK;
/*
 * The decorator of S, which lives as long as CTX; NULL where it has none. ERR_NOT_FOUND where it names one that is
 * gone, ERR_INVALID where it cannot be used: FAULTS has why.
 */
enum err order_decorator(void *ctx, struct db *db, struct schema_keep *keep, const struct service *s,
    const struct schema **schema, struct faults *faults, struct error *e) MUST_CHECK;
/*
 * Sets defaults in PARAMS and checks them against the decorator. ERR_INVALID: *SHOWN has every fault with its JSON
 * pointer (E.detail may be cut). Else *SHOWN (for CTX) is the text of PARAMS with what is not to be shown masked,
 * *SECRET whether something was.
 */
enum err order_check_params(void *ctx, struct db *db, struct schema_keep *keep, const struct service *s,
    struct json_object *params, const char **shown, bool *secret, struct error *e) MUST_CHECK;

/*
 * What the service gets of the nodes that a job's order_inventory names ([{"id","inventory","nodeNames"}]; all nodes of
 * an inventory without nodeNames), for CTX: {"inventory_nodes":[{"name","attributes"}]}, each node once. DOCUMENT NULL:
 * only looks whether they are there. ERR_NOT_FOUND "Inventory 'X' not found", "Node 'Y' not found in inventory 'X'";
 * ERR_TOO_LARGE.
 */
enum err order_nodes(void *ctx, struct db *db, struct json_object *order_inventory, struct json_object **document,
    struct error *e) MUST_CHECK;

/* What came of a wait; all but the first two end it. */
enum wait_event {
	WAIT_SENT,		/* nothing yet */
	WAIT_ACCEPTED,		/* the job is on disk */
	WAIT_DONE,		/* ended, or there is more output, or pong, or canceled */
	WAIT_REFUSED,		/* CODE and DETAIL say why; nothing was accepted */
	WAIT_OVER		/* the deadline came first */
};

/* A request that waits for gatehoused. */
struct wait {
	const char *tag;	/* a UUID, which replies name */
	const char *request_id;	/* of a submit: that of its job */
	const void *frame;	/* what is sent, and again to a new gatehoused: an order is known by its request_id */
	size_t frame_len;
	bool until_accepted;	/* WAIT_ACCEPTED is enough */
	int64_t deadline;	/* clock_mono() */
	enum wait_event event;
	bool accepted;		/* WAIT_ACCEPTED came, whatever came later */
	enum err code;
	const char *detail;
	const char *facts;	/* JSON text, of order_inspect() and order_fetch(); else NULL */
};

/* Each makes a wait for CTX that is over WAIT_MS milliseconds from now. */
/* J has all but what the dispatcher gives (ids but request_id, state, times). */
struct wait *order_submit(void *ctx, const struct job *j, bool until_accepted, int64_t wait_ms);
/* Done when a queued job is canceled or a running one has been told to end. */
struct wait *order_cancel(void *ctx, const char *job_id, int64_t wait_ms);
/* Done when a stream has more than the bytes given, or the job has ended. */
struct wait *order_follow(void *ctx, const char *job_id, const int64_t seen[2], int64_t wait_ms);
/* Done when the job has ended. */
struct wait *order_await(void *ctx, const char *job_id, int64_t wait_ms);
/* Done after a round trip to the gateway. */
struct wait *order_ping(void *ctx, const char *gateway_id, int64_t wait_ms);
/*
 * The same, but done also where the gateway does not answer: the wait's facts are {"error": text or null, "recording":
 * whether the last commit went through, "queued", "running", "parallel", "queue" (how many may wait), and of this
 * gateway "queued_here", "running_here", "parallel_here" (0: no limit of its own)}.
 */
struct wait *order_inspect(void *ctx, const char *gateway_id, int64_t wait_ms);

/* A file of a git repository. */
struct order_file {
	const char *gateway_id;		/* whose secrets key and password may name: $GATEWAYSECRET_NAME */
	const char *url, *reference;	/* REFERENCE may be NULL */
	const char *file;
	const char *username, *password, *key;	/* NULL: none */
};
/*
 * Done when it is there: the wait's facts are {"commit", "content"}. Refused with what is wrong. It waits as long as
 * [git] timeout allows.
 */
struct wait *order_fetch(void *ctx, const struct config *c, const struct order_file *f);

#endif
