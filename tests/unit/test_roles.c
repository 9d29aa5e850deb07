/* What accounts may do: their roles, those of their groups, and that somebody stays who may do all. */
#include "world.h"

#include <stdio.h>
#include <string.h>

#include "access/roles.h"
#include "base/id.h"
#include "store/account.h"
#include "store/user_group.h"

TestSuite(roles, .init = world_open, .fini = world_end);
/* Criterion calls a test's own init behind that of its suite, not in place of it. */
TestSuite(roles_before, .init = world_begin, .fini = world_end);

enum { SQL_MAX = 65536 };

static enum err
load(struct caller *caller, struct error *e)
{
	struct account a = { 0 };

	cr_assert_eq(account_get(w.ctx, w.db, caller->account_id, &a, e), ERR_OK, "%s", e->detail);
	return roles_load(w.db, &a, caller, e);
}

static void
expect_roles(const char *account_id, const char *wanted)
{
	struct caller caller = { .username = "somebody", .account_id = account_id };
	struct error e = { .detail = "" };
	char *got = mem_text(w.ctx, "");

	cr_assert_eq(load(&caller, &e), ERR_OK, "%s", e.detail);
	for (int i = 0; i < ROLES_N; i++)
		if (authorize(&caller, roles[i].name, &e) == ERR_OK)
			got = mem_printf(w.ctx, "%s%s%s", got, *got != '\0' ? " " : "", roles[i].name);
	cr_expect_str_eq(got, wanted);
}

static int64_t
admins(void)
{
	struct error e;
	int64_t n = -1;

	cr_assert_eq(account_count_admins(w.db, &n, &e), ERR_OK);
	return n;
}

Test(roles, the_table)
{
	for (int i = 0; i < ROLES_N; i++) {
		const struct role *r = &roles[i];

		cr_expect(hex_is(r->id, ID_LEN), "%s", r->name);
		cr_expect_neq(r->doc[0], '\0', "%s", r->name);
		cr_expect_eq(role_find(r->id), r, "%s: its id is another's", r->name);
		cr_expect_eq(role_find(r->name), r, "%s is there twice", r->name);
		cr_expect_str_neq(r->id, ACCOUNT_FIRST_ID);
	}
	cr_expect_null(role_find(""));
	cr_expect_null(role_find("gateway"));
	cr_expect(role_is_read(role_find("job:read")));
	cr_expect_not(role_is_read(role_find("job:cancel")));
	cr_expect_not(role_is_read(role_find("admin")));
}

static void
run_file(const char *name)
{
	const char *top = getenv("srcdir");
	FILE *f = fopen(mem_printf(w.ctx, "%s/sql/migrations/%s", top != NULL ? top : ".", name), "re");
	char *sql = mem_bytes(w.ctx, SQL_MAX);

	cr_assert_not_null(f, "%s", name);
	cr_assert_gt(fread(sql, 1, SQL_MAX - 1, f), 0);
	fclose(f);
	world_exec(w.db, sql);
}

/* Who was there before stays what it was: in what it may do, and in what it sees of the gateways that there are. */
Test(roles_before, there_were_any)
{
	struct error e = { .detail = "" };

	w.db = world_connect();
	run_file("0001_start.sql");
	run_file("0002_certificates.sql");
	run_file("0003_service_groups.sql");
	world_exec(w.db, "PRAGMA user_version = 3;"
	    "INSERT INTO account VALUES ('000000000000000000000000', 'anna', 'x', 1, 1, 't', 1, 't'),"
	    "('000000000000000000000001', 'rita', 'x', 0, 1, 't', 1, 't');"
	    "INSERT INTO user_group (id, name) VALUES ('g1', 'noc');"
	    "INSERT INTO gateway VALUES ('w1', 'c-1', 'c-1', '', 1, 0, 'local', '{}', 1, 't', 1, 't', 0),"
	    "('w2', 'c-2', 'c-2', '', 1, 0, 'local', '{}', 1, 't', 1, 't', 0);"
	    "INSERT INTO gateway_group VALUES ('w2', 'g1');");
	cr_assert_eq(migrate_run(w.db, NULL, &e), ERR_OK, "%s", e.detail);
	expect_roles("000000000000000000000001",
	    "gateway:read certificate:read service-group:read service:read job:read inventory:read account:read "
	    "audit:read");
	cr_expect_eq(admins(), 1);
	cr_expect_eq(world_count(w.db, "account_role WHERE account_id = '000000000000000000000000'"), 1);
	cr_expect_eq(world_count(w.db, "user_group u JOIN account_group a ON a.group_id = u.id "
	    "WHERE u.name = 'readers' AND a.account_id = '000000000000000000000001'"), 1);
	cr_expect_eq(world_count(w.db, "gateway_group x JOIN user_group u ON u.id = x.group_id "
	    "WHERE u.name = 'readers'"), 2);
	cr_expect_eq(world_count(w.db, "gateway_group"), 3);
}

/* a - east - noc - all; b has nothing. */
static void
add_people(void)
{
	world_exec(w.db,
	    "INSERT INTO account (id, username, password_hash, created, created_by, last_updated, last_updated_by)"
	    " VALUES ('a', 'anna', 'x', 1, 't', 1, 't'), ('b', 'bert', 'x', 1, 't', 1, 't');"
	    "INSERT INTO user_group (id, name) VALUES ('e', 'east'), ('n', 'noc'), ('l', 'all');"
	    "INSERT INTO account_group VALUES ('a', 'e');"
	    "INSERT INTO group_parent VALUES ('e', 'n'), ('n', 'l');"
	    "INSERT INTO account_role VALUES ('a', 'job:read');"
	    "INSERT INTO group_role VALUES ('e', 'gateway:read'), ('n', 'service:run'), ('l', 'service:read');");
}

Test(roles, come_by_groups_too)
{
	struct error e = { .detail = "" };
	struct records held;

	add_people();
	expect_roles("a", "gateway:read service:read service:run job:read");
	expect_roles("b", "");
	cr_assert_eq(account_roles_held(w.ctx, w.db, "a", &held, &e), ERR_OK);
	cr_assert_eq(held.n, 4);
	for (size_t i = 0; i < held.n; i++) {
		const struct role_held *one = records_at(&held, i);

		cr_expect_str_eq(one->via, strcmp(one->role, "job:read") == 0 ? "" :
		    strcmp(one->role, "gateway:read") == 0 ? "east" :
		    strcmp(one->role, "service:run") == 0 ? "noc" : "all");
	}
}

/* What is behind an inactive group is cut off too. */
Test(roles, what_is_inactive_counts_for_nothing)
{
	struct caller caller = { .username = "anna", .account_id = "a" };
	struct error e = { .detail = "" };

	add_people();
	world_exec(w.db, "UPDATE user_group SET inactive = 1 WHERE id = 'n'");
	expect_roles("a", "gateway:read job:read");
	world_exec(w.db, "UPDATE user_group SET inactive = 1 WHERE id = 'e'");
	expect_roles("a", "job:read");
	world_exec(w.db, "UPDATE account SET inactive = 1 WHERE id = 'a'");
	cr_expect_eq(load(&caller, &e), ERR_UNAUTHENTICATED);
	world_is_sentence(&e);
	cr_expect_not(caller.is_admin);
	cr_expect_eq(caller.roles, 0);
}

/* Even a circle that came in past the checks ends. */
Test(roles, a_circle_ends)
{
	add_people();
	world_exec(w.db, "INSERT INTO group_parent VALUES ('l', 'e'), ('e', 'e')");
	expect_roles("a", "gateway:read service:read service:run job:read");
	cr_expect_eq(admins(), 0);
}

Test(roles, admin_has_all)
{
	add_people();
	world_exec(w.db, "INSERT INTO group_role VALUES ('l', 'admin'), ('l', 'of-a-later-version')");
	cr_expect_eq(admins(), 1);
	expect_roles("a", "gateway:create gateway:read gateway:update gateway:delete certificate:create "
	    "certificate:read certificate:update certificate:delete service-group:create service-group:read "
	    "service-group:update service-group:delete service:read service:run job:read job:cancel job:delete "
	    "inventory:read inventory:update secret:update account:read account:update audit:read admin");
	world_exec(w.db, "UPDATE user_group SET inactive = 1 WHERE id = 'n'");
	cr_expect_eq(admins(), 0);
	world_exec(w.db, "INSERT INTO account_role VALUES ('b', 'admin')");
	cr_expect_eq(admins(), 1);
	world_exec(w.db, "UPDATE account SET inactive = 1 WHERE id = 'b'");
	cr_expect_eq(admins(), 0);
}

/* ---- what is written ---- */

static enum err
keep_group(const struct user_group *g, struct error *e)
{
	TXN(t);

	if (txn_begin(&t, w.db, e) != ERR_OK || user_group_update(w.db, g, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

static struct user_group
group_with(const char *id, const char *name, const char **parents, size_t n)
{
	return (struct user_group){ .id = id, .name = name, .groups = { n, parents }, .created_by = "t",
		.last_updated_by = "t" };
}

Test(roles, no_group_is_in_itself)
{
	const char *itself[] = { "l" }, *below[] = { "e" }, *none[] = { "x" };
	const struct user_group bad[] = {
		group_with("l", "all", itself, 1), group_with("l", "all", below, 1), group_with("l", "all", none, 1),
	};
	struct error e = { .detail = "" };

	add_people();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_expect_eq(keep_group(&bad[i], &e), ERR_INVALID, "number %zu", i);
		cr_expect_str_eq(e.field, "memberOf");
	}
	cr_expect_eq(world_count(w.db, "group_parent"), 2, "nothing was changed");
}

Test(roles, chains_have_an_end)
{
	struct error e = { .detail = "" };
	char id[8], above[8];

	for (int i = 0; i < USER_GROUP_CHAIN_MAX + 1; i++)
		world_exec(w.db, mem_printf(w.ctx, "INSERT INTO user_group (id, name) VALUES ('g%d', 'g%d')", i, i));
	for (int i = 0; i < USER_GROUP_CHAIN_MAX; i++) {
		const char *parents[] = { above };
		const struct user_group g = group_with(id, id, parents, 1);

		snprintf(id, sizeof id, "g%d", i);
		snprintf(above, sizeof above, "g%d", i + 1);
		cr_expect_eq(keep_group(&g, &e), i < USER_GROUP_CHAIN_MAX - 1 ? ERR_OK : ERR_INVALID, "number %d", i);
	}
	cr_expect_str_eq(e.field, "memberOf");
}

Test(roles, what_a_group_can_give)
{
	struct names list;
	struct error e = { .detail = "" };

	add_people();
	world_exec(w.db, "UPDATE user_group SET inactive = 1");
	cr_assert_eq(user_group_roles_given(w.ctx, w.db, "n", &list, &e), ERR_OK);
	cr_assert_eq(list.n, 2);
	cr_expect_str_eq(list.at[0], "service:read");
	cr_expect_str_eq(list.at[1], "service:run");
}

Test(roles, nobody_gives_more_than_they_have)
{
	const char *has[] = { "job:read", "account:update" }, *more[] = { "job:read", "job:delete" },
	           *mighty[] = { "admin" };
	const struct names own = { 2, has }, wanted = { 2, more }, top = { 1, mighty };
	const struct caller caller = { .username = "rita", .roles = role_bits(&own) },
			    admin = { .username = "anna", .is_admin = true };
	struct error e = { .detail = "" };

	cr_expect_eq(authorize_all(&caller, role_bits(&own), "do so", &e), ERR_OK);
	cr_expect_eq(authorize_all(&caller, role_bits(&wanted), "do so", &e), ERR_FORBIDDEN);
	cr_expect_str_eq(e.detail, "rita lacks the role job:delete and cannot do so");
	cr_expect_eq(authorize_all(&caller, role_bits(&top), "do so", &e), ERR_FORBIDDEN);
	cr_expect_str_eq(e.detail, "rita lacks the role admin and cannot do so");
	cr_expect_eq(authorize_all(&admin, role_bits(&top), "do so", &e), ERR_OK);
}
