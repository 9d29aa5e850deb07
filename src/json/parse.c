#include "json/body.h"

#include <stdint.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/lex.h"

enum { ARRAY_FIRST = 4 };	/* members that a new array has room for */

static enum err read_value(struct reader *r, struct json_object **out);

static enum err
read_text(struct reader *r, struct json_object **out)
{
	size_t mark = r->scratch->len;

	if (lex_string(r) != ERR_OK)
		return r->e->code;
	*out = mem_must(json_object_new_string_len(r->scratch->at + mark,
	    (int)(r->scratch->len - mark)));
	lex_back(r, mark);
	return ERR_OK;
}

/* Behind a member: a comma and another one (MORE), or the end. */
static enum err
read_comma(struct reader *r, char close, bool *more)
{
	lex_space(r);
	*more = lex_peek(r) == ',';
	if (!*more && lex_peek(r) != close)
		return lex_fault(r, close == ']' ? "a comma or ] is expected here" :
		    "a comma or } is expected here");
	r->i++;
	lex_space(r);
	if (*more && lex_peek(r) == close)
		return lex_fault(r, "a member must follow the comma");
	return ERR_OK;
}

static enum err
read_item(struct reader *r, struct json_object *array)
{
	struct json_object *v;

	if (read_value(r, &v) != ERR_OK)
		return r->e->code;
	json_push(array, v);
	return ERR_OK;
}

static enum err
fault_twice(struct reader *r, size_t offset, const char *name)
{
	struct json_object *o = mem_must(json_object_new_string(name));
	char *what = mem_printf(r->scratch, "the name %s is there twice", json_text(r->scratch, o));

	json_object_put(o);
	return lex_fault_at(r, offset, what);
}

/* A name that OBJECT does not have yet, and the colon. */
static enum err
read_name(struct reader *r, const struct json_object *object)
{
	size_t from = r->i, mark = r->scratch->len;

	if (lex_peek(r) != '"')
		return lex_fault(r, "a name in double quotes is expected here");
	if (lex_string(r) != ERR_OK)
		return r->e->code;
	if (json_object_object_get_ex(object, r->scratch->at + mark, NULL))
		return fault_twice(r, from, r->scratch->at + mark);
	/* the value's own texts come behind it */
	text_add(r->scratch, "", 1);
	lex_space(r);
	if (lex_peek(r) != ':')
		return lex_fault(r, "a colon is expected here");
	r->i++;
	lex_space(r);
	return ERR_OK;
}

static enum err
read_member(struct reader *r, struct json_object *object)
{
	size_t mark = r->scratch->len;
	struct json_object *v;

	if (read_name(r, object) != ERR_OK || read_value(r, &v) != ERR_OK)
		return r->e->code;
	json_set(object, r->scratch->at + mark, v);
	lex_back(r, mark);
	return ERR_OK;
}

/* Members up to and with CLOSE. */
static enum err
read_members(struct reader *r, struct json_object *into, char close)
{
	bool more;

	r->i++;
	lex_space(r);
	more = lex_peek(r) != close;
	if (!more)
		r->i++;
	while (more) {
		enum err err = close == ']' ? read_item(r, into) : read_member(r, into);

		if (err != ERR_OK || read_comma(r, close, &more) != ERR_OK)
			return r->e->code;
	}
	return ERR_OK;
}

static enum err
read_container(struct reader *r, struct json_object **out)
{
	bool is_array = lex_peek(r) == '[';
	struct json_object *o;

	if (r->depth == JSON_DEPTH)
		return lex_fault(r, "this is nested too deeply");
	r->depth++;
	o = mem_must(is_array ? json_object_new_array_ext(ARRAY_FIRST) : json_object_new_object());
	if (read_members(r, o, is_array ? ']' : '}') != ERR_OK) {
		json_object_put(o);
		return r->e->code;
	}
	r->depth--;
	*out = o;
	return ERR_OK;
}

static enum err
read_value(struct reader *r, struct json_object **out)
{
	int c = lex_peek(r);

	if (++r->values > JSON_VALUES)
		return lex_fault(r, "there are too many values");
	if (c == '{' || c == '[')
		return read_container(r, out);
	if (c == '"')
		return read_text(r, out);
	if (c == '-' || (c >= '0' && c <= '9'))
		return lex_number(r, out);
	return lex_word(r, out);
}

static enum err
read_all(struct reader *r, struct json_object **out)
{
	if (r->n > JSON_BYTES)
		return lex_fault(r, "the text is too long");
	if (lex_skip(r, "\xef\xbb\xbf"))
		return lex_fault_at(r, 0, "a byte order mark is not allowed");
	lex_space(r);
	if (read_value(r, out) != ERR_OK)
		return r->e->code;
	lex_space(r);
	if (r->i == r->n)
		return ERR_OK;
	json_object_put(*out);
	return lex_fault(r, "nothing may follow the value");
}

enum err
json_parse(void *ctx, const void *at, size_t n, struct json_object **value, struct error *e)
{
	SCOPED(tmp, NULL);
	struct reader r = { .at = at, .n = n, .e = e, .scratch = text_new(tmp, SIZE_MAX / 2) };
	struct json_object *o;

	*value = NULL;
	if (read_all(&r, &o) != ERR_OK)
		return e->code;
	*value = json_keep(ctx, o);
	return ERR_OK;
}
