#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "db/file.h"
#include "db/migrate.h"
#include "main/admin.h"
#include "main/whole.h"
#include "run/vault.h"
#include "secret/box.h"
#include "store/secret.h"

enum { WHOLE_PERCENT = 100 };

struct backup {
	struct admin *a;
	struct whole file, key;
	const char *key_name;	/* of the newest key, NULL: none is needed */
	int64_t schema, bytes;
	size_t sealed;		/* values; 0 where they have not been counted */
	bool shows;		/* how far it is, on a terminal */
	int pipe;		/* where the copy goes to, -1: to a file */
	int lock;		/* keeps the keys as they are */
	sigset_t before;
};

/* --- where it goes --- */

/* Those of the state directory that a copy must not replace. */
static enum err
check_not_ours(const struct backup *b, const char *path, struct error *e)
{
	static const char *const files[] = {
		"gatehouse.db", "gatehouse.db-wal", "gatehouse.db-shm", BOX_FILE,
		"gatehoused.pid", "gatehoused.log"
	};
	const struct config *c = b->a->config;
	struct stat one, other;

	for (size_t i = 0; stat(path, &one) == 0 && i < sizeof files / sizeof *files; i++)
		if (stat(config_path(b->a->ctx, c, files[i]), &other) == 0 &&
		    one.st_dev == other.st_dev && one.st_ino == other.st_ino)
			return error_set(e, ERR_CONFLICT, "%s is %s of the state directory itself",
			    path, files[i]);
	return ERR_OK;
}

/* The name of the copy: a directory gets one that tells when it was made. */
static const char *
name_copy(const struct backup *b, const char *given)
{
	struct stat st;

	if (b->pipe >= 0)
		return config_path(b->a->ctx, b->a->config, "backup");
	if (stat(given, &st) != 0 || !S_ISDIR(st.st_mode))
		return given;
	return mem_printf(b->a->ctx, "%s%sgatehouse-%s.db", given,
	    given[strlen(given) - 1] == '/' ? "" : "/", admin_stamp(b->a->ctx));
}

static enum err
begin_files(struct backup *b, struct error *e)
{
	struct admin *a = b->a;
	const char *path = name_copy(b, a->args[0]), *key = admin_value(a, "key");
	bool force = admin_has(a, "force");

	if (check_not_ours(b, path, e) != ERR_OK ||
	    (key != NULL && check_not_ours(b, key, e) != ERR_OK) ||
	    whole_begin(&b->file, a->ctx, path, force, e) != ERR_OK)
		return e->code;
	return key != NULL ? whole_begin(&b->key, a->ctx, key, force, e) : ERR_OK;
}

/* --- what goes there --- */

/*
 * The audit record comes before the copy, and is in it. Where it cannot be written (a full disk)
 * a copy is wanted all the more; a database of an older schema has no place for it.
 */
static void
note(struct backup *b)
{
	struct error e = { 0 };
	TXN(t);

	if (b->schema != migrate_wanted())
		return;
	admin_note_changes(b->a);
	if (txn_begin(&t, b->a->db, &e) != ERR_OK || txn_commit(&t, &e) != ERR_OK)
		admin_fail("warning: the audit log has no record of this backup: %s", e.detail);
}

/*
 * Which key the copy needs, if any; and whether that opens all that is sealed, as long as there is
 * time to mend it.
 */
static enum err
look_at_keys(struct backup *b, struct error *e)
{
	struct admin *a = b->a;
	struct box *box;
	bool any = true;

	if (b->schema == migrate_wanted() && secret_any_sealed(a->db, &any, e) != ERR_OK)
		return e->code;
	box = box_open(a->ctx, a->config, false, e);
	if (box == NULL && b->key.part != NULL)
		return e->code;
	if (any || b->key.part != NULL)
		b->key_name = box != NULL ? box_name(box) : "missing";
	if (any && (box == NULL || (b->schema == migrate_wanted() &&
	    vault_check(a->db, a->config, &b->sealed, e) != ERR_OK)))
		admin_fail("warning: %s", e->detail);
	return b->key.part != NULL ? box_write(box, b->key.part, e) : ERR_OK;
}

static bool
is_stopped(void)
{
	sigset_t waiting;

	return sigpending(&waiting) == 0 && (sigismember(&waiting, SIGINT) ||
	    sigismember(&waiting, SIGTERM) || sigismember(&waiting, SIGHUP));
}

static enum err
on_progress(void *arg, int64_t done, int64_t total, struct error *e)
{
	struct backup *b = arg;

	if (is_stopped())
		return error_set(e, ERR_UNAVAILABLE, "it was interrupted: there is no backup");
	if (b->shows && total > 0)
		fprintf(stderr, "\r%d %%", (int)(done * WHOLE_PERCENT / total));
	b->bytes = total;
	return done == 0 ? whole_room(&b->file, total, e) : ERR_OK;
}

static enum err
copy(struct backup *b, struct error *e)
{
	enum err rc = db_copy(b->a->db, b->file.part, on_progress, b, e);

	if (b->shows)
		fputs("\r", stderr);
	return rc;
}

/* To standard output from a file: so a slow reader holds up nobody else. */
static enum err
pass_on(const struct backup *b, struct error *e)
{
	int fd = open(b->file.part, O_RDONLY | O_CLOEXEC);
	enum err rc = fd >= 0 ? ERR_OK : error_set(e, ERR_UNAVAILABLE, "%s: %s", b->file.part,
	    strerror(errno));

	unlink(b->file.part);
	sigprocmask(SIG_SETMASK, &b->before, NULL);
	if (rc == ERR_OK)
		rc = whole_copy(fd, b->pipe, e);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* The key first: alone it is of no harm. */
static enum err
end_files(struct backup *b, struct error *e)
{
	if (b->key.part != NULL && whole_end(&b->key, e) != ERR_OK)
		return e->code;
	return b->pipe >= 0 ? pass_on(b, e) : whole_end(&b->file, e);
}

/* Whoever interrupts it shall not find half a copy. */
static void
hold_signals(struct backup *b)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &b->before);
}

static enum err
make(struct backup *b, struct error *e)
{
	struct admin *a = b->a;

	if (admin_check_owner(a->config, e) != ERR_OK ||
	    (a->db = db_open(a->ctx, a->config, false, e)) == NULL ||
	    migrate_have(a->db, &b->schema, e) != ERR_OK ||
	    (b->lock = box_lock(a->config, e)) < 0)
		return e->code;
	hold_signals(b);
	if (begin_files(b, e) != ERR_OK)
		return e->code;
	note(b);
	if (look_at_keys(b, e) != ERR_OK || copy(b, e) != ERR_OK)
		return e->code;
	return end_files(b, e);
}

/* --- what is said of it --- */

static void
say_key(const struct backup *b)
{
	const char *key = admin_value(b->a, "key");

	if (b->key_name == NULL)
		admin_say("nothing in it is sealed: it can be restored without a key");
	else if (key != NULL)
		admin_say("the key %s is in %s: keep the two apart, whoever has both has the "
		    "secrets", b->key_name, key);
	else
		admin_say("the key %s is not in it, and without it no secret in it can be read: "
		    "keep a copy of %s/%s elsewhere, or have one made by --key FILE",
		    b->key_name, b->a->config->state_dir, BOX_FILE);
}

static void
say_done(const struct backup *b)
{
	admin_say("the database is in %s: %lld bytes, schema %lld",
	    b->pipe >= 0 ? "the standard output" : b->file.path, (long long)b->bytes,
	    (long long)b->schema);
	say_key(b);
}

/* What is said must not come between the bytes of the copy. */
static bool
use_pipe(struct backup *b)
{
	b->pipe = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	return b->pipe >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
}

int
admin_backup(struct admin *a)
{
	struct backup b = { .a = a, .pipe = -1, .lock = -1, .shows = isatty(STDERR_FILENO),
		.file.lock = -1, .key.lock = -1 };
	bool piped = strcmp(a->args[0], "-") == 0;
	struct error e = { 0 };
	enum err rc;

	sigprocmask(SIG_BLOCK, NULL, &b.before);
	if (*a->args[0] == '\0' || (piped && isatty(STDOUT_FILENO)))
		return admin_misuse(a, "%s", piped ? "a terminal is no place for a database" :
		    "FILE is empty");
	if (admin_has(a, "key") && (strcmp(admin_value(a, "key"), a->args[0]) == 0 ||
	    strcmp(admin_value(a, "key"), "-") == 0))
		return admin_misuse(a, "the key goes into a file of its own");
	if (piped && !use_pipe(&b))
		return admin_fail("the standard output: %s", strerror(errno));
	rc = make(&b, &e);
	whole_drop(&b.key);
	whole_drop(&b.file);
	if (b.lock >= 0)
		close(b.lock);
	if (rc == ERR_OK)
		say_done(&b);
	else
		admin_fail("%s", e.detail);
	sigprocmask(SIG_SETMASK, &b.before, NULL);
	return rc == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
