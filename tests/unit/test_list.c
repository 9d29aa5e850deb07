/* The lists of api.md section 4, on a made-up record with a field of every type. */
#include "list_thing.h"

#include <string.h>

#include "base/text.h"
#include "json/body.h"
#include "json/record.h"

static const char *const some_groups[] = { "Lab", "core" }, *const other_groups[] = { "edge" };

static const struct thing things[] = {
	{ .id = "a", .name = "Delta", .note = "Straße", .size = 3, .left = FIELD_NONE, .enabled = true,
	  .made = MARCH + 999, .seen = 500, .groups = { 2, (const char **)(uintptr_t)some_groups },
	  .kind = "local", .settings = "{\"secret\":1}", .host = "h1", .port = 22 },
	{ .id = "b", .name = "alpha", .note = NULL, .extra = "x,y", .size = -1, .left = 0,
	  .made = MARCH, .seen = 0, .groups = { 1, (const char **)(uintptr_t)other_groups },
	  .kind = "pull", .settings = NULL, .host = "h2", .port = 443 },
	{ .id = "c", .name = "beta", .note = "", .size = 3, .left = -7, .enabled = true,
	  .made = 0, .seen = 9000, .kind = "local", .host = "", .port = 22 },
	{ .id = "d", .name = "alphabet", .note = "zz", .extra = "", .size = INT64_MAX, .left = 7,
	  .made = MARCH + SECOND, .seen = 500,
	  .groups = { 2, (const char **)(uintptr_t)some_groups }, .kind = "cli", .host = "H1",
	  .port = 0 },
};

static struct json_object *
show(struct request *req, void *record, struct error *e)
{
	struct json_object *o = record_to_json(fields, record);

	(void)req;
	(void)e;
	json_set(o, "more", json_object_new_int(1));
	return o;
}

static struct json_object *
show_none(struct request *req, void *record, struct error *e)
{
	(void)req;
	(void)record;
	error_set(e, ERR_UNAVAILABLE, "not now");
	return NULL;
}

static void
fill(struct request *req, void *record)
{
	struct thing *t = record;

	(void)req;
	t->host = *t->host == '\0' ? "filled" : t->host;
}

static const struct list_kind kind = { .show = show, .added = "more" };

static enum err
answer(struct world *w, const struct list_kind *k)
{
	struct records all = { COUNT(things), sizeof *things, mem_bytes(w->req, sizeof things) };

	memcpy(all.at, things, sizeof things);
	return list_answer(w->req, &w->res, &all, k, &w->e);
}

/* The ids in the answer: "a b". */
static const char *
ids(struct world *w)
{
	enum { IDS_MAX = 64 };
	struct text *t = text_new(w, IDS_MAX);

	for (size_t i = 0; i < json_object_array_length(w->res.body); i++)
		text_printf(t, "%s%s", i > 0 ? " " : "",
		    json_get_text(json_object_array_get_idx(w->res.body, i), "_id"));
	return t->at;
}

struct good {
	const char *query, *ids;
	int64_t total;
};

static void
expect_good(const struct good *g)
{
	struct world *w = world_new(g->query);

	cr_expect_eq(answer(w, &kind), ERR_OK, "%s: %s", g->query, w->e.detail);
	if (w->res.body != NULL)
		cr_expect_str_eq(ids(w), g->ids, "%s: %s", g->query, ids(w));
	cr_expect_eq(w->res.total, g->total, "%s: total %lld", g->query, (long long)w->res.total);
	world_end(w);
}

static void
expect_all(const struct good *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect_good(&list[i]);
}
#define EXPECT_ALL(list) expect_all(list, COUNT(list))

Test(list, pages)
{
	static const struct good list[] = {
		{ "", "a b c d", 4 },
		{ "unknown=1&limit[x]=0&foo[bar]=1&Equals=x&=", "a b c d", 4 },
		{ "x=1&x=2&foo[a]=1&foo[a]=1", "a b c d", 4 },
		{ "limit=1", "a", 4 },
		{ "limit=4", "a b c d", 4 },
		{ "limit=500", "a b c d", 4 },
		{ "limit=1000000000&skip=1000000000", "", 4 },
		{ "skip=0", "a b c d", 4 },
		{ "skip=3", "d", 4 },
		{ "skip=4", "", 4 },
		{ "skip=1&limit=2", "b c", 4 },
		{ "skip=1&limit=1&equals=local&equalsField=connector.kind", "c", 2 },
	};

	EXPECT_ALL(list);
}

Test(list, order)
{
	static const struct good list[] = {
		{ "sort=name", "a b d c", 4 },
		{ "sort=name&order=1", "a b d c", 4 },
		{ "sort=name&order=-1", "c d b a", 4 },
		{ "order=1", "a b c d", 4 },
		{ "sort=size", "b a c d", 4 },
		{ "sort=size&order=-1", "d a c b", 4 },
		{ "sort=enabled", "b d a c", 4 },
		{ "sort=enabled&order=-1", "a c b d", 4 },
		{ "sort=madeAt", "c b a d", 4 },
		{ "sort=madeAt&order=-1", "d a b c", 4 },
		{ "sort=seen", "b a d c", 4 },
		{ "sort=left", "a c b d", 4 },
		{ "sort=left&order=-1", "d b c a", 4 },
		{ "sort=note", "b c a d", 4 },
		{ "sort=extra", "a c d b", 4 },
		{ "sort=connector.inner.port", "d a c b", 4 },
		{ "sort=_id&order=-1&limit=2&skip=1", "c b", 4 },
		{ "sort=name&limit=1", "a", 4 },
		{ "sort=name&limit=1&order=-1", "c", 4 },
		{ "sort=size&limit=2&skip=1&gte[size]=3", "c d", 3 },
	};

	EXPECT_ALL(list);
}

Test(list, texts)
{
	static const struct good list[] = {
		{ "equals=alpha&equalsField=name", "b", 1 },
		{ "equalsField=name&equals=alpha", "b", 1 },
		{ "equals[name]=alpha", "b", 1 },
		{ "equals[name]=Alpha", "", 0 },
		{ "equals%5Bname%5D=alpha", "b", 1 },
		{ "equals[name]=", "", 0 },
		{ "equals[note]=", "c", 1 },
		{ "equals[extra]=", "d", 1 },
		{ "equals[note]=Stra%C3%9Fe", "a", 1 },
		{ "contains=ALPHA&containsField=name", "b d", 2 },
		{ "contains[name]=ta", "a c", 2 },
		{ "contains[name]=", "a b c d", 4 },
		{ "contains[note]=", "a c d", 3 },
		{ "contains[name]=.*", "", 0 },
		{ "contains[note]=STRA%C3%9F", "a", 1 },
		{ "startsWith=Alpha&startsWithField=name", "b d", 2 },
		{ "startsWith[name]=alphab", "d", 1 },
		{ "starts-with[name]=ALPHABET", "d", 1 },
		{ "starts-with[name]=alphabets", "", 0 },
		{ "startsWith[name]=lpha", "", 0 },
		{ "gt[name]=alpha", "c d", 2 },
		{ "gte[name]=alpha&lt[name]=b", "b d", 2 },
		{ "lte[name]=Delta", "a", 1 },
		{ "lt[note]=a", "a c", 2 },
		{ "equals[connector.kind]=local", "a c", 2 },
		{ "equals[connector.inner.host]=h1", "a", 1 },
		{ "equals[name]=alpha&equals[_id]=b", "b", 1 },
		{ "equals[name]=alpha&equals[_id]=a", "", 0 },
		{ "equals[name]=alpha&equals=b&equalsField=_id", "b", 1 },
	};

	EXPECT_ALL(list);
}

Test(list, numbers_and_booleans)
{
	static const struct good list[] = {
		{ "equals=3&equalsField=size", "a c", 2 },
		{ "equals[size]=9223372036854775807", "d", 1 },
		{ "gt[size]=3", "d", 1 },
		{ "gte[size]=3", "a c d", 3 },
		{ "lt[size]=3", "b", 1 },
		{ "lte[size]=-1", "b", 1 },
		{ "gt[size]=-1&lt[size]=4", "a c", 2 },
		{ "lt[left]=1", "b c", 2 },
		{ "lte[left]=-9223372036854775808", "", 0 },
		{ "equals[left]=-9223372036854775808", "", 0 },
		{ "not-in[left]=0", "a c d", 3 },
		{ "equals[enabled]=true", "a c", 2 },
		{ "equals=false&equalsField=enabled", "b d", 2 },
		{ "in[enabled]=true,false", "a b c d", 4 },
		{ "not-in[enabled]=true", "b d", 2 },
		{ "equals[seen]=500", "a d", 2 },
		{ "gt[seen]=500", "c", 1 },
		{ "lt[seen]=500", "", 0 },
		{ "equals[seen]=0", "", 0 },
		{ "equals[connector.inner.port]=0", "d", 1 },
	};

	EXPECT_ALL(list);
}

Test(list, times)
{
	static const struct good list[] = {
		{ "equals[madeAt]=2026-03-03T19:26:37Z", "a b", 2 },
		{ "equals[madeAt]=2026-03-03t19:26:37z", "a b", 2 },
		{ "equals[madeAt]=2026-03-03T20:56:37%2B01:30", "a b", 2 },
		{ "equals[madeAt]=2026-03-02T20:27:37-22:59", "a b", 2 },
		{ "equals[madeAt]=2026-03-03T19:26:37.000Z", "a b", 2 },
		{ "equals[madeAt]=2026-03-03T19:26:37.0004Z", "a b", 2 },
		{ "equals[madeAt]=2026-03-03T19:26:37.999Z", "", 0 },
		{ "gt[madeAt]=2026-03-03T19:26:37Z", "d", 1 },
		{ "gt[madeAt]=2026-03-03T19:26:36.999Z", "a b d", 3 },
		{ "gte[madeAt]=2026-03-03T19:26:37Z", "a b d", 3 },
		{ "lt[madeAt]=2026-03-03T19:26:38Z", "a b", 2 },
		{ "lte[madeAt]=2026-03-03T19:26:38.5Z", "a b d", 3 },
		{ "lt[madeAt]=9999-12-31T23:59:59Z", "a b d", 3 },
		{ "gt[madeAt]=0000-01-01T00:00:00Z", "a b d", 3 },
		{ "gt[madeAt]=2024-02-29T00:00:00Z", "a b d", 3 },
		{ "equals[madeAt]=1970-01-01T00:00:00Z", "", 0 },
		{ "not-in[madeAt]=1970-01-01T00:00:00Z", "a b c d", 4 },
		{ "in[madeAt]=2026-03-03T19:26:38Z,2026-03-03T19:26:39Z", "d", 1 },
	};

	EXPECT_ALL(list);
}

Test(list, sets)
{
	static const struct good list[] = {
		{ "in[name]=alpha,beta", "b c", 2 },
		{ "in[name]=alpha", "b", 1 },
		{ "in[name]=,alpha,", "b", 1 },
		{ "in[name]=nobody", "", 0 },
		{ "not-in[name]=alpha,beta", "a d", 2 },
		{ "in[name][]=alpha&in[name][]=beta", "b c", 2 },
		{ "in[name][0]=alpha&in[name][17]=beta", "b c", 2 },
		{ "not-in[name][]=alpha&not-in[name][]=beta", "a d", 2 },
		{ "in[extra]=x,y", "", 0 },
		{ "in[extra][]=x,y", "b", 1 },
		{ "not-in[extra][]=x,y", "a c d", 3 },
		{ "in[name][]=alpha&in[_id][]=b&in[_id][]=c", "b", 1 },
		{ "in[name][]=alpha&in[name]=alpha,beta", "b", 1 },
		{ "in[name][]=alpha&not-in[name][]=alpha", "", 0 },
		{ "in[size]=3,-1", "a b c", 3 },
		{ "not-in[note]=zz", "a b c", 3 },
	};

	EXPECT_ALL(list);
}

Test(list, names)
{
	static const struct good list[] = {
		{ "equals[groups]=core", "a d", 2 },
		{ "equals[groups]=Core", "", 0 },
		{ "equals[groups]=cor", "", 0 },
		{ "equals=edge&equalsField=groups", "b", 1 },
		{ "contains[groups]=OR", "a d", 2 },
		{ "contains[groups]=d", "b", 1 },
		{ "contains[groups]=", "a b d", 3 },
		{ "startsWith[groups]=la", "a d", 2 },
		{ "in[groups]=edge,Lab", "a b d", 3 },
		{ "not-in[groups]=edge", "a c d", 3 },
		{ "not-in[groups]=edge,Lab", "c", 1 },
	};

	EXPECT_ALL(list);
}

/* --- what is given of a record --- */

struct members {
	const char *query, *json;	/* of the first record */
};

Test(list, members)
{
	static const struct members list[] = {
		{ "include=name", "{\"_id\":\"a\",\"name\":\"Delta\"}" },
		{ "include=_id", "{\"_id\":\"a\"}" },
		{ "include=size,name,size", "{\"_id\":\"a\",\"name\":\"Delta\",\"size\":3}" },
		{ "include=more", "{\"_id\":\"a\",\"more\":1}" },
		{ "include=extra", "{\"_id\":\"a\"}" },
		{ "include=left", "{\"_id\":\"a\",\"left\":null}" },
		{ "include=connector.kind", "{\"_id\":\"a\",\"connector\":{\"kind\":\"local\"}}" },
		{ "include=connector.inner.port",
		  "{\"_id\":\"a\",\"connector\":{\"inner\":{\"port\":22}}}" },
		{ "include=connector.inner,connector.inner.port",
		  "{\"_id\":\"a\",\"connector\":{\"inner\":{\"host\":\"h1\",\"port\":22}}}" },
		{ "include=connector.settings",
		  "{\"_id\":\"a\",\"connector\":{\"settings\":{\"secret\":1}}}" },
		{ "include=groups", "{\"_id\":\"a\",\"groups\":[\"Lab\",\"core\"]}" },
		{ "exclude=_id,note,size,left,enabled,madeAt,seen,groups,connector,more",
		  "{\"name\":\"Delta\"}" },
		{ "exclude=note,size,left,enabled,madeAt,seen,groups,more,connector.settings,"
		  "connector.inner.host",
		  "{\"_id\":\"a\",\"name\":\"Delta\","
		  "\"connector\":{\"kind\":\"local\",\"inner\":{\"port\":22}}}" },
		{ "exclude=name,note,size,left,enabled,madeAt,seen,groups,more,connector.kind,"
		  "connector.settings,connector.inner",
		  "{\"_id\":\"a\",\"connector\":{}}" },
	};

	for (size_t i = 0; i < COUNT(list); i++) {
		struct world *w = world_new(list[i].query);
		const char *got;

		cr_expect_eq(answer(w, &kind), ERR_OK, "%s: %s", list[i].query, w->e.detail);
		cr_assert_eq(json_object_array_length(w->res.body), COUNT(things));
		got = json_text(w, json_object_array_get_idx(w->res.body, 0));
		cr_expect_str_eq(got, list[i].json, "%s: %s", list[i].query, got);
		world_end(w);
	}
}

/* --- kinds --- */

Test(list, kind_has_its_limits)
{
	static const struct list_kind small = { .show = show, .limit = 2, .limit_max = 3,
		.skip_max = 1 };
	static const struct {
		const char *query, *ids;
		enum err code;
	} list[] = {
		{ "", "a b", ERR_OK },
		{ "limit=1", "a", ERR_OK },
		{ "limit=3", "a b c", ERR_OK },
		{ "limit=4", "", ERR_INVALID },
		{ "skip=1", "b c", ERR_OK },
		{ "skip=2", "", ERR_INVALID },
		{ "include=more", "", ERR_INVALID },
	};

	for (size_t i = 0; i < COUNT(list); i++) {
		struct world *w = world_new(list[i].query);

		cr_expect_eq(answer(w, &small), list[i].code, "%s", list[i].query);
		if (list[i].code == ERR_OK)
			cr_expect_str_eq(ids(w), list[i].ids, "%s", list[i].query);
		world_end(w);
	}
}

Test(list, fills_before_it_filters)
{
	static const struct list_kind filled = { .show = show, .fill = fill };
	struct world *w = world_new("equals[connector.inner.host]=filled");

	cr_expect_eq(answer(w, &filled), ERR_OK, "%s", w->e.detail);
	cr_expect_str_eq(ids(w), "c");
	world_end(w);
}

Test(list, failure_of_a_record_is_that_of_the_list)
{
	static const struct list_kind failing = { .show = show_none };
	struct world *w = world_new("");

	cr_expect_eq(answer(w, &failing), ERR_UNAVAILABLE);
	cr_expect_str_eq(w->e.detail, "not now");
	world_end(w);
}

Test(list, nothing_to_list)
{
	struct world *w = world_new("sort=name&contains[name]=x&skip=1&limit=1");
	struct records none = { 0, sizeof(struct thing), NULL };

	cr_expect_eq(list_answer(w->req, &w->res, &none, &kind, &w->e), ERR_OK);
	cr_expect_eq(json_object_array_length(w->res.body), 0);
	cr_expect_eq(w->res.total, 0);
	world_end(w);
}

/* --- records that come one by one --- */

enum { MANY = 5000, FACTOR = 7919 };	/* FACTOR has no divisor in common with MANY */

static void
add_many(struct list_picks *p)
{
	for (int i = 0; i < MANY; i++) {
		int number = i * FACTOR % MANY;
		char *what = mem_printf(p->ctx, "%d", number);
		struct list_value key = { .text = mem_printf(what, "%05d", number) };

		list_pick_add(p, key, what);
	}
}

/* The picks keep what is wanted and little more, and free the rest. */
Test(list, picks_keep_the_first)
{
	static const struct list l = { .limit = 3, .skip = 2, .sort = &fields[1] };
	SCOPED(ctx, NULL);
	struct list_picks p = { .list = &l, .ctx = ctx, .is_owned = true };
	size_t end, blocks;

	add_many(&p);
	cr_expect_lt(p.n, 2 * (size_t)(l.skip + l.limit));
	blocks = talloc_total_blocks(ctx);
	cr_expect_eq(blocks, 1 + 1 + 2 * p.n, "%zu blocks for %zu", blocks, p.n);
	list_picks_end(&p, &end);
	cr_assert_eq(end, 5);
	cr_expect_eq(p.seen, MANY);
	for (size_t i = 0; i < end; i++)
		cr_expect_str_eq(p.at[i].what, mem_printf(ctx, "%zu", i));
}

Test(list, picks_keep_the_last)
{
	static const struct list l = { .limit = 2, .skip = 0, .sort = &fields[1],
		.is_descending = true };
	SCOPED(ctx, NULL);
	struct list_picks p = { .list = &l, .ctx = ctx, .is_owned = true };
	size_t end;

	add_many(&p);
	list_picks_end(&p, &end);
	cr_assert_eq(end, 2);
	cr_expect_str_eq(p.at[0].what, "4999");
	cr_expect_str_eq(p.at[1].what, "4998");
}

Test(list, picks_keep_all_without_limit)
{
	static const struct list l = { .limit = 0, .sort = &fields[1] };
	SCOPED(ctx, NULL);
	struct list_picks p = { .list = &l, .ctx = ctx, .is_owned = true };
	size_t end;

	add_many(&p);
	list_picks_end(&p, &end);
	cr_assert_eq(end, MANY);
	for (size_t i = 0; i < end; i++)
		cr_expect_str_eq(p.at[i].what, mem_printf(ctx, "%zu", i));
}
