#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "main/admin.h"
#include "store/account.h"
#include "store/session.h"

static int
fail(const struct error *e)
{
	return admin_fail("%s", e->detail);
}

/* Whether the account is there as it should be; else says what is wrong. */
static bool
check_account(struct admin *a, const char *name, bool wanted)
{
	struct account account = { 0 };
	struct error e;
	bool found;

	if (account_find(a->ctx, a->db, name, &account, &found, &e) != ERR_OK)
		fail(&e);
	else if (found && !wanted)
		admin_fail("there is an account %s already", name);
	else if (!found && wanted)
		admin_fail("there is no account %s", name);
	else
		return true;
	return false;
}

int
admin_user_add(struct admin *a)
{
	const char *name = a->args[0];
	struct account account = {
		.id = id_new(a->ctx), .username = name, .is_admin = !admin_has(a, "reader"),
		.created_by = a->caller.username, .last_updated_by = a->caller.username,
	};
	struct error e;
	TXN(t);

	if (!account_is_name(name))
		return admin_fail(ADMIN_NAME_RULE);
	if (!admin_open(a) || !check_account(a, name, false))
		return EXIT_FAILURE;
	account.password_hash = admin_password(a, name);
	if (account.password_hash == NULL)
		return EXIT_FAILURE;
	account.created = account.last_updated = clock_wall();
	if (txn_begin(&t, a->db, &e) != ERR_OK || account_insert(a->db, &account, &e) != ERR_OK ||
	    txn_commit(&t, &e) != ERR_OK)
		return fail(&e);
	admin_say("%s is %s now", name, account.is_admin ? "an administrator" : "a reader");
	return EXIT_SUCCESS;
}

int
admin_user_passwd(struct admin *a)
{
	const char *name = a->args[0], *hash;
	struct error e;
	TXN(t);

	if (!admin_open(a) || !check_account(a, name, true))
		return EXIT_FAILURE;
	hash = admin_password(a, name);
	if (hash == NULL)
		return EXIT_FAILURE;
	if (txn_begin(&t, a->db, &e) != ERR_OK ||
	    account_set_password(a->db, name, hash, a->caller.username, &e) != ERR_OK ||
	    session_end_all(a->db, name, &e) != ERR_OK ||
	    txn_commit(&t, &e) != ERR_OK)
		return fail(&e);
	admin_say("%s has a new password", name);
	return EXIT_SUCCESS;
}

int
admin_user_list(struct admin *a)
{
	struct table *t = table_new(a->ctx, 4);
	char when[CLOCK_TEXT_MAX];
	struct records all;
	struct error e;

	if (!admin_open(a))
		return EXIT_FAILURE;
	if (account_list(a->ctx, a->db, &all, &e) != ERR_OK)
		return fail(&e);
	/* Only an init that was interrupted leaves it so. */
	if (all.n == 0)
		return admin_fail("there is no user yet: run `gatehouse init`");
	table_add(t, "NAME");
	table_add(t, "ROLE");
	table_add(t, "CREATED");
	table_add(t, "BY");
	for (size_t i = 0; i < all.n; i++) {
		const struct account *account = records_at(&all, i);

		table_add(t, account->username);
		table_add(t, account->is_admin ? "administrator" : "reader");
		table_add(t, clock_text(when, account->created));
		table_add(t, account->created_by);
	}
	table_print(t);
	return EXIT_SUCCESS;
}

static enum err
delete_account(struct admin *a, const char *name, struct error *e)
{
	struct account account = { 0 };
	int64_t admins;
	bool found;
	TXN(t);

	if (txn_begin(&t, a->db, e) != ERR_OK ||
	    account_find(a->ctx, a->db, name, &account, &found, e) != ERR_OK ||
	    account_count_admins(a->db, &admins, e) != ERR_OK)
		return e->code;
	if (found && account.is_admin && admins == 1)
		return error_set(e, ERR_CONFLICT,
		    "%s is the last administrator and cannot be deleted: add another one first",
		    name);
	if (account_delete(a->db, name, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

int
admin_user_delete(struct admin *a)
{
	struct error e;

	if (!admin_open(a))
		return EXIT_FAILURE;
	if (delete_account(a, a->args[0], &e) != ERR_OK)
		return fail(&e);
	admin_say("%s is deleted", a->args[0]);
	return EXIT_SUCCESS;
}
