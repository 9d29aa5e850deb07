#include "world.h"

#include <string.h>

#include "store/account.h"
#include "store/certificate.h"
#include "store/item.h"
#include "store/service.h"
#include "store/service_group.h"

TestSuite(store, .init = world_open, .fini = world_end);

/* Runs CALL (an expression that gives enum err) in a transaction, committed where it gives ERR_OK. */
#define IN_TXN(call) \
	__extension__({ \
		TXN(in_txn); \
		enum err in_rc = txn_begin(&in_txn, w.db, &e); \
		if (in_rc == ERR_OK) \
			in_rc = (call); \
		if (in_rc == ERR_OK) \
			in_rc = txn_commit(&in_txn, &e); \
		in_rc; \
	})

/* ---- accounts ---- */

static struct account
account(const char *id, const char *name, bool is_admin)
{
	return (struct account){
		.id = id, .username = name, .password_hash = "hash",
		.roles = is_admin ? account_admin_roles : (struct names){ 0, NULL }, .created = 1, .last_updated = 1, .created_by = "t", .last_updated_by = "t",
	};
}

Test(store, accounts)
{
	struct account anna = account("1", "anna", true), bert = account("2", "Bert", false), a = { 0 };
	struct error e = { 0 };
	struct records all;
	int64_t n;
	bool found;

	cr_expect_eq(account_count_admins(w.db, &n, &e), ERR_OK);
	cr_expect_eq(n, 0);
	cr_expect_eq(IN_TXN(account_insert(w.db, &bert, &e)), ERR_OK);
	cr_expect_eq(IN_TXN(account_insert(w.db, &anna, &e)), ERR_OK);
	cr_expect_eq(account_count_admins(w.db, &n, &e), ERR_OK);
	cr_expect_eq(n, 1);
	cr_expect_eq(account_find(w.ctx, w.db, "anna", &a, &found, &e), ERR_OK);
	cr_assert(found);
	cr_expect_eq(account_fill(w.ctx, w.db, &a, &e), ERR_OK);
	cr_assert_eq(a.roles.n, 1);
	cr_expect_str_eq(a.roles.at[0], "admin");
	cr_expect_str_eq(a.password_hash, "hash");
	cr_expect_eq(account_find(w.ctx, w.db, "Anna", &a, &found, &e), ERR_OK);
	cr_expect_not(found, "names have their case");
	cr_expect_eq(account_find(w.ctx, w.db, "anna ", &a, &found, &e), ERR_OK);
	cr_expect_not(found);
	cr_expect_eq(account_list(w.ctx, w.db, &all, &e), ERR_OK);
	cr_assert_eq(all.n, 2);
	cr_expect_str_eq(((struct account *)records_at(&all, 0))->username, "Bert");
	cr_expect_str_eq(((struct account *)records_at(&all, 1))->username, "anna");
}

Test(store, an_account_that_is_there_already)
{
	struct account anna = account("1", "anna", true), same_name = account("2", "anna", false),
		       same_id = account("1", "bert", false);
	struct error e = { 0 };

	cr_assert_eq(IN_TXN(account_insert(w.db, &anna, &e)), ERR_OK);
	cr_expect_eq(IN_TXN(account_insert(w.db, &same_name, &e)), ERR_CONFLICT);
	cr_expect_not_null(strstr(e.detail, "anna"), "%s", e.detail);
	cr_expect_eq(IN_TXN(account_insert(w.db, &same_id, &e)), ERR_CONFLICT);
	cr_expect_not_null(strstr(e.detail, "bert"), "%s", e.detail);
	cr_expect_eq(world_count(w.db, "account_role WHERE role = 'admin'"), 1);
}

Test(store, passwords_and_deletes)
{
	struct account anna = account("1", "anna", true), a = { 0 };
	struct error e = { 0 };
	bool found;

	cr_assert_eq(IN_TXN(account_insert(w.db, &anna, &e)), ERR_OK);
	cr_expect_eq(IN_TXN(account_set_password(w.db, "anna", "other", "bert", &e)), ERR_OK);
	cr_assert_eq(account_find(w.ctx, w.db, "anna", &a, &found, &e), ERR_OK);
	cr_expect_str_eq(a.password_hash, "other");
	cr_expect_str_eq(a.last_updated_by, "bert");
	cr_expect_gt(a.last_updated, 1);
	cr_expect_eq(a.created, 1);
	cr_expect_eq(IN_TXN(account_set_password(w.db, "nobody", "x", "x", &e)), ERR_NOT_FOUND);
	cr_expect_eq(IN_TXN(account_delete(w.db, "nobody", &e)), ERR_NOT_FOUND);
	cr_expect_not_null(strstr(e.detail, "nobody"), "%s", e.detail);
	cr_expect_eq(IN_TXN(account_delete(w.db, "anna", &e)), ERR_OK);
	cr_expect_eq(IN_TXN(account_delete(w.db, "anna", &e)), ERR_NOT_FOUND);
	cr_expect_eq(world_count(w.db, "account"), 0);
}

Test(store, names_of_accounts)
{
	static const char *const bad[] = {
		"", " ", "a b", "a:b", ":", "a\tb", "a\nb", "\x7f", "a\x01", "\xff", "a\xc3", "\xed\xa0\x80",
	};
	SCOPED(tmp, NULL);

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_not(account_is_name(bad[i]), "number %zu", i);
	cr_expect(account_is_name("a"));
	cr_expect(account_is_name("anna@example.org"));
	cr_expect(account_is_name("\xc3\xa4nna"));
	cr_expect(account_is_name(memset(mem_bytes(tmp, 129), 'a', 128)));
	cr_expect_not(account_is_name(memset(mem_bytes(tmp, 130), 'a', 129)));
}

/* ---- gateways ---- */

static struct gateway
gateway(const char *id, const char *cluster_id)
{
	return (struct gateway){
		.id = id, .cluster_id = cluster_id, .gateway_name = cluster_id, .enabled = true,
		.connector_kind = "simulator", .connector_settings = "{}", .created_by = "t", .last_updated_by = "t",
	};
}

static void
add_groups_and_certificates(void)
{
	world_exec(w.db, "INSERT INTO user_group (id, name) VALUES ('g1', 'net'), ('g2', 'ops'), ('g3', 'all')");
	world_exec(w.db,
	    "INSERT INTO certificate (id, fingerprint, certificate, created, last_updated)"
	    " VALUES ('c1', 'f1', 'pem', 0, 0), ('c2', 'f2', 'pem', 0, 0)");
}

static struct names
list(const char *a, const char *b)
{
	struct names l = { 0 };

	if (a != NULL)
		names_add(w.ctx, &l, a);
	if (b != NULL)
		names_add(w.ctx, &l, b);
	return l;
}

static struct gateway
stored_gateway(const char *id)
{
	struct gateway g = { 0 };
	struct error e = { 0 };

	cr_assert_eq(gateway_get(w.ctx, w.db, id, &g, &e), ERR_OK, "%s", e.detail);
	return g;
}

Test(store, gateways_with_groups_and_certificates)
{
	struct gateway lab = gateway("1", "lab"), other = gateway("2", "an-other"), g;
	struct error e = { 0 };
	struct records all;
	bool found;

	add_groups_and_certificates();
	lab.groups = list("ops", "net");
	lab.certificates = list("c2", "c1");
	cr_assert_eq(IN_TXN(gateway_insert(w.db, &lab, &e)), ERR_OK, "%s", e.detail);
	cr_assert_eq(IN_TXN(gateway_insert(w.db, &other, &e)), ERR_OK, "%s", e.detail);
	g = stored_gateway("1");
	cr_assert_eq(g.groups.n, 2);
	cr_expect_str_eq(g.groups.at[0], "net");
	cr_expect_str_eq(g.groups.at[1], "ops");
	cr_assert_eq(g.certificates.n, 2);
	cr_expect_str_eq(g.certificates.at[0], "c1");
	cr_expect_eq(gateway_list(w.ctx, w.db, NULL, &all, &e), ERR_OK);
	cr_assert_eq(all.n, 2);
	cr_expect_str_eq(((struct gateway *)records_at(&all, 0))->cluster_id, "an-other");
	cr_expect_eq(((struct gateway *)records_at(&all, 0))->groups.n, 0);
	cr_expect_eq(((struct gateway *)records_at(&all, 1))->groups.n, 2);
	cr_expect_eq(gateway_by_cluster(w.ctx, w.db, "lab", &g, &found, &e), ERR_OK);
	cr_assert(found);
	cr_expect_str_eq(g.id, "1");
	cr_expect_eq(g.certificates.n, 2);
	cr_expect_eq(gateway_by_cluster(w.ctx, w.db, "LAB", &g, &found, &e), ERR_OK);
	cr_expect_not(found);
	cr_expect_eq(gateway_get(w.ctx, w.db, "3", &g, &e), ERR_NOT_FOUND);
	cr_expect_not_null(strstr(e.detail, "3"), "%s", e.detail);
}

Test(store, an_update_replaces_the_lists)
{
	struct gateway lab = gateway("1", "lab"), g;
	struct error e = { 0 };

	add_groups_and_certificates();
	lab.groups = list("net", "ops");
	lab.certificates = list("c1", NULL);
	cr_assert_eq(IN_TXN(gateway_insert(w.db, &lab, &e)), ERR_OK);
	lab.cluster_id = "renamed";
	lab.enabled = false;
	lab.groups = list("all", NULL);
	lab.certificates = list(NULL, NULL);
	cr_assert_eq(IN_TXN(gateway_update(w.db, &lab, &e)), ERR_OK, "%s", e.detail);
	g = stored_gateway("1");
	cr_expect_str_eq(g.cluster_id, "renamed");
	cr_expect_not(g.enabled);
	cr_assert_eq(g.groups.n, 1);
	cr_expect_str_eq(g.groups.at[0], "all");
	cr_expect_eq(g.certificates.n, 0);
}

Test(store, gateways_that_cannot_be)
{
	struct gateway lab = gateway("1", "lab"), twin = gateway("2", "lab"), g;
	struct error e = { 0 };

	add_groups_and_certificates();
	lab.groups = list("net", NULL);
	cr_assert_eq(IN_TXN(gateway_insert(w.db, &lab, &e)), ERR_OK);
	cr_expect_eq(IN_TXN(gateway_insert(w.db, &twin, &e)), ERR_CONFLICT);
	cr_expect_not_null(strstr(e.detail, "cluster_id lab"), "%s", e.detail);
	twin.cluster_id = "twin";
	twin.groups = list("net", "nosuch");
	cr_expect_eq(IN_TXN(gateway_insert(w.db, &twin, &e)), ERR_INVALID);
	cr_expect_str_eq(e.field, "groups");
	cr_expect_not_null(strstr(e.detail, "nosuch"), "%s", e.detail);
	twin.groups = list(NULL, NULL);
	twin.certificates = list("c1", "c9");
	cr_expect_eq(IN_TXN(gateway_insert(w.db, &twin, &e)), ERR_INVALID);
	cr_expect_str_eq(e.field, "certificates");
	cr_expect_not_null(strstr(e.detail, "c9"), "%s", e.detail);
	cr_expect_eq(world_count(w.db, "gateway"), 1, "half of it was written");
	cr_expect_eq(world_count(w.db, "gateway_certificate"), 0);
	twin.certificates = list(NULL, NULL);
	cr_assert_eq(IN_TXN(gateway_insert(w.db, &twin, &e)), ERR_OK, "%s", e.detail);
	twin.cluster_id = "lab";
	cr_expect_eq(IN_TXN(gateway_update(w.db, &twin, &e)), ERR_CONFLICT);
	lab.groups = list("ops", "nosuch");
	cr_expect_eq(IN_TXN(gateway_update(w.db, &lab, &e)), ERR_INVALID);
	g = stored_gateway("1");
	cr_assert_eq(g.groups.n, 1);
	cr_expect_str_eq(g.groups.at[0], "net", "the list before stays");
}

/* ---- services ---- */

static struct service
service(const char *id, const char *name)
{
	return (struct service){
		.id = id, .uuid = mem_printf(w.ctx, "uuid-%s", id), .gateway_id = "1", .name = name,
		.type = "executable", .description = "d", .definition = "{\"v\":1}", .created = 5,
	};
}

static struct service
stored_service(const char *name)
{
	struct service s = { 0 };
	struct error e = { 0 };
	bool found;

	cr_assert_eq(service_by_name(w.ctx, w.db, "1", name, &s, &found, &e), ERR_OK, "%s", e.detail);
	cr_assert(found, "%s", name);
	return s;
}

static void
add_gateway(void)
{
	struct gateway lab = gateway("1", "lab"), other = gateway("2", "other");
	struct error e = { 0 };

	cr_assert_eq(IN_TXN(gateway_insert(w.db, &lab, &e)), ERR_OK);
	cr_assert_eq(IN_TXN(gateway_insert(w.db, &other, &e)), ERR_OK);
}

Test(store, services_are_put_found_and_put_again)
{
	struct service s = service("a", "hello"), again = service("b", "hello"), got = { 0 };
	struct error e = { 0 };
	bool found;

	add_gateway();
	cr_assert_eq(IN_TXN(service_put(w.db, &s, &e)), ERR_OK, "%s", e.detail);
	again.type = "python-script";
	again.definition = "{\"v\":2}";
	cr_assert_eq(IN_TXN(service_put(w.db, &again, &e)), ERR_OK, "%s", e.detail);
	got = stored_service("hello");
	cr_expect_str_eq(got.id, "a", "it is still the same service");
	cr_expect_str_eq(got.uuid, "uuid-a");
	cr_expect_str_eq(got.type, "python-script");
	cr_expect_str_eq(got.definition, "{\"v\":2}");
	cr_expect_str_eq(got.cluster_id, "lab");
	cr_expect_not(got.discovered);
	cr_expect(got.active);
	cr_expect_eq(got.last_run, 0);
	cr_expect_eq(service_get(w.ctx, w.db, "a", &got, &e), ERR_OK);
	cr_expect_eq(service_get(w.ctx, w.db, "uuid-a", &got, &e), ERR_OK);
	cr_expect_str_eq(got.id, "a");
	cr_expect_eq(service_get(w.ctx, w.db, "hello", &got, &e), ERR_NOT_FOUND);
	cr_expect_eq(service_by_name(w.ctx, w.db, "2", "hello", &got, &found, &e), ERR_OK);
	cr_expect_not(found, "of another gateway");
	cr_expect_eq(IN_TXN(service_set_last_run(w.db, "a", 77, &e)), ERR_OK);
	cr_expect_eq(stored_service("hello").last_run, 77);
}

Test(store, services_of_one_gateway_and_of_all)
{
	struct service s = service("a", "z"), t = service("b", "y"), u = service("c", "z");
	struct error e = { 0 };
	struct records all;

	add_gateway();
	u.gateway_id = "2";
	cr_assert_eq(IN_TXN(service_put(w.db, &s, &e)), ERR_OK);
	cr_assert_eq(IN_TXN(service_put(w.db, &t, &e)), ERR_OK);
	cr_assert_eq(IN_TXN(service_put(w.db, &u, &e)), ERR_OK);
	cr_expect_eq(service_list(w.ctx, w.db, NULL, NULL, &all, &e), ERR_OK);
	cr_expect_eq(all.n, 3);
	cr_expect_eq(service_list(w.ctx, w.db, NULL, "lab", &all, &e), ERR_OK);
	cr_assert_eq(all.n, 2);
	cr_expect_str_eq(((struct service *)records_at(&all, 0))->name, "z", "in the order they came");
	cr_expect_eq(service_list(w.ctx, w.db, NULL, "none", &all, &e), ERR_OK);
	cr_expect_eq(all.n, 0);
}

/* What the connector offers comes and goes; what was imported stays as it is. */
Test(store, discovered_services_come_and_go)
{
	struct service s = service("a", "found"), imported = service("b", "mine"), offer = service("c", "mine");
	struct error e = { 0 };

	add_gateway();
	s.discovered = true;
	cr_assert_eq(IN_TXN(service_discover(w.db, &s, &e)), ERR_OK, "%s", e.detail);
	cr_assert_eq(IN_TXN(service_put(w.db, &imported, &e)), ERR_OK);
	offer.definition = "{\"offered\":true}";
	cr_assert_eq(IN_TXN(service_discover(w.db, &offer, &e)), ERR_OK, "%s", e.detail);
	cr_expect_str_eq(stored_service("mine").definition, "{\"v\":1}");
	cr_expect_not(stored_service("mine").discovered);
	cr_assert_eq(IN_TXN(service_retire_discovered(w.db, "2", &e)), ERR_OK);
	cr_expect(stored_service("found").active, "another gateway's are not meant");
	cr_assert_eq(IN_TXN(service_retire_discovered(w.db, "1", &e)), ERR_OK);
	cr_expect_not(stored_service("found").active);
	cr_expect(stored_service("mine").active);
	s.id = "d";
	s.uuid = "uuid-d";
	s.definition = "{\"v\":3}";
	cr_assert_eq(IN_TXN(service_discover(w.db, &s, &e)), ERR_OK, "%s", e.detail);
	cr_expect(stored_service("found").active);
	cr_expect_str_eq(stored_service("found").id, "a", "it is the one that was there before");
	cr_expect_str_eq(stored_service("found").definition, "{\"v\":3}");
	/* An import takes a discovered one over. */
	s.discovered = false;
	cr_assert_eq(IN_TXN(service_put(w.db, &s, &e)), ERR_OK);
	cr_expect_not(stored_service("found").discovered);
	cr_assert_eq(IN_TXN(service_retire_discovered(w.db, "1", &e)), ERR_OK);
	cr_expect(stored_service("found").active);
}

/* ---- items ---- */

Test(store, items)
{
	struct item a = { "i1", "1", "decorators", "x", "{\"v\":1}" }, b = { "i2", "1", "repositories", "x", "{}" },
		    again = { "i3", "1", "decorators", "x", "{\"v\":2}" }, got;
	struct error e = { 0 };
	struct records all;
	bool found;

	add_gateway();
	cr_assert_eq(IN_TXN(item_put(w.db, &b, &e)), ERR_OK, "%s", e.detail);
	cr_assert_eq(IN_TXN(item_put(w.db, &a, &e)), ERR_OK);
	cr_assert_eq(IN_TXN(item_put(w.db, &again, &e)), ERR_OK);
	cr_expect_eq(item_list(w.ctx, w.db, "1", &all, &e), ERR_OK);
	cr_assert_eq(all.n, 2);
	cr_expect_str_eq(((struct item *)records_at(&all, 0))->kind, "repositories", "in the order of their import");
	cr_expect_eq(item_find(w.ctx, w.db, "1", "decorators", "x", &got, &found, &e), ERR_OK);
	cr_assert(found);
	cr_expect_str_eq(got.body, "{\"v\":2}");
	cr_expect_str_eq(got.id, "i1");
	cr_expect_eq(item_find(w.ctx, w.db, "2", "decorators", "x", &got, &found, &e), ERR_OK);
	cr_expect_not(found);
	cr_expect_eq(item_find(w.ctx, w.db, "1", "decorators", "y", &got, &found, &e), ERR_OK);
	cr_expect_not(found);
}

Test(store, a_deleted_gateway_takes_its_own_along)
{
	struct item item = { "i1", "1", "decorators", "x", "{}" };
	struct service s = service("a", "hello"), other = service("b", "hello");
	struct gateway lab = gateway("1", "lab");
	struct error e = { 0 };

	add_groups_and_certificates();
	add_gateway();
	lab.groups = list("net", NULL);
	lab.certificates = list("c1", NULL);
	other.gateway_id = "2";
	cr_assert_eq(IN_TXN(gateway_update(w.db, &lab, &e)), ERR_OK);
	cr_assert_eq(IN_TXN(item_put(w.db, &item, &e)), ERR_OK);
	cr_assert_eq(IN_TXN(service_put(w.db, &s, &e)), ERR_OK);
	cr_assert_eq(IN_TXN(service_put(w.db, &other, &e)), ERR_OK);
	cr_assert_eq(IN_TXN(service_group_insert_default(w.ctx, w.db, &lab, &e)), ERR_OK);
	cr_assert_eq(IN_TXN(gateway_delete(w.db, "1", &e)), ERR_OK, "%s", e.detail);
	cr_expect_eq(world_count(w.db, "gateway"), 1);
	cr_expect_eq(world_count(w.db, "gateway_group"), 0);
	cr_expect_eq(world_count(w.db, "gateway_certificate"), 0);
	cr_expect_eq(world_count(w.db, "item"), 0);
	cr_expect_eq(world_count(w.db, "service_group"), 0);
	cr_expect_eq(world_count(w.db, "service WHERE gateway_id = '2'"), 1);
	cr_expect_eq(world_count(w.db, "service"), 1);
	cr_expect_eq(world_count(w.db, "certificate"), 2);
	cr_expect_eq(world_count(w.db, "user_group"), 3);
}

/* ---- service groups ---- */

static struct service_group
group(const char *id, const char *name)
{
	return (struct service_group){ .id = id, .gateway_id = "1", .name = name, .created_by = "t",
		.last_updated_by = "t" };
}

static struct service_group
stored_group(const char *id)
{
	struct service_group s = { 0 };
	struct error e = { 0 };

	cr_assert_eq(service_group_get(w.ctx, w.db, id, &s, &e), ERR_OK, "%s", e.detail);
	return s;
}

static void
add_services(void)
{
	struct service s = service("a", "hello"), t = service("b", "bye"), far = service("c", "far");
	struct error e = { 0 };

	add_groups_and_certificates();
	add_gateway();
	far.gateway_id = "2";
	cr_assert_eq(IN_TXN(service_put(w.db, &s, &e)), ERR_OK);
	cr_assert_eq(IN_TXN(service_put(w.db, &t, &e)), ERR_OK);
	cr_assert_eq(IN_TXN(service_put(w.db, &far, &e)), ERR_OK);
}

Test(store, service_groups_hold_services_and_groups)
{
	struct service_group s = group("s", "mine"), got;
	struct error e = { 0 };

	add_services();
	s.services = list("uuid-b", "a");
	s.groups = list("ops", "net");
	cr_assert_eq(IN_TXN(service_group_insert(w.db, &s, &e)), ERR_OK, "%s", e.detail);
	got = stored_group("s");
	cr_expect_str_eq(got.cluster_id, "lab");
	cr_assert_eq(got.held.n, 2);
	cr_expect_str_eq(((struct service_held *)records_at(&got.held, 0))->id, "uuid-a");
	cr_expect_str_eq(((struct service_held *)records_at(&got.held, 1))->name, "bye");
	cr_assert_eq(got.groups.n, 2);
	cr_expect_str_eq(got.groups.at[0], "net");
	s.name = "renamed";
	s.services = list("a", NULL);
	s.groups = list("all", NULL);
	cr_assert_eq(IN_TXN(service_group_update(w.db, &s, false, true, &e)), ERR_OK, "%s", e.detail);
	got = stored_group("s");
	cr_expect_str_eq(got.name, "renamed");
	cr_expect_eq(got.held.n, 2, "the services were not to be replaced");
	cr_assert_eq(got.groups.n, 1);
	cr_expect_str_eq(got.groups.at[0], "all");
	cr_assert_eq(IN_TXN(service_group_update(w.db, &s, true, false, &e)), ERR_OK, "%s", e.detail);
	cr_expect_eq(stored_group("s").held.n, 1);
	cr_assert_eq(IN_TXN(service_group_delete(w.db, "s", &e)), ERR_OK);
	cr_expect_eq(service_group_get(w.ctx, w.db, "s", &got, &e), ERR_NOT_FOUND);
	cr_expect_eq(world_count(w.db, "service_group_service"), 0);
	cr_expect_eq(world_count(w.db, "service"), 3);
}

/* One service may be given by its UUID and by its record id: it is held once. */
Test(store, a_service_given_twice_by_two_names)
{
	struct service_group s = group("s", "mine");
	struct error e = { 0 };

	add_services();
	s.services = list("uuid-a", "a");
	cr_assert_eq(IN_TXN(service_group_insert(w.db, &s, &e)), ERR_OK, "%s", e.detail);
	cr_expect_eq(stored_group("s").held.n, 1);
}

Test(store, service_groups_that_cannot_be)
{
	struct service_group s = group("s", "mine"), twin = group("t", "mine");
	struct error e = { 0 };

	add_services();
	cr_assert_eq(IN_TXN(service_group_insert(w.db, &s, &e)), ERR_OK, "%s", e.detail);
	cr_expect_eq(IN_TXN(service_group_insert(w.db, &twin, &e)), ERR_CONFLICT);
	cr_expect_not_null(strstr(e.detail, "mine"), "%s", e.detail);
	twin.name = "other";
	twin.services = list("a", "c");
	cr_expect_eq(IN_TXN(service_group_insert(w.db, &twin, &e)), ERR_INVALID, "of another gateway");
	cr_expect_str_eq(e.field, "services");
	twin.services = list(NULL, NULL);
	twin.groups = list("net", "nosuch");
	cr_expect_eq(IN_TXN(service_group_insert(w.db, &twin, &e)), ERR_INVALID);
	cr_expect_str_eq(e.field, "groups");
	cr_expect_not_null(strstr(e.detail, "nosuch"), "%s", e.detail);
	cr_expect_eq(world_count(w.db, "service_group"), 1);
	cr_expect_eq(world_count(w.db, "service_group_service"), 0);
	cr_expect_eq(world_count(w.db, "service_group_group"), 0);
}

Test(store, the_default_group_holds_what_its_gateway_has)
{
	struct gateway lab = gateway("1", "lab");
	struct service_group got, mine = group("s", "Another");
	struct error e = { 0 };
	struct records all;

	add_services();
	lab.groups = list("ops", NULL);
	cr_assert_eq(IN_TXN(gateway_update(w.db, &lab, &e)), ERR_OK);
	cr_assert_eq(IN_TXN(service_group_insert(w.db, &mine, &e)), ERR_OK);
	cr_assert_eq(IN_TXN(service_group_insert_default(w.ctx, w.db, &lab, &e)), ERR_OK, "%s", e.detail);
	cr_assert_eq(service_group_list(w.ctx, w.db, NULL, "lab", &all, &e), ERR_OK);
	cr_assert_eq(all.n, 2);
	got = *(struct service_group *)records_at(&all, 0);
	cr_expect(got.is_default, "it comes first");
	cr_expect_str_eq(got.name, SERVICE_GROUP_DEFAULT);
	cr_expect_eq(got.held.n, 2);
	cr_assert_eq(got.groups.n, 1);
	cr_expect_str_eq(got.groups.at[0], "ops");
	cr_expect_eq(((struct service_group *)records_at(&all, 1))->held.n, 0);
	cr_expect_eq(service_group_list(w.ctx, w.db, NULL, NULL, &all, &e), ERR_OK);
	cr_expect_eq(all.n, 2);
	cr_expect_eq(service_group_list(w.ctx, w.db, NULL, "other", &all, &e), ERR_OK);
	cr_expect_eq(all.n, 0);
}
