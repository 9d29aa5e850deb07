#ifndef RUN_LINK_H
#define RUN_LINK_H

#include "base/config.h"
#include "run/order.h"

/*
 * The asking side of the control socket, for one thread: of the responder, of
 * the admin command. A broken connection loses nothing: the frames of what
 * still waits are sent again to the next gatehoused, which knows an order it
 * has by its request_id.
 */
struct link;

struct link_reply {
	const char *tag;
	enum wait_event event;
	enum err code;
	const char *detail;
	const char *facts;	/* NULL: none */
};

/* Not connected yet. C is borrowed. */
struct link *link_new(void *ctx, const struct config *c);
/*
 * Connects where there is no connection, starting gatehoused where that is allowed; may take some seconds.
 * ERR_UNAVAILABLE.
 */
enum err link_connect(struct link *l, struct error *e) MUST_CHECK;
/* The descriptor to wait on for reading; -1 where there is no connection. */
int link_fd(const struct link *l);
/* Sends W's frame. ERR_UNAVAILABLE: the connection broke and is closed. */
enum err link_send(struct link *l, const struct wait *w, struct error *e) MUST_CHECK;
/* Tells gatehoused that nobody waits for W any more. Failure does not matter. */
void link_forget(struct link *l, const struct wait *w);
/* The next reply that is there (for CTX), without waiting; *GOT false where there is none. ERR_UNAVAILABLE: closed. */
enum err link_receive(struct link *l, void *ctx, struct link_reply *r, bool *got, struct error *e) MUST_CHECK;
void link_close(struct link *l);

/* Notes R in W (detail copied for W). True where W is over by it. */
bool wait_note(struct wait *w, const struct link_reply *r);
/* Sends W and waits for it to be over: for programs with one request. W->event says how it ended. */
void link_wait(struct link *l, struct wait *w);

#endif
