#ifndef RUN_VAULT_H
#define RUN_VAULT_H

#include <stddef.h>

#include "base/config.h"
#include "db/db.h"
#include "store/job.h"
#include "store/plan_state.h"
#include "store/secret.h"

/*
 * What is secret in the database, sealed by the keys outside of it (secret/box.h): values of secrets, and parameters
 * of runs that wait. Values are texts; those given back are wiped when they are freed.
 */
enum { VAULT_VALUE_MAX = 65536 };	/* bytes: it must fit an environment variable */

/*
 * Within a transaction: gives secret S->name of S->gateway_id the value VALUE (NULL: keeps what it has), and makes it
 * where it is not there, with S's times and names. ERR_INVALID, field "value": too long or empty.
 */
enum err vault_put(struct db *db, const struct config *c, const struct secret *s, const char *value,
    struct error *e) MUST_CHECK;
/*
 * *VALUE for CTX. ERR_NOT_FOUND where there is no such secret, or where it has no value; E.detail says which,
 * and names it. Other codes: it cannot be unsealed.
 */
enum err vault_get(void *ctx, struct db *db, const struct config *c, const char *gateway_id, const char *name,
    const char **value, struct error *e) MUST_CHECK;

/* Whether parameters could be sealed: to be asked before a run is accepted. Makes the key file where it can be made. */
enum err vault_ready(struct db *db, const struct config *c, struct error *e) MUST_CHECK;
/* Within a transaction: ORDER_PARAMS of J sealed, for CTX. */
enum err vault_seal_params(void *ctx, struct db *db, const struct config *c, const struct job *j, const char **sealed,
    struct error *e) MUST_CHECK;
/* The other way: J has them as they are in its row; they are read again where the keys have just been changed. */
enum err vault_unseal_params(void *ctx, struct db *db, const struct config *c, const struct job *j, const char **params,
    struct error *e) MUST_CHECK;

/* Within a transaction: adds S with TEXT sealed. */
enum err vault_put_state(struct db *db, const struct config *c, const struct plan_state *s, const char *text,
    struct error *e) MUST_CHECK;
/* The text of S, which has been read, for CTX. */
enum err vault_get_state(void *ctx, struct db *db, const struct config *c, const struct plan_state *s,
    const char **text, struct error *e) MUST_CHECK;

/*
 * Makes a new key, seals all with it in one transaction, and forgets the older keys. *N gets how many there were. When
 * it was killed on its way, or fails, nothing is lost, and it can be called again.
 */
enum err vault_rekey(struct db *db, const struct config *c, size_t *n, struct error *e) MUST_CHECK;
/*
 * Within a transaction, where no key is left that opens anything: secrets have no value any more (*SECRETS had one),
 * and all *STATES are spoiled. They are not removed: a plan without a state would make anew what there is already.
 */
enum err vault_forget(struct db *db, const struct config *c, size_t *secrets, size_t *states,
    struct error *e) MUST_CHECK;
/* Unseals all that is there: *N gets how many there are. Else E names the first that cannot be unsealed. */
enum err vault_check(struct db *db, const struct config *c, size_t *n, struct error *e) MUST_CHECK;

#endif
