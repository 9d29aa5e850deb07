#include "match.h"

#include <ctype.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"
#include "json/body.h"

/* A place in the answer, for messages. */
struct place {
	const struct place *up;
	const char *name;		/* NULL: INDEX counts */
	size_t index;
};

static bool match_value(struct json_object *want, struct json_object *got, const struct place *at,
    struct text *out);

static void
put_place(const struct place *at, struct text *out)
{
	if (at == NULL)
		return;
	put_place(at->up, out);
	if (at->name != NULL)
		text_printf(out, ".%s", at->name);
	else
		text_printf(out, ".%zu", at->index);
}

static bool
differ(struct json_object *want, struct json_object *got, const struct place *at, struct text *out)
{
	SCOPED(tmp, NULL);

	text_puts(out, "    at ");
	put_place(at, out);
	text_printf(out, ": wanted %s, got %s\n", json_text(tmp, want), json_text(tmp, got));
	return false;
}

static bool
complain(const struct place *at, struct text *out, const char *what)
{
	text_puts(out, "    at ");
	put_place(at, out);
	text_printf(out, ": %s\n", what);
	return false;
}

/* --- texts that stand for a kind of value --- */

/* RFC 3339 in UTC, to the second. */
static bool
is_time(const char *s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";

	for (size_t i = 0; i < sizeof form; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)s[i]) : s[i] != form[i])
			return false;
	return true;
}

/* As secret/token.h makes them. */
static bool
is_token(const char *s)
{
	enum { LENGTH = 43 };
	size_t n = strlen(s);

	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && *s != '-' && *s != '_')
			return false;
	return n == LENGTH;
}

static bool
is_any(const char *s)
{
	(void)s;
	return true;
}

static const struct {
	const char *name;
	bool (*fits)(const char *s);
} text_kinds[] = {
	{ "@id", id_is },
	{ "@uuid", id_is_uuid },
	{ "@time", is_time },
	{ "@token", is_token },
	{ "@text", is_any },
};

/* "@has:TEXT" and "@one-of:A|B". FOUND false: WANT is none of these. */
static bool
fits_argument(const char *want, const char *got, bool *found)
{
	static const char has[] = "@has:", one_of[] = "@one-of:";

	*found = true;
	if (strncmp(want, has, strlen(has)) == 0)
		return strstr(got, want + strlen(has)) != NULL;
	*found = strncmp(want, one_of, strlen(one_of)) == 0;
	if (!*found)
		return false;
	for (want += strlen(one_of);; want++) {
		size_t n = strcspn(want, "|");

		if (strlen(got) == n && strncmp(want, got, n) == 0)
			return true;
		want += n;
		if (*want == '\0')
			return false;
	}
}

bool
match_text(const char *want, const char *got)
{
	bool found, fits;

	if (strcmp(want, "@absent") == 0 || got == NULL)
		return strcmp(want, "@absent") == 0 && got == NULL;
	for (size_t i = 0; i < sizeof text_kinds / sizeof *text_kinds; i++)
		if (strcmp(text_kinds[i].name, want) == 0)
			return text_kinds[i].fits(got);
	fits = fits_argument(want, got, &found);
	return found ? fits : strcmp(want, got) == 0;
}

static const char list[] = "@list:";

static bool
is_list_of(const char *number, struct json_object *got)
{
	int64_t n;

	return text_int(number, 0, INT32_MAX, &n) && json_object_is_type(got, json_type_array) &&
	    (int64_t)json_object_array_length(got) == n;
}

static bool
fits_kind(const char *want, struct json_object *got)
{
	if (strcmp(want, "@any") == 0)
		return true;
	if (strcmp(want, "@number") == 0)
		return json_object_is_type(got, json_type_int) ||
		    json_object_is_type(got, json_type_double);
	if (strcmp(want, "@bool") == 0)
		return json_object_is_type(got, json_type_boolean);
	if (strncmp(want, list, strlen(list)) == 0)
		return is_list_of(want + strlen(list), got);
	return json_object_is_type(got, json_type_string) &&
	    match_text(want, json_object_get_string(got));
}

/* --- values --- */

static bool
match_list(struct json_object *want, struct json_object *got, const struct place *at,
    struct text *out)
{
	size_t n = json_object_array_length(want);
	bool same = true;

	if (!json_object_is_type(got, json_type_array) || json_object_array_length(got) != n)
		return differ(want, got, at, out);
	for (size_t i = 0; i < n; i++) {
		struct place here = { at, NULL, i };

		same &= match_value(json_object_array_get_idx(want, i),
		    json_object_array_get_idx(got, i), &here, out);
	}
	return same;
}

static bool
is_absent(struct json_object *want)
{
	return json_object_is_type(want, json_type_string) &&
	    strcmp(json_object_get_string(want), "@absent") == 0;
}

/* GOT is not looked at where it is not THERE. */
static bool
match_member(struct json_object *want, struct json_object *got, bool there,
    const struct place *at, struct text *out)
{
	if (is_absent(want))
		return !there || complain(at, out, "should not be there");
	return there ? match_value(want, got, at, out) : complain(at, out, "is not there");
}

static bool
match_wanted(struct json_object *want, struct json_object *got, const struct place *at,
    struct text *out)
{
	bool same = true;

	json_object_object_foreach(want, name, value) {
		struct place here = { at, name, 0 };
		struct json_object *there = NULL;
		bool is_there = json_object_object_get_ex(got, name, &there);

		if (strcmp(name, "...") != 0)
			same &= match_member(value, there, is_there, &here, out);
	}
	return same;
}

static bool
match_object(struct json_object *want, struct json_object *got, const struct place *at,
    struct text *out)
{
	bool same;

	if (!json_object_is_type(got, json_type_object))
		return differ(want, got, at, out);
	same = match_wanted(want, got, at, out);
	if (json_get(want, "...") != NULL)
		return same;
	json_object_object_foreach(got, name, value) {
		struct place here = { at, name, 0 };

		(void)value;
		if (!json_object_object_get_ex(want, name, NULL))
			same = complain(&here, out, "is not expected");
	}
	return same;
}

static bool
match_value(struct json_object *want, struct json_object *got, const struct place *at,
    struct text *out)
{
	if (json_object_is_type(want, json_type_object))
		return match_object(want, got, at, out);
	if (json_object_is_type(want, json_type_array))
		return match_list(want, got, at, out);
	if (json_object_is_type(want, json_type_string))
		return fits_kind(json_object_get_string(want), got) || differ(want, got, at, out);
	if (json_object_get_type(want) != json_object_get_type(got) ||
	    !json_object_equal(want, got))
		return differ(want, got, at, out);
	return true;
}

bool
match_json(struct json_object *want, struct json_object *got, struct text *out)
{
	return match_value(want, got, NULL, out);
}
