#include "world.h"

#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "run/vault.h"
#include "secret/box.h"
#include "store/gateway.h"

/* Sealed secrets and parameters in the database, and the change of keys. */

static const char gw[] = "00000000000000000000000a", other_gw[] = "00000000000000000000000b";

static void
add_gateway(const char *id)
{
	struct error e = { 0 };
	const struct gateway g = { .id = id, .cluster_id = id, .gateway_name = id, .enabled = true,
	    .connector_kind = "local", .connector_settings = "{}" };
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	cr_assert_eq(gateway_insert(w.db, &g, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
}

static void
begin(void)
{
	world_open();
	add_gateway(gw);
	add_gateway(other_gw);
}

TestSuite(vault, .init = begin, .fini = world_end, .timeout = 120);

static enum err
put(const char *gateway, const char *name, const char *value, struct error *e)
{
	const struct secret s = { .id = id_new(w.ctx), .gateway_id = gateway, .name = name, .created = 1,
	    .created_by = "t", .last_updated = value != NULL ? 2 : 0, .last_updated_by = "t" };
	TXN(t);

	if (txn_begin(&t, w.db, e) != ERR_OK || vault_put(w.db, w.config, &s, value, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

static void
set(const char *gateway, const char *name, const char *value)
{
	struct error e = { 0 };

	cr_assert_eq(put(gateway, name, value, &e), ERR_OK, "%s", e.detail);
}

static void
is(const char *gateway, const char *name, const char *value)
{
	struct error e = { 0 };
	const char *got;

	cr_assert_eq(vault_get(w.ctx, w.db, w.config, gateway, name, &got, &e), ERR_OK, "%s", e.detail);
	cr_expect_str_eq(got, value);
}

static void
is_refused(const char *gateway, const char *name, enum err code, const char *why)
{
	struct error e = { 0 };
	const char *got = NULL;

	cr_expect_eq(vault_get(w.ctx, w.db, w.config, gateway, name, &got, &e), code, "%s", e.detail);
	cr_expect_null(got);
	cr_expect_not_null(strstr(e.detail, why), "\"%s\" lacks \"%s\"", e.detail, why);
	cr_expect_not_null(strstr(e.detail, name), "%s", e.detail);
	world_is_sentence(&e);
}

/* Whether a file of the state directory holds TEXT. */
static bool
is_on_disk(const char *text)
{
	static const char *const files[] = { "gatehouse.db", "gatehouse.db-wal" };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		FILE *f = fopen(config_path(w.ctx, w.config, files[i]), "r");
		char *bytes = mem_bytes(w.ctx, 1 << 22);
		size_t n = f != NULL ? fread(bytes, 1, 1 << 22, f) : 0;

		if (f != NULL)
			fclose(f);
		if (memmem(bytes, n, text, strlen(text)) != NULL)
			return true;
	}
	return false;
}

Test(vault, values_come_back_and_are_not_in_the_file)
{
	set(gw, "a", "correct horse battery");
	set(other_gw, "a", "another value of that name");
	set(gw, "b", "\303\244\n\"quotes\"");
	is(gw, "a", "correct horse battery");
	is(other_gw, "a", "another value of that name");
	is(gw, "b", "\303\244\n\"quotes\"");
	cr_expect_not(is_on_disk("correct horse"));
	cr_expect(is_on_disk(gw), "the test finds what is there");
	set(gw, "a", "a new one");
	is(gw, "a", "a new one");
	cr_expect_eq(world_count(w.db, "secret"), 3);
}

Test(vault, without_a_value)
{
	set(gw, "a", NULL);
	is_refused(gw, "a", ERR_NOT_FOUND, "has no value yet");
	is_refused(gw, "none", ERR_NOT_FOUND, "there is no secret none");
	is_refused(other_gw, "a", ERR_NOT_FOUND, "there is no secret a");
	set(gw, "a", "now it has");
	set(gw, "a", NULL);
	is(gw, "a", "now it has");
	cr_expect_eq(world_count(w.db, "secret WHERE last_updated = 2"), 1);
}

Test(vault, values_that_are_refused)
{
	char *large = mem_bytes(w.ctx, VAULT_VALUE_MAX + 2);
	struct error e = { 0 };

	memset(large, 'x', VAULT_VALUE_MAX);
	set(gw, "large", large);
	is(gw, "large", large);
	large[VAULT_VALUE_MAX] = 'x';
	cr_expect_eq(put(gw, "large", large, &e), ERR_INVALID);
	cr_expect_str_eq(e.field, "value");
	cr_expect_not_null(strstr(e.detail, "at most 65536 bytes"), "%s", e.detail);
	cr_expect_null(strstr(e.detail, "xxx"));
	cr_expect_eq(put(gw, "empty", "", &e), ERR_INVALID);
	cr_expect_eq(world_count(w.db, "secret"), 1);
}

/* Somebody who can write the database but has no key cannot give a service another one's secret. */
Test(vault, a_row_cannot_be_moved)
{
	set(gw, "a", "for a");
	set(gw, "b", "for b");
	set(other_gw, "a", "for the other");
	world_exec(w.db, "UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE name = 'b')");
	is_refused(gw, "a", ERR_UNAVAILABLE, "belongs to another record");
	is_refused(other_gw, "a", ERR_UNAVAILABLE, "belongs to another record");
	is(gw, "b", "for b");
}

Test(vault, a_lost_key_file_is_not_made_anew)
{
	struct error e = { 0 };
	size_t n;

	set(gw, "a", "value of a");
	unlink(config_path(w.ctx, w.config, BOX_FILE));
	is_refused(gw, "a", ERR_UNAVAILABLE, "there is no key file");
	cr_expect_eq(put(gw, "b", "value of b", &e), ERR_UNAVAILABLE);
	cr_expect_eq(vault_rekey(w.db, w.config, &n, &e), ERR_UNAVAILABLE);
	cr_expect_eq(vault_ready(w.db, w.config, &e), ERR_UNAVAILABLE);
	cr_expect_eq(vault_check(w.db, w.config, &n, &e), ERR_UNAVAILABLE);
	cr_expect_neq(access(config_path(w.ctx, w.config, BOX_FILE), F_OK), 0);
}

Test(vault, another_key_file)
{
	struct error e = { 0 };
	size_t n;

	set(gw, "a", "value of a");
	unlink(config_path(w.ctx, w.config, BOX_FILE));
	mem_free(box_open(w.ctx, w.config, true, &e));
	is_refused(gw, "a", ERR_UNAVAILABLE, "a key that is not in secret.key");
	cr_expect_eq(vault_check(w.db, w.config, &n, &e), ERR_NOT_FOUND);
	cr_expect_not_null(strstr(e.detail, "secret a of gateway"), "%s", e.detail);
	cr_expect_eq(vault_rekey(w.db, w.config, &n, &e), ERR_NOT_FOUND);
	cr_expect_not_null(strstr(e.detail, "secret a of gateway"), "%s", e.detail);
}

/* ---- parameters ---- */

static struct job
queued_job(const char *id, const char *order_params)
{
	struct error e = { 0 };
	struct job j = { .id = id, .attempt_id = id, .request_id = id, .gateway_id = gw, .params = "{}",
	    .order_params = order_params, .state = "queued", .return_code = FIELD_NONE };
	struct job row = j;
	TXN(t);

	cr_assert_eq(txn_begin(&t, w.db, &e), ERR_OK);
	if (order_params[0] == '{' && strcmp(id, "plain") != 0)
		cr_assert_eq(vault_seal_params(w.ctx, w.db, w.config, &j, &row.order_params, &e), ERR_OK, "%s",
		    e.detail);
	cr_assert_eq(job_insert(w.db, &row, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(txn_commit(&t, &e), ERR_OK);
	return row;
}

static const char *
params_of(const struct job *j)
{
	struct error e = { 0 };
	const char *params;

	cr_assert_eq(vault_unseal_params(w.ctx, w.db, w.config, j, &params, &e), ERR_OK, "%s", e.detail);
	return params;
}

Test(vault, parameters)
{
	struct job a = queued_job("a", "{\"password\":\"open sesame\"}"), none = { .id = "a" }, moved = a;
	struct job plain = queued_job("plain", "{\"of\":\"an older program\"}");
	const char *params;
	struct error e = { 0 };

	cr_expect_null(strstr(a.order_params, "sesame"));
	cr_expect_not(is_on_disk("sesame"));
	cr_expect_str_eq(params_of(&a), "{\"password\":\"open sesame\"}");
	cr_expect_str_eq(params_of(&plain), "{\"of\":\"an older program\"}");
	cr_expect_null(params_of(&none));
	moved.id = "b";
	cr_expect_eq(vault_unseal_params(w.ctx, w.db, w.config, &moved, &params, &e), ERR_INTERNAL);
	world_is_sentence(&e);
}

/* ---- the change of keys, stopped at each of its steps ---- */

static void
all_is_there(const struct job *before)
{
	struct job now = { 0 };
	struct error e = { 0 };
	size_t n;

	is(gw, "a", "value of a");
	is(other_gw, "b", "value of b");
	cr_expect_str_eq(params_of(before), "{\"k\":\"v\"}", "also where its row was read before");
	cr_assert_eq(job_get(w.ctx, w.db, "j", &now, &e), ERR_OK);
	cr_expect_str_eq(params_of(&now), "{\"k\":\"v\"}");
	cr_assert_eq(vault_check(w.db, w.config, &n, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(n, 3);
}

static const char *
sealed_of(const char *name)
{
	struct secret s = { 0 };
	struct error e = { 0 };
	bool found;

	cr_assert_eq(secret_find(w.ctx, w.db, gw, name, &s, &found, &e), ERR_OK);
	return s.sealed;
}

static struct job
something_of_each(void)
{
	set(gw, "a", "value of a");
	set(gw, "named", NULL);
	set(other_gw, "b", "value of b");
	return queued_job("j", "{\"k\":\"v\"}");
}

static void
rekey(void)
{
	struct error e = { 0 };
	size_t n;

	cr_assert_eq(vault_rekey(w.db, w.config, &n, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(n, 3);
}

Test(vault, rekey)
{
	struct job j = something_of_each();
	const char *before = sealed_of("a");
	struct error e = { 0 };
	struct box *old = box_open(w.ctx, w.config, false, &e), *new;

	rekey();
	all_is_there(&j);
	cr_expect_str_neq(sealed_of("a"), before);
	new = box_open(w.ctx, w.config, false, &e);
	cr_expect_null(box_unseal(new, w.ctx, "x", before, &e), "the old key is gone");
	cr_expect_eq(e.code, ERR_NOT_FOUND);
	cr_expect_null(box_unseal(old, w.ctx, "x", sealed_of("a"), &e), "the old key is of no use");
	rekey();
	all_is_there(&j);
}

Test(vault, rekey_of_nothing)
{
	struct error e = { 0 };
	size_t n;

	cr_assert_eq(vault_rekey(w.db, w.config, &n, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(n, 0);
}

/* Killed once the new key is there: old and new are side by side, and values are put with the new one. */
Test(vault, rekey_killed_after_the_new_key)
{
	struct job j = something_of_each();
	struct error e = { 0 };

	cr_assert_eq(box_add_key(w.config, &e), ERR_OK);
	all_is_there(&j);
	set(gw, "a", "value of a");
	all_is_there(&j);
	rekey();
	all_is_there(&j);
}

/* Killed with the transaction open: it is rolled back; then with all of it done but the last step. */
Test(vault, rekey_killed_before_and_after_the_commit)
{
	struct job j = something_of_each();
	struct db *holder = world_connect();
	struct error e = { 0 };
	size_t n;

	{
		TXN(t);

		cr_assert_eq(txn_begin(&t, holder, &e), ERR_OK);
		cr_expect_eq(vault_rekey(w.db, w.config, &n, &e), ERR_UNAVAILABLE, "the database is locked");
	}
	all_is_there(&j);
	world_exec(w.db, "CREATE TRIGGER stop BEFORE UPDATE OF order_params ON job BEGIN SELECT RAISE(ABORT, 'no'); END");
	cr_expect_neq(vault_rekey(w.db, w.config, &n, &e), ERR_OK);
	all_is_there(&j);
	world_exec(w.db, "DROP TRIGGER stop");
	rekey();
	all_is_there(&j);
	mem_free(holder);
}

/* Values are put and read without end while keys change: none is ever lost. */
static void
put_and_read(void *arg)
{
	struct db *db = world_connect();
	struct error e = { 0 };
	int *n = arg;

	w.db = db;
	for (int i = 0; i < *n; i++) {
		const char *value = mem_printf(w.ctx, "value %d", i), *got = NULL;

		if (put(gw, "busy", value, &e) != ERR_OK ||
		    vault_get(w.ctx, db, w.config, gw, "busy", &got, &e) != ERR_OK || strcmp(got, value) != 0)
			_exit(1);
	}
}

Test(vault, rekey_beside_writers)
{
	int rounds = 60, status;
	struct error e = { 0 };
	size_t n;
	pid_t pid;

	w.config->database_busy_timeout = 60;
	mem_free(w.db);
	pid = fork();
	if (pid == 0) {
		put_and_read(&rounds);
		_exit(0);
	}
	w.db = world_connect();
	while (waitpid(pid, &status, WNOHANG) == 0)
		cr_assert_eq(vault_rekey(w.db, w.config, &n, &e), ERR_OK, "%s", e.detail);
	cr_expect_eq(status, 0);
	is(gw, "busy", "value 59");
}
