#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "main/admin.h"
#include "secret/digest.h"
#include "secret/token.h"
#include "store/account.h"
#include "store/session.h"

enum { TOKEN_COLUMNS = 6 };

static const int64_t day_ms = 24 * 60 * 60 * INT64_C(1000);

static int
fail(const struct error *e)
{
	return admin_fail("%s", e->detail);
}

static enum err
insert_token(struct admin *a, struct session *s, const char *user, struct error *e)
{
	struct account account = { 0 };
	bool found;
	TXN(t);

	if (txn_begin(&t, a->db, e) != ERR_OK ||
	    account_find(a->ctx, a->db, user, &account, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return error_set(e, ERR_NOT_FOUND, "there is no account %s", user);
	s->account_id = account.id;
	if (session_insert(a->db, s, e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

int
admin_token_create(struct admin *a)
{
	const char *token;
	int64_t days = admin_number(a, "expires", 0);
	struct session s = {
		.id = id_new(a->ctx), .kind = session_kind_name(SESSION_API), .name = a->args[0],
		.created = clock_wall(), .created_by = a->caller.username,
	};
	struct error e;

	if (!account_is_name(s.name))
		return admin_fail("a token's name has 1 to 128 printable characters, no blanks and "
				  "no colon");
	if (!admin_open(a))
		return EXIT_FAILURE;
	token = token_new(a->ctx);
	s.digest = digest_hex(a->ctx, token, strlen(token));
	s.expires = days > 0 ? s.created + days * day_ms : 0;
	if (insert_token(a, &s, admin_value(a, "user"), &e) != ERR_OK)
		return fail(&e);
	admin_say("%s", token);
	return EXIT_SUCCESS;
}

int
admin_token_list(struct admin *a)
{
	struct table *t = table_new(a->ctx, TOKEN_COLUMNS);
	char when[CLOCK_TEXT_MAX];
	struct records all;
	struct error e;

	if (!admin_open(a))
		return EXIT_FAILURE;
	if (token_list(a->ctx, a->db, &all, &e) != ERR_OK)
		return fail(&e);
	table_add(t, "NAME");
	table_add(t, "USER");
	table_add(t, "CREATED");
	table_add(t, "BY");
	table_add(t, "USED");
	table_add(t, "EXPIRES");
	for (size_t i = 0; i < all.n; i++) {
		const struct session *s = records_at(&all, i);

		table_add(t, s->name);
		table_add(t, s->username);
		table_add(t, clock_text(when, s->created));
		table_add(t, s->created_by);
		table_add(t, s->last_used != 0 ? clock_text(when, s->last_used) : NULL);
		table_add(t, s->expires != 0 ? clock_text(when, s->expires) : NULL);
	}
	table_print(t);
	return EXIT_SUCCESS;
}

int
admin_token_revoke(struct admin *a)
{
	struct error e;
	TXN(t);

	if (!admin_open(a))
		return EXIT_FAILURE;
	if (txn_begin(&t, a->db, &e) != ERR_OK ||
	    token_delete(a->db, a->args[0], &e) != ERR_OK || txn_commit(&t, &e) != ERR_OK)
		return fail(&e);
	admin_say("%s is revoked", a->args[0]);
	return EXIT_SUCCESS;
}
