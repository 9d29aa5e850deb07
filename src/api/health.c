#include "api/app.h"
#include "base/clock.h"
#include "base/mem.h"
#include "json/body.h"
#include "store/job.h"

#define PRODUCT "Gatehouse"

/* For load balancers and for a first look. */
static void
put(struct json_object *o, const char *key, const char *value)
{
	json_set(o, key, mem_must(json_object_new_string(value)));
}

static enum err
health_status(struct request *req, struct response *res, struct error *e)
{
	(void)req;
	(void)e;
	res->body = mem_must(json_object_new_object());
	put(res->body, "status", "Success");
	put(res->body, "result", "ok");
	return ERR_OK;
}

static enum err
health_version(struct request *req, struct response *res, struct error *e)
{
	(void)req;
	(void)e;
	res->body = mem_must(json_object_new_object());
	put(res->body, "name", "app-gateway_manager");
	put(res->body, "version", PACKAGE_VERSION);
	return ERR_OK;
}

static enum err
health_greeting(struct request *req, struct response *res, struct error *e)
{
	(void)req;
	(void)e;
	res->body = mem_must(json_object_new_object());
	put(res->body, "name", PRODUCT);
	put(res->body, "version", PACKAGE_VERSION);
	put(res->body, "status", "ok");
	return ERR_OK;
}

/* --- as the original's platform tells of itself (api.md section 7) --- */

/* A database that does not answer is the answer: it says why, with 503. */
static enum err
health_server(struct request *req, struct response *res, struct error *e)
{
	struct json_object *services, *one;
	int64_t open;

	if (job_count_open(req->db, NULL, &open, e) != ERR_OK)
		return e->code;
	services = mem_must(json_object_new_array());
	one = mem_must(json_object_new_object());
	put(one, "service", "database");
	put(one, "status", "running");
	json_push(services, one);
	res->body = mem_must(json_object_new_object());
	put(res->body, "release", PACKAGE_VERSION);
	put(res->body, "version", PACKAGE_VERSION);
	put(res->body, "product", PRODUCT);
	json_set(res->body, "services", services);
	json_set(res->body, "timestamp", mem_must(json_object_new_int64(clock_wall())));
	return ERR_OK;
}

static void
respond_parts(struct response *res, struct json_object *one)
{
	struct json_object *list = mem_must(json_object_new_array());

	if (one != NULL)
		json_push(list, one);
	res->body = mem_must(json_object_new_object());
	json_set(res->body, "results", list);
	json_set(res->body, "total", mem_must(json_object_new_int(one != NULL)));
}

static enum err
health_adapters(struct request *req, struct response *res, struct error *e)
{
	(void)req;
	(void)e;
	respond_parts(res, NULL);
	return ERR_OK;
}

static enum err
health_applications(struct request *req, struct response *res, struct error *e)
{
	struct json_object *one = mem_must(json_object_new_object());

	(void)req;
	(void)e;
	put(one, "id", "GatewayManager");
	put(one, "state", "RUNNING");
	put(one, "version", PACKAGE_VERSION);
	respond_parts(res, one);
	return ERR_OK;
}

const struct route health_routes[] = {
	{ .method = M_GET, .path = "/health/status", .op = "status", .role = ROLE_OPEN,
	  .answer = ANSWER_BARE, .shape = "Status", .run = health_status,
	  .summary = "Say that the service answers" },
	{ .method = M_GET, .path = "/version", .op = "getPackageVersion", .role = ROLE_OPEN,
	  .answer = ANSWER_BARE, .shape = "Version", .run = health_version,
	  .summary = "Name and version of this program" },
	{ .method = M_GET, .path = "/", .outside = true, .op = "getRoot", .role = ROLE_OPEN,
	  .answer = ANSWER_BARE, .shape = "Greeting", .run = health_greeting,
	  .summary = "Say what answers here" },
	{ .method = M_GET, .path = "/health", .outside = true, .op = "getHealth",
	  .role = ROLE_OPEN,
	  .answer = ANSWER_BARE, .shape = "Greeting", .run = health_greeting,
	  .summary = "Say that the service answers" },
	{ .method = M_GET, .path = "/health/server", .outside = true, .op = "getHealthServer",
	  .role = ROLE_CALLER,
	  .answer = ANSWER_BARE, .shape = "ServerHealth", .run = health_server,
	  .summary = "Say how the server is" },
	{ .method = M_GET, .path = "/health/status", .outside = true, .op = "getHealthStatus",
	  .role = ROLE_CALLER,
	  .answer = ANSWER_BARE, .shape = "ServerHealth", .run = health_server,
	  .summary = "Say how the services of this server are" },
	{ .method = M_GET, .path = "/health/system", .outside = true, .op = "getHealthSystem",
	  .role = ROLE_CALLER,
	  .answer = ANSWER_BARE, .shape = "ServerHealth", .run = health_server,
	  .summary = "Say how the system is" },
	{ .method = M_GET, .path = "/health/adapters", .outside = true, .op = "getHealthAdapters",
	  .role = ROLE_CALLER,
	  .answer = ANSWER_BARE, .shape = "PartsHealth", .run = health_adapters,
	  .summary = "List adapters: there are none" },
	{ .method = M_GET, .path = "/health/applications", .outside = true,
	  .op = "getHealthApplications", .role = ROLE_CALLER,
	  .answer = ANSWER_BARE, .shape = "PartsHealth", .run = health_applications,
	  .summary = "List the applications that run here" },
	{ 0 }
};
