#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * A small event loop over epoll(7): descriptors, one-shot timers, and a wake-up
 * from other threads or from a signal handler. It belongs to one thread; only
 * loop_wake(), loop_stop() and loop_want() may be called from elsewhere. Watches and timers
 * are children of the loop: free them with loop_forget() and loop_cancel(),
 * also from within a callback, their own too.
 */
struct loop;
struct watch;
struct timer;

/*
 * What to wait for. LOOP_READ reports a hang-up of the peer too. With LOOP_ONCE nothing comes after
 * the first event until loop_want() is called again.
 */
enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4, LOOP_ONCE = 8 };

/* READY has those of LOOP_READ, LOOP_WRITE, LOOP_HANGUP that hold (hang-up and errors always come). */
typedef void (*watch_fn)(void *arg, int fd, unsigned ready);
typedef void (*timer_fn)(void *arg);

/* NULL and E filled where the system gives no descriptors. */
struct loop *loop_new(void *ctx, struct error *e);
/* Calls FN(arg, fd, ready) while FD is ready for what WANT names. FD stays the caller's. NULL: E filled. */
struct watch *loop_watch(struct loop *l, int fd, unsigned want, watch_fn fn, void *arg, struct error *e);
/*
 * Changes what is waited for; 0 pauses it (a hang-up still comes). May be called from another thread while
 * the watch is known to live.
 */
void loop_want(struct watch *w, unsigned want);
/* Ends a watch; the descriptor is not closed: call this first, then close it. NULL is fine. */
void loop_forget(struct watch *w);
/* The same where the descriptor has been closed already (its number may be somebody else's by now). */
void loop_closed(struct watch *w);
/* Calls FN(arg) once, MS milliseconds (at least 0) from now. */
struct timer *loop_after(struct loop *l, int64_t ms, timer_fn fn, void *arg);
/* Ends a timer that has not fired. NULL is fine; one that has fired is gone already. */
void loop_cancel(struct timer *t);
/* Makes FN(arg) be called at the end of each turn, after all that was ready: the place for a group commit. */
void loop_each_turn(struct loop *l, timer_fn fn, void *arg);
/* A turn that takes longer than S seconds (0: no matter how long) ends the process by SIGALRM: it hangs. */
void loop_watchdog(struct loop *l, unsigned s);
/* Makes loop_turn() return soon. Async-signal-safe and thread-safe. */
void loop_wake(struct loop *l);
/* Runs turns until loop_stop(), also one that came before. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* One turn: waits at most MS milliseconds (-1: for ever) for something to be ready, and does what is. */
void loop_turn(struct loop *l, int64_t ms);

#endif
