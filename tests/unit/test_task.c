#include "proc_fixture.h"

#include "proc/task.h"

/* Programs that are run to their end for what they write. */

TestSuite(task, .timeout = LIMIT);

enum { KEEP_FEW = 8 };

struct told {
	int ended;
	struct task_end end;
	char *out, *err;
	void *frees;		/* freed when the task ends */
};

static void
on_done(void *arg, const struct task_end *end)
{
	struct told *t = arg;

	t->ended++;
	t->end = *end;
	t->out = mem_text(ctx, end->out->at);
	t->err = mem_text(ctx, end->err->at);
	mem_free(t->frees);
}

static struct task *
begin_task(void *parent, struct told *t, const char *script, int64_t timeout_ms, size_t keep)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const char *const envp[] = { mark, PATH_VAR, NULL };
	const struct proc_spec spec = {
		.argv = argv, .envp = envp, .cwd = "/", .grace_ms = GRACE_SHORT, .mark = mark
	};
	struct error e;
	struct task *task = task_start(parent, loop, &spec, timeout_ms, keep, on_done, t, &e);

	cr_assert_not_null(task, "%s", e.detail);
	return task;
}

static void
await_task(const struct told *t)
{
	while (!t->ended)
		loop_turn(loop, TURN_MS);
	cr_assert_eq(t->ended, 1);
}

Test(task, gives_what_was_written, .init = begin, .fini = finish)
{
	struct told t = { 0 };

	begin_task(ctx, &t, "echo out; echo err >&2; exit 3", LIMIT * 1000, KEPT);
	await_task(&t);
	cr_expect_eq(t.end.return_code, 3);
	cr_expect_not(t.end.timed_out || t.end.stopped);
	cr_expect_str_eq(t.out, "out\n");
	cr_expect_str_eq(t.err, "err\n");
}

Test(task, keeps_no_more_than_it_may, .init = begin, .fini = finish)
{
	struct told t = { 0 };

	begin_task(ctx, &t, "yes | head -c 1000000", LIMIT * 1000, KEEP_FEW);
	await_task(&t);
	cr_expect_eq(t.end.return_code, 0);
	cr_expect_str_eq(t.out, "y\ny\ny\ny\n");
}

Test(task, ends_at_its_deadline, .init = begin, .fini = finish)
{
	struct told t = { 0 };

	begin_task(ctx, &t, "trap '' TERM; sleep 600; sleep 600", 1, KEPT);
	await_task(&t);
	cr_expect(t.end.timed_out);
	cr_expect_neq(t.end.return_code, 0);
}

Test(task, ends_when_it_is_stopped, .init = begin, .fini = finish)
{
	struct told t = { 0 };

	task_stop(begin_task(ctx, &t, "exec sleep 600", LIMIT * 1000, KEPT));
	await_task(&t);
	cr_expect(t.end.stopped);
	cr_expect_not(t.end.timed_out);
}

Test(task, whoever_is_told_may_free_the_parent, .init = begin, .fini = finish)
{
	struct told t = { .frees = mem_scope(ctx) };

	begin_task(t.frees, &t, "true", LIMIT * 1000, KEPT);
	await_task(&t);
	cr_expect_eq(t.end.return_code, 0);
}

Test(task, is_killed_with_its_parent, .init = begin, .fini = finish)
{
	struct told t = { 0 };
	void *parent = mem_scope(ctx);

	begin_task(parent, &t, "exec sleep 600", LIMIT * 1000, KEPT);
	mem_free(parent);
	cr_expect_eq(t.ended, 0);
}

Test(task, that_cannot_start_is_none, .init = begin, .fini = finish)
{
	const char *const argv[] = { "/nowhere/program", NULL };
	const char *const envp[] = { mark, NULL };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .mark = mark };
	struct told t = { 0 };
	struct error e;

	cr_expect_null(task_start(ctx, loop, &spec, 1, KEPT, on_done, &t, &e));
	cr_expect(strstr(e.detail, "/nowhere/program") != NULL, "%s", e.detail);
	cr_expect_eq(t.ended, 0);
}
