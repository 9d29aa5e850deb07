#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"

#define COUNT(array) (sizeof (array) / sizeof *(array))
#define A_UML "\xc3\xa4"
#define EURO "\xe2\x82\xac"
#define GRIN "\xf0\x9f\x98\x80"

/* ---- text ---- */

Test(text, grows_and_stays_terminated)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, 100000);

	cr_expect_str_eq(t->at, "");
	for (int i = 0; i < 10000; i++) {
		text_add(t, "abc", 3);
		cr_assert_eq(strlen(t->at), t->len);
	}
	cr_expect_eq(t->len, 30000);
	cr_expect_not(t->cut);
	cr_expect_eq(t->at[29999], 'c');
}

Test(text, cuts_at_its_bound)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, 5), *none = text_new(tmp, 0);

	text_puts(t, "abcd");
	text_puts(t, "e");
	cr_expect_not(t->cut, "what just fits is not cut");
	text_puts(t, "");
	cr_expect_not(t->cut);
	text_puts(t, "f");
	cr_expect(t->cut);
	cr_expect_str_eq(t->at, "abcde");
	text_printf(t, "%d", 1);
	cr_expect_eq(t->len, 5);

	text_puts(none, "x");
	cr_expect(none->cut);
	cr_expect_str_eq(none->at, "");
}

Test(text, takes_what_fits_of_a_long_one)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, 5);

	text_printf(t, "%s-%d", "abc", 12345);
	cr_expect_str_eq(t->at, "abc-1");
	cr_expect(t->cut);
}

Test(text, holds_nul_bytes)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, 10);

	text_add(t, "a\0b", 3);
	cr_expect_eq(t->len, 3);
	cr_expect_eq(memcmp(t->at, "a\0b", 4), 0);
}

Test(text, drop)
{
	SCOPED(tmp, NULL);
	struct text *t = text_new(tmp, 10);

	text_puts(t, "abcdef");
	text_drop(t, 0);
	cr_expect_str_eq(t->at, "abcdef");
	text_drop(t, 2);
	cr_expect_str_eq(t->at, "cdef");
	text_puts(t, "ghijkl");
	cr_expect_str_eq(t->at, "cdefghijkl", "what was dropped makes room");
	cr_expect_not(t->cut);
	text_drop(t, 99);
	cr_expect_str_eq(t->at, "");
	cr_expect_eq(t->len, 0);
}

/* ---- hex, numbers, names ---- */

Test(hex, put_and_is)
{
	char out[2 * 4 + 1];

	hex_put(out, "\x00\x9f\xa5\xff", 4);
	cr_expect_str_eq(out, "009fa5ff");
	hex_put(out, "", 0);
	cr_expect_str_eq(out, "");
	cr_expect(hex_is("0123456789abcdef", 16));
	cr_expect(hex_is("", 0));
	cr_expect_not(hex_is("0123456789abcde", 16));
	cr_expect_not(hex_is("0123456789abcdef0", 16));
	cr_expect_not(hex_is("0123456789ABCDEF", 16));
	cr_expect_not(hex_is("012345678 abcdef", 16));
	cr_expect_not(hex_is("012345678gabcdef", 16));
}

Test(text, int_takes_whole_numbers_only)
{
	static const char *const bad[] = {
		"", "-", "+1", " 1", "1 ", "1x", "x", "0x10", "1.0", "1e2", "--1", "-+1", "9223372036854775808",
		"-9223372036854775809", "99999999999999999999999999", "\xd9\xa1",
	};
	int64_t n = 77;

	for (size_t i = 0; i < COUNT(bad); i++) {
		cr_expect_not(text_int(bad[i], INT64_MIN, INT64_MAX, &n), "\"%s\" was taken", bad[i]);
		cr_expect_eq(n, 77, "\"%s\" changed the number", bad[i]);
	}
	cr_expect(text_int("9223372036854775807", INT64_MIN, INT64_MAX, &n) && n == INT64_MAX);
	cr_expect(text_int("-9223372036854775808", INT64_MIN, INT64_MAX, &n) && n == INT64_MIN);
	cr_expect(text_int("-0", -5, 5, &n) && n == 0);
	cr_expect(text_int("5", -5, 5, &n) && n == 5);
	cr_expect(text_int("-5", -5, 5, &n) && n == -5);
	cr_expect_not(text_int("6", -5, 5, &n));
	cr_expect_not(text_int("-6", -5, 5, &n));
	cr_expect_eq(n, -5);
}

Test(text, eq)
{
	char a[] = "same";

	cr_expect(text_eq("same", a));
	cr_expect(text_eq(NULL, NULL));
	cr_expect_not(text_eq("same", NULL));
	cr_expect_not(text_eq(NULL, ""));
	cr_expect_not(text_eq("same", "sam"));
}

Test(names, add_and_has)
{
	SCOPED(tmp, NULL);
	struct names list = { 0 };

	cr_expect_not(names_has(&list, ""));
	for (int i = 0; i < 100; i++)
		names_add(tmp, &list, mem_printf(tmp, "n%d", i));
	cr_expect_eq(list.n, 100);
	cr_expect_str_eq(list.at[99], "n99");
	cr_expect(names_has(&list, "n0") && names_has(&list, "n99"));
	cr_expect_not(names_has(&list, "n100"));
	cr_expect_not(names_has(&list, "n"));
}

/* ---- ids, time ---- */

Test(id, new_is_hex_timed_and_unlike_others)
{
	SCOPED(tmp, NULL);
	struct names seen = { 0 };
	int64_t before = time(NULL), after;
	unsigned long first;
	char *id = id_new(tmp);

	after = time(NULL);
	cr_expect(id_is(id), "%s", id);
	cr_assert_eq(sscanf(id, "%8lx", &first), 1);
	cr_expect((int64_t)first >= before && (int64_t)first <= after, "it begins with the seconds");
	for (int i = 0; i < 1000; i++) {
		id = id_new(tmp);
		cr_assert_not(names_has(&seen, id), "%s came twice", id);
		names_add(tmp, &seen, id);
	}
}

Test(id, is)
{
	cr_expect(id_is("0123456789abcdef01234567"));
	cr_expect_not(id_is(""));
	cr_expect_not(id_is("0123456789abcdef0123456"));
	cr_expect_not(id_is("0123456789abcdef012345678"));
	cr_expect_not(id_is("0123456789ABCDEF01234567"));
	cr_expect_not(id_is("0123456789abcdef0123456/"));
	cr_expect_not(id_is("0123456789abcdef0123456" A_UML));
}

Test(id, uuid)
{
	SCOPED(tmp, NULL);

	for (int i = 0; i < 200; i++) {
		char *u = id_uuid(tmp);

		cr_assert(id_is_uuid(u), "%s", u);
		cr_assert_eq(u[14], '4', "%s is not version 4", u);
		cr_assert_not_null(strchr("89ab", u[19]), "%s is not of the RFC's variant", u);
	}
	cr_expect_str_neq(id_uuid(tmp), id_uuid(tmp));
	cr_expect(id_is_uuid("00000000-0000-0000-0000-000000000000"));
	cr_expect_not(id_is_uuid(""));
	cr_expect_not(id_is_uuid("00000000-0000-0000-0000-00000000000"));
	cr_expect_not(id_is_uuid("00000000-0000-0000-0000-0000000000000"));
	cr_expect_not(id_is_uuid("00000000-0000-0000-0000-00000000000G"));
	cr_expect_not(id_is_uuid("00000000-0000-0000-0000-00000000000A"));
	cr_expect_not(id_is_uuid("000000000000000000000000000000000000"));
	cr_expect_not(id_is_uuid("------------------------------------"));
}

Test(clock, text)
{
	char out[CLOCK_TEXT_MAX];

	cr_expect_str_eq(clock_text(out, 0), "1970-01-01T00:00:00Z");
	cr_expect_str_eq(clock_text(out, 999), "1970-01-01T00:00:00Z");
	cr_expect_str_eq(clock_text(out, 1000), "1970-01-01T00:00:01Z");
	cr_expect_str_eq(clock_text(out, 951782399999), "2000-02-28T23:59:59Z");
	cr_expect_str_eq(clock_text(out, 951782400000), "2000-02-29T00:00:00Z");
	cr_expect_str_eq(clock_text(out, 4102444800000), "2100-01-01T00:00:00Z", "beyond 32 bits");
	cr_expect_eq(clock_text(out, 0), out);
	clock_text(out, INT64_MAX);
	cr_expect_lt(strlen(out), CLOCK_TEXT_MAX);
}

Test(clock, wall_and_mono)
{
	int64_t before = (int64_t)time(NULL) * 1000, wall = clock_wall(), last = clock_mono();

	cr_expect_geq(wall, before - 1000);
	cr_expect_leq(wall, ((int64_t)time(NULL) + 1) * 1000);
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_mono();

		cr_assert_geq(now, last);
		last = now;
	}
}

/* ---- errors, faults ---- */

Test(err, codes)
{
	cr_expect_eq(err_status(ERR_OK), 200);
	cr_expect_eq(err_status(ERR_UNAVAILABLE), 503);
	cr_expect_str_eq(err_name(ERR_METHOD), "method-not-allowed");
	for (int i = 0; i < ERR__COUNT; i++) {
		cr_expect(err_status((enum err)i) >= 200 && err_status((enum err)i) <= 599);
		cr_expect_eq(err_find(err_name((enum err)i)), (enum err)i, "%s is not its own name", err_name((enum err)i));
	}
	cr_expect_eq(err_find("no such"), ERR_INTERNAL);
	cr_expect_eq(err_find(""), ERR_INTERNAL);
}

Test(err, set)
{
	struct error e;

	memset(&e, 'x', sizeof e);
	cr_expect_eq(error_set(&e, ERR_CONFLICT, "%s is there %d times", "it", 2), ERR_CONFLICT);
	cr_expect_eq(e.code, ERR_CONFLICT);
	cr_expect_str_eq(e.field, "");
	cr_expect_str_eq(e.detail, "it is there 2 times");
	cr_expect_eq(error_field(&e, "port", "must be at most %d", 9), ERR_INVALID);
	cr_expect_eq(e.code, ERR_INVALID);
	cr_expect_str_eq(e.field, "port");
	cr_expect_str_eq(e.detail, "port: must be at most 9");
	error_set(&e, ERR_CONFLICT, "again");
	cr_expect_str_eq(e.field, "", "no field is left over");
}

/* Whatever the place of the cut, no character is halved. */
Test(err, cut_at_a_character)
{
	static const char *const letters[] = { "x", A_UML, EURO, GRIN };
	SCOPED(tmp, NULL);

	for (size_t l = 0; l < COUNT(letters); l++)
		for (size_t shift = 0; shift < 4; shift++) {
			struct text *t = text_new(tmp, 10000);
			struct error e;

			for (size_t i = 0; i < shift; i++)
				text_puts(t, "y");
			for (size_t i = 0; i < ERROR_DETAIL_MAX; i++)
				text_puts(t, letters[l]);
			error_set(&e, ERR_INTERNAL, "%s", t->at);
			cr_expect(utf8_valid(e.detail, strlen(e.detail)));
			cr_expect(strlen(e.detail) > ERROR_DETAIL_MAX - 5 && strlen(e.detail) < ERROR_DETAIL_MAX);
			cr_expect_eq(strncmp(e.detail, t->at, strlen(e.detail)), 0);

			error_field(&e, t->at, "%s", t->at);
			cr_expect(utf8_valid(e.field, strlen(e.field)));
			cr_expect(strlen(e.field) > ERROR_FIELD_MAX - 5 && strlen(e.field) < ERROR_FIELD_MAX);
			cr_expect(utf8_valid(e.detail, strlen(e.detail)));
			cr_expect(strlen(e.detail) > ERROR_DETAIL_MAX - 5 && strlen(e.detail) < ERROR_DETAIL_MAX);
			cr_expect_eq(strncmp(e.detail, e.field, strlen(e.field)), 0);
			cr_expect_eq(strncmp(e.detail + strlen(e.field), ": ", 2), 0);
		}
}

Test(err, text_that_just_fits)
{
	char fits[ERROR_DETAIL_MAX];
	struct error e;

	memset(fits, 'x', sizeof fits);
	fits[ERROR_DETAIL_MAX - 1] = '\0';
	error_set(&e, ERR_INTERNAL, "%s", fits);
	cr_expect_str_eq(e.detail, fits);
}

Test(fault, none)
{
	SCOPED(tmp, NULL);
	struct faults *f = faults_new(tmp);

	cr_expect_eq(f->count, 0);
	cr_expect_str_eq(faults_text(tmp, f), "");
}

Test(fault, text)
{
	SCOPED(tmp, NULL);
	struct faults *f = faults_new(tmp);
	char path[] = "/n";

	faults_add(f, "", "must be an object");
	faults_add(f, path, "must be at least %d", 1);
	path[1] = 'x';
	cr_expect_eq(f->count, 2);
	cr_expect_eq(f->kept, 2);
	cr_expect_str_eq(f->at[1].path, "/n", "the path is copied");
	cr_expect_str_eq(faults_text(tmp, f), "must be an object; /n: must be at least 1");
}

Test(fault, bounded)
{
	SCOPED(tmp, NULL);
	struct faults *f = faults_new(tmp);
	const char *text;

	for (int i = 0; i < FAULTS_MAX; i++)
		faults_add(f, "/p", "fault %d", i);
	cr_expect_eq(f->kept, FAULTS_MAX);
	cr_expect_null(strstr(faults_text(tmp, f), "more"));
	for (int i = 0; i < 3; i++)
		faults_add(f, "/p", "beyond");
	cr_expect_eq(f->kept, FAULTS_MAX);
	cr_expect_eq(f->count, FAULTS_MAX + 3);
	text = faults_text(tmp, f);
	cr_expect_null(strstr(text, "beyond"));
	cr_expect_str_eq(text + strlen(text) - strlen("; /p: fault 99; and 3 more"), "; /p: fault 99; and 3 more");
}

/* ---- memory ---- */

struct counted {
	int *freed;
};

static int
count_free(struct counted *c)
{
	(*c->freed)++;
	return 0;
}

static struct counted *
counted_new(void *ctx, int *freed)
{
	struct counted *c = MEM_NEW(ctx, struct counted);

	c->freed = freed;
	MEM_ON_FREE(c, count_free);
	return c;
}

Test(mem, a_tree_goes_with_its_root)
{
	int freed = 0;
	void *root = mem_scope(NULL), *other = mem_scope(NULL);
	struct counted *kept;

	counted_new(counted_new(root, &freed), &freed);
	kept = counted_new(root, &freed);
	cr_expect_eq(mem_steal(other, kept), kept);
	mem_free(root);
	cr_expect_eq(freed, 2);
	mem_free(other);
	cr_expect_eq(freed, 3);
	mem_free(NULL);
}

Test(mem, scope_ends)
{
	int freed = 0;

	for (int i = 0; i < 3; i++) {
		SCOPED(tmp, NULL);

		counted_new(tmp, &freed);
		if (i == 1)
			continue;
		cr_expect_eq(freed, i);
	}
	cr_expect_eq(freed, 3);
}

Test(mem, zeroed)
{
	SCOPED(tmp, NULL);
	int64_t *many = MEM_ARRAY(tmp, int64_t, 1000);
	char *bytes = mem_bytes(tmp, 100), *one = mem_bytes(tmp, 0);
	size_t set = 0;

	for (size_t i = 0; i < 1000; i++)
		set += many[i] != 0;
	for (size_t i = 0; i < 100; i++)
		set += bytes[i] != 0;
	cr_expect_eq(set, 0);
	cr_expect_eq(one[0], 0);
	many = MEM_GROW(tmp, many, int64_t, 2000);
	cr_expect_eq(many[999], 0);
	cr_expect_eq(talloc_get_size(many), 2000 * sizeof *many);
}

Test(mem, texts)
{
	SCOPED(tmp, NULL);
	char source[] = "abc";
	char *copy = mem_text(tmp, source), *part = mem_textn(tmp, "abcdef", 4);

	source[0] = 'x';
	cr_expect_str_eq(copy, "abc");
	cr_expect_str_eq(part, "abcd");
	cr_expect_str_eq(mem_textn(tmp, "ab", 4), "ab");
	cr_expect_str_eq(mem_printf(tmp, "%s-%d", "a", 5), "a-5");
	cr_expect_eq(talloc_parent(copy), tmp);
}

Test(mem, count_keeps_its_range)
{
	cr_expect_eq(mem_count(0), 0);
	cr_expect_eq(mem_count(UINT32_MAX), UINT32_MAX);
	cr_expect_eq(mem_count((size_t)UINT32_MAX + 5), UINT32_MAX, "never a small number for a large one");
}

Test(mem, out_of_memory_ends_the_process, .signal = SIGABRT)
{
	mem_must(NULL);
}

/* talloc refuses such a size, and the process ends: no NULL comes back. */
Test(mem, absurd_sizes_end_the_process, .signal = SIGABRT)
{
	SCOPED(tmp, NULL);

	MEM_ARRAY(tmp, int64_t, SIZE_MAX);
}
