#include "environment_world.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>

/*
 * What prepares a run executes what others wrote: setup.py of packages, providers of plans. Each attempt at what is
 * ours is made without a sandbox too, as whoever we are, and succeeds there, so that the tests can fail.
 */

#define OTHER "nobody"
#define VENV_PYTHON "/usr/bin/python3"

TestSuite(tools, .timeout = ENVIRONMENT_LIMIT, .init = begin_environments, .fini = finish_environments);

/* One is y or n in what a tool reports. */
static const char *const attempts[] = {
	"cat $S/gatehouse.db", "cat $S/secret.key", "echo x >>$S/gatehouse.db", "ls $S/runs", "cat $S/runs/*7/secret.TOKEN",
	"cat $S/git/credentials", "touch $S/made && rm $S/made", "touch $S/environments/another/f",
	"touch $S/plugins/f", "touch $C/made && rm $C/made", "touch $T && rm $T", "cat /proc/$D/environ", "kill -0 $D",
};

enum { ATTEMPTS = sizeof attempts / sizeof *attempts, PLUGINS = 8, TEMPORARY = 10 };

static const char *
all_of(char answer)
{
	char *s = mem_bytes(ctx, ATTEMPTS + 1);

	memset(s, answer, ATTEMPTS);
	if (answer == 'n' && proc_sandbox_lacks() != NULL)
		s[ATTEMPTS - 1] = 'y';
	s[ATTEMPTS] = '\0';
	return s;
}

static void
put_state(const char *name)
{
	FILE *f = fopen(mem_printf(ctx, "%s/%s", state, name), "w");

	cr_assert_not_null(f);
	fputs("ours\n", f);
	cr_assert_eq(fclose(f), 0);
	cr_assert_eq(chmod(mem_printf(ctx, "%s/%s", state, name), 0600), 0);
}

/* The state directory as it is; the run with the number 7 is under way for as long as the lock is held. */
static int
put_states(void)
{
	static const char *const dirs[] = { "runs", "runs/000000000000000000000007", "git", "environments",
	    "environments/another", "plugins" };
	int lock;

	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		cr_assert_eq(mkdir(mem_printf(ctx, "%s/%s", state, dirs[i]), 0700), 0);
	put_state("gatehouse.db");
	put_state("secret.key");
	put_state("git/credentials");
	put_state("runs/000000000000000000000007/secret.TOKEN");
	put_state("environments/another/complete");
	lock = open(mem_printf(ctx, "%s/runs/000000000000000000000007", state), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(flock(lock, LOCK_EX), 0);
	return lock;
}

static void
clear_states(int lock)
{
	const char *run = mem_printf(ctx, "%s/runs/000000000000000000000007", state);

	unlink(mem_printf(ctx, "%s/secret.TOKEN", run));
	cr_expect_eq(rmdir(run), 0);
	close(lock);
}

static const char *
variables(void)
{
	return mem_printf(ctx, "S='%s' C='%s' T='%s.elsewhere' D=%d", state, code, state, (int)getpid());
}

/* As [local] run_as and sandbox say. */
static void
keep_apart(bool as_other, bool in_sandbox)
{
	if (as_other && geteuid() != 0)
		cr_skip_test("lacks root, who alone can run services as another user");
	if (in_sandbox && proc_sandbox_version() == 0)
		cr_skip_test("lacks a kernel with Landlock");
	cr_assert_eq(chmod(state, 0711), 0);
	config->local_run_as = as_other ? OTHER : "";
	config->local_sandbox = in_sandbox ? "landlock" : "none";
}

/* --- setup.py --- */

/* A package whose setup.py tries what it can, and installs what came of it. */
static void
put_package(bool is_apart)
{
	struct text *t = text_new(ctx, KEPT);

	text_printf(t, "import os, subprocess, tempfile\nfrom setuptools import setup\nseen = ''\nfor one in (");
	for (size_t i = 0; i < ATTEMPTS; i++)
		text_printf(t, "\"%s\", ", attempts[i]);
	text_printf(t, "):\n    ok = subprocess.run([\"sh\", \"-c\", \"%s; \" + one], stdout=-3, stderr=-3).returncode == 0\n"
	    "    seen += 'y' if ok else 'n'\n"
	    "tempfile.NamedTemporaryFile(dir=os.environ['HOME']).close()\ntempfile.NamedTemporaryFile().close()\n"
	    "status = [line.split()[1] for line in open('/proc/self/status') if line.startswith(('Uid', 'NoNewPrivs'))]\n"
	    "with open('probed.py', 'w') as f: f.write(f'SEEN = {seen!r}\\nSTATUS = {status!r}\\n')\n"
	    "setup(name='probed', version='1', py_modules=['probed'])\n", variables());
	/* That it is whole is for us to say. */
	if (is_apart)
		text_puts(t, "import sys\ntry:\n    open(sys.prefix + '/../../complete', 'w')\n    sys.exit('it says so itself')\n"
		    "except OSError: pass\n");
	put_dir("package");
	put_file("package/setup.py", 0644, t->at);
	cr_assert_eq(system(mem_printf(ctx, "tar -C %s -czf %s/probed.tar.gz package && chmod 644 %s/probed.tar.gz", code,
	    code, code)), 0);
	put_file("requirements.txt", 0644, "./probed.tar.gz\n");
}

/* What setup.py saw; which files with credentials are left; what the service can do to what was built. */
#define MAIN "import os, probed\nhome, inside = os.environ['HOME'], probed.__file__\n" \
	"def attempt(do):\n    try:\n        do()\n        return 'y'\n    except OSError:\n        return 'n'\n" \
	"print(probed.SEEN, *probed.STATUS, [n for n in ('.netrc', 'pip.conf') if os.path.exists(f'{home}/{n}')],\n" \
	"    attempt(lambda: open(inside)) + attempt(lambda: os.chmod(inside, 0o666)) + attempt(lambda: open(inside, 'a')) +\n" \
	"    attempt(lambda: open(os.path.dirname(inside) + '/new', 'w')) + attempt(lambda: os.mkdir(os.environ['VIRTUAL_ENV'] + '/../new')))\n"

static struct seen *
built(void)
{
	static const struct conn_secret secrets[] = { { "pass", "word" }, { NULL, NULL } };
	const struct wish w = { .type = "python-script", .secrets = secrets,
	    .registries = "[{\"name\":\"mine\",\"type\":\"pypi\",\"url\":\"http://127.0.0.1:1/simple/\",\"default\":true,"
	    "\"username\":\"me\",\"password-name\":\"pass\"}]",
	    .definition = definition("\"filename\":\"main.py\",\"runtime\":{\"req-file\":\"requirements.txt\"}") };
	struct conn *c = open_kind("local", "{}");
	struct seen *s;

	put_file("main.py", 0644, MAIN);
	s = submitted(c, &w);
	await(s);
	cr_expect(s->ran, "%s\n%s", s->error, s->notes->at);
	mem_free(c);
	return s;
}

static void
setup_py(bool as_other, bool in_sandbox, const char *comes_to, const char *can_do)
{
	int lock;

	if (system(VENV_PYTHON " -c 'import ensurepip' 2>/dev/null") != 0)
		cr_skip_test("ensurepip (package python3-venv) is not installed");
	keep_apart(as_other, in_sandbox);
	lock = put_states();
	put_package(as_other || in_sandbox);
	cr_expect_str_eq(built()->out[0]->at, mem_printf(ctx, "%s %d 1 [] %s\n", comes_to,
	    as_other ? (int)getpwnam(OTHER)->pw_uid : (int)geteuid(), can_do));
	clear_states(lock);
}

/* Everybody may write to the place of temporary files, but in a sandbox. */
static const char *
as_anybody(void)
{
	char *s = mem_text(ctx, all_of('n'));

	s[TEMPORARY] = 'y';
	s[ATTEMPTS - 1] = 'n';
	return s;
}

Test(tools, setup_py_comes_to_the_state) { setup_py(false, false, all_of('y'), geteuid() == 0 ? "yyyyy" : "yyynn"); }
/* A sandbox does not hold chmod(2) back. */
Test(tools, setup_py_in_a_sandbox) { setup_py(false, true, all_of('n'), "yynnn"); }
Test(tools, setup_py_of_another_user) { setup_py(true, false, as_anybody(), "ynnnn"); }
Test(tools, setup_py_of_another_user_in_a_sandbox) { setup_py(true, true, all_of('n'), "ynnnn"); }

/* --- tofu init --- */

static const char *
probe(const char *into)
{
	struct text *t = text_new(ctx, KEPT);

	text_printf(t, "%s\n", variables());
	for (size_t i = 0; i < ATTEMPTS; i++)
		text_printf(t, "if (%s) >/dev/null 2>&1; then printf y; else printf n; fi >>%s\n", attempts[i], into);
	return t->at;
}

static struct wish
plan(const char *init)
{
	put_file("program", 0755, mem_printf(ctx, "#!/bin/sh\nif [ \"$1\" = init ]; then\n%s\nexit\nfi\n"
	    "cat seen; id -u\n(echo x >>$TF_PLUGIN_CACHE_DIR/mine) 2>/dev/null && echo written\n"
	    "stat -c %%U $HOME/.terraform $TF_PLUGIN_CACHE_DIR; touch .lock && echo beside the plan\n"
	    "echo '{\"version\":4}' >${4#-state=}\n", init));
	config->local_tofu = mem_printf(ctx, "%s/program", code);
	config->local_sandbox_read = mem_printf(ctx, "%s:%s", config->local_sandbox_read, config->local_tofu);
	cr_assert_eq(mkdir(mem_printf(ctx, "%s/work", state), 0700), 0);
	return (struct wish){ .type = "opentofu-plan", .params = "{\"action\":\"plan\"}",
	    .state_path = mem_printf(ctx, "%s/work/terraform.tfstate", state), .definition = definition("\"vars\":[]") };
}

static void
tofu_init(bool as_other, bool in_sandbox, const char *comes_to, bool writes_plugins)
{
	const char *user = as_other ? OTHER : "root";
	struct wish w;
	struct seen *s;
	struct stat st;
	int lock;

	if (geteuid() != 0)
		cr_skip_test("lacks root");
	keep_apart(as_other, in_sandbox);
	lock = put_states();
	w = plan(mem_printf(ctx, "%s\nmkdir $TF_DATA_DIR; touch $TF_PLUGIN_CACHE_DIR/mine .lock.hcl; id -u >>seen",
	    probe("seen")));
	s = ran(&w);
	cr_expect_str_eq(s->out[0]->at, mem_printf(ctx, "%s%d\n%d\n%s%s\n%s\nbeside the plan\n", comes_to,
	    (int)getpwnam(user)->pw_uid, (int)getpwnam(user)->pw_uid, writes_plugins ? "written\n" : "", user, user),
	    "%s%s", s->out[0]->at, s->out[1]->at);
	/* What was given is ours again. */
	cr_assert_eq(stat(w.state_path, &st), 0);
	cr_expect_eq(st.st_uid, 0);
	cr_assert_eq(stat(mem_printf(ctx, "%s/work", state), &st), 0);
	cr_expect_eq(st.st_uid, 0);
	cr_expect_eq(st.st_mode & 07777, 0700);
	/* The shared code is as it was, where the run is kept apart. */
	cr_expect_eq(access(mem_printf(ctx, "%s/.lock.hcl", code), F_OK) == 0, !as_other && !in_sandbox);
	clear_states(lock);
}

/* The plug-ins are what init is there for. */
static const char *
with_plugins(void)
{
	char *s = mem_text(ctx, all_of('n'));

	s[PLUGINS] = 'y';
	return s;
}

Test(tools, init_comes_to_the_state) { tofu_init(false, false, all_of('y'), true); }
Test(tools, init_in_a_sandbox) { tofu_init(false, true, with_plugins(), false); }
Test(tools, init_of_another_user) { tofu_init(true, false, as_anybody(), true); }
Test(tools, init_of_another_user_in_a_sandbox) { tofu_init(true, true, all_of('n'), false); }

/* What a run may have of the host, what prepares it may; what is ours may have more. */
Test(tools, limits_hold_for_init)
{
	struct wish w = plan("ulimit -f >seen; ulimit -v >>seen; mkdir $TF_DATA_DIR");
	struct seen *s;

	config->run_rlimit_files = 64;
	config->run_rlimit_memory = 4096;
	s = ran(&w);
	cr_expect_eq(strncmp(s->out[0]->at, "131072\n4194304\n", strlen("131072\n4194304\n")), 0, "%s", s->out[0]->at);
}

/* --- git --- */

static void
git(bool in_sandbox, const char *comes_to)
{
	struct wish w = { .type = "executable", .executable = "{\"exec-command\":\"/bin/sh\"}",
	    .definition = "{\"name\":\"test\",\"repository\":\"tools\",\"executable-object\":\"sh\",\"filename\":\"main.sh\"}" };
	const char *program = mem_printf(ctx, "%s/program", code);
	struct conn *c;
	struct seen *s;
	int lock;

	keep_apart(false, in_sandbox);
	lock = put_states();
	put_dir("tools.git");
	put_dir("tools.git/objects");
	put_dir("tools.git/refs");
	put_file("tools.git/HEAD", 0644, "ref: refs/heads/main\n");
	put_file("program", 0755, mem_printf(ctx, "#!/bin/sh\n%s\necho \"saw $(cat $HOME/seen)\" >&2; exit 1\n",
	    probe("$HOME/seen")));
	config->git_program = program;
	config->local_sandbox_read = mem_printf(ctx, "%s:%s", config->local_sandbox_read, program);
	w.repository = mem_printf(ctx, "{\"name\":\"tools\",\"url\":\"file://%s/tools.git\"}", code);
	c = open_kind("local", "{}");
	s = submitted(c, &w);
	await(s);
	cr_expect_not(s->ran);
	cr_expect_not_null(strstr(s->error, mem_printf(ctx, "saw %s", comes_to)), "wanted %s, got %s", comes_to, s->error);
	mem_free(c);
	clear_states(lock);
}

Test(tools, git_comes_to_the_state) { git(false, all_of('y')); }
Test(tools, git_in_a_sandbox) { git(true, all_of('n')); }
