#ifndef MAIN_RESTORE_H
#define MAIN_RESTORE_H

#include "main/admin.h"
#include "run/restored.h"

/*
 * What the files of `gatehouse restore` share. Nothing else includes this.
 *
 * All is prepared in STATE/restoring, which is a state directory to everybody who is given STAGED. Then one rename puts
 * the database in its place, and what was there into STATE/replaced-TIME. Killed before it, there is the old database;
 * killed after it, the new one. The keys come first: the key file has those of both.
 */
struct restore {
	struct admin *a;
	const char *file;		/* the backup, for people */
	struct config staged;		/* the settings, with STATE/restoring for the state directory */
	const char *made;		/* the topmost directory that was made, NULL: none */
	bool had_files;			/* there was a database, or what is left of one */
	bool takes_keys;		/* the key file that was prepared is to be installed */
	struct db *old;			/* the database that was there, locked; NULL: none, or damaged */
	const char *kept;		/* where it is now */
	int dispatcher, keys;		/* locks: descriptors, -1: none */
	int64_t schema;			/* of the backup */
	bool forgets;			/* --without-secrets: these many, and as many states */
	size_t secrets, states;
	struct restored settled;
};

/* --- admin_restore_switch.c --- */

/*
 * Makes sure that nobody uses the state directory, and that nobody can until restore_leave(). ERR_CONFLICT: there is a
 * database, and no --force; ERR_UNAVAILABLE: it is in use.
 */
enum err restore_enter(struct restore *r, struct error *e) MUST_CHECK;
/* An empty STATE/restoring, whatever one that was killed has left there. */
enum err restore_make_room(struct restore *r, struct error *e) MUST_CHECK;
/* Puts what is prepared in its place. Not ERR_OK: nothing has changed but for more keys in the key file. */
enum err restore_switch(struct restore *r, struct error *e) MUST_CHECK;
/* Removes what was prepared, where it is not in its place, and lets the others in. */
void restore_leave(struct restore *r, bool failed);

#endif
