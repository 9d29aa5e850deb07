#include "x509_world.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "x509/crypto.h"

/* Each test is a process of its own, so each uses libcrypto for the first time. */

extern char **environ;

/* --- loading --- */

Test(x509_crypto, loads_all)
{
	struct error e = { 0 };

	cr_assert_eq(crypto_load(&e), ERR_OK, "%s", e.detail);
	cr_assert_eq(crypto_load(&e), ERR_OK, "%s", e.detail);
	cr_assert_eq(certs_ready(&e), ERR_OK, "%s", e.detail);
	/* This program is linked with it too: there is one libcrypto, and each function is at its place. */
#define X(function) cr_expect_eq((void *)crypto()->function, (void *)function, #function);
	CRYPTO_FUNCTIONS(X)
#undef X
}

/* A library that cannot be used: the message names it, the package, and WHY. */
static void
must_not_open(const char *library, const char *why)
{
	SCOPED(tmp, NULL);
	struct crypto t, before;
	struct error e = { 0 };
	char *begin = mem_printf(
	    tmp, "%s cannot be loaded: install the package libssl3 (", library);

	memset(&t, 0x5a, sizeof t);
	before = t;
	cr_assert_eq(crypto_open(library, &t, &e), ERR_UNAVAILABLE, "%s", library);
	cr_expect_eq(e.code, ERR_UNAVAILABLE);
	cr_expect_str_eq(e.field, "");
	cr_expect_eq(strncmp(e.detail, begin, strlen(begin)), 0, "%s", e.detail);
	cr_expect_not_null(strstr(e.detail, why), "wanted \"%s\", got \"%s\"", why, e.detail);
	cr_expect_eq(e.detail[strlen(e.detail) - 1], ')');
	cr_expect_null(strchr(e.detail, '\n'));
	cr_expect_eq(memcmp(&t, &before, sizeof t), 0);
}

Test(x509_crypto, says_that_the_library_is_missing)
{
	must_not_open("libcrypto.so.0.absent", "No such file");
	must_not_open("/nowhere/libcrypto.so.3", "No such file");
}

Test(x509_crypto, says_that_the_library_is_none)
{
	char path[] = "/tmp/x509-crypto-XXXXXX";
	int fd = mkstemp(path);

	must_not_open(path, "too short");
	for (int i = 0; i < 100; i++)
		cr_assert_eq(write(fd, "This is no library.\n", 20), 20);
	must_not_open(path, "invalid ELF header");
	must_not_open("/tmp", "");
	close(fd);
	unlink(path);
}

/* An older libcrypto or another library: the first function that it lacks is named. */
Test(x509_crypto, says_that_a_function_is_missing)
{
	must_not_open("libc.so.6", "ASN1_STRING_to_UTF8");
}

/* What fails does not spoil what comes after. */
Test(x509_crypto, opens_after_a_failure)
{
	SCOPED(tmp, NULL);
	const struct recipe r = { .cn = "a" };
	struct crypto t;
	struct error e = { 0 };

	must_not_open("libc.so.6", "undefined symbol");
	cr_assert_eq(crypto_open(CRYPTO_LIBRARY, &t, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq((void *)t.i2d_X509, (void *)i2d_X509);
	cr_expect_str_eq(must_read(tmp, make(tmp, &r), 1)->host, "a");
}

/* --- threads --- */

enum { THREADS = 8 };

struct reader {
	pthread_t thread;
	pthread_barrier_t *start;
	const char *text;
	void *ctx;
	struct certs all;
	struct error e;
};

static void *
read_at_once(void *arg)
{
	struct reader *r = arg;

	pthread_barrier_wait(r->start);
	r->e.code = certs_read(r->ctx, r->text, NOW, &r->all, &r->e);
	return NULL;
}

Test(x509_crypto, threads_may_come_first_together)
{
	SCOPED(tmp, NULL);
	pthread_barrier_t start;
	struct reader readers[THREADS] = { 0 };

	cr_assert_eq(pthread_barrier_init(&start, NULL, THREADS), 0);
	for (int i = 0; i < THREADS; i++) {
		const struct recipe r = { .cn = mem_printf(tmp, "host %d", i) };

		readers[i].start = &start;
		/* A tree belongs to one thread. */
		readers[i].ctx = mem_scope(NULL);
		readers[i].text = make(tmp, &r);
	}
	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&readers[i].thread, NULL, read_at_once, &readers[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		cr_assert_eq(pthread_join(readers[i].thread, NULL), 0);
		cr_assert_eq(readers[i].e.code, ERR_OK, "%s", readers[i].e.detail);
		cr_assert_eq(readers[i].all.n, 1);
		cr_expect_str_eq(readers[i].all.at[0].host, mem_printf(tmp, "host %d", i));
		cr_expect_str_eq(readers[i].all.at[0].pem, readers[i].text);
		mem_free(readers[i].ctx);
	}
	pthread_barrier_destroy(&start);
}

/* --- what the programs are linked with --- */

/* NULL where FILE cannot be asked. */
static FILE *
open_undefined(const char *file, pid_t *pid)
{
	const char *const argv[] = { "nm", "--undefined-only", file, NULL };
	posix_spawn_file_actions_t files;
	int ends[2], rc;

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
	rc = posix_spawnp(pid, argv[0], &files, NULL, (char **)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	close(ends[1]);
	if (rc == 0)
		return fdopen(ends[0], "r");
	close(ends[0]);
	return NULL;
}

static bool
is_of_libcrypto(void *lib, const char *symbol)
{
	void *p = dlsym(lib, symbol);
	Dl_info info;

	return p != NULL && dladdr(p, &info) != 0 && strstr(info.dli_fname, "libcrypto") != NULL;
}

/* Were one left undefined, the linker would bring libcrypto into every program again. */
Test(x509_crypto, no_function_is_needed_when_linking)
{
	SCOPED(tmp, NULL);
	const char *build = getenv("GATEHOUSE_BUILD");
	void *lib = dlopen(CRYPTO_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	char line[512], symbol[256];
	bool has_dlopen = false;
	int status;
	pid_t pid;
	FILE *nm = open_undefined(
	    mem_printf(tmp, "%s/libgatehouse.a", build != NULL ? build : "."), &pid);

	if (nm == NULL)
		cr_skip_test("nm is not installed");
	/* The question itself is right. */
	cr_assert(is_of_libcrypto(lib, "X509_free") && is_of_libcrypto(lib, "OPENSSL_sk_num"));
	cr_assert_not(is_of_libcrypto(lib, "malloc"));
	while (fgets(line, sizeof line, nm) != NULL) {
		if (sscanf(line, " U %255s", symbol) != 1)
			continue;
		has_dlopen |= strcmp(symbol, "dlopen") == 0;
		cr_expect_not(is_of_libcrypto(lib, symbol), "%s", symbol);
	}
	fclose(nm);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	/* It has seen the objects that count. */
	cr_expect(has_dlopen);
	dlclose(lib);
}
