#ifndef MAIN_FCGI_PARTS_H
#define MAIN_FCGI_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "base/loop.h"
#include "main/fcgi_exchange.h"
#include "main/fcgi_record.h"

/* What the threads of the responder share. */

struct server;

/* What a connection is at, for whoever ends all of them. */
enum line_phase {
	LINE_NEW,			/* nothing has come yet */
	LINE_AT_WORK,			/* a request comes, is in hand, or waits */
	LINE_IDLE			/* kept, for another request that may come */
};

/*
 * A connection of the web server, and the request on it. One thread has it in
 * hand at any time, and none while it waits: for the web server to send or to
 * take bytes, or for a run. Only the loop's thread closes it.
 */
struct line {
	TAILQ_ENTRY(line) in_queue;	/* of the workers, of the loop's thread, or of the waiting */
	TAILQ_ENTRY(line) in_all;
	struct server *server;
	int fd;
	struct watch *watch;
	struct incoming in;		/* the request that comes */
	uint16_t id;			/* of the one at hand */
	bool keep_connection;		/* when it is over */
	size_t held;			/* bytes of IN that count in the server's RECEIVED */
	bool crowded;			/* its body was dropped, for too many were there already */
	void *memory;			/* the request and all that is made for it; NULL between requests */
	struct request *req;
	struct response res;
	struct outgoing out;		/* of RES, while SENDING */
	bool sending;
	_Atomic enum line_phase phase;
	_Atomic int64_t since;		/* clock_mono() since which it is LINE_IDLE */
	/* Its watch is for a hang-up; set back by the loop's thread only. Atomic like TICKET: an event is between. */
	atomic_bool waited;
	unsigned want;			/* what the loop's thread is to wait for when it gets the line back */
	bool closing;			/* or that it is to be closed */
	_Atomic uint64_t ticket;	/* of its last wait */
	bool gone;			/* the web server hung up while it waited */
	_Atomic int64_t patience;	/* clock_mono() until which the web server may do nothing; 0: for ever */
	atomic_size_t unsent;		/* bytes of an answer that the web server does not take at once */
	bool cut;			/* the loop's thread's: it has been cut off */
};
TAILQ_HEAD(line_list, line);

/* A queue between threads. */
struct hand_over {
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct line_list list;
	bool closed;
};
void hand_over_init(struct hand_over *q);
void hand_over_put(struct hand_over *q, struct line *l);
/* Waits for one, at most MS milliseconds (-1: for ever), then *L is NULL. False where the queue is closed and empty. */
bool hand_over_take(struct hand_over *q, int64_t ms, struct line **l);
/* One without waiting, or NULL. */
struct line *hand_over_try(struct hand_over *q);
void hand_over_close(struct hand_over *q);

struct waiting;

/* What the loop's thread and the workers share. */
struct server {
	struct app *app;
	struct loop *loop;
	struct watch *accepting;
	bool accepts_no_more;
	bool is_full;			/* no connection is taken until one goes */
	size_t n_lines;
	atomic_bool leaving;		/* no connection is kept for another request any more */
	struct waiting *waiting;
	struct hand_over ready;		/* for the workers */
	struct hand_over back;		/* for the loop's thread: to be closed, or to be watched anew */
	pthread_t *workers;
	size_t n_workers;
	struct line_list lines;		/* all; of the loop's thread */
	_Atomic uint64_t tickets;
	atomic_size_t busy;		/* requests that have come and are not answered */
	atomic_size_t patient;		/* lines with a PATIENCE */
	atomic_size_t received;		/* bytes of bodies that are not whole yet */
	atomic_size_t unsent;		/* of all lines */
	struct timer *look;		/* at the lines with a patience */
	atomic_bool stopping;		/* no wait is taken any more */
};

/* A worker's thread: ARG is the server. */
void *worker_main(void *arg);

/* --- fcgi_line.c: bytes, by whoever has the line in hand. None of these waits. --- */
enum line_io {
	LINE_AGAIN,			/* the web server has to do something first */
	LINE_DONE,
	LINE_GONE			/* it has closed the connection, or speaks no FastCGI */
};
/* Takes what has come of a request; ROOM has RECORD_MAX bytes. */
enum line_io line_receive(struct line *l, unsigned char *room);
/* Whether some of a request has come. */
bool line_has_begun(const struct line *l);
/* Forgets what has been received. */
void line_received(struct line *l);
/* Sends what of OUT the web server takes. */
enum line_io line_send(struct line *l, unsigned char *room);
/* Nothing of OUT is to be sent any more. */
void line_sent(struct line *l);

/* --- fcgi_waiting.c: the thread of the waiting requests. It alone talks to gatehoused. --- */
/* READY gets the lines whose wait is over. NULL: E filled. */
struct waiting *waiting_start(const struct config *c, struct hand_over *ready, struct error *e);
/* Takes L, whose request has a wait and a ticket; false where too many wait already. */
bool waiting_add(struct waiting *w, struct line *l);
/* The web server has hung up on the line with this ticket. */
void waiting_abandon(struct waiting *w, uint64_t ticket);
/* Every wait is over now: those who wait get what is known. */
void waiting_hurry(struct waiting *w);
size_t waiting_count(struct waiting *w);
/* When nothing waits any more. */
void waiting_stop(struct waiting *w);	/* frees it */

#endif
