#ifndef CONNECTOR_LOCAL_ENVIRONMENT_H
#define CONNECTOR_LOCAL_ENVIRONMENT_H

#include "connector/local_private.h"

/*
 * What services need beside their code, built once and shared by all runs: STATE/environments/KIND-DIGEST/tree, where
 * the DIGEST is of everything that it is made from. What is built has its own path within it (scripts name their
 * interpreter so), so it is built in place, and is there for others only once the file "complete" is beside the tree:
 * that comes last, when the rest is on disk. KIND-DIGEST.lock is locked exclusively by who builds or removes it, and
 * shared by each run that uses it. The kernel gives a lock back when its holder dies, so who comes next builds anew.
 */

/* An environment of a run; freeing it gives its lock back. */
struct environment;

struct environment_plan {
	const char *kind;		/* "python" */
	const struct text *source;	/* all that it is made from */
	/* Adds to T the N-th tool of its build in the directory PATH, and its argv and env; false: there is no more. */
	bool (*tool)(const struct environment_plan *plan, struct launch *l, size_t n, const char *path, struct tool *t);
	const char *missing;		/* a word of a tool's output that means HINT, or NULL */
	const char *hint;
	launch_then then;		/* when it is there */
	void *own;			/* for TOOL */
};

/*
 * Makes the environment of PLAN (its members are borrowed for as long as L lives) be there, then calls its THEN. The
 * launch waits meanwhile. The environment is used until L is freed.
 */
enum err environment_use(struct launch *l, const struct environment_plan *plan, struct error *e) MUST_CHECK;
/* Where its tree is. */
const char *environment_path(const struct environment *v);
/* A step: the environment that the service's runtime.req-file asks for. */
enum err local_environment(struct launch *l, struct error *e) MUST_CHECK;

/* --- local_environment_room.c: removing what is old --- */

/* STATE/environments, made for CTX. */
char *environments_path(void *ctx, const struct config *c);
/* Makes STATE/environments. */
enum err environments_make(const struct config *c, struct error *e) MUST_CHECK;
/*
 * A descriptor of the lock file of the environment at PATH, locked as flock(2)'s HOW says, without waiting. -1: another
 * one has it.
 */
int environment_lock(const char *path, int how);
/* Puts the environment at PATH, which the caller has locked, out of the way; it is removed in the background. */
void environment_discard(struct conn *c, const char *path);
/* Removes what has not been used for long, or is too much ([environments]), and what was left half built. */
void environments_sweep(struct conn *c);

/* --- local_requirements.c: what pip and ansible-galaxy are told --- */

/*
 * Adds what the requirements file NAME of pip says, and the files that it names, to SOURCE. Refuses what cannot be
 * shared: directories, editable installs of them, files outside of the tree.
 */
enum err requirements_pip(struct launch *l, const char *name, struct text *source, struct error *e) MUST_CHECK;
/* The same for ansible-galaxy; says whether it has collections and roles. */
enum err requirements_galaxy(struct launch *l, const char *name, struct text *source, bool *collections,
    bool *roles, struct error *e) MUST_CHECK;

/* --- local_registry.c: where packages come from --- */

/* Adds the registries of TYPE to SOURCE, without their credentials. */
void registries_source(struct launch *l, const char *type, struct text *source);
/* Writes pip.conf and .netrc into the run directory. *PATH is of the first. */
enum err registries_pip(struct launch *l, const char **path, struct error *e) MUST_CHECK;
/* Writes galaxy.cfg into the run directory. */
enum err registries_galaxy(struct launch *l, const char **path, struct error *e) MUST_CHECK;
/* Removes these files: the service is not meant to have what they hold. */
void registries_forget(struct launch *l);

#endif
