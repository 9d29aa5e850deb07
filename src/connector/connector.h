#ifndef CONNECTOR_CONNECTOR_H
#define CONNECTOR_CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <json-c/json.h>

#include "base/config.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/field.h"
#include "base/loop.h"

/*
 * The one door to gateways. It never touches the store: it gets an order with
 * all that a run needs and gives back events, from the loop. Back ends are the
 * constant tables in connector/KIND.c; callers use the conn_ functions.
 */
enum conn_can { CAN_CANCEL = 1, CAN_STREAM = 2, CAN_DISCOVER = 4 };

enum conn_stream { CONN_STDOUT, CONN_STDERR };

/* What a connector has to say of a run beside its output; GET /jobs/{id}/events shows them. */
#define CONN_EVENT_CODE "code"			/* where its code comes from: fetched, or there already */
#define CONN_EVENT_ENVIRONMENT "environment"	/* what it needs beside its code: built, or there already */
#define CONN_EVENT_PROCESS "process"		/* the service itself has been started */

/* A secret of the gateway that an order needs. */
struct conn_secret {
	const char *name, *value;
};

/* What to run: all borrowed until conn_submit() returns. */
struct conn_order {
	const char *attempt_id;		/* 24 hex digits; names the run at this door */
	const char *job_id;
	const char *service;
	const char *type;		/* python-script, ansible-playbook, opentofu-plan, executable */
	struct json_object *definition;	/* the service's item of the service file (services.md section 1) */
	struct json_object *params;	/* an object, {} where there are none */
	const struct schema *schema;	/* the decorator, or NULL */
	struct json_object *inventory;	/* {"inventory_nodes":[...]} or NULL */
	struct json_object *executable;	/* the executable-object item of definition, or NULL */
	struct json_object *repository;	/* the repository item of definition, or NULL */
	struct json_object *registries;	/* array of all registry items, where the service builds something; or NULL */
	const struct conn_secret *secrets;	/* those that DEFINITION, REPOSITORY and REGISTRIES name, each once */
	size_t n_secrets;
	/*
	 * Of opentofu-plan: the file that its state is read from, where it exists, and written to. It is the giver's,
	 * alone in a directory of its own.
	 */
	const char *state_path;
	int64_t grace_ms;
};

struct conn_end {
	bool ran;			/* false: the gateway side could not run it, see ERROR */
	int return_code;		/* where it ran */
	const char *error;		/* a sentence for the caller, borrowed; NULL where it ran */
	struct json_object *results;	/* results[] of send-command-like services, borrowed; or NULL */
};

/* Come from the loop, never from within conn_submit(). */
struct conn_events {
	void (*output)(void *arg, enum conn_stream stream, const void *bytes, size_t n);
	/* A step of the run, for its record: EVENT is one of CONN_EVENTS, DETAIL a line or the output of a tool. */
	void (*note)(void *arg, const char *event, const char *detail);
	/* Once a submitted run, after its last output and when nothing of it is left. */
	void (*ended)(void *arg, const struct conn_end *end);
};

/* What a gateway offers. */
struct conn_service {
	const char *name, *type, *description;
	struct json_object *definition;		/* as it is kept; its "decorator" is a schema or absent */
};

struct conn_run;
struct conn {				/* one open gateway; plain record for the back ends */
	const struct connector_ops *ops;
	const struct config *config;
	struct loop *loop;
	struct json_object *settings;	/* an object; the conn holds a reference */
	const char *cluster_id;
	struct conn_run *runs;		/* list of what is under way; kept by connector.c */
	void *own;			/* the back end's */
};

struct conn_run {			/* one run under way; made and freed by connector.c */
	struct conn_run *next;
	struct conn *conn;
	char *attempt_id;
	const struct conn_events *events;
	void *arg;
	void *own;			/* the back end's; a talloc child of the run */
	bool is_starting;		/* conn_submit() has not returned: no event may come */
};

struct connector_ops {
	const char *kind;
	unsigned can;
	/* MUST. Adds every fault of SETTINGS (an object) with its path ("settings.services[0].name"). Pure: no conn. */
	void (*check)(struct json_object *settings, struct faults *faults);
	/* MUST. Whether such a gateway is connected. Pure. */
	bool (*connected)(struct json_object *settings);
	/* with CAN_DISCOVER. The services that SETTINGS offer, for CTX, their number in *N. Pure. */
	struct conn_service *(*discover)(void *ctx, struct json_object *settings, size_t *n);
	/* May be absent. What an earlier dispatcher that died left of its runs is put away; its processes are gone. */
	enum err (*recover)(const struct config *c, struct error *e);
	enum err (*open)(struct conn *c, struct error *e);					/* MUST */
	void (*close)(struct conn *c);								/* MUST */
	enum err (*ping)(struct conn *c, struct error *e);					/* MUST */
	/* MUST. On success conn_output() and, once, conn_ended() are called later, from the loop. */
	enum err (*submit)(struct conn_run *r, const struct conn_order *order, struct error *e);
	void (*cancel)(struct conn_run *r);			/* with CAN_CANCEL; conn_ended() comes later */
	void (*hold)(struct conn_run *r, bool on);		/* with CAN_STREAM: stop or go on giving output */
};

/* NULL where KIND is unknown. conn_kinds(): all of them, ends in NULL. */
const struct connector_ops *conn_find(const char *kind);
const char *const *conn_kinds(void);

/* A member of the settings of each kind: how many runs its gateway may have at once, 0: no matter how many. */
#define CONN_PARALLEL "parallel"
/* What SETTINGS (an object, or NULL) say of it; -1 where they don't. */
int64_t conn_parallel(struct json_object *settings);
/* For the back ends' check: VALUE is that of the member at PATH. */
void conn_check_parallel(struct json_object *value, const char *path, struct faults *faults);

/* Once, before the first conn_open() of a dispatcher: see recover. What cannot be put away is logged. */
void conn_recover(const struct config *config);
/* Made for CTX; freeing it closes it (no run may be under way). NULL: E filled. */
struct conn *conn_open(void *ctx, struct loop *l, const struct config *config, const char *kind, const char *cluster_id,
    struct json_object *settings, struct error *e);
enum err conn_ping(struct conn *c, struct error *e) MUST_CHECK;
/* EVENTS and ARG must live until ended(). Not ERR_OK: nothing was started, E.detail is the sentence for the caller. */
enum err conn_submit(struct conn *c, const struct conn_order *order, const struct conn_events *events, void *arg,
    struct error *e) MUST_CHECK;
/* ERR_NOT_FOUND where no such run is under way; ERR_INVALID where the kind cannot. ended() comes later. */
enum err conn_cancel(struct conn *c, const char *attempt_id, struct error *e) MUST_CHECK;
/* Holds the output of a run up (true) or lets it go on; nothing where the kind cannot. */
void conn_hold(struct conn *c, const char *attempt_id, bool on);
size_t conn_count(const struct conn *c);

/* A copy of ORDER with all that hangs on it, for CTX: for back ends that need it after conn_submit(). */
const struct conn_order *conn_order_copy(void *ctx, const struct conn_order *order);
/* The value of secret NAME; NULL where ORDER has none of that name. */
const char *conn_order_secret(const struct conn_order *order, const char *name);
/* For the back ends: pass an event on. conn_ended() frees the run. */
void conn_output(struct conn_run *r, enum conn_stream stream, const void *bytes, size_t n);
/* May also be called from within submit. */
void conn_note(struct conn_run *r, const char *event, const char *fmt, ...) PRINTF_LIKE(3, 4);
void conn_ended(struct conn_run *r, const struct conn_end *end);

extern const struct connector_ops connector_local, connector_simulator;

#endif
