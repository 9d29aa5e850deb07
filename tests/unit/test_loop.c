#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"
#include "base/text.h"

/* The gaps are wide: a busy machine may stop for a while between two lines of a test. */
enum { SOON = 300, LATER = 600, LAST = 900, FAR = 3600000, A_TURN = 1000 };

static struct loop *loop;
static struct text *seen;	/* a letter for each thing that happened */

static void
begin(void)
{
	struct error e = { 0 };

	loop = loop_new(NULL, &e);
	cr_assert_not_null(loop, "%s", e.detail);
	seen = text_new(loop, 1000);
}

static void
end(void)
{
	mem_free(loop);
}

TestSuite(loop, .init = begin, .fini = end, .timeout = 120);

static void
note(void *letter)
{
	text_puts(seen, letter);
}

/* A timer with a letter for its argument. */
static struct timer *
after(int64_t ms, timer_fn fn, const char *letter)
{
	return loop_after(loop, ms, fn, (void *)(uintptr_t)letter);
}

static void
turns_until(size_t n)
{
	while (seen->len < n)
		loop_turn(loop, A_TURN);
}

/* ---- timers ---- */

Test(loop, timers_come_in_their_order)
{
	after(LAST, note, "f");
	after(SOON, note, "b");
	after(LATER, note, "d");
	after(SOON, note, "c");
	after(LATER, note, "e");
	after(0, note, "a");
	turns_until(6);
	/* Those of one time come in the order they were made; B and C may be a millisecond apart, never the wrong way. */
	cr_expect_str_eq(seen->at, "abcdef");
	loop_turn(loop, 0);
	cr_expect_str_eq(seen->at, "abcdef", "once each");
}

Test(loop, a_timer_that_is_not_due_does_not_fire)
{
	after(FAR, note, "x");
	loop_turn(loop, 0);
	loop_turn(loop, 1);
	cr_expect_str_eq(seen->at, "");
}

Test(loop, canceled_timers_do_not_fire)
{
	struct timer *first = after(0, note, "x"), *middle = after(0, note, "x"),
		     *last;

	after(0, note, "a");
	last = after(0, note, "x");
	loop_cancel(middle);
	loop_cancel(last);
	loop_cancel(first);
	loop_cancel(NULL);
	after(0, note, "b");
	turns_until(2);
	cr_expect_str_eq(seen->at, "ab");
}

static struct timer *victim;

static void
cancel_victim(void *letter)
{
	note(letter);
	loop_cancel(victim);
	victim = NULL;
}

Test(loop, a_timer_cancels_another_that_is_due)
{
	after(0, cancel_victim, "a");
	victim = after(0, note, "x");
	after(0, note, "b");
	turns_until(2);
	loop_turn(loop, 0);
	cr_expect_str_eq(seen->at, "ab");
}

static void
again(void *left)
{
	int *n = left;

	text_puts(seen, "a");
	if (--*n > 0)
		loop_after(loop, 1, again, n);
}

Test(loop, a_timer_makes_the_next)
{
	int left = 3;

	loop_after(loop, 0, again, &left);
	turns_until(3);
	cr_expect_eq(left, 0);
	loop_turn(loop, 1);
	cr_expect_str_eq(seen->at, "aaa");
}

/* ---- descriptors ---- */

static int ends[2];

static void
connected(void)
{
	begin();
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
}

TestSuite(loop_watch, .init = connected, .fini = end, .timeout = 120);

static struct watch *
watch(int fd, unsigned want, watch_fn fn, void *arg)
{
	struct error e = { 0 };
	struct watch *made = loop_watch(loop, fd, want, fn, arg, &e);

	cr_assert_not_null(made, "%s", e.detail);
	return made;
}

static void
send_byte(int fd)
{
	cr_assert_eq(write(fd, "x", 1), 1);
}

/* Notes what is ready, and what there is to read. */
static void
take(void *arg, int fd, unsigned ready)
{
	char c[16];

	(void)arg;
	text_printf(seen, "%s%s%s", ready & LOOP_READ ? "r" : "", ready & LOOP_WRITE ? "w" : "",
	    ready & LOOP_HANGUP ? "h" : "");
	if (ready & LOOP_READ)
		while (read(fd, c, sizeof c) > 0)
			;
}

/* The same, but leaves what there is. */
static void
look(void *arg, int fd, unsigned ready)
{
	(void)arg;
	(void)fd;
	text_printf(seen, "%s%s%s", ready & LOOP_READ ? "r" : "", ready & LOOP_WRITE ? "w" : "",
	    ready & LOOP_HANGUP ? "h" : "");
}

Test(loop_watch, reading_and_writing)
{
	struct watch *one = watch(ends[0], LOOP_READ, take, NULL);

	loop_turn(loop, 0);
	cr_expect_str_eq(seen->at, "");
	send_byte(ends[1]);
	loop_turn(loop, A_TURN);
	cr_expect_str_eq(seen->at, "r");
	loop_turn(loop, 0);
	cr_expect_str_eq(seen->at, "r");
	loop_want(one, LOOP_READ | LOOP_WRITE);
	loop_turn(loop, A_TURN);
	cr_expect_str_eq(seen->at, "rw");
	loop_want(one, 0);
	send_byte(ends[1]);
	loop_turn(loop, 0);
	cr_expect_str_eq(seen->at, "rw", "paused");
	loop_want(one, LOOP_READ);
	loop_turn(loop, A_TURN);
	cr_expect_str_eq(seen->at, "rwr", "what came meanwhile is still there");
	close(ends[1]);
	loop_turn(loop, A_TURN);
	cr_expect_str_eq(seen->at, "rwrrh", "a hang-up comes with reading");
}

Test(loop_watch, hang_up_alone)
{
	watch(ends[0], LOOP_HANGUP, look, NULL);
	send_byte(ends[1]);
	loop_turn(loop, 0);
	cr_expect_str_eq(seen->at, "", "bytes are not waited for");
	shutdown(ends[1], SHUT_WR);
	loop_turn(loop, A_TURN);
	cr_expect_str_eq(seen->at, "h");
}

Test(loop_watch, once_means_once)
{
	struct watch *one = watch(ends[0], LOOP_READ | LOOP_ONCE, look, NULL);

	send_byte(ends[1]);
	loop_turn(loop, A_TURN);
	cr_expect_str_eq(seen->at, "r");
	send_byte(ends[1]);
	close(ends[1]);
	loop_turn(loop, 0);
	loop_turn(loop, 0);
	cr_expect_str_eq(seen->at, "r", "not even a hang-up");
	loop_want(one, LOOP_READ | LOOP_ONCE);
	loop_turn(loop, A_TURN);
	cr_expect_str_eq(seen->at, "rrh");
	loop_turn(loop, 0);
	cr_expect_str_eq(seen->at, "rrh");
}

static struct watch *pair[2];

/* Whichever comes first ends both, itself too. */
static void
forget_both(void *letter, int fd, unsigned ready)
{
	(void)fd;
	(void)ready;
	note(letter);
	loop_forget(pair[0]);
	loop_forget(pair[1]);
}

Test(loop_watch, forgotten_within_a_callback)
{
	char x[] = "x";

	pair[0] = watch(ends[0], LOOP_READ, forget_both, x);
	pair[1] = watch(ends[1], LOOP_READ, forget_both, x);
	send_byte(ends[0]);
	send_byte(ends[1]);
	loop_turn(loop, A_TURN);
	cr_expect_str_eq(seen->at, "x", "the other's event was in hand already");
	loop_turn(loop, 0);
	cr_expect_str_eq(seen->at, "x");
}

Test(loop_watch, forgotten_and_watched_anew)
{
	struct watch *one = watch(ends[0], LOOP_READ, look, NULL);

	send_byte(ends[1]);
	loop_forget(one);
	loop_forget(NULL);
	loop_turn(loop, 0);
	cr_expect_str_eq(seen->at, "");
	watch(ends[0], LOOP_READ, take, NULL);
	loop_turn(loop, A_TURN);
	cr_expect_str_eq(seen->at, "r");
}

/* Forgets itself, closes, and what is opened next has the same number: no event of the old one may reach it. */
static void
reopen(void *arg, int fd, unsigned ready)
{
	(void)arg;
	(void)ready;
	text_puts(seen, "o");
	loop_forget(pair[0]);
	close(fd);
	cr_assert_eq(dup2(ends[1], fd), fd);
	pair[0] = watch(fd, LOOP_READ, look, NULL);
}

Test(loop_watch, a_number_that_is_used_again)
{
	int old = ends[0];

	pair[0] = watch(old, LOOP_READ, reopen, NULL);
	send_byte(ends[1]);
	loop_turn(loop, A_TURN);
	cr_expect_str_eq(seen->at, "o");
	loop_turn(loop, A_TURN);
	/* Its own event: the other end of the pair is gone. */
	cr_expect_str_eq(seen->at, "orh");
}

Test(loop_watch, closed_before_it_was_told)
{
	struct watch *one = watch(ends[0], LOOP_READ, look, NULL);

	send_byte(ends[1]);
	close(ends[0]);
	loop_closed(one);
	loop_forget(one);
	loop_closed(one);
	loop_turn(loop, 0);
	loop_turn(loop, 0);
	cr_expect_str_eq(seen->at, "");
}

Test(loop_watch, descriptors_that_cannot_be_watched)
{
	struct error e = { 0 };
	int file = open("/proc/self/status", O_RDONLY);

	cr_expect_null(loop_watch(loop, -1, LOOP_READ, look, NULL, &e));
	cr_expect_neq(e.detail[0], '\0');
	cr_expect_null(loop_watch(loop, 9999, LOOP_READ, look, NULL, &e));
	if (file >= 0)
		close(file);
	watch(ends[0], LOOP_READ, look, NULL);
	cr_expect_null(loop_watch(loop, ends[0], LOOP_READ, look, NULL, &e), "twice");
	loop_turn(loop, 0);
}

Test(loop_watch, no_descriptors_left)
{
	struct rlimit before, few;
	struct error e = { 0 };
	struct loop *none;

	getrlimit(RLIMIT_NOFILE, &before);
	few = before;
	few.rlim_cur = 3;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	none = loop_new(NULL, &e);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	cr_expect_null(none);
	cr_expect_eq(e.code, ERR_INTERNAL);
	cr_expect_neq(e.detail[0], '\0');
}

/* More than one turn takes in at once. */
Test(loop_watch, many_descriptors)
{
	enum { MANY = 200 };
	int fds[MANY][2];

	for (int i = 0; i < MANY; i++) {
		cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds[i]), 0);
		watch(fds[i][0], LOOP_READ, take, NULL);
		send_byte(fds[i][1]);
	}
	turns_until(MANY);
	loop_turn(loop, 0);
	cr_expect_eq(seen->len, MANY);
}

/* ---- turns ---- */

Test(loop_watch, the_end_of_a_turn_comes_after_all_that_was_ready)
{
	char bar[] = "|";

	watch(ends[0], LOOP_READ, take, NULL);
	loop_each_turn(loop, note, bar);
	after(0, note, "t");
	send_byte(ends[1]);
	loop_turn(loop, A_TURN);
	cr_expect_str_eq(seen->at, "rt|");
	loop_turn(loop, 0);
	cr_expect_str_eq(seen->at, "rt||");
}

static void *
wake_it(void *arg)
{
	(void)arg;
	loop_wake(loop);
	return NULL;
}

/* Without the wake-up these turns would last for ever (the suite's time limit). */
Test(loop, woken_by_a_thread)
{
	pthread_t thread;

	for (int i = 0; i < 100; i++) {
		cr_assert_eq(pthread_create(&thread, NULL, wake_it, NULL), 0);
		loop_turn(loop, -1);
		pthread_join(thread, NULL);
	}
	for (int i = 0; i < 1000; i++)
		loop_wake(loop);
	loop_turn(loop, -1);
	after(1, note, "a");
	turns_until(1);
	cr_expect_str_eq(seen->at, "a");
}

static void *
stop_it(void *arg)
{
	(void)arg;
	loop_stop(loop);
	return NULL;
}

Test(loop, stopped_by_a_thread)
{
	pthread_t thread;

	cr_assert_eq(pthread_create(&thread, NULL, stop_it, NULL), 0);
	loop_run(loop);
	pthread_join(thread, NULL);
	loop_run(loop);
	cr_expect_str_eq(seen->at, "");
}

static void
stop(void *letter)
{
	note(letter);
	loop_stop(loop);
}

Test(loop, stopped_by_itself_and_before)
{
	after(FAR, note, "x");
	after(0, stop, "s");
	loop_run(loop);
	cr_expect_str_eq(seen->at, "s");
	loop_run(loop);
	cr_expect_str_eq(seen->at, "s", "a stop that came before holds");
}
