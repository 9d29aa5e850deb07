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

enum reason {
#define X(draft, file, group, test, reason)
#define Y(reason, why, fault) reason,
#include "schema_exclusions.h"
	SCHEMA_REASONS(Y)
#undef Y
	REASONS
};

static const struct {
	const char *name, *why, *fault;
} reasons[REASONS] = {
#define Y(reason, why, fault) { #reason, why, fault },
	SCHEMA_REASONS(Y)
#undef Y
#undef X
};

static struct exclusion {
	const char *draft, *file, *group, *test;
	enum reason reason;
	size_t seen;
} exclusions[] = {
#define X(draft, file, group, test, reason) { draft, file, group, test, reason, 0 },
#include "schema_exclusions.h"
#undef X
};

enum { EXCLUSIONS = sizeof exclusions / sizeof *exclusions };

struct tally {
	size_t ran, passed, failed;
	size_t excluded[REASONS];
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

/* A schema of the suite, as it was compiled. */
struct compiled {
	const struct schema *schema;	/* NULL: refused for the faults WHY */
	const char *why;
	const char *at[3];		/* draft, file, group */
};

/*
 * Whether an exclusion is what it says. One that is not needed any more, or no longer for that reason, would hide the
 * next mistake.
 */
static bool
is_excluded_rightly(const struct compiled *c, enum reason reason, bool as_wanted)
{
	if (reasons[reason].fault == NULL)
		return c->schema != NULL && !as_wanted;
	return c->schema == NULL && strstr(c->why, reasons[reason].fault) != NULL;
}

static void
judge_excluded(struct tally *tally, const struct compiled *c, struct exclusion *e, const char *name,
    bool as_wanted)
{
	e->seen++;
	if (is_excluded_rightly(c, e->reason, as_wanted)) {
		tally->excluded[e->reason]++;
		return;
	}
	tally->failed++;
	cr_expect(false, "%s/%s: %s: %s: is excluded as %s, which it is not any more: %s (%s)", c->at[0],
	    c->at[1], c->at[2], name, reasons[e->reason].name, c->schema == NULL ? "refused" :
	    as_wanted ? "passes" : "does not pass", c->why);
}

static void
run_case(struct tally *tally, const struct compiled *c, struct json_object *test)
{
	void *tmp = mem_scope(NULL);
	struct faults *faults = faults_new(tmp);
	bool wanted = json_object_get_boolean(json_object_object_get(test, "valid"));
	const char *name = text_of(test, "description");
	struct exclusion *e = find_exclusion(c->at[0], c->at[1], c->at[2], name);
	bool valid = c->schema != NULL && schema_check(c->schema, json_object_object_get(test, "data"),
	    faults) == 0;
	bool as_wanted = c->schema != NULL && valid == wanted;

	tally->ran++;
	if (c->schema != NULL)
		cr_expect_eq(valid, faults->count == 0);
	if (e != NULL)
		judge_excluded(tally, c, e, name, as_wanted);
	else if (as_wanted)
		tally->passed++;
	else {
		tally->failed++;
		cr_expect(false, "%s/%s: %s: %s: must be %s, is %s (%s)", c->at[0], c->at[1], c->at[2],
		    name, wanted ? "valid" : "invalid", c->schema == NULL ? "refused" : valid ?
		    "valid" : "invalid", c->schema == NULL ? c->why : faults_text(tmp, faults));
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
	struct compiled c = { .at = { draft, file, text_of(group, "description") } };

	name_draft(schema, draft);
	c.schema = schema_compile(tmp, schema, faults);
	c.why = faults_text(tmp, faults);
	cr_expect_eq(c.schema == NULL, faults->count > 0);
	for (size_t i = 0; i < json_object_array_length(tests); i++)
		run_case(tally, &c, json_object_array_get_idx(tests, i));
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

/* All cases of FOLDER, "" or "optional/", of the draft. */
static void
run_folder(struct tally *tally, const char *root, const char *draft, const char *folder)
{
	void *tmp = mem_scope(NULL);
	struct dirent **list;
	int n = scandir(mem_printf(tmp, "%s/%s/%s", root, draft, folder), &list, is_json, alphasort);

	cr_assert_gt(n, 0, "%s/%s/%s holds no cases", root, draft, folder);
	for (int i = 0; i < n; i++) {
		run_file(tally, root, draft, mem_printf(tmp, "%s%s", folder, list[i]->d_name));
		free(list[i]);
	}
	free(list);
	mem_free(tmp);
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
report(const char *draft, const struct tally *t, const char *what)
{
	size_t excluded = 0;

	for (size_t i = 0; i < REASONS; i++)
		excluded += t->excluded[i];
	fprintf(stderr, "%s, %s: %zu ran, %zu passed, %zu excluded, %zu failed\n", draft, what,
	    t->ran, t->passed, excluded, t->failed);
	for (size_t i = 0; i < REASONS; i++)
		if (t->excluded[i] > 0)
			fprintf(stderr, "  %zu %s: %s\n", t->excluded[i], reasons[i].fault == NULL ?
			    "judged otherwise" : "refused", reasons[i].why);
	cr_expect_eq(t->failed, 0);
	cr_expect_eq(t->ran, t->passed + excluded + t->failed);
}

/* An entry that stands for no case of this draft any more is one too many. */
static void
expect_all_seen(const char *draft, bool optional)
{
	for (size_t i = 0; i < EXCLUSIONS; i++) {
		const struct exclusion *e = &exclusions[i];
		bool is_optional = strncmp(e->file, "optional/", strlen("optional/")) == 0;

		if (!older && fits(e->draft, draft) && is_optional == optional)
			cr_expect_gt(e->seen, 0, "stands for nothing: %s/%s: %s", draft, e->file,
			    e->group == NULL ? "all" : e->group);
	}
}

static void
run_suite(const char *draft, const char *const *folders, size_t least)
{
	void *tmp = mem_scope(NULL);
	const char *root = suite(tmp, draft);
	struct tally tally = { .ran = 0 };
	bool optional = **folders != '\0';

	if (root == NULL) {
		mem_free(tmp);
		skip(draft);
	}
	for (; *folders != NULL; folders++)
		run_folder(&tally, root, draft, *folders);
	report(draft, &tally, optional ? "optional cases" : "required cases");
	cr_expect_gt(tally.passed, least, "too few cases were looked at");
	expect_all_seen(draft, optional);
	mem_free(tmp);
}

static const char *const required[] = { "", NULL };
static const char *const optional[] = { "optional/", "optional/format/", NULL };

Test(schema_suite, draft_2020_12)
{
	run_suite("draft2020-12", required, 1000);
}

Test(schema_suite, draft_07)
{
	run_suite("draft7", required, 390);
}

Test(schema_suite, optional_2020_12)
{
	run_suite("draft2020-12", optional, 500);
}

Test(schema_suite, optional_07)
{
	run_suite("draft7", optional, 50);
}
