#include "proc/task.h"

#include "base/mem.h"

struct task {
	struct loop *loop;
	struct proc *proc;
	struct timer *deadline;
	struct text *out[2];
	bool timed_out, stopped;
	task_fn done;
	void *arg;
};

static int
task_free(struct task *t)
{
	loop_cancel(t->deadline);
	return 0;
}

static void
on_output(void *arg, enum proc_stream stream, const void *bytes, size_t n)
{
	struct task *t = arg;

	text_add(t->out[stream], bytes, n);
}

static void
on_ended(void *arg, const struct proc_end *end)
{
	struct task *t = arg;
	const struct task_end result = {
		.return_code = end->return_code, .timed_out = t->timed_out,
		.stopped = t->stopped, .out = t->out[PROC_STDOUT], .err = t->out[PROC_STDERR],
	};

	t->proc = NULL;
	/* Whoever is told may free the parent. */
	mem_steal(NULL, t);
	t->done(t->arg, &result);
	mem_free(t);
}

static void
deadline_over(void *arg)
{
	struct task *t = arg;

	t->deadline = NULL;
	t->timed_out = true;
	proc_stop(t->proc);
}

struct task *
task_start(void *ctx, struct loop *l, const struct proc_spec *spec, int64_t timeout_ms, size_t keep,
    task_fn done, void *arg, struct error *e)
{
	static const struct proc_events events = { on_output, on_ended };
	struct task *t = MEM_NEW(ctx, struct task);

	t->loop = l;
	t->done = done;
	t->arg = arg;
	for (int i = 0; i < 2; i++)
		t->out[i] = text_new(t, keep);
	t->proc = proc_start(t, l, spec, &events, t, e);
	if (t->proc == NULL) {
		mem_free(t);
		return NULL;
	}
	t->deadline = loop_after(l, timeout_ms, deadline_over, t);
	MEM_ON_FREE(t, task_free);
	return t;
}

void
task_stop(struct task *t)
{
	t->stopped = true;
	proc_stop(t->proc);
}
