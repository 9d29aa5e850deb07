/* Queries of lists that are refused (api.md section 4). */
#include "list_thing.h"

#include <string.h>

#include "base/text.h"

static enum err
read_list(struct world *w)
{
	static const struct list_kind kind = { .added = "more" };
	struct list l;

	return list_read(w->req, &kind, &l, &w->e);
}

struct bad {
	const char *query, *key, *text;
};

static void
expect_bad(const struct bad *b)
{
	struct world *w = world_new(b->query);

	cr_expect_eq(read_list(w), ERR_INVALID, "%s was taken", b->query);
	cr_expect_str_eq(w->e.field, b->key, "%s: field %s", b->query, w->e.field);
	cr_expect_not_null(strstr(w->e.detail, b->text), "%s: %s", b->query, w->e.detail);
	cr_expect(utf8_valid(w->e.detail, strlen(w->e.detail)), "%s", b->query);
	cr_expect_eq(strcspn(w->e.detail, "\n\r\t\x7f\x1b"), strlen(w->e.detail), "%s", b->query);
	world_end(w);
}

static void
refuse_all(const struct bad *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect_bad(&list[i]);
}
#define REFUSE_ALL(list) refuse_all(list, COUNT(list))

Test(list, refuses_numbers)
{
	static const struct bad list[] = {
		{ "limit=0", "limit", "whole number" },
		{ "limit=-1", "limit", "whole number" },
		{ "limit=", "limit", "whole number" },
		{ "limit=1.5", "limit", "whole number" },
		{ "limit=1e3", "limit", "whole number" },
		{ "limit=+1", "limit", "whole number" },
		{ "limit=1x", "limit", "whole number" },
		{ "limit=1000000001", "limit", "whole number" },
		{ "limit=99999999999999999999", "limit", "whole number" },
		{ "skip=-1", "skip", "whole number" },
		{ "skip=x", "skip", "whole number" },
		{ "skip=1000000001", "skip", "whole number" },
		{ "order=0", "order", "1 or -1" },
		{ "order=asc", "order", "1 or -1" },
		{ "order=desc", "order", "1 or -1" },
		{ "order=&sort=name", "order", "1 or -1" },
		{ "order=2&sort=name", "order", "1 or -1" },
		{ "order=-1", "order", "needs sort" },
	};

	REFUSE_ALL(list);
}

Test(list, refuses_fields)
{
	static const struct bad list[] = {
		{ "sort=", "sort", "there is no field \"\"" },
		{ "sort=colour", "sort", "there is no field \"colour\"" },
		{ "sort=id", "sort", "there is no field" },
		{ "sort=made", "sort", "there is no field" },
		{ "sort=Name", "sort", "there is no field" },
		{ "sort=name.x", "sort", "there is no field" },
		{ "sort=connector.", "sort", "there is no field" },
		{ "sort=.", "sort", "there is no field" },
		{ "sort=kind", "sort", "there is no field" },
		{ "sort=more", "sort", "there is no field" },
		{ "sort=groups", "sort", "cannot be sorted by" },
		{ "sort=connector", "sort", "cannot be sorted by" },
		{ "sort=connector.settings", "sort", "cannot be sorted by" },
		{ "sort=connector.settings.secret", "sort", "there is no field" },
		{ "equals=x&equalsField=colour", "equalsField", "there is no field" },
		{ "equals=x&equalsField=", "equalsField", "there is no field" },
		{ "equals=x&equalsField=more", "equalsField", "there is no field" },
		{ "equals=x&equalsField=connector.settings", "equalsField", "cannot be used" },
		{ "contains=secret&containsField=connector.settings", "containsField",
		  "cannot be used" },
		{ "gt[connector.settings]=a", "gt[connector.settings]", "cannot be used" },
		{ "in[connector.settings]=a", "in[connector.settings]", "cannot be used" },
		{ "in[connector.settings][]=a", "in[connector.settings][]", "cannot be used" },
		{ "equals[connector]=local", "equals[connector]", "cannot be used" },
		{ "contains[size]=3", "contains[size]", "contains cannot be used" },
		{ "startsWith=t&startsWithField=enabled", "startsWithField", "cannot be used" },
		{ "starts-with[madeAt]=2026", "starts-with[madeAt]", "cannot be used" },
		{ "contains[seen]=5", "contains[seen]", "cannot be used" },
		{ "gt[enabled]=false", "gt[enabled]", "cannot be used" },
		{ "lte[groups]=a", "lte[groups]", "cannot be used" },
		{ "in[colour]=a", "in[colour]", "there is no field" },
		{ "in[colour][]=a", "in[colour][]", "there is no field" },
		{ "equals[a%0Ab]=x", "equals[a?b]", "there is no field \"a?b\"" },
		{ "sort=%1b[31m%7f", "sort", "there is no field \"?[31m?\"" },
		{ "sort=%C3%A4%C3%B6", "sort", "there is no field \"äö\"" },
		{ "sort=%25s%25n", "sort", "\"%s%n\"" },
	};

	REFUSE_ALL(list);
}

Test(list, refuses_values)
{
	static const struct bad list[] = {
		{ "equals=abc&equalsField=size", "equals", "whole number, as size is" },
		{ "equals[size]=", "equals[size]", "whole number" },
		{ "equals[size]=3.0", "equals[size]", "whole number" },
		{ "gt[size]=9223372036854775808", "gt[size]", "whole number" },
		{ "in[size]=1,x", "in[size]", "whole number" },
		{ "in[size]=1,", "in[size]", "whole number" },
		{ "in[size][]=1&in[size][]=x", "in[size][]", "whole number" },
		{ "equals=abc&equalsField=enabled", "equals", "true or false" },
		{ "equals[enabled]=TRUE", "equals[enabled]", "true or false" },
		{ "equals[enabled]=1", "equals[enabled]", "true or false" },
		{ "equals[enabled]=", "equals[enabled]", "true or false" },
		{ "equals[seen]=2026-03-03T19:26:37Z", "equals[seen]", "milliseconds" },
		{ "equals[connector.inner.port]=x", "equals[connector.inner.port]", "whole number" },
		{ "equals[madeAt]=", "equals[madeAt]", "RFC 3339" },
		{ "equals[madeAt]=1772565997000", "equals[madeAt]", "RFC 3339" },
		{ "equals[madeAt]=2026-03-03", "equals[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-03-03T19:26:37", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-03-03T19:26Z", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-03-03 19:26:37Z", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-03-03T19:26:37Zx", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-03-03T19:26:37.Z", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-03-03T19:26:37.5", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-02-30T00:00:00Z", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-13-01T00:00:00Z", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-00-01T00:00:00Z", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-01-01T24:00:00Z", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-01-01T00:60:00Z", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2025-02-29T00:00:00Z", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-01-01T00:00:00%2B0100", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-01-01T00:00:00%2B24:00", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-01-01T00:00:00%2B01:60", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=-026-01-01T00:00:00Z", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=20260-01-01T00:00:00Z", "gt[madeAt]", "RFC 3339" },
		{ "gt[madeAt]=2026-1-1T00:00:00Z", "gt[madeAt]", "RFC 3339" },
	};

	REFUSE_ALL(list);
}

Test(list, refuses_keys)
{
	static const struct bad list[] = {
		{ "equals=x", "equals", "needs equalsField" },
		{ "equalsField=name", "equalsField", "needs equals beside it" },
		{ "contains=x&equalsField=name", "contains", "needs containsField" },
		{ "containsField=name", "containsField", "needs contains" },
		{ "startsWith=x", "startsWith", "needs startsWithField" },
		{ "startsWithField=name", "startsWithField", "needs startsWith" },
		{ "in=a,b", "in", "in[FIELD]" },
		{ "not-in=a", "not-in", "not-in[FIELD]" },
		{ "gt=1", "gt", "gt[FIELD]" },
		{ "starts-with=a", "starts-with", "starts-with[FIELD]" },
		{ "gt[size=1", "gt[size", "must be gt[FIELD]" },
		{ "gt[=1", "gt[", "must be gt[FIELD]" },
		{ "gt[]=1", "gt[]", "there is no field \"\"" },
		{ "gt[size][]=1", "gt[size][]", "must be gt[FIELD]" },
		{ "gt[size]x=1", "gt[size]x", "must be gt[FIELD]" },
		{ "in[name][x]=1", "in[name][x]", "must be in[FIELD]" },
		{ "in[name][=1", "in[name][", "must be in[FIELD]" },
		{ "in[name][]x=1", "in[name][]x", "must be in[FIELD]" },
		{ "in[connector][kind]=local", "in[connector][kind]", "must be in[FIELD]" },
		{ "limit=1&limit=1", "limit", "twice" },
		{ "skip=1&x=1&skip=2", "skip", "twice" },
		{ "sort=name&sort=size", "sort", "twice" },
		{ "order=1&sort=name&order=1", "order", "twice" },
		{ "include=name&include=size", "include", "twice" },
		{ "exclude=name&exclude=size", "exclude", "twice" },
		{ "equals=x&equals=y&equalsField=name", "equals", "twice" },
		{ "equals=x&equalsField=name&equalsField=name", "equalsField", "twice" },
		{ "gt[size]=1&gt[size]=2", "gt[size]", "twice" },
		{ "in[name]=a&in[name]=b", "in[name]", "twice" },
		{ "in[name][0]=a&in[name][0]=b", "in[name][0]", "twice" },
		{ "own=1&own=1", "own", "twice" },
		{ "include=colour", "include", "there is no field \"colour\"" },
		{ "include=", "include", "there is no field \"\"" },
		{ "include=name,", "include", "there is no field \"\"" },
		{ "exclude=name,,size", "exclude", "there is no field \"\"" },
		{ "exclude=connector.settings.secret", "exclude", "there is no field" },
		{ "include=name&exclude=size", "exclude", "cannot stand beside include" },
		{ "include=name&exclude=name", "exclude", "cannot stand beside include" },
	};

	REFUSE_ALL(list);
}

Test(list, refuses_too_many_values)
{
	SCOPED(ctx, NULL);
	struct text *t = text_new(ctx, SIZE_MAX / 2);
	struct world *w;
	struct bad over = { .key = "in[name]", .text = "at most 1000 values" };

	text_puts(t, "in[name]=x");
	for (int i = 1; i < LIST_VALUES_MAX; i++)
		text_puts(t, ",x");
	w = world_new(t->at);
	cr_expect_eq(read_list(w), ERR_OK, "%s", w->e.detail);
	world_end(w);
	text_puts(t, ",x");
	over.query = t->at;
	expect_bad(&over);
}

Test(list, long_keys_stay_text)
{
	enum { LONG = 4000 };
	SCOPED(ctx, NULL);
	struct text *t = text_new(ctx, SIZE_MAX / 2);
	struct world *w;

	text_puts(t, "equals[");
	for (int i = 0; i < LONG; i++)
		text_puts(t, "%C3%A4");
	text_puts(t, "]=x");
	w = world_new(t->at);
	cr_expect_eq(read_list(w), ERR_INVALID);
	cr_expect(utf8_valid(w->e.field, strlen(w->e.field)));
	cr_expect(utf8_valid(w->e.detail, strlen(w->e.detail)));
	cr_expect_eq(strncmp(w->e.field, "equals[ä", strlen("equals[ä")), 0, "%s", w->e.field);
	world_end(w);
}
