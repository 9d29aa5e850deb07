#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "access/groups.h"
#include "api/app.h"
#include "base/clock.h"
#include "base/mem.h"
#include "json/body.h"
#include "json/record.h"
#include "run/discover.h"

/* A look at one gateway: how it and what it needs are, and what runs there. */

enum { INSPECT_WAIT_MS = 30000, SHOWN_DEFAULT = 25, SHOWN_MAX = 100 };

static const int64_t day = 24 * 60 * 60 * INT64_C(1000);	/* ms */

static struct json_object *
number(int64_t n)
{
	return mem_must(json_object_new_int64(n));
}

static struct json_object *
truth(bool is)
{
	return mem_must(json_object_new_boolean(is));
}

static struct json_object *
text(const char *s)
{
	return s != NULL ? mem_must(json_object_new_string(s)) : NULL;
}

static enum err
find_gateway(struct request *req, struct gateway *g, struct error *e)
{
	bool found;

	if (groups_cluster(req, req->db, req->caller, req->params[0], g, &found, e) != ERR_OK)
		return e->code;
	return found ? ERR_OK : error_set(e, ERR_NOT_FOUND,
	    "there is no gateway with cluster id %s", req->params[0]);
}

/* --- health --- */

static int64_t
file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* RECORDING: whether the dispatcher's last commit went through, as far as it is known. */
static struct json_object *
store_health(struct request *req, bool recording, bool *healthy)
{
	const struct config *c = req->app->config;
	const char *file = config_path(req, c, "gatehouse.db");
	bool writable = recording && access(file, W_OK) == 0;
	struct json_object *o = mem_must(json_object_new_object());
	struct statvfs fs;
	int64_t free_bytes = 0;

	if (statvfs(c->state_dir, &fs) == 0)
		free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	*healthy = writable && free_bytes > 0;
	json_set(o, "healthy", truth(*healthy));
	json_set(o, "writable", truth(writable));
	json_set(o, "size_bytes", number(file_size(file) +
	    file_size(config_path(req, c, "gatehouse.db-wal"))));
	json_set(o, "free_bytes", number(free_bytes));
	return o;
}

/* FACTS are the dispatcher's, or NULL; ERROR is what is wrong with the way to it or the gateway. */
static struct json_object *
runner_health(const struct gateway *g, struct json_object *facts, const char *error)
{
	static const char *const counts[] = { "queued", "running", "queued_here", "running_here",
		"parallel", "parallel_here", "queue" };
	struct json_object *o = mem_must(json_object_new_object());

	json_set(o, "healthy", truth(error == NULL));
	json_set(o, "error", text(error));
	json_set(o, "connected", truth(discover_connected(g)));
	json_set(o, "connector", text(g->connector_kind));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		json_set(o, counts[i], json_object_get(json_get(facts, counts[i])));
	return o;
}

static const char *
runner_error(const struct gateway *g, const struct wait *w, struct json_object *facts)
{
	if (!g->enabled)
		return "the gateway is disabled";
	if (w->event == WAIT_OVER)
		return "no answer in time";
	return facts != NULL ? json_get_text(facts, "error") : w->detail;
}

static enum err
health_answered(struct request *req, struct response *res, struct error *e)
{
	const struct wait *w = req->wait;
	struct json_object *parts, *facts = w->facts != NULL ? json_own(req, w->facts) : NULL;
	struct gateway g = { 0 };
	const char *error;
	bool store;

	req->wait = NULL;
	if (find_gateway(req, &g, e) != ERR_OK)
		return e->code;
	error = runner_error(&g, w, facts);
	parts = mem_must(json_object_new_object());
	json_set(parts, "store", store_health(req, facts == NULL ||
	    json_object_get_boolean(json_get(facts, "recording")), &store));
	json_set(parts, "runner", runner_health(&g, facts, error));
	res->body = mem_must(json_object_new_object());
	json_set(res->body, "cluster_id", text(g.cluster_id));
	json_set(res->body, "healthy", truth(store && error == NULL));
	json_set(res->body, "components", parts);
	return ERR_OK;
}

static enum err
inspect_health(struct request *req, struct response *res, struct error *e)
{
	struct gateway g = { 0 };

	(void)res;
	if (find_gateway(req, &g, e) != ERR_OK)
		return e->code;
	req->wait = order_inspect(req, g.id, INSPECT_WAIT_MS);
	req->resume = health_answered;
	return ERR_OK;
}

/* --- activity --- */

static const struct field brief_fields[] = {
	F_TEXT(job, id, .wire = "job_id"),
	F_TEXT(job, service),
	F_TEXT(job, state),
	F_INT(job, return_code, .nullable = 1),
	F_TEXT(job, error, .nullable = 1),
	F_TEXT(job, requested_by),
	F_TIME(job, created),
	F_TIME(job, started),
	F_TIME(job, ended),
	F_END
};

static enum err
put_jobs(struct request *req, struct response *res, const char *key, const char *gateway_id,
    const char *state, int64_t limit, struct error *e)
{
	struct json_object *list;
	struct records jobs;

	if (job_of_gateway(req, req->db, gateway_id, state, limit, &jobs, e) != ERR_OK)
		return e->code;
	list = mem_must(json_object_new_array());
	for (size_t i = 0; i < jobs.n; i++)
		json_push(list, record_to_json(brief_fields, records_at(&jobs, i)));
	json_set(res->body, key, list);
	return ERR_OK;
}

static enum err
put_counts(struct request *req, struct response *res, const char *gateway_id, struct error *e)
{
	struct json_object *o;
	int64_t counts[JOB__STATES], since = clock_wall() - day;
	char when[CLOCK_TEXT_MAX];

	if (job_count_states(req->db, gateway_id, since, counts, e) != ERR_OK)
		return e->code;
	o = mem_must(json_object_new_object());
	for (int i = 0; i < JOB__STATES; i++)
		json_set(o, job_state_name((enum job_state)i), number(counts[i]));
	json_set(res->body, "since", text(clock_text(when, since)));
	json_set(res->body, "counts", o);
	return ERR_OK;
}

static enum err
inspect_activity(struct request *req, struct response *res, struct error *e)
{
	struct gateway g = { 0 };
	struct error lacks;
	int64_t limit;

	if (query_int(req, "last", 1, SHOWN_MAX, SHOWN_DEFAULT, &limit, e) != ERR_OK ||
	    find_gateway(req, &g, e) != ERR_OK)
		return e->code;
	res->body = mem_must(json_object_new_object());
	json_set(res->body, "cluster_id", text(g.cluster_id));
	if (put_counts(req, res, g.id, e) != ERR_OK)
		return e->code;
	if (authorize(req->caller, "job:read", &lacks) != ERR_OK)
		return ERR_OK;
	if (put_jobs(req, res, "running", g.id, "running", limit, e) != ERR_OK ||
	    put_jobs(req, res, "queued", g.id, "queued", limit, e) != ERR_OK)
		return e->code;
	return put_jobs(req, res, "recent", g.id, NULL, limit, e);
}

static const struct query_field activity_query[] = {
	{ "last", "how many jobs of each kind at most; 25 if left out, 100 at most" },
	{ 0 }
};

const struct route inspect_routes[] = {
	{ .method = M_GET, .path = "/gateway/{clusterId}/health", .op = "inspectClusterHealth",
	  .role = "gateway:read", .answer = ANSWER_BARE, .shape = "InspectHealth",
	  .run = inspect_health, .summary = "Say how a gateway and what it needs are",
	  .doc = "After a real round trip to it, by the dispatcher." },
	{ .method = M_GET, .path = "/gateway/{clusterId}/activity", .op = "inspectClusterActivity",
	  .role = "gateway:read", .query = activity_query,
	  .answer = ANSWER_BARE, .shape = "InspectActivity", .run = inspect_activity,
	  .summary = "Say what runs on a gateway and what ran lately" },
	{ 0 }
};
