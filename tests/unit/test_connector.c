#include "connector_fixture.h"

/*
 * One suite for every kind of connector, and what is the simulator's own.
 * What is the local connector's own: test_local.c.
 */

TestSuite(connector, .timeout = LIMIT, .init = begin, .fini = finish);

/* The same services on each kind: quick says out and err and ends with 3, slow says up and never ends. */
struct kind {
	const char *name, *settings, *bad_settings, *fault;
};

static const struct kind kinds[] = {
	{ "local", "{}", "{\"speed\":1}", "settings.speed" },
	{ "simulator",
	    "{\"services\":[{\"name\":\"quick\",\"stdout\":\"out\\n\",\"stderr\":\"err\\n\",\"return_code\":3},"
	    "{\"name\":\"slow\",\"delay_ms\":86400000}]}",
	    "{\"services\":[{\"name\":1}]}", "settings.services[0].name" },
};

enum { KINDS = sizeof kinds / sizeof *kinds };

static struct wish
wish_for(const char *service)
{
	static const char *const scripts[][2] = {
		{ "quick.sh", "echo out; echo err >&2; exit 3\n" },
		{ "slow.sh", "echo up; exec sleep 1000\n" },
	};

	/* Not twice: a shell may be reading it. */
	for (size_t i = 0; i < 2; i++)
		if (access(mem_printf(ctx, "%s/%s", code, scripts[i][0]), F_OK) != 0)
			put_file(scripts[i][0], 0600, scripts[i][1]);
	return (struct wish){
		.service = service, .type = "executable",
		.definition = mem_printf(ctx, "{\"name\":\"%s\",\"working-directory\":\"%s\",\"filename\":\"%s.sh\","
		    "\"executable-object\":\"sh\"}", service, code, service),
		.executable = "{\"name\":\"sh\",\"exec-command\":\"/bin/sh\"}",
	};
}

static struct seen *
begun(struct conn *c, const char *service)
{
	const struct wish w = wish_for(service);

	return submitted(c, &w);
}

static void
cancel(struct conn *c, const struct seen *s)
{
	struct error e = { 0 };

	cr_assert_eq(conn_cancel(c, s->attempt, &e), ERR_OK, "%s", e.detail);
}

Test(connector, all_kinds_are_found)
{
	size_t n = 0;

	for (const char *const *k = conn_kinds(); *k != NULL; k++, n++) {
		cr_assert_not_null(conn_find(*k));
		cr_expect_str_eq(conn_find(*k)->kind, *k);
		cr_expect_str_eq(kinds[n].name, *k, "a kind without its tests");
	}
	cr_expect_eq(n, KINDS);
	cr_expect_null(conn_find("pull"));
	cr_expect_null(conn_find(""));
	cr_expect_null(conn_find("LOCAL"));
}

Test(connector, a_kind_has_what_it_says_it_can)
{
	for (size_t i = 0; i < KINDS; i++) {
		const struct connector_ops *o = conn_find(kinds[i].name);

		cr_expect(o->check && o->connected && o->open && o->close && o->ping && o->submit);
		cr_expect_eq(o->cancel != NULL, (o->can & CAN_CANCEL) != 0);
		cr_expect_eq(o->hold != NULL, (o->can & CAN_STREAM) != 0);
		cr_expect_eq(o->discover != NULL, (o->can & CAN_DISCOVER) != 0);
	}
}

Test(connector, a_run_gives_its_output_and_its_end)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct conn *c = open_kind(kinds[i].name, kinds[i].settings);
		struct seen *s = begun(c, "quick");

		cr_expect_eq(conn_count(c), 1);
		await(s);
		cr_expect_eq(conn_count(c), 0);
		cr_expect_eq(s->ran, true);
		cr_expect_eq(s->return_code, 3);
		cr_expect_null(s->error);
		cr_expect_null(s->results);
		cr_expect_str_eq(s->out[CONN_STDOUT]->at, "out\n");
		cr_expect_str_eq(s->out[CONN_STDERR]->at, "err\n");
		mem_free(c);
	}
}

Test(connector, a_run_can_be_canceled)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct conn *c = open_kind(kinds[i].name, kinds[i].settings);
		struct seen *s = begun(c, "slow");
		struct error e = { 0 };

		if (conn_find(kinds[i].name)->can & CAN_STREAM)
			await_output(s);
		cancel(c, s);
		cr_expect_eq(s->ended, 0, "ended within cancel");
		cancel(c, s);
		await(s);
		cr_expect_eq(s->ran, true);
		cr_expect_eq(s->return_code, 143);
		cr_expect_eq(conn_cancel(c, s->attempt, &e), ERR_NOT_FOUND);
		mem_free(c);
	}
}

Test(connector, an_unknown_attempt_is_not_found)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct conn *c = open_kind(kinds[i].name, kinds[i].settings);
		struct seen *s = begun(c, "slow");
		struct error e = { 0 };

		cr_expect_eq(conn_cancel(c, "0123456789abcdef01234567", &e), ERR_NOT_FOUND);
		cr_expect_not_null(strstr(e.detail, "0123456789abcdef01234567"));
		cr_expect_eq(conn_cancel(c, "", &e), ERR_NOT_FOUND);
		conn_hold(c, "0123456789abcdef01234567", true);
		cr_expect_eq(conn_count(c), 1);
		cancel(c, s);
		await(s);
		mem_free(c);
	}
}

Test(connector, an_attempt_is_not_submitted_twice)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct conn *c = open_kind(kinds[i].name, kinds[i].settings);
		struct seen *s = begun(c, "slow"), *other = seen_new();
		const struct wish w = wish_for("slow");
		struct error e = { 0 };

		memcpy(other->attempt, s->attempt, sizeof other->attempt);
		cr_expect_eq(submit(c, &w, other, &e), ERR_CONFLICT);
		cr_expect_eq(conn_count(c), 1);
		cancel(c, s);
		await(s);
		cr_expect_eq(other->ended, 0);
		mem_free(c);
	}
}

Test(connector, ping_answers)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct conn *c = open_kind(kinds[i].name, kinds[i].settings);
		struct error e = { 0 };

		cr_expect_eq(conn_ping(c, &e), ERR_OK, "%s", e.detail);
		cr_expect(conn_find(kinds[i].name)->connected(parsed(kinds[i].settings)));
		mem_free(c);
	}
}

Test(connector, bad_settings_do_not_open)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct error e = { 0 };

		cr_expect_null(conn_open(ctx, loop, config, kinds[i].name, "lab", parsed(kinds[i].bad_settings), &e));
		cr_expect_eq(e.code, ERR_INVALID);
		cr_expect_not_null(strstr(e.detail, kinds[i].fault), "%s", e.detail);
		e = (struct error){ 0 };
		cr_expect_null(conn_open(ctx, loop, config, kinds[i].name, "lab", parsed("[]"), &e));
		cr_expect_eq(e.code, ERR_INVALID);
		cr_expect_str_eq(e.field, "settings");
	}
}

Test(connector, no_settings_are_empty_ones)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct error e = { 0 };
		struct conn *c = conn_open(ctx, loop, config, kinds[i].name, "lab", NULL, &e);

		cr_assert_not_null(c, "%s", e.detail);
		cr_expect_eq(conn_ping(c, &e), ERR_OK);
		mem_free(c);
	}
}

Test(connector, an_unknown_kind_does_not_open)
{
	struct error e = { 0 };

	cr_expect_null(conn_open(ctx, loop, config, "carrier-pigeon", "lab", NULL, &e));
	cr_expect_eq(e.code, ERR_INVALID);
	cr_expect_not_null(strstr(e.detail, "carrier-pigeon"));
}

Test(connector, runs_at_once_do_not_mix)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct conn *c = open_kind(kinds[i].name, kinds[i].settings);
		struct seen *slow = begun(c, "slow"), *one = begun(c, "quick"), *two = begun(c, "quick");

		cr_expect_eq(conn_count(c), 3);
		await(one);
		await(two);
		cr_expect_eq(slow->ended, 0);
		cr_expect_eq(conn_count(c), 1);
		cr_expect_str_eq(one->out[0]->at, "out\n");
		cr_expect_str_eq(two->out[0]->at, "out\n");
		cancel(c, slow);
		await(slow);
		mem_free(c);
	}
}

Test(connector, gateways_do_not_mix)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct conn *a = open_kind(kinds[i].name, kinds[i].settings);
		struct conn *b = open_kind(kinds[i].name, kinds[i].settings);
		struct seen *s = begun(a, "slow"), *t = begun(b, "quick");
		struct error e = { 0 };

		cr_expect_eq(conn_cancel(b, s->attempt, &e), ERR_NOT_FOUND);
		await(t);
		mem_free(b);
		cr_expect_eq(s->ended, 0);
		cancel(a, s);
		await(s);
		mem_free(a);
	}
}

Test(connector, closing_ends_what_is_under_way)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct conn *c = open_kind(kinds[i].name, kinds[i].settings);
		struct seen *s = begun(c, "slow");

		if (conn_find(kinds[i].name)->can & CAN_STREAM)
			await_output(s);
		mem_free(c);
		for (int n = 0; n < 5; n++)
			loop_turn(loop, 10);
		cr_expect_eq(s->ended, 0);
		cr_expect_eq(proc_kill_marked(mem_printf(ctx, "GATEHOUSE_JOB_ID=%s", s->job)), 0);
	}
}

Test(connector, the_gateway_may_be_closed_by_the_end_of_its_last_run)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct conn *c = open_kind(kinds[i].name, kinds[i].settings);
		struct seen *s = begun(c, "quick");

		s->closes = c;
		await(s);
		cr_expect_eq(s->return_code, 3);
	}
}

Test(connector, output_is_held_up_where_the_kind_can)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct conn *c = open_kind(kinds[i].name, kinds[i].settings);
		bool can = (conn_find(kinds[i].name)->can & CAN_STREAM) != 0;
		struct seen *s = begun(c, "quick");

		conn_hold(c, s->attempt, true);
		for (int n = 0; n < 30; n++)
			loop_turn(loop, 10);
		cr_expect_eq(s->ended, !can);
		cr_expect_eq(s->out[0]->len == 0, can);
		conn_hold(c, s->attempt, false);
		await(s);
		cr_expect_str_eq(s->out[0]->at, "out\n");
		mem_free(c);
	}
}

/* --- simulator --- */

static void
expect_faults(const char *settings, size_t n, const char *path, const char *says)
{
	struct faults *faults = faults_new(ctx);

	conn_find("simulator")->check(parsed(settings), faults);
	cr_assert_eq(faults->count, n, "%s: %s", settings, faults_text(ctx, faults));
	if (n == 0)
		return;
	cr_expect_str_eq(faults->at[0].path, path);
	cr_expect_not_null(strstr(faults->at[0].text, says), "%s", faults->at[0].text);
}

Test(connector, simulator_settings)
{
	static const struct {
		const char *settings;
		size_t n;
		const char *path, *says;
	} cases[] = {
		{ "{}", 0, "", "" },
		{ "{\"connected\":false,\"services\":[]}", 0, "", "" },
		{ "{\"services\":[{\"name\":\"a\",\"type\":\"opentofu-plan\",\"description\":\"d\",\"decorator\":"
		    "{\"type\":\"object\"},\"stdout\":\"\",\"stderr\":\"e\",\"return_code\":255,\"delay_ms\":0,"
		    "\"results\":[{}]}]}", 0, "", "" },
		{ "[]", 1, "settings", "must be an object" },
		{ "{\"connected\":1}", 1, "settings.connected", "true or false" },
		{ "{\"connected\":null}", 1, "settings.connected", "true or false" },
		{ "{\"colour\":1}", 1, "settings.colour", "not known" },
		{ "{\"services\":{}}", 1, "settings.services", "must be an array" },
		{ "{\"services\":[1,null]}", 2, "settings.services[0]", "must be an object" },
		{ "{\"services\":[{}]}", 1, "settings.services[0].name", "is required" },
		{ "{\"services\":[{\"name\":null}]}", 1, "settings.services[0].name", "must be a text" },
		{ "{\"services\":[{\"name\":\"\"}]}", 1, "settings.services[0].name", "empty" },
		{ "{\"services\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"a\"}]}", 1,
		    "settings.services[2].name", "twice" },
		{ "{\"services\":[{\"name\":\"a\",\"type\":\"shell\"}]}", 1, "settings.services[0].type", "one of" },
		{ "{\"services\":[{\"name\":\"a\",\"type\":3}]}", 1, "settings.services[0].type", "one of" },
		{ "{\"services\":[{\"name\":\"a\",\"stdout\":{}}]}", 1, "settings.services[0].stdout", "a text" },
		{ "{\"services\":[{\"name\":\"a\",\"return_code\":256}]}", 1,
		    "settings.services[0].return_code", "0 to 255" },
		{ "{\"services\":[{\"name\":\"a\",\"return_code\":-1}]}", 1,
		    "settings.services[0].return_code", "0 to 255" },
		{ "{\"services\":[{\"name\":\"a\",\"return_code\":1.5}]}", 1,
		    "settings.services[0].return_code", "whole" },
		{ "{\"services\":[{\"name\":\"a\",\"delay_ms\":\"1\"}]}", 1,
		    "settings.services[0].delay_ms", "whole" },
		{ "{\"services\":[{\"name\":\"a\",\"delay_ms\":86400001}]}", 1,
		    "settings.services[0].delay_ms", "86400000" },
		{ "{\"services\":[{\"name\":\"a\",\"results\":{}}]}", 1, "settings.services[0].results", "array" },
		{ "{\"services\":[{\"name\":\"a\",\"results\":[{},1]}]}", 1,
		    "settings.services[0].results[1]", "object" },
		{ "{\"services\":[{\"name\":\"a\",\"decorator\":\"x\"}]}", 1,
		    "settings.services[0].decorator", "Schema" },
		{ "{\"services\":[{\"name\":\"a\",\"decorator\":{\"properties\":{\"n\":{\"type\":\"nmber\"}}}}]}", 1,
		    "settings.services[0].decorator/properties/n/type", "" },
		{ "{\"x\":1,\"connected\":2,\"services\":[{\"nam\":\"a\"}]}", 4, "settings.x", "not known" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_faults(cases[i].settings, cases[i].n, cases[i].path, cases[i].says);
}

Test(connector, simulator_names_have_a_length)
{
	char *name = memset(mem_bytes(ctx, 130), 'x', 129);

	expect_faults(mem_printf(ctx, "{\"services\":[{\"name\":\"%s\"}]}", name), 1, "settings.services[0].name", "128");
	name[128] = '\0';
	expect_faults(mem_printf(ctx, "{\"services\":[{\"name\":\"%s\"}]}", name), 0, "", "");
}

Test(connector, simulator_discovers_what_its_settings_have)
{
	size_t n = 0;
	struct json_object *settings = parsed("{\"services\":[{\"name\":\"a\",\"decorator\":{\"type\":\"object\"}},"
	    "{\"name\":\"b\",\"type\":\"executable\",\"description\":\"does b\"}]}");
	const struct conn_service *s = conn_find("simulator")->discover(ctx, settings, &n);

	cr_assert_eq(n, 2);
	cr_expect_str_eq(s[0].name, "a");
	cr_expect_str_eq(s[0].type, "python-script");
	cr_expect_str_eq(s[0].description, "");
	cr_expect_str_eq(json_text(ctx, s[0].definition), "{\"name\":\"a\",\"decorator\":{\"type\":\"object\"}}");
	cr_expect_str_eq(s[1].type, "executable");
	cr_expect_str_eq(s[1].description, "does b");
	conn_find("simulator")->discover(ctx, parsed("{}"), &n);
	cr_expect_eq(n, 0);
}

static struct seen *
simulated(const char *settings, const char *params)
{
	const struct wish w = { .service = "a", .type = "python-script", .definition = "{}", .params = params };
	struct conn *c = open_kind("simulator", settings);
	struct seen *s = submitted(c, &w);

	await(s);
	mem_free(c);
	return s;
}

Test(connector, simulator_answers_by_default)
{
	struct seen *s = simulated("{}", "{\"b\":[1, {\"c\":null}],\"a\":\"\303\244/\\\"\"}");

	cr_expect_str_eq(s->out[0]->at, "{\"b\":[1,{\"c\":null}],\"a\":\"\303\244/\\\"\"}");
	cr_expect_eq(s->out[1]->len, 0);
	cr_expect_eq(s->return_code, 0);
	cr_expect_str_eq(simulated("{}", "{}")->out[0]->at, "{}");
	cr_expect_str_eq(simulated("{\"services\":[{\"name\":\"a\",\"stdout\":\"\"}]}", "{}")->out[0]->at, "");
}

Test(connector, simulator_gives_results)
{
	struct seen *s = simulated("{\"services\":[{\"name\":\"a\",\"delay_ms\":5,\"results\":[{\"name\":\"r1\"}]}]}", "{}");

	cr_expect_str_eq(s->results, "[{\"name\":\"r1\"}]");
	cr_expect_null(s->error);
}

Test(connector, simulator_can_be_away)
{
	struct conn *c = open_kind("simulator", "{\"connected\":false}");
	const struct wish w = { .service = "a", .type = "python-script", .definition = "{}" };
	struct error e = { 0 };

	cr_expect_not(conn_find("simulator")->connected(parsed("{\"connected\":false}")));
	cr_expect_eq(conn_ping(c, &e), ERR_UNAVAILABLE);
	cr_expect_str_eq(e.detail, "No connection found to Gateway with cluster id lab");
	expect_refused(c, &w, ERR_UNAVAILABLE, "No connection found to Gateway with cluster id lab");
	mem_free(c);
}
