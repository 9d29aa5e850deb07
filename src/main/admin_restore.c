#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "db/file.h"
#include "db/migrate.h"
#include "main/restore.h"
#include "main/whole.h"
#include "run/vault.h"
#include "secret/box.h"
#include "store/secret.h"

#define DATABASE "gatehouse.db"
/* https://www.sqlite.org/fileformat.html#the_database_header, with its NUL */
#define MAGIC "SQLite format 3"

/* What is wrong is said of the backup, not of the copy of it that was looked at. */
static enum err
of_file(const struct restore *r, struct error *e)
{
	char why[ERROR_DETAIL_MAX];

	memcpy(why, e->detail, sizeof why);
	return error_set(e, e->code, "%s: %.900s", r->file, why);
}

/* --- the copy --- */

static int
open_file(const struct restore *r, struct error *e)
{
	const char *path = r->a->args[0];
	struct stat st, own;
	int fd;

	if (strcmp(path, "-") == 0)
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		error_set(e, ERR_UNAVAILABLE, "%s", strerror(errno));
	else if (S_ISDIR(st.st_mode))
		error_set(e, ERR_INVALID, "it is a directory");
	else if (stat(config_path(r->a->ctx, r->a->config, DATABASE), &own) == 0 &&
	    st.st_dev == own.st_dev && st.st_ino == own.st_ino)
		error_set(e, ERR_INVALID, "it is the database of the state directory itself");
	else if (stat(mem_printf(r->a->ctx, "%s-wal", path), &own) == 0 && own.st_size > 0)
		error_set(e, ERR_INVALID, "there is a %s-wal, without which it is not whole: "
		    "`gatehouse backup` makes one file of the two", path);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Whether the first bytes are those of a database; they are written to OUT, too. */
static enum err
copy_head(int in, int out, struct error *e)
{
	char head[sizeof MAGIC] = "";
	ssize_t n = 0, more = 1;

	while (n < (ssize_t)sizeof head && more > 0) {
		more = read(in, head + n, sizeof head - (size_t)n);
		n += more > 0 ? more : 0;
	}
	if (n < (ssize_t)sizeof head || memcmp(head, MAGIC, sizeof head) != 0)
		return error_set(e, ERR_INVALID, "it is no database: is it encrypted, or packed?");
	return write(out, head, sizeof head) == (ssize_t)sizeof head ? ERR_OK :
	    error_set(e, ERR_UNAVAILABLE, "it cannot be written: %s", strerror(errno));
}

static enum err
copy_in(const struct restore *r, struct error *e)
{
	const char *to = config_path(r->a->ctx, &r->staged, DATABASE);
	int in = open_file(r, e), out = -1;
	enum err rc = in >= 0 ? ERR_OK : e->code;

	if (rc == ERR_OK) {
		out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
		rc = out >= 0 ? copy_head(in, out, e) :
		    error_set(e, ERR_UNAVAILABLE, "%s: %s", to, strerror(errno));
	}
	if (rc == ERR_OK)
		rc = whole_copy(in, out, e);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return rc;
}

/* --- the keys --- */

/* All that there are: those of --key, which the backup goes with, go first. */
static enum err
stage_keys(struct restore *r, bool *any, struct error *e)
{
	struct admin *a = r->a;
	const char *given = admin_value(a, "key");
	const char *path = config_path(a->ctx, &r->staged, BOX_FILE);
	struct box *keys = NULL, *own;

	if (given != NULL && (keys = box_read(a->ctx, given, e)) == NULL)
		return e->code;
	own = box_read(a->ctx, config_path(a->ctx, a->config, BOX_FILE), e);
	if (own == NULL && e->code != ERR_NOT_FOUND)
		return e->code;
	r->takes_keys = keys != NULL || own == NULL;
	*any = keys != NULL || own != NULL;
	if (keys != NULL && own != NULL && box_merge(keys, own, e) != ERR_OK)
		return e->code;
	return *any ? box_write(keys != NULL ? keys : own, path, e) : ERR_OK;
}

/* Whether they open what is sealed. Where nothing is, and there is no key, one is made. */
static enum err
check_keys(struct restore *r, bool any, struct error *e)
{
	bool sealed;
	size_t n;

	if (secret_any_sealed(r->a->db, &sealed, e) != ERR_OK)
		return e->code;
	if (!sealed)
		return vault_ready(r->a->db, &r->staged, e);
	if (!any && !r->forgets)
		return error_set(e, ERR_NOT_FOUND, "there are secrets in it, and %s has no %s: "
		    "--key names a copy of the key file, --without-secrets does without",
		    r->a->config->state_dir, BOX_FILE);
	if (vault_check(r->a->db, &r->staged, &n, e) == ERR_OK)
		return ERR_OK;
	return error_set(e, e->code, "%.900s (--key names the key file that it goes with)",
	    mem_text(r->a->ctx, e->detail));
}

/* --- the database --- */

static enum err
settle(struct restore *r, struct error *e)
{
	TXN(t);

	admin_note_changes(r->a);
	if (txn_begin(&t, r->a->db, e) != ERR_OK ||
	    restored_settle(r->a->db, &r->settled, e) != ERR_OK ||
	    (r->forgets &&
		vault_forget(r->a->db, &r->staged, &r->secrets, &r->states, e) != ERR_OK))
		return e->code;
	return txn_commit(&t, e);
}

static enum err
sync_file(const struct restore *r, struct error *e)
{
	const char *path = config_path(r->a->ctx, &r->staged, DATABASE);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool done = fd >= 0 && fsync(fd) == 0;

	if (!done)
		error_set(e, ERR_UNAVAILABLE, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return done ? whole_sync_dir(r->staged.state_dir, e) : e->code;
}

/* The copy becomes a database that this program can go on with, in one file. */
static enum err
prepare_database(struct restore *r, bool any_key, struct error *e)
{
	struct admin *a = r->a;
	struct db *db = db_open(a->ctx, &r->staged, false, e);

	if (db == NULL || db_judge(db, e) != ERR_OK ||
	    migrate_have(db, &r->schema, e) != ERR_OK ||
	    migrate_run(db, NULL, e) != ERR_OK || db_prepare_all(db, e) != ERR_OK)
		return e->code;
	a->db = db;
	if (settle(r, e) != ERR_OK || check_keys(r, any_key, e) != ERR_OK ||
	    db_log_off(db, e) != ERR_OK)
		return e->code;
	mem_free(db);
	a->db = NULL;
	return ERR_OK;
}

static enum err
prepare(struct restore *r, struct error *e)
{
	bool any_key;

	if (restore_make_room(r, e) != ERR_OK || stage_keys(r, &any_key, e) != ERR_OK)
		return e->code;
	if (copy_in(r, e) != ERR_OK || prepare_database(r, any_key, e) != ERR_OK)
		return of_file(r, e);
	return sync_file(r, e);
}

static enum err
restore(struct restore *r, struct error *e)
{
	enum err rc = restore_enter(r, e);

	if (rc == ERR_OK)
		rc = prepare(r, e);
	if (rc == ERR_OK)
		rc = restore_switch(r, e);
	mem_free(r->a->db);
	r->a->db = NULL;
	restore_leave(r, rc != ERR_OK);
	return rc;
}

/* --- what is said of it --- */

static void
say_settled(const struct restore *r)
{
	const struct restored *s = &r->settled;

	if (s->jobs > 0)
		admin_say("%zu job%s that had not ended when the backup was made %s lost: they may "
		    "have run since, so nothing starts again by itself", s->jobs,
		    s->jobs == 1 ? "" : "s", s->jobs == 1 ? "is" : "are");
	if (s->tokens > 0)
		admin_say("%zu API token%s good, also if revoked since the backup: see `gatehouse "
		    "token list`", s->tokens, s->tokens == 1 ? " is" : "s are");
	if (s->states > 0 && !r->forgets)
		admin_say("%zu state%s of plans %s as old as the backup: what was applied since is "
		    "not in %s, so plan before you apply", s->states, s->states == 1 ? "" : "s",
		    s->states == 1 ? "is" : "are", s->states == 1 ? "it" : "them");
}

static void
say_forgotten(const struct restore *r)
{
	admin_say("%zu secret%s no value any more: `gatehouse secret set` gives it one",
	    r->secrets, r->secrets == 1 ? " has" : "s have");
	if (r->states > 0)
		admin_say("%zu state%s of plans %s lost: these services do not run until one is "
		    "put", r->states, r->states == 1 ? "" : "s", r->states == 1 ? "is" : "are");
}

static void
say_done(const struct restore *r)
{
	const char *state = r->a->config->state_dir;

	admin_say("%s has the database of %s", state, r->file);
	if (r->schema != migrate_wanted())
		admin_say("it had schema %lld and has %d now", (long long)r->schema,
		    migrate_wanted());
	say_settled(r);
	if (r->forgets)
		say_forgotten(r);
	admin_say("users, passwords and roles are those of the backup; who was logged in has to "
	    "log in again");
	if (r->kept != NULL)
		admin_say("what was there before is in %s: remove it when you do not need it",
		    r->kept);
}

int
admin_restore(struct admin *a)
{
	struct restore r = { .a = a, .dispatcher = -1, .keys = -1, .staged = *a->config };
	struct error e = { 0 };

	if (*a->args[0] == '\0')
		return admin_misuse(a, "FILE is empty");
	r.file = strcmp(a->args[0], "-") == 0 ? "the standard input" : a->args[0];
	r.forgets = admin_has(a, "without-secrets");
	if (r.forgets && admin_has(a, "key"))
		return admin_misuse(a, "--key and --without-secrets exclude each other");
	r.staged.state_dir = config_path(a->ctx, a->config, "restoring");
	if (restore(&r, &e) != ERR_OK)
		return admin_fail("%s", e.detail);
	say_done(&r);
	return EXIT_SUCCESS;
}
