#include "service_file_world.h"

#include "run/vault.h"

#include "store/item.h"
#include "store/service.h"

enum { MANY = 3000 };

/* All sections, every member that is known, in the order of the export. */
static const char full[] =
    "decorators:\n"
    "  - name: hello-input\n"
    "    argument_order: [name]\n"
    "    schema: {$id: root, type: object, properties: {name: {type: string, minLength: 1}},\n"
    "             required: [name], additionalProperties: false}\n"
    "repositories:\n"
    "  - {name: tools, description: \"\", url: \"https://git.example.org/tools.git\", reference: "
    "main, tags: [],\n"
    "     private-key-name: deploy-key}\n"
    "  - {name: other, url: \"git@git.example.org:a/b.git\"}\n"
    "  - {name: third, url: \"ssh://git@git.example.org:22/a.git\"}\n"
    "  - {name: fourth, url: \"file:///srv/git/a.git\"}\n"
    "services:\n"
    "  - name: hello\n"
    "    type: python-script\n"
    "    description: \"says h\xc3\xa9llo\"\n"
    "    tags: [a, b]\n"
    "    repository: tools\n"
    "    working-directory: hello/\n"
    "    decorator: hello-input\n"
    "    filename: main.py\n"
    "    timeout: 60\n"
    "    secrets: [{name: api-token, type: env, target: API_TOKEN}, {name: key, type: file, target: "
    "KEY_FILE}]\n"
    "    runtime: {env: {LANG: C.UTF-8, EMPTY: \"\"}, req-file: requirements.txt}\n"
    "  - name: site\n"
    "    type: ansible-playbook\n"
    "    playbooks: [site.yml, more/x.yml]\n"
    "    runtime: {inventory: [hosts.ini], config-file: ansible.cfg, env: {}, req-file: "
    "requirements.yml,\n"
    "              extra-vars: [k=v], extra-vars-file: [], check: false, diff: true, verbose-level: "
    "0, forks: 10,\n"
    "              limit: [], tags: \"\", skip-tags: \"\"}\n"
    "  - name: vpc\n"
    "    type: opentofu-plan\n"
    "    working-directory: /srv/plans/vpc\n"
    "    vars: [\"region=eu\"]\n"
    "    var-files: [prod.tfvars]\n"
    "    state-file: null\n"
    "  - name: old\n"
    "    type: opentofu-plan\n"
    "    plan-vars: [\"region=eu\"]\n"
    "    plan-var-files: [prod.tfvars]\n"
    "    state-file: here.tfstate\n"
    "  - name: backup\n"
    "    type: executable\n"
    "    executable-object: python-3-12\n"
    "    filename: bin/backup.py\n"
    "    arg-format: \"--{{.Key}} {{.Value}}\"\n"
    "    runtime: {}\n"
    "executable-objects: [{name: python-3-12, exec-command: /usr/bin/python3, description: \"\", "
    "tags: []}]\n"
    "registries:\n"
    "  - {name: p, type: pypi, url: \"https://pypi.example.org\", default: true, username: u, "
    "password-name: s}\n"
    "  - {name: g, type: ansible-galaxy, url: \"http://galaxy.example.org\", token-name: t}\n"
    "secrets: [{name: deploy-key}, {name: api-token}]\n"
    "users: [{name: ann, roles: [1, 2.50, null]}, {login: bob}]\n"
    "mcp_servers: [{command: [x], env: {A: {B: 1}}}]\n"
    "secret-providers: [{name: vault, url: any}]\n";

static const char small[] = "{'decorators':[{'name':'d1','schema':{'type':'object'}}],"
    "'services':[{'name':'imported','type':'executable','executable-object':'sh','filename':'x.sh',"
    "'decorator':'d1'}],"
    "'executable-objects':[{'name':'sh','exec-command':'/bin/sh'}]}";

TestSuite(service_file, .init = start, .fini = end);

/* --- parsing --- */

Test(service_file, json_where_a_brace_comes_first)
{
	struct json_object *o;
	struct error e;
	static const char yaml_only[] = "{users: []}", broken[] = "\n {\"users\": [}",
	    cut[] = "{\"users\": [";

	cr_expect_str_eq(json_text(w.ctx, parsed(" \t\r\n{\"users\": []}")), "{\"users\":[]}");
	cr_expect_str_eq(json_text(w.ctx, parsed("users: []")), "{\"users\":[]}");
	cr_expect_str_eq(json_text(w.ctx, parsed("# {\nusers: []")), "{\"users\":[]}");
	cr_expect_eq(service_file_parse(w.ctx, yaml_only, strlen(yaml_only), &o, &e),
	    ERR_MALFORMED);
	cr_expect_eq(service_file_parse(w.ctx, broken, strlen(broken), &o, &e), ERR_MALFORMED);
	cr_expect_not_null(strstr(e.detail, "line 2"), "%s", e.detail);
	cr_expect_eq(service_file_parse(w.ctx, cut, strlen(cut), &o, &e), ERR_MALFORMED);
}

Test(service_file, text_that_is_none)
{
	static const struct {
		const char *s;
		size_t n;
	} bad[] = {
		{ "a: [b", 5 }, { "a: \xff", 4 }, { "{\"a\":\"\xc3\"}", 8 }, { "a: 1\na: 2", 9 },
		    { "a: b\0c", 6 },
		{ "{\"a\":1}{", 8 }, { "{\"a\":1,\"a\":2}", 13 }, { "--- {}\n--- {}", 13 },
		    { "a: !!python/x 1", 15 },
		{ "a: *none", 8 },
	};
	struct json_object *o;

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct error e = { .code = ERR_OK };

		cr_expect_eq(service_file_parse(w.ctx, bad[i].s, bad[i].n, &o, &e), ERR_MALFORMED,
		    "%s", bad[i].s);
		cr_expect_not_null(strstr(e.detail, "line "), "%s: %s", bad[i].s, e.detail);
	}
}

Test(service_file, cut_off_anywhere)
{
	const char *as_json = json_text(w.ctx, parsed(full));
	size_t parsed_ones = 0;

	for (size_t n = 1; n < strlen(as_json); n++) {
		SCOPED(tmp, NULL);
		struct json_object *o;
		struct error e;

		cr_expect_eq(service_file_parse(tmp, as_json, n, &o, &e), ERR_MALFORMED, "at %zu", n);
	}
	for (size_t n = 0; n < strlen(full); n++) {
		SCOPED(tmp, NULL);
		struct service_import im = { .mode = IMPORT_WRITE, .faults = faults_new(tmp) };
		struct error e = { .code = ERR_OK };

		if (service_file_parse(tmp, full, n, &im.document, &e) != ERR_OK)
			continue;
		parsed_ones++;
		if (service_file_import(tmp, w.db, &w.first, &im, &e) != ERR_OK)
			cr_expect(e.code == ERR_INVALID && im.faults->count > 0, "at %zu: %s", n, e.detail);
	}
	cr_expect_gt(parsed_ones, 0);
}

/* --- what works --- */

Test(service_file, everything_goes_round)
{
	struct json_object *document = parsed(full), *again;
	const char *text = json_text(w.ctx, document), *once, *check;

	check = imported(&w.first, document, IMPORT_CHECK, false);
	cr_expect_str_eq(imported(&w.first, document, IMPORT_WRITE, false), check);
	once = exported(&w.first);
	cr_expect_str_eq(once, text, "exactly the items as they came");
	again = parsed(once);
	cr_expect_str_eq(imported(&w.second, again, IMPORT_WRITE, false), check);
	cr_expect_str_eq(exported(&w.second), once);
	imported(&w.second, again, IMPORT_WRITE, true);
	cr_expect_str_eq(exported(&w.second), once, "also when all were replaced");
}

Test(service_file, the_answer_names_items_in_the_order_of_the_document)
{
	cr_expect_str_eq(imported(&w.first, json("{'users':[{'x':1},{'name':'u/1'}],"
	    "'secrets':[{'name':'s'}],"
	    "'mcp_servers':[{}],'secret-providers':[{'name':'v'}],'registries':[{'name':'r',"
	    "'type':'pypi','url':"
	    "'https://h'}],'repositories':[{'name':'g','url':'file:///x'}]}"), IMPORT_WRITE, false),
	    quoted("{'added':['user/#1','user/u/1','secret/s','mcp_server/#1','secret-provider/v',"
	    "'registry/r',"
	    "'repository/g'],'replaced':[],'skipped':[],'summary':{'added':7,'replaced':0,"
	    "'skipped':0}}"));
	cr_expect_str_eq(exported(&w.first), quoted("{'repositories':[{'name':'g',"
	    "'url':'file:///x'}],"
	    "'registries':[{'name':'r','type':'pypi','url':'https://h'}],'secrets':[{'name':'s'}],"
	    "'users':[{'x':1},{'name':'u/1'}],'mcp_servers':[{}],"
	    "'secret-providers':[{'name':'v'}]}"));
}

static const char *
value_of(const struct gateway *g, const char *name)
{
	struct error e = { 0 };
	const char *value;

	return vault_get(w.ctx, w.db, w.config, g->id, name, &value, &e) == ERR_OK ? value : e.detail[0] != '\0' ?
	    mem_text(w.ctx, e.detail) : NULL;
}

Test(service_file, values_of_secrets_stay_here)
{
	const char *text, *out = quoted("{'secrets':[{'name':'b'},{'name':'a'},{'name':'none'}]}");

	text = quoted("{'secrets':[{'name':'b','value':'value of b'},{'value':'value of a','name':'a'},{'name':'none'}]}");
	imported(&w.first, parsed(text), IMPORT_CHECK, false);
	cr_expect_str_eq(exported(&w.first), "{}");
	imported(&w.first, parsed(text), IMPORT_WRITE, false);
	cr_expect_str_eq(exported(&w.first), out);
	cr_expect_str_eq(value_of(&w.first, "a"), "value of a");
	cr_expect_str_eq(value_of(&w.first, "b"), "value of b");
	cr_expect_not_null(strstr(value_of(&w.first, "none"), "has no value yet"));
	/* What was exported does not take values away, and is equal on an empty server. */
	imported(&w.first, parsed(out), IMPORT_WRITE, true);
	cr_expect_str_eq(value_of(&w.first, "a"), "value of a");
	imported(&w.second, parsed(out), IMPORT_WRITE, false);
	cr_expect_str_eq(exported(&w.second), out);
	cr_expect_not_null(strstr(value_of(&w.second, "a"), "has no value yet"));
	/* What is there is skipped, or with force replaced. */
	imported(&w.first, json("{'secrets':[{'name':'a','value':'another'}]}"), IMPORT_WRITE, false);
	cr_expect_str_eq(value_of(&w.first, "a"), "value of a");
	imported(&w.first, json("{'secrets':[{'name':'a','value':'another'}]}"), IMPORT_WRITE, true);
	cr_expect_str_eq(value_of(&w.first, "a"), "another");
	cr_expect_str_eq(exported(&w.first), out, "in the order they came");
}

Test(service_file, an_empty_document_is_fine)
{
	cr_expect_str_eq(imported(&w.first, json("{}"), IMPORT_WRITE, true),
	    quoted("{'added':[],'replaced':[],'skipped':[],'summary':{'added':0,'replaced':0,"
	    "'skipped':0}}"));
	imported(&w.first, json("{'services':[],'users':[]}"), IMPORT_WRITE, true);
	cr_expect_str_eq(exported(&w.first), "{}");
}

Test(service_file, skipped_or_with_force_replaced)
{
	struct json_object *changed = json("{'services':[{'name':'imported','type':'opentofu-plan',"
	    "'description':'n'},"
	    "{'name':'more','type':'opentofu-plan'}],'decorators':[{'name':'d1',"
	    "'schema':{'type':'array'}}]}");
	struct service before = { 0 }, after = { 0 };
	struct error e;
	const char *text;
	bool found;

	cr_expect_str_eq(imported(&w.first, json(small), IMPORT_WRITE, false),
	    quoted("{'added':['decorator/d1','service/imported','executable-object/sh'],"
	    "'replaced':[],'skipped':[],"
	    "'summary':{'added':3,'replaced':0,'skipped':0}}"));
	text = exported(&w.first);
	cr_expect_str_eq(text, quoted(small));
	cr_expect_str_eq(imported(&w.first, json(small), IMPORT_WRITE, false),
	    quoted("{'added':[],'replaced':[],'skipped':['decorator/d1','service/imported',"
	    "'executable-object/sh'],"
	    "'summary':{'added':0,'replaced':0,'skipped':3}}"));
	cr_expect_str_eq(exported(&w.first), text);
	cr_assert_eq(service_by_name(w.ctx, w.db, w.first.id, "imported", &before, &found, &e),
	    ERR_OK);
	cr_assert(found);
	cr_expect_str_eq(before.type, "executable");
	cr_expect_str_eq(before.description, "");
	cr_expect(id_is(before.id) && id_is_uuid(before.uuid) && before.active && !before.discovered);
	cr_expect_gt(before.created, 0);

	cr_expect_str_eq(imported(&w.first, changed, IMPORT_WRITE, true),
	    quoted("{'added':['service/more'],'replaced':['service/imported','decorator/d1'],"
	    "'skipped':[],"
	    "'summary':{'added':1,'replaced':2,'skipped':0}}"));
	cr_assert_eq(service_by_name(w.ctx, w.db, w.first.id, "imported", &after, &found, &e),
	    ERR_OK);
	cr_expect_str_eq(after.type, "opentofu-plan");
	cr_expect_str_eq(after.description, "n");
	cr_expect_str_eq(after.id, before.id, "runs keep to it");
	cr_expect_str_eq(exported(&w.first), quoted("{'decorators':[{'name':'d1',"
	    "'schema':{'type':'array'}}],"
	    "'services':[{'name':'imported','type':'opentofu-plan','description':'n'},"
	    "{'name':'more','type':"
	    "'opentofu-plan'}],'executable-objects':[{'name':'sh','exec-command':'/bin/sh'}]}"));
	cr_expect_str_eq(exported(&w.second), "{}", "the other gateway has none of it");
}

Test(service_file, check_and_validate_write_nothing)
{
	static const char all[] = "{'added':['decorator/d1','service/imported',"
	    "'executable-object/sh'],'replaced':[],"
	    "'skipped':[],'summary':{'added':3,'replaced':0,'skipped':0}}";

	db_writable(w.db, false);
	cr_expect_str_eq(imported(&w.first, json(small), IMPORT_CHECK, false), quoted(all));
	cr_expect_str_eq(imported(&w.first, json(small), IMPORT_CHECK, true), quoted(all));
	cr_expect_str_eq(imported(&w.first, json(small), IMPORT_VALIDATE, false),
	    quoted("{'added':[],'replaced':[],'skipped':[],'summary':{'added':0,'replaced':0,"
	    "'skipped':0}}"));
	cr_expect_str_eq(exported(&w.first), "{}");
	db_writable(w.db, true);
	imported(&w.first, json(small), IMPORT_WRITE, false);
	db_writable(w.db, false);
	cr_expect_not_null(strstr(imported(&w.first, json(small), IMPORT_CHECK, true),
	    quoted("'replaced':3")));
	cr_expect_not_null(strstr(imported(&w.first, json(small), IMPORT_CHECK, false),
	    quoted("'skipped':3")));
	refused(json("{'services':[{'name':'x'}]}"), IMPORT_CHECK, NULL);
	refused(json("{'services':[{'name':'x'}]}"), IMPORT_VALIDATE, NULL);
	cr_expect_str_eq(exported(&w.first), quoted(small));
}

Test(service_file, references_to_what_is_there_already)
{
	static const char service[] = "{'services':[{'name':'s','type':'executable',"
	    "'executable-object':'sh',"
	    "'filename':'x','decorator':'d1'}]}";
	struct faults *f = refused(json(service), IMPORT_VALIDATE, NULL);

	cr_expect_eq(f->count, 2);
	cr_expect(has_fault(f, "services[0].executable-object",
	    "there is no executable-object sh"));
	cr_expect(has_fault(f, "services[0].decorator", "there is no decorator d1"));
	imported(&w.second, json(small), IMPORT_WRITE, false);
	cr_expect_eq(refused(json(service), IMPORT_WRITE, NULL)->count, 2,
	    "another gateway's do not count");
	imported(&w.first, json(small), IMPORT_WRITE, false);
	imported(&w.first, json(service), IMPORT_WRITE, false);
}

/* --- services that the gateway offers by itself --- */

static void
discovered(const char *name)
{
	struct error e;
	struct service s = { .id = id_new(w.ctx), .uuid = id_uuid(w.ctx), .gateway_id = w.first.id,
	    .name = name,
	    .type = "python-script", .description = "", .discovered = true, .definition = "{}",
	    .created = 1 };
	TXN(txn);

	cr_assert_eq(txn_begin(&txn, w.db, &e), ERR_OK);
	cr_assert_eq(service_put(w.db, &s, &e), ERR_OK);
	cr_assert_eq(txn_commit(&txn, &e), ERR_OK);
}

static void
leave(void)
{
	struct error e;
	TXN(txn);

	cr_assert_eq(txn_begin(&txn, w.db, &e), ERR_OK);
	cr_assert_eq(service_retire_discovered(w.db, w.first.id, &e), ERR_OK);
	cr_assert_eq(txn_commit(&txn, &e), ERR_OK);
}

Test(service_file, discovered_services_count_but_are_not_exported)
{
	static const char two[] = "{'services':[{'name':'a','type':'opentofu-plan'},{'name':'b',"
	    "'type':'opentofu-plan'}]}";

	discovered("a");
	cr_expect_str_eq(exported(&w.first), "{}");
	cr_expect_not_null(strstr(imported(&w.first, json(two), IMPORT_CHECK, false),
	    quoted("{'added':['service/b'],'replaced':[],'skipped':['service/a']")));
	imported(&w.first, json(two), IMPORT_WRITE, true);
	cr_expect_str_eq(exported(&w.first), quoted(two));
	discovered("c");
	leave();
	cr_expect_str_eq(exported(&w.first), quoted(two), "imported ones stay");
	cr_expect_not_null(strstr(imported(&w.first,
	    json("{'services':[{'name':'c','type':'opentofu-plan'}]}"),
	    IMPORT_WRITE, false), quoted("{'added':['service/c']")), "what has left is not there");
	cr_expect_not_null(strstr(exported(&w.first),
	    quoted("{'name':'c','type':'opentofu-plan'}")));
}

Test(service_file, many_items)
{
	struct text *t = text_new(w.ctx, SIZE_MAX / 2);

	text_puts(t, "services:\n");
	for (int i = 0; i < MANY; i++)
		text_printf(t, "- {name: s%d, type: executable, filename: f, executable-object: "
		    "o%d}\n", i, MANY - i);
	text_puts(t, "executable-objects:\n");
	for (int i = 0; i <= MANY; i++)
		text_printf(t, "- {name: o%d, exec-command: x}\n", i);
	cr_expect_not_null(strstr(imported(&w.first, parsed(t->at), IMPORT_WRITE, false),
	    quoted("'added':6001,")));
	cr_expect_str_eq(exported(&w.first), json_text(w.ctx, parsed(t->at)));
}

/* --- the database fails --- */

static enum err
tried(const struct gateway *g, struct error *e)
{
	struct service_import im = { .document = json(small), .mode = IMPORT_WRITE, .force = true,
	    .faults = faults_new(w.ctx) };
	enum err rc = service_file_import(w.ctx, w.db, g, &im, e);

	cr_expect_eq(im.faults->count, 0);
	cr_expect_null(im.answer);
	return rc;
}

Test(service_file, all_or_nothing)
{
	struct error e;

	cr_assert_eq(db_exec(w.db, "CREATE TRIGGER no BEFORE INSERT ON item WHEN NEW.name = 'sh' "
	    "BEGIN SELECT RAISE(ABORT, 'no'); END", &e), ERR_OK);
	cr_expect_eq(tried(&w.first, &e), ERR_CONFLICT);
	cr_expect_str_eq(exported(&w.first), "{}", "what came before it is gone too");
	cr_assert_eq(db_exec(w.db, "DROP TRIGGER no", &e), ERR_OK);
	imported(&w.first, json(small), IMPORT_WRITE, false);
}

Test(service_file, a_database_that_is_locked)
{
	struct error e;
	struct db *other = db_open(w.ctx, w.config, false, &e);

	cr_assert_not_null(other);
	cr_assert_eq(db_exec(other, "BEGIN IMMEDIATE", &e), ERR_OK);
	cr_expect_eq(tried(&w.first, &e), ERR_UNAVAILABLE);
	cr_assert_eq(db_exec(other, "ROLLBACK", &e), ERR_OK);
	imported(&w.first, json(small), IMPORT_WRITE, false);
	mem_free(other);
}

Test(service_file, a_gateway_that_is_gone)
{
	struct error e;
	struct json_object *o = NULL;
	struct gateway none = { .id = id_new(w.ctx), .cluster_id = "none" };

	cr_expect_eq(tried(&none, &e), ERR_NOT_FOUND);
	cr_expect_eq(service_file_export(w.ctx, w.db, none.id, &o, &e), ERR_NOT_FOUND);
	cr_expect_null(o);
}

Test(service_file, a_stored_item_that_is_damaged)
{
	struct error e;
	struct json_object *o = NULL;

	imported(&w.first, json(small), IMPORT_WRITE, false);
	cr_assert_eq(db_exec(w.db, "UPDATE item SET body = '{\"name\":' WHERE name = 'd1'", &e),
	    ERR_OK);
	cr_expect_eq(service_file_export(w.ctx, w.db, w.first.id, &o, &e), ERR_INTERNAL);
	cr_expect_not_null(strstr(e.detail, "decorator d1"), "%s", e.detail);
	cr_expect_null(o);
}
