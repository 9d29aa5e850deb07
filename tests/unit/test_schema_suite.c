/*
 * The official JSON Schema cases (github.com/json-schema-org/JSON-Schema-Test-Suite),
 * read from the folder that GATEHOUSE_SCHEMA_SUITE names, or from
 * ../shared/conformance/json-schema beside the sources, or from where Debian's
 * json-schema-test-suite puts draft-07. Skipped by name where there is none of
 * them. They are read with json-c's own parser, since some hold what json_parse()
 * refuses: NUL characters and integers beyond 64 bits.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "json/schema.h"

static const char draft7_uri[] = "http://json-schema.org/draft-07/schema#";
static const char debian_suite[] = "/usr/share/json-schema-test-suite/tests";

/*
 * What is not followed, and why. NULL stands for every group or case; a case
 * that begins with * is an ending.
 */
static struct exclusion {
	const char *draft, *file, *group, *test, *reason;
	size_t seen, used;
} exclusions[] = {
#define X(draft, file, group, test, reason) { draft, file, group, test, reason, 0, 0 },
#include "schema_exclusions.h"
#undef X
};

enum { EXCLUSIONS = sizeof exclusions / sizeof *exclusions };

struct tally {
	size_t ran, passed, excluded, failed;
};

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static bool
fits(const char *wanted, const char *s)
{
	if (wanted == NULL)
		return true;
	return wanted[0] == '*' ? ends_with(s, wanted + 1) : strcmp(wanted, s) == 0;
}

/* Whether the case is one of Debian's older ones, which has exclusions of its own. */
static bool older;

static struct exclusion *
find_exclusion(const char *draft, const char *file, const char *group, const char *test)
{
	for (size_t i = 0; i < EXCLUSIONS; i++)
		if ((fits(exclusions[i].draft, draft) || (older && fits(exclusions[i].draft,
		    "debian"))) && fits(exclusions[i].file, file) &&
		    fits(exclusions[i].group, group) && fits(exclusions[i].test, test))
			return &exclusions[i];
	return NULL;
}

static const char *
text_of(struct json_object *o, const char *key)
{
	return json_object_get_string(json_object_object_get(o, key));
}

/* Runs one case: S is NULL where its schema was refused for the faults WHY. */
static void
run_case(struct tally *tally, const struct schema *s, const char *why, struct json_object *test,
    const char *at[3])
{
	void *tmp = mem_scope(NULL);
	struct faults *faults = faults_new(tmp);
	bool wanted = json_object_get_boolean(json_object_object_get(test, "valid"));
	const char *name = text_of(test, "description");
	struct exclusion *e = find_exclusion(at[0], at[1], at[2], name);
	bool valid = s != NULL && schema_check(s, json_object_object_get(test, "data"),
	    faults) == 0;

	tally->ran++;
	if (e != NULL)
		e->seen++;
	if (s != NULL)
		cr_expect_eq(valid, faults->count == 0);
	if (s != NULL && valid == wanted) {
		tally->passed++;
	} else if (e != NULL) {
		tally->excluded++;
		e->used++;
	} else {
		tally->failed++;
		cr_expect(false, "%s/%s: %s: %s: must be %s, is %s (%s)", at[0], at[1], at[2], name,
		    wanted ? "valid" : "invalid", s == NULL ? "refused" : valid ?
		    "valid" : "invalid",
		    s == NULL ? why : faults_text(tmp, faults));
	}
	mem_free(tmp);
}

/* The cases of draft-07 name no draft, since the folder does. */
static void
name_draft(struct json_object *schema, const char *draft)
{
	if (strcmp(draft, "draft7") == 0 && json_object_is_type(schema, json_type_object) &&
	    !json_object_object_get_ex(schema, "$schema", NULL))
		json_object_object_add(schema, "$schema", json_object_new_string(draft7_uri));
}

static void
run_group(struct tally *tally, struct json_object *group, const char *draft, const char *file)
{
	void *tmp = mem_scope(NULL);
	struct faults *faults = faults_new(tmp);
	struct json_object *schema = json_object_object_get(group, "schema");
	struct json_object *tests = json_object_object_get(group, "tests");
	const char *at[3] = { draft, file, text_of(group, "description") };
	struct schema *s;

	name_draft(schema, draft);
	s = schema_compile(tmp, schema, faults);
	cr_expect_eq(s == NULL, faults->count > 0);
	for (size_t i = 0; i < json_object_array_length(tests); i++)
		run_case(tally, s, faults_text(tmp, faults), json_object_array_get_idx(tests, i),
		    at);
	mem_free(tmp);
}

static void
run_file(struct tally *tally, const char *root, const char *draft, const char *file)
{
	void *tmp = mem_scope(NULL);
	struct json_object *groups = json_object_from_file(mem_printf(tmp, "%s/%s/%s", root,
	    draft, file));

	cr_assert(json_object_is_type(groups, json_type_array), "%s/%s cannot be read", draft,
	    file);
	for (size_t i = 0; i < json_object_array_length(groups); i++)
		run_group(tally, json_object_array_get_idx(groups, i), draft, file);
	json_object_put(groups);
	mem_free(tmp);
}

static int
is_json(const struct dirent *d)
{
	return ends_with(d->d_name, ".json");
}

static struct tally
run_folder(const char *root, const char *draft)
{
	void *tmp = mem_scope(NULL);
	struct tally tally = { 0, 0, 0, 0 };
	struct dirent **list;
	int n = scandir(mem_printf(tmp, "%s/%s", root, draft), &list, is_json, alphasort);

	cr_assert_gt(n, 0, "%s/%s holds no cases", root, draft);
	for (int i = 0; i < n; i++) {
		run_file(&tally, root, draft, list[i]->d_name);
		free(list[i]);
	}
	free(list);
	mem_free(tmp);
	return tally;
}

/* The folder of cases of DRAFT, made for CTX; NULL where there is none. */
static const char *
suite(void *ctx, const char *draft)
{
	const char *named = getenv("GATEHOUSE_SCHEMA_SUITE"), *source = getenv("srcdir");
	const char *places[] = {
		named,
		mem_printf(ctx, "%s/../shared/conformance/json-schema", source == NULL ?
		    "." : source),
		debian_suite,
	};

	if (named != NULL)
		cr_assert_eq(access(mem_printf(ctx, "%s/%s", named, draft), R_OK), 0,
		    "GATEHOUSE_SCHEMA_SUITE has no %s", draft);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (places[i] != NULL && access(mem_printf(ctx, "%s/%s", places[i], draft),
		    R_OK) == 0) {
			older = ends_with(places[i], "/json-schema-test-suite/tests");
			return places[i];
		}
	return NULL;
}

static void
skip(const char *draft)
{
	cr_skip_test("the official JSON Schema cases of %s are not here", draft);
}

static void
print_exclusions(const char *draft)
{
	for (size_t i = 0; i < EXCLUSIONS; i++) {
		const struct exclusion *e = &exclusions[i];

		if ((strcmp(e->draft, draft) == 0 || strcmp(e->draft, "debian") == 0) &&
		    e->used > 0)
			fprintf(stderr, "  excluded: %s/%s: %s: %s: %zu (%s)\n", e->draft, e->file,
			    e->group == NULL ? "all" : e->group, e->test == NULL ? "all" : e->test,
			    e->used, e->reason);
	}
}

/* An exclusion that is no longer needed would hide the next mistake. */
static void
expect_all_needed(void)
{
	for (size_t i = 0; i < EXCLUSIONS; i++)
		cr_expect(exclusions[i].seen == 0 || exclusions[i].used > 0,
		    "no longer needed: %s/%s: %s",
		    exclusions[i].draft, exclusions[i].file, exclusions[i].group);
}

static void
report(const char *draft, const struct tally *t, const char *what)
{
	fprintf(stderr, "%s, %s: %zu ran, %zu passed, %zu excluded, %zu failed\n", draft, what,
	    t->ran,
	    t->passed, t->excluded, t->failed);
	cr_expect_eq(t->failed, 0);
	cr_expect_eq(t->ran, t->passed + t->excluded + t->failed);
}

static void
run_required(const char *draft, size_t least)
{
	void *tmp = mem_scope(NULL);
	const char *root = suite(tmp, draft);
	struct tally tally;

	if (root == NULL) {
		mem_free(tmp);
		skip(draft);
	}
	tally = run_folder(root, draft);
	report(draft, &tally, "required cases");
	print_exclusions(draft);
	cr_expect_gt(tally.passed, least, "too few cases were looked at");
	expect_all_needed();
	mem_free(tmp);
}

/* Those optional files that concern what we promise. */
static void
run_optional(const char *draft, size_t least)
{
	static const char *const files[] = {
		"bignum", "ecmascript-regex", "float-overflow", "non-bmp-regex", "id", "anchor",
		"dependencies-compatibility", "no-schema", "format/date", "format/date-time",
		    "format/time",
		"format/email", "format/hostname", "format/ipv4", "format/ipv6", "format/regex",
		"format/ecmascript-regex", "format/uri", "format/uuid",
	};
	void *tmp = mem_scope(NULL);
	const char *root = suite(tmp, draft);
	struct tally tally = { 0, 0, 0, 0 };

	if (root == NULL) {
		mem_free(tmp);
		skip(draft);
	}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const char *file = mem_printf(tmp, "optional/%s.json", files[i]);

		if (access(mem_printf(tmp, "%s/%s/%s", root, draft, file), R_OK) == 0)
			run_file(&tally, root, draft, file);
	}
	report(draft, &tally, "optional cases");
	print_exclusions(draft);
	cr_expect_gt(tally.passed, least, "too few cases were looked at");
	expect_all_needed();
	mem_free(tmp);
}

Test(schema_suite, draft_2020_12)
{
	run_required("draft2020-12", 1000);
}

Test(schema_suite, draft_07)
{
	run_required("draft7", 390);
}

Test(schema_suite, optional_2020_12)
{
	run_optional("draft2020-12", 400);
}

Test(schema_suite, optional_07)
{
	run_optional("draft7", 50);
}
