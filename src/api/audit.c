#include "api/audit.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"

enum { REMOTE_MAX = 64, RECORD_MAX = 256 };

static const int64_t day_ms = 24 * 60 * 60 * INT64_C(1000);

/* What is known of a request, and whether it has been written. */
struct audit_note {
	struct request *req;
	struct response *res;
	bool is_written;
	struct audit row;
};

int64_t
audit_cut(const struct config *c, int64_t now)
{
	return c->audit_days > 0 ? now - c->audit_days * day_ms : INT64_MIN;
}

static bool
is_change(const struct request *req)
{
	return (req->method & (M_POST | M_PUT | M_PATCH | M_DELETE)) != 0;
}

static char *
cut(void *ctx, const char *text, size_t most)
{
	char *out = mem_textn(ctx, text, strnlen(text, most));

	utf8_trim(out);
	return out;
}

/* What it was done to: what the handler says, else the names in the path. */
static const char *
record_of(struct request *req, const struct response *res)
{
	char *names = mem_text(req, "");

	if (req->acted_on != NULL || res->id != NULL)
		return cut(req, req->acted_on != NULL ? req->acted_on : res->id, RECORD_MAX);
	for (int i = 0; i < ROUTE_PARAMS && req->params[i] != NULL; i++)
		names = mem_printf(req, "%s%s%s", names, i > 0 ? "/" : "", req->params[i]);
	return cut(req, names, RECORD_MAX);
}

static void
fill(struct audit_note *n, const char *outcome)
{
	struct request *req = n->req;
	const struct caller *c = req->caller;
	struct audit *a = &n->row;

	if (a->id == NULL)
		a->id = id_new(req);
	if (a->time == 0)
		a->time = clock_wall();
	a->username = c != NULL ? c->username : req->claimed;
	a->account_id = c != NULL ? c->account_id : NULL;
	a->credential = c != NULL ? caller_by_name(c->by) : NULL;
	a->remote = cut(req, req->remote, REMOTE_MAX);
	a->operation = req->route->op;
	a->record = record_of(req, n->res);
	a->job_id = req->job_id;
	a->outcome = outcome;
	a->request_id = req->id;
}

static enum err
insert(struct audit_note *n, struct db *db, struct error *e)
{
	if (audit_insert(db, &n->row, audit_cut(n->req->app->config, n->row.time), e) != ERR_OK)
		return e->code;
	n->is_written = true;
	return ERR_OK;
}

/* A change is about to be committed: what it is goes with it. */
static enum err
on_commit(struct db *db, void *arg, struct error *e)
{
	struct audit_note *n = arg;

	if (n->is_written)
		return ERR_OK;
	fill(n, AUDIT_OK);
	return insert(n, db, e);
}

void
audit_begin(struct request *req, struct response *res)
{
	if (!is_change(req))
		return;
	if (req->note == NULL) {
		req->note = MEM_NEW(req, struct audit_note);
		req->note->req = req;
	}
	req->note->res = res;
	db_before_commit(req->db, on_commit, req->note);
}

static bool
is_due(const struct request *req, enum err rc)
{
	if (req->route == NULL)
		return false;
	if (rc == ERR_UNAUTHENTICATED)
		return req->claimed != NULL;
	return req->caller != NULL && is_change(req);
}

static const char *
outcome_of(const struct request *req, enum err rc, const struct error *e)
{
	if (rc != ERR_OK)
		return err_name(e->code);
	if (req->wait != NULL)
		return AUDIT_ORDERED;
	return req->outcome != NULL ? req->outcome : AUDIT_OK;
}

/* In a light transaction of its own. */
static enum err
write_now(struct audit_note *n, struct error *e)
{
	TXN(t);

	if (txn_begin_light(&t, n->req->db, TXN_WAITS, e) != ERR_OK)
		return e->code;
	if ((n->is_written ? audit_settle(n->req->db, &n->row, e) : insert(n, n->req->db, e)) !=
	    ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

enum err
audit_end(struct request *req, struct response *res, enum err rc, struct error *e)
{
	struct audit_note fresh = { .req = req, .res = res };
	struct audit_note *n = req->note != NULL ? req->note : &fresh;
	const struct audit before = n->row;
	struct error failed;

	db_before_commit(req->db, NULL, NULL);
	if (!is_due(req, rc))
		return rc;
	n->res = res;
	fill(n, outcome_of(req, rc, e));
	if (n->is_written && text_eq(before.outcome, n->row.outcome) &&
	    text_eq(before.record, n->row.record) && text_eq(before.job_id, n->row.job_id))
		return rc;
	db_writable(req->db, true);
	if (write_now(n, &failed) == ERR_OK)
		return rc;
	if (rc == ERR_OK && req->wait != NULL && !n->is_written) {
		*e = failed;
		return e->code;
	}
	log_error("request %s: its audit record is not whole: %s", req->id, failed.detail);
	return rc;
}
