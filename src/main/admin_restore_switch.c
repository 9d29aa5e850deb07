#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "base/mem.h"
#include "db/file.h"
#include "main/restore.h"
#include "main/whole.h"
#include "secret/box.h"

enum { PID_MAX = 32 };

#define DATABASE "gatehouse.db"

/* What belongs to a database beside its file: of another one it must not find these. */
static const char *const logs[] = { DATABASE "-wal", DATABASE "-journal" };

static const char *
live(const struct restore *r, const char *name)
{
	return config_path(r->a->ctx, r->a->config, name);
}

static const char *
staged(const struct restore *r, const char *name)
{
	return config_path(r->a->ctx, &r->staged, name);
}

static bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static enum err
cannot(const char *path, struct error *e)
{
	return error_set(e, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
}

/* --- entering --- */

static enum err
look_for_files(struct restore *r, struct error *e)
{
	r->had_files = is_there(live(r, DATABASE)) || is_there(live(r, logs[0])) ||
	    is_there(live(r, logs[1]));
	if (!r->had_files || admin_has(r->a, "force"))
		return ERR_OK;
	return error_set(e, ERR_CONFLICT, "%s has a database already: --force puts this one in its "
	    "place, and keeps that one beside it", r->a->config->state_dir);
}

/* No dispatcher runs, and none starts. */
static enum err
lock_dispatcher(struct restore *r, struct error *e)
{
	char pid[PID_MAX] = "";
	int fd;

	r->dispatcher = setup_lock(r->a->ctx, r->a->config);
	if (r->dispatcher >= 0)
		return ERR_OK;
	if (errno != EWOULDBLOCK)
		return cannot(live(r, "gatehoused.pid"), e);
	fd = open(live(r, "gatehoused.pid"), O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, pid, sizeof pid - 1) < 0)
		pid[0] = '\0';
	if (fd >= 0)
		close(fd);
	pid[strcspn(pid, "\n")] = '\0';
	return error_set(e, ERR_UNAVAILABLE, "gatehoused serves %s (process %s): stop it first, "
	    "and the web server's gatehouse.fcgi", r->a->config->state_dir, pid);
}

/*
 * No responder has it open: one that is idle closes it, and comes to the new one. A database that
 * is damaged cannot be asked; nobody else can work with it, either.
 */
static enum err
lock_database(struct restore *r, struct error *e)
{
	struct error ignored;
	enum err rc;

	if (!is_there(live(r, DATABASE)))
		return ERR_OK;
	r->old = db_open(r->a->ctx, r->a->config, false, e);
	rc = r->old != NULL ? db_alone(r->old, e) : e->code;
	if (rc == ERR_OK) {
		(void)!restored_kill(r->old, &ignored);
		return ERR_OK;
	}
	mem_free(r->old);
	r->old = NULL;
	if (rc == ERR_INTERNAL)
		return ERR_OK;
	return error_set(e, rc, "the database of %s is in use: stop the web server's "
	    "gatehouse.fcgi", r->a->config->state_dir);
}

enum err
restore_enter(struct restore *r, struct error *e)
{
	const struct config *c = r->a->config;

	if (admin_check_owner(c, e) != ERR_OK || look_for_files(r, e) != ERR_OK ||
	    admin_make_directories(r->a->ctx, c->state_dir, &r->made, e) != ERR_OK ||
	    lock_dispatcher(r, e) != ERR_OK || (r->keys = box_lock(c, e)) < 0)
		return e->code;
	return lock_database(r, e);
}

/* --- the room --- */

static void
empty_room(const struct restore *r)
{
	static const char *const files[] = {
		DATABASE, DATABASE "-wal", DATABASE "-shm", DATABASE "-journal", BOX_FILE
	};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		unlink(staged(r, files[i]));
}

enum err
restore_make_room(struct restore *r, struct error *e)
{
	if (mkdir(r->staged.state_dir, S_IRWXU) != 0 && errno != EEXIST)
		return cannot(r->staged.state_dir, e);
	empty_room(r);
	return ERR_OK;
}

/* --- the switch --- */

static enum err
install_keys(const struct restore *r, struct error *e)
{
	const char *from = staged(r, BOX_FILE), *to = live(r, BOX_FILE);

	if (!r->takes_keys && unlink(from) != 0)
		return cannot(from, e);
	if (r->takes_keys && rename(from, to) != 0)
		return cannot(to, e);
	return whole_sync_dir(r->a->config->state_dir, e);
}

/* What is left of a database that is damaged, or gone: the new one would take it for its own. */
static bool
move_logs(const struct restore *r, bool away)
{
	bool done = true;

	for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
		const char *from = away ? live(r, logs[i]) : staged(r, logs[i]);
		const char *to = away ? staged(r, logs[i]) : live(r, logs[i]);

		done = (rename(from, to) == 0 || errno == ENOENT) && done;
	}
	if (away)
		unlink(live(r, DATABASE "-shm"));
	return done;
}

/* Both change their names at once: at no moment is there no database. */
static bool
exchange(const struct restore *r)
{
	unsigned how = is_there(live(r, DATABASE)) ? RENAME_EXCHANGE : RENAME_NOREPLACE;

	return renameat2(
	    AT_FDCWD, staged(r, DATABASE), AT_FDCWD, live(r, DATABASE), how) == 0;
}

/* The room becomes the place where the old files are kept; of one second there may be several. */
static const char *
rename_room(struct restore *r, struct error *e)
{
	void *ctx = r->a->ctx;
	const char *first = mem_printf(ctx, "%s/replaced-%s", r->a->config->state_dir,
	    admin_stamp(ctx)), *name = first;

	for (int i = 2; is_there(name); i++)
		name = mem_printf(ctx, "%s-%d", first, i);
	if (rename(r->staged.state_dir, name) != 0) {
		cannot(name, e);
		return NULL;
	}
	r->staged.state_dir = name;
	return name;
}

static enum err
replace(struct restore *r, struct error *e)
{
	const char *state = r->a->config->state_dir, *kept = rename_room(r, e);

	if (kept == NULL)
		return e->code;
	CRASH_POINT("restore-kept");
	if (whole_sync_dir(state, e) != ERR_OK)
		return e->code;
	if (!move_logs(r, true) || !exchange(r)) {
		cannot(live(r, DATABASE), e);
		move_logs(r, false);
		return e->code;
	}
	r->kept = kept;
	CRASH_POINT("restore-switched");
	return whole_sync_dir(kept, e) == ERR_OK ? whole_sync_dir(state, e) : e->code;
}

static enum err
put(struct restore *r, struct error *e)
{
	if (!exchange(r))
		return cannot(live(r, DATABASE), e);
	rmdir(r->staged.state_dir);
	return whole_sync_dir(r->a->config->state_dir, e);
}

enum err
restore_switch(struct restore *r, struct error *e)
{
	CRASH_POINT("restore-staged");
	if (install_keys(r, e) != ERR_OK)
		return e->code;
	CRASH_POINT("restore-keys");
	return r->had_files ? replace(r, e) : put(r, e);
}

/* --- leaving --- */

static void
unlock(int *lock)
{
	if (*lock >= 0)
		close(*lock);
	*lock = -1;
}

static void
take_back(struct restore *r)
{
	/* Not where nothing was begun: another one may be at it. */
	if (r->keys >= 0 && r->kept == NULL) {
		empty_room(r);
		rmdir(r->staged.state_dir);
	}
	if (r->old != NULL)
		db_let_in(r->old);
	if (r->made == NULL)
		return;
	unlink(live(r, "gatehoused.pid"));
	admin_remove_directories(r->a->config->state_dir, r->made);
}

void
restore_leave(struct restore *r, bool failed)
{
	if (failed)
		take_back(r);
	mem_free(r->old);
	r->old = NULL;
	unlock(&r->keys);
	unlock(&r->dispatcher);
}
