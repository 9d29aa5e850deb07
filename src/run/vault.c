#include "run/vault.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "secret/box.h"

/* A value may be read just before the keys are changed, and its key just after. */
enum { READS = 3 };

/* Neither an id nor the name of a secret holds a line break: no two records have one identity. */
static char *
secret_identity(void *ctx, const struct secret *s)
{
	return mem_printf(ctx, "secret\n%s\n%s", s->gateway_id, s->name);
}

static char *
params_identity(void *ctx, const struct job *j)
{
	return mem_printf(ctx, "params\n%s", j->id);
}

static char *
state_identity(void *ctx, const struct plan_state *s)
{
	return mem_printf(ctx, "state\n%s", s->id);
}

/* Where something is sealed, its key is missing: a new one would not help. */
static struct box *
box_for_sealing(void *ctx, struct db *db, const struct config *c, struct error *e)
{
	bool any;

	if (secret_any_sealed(db, &any, e) != ERR_OK)
		return NULL;
	return box_open(ctx, c, !any, e);
}

/* --- secrets --- */

enum err
vault_put(struct db *db, const struct config *c, const struct secret *s, const char *value,
    struct error *e)
{
	SCOPED(tmp, NULL);
	struct secret row = *s;
	struct box *box;

	row.sealed = NULL;
	if (value == NULL)
		return secret_put(db, &row, e);
	if (*value == '\0')
		return error_field(e, "value", "must not be empty");
	if (strlen(value) > VAULT_VALUE_MAX)
		return error_field(e, "value", "must have at most %d bytes", VAULT_VALUE_MAX);
	box = box_for_sealing(tmp, db, c, e);
	if (box == NULL)
		return e->code;
	row.sealed = box_seal(box, tmp, secret_identity(tmp, s), value);
	return secret_put(db, &row, e);
}

static enum err
cannot_unseal(struct error *e, const char *what, const char *name)
{
	char why[ERROR_DETAIL_MAX];

	memcpy(why, e->detail, sizeof why);
	return error_set(e, e->code, "the %s %s cannot be unsealed: %.900s", what, name, why);
}

static enum err
secret_read(void *ctx, struct db *db, const char *gateway_id, const char *name, struct secret *s,
    struct error *e)
{
	bool found;

	if (secret_find(ctx, db, gateway_id, name, s, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "there is no secret %s on the gateway", name);
	return s->sealed != NULL ? ERR_OK :
	    error_set(e, ERR_NOT_FOUND, "the secret %s of the gateway has no value yet", name);
}

enum err
vault_get(void *ctx, struct db *db, const struct config *c, const char *gateway_id,
    const char *name, const char **value, struct error *e)
{
	for (int i = 0; i < READS; i++) {
		SCOPED(tmp, NULL);
		struct secret s = { 0 };
		const struct box *box;

		if (secret_read(tmp, db, gateway_id, name, &s, e) != ERR_OK)
			return e->code;
		box = box_open(tmp, c, false, e);
		if (box == NULL)
			return e->code;
		*value = box_unseal(box, ctx, secret_identity(tmp, &s), s.sealed, e);
		if (*value != NULL)
			return ERR_OK;
		if (e->code != ERR_NOT_FOUND)
			break;
	}
	e->code = ERR_UNAVAILABLE;
	return cannot_unseal(e, "secret", name);
}

/* --- parameters --- */

enum err
vault_ready(struct db *db, const struct config *c, struct error *e)
{
	SCOPED(tmp, NULL);

	return box_for_sealing(tmp, db, c, e) != NULL ? ERR_OK : e->code;
}

enum err
vault_seal_params(void *ctx, struct db *db, const struct config *c, const struct job *j,
    const char **sealed, struct error *e)
{
	SCOPED(tmp, NULL);
	const struct box *box = box_for_sealing(tmp, db, c, e);

	if (box == NULL)
		return e->code;
	*sealed = box_seal(box, ctx, params_identity(tmp, j), j->order_params);
	return ERR_OK;
}

enum err
vault_unseal_params(void *ctx, struct db *db, const struct config *c, const struct job *j,
    const char **params, struct error *e)
{
	struct job now = *j;

	for (int i = 0; i < READS; i++) {
		SCOPED(tmp, NULL);
		const struct box *box;

		/* Rows of an older program have them plain. */
		if (now.order_params == NULL || !box_is_sealed(now.order_params)) {
			*params = now.order_params;
			return ERR_OK;
		}
		box = box_open(tmp, c, false, e);
		if (box == NULL)
			return e->code;
		*params = box_unseal(box, ctx, params_identity(tmp, j), now.order_params, e);
		if (*params != NULL)
			return ERR_OK;
		if (e->code != ERR_NOT_FOUND || job_get(ctx, db, j->id, &now, e) != ERR_OK)
			break;
	}
	return cannot_unseal(e, "parameters of run", j->id);
}

/* --- states --- */

enum err
vault_put_state(struct db *db, const struct config *c, const struct plan_state *s, const char *text,
    struct error *e)
{
	SCOPED(tmp, NULL);
	const struct box *box = box_for_sealing(tmp, db, c, e);
	struct plan_state row = *s;

	if (box == NULL)
		return e->code;
	row.sealed = box_seal(box, tmp, state_identity(tmp, s), text);
	return plan_state_add(db, &row, e);
}

enum err
vault_get_state(void *ctx, struct db *db, const struct config *c, const struct plan_state *s,
    const char **text, struct error *e)
{
	struct plan_state now = *s;

	for (int i = 0; i < READS; i++) {
		SCOPED(tmp, NULL);
		const struct box *box = box_open(tmp, c, false, e);

		if (box == NULL)
			return e->code;
		*text = box_unseal(box, ctx, state_identity(tmp, s), now.sealed, e);
		if (*text != NULL)
			return ERR_OK;
		if (e->code != ERR_NOT_FOUND || plan_state_get(ctx, db, s->id, &now, e) != ERR_OK)
			break;
	}
	e->code = ERR_UNAVAILABLE;
	return cannot_unseal(e, "state of service", s->service);
}

/* --- all that is there --- */

/* Whoever goes through all that is sealed. */
struct round {
	struct db *db;
	const struct box *box;
	bool writes;		/* seals it anew */
	size_t n;
};

/* SEALED, checked, and where the round writes sealed with the newest key; for CTX. NULL: E. */
static const char *
turn(struct round *r, void *ctx, const char *identity, const char *sealed, struct error *e)
{
	const char *value = box_unseal(r->box, ctx, identity, sealed, e);

	r->n++;
	if (value == NULL || !r->writes)
		return value;
	return box_seal(r->box, ctx, identity, value);
}

static enum err
go_through_secrets(struct round *r, struct error *e)
{
	SCOPED(tmp, NULL);
	struct records all;

	if (secret_list_sealed(tmp, r->db, &all, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < all.n; i++) {
		SCOPED(one, NULL);
		struct secret *s = records_at(&all, i);

		s->sealed = turn(r, one, secret_identity(one, s), s->sealed, e);
		if (s->sealed == NULL)
			return cannot_unseal(e, "secret",
			    mem_printf(one, "%s of gateway %s", s->name, s->gateway_id));
		if (r->writes && secret_reseal(r->db, s, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

static enum err
go_through_params(struct round *r, struct error *e)
{
	SCOPED(tmp, NULL);
	struct records open;

	if (job_sealed(tmp, r->db, &open, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < open.n; i++) {
		SCOPED(one, NULL);
		struct job *j = records_at(&open, i);

		if (j->order_params == NULL || !box_is_sealed(j->order_params))
			continue;
		j->order_params = turn(r, one, params_identity(one, j), j->order_params, e);
		if (j->order_params == NULL)
			return cannot_unseal(e, "parameters of run", j->id);
		if (r->writes && job_set_order_params(r->db, j, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

/* One at a time: they can be long. */
static enum err
go_through_states(struct round *r, struct error *e)
{
	SCOPED(tmp, NULL);
	struct names ids = { 0 };

	if (plan_state_ids(tmp, r->db, &ids, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < ids.n; i++) {
		SCOPED(one, NULL);
		struct plan_state s = { 0 };

		if (plan_state_get(one, r->db, ids.at[i], &s, e) != ERR_OK)
			return e->code;
		s.sealed = turn(r, one, state_identity(one, &s), s.sealed, e);
		if (s.sealed == NULL)
			return cannot_unseal(e, "state of service", s.service);
		if (r->writes && plan_state_reseal(r->db, &s, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

static enum err
go_through(struct round *r, struct error *e)
{
	if (go_through_secrets(r, e) != ERR_OK || go_through_params(r, e) != ERR_OK)
		return e->code;
	return go_through_states(r, e);
}

static enum err
seal_anew(struct db *db, const struct config *c, size_t *n, struct error *e)
{
	SCOPED(tmp, NULL);
	struct round r = { .db = db, .writes = true };
	TXN(t);

	if (txn_begin(&t, db, e) != ERR_OK || (r.box = box_open(tmp, c, false, e)) == NULL ||
	    go_through(&r, e) != ERR_OK ||
	    txn_commit(&t, e) != ERR_OK)
		return e->code;
	*n = r.n;
	return ERR_OK;
}

enum err
vault_rekey(struct db *db, const struct config *c, size_t *n, struct error *e)
{
	enum err rc = vault_ready(db, c, e);
	int lock = rc == ERR_OK ? box_lock(c, e) : -1;

	if (lock < 0)
		return e->code;
	rc = box_add_key(c, e);
	if (rc == ERR_OK)
		rc = seal_anew(db, c, n, e);
	if (rc == ERR_OK)
		rc = box_drop_keys(c, e);
	close(lock);
	return rc;
}

static enum err
spoil(struct db *db, const struct box *box, const char *id, struct error *e)
{
	SCOPED(tmp, NULL);
	struct plan_state s = { 0 };

	if (plan_state_get(tmp, db, id, &s, e) != ERR_OK)
		return e->code;
	s.sealed = box_seal(box, tmp, state_identity(tmp, &s), "");
	return plan_state_spoil(db, &s, e);
}

enum err
vault_forget(struct db *db, const struct config *c, size_t *secrets, size_t *states,
    struct error *e)
{
	SCOPED(tmp, NULL);
	struct names ids = { 0 };
	const struct box *box = box_open(tmp, c, true, e);

	if (box == NULL || secret_forget(db, secrets, e) != ERR_OK ||
	    plan_state_ids(tmp, db, &ids, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < ids.n; i++)
		if (spoil(db, box, ids.at[i], e) != ERR_OK)
			return e->code;
	*states = ids.n;
	return ERR_OK;
}

enum err
vault_check(struct db *db, const struct config *c, size_t *n, struct error *e)
{
	SCOPED(tmp, NULL);
	struct round r = { .db = db };

	if ((r.box = box_open(tmp, c, false, e)) == NULL || go_through(&r, e) != ERR_OK)
		return e->code;
	*n = r.n;
	return ERR_OK;
}
