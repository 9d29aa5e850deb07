#ifndef CONNECTOR_LOCAL_PRIVATE_H
#define CONNECTOR_LOCAL_PRIVATE_H

#include "base/text.h"
#include "connector/connector.h"

/* What the files of the local connector share. Nothing else includes this. */

enum { WORD_MAX = 131071 };	/* bytes of one word of a command line: MAX_ARG_STRLEN of execve(2), without the NUL */

/* A run being prepared. Texts belong to the launch. */
struct launch {
	const struct config *config;
	const struct conn_order *order;
	const char *home;	/* the run directory */
	const char *tree;	/* of the code: real path of the repository, or of the working directory */
	const char *dir;	/* real path of the working directory, within the tree */
	struct names env, argv;	/* end in NULL after local_argv() */
	const char *input;	/* for stdin, or NULL */
};

/* --- local_dir.c: run directories, STATE/runs/ATTEMPT_ID --- */

struct run_dir {
	const char *path;
	int lock;		/* held while the run is under way: who can take it has found a left-over */
};

/* Makes STATE/runs, if need be, and removes what a dispatcher that died left in it. */
enum err run_dirs_open(const struct config *c, struct error *e) MUST_CHECK;
/* Whether run directories can be made. */
enum err run_dirs_check(const struct config *c, struct error *e) MUST_CHECK;
/* Made for CTX; freeing it removes the directory and all that is in it, without following a link. NULL: E filled. */
struct run_dir *run_dir_new(void *ctx, const struct config *c, const char *attempt_id, struct error *e);
/* Writes TEXT to the new file NAME, mode 0600, of the run directory HOME. *PATH is made for CTX. */
enum err run_dir_write(void *ctx, const char *home, const char *name, const char *text, const char **path,
    struct error *e) MUST_CHECK;

/* --- local_code.c: where the code is --- */

/* Fills tree and dir. */
enum err local_code(struct launch *l, struct error *e) MUST_CHECK;
/* *PATH is that of file NAME of the working directory; it exists and lies within the tree. */
enum err local_file(struct launch *l, const char *name, const char **path, struct error *e) MUST_CHECK;

/* --- local_env.c: the environment --- */

enum err local_env(struct launch *l, struct error *e) MUST_CHECK;
/* Sets NAME, or replaces its value. */
void launch_set(struct launch *l, const char *name, const char *value);
/* The value of NAME, NULL where it is not set. */
const char *launch_get(const struct launch *l, const char *name);

/* --- local_argv.c, local_ansible.c: the command line --- */

/* Fills argv and input; checks the size of all. */
enum err local_argv(struct launch *l, struct error *e) MUST_CHECK;
enum err local_ansible(struct launch *l, struct error *e) MUST_CHECK;
/* Adds the absolute path of PROGRAM to argv. HINT says what to do where it is missing. */
enum err launch_program(struct launch *l, const char *program, const char *hint, struct error *e) MUST_CHECK;
void launch_word(struct launch *l, const char *word);
/* S fit for a sentence: no control characters, not too long. Made for L. */
const char *launch_shown(struct launch *l, const char *s);
/*
 * Member KEY of the service's runtime, or NULL where it is absent, null, or empty (text, array, object). One of another
 * type is a fault.
 */
enum err launch_runtime(struct launch *l, const char *key, enum json_type type, struct json_object **o,
    struct error *e) MUST_CHECK;

#endif
