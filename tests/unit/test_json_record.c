#include <criterion/criterion.h>

#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/body.h"
#include "json/record.h"

#define COUNT(a) (sizeof (a) / sizeof *(a))

struct thing {
	const char *id, *name, *code, *note, *kind, *settings, *extra, *host;
	int64_t size, level, port, left, made, seen, due, first;
	bool enabled;
	struct names groups, few;
};

static bool
is_code(const char *s)
{
	return s[strspn(s, "abc")] == '\0';
}

static const struct field_form code_form = { is_code, "letters a to c" };

static const struct field inner_fields[] = {
	F_TEXT(thing, host, .max = 5, .required = 1),
	F_INT(thing, port, .min = 1, .max = 65535),
	F_END
};

static const struct field connector_fields[] = {
	F_TEXT(thing, kind, .required = 1, .min = 1),
	F_JSON(thing, settings, .object = 1),
	F_NEST("inner", inner_fields, .optional = 1),
	F_END
};

static const struct field empty_fields[] = {
	F_TEXT(thing, extra, .optional = 1),
	F_END
};

static const struct field fields[] = {
	F_TEXT(thing, id, .wire = "_id", .readonly = 1),
	F_TEXT(thing, name, .required = 1, .min = 2, .max = 4),
	F_TEXT(thing, code, .form = &code_form),
	F_TEXT(thing, note, .optional = 1),
	F_INT(thing, size, .min = -5, .max = 10),
	F_INT(thing, level),
	F_INT(thing, left, .nullable = 1, .optional = 1),
	F_BOOL(thing, enabled, .required = 1),
	F_TIME(thing, made, .readonly = 1),
	F_TIME(thing, due),
	F_TIME(thing, first, .optional = 1),
	F_EPOCH(thing, seen),
	F_NAMES(thing, groups),
	F_NAMES(thing, few, .min = 1, .max = 2),
	F_NEST("connector", connector_fields),
	F_NEST("computed", empty_fields, .optional = 1, .readonly = 1),
	F_END
};

static enum err
from_text(void *ctx, const char *text, struct thing *t, enum record_use use, struct error *e)
{
	struct json_object *o = json_own(ctx, text);

	cr_assert_not_null(o, "%s", text);
	return record_from_json(ctx, fields, o, t, use, e);
}

static char *
to_text(void *ctx, const struct thing *t)
{
	return json_text(ctx, json_keep(ctx, record_to_json(fields, t)));
}

/* --- from JSON: what is taken --- */

Test(json_record, create_whole)
{
	SCOPED(tmp, NULL);
	struct thing t = { 0 };
	struct error e = { 0 };

	cr_assert_eq(from_text(tmp, "{\"name\":\"ab\",\"code\":\"cab\",\"note\":\"\",\"size\":-5,"
	    "\"level\":9223372036854775807,\"left\":0,\"enabled\":true,"
	    "\"due\":\"2026-03-03T19:26:37Z\",\"seen\":1,\"groups\":[\"x\",\"y\"],\"few\":[\"z\"],"
	    "\"connector\":{\"kind\":\"local\",\"settings\":{\"a\":[1.50]},"
	    "\"inner\":{\"host\":\"h\",\"port\":65535}}}",
	    &t, RECORD_CREATE, &e), ERR_OK, "%s", e.detail);
	cr_assert_str_eq(t.name, "ab");
	cr_assert_str_eq(t.code, "cab");
	cr_assert_str_eq(t.note, "");
	cr_assert_eq(t.size, -5);
	cr_assert_eq(t.level, INT64_MAX);
	cr_assert_eq(t.left, 0);
	cr_assert(t.enabled);
	cr_assert_eq(t.due, 1772565997000);
	cr_assert_eq(t.seen, 1);
	cr_assert_eq(t.groups.n, 2);
	cr_assert_str_eq(t.groups.at[0], "x");
	cr_assert_str_eq(t.groups.at[1], "y");
	cr_assert_eq(t.few.n, 1);
	cr_assert_str_eq(t.kind, "local");
	cr_assert_str_eq(t.settings, "{\"a\":[1.50]}");
	cr_assert_str_eq(t.host, "h");
	cr_assert_eq(t.port, 65535);
}

/* Nothing of the object is borrowed. */
Test(json_record, copies)
{
	SCOPED(tmp, NULL);
	struct thing t = { 0 };
	struct error e = { 0 };
	void *body = mem_scope(NULL);
	struct json_object *o = json_own(body, "{\"name\":\"ab\",\"enabled\":false,\"groups\":[\"x\"],"
	    "\"connector\":{\"kind\":\"k\",\"settings\":{}}}");

	cr_assert_eq(record_from_json(tmp, fields, o, &t, RECORD_CREATE, &e), ERR_OK);
	mem_free(body);
	cr_assert_str_eq(t.name, "ab");
	cr_assert_str_eq(t.groups.at[0], "x");
	cr_assert_str_eq(t.settings, "{}");
}

Test(json_record, absent_keeps)
{
	SCOPED(tmp, NULL);
	struct thing t = { .name = "old", .size = 7, .enabled = true, .kind = "k", .settings = "{}",
	    .left = FIELD_NONE, .code = "a" };
	struct error e = { 0 };

	cr_assert_eq(from_text(tmp, "{}", &t, RECORD_UPDATE, &e), ERR_OK);
	cr_assert_str_eq(t.name, "old");
	cr_assert_eq(t.size, 7);
	cr_assert(t.enabled);
	cr_assert_eq(t.left, FIELD_NONE);
	cr_assert_eq(from_text(tmp, "{\"connector\":{}}", &t, RECORD_UPDATE, &e), ERR_OK);
	cr_assert_str_eq(t.kind, "k");
	cr_assert_str_eq(t.settings, "{}");
	/* in a create too, but for what is required */
	cr_assert_eq(from_text(tmp, "{\"name\":\"new\",\"enabled\":false}", &t, RECORD_CREATE, &e),
	    ERR_OK);
	cr_assert_str_eq(t.name, "new");
	cr_assert_not(t.enabled);
	cr_assert_eq(t.size, 7);
	cr_assert_str_eq(t.code, "a");
	cr_assert_str_eq(t.kind, "k");
}

Test(json_record, list_replaces)
{
	SCOPED(tmp, NULL);
	const char *old[] = { "a", "b" };
	struct thing t = { .groups = { 2, old } };
	struct error e = { 0 };

	cr_assert_eq(from_text(tmp, "{\"groups\":[\"c\"]}", &t, RECORD_UPDATE, &e), ERR_OK);
	cr_assert_eq(t.groups.n, 1);
	cr_assert_str_eq(t.groups.at[0], "c");
	cr_assert_eq(from_text(tmp, "{\"groups\":[]}", &t, RECORD_UPDATE, &e), ERR_OK);
	cr_assert_eq(t.groups.n, 0);
}

Test(json_record, null_clears_json)
{
	SCOPED(tmp, NULL);
	struct thing t = { .settings = "{}" };
	struct error e = { 0 };

	cr_assert_eq(from_text(tmp, "{\"connector\":{\"settings\":null}}", &t, RECORD_UPDATE, &e),
	    ERR_OK);
	cr_assert_null(t.settings);
}

static const struct field loose_fields[] = {
	F_JSON(thing, settings, .required = 1),
	F_END
};

static const struct {
	const char *in, *stored;	/* NULL: null */
} loose[] = {
	{ "{\"settings\":[1,\"a/b\",null]}", "[1,\"a/b\",null]" },
	{ "{\"settings\":\"x\"}", "\"x\"" },
	{ "{\"settings\":1.10}", "1.10" },
	{ "{\"settings\":false}", "false" },
	{ "{\"settings\":null}", NULL },
};

Test(json_record, any_json)
{
	for (size_t i = 0; i < COUNT(loose); i++) {
		SCOPED(tmp, NULL);
		struct thing t = { .settings = "old" };
		struct error e = { 0 };

		cr_assert_eq(record_from_json(tmp, loose_fields, json_own(tmp, loose[i].in), &t,
		    RECORD_UPDATE, &e), ERR_OK);
		cr_assert(text_eq(t.settings, loose[i].stored), "%s", loose[i].in);
	}
}

/* null is absent, and what is required must not be. */
Test(json_record, required_json)
{
	SCOPED(tmp, NULL);
	struct thing t = { 0 };
	struct error e = { 0 };

	cr_assert_eq(record_from_json(tmp, loose_fields, json_own(tmp, "{\"settings\":null}"), &t,
	    RECORD_CREATE, &e), ERR_INVALID);
	cr_assert_str_eq(e.detail, "settings: is required");
}

/* --- from JSON: what is refused --- */

#define LONG_256 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define TIME_TEXT "must be a time in UTC such as \"2026-03-03T19:26:37Z\""

static const struct {
	const char *in, *field, *what;
} refused[] = {
	/* unknown */
	{ "{\"other\":1}", "other", "is not known here" },
	{ "{\"Name\":\"ab\"}", "Name", "is not known here" },
	{ "{\"id\":\"x\"}", "id", "is not known here" },
	{ "{\"\":1}", "", "is not known here" },
	{ "{\"connector.kind\":\"x\"}", "connector.kind", "is not known here" },
	{ "{\"connector\":{\"other\":null}}", "connector.other", "is not known here" },
	{ "{\"connector\":{\"inner\":{\"x\":1}}}", "connector.inner.x", "is not known here" },
	{ "{\"a\\nb\\u007f\":1}", "a?b?", "is not known here" },
	{ "{\"nam\":\"ab\",\"size\":\"wrong\"}", "nam", "is not known here" },
	/* set by the server */
	{ "{\"_id\":\"x\"}", "_id", "is set by the server and cannot be given" },
	{ "{\"made\":null}", "made", "is set by the server and cannot be given" },
	{ "{\"computed\":{}}", "computed", "is set by the server and cannot be given" },
	/* texts */
	{ "{\"name\":1}", "name", "must be a string" },
	{ "{\"name\":null}", "name", "must be a string" },
	{ "{\"name\":[\"ab\"]}", "name", "must be a string" },
	{ "{\"name\":\"\"}", "name", "must not be empty" },
	{ "{\"name\":\"a\"}", "name", "must have at least 2 characters" },
	{ "{\"name\":\"\xe2\x82\xac\"}", "name", "must have at least 2 characters" },
	{ "{\"name\":\"abcde\"}", "name", "must have at most 4 characters" },
	{ "{\"code\":\"abcd\"}", "code", "must be letters a to c" },
	{ "{\"note\":null}", "note", "must be a string" },
	/* numbers */
	{ "{\"size\":\"1\"}", "size", "must be a whole number" },
	{ "{\"size\":1.0}", "size", "must be a whole number" },
	{ "{\"size\":1e0}", "size", "must be a whole number" },
	{ "{\"size\":true}", "size", "must be a whole number" },
	{ "{\"size\":null}", "size", "must be a whole number" },
	{ "{\"size\":9223372036854775808}", "size", "must be a whole number" },
	{ "{\"left\":null}", "left", "must be a whole number" },
	{ "{\"size\":-6}", "size", "must be at least -5" },
	{ "{\"size\":11}", "size", "must be at most 10" },
	{ "{\"connector\":{\"inner\":{\"port\":0}}}", "connector.inner.port", "must be at least 1" },
	/* booleans */
	{ "{\"enabled\":1}", "enabled", "must be true or false" },
	{ "{\"enabled\":\"true\"}", "enabled", "must be true or false" },
	{ "{\"enabled\":null}", "enabled", "must be true or false" },
	/* times */
	{ "{\"due\":1772565997000}", "due", TIME_TEXT },
	{ "{\"due\":null}", "due", TIME_TEXT },
	{ "{\"due\":\"\"}", "due", TIME_TEXT },
	{ "{\"due\":\"soon\"}", "due", TIME_TEXT },
	{ "{\"due\":\"2026-02-30T00:00:00Z\"}", "due", TIME_TEXT },
	{ "{\"due\":\"2026-03-03T19:26:37\"}", "due", TIME_TEXT },
	{ "{\"due\":\"2026-03-03T19:26:37ZZ\"}", "due", TIME_TEXT },
	{ "{\"due\":\"2026-03-03T19:26:37+01:00\"}", "due", TIME_TEXT },
	{ "{\"due\":\"2026-3-3T19:26:37Z\"}", "due", TIME_TEXT },
	{ "{\"due\":\"2026-03-03T19:26:60Z\"}", "due", TIME_TEXT },
	{ "{\"due\":\"99999999999-03-03T19:26:37Z\"}", "due", TIME_TEXT },
	{ "{\"seen\":\"1\"}", "seen", "must be milliseconds since 1970, a whole number" },
	{ "{\"seen\":-1}", "seen", "must be milliseconds since 1970, a whole number" },
	{ "{\"seen\":1.5}", "seen", "must be milliseconds since 1970, a whole number" },
	{ "{\"seen\":null}", "seen", "must be milliseconds since 1970, a whole number" },
	/* lists */
	{ "{\"groups\":\"x\"}", "groups", "must be an array of strings" },
	{ "{\"groups\":{\"x\":1}}", "groups", "must be an array of strings" },
	{ "{\"groups\":null}", "groups", "must be an array of strings" },
	{ "{\"groups\":[\"a\",1]}", "groups", "must hold strings only" },
	{ "{\"groups\":[null]}", "groups", "must hold strings only" },
	{ "{\"groups\":[[\"a\"]]}", "groups", "must hold strings only" },
	{ "{\"groups\":[\"a\",\"\"]}", "groups", "must not hold an empty string" },
	{ "{\"groups\":[\"a\",\"b\",\"a\"]}", "groups", "\"a\" is there twice" },
	{ "{\"groups\":[\"a\\n\",\"\\u0061\\n\"]}", "groups", "\"a\\n\" is there twice" },
	{ "{\"groups\":[\"" LONG_256 "a\"]}", "groups", "must hold no string over 256 characters" },
	{ "{\"few\":[]}", "few", "must have at least 1 members" },
	{ "{\"few\":[\"a\",\"b\",\"c\"]}", "few", "must have at most 2 members" },
	/* JSON and nests */
	{ "{\"connector\":null}", "connector", "must be an object" },
	{ "{\"connector\":[]}", "connector", "must be an object" },
	{ "{\"connector\":\"local\"}", "connector", "must be an object" },
	{ "{\"connector\":{\"settings\":[]}}", "connector.settings", "must be an object" },
	{ "{\"connector\":{\"settings\":\"{}\"}}", "connector.settings", "must be an object" },
	{ "{\"connector\":{\"inner\":1}}", "connector.inner", "must be an object" },
	{ "{\"connector\":{\"kind\":\"\"}}", "connector.kind", "must not be empty" },
	{ "{\"connector\":{\"inner\":{\"host\":\"abcdef\"}}}", "connector.inner.host",
	    "must have at most 5 characters" },
};

Test(json_record, refused)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		SCOPED(tmp, NULL);
		struct thing t = { 0 };
		struct error e = { 0 };

		cr_assert_eq(from_text(tmp, refused[i].in, &t, RECORD_UPDATE, &e), ERR_INVALID,
		    "%s", refused[i].in);
		cr_assert_eq(e.code, ERR_INVALID);
		cr_assert_str_eq(e.field, refused[i].field);
		cr_assert_str_eq(e.detail, mem_printf(tmp, "%s: %s", refused[i].field,
		    refused[i].what));
	}
}

static const struct {
	const char *in, *field;
} missing[] = {
	{ "{}", "name" },
	{ "{\"enabled\":true}", "name" },
	{ "{\"name\":\"ab\"}", "enabled" },
	{ "{\"name\":\"ab\",\"enabled\":true,\"connector\":{}}", "connector.kind" },
	{ "{\"name\":\"ab\",\"enabled\":true,\"connector\":{\"kind\":\"k\",\"inner\":{}}}",
	    "connector.inner.host" },
};

Test(json_record, missing)
{
	for (size_t i = 0; i < COUNT(missing); i++) {
		SCOPED(tmp, NULL);
		struct thing t = { .name = "ab", .kind = "k", .host = "h" };
		struct error e = { 0 };

		cr_assert_eq(from_text(tmp, missing[i].in, &t, RECORD_CREATE, &e), ERR_INVALID);
		cr_assert_str_eq(e.field, missing[i].field);
		cr_assert_str_eq(e.detail, mem_printf(tmp, "%s: is required", missing[i].field));
	}
}

static const char *const no_objects[] = { "[]", "1", "\"x\"", "true" };

Test(json_record, no_object)
{
	SCOPED(tmp, NULL);
	struct thing t = { 0 };
	struct error e = { 0 };

	for (size_t i = 0; i < COUNT(no_objects); i++)
		cr_assert_eq(from_text(tmp, no_objects[i], &t, RECORD_UPDATE, &e), ERR_INVALID);
	cr_assert_eq(record_from_json(tmp, fields, NULL, &t, RECORD_UPDATE, &e), ERR_INVALID);
	cr_assert_str_eq(e.field, "");
	cr_assert_str_eq(e.detail, "an object is expected");
}

/* A name of any length and kind cannot break the error. */
Test(json_record, hostile_name)
{
	SCOPED(tmp, NULL);
	struct thing t = { 0 };
	struct error e = { 0 };
	struct text *name = text_new(tmp, SIZE_MAX / 2);

	for (int i = 0; i < 1000; i++)
		text_puts(name, "\xe2\x82\xac");
	cr_assert_eq(from_text(tmp, mem_printf(tmp, "{\"connector\":{\"%s\":1}}", name->at), &t,
	    RECORD_UPDATE, &e), ERR_INVALID);
	cr_assert(utf8_valid(e.field, strlen(e.field)));
	cr_assert(utf8_valid(e.detail, strlen(e.detail)));
	cr_assert_eq(strncmp(e.field, "connector.\xe2\x82\xac", 13), 0);
	cr_assert_not_null(strstr(e.detail, "is not known here"));
	cr_assert_eq(from_text(tmp, "{\"%s%n%d\":1}", &t, RECORD_UPDATE, &e), ERR_INVALID);
	cr_assert_str_eq(e.detail, "%s%n%d: is not known here");
	/* a long member of a list is cut with the sentence */
	cr_assert_eq(from_text(tmp, "{\"few\":[\"" LONG_256 "\",\"" LONG_256 "\"]}", &t,
	    RECORD_UPDATE, &e), ERR_INVALID);
	cr_assert_eq(strncmp(e.detail, "few: \"aaa", 9), 0);
}

/* --- lengths at their edges --- */

static char *
quoted(void *ctx, size_t n, const char *one)
{
	struct text *t = text_new(ctx, SIZE_MAX / 2);

	for (size_t i = 0; i < n; i++)
		text_puts(t, one);
	return t->at;
}

Test(json_record, edges)
{
	SCOPED(tmp, NULL);
	struct thing t = { 0 };
	struct error e = { 0 };
	struct text *list = text_new(tmp, SIZE_MAX / 2);

	/* characters, not bytes */
	cr_assert_eq(from_text(tmp, "{\"name\":\"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\"}",
	    &t, RECORD_UPDATE, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(from_text(tmp, mem_printf(tmp, "{\"note\":\"%s\"}",
	    quoted(tmp, FIELD_TEXT_MAX, "\xe2\x82\xac")), &t, RECORD_UPDATE, &e), ERR_OK);
	cr_assert_eq(from_text(tmp, mem_printf(tmp, "{\"note\":\"%s\"}",
	    quoted(tmp, FIELD_TEXT_MAX + 1, "a")), &t, RECORD_UPDATE, &e), ERR_INVALID);
	cr_assert_str_eq(e.detail, "note: must have at most 4096 characters");
	cr_assert_eq(from_text(tmp, mem_printf(tmp, "{\"groups\":[\"%s\"]}",
	    quoted(tmp, RECORD_NAME_MAX, "\xe2\x82\xac")), &t, RECORD_UPDATE, &e), ERR_OK);
	cr_assert_eq(from_text(tmp, "{\"size\":10}", &t, RECORD_UPDATE, &e), ERR_OK);
	cr_assert_eq(t.size, 10);
	/* no bounds where there is no maximum */
	cr_assert_eq(from_text(tmp, "{\"level\":-9223372036854775808}", &t, RECORD_UPDATE, &e),
	    ERR_OK);
	cr_assert_eq(t.level, INT64_MIN);
	for (int i = 0; i < RECORD_NAMES_MAX; i++)
		text_printf(list, "%s\"g%d\"", i == 0 ? "" : ",", i);
	cr_assert_eq(from_text(tmp, mem_printf(tmp, "{\"groups\":[%s]}", list->at), &t,
	    RECORD_UPDATE, &e), ERR_OK);
	cr_assert_eq(t.groups.n, RECORD_NAMES_MAX);
	cr_assert_eq(from_text(tmp, mem_printf(tmp, "{\"groups\":[%s,\"x\"]}", list->at), &t,
	    RECORD_UPDATE, &e), ERR_INVALID);
	cr_assert_str_eq(e.detail, "groups: must have at most 1000 members");
}

/* --- to JSON --- */

Test(json_record, to_json_empty)
{
	SCOPED(tmp, NULL);
	struct thing t = { .left = FIELD_NONE };

	cr_assert_str_eq(to_text(tmp, &t),
	    "{\"_id\":\"\",\"name\":\"\",\"code\":\"\",\"size\":0,\"level\":0,\"enabled\":false,"
	    "\"made\":null,\"due\":null,\"seen\":null,\"groups\":[],\"few\":[],"
	    "\"connector\":{\"kind\":\"\",\"settings\":null,"
	    "\"inner\":{\"host\":\"\",\"port\":0}}}");
}

Test(json_record, to_json_full)
{
	SCOPED(tmp, NULL);
	const char *groups[] = { "x", "y\"" };
	struct thing t = {
		.id = "1", .name = "n", .code = "c", .note = "", .kind = "k", .settings = "{\"a\":1.50}",
		.extra = "e", .host = "h", .size = INT64_MIN, .level = -1, .port = 1, .left = 0,
		.made = 1772565997000, .seen = 5, .due = 1000, .first = 1, .enabled = true,
		.groups = { 2, groups }, .few = { 0, NULL },
	};

	cr_assert_str_eq(to_text(tmp, &t),
	    "{\"_id\":\"1\",\"name\":\"n\",\"code\":\"c\",\"note\":\"\",\"size\":-9223372036854775808,"
	    "\"level\":-1,\"left\":0,\"enabled\":true,\"made\":\"2026-03-03T19:26:37Z\","
	    "\"due\":\"1970-01-01T00:00:01Z\",\"first\":\"1970-01-01T00:00:00Z\",\"seen\":5,"
	    "\"groups\":[\"x\",\"y\\\"\"],\"few\":[],"
	    "\"connector\":{\"kind\":\"k\",\"settings\":{\"a\":1.50},"
	    "\"inner\":{\"host\":\"h\",\"port\":1}},\"computed\":{\"extra\":\"e\"}}");
}

static const struct field optional_fields[] = {
	F_INT(thing, size, .nullable = 1),
	F_EPOCH(thing, seen, .optional = 1),
	F_JSON(thing, settings, .optional = 1),
	F_END
};

Test(json_record, to_json_optional)
{
	SCOPED(tmp, NULL);
	struct thing t = { .size = FIELD_NONE };

	cr_assert_str_eq(json_text(tmp, json_keep(tmp, record_to_json(optional_fields, &t))),
	    "{\"size\":null}");
	/* what is kept and broken must not break the answer */
	t.settings = "{broken";
	cr_assert_str_eq(json_text(tmp, json_keep(tmp, record_to_json(loose_fields, &t))),
	    "{\"settings\":null}");
}

/* What is written can be read again. */
Test(json_record, round_trip)
{
	SCOPED(tmp, NULL);
	struct thing t = { .due = 1772565997000, .settings = "[1,{\"a\":\"/\"}]" }, back = { 0 };
	struct error e = { 0 };
	static const struct field some[] = {
		F_TIME(thing, due),
		F_JSON(thing, settings),
		F_END
	};
	struct json_object *o = json_keep(tmp, record_to_json(some, &t));

	cr_assert_eq(record_from_json(tmp, some, o, &back, RECORD_CREATE, &e), ERR_OK);
	cr_assert_eq(back.due, t.due);
	cr_assert_str_eq(back.settings, t.settings);
}

/* --- finding --- */

static const struct {
	const char *wire;
	const struct field *found;
} finds[] = {
	{ "_id", &fields[0] },
	{ "name", &fields[1] },
	{ "connector", &fields[14] },
	{ "connector.kind", &connector_fields[0] },
	{ "connector.inner.port", &inner_fields[1] },
	{ "id", NULL },
	{ "", NULL },
	{ ".", NULL },
	{ "nam", NULL },
	{ "names", NULL },
	{ "kind", NULL },
	{ "name.x", NULL },
	{ "name.", NULL },
	{ "connector.", NULL },
	{ "connector.kind.x", NULL },
	{ "connector..kind", NULL },
	{ ".connector", NULL },
};

Test(json_record, find)
{
	for (size_t i = 0; i < COUNT(finds); i++)
		cr_assert_eq(record_find(fields, finds[i].wire), finds[i].found, "%s",
		    finds[i].wire);
}
