#include "proc_fixture.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>

#include "proc/sandbox.h"

/*
 * Processes that may not open all that their user may, and processes of another user. Each thing that is refused is
 * done without the sandbox first, so that the test can fail.
 */

#define OTHER "nobody"

static const char *dir;		/* HOME/inside is allowed, HOME/outside is not */

static void
begin_sandbox(void)
{
	char name[] = "/tmp/test_sandbox.XXXXXX";

	begin();
	cr_assert_not_null(mkdtemp(name));
	dir = mem_text(ctx, name);
	cr_assert_eq(chmod(dir, 0755), 0);
	cr_assert_eq(mkdir(mem_printf(ctx, "%s/inside", dir), 0755), 0);
	cr_assert_eq(mkdir(mem_printf(ctx, "%s/outside", dir), 0755), 0);
	cr_assert_eq(mkdir(mem_printf(ctx, "%s/readable", dir), 0755), 0);
}

static void
finish_sandbox(void)
{
	struct seen *s = run(mem_printf(ctx, "rm -rf '%s'", dir));

	cr_expect_eq(s->end.return_code, 0);
	finish();
}

TestSuite(sandbox, .timeout = LIMIT, .init = begin_sandbox, .fini = finish_sandbox);

static struct seen *
run_as(const char *script, const struct proc_user *user, bool in_sandbox)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const envp[] = { mark, PATH_VAR, mem_printf(ctx, "D=%s", dir), NULL };
	const struct proc_allow allow[] = {
		{ "/usr", PROC_READ }, { "/bin", PROC_READ }, { "/lib", PROC_READ }, { "/lib64", PROC_READ },
		{ "/etc", PROC_READ }, { "/proc", PROC_READ }, { "/nowhere/at/all", PROC_READ },
		{ "/dev/null", PROC_WRITE }, { mem_printf(ctx, "%s/readable", dir), PROC_READ },
		{ mem_printf(ctx, "%s/inside", dir), PROC_WRITE },
	};
	const struct proc_spec spec = {
		.argv = argv, .envp = envp, .cwd = "/", .grace_ms = GRACE_LONG, .mark = mark, .user = user,
		.allow = in_sandbox ? allow : NULL, .n_allow = sizeof allow / sizeof *allow,
	};
	struct seen *s = start_spec(&spec);

	await(s);
	return s;
}

static void
need_landlock(void)
{
	if (proc_sandbox_version() == 0)
		cr_skip_test("lacks a kernel with Landlock");
}

static void
expect_user_held_back(const char *script, const struct proc_user *user)
{
	struct seen *s = run_as(script, user, false);

	cr_expect_eq(s->end.return_code, 0, "without: %s: %s", script, s->out[1]->at);
	s = run_as(script, user, true);
	cr_expect_neq(s->end.return_code, 0, "within: %s: %s", script, s->out[0]->at);
	cr_expect_not_null(strstr(s->out[1]->at, "ermi"), "%s: %s", script, s->out[1]->at);
}

/* SCRIPT goes well without the sandbox, and does not within. */
static void
expect_held_back(const char *script)
{
	expect_user_held_back(script, NULL);
}

Test(sandbox, what_is_not_listed_cannot_be_opened)
{
	need_landlock();
	run("true");
	cr_assert_eq(run_as("echo secret >$D/outside/f; echo text >$D/readable/f", NULL, false)->end.return_code, 0);
	expect_held_back("cat $D/outside/f");
	expect_held_back("ls $D/outside");
	expect_held_back("echo x >>$D/outside/f");
	expect_held_back("echo x >>$D/readable/f");
	expect_held_back("mkdir $D/outside/d; rmdir $D/outside/d");
	expect_held_back("touch $D/outside/g; rm $D/outside/g");
	expect_held_back("cp /bin/true $D/outside/p; $D/outside/p && rm $D/outside/p");
	expect_held_back("ln -sf $D/outside/f $D/inside/link; cat $D/inside/link");
	expect_held_back("cat /proc/self/cwd$D/outside/f");
	expect_held_back("cat $D/inside/../outside/f");
	/* What a child of it does is no different. */
	expect_held_back("setsid -w sh -c 'cat $D/outside/f'");
}

Test(sandbox, what_is_listed_can)
{
	struct seen *s;

	need_landlock();
	cr_assert_eq(run_as("echo text >$D/readable/f", NULL, false)->end.return_code, 0);
	s = run_as("cat $D/readable/f; ls $D/readable; cd $D/inside; mkdir -p a/b; echo x >a/b/f; mv a/b/f g; ln -s g l\n"
	    "cat l; mkfifo p; cp /bin/echo prog; ./prog ran; rm -r a g p prog; echo y >/dev/null; : >l\n"
	    "python3 -c 'import json; print(json.dumps(1))'; cat </proc/self/status >/dev/null && echo end", NULL, true);
	cr_expect_str_eq(s->out[0]->at, "text\nf\nx\nran\n1\nend\n");
	cr_expect_str_eq(s->out[1]->at, "");
}

Test(sandbox, names_without_opening)
{
	need_landlock();
	cr_assert_eq(run_as("echo secret >$D/outside/f; chmod 644 $D/outside/f", NULL, false)->end.return_code, 0);
	if (proc_sandbox_lacks() != NULL)
		cr_skip_test("lacks a Landlock that holds back truncate(2) and signals");
	expect_held_back("truncate -s 1 $D/outside/f");
	expect_held_back("python3 -c 'import os; os.truncate(os.environ[\"D\"] + \"/outside/f\", 0)'");
}

/* A process outside; what there is of it, for one that may do whatever its user may. */
static void
other_processes(const struct proc_user *user)
{
	const char *const argv[] = { "/bin/sh", "-c", "echo $$; exec sleep 1000", NULL };
	const char *const envp[] = { mem_printf(ctx, "GATEHOUSE_JOB_ID=other-%d", (int)getpid()), PATH_VAR, NULL };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .mark = envp[0], .user = user };
	struct seen *s = start_spec(&spec);
	int pid;

	await_bytes(s, 1);
	pid = (int)told_pid(s);
	expect_user_held_back(mem_printf(ctx, "cat /proc/%d/environ >/dev/null", pid), user);
	expect_user_held_back(mem_printf(ctx, "readlink -v /proc/%d/fd/0", pid), user);
	expect_user_held_back(mem_printf(ctx, "ls /proc/%d/root/", pid), user);
	expect_user_held_back(mem_printf(ctx, "exec python3 -c 'open(\"/proc/%d/mem\", \"rb\")'", pid), user);
	/* PTRACE_SEIZE, which stops nothing; a tracer that ends lets go. */
	expect_user_held_back(mem_printf(ctx, "exec python3 -c 'import ctypes, os\nc = ctypes.CDLL(None, use_errno=True)\n"
	    "if c.ptrace(0x4206, %d, None, None): raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))'", pid), user);
	if (proc_sandbox_lacks() == NULL)
		expect_user_held_back(mem_printf(ctx, "kill -0 %d", pid), user);
	proc_stop(s->proc);
	await(s);
}

Test(sandbox, other_processes_of_the_same_user)
{
	need_landlock();
	other_processes(geteuid() == 0 ? proc_user_find(ctx, OTHER, NULL) : NULL);
}

/* Root looks into all of them, as long as it has its capabilities. */
Test(sandbox, other_processes_of_root)
{
	need_landlock();
	if (geteuid() != 0)
		cr_skip_test("lacks root");
	other_processes(NULL);
}

/* Not those that belong to the sandbox themselves. */
Test(sandbox, its_own_processes)
{
	struct seen *s;

	need_landlock();
	s = run_as("sleep 1000 & cat /proc/$!/environ | tr '\\0' '\\n' | grep -c GATEHOUSE; kill $!; wait $!; echo $?", NULL, true);
	cr_expect_str_eq(s->out[0]->at, "1\n143\n", "%s", s->out[1]->at);
}

#define ABSTRACT "import socket\ns = socket.socket(socket.AF_UNIX)\ns.%s(\"\\0gatehouse-test-%d\")\n"

Test(sandbox, abstract_sockets)
{
	int pid = (int)getpid();
	const char *const argv[] = { "/usr/bin/python3", "-c", mem_printf(ctx, ABSTRACT
	    "s.listen()\nprint(1, flush=True)\nwhile True: s.accept()\n", "bind", pid), NULL };
	const char *const envp[] = { mark, PATH_VAR, NULL };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .mark = mark };
	struct seen *s;

	need_landlock();
	if (proc_sandbox_lacks() != NULL)
		cr_skip_test("lacks a Landlock that holds back abstract sockets");
	s = start_spec(&spec);
	await_bytes(s, 1);
	expect_held_back(mem_printf(ctx, "python3 -c '" ABSTRACT "'", "connect", pid));
	proc_stop(s->proc);
	await(s);
}

/* A sandbox is the same for root: what would undo it is given up, and does not come back by what is executed. */
Test(sandbox, root_keeps_little)
{
	struct seen *s;

	need_landlock();
	if (geteuid() != 0)
		cr_skip_test("lacks root");
	s = run_as("sed -En 's/^Cap(Inh|Prm|Eff|Bnd|Amb):\t//p' /proc/self/status", NULL, true);
	cr_expect_str_eq(s->out[0]->at, "0000000000000000\n00000000000024fb\n00000000000024fb\n00000000000024fb\n0000000000000000\n");
	expect_held_back("python3 -c 'import os\nos.chroot(\"/usr\")'");
	/* What stays is what files need. */
	s = run_as("echo x >$D/inside/f; chown 65534 $D/inside/f; chmod 0 $D/inside/f; cat $D/inside/f; rm $D/inside/f", NULL, true);
	cr_expect_str_eq(s->out[0]->at, "x\n", "%s", s->out[1]->at);
}

/* linux/landlock.h of each kernel says what came with it. */
Test(sandbox, what_older_kernels_lack)
{
	for (int abi = 1; abi <= 7; abi++) {
		const char *lacks = sandbox_lacks(abi);

		cr_expect_eq(lacks != NULL && strstr(lacks, "empty files") != NULL, abi < 3, "%d: %s", abi, lacks);
		cr_expect_eq(lacks != NULL && strstr(lacks, "send signals") != NULL, abi < 6, "%d: %s", abi, lacks);
		cr_expect_eq(lacks != NULL && strstr(lacks, "abstract sockets") != NULL, abi < 6, "%d: %s", abi, lacks);
	}
}

Test(sandbox, nobody_makes_device_files)
{
	need_landlock();
	if (geteuid() != 0)
		cr_skip_test("lacks root, who alone can make device files");
	expect_held_back("mknod $D/inside/disk b 7 0; s=$?; rm -f $D/inside/disk; exit $s");
}

Test(sandbox, a_tree_is_ended_all_the_same)
{
	const char *const argv[] = { "/bin/sh", "-c", "setsid sleep 1000 & echo $!; sleep 1000", NULL };
	const char *const envp[] = { mark, PATH_VAR, NULL };
	static const struct proc_allow allow[] = { { "/", PROC_READ } };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .grace_ms = GRACE_SHORT,
	    .mark = mark, .allow = allow, .n_allow = 1 };
	struct seen *s;

	need_landlock();
	s = start_spec(&spec);
	await_bytes(s, 1);
	proc_stop(s->proc);
	await(s);
	cr_expect(s->end.killed);
	cr_expect(!lives(told_pid(s)));
}

Test(sandbox, a_program_that_is_not_allowed)
{
	static const char *const argv[] = { "/bin/true", NULL };
	const char *const envp[] = { mark, NULL };
	static const struct proc_allow allow[] = { { "/etc", PROC_READ } };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .mark = mark, .allow = allow,
	    .n_allow = 1 };
	struct error e = { 0 };

	need_landlock();
	cr_assert_null(proc_start(ctx, loop, &spec, &events, seen_new(), &e));
	cr_expect_str_eq(e.detail, "exec /bin/true: Permission denied");
}

Test(sandbox, no_right_is_gained)
{
	struct seen *s;

	if (geteuid() != 0)
		cr_skip_test("lacks root, who alone can make a program that changes its user");
	/* Such a program changes the user where no_new_privs is not set: that it does not is our doing. */
	cr_assert_eq(run_as("cp /usr/bin/id $D/readable/id; chmod 4755 $D/readable/id", NULL, false)->end.return_code, 0);
	s = run_as("$D/readable/id -u", proc_user_find(ctx, OTHER, NULL), false);
	cr_expect_str_eq(s->out[0]->at, mem_printf(ctx, "%d\n", (int)getpwnam(OTHER)->pw_uid), "%s", s->out[1]->at);
}

/* --- another user --- */

Test(sandbox, another_user_in_all_its_parts)
{
	static const gid_t ours[] = { 4, 24, 27 };
	struct proc_user *user;
	struct error e;
	struct seen *s;

	if (geteuid() != 0)
		cr_skip_test("lacks root");
	cr_assert_eq(setgroups(3, ours), 0);
	user = proc_user_find(ctx, OTHER, &e);
	cr_assert_not_null(user, "%s", e.detail);
	s = run_as("id -u; id -g; id -G; sed -En '/^(Uid|Gid|Groups|NoNewPrivs|CapEff|CapPrm)/p' /proc/self/status | tr '\\t' ' '",
	    user, false);
	cr_expect_str_eq(s->out[0]->at, "65534\n65534\n65534\nUid: 65534 65534 65534 65534\n"
	    "Gid: 65534 65534 65534 65534\nGroups: 65534 \nCapPrm: 0000000000000000\nCapEff: 0000000000000000\n"
	    "NoNewPrivs: 1\n");
	/* Without: we and our groups. */
	s = run_as("id -u; id -G", NULL, false);
	cr_expect_str_eq(s->out[0]->at, "0\n0 4 24 27\n");
}

Test(sandbox, another_user_reads_what_it_may)
{
	struct proc_user *user;
	struct seen *s;

	if (geteuid() != 0)
		cr_skip_test("lacks root");
	user = proc_user_find(ctx, OTHER, NULL);
	cr_assert_eq(run_as("echo ours >$D/outside/f; chmod 600 $D/outside/f", NULL, false)->end.return_code, 0);
	cr_expect_str_eq(run_as("cat $D/outside/f", NULL, false)->out[0]->at, "ours\n");
	s = run_as("cat $D/outside/f", user, false);
	cr_expect_eq(s->end.return_code, 1);
	cr_expect_not_null(strstr(s->out[1]->at, "Permission denied"));
	/* Both at once. */
	need_landlock();
	cr_assert_eq(chmod(mem_printf(ctx, "%s/outside/f", dir), 0644), 0);
	cr_expect_str_eq(run_as("cat $D/outside/f", user, false)->out[0]->at, "ours\n");
	cr_expect_neq(run_as("cat $D/outside/f", user, true)->end.return_code, 0);
}

/* The change of user must not take back that it goes when we do. */
Test(sandbox, another_users_process_goes_with_us)
{
	struct proc_user *user;
	struct seen *s;

	if (geteuid() != 0)
		cr_skip_test("lacks root");
	user = proc_user_find(ctx, OTHER, NULL);
	s = run_as("exec python3 -c 'import ctypes\nn = ctypes.c_int()\nctypes.CDLL(None).prctl(2, ctypes.byref(n))\nprint(n.value)'",
	    user, false);
	cr_expect_str_eq(s->out[0]->at, "9\n", "%s", s->out[1]->at);
}

Test(sandbox, users_that_are_not_to_be_had)
{
	static const gid_t group = 65534;
	static const struct proc_user other = { .uid = 12345, .gid = 65534, .groups = &group, .n_groups = 1 };
	const char *const argv[] = { "/bin/true", NULL };
	const char *const envp[] = { mark, NULL };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .mark = mark, .user = &other };
	struct error e = { 0 };
	int status = 0;
	pid_t pid;

	cr_assert_null(proc_user_find(ctx, "no-such-user-here", &e));
	cr_expect_str_eq(e.detail, "the user no-such-user-here: there is no such user on this host");
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && setresuid(1, 1, 1) != 0)
			_exit(2);
		_exit(proc_start(ctx, loop, &spec, &events, seen_new(), &e) != NULL ||
		    strcmp(e.detail, "the process cannot run as user 12345: Operation not permitted") != 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
}
