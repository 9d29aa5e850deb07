#include "connector_fixture.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>

/*
 * Services in a sandbox, and as another user: what they cannot come to. Each is tried without as well, where the
 * service does come to it, so that the tests can fail.
 */

#define OTHER "nobody"
#define SECRET "kept-from-services"

TestSuite(isolate, .timeout = LIMIT, .init = begin, .fini = finish);

static void
put_state(const char *name, mode_t mode)
{
	const char *path = mem_printf(ctx, "%s/%s", state, name);
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	fputs(SECRET "\n", f);
	cr_assert_eq(fclose(f), 0);
	cr_assert_eq(chmod(path, mode), 0);
}

/* The state directory as it is, with another run's directory in it. */
static const char *
put_states(void)
{
	const char *other = mem_printf(ctx, "runs/%024d", 7);

	put_state("gatehouse.db", 0600);
	put_state("secret.key", 0600);
	mkdir(mem_printf(ctx, "%s/runs", state), 0700);
	cr_assert_eq(mkdir(mem_printf(ctx, "%s/%s", state, other), 0700), 0);
	put_state(mem_printf(ctx, "%s/secret.TOKEN", other), 0600);
	cr_assert_eq(mkdir(mem_printf(ctx, "%s/git", state), 0700), 0);
	put_state("git/credentials", 0600);
	return mem_printf(ctx, "%s/%s", state, other);
}

/* A run that is under way holds the lock of its directory: this one is ours until the test ends. */
static int
hold_states(const char *other)
{
	return open(other, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static struct wish
shell(const char *script)
{
	put_file("run.sh", 0644, mem_printf(ctx, "S='%s' C='%s' T='%s'\n%s", state, code,
	    mem_printf(ctx, "%s.elsewhere", state), script));
	return (struct wish){ .type = "executable", .executable = "{\"exec-command\":\"sh\"}",
	    .definition = definition("\"filename\":\"run.sh\",\"executable-object\":\"sh\"") };
}

static struct seen *
ran_so(const char *script, const char *settings)
{
	const struct wish w = shell(script);
	struct conn *c = open_kind("local", settings);
	struct seen *s = submitted(c, &w);

	await(s);
	cr_expect(s->ran, "%s", s->error);
	mem_free(c);
	return s;
}

static void
need_landlock(void)
{
	struct error e;
	struct conn *c;

	if (proc_sandbox_version() == 0)
		cr_skip_test("lacks a kernel with Landlock");
	c = conn_open(ctx, loop, config, "local", "lab", NULL, &e);
	cr_assert_not_null(c);
	mem_free(c);
}

/* What no service should come to. */
static const char *const kept[] = {
	"cat $S/gatehouse.db", "cat $S/secret.key", "echo x >>$S/gatehouse.db", "mv $S/secret.key $S/gone && mv $S/gone $S/secret.key",
	"cat $S/runs/*7/secret.TOKEN", "ls $S/runs", "cat $S/git/credentials", "touch $S/made && rm $S/made",
	"ln -sf $S/secret.key $HOME/l; cat $HOME/l",
};

enum { KEPT_CASES = sizeof kept / sizeof *kept };

static void
clear_states(const char *other)
{
	unlink(mem_printf(ctx, "%s/secret.TOKEN", other));
	cr_assert_eq(rmdir(other), 0);
}

static void
expect_kept(const char *settings, bool is_kept)
{
	for (size_t i = 0; i < KEPT_CASES; i++) {
		struct seen *s = ran_so(kept[i], settings);

		cr_expect_eq(s->return_code != 0, is_kept, "%s -> %d %s%s", kept[i], s->return_code, s->out[0]->at,
		    s->out[1]->at);
		cr_expect(!is_kept || strstr(s->out[0]->at, SECRET) == NULL, "%s", kept[i]);
	}
}

/* The directory of another run is one of a run under way: it is not taken for a left-over. */
static const char *
states_under_way(int *lock)
{
	const char *other = put_states();

	*lock = hold_states(other);
	cr_assert_geq(*lock, 0);
	cr_assert_eq(flock(*lock, LOCK_EX), 0);
	return other;
}

Test(isolate, a_sandbox_keeps_the_state_from_services)
{
	const char *other;
	int lock;

	need_landlock();
	other = states_under_way(&lock);
	expect_kept("{}", false);
	config->local_sandbox = "landlock";
	expect_kept("{}", true);
	close(lock);
	clear_states(other);
}

Test(isolate, a_sandbox_lets_services_work)
{
	const struct wish python = { .type = "python-script", .definition = definition("\"filename\":\"main.py\""),
	    .params = "{\"a\":1}", .inventory = "{\"inventory_nodes\":[]}" };
	struct seen *s;

	need_landlock();
	config->local_sandbox = "landlock";
	s = ran_so("echo x >$HOME/f; cat $HOME/f; cat $C/run.sh | head -c 2; mktemp | sed \"s|$HOME.*|in HOME|\"; echo y >/dev/null\n"
	    "(echo z >$C/made) 2>/dev/null || echo code is read-only; (ls /tmp) 2>/dev/null || echo no /tmp", "{}");
	cr_expect_str_eq(s->out[0]->at, "x\nS=in HOME\ncode is read-only\nno /tmp\n", "%s%s", s->out[0]->at, s->out[1]->at);
	put_file("main.py", 0600, "import json, multiprocessing, ssl, subprocess, sys, tempfile\n"
	    "multiprocessing.Lock()\nssl.create_default_context()\n"
	    "with tempfile.NamedTemporaryFile() as f: f.write(b'x')\n"
	    "print(json.load(sys.stdin), sys.argv[1:], subprocess.run(['id', '-u'], stdout=subprocess.DEVNULL).returncode)\n");
	s = ran(&python);
	cr_expect_str_eq(s->out[0]->at, "{'inventory_nodes': []} ['--a=1'] 0\n", "%s", s->out[1]->at);
	/* What the service says of its own goes before TMPDIR. */
	s = ran_so("echo $TMPDIR", "{}");
	cr_expect_not_null(strstr(s->out[0]->at, "/runs/"));
}

Test(isolate, more_can_be_let_in)
{
	const char *mine = mem_printf(ctx, "%s.elsewhere", state);
	struct seen *s;

	need_landlock();
	cr_assert_eq(mkdir(mine, 0755), 0);
	config->local_sandbox = "landlock";
	s = ran_so("touch $T/f", "{}");
	cr_expect_neq(s->return_code, 0);
	config->local_sandbox_write = mem_printf(ctx, "/nowhere:%s", mine);
	s = ran_so("touch $T/f && ls $T", "{}");
	cr_expect_str_eq(s->out[0]->at, "f\n", "%s", s->out[1]->at);
	config->local_sandbox_write = "";
	config->local_sandbox_read = mem_printf(ctx, "%s:%s", config->local_sandbox_read, mine);
	s = ran_so("ls $T; rm $T/f", "{}");
	cr_expect_str_eq(s->out[0]->at, "f\n");
	cr_expect_neq(s->return_code, 0);
	unlink(mem_printf(ctx, "%s/f", mine));
	cr_expect_eq(rmdir(mine), 0);
}

/* Rules only add: a directory that holds the state directory would show it. */
Test(isolate, no_sandbox_that_shows_the_state)
{
	const struct wish w = shell("true");
	struct wish root = w;

	need_landlock();
	config->local_sandbox = "landlock";
	cr_expect_eq(ran(&w)->return_code, 0);
	config->local_sandbox_write = "/tmp";
	refused(&w, ERR_FORBIDDEN, "the sandbox cannot be made: /tmp, which service test would see, holds the state");
	config->local_sandbox_write = "";
	config->local_sandbox_read = "/usr:/lib:/lib64:/bin:/";
	refused(&w, ERR_FORBIDDEN, "the sandbox cannot be made: /, which");
	config->local_sandbox_read = "/usr:/lib:/lib64:/bin";
	config->local_roots = "/tmp";
	root.definition = mem_printf(ctx, "{\"name\":\"test\",\"working-directory\":\"%s\",\"filename\":\"code/run.sh\","
	    "\"executable-object\":\"sh\"}", state);
	refused(&root, ERR_FORBIDDEN, "holds the state");
	put_states();
	root.definition = mem_printf(ctx, "{\"name\":\"test\",\"working-directory\":\"%s/runs\",\"filename\":\"x\","
	    "\"executable-object\":\"sh\"}", state);
	put_state("runs/x", 0600);
	refused(&root, ERR_FORBIDDEN, "holds the state");
	unlink(mem_printf(ctx, "%s/runs/x", state));
}

/* --- another user --- */

static void
need_root(void)
{
	if (geteuid() != 0)
		cr_skip_test("lacks root");
	cr_assert_eq(chmod(state, 0711), 0);
}

Test(isolate, another_user_runs_services)
{
	struct seen *s;

	need_root();
	s = ran_so("id -un", "{}");
	cr_expect_str_eq(s->out[0]->at, "root\n");
	config->local_run_as = OTHER;
	s = ran_so("id -un; id -G; stat -c '%U %a' $HOME; cd $HOME; mkdir -p a/b; echo x >a/b/f; chmod 0 a/b; ls -A $HOME", "{}");
	cr_expect_str_eq(s->out[0]->at, mem_printf(ctx, OTHER "\n%d\n" OTHER " 700\na\n", (int)getpwnam(OTHER)->pw_gid), "%s",
	    s->out[1]->at);
	cr_expect_neq(access(mem_printf(ctx, "%s/runs/%s", state, s->attempt), F_OK), 0, "what it made is left");
}

Test(isolate, another_user_does_not_come_to_the_state)
{
	const char *other;
	int lock;

	need_root();
	other = states_under_way(&lock);
	expect_kept("{}", false);
	config->local_run_as = OTHER;
	expect_kept("{}", true);
	close(lock);
	clear_states(other);
}

/* What was written for the run before it started is its user's. */
Test(isolate, another_user_gets_its_secrets)
{
	static const struct conn_secret secrets[] = { { "key", "value of key" }, { NULL, NULL } };
	struct wish w = { .type = "python-script", .secrets = secrets,
	    .definition = definition("\"filename\":\"main.py\",\"secrets\":[{\"name\":\"key\",\"type\":\"file\",\"target\":\"KEY\"}]") };
	struct seen *s;

	need_root();
	config->local_run_as = OTHER;
	put_file("main.py", 0644, "import os\nprint(open(os.environ['KEY']).read(), oct(os.stat(os.environ['KEY']).st_mode), os.getuid())\n");
	s = ran(&w);
	cr_expect_str_eq(s->out[0]->at, mem_printf(ctx, "value of key 0o100600 %d\n", (int)getpwnam(OTHER)->pw_uid), "%s",
	    s->out[1]->at);
}

Test(isolate, a_gateway_may_name_a_user_that_is_listed)
{
	struct seen *s;

	need_root();
	config->local_run_as_users = "games:" OTHER;
	s = ran_so("id -un", "{\"user\":\"" OTHER "\"}");
	cr_expect_str_eq(s->out[0]->at, OTHER "\n");
	/* It takes the place of that of all. */
	config->local_run_as = OTHER;
	s = ran_so("id -un", "{\"user\":\"games\"}");
	cr_expect_str_eq(s->out[0]->at, "games\n");
}

static void
expect_no_gateway(const char *settings, enum err is, const char *says)
{
	struct error e = { 0 };

	cr_expect_null(conn_open(ctx, loop, config, "local", "lab", parsed(settings), &e));
	cr_expect_eq(e.code, is, "%s: %s", err_name(e.code), e.detail);
	cr_expect_not_null(strstr(e.detail, says), "wanted: %s\ngot: %s", says, e.detail);
}

Test(isolate, users_that_are_refused)
{
	static const char *const forms[] = { "{\"user\":7}", "{\"user\":\"\"}", "{\"user\":null}" };

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		expect_no_gateway(forms[i], ERR_INVALID, "settings.user: must be the name of a user");
	expect_no_gateway("{\"user\":\"games\"}", ERR_FORBIDDEN, "games of the gateway is not one of [local] run_as_users");
	config->local_run_as_users = "gamesx:xgames:" OTHER;
	expect_no_gateway("{\"user\":\"games\"}", ERR_FORBIDDEN, "is not one of");
	config->local_run_as = "no-such-user";
	expect_no_gateway("{}", ERR_UNAVAILABLE, "the user no-such-user: there is no such user");
	config->local_run_as = "root";
	expect_no_gateway("{}", ERR_FORBIDDEN, "services cannot be told to run as root");
	config->local_run_as = geteuid() == getpwnam(OTHER)->pw_uid ? "games" : OTHER;
	expect_no_gateway("{}", ERR_UNAVAILABLE, geteuid() == 0 ? "chmod 711" : "started as root");
}
