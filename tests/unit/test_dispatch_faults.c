#include "dispatch_world.h"

#include <stdio.h>

#include "base/clock.h"

/* Bytes that no responder sends, and a database that cannot be written. */

enum { RETRIES_MS = 2500, BIG_BYTES = 20000000, BIG_KEPT = 1048576, PENDING_MAX = 4 * 1048576, PARAMS_BYTES = 100000 };

TestSuite(control, .init = dispatch_world_begin, .fini = dispatch_world_end, .timeout = 120);
TestSuite(dispatch_fault, .init = dispatch_world_begin, .fini = dispatch_world_end, .timeout = 120);

/* ---- the control socket ---- */

static int
stranger(void)
{
	struct error e = { 0 };
	int fd = socket_connect(w.config, &e);

	cr_assert_geq(fd, 0, "%s", e.detail);
	return fd;
}

static void
send_bytes(int fd, const void *bytes, size_t n)
{
	cr_assert_eq(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* TEXT with a head before it. */
static void
send_frame(int fd, const char *text)
{
	size_t n = strlen(text);
	const unsigned char head[FRAME_HEAD] = {
		(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n,
	};

	send_bytes(fd, head, sizeof head);
	send_bytes(fd, text, n);
}

/* What the dispatcher has sent to FD: -1 nothing, 0 it has closed the connection. */
static ssize_t
received(int fd)
{
	char c[100];

	return recv(fd, c, sizeof c, MSG_DONTWAIT);
}

/* Others are served as if nothing had been. */
static void
expect_service(void)
{
	struct wait *a = submit("ok", "quick");

	UNTIL(is_over(a));
	expect_state(a, "completed");
}

Test(control, is_for_its_owner_alone)
{
	struct stat st;

	cr_assert_eq(stat(config_path(w.ctx, w.config, "gatehoused.sock"), &st), 0);
	cr_expect(S_ISSOCK(st.st_mode));
	cr_expect_eq(st.st_mode & 0777, 0600, "mode %o", (unsigned)st.st_mode);
}

Test(control, garbage_drops_that_client_alone)
{
	static const struct {
		const char *bytes;
		size_t n;
	} garbage[] = {
#define GARBAGE(s) { s, sizeof s - 1 }
		GARBAGE("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), GARBAGE("\xff\xff\xff\xff"), GARBAGE("\0\0\0\0"),
		GARBAGE("\0\0\0\4null"), GARBAGE("\0\0\0\2[]"), GARBAGE("\0\0\0\1{"), GARBAGE("\0\0\0\7{'op':1"),
		GARBAGE("\0\0\0\4\xff\xfe\xfd\xfc"), GARBAGE("\4\0\0\1"),
#undef GARBAGE
	};
	struct wait *waiting = submit("w", "slow");

	UNTIL(waiting->accepted);
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		int fd = stranger();

		send_bytes(fd, garbage[i].bytes, garbage[i].n);
		UNTIL(received(fd) == 0);
		close(fd);
	}
	expect_service();
	expect_state(waiting, "running");
}

/* Objects that mean nothing: nothing happens, and the connection stays. */
Test(control, frames_without_a_meaning)
{
	static const char *const frames[] = {
		"{}", "{\"op\":\"submit\"}", "{\"tag\":\"t\"}", "{\"op\":1,\"tag\":\"t\"}", "{\"op\":\"submit\",\"tag\":{}}",
		"{\"op\":\"nosuch\",\"tag\":\"t\"}", "{\"op\":null,\"tag\":null}", "{\"op\":\"forget\",\"tag\":\"never asked\"}",
		"{\"op\":\"\",\"tag\":\"\"}", "{\"op\":\"SUBMIT\",\"tag\":\"t\"}",
	};
	int fd = stranger();

	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
		send_frame(fd, frames[i]);
	some_turns();
	cr_expect_eq(received(fd), -1, "an answer, or the end of the connection");
	expect_service();
	cr_expect_eq(world_count(w.db, "job"), 1);
	send_frame(fd, "{\"op\":\"cancel\",\"tag\":\"t\"}");
	UNTIL(received(fd) > 0);
	close(fd);
}

/* An order that lacks something is refused by itself: it must not break the commit of others. */
Test(control, orders_that_lack_something)
{
	static const char *const members[] = {
		"gateway_id", "cluster_id", "service_id", "service", "type", "params", "requested_by",
	};
	struct job order = order_of("lab", "quick", "{}");
	int fd = stranger();

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		struct wait *good = NULL;
		struct job bad = order;
		const char **const places[] = {
			&bad.gateway_id, &bad.cluster_id, &bad.service_id, &bad.service, &bad.type, &bad.params, &bad.requested_by,
		};
		struct wait *half;

		*places[i] = NULL;
		bad.request_id = id_uuid(w.ctx);
		half = submit_job("half", &bad);
		good = submit("good", "quick");
		UNTIL(is_over(half) && is_over(good));
		cr_expect_eq(half->event, WAIT_REFUSED, "without %s", members[i]);
		cr_expect_eq(good->event, WAIT_DONE, "with an order that lacks %s", members[i]);
		cr_expect_not(find_job(half, &bad));
		cr_expect_not(dispatch->failing);
	}
	close(fd);
}

Test(control, a_client_that_leaves_in_the_middle_of_a_frame)
{
	for (int i = 0; i < 3; i++) {
		int fd = stranger();

		send_bytes(fd, "\0\0\1\0{\"op\":\"sub", 14);
		if (i > 0)
			some_turns();
		if (i == 2)
			shutdown(fd, SHUT_WR);
		close(fd);
		some_turns();
	}
	expect_service();
	link_close(asking);
	UNTIL(TAILQ_EMPTY(&dispatch->clients));
}

/* A frame that comes byte by byte is a frame. */
Test(control, a_slow_client)
{
	static const char text[] = "{\"op\":\"cancel\",\"tag\":\"t\",\"job_id\":\"none\"}";
	int fd = stranger();

	send_bytes(fd, "\0\0\0", 3);
	pump();
	send_bytes(fd, &(char){ sizeof text - 1 }, 1);
	for (size_t i = 0; i < sizeof text - 1; i++) {
		cr_expect_eq(received(fd), -1);
		send_bytes(fd, text + i, 1);
		loop_turn(loop, TURN_MS);
	}
	UNTIL(received(fd) > 0);
	close(fd);
}

Test(control, many_clients)
{
	enum { MANY = 100 };
	int fds[MANY];

	for (int i = 0; i < MANY; i++) {
		fds[i] = stranger();
		send_frame(fds[i], "{\"op\":\"cancel\",\"tag\":\"t\"}");
		if (i % 10 == 0)
			pump();
	}
	for (int i = 0; i < MANY; i++)
		UNTIL(received(fds[i]) > 0);
	expect_service();
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
}

/* A dead dispatcher's socket is replaced; without one there is a clear error. */
Test(control, without_a_dispatcher)
{
	struct error e = { 0 };

	dispatcher_end();
	cr_expect_eq(access(config_path(w.ctx, w.config, "gatehoused.sock"), F_OK), 0);
	cr_expect_eq(socket_connect(w.config, &e), -1);
	cr_expect_eq(e.code, ERR_UNAVAILABLE);
	world_is_sentence(&e);
	cr_expect_eq(link_connect(asking, &e), ERR_UNAVAILABLE);
	cr_expect_not_null(strstr(e.detail, "on demand"), "%s", e.detail);
	w.config->dispatcher_on_demand = true;
	w.config->dispatcher_program = "/no/such/gatehoused";
	cr_expect_eq(link_connect(asking, &e), ERR_UNAVAILABLE);
	cr_expect_not_null(strstr(e.detail, "/no/such/gatehoused"), "%s", e.detail);
	dispatcher_start();
	expect_service();
}

/* ---- commits that fail ---- */

static struct db *other;
static struct txn lock;

/* Another program writes, and takes its time. */
static void
lock_database(void)
{
	struct error e = { 0 };

	if (other == NULL)
		other = world_connect();
	cr_assert_eq(txn_begin(&lock, other, &e), ERR_OK, "%s", e.detail);
}

static void
unlock_database(void)
{
	txn_end(&lock);
}

/* Long enough for the dispatcher to have tried again, in vain. */
static void
some_retries(void)
{
	int64_t until = clock_mono() + RETRIES_MS;

	UNTIL(clock_mono() > until);
	cr_expect(dispatch->failing);
}

Test(dispatch_fault, new_orders_are_refused)
{
	struct job order = order_of("lab", "quick", "{}");
	struct wait *a, *b;
	struct job j;

	lock_database();
	a = submit_job("a", &order);
	b = submit("b", "quick");
	UNTIL(is_over(a) && is_over(b));
	cr_expect_eq(a->event, WAIT_REFUSED);
	cr_expect_eq(a->code, ERR_UNAVAILABLE);
	cr_expect_not_null(strstr(a->detail, "locked"), "%s", a->detail);
	cr_expect_not(a->accepted);
	cr_expect_eq(b->code, ERR_UNAVAILABLE);
	cr_expect_eq(dispatch->n_running, 0);
	cr_expect_eq(dispatch->n_queued, 0);
	cr_expect(TAILQ_EMPTY(&dispatch->all));
	unlock_database();
	cr_expect_not(find_job(a, &j));
	/* The caller may try again with the very same order. */
	a = submit_job("c", &order);
	UNTIL(is_over(a));
	cr_expect_eq(a->event, WAIT_DONE);
	expect_state(a, "completed");
	cr_expect_eq(world_count(w.db, "job"), 1);
}

Test(dispatch_fault, an_end_is_kept_until_it_can_be_written)
{
	struct wait *soon = submit("s", "soon"), *slow = submit("l", "slow"), *cancel;
	struct job j;

	UNTIL(soon->accepted && slow->accepted);
	lock_database();
	UNTIL(dispatch->failing);
	/* What came of the retries is the same: nothing is told that is not on disk. */
	some_retries();
	cr_expect_eq(soon->event, WAIT_ACCEPTED);
	expect_state(soon, "running");
	cancel = ask("x", order_cancel(w.ctx, job_of(slow).id, PATIENCE_MS));
	some_turns();
	cr_expect_eq(cancel->event, WAIT_SENT);
	unlock_database();
	UNTIL(is_over(soon) && is_over(slow) && is_over(cancel));
	j = job_of(soon);
	cr_expect_str_eq(j.state, "completed");
	cr_expect_eq(j.return_code, 0);
	cr_expect_str_eq(output_of(&j, 0)->at, "late");
	expect_state(slow, "canceled");
	cr_expect_eq(dispatch->n_running, 0);
	cr_expect(TAILQ_EMPTY(&dispatch->all));
	expect_service();
}

/* A run whose turn comes is not started before its start is on disk. */
Test(dispatch_fault, a_start_waits_too)
{
	struct wait *all[5];
	struct job j;

	for (int i = 0; i < 5; i++)
		all[i] = submit("a", "soon");
	UNTIL(all[4]->accepted);
	cr_assert_str_eq(job_of(all[4]).state, "queued", "four at once");
	lock_database();
	some_retries();
	expect_state(all[4], "queued");
	unlock_database();
	UNTIL(is_over(all[4]));
	for (int i = 0; i < 5; i++) {
		UNTIL(is_over(all[i]));
		j = job_of(all[i]);
		cr_expect_str_eq(j.state, "completed");
		cr_expect_eq((size_t)j.stdout_bytes, output_of(&j, 0)->len, "once");
	}
	cr_expect_eq(dispatch->n_running, 0);
}

/* SQLITE_FULL, which ends a transaction by itself. */
Test(dispatch_fault, a_full_disk)
{
	char *large = memset(mem_bytes(w.ctx, PARAMS_BYTES + 1), 'x', PARAMS_BYTES);
	struct job order = order_of("lab", "echo", mem_printf(w.ctx, "{\"a\":\"%s\"}", large)), j;
	struct wait *soon = submit("s", "soon"), *a;

	UNTIL(soon->accepted);
	world_exec(w.db, mem_printf(w.ctx, "PRAGMA max_page_count=%lld",
	    (long long)world_pragma(w.db, "PRAGMA page_count")));
	a = submit_job("a", &order);
	UNTIL(is_over(a));
	cr_expect_eq(a->event, WAIT_REFUSED);
	cr_expect_eq(a->code, ERR_UNAVAILABLE);
	cr_expect_not_null(strstr(a->detail, "full"), "%s", a->detail);
	cr_expect_not(find_job(a, &j));
	UNTIL(dispatch->failing || is_over(soon));
	world_exec(w.db, "PRAGMA max_page_count=1000000");
	a = submit_job("b", &order);
	UNTIL(is_over(soon) && is_over(a));
	cr_expect_eq(a->event, WAIT_DONE);
	j = job_of(a);
	cr_expect_str_eq(j.state, "completed");
	cr_expect_eq(output_of(&j, 0)->len, PARAMS_BYTES + 8);
	j = job_of(soon);
	cr_expect_str_eq(j.state, "completed");
	cr_expect_str_eq(output_of(&j, 0)->at, "late");
}

/* ---- output that has no place to go ---- */

static struct wait *
submit_big(void)
{
	const char *code = mem_printf(w.ctx, "%s/code", w.dir);
	const struct item sh = { "i", "here0", "executable-objects", "sh", "{\"name\":\"sh\",\"exec-command\":\"/bin/sh\"}" };
	const struct service s = {
		.id = "0", .uuid = "0", .gateway_id = "here0", .name = "big", .type = "executable",
		.definition = mem_printf(w.ctx, "{\"name\":\"big\",\"type\":\"executable\",\"executable-object\":\"sh\","
		    "\"filename\":\"big.sh\",\"working-directory\":\"%s\"}", code),
	};
	struct error e = { 0 };
	struct job order;
	FILE *f;

	cr_assert_eq(mkdir(code, 0755), 0);
	f = fopen(mem_printf(w.ctx, "%s/big.sh", code), "w");
	cr_assert_not_null(f);
	fprintf(f, "yes | head -c %d\n", BIG_BYTES);
	cr_assert_eq(fclose(f), 0);
	w.config->local_roots = code;
	w.config->run_max_output = BIG_KEPT;
	world_gateway("here0", "here", "local", "{}");
	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
		cr_assert_eq(item_put(w.db, &sh, &e), ERR_OK);
		cr_assert_eq(service_put(w.db, &s, &e), ERR_OK);
		cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	}
	order = order_of("here", "big", "{}");
	return submit_job("big", &order);
}

/* A service that writes on while commits fail is held up; nothing piles up here, and nothing is lost of the count. */
Test(dispatch_fault, output_is_held_up)
{
	struct wait *big = submit_big();
	const struct run *r;
	struct job j;
	size_t held;

	UNTIL(big->accepted);
	r = TAILQ_FIRST(&dispatch->all);
	lock_database();
	UNTIL(r->held || is_over(big));
	cr_assert(r->held);
	some_turns();
	held = r->keep[0].pending->len;
	some_turns();
	cr_expect_eq(r->keep[0].pending->len, held, "it still takes more");
	cr_expect_lt(held, PENDING_MAX);
	unlock_database();
	UNTIL(is_over(big));
	j = job_of(big);
	cr_expect_str_eq(j.state, "completed", "%s", j.error != NULL ? j.error : "");
	cr_expect_eq(j.stdout_bytes, BIG_BYTES);
	cr_expect(j.truncated);
	cr_expect_geq(output_of(&j, 0)->len, BIG_KEPT);
	cr_expect_lt(output_of(&j, 0)->len, 2 * BIG_KEPT);
}

/*
 * It is told to stop while nothing can be written: it leaves all the same, with a run whose output has no place to go, one
 * that has ended and one that waits. Nobody was told of an end, and the next one tells the truth.
 */
Test(dispatch_fault, it_stops_all_the_same)
{
	struct wait *big, *soon, *queued;
	const struct run *r;

	w.config->run_grace = 0;
	dispatch->parallel = 2;
	big = submit_big();
	UNTIL(big->accepted);
	r = TAILQ_FIRST(&dispatch->all);
	soon = submit("s", "soon");
	queued = submit("q", "slow");
	UNTIL(soon->accepted && queued->accepted);
	lock_database();
	UNTIL(r->held && dispatch->failing);
	dispatch_stop(dispatch);
	loop_run(loop);
	cr_expect(dispatch->failing);
	take_replies(asking);
	cr_expect_eq(big->event, WAIT_ACCEPTED);
	cr_expect_eq(soon->event, WAIT_ACCEPTED);
	dispatcher_end();
	unlock_database();
	expect_state(big, "running");
	expect_state(soon, "running");
	expect_state(queued, "queued");
	dispatcher_start();
	UNTIL(strcmp(job_of(queued).state, "running") == 0);
	expect_state(big, "lost");
	expect_state(soon, "lost");
}
