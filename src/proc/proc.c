#include "proc/proc.h"

#include <signal.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "proc/cgroup.h"
#include "proc/parts.h"
#include "proc/spawn.h"

enum { FREE_ROUNDS = 5 };

/* One that is freed while it runs is killed without a word. */
static int
proc_free(struct proc *p)
{
	loop_cancel(p->patience);
	loop_cancel(p->deadline);
	loop_cancel(p->poll);
	streams_close(p);
	input_close(p);
	report_close(p);
	for (int n = 0; !p->done && n < FREE_ROUNDS; n++)
		p->done = tree_signal(children_all(), &p->tree, SIGKILL) == 0;
	children_remove(p);
	return 0;
}

static struct proc *
proc_new(void *ctx, const struct proc_spec *spec, const struct spawned *s, struct cgroup *group)
{
	struct proc *p = MEM_NEW(ctx, struct proc);

	p->tree = (struct tree){
		.leader = s->pid, .reaper = s->reaper, .start = tree_start(s->reaper),
		.led = true, .mark = mem_text(p, spec->mark), .group = mem_steal(p, group),
	};
	children_add(p);
	for (int i = 0; i < STREAMS; i++)
		p->out[i] = (struct stream){
			.proc = p, .which = (enum proc_stream)i, .fd = s->output[i],
		};
	p->report_fd = s->report;
	p->input_fd = s->input;
	p->input_len = spec->input_len;
	if (spec->input != NULL)
		p->input = memcpy(mem_bytes(p, spec->input_len), spec->input, spec->input_len);
	p->grace_ms = spec->grace_ms;
	p->stop_signal = spec->stop_signal;
	p->stop_ms = spec->stop_ms;
	p->poll_ms = POLL_FIRST;
	MEM_ON_FREE(p, proc_free);
	return p;
}

struct proc *
proc_start(void *ctx, struct loop *l, const struct proc_spec *spec,
    const struct proc_events *events, void *arg, struct error *e)
{
	struct cgroup *group = cgroup_new(ctx);
	struct spawned s;
	struct proc *p;

	if (proc_spawn(spec, group, &s, e) != ERR_OK) {
		mem_free(group);
		return NULL;
	}
	p = proc_new(ctx, spec, &s, group);
	p->loop = l;
	p->events = events;
	p->arg = arg;
	if (report_watch(p, e) != ERR_OK || streams_watch(p, e) != ERR_OK) {
		mem_free(p);
		return NULL;
	}
	return p;
}

void
proc_stop(struct proc *p)
{
	if (p->stopped || p->done)
		return;
	p->stopped = true;
	end_stop(p);
}

void
proc_read(struct proc *p, int on)
{
	struct error e;

	p->held = !on;
	if (p->held) {
		streams_pause(p);
	} else if (streams_watch(p, &e) != ERR_OK) {
		log_error("output of process %d is lost: %s", (int)p->tree.leader, e.detail);
		streams_close(p);
	}
	if (on && !p->done && p->poll == NULL)
		end_look_soon(p);
}

pid_t
proc_pid(const struct proc *p)
{
	return p->tree.leader;
}
