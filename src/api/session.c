#include <string.h>

#include "access/credential.h"
#include "access/login.h"
#include "access/roles.h"
#include "api/app.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"

/* Logging in and out, and who is asking (api.md section 7). */

struct login {
	const char *username, *password;
};

static const struct field login_fields[] = {
	F_TEXT(login, username, .required = 1, .min = 1),
	F_TEXT(login, password, .required = 1, .min = 1),
	F_END
};

static void
put_text(struct json_object *o, const char *key, const char *text)
{
	json_set(o, key, text != NULL ? mem_must(json_object_new_string(text)) : NULL);
}

/* Who has logged in is the caller from then on. */
static enum err
issue(struct request *req, const struct caller *who, enum session_kind kind, const char **token,
    int64_t *lifetime, struct error *e)
{
	TXN(t);

	req->caller = who;
	if (txn_begin(&t, req->db, e) != ERR_OK ||
	    login_issue(req, req->db, req->app->config, who, kind, req->remote, token, lifetime,
		e) != ERR_OK)
		return e->code;
	return txn_commit(&t, e);
}

static enum err
refused(struct request *req, const struct caller *who, const struct error *e)
{
	req->claimed = who->claimed;
	return e->code;
}

/* {"username", "password"}, or the same in "user": programs of both kinds exist. */
static enum err
read_login(struct request *req, struct login *l, struct error *e)
{
	struct json_object *inner = json_get(req->json, "user"), *body = req->json;

	if (inner != NULL && json_object_object_length(req->json) != 1)
		return error_field(e, "user", "nothing may stand beside it");
	if (inner != NULL && !json_object_is_type(inner, json_type_object))
		return error_field(e, "user", "must be an object");
	if (inner != NULL)
		body = inner;
	return record_from_json(req, login_fields, body, l, RECORD_CREATE, e);
}

static enum err
session_login(struct request *req, struct response *res, struct error *e)
{
	struct caller *who = MEM_NEW(req, struct caller);
	struct login l = { 0 };
	const char *token;
	int64_t lifetime;

	if (read_login(req, &l, e) != ERR_OK)
		return e->code;
	if (identify_password(req, req->db, &req->app->verifier, l.username, l.password,
		req->remote, who, e) != ERR_OK)
		return refused(req, who, e);
	if (issue(req, who, SESSION_LOGIN, &token, &lifetime, e) != ERR_OK)
		return e->code;
	res->type = "text/plain";
	res->raw = token;
	res->raw_len = strlen(token);
	/* Lax: browsers send it with no request of another site's page, but for links. */
	response_header(res, "Set-Cookie",
	    mem_printf(req, COOKIE_NAME "=%s; Path=/; HttpOnly; SameSite=Lax%s", token,
		req->https ? "; Secure" : ""));
	return ERR_OK;
}

/* No program ends an API token, which others may use too: `gatehouse token revoke` does. */
static enum err
session_logout(struct request *req, struct response *res, struct error *e)
{
	TXN(t);

	if (req->caller->can_end &&
	    (txn_begin(&t, req->db, e) != ERR_OK ||
		session_delete(req->db, req->caller->session_id, e) != ERR_OK ||
		txn_commit(&t, e) != ERR_OK))
		return e->code;
	res->body = mem_must(json_object_new_object());
	put_text(res->body, "status", "OK");
	put_text(res->body, "message", req->caller->can_end ?
	    "the session has ended" : "there was no session to end");
	return ERR_OK;
}

/* The client's id and secret: of the form, or else of the header (RFC 6749 section 2.3.1). */
static enum err
read_client(struct request *req, const char **id, const char **secret, struct error *e)
{
	const char *grant = form_text(req, "grant_type");
	char *user, *password;

	if (grant == NULL)
		return error_field(e, "grant_type", "is required");
	if (strcmp(grant, "client_credentials") != 0)
		return error_field(e, "grant_type", "must be client_credentials");
	*id = form_text(req, "client_id");
	*secret = form_text(req, "client_secret");
	if (*secret == NULL && req->authorization != NULL) {
		if (!credential_basic(req, req->authorization, &user, &password))
			return error_set(e, ERR_UNAUTHENTICATED,
			    "the header Authorization holds no Basic credential");
		*id = user;
		*secret = password;
	}
	if (*id == NULL || *secret == NULL)
		return error_field(e, *id == NULL ? "client_id" : "client_secret", "is required");
	return ERR_OK;
}

static enum err
session_oauth(struct request *req, struct response *res, struct error *e)
{
	struct caller *who = MEM_NEW(req, struct caller);
	const char *id = NULL, *secret = NULL, *token;
	int64_t lifetime;

	if (read_client(req, &id, &secret, e) != ERR_OK)
		return e->code;
	if (login_client(req, req->db, &req->app->verifier, id, secret, req->remote, who, e) !=
	    ERR_OK)
		return refused(req, who, e);
	if (issue(req, who, SESSION_OAUTH, &token, &lifetime, e) != ERR_OK)
		return e->code;
	res->body = mem_must(json_object_new_object());
	put_text(res->body, "access_token", token);
	put_text(res->body, "token_type", "Bearer");
	json_set(res->body, "expires_in", mem_must(json_object_new_int64(lifetime)));
	return ERR_OK;
}

static struct json_object *
texts(const struct names *list)
{
	struct json_object *o = mem_must(json_object_new_array());

	for (size_t i = 0; i < list->n; i++)
		json_push(o, mem_must(json_object_new_string(list->at[i])));
	return o;
}

static enum err
session_whoami(struct request *req, struct response *res, struct error *e)
{
	const struct caller *c = req->caller;
	struct names groups, held = { 0 };

	if (account_groups_held(req, req->db, c->account_id != NULL ? c->account_id : "", &groups,
	    e) != ERR_OK)
		return e->code;
	for (int i = 0; i < ROLES_N; i++)
		if (roles_of(c) & role_bit(&roles[i]))
			names_add(req, &held, roles[i].name);
	res->body = mem_must(json_object_new_object());
	put_text(res->body, "_id", c->account_id);
	put_text(res->body, "username", c->username);
	put_text(res->body, "by", caller_by_name(c->by));
	json_set(res->body, "groups", texts(&groups));
	json_set(res->body, "roles", texts(&held));
	return ERR_OK;
}

static const char *const text_types[] = { "text/plain", NULL };

static const struct query_field login_gives[] = {
	{ "Set-Cookie", "the token once more, for browsers" },
	{ 0 }
};

const struct route session_routes[] = {
	{ .method = M_POST, .path = "/login", .outside = true, .op = "login", .role = ROLE_OPEN,
	  .body = { .use = BODY_JSON }, .body_shape = "LoginBody",
	  .answer = ANSWER_BARE, .types = text_types, .gives = login_gives,
	  .errors = { ERR_UNAUTHENTICATED, ERR_TOO_MANY },
	  .run = session_login, .summary = "Log in: the answer is a token",
	  .doc = "The token stands for the caller as cookie, as Bearer, or as token in the query, "
		 "until it was not used for a while." },
	{ .method = M_POST, .path = "/logout", .outside = true, .op = "logout",
	  .role = ROLE_CALLER, .answer = ANSWER_BARE, .shape = "LogoutAnswer",
	  .run = session_logout, .summary = "End the session whose token this request has" },
	{ .method = M_POST, .path = "/oauth/token", .outside = true, .op = "getAccessToken",
	  .role = ROLE_OPEN, .body = { .use = BODY_FORM }, .body_shape = "OauthForm",
	  .answer = ANSWER_BARE, .shape = "AccessToken",
	  .errors = { ERR_UNAUTHENTICATED, ERR_TOO_MANY },
	  .run = session_oauth, .summary = "Get an access token (OAuth 2, client credentials)",
	  .doc = "The client is an API token by its name, or an account; Basic may hold it in "
		 "place of the form." },
	{ .method = M_GET, .path = "/whoami", .outside = true, .op = "whoami",
	  .role = ROLE_CALLER, .answer = ANSWER_BARE, .shape = "WhoAmI", .run = session_whoami,
	  .summary = "Say who is asking, with groups and roles" },
	{ 0 }
};
