#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "db/migrate.h"
#include "main/admin.h"
#include "secret/box.h"
#include "store/account.h"

/* What this init has made, to be taken back where it fails. */
struct made {
	const char *dir;	/* the topmost directory, NULL: none */
	bool database, key;
};

enum err
admin_make_directories(void *ctx, const char *path, const char **made, struct error *e)
{
	const char *slash = strrchr(path, '/');
	int rc = mkdir(path, S_IRWXU);

	if (rc != 0 && errno == ENOENT && slash != NULL && slash > path) {
		const char *above = mem_textn(ctx, path, (size_t)(slash - path));

		if (admin_make_directories(ctx, above, made, e) != ERR_OK)
			return e->code;
		rc = mkdir(path, S_IRWXU);
	}
	if (rc == 0 && *made == NULL)
		*made = path;
	if (rc != 0 && errno != EEXIST)
		return error_set(e, ERR_UNAVAILABLE, "the directory %s cannot be made: %s", path,
		    strerror(errno));
	return ERR_OK;
}

void
admin_remove_directories(const char *path, const char *made)
{
	SCOPED(tmp, NULL);
	char *dir = mem_text(tmp, path);

	while (rmdir(dir) == 0 && strcmp(dir, made) != 0)
		*strrchr(dir, '/') = '\0';
}

/* Makes an empty file, which is an empty database: of several inits at once one makes it. */
static enum err
make_database(struct admin *a, struct made *made, struct error *e)
{
	const char *path = config_path(a->ctx, a->config, "gatehouse.db");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

	if (fd < 0 && errno != EEXIST)
		return error_set(e, ERR_UNAVAILABLE, "%s cannot be made: %s", path,
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	made->database = fd >= 0;
	return ERR_OK;
}

/* The key file of the secrets; one that is there stays. */
static enum err
make_key(struct admin *a, struct made *made, struct error *e)
{
	bool was_there = access(config_path(a->ctx, a->config, BOX_FILE), F_OK) == 0;
	struct box *box = box_open(a->ctx, a->config, true, e);

	made->key = box != NULL && !was_there;
	mem_free(box);
	return box != NULL ? ERR_OK : e->code;
}

static enum err
refuse_if_done(struct admin *a, struct error *e)
{
	int64_t n;

	if (account_count_admins(a->db, &n, e) != ERR_OK)
		return e->code;
	if (n == 0)
		return ERR_OK;
	return error_set(e, ERR_CONFLICT, "%s is set up already: see `gatehouse user list`",
	    a->config->state_dir);
}

static enum err
open_database(struct admin *a, struct error *e)
{
	a->db = db_open(a->ctx, a->config, false, e);
	if (a->db == NULL || migrate_run(a->db, NULL, e) != ERR_OK)
		return e->code;
	admin_note_changes(a);
	return ERR_OK;
}

static enum err
insert_administrator(struct admin *a, const char *name, const char *hash, struct error *e)
{
	int64_t now = clock_wall();
	const struct account account = {
		.id = ACCOUNT_FIRST_ID, .username = name, .password_hash = hash,
		.roles = account_admin_roles,
		.created = now, .last_updated = now,
		.created_by = a->caller.username, .last_updated_by = a->caller.username,
	};
	TXN(t);

	if (txn_begin(&t, a->db, e) != ERR_OK || refuse_if_done(a, e) != ERR_OK ||
	    account_insert(a->db, &account, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

static enum err
set_up(struct admin *a, const char *name, const char *hash, struct made *made,
    struct error *e)
{
	if (admin_make_directories(a->ctx, a->config->state_dir, &made->dir, e) != ERR_OK ||
	    make_database(a, made, e) != ERR_OK || open_database(a, e) != ERR_OK ||
	    make_key(a, made, e) != ERR_OK)
		return e->code;
	return insert_administrator(a, name, hash, e);
}

static void
take_back(struct admin *a, const struct made *made, const struct error *e)
{
	static const char *const files[] = {
		"gatehouse.db", "gatehouse.db-wal", "gatehouse.db-shm"
	};

	mem_free(a->db);
	a->db = NULL;
	/* Where another init was faster, what there is is its own. */
	if (e->code == ERR_CONFLICT)
		return;
	for (size_t i = 0; made->database && i < sizeof files / sizeof *files; i++)
		unlink(config_path(a->ctx, a->config, files[i]));
	if (made->key)
		unlink(config_path(a->ctx, a->config, BOX_FILE));
	if (made->dir != NULL)
		admin_remove_directories(a->config->state_dir, made->dir);
}

/* Whether it is done already, before anybody is asked for a password. */
static enum err
look_first(struct admin *a, struct error *e)
{
	if (admin_check_owner(a->config, e) != ERR_OK)
		return e->code;
	if (access(config_path(a->ctx, a->config, "gatehouse.db"), F_OK) != 0)
		return ERR_OK;
	if (open_database(a, e) != ERR_OK || refuse_if_done(a, e) != ERR_OK)
		return e->code;
	mem_free(a->db);
	a->db = NULL;
	return ERR_OK;
}

static void
say_next(const struct admin *a, const char *name)
{
	admin_say("Gatehouse keeps its state in %s. Its administrator is %s.",
	    a->config->state_dir, name);
	admin_say("Secrets are sealed with %s/%s: keep a copy of it, apart from those of the "
	    "database.", a->config->state_dir, BOX_FILE);
	puts("Next:\n"
	    "  gatehouse doctor                              what is missing on this host?\n"
	    "  gatehouse import FILE --gateway ID --create   a gateway with the services of FILE\n"
	    "  gatehouse run SERVICE --gateway ID            runs one of them\n"
	    "and have your web server start gatehouse.fcgi: see gatehouse.fcgi(8).");
}

int
admin_init(struct admin *a)
{
	const char *name = admin_has(a, "user") ? admin_value(a, "user") : "admin";
	const char *hash;
	struct made made = { 0 };
	struct error e;

	if (!account_is_name(name))
		return admin_fail(ADMIN_NAME_RULE);
	if (look_first(a, &e) != ERR_OK)
		return admin_fail("%s", e.detail);
	hash = admin_password(a, name);
	if (hash == NULL)
		return EXIT_FAILURE;
	if (set_up(a, name, hash, &made, &e) != ERR_OK) {
		take_back(a, &made, &e);
		return admin_fail("%s", e.detail);
	}
	say_next(a, name);
	return EXIT_SUCCESS;
}
