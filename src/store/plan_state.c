#include "store/plan_state.h"

const struct field plan_state_fields[] = {
	F_TEXT(plan_state, workspace),
	F_INT(plan_state, version,
	    .doc = "counts from 1; the newest is the one that runs go on with"),
	F_BOOL(plan_state, whole,
	    .doc = "false: what a run left is no state, and is kept as it is"),
	F_INT(plan_state, serial),
	F_TEXT(plan_state, lineage),
	F_INT(plan_state, resources, .doc = "how many it has"),
	F_INT(plan_state, bytes),
	F_TEXT(plan_state, job_id, .nullable = 1,
	    .doc = "the run that left it; null: somebody put it"),
	F_TIME(plan_state, created),
	F_TEXT(plan_state, created_by),
	F_END
};

/* The columns that do not go out. */
static const struct field plan_state_columns[] = {
	F_TEXT(plan_state, id),
	F_TEXT(plan_state, gateway_id),
	F_TEXT(plan_state, service),
	F_TEXT(plan_state, digest),
	F_TEXT(plan_state, sealed),
	F_TEXT(plan_state, attempt_id, .nullable = 1),
	F_NEST("", plan_state_fields),
	F_END
};

enum err
plan_state_list(void *ctx, struct db *db, const char *gateway_id, const char *service,
    struct records *out, struct error *e)
{
	STMT(st, db, SQL_PLAN_STATE_LIST);

	stmt_text(st, "gateway_id", gateway_id);
	stmt_text(st, "service", service);
	return records_read(ctx, st, plan_state_columns, sizeof(struct plan_state), out, e);
}

enum err
plan_state_find(void *ctx, struct db *db, struct plan_state *s, bool *found, struct error *e)
{
	STMT(st, db, SQL_PLAN_STATE_LATEST);

	stmt_text(st, "gateway_id", s->gateway_id);
	stmt_text(st, "service", s->service);
	stmt_text(st, "workspace", s->workspace);
	stmt_int(st, "version", s->version);
	return record_find_row(ctx, st, plan_state_columns, s, found, e);
}

enum err
plan_state_of_job(void *ctx, struct db *db, const char *job_id, struct plan_state *s, bool *found,
    struct error *e)
{
	STMT(st, db, SQL_PLAN_STATE_OF_JOB);

	stmt_text(st, "job_id", job_id);
	return record_find_row(ctx, st, plan_state_columns, s, found, e);
}

enum err
plan_state_get(void *ctx, struct db *db, const char *id, struct plan_state *s, struct error *e)
{
	bool found;
	STMT(st, db, SQL_PLAN_STATE_GET);

	stmt_text(st, "id", id);
	if (record_find_row(ctx, st, plan_state_columns, s, &found, e) != ERR_OK)
		return e->code;
	return found ? ERR_OK : error_set(e, ERR_NOT_FOUND, "there is no state %s", id);
}

enum err
plan_state_ids(void *ctx, struct db *db, struct names *out, struct error *e)
{
	STMT(st, db, SQL_PLAN_STATE_IDS);

	return names_read(ctx, st, out, e);
}

enum err
plan_state_held(
    void *ctx, struct db *db, const char *gateway_id, struct names *out, struct error *e)
{
	return names_of(ctx, db, SQL_PLAN_STATE_HELD, gateway_id, out, e);
}

static enum err
plan_state_write(struct db *db, enum sql which, const struct plan_state *s, struct error *e)
{
	STMT(st, db, which);

	return record_write(st, plan_state_columns, s, NULL, e);
}

enum err
plan_state_add(struct db *db, const struct plan_state *s, struct error *e)
{
	return plan_state_write(db, SQL_PLAN_STATE_ADD, s, e);
}

enum err
plan_state_thin(struct db *db, const struct plan_state *s, struct error *e)
{
	return plan_state_write(db, SQL_PLAN_STATE_THIN, s, e);
}

enum err
plan_state_reseal(struct db *db, const struct plan_state *s, struct error *e)
{
	return plan_state_write(db, SQL_PLAN_STATE_RESEAL, s, e);
}

enum err
plan_state_spoil(struct db *db, const struct plan_state *s, struct error *e)
{
	return plan_state_write(db, SQL_PLAN_STATE_SPOIL, s, e);
}
