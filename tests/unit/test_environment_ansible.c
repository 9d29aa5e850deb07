#include "environment_world.h"

#include <sys/wait.h>

/* Collections and roles of ansible-playbook services: the real ansible-galaxy, and a server of our own on loopback. */

TestSuite(environment_ansible, .timeout = ENVIRONMENT_LIMIT, .init = begin_environments, .fini = finish_environments);

/* Runs a command line of the test's own in the packages' directory. */
static void
sh(const char *line)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (chdir(packages) == 0)
			execl("/bin/sh", "sh", "-c", line, NULL);
		_exit(1);
	}
	while (kill(pid, 0) == 0)
		loop_turn(loop, 10);
}

static void
make_collection(void)
{
	sh("umask 022; mkdir -p acme/tools/plugins/filter && cd acme/tools &&"
	    "printf 'namespace: acme\\nname: tools\\nversion: 1.0.0\\nreadme: README.md\\nauthors: [me]\\n' >galaxy.yml &&"
	    "echo x >README.md && printf 'class FilterModule:\\n    def filters(self):\\n"
	    "        return {\"shout\": str.upper}\\n' >plugins/filter/shout.py &&"
	    "HOME=$PWD ansible-galaxy collection build --output-path ../.. >/dev/null");
	sh("umask 022; mkdir -p role/tasks role/meta && printf 'galaxy_info: {author: me, description: x, license: MIT,"
	    " min_ansible_version: \"2.9\", platforms: []}\\ndependencies: []\\n' >role/meta/main.yml &&"
	    "printf -- '- ansible.builtin.debug: {msg: \"ROLE {{ (\\047r\\047 | acme.tools.shout) }}\"}\\n' >role/tasks/main.yml &&"
	    "tar czf role.tar.gz role");
	cr_assert_eq(access(mem_printf(ctx, "%s/acme-tools-1.0.0.tar.gz", packages), R_OK), 0);
}

static struct wish
ansible_wish(const char *requirements, const char *credentials)
{
	put_file("site.yml", 0600, "- hosts: all\n  gather_facts: false\n  tasks:\n"
	    "    - ansible.builtin.debug: {msg: \"GOT {{ 'loud' | acme.tools.shout }}\"}\n");
	put_file("requirements.yml", 0600, requirements);
	return (struct wish){ .type = "ansible-playbook", .registries = registries(credentials),
	    .definition = definition("\"playbooks\":[\"site.yml\"],\"runtime\":{\"req-file\":\"requirements.yml\"}") };
}

static void
expect_got(const struct seen *s, const char *word)
{
	cr_expect(s->ran && s->return_code == 0, "%s\n%s%s", s->error, s->notes->at, s->out[0]->at);
	cr_expect_not_null(strstr(s->out[0]->at, word), "%s%s", s->out[0]->at, s->out[1]->at);
}

Test(environment_ansible, a_collection_by_url_and_a_role)
{
	struct wish w;
	struct seen *s;
	int asked;

	program_is_there("/usr/bin/ansible-galaxy", "ansible-core");
	make_collection();
	serve(NULL, NULL);
	w = ansible_wish(mem_printf(ctx, "collections:\n  - {name: 'http://127.0.0.1:%1$d/files/acme-tools-1.0.0.tar.gz', type: url}\n"
	    "roles:\n  - {name: loud, src: 'http://127.0.0.1:%1$d/files/role.tar.gz'}\n", port), "");
	put_file("site.yml", 0600, "- hosts: all\n  gather_facts: false\n  roles: [loud]\n");
	s = ran(&w);
	expect_got(s, "ROLE R");
	cr_expect_eq(count(s->notes->at, " built in "), 1);
	asked = lines_with("requests", "/");
	s = ran(&w);
	expect_got(s, "ROLE R");
	cr_expect_not_null(strstr(s->notes->at, "there already"), "%s", s->notes->at);
	cr_expect_eq(lines_with("requests", "/"), asked);
}

Test(environment_ansible, a_collection_of_the_tree)
{
	struct wish w;
	struct conn *c;
	struct seen *s;

	program_is_there("/usr/bin/ansible-galaxy", "ansible-core");
	make_collection();
	sh("cp acme-tools-1.0.0.tar.gz ../code/");
	w = ansible_wish("collections:\n  - {name: ./acme-tools-1.0.0.tar.gz, type: file}\n", "");
	s = ran(&w);
	expect_got(s, "GOT LOUD");
	/* Another file of this name is another environment. */
	put_file("acme-tools-1.0.0.tar.gz", 0600, "no archive");
	c = open_kind("local", "{}");
	s = submitted(c, &w);
	await(s);
	cr_expect_not(s->ran);
	mem_free(c);
}

Test(environment_ansible, a_collection_of_a_server_with_credentials)
{
	static const struct conn_secret bad[] = { { "pass", "wrong-one" }, { NULL, NULL } };
	static const struct conn_secret good[] = { { "pass", "pass%word" }, { NULL, NULL } };
	struct wish w;
	struct seen *s;
	struct conn *c = open_kind("local", "{}");

	program_is_there("/usr/bin/ansible-galaxy", "ansible-core");
	make_collection();
	serve("me", "pass%word");
	w = ansible_wish("collections: [acme.tools]\n", ",\"username\":\"me\",\"password-name\":\"pass\"");
	w.secrets = bad;
	s = submitted(c, &w);
	await(s);
	cr_expect_not(s->ran);
	cr_expect_null(strstr(s->notes->at, "wrong-one"));
	cr_expect_not_null(strstr(s->error, "ansible-galaxy collection install failed"), "%s", s->error);
	w.secrets = good;
	s = submitted(c, &w);
	await(s);
	expect_got(s, "GOT LOUD");
	cr_expect_null(strstr(s->notes->at, "pass%word"));
	mem_free(c);
}

Test(environment_ansible, what_cannot_be_shared_is_refused)
{
	static const char *const cases[][2] = {
		{ "- include: more.yml\n", "include another file" },
		{ "collections:\n  - {name: ./acme, type: dir}\n", "name a directory" },
		{ "collections: [./none.tar.gz]\n", "none.tar.gz is not in the working directory" },
		{ "{", "is not valid YAML" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conn *c = open_kind("local", "{}");
		struct wish w = ansible_wish(cases[i][0], "");
		struct seen *s = seen_new();
		struct error e = { 0 };

		cr_expect_neq(submit(c, &w, s, &e), ERR_OK, "%s", cases[i][0]);
		cr_expect_not_null(strstr(e.detail, cases[i][1]), "%s: %s", cases[i][0], e.detail);
		mem_free(c);
	}
}

/* Built in a sandbox and by another user, who has one of its own; ours is not executed by it. */
Test(environment_ansible, is_built_apart)
{
	struct wish w;

	program_is_there("/usr/bin/ansible-galaxy", "ansible-core");
	if (geteuid() != 0 || proc_sandbox_version() == 0)
		cr_skip_test("lacks root, or a kernel with Landlock");
	make_collection();
	serve(NULL, NULL);
	w = ansible_wish(mem_printf(ctx, "collections:\n  - {name: 'http://127.0.0.1:%1$d/files/acme-tools-1.0.0.tar.gz', type: url}\n"
	    "roles:\n  - {name: loud, src: 'http://127.0.0.1:%1$d/files/role.tar.gz'}\n", port), "");
	put_file("site.yml", 0644, "- hosts: all\n  gather_facts: false\n  roles: [loud]\n");
	cr_assert_eq(chmod(mem_printf(ctx, "%s/requirements.yml", code), 0644) + chmod(state, 0711), 0);
	config->local_sandbox = "landlock";
	expect_got(ran(&w), "ROLE R");
	cr_expect_eq(environments(NULL), 1);
	config->local_run_as = "nobody";
	expect_got(ran(&w), "ROLE R");
	cr_expect_eq(environments(NULL), 2);
	config->local_sandbox = "none";
	expect_got(ran(&w), "ROLE R");
	cr_expect_eq(environments(NULL), 2);
}
