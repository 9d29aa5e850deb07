#include "proc_fixture.h"

#include <fcntl.h>

TestSuite(proc, .timeout = LIMIT);

/* --- ends --- */

Test(proc, limits, .init = begin, .fini = finish)
{
	const char *const argv[] = { "/bin/sh", "-c", "ulimit -v; ulimit -f; ulimit -p; ulimit -Hf", NULL };
	const char *const envp[] = { mark, PATH_VAR, NULL };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .grace_ms = GRACE_LONG, .mark = mark,
	    .limits = { .memory = INT64_C(1) << 30, .processes = 5000, .file_size = 1 << 20 } };
	struct seen *s = start_spec(&spec);

	await(s);
	cr_expect_str_eq(s->out[0]->at, "1048576\n2048\n5000\n2048\n");
}

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
