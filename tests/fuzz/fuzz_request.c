/*
 * Whatever stands in the head of a request, line by line: method, path, query, Authorization, Cookie, and a form. What
 * is found in it is clean; a route that is found matches; what a list is asked for is within its bounds, or refused
 * with one clean line.
 */
#include <string.h>

#include "fuzz.h"

#include "access/credential.h"
#include "api/app.h"
#include "api/list.h"
#include "base/mem.h"
#include "secret/password.h"

enum { LINES = 6 };

static void
check_error(const struct error *e)
{
	must(e->code != ERR_OK && *e->detail != '\0');
	must(utf8_valid(e->detail, strlen(e->detail)) && utf8_valid(e->field, strlen(e->field)));
	must(strchr(e->detail, '\n') == NULL && strchr(e->detail, '\r') == NULL);
}

static void
check_pairs(const struct query_pair *pairs, size_t n)
{
	must(n <= QUERY_MAX);
	for (size_t i = 0; i < n; i++)
		must(utf8_valid(pairs[i].name, strlen(pairs[i].name)) &&
		    utf8_valid(pairs[i].value, strlen(pairs[i].value)));
}

/* A list of this table, as its handler would read it. */
static void
check_list(struct request *req)
{
	const struct list_kind kind = { .limit = 25, .limit_max = 1000, .is_paged = true };
	struct error e = { 0 };
	struct list l;

	if (req->route->list == NULL)
		return;
	if (list_read(req, &kind, &l, &e) != ERR_OK) {
		check_error(&e);
		return;
	}
	must(l.limit >= 0 && l.skip >= 0 && (l.include.n == 0 || l.exclude.n == 0));
	for (size_t i = 0; i < l.n_filters; i++) {
		must(l.filters[i].n > 0 && l.filters[i].n <= LIST_VALUES_MAX);
		must(list_can_filter(l.filters[i].op, l.filters[i].field->type));
	}
}

static void
check_route(struct request *req, const char *path)
{
	struct error e = { 0 };
	unsigned allow;

	req->path = path;
	if (router_find(req->app->router, req, req->method, path, &req->route, req->params, &allow, &e) !=
	    ERR_OK) {
		must((e.code == ERR_METHOD) == (allow != 0));
		check_error(&e);
		return;
	}
	must((allow & (unsigned)(req->method == M_HEAD ? M_GET : req->method)) != 0);
	for (int i = 0; i < ROUTE_PARAMS && req->params[i] != NULL; i++)
		must(*req->params[i] != '\0' && strchr(req->params[i], '/') == NULL);
	must(*router_allow(req, allow) != '\0');
}

static void
check_credentials(void *ctx, const char *authorization, const char *cookies)
{
	const char *token = credential_bearer(authorization);
	char *user, *password, *cookie = credential_cookie(ctx, cookies, "token");

	must(token == NULL || (*token != '\0' && *token != ' '));
	if (credential_basic(ctx, authorization, &user, &password)) {
		must(token == NULL && strchr(user, ':') == NULL);
		must(utf8_valid(user, strlen(user)) && utf8_valid(password, strlen(password)));
		must(strlen(password) <= PASSWORD_MAX);
	}
	must(cookie == NULL || strchr(cookie, ';') == NULL);
}

/* Made once: it is constant. */
static const struct app *
the_app(void)
{
	static const struct app *app;
	static struct config config;
	struct error e;

	if (app == NULL)
		app = app_new(NULL, &config, &e);
	must(app != NULL);
	return app;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	SCOPED(tmp, NULL);
	struct request *req = MEM_NEW(tmp, struct request);
	const char *lines[LINES];
	char *at = mem_textn(tmp, (const char *)data, n);
	struct error e = { 0 };

	for (int i = 0; i < LINES; i++) {
		lines[i] = at;
		at += strcspn(at, "\n");
		if (*at != '\0')
			*at++ = '\0';
	}
	req->app = (struct app *)(uintptr_t)the_app();
	req->method = method_find(lines[0]);
	req->query = lines[2];
	req->body = lines[5];
	req->body_len = strlen(lines[5]);
	check_route(req, lines[1]);
	if (query_read(req, &e) != ERR_OK)
		check_error(&e);
	else if (req->route != NULL)
		check_list(req);
	check_pairs(req->pairs, req->n_pairs);
	if (form_read(req, &e) != ERR_OK)
		check_error(&e);
	check_pairs(req->form, req->n_form);
	check_credentials(tmp, lines[3], lines[4]);
	return 0;
}
