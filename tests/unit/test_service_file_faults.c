#include "service_file_world.h"

enum { NAME_MOST = 128, MANY = 3000 };

TestSuite(service_file_faults, .init = start, .fini = end);

/* --- faults --- */

#define TOFU "'name':'s','type':'opentofu-plan'"
#define PYTHON "'name':'s','type':'python-script','filename':'f'"
#define ANSIBLE "'name':'s','type':'ansible-playbook','playbooks':['p']"
#define SERVICE(members) "{'services':[{" members "}]}"
#define REPOSITORY(url) "{'repositories':[{'name':'r','url':'" url "'}]}"
#define DECORATOR(schema) "{'decorators':[{'name':'d','schema':" schema "}]}"
#define REGISTRY(members) "{'registries':[{'name':'r'," members "}]}"

/* Each has this fault and no other. */
static const struct {
	const char *document, *path, *text;
} bad[] = {
	/* the document and its sections */
	{ "[]", "", "must be an object" },
	{ "null", "", "must be an object" },
	{ "'text'", "", "must be an object" },
	{ "{'colour':[]}", "colour", "is not known here" },
	{ "{'Services':[]}", "Services", "is not known here" },
	{ "{'services':{}}", "services", "must be a list of objects" },
	{ "{'services':null}", "services", "must be a list of objects" },
	{ "{'users':'x'}", "users", "must be a list of objects" },
	{ "{'services':[1]}", "services[0]", "must be an object" },
	{ "{'services':[null]}", "services[0]", "must be an object" },
	{ "{'users':[{},[]]}", "users[1]", "must be an object" },
	/* unknown members */
	{ SERVICE(TOFU ",'colour':1"), "services[0].colour", "is not known here" },
	{ SERVICE(TOFU ",'filename':'x'"), "services[0].filename", "is not known here" },
	{ SERVICE(PYTHON ",'vars':[]"), "services[0].vars", "is not known here" },
	{ SERVICE(PYTHON ",'runtime':{'forks':1}"), "services[0].runtime.forks",
	    "is not known here" },
	{ SERVICE(ANSIBLE ",'runtime':{'verbose':true}"), "services[0].runtime.verbose",
	    "is not known here" },
	{ SERVICE(TOFU ",'secrets':[{'name':'n','type':'env','target':'T','x':1}]"),
	    "services[0].secrets[0].x",
	    "is not known here" },
	{ "{'secrets':[{'name':'s','type':'x'}]}", "secrets[0].type", "is not known here" },
	{ "{'executable-objects':[{'name':'s','exec-command':'x','':1}]}", "executable-objects[0].",
	    "is not known" },
	/* missing ones */
	{ SERVICE("'type':'opentofu-plan'"), "services[0].name", "is required" },
	{ SERVICE("'name':'s'"), "services[0].type", "is required" },
	{ SERVICE("'name':'s','type':'python-script'"), "services[0].filename", "is required" },
	{ SERVICE("'name':'s','type':'ansible-playbook'"), "services[0].playbooks", "is required" },
	{ SERVICE("'name':'s','type':'executable','filename':'f'"), "services[0].executable-object",
	    "is required" },
	{ SERVICE(TOFU ",'secrets':[{'type':'env','target':'T'}]"), "services[0].secrets[0].name",
	    "is required" },
	{ "{'decorators':[{'name':'d'}]}", "decorators[0].schema", "is required" },
	{ "{'repositories':[{'name':'d'}]}", "repositories[0].url", "is required" },
	{ "{'executable-objects':[{'name':'d'}]}", "executable-objects[0].exec-command",
	    "is required" },
	{ REGISTRY("'type':'pypi'"), "registries[0].url", "is required" },
	{ "{'secrets':[{}]}", "secrets[0].name", "is required" },
	/* names */
	{ SERVICE("'name':'','type':'opentofu-plan'"), "services[0].name", "must not be empty" },
	{ SERVICE("'name':'a/b','type':'opentofu-plan'"), "services[0].name", "must not hold a /" },
	{ SERVICE("'name':'..','type':'opentofu-plan'"), "services[0].name",
	    "must not be . or .." },
	{ SERVICE("'name':'a\\nb','type':'opentofu-plan'"), "services[0].name",
	    "control characters" },
	{ SERVICE("'name':'a\\u007f','type':'opentofu-plan'"), "services[0].name",
	    "control characters" },
	{ SERVICE("'name':'a\\u0085','type':'opentofu-plan'"), "services[0].name",
	    "control characters" },
	{ SERVICE("'name':7,'type':'opentofu-plan'"), "services[0].name", "must be a text" },
	{ SERVICE("'name':null,'type':'opentofu-plan'"), "services[0].name", "must be a text" },
	{ "{'secrets':[{'name':'a'},{'name':'b'},{'name':'a'}]}", "secrets[2].name",
	    "is that of secrets[0] too" },
	{ "{'users':[{'name':'#2'},{}]}", "users[1].name", "is that of users[0] too" },
	/* types */
	{ SERVICE("'name':'s','type':'shell'"), "services[0].type",
	    "must be one of python-script, ansible-playbook, opentofu-plan, executable" },
	{ SERVICE("'name':'s','type':''"), "services[0].type", "must be one of" },
	{ SERVICE("'name':'s','type':'executable|x','colour':1"), "services[0].type",
	    "must be one of" },
	{ SERVICE("'name':'s','type':['executable']"), "services[0].type", "must be a text" },
	{ SERVICE(TOFU ",'tags':'a'"), "services[0].tags", "must be a list of texts" },
	{ SERVICE(TOFU ",'tags':['a',1]"), "services[0].tags[1]", "must be a text" },
	{ SERVICE(TOFU ",'tags':['']"), "services[0].tags[0]", "must not be empty" },
	{ SERVICE(TOFU ",'vars':{}"), "services[0].vars", "must be a list of texts" },
	{ SERVICE(TOFU ",'description':null"), "services[0].description", "must be a text" },
	{ SERVICE(TOFU ",'state-file':1"), "services[0].state-file", "must be a text" },
	{ SERVICE(TOFU ",'runtime':[]"), "services[0].runtime", "must be an object" },
	{ SERVICE(TOFU ",'runtime':null"), "services[0].runtime", "must be an object" },
	{ SERVICE(TOFU ",'timeout':'1'"), "services[0].timeout", "must be a whole number" },
	{ SERVICE(TOFU ",'timeout':1.5"), "services[0].timeout", "must be a whole number" },
	{ SERVICE(TOFU ",'concurrency':0"), "services[0].concurrency", "must be from 1 to 100000" },
	{ SERVICE(TOFU ",'idempotent':1"), "services[0].idempotent", "must be true or false" },
	{ SERVICE(TOFU ",'retries':1"), "services[0].retries", "needs idempotent: true beside it" },
	{ SERVICE(TOFU ",'idempotent':false,'retries':1"), "services[0].retries",
	    "needs idempotent: true beside it" },
	{ SERVICE(TOFU ",'idempotent':true,'retries':101"), "services[0].retries", "must be from 1 to 100" },
	{ SERVICE(TOFU ",'retry-delay':-1"), "services[0].retry-delay", "must be from 0 to 86400" },
	{ SERVICE(TOFU ",'timeout':0"), "services[0].timeout", "must be from 1 to 31536000" },
	{ SERVICE(TOFU ",'timeout':31536001"), "services[0].timeout",
	    "must be from 1 to 31536000" },
	{ SERVICE(ANSIBLE ",'runtime':{'check':'no'}"), "services[0].runtime.check",
	    "must be true or false" },
	{ SERVICE(ANSIBLE ",'runtime':{'verbose-level':-1}"), "services[0].runtime.verbose-level",
	    "from 0 to 6" },
	{ SERVICE(ANSIBLE ",'runtime':{'forks':0}"), "services[0].runtime.forks",
	    "must be from 1 to" },
	{ SERVICE(ANSIBLE ",'runtime':{'env':[]}"), "services[0].runtime.env",
	    "must be an object of texts" },
	{ SERVICE(PYTHON ",'runtime':{'env':{'A':1}}"), "services[0].runtime.env.A",
	    "must be a text" },
	{ SERVICE(PYTHON ",'runtime':{'env':{'A=B':'1'}}"), "services[0].runtime.env.A=B",
	    "must be the name" },
	{ SERVICE(PYTHON ",'runtime':{'env':{'1':''}}"), "services[0].runtime.env.1",
	    "must be the name" },
	{ SERVICE(PYTHON ",'runtime':{'env':{'':''}}"), "services[0].runtime.env.",
	    "must be the name" },
	{ SERVICE(TOFU ",'secrets':{}"), "services[0].secrets", "must be a list of objects" },
	{ SERVICE(TOFU ",'secrets':['s']"), "services[0].secrets[0]", "must be an object" },
	{ SERVICE(TOFU ",'secrets':[{'name':'n','type':'pipe','target':'T'}]"),
	    "services[0].secrets[0].type",
	    "must be one of env, file" },
	{ SERVICE(TOFU ",'secrets':[{'name':'n','type':'env','target':'A B'}]"),
	    "services[0].secrets[0].target",
	    "must be the name of an environment variable" },
	{ SERVICE(TOFU ",'secrets':[{'name':'n','type':'file','target':'../x'}]"),
	    "services[0].secrets[0].target",
	    "must be the name of an environment variable" },
	{ SERVICE(TOFU ",'secrets':[{'name':'n','type':'env','target':'GATEHOUSE_X'}]"),
	    "services[0].secrets[0].target", "must not be HOME or begin with GATEHOUSE_" },
	{ SERVICE(TOFU ",'secrets':[{'name':'n','type':'file','target':'HOME'}]"),
	    "services[0].secrets[0].target", "must not be HOME" },
	{ REGISTRY("'type':'npm','url':'https://h'"), "registries[0].type",
	    "must be one of pypi, ansible-galaxy" },
	{ REGISTRY("'type':'pypi','url':'https://h','default':1"), "registries[0].default",
	    "must be true or false" },
	{ "{'executable-objects':[{'name':'d','exec-command':''}]}",
	    "executable-objects[0].exec-command", "empty" },
	{ "{'executable-objects':[{'name':'d','exec-command':'a\\nb'}]}",
	    "executable-objects[0].exec-command",
	    "control characters" },
	{ "{'secrets':[{'name':'s','value':''}]}", "secrets[0].value",
	    "must not be empty" },
	{ "{'secrets':[{'name':'s','value':null}]}", "secrets[0].value",
	    "must be a text" },
	/* members that exclude each other */
	{ SERVICE(TOFU ",'vars':[],'plan-vars':[]"), "services[0].plan-vars",
	    "cannot stand beside vars" },
	{ SERVICE(TOFU ",'plan-var-files':[],'var-files':[]"), "services[0].plan-var-files",
	    "beside var-files" },
	{ REGISTRY("'type':'pypi','url':'https://h','token-name':'t','password-name':'p'"),
	    "registries[0].token-name", "cannot stand beside password-name" },
	/* paths */
	{ SERVICE("'name':'s','type':'python-script','filename':'/etc/passwd'"),
	    "services[0].filename", "relative" },
	{ SERVICE("'name':'s','type':'python-script','filename':'a/../../b'"),
	    "services[0].filename", "without .." },
	{ SERVICE("'name':'s','type':'python-script','filename':'..'"), "services[0].filename",
	    "without .." },
	{ SERVICE("'name':'s','type':'python-script','filename':''"), "services[0].filename",
	    "must not be empty" },
	{ SERVICE("'name':'s','type':'python-script','filename':'-c'"), "services[0].filename",
	    "begin with -" },
	{ SERVICE("'name':'s','type':'ansible-playbook','playbooks':[]"), "services[0].playbooks",
	    "must not be empty" },
	{ SERVICE("'name':'s','type':'ansible-playbook','playbooks':['a','b/..']"),
	    "services[0].playbooks[1]", ".." },
	{ SERVICE("'name':'s','type':'ansible-playbook','playbooks':['-e@x']"),
	    "services[0].playbooks[0]", "with -" },
	{ SERVICE("'name':'s','type':'ansible-playbook','playbooks':['']"),
	    "services[0].playbooks[0]", "empty" },
	{ SERVICE(TOFU ",'working-directory':'/srv/../etc'"), "services[0].working-directory",
	    "without .. parts" },
	{ SERVICE(TOFU ",'working-directory':'..'"), "services[0].working-directory",
	    "without .. parts" },
	{ "{'repositories':[{'name':'r','url':'https://h/r'}],'services':[{"
	    TOFU ",'working-directory':'/srv',"
	    "'repository':'r'}]}", "services[0].working-directory",
	    "must be relative where there is a repository" },
	/* addresses */
	{ REPOSITORY("http://h/r"), "repositories[0].url", "must be https://" },
	{ REPOSITORY("ext::sh -c x"), "repositories[0].url", "must not hold blanks" },
	{ REPOSITORY("ext::x"), "repositories[0].url", "must be https://" },
	{ REPOSITORY("-u"), "repositories[0].url", "must be https://" },
	{ REPOSITORY(""), "repositories[0].url", "must not be empty" },
	{ REPOSITORY("https://"), "repositories[0].url", "must name a host" },
	{ REPOSITORY("https:///x"), "repositories[0].url", "must name a host" },
	{ REPOSITORY("https://u@/x"), "repositories[0].url", "must name a host" },
	{ REPOSITORY("https://:1/x"), "repositories[0].url", "must name a host" },
	{ REPOSITORY("https://u:secret@h/x"), "repositories[0].url", "must not hold a password" },
	{ REPOSITORY("ssh://-oProxyCommand=x/y"), "repositories[0].url", "begins with -" },
	{ REPOSITORY("ssh://git@-oProxyCommand=x/y"), "repositories[0].url", "begins with -" },
	{ REPOSITORY("git@-h:x"), "repositories[0].url", "begins with -" },
	{ REPOSITORY("git@h"), "repositories[0].url", "git@host:path" },
	{ REPOSITORY("git@h:"), "repositories[0].url", "git@host:path" },
	{ REPOSITORY("git@:x"), "repositories[0].url", "git@host:path" },
	{ REPOSITORY("git@h/a:x"), "repositories[0].url", "git@host:path" },
	{ REPOSITORY("file://h/x"), "repositories[0].url", "must be https://" },
	{ REPOSITORY("file:///"), "repositories[0].url", "absolute path" },
	{ REPOSITORY("file:///srv/../etc"), "repositories[0].url", "without .. parts" },
	{ REPOSITORY("https://h/\\t"), "repositories[0].url", "control characters" },
	{ "{'repositories':[{'name':'r','url':'https://h/r','reference':'--upload-pack=x'}]}",
	    "repositories[0].reference", "must not begin with -" },
	{ "{'repositories':[{'name':'r','url':'https://h/r','reference':'a b'}]}",
	    "repositories[0].reference", "blanks" },
	{ REGISTRY("'type':'pypi','url':'ftp://h'"), "registries[0].url", "must be https://" },
	{ REGISTRY("'type':'pypi','url':'http://u:p@h'"), "registries[0].url",
	    "must not hold a password" },
	/* references */
	{ SERVICE("'name':'s','type':'executable','filename':'f','executable-object':'none'"),
	    "services[0].executable-object", "there is no executable-object none" },
	{ SERVICE(TOFU ",'repository':'none'"), "services[0].repository",
	    "there is no repository none" },
	{ SERVICE(TOFU ",'decorator':'none'"), "services[0].decorator",
	    "there is no decorator none" },
	{ SERVICE(TOFU ",'decorator':'s'"), "services[0].decorator", "there is no decorator s" },
	{ SERVICE(TOFU ",'decorator':''"), "services[0].decorator", "must not be empty" },
	{ SERVICE(TOFU ",'decorator':'a\\nb'"), "services[0].decorator", "control characters" },
	{ SERVICE(TOFU ",'decorator':{'type':'object'}"), "services[0].decorator",
	    "must be a text" },
	/* schemas */
	{ DECORATOR("true"), "decorators[0].schema", "must be an object" },
	{ DECORATOR("{'properties':{'x':{'type':'strin'}}}"),
	    "decorators[0].schema/properties/x/type", "" },
	{ DECORATOR("{'$ref':'https://example.org/x'}"), "decorators[0].schema/$ref", "" },
	{ DECORATOR("{'pattern':'('}"), "decorators[0].schema/pattern", "" },
	{ DECORATOR("{'colour\\n':1}"), "decorators[0].schema/colour?", "" },
};

Test(service_file_faults, every_fault_has_its_path)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct error e = { .code = ERR_OK };
		struct json_object *document = json_own(w.ctx, quoted(bad[i].document));
		struct faults *f;

		cr_assert(document != NULL || strcmp(bad[i].document, "null") == 0, "%s",
		    bad[i].document);
		f = refused(document, IMPORT_WRITE, &e);
		cr_expect(f->count == 1 && has_fault(f, bad[i].path, bad[i].text), "%s: %s",
		    bad[i].document,
		    faults_text(w.ctx, f));
		cr_expect_str_eq(e.field, bad[i].path);
		cr_expect_str_eq(e.detail, faults_text(w.ctx, f));
	}
	cr_expect_str_eq(exported(&w.first), "{}");
}

Test(service_file_faults, all_faults_come_at_once)
{
	struct error e;
	struct faults *f = refused(parsed("colour: 1\n"
	    "decorators:\n"
	    "  - {name: d, schema: {type: strin, properties: {n: {minimum: x}}}}\n"
	    "  - {name: d, schema: {}}\n"
	    "services:\n"
	    "  - {name: ok, type: opentofu-plan}\n"
	    "  - {name: ok, type: opentofu-plan, shade: 1, timeout: 0, decorator: d, repository: "
	    "none}\n"
	    "  - {type: executable, filename: /x, executable-object: none, runtime: {env: {A: 1}, "
	    "x: 1}}\n"
	    "  - 7\n"
	    "secrets: [{name: s, value: hush, x: hush}]\n"), IMPORT_WRITE, &e);
	static const char *const paths[] = {
		"colour", "decorators[0].schema/type", "decorators[0].schema/properties/n/minimum",
		"decorators[1].name", "services[1].name", "services[1].shade",
		    "services[1].timeout",
		"services[1].repository", "services[2].name", "services[2].filename",
		"services[2].executable-object", "services[2].runtime.env.A",
		    "services[2].runtime.x",
		"services[3]", "secrets[0].x",
	};

	for (size_t i = 0; i < COUNT(paths); i++)
		cr_expect(has_fault(f, paths[i], ""), "%s is not in %s", paths[i],
		    faults_text(w.ctx, f));
	cr_expect_eq(f->count, COUNT(paths), "%s", faults_text(w.ctx, f));
	cr_expect_str_eq(e.field, "colour");
	cr_expect_null(strstr(faults_text(w.ctx, f), "hush"), "no secret in an error");
}

/* --- lengths --- */

static struct json_object *
service_named(const char *name, const char *description)
{
	struct json_object *document = json("{'services':[{'type':'opentofu-plan'}]}");
	struct json_object *service = json_object_array_get_idx(json_get(document, "services"), 0);

	json_set(service, "name", json_object_new_string(name));
	json_set(service, "description", json_object_new_string(description));
	return document;
}

/* N times S. */
static const char *
repeated(const char *s, size_t n)
{
	struct text *t = text_new(w.ctx, SIZE_MAX / 2);

	while (n-- > 0)
		text_puts(t, s);
	return t->at;
}

Test(service_file_faults, lengths_are_in_characters)
{
	struct faults *f;

	imported(&w.first, service_named(repeated("\xc3\xa9", NAME_MOST), ""), IMPORT_WRITE, false);
	f = refused(service_named(repeated("\xc3\xa9", NAME_MOST + 1), ""), IMPORT_WRITE, NULL);
	cr_expect(has_fault(f, "services[0].name", "must have at most 128 characters"));
	imported(&w.first, service_named("x", repeated("y", 4096)), IMPORT_WRITE, false);
	f = refused(service_named("x", repeated("y", 4097)), IMPORT_WRITE, NULL);
	cr_expect(has_fault(f, "services[0].description", "must have at most 4096 characters"));
	f = refused(parsed(mem_printf(w.ctx, "services: [{name: s, type: opentofu-plan, vars: "
	    "[%s]}]",
	    repeated("a,", 1001))), IMPORT_WRITE, NULL);
	cr_expect(has_fault(f, "services[0].vars", "must have at most 1000 members"));
	f = refused(parsed(mem_printf(w.ctx, "services: [{name: s, type: opentofu-plan, vars: "
	    "[%s]}]",
	    repeated("a", 32769))), IMPORT_WRITE, NULL);
	cr_expect(has_fault(f, "services[0].vars[0]", "must have at most 32768 characters"));
}

/* --- hostile input --- */

Test(service_file_faults, keys_cannot_break_the_message)
{
	struct error e;
	const char *name = repeated("\xe2\x82\xac", 5000);
	struct json_object *document = json("{'a\\n\\u001b[31mb':1}");
	struct faults *f = refused(document, IMPORT_WRITE, &e);

	cr_expect_str_eq(e.field, "a??[31mb");
	cr_expect_null(strpbrk(e.detail, "\n\x1b"));
	json_set(document, name, NULL);
	f = refused(document, IMPORT_WRITE, &e);
	cr_expect_eq(f->count, 2);
	cr_expect_lt(strlen(f->at[1].path), 100);
	cr_expect(utf8_valid(f->at[1].path, strlen(f->at[1].path)));
	cr_expect_not_null(strstr(f->at[1].path, "\xe2\x82\xac..."), "%s", f->at[1].path);
}

Test(service_file_faults, a_long_first_path_leaves_the_error_whole)
{
	struct error e;
	struct json_object *document = json("{'decorators':[{'name':'d',"
	    "'schema':{'properties':{}}}]}");
	struct json_object *d = json_object_array_get_idx(json_get(document, "decorators"), 0);

	json_set(json_get(json_get(d, "schema"), "properties"), repeated("\xc3\xa9", 2000),
	    json_object_new_int(1));
	refused(document, IMPORT_WRITE, &e);
	cr_expect_eq(strncmp(e.field, "decorators[0].schema/properties/", 32), 0, "%s", e.field);
	cr_expect(utf8_valid(e.field, strlen(e.field)));
	cr_expect(utf8_valid(e.detail, strlen(e.detail)));
}

Test(service_file_faults, names_are_only_names)
{
	static const char *const names[] = {
		"'; DROP TABLE service; --", "%s%n%s", "$(reboot)", "#1", "...", " ", "\\", "-rf",
		    "\xf0\x9f\x9a\xaa",
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		const char *answer = imported(&w.first, service_named(names[i], "%s%n"),
		    IMPORT_WRITE, false);
		struct json_object *added = json_get(json_own(w.ctx, answer), "added");

		cr_expect_str_eq(json_object_get_string(json_object_array_get_idx(added, 0)),
		    mem_printf(w.ctx, "service/%s", names[i]));
		cr_expect_str_eq(imported(&w.second, parsed(exported(&w.first)), IMPORT_CHECK,
		    true),
		    imported(&w.second, parsed(exported(&w.first)), IMPORT_CHECK, false));
	}
	cr_expect_eq(json_object_array_length(json_get(json_own(w.ctx, exported(&w.first)),
	    "services")),
	    COUNT(names));
}

Test(service_file_faults, many_faults_are_counted)
{
	struct faults *f = refused(parsed(mem_printf(w.ctx, "services: [%s]", repeated("{},",
	    MANY))), IMPORT_WRITE,
	    NULL);
	struct text *t = text_new(w.ctx, SIZE_MAX / 2);

	cr_expect_eq(f->count, 2 * MANY);
	cr_expect_eq(f->kept, FAULTS_MAX);
	text_puts(t, "decorators: [{name: d, schema: {properties: {");
	for (int i = 0; i < MANY; i++)
		text_printf(t, "p%d: 1, ", i);
	text_puts(t, "}}}]");
	f = refused(parsed(t->at), IMPORT_WRITE, NULL);
	cr_expect_eq(f->count, MANY, "those of a schema too");
}
