#include "proc_fixture.h"

#include <poll.h>
#include <sys/prctl.h>

#include "proc/tree.h"

/* Ending a process and all that it started. */

TestSuite(proc_tree, .timeout = LIMIT);

Test(proc_tree, stop_is_polite_first, .init = begin, .fini = finish)
{
	struct seen *s = start("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done", GRACE_LONG);

	await_bytes(s, 3);
	proc_stop(s->proc);
	proc_stop(s->proc);
	await(s);
	cr_expect_str_eq(s->out[0]->at, "up\nbye\n");
	cr_expect_eq(s->end.return_code, 3);
	cr_expect_eq(s->end.killed, 1);
}

Test(proc_tree, stop_does_not_ask_twice, .init = begin, .fini = finish)
{
	struct seen *s = start("trap '' TERM; echo up; while :; do sleep 0.05; done", GRACE_SHORT);

	await_bytes(s, 3);
	proc_stop(s->proc);
	await(s);
	cr_expect_eq(s->end.return_code, 128 + SIGKILL);
	cr_expect_eq(s->end.signal, SIGKILL);
	cr_expect_eq(s->end.killed, 1);
}

Test(proc_tree, stop_from_within_output, .init = begin, .fini = finish)
{
	struct seen *s = start("echo up; sleep 1000", GRACE_LONG);

	s->stop_at_output = true;
	await(s);
	cr_expect_eq(s->end.signal, SIGTERM);
}

Test(proc_tree, a_stopped_process_is_killed, .init = begin, .fini = finish)
{
	struct seen *s = start("kill -STOP $$; echo never", GRACE_SHORT);

	proc_stop(s->proc);
	await(s);
	cr_expect_eq(s->out[0]->len, 0);
	cr_expect_eq(s->end.killed, 1);
}

Test(proc_tree, whole_tree_is_stopped, .init = begin, .fini = finish)
{
	struct seen *s = start("trap '' TERM; for i in 1 2 3 4 5; do "
	    "(setsid sh -c 'trap \"\" TERM; sleep 1000 & sleep 1000 & wait' &) ; sleep 1000 & done; echo up; wait",
	    GRACE_SHORT);

	await_bytes(s, 3);
	proc_stop(s->proc);
	await(s);
	cr_expect_eq(proc_kill_marked(mark), 0);
}

/* A process that forks as fast as it can: nothing of it may be left. */
Test(proc_tree, forking_does_not_help, .init = begin, .fini = finish)
{
	struct seen *s = start("trap '' TERM; f() { [ $1 -gt 0 ] && f $(($1 - 1)) & sleep 0.02; "
	    "[ $1 -gt 0 ] && f $(($1 - 1)) & sleep 0.1; }; echo up; f 8; while :; do f 3; done", GRACE_SHORT);

	await_bytes(s, 3);
	proc_stop(s->proc);
	await(s);
	cr_expect_eq(proc_kill_marked(mark), 0);
}

Test(proc_tree, a_child_that_outlives_the_leader_is_killed, .init = begin, .fini = finish)
{
	static const char *const scripts[] = {
		"sleep 1000 </dev/null >/dev/null 2>&1 & echo $!",
		"setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $!",
		"setsid sh -c 'trap \"\" TERM; echo $$; exec sleep 1000 >/dev/null 2>&1' & sleep 0.2",
		/* No mark, no session, no parent: nobody else can have started it. */
		"env -i /usr/bin/setsid /bin/sh -c 'echo $$; exec sleep 1000 </dev/null >/dev/null 2>&1' & sleep 0.2",
	};

	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		struct seen *s = start(scripts[i], GRACE_SHORT);

		await(s);
		cr_expect_not(lives(told_pid(s)), "%s", scripts[i]);
		cr_expect_eq(s->end.return_code, 0);
		cr_expect_eq(s->end.killed, 0);
	}
}

Test(proc_tree, a_grandchild_that_holds_the_pipe_is_not_waited_for, .init = begin, .fini = finish)
{
	struct seen *s = start("setsid sh -c 'trap \"\" TERM; sleep 1000' & echo $!; exit 4", GRACE_SHORT);

	await(s);
	cr_expect_eq(s->end.return_code, 4);
	cr_expect_not(lives(told_pid(s)));
}

Test(proc_tree, late_output_of_a_grandchild_is_kept, .init = begin, .fini = finish)
{
	struct seen *s = start("(sleep 0.3; echo late) & echo early", GRACE_LONG);

	await(s);
	cr_expect_str_eq(s->out[0]->at, "early\nlate\n");
}

Test(proc_tree, orphans_are_reaped_while_the_leader_runs, .init = begin, .fini = finish)
{
	struct seen *s = start("for i in 1 2 3 4 5 6 7 8 9; do (true &); done; sleep 0.2; echo up; sleep 1000",
	    GRACE_LONG);

	await_bytes(s, 3);
	for (int i = 0; i < 10; i++)
		loop_turn(loop, 10);
	/* Only the leader is left: WNOWAIT finds no zombie. */
	siginfo_t info = { 0 };

	cr_expect_eq(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), 0);
	cr_expect_eq(info.si_pid, 0);
	proc_stop(s->proc);
	await(s);
}

Test(proc_tree, one_tree_leaves_the_others_alone, .init = begin, .fini = finish)
{
	struct seen *a = start_marked("(setsid sleep 1000 &); sleep 0.1; echo up; sleep 1000", GRACE_SHORT, mem_printf(ctx, "%s-a", mark));
	struct seen *b = start_marked("(setsid sh -c 'echo $$; exec sleep 1000' &); sleep 0.1; exec sleep 1000",
	    GRACE_SHORT, mem_printf(ctx, "%s-b", mark));

	await_bytes(a, 3);
	await_bytes(b, 2);
	proc_stop(a->proc);
	await(a);
	cr_expect(lives(told_pid(b)));
	cr_expect(lives(proc_pid(b->proc)));
	cr_expect_eq(b->ended, 0);
	proc_stop(b->proc);
	await(b);
	cr_expect_not(lives(told_pid(b)));
}

/* It has no mark, no session, no parent that lives: its reaper knows whose it is, though an older run goes on. */
Test(proc_tree, a_stray_goes_with_its_own_run, .init = begin, .fini = finish)
{
	struct seen *a = start_marked("sleep 1000", GRACE_SHORT, mem_printf(ctx, "%s-a", mark));
	struct seen *b = start_marked("env -i /usr/bin/setsid /bin/sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' & "
	    "sleep 0.2", GRACE_SHORT, mem_printf(ctx, "%s-b", mark));

	await(b);
	cr_expect_not(lives(told_pid(b)));
	cr_expect(lives(proc_pid(a->proc)));
	proc_stop(a->proc);
	await(a);
}

/* A service may kill the process that watches it, as it is of the same user: nothing of it is left all the same. */
Test(proc_tree, without_its_reaper, .init = begin, .fini = finish)
{
	static const char *const scripts[] = {
		"setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $!; kill -9 $PPID; sleep 1000",
		"env -i /usr/bin/setsid /bin/sh -c 'echo $$; exec sleep 1000 </dev/null >/dev/null 2>&1' & sleep 0.2; "
		"kill -9 $PPID; sleep 1000",
	};

	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		struct seen *s = start(scripts[i], GRACE_SHORT);

		await(s);
		cr_expect_eq(s->end.signal, SIGKILL);
		cr_expect_not(lives(told_pid(s)), "%s", scripts[i]);
	}
}

static void
start_and_die(void *arg)
{
	struct seen *s;

	(void)arg;
	begin();
	s = start("setsid sh -c 'echo $$; exec sleep 1000 >/dev/null' & env -i /usr/bin/setsid /bin/sleep 1000 & sleep 1000",
	    GRACE_LONG);
	await_bytes(s, 2);
	/* For the test: whoever it was. */
	dprintf(STDOUT_FILENO, "%d\n", (int)told_pid(s));
	kill(getpid(), SIGKILL);
}

/* Nothing survives us, whoever comes next or not. */
Test(proc_tree, it_ends_with_us)
{
	char line[32] = "";
	int out[2], status;
	pid_t pid;

	cr_assert_eq(pipe(out), 0);
	pid = fork();
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		start_and_die(NULL);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSIGNALED(status));
	cr_assert_gt(read(out[0], line, sizeof line - 1), 0);
	while (lives((pid_t)atol(line)))
		poll(NULL, 0, 10);
}

Test(proc_tree, freeing_kills, .init = begin, .fini = finish)
{
	struct seen *s = start("sleep 1000 & echo $!; wait", GRACE_LONG);
	pid_t leader;

	await_bytes(s, 2);
	leader = proc_pid(s->proc);
	mem_free(s->proc);
	cr_expect_eq(s->ended, 0);
	while (lives(leader) || lives(told_pid(s)))
		loop_turn(loop, 10);
	while (waitpid(-1, NULL, WNOHANG) == 0)
		loop_turn(loop, 10);
	cr_expect_eq(s->ended, 0);
}

Test(proc_tree, many_at_once, .init = begin, .fini = finish)
{
	enum { MANY = 40 };
	struct seen *s[MANY];

	for (int i = 0; i < MANY; i++)
		s[i] = start(mem_printf(ctx, "echo %d; exit %d", i, i), GRACE_LONG);
	for (int i = 0; i < MANY; i++) {
		await(s[i]);
		cr_expect_eq(s[i]->end.return_code, i);
		cr_expect_str_eq(s[i]->out[0]->at, mem_printf(ctx, "%d\n", i));
	}
}

/* --- marks and trees --- */

static pid_t
start_marked_stranger(const char *const *envp)
{
	static const char *const argv[] = { "/bin/sleep", "1000", NULL };
	pid_t pid = fork();

	if (pid == 0) {
		/* It must not outlive a test that fails. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)envp);
		_exit(1);
	}
	/* Before its exec it has our environment. */
	for (char name[64] = ""; strstr(name, "sleep") == NULL; ) {
		char path[64];
		FILE *f;

		snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
		f = fopen(path, "r");
		cr_assert_not_null(f);
		cr_assert_not_null(fgets(name, sizeof name, f));
		fclose(f);
	}
	return pid;
}

Test(proc_tree, what_is_marked_is_killed, .init = begin, .fini = finish)
{
	const char *const exact[] = { "A=b", mark, "C=d", NULL };
	const char *const others[] = { mem_printf(ctx, "X%s", mark), mem_printf(ctx, "%s8", mark),
	    mem_printf(ctx, "A=%s", mark), MARK_NAME, NULL };
	pid_t marked = start_marked_stranger(exact), other = start_marked_stranger(others);
	int status;

	cr_expect_eq(proc_kill_marked(mark), 1);
	cr_expect_eq(waitpid(marked, &status, 0), marked);
	cr_expect(WIFSIGNALED(status));
	cr_expect(lives(other));
	cr_expect_eq(proc_kill_marked(mark), 0);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}

/* A number that a later process got is not the leader's. */
Test(proc_tree, older_processes_never_belong, .init = begin, .fini = finish)
{
	const char *const exact[] = { mark, NULL };
	pid_t pid = start_marked_stranger(exact);
	struct tree t = { .leader = pid, .led = true, .start = tree_start(pid), .mark = mark };

	cr_assert_gt(t.start, 0);
	cr_expect_eq(tree_signal(&t, &t, 0), 1);
	t.start++;
	cr_expect_eq(tree_signal(&t, &t, SIGKILL), 0);
	cr_expect(lives(pid));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_expect_eq(tree_start(pid), 0);
}
