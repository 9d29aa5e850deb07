#ifndef CONNECTOR_GIT_H
#define CONNECTOR_GIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "base/err.h"
#include "base/loop.h"

/*
 * Code from git repositories (services.md section 3): a bare mirror per repository, fetched by the program git when
 * the reference may have moved, and a read-only tree per commit, with its submodules. Both are below a directory
 * that several processes may use at the same time: one fetches, or builds a tree, and the others wait for it.
 * What is there is always whole; what a process that died was about is taken up by the next one.
 *
 * A repository runs no code here by being fetched: no hooks, no configuration but ours, only the protocol of its url.
 * Credentials go by way of files that only we can read, never by arguments, urls or the environment.
 */
struct git_get;

/* What is wanted; all of it is copied. */
struct git_wish {
	const char *name;	/* of the repository, for sentences */
	const char *url;	/* https://, ssh://, user@host:path, or file:/// below [local] roots */
	const char *reference;	/* branch, tag, full SHA or refs/...; NULL or "": what HEAD is there */
	/* Who shares what is fetched: wishes with the same url and scope. "" where no credentials are needed. */
	const char *scope;
	const char *key;	/* a private key for ssh, or NULL */
	const char *username, *password;	/* for https, or NULL */
	const char *mark;	/* as struct proc_spec has it: of the run that it is for */
	/*
	 * Not NULL: no tree is wanted, but this file of it, at most FILE_MAX bytes. What is fetched for it is shared
	 * with nobody, and gone with the git_get.
	 */
	const char *file;
	size_t file_max;
};

struct git_end {
	const struct error *error;	/* NULL: it went well. A sentence that names the repository and the cause */
	const char *commit;		/* its full SHA */
	const char *tree;		/* a directory, read-only; it stays as it is until the git_get is freed */
	const char *content;		/* of the file that was wanted */
	size_t content_len;
	bool fetched;			/* the server was asked */
	bool built;			/* the tree was not there yet */
};

/* Called once, from the loop; END lives as long as the git_get, which may be freed in here. */
typedef void (*git_fn)(void *arg, const struct git_end *end);

/* Begins. Freeing it (or CTX, before L) ends what is under way, and DONE is not called. */
struct git_get *git_get(void *ctx, struct loop *l, const struct config *c, const struct git_wish *wish, git_fn done,
    void *arg);

/*
 * Removes mirrors and trees that [git] does not keep, and that nobody uses: programs do the work, DONE is called when
 * they have. Freeing it ends it.
 */
struct git_purge;
struct git_purge *git_purge(void *ctx, struct loop *l, const struct config *c, void (*done)(void *arg), void *arg);

#endif
