#include "proc_fixture.h"

#include <dirent.h>
#include <fcntl.h>

#include "proc/cgroup_private.h"
#include "proc/tree.h"

/* Control groups: real ones, where one may be made. */

TestSuite(cgroup, .timeout = LIMIT);

static char dir[64], file[96];
static const char *where;

static void
group_begin(void)
{
	struct error e;

	begin();
	snprintf(dir, sizeof dir, "/tmp/gatehouse-cgroup-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(file, sizeof file, "%s/groups", dir);
	if (proc_groups_open(file, &e) != ERR_OK) {
		rmdir(dir);
		cr_skip_test("lacks control groups: %s", e.detail);
	}
	where = proc_groups_where(ctx, file);
	cr_assert_not_null(where);
}

static void
group_finish(void)
{
	finish();
	proc_groups_close(file);
	cr_expect_neq(access(file, F_OK), 0);
	rmdir(dir);
}

/* How many processes have TEXT in their command line. */
static int
count_with(const char *text)
{
	DIR *d = opendir("/proc");
	const struct dirent *one;
	int count = 0;

	while ((one = readdir(d)) != NULL) {
		char line[1024];
		int fd = one->d_name[0] >= '1' && one->d_name[0] <= '9' ?
		    open(mem_printf(ctx, "/proc/%s/cmdline", one->d_name), O_RDONLY) : -1;
		ssize_t n = fd >= 0 ? read(fd, line, sizeof line) : -1;

		count += n > 0 && memmem(line, (size_t)n, text, strlen(text)) != NULL;
		if (fd >= 0)
			close(fd);
	}
	closedir(d);
	return count;
}

static size_t
count_groups(void)
{
	char *line = mem_printf(ctx, "find %s -mindepth 1 -type d | wc -l", where);
	/* Its own is one. */
	return (size_t)atol(run(line)->out[0]->at) - 1;
}

Test(cgroup, each_process_has_its_own, .init = group_begin, .fini = group_finish)
{
	struct seen *a = start("sed -n 's/^0:://p' /proc/self/cgroup; exec sleep 1000", GRACE_SHORT),
	    *b = start("sed -n 's/^0:://p' /proc/self/cgroup; exec sleep 1000", GRACE_SHORT);
	struct cgroup_members m = { .ctx = ctx };

	await_bytes(a, 2);
	await_bytes(b, 2);
	cr_expect_str_neq(a->out[0]->at, b->out[0]->at);
	cr_expect_not_null(strstr(a->out[0]->at, strrchr(where, '/')), "%s", a->out[0]->at);
	cr_expect_eq(count_groups(), 2);
	/* We are not in it, nor are those that watch. */
	cgroup_members_add(&m, mem_printf(ctx, "%s/%s", where, strrchr(strtok(a->out[0]->at, "\n"), '/') + 1));
	cr_expect_eq(m.n, 1);
	cr_expect_eq(m.at[0], proc_pid(a->proc));
	proc_stop(a->proc);
	proc_stop(b->proc);
	await(a);
	await(b);
	cr_expect_eq(a->end.signal, SIGTERM);
	cr_expect_eq(count_groups(), 0);
}

Test(cgroup, the_end_is_as_without_one, .init = group_begin, .fini = group_finish)
{
	struct seen *s = run("trap 'echo never' TERM; echo out; echo err >&2; exit 7");

	cr_expect_str_eq(s->out[0]->at, "out\n");
	cr_expect_str_eq(s->out[1]->at, "err\n");
	cr_expect_eq(s->end.return_code, 7);
	cr_expect_eq(count_groups(), 0);
}

/* SIGTERM goes to all, also to who has neither mark nor parent nor session. */
Test(cgroup, all_are_asked_first, .init = group_begin, .fini = group_finish)
{
	struct seen *s = start("env -i /usr/bin/setsid /bin/sh -c 'trap \"echo stray; exit\" TERM; echo up; "
	    "while :; do /bin/sleep 0.05; done' & sleep 0.2; trap 'wait; echo leader; exit 3' TERM; "
	    "echo up; while :; do sleep 0.05; done", GRACE_LONG);

	await_bytes(s, 6);
	proc_stop(s->proc);
	await(s);
	cr_expect_str_eq(s->out[0]->at, "up\nup\nstray\nleader\n");
	cr_expect_eq(s->end.return_code, 3);
}

/*
 * Processes that start another one and end, as fast as they can, each with a session of its own and an empty
 * environment: whoever looks for them one by one finds those that have ended already.
 */
Test(cgroup, a_race_of_forks_is_ended, .init = group_begin, .fini = group_finish)
{
	enum { CHAINS = 40 };
	const char *go = mem_printf(ctx, "%s/go", dir), *chain = mem_printf(ctx, "%s/chain", dir);
	struct seen *s;
	FILE *f = fopen(chain, "w");

	cr_assert_not_null(f);
	/* Were it not ended, the test's own end would end it: it goes on while GO is there. */
	fprintf(f, "trap '' TERM INT HUP\n[ -e %s ] || exit\n/usr/bin/env -i /usr/bin/setsid /bin/sh %s "
	    "</dev/null >/dev/null 2>&1 &\n[ \"$1\" != last ] || echo up\n", go, chain);
	fclose(f);
	close(open(go, O_CREAT | O_WRONLY, 0600));
	s = start(mem_printf(ctx, "trap '' TERM; for i in $(seq %d); do /bin/sh %s; done; /bin/sh %s last; sleep 1000",
	    CHAINS, chain, chain), GRACE_SHORT);
	await_bytes(s, 3);
	cr_expect_gt(count_with(chain), 0);
	proc_stop(s->proc);
	await(s);
	cr_expect_eq(s->end.signal, SIGKILL);
	cr_expect_eq(count_with(chain), 0);
	cr_expect_eq(count_groups(), 0);
	unlink(go);
	unlink(chain);
}

/* It makes groups below its own, and goes into one. */
Test(cgroup, groups_below_go_too, .init = group_begin, .fini = group_finish)
{
	struct seen *s = start(mem_printf(ctx, "own=%s/$(sed -n 's/^0:://p' /proc/self/cgroup | sed 's:.*/::'); "
	    "mkdir $own/a $own/a/b $own/c && (trap '' TERM; echo 0 >$own/a/b/cgroup.procs; echo up; "
	    "exec sleep 1000 >/dev/null 2>&1) & wait", where), GRACE_SHORT);

	await_bytes(s, 3);
	cr_expect_eq(count_groups(), 4);
	proc_stop(s->proc);
	await(s);
	cr_expect_eq(count_groups(), 0);
}

/* It may leave its group where it runs as we do: then its reaper knows it. */
Test(cgroup, leaving_it_does_not_help, .init = group_begin, .fini = group_finish)
{
	struct seen *s = start(mem_printf(ctx, "echo 0 >%s/../cgroup.procs && env -i /usr/bin/setsid /bin/sh -c "
	    "'trap \"\" TERM; echo $$; exec /bin/sleep 1000 </dev/null >/dev/null 2>&1' & sleep 1000", where), GRACE_SHORT);

	await_bytes(s, 2);
	proc_stop(s->proc);
	await(s);
	cr_expect_not(lives(told_pid(s)));
	cr_expect_eq(count_groups(), 0);
}

/* It kills who watches it, and hides: its group knows it still. */
Test(cgroup, without_its_reaper, .init = group_begin, .fini = group_finish)
{
	struct seen *other = start_marked("sleep 1000", GRACE_SHORT, mem_printf(ctx, "%s-o", mark));
	struct seen *s = start("env -i /usr/bin/setsid /bin/sh -c 'echo $$; exec /bin/sleep 1000 </dev/null >/dev/null 2>&1' & "
	    "sleep 0.2; kill -9 $PPID; sleep 1000", GRACE_SHORT);

	await(s);
	cr_expect_not(lives(told_pid(s)));
	cr_expect(lives(proc_pid(other->proc)));
	proc_stop(other->proc);
	await(other);
	cr_expect_eq(count_groups(), 0);
}

static pid_t
start_and_die(int out)
{
	pid_t pid = fork();
	struct seen *s;

	if (pid != 0)
		return pid;
	group_begin();
	dprintf(out, "%s\n", file);
	s = start("setsid sh -c 'kill -9 $1; echo $$; exec sleep 1000 >/dev/null' - $PPID & "
	    "env -i /usr/bin/setsid /bin/sleep 1000 & wait", GRACE_LONG);
	await_bytes(s, 2);
	dprintf(out, "%d\n", (int)told_pid(s));
	kill(getpid(), SIGKILL);
	_exit(1);
}

/* What a killed one has left, and nobody watches any more, goes with the next one's start. */
Test(cgroup, leftovers_go, .init = group_begin, .fini = group_finish)
{
	char of_dead[96], *left;
	int out[2], pid, status;
	pid_t dead;
	FILE *f;

	cr_assert_eq(pipe(out), 0);
	dead = start_and_die(out[1]);
	cr_assert_eq(waitpid(dead, &status, 0), dead);
	close(out[1]);
	f = fdopen(out[0], "r");
	cr_assert_eq(fscanf(f, "%95s %d", of_dead, &pid), 2);
	fclose(f);
	left = proc_groups_where(ctx, of_dead);
	cr_assert_not_null(left);
	proc_groups_sweep(of_dead);
	cr_expect_null(proc_groups_where(ctx, of_dead));
	cr_expect_neq(access(left, F_OK), 0);
	cr_expect_not(lives(pid));
	unlink(of_dead);
	*strrchr(of_dead, '/') = '\0';
	rmdir(of_dead);
}

/* What a file says is not believed: it names a control group of ours, or nothing. */
Test(cgroup, names_of_others_are_left_alone, .init = group_begin, .fini = group_finish)
{
	const char *own = cgroup_own(ctx, &(struct error){ 0 });
	const char *const names[] = { "", "\n", "/", "relative", dir, mem_printf(ctx, "%s/gatehouse-x", dir), own,
	    mem_printf(ctx, "%s/gatehouse-there-is-none", own) };
	const char *other = mem_printf(ctx, "%s/other", dir), *inner = mem_printf(ctx, "%s/gatehouse-x", dir);

	mkdir(inner, 0700);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		FILE *f = fopen(other, "w");

		fprintf(f, "%s\n", names[i]);
		fclose(f);
		cr_expect_null(proc_groups_where(ctx, other), "%s", names[i]);
		proc_groups_sweep(other);
	}
	cr_expect_eq(access(inner, F_OK), 0);
	cr_expect_eq(access(where, F_OK), 0);
	rmdir(inner);
	unlink(other);
	proc_groups_sweep("/there/is/none");
}

/* Where the file cannot be written there is none, and runs go on. */
Test(cgroup, none_without_its_name, .init = begin, .fini = finish)
{
	struct error e = { 0 };
	struct seen *s;

	cr_expect_neq(proc_groups_open("/proc/there/is/none", &e), ERR_OK);
	cr_expect_neq(e.detail[0], '\0');
	s = run("echo out");
	cr_expect_str_eq(s->out[0]->at, "out\n");
}
