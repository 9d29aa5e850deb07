#include <string.h>

#include "base/mem.h"
#include "main/doctor.h"
#include "proc/proc.h"
#include "proc/task.h"

enum { ASK_MS = 30000, ASK_KEEP = 4096 };

/* A program by the setting that names it. */
struct program {
	const char *name;
	const char *use;	/* "USE run with PATH" */
	const char *lacks;	/* what cannot be without it */
	const char *package;	/* what has it on Debian */
};

/* NULL: it is not there, which has been said. */
static const char *
check_program(struct visit *v, const struct program *p)
{
	const char *path = proc_find(v->ctx, v->config->local_path, p->name);

	if (path != NULL)
		doctor_find(v, FINE, "%s %s", p->use, path);
	else
		doctor_find(v, DOUBTFUL, "%s is not in [local] path: %s; install %s", p->name,
		    p->lacks, p->package);
	return path;
}

struct question {
	struct loop *loop;
	bool yes;
};

static void
on_answer(void *arg, const struct task_end *end)
{
	struct question *q = arg;

	q->yes = end->return_code == 0;
	loop_stop(q->loop);
}

/* Whether Python has its modules for virtual environments, which Debian packs apart. */
static void
check_venv(struct visit *v, const char *python)
{
	const char *const argv[] = { python, "-c", "import ensurepip, venv", NULL };
	const char *const envp[] = { "LANG=C.UTF-8", NULL };
	const struct proc_spec spec = { .argv = argv, .envp = envp, .cwd = "/", .mark = envp[0] };
	struct question q = { 0 };
	struct error e;

	q.loop = loop_new(v->ctx, &e);
	if (q.loop == NULL || proc_init(q.loop, &e) != ERR_OK ||
	    task_start(v->ctx, q.loop, &spec, ASK_MS, ASK_KEEP, on_answer, &q, &e) == NULL) {
		doctor_find(v, DOUBTFUL, "%s: %s", python, e.detail);
		return;
	}
	loop_run(q.loop);
	if (q.yes)
		doctor_find(v, FINE, "a req-file of a python-script service can be installed");
	else
		doctor_find(v, DOUBTFUL, "%s cannot make virtual environments: no python-script "
		    "service with a req-file can run; install python3-venv", python);
}

void
doctor_programs(struct visit *v)
{
	const struct config *c = v->config;
	const struct program python = {
		c->local_python, "python-script services run with",
		"python-script services cannot run", "python3"
	};
	const struct program others[] = {
		{ c->local_ansible_playbook, "ansible-playbook services run with",
		  "ansible-playbook services cannot run", "ansible-core" },
		{ c->local_ansible_galaxy, "collections and roles come with",
		  "no ansible-playbook service with a req-file can run", "ansible-core" },
		{ c->local_tofu, "opentofu-plan services run with",
		  "opentofu-plan services cannot run",
		  "tofu (of packages.opentofu.org), or have [local] tofu name terraform" },
		{ c->git_program, "repositories are fetched with",
		  "no service with a repository can run", "git" },
		{ "ssh", "repositories of ssh are fetched with",
		  "no service with a repository of ssh can run", "openssh-client" },
	};
	const char *path = check_program(v, &python);

	if (path != NULL)
		check_venv(v, path);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		check_program(v, &others[i]);
}
