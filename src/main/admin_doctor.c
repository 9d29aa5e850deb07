#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "db/migrate.h"
#include "json/schema.h"
#include "main/doctor.h"
#include "proc/proc.h"
#include "run/dispatch.h"
#include "run/order.h"
#include "run/vault.h"
#include "secret/box.h"
#include "store/account.h"
#include "x509/cert.h"

enum { ANSWER_WAIT_MS = 10000, OTHERS = S_IRWXG | S_IRWXO };

void
doctor_find(struct visit *v, enum finding what, const char *fmt, ...)
{
	static const char *const names[] = {
		[FINE] = "ok", [DOUBTFUL] = "warning", [BROKEN] = "FAIL"
	};
	char line[ERROR_DETAIL_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	admin_say("%-8s %s", names[what], line);
	if (what > v->worst)
		v->worst = what;
}

/* What the state directory is to be closed to. Other users that run services pass through it. */
static mode_t
others_of(const struct config *c)
{
	bool pass = *c->local_run_as != '\0' || *c->local_run_as_users != '\0';

	return OTHERS & ~(mode_t)(pass ? S_IXGRP | S_IXOTH : 0);
}

/* Whether the rest makes sense. */
static bool
check_state_dir(struct visit *v)
{
	const char *dir = v->config->state_dir;
	struct error e;
	struct stat st;

	if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
		doctor_find(v, BROKEN, "the state directory %s: %s: run `gatehouse init`", dir,
		    S_ISDIR(st.st_mode) || errno != 0 ? strerror(errno) : "no directory");
	else if (admin_check_owner(v->config, &e) != ERR_OK)
		doctor_find(v, BROKEN, "the state directory: %s", e.detail);
	else if (access(dir, R_OK | W_OK | X_OK) != 0)
		doctor_find(v, BROKEN, "the state directory %s: %s", dir, strerror(errno));
	else if ((st.st_mode & others_of(v->config)) != 0)
		doctor_find(v, DOUBTFUL,
		    "the state directory %s is open to others (mode %04o): chmod 700",
		    dir, (unsigned)st.st_mode & ~(unsigned)S_IFMT);
	else
		doctor_find(v, FINE, "the state directory %s is private", dir);
	return v->worst != BROKEN;
}

/* What a command left that was killed: of no use, and perhaps as large as the database. */
static void
check_leftovers(struct visit *v)
{
	static const char *const names[] = { "restoring", "backup.part" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *path = config_path(v->ctx, v->config, names[i]);

		if (access(path, F_OK) == 0)
			doctor_find(v, DOUBTFUL, "%s is of a restore or backup that is under "
			    "way, or was killed: then remove it", path);
	}
}

static void
check_damage(struct visit *v, struct db *db)
{
	struct error e;
	bool more;
	STMT(st, db, SQL_DATABASE_DAMAGE);

	if (stmt_row(st, &more, &e) != ERR_OK)
		doctor_find(v, BROKEN, "the database: %s", e.detail);
	else if (more)
		doctor_find(v, BROKEN, "the database is damaged: %s", stmt_col_text(st, "fault"));
	else
		doctor_find(v, FINE, "the database is sound");
}

/* Whether it has the schema of this program. */
static bool
check_schema(struct visit *v, struct db *db)
{
	struct error e;
	int64_t have = -1;
	bool more;
	STMT(st, db, SQL_DATABASE_SCHEMA);

	if (stmt_row(st, &more, &e) != ERR_OK) {
		doctor_find(v, BROKEN, "the database: %s", e.detail);
		return false;
	}
	if (more)
		have = stmt_col_int(st, "n");
	if (have == migrate_wanted())
		doctor_find(v, FINE, "the database has schema %d", (int)have);
	else if (have < migrate_wanted())
		doctor_find(v, DOUBTFUL,
		    "the database has schema %d, not %d: run `gatehouse migrate`",
		    (int)have, migrate_wanted());
	else
		doctor_find(v, BROKEN,
		    "the database has schema %d, this older program only knows %d",
		    (int)have, migrate_wanted());
	return have == migrate_wanted();
}

static void
check_administrator(struct visit *v, struct db *db)
{
	struct error e;
	int64_t n;

	if (db_prepare_all(db, &e) != ERR_OK || account_count_admins(db, &n, &e) != ERR_OK)
		doctor_find(v, BROKEN, "the database: %s", e.detail);
	else if (n == 0)
		doctor_find(v, BROKEN, "there is no administrator: run `gatehouse init`");
	else
		doctor_find(v, FINE,
		    "there %s %lld administrator%s", n == 1 ? "is" : "are", (long long)n,
		    n == 1 ? "" : "s");
}

/* The key file, by what there is to be unsealed. */
static void
check_key(struct visit *v, struct db *db)
{
	const char *path = config_path(v->ctx, v->config, BOX_FILE);
	struct error e;
	bool any;
	size_t n;

	if (secret_any_sealed(db, &any, &e) != ERR_OK)
		doctor_find(v, BROKEN, "the database: %s", e.detail);
	else if (!any && access(path, F_OK) != 0)
		doctor_find(v, DOUBTFUL,
		    "there is no key file %s yet: run `gatehouse migrate`", path);
	else if (vault_check(db, v->config, &n, &e) != ERR_OK)
		doctor_find(v, BROKEN, "%s", e.detail);
	else
		doctor_find(v, FINE, "the key file is private and unseals all there is (%zu)", n);
}

static void
check_shrinking(struct visit *v, struct db *db)
{
	struct error e;
	bool can;

	if (db_can_shrink(db, &can, &e) != ERR_OK)
		doctor_find(v, BROKEN, "the database: %s", e.detail);
	else if (can)
		doctor_find(v, FINE, "the database gives room back when jobs are removed");
	else
		doctor_find(v, DOUBTFUL, "the database never shrinks: run `gatehouse migrate`");
}

static void
check_database(struct visit *v)
{
	const char *path = config_path(v->ctx, v->config, "gatehouse.db");
	struct error e;
	struct stat st;
	struct db *db;

	if (stat(path, &st) != 0) {
		doctor_find(v, BROKEN,
		    "the database %s: %s: run `gatehouse init`", path, strerror(errno));
		return;
	}
	if ((st.st_mode & OTHERS) != 0)
		doctor_find(v, DOUBTFUL, "%s is open to others (mode %04o): chmod 600", path,
		    (unsigned)st.st_mode & ~(unsigned)S_IFMT);
	db = db_open(v->ctx, v->config, false, &e);
	if (db == NULL) {
		doctor_find(v, BROKEN, "the database: %s", e.detail);
		return;
	}
	check_damage(v, db);
	check_shrinking(v, db);
	if (check_schema(v, db)) {
		check_administrator(v, db);
		check_key(v, db);
	}
	mem_free(db);
}

/* It is started on demand; asked about a job that cannot be, it answers at once. */
static void
check_dispatcher(struct visit *v)
{
	struct link *link = link_new(v->ctx, v->config);
	struct wait *w = order_await(v->ctx, ACCOUNT_FIRST_ID, ANSWER_WAIT_MS);

	link_wait(link, w);
	if (w->event == WAIT_DONE)
		doctor_find(v, FINE, "gatehoused answers");
	else
		doctor_find(v, BROKEN,
		    "gatehoused: %s", w->event == WAIT_OVER ? "no answer" : w->detail);
	mem_free(link);
}

/* Only certificates need that library. */
static void
check_certificates(struct visit *v)
{
	struct error e;

	if (certs_ready(&e) == ERR_OK)
		doctor_find(v, FINE, "certificates can be read");
	else
		doctor_find(v, DOUBTFUL, "certificates cannot be read: %s", e.detail);
}

/* Only host names with other letters than those of ASCII need that library. */
static void
check_host_names(struct visit *v)
{
	struct error e;

	if (schema_ready(&e) == ERR_OK)
		doctor_find(v, FINE, "host names of all scripts can be checked");
	else
		doctor_find(v, DOUBTFUL, "host names of all scripts cannot be checked: %s",
		    e.detail);
}

static void
check_root(struct visit *v, const char *root)
{
	struct stat st;

	if (stat(root, &st) != 0)
		doctor_find(v, BROKEN, "[local] roots: %s: %s", root, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		doctor_find(v, BROKEN, "[local] roots: %s is no directory", root);
	else if (access(root, R_OK | X_OK) != 0)
		doctor_find(v, BROKEN, "[local] roots: %s: %s", root, strerror(errno));
	else if ((st.st_mode & S_IWOTH) != 0)
		doctor_find(v, DOUBTFUL, "[local] roots: anybody can put code into %s", root);
	else
		doctor_find(v, FINE, "services' code may come from %s", root);
}

static void
check_roots(struct visit *v)
{
	const char *at = v->config->local_roots;

	if (*at == '\0')
		doctor_find(v, DOUBTFUL,
		    "[local] roots is empty: no service can run code of this host");
	while (*at != '\0') {
		size_t n = strcspn(at, ":");

		check_root(v, mem_textn(v->ctx, at, n));
		at += n + (at[n] == ':');
	}
}

/* What gatehoused has found: it may be elsewhere among the control groups than we are. */
static void
check_groups(struct visit *v)
{
	const char *where = proc_groups_where(
	    v->ctx, config_path(v->ctx, v->config, GROUPS_FILE));

	if (where != NULL)
		doctor_find(v, FINE, "each run has a control group of its own in %s", where);
	else if (strcmp(v->config->run_cgroup, "off") == 0)
		doctor_find(v, FINE,
		    "runs have no control groups, as [run] cgroup says: a process for "
		    "each knows what comes of it");
	else
		doctor_find(v, FINE,
		    "gatehoused may make no control groups here (its log says why): "
		    "a process for each run knows what comes of it");
}

static void
check_sandbox(struct visit *v)
{
	bool wanted = strcmp(v->config->local_sandbox, "landlock") == 0;
	int version = proc_sandbox_version();
	const char *lacks = proc_sandbox_lacks();

	if (version == 0)
		doctor_find(v, wanted ? BROKEN : FINE, "the kernel has no Landlock: %s",
		    wanted ? "[local] sandbox is landlock, so no service can run" :
		    "services can have no sandbox");
	else if (!wanted)
		doctor_find(v, FINE, "services run without a sandbox; the kernel has Landlock %d",
		    version);
	else if (lacks != NULL)
		doctor_find(v, DOUBTFUL,
		    "services run in a sandbox, but the kernel's Landlock %d is old: "
		    "%s", version, lacks);
	else
		doctor_find(v, FINE, "services run in a sandbox (Landlock %d)", version);
}

/* One of those that services are to run as. */
static void
check_user(struct visit *v, const char *key, const char *name)
{
	const struct proc_user *user;
	struct stat st;
	struct error e;

	user = proc_user_find(v->ctx, name, &e);
	if (user == NULL)
		doctor_find(v, BROKEN, "[local] %s: %s", key, e.detail);
	else if (user->uid == 0)
		doctor_find(v, BROKEN,
		    "[local] %s: services cannot be told to run as %s", key, name);
	else if (geteuid() != 0 && user->uid != geteuid())
		doctor_find(v, BROKEN,
		    "[local] %s: only root's gatehoused can run services as %s", key,
		    name);
	else if (geteuid() == 0 && stat(v->config->state_dir, &st) == 0 &&
	    (st.st_mode & S_IXOTH) == 0)
		doctor_find(v, BROKEN,
		    "[local] %s: %s cannot come to its run directories: chmod 711 %s",
		    key, name, v->config->state_dir);
	else
		doctor_find(v, FINE, "services can run as %s", name);
}

static void
check_users(struct visit *v)
{
	const char *at = v->config->local_run_as_users;
	struct error e;

	if (*v->config->local_run_as != '\0')
		check_user(v, "run_as", v->config->local_run_as);
	else if (geteuid() == 0 && admin_check_owner(v->config, &e) == ERR_OK)
		doctor_find(v, DOUBTFUL, "services run as root: [local] run_as is not set");
	for (size_t n; *at != '\0'; at += n + (at[n] == ':')) {
		n = strcspn(at, ":");
		check_user(v, "run_as_users", mem_textn(v->ctx, at, n));
	}
}

int
admin_doctor(struct admin *a)
{
	struct visit v = { .a = a, .config = a->config, .ctx = a->ctx };
	const char *file = a->config->file;

	doctor_find(&v, FINE, "the configuration is %s",
	    *file != '\0' ? file : "all defaults, there is no file");
	if (check_state_dir(&v))
		check_database(&v);
	check_leftovers(&v);
	if (v.worst != BROKEN)
		check_dispatcher(&v);
	check_certificates(&v);
	check_host_names(&v);
	doctor_programs(&v);
	check_roots(&v);
	check_users(&v);
	check_groups(&v);
	check_sandbox(&v);
	return v.worst == BROKEN ? EXIT_FAILURE : EXIT_SUCCESS;
}
