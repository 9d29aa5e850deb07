#ifndef MAIN_FCGI_RECORD_H
#define MAIN_FCGI_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/*
 * Records of FastCGI (specification 1.0, sections 3.3 to 5.5) as far as must be known to read and write without
 * ever waiting: where a request ends, and how an answer is cut into records. What is in a request is libfcgi's to
 * say. Nothing here touches a descriptor.
 */

enum {
	RECORD_MAX = 65536,		/* bytes of the records that we make, with their header */
	RECORD_REPLY = 16		/* bytes of an answer to a management record */
};

/* Where a stream of names and values (section 3.4) is. One set to zero is at its beginning. */
struct pairs {
	unsigned char lengths[8];	/* of the pair at hand, as far as they have come */
	size_t n_lengths;
	size_t left;			/* bytes of its name and its value that are to come */
};

/* A request that comes in pieces. One set to zero is at its beginning. */
struct incoming {
	struct text *records;		/* what came, without padding: what libfcgi is to read; owned */
	size_t body_max;		/* content of FCGI_STDIN from which on records are dropped */
	size_t body;			/* of that what is kept */
	bool dropped;			/* some of it was */
	uint16_t id;			/* 0: it has not begun */
	bool keep_connection;		/* the web server wants to go on with it afterwards */
	unsigned char reply[RECORD_REPLY];

	void *memory;			/* private, like all below */
	size_t body_at;			/* where FCGI_STDIN begins in RECORDS; 0: not yet */
	struct pairs params;
	unsigned char head[8];		/* of the record at hand */
	size_t head_len, left, padding;
	bool skip;
};

enum incoming_state {
	INCOMING_MORE,			/* all was taken, more must come */
	INCOMING_WHOLE,			/* the request is there */
	INCOMING_REPLY,			/* send REPLY first, then feed the rest */
	INCOMING_BROKEN			/* no FastCGI, a role or a use of the connection that we do not have */
};

/* IN, which is zero, gets ready for the next request; its records are made for MEMORY. */
void incoming_begin(struct incoming *in, void *memory, size_t body_max);
/* Frees what IN holds, and sets it to zero. */
void incoming_release(struct incoming *in);
/* Drops its body, what has come and what comes. */
void incoming_drop_body(struct incoming *in);
/* Takes bytes from *BYTES on, of which *N are left: both move. */
enum incoming_state incoming_feed(struct incoming *in, const unsigned char **bytes, size_t *n);

/* An answer or a part of one on its way. HEAD and BODY are borrowed. */
struct outgoing {
	const char *head;
	size_t head_len;
	const char *body;
	size_t body_len;
	uint16_t id;
	bool last;			/* the request ends behind it */
	size_t at;			/* bytes of the records that have gone out */
};

/* Bytes of all its records. */
size_t outgoing_size(const struct outgoing *o);
/* Puts the next bytes, at most ROOM, from AT on. Gives how many: 0 when all have gone out. */
size_t outgoing_bytes(const struct outgoing *o, unsigned char *out, size_t room);

#endif
