#include "api/app.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

/* Open to all: for load balancers and for a first look. */
static void
add(struct response *res, const char *key, const char *value)
{
	if (res->body == NULL)
		res->body = json_object_new_object();
	json_object_object_add(res->body, key, json_object_new_string(value));
}

static enum err
health_status(struct request *req, struct response *res, struct error *e)
{
	(void)req;
	(void)e;
	add(res, "status", "Success");
	add(res, "result", "ok");
	return ERR_OK;
}

static enum err
health_version(struct request *req, struct response *res, struct error *e)
{
	(void)req;
	(void)e;
	add(res, "name", "app-gateway_manager");
	add(res, "version", PACKAGE_VERSION);
	add(res, "product", "Gatehouse");
	return ERR_OK;
}

const struct route health_routes[] = {
	{ .method = M_GET, .path = "/health/status", .op = "status", .role = ROLE_OPEN,
	  .answer = ANSWER_BARE, .run = health_status, .summary = "Say that the service answers" },
	{ .method = M_GET, .path = "/version", .op = "getPackageVersion", .role = ROLE_OPEN,
	  .answer = ANSWER_BARE, .run = health_version,
	  .summary = "Name and version of this program" },
	{ 0 }
};
