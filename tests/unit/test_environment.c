#include "environment_world.h"

#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

/* Virtual environments of python-script services: the real venv and pip, and an index of our own on loopback. */

TestSuite(environment, .timeout = ENVIRONMENT_LIMIT, .init = begin_environments, .fini = finish_environments);

/* ensurepip is what the package python3-venv brings. */
static void
venv_is_there(void)
{
	if (system("/usr/bin/python3 -c 'import ensurepip' 2>/dev/null") != 0)
		cr_skip_test("ensurepip (package python3-venv) is not installed");
}

#define SCRIPT "import greeting, sys, os\nprint(greeting.VERSION, sys.prefix != sys.base_prefix,\n" \
	"    os.environ['VIRTUAL_ENV'] == sys.prefix, os.environ['PATH'].startswith(sys.prefix + '/bin:'))\n"

static struct wish
python_wish(const char *requirements, const char *credentials)
{
	put_file("main.py", 0600, SCRIPT);
	if (requirements != NULL)
		put_file("requirements.txt", 0600, requirements);
	return (struct wish){ .type = "python-script", .registries = registries(credentials),
	    .definition = definition("\"filename\":\"main.py\",\"runtime\":{\"req-file\":\"requirements.txt\"}") };
}

static struct seen *
ended(struct conn *c, const struct wish *w)
{
	struct seen *s = submitted(c, w);

	await(s);
	return s;
}

static void
expect_said(const struct seen *s, const char *output)
{
	cr_expect(s->ran, "%s\n%s", s->error, s->notes->at);
	cr_expect_str_eq(s->out[0]->at, output, "%s%s", s->out[0]->at, s->out[1]->at);
}

Test(environment, built_once_then_there_already)
{
	struct wish w;
	struct conn *c = open_kind("local", "{}");
	struct seen *first, *second;
	const char *path = NULL;
	struct stat st;
	int asked;

	venv_is_there();
	serve(NULL, NULL);
	w = python_wish("# ours\ngreeting==1.0  # not 2.0\n", "");
	first = ended(c, &w);
	expect_said(first, "1.0 True True True\n");
	cr_expect_eq(count(first->notes->at, " built in "), 1, "%s", first->notes->at);
	cr_expect_not_null(strstr(first->notes->at, "Successfully installed greeting-1.0"), "%s", first->notes->at);
	asked = lines_with("requests", "/");
	cr_expect_gt(asked, 0);
	second = ended(c, &w);
	expect_said(second, "1.0 True True True\n");
	cr_expect_not_null(strstr(second->notes->at, "there already"), "%s", second->notes->at);
	cr_expect_null(strstr(second->notes->at, " built in "), "%s", second->notes->at);
	cr_expect_eq(lines_with("requests", "/"), asked, "the second run asked the index");
	cr_expect_eq(environments(&path), 1);
	cr_assert_eq(stat(mem_printf(ctx, "%s/tree/venv/bin/greeting", path), &st), 0);
	cr_expect_eq(st.st_mode & 0222, 0, "it can be written to");
	mem_free(c);
}

/* Below the state directory; what is in them is made by the tests. */
static const char *const ours[] = { "", "/code", "/code/main.py", "/code/requirements.txt", "/packages" };

/* What is sent in a file that the first names counts, and so does what it says of other files. */
Test(environment, another_text_is_another_environment)
{
	struct wish w;
	struct conn *c = open_kind("local", "{}");

	venv_is_there();
	serve(NULL, NULL);
	put_dir("more");
	put_file("more/base.txt", 0600, "-c ../pins.txt\ngreeting\n");
	put_file("pins.txt", 0600, "greeting==1.0\n");
	w = python_wish("-r more/base.txt\n", "");
	expect_said(ended(c, &w), "1.0 True True True\n");
	put_file("pins.txt", 0600, "greeting==2.0\n");
	expect_said(ended(c, &w), "2.0 True True True\n");
	cr_expect_eq(environments(NULL), 2);
	mem_free(c);
}

Test(environment, ten_at_once_build_one)
{
	enum { AT_ONCE = 10 };
	struct seen *s[AT_ONCE];
	struct wish w;
	struct conn *c = open_kind("local", "{}");
	int builds = 0;

	venv_is_there();
	serve(NULL, NULL);
	w = python_wish("greeting==1.0\n", "");
	for (int i = 0; i < AT_ONCE; i++)
		s[i] = submitted(c, &w);
	for (int i = 0; i < AT_ONCE; i++) {
		await(s[i]);
		expect_said(s[i], "1.0 True True True\n");
		builds += count(s[i]->notes->at, " built in ");
	}
	cr_expect_eq(builds, 1);
	cr_expect_eq(lines_with("requests", "/wheels/greeting-1.0"), 1);
	cr_expect_eq(environments(NULL), 1);
	mem_free(c);
}

Test(environment, who_waits_takes_over_from_one_that_is_canceled)
{
	struct wish w;
	struct conn *c = open_kind("local", "{}");
	struct seen *builder, *waiter;
	struct error e;

	venv_is_there();
	serve(NULL, NULL);
	w = python_wish("greeting==1.0\n", "");
	builder = submitted(c, &w);
	waiter = submitted(c, &w);
	while (strstr(waiter->notes->at, "another run is building it") == NULL)
		loop_turn(loop, TURN_MS);
	cr_assert_eq(conn_cancel(c, builder->attempt, &e), ERR_OK);
	await(builder);
	cr_expect_not(builder->ran);
	await(waiter);
	expect_said(waiter, "1.0 True True True\n");
	cr_expect_eq(count(waiter->notes->at, " built in "), 1);
	mem_free(c);
}

/* What a dispatcher left that was killed: without its last file it is not there for anybody. */
Test(environment, half_built_is_built_anew)
{
	struct wish w;
	struct conn *c;
	const char *path = NULL, *half;

	venv_is_there();
	serve(NULL, NULL);
	c = open_kind("local", "{}");
	w = python_wish("greeting==1.0\n", "");
	expect_said(ended(c, &w), "1.0 True True True\n");
	cr_assert_eq(environments(&path), 1);
	half = mem_printf(ctx, "%s/complete", path);
	cr_assert_eq(chmod(path, 0700), 0);
	cr_assert_eq(unlink(half), 0);
	/* Not the one at the path, a new one. */
	cr_assert_eq(mkdir(mem_printf(ctx, "%s/mine", path), 0700), 0);
	expect_said(ended(c, &w), "1.0 True True True\n");
	cr_expect_eq(environments(&path), 1);
	cr_expect_neq(access(mem_printf(ctx, "%s/mine", path), F_OK), 0);
	mem_free(c);
}

Test(environment, a_failed_build_is_said_and_tried_again)
{
	struct wish w;
	struct conn *c = open_kind("local", "{}");
	struct seen *s;

	venv_is_there();
	serve(NULL, NULL);
	w = python_wish("greeting==3.0\n", "");
	for (int i = 0; i < 2; i++) {
		s = ended(c, &w);
		cr_expect_not(s->ran);
		cr_expect_not_null(strstr(s->error, "pip install failed (1)"), "%s", s->error);
		cr_expect_not_null(strstr(s->error, "No matching distribution found for greeting==3.0"), "%s", s->error);
		cr_expect_null(strchr(s->error, '\n'));
		cr_expect_not_null(strstr(s->notes->at, "from versions: 1.0, 2.0"), "%s", s->notes->at);
	}
	cr_expect_eq(environments(NULL), 0);
	mem_free(c);
}

Test(environment, a_build_has_a_limit)
{
	struct wish w;
	struct conn *c;
	struct seen *s;

	put_file("slow", 0700, "#!/bin/sh\necho begun\nsleep 1000\n");
	config->local_python = mem_printf(ctx, "%s/slow", code);
	config->environments_build_time = 1;
	c = open_kind("local", "{}");
	w = python_wish("greeting\n", "");
	s = ended(c, &w);
	cr_expect_not(s->ran);
	cr_expect_not_null(strstr(s->error, "did not end within [environments] build_time (1 s)"), "%s", s->error);
	cr_expect_not_null(strstr(s->notes->at, "begun"));
	mem_free(c);
}

#define PASSWORD "p \\\"w'#%40"

Test(environment, credentials_of_an_index)
{
	const char *named = ",\"username\":\"me\",\"password-name\":\"pass\"";
	static const struct conn_secret bad[] = { { "pass", "wrong-one" }, { NULL, NULL } };
	static const struct conn_secret good[] = { { "pass", PASSWORD }, { NULL, NULL } };
	struct conn *c = open_kind("local", "{}");
	struct wish w;
	struct seen *s;

	venv_is_there();
	serve("me", PASSWORD);
	w = python_wish("greeting==1.0\n", named);
	w.secrets = bad;
	s = ended(c, &w);
	cr_expect_not(s->ran);
	cr_expect_null(strstr(s->notes->at, "wrong-one"));
	cr_expect_null(strstr(s->error, "wrong-one"));
	w.secrets = good;
	s = ended(c, &w);
	expect_said(s, "1.0 True True True\n");
	cr_expect_null(strstr(s->notes->at, PASSWORD));
	cr_expect_gt(lines_with("requests", " with"), 0);
	mem_free(c);
}

Test(environment, what_cannot_be_shared_is_refused)
{
	static const char *const cases[][2] = {
		{ "-e .\n", "editable directory" },
		{ "--editable=./pkg\n", "editable directory" },
		{ "./pkg\n", "the directory ./pkg" },
		{ "-r none.txt\n", "none.txt is not in the working directory" },
		{ "-r ../../etc/passwd\n", ".. parts" },
		{ "-r /etc/passwd\n", "relative path" },
		{ "-c https://example.org/pins.txt\n", "a file elsewhere" },
		{ "-f wheels\n", "name their files instead" },
		{ "x @ file:///etc/passwd\n", "a file: URL" },
		{ "-r requirements.txt\n", "name one another more than 16 deep" },
		{ "a\377b\n", "must be UTF-8" },
		{ "pkg.whl\n", "pkg.whl is not in the working directory" },
		{ "greeting \\\n  \\\n -r\\\n none\n./pkg # x\n", "the directory ./pkg" },
	};

	put_dir("pkg");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conn *c = open_kind("local", "{}");
		struct wish w = python_wish(cases[i][0], "");
		struct seen *s = seen_new();
		struct error e = { 0 };

		cr_expect_neq(submit(c, &w, s, &e), ERR_OK, "%s", cases[i][0]);
		cr_expect_not_null(strstr(e.detail, cases[i][1]), "%s: %s", cases[i][0], e.detail);
		mem_free(c);
	}
	cr_expect_eq(environments(NULL), 0);
}

static const char *
fake(const char *name, int64_t kib, int days)
{
	const char *top = mem_printf(ctx, "%s/environments", state), *path = mem_printf(ctx, "%s/%s", top, name);
	const char *complete = mem_printf(ctx, "%s/complete", path);
	const struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, { .tv_sec = time(NULL) - days * 86400 } };
	FILE *f;

	mkdir(top, 0700);
	cr_assert_eq(mkdir(path, 0700), 0);
	f = fopen(complete, "w");
	fprintf(f, "%lld\n", (long long)kib);
	fclose(f);
	cr_assert_eq(utimensat(AT_FDCWD, complete, times, 0), 0);
	cr_assert_eq(chmod(path, 0500), 0);
	return path;
}

static bool
is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

Test(environment, the_old_and_the_too_much_go)
{
	const char *old = fake("python-1", 10, 40), *used = fake("python-2", 10, 40), *big = fake("python-3", 3000, 5);
	const char *fresh = fake("python-4", 500, 1), *half = mem_printf(ctx, "%s/environments/python-5", state);
	int lock = open(mem_printf(ctx, "%s.lock", used), O_RDWR | O_CREAT, 0600);
	struct conn *c;

	cr_assert_eq(mkdir(half, 0700), 0);
	cr_assert_eq(flock(lock, LOCK_SH), 0);
	config->environments_megabytes = 2;
	c = open_kind("local", "{}");
	cr_expect_not(is_there(old));
	cr_expect(is_there(used), "a run uses it");
	cr_expect_not(is_there(big));
	cr_expect(is_there(fresh));
	cr_expect_not(is_there(half));
	/* What was put out of the way is gone in the end. */
	for (DIR *dir; ; closedir(dir)) {
		struct dirent *d;
		int left = 0;

		dir = opendir(mem_printf(ctx, "%s/environments", state));
		while ((d = readdir(dir)) != NULL)
			left += strncmp(d->d_name, ".discarded", 10) == 0;
		if (left == 0) {
			closedir(dir);
			break;
		}
		loop_turn(loop, 100);
	}
	mem_free(c);
	close(lock);
}

/* What root may do all the same is not what a dispatcher may that is somebody else. */
Test(environment, is_built_by_one_who_is_not_root)
{
	const struct proc_user *user = proc_user_find(ctx, "nobody", NULL);
	struct conn *c;
	struct wish w;

	venv_is_there();
	if (geteuid() != 0 || user == NULL)
		cr_skip_test("lacks root, who alone can become another user");
	w = python_wish("greeting==1.0\n", "");
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		cr_assert_eq(chown(mem_printf(ctx, "%s%s", state, ours[i]), user->uid, user->gid), 0);
	cr_assert_eq(setresgid(user->gid, user->gid, user->gid) + setresuid(user->uid, user->uid, user->uid), 0);
	if (access(standin("index"), R_OK) != 0)
		cr_skip_test("lacks a clone that everybody may read");
	serve(NULL, NULL);
	w.registries = registries("");
	c = open_kind("local", "{}");
	expect_said(ended(c, &w), "1.0 True True True\n");
	cr_expect_eq(environments(NULL), 1);
	expect_said(ended(c, &w), "1.0 True True True\n");
	mem_free(c);
}

/* --- runs that are kept apart --- */

/* The environment is built by whoever we are, and used by those who may see nothing else of the state directory. */
Test(environment, is_seen_in_a_sandbox_and_by_another_user)
{
	struct conn *c = open_kind("local", "{}");
	const char *said = "1.0 True True True\n";
	struct wish w;

	venv_is_there();
	serve(NULL, NULL);
	w = python_wish("greeting==1.0\n", "");
	expect_said(ended(c, &w), said);
	if (proc_sandbox_version() > 0) {
		config->local_sandbox = "landlock";
		expect_said(ended(c, &w), said);
	}
	mem_free(c);
	if (geteuid() != 0)
		cr_skip_test("lacks root, who alone can run services as another user");
	cr_assert_eq(chmod(state, 0711), 0);
	config->local_run_as = "nobody";
	c = open_kind("local", "{}");
	w = python_wish("greeting==1.0\n", "");
	/* One of its own: what somebody else has built is not for it to execute. */
	for (size_t i = 2; i < sizeof ours / sizeof *ours - 1; i++)
		cr_assert_eq(chmod(mem_printf(ctx, "%s%s", state, ours[i]), 0644), 0);
	expect_said(ended(c, &w), said);
	config->local_sandbox = "none";
	expect_said(ended(c, &w), said);
	cr_expect_eq(environments(NULL), 2);
	mem_free(c);
}
