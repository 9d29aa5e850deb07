#include "connector_fixture.h"

/* ansible-playbook services of the local connector: with a stand-in, and with the real one where it is installed. */

TestSuite(local_ansible, .timeout = LIMIT, .init = begin, .fini = finish);

/* A stand-in that prints its words and, of those that name a file by @, what it holds. */
#define STAND_IN "#!/usr/bin/python3\nimport sys, json, os\nout = sys.argv[1:]\nfor w in out[:]:\n" \
	"    p = w.split('=', 1)[-1].lstrip('@')\n" \
	"    if p.startswith(os.environ['HOME']):\n" \
	"        assert os.stat(p).st_mode & 0o777 == 0o600\n        out[out.index(w)] = [w[:-len(p)], json.load(open(p))]\n" \
	"print(json.dumps([out, os.environ['ANSIBLE_NOCOLOR'], os.environ.get('ANSIBLE_CONFIG'),\n" \
	"    os.environ['ANSIBLE_LOCAL_TEMP'].startswith(os.environ['HOME'] + '/') and\n" \
	"    ('ANSIBLE_CONFIG' in os.environ) == (os.environ.get('ANSIBLE_REMOTE_TMP') != '$HOME/.ansible/tmp')]))\n"

static struct wish
ansible_wish(const char *runtime, const char *params)
{
	put_file("stand-in", 0700, STAND_IN);
	put_file("site.yml", 0600, "");
	config->local_ansible_playbook = mem_printf(ctx, "%s/stand-in", code);
	return (struct wish){ .type = "ansible-playbook", .params = params, .definition = definition(
	    mem_printf(ctx, "\"playbooks\":[\"site.yml\"],\"runtime\":%s", runtime)) };
}

Test(local_ansible, ansible_words)
{
	struct wish w = ansible_wish("{}", "{\"n\":1,\"s\":\"{{ x }}\",\"o\":{\"l\":[\"a\",true,null]}}");
	const char *vars = "[\"--extra-vars=@\",{\"n\":1,\"s\":{\"__ansible_unsafe\":\"{{ x }}\"},"
	    "\"o\":{\"l\":[{\"__ansible_unsafe\":\"a\"},true,null]}}]";

	expect_words(&w, mem_printf(ctx, "[[\"--inventory=localhost,\",\"--connection=local\",%s,\"%s/site.yml\"],"
	    "\"1\",null,true]", vars, code));
	w.inventory = "{\"inventory_nodes\":[{\"name\":\"r1\",\"attributes\":{\"a\":1}},{\"name\":\"r2\"}]}";
	expect_words(&w, mem_printf(ctx, "[[[\"--inventory=\",{\"all\":{\"hosts\":{\"r1\":{\"a\":1},\"r2\":{}}}}],"
	    "%s,\"%s/site.yml\"],\"1\",null,true]", vars, code));
}

Test(local_ansible, ansible_options)
{
	struct wish w = ansible_wish("{\"inventory\":[\"hosts.ini\",\"a,b\"],\"config-file\":\"ansible.cfg\","
	    "\"extra-vars\":[\"k=v\",\"l=-m n\"],\"extra-vars-file\":[\"more.yml\"],\"check\":true,\"diff\":true,"
	    "\"verbose-level\":3,\"forks\":10,\"limit\":[\"r1\",\"r2\"],\"tags\":\"t1,t2\",\"skip-tags\":\"-t3\"}", "{}");

	put_file("hosts.ini", 0600, "");
	put_file("ansible.cfg", 0600, "");
	put_file("more.yml", 0600, "");
	expect_words(&w, mem_printf(ctx, "[[\"--inventory=%1$s/hosts.ini\",\"--inventory=a,b\",\"--check\",\"--diff\","
	    "\"-vvv\",\"--forks=10\",\"--limit=r1,r2\",\"--tags=t1,t2\",\"--skip-tags=-t3\","
	    "\"--extra-vars=@%1$s/more.yml\",\"--extra-vars=k=v\",\"--extra-vars=l=-m n\",[\"--extra-vars=@\",{}],"
	    "\"%1$s/site.yml\"],\"1\",\"%1$s/ansible.cfg\",true]", code));
}

Test(local_ansible, ansible_options_that_say_nothing)
{
	struct wish w = ansible_wish("{\"inventory\":[],\"config-file\":\"\",\"env\":{},\"req-file\":\"\",\"extra-vars\":[],"
	    "\"extra-vars-file\":[],\"check\":false,\"diff\":false,\"verbose-level\":0,\"limit\":[],\"tags\":\"\","
	    "\"skip-tags\":null}", "{}");

	expect_words(&w, mem_printf(ctx, "[[\"--inventory=localhost,\",\"--connection=local\",[\"--extra-vars=@\",{}],"
	    "\"%s/site.yml\"],\"1\",null,true]", code));
}

Test(local_ansible, ansible_refusals)
{
	static const char *const cases[][3] = {
		{ "{\"inventory\":[\"none.ini\"]}", "{}", "none.ini is not in the working directory" },
		{ "{\"inventory\":[\"../x\"]}", "{}", ".. parts" },
		{ "{\"inventory\":[\"\"]}", "{}", "inventory of service test must hold texts" },
		{ "{\"inventory\":\"hosts\"}", "{}", "runtime.inventory of service test must be of type array" },
		{ "{\"limit\":[1]}", "{}", "limit of service test must hold texts" },
		{ "{\"check\":\"yes\"}", "{}", "runtime.check of service test must be of type boolean" },
		{ "{\"forks\":1.5}", "{}", "must be of type int" },
		{ "{\"config-file\":\"/etc/passwd\"}", "{}", "/etc/passwd of service test must be a relative path" },
		{ "{\"extra-vars-file\":[\"/etc/passwd\"]}", "{}", "relative path" },
		{ "{\"req-file\":\"r.yml\"}", "{}", "r.yml is not in the working directory" },
		{ "{}", "{\"a\":[{\"__ansible_vault\":\"x\"}]}", "__ansible_vault cannot be given" },
		{ "{}", "{\"__ansible_unsafe\":1}", "__ansible_unsafe cannot be given" },
		{ "{}", "{\"a\":[{\"{{ x }}\":1}]}", "{{ x }} cannot be given" },
		{ "{}", "{\"{% x %}\":1}", "could take it for a template" },
		{ "{}", "{\"ansible_connection\":\"ssh\"}", "ansible_connection cannot be given to service test" },
		{ "{}", "{\"delegated_vars['ansible_host']\":\"-x\"}", "cannot be given to service test" },
	};
	struct wish w;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conn *c = open_kind("local", "{}");
		struct seen *s = seen_new();
		struct error e = { 0 };

		w = ansible_wish(cases[i][0], cases[i][1]);
		cr_expect_neq(submit(c, &w, s, &e), ERR_OK, "%s %s", cases[i][0], cases[i][1]);
		cr_expect_not_null(strstr(e.detail, cases[i][2]), "%s", e.detail);
		mem_free(c);
	}
	w = ansible_wish("{}", "{}");
	w.definition = definition("\"playbooks\":[]");
	refused(&w, ERR_INVALID, "service test has no playbooks");
	w.definition = definition("\"playbooks\":[\"none.yml\"]");
	refused(&w, ERR_NOT_FOUND, "none.yml is not in the working directory");
	w = ansible_wish("{}", "{}");
	w.inventory = "{\"inventory_nodes\":[{\"attributes\":{}}]}";
	refused(&w, ERR_INVALID, "a node of the inventory has no name");
	w.inventory = "{\"inventory_nodes\":[{\"name\":\"{{ 1 }}\",\"attributes\":{}}]}";
	refused(&w, ERR_INVALID, "the node {{ 1 }} cannot be given");
	w.inventory = "{\"inventory_nodes\":[{\"name\":\"-oProxyCommand=x\",\"attributes\":{}}]}";
	refused(&w, ERR_INVALID, "the node -oProxyCommand=x cannot be given");
	w.inventory = "{\"inventory_nodes\":[{\"name\":\"r1\",\"attributes\":{\"a\":{\"{# x\":1}}}]}";
	refused(&w, ERR_INVALID, "{# x cannot be given");
}

static const char play[] =
    "- hosts: all\n  gather_facts: false\n  connection: local\n  tasks:\n"
    "    - ansible.builtin.debug: {msg: \"GOT {{ text }} {{ number + 1 }} {{ flag }} {{ o.l[1] }} {{ site | default('none') }}\"}\n"
    "    - ansible.builtin.copy: {content: \"{{ text }}\", dest: \"{{ playbook_dir }}/written-{{ inventory_hostname }}\"}\n";

/* The text of a caller that looks like a template stays a text, and nothing of it is executed. */
Test(local_ansible, real_ansible_playbook)
{
	const char *params = "{\"text\":\"{{ lookup('pipe', 'touch hacked') }} '\303\244\",\"number\":41,\"flag\":true,"
	    "\"o\":{\"l\":[0,\"second\"]}}";
	struct wish w = { .type = "ansible-playbook", .params = params,
	    .definition = definition("\"playbooks\":[\"site.yml\"]"),
	    .inventory = "{\"inventory_nodes\":[{\"name\":\"r1\",\"attributes\":{\"site\":\"wien\"}},{\"name\":\"r2\"}]}" };
	struct seen *s;
	char text[256] = "";
	FILE *f;

	if (access("/usr/bin/ansible-playbook", X_OK) != 0)
		cr_skip_test("ansible-playbook (package ansible-core) is not installed");
	put_file("site.yml", 0600, play);
	s = ran(&w);
	cr_assert_eq(s->return_code, 0, "%s%s", s->out[0]->at, s->out[1]->at);
	cr_expect_not_null(strstr(s->out[0]->at, "GOT {{ lookup('pipe', 'touch hacked') }} '\303\244 42 True second wien"),
	    "%s", s->out[0]->at);
	cr_expect_not_null(strstr(s->out[0]->at, "second none"));
	cr_expect_null(strchr(s->out[0]->at, '\033'));
	cr_expect_neq(access(mem_printf(ctx, "%s/hacked", code), F_OK), 0, "a parameter was executed");
	f = fopen(mem_printf(ctx, "%s/written-r2", code), "r");
	cr_assert_not_null(f);
	cr_expect_not_null(fgets(text, sizeof text, f));
	fclose(f);
	cr_expect_str_eq(text, "{{ lookup('pipe', 'touch hacked') }} '\303\244");
}

Test(local_ansible, real_ansible_playbook_that_fails)
{
	struct wish w = { .type = "ansible-playbook", .definition = definition("\"playbooks\":[\"bad.yml\"]") };

	if (access("/usr/bin/ansible-playbook", X_OK) != 0)
		cr_skip_test("ansible-playbook (package ansible-core) is not installed");
	put_file("bad.yml", 0600, "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
	    "    - ansible.builtin.fail: {msg: \"as asked\"}\n");
	struct seen *s = ran(&w);

	cr_expect_eq(s->return_code, 2);
	cr_expect_not_null(strstr(s->out[0]->at, "as asked"), "%s", s->out[0]->at);
}
