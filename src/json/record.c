#include "json/record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "json/body.h"

enum { MS = 1000 };		/* in a second */

/* One reading of a record. */
struct reading {
	void *ctx;
	void *record;
	enum record_use use;
	const char *prefix;	/* "" at the top, "connector." in a nest */
	struct error *e;
};

static enum err read_fields(const struct reading *r, const struct field *fields,
    struct json_object *o);

static const struct field *
find(const struct field *fields, const char *wire, size_t n)
{
	for (const struct field *f = fields; f->name != NULL; f++)
		if (strlen(field_wire(f)) == n && strncmp(field_wire(f), wire, n) == 0)
			return f;
	return NULL;
}

const struct field *
record_find(const struct field *fields, const char *wire)
{
	size_t n = strcspn(wire, ".");
	const struct field *f = find(fields, wire, n);

	if (f == NULL || wire[n] == '\0')
		return f;
	return f->type == FIELD_NEST ? record_find(f->nest, wire + n + 1) : NULL;
}

/* --- from JSON --- */

/* Member NAME is at fault. A client may have made it up: it must not break the line. */
static enum err
fault_name(const struct reading *r, const char *name, const char *what)
{
	char *path = mem_printf(r->ctx, "%s%s", r->prefix, name);

	for (char *p = path; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == '\x7f')
			*p = '?';
	error_field(r->e, path, "%s", what);
	mem_free(path);
	return r->e->code;
}

PRINTF_LIKE(3, 4) static enum err
fault(const struct reading *r, const struct field *f, const char *fmt, ...)
{
	char what[ERROR_DETAIL_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return fault_name(r, field_wire(f), what);
}

static enum err
read_text(const struct reading *r, const struct field *f, struct json_object *v)
{
	int64_t n, max = f->max != 0 ? f->max : FIELD_TEXT_MAX;
	const char *s;

	if (!json_object_is_type(v, json_type_string))
		return fault(r, f, "must be a string");
	s = json_object_get_string(v);
	n = (int64_t)utf8_count(s);
	if (n == 0 && f->min > 0)
		return fault(r, f, "must not be empty");
	if (n < f->min)
		return fault(r, f, "must have at least %" PRId64 " characters", f->min);
	if (n > max)
		return fault(r, f, "must have at most %" PRId64 " characters", max);
	if (f->form != NULL && !f->form->fits(s))
		return fault(r, f, "must be %s", f->form->hint);
	*field_text(f, r->record) = mem_text(r->ctx, s);
	return ERR_OK;
}

static enum err
read_int(const struct reading *r, const struct field *f, struct json_object *v)
{
	int64_t number;

	if (!json_object_is_type(v, json_type_int))
		return fault(r, f, "must be a whole number");
	number = json_object_get_int64(v);
	if (f->max != 0 && number < f->min)
		return fault(r, f, "must be at least %" PRId64, f->min);
	if (f->max != 0 && number > f->max)
		return fault(r, f, "must be at most %" PRId64, f->max);
	*field_int(f, r->record) = number;
	return ERR_OK;
}

static enum err
read_bool(const struct reading *r, const struct field *f, struct json_object *v)
{
	if (!json_object_is_type(v, json_type_boolean))
		return fault(r, f, "must be true or false");
	*field_bool(f, r->record) = json_object_get_boolean(v);
	return ERR_OK;
}

/* What prints as the same text again is a real time: strptime() takes a 30th of February too. */
static enum err
read_time(const struct reading *r, const struct field *f, struct json_object *v)
{
	static const char wrong[] = "must be a time in UTC such as \"2026-03-03T19:26:37Z\"";
	char text[CLOCK_TEXT_MAX];
	struct tm tm = { 0 };
	const char *s, *end;
	int64_t ms;

	if (!json_object_is_type(v, json_type_string))
		return fault(r, f, "%s", wrong);
	s = json_object_get_string(v);
	end = strptime(s, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (end == NULL || *end != '\0')
		return fault(r, f, "%s", wrong);
	ms = (int64_t)timegm(&tm) * MS;
	if (strcmp(clock_text(text, ms), s) != 0)
		return fault(r, f, "%s", wrong);
	*field_int(f, r->record) = ms;
	return ERR_OK;
}

static enum err
read_epoch(const struct reading *r, const struct field *f, struct json_object *v)
{
	if (!json_object_is_type(v, json_type_int) || json_object_get_int64(v) < 0)
		return fault(r, f, "must be milliseconds since 1970, a whole number");
	*field_int(f, r->record) = json_object_get_int64(v);
	return ERR_OK;
}

static enum err
read_name(const struct reading *r, const struct field *f, struct json_object *v,
    struct names *list)
{
	const char *s;

	if (!json_object_is_type(v, json_type_string))
		return fault(r, f, "must hold strings only");
	s = json_object_get_string(v);
	if (*s == '\0')
		return fault(r, f, "must not hold an empty string");
	if (utf8_count(s) > RECORD_NAME_MAX)
		return fault(r, f, "must hold no string over %d characters", RECORD_NAME_MAX);
	if (names_has(list, s))
		return fault(r, f, "%s is there twice", json_text(r->ctx, v));
	names_add(r->ctx, list, mem_text(r->ctx, s));
	return ERR_OK;
}

static enum err
read_names(const struct reading *r, const struct field *f, struct json_object *v)
{
	int64_t n, max = f->max != 0 ? f->max : RECORD_NAMES_MAX;
	struct names list = { 0, NULL };

	if (!json_object_is_type(v, json_type_array))
		return fault(r, f, "must be an array of strings");
	n = (int64_t)json_object_array_length(v);
	if (n < f->min)
		return fault(r, f, "must have at least %" PRId64 " members", f->min);
	if (n > max)
		return fault(r, f, "must have at most %" PRId64 " members", max);
	for (int64_t i = 0; i < n; i++)
		if (read_name(r, f, json_object_array_get_idx(v, (size_t)i), &list) != ERR_OK)
			return r->e->code;
	*field_names(f, r->record) = list;
	return ERR_OK;
}

static enum err
read_json(const struct reading *r, const struct field *f, struct json_object *v)
{
	if (v == NULL && f->required && r->use == RECORD_CREATE)
		return fault(r, f, "is required");
	if (v != NULL && f->object && !json_object_is_type(v, json_type_object))
		return fault(r, f, "must be an object");
	*field_text(f, r->record) = v == NULL ? NULL : json_text(r->ctx, v);
	return ERR_OK;
}

static enum err
read_nest(const struct reading *r, const struct field *f, struct json_object *v)
{
	struct reading inner = *r;
	char *prefix;
	enum err err;

	if (!json_object_is_type(v, json_type_object))
		return fault(r, f, "must be an object");
	prefix = mem_printf(r->ctx, "%s%s.", r->prefix, field_wire(f));
	inner.prefix = prefix;
	err = read_fields(&inner, f->nest, v);
	mem_free(prefix);
	return err;
}

static enum err
read_field(const struct reading *r, const struct field *f, struct json_object *v)
{
	switch (f->type) {
	case FIELD_TEXT:
		return read_text(r, f, v);
	case FIELD_INT:
		return read_int(r, f, v);
	case FIELD_BOOL:
		return read_bool(r, f, v);
	case FIELD_TIME:
		return read_time(r, f, v);
	case FIELD_EPOCH:
		return read_epoch(r, f, v);
	case FIELD_NAMES:
		return read_names(r, f, v);
	case FIELD_JSON:
		return read_json(r, f, v);
	case FIELD_NEST:
		return read_nest(r, f, v);
	}
	return error_set(r->e, ERR_INTERNAL, "a field of unknown type");
}

/* Whether every member of O may be given. */
static enum err
check_members(const struct reading *r, const struct field *fields, struct json_object *o)
{
	json_object_object_foreach(o, name, value) {
		const struct field *f = find(fields, name, strlen(name));

		(void)value;
		if (f == NULL)
			return fault_name(r, name, "is not known here");
		if (f->readonly)
			return fault(r, f, "is set by the server and cannot be given");
	}
	return ERR_OK;
}

static enum err
read_fields(const struct reading *r, const struct field *fields, struct json_object *o)
{
	struct json_object *v;

	if (check_members(r, fields, o) != ERR_OK)
		return r->e->code;
	for (const struct field *f = fields; f->name != NULL; f++) {
		if (json_object_object_get_ex(o, field_wire(f), &v)) {
			if (read_field(r, f, v) != ERR_OK)
				return r->e->code;
		} else if (f->required && r->use == RECORD_CREATE) {
			return fault(r, f, "is required");
		}
	}
	return ERR_OK;
}

enum err
record_from_json(void *ctx, const struct field *fields, struct json_object *o, void *record,
    enum record_use use, struct error *e)
{
	const struct reading r = { ctx, record, use, "", e };

	if (!json_object_is_type(o, json_type_object))
		return error_set(e, ERR_INVALID, "an object is expected");
	return read_fields(&r, fields, o);
}

/* --- to JSON --- */

/* NULL for what json-c could not allocate is no null: that ends the process. */
static struct json_object *
text_value(const char *s)
{
	return mem_must(json_object_new_string(s != NULL ? s : ""));
}

static struct json_object *
number_value(int64_t v, int64_t none)
{
	return v == none ? NULL : mem_must(json_object_new_int64(v));
}

static struct json_object *
time_value(int64_t ms)
{
	char text[CLOCK_TEXT_MAX];

	return ms == 0 ? NULL : text_value(clock_text(text, ms));
}

static struct json_object *
names_value(const struct names *list)
{
	struct json_object *o = mem_must(json_object_new_array());

	for (size_t i = 0; i < list->n; i++)
		json_push(o, text_value(list->at[i]));
	return o;
}

static struct json_object *
json_value(const char *text)
{
	SCOPED(tmp, NULL);

	return json_object_get(json_own(tmp, text));
}

static struct json_object *
field_value(const struct field *f, const void *record)
{
	switch (f->type) {
	case FIELD_TEXT:
		if (f->nullable && *field_text(f, record) == NULL)
			return NULL;
		return text_value(*field_text(f, record));
	case FIELD_INT:
		if (f->nullable)
			return number_value(*field_int(f, record), FIELD_NONE);
		return mem_must(json_object_new_int64(*field_int(f, record)));
	case FIELD_BOOL:
		return mem_must(json_object_new_boolean(*field_bool(f, record)));
	case FIELD_TIME:
		return time_value(*field_int(f, record));
	case FIELD_EPOCH:
		return number_value(*field_int(f, record), 0);
	case FIELD_NAMES:
		return names_value(field_names(f, record));
	case FIELD_JSON:
		return json_value(*field_text(f, record));
	case FIELD_NEST:
		return record_to_json(f->nest, record);
	}
	return NULL;
}

/* Whether there is nothing to show; VALUE is what would be. */
static bool
is_empty(const struct field *f, const void *record, const struct json_object *value)
{
	if (f->type == FIELD_TEXT)
		return *field_text(f, record) == NULL;
	if (f->type == FIELD_NEST)
		return json_object_object_length(value) == 0;
	return value == NULL;
}

struct json_object *
record_to_json(const struct field *fields, const void *record)
{
	struct json_object *v, *o = mem_must(json_object_new_object());

	for (const struct field *f = fields; f->name != NULL; f++) {
		v = field_value(f, record);
		if (f->optional && is_empty(f, record, v))
			json_object_put(v);
		else
			json_set(o, field_wire(f), v);
	}
	return o;
}
