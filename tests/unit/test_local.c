#include "connector_fixture.h"

/* What is the local connector's own: the command line and environment as the service saw them, where code may lie. */

TestSuite(local, .timeout = LIMIT, .init = begin, .fini = finish);

/* A program of the service that prints its words as JSON. Python gives bytes that are no UTF-8 as lone surrogates. */
#define SHOW_WORDS "import sys, json\nprint(json.dumps(sys.argv[1:], ensure_ascii=False))\n"
#define PYTHON_OBJECT "{\"name\":\"py\",\"exec-command\":\"/usr/bin/python3  -B\"}"

static const char *
text_of(const char *a, const char *b)
{
	return mem_printf(ctx, "%s%s", a, b);
}

static struct wish
python_wish(const char *params, const char *schema)
{
	put_file("main.py", 0600, SHOW_WORDS);
	return (struct wish){ .type = "python-script", .definition = definition("\"filename\":\"main.py\""),
	    .params = params, .schema = schema };
}

static void
expect_python(const char *params, const char *schema, const char *wanted)
{
	const struct wish w = python_wish(params, schema);

	expect_words(&w, wanted);
}

/* --- python-script --- */

Test(local, python_words)
{
	static const char *const cases[][2] = {
		{ "{}", "[]" },
		{ "{\"b\":\"1\",\"a\":\"2\"}", "[\"--b=1\",\"--a=2\"]" },
		{ "{\"n\":1,\"f\":1.50,\"e\":1e3,\"m\":-7,\"big\":9223372036854775807}",
		    "[\"--n=1\",\"--f=1.50\",\"--e=1e3\",\"--m=-7\",\"--big=9223372036854775807\"]" },
		{ "{\"gone\":null,\"kept\":\"\"}", "[\"--kept=\"]" },
		{ "{\"list\":[1, \"a b\",null],\"o\":{\"k\": [true]}}",
		    "[\"--list=[1,\\\"a b\\\",null]\",\"--o={\\\"k\\\":[true]}\"]" },
		{ "{\"v\":\"--help\",\"w\":\"-rf\",\"x\":\"a=b\"}", "[\"--v=--help\",\"--w=-rf\",\"--x=a=b\"]" },
		{ "{\"q\":\"'\\\"\\\\ $(id) `id` ; | & > < * ? ~ !\"}",
		    "[\"--q='\\\"\\\\ $(id) `id` ; | & > < * ? ~ !\"]" },
		{ "{\"nl\":\"a\\nb\\r\\tc\"}", "[\"--nl=a\\nb\\r\\tc\"]" },
		{ "{\"\303\274mlaut \342\202\254\":\"\360\237\230\200\"}",
		    "[\"--\303\274mlaut \342\202\254=\360\237\230\200\"]" },
		{ "{\"a b\":1,\"$x\":2,\"'\\\"\":3,\"x-\":4,\"tab\\t\":5}",
		    "[\"--a b=1\",\"--$x=2\",\"--'\\\"=3\",\"--x-=4\",\"--tab\\t=5\"]" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_python(cases[i][0], NULL, cases[i][1]);
}

Test(local, python_booleans_follow_the_schema)
{
	const char *schema = "{\"type\":\"object\",\"properties\":{\"flag\":{\"type\":\"boolean\"},"
	    "\"off\":{\"type\":\"boolean\"},\"word\":{\"type\":[\"boolean\",\"string\"]}}}";

	expect_python("{\"flag\":true,\"off\":false,\"word\":true,\"other\":true,\"not\":false}", schema,
	    "[\"--flag\",\"--word=true\",\"--other=true\"]");
	expect_python("{\"flag\":true,\"off\":false}", NULL, "[\"--flag=true\"]");
	expect_python("{\"flag\":\"true\"}", schema, "[\"--flag=true\"]");
}

Test(local, names_that_are_no_option_words)
{
	static const char *const cases[][2] = {
		{ "{\"-x\":1}", "the parameter -x cannot be given to python-script services: its name begins with -" },
		{ "{\"a\":1,\"--help\":true}", "begins with -" },
		{ "{\"a=b\":1}", "its name holds =" },
		{ "{\"a\\nb\":1}", "the parameter a?b cannot" },
		{ "{\"\":1}", "without a name" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wish w = python_wish(cases[i][0], NULL);

		refused(&w, ERR_INVALID, cases[i][1]);
	}
	/* One that is left out is no word. */
	expect_python("{\"-x\":null}", NULL, "[]");
}

static struct wish
long_wish(size_t n)
{
	char *value = memset(mem_bytes(ctx, n + 1), 'x', n);

	return python_wish(mem_printf(ctx, "{\"long\":\"%s\"}", value), NULL);
}

Test(local, long_values)
{
	enum { FITS = 131071 - 7, FAIR = 100 * 1024 };
	struct wish w = long_wish(FAIR);

	put_file("main.py", 0600, "import sys\nprint(len(sys.argv[1]), set(sys.argv[1][7:]))\n");
	cr_expect_str_eq(ran(&w)->out[0]->at, mem_printf(ctx, "%d {'x'}\n", FAIR + 7));
	w = long_wish(FITS);
	put_file("main.py", 0600, "import sys\nprint(len(sys.argv[1]))\n");
	cr_expect_str_eq(ran(&w)->out[0]->at, "131071\n");
	w = long_wish(FITS + 1);
	refused(&w, ERR_TOO_LARGE, "the parameter long is too long");
}

Test(local, many_long_values)
{
	char *value = memset(mem_bytes(ctx, 100001), 'x', 100000);
	char *params = mem_text(ctx, "{");
	struct wish w;

	for (int i = 0; i < 80; i++)
		params = mem_printf(ctx, "%s%s\"k%d\":\"%s\"", params, i > 0 ? "," : "", i, value);
	w = python_wish(mem_printf(ctx, "%s}", params), NULL);
	refused(&w, ERR_TOO_LARGE, "command line and environment would take");
}

Test(local, values_with_nul)
{
	struct conn *c = open_kind("local", "{}");
	struct json_object *params = json_keep(ctx, json_object_new_object());
	struct wish w = python_wish("{}", NULL);
	struct seen *s = seen_new();
	struct error e = { 0 };
	const struct conn_order o = { .attempt_id = s->attempt, .job_id = s->job, .service = "test", .type = w.type,
	    .definition = parsed(w.definition), .params = params, .grace_ms = GRACE };

	json_set(params, "k", json_object_new_string_len("a\0b", 3));
	cr_expect_eq(conn_submit(c, &o, &events, s, &e), ERR_INVALID);
	cr_expect_not_null(strstr(e.detail, "the parameter k"));
	cr_expect_not_null(strstr(e.detail, "NUL"));
	mem_free(c);
}

/* --- executable --- */

static struct wish
executable_wish(const char *format, const char *params)
{
	put_file("words.py", 0600, SHOW_WORDS);
	return (struct wish){ .type = "executable", .params = params, .executable = PYTHON_OBJECT,
	    .definition = definition(mem_printf(ctx, "\"filename\":\"words.py\",\"executable-object\":\"py\"%s",
	    format)) };
}

Test(local, executable_words)
{
	static const char *const cases[][3] = {
		{ "", "{\"a\":1,\"t\":true,\"f\":false,\"l\":[1,{}],\"n\":null}",
		    "[\"--a=1\",\"--t=true\",\"--f=false\",\"--l=[1,{}]\"]" },
		{ ",\"arg-format\":\"\"", "{\"a\":\"x y\"}", "[\"--a=x y\"]" },
		{ ",\"arg-format\":\"  \"", "{\"a\":\"x y\"}", "[\"--a=x y\"]" },
		{ ",\"arg-format\":\"--{{.Key}} {{.Value}}\"", "{\"a\":\"x  y\",\"b\":\"\"}",
		    "[\"--a\",\"x  y\",\"--b\",\"\"]" },
		{ ",\"arg-format\":\" {{ .Key }}:{{.Value }}\\t-D{{.Value}} fix\"", "{\"a\":\"{{.Key}} $\"}",
		    "[\"a:{{.Key}} $\",\"-D{{.Key}} $\",\"fix\"]" },
		{ ",\"arg-format\":\"{ } }} {{.Value}}\"", "{\"a\":1}", "[\"{\",\"}\",\"}}\",\"1\"]" },
		{ ",\"arg-format\":\"--x\"", "{\"a\":1,\"b\":2}", "[\"--x\",\"--x\"]" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wish w = executable_wish(cases[i][0], cases[i][1]);

		expect_words(&w, cases[i][2]);
	}
}

Test(local, executable_refusals)
{
	static const char *const cases[][3] = {
		{ ",\"arg-format\":\"{{.Foo}}\"", "{\"a\":1}", "braces" },
		{ ",\"arg-format\":\"{{.Key\"", "{\"a\":1}", "braces" },
		{ ",\"arg-format\":\"{{}}\"", "{\"a\":1}", "braces" },
		{ ",\"arg-format\":\"{{.KeyX}}\"", "{\"a\":1}", "braces" },
		{ "", "{\"-a\":1}", "executable services: its name begins with -" },
	};
	struct wish w;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		w = executable_wish(cases[i][0], cases[i][1]);
		refused(&w, ERR_INVALID, cases[i][2]);
	}
	w = executable_wish("", "{}");
	w.executable = NULL;
	refused(&w, ERR_NOT_FOUND, "the executable-object py of service test is not on this gateway");
	w.executable = "{\"name\":\"py\",\"exec-command\":\"no-such-program -x\"}";
	refused(&w, ERR_UNAVAILABLE, "no-such-program is not installed on this gateway");
}

Test(local, a_file_can_be_executed_by_itself)
{
	struct wish w = { .type = "executable", .params = "{\"k\":\"v w\"}", .executable = "{\"name\":\"none\"}",
	    .definition = definition("\"filename\":\"run\",\"executable-object\":\"none\"") };

	put_file("run", 0700, "#!/bin/sh\nprintf '%s|' \"$0\" \"$@\"; pwd\n");
	cr_expect_str_eq(ran(&w)->out[0]->at, mem_printf(ctx, "%s/run|--k=v w|%s\n", code, code));
	w.definition = definition("\"filename\":\"run\"");
	w.executable = NULL;
	cr_expect_str_eq(ran(&w)->out[0]->at, mem_printf(ctx, "%s/run|--k=v w|%s\n", code, code));
	put_file("run", 0600, "#!/bin/sh\n");
	refused(&w, ERR_INVALID, "run of service test is not executable");
	/* A program that cannot be executed is an end of the submit, not of the run. */
	put_file("run", 0700, "#!/no/such/interpreter\n");
	refused(&w, ERR_INTERNAL, "exec ");
}

/* --- programs and scripts that are missing --- */

Test(local, missing_programs_and_scripts)
{
	struct wish w = python_wish("{}", NULL);

	unlink(mem_printf(ctx, "%s/main.py", code));
	refused(&w, ERR_NOT_FOUND, "main.py is not in the working directory of service test");
	w.definition = definition("\"filename\":\"\"");
	refused(&w, ERR_INVALID, "has no filename");
	w.definition = definition("\"filename\":7");
	refused(&w, ERR_INVALID, "has no filename");
	w = python_wish("{}", NULL);
	config->local_python = "no-such-python";
	refused(&w, ERR_UNAVAILABLE, "no-such-python is not installed on this gateway: install the package python3");
	w.type = "ansible-playbook";
	w.definition = definition("\"playbooks\":[\"main.py\"]");
	config->local_path = "/nowhere";
	refused(&w, ERR_UNAVAILABLE,
	    "ansible-playbook is not installed on this gateway: install the package ansible-core");
}

Test(local, what_is_not_supported_is_refused)
{
	struct wish w = python_wish("{}", NULL);

	w.definition = definition("\"filename\":\"main.py\",\"runtime\":{\"req-file\":\"requirements.txt\"}");
	refused(&w, ERR_NOT_FOUND, "requirements.txt is not in the working directory");
	w.definition = definition("\"filename\":\"main.py\",\"secrets\":[],\"runtime\":{\"req-file\":\"\"}");
	expect_words(&w, "[]");
	w.type = "opentofu-plan";
	refused(&w, ERR_INTERNAL, "there is no place for the state of service test");
	w.type = "cobol";
	refused(&w, ERR_INVALID, "cobol services are not supported on local gateways");
	w = python_wish("[]", NULL);
	refused(&w, ERR_INVALID, "params must be an object");
}

/* --- where code may lie --- */

static struct wish
at_directory(const char *dir, const char *filename)
{
	return (struct wish){ .type = "python-script", .definition = mem_printf(ctx,
	    "{\"working-directory\":\"%s\",\"filename\":\"%s\"}", dir, filename) };
}

static struct wish
at_repository(const char *url, const char *dir, const char *filename)
{
	return (struct wish){ .type = "python-script",
	    .definition = mem_printf(ctx, "{\"repository\":\"r\",\"working-directory\":\"%s\",\"filename\":\"%s\"}",
	    dir, filename),
	    .repository = mem_printf(ctx, "{\"name\":\"r\",\"url\":\"%s\"}", url) };
}

/* code/{main.py, repo/{main.py, sub/{main.py, up -> ../main.py, out -> ../../main.py}, away -> /}}, beside code/. */
static void
put_tree(void)
{
	put_file("main.py", 0600, SHOW_WORDS);
	put_dir("repo");
	put_dir("repo/sub");
	put_dir("repo/a b%");
	put_file("repo/main.py", 0600, SHOW_WORDS);
	put_file("repo/sub/main.py", 0600, "import os\nprint(os.getcwd())\n");
	put_file("repo/a b%/main.py", 0600, SHOW_WORDS);
	put_link("../main.py", "repo/sub/up.py");
	put_link("../../main.py", "repo/sub/out.py");
	put_link("/etc", "repo/away");
	put_link("nowhere", "repo/dangling.py");
	put_link("/etc", "etc");
}

Test(local, code_within_the_roots)
{
	struct wish w;

	put_tree();
	w = at_directory(code, "main.py");
	expect_words(&w, "[]");
	w = at_directory(mem_printf(ctx, "%s/repo/sub/", code), "main.py");
	cr_expect_str_eq(ran(&w)->out[0]->at, mem_printf(ctx, "%s/repo/sub\n", code));
	w = at_repository(mem_printf(ctx, "file://%s/repo", code), "sub", "main.py");
	cr_expect_str_eq(ran(&w)->out[0]->at, mem_printf(ctx, "%s/repo/sub\n", code));
	/* A link that stays within the repository is fine. */
	w = at_repository(mem_printf(ctx, "file://%s/repo", code), "sub", "up.py");
	expect_words(&w, "[]");
	w = at_repository(mem_printf(ctx, "file://%s/repo", code), "", "sub/up.py");
	expect_words(&w, "[]");
	w = at_repository(mem_printf(ctx, "file://%s/repo/a%%20b%%25", code), "", "main.py");
	expect_words(&w, "[]");
}

Test(local, code_outside_the_roots)
{
	const char *url;
	struct wish w;

	put_tree();
	url = mem_printf(ctx, "file://%s/repo", code);
	const struct {
		struct wish w;
		enum err is;
		const char *says;
	} cases[] = {
		{ at_directory("/etc", "passwd"), ERR_FORBIDDEN, "/etc of service test is not below one of" },
		{ at_directory("/no/such/place", "main.py"), ERR_FORBIDDEN, "not below one of [local] roots" },
		{ at_directory(text_of(code, "/etc"), "passwd"), ERR_FORBIDDEN, "not below" },
		{ at_directory(text_of(code, "x"), "main.py"), ERR_FORBIDDEN, "not below" },
		{ at_directory(state, "main.py"), ERR_FORBIDDEN, "not below" },
		{ at_directory(text_of(code, "/../code"), "main.py"), ERR_INVALID, ".. parts" },
		{ at_directory(text_of(code, "/none"), "main.py"), ERR_NOT_FOUND, "does not exist" },
		{ at_directory("", "main.py"), ERR_INVALID, "neither a repository nor a working-directory" },
		{ at_directory("repo", "main.py"), ERR_INVALID, "must be an absolute path" },
		{ at_directory(code, "../code/main.py"), ERR_INVALID, ".. parts" },
		{ at_directory(code, "/etc/passwd"), ERR_INVALID, "relative path" },
		{ at_directory(code, "etc/passwd"), ERR_FORBIDDEN, "etc/passwd of service test leads out of" },
		{ at_repository("file://host/r", "", "main.py"), ERR_INVALID, "not a valid file URL" },
		{ at_repository("file:///etc", "", "passwd"), ERR_FORBIDDEN, "not below" },
		{ at_repository("file:///%2e%2e/etc", "", "passwd"), ERR_INVALID, ".. parts" },
		{ at_repository("file:///a%00b", "", "main.py"), ERR_INVALID, "not a valid file URL" },
		{ at_repository("file:///a%2", "", "main.py"), ERR_INVALID, "not a valid file URL" },
		{ at_repository(url, "away", "passwd"), ERR_FORBIDDEN, "away of service test leads out of" },
		{ at_repository(url, "../repo", "main.py"), ERR_INVALID, "without .. parts" },
		{ at_repository(url, "/etc", "passwd"), ERR_INVALID, "relative" },
		{ at_repository(url, "none", "main.py"), ERR_NOT_FOUND, "none of service test does not exist" },
		{ at_repository(url, "main.py", "x"), ERR_NOT_FOUND, "does not exist" },
		{ at_repository(url, "sub", "out.py"), ERR_FORBIDDEN, "out.py of service test leads out of" },
		{ at_repository(url, "", "dangling.py"), ERR_NOT_FOUND, "dangling.py is not in" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		refused(&cases[i].w, cases[i].is, cases[i].says);
	w = at_repository(url, "", "main.py");
	w.repository = NULL;
	refused(&w, ERR_NOT_FOUND, "the repository r of service test is not on this gateway");
	config->local_roots = "";
	w = at_directory(code, "main.py");
	refused(&w, ERR_INVALID, "[local] roots");
	/* A relative root would hang on where the dispatcher was started. */
	cr_assert_eq(chdir(code), 0);
	config->local_roots = ".:repo";
	refused(&w, ERR_FORBIDDEN, "not below");
}

/* --- environment and run directory --- */

Test(local, environment_is_only_what_it_should_be)
{
	struct wish w = { .service = "my service", .type = "executable" };
	struct seen *s;

	/* cat is given this file too, after its environment. */
	put_file("show", 0700, "#!/bin/cat /proc/self/environ\n");
	w.definition = definition("\"filename\":\"show\",\"runtime\":{\"env\":{\"PATH\":\"/bin\",\"X\":\"a=b\\nc\","
	    "\"LANG\":\"C\"}}");
	setenv("TZ", "Europe/Vienna", 1);
	setenv("LEAKS", "yes", 1);
	s = ran(&w);
	for (size_t i = 0; i + 1 < s->out[0]->len; i++)
		if (s->out[0]->at[i] == '\0')
			s->out[0]->at[i] = '|';
	*strstr(s->out[0]->at, "#!") = '\0';
	cr_expect_str_eq(s->out[0]->at, mem_printf(ctx, "GATEHOUSE_JOB_ID=%s|GATEHOUSE_SERVICE=my service|PATH=/bin|"
	    "HOME=%s/runs/%s|LANG=C|TZ=Europe/Vienna|X=a=b\nc|", s->job, state, s->attempt));
}

Test(local, environment_refusals)
{
	static const char *const cases[][2] = {
		{ "{\"GATEHOUSE_JOB_ID\":\"x\"}", "must not set GATEHOUSE_JOB_ID" },
		{ "{\"GATEHOUSE_X\":\"x\"}", "must not set GATEHOUSE_X" },
		{ "{\"HOME\":\"/root\"}", "must not set HOME" },
		{ "{\"\":\"x\"}", "no variable can have" },
		{ "{\"A=B\":\"x\"}", "no variable can have" },
		{ "{\"A\":1}", "runtime.env.A of service test must be a text" },
		{ "{\"A\":null}", "must be a text" },
		{ "[]", "runtime.env of service test must be of type object" },
		{ "\"A=b\"", "must be of type object" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wish w = python_wish("{}", NULL);

		w.definition = definition(mem_printf(ctx, "\"filename\":\"main.py\",\"runtime\":{\"env\":%s}", cases[i][0]));
		refused(&w, ERR_INVALID, cases[i][1]);
	}
}

static struct wish
shell_wish(const char *script)
{
	put_file("run.sh", 0600, script);
	return (struct wish){ .type = "executable", .executable = "{\"exec-command\":\"sh\"}",
	    .definition = definition("\"filename\":\"run.sh\",\"executable-object\":\"sh\"") };
}

Test(local, run_directory_is_private_and_goes)
{
	struct wish w = shell_wish("stat -c %a \"$HOME\"; ls -A \"$HOME\"; cd \"$HOME\"\n"
	    "mkdir -p a/b shut; echo x > a/b/c; echo x > shut/f; chmod 0 shut a/b; ln -s \"$OLDPWD\" link\n"
	    "ln -s \"$OLDPWD/run.sh\" a/file; mkfifo pipe; touch \"$(printf 'n\\nl')\" ./-rf\n");
	struct seen *s = ran(&w);

	cr_expect_str_eq(s->out[0]->at, "700\n");
	cr_expect_str_eq(s->out[1]->at, "");
	cr_expect_neq(access(mem_printf(ctx, "%s/runs/%s", state, s->attempt), F_OK), 0);
	cr_expect_eq(access(mem_printf(ctx, "%s/run.sh", code), F_OK), 0, "a link was followed");
}

Test(local, run_directory_that_is_deep_goes)
{
	struct wish w = { .type = "python-script", .definition = definition("\"filename\":\"deep.py\"") };
	struct seen *s;

	put_file("deep.py", 0600, "import os\nos.chdir(os.environ['HOME'])\nfor i in range(1500):\n"
	    "    os.mkdir('d'); open('f', 'w').close(); os.chdir('d')\n");
	s = ran(&w);
	cr_expect_eq(s->return_code, 0, "%s", s->out[1]->at);
	cr_expect_neq(access(mem_printf(ctx, "%s/runs/%s", state, s->attempt), F_OK), 0);
}

/* Very many files: they go in parts, between which the loop has its turns, and before the end is told. */
Test(local, run_directory_that_is_full_goes)
{
	struct wish w = shell_wish("cd \"$HOME\"; mkdir d e; touch $(seq -f d/%g 1300) $(seq -f e/%g 1300); echo full");
	struct conn *c = open_kind("local", "{}");
	struct seen *s = submitted(c, &w);
	const char *d = mem_printf(ctx, "%s/runs/%s/d", state, s->attempt);
	const char *e = mem_printf(ctx, "%s/runs/%s/e", state, s->attempt);
	struct error error;
	bool was_half = false;

	while (s->ended == 0) {
		loop_turn(loop, TURN_MS);
		if (was_half || s->out[0]->len == 0 || access(d, F_OK) == access(e, F_OK))
			continue;
		was_half = true;
		/* There is nothing left to be canceled. */
		cr_expect_eq(conn_cancel(c, s->attempt, &error), ERR_OK);
	}
	cr_expect(was_half, "it went at once");
	cr_expect_eq(s->return_code, 0);
	cr_expect_eq(s->ended, 1);
	mem_free(c);
}

Test(local, run_directories_left_over_go)
{
	struct wish w = shell_wish("echo up; exec sleep 1000\n");
	struct conn *c = open_kind("local", "{}"), *other;
	struct seen *s = submitted(c, &w);
	const char *stale = mem_printf(ctx, "%s/runs/0123456789abcdef01234567", state);
	const char *strange = mem_printf(ctx, "%s/runs/keep", state);
	struct error e;

	await_output(s);
	cr_assert_eq(mkdir(stale, 0700), 0);
	cr_assert_eq(mkdir(strange, 0700), 0);
	other = open_kind("local", "{}");
	cr_expect_neq(access(stale, F_OK), 0);
	cr_expect_eq(access(strange, F_OK), 0);
	cr_expect_eq(access(mem_printf(ctx, "%s/runs/%s", state, s->attempt), F_OK), 0, "one under way went");
	rmdir(strange);
	cr_assert_eq(conn_cancel(c, s->attempt, &e), ERR_OK);
	await(s);
	mem_free(other);
	mem_free(c);
}

Test(local, attempt_ids_are_no_paths)
{
	struct conn *c = open_kind("local", "{}");
	struct wish w = shell_wish("");
	struct seen *s = seen_new();
	struct error e = { 0 };

	snprintf(s->attempt, sizeof s->attempt, "../../x");
	cr_expect_eq(submit(c, &w, s, &e), ERR_INVALID);
	cr_expect_not_null(strstr(e.detail, "24 hex digits"));
	mem_free(c);
}

Test(local, no_state_directory_no_gateway)
{
	struct error e = { 0 };

	config->state_dir = "/no/such/place";
	cr_expect_null(conn_open(ctx, loop, config, "local", "lab", NULL, &e));
	cr_expect_eq(e.code, ERR_UNAVAILABLE);
	cr_expect_not_null(strstr(e.detail, "/no/such/place/runs"));
}

Test(local, inventory_comes_on_stdin)
{
	struct wish w = shell_wish("cat");

	cr_expect_str_eq(ran(&w)->out[0]->at, "");
	w.inventory = "{\"inventory_nodes\":[{\"name\":\"r1\",\"attributes\":{\"a\":[1]}}]}";
	cr_expect_str_eq(ran(&w)->out[0]->at, w.inventory);
}

Test(local, a_signal_ends_it)
{
	struct wish w = shell_wish("echo before; kill -KILL $$");
	struct seen *s = ran(&w);

	cr_expect_eq(s->return_code, 137);
	cr_expect_str_eq(s->out[0]->at, "before\n");
}
