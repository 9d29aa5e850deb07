#include "api/list_private.h"

#include <string.h>
#include <strings.h>
#include <time.h>

enum { MS = 1000 };		/* in a second */

/* --- what can be done with a type --- */

enum {
	CAN_EXACT = 1,
	CAN_SEARCH = 2,
	CAN_RANGE = 4,
	CAN_SORT = 8
};

static unsigned
type_can(enum field_type type)
{
	switch (type) {
	case FIELD_TEXT:
		return CAN_EXACT | CAN_SEARCH | CAN_RANGE | CAN_SORT;
	case FIELD_INT:
	case FIELD_TIME:
	case FIELD_EPOCH:
		return CAN_EXACT | CAN_RANGE | CAN_SORT;
	case FIELD_BOOL:
		return CAN_EXACT | CAN_SORT;
	case FIELD_NAMES:
		return CAN_EXACT | CAN_SEARCH;
	case FIELD_JSON:
	case FIELD_NEST:
		return 0;
	}
	return 0;
}

static unsigned
op_needs(enum list_op op)
{
	switch (op) {
	case LIST_EQUALS:
	case LIST_IN:
	case LIST_NOT_IN:
		return CAN_EXACT;
	case LIST_CONTAINS:
	case LIST_STARTS_WITH:
		return CAN_SEARCH;
	case LIST_GT:
	case LIST_GTE:
	case LIST_LT:
	case LIST_LTE:
		return CAN_RANGE;
	}
	return 0;
}

bool
list_can_filter(enum list_op op, enum field_type type)
{
	return (type_can(type) & op_needs(op)) != 0;
}

bool
list_can_sort(enum field_type type)
{
	return (type_can(type) & CAN_SORT) != 0;
}

/* --- values of a query --- */

/* Takes N digits off *S. */
static bool
take_digits(const char **s, int n, int *out)
{
	*out = 0;
	for (int i = 0; i < n; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*out = *out * 10 + (**s - '0');
	}
	return true;
}

static bool
take_mark(const char **s, const char *marks)
{
	if (**s == '\0' || strchr(marks, **s) == NULL)
		return false;
	(*s)++;
	return true;
}

/* "2026-03-03T19:26:37" to numbers. */
static bool
take_parts(const char **s, struct tm *tm)
{
	enum { YEAR_DIGITS = 4, YEAR_0 = 1900 };
	const struct {
		int digits, *out;
		const char *marks;	/* what follows, NULL: nothing */
	} parts[] = {
		{ YEAR_DIGITS, &tm->tm_year, "-" }, { 2, &tm->tm_mon, "-" },
		{ 2, &tm->tm_mday, "Tt" }, { 2, &tm->tm_hour, ":" }, { 2, &tm->tm_min, ":" },
		{ 2, &tm->tm_sec, NULL },
	};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (!take_digits(s, parts[i].digits, parts[i].out) ||
		    (parts[i].marks != NULL && !take_mark(s, parts[i].marks)))
			return false;
	tm->tm_year -= YEAR_0;
	tm->tm_mon--;
	return true;
}

/* The same to seconds. What timegm() has to put right (a 30th of February) is no time. */
static bool
take_clock(const char **s, int64_t *seconds)
{
	struct tm tm = { 0 }, asked;

	if (!take_parts(s, &tm))
		return false;
	asked = tm;
	*seconds = timegm(&tm);
	return tm.tm_year == asked.tm_year && tm.tm_mon == asked.tm_mon &&
	    tm.tm_mday == asked.tm_mday && tm.tm_hour == asked.tm_hour &&
	    tm.tm_min == asked.tm_min && tm.tm_sec == asked.tm_sec;
}

/* ".123456" to milliseconds, 0 where there is none. */
static bool
take_fraction(const char **s, int64_t *ms)
{
	int digit;

	*ms = 0;
	if (!take_mark(s, "."))
		return true;
	for (int64_t weight = MS / 10; take_digits(s, 1, &digit); weight /= 10)
		*ms += weight * digit;
	return (*s)[-1] != '.';
}

/* "Z" or "+01:30" to the seconds that are to be taken off. */
static bool
take_zone(const char **s, int64_t *offset)
{
	enum { HOURS_MAX = 23, MINUTES_MAX = 59, MINUTE = 60, HOUR = 3600 };
	int hours, minutes, sign = **s == '-' ? -1 : 1;

	*offset = 0;
	if (take_mark(s, "Zz"))
		return true;
	if (!take_mark(s, "+-") || !take_digits(s, 2, &hours) || !take_mark(s, ":") ||
	    !take_digits(s, 2, &minutes) || hours > HOURS_MAX || minutes > MINUTES_MAX)
		return false;
	*offset = sign * (hours * HOUR + minutes * MINUTE);
	return true;
}

/* RFC 3339, but for leap seconds. */
static bool
read_time(const char *s, int64_t *out)
{
	int64_t seconds, ms, offset;

	if (!take_clock(&s, &seconds) || !take_fraction(&s, &ms) || !take_zone(&s, &offset))
		return false;
	*out = (seconds - offset) * MS + ms;
	return *s == '\0';
}

static bool
read_bool(const char *s, int64_t *out)
{
	*out = strcmp(s, "true") == 0;
	return *out || strcmp(s, "false") == 0;
}

const char *
list_value_read(const struct field *f, const char *text, struct list_value *v)
{
	*v = (struct list_value){ 0 };
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_NAMES:
		v->text = text;
		return NULL;
	case FIELD_INT:
		return text_int(text, INT64_MIN, INT64_MAX, &v->number) ? NULL :
		    "must be a whole number";
	case FIELD_BOOL:
		return read_bool(text, &v->number) ? NULL : "must be true or false";
	case FIELD_TIME:
		return read_time(text, &v->number) ? NULL :
		    "must be a time such as 2026-03-03T19:26:37Z (RFC 3339)";
	case FIELD_EPOCH:
		return text_int(text, INT64_MIN, INT64_MAX, &v->number) ? NULL :
		    "must be milliseconds since 1970, a whole number";
	case FIELD_JSON:
	case FIELD_NEST:
		break;
	}
	return "cannot be compared";
}

/* --- values of a record --- */

static struct list_value
text_of(const struct field *f, const void *record)
{
	const char *s = *field_text(f, record);

	return (struct list_value){ .text = s != NULL ? s : "",
		.is_none = s == NULL && (f->nullable || f->optional) };
}

struct list_value
list_value_of(const struct field *f, const void *record)
{
	struct list_value v = { .is_none = true };

	switch (f->type) {
	case FIELD_TEXT:
		return text_of(f, record);
	case FIELD_INT:
		v.number = *field_int(f, record);
		v.is_none = f->nullable && v.number == FIELD_NONE;
		return v;
	case FIELD_BOOL:
		v.number = *field_bool(f, record);
		v.is_none = false;
		return v;
	case FIELD_TIME:
	case FIELD_EPOCH:
		v.number = *field_int(f, record);
		v.is_none = v.number == 0;
		return v;
	case FIELD_NAMES:
	case FIELD_JSON:
	case FIELD_NEST:
		break;
	}
	return v;
}

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

int
list_value_compare(const struct list_value *a, const struct list_value *b)
{
	if (a->is_none || b->is_none)
		return b->is_none - a->is_none;
	if (a->text != NULL)
		return sign(strcmp(a->text, b->text));
	return (a->number > b->number) - (a->number < b->number);
}

/* --- filters --- */

static bool
fits_one(enum list_op op, const struct list_value *v, const struct list_value *wanted)
{
	switch (op) {
	case LIST_EQUALS:
	case LIST_IN:
	case LIST_NOT_IN:
		return list_value_compare(v, wanted) == 0;
	case LIST_CONTAINS:
		return strcasestr(v->text, wanted->text) != NULL;
	case LIST_STARTS_WITH:
		return strncasecmp(v->text, wanted->text, strlen(wanted->text)) == 0;
	case LIST_GT:
		return list_value_compare(v, wanted) > 0;
	case LIST_GTE:
		return list_value_compare(v, wanted) >= 0;
	case LIST_LT:
		return list_value_compare(v, wanted) < 0;
	case LIST_LTE:
		return list_value_compare(v, wanted) <= 0;
	}
	return false;
}

static bool
fits_any(const struct list_filter *f, const struct list_value *v)
{
	if (v->is_none)
		return false;
	for (size_t i = 0; i < f->n; i++)
		if (fits_one(f->op, v, &f->values[i]))
			return true;
	return false;
}

static bool
names_fit(const struct list_filter *f, const struct names *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (fits_any(f, &(struct list_value){ .text = list->at[i] }))
			return true;
	return false;
}

/* As it is shown: a time to the second, so that what a client has read can be asked for. */
static struct list_value
shown_value(const struct field *f, const void *record)
{
	struct list_value v = list_value_of(f, record);

	if (f->type == FIELD_TIME)
		v.number -= v.number % MS;
	return v;
}

bool
list_filter_fits(const struct list_filter *f, const void *record)
{
	struct list_value v;
	bool fits;

	if (f->field->type == FIELD_NAMES) {
		fits = names_fit(f, field_names(f->field, record));
	} else {
		v = shown_value(f->field, record);
		fits = fits_any(f, &v);
	}
	return fits != (f->op == LIST_NOT_IN);
}
