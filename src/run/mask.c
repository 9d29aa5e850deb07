#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "run/mask_private.h"

enum { STEP = 4096 };		/* bytes that are decided on at once */

/* Bytes of the stream, by their offsets. */
struct span {
	int64_t from, to;
};

struct mask {
	const struct mask_set *set;
	uint32_t node;
	int64_t end;			/* of all that came */
	struct text *window;		/* the last bytes of it, not decided on yet */
	size_t n, room;
	struct span *spans;		/* to be hidden, in order, none touches another */
	int64_t hidden_to;		/* where the last MASK was given for; -1: nowhere */
};

static int
mask_wipe(struct mask *m)
{
	explicit_bzero(m->window->at, m->window->len);
	return 0;
}

struct mask *
mask_new(void *ctx, const struct mask_set *s)
{
	struct mask *m = MEM_NEW(ctx, struct mask);

	m->set = s;
	m->window = text_new(m, MASK_SET_MAX + 2 * STEP);
	m->hidden_to = -1;
	MEM_ON_FREE(m, mask_wipe);
	return m;
}

/* A value has ended: it swallows those that it touches. Amortised each span is swallowed once. */
static void
hide(struct mask *m, struct span s)
{
	while (m->n > 0 && m->spans[m->n - 1].to >= s.from) {
		const struct span *last = &m->spans[--m->n];

		s.from = last->from < s.from ? last->from : s.from;
	}
	if (m->n == m->room) {
		m->room = m->room == 0 ? 8 : 2 * m->room;
		m->spans = MEM_GROW(m, m->spans, struct span, m->room);
	}
	m->spans[m->n++] = s;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Gives what comes before offset TO: nothing that is still to come can change it. */
static void
give(struct mask *m, int64_t to, mask_sink *sink, void *arg)
{
	int64_t begin = m->end - (int64_t)m->window->len, at = begin, next;
	size_t i = 0;

	for (; at < to; at = next) {
		const struct span *s = i < m->n ? &m->spans[i] : NULL;

		if (s == NULL || s->from > at) {
			next = s == NULL ? to : least(s->from, to);
			sink(arg, m->window->at + (at - begin), (size_t)(next - at));
			continue;
		}
		if (m->hidden_to != at)
			sink(arg, MASK, sizeof MASK - 1);
		next = m->hidden_to = least(s->to, to);
		i += s->to <= to;
	}
	text_drop(m->window, (size_t)(at - begin));
	m->n -= i;
	if (i > 0)
		memmove(m->spans, m->spans + i, m->n * sizeof *m->spans);
}

/* How many of the N bytes begin no value: most, mostly. */
static size_t
plain(const struct mask_set *s, const unsigned char *bytes, size_t n)
{
	size_t i = 0;

	while (i < n && s->first[bytes[i]] == 0)
		i++;
	return i;
}

static void
take(struct mask *m, unsigned char byte)
{
	const struct mask_node *node;

	m->node = mask_step(m->set, m->node, byte);
	node = &m->set->nodes[m->node];
	text_add(m->window, &byte, 1);
	m->end++;
	if (node->longest > 0)
		hide(m, (struct span){ m->end - node->longest, m->end });
}

void
mask_feed(struct mask *m, const void *bytes, size_t n, mask_sink *sink, void *arg)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n;) {
		size_t skip = m->node == 0 && m->window->len == 0 ? plain(m->set, b + i, n - i) : 0;
		uint32_t depth;

		if (skip > 0) {
			sink(arg, b + i, skip);
			m->end += (int64_t)skip;
			i += skip;
			continue;
		}
		take(m, b[i++]);
		depth = m->set->nodes[m->node].depth;
		if (depth == 0 || i == n || m->window->len >= depth + STEP)
			give(m, m->end - depth, sink, arg);
	}
}

void
mask_flush(struct mask *m, mask_sink *sink, void *arg)
{
	give(m, m->end, sink, arg);
	m->node = 0;
}

/* --- the whole at once --- */

static void
add(void *arg, const void *bytes, size_t n)
{
	text_add(arg, bytes, n);
}

static char *
mask_bytes(void *ctx, const struct mask_set *s, const char *text, size_t n)
{
	/* The worst is a value of the least length everywhere: then each becomes a MASK. */
	struct text *out = text_new(ctx, (n / MASK_MIN + 1) * sizeof MASK + n);
	struct mask *m = mask_new(out, s);

	mask_feed(m, text, n, add, out);
	mask_flush(m, add, out);
	mem_free(m);
	return out->at;
}

char *
mask_text(void *ctx, const struct mask_set *s, const char *text)
{
	return text != NULL ? mask_bytes(ctx, s, text, strlen(text)) : NULL;
}

static struct json_object *
mask_object(const struct mask_set *s, struct json_object *o)
{
	struct json_object *made = mem_must(json_object_new_object());
	SCOPED(tmp, NULL);

	json_object_object_foreach(o, key, value)
		json_object_object_add(made, mask_text(tmp, s, key), mask_json(s, value));
	return made;
}

static struct json_object *
mask_array(const struct mask_set *s, struct json_object *o)
{
	struct json_object *made = mem_must(json_object_new_array());

	for (size_t i = 0; i < json_object_array_length(o); i++)
		json_object_array_add(made, mask_json(s, json_object_array_get_idx(o, i)));
	return made;
}

struct json_object *
mask_json(const struct mask_set *s, struct json_object *o)
{
	SCOPED(tmp, NULL);

	if (json_object_is_type(o, json_type_object))
		return mask_object(s, o);
	if (json_object_is_type(o, json_type_array))
		return mask_array(s, o);
	if (json_object_is_type(o, json_type_string))
		return mem_must(json_object_new_string(mask_bytes(tmp, s, json_object_get_string(o),
		    (size_t)json_object_get_string_len(o))));
	return json_object_get(o);
}
