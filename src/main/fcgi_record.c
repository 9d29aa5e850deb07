#include "main/fcgi_record.h"

#include <string.h>

#include "base/mem.h"

/* The numbers of the specification. */
enum { FCGI_VERSION = 1, HEAD = 8, BODY = 8, END = HEAD + HEAD + BODY };
enum type {
	BEGIN_REQUEST = 1,
	ABORT_REQUEST = 2,
	END_REQUEST = 3,
	PARAMS = 4,
	STDIN = 5,
	STDOUT = 6,
	GET_VALUES = 9,
	GET_VALUES_RESULT = 10,
	UNKNOWN_TYPE = 11
};
/* Places in a header, and in the body of BEGIN_REQUEST. */
enum { AT_VERSION, AT_TYPE, AT_ID, AT_LENGTH = 4, AT_PADDING = 6 };
enum { AT_ROLE = 0, AT_FLAGS = 2 };
enum { RESPONDER = 1, KEEP_CONN = 1 };

enum {
	CONTENT_MAX = RECORD_MAX - HEAD,	/* a multiple of 8: no padding is wanted */
	HEADS_MAX = 1024 * 1024,		/* bytes of all records but FCGI_STDIN's content */
	LONG_LENGTH = 4,			/* bytes of a length of 128 and more, */
	LONG_BIT = 0x80,			/* whose first bit is set, which is none of it */
	LONG_HIGH = 0x7fff,
	BYTE_BITS = 8,
	BYTE = 0xff
};

static size_t
number(const unsigned char *at)
{
	return (size_t)at[0] << BYTE_BITS | at[1];
}

static void
put_head(unsigned char *out, enum type type, uint16_t id, size_t length)
{
	memset(out, 0, HEAD);
	out[AT_VERSION] = FCGI_VERSION;
	out[AT_TYPE] = (unsigned char)type;
	out[AT_ID] = (unsigned char)(id >> BYTE_BITS);
	out[AT_ID + 1] = (unsigned char)(id & BYTE);
	out[AT_LENGTH] = (unsigned char)(length >> BYTE_BITS);
	out[AT_LENGTH + 1] = (unsigned char)(length & BYTE);
}

/* --- names and values --- */

/* The length at AT, of which N bytes have come; *SIZE: how many it has. 0 while it is not whole. */
static size_t
pair_length(const unsigned char *at, size_t n, size_t *size)
{
	*size = n > 0 && at[0] >= LONG_BIT ? LONG_LENGTH : 1;
	if (n < *size || *size == 1)
		return n < *size ? 0 : at[0];
	return (number(at) & LONG_HIGH) << 2 * BYTE_BITS | number(at + 2);
}

/* One more byte of the lengths of a pair: are they whole by it? */
static void
pair_begin(struct pairs *p, unsigned char byte)
{
	size_t name, value, name_size, value_size;

	p->lengths[p->n_lengths++] = byte;
	name = pair_length(p->lengths, p->n_lengths, &name_size);
	if (p->n_lengths <= name_size)
		return;
	value = pair_length(p->lengths + name_size, p->n_lengths - name_size, &value_size);
	if (p->n_lengths < name_size + value_size)
		return;
	p->left = name + value;
	p->n_lengths = 0;
}

/*
 * Takes N bytes. False where a pair is longer than all of them may be: libfcgi makes room for what
 * is said, adding as an int, before it looks whether so much has come.
 */
static bool
pairs_take(struct pairs *p, const unsigned char *bytes, size_t n)
{
	while (n > 0) {
		size_t k = p->left < n ? p->left : n;

		p->left -= k;
		bytes += k;
		n -= k;
		if (n == 0)
			break;
		pair_begin(p, *bytes++);
		n--;
		if (p->left > HEADS_MAX)
			return false;
	}
	return true;
}

static bool
pairs_are_whole(const struct pairs *p)
{
	return p->left == 0 && p->n_lengths == 0;
}

/* --- in --- */

void
incoming_begin(struct incoming *in, void *memory, size_t body_max)
{
	in->memory = memory;
	in->body_max = body_max;
	in->records = text_new(memory, SIZE_MAX / 2);
}

void
incoming_release(struct incoming *in)
{
	mem_free(in->records);
	*in = (struct incoming){ 0 };
}

void
incoming_drop_body(struct incoming *in)
{
	struct text *kept;

	in->dropped = true;
	if (in->body_at == 0)
		return;
	kept = text_new(in->memory, SIZE_MAX / 2);
	text_add(kept, in->records->at, in->body_at);
	mem_free(in->records);
	in->records = kept;
	in->body = 0;
	if (in->head_len < HEAD || in->head[AT_TYPE] != STDIN)
		return;
	/* In the middle of a record: the rest of it goes too, but the end of all stays. */
	if (number(in->head + AT_LENGTH) > 0)
		in->skip = true;
	else
		text_add(kept, in->head, HEAD);
}

/*
 * A question about us (section 4). We have no answer to any of its variables,
 * and may leave out all of them.
 */
static enum incoming_state
answer_question(struct incoming *in)
{
	enum type type = in->head[AT_TYPE];

	memset(in->reply, 0, sizeof in->reply);
	if (type == GET_VALUES) {
		put_head(in->reply, GET_VALUES_RESULT, 0, 0);
		in->reply[AT_PADDING] = BODY;
	} else {
		put_head(in->reply, UNKNOWN_TYPE, 0, BODY);
		in->reply[HEAD] = (unsigned char)type;
	}
	in->skip = true;
	return INCOMING_REPLY;
}

/* What of FCGI_STDIN is over the bound is dropped, record by record. */
static void
take_body(struct incoming *in)
{
	if (in->body_at == 0)
		in->body_at = in->records->len;
	in->skip = in->left > 0 && (in->dropped || in->body + in->left > in->body_max);
	in->dropped |= in->skip;
	if (!in->skip)
		in->body += in->left;
}

/* A header has come: is it one that may come here? */
static enum incoming_state
take_head(struct incoming *in)
{
	uint16_t id = (uint16_t)number(in->head + AT_ID);
	enum type type = in->head[AT_TYPE];

	in->left = number(in->head + AT_LENGTH);
	in->padding = in->head[AT_PADDING];
	in->head[AT_PADDING] = 0;
	in->skip = false;
	if (in->head[AT_VERSION] != FCGI_VERSION)
		return INCOMING_BROKEN;
	if (id == 0)
		return answer_question(in);
	if (type == BEGIN_REQUEST && in->id == 0 && in->left == BODY)
		in->id = id;
	else if (id != in->id || (type != PARAMS && type != STDIN))
		return INCOMING_BROKEN;
	/* Also of a body that comes byte by byte: each has a header. */
	if (in->records->len - in->body + (type == STDIN ? HEAD : in->left) > HEADS_MAX)
		return INCOMING_BROKEN;
	if (type == STDIN)
		take_body(in);
	if (!in->skip)
		text_add(in->records, in->head, HEAD);
	return INCOMING_MORE;
}

/* The content of a record is there, its padding too. */
static enum incoming_state
end_record(struct incoming *in)
{
	const unsigned char *body = (const unsigned char *)in->records->at + HEAD;
	enum type type = in->head[AT_TYPE];
	bool ends = type == STDIN && number(in->head + AT_LENGTH) == 0;

	in->head_len = 0;
	if (in->skip)
		return INCOMING_MORE;
	if (type == BEGIN_REQUEST) {
		in->keep_connection = (body[AT_FLAGS] & KEEP_CONN) != 0;
		if (number(body + AT_ROLE) != RESPONDER)
			return INCOMING_BROKEN;
	}
	if (type == PARAMS && number(in->head + AT_LENGTH) == 0 && !pairs_are_whole(&in->params))
		return INCOMING_BROKEN;
	return ends ? INCOMING_WHOLE : INCOMING_MORE;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Moves on by K bytes. */
static void
pass(const unsigned char **bytes, size_t *n, size_t k)
{
	*bytes += k;
	*n -= k;
}

static enum incoming_state
feed_content(struct incoming *in, const unsigned char **bytes, size_t *n)
{
	size_t k = least(in->left, *n);

	if (!in->skip && in->head[AT_TYPE] == PARAMS && !pairs_take(&in->params, *bytes, k))
		return INCOMING_BROKEN;
	if (!in->skip)
		text_add(in->records, *bytes, k);
	in->left -= k;
	pass(bytes, n, k);
	k = least(in->padding, *n);
	in->padding -= k;
	pass(bytes, n, k);
	return INCOMING_MORE;
}

static enum incoming_state
feed_head(struct incoming *in, const unsigned char **bytes, size_t *n)
{
	size_t k = least(HEAD - in->head_len, *n);

	memcpy(in->head + in->head_len, *bytes, k);
	in->head_len += k;
	pass(bytes, n, k);
	return in->head_len == HEAD ? take_head(in) : INCOMING_MORE;
}

enum incoming_state
incoming_feed(struct incoming *in, const unsigned char **bytes, size_t *n)
{
	enum incoming_state s = INCOMING_MORE;

	while (s == INCOMING_MORE && *n > 0) {
		if (in->head_len < HEAD)
			s = feed_head(in, bytes, n);
		else
			s = feed_content(in, bytes, n);
		if (s == INCOMING_MORE && in->head_len == HEAD && in->left + in->padding == 0)
			s = end_record(in);
	}
	/* The next request may not come before this one is answered. */
	return s == INCOMING_WHOLE && *n > 0 ? INCOMING_BROKEN : s;
}

/* --- out --- */

static size_t
payload(const struct outgoing *o)
{
	return o->head_len + o->body_len;
}

/* Bytes of the records of FCGI_STDOUT that have content. */
static size_t
content_size(const struct outgoing *o)
{
	return payload(o) + (payload(o) + CONTENT_MAX - 1) / CONTENT_MAX * HEAD;
}

size_t
outgoing_size(const struct outgoing *o)
{
	return content_size(o) + (o->last ? END : 0);
}

/* Copies what lies at FROM of the LEN bytes at PIECE, at most ROOM; gives how many. */
static size_t
copy_piece(const void *piece, size_t len, size_t from, unsigned char *out, size_t room)
{
	size_t k = from < len ? least(len - from, room) : 0;

	if (k > 0)
		memcpy(out, (const char *)piece + from, k);
	return k;
}

/* The same of head and body as if they were one. */
static size_t
copy_content(const struct outgoing *o, size_t from, unsigned char *out, size_t room)
{
	size_t k = copy_piece(o->head, o->head_len, from, out, room);

	from += k;
	if (from < o->head_len)
		return k;
	return k + copy_piece(o->body, o->body_len, from - o->head_len, out + k, room - k);
}

/* From POSITION on to the end of its record at most: all but the last content record are full. */
static size_t
copy_record(const struct outgoing *o, size_t position, unsigned char *out, size_t room)
{
	size_t first = position / RECORD_MAX * CONTENT_MAX, within = position % RECORD_MAX;
	size_t length = least(payload(o) - first, CONTENT_MAX);
	unsigned char head[HEAD];

	if (within >= HEAD)
		return copy_content(
		    o, first + within - HEAD, out, least(room, length - (within - HEAD)));
	put_head(head, STDOUT, o->id, length);
	return copy_piece(head, HEAD, within, out, room);
}

/* The end of the stream, and of the request (sections 5.3 and 5.5): status 0, complete. */
static size_t
copy_end(const struct outgoing *o, size_t from, unsigned char *out, size_t room)
{
	unsigned char end[END] = { 0 };

	put_head(end, STDOUT, o->id, 0);
	put_head(end + HEAD, END_REQUEST, o->id, BODY);
	return copy_piece(end, END, from, out, room);
}

size_t
outgoing_bytes(const struct outgoing *o, unsigned char *out, size_t room)
{
	size_t size = outgoing_size(o), content = content_size(o), done = 0, k;

	while (done < room && o->at + done < size) {
		size_t position = o->at + done;

		k = position < content
		    ? copy_record(o, position, out + done, room - done)
		    : copy_end(o, position - content, out + done, room - done);
		done += k;
	}
	return done;
}
