#include <string.h>

#include "base/mem.h"
#include "run/mask_private.h"

enum { NODES_FIRST = 256 };

static int
set_wipe(struct mask_set *s)
{
	explicit_bzero(s->nodes, s->room * sizeof *s->nodes);
	return 0;
}

struct mask_set *
mask_set_new(void *ctx)
{
	struct mask_set *s = MEM_NEW(ctx, struct mask_set);

	s->room = NODES_FIRST;
	s->nodes = MEM_ARRAY(s, struct mask_node, s->room);
	s->n = 1;
	MEM_ON_FREE(s, set_wipe);
	return s;
}

static uint32_t
child_of(const struct mask_set *s, uint32_t node, unsigned char byte)
{
	uint32_t child = node == 0 ? s->first[byte] : s->nodes[node].child;

	while (node != 0 && child != 0 && s->nodes[child].byte != byte)
		child = s->nodes[child].sibling;
	return child;
}

uint32_t
mask_step(const struct mask_set *s, uint32_t node, unsigned char byte)
{
	uint32_t next = child_of(s, node, byte);

	while (next == 0 && node != 0) {
		node = s->nodes[node].fail;
		next = child_of(s, node, byte);
	}
	return next;
}

/* --- making --- */

/* The old place is wiped: a plain realloc() would leave values behind. */
static void
grow(struct mask_set *s)
{
	struct mask_node *old = s->nodes;

	if (s->n < s->room)
		return;
	s->nodes = MEM_ARRAY(s, struct mask_node, 2 * s->room);
	memcpy(s->nodes, old, s->n * sizeof *old);
	explicit_bzero(old, s->n * sizeof *old);
	s->room *= 2;
	mem_free(old);
}

static uint32_t
add_child(struct mask_set *s, uint32_t node, unsigned char byte)
{
	uint32_t made = (uint32_t)s->n;

	grow(s);
	s->nodes[made] = (struct mask_node){ .byte = byte, .depth = s->nodes[node].depth + 1 };
	s->n++;
	if (node == 0) {
		s->first[byte] = made;
	} else {
		s->nodes[made].sibling = s->nodes[node].child;
		s->nodes[node].child = made;
	}
	return made;
}

static bool
add_bytes(struct mask_set *s, const char *bytes, size_t n, size_t min)
{
	uint32_t node = 0;

	if (n < min)
		return true;
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = (unsigned char)bytes[i];
		uint32_t next = child_of(s, node, byte);

		if (next == 0 && s->n > MASK_SET_MAX)
			return false;
		node = next != 0 ? next : add_child(s, node, byte);
	}
	s->nodes[node].longest = s->nodes[node].depth;
	return true;
}

void
mask_set_add_form(struct mask_set *s, const char *form, size_t min)
{
	size_t n = strlen(form);

	if (s->n + n <= MASK_SET_MAX / 2)
		(void)add_bytes(s, form, n, min);
}

/* As a program would print it within JSON, with its slashes escaped or not; and in other forms. */
static bool
add_escaped(struct mask_set *s, const char *value, size_t n)
{
	static const int forms[] = { JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
		JSON_C_TO_STRING_PLAIN };
	struct json_object *o = mem_must(json_object_new_string_len(value, (int)n));
	bool fits = true;

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t len;
		const char *text = json_object_to_json_string_length(o, forms[i], &len);

		/* Without its quotes. */
		fits = fits && add_bytes(s, text + 1, len - 2, MASK_MIN);
		if (i == 0)
			mask_forms_add(s, value, n, text + 1, len - 2);
	}
	json_object_put(o);
	return fits;
}

static bool
add_lines(struct mask_set *s, const char *value, size_t n)
{
	bool fits = true;

	for (size_t at = 0, len; fits && at < n; at += len + 1) {
		const char *end = memchr(value + at, '\n', n - at);

		len = end != NULL ? (size_t)(end - value) - at : n - at;
		fits = add_bytes(s, value + at,
		    len > 0 && value[at + len - 1] == '\r' ? len - 1 : len, MASK_LINE_MIN);
	}
	return fits;
}

bool
mask_set_add(struct mask_set *s, const char *value)
{
	size_t n = strlen(value);

	while (n > 0 && (value[n - 1] == '\n' || value[n - 1] == '\r'))
		n--;
	if (n < MASK_MIN)
		return true;
	return add_bytes(s, value, n, MASK_MIN) && add_escaped(s, value, n) &&
	    (memchr(value, '\n', n) == NULL || add_lines(s, value, n));
}

/* CHILD, of NODE, whose own links are done. */
static void
link_child(struct mask_set *s, uint32_t node, uint32_t child)
{
	struct mask_node *c = &s->nodes[child];
	const struct mask_node *fail;

	c->fail = node == 0 ? 0 : mask_step(s, s->nodes[node].fail, c->byte);
	fail = &s->nodes[c->fail];
	if (c->longest == 0)
		c->longest = fail->longest;
}

/* From the root outwards: what a node falls back to is always nearer. */
void
mask_set_close(struct mask_set *s)
{
	SCOPED(tmp, NULL);
	uint32_t *queue = MEM_ARRAY(tmp, uint32_t, s->n);
	size_t n = 0;

	for (size_t i = 0; i < MASK_BYTES; i++)
		if (s->first[i] != 0) {
			link_child(s, 0, s->first[i]);
			queue[n++] = s->first[i];
		}
	for (size_t i = 0; i < n; i++)
		for (uint32_t c = s->nodes[queue[i]].child; c != 0; c = s->nodes[c].sibling) {
			link_child(s, queue[i], c);
			queue[n++] = c;
		}
}

bool
mask_set_is_empty(const struct mask_set *s)
{
	return s->n == 1;
}
