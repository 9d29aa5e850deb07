#include "dispatch_world.h"

#include "base/clock.h"

/* What is known of a run before it is sent, and how it is sent. */

TestSuite(order, .init = dispatch_world_open, .fini = dispatch_world_end, .timeout = 120);

enum { SHORT_MS = 200 };

/* ---- finding ---- */

static void
expect_not_found(const char *cluster_id, const char *service, enum err is, const char *says)
{
	struct gateway g = { 0 };
	struct service s = { 0 };
	struct error e = { 0 };

	cr_expect_eq(order_find(w.ctx, w.db, cluster_id, service, &g, &s, &e), is, "%s", e.detail);
	cr_expect_str_eq(e.detail, says);
}

Test(order, finding_a_gateway_and_a_service)
{
	struct gateway g = { 0 };
	struct service s = { 0 };
	struct error e = { 0 };

	cr_assert_eq(order_find(w.ctx, w.db, "lab", "quick", &g, &s, &e), ERR_OK, "%s", e.detail);
	cr_expect_str_eq(g.id, "lab0");
	cr_expect_str_eq(s.name, "quick");
	expect_not_found("nosuch", "quick", ERR_NOT_FOUND, "No connection found to Gateway with cluster id nosuch");
	expect_not_found("", "", ERR_NOT_FOUND, "No connection found to Gateway with cluster id ");
	expect_not_found("lab", "nosuch", ERR_NOT_FOUND, "Service not found on cluster");
	expect_not_found("lab", "", ERR_NOT_FOUND, "Service not found on cluster");
	world_exec(w.db, "UPDATE service SET active = 0");
	expect_not_found("lab", "quick", ERR_NOT_FOUND, "Service not found on cluster");
	world_exec(w.db, "UPDATE service SET active = 1; UPDATE gateway SET readonly = 1");
	expect_not_found("lab", "quick", ERR_INVALID, "Gateway lab is read-only: runs are refused");
	world_exec(w.db, "UPDATE gateway SET enabled = 0");
	expect_not_found("lab", "quick", ERR_INVALID, "Gateway lab is disabled");
	world_exec(w.db, "UPDATE gateway SET enabled = 1, readonly = 0, connector_settings = '{\"connected\":false}'");
	expect_not_found("lab", "quick", ERR_NOT_FOUND, "No connection found to Gateway with cluster id lab");
}

Test(order, finding_them_again)
{
	struct job j = order_of("lab", "quick", "{}");
	struct gateway g = { 0 };
	struct service s = { 0 };
	struct error e = { 0 };

	cr_expect_eq(order_find_again(w.ctx, w.db, &j, &g, &s, &e), ERR_OK, "%s", e.detail);
	world_exec(w.db, "UPDATE gateway SET cluster_id = 'renamed'");
	cr_expect_eq(order_find_again(w.ctx, w.db, &j, &g, &s, &e), ERR_OK, "it is known by its id: %s", e.detail);
	cr_expect_str_eq(g.cluster_id, "renamed");
	world_exec(w.db, "DELETE FROM service");
	cr_expect_eq(order_find_again(w.ctx, w.db, &j, &g, &s, &e), ERR_NOT_FOUND);
	cr_expect_str_eq(e.detail, "Service not found on cluster");
	world_exec(w.db, "DELETE FROM gateway");
	cr_expect_eq(order_find_again(w.ctx, w.db, &j, &g, &s, &e), ERR_NOT_FOUND);
	cr_expect_str_eq(e.detail, "No connection found to Gateway with cluster id lab");
}

/* ---- parameters ---- */

#define SECRET_SCHEMA \
	"{\"type\":\"object\",\"properties\":{\"key\":{\"type\":\"string\",\"format\":\"password\"}," \
	"\"n\":{\"type\":\"integer\",\"minimum\":1,\"default\":7},\"pin\":{\"format\":\"password\"}}," \
	"\"required\":[\"n\"],\"additionalProperties\":false}"

/* A service of "lab" with DEFINITION. */
static struct service
service_with(const char *definition)
{
	return (struct service){
		.name = "s", .type = "executable", .gateway_id = "lab0", .definition = definition,
	};
}

static void
put_decorator(const char *name, const char *body)
{
	const struct item item = { id_new(w.ctx), "lab0", "decorators", name, body };
	struct error e = { 0 };
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(item_put(w.db, &item, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

/* Of the whole test, as a program has it. */
static struct schema_keep *
keep(void)
{
	static struct schema_keep *one;

	if (one == NULL)
		one = schema_keep_new(w.ctx);
	return one;
}

struct checked {
	enum err rc;
	const char *shown, *sent;	/* SENT is the params as they are after the check */
	bool secret;
	struct error e;
};

static struct checked
check(const char *definition, const char *params)
{
	struct service s = service_with(definition);
	struct json_object *o = json_own(w.ctx, params);
	struct checked c = { 0 };

	cr_assert_not_null(o, "%s", params);
	c.rc = order_check_params(w.ctx, w.db, keep(), &s, o, &c.shown, &c.secret, &c.e);
	c.sent = json_text(w.ctx, o);
	return c;
}

Test(order, params_without_a_decorator)
{
	struct checked c = check("{\"name\":\"s\"}", "{\"any\":[1,{\"thing\":null}],\"key\":\"x\"}");

	cr_expect_eq(c.rc, ERR_OK);
	cr_expect_not(c.secret);
	cr_expect_str_eq(c.shown, "{\"any\":[1,{\"thing\":null}],\"key\":\"x\"}");
	cr_expect_str_eq(c.sent, c.shown);
	cr_expect_eq(check("{\"name\":\"s\",\"decorator\":null}", "{}").rc, ERR_OK);
}

Test(order, params_take_defaults_and_are_masked)
{
	struct checked c;

	put_decorator("d", "{\"name\":\"d\",\"schema\":" SECRET_SCHEMA "}");
	c = check("{\"decorator\":\"d\"}", "{}");
	cr_expect_eq(c.rc, ERR_OK, "%s", c.e.detail);
	cr_expect_str_eq(c.sent, "{\"n\":7}");
	cr_expect_str_eq(c.shown, "{\"n\":7}");
	cr_expect_not(c.secret, "there is nothing to hide");
	c = check("{\"decorator\":\"d\"}", "{\"key\":\"hush\",\"n\":2,\"pin\":[1,{\"a\":\"hush\"}]}");
	cr_expect_eq(c.rc, ERR_OK, "%s", c.e.detail);
	cr_expect(c.secret);
	cr_expect_str_eq(c.sent, "{\"key\":\"hush\",\"n\":2,\"pin\":[1,{\"a\":\"hush\"}]}");
	cr_expect_str_eq(c.shown, "{\"key\":\"********\",\"n\":2,\"pin\":\"********\"}");
	c = check("{\"decorator\":\"d\"}", "{\"key\":\"\",\"pin\":null}");
	cr_expect_str_eq(c.shown, "{\"key\":\"********\",\"pin\":\"********\",\"n\":7}", "whatever it is");
	/* A discovered service brings its schema along. */
	c = check("{\"decorator\":" SECRET_SCHEMA "}", "{\"key\":\"hush\"}");
	cr_expect_str_eq(c.shown, "{\"key\":\"********\",\"n\":7}");
}

Test(order, params_that_do_not_fit)
{
	struct checked c = check("{\"decorator\":" SECRET_SCHEMA "}", "{\"key\":1234567,\"n\":0,\"more\":1}");

	cr_expect_eq(c.rc, ERR_INVALID);
	cr_expect_not_null(strstr(c.shown, "/key"), "%s", c.shown);
	cr_expect_not_null(strstr(c.shown, "/n"), "%s", c.shown);
	cr_expect_not_null(strstr(c.shown, "more"), "all faults at once: %s", c.shown);
	cr_expect_null(strstr(c.shown, "1234567"), "%s", c.shown);
	cr_expect_null(strstr(c.e.detail, "1234567"));
	cr_expect_not_null(strstr(c.e.detail, "Invalid parameters"), "%s", c.e.detail);
}

/* A compiled schema is kept, and yet a decorator that was changed is seen by the very next run. */
Test(order, changed_decorators)
{
	static const char definition[] = "{\"decorator\":\"d\"}";
	struct service s = service_with(definition);
	const struct schema *first, *again;
	struct faults *faults = faults_new(w.ctx);
	struct error e = { 0 };

	for (int most = 1; most < 20; most++) {
		const char *over = mem_printf(w.ctx, "{\"n\":%d}", most + 1);
		const char *schema = mem_printf(w.ctx,
		    "{\"name\":\"d\",\"schema\":{\"properties\":{\"n\":{\"maximum\":%d}}}}", most);

		put_decorator("d", schema);
		cr_assert_eq(order_decorator(w.ctx, w.db, keep(), &s, &first, faults, &e), ERR_OK);
		cr_expect_eq(check(definition, over).rc, ERR_INVALID, "%d", most);
		cr_expect_eq(check(definition, mem_printf(w.ctx, "{\"n\":%d}", most)).rc, ERR_OK, "%d", most);
		cr_assert_eq(order_decorator(w.ctx, w.db, keep(), &s, &again, faults, &e), ERR_OK);
		cr_expect_eq(first, again, "it is compiled once");
	}
	world_exec(w.db, "DELETE FROM item");
	cr_expect_eq(check(definition, "{}").rc, ERR_NOT_FOUND);
	/* of a discovered service it is the definition that is changed */
	cr_expect_eq(check("{\"decorator\":{\"required\":[\"a\"]}}", "{}").rc, ERR_INVALID);
	cr_expect_eq(check("{\"decorator\":{\"required\":[]}}", "{}").rc, ERR_OK);
}

/* It fails closed: what cannot be checked does not run. */
Test(order, decorators_that_cannot_be_used)
{
	struct checked c = check("{\"decorator\":\"gone\"}", "{}");

	cr_expect_eq(c.rc, ERR_NOT_FOUND);
	cr_expect_not_null(strstr(c.e.detail, "gone"), "%s", c.e.detail);
	put_decorator("bad", "{\"name\":\"bad\",\"schema\":{\"type\":\"nonsense\"}}");
	c = check("{\"decorator\":\"bad\"}", "{}");
	cr_expect_eq(c.rc, ERR_INVALID);
	cr_expect_not_null(strstr(c.shown, "cannot be used"), "%s", c.shown);
	c = check("{\"decorator\":{\"$ref\":\"https://example.org/x\"}}", "{}");
	cr_expect_eq(c.rc, ERR_INVALID);
	c = check("{\"decorator\":7}", "{}");
	cr_expect_eq(c.rc, ERR_INVALID);
	c = check("{\"decorator\":false}", "{}");
	cr_expect_eq(c.rc, ERR_INVALID, "a schema that nothing fits");
}

/* ---- waits ---- */

static struct json_object *
frame_of(const struct wait *wait)
{
	struct text *in = text_new(w.ctx, 2 * (size_t)FRAME_MAX);
	struct json_object *o;
	struct error e = { 0 };

	text_add(in, wait->frame, wait->frame_len);
	cr_assert_eq(frame_take(w.ctx, in, &o, &e), ERR_OK, "%s", e.detail);
	cr_assert_not_null(o);
	cr_expect_eq(in->len, 0);
	cr_expect_str_eq(json_get_text(o, "tag"), wait->tag);
	return o;
}

Test(order, frames)
{
	static const int64_t seen[2] = { 5, INT64_MAX };
	struct job j = order_of("lab", "quick", "{\"a\":1}");
	struct json_object *o;
	struct wait *a;

	j.inventory = "{\"inventory_nodes\":[]}";
	a = order_submit(w.ctx, &j, true, PATIENCE_MS);
	o = frame_of(a);
	cr_expect(id_is_uuid(a->tag));
	cr_expect(a->until_accepted);
	cr_expect_eq(a->event, WAIT_SENT);
	cr_expect_geq(a->deadline, clock_mono());
	cr_expect_str_eq(json_get_text(o, "op"), "submit");
	cr_expect_str_eq(json_get_text(o, "request_id"), j.request_id);
	cr_expect_str_eq(json_get_text(o, "params"), "{\"a\":1}");
	cr_expect_str_eq(json_get_text(o, "inventory"), j.inventory);
	cr_expect_null(json_get_text(o, "order_params"));
	cr_expect_str_neq(order_submit(w.ctx, &j, true, PATIENCE_MS)->tag, a->tag, "each wait has its own");
	o = frame_of(order_cancel(w.ctx, "job", PATIENCE_MS));
	cr_expect_str_eq(json_get_text(o, "op"), "cancel");
	cr_expect_str_eq(json_get_text(o, "job_id"), "job");
	o = frame_of(order_follow(w.ctx, "job", seen, PATIENCE_MS));
	cr_expect_eq(json_object_get_int64(json_get(o, "stdout")), 5);
	cr_expect_eq(json_object_get_int64(json_get(o, "stderr")), INT64_MAX);
	o = frame_of(order_await(w.ctx, "job", PATIENCE_MS));
	cr_expect_eq(json_object_get_int64(json_get(o, "stdout")), INT64_MAX);
	o = frame_of(order_ping(w.ctx, "lab0", PATIENCE_MS));
	cr_expect_str_eq(json_get_text(o, "gateway_id"), "lab0");
}

Test(order, what_ends_a_wait)
{
	static const struct {
		enum wait_event event;
		bool until_accepted, ends;
	} cases[] = {
		{ WAIT_ACCEPTED, false, false }, { WAIT_ACCEPTED, true, true }, { WAIT_DONE, false, true },
		{ WAIT_DONE, true, true }, { WAIT_REFUSED, false, true }, { WAIT_REFUSED, true, true },
	};
	struct job j = order_of("lab", "quick", "{}");

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wait *a = order_submit(w.ctx, &j, cases[i].until_accepted, PATIENCE_MS);
		char detail[] = "why";
		struct link_reply r = { .tag = a->tag, .event = cases[i].event, .code = ERR_TOO_MANY, .detail = detail };

		cr_expect_eq(wait_note(a, &r), cases[i].ends, "number %zu", i);
		cr_expect_eq(a->event, cases[i].event);
		cr_expect_eq(a->accepted, cases[i].event == WAIT_ACCEPTED);
		cr_expect_eq(a->code, ERR_TOO_MANY);
		detail[0] = 'X';
		cr_expect_str_eq(a->detail, "why", "it is copied");
		r = (struct link_reply){ .tag = a->tag, .event = WAIT_DONE };
		cr_expect(wait_note(a, &r));
		cr_expect_eq(a->accepted, cases[i].event == WAIT_ACCEPTED, "whatever came later");
		cr_expect_str_eq(a->detail, "");
	}
}

/* A program with one request and nothing else to do; nobody answers. */
Test(order, waiting_for_nobody)
{
	struct wait *a = order_ping(w.ctx, "lab0", PATIENCE_MS), *late = order_ping(w.ctx, "lab0", 0),
		    *silent = order_ping(w.ctx, "lab0", SHORT_MS);
	struct error e = { 0 };
	int listener;

	link_wait(asking, a);
	cr_expect_eq(a->event, WAIT_REFUSED);
	cr_expect_eq(a->code, ERR_UNAVAILABLE);
	cr_expect_neq(a->detail[0], '\0');
	link_wait(asking, late);
	cr_expect_eq(late->event, WAIT_OVER);
	listener = socket_listen(w.config, &e);
	cr_assert_geq(listener, 0, "%s", e.detail);
	link_wait(asking, silent);
	cr_expect_eq(silent->event, WAIT_OVER, "it is there and says nothing");
	close(listener);
}

/* Without a connection nothing is sent, and nothing breaks. */
Test(order, a_link_without_a_connection)
{
	struct wait *a = order_ping(w.ctx, "lab0", PATIENCE_MS);
	struct link_reply r;
	struct error e = { 0 };
	bool got = true;

	cr_expect_eq(link_fd(asking), -1);
	cr_expect_eq(link_send(asking, a, &e), ERR_UNAVAILABLE);
	cr_expect_eq(link_receive(asking, w.ctx, &r, &got, &e), ERR_UNAVAILABLE);
	cr_expect_not(got);
	link_forget(asking, a);
	link_close(asking);
	link_close(asking);
	cr_expect_eq(link_fd(asking), -1);
}

/* ---- the socket ---- */

/* A state directory whose path is longer than an address of a socket can be. */
Test(order, a_long_path_to_the_socket)
{
	enum { PARTS = 5 };
	char *path = w.dir, *part = memset(mem_bytes(w.ctx, 101), 'p', 100);
	struct config *c;
	struct error e = { 0 };
	int listener, fd;

	for (int i = 0; i < PARTS; i++) {
		path = mem_printf(w.ctx, "%s/%s", path, part);
		cr_assert_eq(mkdir(path, 0700), 0);
	}
	c = config_defaults(w.ctx, path);
	listener = socket_listen(c, &e);
	cr_assert_geq(listener, 0, "%s", e.detail);
	fd = socket_connect(c, &e);
	cr_expect_geq(fd, 0, "%s", e.detail);
	close(fd);
	close(listener);
	c->state_dir = mem_printf(w.ctx, "%s/none", w.dir);
	cr_expect_eq(socket_listen(c, &e), -1);
	cr_expect_eq(e.code, ERR_UNAVAILABLE);
	cr_expect_eq(socket_connect(c, &e), -1);
	world_is_sentence(&e);
}
