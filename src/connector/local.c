#include <signal.h>
#include <string.h>

#include "base/crash.h"
#include "base/mem.h"
#include "connector/connector.h"
#include "connector/local_environment.h"
#include "connector/local_private.h"
#include "json/body.h"
#include "proc/proc.h"

enum { MS_PER_S = 1000 };

static const int64_t megabyte = 1024 * INT64_C(1024);

/*
 * Runs services as processes on this host (services.md section 3). Every run
 * has a directory of its own, which is its HOME; its working directory is the code's.
 */

static void
local_check(struct json_object *settings, struct faults *faults)
{
	SCOPED(tmp, NULL);

	if (!json_object_is_type(settings, json_type_object)) {
		faults_add(faults, "settings", "must be an object");
		return;
	}
	json_object_object_foreach(settings, key, value) {
		if (strcmp(key, "user") == 0)
			local_check_user(value, faults);
		else if (strcmp(key, CONN_PARALLEL) == 0)
			conn_check_parallel(value, "settings." CONN_PARALLEL, faults);
		else
			faults_add(faults, mem_printf(tmp, "settings.%s", key),
		    "is not known to a local gateway");
	}
}

static bool
local_connected(struct json_object *settings)
{
	(void)settings;
	return true;
}

static enum err
local_open(struct conn *c, struct error *e)
{
	struct proc_user *user;

	if (run_dirs_open(c->config, e) != ERR_OK || local_user(c, &user, e) != ERR_OK)
		return e->code;
	c->own = user;
	environments_sweep(c);
	return ERR_OK;
}

static void
local_close(struct conn *c)
{
	(void)c;
}

static enum err
local_ping(struct conn *c, struct error *e)
{
	return run_dirs_check(c->config, e);
}

static void
local_output(void *arg, enum proc_stream stream, const void *bytes, size_t n)
{
	conn_output(arg, stream == PROC_STDOUT ? CONN_STDOUT : CONN_STDERR, bytes, n);
}

/* The directory is gone before anybody is told; other runs do not wait for a large one. */
static void
remove_dir(void *arg)
{
	struct local_run *run = arg;

	run->removing = NULL;
	if (run->dir != NULL && !run_dir_empty(run->dir)) {
		run->removing = loop_after(run->r->conn->loop, 0, remove_dir, run);
		return;
	}
	mem_free(run->dir);
	run->dir = NULL;
	conn_ended(run->r, &run->end);
}

static void
local_end(struct local_run *run, const struct conn_end *end)
{
	run->ending = true;
	run->end = *end;
	if (run->launch != NULL)
		local_take_back(run->launch);
	remove_dir(run);
}

static void
local_ended(void *arg, const struct proc_end *end)
{
	struct conn_run *r = arg;
	struct local_run *run = r->own;

	/* The proc frees itself after this. */
	run->proc = NULL;
	local_end(run, &(struct conn_end){ .ran = true, .return_code = end->return_code });
}

/* What would leave a run half prepared. */
enum err
local_support(struct launch *l, struct error *e)
{
	const char *type = l->order->type;

	if (!json_object_is_type(l->order->params, json_type_object))
		return error_set(e, ERR_INVALID, "params must be an object");
	if (strcmp(type, "python-script") != 0 && strcmp(type, "ansible-playbook") != 0 &&
	    strcmp(type, "opentofu-plan") != 0 && strcmp(type, "executable") != 0)
		return error_set(e, ERR_INVALID, "%s services are not supported on local gateways",
		    launch_shown(l, type));
	return ERR_OK;
}

struct proc_limits
local_limits(const struct config *c)
{
	return (struct proc_limits){
		.memory = c->run_rlimit_memory * megabyte,
		.processes = c->run_rlimit_processes,
		.file_size = c->run_rlimit_files * megabyte,
	};
}

enum err
local_start(struct local_run *run, struct error *e)
{
	static const struct proc_events events = { local_output, local_ended };
	struct launch *l = run->launch;
	/* It finishes what it is at, writes down what it has done, and ends. */
	const bool is_plan = strcmp(l->order->type, "opentofu-plan") == 0;
	struct proc_spec spec = {
		.stop_signal = is_plan ? SIGINT : 0,
		.stop_ms = is_plan ? l->config->run_grace_tofu * MS_PER_S : 0,
		.argv = l->argv.at, .envp = l->env.at, .cwd = l->dir,
		.input = l->input, .input_len = l->input != NULL ? strlen(l->input) : 0,
		.grace_ms = l->order->grace_ms, .mark = l->env.at[0],
		.user = run->user, .limits = local_limits(l->config),
	};

	fence_put(l->fence, &spec);
	CRASH_POINT("spawn-before");
	run->proc = proc_start(run, run->r->conn->loop, &spec, &events, run->r, e);
	if (run->proc == NULL)
		return e->code;
	CRASH_POINT("spawn-after");
	conn_note(run->r, CONN_EVENT_PROCESS, "%s", l->argv.at[0]);
	return ERR_OK;
}

void
local_failed(struct local_run *run, const char *error)
{
	local_end(run, &(struct conn_end){ .error = mem_text(run, error) });
}

static int
local_free(struct local_run *run)
{
	loop_cancel(run->removing);
	return 0;
}

static enum err
local_submit(struct conn_run *r, const struct conn_order *order, struct error *e)
{
	struct local_run *run = MEM_NEW(r, struct local_run);

	r->own = run;
	run->r = r;
	run->user = r->conn->own;
	MEM_ON_FREE(run, local_free);
	run->dir = run_dir_new(run, r->conn->config, order->attempt_id, e);
	if (run->dir == NULL)
		return e->code;
	run->launch = launch_new(run, order);
	return launch_advance(run->launch, e);
}

static void
local_cancel(struct conn_run *r)
{
	struct local_run *run = r->own;

	run->canceled = true;
	if (run->proc != NULL)
		proc_stop(run->proc);
	else if (!run->ending)
		launch_cancel(run->launch);
}

static void
local_hold(struct conn_run *r, bool on)
{
	struct local_run *run = r->own;

	if (run->proc != NULL)
		proc_read(run->proc, !on);
}

const struct connector_ops connector_local = {
	.kind = "local",
	.can = CAN_CANCEL | CAN_STREAM,
	.check = local_check,
	.connected = local_connected,
	.recover = run_dirs_open,
	.open = local_open,
	.close = local_close,
	.ping = local_ping,
	.submit = local_submit,
	.cancel = local_cancel,
	.hold = local_hold,
};
