#ifndef MAIN_FCGI_PARTS_H
#define MAIN_FCGI_PARTS_H

#include <fcgiapp.h>
#include <pthread.h>
#include <sys/queue.h>

#include "base/loop.h"
#include "main/fcgi_exchange.h"

/* What the threads of the responder share. */

struct server;

/* A connection of the web server, and the request on it. One thread has it in hand at any time. */
struct line {
	TAILQ_ENTRY(line) in_queue;	/* of the workers, of the loop's thread, or of the waiting */
	TAILQ_ENTRY(line) in_all;
	struct server *server;
	FCGX_Request fcgi;
	int fd;				/* -1: libfcgi has closed it */
	struct watch *watch;
	void *memory;			/* the request and all that is made for it; NULL between requests */
	struct request *req;
	struct response res;
	bool waited;			/* its watch is for a hang-up; set back by the loop's thread only */
	uint64_t ticket;		/* of its last wait */
	bool gone;			/* the web server hung up while it waited */
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

/* The thread of the waiting requests: it alone talks to gatehoused. */
struct waiting;
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
