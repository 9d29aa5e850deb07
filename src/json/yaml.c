#include "json/yaml.h"

#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/body.h"
#include "json/place.h"
#include "json/scalar.h"
#include "json/weight.h"

enum {
	ARRAY_FIRST = 4,	/* members that a new array has room for */
	DIRECTIVES_MAX = 100	/* %TAG lines */
};

/* A node that aliases may name. Its value is there when the node is complete. */
struct anchor {
	char *name;
	struct json_object *value;
	bool is_complete;
};

struct loader {
	yaml_parser_t parser;
	yaml_event_t event;	/* the one in hand */
	const void *at;
	size_t n;
	struct anchor *anchors;
	size_t n_anchors;
	size_t n_aliases;
	struct weight weight;
	struct error *e;
	void *scope;
};

static enum err read_node(struct loader *y, unsigned depth, struct json_object **out);

/* --- faults and events --- */

static enum err
fault_place(struct loader *y, struct place p, const char *what)
{
	return error_set(y->e, ERR_MALFORMED, "line %zu, column %zu: %s", p.line, p.column, what);
}

static enum err
fault_mark(struct loader *y, yaml_mark_t mark, const char *what)
{
	return fault_place(y, (struct place){ mark.line + 1, mark.column + 1 }, what);
}

/* The event in hand is at fault. */
static enum err
fault(struct loader *y, const char *what)
{
	return fault_mark(y, y->event.start_mark, what);
}

/* The event in hand is at fault; NAME is quoted, so that it cannot break the line. */
static enum err
fault_name(struct loader *y, const char *before, const char *name, const char *after)
{
	struct json_object *o = mem_must(json_object_new_string(name));
	char *what = mem_printf(y->scope, "%s%s%s", before, json_text(y->scope, o), after);

	json_object_put(o);
	return fault(y, what);
}

/* What libyaml itself found. */
static enum err
fault_syntax(struct loader *y)
{
	const yaml_parser_t *p = &y->parser;

	if (p->error == YAML_MEMORY_ERROR)
		mem_must(NULL);
	if (p->error == YAML_READER_ERROR)
		return fault_place(y, place_of(y->at,
		    p->problem_offset <= y->n ? p->problem_offset : y->n), p->problem);
	if (p->context == NULL)
		return fault_mark(y, p->problem_mark, p->problem);
	return fault_mark(y, p->problem_mark,
	    mem_printf(y->scope, "%s, %s", p->context, p->problem));
}

static enum err
next(struct loader *y)
{
	yaml_event_delete(&y->event);
	return yaml_parser_parse(&y->parser, &y->event) ? ERR_OK : fault_syntax(y);
}

/* --- anchors and aliases --- */

/* The anchor is known from here on, as a later one of the same name wins. */
static enum err
anchor_open(struct loader *y, const yaml_char_t *name)
{
	struct anchor a = { .name = mem_text(y->scope, (const char *)name) };

	if (y->n_anchors == YAML_ALIASES)
		return fault(y, "there are too many anchors");
	y->anchors = MEM_GROW(y->scope, y->anchors, struct anchor, y->n_anchors + 1);
	y->anchors[y->n_anchors++] = a;
	return ERR_OK;
}

static void
anchor_close(struct loader *y, size_t slot, struct json_object *value)
{
	y->anchors[slot].value = json_keep(y->scope, json_object_get(value));
	y->anchors[slot].is_complete = true;
}

static const struct anchor *
anchor_find(const struct loader *y, const char *name)
{
	for (size_t i = y->n_anchors; i-- > 0; )
		if (strcmp(y->anchors[i].name, name) == 0)
			return &y->anchors[i];
	return NULL;
}

static enum err
read_alias(struct loader *y, unsigned depth, struct json_object **out)
{
	const char *name = (const char *)y->event.data.alias.anchor;
	const struct anchor *a = anchor_find(y, name);
	const char *wrong;

	*out = NULL;
	if (a == NULL)
		return fault_name(y, "there is no anchor ", name, " before this");
	if (!a->is_complete)
		return fault_name(y, "the alias ", name, " is within its own anchor");
	if (++y->n_aliases > YAML_ALIASES)
		return fault(y, "there are too many aliases");
	wrong = weight_add(&y->weight, a->value, depth);
	if (wrong != NULL)
		return fault(y, wrong);
	if (a->value != NULL && json_object_deep_copy(a->value, out, NULL) != 0)
		mem_must(NULL);
	return ERR_OK;
}

/* --- scalars --- */

#define TAG "tag:yaml.org,2002:"

static bool
tag_is(const yaml_char_t *tag, const char *name)
{
	return tag == NULL || strcmp((const char *)tag, "!") == 0 ||
	    strcmp((const char *)tag, name) == 0;
}

static enum err
fault_tag(struct loader *y, const yaml_char_t *tag)
{
	return fault_name(y, "the tag ", (const char *)tag, " is not allowed here");
}

/* The kind that a scalar's tag and quotes ask for. */
static enum err
scalar_kind(struct loader *y, enum scalar_kind *kind)
{
	static const struct {
		const char *tag;
		enum scalar_kind kind;
	} tags[] = {
		{ TAG "str", SCALAR_STR },
		{ TAG "int", SCALAR_INT },
		{ TAG "float", SCALAR_FLOAT },
		{ TAG "bool", SCALAR_BOOL },
		{ TAG "null", SCALAR_NULL },
	};
	const yaml_char_t *tag = y->event.data.scalar.tag;

	*kind = y->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE ?
	    SCALAR_ANY : SCALAR_STR;
	if (tag == NULL)
		return ERR_OK;
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (strcmp((const char *)tag, tags[i].tag) == 0) {
			*kind = tags[i].kind;
			return ERR_OK;
		}
	return fault_tag(y, tag);
}

static enum err
read_scalar(struct loader *y, struct json_object **out)
{
	const char *s = (const char *)y->event.data.scalar.value, *wrong;
	size_t n = y->event.data.scalar.length;
	enum scalar_kind kind;

	if (memchr(s, '\0', n) != NULL)
		return fault(y, "\\0 is not allowed in a text");
	if (scalar_kind(y, &kind) != ERR_OK)
		return y->e->code;
	wrong = scalar_read(s, n, kind, out);
	return wrong == NULL ? ERR_OK : fault(y, wrong);
}

/* --- mappings and sequences --- */

/* A key is a text whatever it looks like. */
static enum err
check_key(struct loader *y, const struct json_object *map)
{
	const char *s = (const char *)y->event.data.scalar.value;
	enum scalar_kind kind;

	if (y->event.type == YAML_ALIAS_EVENT)
		return fault(y, "an alias cannot be a key");
	if (y->event.type != YAML_SCALAR_EVENT)
		return fault(y, "a key must be a text");
	if (y->event.data.scalar.anchor != NULL)
		return fault(y, "a key cannot have an anchor");
	if (scalar_kind(y, &kind) != ERR_OK)
		return y->e->code;
	if (kind == SCALAR_ANY && strcmp(s, "<<") == 0)
		return fault(y, "merge keys (<<) are not supported");
	if (memchr(s, '\0', y->event.data.scalar.length) != NULL)
		return fault(y, "\\0 is not allowed in a text");
	if (json_object_object_get_ex(map, s, NULL))
		return fault_name(y, "the key ", s, " is there twice");
	return ERR_OK;
}

/* At a key. */
static enum err
read_member(struct loader *y, unsigned depth, struct json_object *map)
{
	struct json_object *v;
	enum err err;
	char *key;

	if (check_key(y, map) != ERR_OK)
		return y->e->code;
	key = mem_text(y->scope, (const char *)y->event.data.scalar.value);
	err = next(y);
	if (err == ERR_OK)
		err = read_node(y, depth, &v);
	if (err == ERR_OK)
		json_set(map, key, v);
	mem_free(key);
	return err;
}

static enum err
read_item(struct loader *y, unsigned depth, struct json_object *array)
{
	struct json_object *v;

	if (read_node(y, depth, &v) != ERR_OK)
		return y->e->code;
	json_push(array, v);
	return ERR_OK;
}

/* Fills INTO, which is within DEPTH containers with itself. */
static enum err
read_members(struct loader *y, unsigned depth, struct json_object *into, bool is_map)
{
	yaml_event_type_t end = is_map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;

	for (;;) {
		enum err err = next(y);

		if (err == ERR_OK && y->event.type == end)
			return ERR_OK;
		if (err == ERR_OK)
			err = is_map ? read_member(y, depth, into) : read_item(y, depth, into);
		if (err != ERR_OK)
			return err;
	}
}

static enum err
read_container(struct loader *y, unsigned depth, struct json_object **out)
{
	bool is_map = y->event.type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *tag = is_map ? y->event.data.mapping_start.tag :
	    y->event.data.sequence_start.tag;
	struct json_object *o;

	if (!tag_is(tag, is_map ? TAG "map" : TAG "seq"))
		return fault_tag(y, tag);
	if (depth == YAML_DEPTH)
		return fault(y, "this is nested too deeply");
	o = mem_must(is_map ? json_object_new_object() : json_object_new_array_ext(ARRAY_FIRST));
	if (read_members(y, depth + 1, o, is_map) != ERR_OK) {
		json_object_put(o);
		return y->e->code;
	}
	*out = o;
	return ERR_OK;
}

/* --- nodes and the document --- */

static const yaml_char_t *
node_anchor(const yaml_event_t *event)
{
	if (event->type == YAML_SCALAR_EVENT)
		return event->data.scalar.anchor;
	if (event->type == YAML_MAPPING_START_EVENT)
		return event->data.mapping_start.anchor;
	return event->data.sequence_start.anchor;
}

/* The node that begins with the event in hand, within DEPTH containers. */
static enum err
read_node(struct loader *y, unsigned depth, struct json_object **out)
{
	bool is_anchor;
	size_t slot = y->n_anchors;
	enum err err;

	if (y->event.type == YAML_ALIAS_EVENT)
		return read_alias(y, depth, out);
	is_anchor = node_anchor(&y->event) != NULL;
	if (++y->weight.values > YAML_NODES)
		return fault(y, "there are too many values");
	if (is_anchor && anchor_open(y, node_anchor(&y->event)) != ERR_OK)
		return y->e->code;
	err = y->event.type == YAML_SCALAR_EVENT ? read_scalar(y, out) :
	    read_container(y, depth, out);
	if (is_anchor && err == ERR_OK)
		anchor_close(y, slot, *out);
	return err;
}

/* Behind the value: the end of the document and of all. */
static enum err
read_end(struct loader *y)
{
	if (next(y) != ERR_OK || next(y) != ERR_OK)
		return y->e->code;
	if (y->event.type != YAML_STREAM_END_EVENT)
		return fault(y, "there is more than one document");
	return ERR_OK;
}

static enum err
read_stream(struct loader *y, struct json_object **out)
{
	*out = NULL;
	/* the stream's start, then the document's, then the node's */
	if (next(y) != ERR_OK || next(y) != ERR_OK)
		return y->e->code;
	if (y->event.type == YAML_STREAM_END_EVENT)
		return ERR_OK;
	if (next(y) != ERR_OK || read_node(y, 0, out) != ERR_OK)
		return y->e->code;
	if (read_end(y) == ERR_OK)
		return ERR_OK;
	json_object_put(*out);
	return y->e->code;
}

/* libyaml says of wrong bytes only how many came before them. */
static enum err
check_bytes(struct loader *y)
{
	const unsigned char *s = y->at;

	if (y->n > JSON_BYTES)
		return fault_place(y, (struct place){ 1, 1 }, "the text is too long");
	for (size_t i = 0, len; i < y->n; i += len) {
		len = s[i] < 0x80 ? 1 : utf8_length(s + i, y->n - i);
		if (len == 0)
			return fault_place(y, place_of(s, i), "these bytes are not UTF-8");
	}
	return ERR_OK;
}

/* libyaml's time grows with the square of the %TAG directives, at the beginnings of lines. */
static enum err
check_directives(struct loader *y)
{
	static const char directive[] = "%TAG", line_ends[] = "\n\r\x85\xa8\xa9\xbf";
	const char *s = y->at, *end = s + y->n, *p = s;
	size_t count = 0;

	while ((p = memmem(p, (size_t)(end - p), directive, sizeof directive - 1)) != NULL) {
		if (p == s || memchr(line_ends, p[-1], sizeof line_ends - 1) != NULL)
			count++;
		if (count > DIRECTIVES_MAX)
			return fault_place(y, place_of(s, (size_t)(p - s)),
			    "there are too many directives");
		p += sizeof directive - 1;
	}
	return ERR_OK;
}

enum err
yaml_parse(void *ctx, const void *at, size_t n, struct json_object **value, struct error *e)
{
	SCOPED(tmp, NULL);
	struct loader y = { .at = at, .n = n, .e = e, .scope = tmp };
	struct json_object *o;
	enum err err;

	*value = NULL;
	if (n > 0 && (check_bytes(&y) != ERR_OK || check_directives(&y) != ERR_OK))
		return e->code;
	if (!yaml_parser_initialize(&y.parser))
		mem_must(NULL);
	yaml_parser_set_encoding(&y.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&y.parser, n == 0 ? (const unsigned char *)"" : at, n);
	err = read_stream(&y, &o);
	yaml_event_delete(&y.event);
	yaml_parser_delete(&y.parser);
	if (err == ERR_OK)
		*value = json_keep(ctx, o);
	return err;
}
