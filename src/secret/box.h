#ifndef SECRET_BOX_H
#define SECRET_BOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/config.h"
#include "base/err.h"

/*
 * Sealing at rest: XChaCha20-Poly1305 (libsodium) with a key of STATE/secret.key, which is outside of the database and
 * for its owner alone. What is sealed is bound to an identity ("secret\nGATEWAY\nNAME"): moved to another record it
 * cannot be unsealed. A sealed text names its key, so that several can be there while the keys are changed.
 *
 * Who seals reads the keys within its transaction (box_open() after txn_begin()): then no change of keys comes between.
 */
struct box;

#define BOX_FILE "secret.key"

/*
 * Reads the keys; made for CTX, wiped when freed. MAKE: where there is no key file it is made, by one of several at
 * once. NULL: E (ERR_UNAVAILABLE) says what is wrong with the file: it is not there, open to others, another
 * user's, no key file.
 */
struct box *box_open(void *ctx, const struct config *c, bool make, struct error *e);
/* VALUE sealed with the newest key as printable text, made for CTX. */
char *box_seal(const struct box *b, void *ctx, const char *identity, const char *value);
/*
 * What was sealed, made for CTX and wiped when freed. NULL: E is ERR_NOT_FOUND where its key is not in the box, else
 * ERR_INTERNAL: it was changed, or sealed for another identity.
 */
char *box_unseal(const struct box *b, void *ctx, const char *identity, const char *sealed, struct error *e);
/* Whether TEXT looks like what box_seal() makes: no JSON does. */
bool box_is_sealed(const char *text);

/*
 * Key files elsewhere, for copies. box_read() of any file PATH, with the same demands as box_open(); box_merge() adds
 * the keys of MORE that B does not have, behind its own (ERR_CONFLICT: they are too many); box_write() puts all of B
 * into the new file PATH, synced. box_name() is by which the newest is known: it tells nothing of the key.
 */
struct box *box_read(void *ctx, const char *path, struct error *e);
enum err box_merge(struct box *b, const struct box *more, struct error *e) MUST_CHECK;
enum err box_write(const struct box *b, const char *path, struct error *e) MUST_CHECK;
const char *box_name(const struct box *b);

/*
 * A change of keys: box_lock(); box_add_key(), from then on all is sealed with the new one; seal anew what is
 * there; box_drop_keys() leaves the newest alone; close the lock. Killed between, it can be begun again.
 */
/* A descriptor that holds the lock on the key file until it is closed. -1: E. Waits for another one's. */
int box_lock(const struct config *c, struct error *e);
enum err box_add_key(const struct config *c, struct error *e) MUST_CHECK;
enum err box_drop_keys(const struct config *c, struct error *e) MUST_CHECK;

#endif
