#ifndef RUN_MASK_H
#define RUN_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <json-c/json.h>

/*
 * Hides values in what a run gives. Each byte that belongs to an occurrence of a value is hidden; whatever is hidden
 * without a gap becomes MASK once. A stream comes in pieces of any size: how it is cut changes nothing. What may be
 * the begin of a value is held back, at most as many bytes as the longest value has.
 */
#define MASK "********"

enum {
	MASK_MIN = 4,			/* bytes: a shorter value would be found everywhere */
	MASK_LINE_MIN = 8,		/* of one line of a value of several lines */
	MASK_SET_MAX = 1024 * 1024	/* bytes of all that is looked for */
};

/* The values. */
struct mask_set;
struct mask_set *mask_set_new(void *ctx);
/*
 * Adds VALUE without the line breaks at its end, as it is and as JSON has it within a text; where it has several lines,
 * each line too. Shorter ones than the bounds above are left out. False: it would be more than MASK_SET_MAX. As far as
 * there is room also its other forms (mask_forms.c): base64, percent-encoded, JSON in ASCII.
 */
bool mask_set_add(struct mask_set *s, const char *value);
/* After the last one, before a mask is made. */
void mask_set_close(struct mask_set *s);
bool mask_set_is_empty(const struct mask_set *s);

/* TEXT with what S holds hidden, for CTX. NULL stays NULL. */
char *mask_text(void *ctx, const struct mask_set *s, const char *text);
/* The same for all texts and member names in O; the caller owns it. */
struct json_object *mask_json(const struct mask_set *s, struct json_object *o);

/* One stream. S must outlive it. */
struct mask;
/* Gets what has been decided on. */
typedef void mask_sink(void *arg, const void *bytes, size_t n);
struct mask *mask_new(void *ctx, const struct mask_set *s);
void mask_feed(struct mask *m, const void *bytes, size_t n, mask_sink *sink, void *arg);
/* The end of the stream: what was held back is given. */
void mask_flush(struct mask *m, mask_sink *sink, void *arg);

#endif
