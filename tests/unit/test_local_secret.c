#include "connector_fixture.h"

/* Secrets and secret parameters: in the environment and in files, never in the command line. */

TestSuite(local_secret, .timeout = LIMIT, .init = begin, .fini = finish);

/* Prints its words, and of its environment what begins with one of the words in SHOWN; files by their content and mode. */
#define SHOW \
	"import sys, json, os\n" \
	"env = {k: v for k, v in os.environ.items() if k.startswith(('API_', 'GATEHOUSE_PARAM_', 'KEY_'))}\n" \
	"files = {k: (open(v).read(), oct(os.stat(v).st_mode & 0o777), os.path.dirname(v) == os.environ['HOME'])\n" \
	"         for k, v in env.items() if k.startswith('KEY_')}\n" \
	"env = {k: v for k, v in env.items() if k not in files}\n" \
	"cmd = open('/proc/self/cmdline').read().split('\\0')[2:-1]\n" \
	"print(json.dumps([cmd, env, files], ensure_ascii=False))\n"

#define PASSWORD "{\"type\":\"string\",\"format\":\"password\"}"

static const struct conn_secret secrets[] = {
	{ "api-token", "s3cret value" }, { "deploy", "-----BEGIN\nKEY\n-----END\n" }, { NULL, NULL }
};

static struct wish
wish(const char *asked, const char *params, const char *schema)
{
	put_file("main.py", 0600, SHOW);
	return (struct wish){ .type = "python-script", .params = params, .schema = schema, .secrets = secrets,
	    .definition = definition(mem_printf(ctx, "\"filename\":\"main.py\",\"secrets\":%s", asked)) };
}

Test(local_secret, environment_and_file)
{
	const struct wish w = wish("[{\"name\":\"api-token\",\"type\":\"env\",\"target\":\"API_TOKEN\"},"
	    "{\"name\":\"deploy\",\"type\":\"file\",\"target\":\"KEY_FILE\"},"
	    "{\"name\":\"api-token\",\"type\":\"env\",\"target\":\"API_2\"}]", "{\"a\":\"b\"}", NULL);

	expect_words(&w, "[[\"--a=b\"],{\"API_TOKEN\":\"s3cret value\",\"API_2\":\"s3cret value\"},"
	    "{\"KEY_FILE\":[\"-----BEGIN\\nKEY\\n-----END\\n\",\"0o600\",true]}]");
}

Test(local_secret, none_that_is_not_asked_for)
{
	const struct wish w = wish("[]", "{}", NULL);

	expect_words(&w, "[[],{},{}]");
}

Test(local_secret, secrets_that_cannot_be_given)
{
	static const char *const cases[][2] = {
		{ "[{\"name\":\"none\",\"type\":\"env\",\"target\":\"API_X\"}]", "the secret none of service test is not on its" },
		{ "[{\"name\":\"api-token\",\"type\":\"pipe\",\"target\":\"API_X\"}]", "must have the type env or file" },
		{ "[{\"name\":\"api-token\",\"type\":\"file\",\"target\":\"../x\"}]", "the name of a variable as its target" },
		{ "[{\"name\":\"api-token\",\"type\":\"env\",\"target\":\"GATEHOUSE_JOB_ID\"}]", "the name of a variable" },
		{ "[{\"name\":\"api-token\",\"type\":\"env\",\"target\":\"HOME\"}]", "the name of a variable" },
		{ "[{\"name\":\"api-token\",\"type\":\"env\",\"target\":\"9\"}]", "the name of a variable" },
		{ "[{\"name\":\"api-token\",\"type\":\"env\"}]", "the name of a variable" },
		{ "[{\"name\":\"api-token\"}]", "must have the type" },
		{ "[{}]", "is not on its gateway" },
		{ "[7]", "is not on its gateway" },
		{ "[{\"name\":\"api-token\",\"type\":\"env\",\"target\":\"PATH\"}]", "its variable PATH is taken already" },
		{ "[{\"name\":\"api-token\",\"type\":\"env\",\"target\":\"API_X\"},"
		    "{\"name\":\"deploy\",\"type\":\"env\",\"target\":\"API_X\"}]", "the secret deploy cannot be given to service test: "
		    "its variable API_X is taken already" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wish w = wish(cases[i][0], "{}", NULL);
		struct conn *c = open_kind("local", "{}");
		struct seen *s = seen_new();
		struct error e = { 0 };

		cr_expect_neq(submit(c, &w, s, &e), ERR_OK, "%s", cases[i][0]);
		cr_expect_not_null(strstr(e.detail, cases[i][1]), "wanted: %s\ngot: %s", cases[i][1], e.detail);
		cr_expect_null(strstr(e.detail, "s3cret"), "%s", e.detail);
		mem_free(c);
	}
}

/* ---- parameters ---- */

Test(local_secret, parameters_of_format_password)
{
	const struct wish w = wish("[]", "{\"user\":\"u\",\"pass\":\"--p a=s\\n$(s)\",\"p\xc3\xa4ss-2.x\":\"two\",\"gone\":null,"
	    "\"pin\":1234,\"deep\":{\"k\":\"v\"},\"n\":5}",
	    "{\"type\":\"object\",\"properties\":{\"user\":{\"type\":\"string\"},\"pass\":" PASSWORD ",\"p\xc3\xa4ss-2.x\":"
	    PASSWORD ",\"gone\":{\"format\":\"password\"},\"pin\":{\"format\":\"password\"},"
	    "\"deep\":{\"properties\":{\"k\":" PASSWORD "}}}}");

	expect_words(&w, "[[\"--user=u\",\"--n=5\"],{\"GATEHOUSE_PARAM_PASS\":\"--p a=s\\n$(s)\","
	    "\"GATEHOUSE_PARAM_P_SS_2_X\":\"two\",\"GATEHOUSE_PARAM_PIN\":\"1234\",\"GATEHOUSE_PARAM_DEEP\":\"{\\\"k\\\":\\\"v\\\"}\"},"
	    "{}]");
}

Test(local_secret, parameters_of_an_executable)
{
	struct wish w = wish("[]", "{\"user\":\"u\",\"pass\":\"hush\"}",
	    "{\"type\":\"object\",\"properties\":{\"pass\":" PASSWORD "}}");

	w.type = "executable";
	w.definition = definition("\"filename\":\"main.py\",\"executable-object\":\"py\"");
	w.executable = "{\"name\":\"py\",\"exec-command\":\"/usr/bin/python3\"}";
	expect_words(&w, "[[\"--user=u\"],{\"GATEHOUSE_PARAM_PASS\":\"hush\"},{}]");
}

Test(local_secret, parameters_of_one_name)
{
	struct wish w = wish("[]", "{\"a-b\":\"hush 1\",\"A_B\":\"hush 2\"}",
	    "{\"type\":\"object\",\"properties\":{\"a-b\":" PASSWORD ",\"A_B\":" PASSWORD "}}");

	refused(&w, ERR_INVALID, "the parameter A_B cannot be given to service test: its variable GATEHOUSE_PARAM_A_B is taken");
}

Test(local_secret, a_parameter_that_is_too_long)
{
	char *large = mem_bytes(ctx, 140001);
	struct wish w;

	memset(large, 'x', 140000);
	w = wish("[]", mem_printf(ctx, "{\"p\":\"%s\"}", large), "{\"type\":\"object\",\"properties\":{\"p\":" PASSWORD "}}");
	refused(&w, ERR_TOO_LARGE, "the parameter p is too long for a variable");
}

/* What is prepared step by step keeps a copy of its own. */
Test(local_secret, an_order_is_copied_with_its_secrets)
{
	struct conn_secret one[] = { { "n", mem_text(ctx, "value") } };
	struct conn_order o = { .attempt_id = "a", .job_id = "j", .service = "s", .type = "t", .secrets = one, .n_secrets = 1 };
	const struct conn_order *copy = conn_order_copy(ctx, &o);

	memset((char *)(uintptr_t)one[0].value, 'x', 5);
	cr_expect_str_eq(conn_order_secret(copy, "n"), "value");
	cr_expect_null(conn_order_secret(copy, "m"));
}
