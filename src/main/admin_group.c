#include <stdlib.h>
#include <string.h>

#include "access/roles.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "main/admin.h"
#include "store/account.h"
#include "store/user_group.h"

static int
fail(const struct error *e)
{
	return admin_fail("%s", e->detail);
}

/* --- adding --- */

static enum err
insert(struct admin *a, struct user_group *g, struct error *e)
{
	TXN(t);

	if (admin_given_roles(a, &g->roles, e) != ERR_OK ||
	    admin_given_groups(a, &g->groups, e) != ERR_OK || txn_begin(&t, a->db, e) != ERR_OK ||
	    user_group_insert(a->db, g, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

int
admin_group_add(struct admin *a)
{
	struct user_group g = {
		.id = id_new(a->ctx), .name = a->args[0],
		.description = admin_value(a, "description"), .created = clock_wall(),
		.created_by = a->caller.username, .last_updated_by = a->caller.username,
	};
	struct error e;

	g.last_updated = g.created;
	if (!user_group_is_name(g.name))
		return admin_fail("a group's name has 1 to 256 characters");
	if (!admin_open(a))
		return EXIT_FAILURE;
	if (insert(a, &g, &e) != ERR_OK)
		return fail(&e);
	admin_say("there is a group %s now", g.name);
	return EXIT_SUCCESS;
}

/* --- changing --- */

typedef enum err (*change_fn)(struct admin *a, struct user_group *g, struct error *e);

static enum err
change(struct admin *a, change_fn fn, struct error *e)
{
	struct user_group g;
	TXN(t);

	if (txn_begin(&t, a->db, e) != ERR_OK || admin_group_must(a, a->args[0], &g, e) != ERR_OK ||
	    fn(a, &g, e) != ERR_OK || account_keep_admin(a->db, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

/* DONE says what was done: the group's name and the second argument stand beside it. */
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
update(struct admin *a, struct user_group *g, struct error *e)
{
	g->last_updated = clock_wall();
	g->last_updated_by = a->caller.username;
	return user_group_update(a->db, g, e);
}

static enum err
grant(struct admin *a, struct user_group *g, struct error *e)
{
	const char *role = a->args[1];

	if (admin_role(role, e) != ERR_OK)
		return e->code;
	if (!names_has(&g->roles, role))
		names_add(a->ctx, &g->roles, role);
	return update(a, g, e);
}

static enum err
revoke(struct admin *a, struct user_group *g, struct error *e)
{
	if (!names_drop(&g->roles, a->args[1]))
		return error_set(e, ERR_NOT_FOUND, "%s does not give the role %s itself", g->name,
		    a->args[1]);
	return update(a, g, e);
}

static enum err
disable(struct admin *a, struct user_group *g, struct error *e)
{
	g->inactive = true;
	return update(a, g, e);
}

static enum err
enable(struct admin *a, struct user_group *g, struct error *e)
{
	g->inactive = false;
	return update(a, g, e);
}

/* --- members --- */

static enum err
find_account(struct admin *a, struct account *account, struct error *e)
{
	bool found;

	*account = (struct account){ .id = "" };
	if (account_find(a->ctx, a->db, a->args[1], account, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "there is no account %s", a->args[1]);
	return account_fill(a->ctx, a->db, account, e);
}

static enum err
update_account(struct admin *a, struct account *account, struct error *e)
{
	account->last_updated = clock_wall();
	account->last_updated_by = a->caller.username;
	return account_update(a->db, account, e);
}

static enum err
join(struct admin *a, struct user_group *g, struct error *e)
{
	struct account account;

	if (find_account(a, &account, e) != ERR_OK)
		return e->code;
	if (!names_has(&account.groups, g->id))
		names_add(a->ctx, &account.groups, g->id);
	return update_account(a, &account, e);
}

static enum err
leave(struct admin *a, struct user_group *g, struct error *e)
{
	struct account account;

	if (find_account(a, &account, e) != ERR_OK)
		return e->code;
	if (!names_drop(&account.groups, g->id))
		return error_set(e, ERR_NOT_FOUND, "%s is not in %s by itself", account.username,
		    g->name);
	return update_account(a, &account, e);
}

static enum err
drop(struct admin *a, struct user_group *g, struct error *e)
{
	return user_group_delete(a->db, g->id, e);
}

/* --- the commands --- */

int
admin_group_grant(struct admin *a)
{
	return change_and_say(a, grant, "gives the role ", a->args[1]);
}

int
admin_group_revoke(struct admin *a)
{
	return change_and_say(a, revoke, "gives no longer the role ", a->args[1]);
}

int
admin_group_disable(struct admin *a)
{
	return change_and_say(a, disable, "is disabled", "");
}

int
admin_group_enable(struct admin *a)
{
	return change_and_say(a, enable, "is enabled", "");
}

int
admin_group_join(struct admin *a)
{
	return change_and_say(a, join, "has the member ", a->args[1]);
}

int
admin_group_leave(struct admin *a)
{
	return change_and_say(a, leave, "has no longer the member ", a->args[1]);
}

int
admin_group_delete(struct admin *a)
{
	return change_and_say(a, drop, "is deleted", "");
}

/* --- listing --- */

static enum err
list_one(struct admin *a, struct table *t, struct user_group *g, struct error *e)
{
	struct names members, groups;

	if (user_group_fill(a->ctx, a->db, g, e) != ERR_OK ||
	    user_group_accounts(a->ctx, a->db, g->id, &members, e) != ERR_OK ||
	    admin_group_names(a, &g->groups, &groups, e) != ERR_OK)
		return e->code;
	table_add(t, g->name);
	table_add(t, admin_join_names(a->ctx, &g->roles));
	table_add(t, admin_join_names(a->ctx, &groups));
	table_add(t, admin_join_names(a->ctx, &members));
	table_add(t, g->inactive ? "disabled" : "enabled");
	table_add(t, g->description);
	return ERR_OK;
}

int
admin_group_list(struct admin *a)
{
	static const char *const headings[] = {
		"NAME", "ROLES", "IN", "MEMBERS", "STATE", "DESCRIPTION"
	};
	enum { COLUMNS = sizeof headings / sizeof *headings };
	struct table *t = table_new(a->ctx, COLUMNS);
	struct records all;
	struct error e;

	if (!admin_open(a))
		return EXIT_FAILURE;
	if (user_group_list(a->ctx, a->db, &all, &e) != ERR_OK)
		return fail(&e);
	for (size_t i = 0; i < COLUMNS; i++)
		table_add(t, headings[i]);
	for (size_t i = 0; i < all.n; i++)
		if (list_one(a, t, records_at(&all, i), &e) != ERR_OK)
			return fail(&e);
	table_print(t);
	return EXIT_SUCCESS;
}
