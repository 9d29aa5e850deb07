#include "api/app.h"
#include "api/list_scan.h"
#include "json/record.h"
#include "store/audit.h"

enum { LIMIT_DEFAULT = 25, LIMIT_MAX = 10000, SKIP_MAX = 100000 };

static struct json_object *
audit_show(struct request *req, void *record, struct error *e)
{
	(void)req;
	(void)e;
	return record_to_json(audit_fields, record);
}

static const struct list_kind audit_kind = {
	.show = audit_show,
	.limit = LIMIT_DEFAULT,
	.limit_max = LIMIT_MAX,
	.skip_max = SKIP_MAX,
};

static enum err
source_page(void *ctx, struct db *db, const void *query, const char *after, int64_t n,
    struct records *out, struct error *e)
{
	struct audit_query q = *(const struct audit_query *)query;

	q.after = after;
	q.limit = n;
	return audit_page(ctx, db, &q, out, e);
}

static enum err
source_total(struct db *db, const void *query, int64_t *n, struct error *e)
{
	return audit_total(db, query, n, e);
}

static enum err
source_get(void *ctx, struct db *db, const void *query, const char *id, void *record,
    struct error *e)
{
	(void)query;
	return audit_get(ctx, db, id, record, e);
}

static const char *
source_id(const void *record)
{
	return ((const struct audit *)record)->id;
}

static enum err
audit_list(struct request *req, struct response *res, struct error *e)
{
	const struct audit_query q = { .username = query_text(req, "username"),
		.operation = query_text(req, "operation") };
	const struct list_source source = { .kind = &audit_kind, .query = &q,
		.size = sizeof(struct audit), .page = source_page, .total = source_total,
		.get = source_get, .id = source_id };

	return list_scan(req, res, &source, e);
}

static const struct query_field audit_query_fields[] = {
	{ "username", "only what this user did" },
	{ "operation", "only this operation" },
	{ "after", "only what is older than this record: the last one of the page before" },
	{ 0 }
};

const struct route audit_routes[] = {
	{ .method = M_GET, .path = "/audit", .op = "getAudit", .role = "audit:read",
	  .list = audit_fields, .query = audit_query_fields, .answer = ANSWER_RESULTS,
	  .record = audit_fields, .run = audit_list,
	  .summary = "List who did what, the newest first",
	  .doc = "Each change, run and login, and each that was refused. Without limit it gives "
		 "25." },
	{ 0 }
};
