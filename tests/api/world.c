#include "world.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "db/migrate.h"
#include "json/body.h"
#include "secret/password.h"
#include "store/account.h"
#include "store/user_group.h"

enum { STOP_WAIT_MS = 60000, STOP_STEP_MS = 10, REMOVE_FILES = 16, PID_TEXT_MAX = 16,
	LOG_SHOWN = 4096, ENVIRONMENT_MAX = 65536 };

/*
 * True Argon2id hashes, of the passwords in the headers below, but with the
 * least work that there is: each case verifies one.
 */
static const struct {
	const char *name, *hash, *authorization;
	bool is_admin;			/* else it has all roles to read */
} callers[] = {
	{ "admin",
	    "$argon2id$v=19$m=8,t=1,p=1$/rnL8DK6R+wNW6i6TlQ7VA$"
	    "1nFBdRF4NQIRQ9rD+cUw0LEgzdQgawu6ioBtkcb589s",
	    "Basic YWRtaW46b3BlbjogdGhlIGdhdGU=", true },
	{ "reader",
	    "$argon2id$v=19$m=8,t=1,p=1$WHwjf4A4nvsOw0fmUnibgQ$"
	    "U3aR5kbhBs9XZe5Wo8MFtbXR4g4ecm57QPwrl/wKFDU",
	    "Basic cmVhZGVyOm9ubHkgbG9va2luZw==", false },
	{ "wrong-password", NULL, "Basic YWRtaW46b3BlbiB0aGUgZ2F0ZQ==", false },
	/* Of matrix.c, which makes them with the reader's password. */
	{ "worker", NULL, "Basic d29ya2VyOm9ubHkgbG9va2luZw==", false },
	{ "outsider", NULL, "Basic b3V0c2lkZXI6b25seSBsb29raW5n", false },
	{ "idle", NULL, "Basic aWRsZTpvbmx5IGxvb2tpbmc=", false },
	{ "nobody", NULL, NULL, false },
};
enum { CALLERS = sizeof callers / sizeof *callers };

const char *
world_caller(const char *name, bool *known)
{
	for (int i = 0; i < CALLERS; i++)
		if (strcmp(callers[i].name, name) == 0) {
			*known = true;
			return callers[i].authorization;
		}
	*known = false;
	return NULL;
}

/* --- making --- */

static struct names
roles_to_read(void *ctx)
{
	struct names list = { 0, NULL };

	for (int i = 0; i < ROLES_N; i++)
		if (role_is_read(&roles[i]))
			names_add(ctx, &list, roles[i].name);
	return list;
}

static enum err
add_accounts(struct db *db, struct error *e)
{
	static const struct user_group readers = { .id = "00000000000000000000000c",
		.name = "readers", .created = 1, .last_updated = 1, .created_by = "admin",
		.last_updated_by = "admin" };
	SCOPED(tmp, NULL);
	TXN(t);

	if (txn_begin(&t, db, e) != ERR_OK || user_group_insert(db, &readers, e) != ERR_OK)
		return e->code;
	for (int i = 0; i < CALLERS; i++) {
		struct account a = {
			.id = i == 0 ? ACCOUNT_FIRST_ID : "00000000000000000000000a",
			.username = callers[i].name, .password_hash = callers[i].hash,
			.roles = callers[i].is_admin ? account_admin_roles : roles_to_read(tmp),
			.created = 1, .last_updated = 1,
			.created_by = "admin", .last_updated_by = "admin",
		};

		if (!callers[i].is_admin)
			names_add(tmp, &a.groups, readers.id);
		if (callers[i].hash != NULL && account_insert(db, &a, e) != ERR_OK)
			return e->code;
	}
	return txn_commit(&t, e);
}

/* MORE with the directory of code instead of each {{code}}. */
static void
put_lines(const struct world *w, FILE *out, const char *more)
{
	static const char code[] = "{{code}}";
	const char *found;

	for (; (found = strstr(more, code)) != NULL; more = found + strlen(code))
		fprintf(out, "%.*s%s", (int)(found - more), more, w->code);
	fputs(more, out);
}

static enum err
write_config(struct world *w, const char *more, const char *path, struct error *e)
{
	const char *build = getenv("GATEHOUSE_BUILD");
	FILE *out = fopen(path, "we");

	if (out == NULL)
		return error_set(e, ERR_INTERNAL, "%s: %s", path, strerror(errno));
	fprintf(out, "[state]\ndir = %s\n[dispatcher]\nprogram = %s/gatehoused\n"
	    "[database]\nsynchronous = normal\n[local]\nroots = %s\n", w->dir,
	    build != NULL ? build : "/GATEHOUSE_BUILD-is-not-set", w->code);
	put_lines(w, out, more);
	return fclose(out) == 0 ? ERR_OK : error_set(e, ERR_INTERNAL, "%s", strerror(errno));
}

static enum err
make_directory(struct world *w, struct error *e)
{
	char dir[] = "/tmp/gatehouse-api-XXXXXX";

	if (mkdtemp(dir) == NULL)
		return error_set(e, ERR_INTERNAL, "%s: %s", dir, strerror(errno));
	w->dir = mem_text(w->ctx, dir);
	w->code = mem_printf(w->ctx, "%s/code", dir);
	if (mkdir(w->code, S_IRWXU) != 0)
		return error_set(e, ERR_INTERNAL, "%s: %s", w->code, strerror(errno));
	w->saved = json_keep(w->ctx, json_object_new_object());
	json_set(w->saved, "dir", json_object_new_string(w->dir));
	json_set(w->saved, "code", json_object_new_string(w->code));
	return ERR_OK;
}

static enum err
world_fill(struct world *w, const char *config, struct error *e)
{
	const char *file;

	if (secret_init(e) != ERR_OK || make_directory(w, e) != ERR_OK)
		return e->code;
	file = mem_printf(w->ctx, "%s/gatehouse.conf", w->dir);
	if (write_config(w, config, file, e) != ERR_OK ||
	    (w->config = config_read(w->ctx, file, e)) == NULL ||
	    (w->db = db_open(w->ctx, w->config, true, e)) == NULL ||
	    migrate_run(w->db, NULL, e) != ERR_OK || add_accounts(w->db, e) != ERR_OK ||
	    (w->app = app_new(w->ctx, w->config, e)) == NULL)
		return e->code;
	w->link = link_new(w->ctx, w->config);
	return ERR_OK;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

struct world *
world_new(const char *config, struct error *e)
{
	void *ctx = mem_scope(NULL);
	struct world *w = MEM_NEW(ctx, struct world);

	w->ctx = ctx;
	if (world_fill(w, config, e) == ERR_OK)
		return w;
	if (w->dir != NULL)
		nftw(w->dir, remove_one, REMOVE_FILES, FTW_DEPTH | FTW_PHYS);
	mem_free(ctx);
	return NULL;
}

/* --- ending --- */

/* Whether no gatehoused has the lock of the state directory that FD is. */
static bool
is_free(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return false;
	flock(fd, LOCK_UN);
	return true;
}

/* The process that has written its number into FD; 0: none. */
static pid_t
pid_in(int fd)
{
	char text[PID_TEXT_MAX] = "";
	int64_t pid = 0;

	if (pread(fd, text, sizeof text - 1, 0) <= 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	text_int(text, 1, INT32_MAX, &pid);
	return (pid_t)pid;
}

static bool
stop_dispatcher(const struct world *w, struct text *out)
{
	SCOPED(tmp, NULL);
	int fd = open(config_path(tmp, w->config, "gatehoused.pid"), O_RDWR | O_CLOEXEC);
	int64_t until = clock_mono() + STOP_WAIT_MS;
	bool told = false, gone;

	if (fd < 0)
		return true;
	while (!(gone = is_free(fd)) && clock_mono() < until) {
		pid_t pid = told ? 0 : pid_in(fd);

		told |= pid > 0 && kill(pid, SIGTERM) == 0;
		poll(NULL, 0, STOP_STEP_MS);
	}
	close(fd);
	if (!gone)
		text_puts(out, "  gatehoused does not end on SIGTERM\n");
	return gone;
}

/* What a stopped gatehoused leaves may wait, but nothing can be under way. */
static bool
none_is_running(const struct world *w, struct text *out)
{
	struct job_query q = { .state = job_state_name(JOB_RUNNING) };
	struct error e;
	int64_t n;

	if (job_total(w->db, &q, &n, &e) == ERR_OK && n == 0)
		return true;
	text_puts(out, "  a job is running still, but gatehoused has ended\n");
	return false;
}

void
world_log(const struct world *w, struct text *out)
{
	SCOPED(tmp, NULL);
	FILE *log = fopen(config_path(tmp, w->config, "gatehoused.log"), "re");
	char *bytes = mem_bytes(tmp, LOG_SHOWN);
	size_t n;

	if (log == NULL)
		return;
	if (fseek(log, -LOG_SHOWN, SEEK_END) != 0)
		rewind(log);
	n = fread(bytes, 1, LOG_SHOWN, log);
	fclose(log);
	text_puts(out, "  gatehoused.log:\n");
	text_add(out, bytes, n);
}

/* Whether the environment of process PID names DIR: a run has its home below it. */
static bool
belongs_to(const char *pid, const char *dir)
{
	SCOPED(tmp, NULL);
	FILE *f = fopen(mem_printf(tmp, "/proc/%s/environ", pid), "re");
	char *bytes = mem_bytes(tmp, ENVIRONMENT_MAX);
	size_t n = f != NULL ? fread(bytes, 1, ENVIRONMENT_MAX, f) : 0;

	if (f != NULL)
		fclose(f);
	return memmem(bytes, n, dir, strlen(dir)) != NULL;
}

static bool
no_process_is_left(const struct world *w, struct text *out)
{
	DIR *all = opendir("/proc");
	const struct dirent *d;
	bool none = all != NULL;

	while (all != NULL && (d = readdir(all)) != NULL)
		if (isdigit((unsigned char)d->d_name[0]) && belongs_to(d->d_name, w->dir)) {
			text_printf(out, "  process %s is left of what was started\n", d->d_name);
			none = false;
		}
	if (all != NULL)
		closedir(all);
	return none;
}

bool
world_end(struct world *w, struct text *out)
{
	SCOPED(tmp, NULL);
	const char *dir = mem_text(tmp, w->dir);
	bool clean;

	link_close(w->link);
	clean = stop_dispatcher(w, out);
	clean &= none_is_running(w, out);
	clean &= no_process_is_left(w, out);
	mem_free(w->ctx);
	if (nftw(dir, remove_one, REMOVE_FILES, FTW_DEPTH | FTW_PHYS) == 0)
		return clean;
	text_printf(out, "  %s cannot be removed: %s\n", dir, strerror(errno));
	return false;
}
