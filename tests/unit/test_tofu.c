#include "environment_world.h"


/*
 * opentofu-plan services of the local connector. Every test is done with the stand-in (tests/standin/tofu), and with
 * the real terraform, which takes the same words, where it is installed.
 */

TestSuite(tofu, .timeout = ENVIRONMENT_LIMIT, .init = begin, .fini = finish);

static const char *state_path;

#define PLAN "{\"variable\":{\"s\":{\"default\":\"none\"},\"o\":{\"default\":null}}," \
	"\"resource\":{\"terraform_data\":{\"first\":{\"input\":\"${var.s}\"}," \
	"\"second\":{\"input\":\"${terraform.workspace}\",\"depends_on\":[\"terraform_data.first\"]}}}," \
	"\"output\":{\"s\":{\"value\":\"${var.s}\"},\"o\":{\"value\":\"${var.o}\"}}}"

static struct wish
plan_wish(bool real, const char *plan, const char *rest, const char *params)
{
	if (real)
		program_is_there("/usr/local/bin/terraform", "terraform");
	config->local_tofu = real ? "terraform" : standin("tofu");
	if (config->local_tofu[0] != '/' && !real)
		config->local_tofu = mem_printf(ctx, "%s/%s", getenv("PWD"), config->local_tofu);
	put_file("main.tf.json", 0600, plan);
	if (state_path == NULL) {
		cr_assert_eq(mkdir(mem_printf(ctx, "%s/work", state), 0700), 0);
		state_path = mem_printf(ctx, "%s/work/terraform.tfstate", state);
	}
	return (struct wish){ .type = "opentofu-plan", .params = params, .state_path = state_path,
	    .definition = definition(rest) };
}

static struct json_object *
state_now(void)
{
	FILE *f = fopen(state_path, "r");
	char *text = mem_bytes(ctx, 4 * KEPT);
	struct json_object *o;

	if (f == NULL)
		return NULL;
	cr_assert_lt(fread(text, 1, 4 * KEPT - 1, f), 4 * KEPT - 1);
	fclose(f);
	o = json_own(ctx, text);
	cr_assert_not_null(o, "%s", text);
	return o;
}

static size_t
resources(void)
{
	return json_object_array_length(json_get(state_now(), "resources"));
}

static struct json_object *
output(const char *name)
{
	return json_get(json_get(json_get(state_now(), "outputs"), name), "value");
}

static struct seen *
done(const struct wish *w)
{
	struct seen *s = ran(w);

	cr_expect_eq(s->return_code, 0, "%s%s%s", s->notes->at, s->out[0]->at, s->out[1]->at);
	return s;
}

static void
plan_apply_destroy(bool real)
{
	struct wish w = plan_wish(real, PLAN, "\"vars\":[\"s=of the service\"]", "{\"action\":\"plan\"}");
	struct seen *s = done(&w);
	const char *lineage;

	cr_expect_not_null(strstr(s->out[0]->at, "2 to add"), "%s", s->out[0]->at);
	cr_expect_not_null(strstr(s->notes->at, "successfully initialized"), "%s", s->notes->at);
	cr_expect_null(state_now());
	w.params = "{\"action\":\"apply\"}";
	s = done(&w);
	cr_expect_eq(resources(), 2);
	cr_expect_str_eq(json_object_get_string(output("s")), "of the service");
	lineage = json_get_text(state_now(), "lineage");
	cr_expect_not_null(lineage);
	s = done(&w);
	cr_expect_not_null(strstr(s->out[0]->at, "0 added"), "%s", s->out[0]->at);
	w.params = "{\"action\":\"destroy\"}";
	done(&w);
	cr_expect_eq(resources(), 0);
	cr_expect_str_eq(json_get_text(state_now(), "lineage"), lineage);
}

Test(tofu, standin_plan_apply_destroy) { plan_apply_destroy(false); }
Test(tofu, real_plan_apply_destroy) { plan_apply_destroy(true); }

/* Files before vars, and what the caller sends after both. */
static void
precedence(bool real)
{
	struct wish w = plan_wish(real, PLAN, "\"plan-vars\":[\"s=-var=x\"],\"var-files\":[\"a.tfvars.json\"]",
	    "{\"action\":\"apply\"}");

	put_file("a.tfvars.json", 0600, "{\"s\":\"file\",\"o\":\"file\"}");
	done(&w);
	cr_expect_str_eq(json_object_get_string(output("s")), "-var=x");
	cr_expect_str_eq(json_object_get_string(output("o")), "file");
	w.params = "{\"action\":\"apply\",\"s\":\"caller\",\"o\":\"caller\"}";
	done(&w);
	cr_expect_str_eq(json_object_get_string(output("s")), "caller");
	cr_expect_str_eq(json_object_get_string(output("o")), "caller");
}

Test(tofu, standin_precedence) { precedence(false); }
Test(tofu, real_precedence) { precedence(true); }

static void
exactly_what_was_sent(bool real)
{
	char *big = mem_bytes(ctx, 102401);
	struct json_object *o = json_keep(ctx, json_object_new_object()), *params;
	struct wish w;

	memset(big, 'x', 102400);
	params = json_own(ctx, "{\"action\":\"apply\",\"s\":\"-rf $(id) `id` ${path.module} %{ for x in y } \\\"q\\\" 'q' \\\\ \\n\\t"
	    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\",\"o\":{\"n\":1.5,\"i\":-7,\"t\":true,\"f\":false,\"l\":[\"a\",1,{\"k\":\"--v\"}],"
	    "\"e\":\"\",\"k y\":\"=\"}}");
	json_set(json_get(params, "o"), "big", json_object_new_string(big));
	json_set(o, "x", NULL);
	w = plan_wish(real, PLAN, "\"vars\":[]", json_text(ctx, params));
	done(&w);
	cr_expect(json_object_equal(output("s"), json_get(params, "s")), "%s", json_text(ctx, output("s")));
	cr_expect(json_object_equal(output("o"), json_get(params, "o")), "%.300s", json_text(ctx, output("o")));
}

Test(tofu, standin_exactly_what_was_sent) { exactly_what_was_sent(false); }
Test(tofu, real_exactly_what_was_sent) { exactly_what_was_sent(true); }

static void
workspace(bool real)
{
	struct wish w = plan_wish(real, PLAN, "\"runtime\":{\"env\":{\"TF_WORKSPACE\":\"blue\"}}", "{\"action\":\"apply\"}");

	done(&w);
	cr_expect_not_null(strstr(json_text(ctx, json_get(state_now(), "resources")), "\"blue\""));
}

Test(tofu, standin_workspace) { workspace(false); }
Test(tofu, real_workspace) { workspace(true); }

#define SLOW "{\"resource\":{\"terraform_data\":{\"first\":{\"input\":\"1\"},\"second\":{\"input\":\"2\"," \
	"\"depends_on\":[\"terraform_data.first\"],\"provisioner\":[{\"local-exec\":{\"command\":\"%s\"}}]}," \
	"\"third\":{\"input\":\"3\",\"depends_on\":[\"terraform_data.second\"]}}}}"

/* What was done before it was told to end is in the state. */
static void
canceled(bool real)
{
	struct wish w = plan_wish(real, mem_printf(ctx, SLOW, "touch begun; sleep 2"), "\"vars\":[]", "{\"action\":\"apply\"}");
	struct conn *c = open_kind("local", "{}");
	struct seen *s = submitted(c, &w);
	struct error e;

	while (access(mem_printf(ctx, "%s/begun", code), F_OK) != 0 && !s->ended)
		loop_turn(loop, TURN_MS);
	cr_assert_eq(conn_cancel(c, s->attempt, &e), ERR_OK);
	await(s);
	cr_expect(s->ran);
	cr_expect_eq(s->return_code, 1, "%d %s%s", s->return_code, s->out[0]->at, s->out[1]->at);
	cr_expect_not_null(strstr(s->out[0]->at, "Gracefully shutting down"), "%s", s->out[0]->at);
	cr_expect_geq(resources(), 1);
	cr_expect_null(strstr(json_text(ctx, state_now()), "\"third\""));
	mem_free(c);
}

Test(tofu, standin_canceled) { canceled(false); }
Test(tofu, real_canceled) { canceled(true); }

/* The long patience has an end too. */
Test(tofu, standin_that_does_not_stop_is_ended)
{
	struct wish w = plan_wish(false, mem_printf(ctx, SLOW, "touch begun; sleep 1000"), "\"vars\":[]", "{\"action\":\"apply\"}");
	struct conn *c;
	struct seen *s;
	struct error e;

	config->run_grace_tofu = 1;
	c = open_kind("local", "{}");
	s = submitted(c, &w);
	while (access(mem_printf(ctx, "%s/begun", code), F_OK) != 0 && !s->ended)
		loop_turn(loop, TURN_MS);
	cr_assert_eq(conn_cancel(c, s->attempt, &e), ERR_OK);
	await(s);
	cr_expect_eq(s->return_code, 128 + SIGTERM);
	cr_expect_eq(resources(), 1);
	mem_free(c);
}

Test(tofu, standin_begins_with_the_state_of_the_tree)
{
	struct wish w = plan_wish(false, PLAN, "\"state-file\":\"old.tfstate\"", "{\"action\":\"apply\"}");

	put_file("old.tfstate", 0600, "{\"version\":4,\"terraform_version\":\"1.0.0\",\"serial\":41,\"lineage\":\"mine\","
	    "\"outputs\":{},\"resources\":[],\"check_results\":null}");
	done(&w);
	cr_expect_str_eq(json_get_text(state_now(), "lineage"), "mine");
	cr_expect_gt(json_object_get_int64(json_get(state_now(), "serial")), 41);
	put_file("old.tfstate", 0600, "not read again");
	done(&w);
}

Test(tofu, standin_inventory_is_its_input)
{
	struct wish w = plan_wish(false, PLAN, "\"vars\":[]", "{\"action\":\"plan\"}");

	put_file("stand-in", 0700, "#!/bin/sh\n[ \"$1\" = init ] || cat\n");
	config->local_tofu = mem_printf(ctx, "%s/stand-in", code);
	w.inventory = "{\"inventory_nodes\":[{\"name\":\"r1\",\"attributes\":{}}]}";
	cr_expect_str_eq(done(&w)->out[0]->at, w.inventory);
}

Test(tofu, standin_init_that_fails_is_said)
{
	struct wish w = plan_wish(false, "{", "\"vars\":[]", "{\"action\":\"plan\"}");
	struct conn *c = open_kind("local", "{}");
	struct seen *s = submitted(c, &w);

	await(s);
	cr_expect_not(s->ran);
	cr_expect_not_null(strstr(s->error, "tofu init failed (1): Error: Argument or block definition required"), "%s", s->error);
	mem_free(c);
}

Test(tofu, refusals)
{
	struct wish w = plan_wish(false, PLAN, "\"vars\":[\"nothing\"]", "{\"action\":\"plan\"}");

	refused(&w, ERR_INVALID, "vars of service test must be as in name=value");
	w.definition = definition("\"var-files\":[\"none.tfvars\"]");
	refused(&w, ERR_NOT_FOUND, "none.tfvars is not in the working directory");
	w.definition = definition("\"vars\":[]");
	w.params = "{}";
	refused(&w, ERR_INVALID, "must be apply, destroy or plan");
	w.params = "{\"action\":\"-help\"}";
	refused(&w, ERR_INVALID, "must be apply, destroy or plan");
	w.params = "{\"action\":\"plan\"}";
	config->local_tofu = "no-tofu-here";
	refused(&w, ERR_UNAVAILABLE, "no-tofu-here is not installed on this gateway: install OpenTofu");
}

/* --- as another user, and in a sandbox --- */

static void
keep_apart(bool as_other, bool in_sandbox)
{
	if (as_other && geteuid() != 0)
		cr_skip_test("lacks root, who alone can run services as another user");
	if (in_sandbox && proc_sandbox_version() == 0)
		cr_skip_test("lacks a kernel with Landlock");
	cr_assert_eq(chmod(state, 0711), 0);
	config->local_run_as = as_other ? "nobody" : "";
	config->local_sandbox = in_sandbox ? "landlock" : "none";
	put_dir("mark");
	cr_assert_eq(chmod(mem_printf(ctx, "%s/mark", code), 0777), 0);
	config->local_sandbox_write = mem_printf(ctx, "%s/mark", code);
}

/* The stand-in may lie where not everybody comes. */
static struct wish
apart_wish(bool real, const char *plan, const char *rest, const char *params)
{
	struct wish w = plan_wish(real, plan, rest, params);

	put_file("main.tf.json", 0644, plan);
	if (real)
		return w;
	cr_assert_eq(system(mem_printf(ctx, "cp %s %s/program && chmod 755 %s/program", config->local_tofu, code, code)), 0);
	config->local_tofu = mem_printf(ctx, "%s/program", code);
	config->local_sandbox_read = mem_printf(ctx, "%s:%s", config->local_sandbox_read, config->local_tofu);
	return w;
}

/* The state, which is given to the user for the run, is taken back. */
static void
expect_ours(void)
{
	struct stat dir, file;

	cr_assert_eq(stat(mem_printf(ctx, "%s/work", state), &dir), 0);
	cr_expect_eq(dir.st_uid, geteuid());
	cr_expect_eq(dir.st_mode & 07777, 0700);
	if (stat(state_path, &file) == 0) {
		cr_expect_eq(file.st_uid, geteuid());
		cr_expect_eq(file.st_mode & 07777, 0600);
	}
}

static void
apart(bool real, bool as_other, bool in_sandbox)
{
	struct wish w;
	struct seen *s;

	keep_apart(as_other, in_sandbox);
	w = apart_wish(real, PLAN, "\"vars\":[\"s=of the service\"]", "{\"action\":\"plan\"}");
	s = done(&w);
	cr_expect_not_null(strstr(s->out[0]->at, "2 to add"), "%s", s->out[0]->at);
	expect_ours();
	w.params = "{\"action\":\"apply\"}";
	done(&w);
	expect_ours();
	cr_expect_eq(resources(), 2);
	s = done(&w);
	cr_expect_not_null(strstr(s->out[0]->at, "0 added"), "the state is not read: %s", s->out[0]->at);
	w.params = "{\"action\":\"destroy\"}";
	done(&w);
	cr_expect_eq(resources(), 0);
	expect_ours();
}

Test(tofu, standin_of_another_user) { apart(false, true, false); }
Test(tofu, standin_in_a_sandbox) { apart(false, false, true); }
Test(tofu, standin_of_another_user_in_a_sandbox) { apart(false, true, true); }
Test(tofu, real_of_another_user) { apart(true, true, false); }
Test(tofu, real_of_another_user_in_a_sandbox) { apart(true, true, true); }

static void
apart_canceled(bool real)
{
	const char *begun = mem_printf(ctx, "%s/mark/begun", code);
	struct wish w;
	struct conn *c;
	struct seen *s;
	struct error e;

	keep_apart(true, true);
	w = apart_wish(real, mem_printf(ctx, SLOW, mem_printf(ctx, "touch %s; sleep 2", begun)), "\"vars\":[]",
	    "{\"action\":\"apply\"}");
	c = open_kind("local", "{}");
	s = submitted(c, &w);
	while (access(begun, F_OK) != 0 && !s->ended)
		loop_turn(loop, TURN_MS);
	cr_assert_eq(conn_cancel(c, s->attempt, &e), ERR_OK, "%s %s", s->error, s->notes->at);
	await(s);
	cr_expect_eq(s->return_code, 1, "%d %s%s", s->return_code, s->out[0]->at, s->out[1]->at);
	cr_expect_not_null(strstr(s->out[0]->at, "Gracefully shutting down"), "%s", s->out[0]->at);
	cr_expect_geq(resources(), 1);
	expect_ours();
	mem_free(c);
}

Test(tofu, standin_of_another_user_canceled) { apart_canceled(false); }
Test(tofu, real_of_another_user_canceled) { apart_canceled(true); }

/* The first state comes from the tree, which is ours. */
Test(tofu, standin_of_another_user_begins_with_the_state_of_the_tree)
{
	struct wish w;

	keep_apart(true, true);
	w = apart_wish(false, PLAN, "\"state-file\":\"old.tfstate\"", "{\"action\":\"apply\"}");
	put_file("old.tfstate", 0644, "{\"version\":4,\"terraform_version\":\"1.0.0\",\"serial\":41,\"lineage\":\"mine\","
	    "\"outputs\":{},\"resources\":[],\"check_results\":null}");
	done(&w);
	cr_expect_str_eq(json_get_text(state_now(), "lineage"), "mine");
	expect_ours();
}

/* What the run puts there is taken for what it is: a link to what is ours stays a link. */
Test(tofu, standin_of_another_user_links_its_state)
{
	const char *secret = mem_printf(ctx, "%s/secret.key", state);
	struct wish w;
	struct stat st;
	FILE *f = fopen(secret, "w");

	fputs("ours", f);
	fclose(f);
	cr_assert_eq(chmod(secret, 0640), 0);
	keep_apart(true, false);
	w = apart_wish(false, mem_printf(ctx, SLOW, mem_printf(ctx, "cd %s/work; mkdir d; ln -s %s d/l; mkfifo d/p; "
	    "mv terraform.tfstate d/; ln -s %s terraform.tfstate", state, secret, secret)), "\"vars\":[]", "{\"action\":\"apply\"}");
	ran(&w);
	cr_assert_eq(lstat(state_path, &st), 0);
	cr_expect(S_ISLNK(st.st_mode));
	cr_assert_eq(stat(secret, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0640);
	cr_assert_eq(stat(mem_printf(ctx, "%s/work/d/terraform.tfstate", state), &st), 0);
	cr_expect_eq(st.st_uid, 0);
	cr_expect_neq(access(mem_printf(ctx, "%s/work/d/p", state), F_OK), 0);
}
