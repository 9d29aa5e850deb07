#ifndef MAIN_WHOLE_H
#define MAIN_WHOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * A file that has its name only once it is whole and on disk: it is written as PATH.part, which a writer that was
 * killed leaves behind, and the next one of the same name takes over.
 */
struct whole {
	const char *path, *part;	/* PART is NULL once it has its name */
	bool replaces;		/* what has the name already */
	int lock;		/* a descriptor; -1: none */
};

/*
 * Makes the empty PATH.part, for its owner alone. ERR_CONFLICT: PATH is there and is not to be replaced, or no file, or
 * another program is writing it; ERR_UNAVAILABLE: it cannot be made. What is written may replace the part, too.
 */
enum err whole_begin(struct whole *w, void *ctx, const char *path, bool replaces, struct error *e) MUST_CHECK;
/* Whether BYTES more would fit on that disk. ERR_UNAVAILABLE. */
enum err whole_room(const struct whole *w, int64_t bytes, struct error *e) MUST_CHECK;
/* Syncs it and gives it its name. ERR_CONFLICT: PATH is there by now. */
enum err whole_end(struct whole *w, struct error *e) MUST_CHECK;
/* Removes the part, if there is still one. Always to be called. */
void whole_drop(struct whole *w);

/* Copies what comes from one descriptor to another, up to its end. ERR_UNAVAILABLE: E says which of the two failed. */
enum err whole_copy(int from, int to, struct error *e) MUST_CHECK;
/* Syncs the directory PATH, so that what its names are survives. ERR_UNAVAILABLE. */
enum err whole_sync_dir(const char *path, struct error *e) MUST_CHECK;

#endif
