#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "connector/local_environment.h"
#include "connector/local_private.h"

enum { TOOL_KEEP = 1024 * 1024, SAID_MAX = 600 };	/* bytes */

/* --- a step that waits --- */

static void
tool_ended(void *arg, const struct task_end *end)
{
	struct launch *l = arg;

	l->task = NULL;
	launch_resume(l, end);
}

/* What a tool may open where there is a sandbox. */
static enum err
tool_fence(void *ctx, struct launch *l, const struct tool *t, struct fence **f, struct error *e)
{
	if (fence_new(ctx, l->config, f, e) != ERR_OK)
		return e->code;
	fence_allow(*f, l->tree, PROC_READ);
	fence_allow(*f, l->home, PROC_WRITE);
	fence_allow(*f, t->reads, PROC_READ);
	fence_allow(*f, t->writes, PROC_WRITE);
	return fence_check(*f, l->home, mem_printf(ctx, "%s of service %s", t->name,
	    l->order->service), e);
}

enum err
launch_tool(struct launch *l, const struct tool *t, launch_then then, struct error *e)
{
	struct proc_spec spec = {
		.argv = t->argv->at, .envp = t->env->at, .cwd = t->cwd,
		.input = t->input, .input_len = t->input != NULL ? strlen(t->input) : 0,
		.grace_ms = l->order->grace_ms, .mark = l->env.at[0],
	};
	SCOPED(tmp, NULL);
	struct fence *fence;

	if (tool_fence(tmp, l, t, &fence, e) != ERR_OK)
		return e->code;
	fence_put(fence, &spec);
	if (t->is_foreign) {
		spec.user = l->run->user;
		spec.limits = local_limits(l->config);
	}
	l->then = then;
	l->tool = mem_text(l, t->name);
	l->task = task_start(
	    l, l->run->r->conn->loop, &spec, t->timeout_ms, TOOL_KEEP, tool_ended, l, e);
	if (l->task == NULL)
		l->then = NULL;
	return l->task != NULL ? ERR_OK : e->code;
}

void
launch_wait(struct launch *l, launch_then then)
{
	l->then = then;
}

/* The last line that a tool wrote, where it says what went wrong; TEXT is what it wrote. */
static const char *
last_words(struct launch *l, const struct text *t)
{
	size_t len, from = t->len > SAID_MAX ? t->len - SAID_MAX : 0;
	char *all = utf8_mend(l, t->at + from, t->len - from, &len), *last = all, *line;

	while ((line = strsep(&all, "\r\n")) != NULL)
		if (line[strspn(line, " \t")] != '\0')
			last = line;
	return last;
}

enum err
launch_tool_check(struct launch *l, const struct task_end *end, struct error *e)
{
	if (end->timed_out)
		return error_set(e, ERR_UNAVAILABLE, "%s did not end in time", l->tool);
	if (end->return_code == 0)
		return ERR_OK;
	return error_set(e, ERR_UNAVAILABLE, "%s failed (%d): %s", l->tool, end->return_code,
	    launch_shown(l, last_words(l, end->err->len > 0 ? end->err : end->out)));
}

const char *
launch_last_lines(struct launch *l, const struct text *t, size_t lines, size_t bytes)
{
	const char *end = t->at + t->len, *at = end;
	size_t seen = 0, len;
	char *out;

	/* The line break at the very end ends no line more. */
	while (at > t->at && (size_t)(end - at) < bytes && seen + (at[-1] == '\n') <= lines)
		seen += *--at == '\n';
	out = utf8_mend(l, at, (size_t)(end - at), &len);
	for (char *c = out; *c != '\0'; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	return out + strspn(out, " ");
}

/* --- one after the other --- */

static const launch_step steps[] = {
	local_support, local_env, local_code, local_secrets, local_tofu_code, local_hand_over,
	local_environment, local_sandbox, local_argv, local_init,
};

enum { STEPS = sizeof steps / sizeof *steps };

/* Does what is left to do, as far as nothing has to be waited for. */
enum err
launch_advance(struct launch *l, struct error *e)
{
	while (l->then == NULL && l->step < STEPS)
		if (steps[l->step++](l, e) != ERR_OK)
			return e->code;
	return l->then == NULL ? local_start(l->run, e) : ERR_OK;
}

void
launch_resume(struct launch *l, const struct task_end *end)
{
	launch_then then = l->then;
	struct error e = { 0 };

	l->then = NULL;
	if (l->run->canceled)
		local_failed(l->run, "it was told to end before it started");
	else if (then(l, end, &e) != ERR_OK || launch_advance(l, &e) != ERR_OK)
		local_failed(l->run, e.detail);
}

static void
cancel_over(void *arg)
{
	struct launch *l = arg;

	l->canceling = NULL;
	launch_resume(l, NULL);
}

static int
launch_free(struct launch *l)
{
	loop_cancel(l->canceling);
	return 0;
}

void
launch_cancel(struct launch *l)
{
	if (l->task != NULL)
		task_stop(l->task);
	else if (l->canceling == NULL)
		l->canceling = loop_after(l->run->r->conn->loop, 0, cancel_over, l);
}

struct launch *
launch_new(struct local_run *run, const struct conn_order *order)
{
	struct launch *l = MEM_NEW(run, struct launch);

	l->run = run;
	l->config = run->r->conn->config;
	l->order = conn_order_copy(l, order);
	l->home = run->dir->path;
	MEM_ON_FREE(l, launch_free);
	return l;
}
