#include <stdlib.h>
#include <string.h>

#include "access/roles.h"
#include "base/mem.h"
#include "main/admin.h"
#include "store/account.h"
#include "store/user_group.h"

/* What `user` and `group` have in common: roles and groups by their names. */

char *
admin_join_names(void *ctx, const struct names *list)
{
	char *all = mem_text(ctx, "");

	for (size_t i = 0; i < list->n; i++)
		all = mem_printf(ctx, "%s%s%s", all, i > 0 ? "," : "", list->at[i]);
	return *all != '\0' ? all : NULL;
}

enum err
admin_role(const char *name, struct error *e)
{
	if (role_find(name) != NULL)
		return ERR_OK;
	return error_set(e, ERR_INVALID, "there is no role %s: see `gatehouse role list`", name);
}

enum err
admin_group_must(struct admin *a, const char *name, struct user_group *g, struct error *e)
{
	bool found;

	*g = (struct user_group){ .id = "" };
	if (user_group_find(a->ctx, a->db, name, g, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "there is no group %s", name);
	return user_group_fill(a->ctx, a->db, g, e);
}

enum err
admin_given_roles(struct admin *a, struct names *list, struct error *e)
{
	for (size_t i = 0; i < a->n_given; i++) {
		const char *name = a->given[i].value;

		if (strcmp(a->given[i].option->name, "role") != 0)
			continue;
		if (admin_role(name, e) != ERR_OK)
			return e->code;
		if (!names_has(list, name))
			names_add(a->ctx, list, name);
	}
	return ERR_OK;
}

enum err
admin_given_groups(struct admin *a, struct names *ids, struct error *e)
{
	for (size_t i = 0; i < a->n_given; i++) {
		struct user_group g;

		if (strcmp(a->given[i].option->name, "group") != 0)
			continue;
		if (admin_group_must(a, a->given[i].value, &g, e) != ERR_OK)
			return e->code;
		if (!names_has(ids, g.id))
			names_add(a->ctx, ids, g.id);
	}
	return ERR_OK;
}

enum err
admin_group_names(struct admin *a, const struct names *ids, struct names *names, struct error *e)
{
	*names = (struct names){ 0, NULL };
	for (size_t i = 0; i < ids->n; i++) {
		struct user_group g = { 0 };

		if (user_group_get(a->ctx, a->db, ids->at[i], &g, e) != ERR_OK)
			return e->code;
		names_add(a->ctx, names, g.name);
	}
	return ERR_OK;
}

int
admin_role_list(struct admin *a)
{
	struct table *t = table_new(a->ctx, 2);

	table_add(t, "ROLE");
	table_add(t, "MAY");
	for (int i = 0; i < ROLES_N; i++) {
		table_add(t, roles[i].name);
		table_add(t, roles[i].doc);
	}
	table_print(t);
	return EXIT_SUCCESS;
}
