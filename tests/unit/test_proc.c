#include <criterion/criterion.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "proc/proc.h"
#include "proc/tree.h"

/* Real processes, mostly /bin/sh. Time limits only keep a failure from hanging. */

enum { LIMIT = 60, TURN_MS = 1000, GRACE_LONG = 30000, GRACE_SHORT = 200, KEPT = 8 * 1024 * 1024 };

#define PATH_VAR "PATH=/usr/local/bin:/usr/bin:/bin"
#define MARK_NAME "GATEHOUSE_JOB_ID="

TestSuite(proc, .timeout = LIMIT);

static void *ctx;
static struct loop *loop;
static char mark[64];	/* of this test: others run at the same time */

/* What a process gave. */
struct seen {
	struct text *out[2];
	size_t bytes[2];
	size_t largest;		/* piece */
	struct proc *proc;
	struct proc_end end;
	int ended;
	bool stop_at_output;
};

static void
on_output(void *arg, enum proc_stream stream, const void *bytes, size_t n)
{
	struct seen *s = arg;

	cr_assert_eq(s->ended, 0, "output after the end");
	text_add(s->out[stream], bytes, n);
	s->bytes[stream] += n;
	s->largest = n > s->largest ? n : s->largest;
	if (s->stop_at_output)
		proc_stop(s->proc);
}

static void
on_ended(void *arg, const struct proc_end *end)
{
	struct seen *s = arg;

	s->end = *end;
	s->ended++;
	s->proc = NULL;
}

static const struct proc_events events = { on_output, on_ended };

static void
begin(void)
{
	struct error e;

	ctx = mem_scope(NULL);
	snprintf(mark, sizeof mark, MARK_NAME "%024d", (int)getpid());
	loop = loop_new(ctx, &e);
	cr_assert_not_null(loop);
	cr_assert_eq(proc_init(loop, &e), ERR_OK, "%s", e.detail);
}

static void
finish(void)
{
	siginfo_t info;

	/* All that was started is reaped: what is not hangs here. */
	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		loop_turn(loop, 10);
	mem_free(ctx);
}

static struct seen *
seen_new(void)
{
	struct seen *s = MEM_NEW(ctx, struct seen);

	s->out[0] = text_new(s, KEPT);
	s->out[1] = text_new(s, KEPT);
	return s;
}

static struct seen *
start_spec(const struct proc_spec *spec)
{
	struct seen *s = seen_new();
	struct error e;

	s->proc = proc_start(ctx, loop, spec, &events, s, &e);
	cr_assert_not_null(s->proc, "%s", e.detail);
	return s;
}

static struct seen *
start_marked(const char *script, int64_t grace, const char *with)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const envp[] = { with, PATH_VAR, NULL };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .grace_ms = grace, .mark = with };

	return start_spec(&spec);
}

static struct seen *
start(const char *script, int64_t grace)
{
	return start_marked(script, grace, mark);
}

static void
await(const struct seen *s)
{
	while (!s->ended)
		loop_turn(loop, TURN_MS);
	cr_assert_eq(s->ended, 1);
}

static void
await_bytes(const struct seen *s, size_t n)
{
	while (s->bytes[PROC_STDOUT] < n && !s->ended)
		loop_turn(loop, TURN_MS);
}

static struct seen *
run(const char *script)
{
	struct seen *s = start(script, GRACE_LONG);

	await(s);
	return s;
}

/* Whether process PID exists and is no zombie. */
static bool
lives(pid_t pid)
{
	char path[64], state = '?';
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	cr_assert_eq(fscanf(f, "%*d (%*[^)]) %c", &state), 1);
	fclose(f);
	return state != 'Z' && state != 'X';
}

/* The pid that the output begins with. */
static pid_t
told_pid(const struct seen *s)
{
	pid_t pid = (pid_t)strtol(s->out[0]->at, NULL, 10);

	cr_assert_gt(pid, 1, "no pid in %s", s->out[0]->at);
	return pid;
}

/* --- ends --- */

Test(proc, exit_codes, .init = begin, .fini = finish)
{
	static const int codes[] = { 0, 1, 7, 127, 255 };

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		struct seen *s = run(mem_printf(ctx, "exit %d", codes[i]));

		cr_expect_eq(s->end.return_code, codes[i]);
		cr_expect_eq(s->end.signal, 0);
		cr_expect_eq(s->end.killed, 0);
	}
}

Test(proc, signals_are_128_and_more, .init = begin, .fini = finish)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGSEGV };

	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		struct seen *s = run(mem_printf(ctx, "ulimit -c 0; kill -%d $$", signals[i]));

		cr_expect_eq(s->end.return_code, 128 + signals[i]);
		cr_expect_eq(s->end.signal, signals[i]);
		cr_expect_eq(s->end.killed, 0);
	}
}

Test(proc, streams_are_kept_apart, .init = begin, .fini = finish)
{
	struct seen *s = run("echo out; echo err >&2; echo more");

	cr_expect_str_eq(s->out[PROC_STDOUT]->at, "out\nmore\n");
	cr_expect_str_eq(s->out[PROC_STDERR]->at, "err\n");
}

Test(proc, bytes_stay_as_they_are, .init = begin, .fini = finish)
{
	struct seen *s = run("printf '\\377\\000\\376a\\300\\200'");

	cr_assert_eq(s->out[0]->len, 6);
	cr_expect_arr_eq(s->out[0]->at, "\377\000\376a\300\200", 6);
}

Test(proc, start_that_fails, .init = begin, .fini = finish)
{
	const char *const envp[] = { mark, NULL };
	static const struct {
		const char *program, *cwd, *says;
	} cases[] = {
		{ "/nowhere/program", "/", "exec /nowhere/program: No such file or directory" },
		{ "/etc/passwd", "/", "exec /etc/passwd: Permission denied" },
		{ "/", "/", "exec /: Permission denied" },
		{ "/bin/true", "/nowhere", "chdir /nowhere: No such file or directory" },
		{ "/bin/true", "/etc/passwd", "chdir /etc/passwd: Not a directory" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *const argv[] = { cases[i].program, NULL };
		const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = cases[i].cwd, .mark = mark };
		struct seen *s = seen_new();
		struct error e = { 0 };

		cr_assert_null(proc_start(ctx, loop, &spec, &events, s, &e));
		cr_expect_eq(e.code, ERR_INTERNAL);
		cr_expect_str_eq(e.detail, cases[i].says);
		loop_turn(loop, 0);
		cr_expect_eq(s->ended, 0);
	}
}

Test(proc, too_long_a_command_line_is_an_error, .init = begin, .fini = finish)
{
	const size_t n = 200000;
	char *word = memset(mem_bytes(ctx, n + 1), 'x', n);
	const char *const argv[] = { "/bin/true", word, NULL };
	const char *const envp[] = { mark, NULL };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .mark = mark };
	struct error e = { 0 };

	cr_assert_null(proc_start(ctx, loop, &spec, &events, seen_new(), &e));
	cr_expect_str_eq(e.detail, "exec /bin/true: Argument list too long");
}

/* --- what the process finds --- */

Test(proc, environment_is_exactly_as_given, .init = begin, .fini = finish)
{
	static const char *const argv[] = { "/usr/bin/env", "-0", NULL };
	const char *const envp[] = { mark, "A=b=c d\ne", "EMPTY=", "\303\244=\377", NULL };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .mark = mark };
	static const char rest[] = "\0A=b=c d\ne\0EMPTY=\0\303\244=\377";
	const size_t n = strlen(mark);
	struct seen *s;

	setenv("LEAKS", "yes", 1);
	s = start_spec(&spec);
	await(s);
	cr_assert_eq(s->out[0]->len, n + sizeof rest);
	cr_expect_arr_eq(s->out[0]->at, mark, n);
	cr_expect_arr_eq(s->out[0]->at + n, rest, sizeof rest);
}

Test(proc, arguments_are_exactly_as_given, .init = begin, .fini = finish)
{
	static const char *const argv[] = { "/usr/bin/printf", "%s|", "$(id)", "a b", "", "'\"\\", "\n", "*", "\377", NULL };
	const char *const envp[] = { mark, NULL };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .mark = mark };
	struct seen *s = start_spec(&spec);

	await(s);
	cr_expect_str_eq(s->out[0]->at, "$(id)|a b||'\"\\|\n|*|\377|");
}

Test(proc, no_descriptor_is_inherited, .init = begin, .fini = finish)
{
	struct seen *s;

	for (int i = 0; i < 20; i++)
		cr_assert_geq(dup2(STDERR_FILENO, 50 + 10 * i), 0);
	cr_assert_eq(fcntl(50, F_GETFD) & FD_CLOEXEC, 0);
	/* 3 is ls's own. */
	s = run("exec ls /proc/self/fd");
	cr_expect_str_eq(s->out[0]->at, "0\n1\n2\n3\n");
}

Test(proc, standard_descriptors_may_be_closed_here, .init = begin, .fini = finish)
{
	struct seen *s;
	int kept[3];

	for (int i = 0; i < 3; i++) {
		kept[i] = fcntl(i, F_DUPFD_CLOEXEC, 100);
		close(i);
	}
	s = start("cat; echo out; echo err >&2", GRACE_LONG);
	await(s);
	for (int i = 0; i < 3; i++) {
		dup2(kept[i], i);
		close(kept[i]);
	}
	cr_expect_str_eq(s->out[PROC_STDOUT]->at, "out\n");
	cr_expect_str_eq(s->out[PROC_STDERR]->at, "err\n");
}

Test(proc, signals_umask_and_session_are_fresh, .init = begin, .fini = finish)
{
	struct seen *s;

	signal(SIGUSR1, SIG_IGN);
	s = run("sed -En '/^(SigBlk|SigIgn|SigCgt|NoNewPrivs)/p' /proc/self/status | tr -d '\\t'; umask; "
	    "set -- $(cat /proc/$$/stat); [ $1 = $$ ] && [ $5 = $$ ] && [ $6 = $$ ] && echo leads");
	cr_expect_str_eq(s->out[0]->at,
	    "SigBlk:0000000000000000\nSigIgn:0000000000000000\nSigCgt:0000000000000000\nNoNewPrivs:1\n"
	    "0077\nleads\n");
}

Test(proc, working_directory, .init = begin, .fini = finish)
{
	static const char *const argv[] = { "/bin/pwd", NULL };
	const char *const envp[] = { mark, NULL };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/usr", .mark = mark };
	struct seen *s = start_spec(&spec);

	await(s);
	cr_expect_str_eq(s->out[0]->at, "/usr\n");
}

/* --- stdin --- */

static struct seen *
run_with_input(const char *script, const void *input, size_t n)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const envp[] = { mark, PATH_VAR, NULL };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .input = input, .input_len = n,
	    .grace_ms = GRACE_LONG, .mark = mark };
	struct seen *s = start_spec(&spec);

	await(s);
	return s;
}

Test(proc, stdin_is_null, .init = begin, .fini = finish)
{
	cr_expect_str_eq(run("readlink /proc/self/fd/0; cat")->out[0]->at, "/dev/null\n");
}

Test(proc, stdin_is_what_was_given, .init = begin, .fini = finish)
{
	const size_t n = 5 * 1024 * 1024;
	char *input = mem_bytes(ctx, n);
	struct seen *s;

	for (size_t i = 0; i < n; i++)
		input[i] = (char)(i * 31 + i / 977);
	s = run_with_input("cat", input, n);
	cr_assert_eq(s->out[0]->len, n, "%zu", s->out[0]->len);
	cr_expect_arr_eq(s->out[0]->at, input, n);
	cr_expect_str_eq(run_with_input("cat; echo end", "", 0)->out[0]->at, "end\n");
}

Test(proc, stdin_need_not_be_read, .init = begin, .fini = finish)
{
	const size_t n = 1024 * 1024;
	const char *input = mem_bytes(ctx, n);

	cr_expect_eq(run_with_input("exit 3", input, n)->end.return_code, 3);
	cr_expect_str_eq(run_with_input("exec <&-; echo on", input, n)->out[0]->at, "on\n");
}

/* --- output --- */

Test(proc, a_hundred_megabytes_are_drained, .init = begin, .fini = finish)
{
	const size_t n = 100 * 1024 * 1024;
	struct seen *s = run("head -c 104857600 /dev/zero; head -c 1000000 /dev/zero >&2");

	cr_expect_eq(s->bytes[PROC_STDOUT], n);
	cr_expect_eq(s->bytes[PROC_STDERR], 1000000);
	cr_expect_eq(s->end.return_code, 0);
	cr_expect_leq(s->largest, 65536);
}

Test(proc, a_flood_starves_nobody, .init = begin, .fini = finish)
{
	struct seen *flood = start("yes", GRACE_LONG), *other;

	await_bytes(flood, 1000000);
	other = start("echo here; cat /dev/null", GRACE_LONG);
	await(other);
	cr_expect_str_eq(other->out[0]->at, "here\n");
	cr_assert_eq(flood->ended, 0);
	proc_stop(flood->proc);
	await(flood);
	cr_expect_eq(flood->end.killed, 1);
}

Test(proc, output_can_be_held_up, .init = begin, .fini = finish)
{
	struct seen *s = start("head -c 3000000 /dev/zero", GRACE_LONG);

	proc_read(s->proc, 0);
	for (int i = 0; i < 20; i++)
		loop_turn(loop, 10);
	cr_assert_eq(s->bytes[0], 0);
	cr_assert_eq(s->ended, 0);
	proc_read(s->proc, 1);
	await(s);
	cr_expect_eq(s->bytes[0], 3000000, "%zu", s->bytes[0]);
}

Test(proc, what_is_held_up_outlives_the_process_and_its_deadline, .init = begin, .fini = finish)
{
	struct seen *s = start("echo kept; exit 5", 0);

	proc_read(s->proc, 0);
	while (lives(proc_pid(s->proc)))
		loop_turn(loop, 10);
	for (int i = 0; i < 20; i++)
		loop_turn(loop, 10);
	cr_assert_eq(s->ended, 0);
	proc_read(s->proc, 0);
	proc_read(s->proc, 1);
	await(s);
	cr_expect_str_eq(s->out[0]->at, "kept\n");
	cr_expect_eq(s->end.return_code, 5);
}

/* --- killing --- */

Test(proc, stop_is_polite_first, .init = begin, .fini = finish)
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

Test(proc, stop_does_not_ask_twice, .init = begin, .fini = finish)
{
	struct seen *s = start("trap '' TERM; echo up; while :; do sleep 0.05; done", GRACE_SHORT);

	await_bytes(s, 3);
	proc_stop(s->proc);
	await(s);
	cr_expect_eq(s->end.return_code, 128 + SIGKILL);
	cr_expect_eq(s->end.signal, SIGKILL);
	cr_expect_eq(s->end.killed, 1);
}

Test(proc, stop_from_within_output, .init = begin, .fini = finish)
{
	struct seen *s = start("echo up; sleep 1000", GRACE_LONG);

	s->stop_at_output = true;
	await(s);
	cr_expect_eq(s->end.signal, SIGTERM);
}

Test(proc, a_stopped_process_is_killed, .init = begin, .fini = finish)
{
	struct seen *s = start("kill -STOP $$; echo never", GRACE_SHORT);

	proc_stop(s->proc);
	await(s);
	cr_expect_eq(s->out[0]->len, 0);
	cr_expect_eq(s->end.killed, 1);
}

Test(proc, whole_tree_is_stopped, .init = begin, .fini = finish)
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
Test(proc, forking_does_not_help, .init = begin, .fini = finish)
{
	struct seen *s = start("trap '' TERM; f() { [ $1 -gt 0 ] && f $(($1 - 1)) & sleep 0.02; "
	    "[ $1 -gt 0 ] && f $(($1 - 1)) & sleep 0.1; }; echo up; f 8; while :; do f 3; done", GRACE_SHORT);

	await_bytes(s, 3);
	proc_stop(s->proc);
	await(s);
	cr_expect_eq(proc_kill_marked(mark), 0);
}

Test(proc, a_child_that_outlives_the_leader_is_killed, .init = begin, .fini = finish)
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

Test(proc, a_grandchild_that_holds_the_pipe_is_not_waited_for, .init = begin, .fini = finish)
{
	struct seen *s = start("setsid sh -c 'trap \"\" TERM; sleep 1000' & echo $!; exit 4", GRACE_SHORT);

	await(s);
	cr_expect_eq(s->end.return_code, 4);
	cr_expect_not(lives(told_pid(s)));
}

Test(proc, late_output_of_a_grandchild_is_kept, .init = begin, .fini = finish)
{
	struct seen *s = start("(sleep 0.3; echo late) & echo early", GRACE_LONG);

	await(s);
	cr_expect_str_eq(s->out[0]->at, "early\nlate\n");
}

Test(proc, orphans_are_reaped_while_the_leader_runs, .init = begin, .fini = finish)
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

Test(proc, one_tree_leaves_the_others_alone, .init = begin, .fini = finish)
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

/* One that could be either's lives until it can only be one's. */
Test(proc, a_stray_goes_with_the_last_that_may_have_started_it, .init = begin, .fini = finish)
{
	struct seen *a = start_marked("sleep 1000", GRACE_SHORT, mem_printf(ctx, "%s-a", mark));
	struct seen *b = start_marked("env -i /usr/bin/setsid /bin/sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' & "
	    "sleep 0.2", GRACE_SHORT, mem_printf(ctx, "%s-b", mark));

	await(b);
	cr_expect(lives(told_pid(b)));
	proc_stop(a->proc);
	await(a);
	cr_expect_not(lives(told_pid(b)));
}

Test(proc, freeing_kills, .init = begin, .fini = finish)
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

Test(proc, many_at_once, .init = begin, .fini = finish)
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

Test(proc, what_is_marked_is_killed, .init = begin, .fini = finish)
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
Test(proc, older_processes_never_belong, .init = begin, .fini = finish)
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

/* --- finding programs --- */

Test(proc, find, .init = begin, .fini = finish)
{
	char dir[] = "/tmp/test_proc.XXXXXX";
	const char *sh;

	cr_assert_not_null(mkdtemp(dir));
	sh = mem_printf(ctx, "%s/sh", dir);
	close(open(sh, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	cr_expect_str_eq(proc_find(ctx, "/nowhere:/bin", "sh"), "/bin/sh");
	cr_expect_str_eq(proc_find(ctx, mem_printf(ctx, "%s:/bin", dir), "sh"), "/bin/sh");
	cr_expect_str_eq(proc_find(ctx, "", "/bin/sh"), "/bin/sh");
	cr_expect_null(proc_find(ctx, dir, "sh"), "not executable");
	cr_expect_null(proc_find(ctx, "/bin", sh));
	cr_expect_null(proc_find(ctx, "/bin", "no-such-program"));
	cr_expect_null(proc_find(ctx, "/bin", ""));
	cr_expect_null(proc_find(ctx, "/", "bin"), "a directory");
	cr_expect_null(proc_find(ctx, "/", "bin/sh"), "a relative path");
	cr_expect_null(proc_find(ctx, "", "sh"));
	cr_assert_eq(chdir("/bin"), 0);
	cr_expect_null(proc_find(ctx, ":", "sh"), "the working directory");
	cr_expect_null(proc_find(ctx, ".", "sh"));
	unlink(sh);
	rmdir(dir);
}
