#include "connector_fixture.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "connector/git.h"

/* Code from git repositories on this host: what runs get, what is fetched and when, and what happens at the same time. */

TestSuite(git, .timeout = LIMIT, .init = begin, .fini = finish);

/* Makes and changes repositories below CODE; git here knows no other configuration than what it is told. */
static void
shell(const char *script)
{
	const char *all = mem_printf(ctx, "set -e; cd '%s'; export HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 "
	    "GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t; "
	    "git() { command git -c init.defaultBranch=main -c protocol.file.allow=always \"$@\"; }\n%s", code, script);
	pid_t pid = fork();
	siginfo_t info;

	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execl("/bin/sh", "sh", "-c", all, NULL);
		_exit(127);
	}
	cr_assert_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	cr_assert(info.si_code == CLD_EXITED && info.si_status == 0, "the script failed: %s", script);
	loop_turn(loop, 0);
}

#define COMMIT "git add -A; git commit -qm x"
#define TOOLS "git init -q tools; cd tools; printf 'cat text\\n' >main.sh; echo one >text; " COMMIT

static const char *
said(const char *command)
{
	char line[4096] = "";
	FILE *f;

	shell(mem_printf(ctx, "{ %s; } >out", command));
	f = fopen(mem_printf(ctx, "%s/out", code), "r");
	cr_assert_not_null(f);
	if (fgets(line, sizeof line, f) == NULL)
		line[0] = '\0';
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	return mem_text(ctx, line);
}

static struct wish
wish(const char *reference)
{
	return (struct wish){
		.type = "executable", .executable = "{\"name\":\"sh\",\"exec-command\":\"/bin/sh\"}",
		.definition = "{\"name\":\"test\",\"repository\":\"tools\",\"executable-object\":\"sh\",\"filename\":\"main.sh\"}",
		.repository = mem_printf(ctx, "{\"name\":\"tools\",\"url\":\"file://%s/tools\"%s}", code,
		    reference != NULL ? mem_printf(ctx, ",\"reference\":\"%s\"", reference) : ""),
	};
}

static void
expect(const char *reference, const char *output, const char *how)
{
	struct wish w = wish(reference);
	struct seen *s = ran(&w);

	cr_expect_str_eq(s->out[0]->at, output, "%s: %s%s", reference, s->out[0]->at, s->out[1]->at);
	cr_expect_not_null(strstr(s->notes->at, how), "wanted %s, got %s", how, s->notes->at);
}

static void
expect_failed(const char *reference, const char *says)
{
	struct wish w = wish(reference);
	struct conn *c = open_kind("local", "{}");
	struct seen *s = submitted(c, &w);

	await(s);
	cr_expect_not(s->ran);
	cr_expect_not_null(strstr(s->error, says), "wanted %s, got %s", says, s->error);
	cr_expect_not_null(strstr(s->error, "repository tools"), "%s", s->error);
	cr_expect_null(strchr(s->error, '\n'));
	mem_free(c);
}

Test(git, branch_tag_commit_and_head)
{
	const char *first, *second;

	shell(TOOLS "; git tag -am v1 v1; git checkout -qb side; echo two >text; " COMMIT "; git checkout -q main");
	first = said("git -C tools rev-parse main");
	second = said("git -C tools rev-parse side");
	expect("main", "one\n", mem_printf(ctx, "code: tools main %s fetched\n", first));
	expect("main", "one\n", mem_printf(ctx, "code: tools main %s there already\n", first));
	expect("side", "two\n", mem_printf(ctx, "code: tools side %s checked out\n", second));
	expect("v1", "one\n", mem_printf(ctx, "code: tools v1 %s there already\n", first));
	expect("refs/heads/side", "two\n", mem_printf(ctx, "code: tools refs/heads/side %s there already\n", second));
	expect("refs/tags/v1", "one\n", "there already");
	expect(first, "one\n", "there already");
	expect(NULL, "one\n", mem_printf(ctx, "code: tools HEAD %s fetched, nothing new\n", first));
	expect(NULL, "one\n", "there already");
	shell("git -C tools update-ref refs/pull/7/head side");
	expect("refs/pull/7/head", "two\n", "fetched, nothing new");
}

/* Within [git] refresh a branch is taken not to have moved. */
Test(git, a_branch_that_moves)
{
	shell(TOOLS);
	expect("main", "one\n", "fetched");
	shell("cd tools; echo two >text; " COMMIT);
	expect("main", "one\n", "there already");
	config->git_refresh = 0;
	expect("main", "two\n", "fetched\n");
	expect("main", "two\n", "fetched, nothing new\n");
	/* History that is written anew, a branch that becomes a directory of branches. */
	shell("cd tools; git commit -q --amend -m y; echo three >text; " COMMIT "; git branch a");
	expect("main", "three\n", "fetched\n");
	shell("cd tools; git branch -D -q a; git branch a/b");
	expect("a/b", "three\n", "fetched");
	expect_failed("a", "has no branch or tag a");
}

/* What a full SHA names never changes: its server is not asked again, and need not be there. */
Test(git, a_pinned_commit_needs_no_server)
{
	const char *first;

	config->git_refresh = 0;
	shell(TOOLS "; echo two >text; " COMMIT);
	first = said("git -C tools rev-parse main~1");
	expect(first, "one\n", "fetched\n");
	shell("cd tools; mv .git/objects gone; mkdir .git/objects");
	expect(first, "one\n", "there already\n");
	expect_failed("main", "cannot be fetched: ");
}

Test(git, references_that_lead_nowhere)
{
	shell(TOOLS "; git tag main");
	expect("main", "one\n", "fetched");	/* the same commit under both names */
	shell("cd tools; echo two >text; " COMMIT);
	config->git_refresh = 0;
	expect_failed("main", "is a branch and a tag");
	expect("refs/heads/main", "two\n", "fetched\n");
	expect_failed("maim", "has no branch or tag maim");
	expect_failed("0123456789abcdef0123456789abcdef01234567", "0123456789abcdef0123456789abcdef01234567");
	expect_failed("refs/pull/1/head", "cannot be fetched: ");
	expect_failed("--upload-pack=touch x", "is not the name of a branch or tag");
	shell("cd tools; git tag blob $(git rev-parse main:text)");
	expect_failed("blob", "has no branch or tag blob");
	shell("rm -rf tools; git init -q tools");
	expect_failed(NULL, "cannot be fetched: ");
}

/* A run may write as it likes: others do not see it. */
Test(git, the_copy_is_private)
{
	shell(TOOLS "; mkdir sub; echo x >sub/x; ln -s text link; printf 'cat text link; echo changed >text; echo y >sub/y; "
	    "rm link; ls sub; pwd\\n' >main.sh; chmod +x main.sh; " COMMIT);
	for (int i = 0; i < 2; i++) {
		struct wish w = wish("main");
		struct seen *s = ran(&w);
		const char *wanted = mem_printf(ctx, "one\none\nx\ny\n%s/runs/%s/code\n", state, s->attempt);

		cr_expect_str_eq(s->out[0]->at, wanted, "%s%s", s->out[0]->at, s->out[1]->at);
	}
}

/* No file of git is in what runs get, so that no service can change the mirror. */
Test(git, the_copy_holds_files_alone)
{
	shell(TOOLS "; printf 'ls -A\\n' >main.sh; " COMMIT);
	expect("main", "main.sh\ntext\n", "fetched");
}

Test(git, links_that_lead_out)
{
	shell(TOOLS "; ln -s /etc/passwd passwd; ln -s ../.. up; " COMMIT);
	for (int i = 0; i < 2; i++) {
		struct wish w = wish("main");
		struct conn *c = open_kind("local", "{}");
		struct seen *s;

		w.definition = i == 0 ?
		    "{\"name\":\"test\",\"repository\":\"tools\",\"executable-object\":\"sh\",\"filename\":\"passwd\"}" :
		    "{\"name\":\"test\",\"repository\":\"tools\",\"working-directory\":\"up\","
		    "\"executable-object\":\"sh\",\"filename\":\"x\"}";
		s = submitted(c, &w);
		await(s);
		cr_expect_not(s->ran);
		cr_expect_not_null(strstr(s->error, "leads out of its"), "%s", s->error);
		mem_free(c);
	}
}

/* --- nothing is run by being fetched --- */

Test(git, hooks_filters_and_configuration_run_nothing)
{
	const char *ran_it = mem_printf(ctx, "%s/ran-it", code);

	shell(TOOLS "; mkdir hooks; for h in post-checkout pre-auto-gc reference-transaction post-index-change; do "
	    "printf '#!/bin/sh\\ntouch ../ran-it %s/ran-it\\n' \"$PWD/..\" >hooks/$h; cp hooks/$h .git/hooks/; done; "
	    "chmod +x hooks/* .git/hooks/*; "
	    "printf 'text filter=evil\\ntext diff=evil\\n* filter=lfs\\n' >.gitattributes; "
	    "printf '[core]\\n\\tfsmonitor = touch %s/ran-it\\n\\thooksPath = hooks\\n' \"$PWD/..\" >.gitconfig; "
	    "git config filter.evil.smudge 'touch ../ran-it; cat'; git config filter.evil.clean cat; " COMMIT "; "
	    "git config core.fsmonitor \"touch $PWD/../ran-it\"; rm -f ../ran-it");
	expect("main", "one\n", "fetched");
	cr_expect_neq(access(ran_it, F_OK), 0, "something was run");
}

/* --- submodules --- */

#define PARTS "git init -q inner; (cd inner; echo inner >file; " COMMIT "); " \
	"git init -q part; (cd part; echo part >file; git submodule --quiet add ../inner deep/inner; " COMMIT "); "

Test(git, submodules)
{
	shell(PARTS TOOLS "; git submodule --quiet add ../part lib/part; "
	    "printf 'cat lib/part/file lib/part/deep/inner/file; find . -name .git\\n' >main.sh; " COMMIT "; "
	    "cd ../part; echo moved >file; " COMMIT);
	expect("main", "part\ninner\n", "fetched");
	expect("main", "part\ninner\n", "there already");
}

Test(git, submodules_that_are_refused)
{
	static const char *const cases[][2] = {
		{ "file:///etc", "submodule lib is at file:///etc, which is not below" },
		{ "ext::sh -c touch% x", "submodule lib has a url with blanks" },
		{ "http://127.0.0.1:9/x", "submodule lib has a url that is not https" },
		{ "-oProxyCommand=x", "submodule lib has a url that is not https" },
		{ "../../../../../../../../../x", "whose url leads nowhere" },
		{ "../gone", "submodule lib: there is no git repository" },
	};

	config->git_refresh = 0;
	shell(PARTS TOOLS "; git submodule --quiet add ../part lib; " COMMIT);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		shell(mem_printf(ctx, "cd tools; git config -f .gitmodules submodule.lib.url '%s'; " COMMIT, cases[i][0]));
		expect_failed("main", cases[i][1]);
	}
	/* A commit that no settings tell of, and settings for what is none, are what they are in a clone: empty, and none. */
	shell("cd tools; git config -f .gitmodules submodule.lib.path other; printf 'ls lib; echo end\\n' >main.sh; " COMMIT);
	expect("main", "end\n", "fetched");
}

/* --- at the same time, and after a violent end --- */

Test(git, many_runs_of_a_cold_repository_fetch_once)
{
	enum { RUNS = 20 };
	struct conn *c = open_kind("local", "{}");
	struct wish w = wish("main");
	struct seen *s[RUNS];
	int fetched = 0;

	config->git_refresh = 0;
	shell(TOOLS);
	for (int i = 0; i < RUNS; i++)
		s[i] = submitted(c, &w);
	for (int i = 0; i < RUNS; i++) {
		await(s[i]);
		cr_expect_str_eq(s[i]->out[0]->at, "one\n");
		fetched += strstr(s[i]->notes->at, "there already") == NULL;
	}
	cr_expect_eq(fetched, 1, "%d have fetched", fetched);
	mem_free(c);
}

/* A git that says that it is there, and then hangs in its fetches while the file "hold" is. */
static void
put_slow_git(void)
{
	put_file("git", 0700, mem_printf(ctx, "#!/bin/sh\ncase \" $* \" in *' fetch '*)\n"
	    "echo x >>'%s/fetches'; touch \"${1#--git-dir=}/refs/heads/main.lock\"\n"
	    "while [ -e '%s/hold' ]; do sleep 0.02; done; rm -f \"${1#--git-dir=}/refs/heads/main.lock\";; esac\n"
	    "exec /usr/bin/git \"$@\"\n", code, code));
	put_file("hold", 0600, "");
	config->git_program = mem_printf(ctx, "%s/git", code);
}

static void
await_file(const char *name)
{
	while (access(mem_printf(ctx, "%s/%s", code, name), F_OK) != 0)
		loop_turn(loop, 10);
}

/* Whoever waits for a fetch takes over when its run is canceled; what git left lying is no hindrance. */
Test(git, a_fetch_that_is_canceled_is_taken_over)
{
	struct conn *c = open_kind("local", "{}");
	struct wish w = wish("main");
	struct seen *first, *second;
	struct error e;

	shell(TOOLS);
	put_slow_git();
	first = submitted(c, &w);
	await_file("fetches");
	second = submitted(c, &w);
	for (int i = 0; i < 20; i++)
		loop_turn(loop, 10);
	cr_expect_eq(first->ended + second->ended, 0);
	cr_assert_eq(conn_cancel(c, first->attempt, &e), ERR_OK);
	await(first);
	cr_expect_not(first->ran);
	cr_assert_eq(unlink(mem_printf(ctx, "%s/hold", code)), 0);
	await(second);
	cr_expect_str_eq(second->out[0]->at, "one\n", "%s", second->error);
	cr_expect_not_null(strstr(second->notes->at, "fetched\n"));
	mem_free(c);
}

/* Whoever waits for a fetch that fails has its answer: an unreachable server is not asked by each in turn. */
Test(git, a_fetch_that_fails_fails_for_all_who_wait)
{
	enum { RUNS = 5 };
	struct conn *c = open_kind("local", "{}");
	struct wish w = wish("main");
	struct seen *s[RUNS];

	shell(TOOLS "; rm -r .git/objects; mkdir .git/objects");
	put_slow_git();
	for (int i = 0; i < RUNS; i++)
		s[i] = submitted(c, &w);
	await_file("fetches");
	for (int i = 0; i < 20; i++)
		loop_turn(loop, 10);
	cr_assert_eq(unlink(mem_printf(ctx, "%s/hold", code)), 0);
	for (int i = 0; i < RUNS; i++) {
		await(s[i]);
		cr_expect_not_null(strstr(s[i]->error, "cannot be fetched"), "%s", s[i]->error);
	}
	cr_expect_str_eq(said("wc -l <fetches"), "1");
	mem_free(c);
}

Test(git, a_fetch_that_takes_too_long)
{
	shell(TOOLS);
	put_slow_git();
	config->git_timeout = 1;
	expect_failed("main", "cannot be fetched within 1 s");
}

Test(git, git_that_is_not_installed)
{
	shell(TOOLS);
	config->git_program = "no-such-git";
	expect_failed("main", "no-such-git is not installed on this gateway: install the package git");
}

/* As a dispatcher leaves it that was killed: locks of git, half packs, half trees, half mirrors. */
Test(git, what_a_dead_dispatcher_left_is_no_hindrance)
{
	config->git_refresh = 0;
	shell(TOOLS);
	expect("main", "one\n", "fetched");
	shell(mem_printf(ctx, "cd %s/git/*; touch fetching mirror/refs/heads/main.lock mirror/packed-refs.lock "
	    "mirror/objects/pack/tmp_pack_x; mkdir .new-mirror; cd trees; c=$(ls | grep -v lock); chmod -R u+w $c; "
	    "mv $c .new-$c; rm .new-$c/text", state));
	expect("main", "one\n", "fetched\n");
	shell(mem_printf(ctx, "cd %s/git/*; chmod -R u+w .; rm -rf mirror trees fetched-*; mkdir -p .new-mirror; touch .new-mirror/HEAD", state));
	expect("main", "one\n", "fetched\n");
	cr_expect_str_eq(said(mem_printf(ctx, "cd %s/git; find . -name '*.lock' -path '*mirror*' -o -name 'tmp_*'", state)), "");
}

/* --- what is kept --- */

static void
purged(void *arg)
{
	*(bool *)arg = true;
}

static void
purge(void)
{
	bool done = false;
	struct git_purge *p = git_purge(ctx, loop, config, purged, &done);

	while (!done)
		loop_turn(loop, TURN_MS);
	mem_free(p);
}

static const char *
kept(void)
{
	return said(mem_printf(ctx, "cd %s/git/*; echo $(ls -A | grep mirror) $(ls -A trees | wc -l)", state));
}

Test(git, old_trees_and_mirrors_go)
{
	shell(TOOLS);
	expect("main", "one\n", "fetched");
	purge();
	cr_expect_str_eq(kept(), "mirror 2");
	shell(mem_printf(ctx, "touch -d '40 days ago' %s/git/*/trees/*.lock", state));
	purge();
	cr_expect_str_eq(kept(), "mirror 0");
	expect("main", "one\n", "checked out");
	shell(mem_printf(ctx, "touch -d '40 days ago' %s/git/*/trees/*.lock %s/git/*/lock", state, state));
	config->git_keep_days = 0;
	purge();
	cr_expect_str_eq(kept(), "mirror 2");
	config->git_keep_days = 30;
	purge();
	cr_expect_str_eq(kept(), "0");
	expect("main", "one\n", "fetched");
}

Test(git, what_is_used_is_kept)
{
	int fd;

	shell(TOOLS);
	expect("main", "one\n", "fetched");
	shell(mem_printf(ctx, "cd %s/git/*/; touch -d '40 days ago' trees/*.lock lock; ln trees/*.lock %s/lock", state, code));
	fd = open(mem_printf(ctx, "%s/lock", code), O_RDONLY);
	cr_assert_eq(flock(fd, LOCK_SH), 0);
	purge();
	cr_expect_str_eq(kept(), "2");
	close(fd);
	purge();
	cr_expect_str_eq(kept(), "0");
}

Test(git, the_oldest_go_where_they_are_too_large)
{
	shell(TOOLS "; head -c 1500000 /dev/urandom >blob; " COMMIT "; git tag v1; head -c 1500000 /dev/urandom >blob; " COMMIT);
	expect("v1", "one\n", "fetched");
	expect("main", "one\n", "checked out");
	shell(mem_printf(ctx, "cd %s/git/*/; touch -d '2 days ago' trees/$(cat mirror/refs/tags/v1 || "
	    "git --git-dir=mirror rev-parse v1).lock", state));
	config->git_megabytes = 5;
	purge();
	cr_expect_str_eq(kept(), "mirror 2");
	config->git_megabytes = 1;
	purge();
	cr_expect_str_eq(kept(), "0");
	expect("main", "one\n", "fetched");
}
