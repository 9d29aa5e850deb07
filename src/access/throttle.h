#ifndef ACCESS_THROTTLE_H
#define ACCESS_THROTTLE_H

#include "base/config.h"
#include "base/err.h"

struct db;

/*
 * Guessing passwords. Wrong ones are counted in the database, which all responders share, also those that live for one
 * request (CGI). After [auth] attempts of them nothing is looked at for a while: a second, then two, four ... up to
 * [auth] lockout. It is counted for
 *
 *   an account from an address    so that somebody else's guesses do not lock out an account's owner elsewhere;
 *   an address                    five times as many: one that tries many accounts;
 *   an account                    ten times as many, from all addresses together, and no longer than half a minute at
 *                                 a time. An address that the account has come from lately with its right password is
 *                                 exempt, so that not even a guess from everywhere keeps its owner out.
 *
 * A failure is counted once it is known: requests at the same time can have some more than are allowed, as many as the
 * web server handles at once. Of IPv6 the first 64 bits are an address: who has one has them all.
 */

/* ERR_TOO_MANY, with the seconds to wait in E, where no password of USERNAME is looked at now for REMOTE. */
enum err throttle_check(void *ctx, struct db *db, const struct config *c, const char *username, const char *remote,
    int64_t now, struct error *e) MUST_CHECK;
/* A password was wrong, or right. What cannot be written is logged: it makes no difference to the answer. */
void throttle_failed(void *ctx, struct db *db, const struct config *c, const char *username, const char *remote,
    int64_t now);
void throttle_passed(void *ctx, struct db *db, const struct config *c, const char *username, const char *remote,
    int64_t now);

#endif
