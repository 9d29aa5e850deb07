#include "api/authorization.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"
#include "secret/password.h"
#include "store/session.h"

/* An account on the wire: its password only comes in. */
struct account_wire {
	const char *id, *username, *password;
	bool inactive;
	const char *assigned_roles, *member_of;	/* JSON texts */
	int64_t created, last_updated;
	const char *created_by, *last_updated_by;
};

const struct field account_wire_fields[] = {
	F_TEXT(account_wire, id, .readonly = 1, .wire = "_id", .shape = "Id"),
	F_TEXT(account_wire, username),
	F_BOOL(account_wire, inactive, .doc = "true: nobody can come in as it"),
	F_JSON(account_wire, assigned_roles, .wire = "assignedRoles", .shape = "AssignedRoles"),
	F_JSON(account_wire, member_of, .wire = "memberOf", .shape = "MemberOf"),
	F_TIME(account_wire, created),
	F_TEXT(account_wire, created_by),
	F_TIME(account_wire, last_updated),
	F_TEXT(account_wire, last_updated_by),
	F_END
};

static const struct field_form username_form = { account_is_name,
	"1 to 128 printable characters without blanks and colons" };

#define PASSWORD_FIELD(...) \
	F_TEXT(account_wire, password, .min = PASSWORD_MIN, .max = PASSWORD_MAX, __VA_ARGS__)

static const struct field account_new_fields[] = {
	F_TEXT(account_wire, username, .required = 1, .min = 1, .form = &username_form),
	PASSWORD_FIELD(.required = 1),
	F_BOOL(account_wire, inactive),
	F_JSON(account_wire, assigned_roles, .wire = "assignedRoles", .shape = "AssignedRoles"),
	F_JSON(account_wire, member_of, .wire = "memberOf", .shape = "MemberOf"),
	F_END
};

static const struct field account_change_fields[] = {
	PASSWORD_FIELD(.doc = "a new one ends what it has logged in"),
	F_BOOL(account_wire, inactive),
	F_JSON(account_wire, assigned_roles, .wire = "assignedRoles", .shape = "AssignedRoles"),
	F_JSON(account_wire, member_of, .wire = "memberOf", .shape = "MemberOf"),
	F_END
};

static struct json_object *
account_shown(struct request *req, const struct account *a)
{
	const struct account_wire shown = {
		.id = a->id, .username = a->username, .inactive = a->inactive,
		.assigned_roles = assigned_roles_text(req, &a->roles),
		.member_of = member_of_text(req, &a->groups),
		.created = a->created, .created_by = a->created_by,
		.last_updated = a->last_updated, .last_updated_by = a->last_updated_by,
	};

	return record_to_json(account_wire_fields, &shown);
}

/* --- reading --- */

/* The list's records are of the wire; what is shown of them needs the store's. */
static struct json_object *
account_show(struct request *req, void *record, struct error *e)
{
	const struct account_wire *shown = record;
	struct account a = { 0 };

	if (account_get(req, req->db, shown->id, &a, e) != ERR_OK ||
	    account_fill(req, req->db, &a, e) != ERR_OK)
		return NULL;
	return account_shown(req, &a);
}

static enum err
account_list_all(struct request *req, struct response *res, struct error *e)
{
	static const struct list_kind kind = { .show = account_show, .limit = AUTHORIZATION_PAGE,
		.limit_cap = AUTHORIZATION_PAGE };
	struct records all;
	struct account_wire *wire;

	if (account_list(req, req->db, &all, e) != ERR_OK)
		return e->code;
	wire = MEM_ARRAY(req, struct account_wire, all.n);
	for (size_t i = 0; i < all.n; i++) {
		const struct account *a = records_at(&all, i);

		wire[i] = (struct account_wire){ .id = a->id, .username = a->username,
			.inactive = a->inactive, .created = a->created,
			.created_by = a->created_by, .last_updated = a->last_updated,
			.last_updated_by = a->last_updated_by };
	}
	all.size = sizeof *wire;
	all.at = (char *)wire;
	return list_answer(req, res, &all, &kind, e);
}

static enum err
account_whole(struct request *req, struct account *a, struct error *e)
{
	if (account_get(req, req->db, req->params[0], a, e) != ERR_OK)
		return e->code;
	return account_fill(req, req->db, a, e);
}

static enum err
account_read(struct request *req, struct response *res, struct error *e)
{
	struct account a = { 0 };

	if (account_whole(req, &a, e) != ERR_OK)
		return e->code;
	res->body = account_shown(req, &a);
	return ERR_OK;
}

/* --- changing --- */

/* Takes the lists of the body. Nobody gives what they do not have. */
static enum err
take_lists(struct request *req, struct account *a, struct error *e)
{
	bool roles_given, groups_given;
	role_set by_groups;

	if (assigned_read(req, "assignedRoles", "roleId", &a->roles, &roles_given, e) != ERR_OK ||
	    assigned_read(req, "memberOf", "groupId", &a->groups, &groups_given, e) != ERR_OK ||
	    roles_of_groups(req, &a->groups, &by_groups, e) != ERR_OK)
		return e->code;
	a->last_updated = clock_wall();
	a->last_updated_by = req->caller->username;
	return authorize_all(req->caller, role_bits(&a->roles) | by_groups, "give it", e);
}

static enum err
take_password(struct request *req, struct account *a, const char *password, struct error *e)
{
	if (password == NULL)
		return ERR_OK;
	a->password_hash = password_hash(req, password, e);
	return a->password_hash != NULL ? ERR_OK : e->code;
}

static enum err
account_create(struct request *req, struct response *res, struct error *e)
{
	const struct account_wire *given = req->record;
	struct account a = { .id = id_new(req), .username = given->username,
		.inactive = given->inactive };
	TXN(t);

	res->id = a.id;
	/* Hashing takes its time: before the transaction. */
	if (take_password(req, &a, given->password, e) != ERR_OK ||
	    txn_begin(&t, req->db, e) != ERR_OK || take_lists(req, &a, e) != ERR_OK)
		return e->code;
	a.created = a.last_updated;
	a.created_by = a.last_updated_by;
	if (account_insert(req->db, &a, e) != ERR_OK)
		return e->code;
	res->body = account_shown(req, &a);
	return txn_commit(&t, e);
}

/* The account, which the caller may touch: it can do nothing that the caller cannot. */
static enum err
account_own(struct request *req, struct account *a, struct error *e)
{
	struct records held;
	struct names names = { 0 };

	if (account_whole(req, a, e) != ERR_OK ||
	    account_roles_held(req, req->db, a->id, &held, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < held.n; i++)
		names_add(req, &names, ((const struct role_held *)records_at(&held, i))->role);
	return authorize_all(req->caller, role_bits(&names), "change an account that has it", e);
}

static enum err
account_change(struct request *req, struct response *res, struct error *e)
{
	struct account_wire given = { 0 };
	struct account a = { 0 }, hashed = { 0 };
	TXN(t);

	if (request_overlay(req, &given, e) != ERR_OK ||
	    take_password(req, &hashed, given.password, e) != ERR_OK ||
	    txn_begin(&t, req->db, e) != ERR_OK || account_own(req, &a, e) != ERR_OK)
		return e->code;
	if (json_get(req->json, "inactive") != NULL)
		a.inactive = given.inactive;
	if (given.password != NULL)
		a.password_hash = hashed.password_hash;
	if (take_lists(req, &a, e) != ERR_OK || account_update(req->db, &a, e) != ERR_OK ||
	    account_keep_admin(req->db, e) != ERR_OK ||
	    (given.password != NULL && session_end_all(req->db, a.username, e) != ERR_OK))
		return e->code;
	res->body = account_shown(req, &a);
	return txn_commit(&t, e);
}

static enum err
account_remove(struct request *req, struct response *res, struct error *e)
{
	struct account a = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK || account_own(req, &a, e) != ERR_OK ||
	    account_delete(req->db, a.username, e) != ERR_OK ||
	    account_keep_admin(req->db, e) != ERR_OK)
		return e->code;
	res->body = account_shown(req, &a);
	return txn_commit(&t, e);
}

#define PATH "/authorization/accounts"

const struct route account_routes[] = {
	{ .method = M_GET, .path = PATH, .outside = true, .op = "getAccounts",
	  .role = "account:read", .list = account_wire_fields, .answer = ANSWER_LISTING,
	  .record = account_wire_fields, .run = account_list_all, .summary = "List accounts" },
	{ .method = M_POST, .path = PATH, .outside = true, .op = "createAccount",
	  .role = "account:update",
	  .body = { BODY_CREATE, "account", account_new_fields, sizeof(struct account_wire) },
	  .answer = ANSWER_OK, .record = account_wire_fields, .errors = { ERR_CONFLICT },
	  .run = account_create, .summary = "Make an account" },
	{ .method = M_GET, .path = PATH "/{id}", .outside = true, .op = "getAccountById",
	  .role = "account:read", .answer = ANSWER_BARE, .record = account_wire_fields,
	  .run = account_read, .summary = "Read an account" },
	{ .method = M_PATCH, .path = PATH "/{id}", .outside = true, .op = "updateAccount",
	  .role = "account:update",
	  .body = { BODY_UPDATE, "updates", account_change_fields, sizeof(struct account_wire) },
	  .answer = ANSWER_OK, .record = account_wire_fields, .errors = { ERR_CONFLICT },
	  .run = account_change, .summary = "Change an account: its password, roles and groups" },
	{ .method = M_DELETE, .path = PATH "/{id}", .outside = true, .op = "deleteAccount",
	  .role = "account:update", .answer = ANSWER_OK, .record = account_wire_fields,
	  .errors = { ERR_CONFLICT }, .run = account_remove, .summary = "Delete an account" },
	{ 0 }
};
