#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/body.h"
#include "json/schema_keep.h"

static struct schema_keep *keep;
static void *ctx;

static void
open_keep(void)
{
	ctx = mem_scope(NULL);
	keep = schema_keep_new(ctx);
}

static void
close_keep(void)
{
	mem_free(ctx);
}

TestSuite(schema_keep, .init = open_keep, .fini = close_keep);

/* The Nth of many texts that are all different. */
static const char *
nth(void *c, int n)
{
	return mem_printf(c, "{\"schema\":{\"maximum\":%d}}", n);
}

static const struct schema *
must_get(void *c, const char *text)
{
	struct faults *f = faults_new(c);
	const struct schema *s = schema_keep_get(keep, c, text, "schema", f);

	cr_assert_not_null(s, "%s: %s", text, faults_text(c, f));
	cr_expect_eq(f->count, 0);
	return s;
}

static bool
allows(void *c, const struct schema *s, int n)
{
	struct json_object *v = json_object_new_int(n);
	bool fits = schema_check(s, v, faults_new(c)) == 0;

	json_object_put(v);
	return fits;
}

Test(schema_keep, gives_the_same_for_the_same_text)
{
	SCOPED(tmp, NULL);
	SCOPED(other, NULL);
	const struct schema *a = must_get(tmp, nth(tmp, 1));

	cr_expect_eq(must_get(other, nth(other, 1)), a);
	cr_expect_neq(must_get(other, nth(other, 2)), a);
	/* the same text, but another part of it */
	cr_expect_neq(schema_keep_get(keep, tmp, "{\"schema\":true,\"decorator\":false}", "schema", faults_new(tmp)),
	    schema_keep_get(keep, tmp, "{\"schema\":true,\"decorator\":false}", "decorator", faults_new(tmp)));
	cr_expect_eq(schema_keep_rest(keep), 4);
}

Test(schema_keep, what_is_none_is_not_kept)
{
	static const struct {
		const char *text, *fault;
	} rows[] = {
		{ "{\"schema\":{\"type\":\"x\"}}", "/type: must be one of" },
		{ "{}", "must be a schema: an object, true or false" },
		{ "{\"schema\":null}", "must be a schema: an object, true or false" },
		{ "[]", "must be an object" },
		{ "", "must be an object" },
		{ "{\"schema\":", "must be an object" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int again = 0; again < 2; again++) {
			SCOPED(tmp, NULL);
			struct faults *f = faults_new(tmp);

			cr_expect_null(schema_keep_get(keep, tmp, rows[i].text, "schema", f));
			cr_expect_eq(strncmp(faults_text(tmp, f), rows[i].fault, strlen(rows[i].fault)), 0,
			    "%s: %s", rows[i].text, faults_text(tmp, f));
		}
	cr_expect_eq(schema_keep_rest(keep), 0);
}

Test(schema_keep, lives_as_long_as_it_is_used)
{
	SCOPED(user, NULL);
	const struct schema *a = must_get(user, nth(user, 0));

	/* many others push it out of the list */
	for (int i = 1; i < 3 * SCHEMA_KEEP_MAX; i++) {
		SCOPED(tmp, NULL);

		cr_expect(allows(tmp, must_get(tmp, nth(tmp, i)), i));
		cr_expect_not(allows(tmp, must_get(tmp, nth(tmp, i)), i + 1));
	}
	cr_expect(allows(user, a, 0));
	cr_expect_not(allows(user, a, 1));
	cr_expect_neq(must_get(user, nth(user, 0)), a, "it is not in the list any more");
	cr_expect_eq(schema_keep_rest(keep), 1);
}

Test(schema_keep, the_one_used_last_stays)
{
	SCOPED(user, NULL);
	const struct schema *a;
	void *first = mem_scope(NULL);

	a = must_get(first, nth(first, 0));
	mem_free(first);
	for (int i = 1; i < 3 * SCHEMA_KEEP_MAX; i++) {
		SCOPED(tmp, NULL);

		must_get(tmp, nth(tmp, i));
		cr_expect_eq(must_get(tmp, nth(tmp, 0)), a);
	}
}

Test(schema_keep, rests)
{
	void *user = mem_scope(NULL);

	must_get(user, nth(user, 1));
	cr_expect_eq(schema_keep_rest(keep), 1, "it is in use");
	mem_free(user);
	cr_expect_eq(schema_keep_rest(keep), 0);
}

/* {"schema":{"properties":{...}}} with N members, which takes more than a KiB for each */
static const char *
wide(void *c, int n)
{
	struct text *t = text_new(c, SIZE_MAX / 2);

	text_puts(t, "{\"schema\":{\"properties\":{");
	for (int i = 0; i < n; i++)
		text_printf(t, "%s\"%d\":{\"type\":\"string\"}", i == 0 ? "" : ",", i);
	text_puts(t, "}}}");
	return t->at;
}

Test(schema_keep, memory_is_bounded)
{
	SCOPED(user, NULL);

	must_get(user, wide(user, 1000));
	cr_expect_eq(schema_keep_rest(keep), 0, "it is too large to be kept");
	for (int i = 0; i < SCHEMA_KEEP_MAX; i++)
		must_get(user, wide(user, 100 + i));
	cr_expect_lt(schema_keep_rest(keep), SCHEMA_KEEP_MAX);
	cr_expect_gt(schema_keep_rest(keep), 2);
}

enum { THREADS = 4, ROUNDS = 500, TEXTS = 2 * SCHEMA_KEEP_MAX };

static void *
ask_often(void *arg)
{
	size_t *wrong = arg;

	for (int i = 0; i < ROUNDS; i++) {
		SCOPED(tmp, NULL);
		int n = (i * 7) % TEXTS;
		const struct schema *s = must_get(tmp, nth(tmp, n));

		*wrong += !allows(tmp, s, n) || allows(tmp, s, n + 1);
		if (i % 100 == 0)
			schema_keep_rest(keep);
	}
	return NULL;
}

Test(schema_keep, threads_share_one)
{
	pthread_t threads[THREADS];
	size_t wrong[THREADS] = { 0 };

	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, ask_often, &wrong[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		cr_expect_eq(wrong[i], 0);
	}
	cr_expect_eq(schema_keep_rest(keep), 0);
}
