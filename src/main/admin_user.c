#include <stdlib.h>
#include <string.h>

#include "access/roles.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "main/admin.h"
#include "store/account.h"
#include "store/session.h"
#include "store/user_group.h"

static int
fail(const struct error *e)
{
	return admin_fail("%s", e->detail);
}

static enum err
must_have(struct admin *a, const char *name, struct account *account, struct error *e)
{
	bool found;

	*account = (struct account){ .id = "" };
	if (account_find(a->ctx, a->db, name, account, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "there is no account %s", name);
	return account_fill(a->ctx, a->db, account, e);
}

/* --- adding --- */

static struct names
roles_to_read(void *ctx)
{
	struct names list = { 0, NULL };

	for (int i = 0; i < ROLES_N; i++)
		if (role_is_read(&roles[i]))
			names_add(ctx, &list, roles[i].name);
	return list;
}

static bool
has_all(const struct names *list, const struct names *wanted)
{
	for (size_t i = 0; i < wanted->n; i++)
		if (!names_has(list, wanted->at[i]))
			return false;
	return list->n == wanted->n;
}

/* The roles of A in a word, where there is one. */
static const char *
roles_in_words(void *ctx, const struct account *account)
{
	const struct names read = roles_to_read(ctx);

	if (names_has(&account->roles, account_admin_roles.at[0]))
		return "administrator";
	return has_all(&account->roles, &read) ? "reader" : admin_join_names(ctx, &account->roles);
}

/* Whoever says nothing of roles or groups wants an administrator. */
static enum err
read_rights(struct admin *a, struct account *account, struct error *e)
{
	if (!admin_has(a, "reader") && !admin_has(a, "role") && !admin_has(a, "group")) {
		account->roles = account_admin_roles;
		return ERR_OK;
	}
	if (admin_has(a, "reader"))
		account->roles = roles_to_read(a->ctx);
	if (admin_given_roles(a, &account->roles, e) != ERR_OK)
		return e->code;
	return admin_given_groups(a, &account->groups, e);
}

static enum err
check_new(struct admin *a, struct account *account, struct error *e)
{
	bool found;

	if (account_find(a->ctx, a->db, account->username, &(struct account){ 0 }, &found, e) !=
	    ERR_OK)
		return e->code;
	if (found)
		return error_set(
		    e, ERR_CONFLICT, "there is an account %s already", account->username);
	return read_rights(a, account, e);
}

int
admin_user_add(struct admin *a)
{
	struct account account = {
		.id = id_new(a->ctx), .username = a->args[0],
		.created_by = a->caller.username, .last_updated_by = a->caller.username,
	};
	const char *what;
	struct error e;
	TXN(t);

	if (!account_is_name(account.username))
		return admin_fail(ADMIN_NAME_RULE);
	if (!admin_open(a))
		return EXIT_FAILURE;
	if (check_new(a, &account, &e) != ERR_OK)
		return fail(&e);
	account.password_hash = admin_password(a, account.username);
	if (account.password_hash == NULL)
		return EXIT_FAILURE;
	account.created = account.last_updated = clock_wall();
	if (txn_begin(&t, a->db, &e) != ERR_OK || account_insert(a->db, &account, &e) != ERR_OK ||
	    txn_commit(&t, &e) != ERR_OK)
		return fail(&e);
	what = roles_in_words(a->ctx, &account);
	if (what != NULL && strchr(what, ':') == NULL)
		admin_say("%s is %s %s now", account.username, *what == 'a' ? "an" : "a", what);
	else
		admin_say("%s has the roles: %s", account.username, what != NULL ? what : "none");
	return EXIT_SUCCESS;
}

/* --- changing --- */

typedef enum err (*change_fn)(struct admin *a, struct account *account, struct error *e);

static enum err
change(struct admin *a, change_fn fn, struct error *e)
{
	struct account account;
	TXN(t);

	if (txn_begin(&t, a->db, e) != ERR_OK ||
	    must_have(a, a->args[0], &account, e) != ERR_OK || fn(a, &account, e) != ERR_OK)
		return e->code;
	account.last_updated = clock_wall();
	account.last_updated_by = a->caller.username;
	if (account_update(a->db, &account, e) != ERR_OK || account_keep_admin(a->db, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

/* DONE, with the name and what else was given, is said in the end. */
static int
change_and_say(struct admin *a, change_fn fn, const char *done, const char *what)
{
	struct error e;

	if (!admin_open(a))
		return EXIT_FAILURE;
	if (change(a, fn, &e) != ERR_OK)
		return fail(&e);
	admin_say("%s %s%s", a->args[0], done, what);
	return EXIT_SUCCESS;
}

static enum err
grant(struct admin *a, struct account *account, struct error *e)
{
	const char *role = a->args[1];

	if (admin_role(role, e) != ERR_OK)
		return e->code;
	if (!names_has(&account->roles, role))
		names_add(a->ctx, &account->roles, role);
	return ERR_OK;
}

static enum err
revoke(struct admin *a, struct account *account, struct error *e)
{
	if (names_drop(&account->roles, a->args[1]))
		return ERR_OK;
	return error_set(e, ERR_NOT_FOUND, "%s does not have the role %s itself",
	    account->username, a->args[1]);
}

static enum err
disable(struct admin *a, struct account *account, struct error *e)
{
	(void)a;
	(void)e;
	account->inactive = true;
	return ERR_OK;
}

static enum err
enable(struct admin *a, struct account *account, struct error *e)
{
	(void)a;
	(void)e;
	account->inactive = false;
	return ERR_OK;
}

int
admin_user_grant(struct admin *a)
{
	return change_and_say(a, grant, "has the role ", a->args[1]);
}

int
admin_user_revoke(struct admin *a)
{
	return change_and_say(a, revoke, "has no longer the role ", a->args[1]);
}

int
admin_user_disable(struct admin *a)
{
	return change_and_say(a, disable, "is disabled", "");
}

int
admin_user_enable(struct admin *a)
{
	return change_and_say(a, enable, "is enabled", "");
}

int
admin_user_passwd(struct admin *a)
{
	const char *name = a->args[0], *hash;
	struct account account;
	struct error e;
	TXN(t);

	if (!admin_open(a))
		return EXIT_FAILURE;
	if (must_have(a, name, &account, &e) != ERR_OK)
		return fail(&e);
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

/* --- listing --- */

static enum err
list_one(struct admin *a, struct table *t, struct account *account, struct error *e)
{
	char when[CLOCK_TEXT_MAX];
	struct names groups;

	if (account_fill(a->ctx, a->db, account, e) != ERR_OK ||
	    admin_group_names(a, &account->groups, &groups, e) != ERR_OK)
		return e->code;
	table_add(t, account->username);
	table_add(t, roles_in_words(a->ctx, account));
	table_add(t, admin_join_names(a->ctx, &groups));
	table_add(t, account->inactive ? "disabled" : "enabled");
	table_add(t, clock_text(when, account->created));
	table_add(t, account->created_by);
	return ERR_OK;
}

int
admin_user_list(struct admin *a)
{
	static const char *const headings[] = {
		"NAME", "ROLES", "GROUPS", "STATE", "CREATED", "BY"
	};
	enum { COLUMNS = sizeof headings / sizeof *headings };
	struct table *t = table_new(a->ctx, COLUMNS);
	struct records all;
	struct error e;

	if (!admin_open(a))
		return EXIT_FAILURE;
	if (account_list(a->ctx, a->db, &all, &e) != ERR_OK)
		return fail(&e);
	/* Only an init that was interrupted leaves it so. */
	if (all.n == 0)
		return admin_fail("there is no user yet: run `gatehouse init`");
	for (size_t i = 0; i < COLUMNS; i++)
		table_add(t, headings[i]);
	for (size_t i = 0; i < all.n; i++)
		if (list_one(a, t, records_at(&all, i), &e) != ERR_OK)
			return fail(&e);
	table_print(t);
	return EXIT_SUCCESS;
}

/* --- deleting --- */

static enum err
delete_account(struct admin *a, const char *name, struct error *e)
{
	TXN(t);

	if (txn_begin(&t, a->db, e) != ERR_OK || account_delete(a->db, name, e) != ERR_OK)
		return e->code;
	if (account_keep_admin(a->db, e) == ERR_CONFLICT)
		return error_set(e, ERR_CONFLICT,
		    "%s is the last administrator and cannot be deleted: add another one first",
		    name);
	return e->code == ERR_OK ? txn_commit(&t, e) : e->code;
}

int
admin_user_delete(struct admin *a)
{
	struct error e = { .code = ERR_OK };

	if (!admin_open(a))
		return EXIT_FAILURE;
	if (delete_account(a, a->args[0], &e) != ERR_OK)
		return fail(&e);
	admin_say("%s is deleted", a->args[0]);
	return EXIT_SUCCESS;
}
