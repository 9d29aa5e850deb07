#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/audit.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "db/migrate.h"
#include "json/body.h"
#include "main/admin.h"

enum { READ_SIZE = 65536, STATUS_BAD = 400 };

char *
admin_name(void *ctx)
{
	const struct passwd *p = getpwuid(geteuid());

	if (p != NULL)
		return mem_printf(ctx, "cli:%s", p->pw_name);
	return mem_printf(ctx, "cli:%u", (unsigned)geteuid());
}

char *
admin_stamp(void *ctx)
{
	char text[CLOCK_TEXT_MAX];
	char *stamp = mem_text(ctx, clock_text(text, clock_wall())), *to = stamp;

	for (const char *from = text; *from != '\0'; from++)
		if (*from != '-' && *from != ':')
			*to++ = *from;
	*to = '\0';
	return stamp;
}

enum err
admin_check_owner(const struct config *c, struct error *e)
{
	const struct passwd *p;
	struct stat st;

	if (geteuid() != 0 || stat(c->state_dir, &st) != 0 || st.st_uid == 0)
		return ERR_OK;
	p = getpwuid(st.st_uid);
	if (p == NULL)
		return error_set(e, ERR_FORBIDDEN,
		    "%s belongs to user %u: run this as that user, not as root",
		    c->state_dir, (unsigned)st.st_uid);
	return error_set(e, ERR_FORBIDDEN,
	    "%s belongs to %s: run this as that user, not as root (sudo -u %s ...)",
	    c->state_dir, p->pw_name, p->pw_name);
}

static enum err
on_commit(struct db *db, void *arg, struct error *e)
{
	struct admin *a = arg;
	const struct audit row = {
		.id = id_new(a->ctx), .time = clock_wall(), .username = a->caller.username,
		.credential = caller_by_name(CALLER_HOST), .remote = "", .request_id = "",
		.operation = a->command->name, .outcome = AUDIT_OK,
		.record = *a->command->arguments != '\0' ? a->args[0] : "",
	};

	if (a->is_noted)
		return ERR_OK;
	a->is_noted = true;
	return audit_insert(db, &row, audit_cut(a->config, row.time), e);
}

void
admin_note_changes(struct admin *a)
{
	db_before_commit(a->db, on_commit, a);
}

bool
admin_open(struct admin *a)
{
	struct error e;

	if (a->db != NULL)
		return true;
	if (admin_check_owner(a->config, &e) == ERR_OK)
		a->db = db_open(a->ctx, a->config, false, &e);
	if (a->db == NULL || migrate_run(a->db, NULL, &e) != ERR_OK ||
	    (a->app = app_new(a->ctx, a->config, &e)) == NULL) {
		admin_fail("%s", e.detail);
		return false;
	}
	a->link = link_new(a->ctx, a->config);
	admin_note_changes(a);
	return true;
}

bool
admin_call(struct admin *a, void *ctx, const struct call *call, struct response *res)
{
	struct request *req = MEM_NEW(ctx, struct request);
	const char *message;

	req->method = call->method;
	req->path = mem_printf(req, "%s%s", call->outside ? "" : ROUTE_BASE, call->path);
	req->query = call->query != NULL ? call->query : "";
	req->content_type = call->body != NULL ? "application/json" : "";
	req->prefer = call->prefer;
	req->remote = "";
	req->body = call->body != NULL ? json_text(req, call->body) : NULL;
	req->body_len = call->body != NULL ? strlen(req->body) : 0;
	req->caller = &a->caller;
	app_handle(a->app, a->db, req, res);
	while (req->wait != NULL || res->more) {
		if (req->wait != NULL)
			link_wait(a->link, req->wait);
		app_resume(a->db, req, res);
	}
	admin_note_changes(a);
	json_keep(ctx, res->body);
	if (res->status < STATUS_BAD)
		return true;
	message = json_get_text(res->body, "message");
	admin_fail("%s", message != NULL ? message : "it failed");
	return false;
}

int
admin_list(struct admin *a, const struct call *call,
    void (*print)(struct admin *a, struct json_object *list))
{
	struct json_object *list;
	struct response res;

	if (!admin_open(a) || !admin_call(a, a->ctx, call, &res))
		return EXIT_FAILURE;
	list = json_get(res.body, "results");
	if (admin_has(a, "json"))
		admin_say_json(list);
	else
		print(a, list);
	return EXIT_SUCCESS;
}

void
admin_query_add(struct text *query, const char *name, const char *value)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	if (value == NULL)
		return;
	text_printf(query, "%s%s=", query->len > 0 ? "&" : "", name);
	for (; *value != '\0'; value++) {
		if (strchr(plain, *value) != NULL)
			text_add(query, value, 1);
		else
			text_printf(query, "%%%02X", (unsigned char)*value);
	}
}

bool
admin_gateway(struct admin *a, const char *cluster_id, struct gateway *g, bool *found)
{
	struct error e;
	bool there;

	*g = (struct gateway){ .id = "" };
	if (gateway_by_cluster(a->ctx, a->db, cluster_id, g, &there, &e) != ERR_OK) {
		admin_fail("%s", e.detail);
		return false;
	}
	if (found != NULL)
		*found = there;
	else if (!there)
		admin_fail("there is no gateway %s", cluster_id);
	return there || found != NULL;
}

static enum err
read_all(int fd, struct text *all, struct error *e)
{
	SCOPED(tmp, NULL);
	char *bytes = mem_bytes(tmp, READ_SIZE);

	for (;;) {
		ssize_t n = read(fd, bytes, READ_SIZE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(e, ERR_UNAVAILABLE, "%s", strerror(errno));
		if (n == 0)
			return ERR_OK;
		text_add(all, bytes, (size_t)n);
		if (all->cut)
			return error_set(e, ERR_TOO_LARGE, "it has more than %zu bytes", all->max);
	}
}

struct text *
admin_read_file(struct admin *a, const char *file, size_t max)
{
	bool is_stdin = strcmp(file, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	struct text *all = text_new(a->ctx, max);
	struct error e;

	if (fd < 0) {
		admin_fail("%s: %s", file, strerror(errno));
		return NULL;
	}
	if (read_all(fd, all, &e) != ERR_OK) {
		admin_fail("%s: %s", is_stdin ? "the standard input" : file, e.detail);
		all = NULL;
	}
	if (!is_stdin)
		close(fd);
	return all;
}
