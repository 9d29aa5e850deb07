#include "access/roles.h"

#include <string.h>

#include "base/mem.h"

const struct role roles[ROLES_N] = {
#define X(code, name, id, doc) [ROLE_CODE_##code] = { id, name, doc },
	ROLES(X)
#undef X
};

static const role_set admin = (role_set)1 << ROLE_CODE_ADMIN;
static const role_set all = ((role_set)1 << ROLES_N) - 1;

const struct role *
role_find(const char *id_or_name)
{
	for (int i = 0; i < ROLES_N; i++)
		if (strcmp(roles[i].name, id_or_name) == 0 || strcmp(roles[i].id, id_or_name) == 0)
			return &roles[i];
	return NULL;
}

bool
role_is_read(const struct role *r)
{
	static const char read[] = ":read";
	size_t n = strlen(r->name), tail = sizeof read - 1;

	return n > tail && strcmp(r->name + n - tail, read) == 0;
}

role_set
role_bit(const struct role *r)
{
	return (role_set)1 << (r - roles);
}

/* A name that is none may be of a later version: it gives nothing. */
static role_set
add(role_set set, const char *name)
{
	const struct role *r = role_find(name);

	if (r == NULL)
		return set;
	set |= role_bit(r);
	return set & admin ? all : set;
}

role_set
role_bits(const struct names *names)
{
	role_set set = 0;

	for (size_t i = 0; i < names->n; i++)
		set = add(set, names->at[i]);
	return set;
}

role_set
roles_of(const struct caller *caller)
{
	return caller->is_admin ? all : caller->roles;
}

enum err
roles_load(struct db *db, const struct account *a, struct caller *caller, struct error *e)
{
	SCOPED(tmp, NULL);
	struct records held;

	if (a->inactive)
		return error_set(e, ERR_UNAUTHENTICATED, "the account is inactive");
	if (account_roles_held(tmp, db, a->id, &held, e) != ERR_OK)
		return e->code;
	caller->roles = 0;
	for (size_t i = 0; i < held.n; i++)
		caller->roles =
		    add(caller->roles, ((const struct role_held *)records_at(&held, i))->role);
	caller->is_admin = (caller->roles & admin) != 0;
	return ERR_OK;
}

enum err
authorize(const struct caller *caller, const char *role, struct error *e)
{
	const struct role *r = role_find(role);

	if (caller->is_admin || (r != NULL && (caller->roles & role_bit(r)) != 0))
		return ERR_OK;
	return error_set(e, ERR_FORBIDDEN, "%s lacks the role %s", caller->username, role);
}

enum err
authorize_all(const struct caller *caller, role_set set, const char *what, struct error *e)
{
	role_set missing = set & ~roles_of(caller);

	/* Who lacks something of what an administrator has lacks that. */
	if (missing & admin)
		missing = admin;
	for (int i = 0; i < ROLES_N; i++)
		if (missing & role_bit(&roles[i]))
			return error_set(e, ERR_FORBIDDEN,
			    "%s lacks the role %s and cannot %s", caller->username,
			    roles[i].name, what);
	return ERR_OK;
}
