#ifndef STORE_PLAN_STATE_H
#define STORE_PLAN_STATE_H

#include "base/field.h"
#include "db/record.h"

/* A version of the state of an opentofu-plan service. The store never sees the state itself: see run/vault.h. */
struct plan_state {
	const char *id, *gateway_id, *service, *workspace;
	int64_t version;		/* from 1 */
	bool whole;			/* else it is what was found, and no state */
	int64_t serial, resources, bytes;
	const char *lineage, *digest, *sealed;
	const char *job_id, *attempt_id;	/* NULL: somebody put it */
	int64_t created;
	const char *created_by;
};
/* As it goes out. */
extern const struct field plan_state_fields[];

/* All versions of a service, without what is sealed: by workspace, newest first. */
enum err plan_state_list(void *ctx, struct db *db, const char *gateway_id, const char *service, struct records *out,
    struct error *e) MUST_CHECK;
/* Fills S, which has gateway_id, service, workspace and version, with that version; 0 is the newest. */
enum err plan_state_find(void *ctx, struct db *db, struct plan_state *s, bool *found, struct error *e) MUST_CHECK;
/* The last that job JOB_ID left. */
enum err plan_state_of_job(void *ctx, struct db *db, const char *job_id, struct plan_state *s, bool *found,
    struct error *e) MUST_CHECK;
enum err plan_state_get(void *ctx, struct db *db, const char *id, struct plan_state *s, struct error *e) MUST_CHECK;
/* The ids of all there are. */
enum err plan_state_ids(void *ctx, struct db *db, struct names *out, struct error *e) MUST_CHECK;
/* The services of a gateway whose newest state has resources. */
enum err plan_state_held(void *ctx, struct db *db, const char *gateway_id, struct names *out,
    struct error *e) MUST_CHECK;

/* Within a transaction. */
enum err plan_state_add(struct db *db, const struct plan_state *s, struct error *e) MUST_CHECK;
/* Removes those of S's service and workspace that are as old as S->version, but never the newest whole one. */
enum err plan_state_thin(struct db *db, const struct plan_state *s, struct error *e) MUST_CHECK;
enum err plan_state_reseal(struct db *db, const struct plan_state *s, struct error *e) MUST_CHECK;
/* The same, and S is no whole one any more: until a whole one is put, the service does not run. */
enum err plan_state_spoil(struct db *db, const struct plan_state *s, struct error *e) MUST_CHECK;

#endif
