#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "connector/path.h"
#include "json/body.h"
#include "run/parts.h"
#include "run/plan.h"
#include "run/vault.h"

/*
 * Working copies of states. A dispatcher that is killed leaves them, and the next one takes them
 * in before anything else is run: nothing that a plan has made is forgotten.
 */

#define WORK "work"			/* what the run comes to, it may even be another user's */
#define STATE_FILE "terraform.tfstate"
#define OF_FILE "of.json"		/* whose state it is: beside that, and ours */

enum { DIR_MODE = 0700, PASSED = 0711, FILE_MODE = 0600 };
enum { READ_SIZE = 65536, STATE_MAX = JSON_BYTES };

static char *
work_path(void *ctx, const struct config *c, const char *name)
{
	return mem_printf(ctx, "%s/states%s%s", c->state_dir, name != NULL ? "/" : "",
	    name != NULL ? name : "");
}

/* --- files --- */

static enum err
file_fault(const char *what, const char *path, struct error *e)
{
	return error_set(e, ERR_UNAVAILABLE, "%s cannot be %s: %s", path, what, strerror(errno));
}

static enum err
write_file(const char *path, const char *text, struct error *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	bool ok = fd >= 0 && file_write_all(fd, text, strlen(text)) && fsync(fd) == 0;
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return ok ? ERR_OK : file_fault("written", path, e);
}

/*
 * The file at PATH, to be read; -1: there is none. Something else, which only the run can have put
 * there, is none either: a link could lead to what is ours.
 */
static int
open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	bool is_ours;
	struct stat st;

	if (fd < 0 && errno != ELOOP)
		return -1;
	is_ours = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_nlink == 1 || st.st_uid != geteuid());
	if (is_ours)
		return fd;
	log_error("%s is no file of its own: it is not read", path);
	if (fd >= 0)
		close(fd);
	errno = ENOENT;
	return -1;
}

/* *T is NULL where there is no such file. */
static enum err
read_file(void *ctx, const char *path, struct text **t, struct error *e)
{
	int fd = open_file(path);
	char bytes[READ_SIZE];
	ssize_t n;

	*t = NULL;
	if (fd < 0)
		return errno == ENOENT ? ERR_OK : file_fault("read", path, e);
	*t = text_new(ctx, STATE_MAX);
	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		text_add(*t, bytes, (size_t)n);
	close(fd);
	if (n < 0)
		return file_fault("read", path, e);
	return !(*t)->cut ? ERR_OK :
	    error_set(e, ERR_TOO_LARGE, "%s has more than %d bytes", path, STATE_MAX);
}

static bool
sync_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* The state in the working copy PATH. Older programs had it beside what says whose it is. */
static const char *
state_path(void *ctx, const char *path)
{
	const char *work = mem_printf(ctx, "%s/" WORK, path);

	return mem_printf(ctx, "%s/" STATE_FILE, access(work, F_OK) == 0 ? work : path);
}

/* The state goes first: what is left without one is nothing. */
static void
work_remove(const char *path)
{
	SCOPED(tmp, NULL);

	unlink(state_path(tmp, path));
	dir_remove(path);
}

/* --- taking in --- */

static enum err
keep(void *ctx, struct dispatch *d, struct plan_state *s, const struct text *t, struct error *e)
{
	TXN(txn);

	if (txn_begin(&txn, d->db, e) != ERR_OK ||
	    plan_put(ctx, d->db, d->config, s, t->at, t->len, e) != ERR_OK)
		return e->code;
	return txn_commit(&txn, e);
}

static enum err
read_of(void *ctx, const char *path, struct plan_state *s, struct error *e)
{
	const char *name = mem_printf(ctx, "%s/" OF_FILE, path);
	struct json_object *o = NULL;
	struct text *t;

	if (read_file(ctx, name, &t, e) != ERR_OK)
		return e->code;
	if (t != NULL)
		o = json_own(ctx, t->at);
	*s = (struct plan_state){
		.gateway_id = json_get_text(o, "gateway_id"),
		.service = json_get_text(o, "service"),
		.workspace = json_get_text(o, "workspace"),
		.job_id = json_get_text(o, "job_id"),
		.attempt_id = json_get_text(o, "attempt_id"),
		.created_by = json_get_text(o, "created_by"),
	};
	if (s->gateway_id != NULL && s->service != NULL && s->workspace != NULL &&
	    s->job_id != NULL && s->created_by != NULL)
		return ERR_OK;
	return error_set(e, ERR_INTERNAL, "%s does not say whose state it is", name);
}

/* The working copy NAME, which no run uses any more, goes into the database, and then away. */
static enum err
take_in(struct dispatch *d, const char *name, struct error *e)
{
	SCOPED(tmp, NULL);
	const char *path = work_path(tmp, d->config, name);
	struct plan_state s = { 0 };
	struct text *t;

	if (read_file(tmp, state_path(tmp, path), &t, e) != ERR_OK)
		return e->code;
	/* tofu makes an empty file to lock it. */
	if (t != NULL && t->len > 0 &&
	    (read_of(tmp, path, &s, e) != ERR_OK || keep(tmp, d, &s, t, e) != ERR_OK))
		return e->code;
	if (s.digest != NULL && s.version > 0 && !s.whole)
		log_error("what run %s left of the state of service %s is no state: it is kept as "
		    "version %lld", s.job_id, s.service, (long long)s.version);
	work_remove(path);
	return ERR_OK;
}

static bool
is_live(const struct dispatch *d, const char *attempt_id)
{
	struct run *r;

	TAILQ_FOREACH(r, &d->all, in_all)
		if (r->gate != NULL && text_eq(r->job.attempt_id, attempt_id))
			return true;
	return false;
}

enum err
plan_collect(struct dispatch *d, struct error *e)
{
	SCOPED(tmp, NULL);
	DIR *dir = opendir(work_path(tmp, d->config, NULL));
	const struct dirent *one;
	enum err rc = ERR_OK;

	if (dir == NULL)
		return ERR_OK;
	while ((one = readdir(dir)) != NULL) {
		struct error fault = { 0 };

		if (!id_is(one->d_name) || is_live(d, one->d_name) ||
		    take_in(d, one->d_name, &fault) == ERR_OK)
			continue;
		log_error("a state that was left cannot be kept: %s", fault.detail);
		rc = error_set(e, fault.code,
		    "a state that an earlier run left in %s cannot be kept, and "
		    "until then none is touched: %.600s", work_path(tmp, d->config, one->d_name),
		    fault.detail);
	}
	closedir(dir);
	return rc;
}

/* --- a run --- */

static enum err
latest(void *ctx, const struct run *r, struct plan_state *s, const char **text, struct error *e)
{
	bool found;

	*text = NULL;
	if (plan_state_find(ctx, r->d->db, s, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return ERR_OK;
	if (!s->whole)
		return error_set(e, ERR_CONFLICT,
		    "the newest state of service %s (version %lld) is damaged, a run was "
		    "killed while it wrote it: mend it, and put it with POST "
		    ".../services/%s/state", s->service,
		    (long long)s->version, s->service);
	return vault_get_state(ctx, r->d->db, r->d->config, s, text, e);
}

static const char *
of_text(void *ctx, const struct run *r, const struct plan_state *s)
{
	struct json_object *o = json_keep(ctx, mem_must(json_object_new_object()));
	const struct {
		const char *key, *value;
	} members[] = {
		{ "gateway_id", s->gateway_id }, { "service", s->service }, { "workspace",
		    s->workspace },
		{ "job_id", r->job.id }, { "attempt_id", r->job.attempt_id },
		{ "created_by", r->job.requested_by },
	};

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		json_set(o, members[i].key, mem_must(json_object_new_string(members[i].value)));
	return json_text(ctx, o);
}

/* Who may be another user has a way to WORK, and to nothing beside it. */
static enum err
make_work(void *ctx, const struct config *c, const char *path, struct error *e)
{
	const char *top = work_path(ctx, c, NULL), *work = mem_printf(ctx, "%s/" WORK, path);

	if ((mkdir(top, DIR_MODE) != 0 && errno != EEXIST) || chmod(top, PASSED) != 0)
		return file_fault("made", top, e);
	if (mkdir(path, DIR_MODE) != 0 || chmod(path, PASSED) != 0 || mkdir(work, DIR_MODE) != 0)
		return file_fault("made", path, e);
	return ERR_OK;
}

enum err
plan_begin(void *ctx, struct run *r, struct conn_order *o, struct error *e)
{
	const struct config *c = r->d->config;
	const char *path = work_path(ctx, c, r->job.attempt_id), *text;
	struct plan_state s = { 0 };

	if (strcmp(o->type, PLAN_TYPE) != 0)
		return ERR_OK;
	s.gateway_id = r->job.gateway_id;
	s.service = o->service;
	s.workspace = plan_workspace(o->definition);
	if (plan_collect(r->d, e) != ERR_OK || latest(ctx, r, &s, &text, e) != ERR_OK)
		return e->code;
	if (make_work(ctx, c, path, e) != ERR_OK)
		return e->code;
	o->state_path = state_path(ctx, path);
	if (write_file(mem_printf(ctx, "%s/" OF_FILE, path), of_text(ctx, r, &s), e) != ERR_OK ||
	    (text != NULL && write_file(o->state_path, text, e) != ERR_OK))
		return e->code;
	return sync_dir(mem_printf(ctx, "%s/" WORK, path)) && sync_dir(path) &&
	    sync_dir(work_path(ctx, c, NULL)) ? ERR_OK : file_fault("synced", path, e);
}

void
plan_end(struct run *r)
{
	struct error e = { 0 };

	if (text_eq(r->job.type, PLAN_TYPE) && take_in(r->d, r->job.attempt_id, &e) != ERR_OK)
		log_error("the state that run %s left cannot be kept yet: %s", r->job.id, e.detail);
}
