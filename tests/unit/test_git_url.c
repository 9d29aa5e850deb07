#include <criterion/criterion.h>

#include <string.h>

#include "base/mem.h"
#include "connector/git_private.h"

/* Urls and references: what is taken for which, and what is refused before any program sees it. */

static void *ctx;
static struct config *config;

static void
begin(void)
{
	ctx = mem_scope(NULL);
	config = config_defaults(ctx, "/nowhere");
	config->local_roots = "/tmp";
}

static void
finish(void)
{
	mem_free(ctx);
}

TestSuite(git_url, .init = begin, .fini = finish);

Test(git_url, urls)
{
	static const struct {
		const char *url;
		enum git_protocol protocol;
		const char *host, *user;
	} cases[] = {
		{ "https://git.example.org/a/b.git", GIT_HTTPS, "git.example.org", NULL },
		{ "https://git.example.org:8443/a@b", GIT_HTTPS, "git.example.org:8443", NULL },
		{ "https://me@h/x", GIT_HTTPS, "h", "me" },
		{ "ssh://git@h:2222/~/x", GIT_SSH, "h:2222", "git" },
		{ "git@github.com:org/tools.git", GIT_SSH, "github.com", "git" },
		{ "deploy@h:x", GIT_SSH, "h", "deploy" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct git_url u;
		struct error e = { 0 };

		cr_assert_eq(git_url_read(ctx, config, "r", cases[i].url, &u, &e), ERR_OK, "%s: %s", cases[i].url,
		    e.detail);
		cr_expect_eq(u.protocol, cases[i].protocol);
		cr_expect_str_eq(u.host, cases[i].host);
		cr_expect(text_eq(u.user, cases[i].user), "%s: %s", cases[i].url, u.user);
	}
}

Test(git_url, urls_that_are_refused)
{
	static const char *const cases[][2] = {
		{ "https://me:hunter2@h/x", "holds a password" },
		{ "ssh://me:hunter2@h/x", "holds a password" },
		{ "https://a:hunter2@b@h/x", "holds a password" },
		{ "https:///x", "names no host" },
		{ "https://:80/x", "names no host" },
		{ "https://-oProxyCommand=hunter2/x", "begins with -" },
		{ "ssh://-oProxyCommand=hunter2/x", "begins with -" },
		{ "ssh://-x@h/x", "begins with -" },
		{ "-oProxyCommand=hunter2@h:x", "is not https" },
		{ "git@-oProxyCommand:hunter2", "is not https" },
		{ "http://h/hunter2", "is not https" },
		{ "git://h/hunter2", "is not https" },
		{ "ext::sh -c hunter2", "blanks" },
		{ "ext::hunter2", "is not https" },
		{ "/etc/hunter2", "is not https" },
		{ "--upload-pack=hunter2", "is not https" },
		{ "file://hunter2", "is not https" },
		{ "https://h/\nhunter2", "control" },
		{ "", "is not https" },
		{ "file:///etc", "not below one of [local] roots" },
		{ "file:///tmp/../etc", "no valid file URL" },
		{ "file:///tmp/%2e%2e/etc", "no valid file URL" },
		{ "file:///tmp/%00", "no valid file URL" },
		{ "file:///tmp", "there is no git repository" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct git_url u;
		struct error e = { 0 };

		cr_expect_neq(git_url_read(ctx, config, "the-name", cases[i][0], &u, &e), ERR_OK, "%s", cases[i][0]);
		cr_expect_not_null(strstr(e.detail, cases[i][1]), "%s: %s", cases[i][0], e.detail);
		cr_expect_not_null(strstr(e.detail, "the-name"));
		cr_expect_null(strstr(e.detail, "hunter2"), "%s", e.detail);
	}
}

Test(git_url, submodules)
{
	static const char *const cases[][3] = {
		{ "https://h/a/b.git", "../c.git", "https://h/a/c.git" },
		{ "https://h/a/b.git/", "../../c.git", "https://h/c.git" },
		{ "https://h/a/b.git", "./c", "https://h/a/b.git/c" },
		{ "https://h/a", "../../c", NULL },
		{ "https://h/a", "../../../../etc", NULL },
		{ "git@h:a/b", "../c", "git@h:a/c" },
		{ "git@h:b", "../c", "git@h:c" },
		{ "git@h:b", "../../c", NULL },
		{ "file:///r/a", "../b", "file:///r/b" },
		{ "file:///r", "../../b", NULL },
		{ "https://h/a", "https://other/x", "https://other/x" },
		{ "https://h/a", "/etc", "/etc" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *got = git_url_join(ctx, cases[i][0], cases[i][1]);

		cr_expect(text_eq(got, cases[i][2]), "%s + %s -> %s", cases[i][0], cases[i][1], got);
	}
}

/* Credentials are for one server. */
Test(git_url, same_server)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "https://h/a", "https://h/b", true },
		{ "https://h/a", "https://h:8443/b", false },
		{ "https://h/a", "https://h.evil/b", false },
		{ "https://h/a", "https://evil/h", false },
		{ "https://h/a", "ssh://h/a", false },
		{ "git@h:a", "ssh://git@h/b", true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct git_url a, b;
		struct error e;

		cr_assert_eq(git_url_read(ctx, config, "r", cases[i].a, &a, &e), ERR_OK);
		cr_assert_eq(git_url_read(ctx, config, "r", cases[i].b, &b, &e), ERR_OK);
		cr_expect_eq(git_url_same_server(&a, &b), cases[i].same, "%s %s", cases[i].a, cases[i].b);
	}
}

#define SHA "0123456789abcdef0123456789abcdef01234567"

Test(git_url, references)
{
	static const struct {
		const char *reference, *first, *second;
		bool is_pinned;
	} cases[] = {
		{ "main", "refs/heads/main", "refs/tags/main", false },
		{ "feature/x-1", "refs/heads/feature/x-1", "refs/tags/feature/x-1", false },
		{ "v1.0", "refs/heads/v1.0", "refs/tags/v1.0", false },
		{ "\303\274", "refs/heads/\303\274", "refs/tags/\303\274", false },
		{ "refs/heads/main", "refs/heads/main", NULL, false },
		{ "refs/tags/v1", "refs/tags/v1", NULL, false },
		{ "refs/pull/1/head", "refs/gatehouse/single/refs/pull/1/head", NULL, false },
		{ NULL, "refs/gatehouse/single/HEAD", NULL, false },
		{ "", "refs/gatehouse/single/HEAD", NULL, false },
		{ SHA, SHA, NULL, true },
		{ "0123456", "refs/heads/0123456", "refs/tags/0123456", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct git_ref r;
		struct error e = { 0 };

		cr_assert_eq(git_ref_read(ctx, "r", cases[i].reference, &r, &e), ERR_OK, "%s", e.detail);
		cr_expect_str_eq(r.names[0], cases[i].first);
		cr_expect(text_eq(r.names[1], cases[i].second));
		cr_expect_eq(r.is_pinned, cases[i].is_pinned);
	}
}

Test(git_url, references_that_are_refused)
{
	static const char *const cases[] = {
		"--upload-pack=touch /tmp/x", "-x", "a b", "a..b", "main~1", "main^", "main^{tree}", "HEAD@{1}", "@", "a:b",
		"a?", "a*", "[a]", "a\\b", ".a", "a/.b", "a.lock", "a.lock/b", "a/", "/a", "a//b", "a.", "a\nb", "a\x7f" "b",
		":/message", "refs/gatehouse/pinned/" SHA, "refs/heads/../x",
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct git_ref r;
		struct error e = { 0 };

		cr_expect_eq(git_ref_read(ctx, "the-name", cases[i], &r, &e), ERR_INVALID, "%s", cases[i]);
		cr_expect_not_null(strstr(e.detail, "of repository the-name is not the name of a branch"), "%s", e.detail);
		cr_expect_null(strchr(e.detail, '\n'));
	}
}
