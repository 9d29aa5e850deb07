#ifndef CONNECTOR_GIT_PRIVATE_H
#define CONNECTOR_GIT_PRIVATE_H

#include <stdint.h>

#include "base/text.h"
#include "connector/git.h"
#include "connector/local_private.h"

/* What the files about git share. Nothing else includes this. */

/* --- git_url.c --- */

enum git_protocol { GIT_HTTPS, GIT_SSH, GIT_FILE };

struct git_url {
	enum git_protocol protocol;
	const char *text;
	const char *host;	/* with the port where there is one; "" for a file */
	const char *user;	/* NULL: none */
	const char *path;	/* of a file: real path of the repository */
};

/* Made for CTX; NAME is the repository's, for E. A url that holds a password is not repeated in E. */
enum err git_url_read(void *ctx, const struct config *c, const char *name, const char *url, struct git_url *u,
    struct error *e) MUST_CHECK;
/* Whether credentials for A may go to B too. */
bool git_url_same_server(const struct git_url *a, const struct git_url *b);
/* The url of a submodule of BASE, which may begin with ./ or ../ (gitmodules(5)); for CTX. NULL: it leads nowhere. */
char *git_url_join(void *ctx, const char *base, const char *relative);

/* --- git_ref.c --- */

enum { GIT_REFSPECS = 2, GIT_NAMES = 2 };

struct git_ref {
	bool is_pinned;		/* a full SHA */
	const char *kind;	/* what is fetched together has the same */
	const char *refspecs[GIT_REFSPECS];	/* NULL: no more */
	const char *names[GIT_NAMES];	/* what it may be called in the mirror; NULL: no more */
};

enum err git_ref_read(void *ctx, const char *name, const char *reference, struct git_ref *r,
    struct error *e) MUST_CHECK;
/* For who wants nothing but R of a repository: others are not fetched with it. */
void git_ref_narrow(void *ctx, struct git_ref *r);

/* --- git_store.c: directories, locks and marks. Each answers what was wrong in E. --- */

/* Makes directory PATH where it is not there. */
enum err git_dir_make(const char *path, struct error *e) MUST_CHECK;
/* Takes lock file PATH in the mode HOW of flock(2), without waiting; *FD is -1 where another has it. */
enum err git_lock(const char *path, int how, int *fd, struct error *e) MUST_CHECK;
/* Whether PATH is there. */
bool git_is_there(const char *path);
/* Sets the time of file PATH, made where it is not there, to MS; reads it (0: it is not there). */
enum err git_stamp(const char *path, int64_t ms, struct error *e) MUST_CHECK;
int64_t git_stamped(const char *path);
/* Writes what became of a fetch, for those who waited for it, and reads it. */
void git_failure_write(const char *path, const struct error *failure);
bool git_failure_read(const char *path, struct error *failure);

/* --- git_get.c --- */

typedef enum err (*git_then)(struct git_get *g, const struct task_end *end, struct error *e);

struct git_part {		/* a submodule */
	const char *key;	/* its name in .gitmodules */
	const char *path, *url, *commit;
};

struct git_get {
	struct loop *loop;
	const struct config *config;
	struct git_wish wish;
	struct git_url url;
	struct git_ref ref;
	git_fn done;
	void *arg;
	int64_t began;		/* clock_wall() */
	int depth;		/* of submodules within submodules */
	struct run_dir *work;	/* where git finds its configuration and credentials; NULL: not needed yet */
	const char *program;	/* git */
	const char *root;	/* where all mirrors and trees are */
	const char *store;	/* ROOT/HASH of url and scope */
	const char *mirror;
	const char *building;	/* the tree until it is whole */
	int lock, tree_lock;	/* descriptors, or -1 */
	bool waited;		/* for the lock */
	bool whole;		/* histories are fetched also where a file is all that is wanted */
	int64_t fetch_began;
	struct timer *timer;
	git_then then;
	size_t keep;		/* bytes of what a program writes */
	struct task *task;
	struct git_part *parts;
	size_t n_parts, part;	/* PART: the next one */
	struct git_get *sub;
	const struct git_end *sub_end;
	struct git_end end;
	struct error error;
};

/* Does what comes next; G may be gone afterwards. */
void git_go(struct git_get *g, const struct task_end *end);
/* Calls STEP from the loop, MS from now. */
void git_later(struct git_get *g, int64_t ms, git_then step);
void git_unlock(int *fd);
/* The whole of it has ended well. */
void git_finish(struct git_get *g);

/* --- git_tool.c --- */

/* Makes WORK, where it is not there yet. */
enum err git_work(struct git_get *g, struct error *e) MUST_CHECK;
/* Runs git with these words (up to NULL) on the mirror, then calls THEN. INPUT may be NULL. */
enum err git_run(struct git_get *g, const char *const *words, const char *input, git_then then,
    struct error *e) MUST_CHECK;
/* The same for another program, found in [local] path. */
enum err git_run_other(struct git_get *g, const char *const *words, git_then then, struct error *e) MUST_CHECK;
/* Fills E where the tool did not do its work: "the repository X " WHAT ": its words". */
enum err git_check(struct git_get *g, const struct task_end *end, const char *what, struct error *e) MUST_CHECK;
/* What git wrote about a failure, in one line fit for a sentence. */
const char *git_words(void *ctx, const struct text *t);

/* --- git_fetch.c, git_file.c, git_tree.c, git_parts.c: the steps --- */

enum err git_mirror(struct git_get *g, const struct task_end *end, struct error *e) MUST_CHECK;
/* The file of g->end.commit that is wanted. */
enum err git_file_check(const struct git_get *g, struct error *e) MUST_CHECK;
enum err git_file(struct git_get *g, struct error *e) MUST_CHECK;
/* The tree of g->end.commit. */
enum err git_tree(struct git_get *g, const struct task_end *end, struct error *e) MUST_CHECK;
/* Puts the submodules into the tree that is being built, then calls git_tree_whole(). */
enum err git_parts(struct git_get *g, const struct task_end *end, struct error *e) MUST_CHECK;
enum err git_tree_whole(struct git_get *g, const struct task_end *end, struct error *e) MUST_CHECK;

#endif
