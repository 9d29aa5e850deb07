#include "api/authorization.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"

/* --- lists of roles and groups --- */

static enum err
take_one(const char *member, const char *key, struct json_object *item, struct names *out,
    void *ctx, struct error *e)
{
	const char *text = json_get_text(item, key);
	const struct role *role;

	if (text == NULL)
		return error_field(e, member, "must hold objects with the text %s", key);
	if (strcmp(key, "roleId") != 0) {
		if (!names_has(out, text))
			names_add(ctx, out, text);
		return ERR_OK;
	}
	role = role_find(text);
	if (role == NULL)
		return error_field(e, member, "there is no role %s", text);
	if (!names_has(out, role->name))
		names_add(ctx, out, role->name);
	return ERR_OK;
}

enum err
assigned_read(struct request *req, const char *member, const char *key, struct names *out,
    bool *given, struct error *e)
{
	struct json_object *list;

	*given = json_object_object_get_ex(req->json, member, &list) && list != NULL;
	if (!*given)
		return ERR_OK;
	if (!json_object_is_type(list, json_type_array))
		return error_field(e, member, "must be an array");
	*out = (struct names){ 0 };
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (take_one(member, key, json_object_array_get_idx(list, i), out, req, e) !=
		    ERR_OK)
			return e->code;
	return ERR_OK;
}

/* [{"KEY": value}, ...] */
static const char *
list_text(void *ctx, const struct names *values, const char *key, bool roles_by_id)
{
	struct json_object *list = json_keep(ctx, mem_must(json_object_new_array())), *one;

	for (size_t i = 0; i < values->n; i++) {
		const struct role *role = roles_by_id ? role_find(values->at[i]) : NULL;
		const char *value = role != NULL ? role->id : values->at[i];

		one = mem_must(json_object_new_object());
		json_set(one, key, mem_must(json_object_new_string(value)));
		json_push(list, one);
	}
	return json_text(ctx, list);
}

const char *
assigned_roles_text(void *ctx, const struct names *role_names)
{
	return list_text(ctx, role_names, "roleId", true);
}

const char *
member_of_text(void *ctx, const struct names *group_ids)
{
	return list_text(ctx, group_ids, "groupId", false);
}

enum err
roles_of_groups(struct request *req, const struct names *groups, role_set *set, struct error *e)
{
	*set = 0;
	for (size_t i = 0; i < groups->n; i++) {
		struct names given;

		if (user_group_roles_given(req, req->db, groups->at[i], &given, e) != ERR_OK)
			return e->code;
		*set |= role_bits(&given);
	}
	return ERR_OK;
}

/* --- roles --- */

struct role_shown {
	const char *id, *name, *description;
};

const struct field role_fields[] = {
	F_TEXT(role_shown, id, .wire = "_id", .shape = "Id"),
	F_TEXT(role_shown, name),
	F_TEXT(role_shown, description, .doc = "what it lets one do"),
	F_END
};

static struct json_object *
role_show(struct request *req, void *record, struct error *e)
{
	(void)req;
	(void)e;
	return record_to_json(role_fields, record);
}

static enum err
role_list(struct request *req, struct response *res, struct error *e)
{
	static const struct list_kind kind = { .show = role_show, .limit = AUTHORIZATION_PAGE,
		.limit_cap = AUTHORIZATION_PAGE };
	struct role_shown *shown = MEM_ARRAY(req, struct role_shown, ROLES_N);
	struct records all = { .n = ROLES_N, .size = sizeof *shown, .at = (char *)shown };

	for (size_t i = 0; i < ROLES_N; i++)
		shown[i] = (struct role_shown){ roles[i].id, roles[i].name, roles[i].doc };
	return list_answer(req, res, &all, &kind, e);
}

/* --- groups --- */

static struct json_object *
group_show(struct request *req, void *record, struct error *e)
{
	struct user_group *g = record;

	if (user_group_fill(req, req->db, g, e) != ERR_OK)
		return NULL;
	g->assigned_roles = assigned_roles_text(req, &g->roles);
	g->member_of = member_of_text(req, &g->groups);
	return record_to_json(user_group_fields, g);
}

static enum err
group_list(struct request *req, struct response *res, struct error *e)
{
	static const struct list_kind kind = { .show = group_show, .limit = AUTHORIZATION_PAGE,
		.limit_cap = AUTHORIZATION_PAGE };
	struct records all;

	if (user_group_list(req, req->db, &all, e) != ERR_OK)
		return e->code;
	return list_answer(req, res, &all, &kind, e);
}

static enum err
group_respond(struct request *req, struct response *res, struct user_group *g, struct error *e)
{
	res->body = group_show(req, g, e);
	return res->body != NULL ? ERR_OK : e->code;
}

static enum err
group_read(struct request *req, struct response *res, struct error *e)
{
	struct user_group g = { 0 };

	if (user_group_get(req, req->db, req->params[0], &g, e) != ERR_OK)
		return e->code;
	return group_respond(req, res, &g, e);
}

/* Takes the lists of the body. Nobody gives what they do not have, by roles or by membership. */
static enum err
group_take(struct request *req, struct user_group *g, struct error *e)
{
	bool roles_given, groups_given;
	role_set by_groups;

	if (assigned_read(req, "assignedRoles", "roleId", &g->roles, &roles_given, e) != ERR_OK ||
	    assigned_read(req, "memberOf", "groupId", &g->groups, &groups_given, e) != ERR_OK ||
	    roles_of_groups(req, &g->groups, &by_groups, e) != ERR_OK)
		return e->code;
	g->last_updated = clock_wall();
	g->last_updated_by = req->caller->username;
	return authorize_all(
	    req->caller, role_bits(&g->roles) | by_groups, "make a group that gives it", e);
}

static enum err
group_create(struct request *req, struct response *res, struct error *e)
{
	struct user_group *g = req->record;
	TXN(t);

	g->id = id_new(req);
	res->id = g->id;
	if (txn_begin(&t, req->db, e) != ERR_OK || group_take(req, g, e) != ERR_OK)
		return e->code;
	g->created = g->last_updated;
	g->created_by = g->last_updated_by;
	if (user_group_insert(req->db, g, e) != ERR_OK || group_respond(req, res, g, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

/* G, which the caller may change: it gives nothing that the caller does not have. */
static enum err
group_own(struct request *req, struct user_group *g, struct error *e)
{
	struct names one = { 0 };
	role_set gives;

	if (user_group_get(req, req->db, req->params[0], g, e) != ERR_OK ||
	    user_group_fill(req, req->db, g, e) != ERR_OK)
		return e->code;
	names_add(req, &one, g->id);
	if (roles_of_groups(req, &one, &gives, e) != ERR_OK)
		return e->code;
	return authorize_all(req->caller, gives, "change a group that gives it", e);
}

static enum err
group_change(struct request *req, struct response *res, struct error *e)
{
	struct user_group g = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK || group_own(req, &g, e) != ERR_OK ||
	    request_overlay(req, &g, e) != ERR_OK || group_take(req, &g, e) != ERR_OK ||
	    user_group_update(req->db, &g, e) != ERR_OK ||
	    account_keep_admin(req->db, e) != ERR_OK ||
	    group_respond(req, res, &g, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

static enum err
group_remove(struct request *req, struct response *res, struct error *e)
{
	struct user_group g = { 0 };
	TXN(t);

	if (txn_begin(&t, req->db, e) != ERR_OK || group_own(req, &g, e) != ERR_OK ||
	    group_respond(req, res, &g, e) != ERR_OK ||
	    user_group_delete(req->db, g.id, e) != ERR_OK ||
	    account_keep_admin(req->db, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

#define PATH "/authorization"

const struct route authorization_routes[] = {
	{ .method = M_GET, .path = PATH "/roles", .outside = true, .op = "getRoles",
	  .role = "account:read", .list = role_fields, .answer = ANSWER_LISTING,
	  .record = role_fields, .run = role_list, .summary = "List the roles that there are" },
	{ .method = M_GET, .path = PATH "/groups", .outside = true, .op = "getGroups",
	  .role = "account:read", .list = user_group_fields, .answer = ANSWER_LISTING,
	  .record = user_group_fields, .run = group_list, .summary = "List user groups" },
	{ .method = M_POST, .path = PATH "/groups", .outside = true, .op = "createGroup",
	  .role = "account:update",
	  .body = { BODY_CREATE, "group", user_group_fields, sizeof(struct user_group) },
	  .answer = ANSWER_OK, .record = user_group_fields,
	  .errors = { ERR_CONFLICT }, .run = group_create, .summary = "Make a user group" },
	{ .method = M_GET, .path = PATH "/groups/{id}", .outside = true, .op = "getGroupById",
	  .role = "account:read", .answer = ANSWER_BARE, .record = user_group_fields,
	  .run = group_read, .summary = "Read a user group" },
	{ .method = M_PATCH, .path = PATH "/groups/{id}", .outside = true, .op = "updateGroup",
	  .role = "account:update",
	  .body = { BODY_UPDATE, "updates", user_group_fields, sizeof(struct user_group) },
	  .answer = ANSWER_OK, .record = user_group_fields,
	  .errors = { ERR_CONFLICT }, .run = group_change, .summary = "Change a user group" },
	{ .method = M_DELETE, .path = PATH "/groups/{id}", .outside = true, .op = "deleteGroup",
	  .role = "account:update", .answer = ANSWER_OK, .record = user_group_fields,
	  .errors = { ERR_CONFLICT }, .run = group_remove,
	  .summary = "Delete a user group: it is taken off all that had it" },
	{ 0 }
};
