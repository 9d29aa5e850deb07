#ifndef CONNECTOR_LOCAL_PRIVATE_H
#define CONNECTOR_LOCAL_PRIVATE_H

#include "base/text.h"
#include "connector/connector.h"
#include "proc/task.h"

/* What the files of the local connector share. Nothing else includes this. */

enum { WORD_MAX = 131071 };	/* bytes of one word of a command line: MAX_ARG_STRLEN of execve(2), without the NUL */

struct launch;
struct environment;
struct init;
struct fence;
/* One thing that has to be done before the service's process starts. It may make the launch wait. */
typedef enum err (*launch_step)(struct launch *l, struct error *e);
/* What comes after a wait; END is of the tool, NULL where none was waited for. It may make the launch wait again. */
typedef enum err (*launch_then)(struct launch *l, const struct task_end *end, struct error *e);

/* The back end's part of a run. */
struct local_run {
	struct conn_run *r;
	struct run_dir *dir;
	struct launch *launch;
	const struct proc_user *user;	/* who is to run it; NULL: whoever we are */
	struct proc *proc;	/* the service itself, once it has started */
	bool canceled;
	bool ending;		/* only its directory is left to be removed */
	struct conn_end end;	/* what is said then; its texts belong to the run */
	struct timer *removing;
};

/* A run being prepared; it lives as long as the run. Texts belong to the launch. */
struct launch {
	struct local_run *run;
	const struct config *config;
	const struct conn_order *order;
	const char *home;	/* the run directory */
	const char *tree;	/* of the code: real path of the repository, or of the working directory */
	const char *dir;	/* real path of the working directory, within the tree */
	struct names env, argv;	/* end in NULL after local_argv() */
	const char *input;	/* for stdin, or NULL */
	struct environment *environment;	/* local_environment.h; NULL: none is used */
	struct fence *fence;	/* the sandbox of the service; NULL: there is none */
	const char *python;	/* of the virtual environment, or NULL */
	struct init *init;	/* local_tofu.c's; NULL: it is not under way */

	/* local_repository.c's. */
	struct git_get *git;
	const struct git_end *code;	/* of GIT */

	/* local_steps.c's. */
	size_t step;		/* of the steps: the next one */
	launch_then then;	/* not NULL: something is being waited for */
	struct task *task;	/* a tool at work */
	const char *tool;	/* its name */
	struct timer *canceling;
};

/* --- local.c --- */

/* Starts the service's process: all is prepared. */
enum err local_start(struct local_run *run, struct error *e) MUST_CHECK;
/* Ends RUN, whose process has not started, for the reason ERROR. RUN is gone afterwards. */
void local_failed(struct local_run *run, const char *error);
/* Those of a run's processes. */
struct proc_limits local_limits(const struct config *c);
/* Refuses what this gateway cannot do: a step. */
enum err local_support(struct launch *l, struct error *e) MUST_CHECK;

/* --- local_steps.c: what comes before the process, one step after the other --- */

struct tool {
	const char *name;	/* for sentences: "git fetch" */
	struct names *argv;	/* argv[0] is an absolute path; a NULL ends it */
	struct names *env;	/* the whole environment; the mark of the run (launch env[0]) must be in it */
	const char *cwd, *input;	/* INPUT may be NULL */
	int64_t timeout_ms;
	bool is_foreign;	/* it executes what others wrote: as the run's user, within the run's limits */
	/* In a sandbox it may read, and change, these too (or NULL), beside the code and the run directory. */
	const char *reads, *writes;
};

struct launch *launch_new(struct local_run *run, const struct conn_order *order);
/* For steps and what comes after them: runs T, then calls THEN. */
enum err launch_tool(struct launch *l, const struct tool *t, launch_then then, struct error *e) MUST_CHECK;
/* The same without a tool: until launch_resume() is called, from the loop. */
void launch_wait(struct launch *l, launch_then then);
void launch_resume(struct launch *l, const struct task_end *end);
/* The last LINES lines of T, at most BYTES of them, in one; made for L. */
const char *launch_last_lines(struct launch *l, const struct text *t, size_t lines, size_t bytes);
/* Whether the tool did its work; E has its last line. */
enum err launch_tool_check(struct launch *l, const struct task_end *end, struct error *e) MUST_CHECK;
/* Begins, and goes on with, the steps; the process has been started, or something is waited for. */
enum err launch_advance(struct launch *l, struct error *e) MUST_CHECK;
/* What is being waited for is not wanted any more; the run ends soon. */
void launch_cancel(struct launch *l);

/* --- local_dir.c: run directories, STATE/runs/ATTEMPT_ID --- */

struct run_dir {
	const char *path;
	int lock;		/* held while the run is under way: who can take it has found a left-over */
	int passes;		/* of its removal, so far */
	unsigned moved;		/* what they have moved up */
};

/* Makes STATE/runs, if need be, and removes what a dispatcher that died left in it. */
enum err run_dirs_open(const struct config *c, struct error *e) MUST_CHECK;
/* Whether run directories can be made. */
enum err run_dirs_check(const struct config *c, struct error *e) MUST_CHECK;
/* Made for CTX; freeing it removes the directory and all that is in it, without following a link. NULL: E filled. */
struct run_dir *run_dir_new(void *ctx, const struct config *c, const char *attempt_id, struct error *e);
/* Removes some of it; what is large is not removed at once. False: call it again. True: nothing is left. */
bool run_dir_empty(struct run_dir *d);
/*
 * Writes TEXT to the new file NAME, mode 0600, of the run directory HOME; it is USER's (NULL: ours). *PATH is made for
 * CTX.
 */
enum err run_dir_write(void *ctx, const char *home, const struct proc_user *user, const char *name, const char *text,
    const char **path, struct error *e) MUST_CHECK;

/* --- local_code.c, local_repository.c: where the code is --- */

/* Fills dir, which lies in the tree. */
enum err local_working_dir(struct launch *l, struct error *e) MUST_CHECK;
/* Gets the code from git and fills tree and dir; waits for that. */
enum err local_repository(struct launch *l, struct error *e) MUST_CHECK;
/* Fills tree and dir with a copy of FROM in the run directory; waits for that. */
enum err local_copy_tree(struct launch *l, const char *from, struct error *e) MUST_CHECK;
/* Fills tree and dir. */
enum err local_code(struct launch *l, struct error *e) MUST_CHECK;
/* *PATH is that of file NAME of the working directory; it exists and lies within the tree. */
enum err local_file(struct launch *l, const char *name, const char **path, struct error *e) MUST_CHECK;

/* What the file at PATH holds, NAME in sentences; made for L. NULL: E. */
struct text *launch_file(struct launch *l, const char *name, const char *path, struct error *e);

/* --- local_env.c: the environment --- */

enum err local_env(struct launch *l, struct error *e) MUST_CHECK;
/* Sets NAME, or replaces its value. */
void launch_set(struct launch *l, const char *name, const char *value);
/* The value of NAME, NULL where it is not set. */
const char *launch_get(const struct launch *l, const char *name);

/* --- local_secret.c: what may be in no command line --- */

/*
 * Sets the secrets of the service and, where parameters would be words of a command line, those that are secret; writes
 * those that the service wants in a file. A step.
 */
enum err local_secrets(struct launch *l, struct error *e) MUST_CHECK;
/* Whether parameter KEY is of format password. */
bool launch_is_secret(const struct launch *l, const char *key);

/* --- local_isolate.c: another user, and a sandbox --- */

/* The setting "user" of a gateway. */
void local_check_user(struct json_object *user, struct faults *faults);
/* Who runs the services of C, made for it; NULL: whoever we are. */
enum err local_user(struct conn *c, struct proc_user **user, struct error *e) MUST_CHECK;
/* Whether this run has another user, or a sandbox. */
bool local_is_apart(const struct launch *l);
/* Lists what the service may open, where there is a sandbox: a step, when everything has its place. */
enum err local_sandbox(struct launch *l, struct error *e) MUST_CHECK;

/* --- local_owner.c: what belongs to another user --- */

/*
 * Gives the run directory, and that of a plan's state, to the run's user, where that is another one: a step, before
 * anything foreign is executed.
 */
enum err local_hand_over(struct launch *l, struct error *e) MUST_CHECK;
/* Writes TEXT to the new file NAME of the run directory, for the run's user; *PATH is made for L. */
enum err launch_write(struct launch *l, const char *name, const char *text, const char **path,
    struct error *e) MUST_CHECK;
/*
 * The directory PATH, which lies in one of ours, and all in it that is USER's, is ours again. SHOWN: all may read it,
 * and nobody write to it.
 */
enum err local_take(const char *path, const struct proc_user *user, bool shown, struct error *e) MUST_CHECK;
/* The state of a plan is ours again, when nothing of the run is left. */
void local_take_back(struct launch *l);

/* --- local_fence.c: what may be opened in a sandbox --- */

struct fence {
	const struct config *config;
	struct proc_allow *at;
	size_t n;
};

/* Made for CTX, with what any program needs; *F is NULL where [local] sandbox wants none. */
enum err fence_new(void *ctx, const struct config *c, struct fence **f, struct error *e) MUST_CHECK;
/* Adds PATH; nothing where F or PATH is NULL, or PATH is "". */
void fence_allow(struct fence *f, const char *path, enum proc_right right);
/* Adds all paths of the colon-separated LIST. */
void fence_allow_list(struct fence *f, const char *list, enum proc_right right);
/* Refuses one that shows to WHO what is ours: the state directory, or a run's but HOME. */
enum err fence_check(const struct fence *f, const char *home, const char *who, struct error *e) MUST_CHECK;
/* SPEC is to be held back so; it borrows F. */
void fence_put(const struct fence *f, struct proc_spec *spec);

/* --- local_argv.c, local_ansible.c: the command line --- */

/* Fills argv and input; checks the size of all. */
enum err local_argv(struct launch *l, struct error *e) MUST_CHECK;
enum err local_ansible(struct launch *l, struct error *e) MUST_CHECK;
enum err local_tofu(struct launch *l, struct error *e) MUST_CHECK;
/* A step: where the run is kept apart, its plan gets code of its own, since init writes beside it. */
enum err local_tofu_code(struct launch *l, struct error *e) MUST_CHECK;
/* The directory of the plan's state, which the order's giver made for it; NULL: it is no plan. */
const char *launch_state_dir(struct launch *l);
/* Where plug-ins of plans are kept: each user has its own. */
const char *launch_plugins(struct launch *l);
/* A step, after the command line: what opentofu-plan services do before it. */
enum err local_init(struct launch *l, struct error *e) MUST_CHECK;
/* Calls ADD for each text of the array O, the value of the service's KEY. */
enum err launch_each(struct launch *l, const char *key, struct json_object *o,
    enum err (*add)(struct launch *, const char *, struct error *), struct error *e) MUST_CHECK;
/* Adds the absolute path of PROGRAM to argv. HINT says what to do where it is missing. */
enum err launch_program(struct launch *l, const char *program, const char *hint, struct error *e) MUST_CHECK;
void launch_word(struct launch *l, const char *word);
/* The text that parameter KEY is given as: texts as they are, everything else as JSON text. It may not hold NUL. */
enum err launch_value(struct launch *l, const char *key, struct json_object *value, const char **text,
    struct error *e) MUST_CHECK;
/* S fit for a sentence: no control characters, not too long. Made for L. */
const char *launch_shown(struct launch *l, const char *s);
/*
 * Member KEY of the service's runtime, or NULL where it is absent, null, or empty (text, array, object). One of another
 * type is a fault.
 */
enum err launch_runtime(struct launch *l, const char *key, enum json_type type, struct json_object **o,
    struct error *e) MUST_CHECK;

#endif
