#include "world.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "secret/box.h"

/* Sealing, and the key file: STATE/secret.key. */

TestSuite(box, .init = world_begin, .fini = world_end, .timeout = 120);

enum { PROCESSES = 12 };

static const char *
key_path(void)
{
	return config_path(w.ctx, w.config, BOX_FILE);
}

static struct box *
open_box(bool make)
{
	struct error e = { 0 };
	struct box *b = box_open(w.ctx, w.config, make, &e);

	cr_assert_not_null(b, "%s", e.detail);
	return b;
}

static const char *
file_text(void)
{
	FILE *f = fopen(key_path(), "r");
	char *text = mem_bytes(w.ctx, 4096);

	cr_assert_not_null(f);
	cr_assert_lt(fread(text, 1, 4095, f), 4095);
	fclose(f);
	return text;
}

static size_t
keys_in_file(void)
{
	size_t lines = 0;

	for (const char *s = file_text(); *s != '\0'; s++)
		lines += *s == '\n';
	return lines - 1;
}

static void
opens(const struct box *b, const char *identity, const char *sealed, const char *value)
{
	struct error e = { 0 };
	const char *got = box_unseal(b, w.ctx, identity, sealed, &e);

	cr_assert_not_null(got, "%s", e.detail);
	cr_expect_str_eq(got, value);
}

static void
stays_shut(const struct box *b, const char *identity, const char *sealed, enum err code)
{
	struct error e = { 0 };

	cr_expect_null(box_unseal(b, w.ctx, identity, sealed, &e), "%s", sealed);
	cr_expect_eq(e.code, code, "%s", e.detail);
	world_is_sentence(&e);
}

Test(box, any_text_comes_back)
{
	struct box *b = open_box(true);
	char *large = mem_bytes(w.ctx, 65537);
	const char *const values[] = { "", "x", "hunter2", "\303\244 line\nbreak\ttab", "{\"a\":1}", large };

	memset(large, 'z', 65536);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		const char *sealed = box_seal(b, w.ctx, "id", values[i]);

		cr_expect(box_is_sealed(sealed));
		cr_expect(values[i][0] == '\0' || strlen(values[i]) < 3 || strstr(sealed, values[i]) == NULL);
		cr_expect_eq(sealed[strspn(sealed, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")], '\0');
		opens(b, "id", sealed, values[i]);
	}
	cr_expect_str_neq(box_seal(b, w.ctx, "id", "same"), box_seal(b, w.ctx, "id", "same"), "a nonce of its own each");
}

Test(box, what_is_not_sealed_here)
{
	struct box *b = open_box(true);
	char *sealed = box_seal(b, w.ctx, "secret\n1\nname", "hunter2");
	size_t n = strlen(sealed);

	stays_shut(b, "secret\n1\nother", sealed, ERR_INTERNAL);
	stays_shut(b, "", sealed, ERR_INTERNAL);
	stays_shut(b, "x", "", ERR_INTERNAL);
	stays_shut(b, "x", "hunter2", ERR_INTERNAL);
	stays_shut(b, "x", "gh1.0123456789abcdef.", ERR_INTERNAL);
	stays_shut(b, "x", "gh1.0123456789abcdef.AAAA", ERR_INTERNAL);
	stays_shut(b, "x", "gh1.0123456789abcdef.!!!!", ERR_INTERNAL);
	/* Each byte counts: in the key's name, the nonce, the ciphertext and its tag. */
	for (size_t i = 4; i < n; i++) {
		char *changed = mem_text(w.ctx, sealed);
		struct error e = { 0 };

		if (changed[i] == '.')
			continue;
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		cr_expect_null(box_unseal(b, w.ctx, "secret\n1\nname", changed, &e), "byte %zu", i);
	}
	sealed[n - 1] = '\0';
	stays_shut(b, "secret\n1\nname", sealed, ERR_INTERNAL);
}

Test(box, json_is_not_sealed)
{
	cr_expect_not(box_is_sealed("{\"gh1.\":1}"));
	cr_expect_not(box_is_sealed("gh1."));
	cr_expect_not(box_is_sealed(""));
	cr_expect_not(box_is_sealed("gh2.0123456789abcdef.AAAAAAAAAAAAAAA"));
}

/* ---- the file ---- */

Test(box, the_file_is_private_and_stays)
{
	const char *sealed = box_seal(open_box(true), w.ctx, "i", "v"), *before = file_text();
	struct stat st;

	cr_assert_eq(stat(key_path(), &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	opens(open_box(true), "i", sealed, "v");
	opens(open_box(false), "i", sealed, "v");
	cr_expect_str_eq(file_text(), before);
	cr_expect_eq(keys_in_file(), 1);
}

static void
refused(const char *why)
{
	for (int make = 0; make < 2; make++) {
		struct error e = { 0 };

		cr_expect_null(box_open(w.ctx, w.config, make, &e));
		cr_expect_eq(e.code, ERR_UNAVAILABLE);
		cr_expect_not_null(strstr(e.detail, why), "\"%s\" lacks \"%s\"", e.detail, why);
		world_is_sentence(&e);
	}
}

static void
write_file(const char *text)
{
	FILE *f = fopen(key_path(), "w");

	fputs(text, f);
	fclose(f);
	chmod(key_path(), 0600);
}

Test(box, files_that_are_refused)
{
	static const mode_t modes[] = { 0640, 0604, 0660, 0644, 0610 };
	const char *good;
	struct error e = { 0 };

	cr_expect_null(box_open(w.ctx, w.config, false, &e));
	cr_expect_not_null(strstr(e.detail, "there is no key file"), "%s", e.detail);
	open_box(true);
	good = file_text();
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		chmod(key_path(), modes[i]);
		refused("is open to others (mode 06");
	}
	write_file("");
	refused("is no key file of Gatehouse");
	write_file(mem_textn(w.ctx, good, strlen(good) - 1));
	refused("is no key file of Gatehouse");
	write_file(mem_printf(w.ctx, "%sx\n", good));
	refused("is no key file of Gatehouse");
	write_file(mem_textn(w.ctx, good, strcspn(good, "\n") + 1));
	refused("is no key file of Gatehouse");
	unlink(key_path());
	cr_assert_eq(mkdir(key_path(), 0700), 0);
	refused("key file");
	rmdir(key_path());
	cr_assert_eq(symlink("/etc/hostname", key_path()), 0);
	refused("key file");
	unlink(key_path());
	cr_assert_eq(mkfifo(key_path(), 0600), 0);
	refused("is no file");
}

Test(box, a_file_of_another_user)
{
	if (geteuid() != 0)
		cr_skip_test("wants root, to make another user's file");
	open_box(true);
	cr_assert_eq(chown(key_path(), 65534, (gid_t)-1), 0);
	refused("belongs to user 65534, and this is user 0");
}

Test(box, a_directory_that_cannot_be_written)
{
	struct error e = { 0 };

	w.config->state_dir = "/proc";
	cr_expect_null(box_open(w.ctx, w.config, true, &e));
	cr_expect_eq(e.code, ERR_UNAVAILABLE);
	cr_expect_not_null(strstr(e.detail, "cannot be written"), "%s", e.detail);
	w.config->state_dir = "/nonexistent";
	cr_expect_null(box_open(w.ctx, w.config, true, &e));
	cr_expect_eq(e.code, ERR_UNAVAILABLE);
}

/* Of several at once one makes the file: what each has sealed can be unsealed afterwards. */
Test(box, many_first_uses_at_once)
{
	int pipes[2], begin[2];
	char line[512];
	FILE *in;
	int n = 0;

	cr_assert_eq(pipe(pipes), 0);
	cr_assert_eq(pipe(begin), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		cr_assert_geq(pid, 0);
		if (pid == 0) {
			struct error e;
			struct box *b;
			char c;

			close(begin[1]);
			while (read(begin[0], &c, 1) < 0)
				;
			b = box_open(w.ctx, w.config, true, &e);
			if (b != NULL)
				dprintf(pipes[1], "%s\n", box_seal(b, w.ctx, "i", "v"));
			_exit(b == NULL);
		}
	}
	close(begin[0]);
	close(begin[1]);
	close(pipes[1]);
	in = fdopen(pipes[0], "r");
	while (fgets(line, sizeof line, in) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		opens(open_box(false), "i", line, "v");
		n++;
	}
	fclose(in);
	while (wait(NULL) > 0)
		;
	cr_expect_eq(n, PROCESSES);
	cr_expect_eq(keys_in_file(), 1);
}

/* ---- keys that change ---- */

Test(box, old_and_new_key_side_by_side)
{
	struct error e = { 0 };
	const char *old = box_seal(open_box(true), w.ctx, "i", "v"), *new;

	cr_assert_eq(box_add_key(w.config, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(keys_in_file(), 2);
	new = box_seal(open_box(false), w.ctx, "i", "v");
	opens(open_box(false), "i", old, "v");
	opens(open_box(false), "i", new, "v");
	cr_assert_eq(box_drop_keys(w.config, &e), ERR_OK);
	cr_expect_eq(keys_in_file(), 1);
	opens(open_box(false), "i", new, "v");
	stays_shut(open_box(false), "i", old, ERR_NOT_FOUND);
}

Test(box, keys_do_not_grow_without_bound)
{
	struct error e = { 0 };
	const char *first = box_seal(open_box(true), w.ctx, "i", "v");

	for (int i = 0; i < 40; i++)
		cr_assert_eq(box_add_key(w.config, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(keys_in_file(), 16);
	opens(open_box(false), "i", first, "v");
}

Test(box, what_was_killed_leaves_nothing_in_the_way)
{
	struct error e = { 0 };
	const char *left = config_path(w.ctx, w.config, BOX_FILE ".new"), *sealed;
	FILE *f = fopen(left, "w");

	fputs("half a fi", f);
	fclose(f);
	sealed = box_seal(open_box(true), w.ctx, "i", "v");
	cr_assert_eq(box_add_key(w.config, &e), ERR_OK, "%s", e.detail);
	opens(open_box(false), "i", sealed, "v");
	cr_expect_neq(access(left, F_OK), 0);
}

Test(box, one_lock)
{
	struct error e = { 0 };
	int fd = box_lock(w.config, &e), waiting;
	pid_t pid;

	cr_assert_geq(fd, 0);
	pid = fork();
	if (pid == 0) {
		/* The descriptor that was inherited holds the lock too. */
		close(fd);
		_exit(box_lock(w.config, &e) < 0);
	}
	usleep(50000);
	cr_expect_eq(waitpid(pid, &waiting, WNOHANG), 0, "it waits");
	close(fd);
	cr_assert_eq(waitpid(pid, &waiting, 0), pid);
	cr_expect_eq(waiting, 0);
}
