#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/mem.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

static char directory[] = "/tmp/test_config.XXXXXX";
static char file[sizeof directory + 16];

static void
start(void)
{
	unsetenv("GATEHOUSE_CONFIG");
	cr_assert_not_null(mkdtemp(directory));
	snprintf(file, sizeof file, "%s/conf", directory);
}

static void
finish(void)
{
	unlink(file);
	rmdir(directory);
}

TestSuite(config, .init = start, .fini = finish);

static void
write_bytes(const char *content, size_t n)
{
	FILE *f = fopen(file, "w");

	cr_assert_not_null(f);
	cr_assert_eq(fwrite(content, 1, n, f), n);
	cr_assert_eq(fclose(f), 0);
}

static struct config *
read_text(void *ctx, const char *content)
{
	struct error e = { .detail = "" };
	struct config *c;

	write_bytes(content, strlen(content));
	c = config_read(ctx, file, &e);
	cr_assert_not_null(c, "%s in:\n%s", e.detail, content);
	return c;
}

static void
refused_bytes(const char *content, size_t n, int line, const char *why)
{
	SCOPED(tmp, NULL);
	struct error e = { .code = ERR_OK };
	char *place = mem_printf(tmp, "%s:%d: ", file, line);

	write_bytes(content, n);
	cr_assert_null(config_read(tmp, file, &e), "taken:\n%s", content);
	cr_expect_eq(e.code, ERR_INVALID);
	cr_expect_eq(strncmp(e.detail, place, strlen(place)), 0, "\"%s\" is not about line %d of:\n%s",
	    e.detail, line, content);
	cr_expect_not_null(strstr(e.detail, why), "\"%s\" lacks \"%s\"", e.detail, why);
}

static void
refused(const char *content, int line, const char *why)
{
	refused_bytes(content, strlen(content), line, why);
}

Test(config, defaults)
{
	SCOPED(tmp, NULL);
	struct config *c = config_defaults(tmp, "/tmp/x");

	cr_expect_str_eq(c->state_dir, "/tmp/x");
	cr_expect_str_eq(c->file, "");
	cr_expect_str_eq(c->database_synchronous, "full");
	cr_expect_eq(c->responder_workers, 4);
	cr_expect_eq(c->responder_max_body, 1048576);
	cr_expect(c->dispatcher_on_demand);
	cr_expect_str_eq(c->dispatcher_program, "");
	cr_expect_str_eq(c->local_lang, "C.UTF-8");
	cr_expect_eq(c->run_parallel, 0);
	cr_expect_str_eq(config_path(tmp, c, "gatehouse.db"), "/tmp/x/gatehouse.db");
}

/* Every default must be one that a file could give. */
Test(config, defaults_keep_their_own_ranges)
{
	size_t seen = 0;

#define NOTHING(s, k, d)
#define RANGE(s, k, d, min, max) cr_expect((d) >= (min) && (d) <= (max), #s "." #k); seen++;
#define AMONG(s, k, d, words) cr_expect_not_null(strstr("|" words "|", "|" d "|"), #s "." #k); seen++;
	CONFIG_KEYS(NOTHING, RANGE, NOTHING, AMONG)
#undef RANGE
#undef AMONG
	cr_expect_gt(seen, 10);
}

Test(config, whole_file)
{
	SCOPED(tmp, NULL);
	struct config *c = read_text(tmp,
	    "; a comment\n"
	    "# another\n"
	    "\n"
	    "[state]\n"
	    "dir = /srv/state\n"
	    "[database]\n"
	    "  synchronous=normal   ; behind a value\n"
	    "\tbusy_timeout : 7\n"
	    "[run]  ; behind a section\n"
	    "wait = 0\n"
	    "max_output = 67108864\n"
	    "[local]\n"
	    "lang = de_DE.UTF-8\n"
	    "roots =\n"
	    "[run]\n"
	    "grace = 3600");

	cr_expect_str_eq(c->file, file);
	cr_expect_str_eq(c->state_dir, "/srv/state");
	cr_expect_str_eq(c->database_synchronous, "normal");
	cr_expect_eq(c->database_busy_timeout, 7);
	cr_expect_eq(c->run_wait, 0);
	cr_expect_eq(c->run_max_output, 67108864);
	cr_expect_eq(c->run_grace, 3600);
	cr_expect_str_eq(c->local_lang, "de_DE.UTF-8");
	cr_expect_str_eq(c->local_roots, "");
	cr_expect_eq(c->run_queue, 10000, "what is not named keeps its default");
}

Test(config, empty_file_is_all_defaults)
{
	SCOPED(tmp, NULL);

	cr_expect_str_eq(read_text(tmp, "")->state_dir, "/var/lib/gatehouse");
	cr_expect_str_eq(read_text(tmp, "\n\n; nothing\n[run]\n")->state_dir, "/var/lib/gatehouse");
}

Test(config, foreign_line_ends_and_byte_order_mark)
{
	SCOPED(tmp, NULL);
	struct config *c = read_text(tmp, "\xef\xbb\xbf[state]\r\ndir = /srv/\xc3\xa4\r\n\r\n[run]\r\nwait = 9\r\n");

	cr_expect_str_eq(c->state_dir, "/srv/\xc3\xa4");
	cr_expect_eq(c->run_wait, 9);
}

/* Each number takes its bounds and nothing beyond them. */
static void
number_keeps(const char *section, const char *key, int64_t min, int64_t max)
{
	const int64_t good[] = { min, max }, bad[] = { min - 1, max + 1 };
	static const char *const texts[] = {
		"", "x", "1x", "1 2", "0x10", "1.0", "1e3", "+5", "--5", "99999999999999999999", "-99999999999999999999",
	};
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < 2; i++) {
		read_text(tmp, mem_printf(tmp, "[%s]\n%s = %lld\n", section, key, (long long)good[i]));
		refused(mem_printf(tmp, "[%s]\n\n%s = %lld\n", section, key, (long long)bad[i]), 3,
		    "must be a whole number from");
	}
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		refused(mem_printf(tmp, "[%s]\n%s = %s\n", section, key, texts[i]), 2, key);
}

Test(config, every_number_is_checked)
{
	size_t seen = 0;

#define NUMBER(s, k, d, min, max) number_keeps(#s, #k, min, max); seen++;
#define WORDY(s, k, d, words)
	CONFIG_KEYS(NOTHING, NUMBER, NOTHING, WORDY)
	cr_expect_gt(seen, 10);
}

Test(config, numbers_arrive_in_their_own_place)
{
	SCOPED(tmp, NULL);
	struct config *c;

#define PLACED(s, k, d, min, max) \
	c = read_text(tmp, mem_printf(tmp, "[" #s "]\n" #k " = %lld\n", (long long)(min) + 1)); \
	cr_expect_eq(c->s##_##k, (min) + 1, #s "." #k);
	CONFIG_KEYS(NOTHING, PLACED, NOTHING, WORDY)
}

Test(config, flags)
{
	static const char *const yes[] = { "true", "yes", "on", "1", "True", "YES" };
	static const char *const no[] = { "false", "no", "off", "0", "Off" };
	static const char *const bad[] = { "", "2", "maybe", "tru", "truely", "y", "-1", "on off" };
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		cr_expect(read_text(tmp, mem_printf(tmp, "[dispatcher]\non_demand = %s", yes[i]))->dispatcher_on_demand);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		cr_expect_not(read_text(tmp, mem_printf(tmp, "[dispatcher]\non_demand = %s", no[i]))->dispatcher_on_demand);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused(mem_printf(tmp, "[dispatcher]\non_demand = %s\n", bad[i]), 2, "must be true or false");
}

Test(config, words)
{
	static const char *const bad[] = { "", "Full", "ful", "fulll", "full|normal", "|", "normal full" };
	SCOPED(tmp, NULL);

	cr_expect_str_eq(read_text(tmp, "[log]\nlevel = error\n")->log_level, "error");
	cr_expect_str_eq(read_text(tmp, "[log]\nlevel = debug\n")->log_level, "debug");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused(mem_printf(tmp, "[database]\nsynchronous = %s\n", bad[i]), 2, "must be one of full|normal");
}

Test(config, texts)
{
	SCOPED(tmp, NULL);

	refused("[state]\ndir = var/lib\n", 2, "an absolute path");
	refused("[state]\ndir =\n", 2, "an absolute path");
	refused("[dispatcher]\nprogram = gatehoused\n", 2, "an absolute path, or empty");
	refused("[local]\npython =\n[run]\nwait = 3\n", 2, "a program");
	refused("[local]\nlang = \n", 2, "a locale");
	refused("[gateways]\ndefault_connector = ; none\n", 2, "a connector");
	refused("[local]\nroots = /a:b\n", 2, "absolute paths");
	refused("[local]\nroots = /a::/b\n", 2, "absolute paths");
	refused("[local]\nroots = /a:\n", 2, "absolute paths");
	refused("[local]\npath =\n", 2, "absolute paths");
	refused("[state]\ndir = /srv/x # here\n", 2, "begins with ';'");
	refused("[state]\ndir = /srv/x\t# here\n", 2, "begins with ';'");
	cr_expect_str_eq(read_text(tmp, "[state]\ndir = /srv/a b#c;d\n")->state_dir, "/srv/a b#c;d");
	cr_expect_str_eq(read_text(tmp, "[state]\ndir = /srv/a=b:c\n")->state_dir, "/srv/a=b:c");
}

Test(config, lists_go_on_behind_a_colon)
{
	SCOPED(tmp, NULL);
	struct config *c = read_text(tmp,
	    "[local]\n"
	    "roots = /srv/a:\t; first\n"
	    "   /srv/b:\n"
	    "\n"
	    "   ; a comment\n"
	    "\t/srv/c=d:/srv/[e]\n"
	    "   python = python3.11\n"
	    "path = /bin\n"
	    "  lang = C\n");

	cr_expect_str_eq(c->local_roots, "/srv/a:/srv/b:/srv/c=d:/srv/[e]");
	cr_expect_str_eq(c->local_python, "python3.11");
	cr_expect_str_eq(c->local_path, "/bin");
	cr_expect_str_eq(c->local_lang, "C");

	refused("[local]\nroots = /a:\n  b\n", 2, "absolute paths");
	refused("[local]\nroots = /a:\n[run]\n  wait = 3\n", 2, "absolute paths");
	refused("[local]\nroots = /a:\n[run]\n  wait = x\n", 4, "run.wait");
	refused("[local]\nroots = /a:\nlang = C\n  python = p\n", 2, "absolute paths");
	refused("[local]\nroots = /a:\n  /b\nroots = /c\n", 4, "was given in line 2 already");
	refused("[local]\nlang = C\n  more\n", 3, "key = value");
}

Test(config, unknown_names)
{
	refused("[run]\nwait = 1\nwaits = 1\n", 3, "unknown key \"waits\" in [run]");
	refused("[run]\nWait = 1\n", 2, "unknown key \"Wait\" in [run]");
	refused("[run]\n= 1\n", 2, "unknown key \"\" in [run]");
	refused("[state]\nwait = 1\n", 2, "unknown key \"wait\" in [state]");
	refused("\n[runs]\n", 2, "unknown section [runs]");
	refused("[]\n", 1, "unknown section []");
	refused("[ run ]\n", 1, "unknown section [ run ]");
	refused("[Run]\nwait = 1\n", 1, "unknown section [Run]");
	/* The library cuts names at 49 bytes. */
	refused("[run]\nwaitxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx = 1\n", 2, "unknown key");
	refused("[runxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx]\n", 1, "unknown section");
	refused("; x\nwait = 1\n", 2, "before any [section]");
}

Test(config, duplicates)
{
	refused("[run]\nwait = 1\nwait = 1\n", 3, "run.wait was given in line 2 already");
	refused("[run]\nwait = 1\n[state]\n[run]\nwait = 2\n", 5, "run.wait was given in line 2 already");
}

Test(config, lines_that_are_none)
{
	refused("[run]\nwait\n", 2, "key = value");
	refused("[run]\nwait = 1\n300\n", 3, "key = value");
	refused("[run]\nbroken\nwait = x\n", 2, "key = value");
	refused("[run\nwait = 1\n", 1, "without its ']'");
	refused("[run] wait = 1\n", 1, "nothing but a comment");
	refused("[run]]\n", 1, "nothing but a comment");
	refused("<run>\n", 1, "key = value");
}

Test(config, hostile_bytes)
{
	static const char nul[] = "[run]\nwait = 1\0" "000\n";
	static const char early_nul[] = "[run]\n\0wait = 1\n";

	refused_bytes(nul, sizeof nul - 1, 2, "a NUL byte");
	refused_bytes(early_nul, sizeof early_nul - 1, 2, "a NUL byte");
	refused("[run]\n[state]\ndir = /srv/\xff\n", 3, "not UTF-8");
	refused("[run]\n; \xc3\n", 2, "not UTF-8");
	refused("[state]\ndir = /srv/\x1b[2J\n", 2, "a control character");
	refused("[state]\ndir = /srv\rdir = /x\n", 2, "a control character");
	refused("[state]\ndir = /srv/\x7f\n", 2, "a control character");
}

/* A line as long as the library takes arrives whole; one byte more is refused, comments too. */
Test(config, long_lines)
{
	SCOPED(tmp, NULL);
	char *name = mem_bytes(tmp, 5000);
	struct config *c;

	memset(name, 'x', 4999);
	name[198 - strlen("dir = /")] = '\0';
	c = read_text(tmp, mem_printf(tmp, "[state]\ndir = /%s\n[run]\nwait = 5", name));
	cr_expect_str_eq(c->state_dir, mem_printf(tmp, "/%s", name));
	cr_expect_eq(c->run_wait, 5);
	refused(mem_printf(tmp, "[state]\ndir = /%sx\n", name), 2, "a line of more than 198 bytes");
	refused(mem_printf(tmp, "[state]\ndir = /%sx", name), 2, "a line of more than 198 bytes");
	name[198 - strlen("dir = /")] = 'x';
	refused(mem_printf(tmp, "[state]\n\n\ndir = /%s\n[run]\n", name), 4, "a line of more than 198 bytes");
	refused(mem_printf(tmp, "; %s\n[run]\n", name), 1, "a line of more than 198 bytes");
}

static void
refused_file(const char *path, const char *why)
{
	struct error e = { .code = ERR_OK };

	cr_expect_null(config_read(NULL, path, &e));
	cr_expect_eq(e.code, ERR_INVALID);
	cr_expect_not_null(strstr(e.detail, path), "%s", e.detail);
	cr_expect_not_null(strstr(e.detail, why), "%s", e.detail);
}

Test(config, unreadable_files)
{
	refused_file(file, "No such file");
	refused_file(directory, "directory");
	refused_file("/dev/null/conf", "Not a directory");
	write_bytes("", 0);
	cr_assert_eq(chmod(file, 0), 0);
	if (geteuid() != 0)
		refused_file(file, "Permission denied");
}

Test(config, environment_names_the_file)
{
	SCOPED(tmp, NULL);
	struct error e = { .detail = "" };
	struct config *c;

	write_bytes("[run]\nwait = 77\n", 16);
	setenv("GATEHOUSE_CONFIG", file, 1);
	c = config_read(tmp, NULL, &e);
	cr_assert_not_null(c, "%s", e.detail);
	cr_expect_eq(c->run_wait, 77);
	cr_expect_str_eq(c->file, file);

	setenv("GATEHOUSE_CONFIG", "/nowhere/at/all", 1);
	cr_expect_null(config_read(tmp, NULL, &e), "one that is named must be there");
	cr_expect_not_null(config_read(tmp, file, &e), "a path given goes before the environment");
}

Test(config, no_installed_file_is_all_defaults)
{
	SCOPED(tmp, NULL);
	struct error e = { .detail = "" };
	struct config *c;

	if (access(SYSCONFDIR "/gatehouse/gatehouse.conf", F_OK) == 0)
		cr_skip_test("there is an installed gatehouse.conf");
	c = config_read(tmp, NULL, &e);
	cr_assert_not_null(c, "%s", e.detail);
	cr_expect_str_eq(c->file, "");
	cr_expect_str_eq(c->state_dir, "/var/lib/gatehouse");
	setenv("GATEHOUSE_CONFIG", "", 1);
	cr_expect_not_null(config_read(tmp, NULL, &e), "set but empty is as if unset");
}
