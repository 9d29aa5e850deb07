#include <string.h>
#include <strings.h>

#include "api/app.h"
#include "base/mem.h"

/* Changes nothing by its own meaning (RFC 9110 section 9.2.1). */
static bool
is_safe(enum method m)
{
	return m == M_GET || m == M_HEAD || m == M_OPTIONS;
}

/* Whether ORIGIN ("https://host:port", RFC 6454 section 6.1) is another than the HOST asked. */
static bool
is_elsewhere(const char *origin, const char *host)
{
	const char *at = strstr(origin, "://");

	return at == NULL || host == NULL || strcasecmp(at + strlen("://"), host) != 0;
}

/*
 * A page of another site can have a browser send requests with the cookie or the password that
 * the browser keeps for us. The cookie is SameSite=Lax, which keeps it out of all such requests
 * but links (RFC 6265bis section 5.5); a JSON body cannot be sent without asking us first (CORS),
 * and we never agree. What is left, a POST without a body by one who came by Basic or by the web
 * server, browsers tell of by themselves: Sec-Fetch-Site (Fetch Metadata), or to a server without
 * TLS, which gets no such header, Origin.
 */
static bool
is_of_another_site(const struct request *req)
{
	if (req->fetch_site != NULL)
		return strcmp(req->fetch_site, "same-origin") != 0 &&
		    strcmp(req->fetch_site, "none") != 0;
	/* A proxy may have changed Host: no more is asked of it than has to be. */
	return req->origin != NULL && req->method == M_POST &&
	    req->route->body.use == BODY_NONE && is_elsewhere(req->origin, req->host);
}

static enum err
check_site(const struct request *req, struct error *e)
{
	if (is_safe(req->method) || !caller_is_ambient(req->caller) || !is_of_another_site(req))
		return ERR_OK;
	return error_set(e, ERR_FORBIDDEN,
	    "a page of another site must not do this with a browser's credentials");
}

enum err
request_identify(struct request *req, struct error *e)
{
	const struct credentials given = {
		.authorization = req->authorization, .cookie = req->cookie,
		.token = query_text(req, COOKIE_NAME), .remote_user = req->remote_user,
		.remote = req->remote,
	};
	struct caller *caller;

	caller = MEM_NEW(req, struct caller);
	if (identify(req, req->db, &req->app->verifier, &given, caller, e) != ERR_OK) {
		req->claimed = caller->claimed;
		return e->code;
	}
	req->caller = caller;
	return check_site(req, e);
}

enum err
request_identify_again(struct request *req, struct error *e)
{
	SCOPED(tmp, NULL);

	/* Made above, for this request; the host's own stays as it is. */
	return identify_again(tmp, req->db, (struct caller *)(uintptr_t)req->caller, e);
}
