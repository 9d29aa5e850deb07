#include <string.h>

#include "base/mem.h"
#include "connector/connector.h"
#include "json/body.h"
#include "json/schema.h"

/*
 * Answers like a connected gateway from a script in its settings (api.md
 * section 3): for tests, demos and the development of clients.
 */

enum {
	NAME_MAX_CHARS = 128,
	TEXT_MAX_CHARS = 16777216,
	DELAY_MAX = 86400000,		/* ms, a day */
	CODE_MAX = 255,
	CODE_CANCELED = 143		/* 128 + SIGTERM, as a canceled process has it */
};

#define TYPE_DEFAULT "python-script"

static const char *const types[] = {
	"python-script", "ansible-playbook", "opentofu-plan", "executable", NULL
};

/* --- settings --- */

/* One value of the settings, and where it stands. */
struct place {
	struct json_object *o;
	const char *path;
	struct faults *faults;
};

typedef void check_fn(const struct place *at);

static void
check_text(const struct place *at, size_t min, size_t max)
{
	const char *s = json_object_get_string(at->o);

	if (!json_object_is_type(at->o, json_type_string))
		faults_add(at->faults, at->path, "must be a text");
	else if (strlen(s) != (size_t)json_object_get_string_len(at->o))
		faults_add(at->faults, at->path, "must not hold NUL");
	else if (utf8_count(s) < min)
		faults_add(at->faults, at->path, "must not be empty");
	else if (utf8_count(s) > max)
		faults_add(at->faults, at->path, "must have at most %zu characters", max);
}

static void
check_name(const struct place *at)
{
	check_text(at, 1, NAME_MAX_CHARS);
}

static void
check_any_text(const struct place *at)
{
	check_text(at, 0, TEXT_MAX_CHARS);
}

static void
check_type(const struct place *at)
{
	const char *s = json_object_is_type(at->o, json_type_string) ?
	    json_object_get_string(at->o) : "";

	for (const char *const *t = types; *t != NULL; t++)
		if (strcmp(*t, s) == 0)
			return;
	faults_add(at->faults, at->path,
	    "must be one of python-script, ansible-playbook, opentofu-plan, executable");
}

static void
check_number(const struct place *at, int64_t max)
{
	int64_t n = json_object_get_int64(at->o);

	if (!json_object_is_type(at->o, json_type_int) || n < 0 || n > max)
		faults_add(at->faults, at->path, "must be a whole number from 0 to %lld",
		    (long long)max);
}

static void
check_code(const struct place *at)
{
	check_number(at, CODE_MAX);
}

static void
check_delay(const struct place *at)
{
	check_number(at, DELAY_MAX);
}

static void
check_flag(const struct place *at)
{
	if (!json_object_is_type(at->o, json_type_boolean))
		faults_add(at->faults, at->path, "must be true or false");
}

static void
check_results(const struct place *at)
{
	SCOPED(tmp, NULL);

	if (!json_object_is_type(at->o, json_type_array)) {
		faults_add(at->faults, at->path, "must be an array");
		return;
	}
	for (size_t i = 0; i < json_object_array_length(at->o); i++)
		if (!json_object_is_type(json_object_array_get_idx(at->o, i), json_type_object))
			faults_add(at->faults, mem_printf(tmp, "%s[%zu]", at->path, i),
			    "must be an object");
}

static void
check_decorator(const struct place *at)
{
	SCOPED(tmp, NULL);
	struct faults *found = faults_new(tmp);

	if (!json_object_is_type(at->o, json_type_object)) {
		faults_add(at->faults, at->path, "must be a JSON Schema, an object");
		return;
	}
	schema_compile(tmp, at->o, found);
	for (size_t i = 0; i < found->kept; i++)
		faults_add(at->faults, mem_printf(tmp, "%s%s", at->path, found->at[i].path), "%s",
		    found->at[i].text);
}

struct member {
	const char *name;
	check_fn *check;
};

static const struct member service_members[] = {
	{ "name", check_name },
	{ "type", check_type },
	{ "description", check_any_text },
	{ "decorator", check_decorator },
	{ "stdout", check_any_text },
	{ "stderr", check_any_text },
	{ "return_code", check_code },
	{ "delay_ms", check_delay },
	{ "results", check_results },
	{ NULL, NULL }
};

static void
check_members(const struct place *at, const struct member *members)
{
	SCOPED(tmp, NULL);

	if (!json_object_is_type(at->o, json_type_object)) {
		faults_add(at->faults, at->path, "must be an object");
		return;
	}
	json_object_object_foreach(at->o, key, value) {
		const struct member *m = members;
		struct place inner = { value, mem_printf(tmp, "%s.%s", at->path, key), at->faults };

		while (m->name != NULL && strcmp(m->name, key) != 0)
			m++;
		if (m->name != NULL)
			m->check(&inner);
		else
			faults_add(at->faults, inner.path, "is not known to a simulator");
	}
}

static bool
name_stands_before(struct json_object *services, size_t i, const char *name)
{
	while (i-- > 0)
		if (text_eq(json_get_text(json_object_array_get_idx(services, i), "name"), name))
			return true;
	return false;
}

static void
check_services(const struct place *at)
{
	SCOPED(tmp, NULL);

	if (!json_object_is_type(at->o, json_type_array)) {
		faults_add(at->faults, at->path, "must be an array");
		return;
	}
	for (size_t i = 0; i < json_object_array_length(at->o); i++) {
		struct json_object *item = json_object_array_get_idx(at->o, i);
		struct place one = { item, mem_printf(tmp, "%s[%zu]", at->path, i), at->faults };
		const char *name = json_get_text(item, "name");

		check_members(&one, service_members);
		if (json_object_is_type(item, json_type_object) &&
		    !json_object_object_get_ex(item, "name", NULL))
			faults_add(at->faults, mem_printf(tmp, "%s.name", one.path), "is required");
		else if (name != NULL && name_stands_before(at->o, i, name))
			faults_add(at->faults, mem_printf(tmp, "%s.name", one.path),
			    "stands twice");
	}
}

static void
check_parallel(const struct place *at)
{
	conn_check_parallel(at->o, at->path, at->faults);
}

static const struct member settings_members[] = {
	{ "connected", check_flag },
	{ CONN_PARALLEL, check_parallel },
	{ "services", check_services },
	{ NULL, NULL }
};

static void
simulator_check(struct json_object *settings, struct faults *faults)
{
	const struct place at = { settings, "settings", faults };

	check_members(&at, settings_members);
}

static bool
simulator_connected(struct json_object *settings)
{
	struct json_object *o = json_get(settings, "connected");

	return o == NULL || json_object_get_boolean(o);
}

static struct conn_service *
simulator_discover(void *ctx, struct json_object *settings, size_t *n)
{
	struct json_object *services = json_get(settings, "services");
	struct conn_service *out;

	*n = services != NULL ? json_object_array_length(services) : 0;
	out = MEM_ARRAY(ctx, struct conn_service, *n);
	for (size_t i = 0; i < *n; i++) {
		struct json_object *item = json_object_array_get_idx(services, i);
		const char *type = json_get_text(item, "type");
		const char *text = json_get_text(item, "description");

		out[i] = (struct conn_service){
			.name = json_get_text(item, "name"),
			.type = type != NULL ? type : TYPE_DEFAULT,
			.description = text != NULL ? text : "", .definition = item,
		};
	}
	return out;
}

/* --- runs --- */

/* What a run will answer when its timer fires. */
struct answer {
	struct timer *timer;
	const char *out, *err;
	struct json_object *results;
	int return_code;
};

static enum err
simulator_ping(struct conn *c, struct error *e)
{
	if (simulator_connected(c->settings))
		return ERR_OK;
	return error_set(e, ERR_UNAVAILABLE, "No connection found to Gateway with cluster id %s",
	    c->cluster_id);
}

static enum err
simulator_open(struct conn *c, struct error *e)
{
	(void)c;
	(void)e;
	return ERR_OK;
}

static void
simulator_close(struct conn *c)
{
	(void)c;
}

static struct json_object *
item_of(const struct conn *c, const char *service)
{
	struct json_object *services = json_get(c->settings, "services");

	for (size_t i = 0; services != NULL && i < json_object_array_length(services); i++) {
		struct json_object *item = json_object_array_get_idx(services, i);

		if (text_eq(json_get_text(item, "name"), service))
			return item;
	}
	return NULL;
}

static void
answer_now(void *arg)
{
	struct conn_run *r = arg;
	const struct answer *a = r->own;
	struct conn_end end = { .ran = true, .return_code = a->return_code, .results = a->results };

	((struct answer *)r->own)->timer = NULL;
	conn_output(r, CONN_STDOUT, a->out, strlen(a->out));
	conn_output(r, CONN_STDERR, a->err, strlen(a->err));
	conn_ended(r, &end);
}

static int
answer_free(struct answer *a)
{
	loop_cancel(a->timer);
	return 0;
}

static enum err
simulator_submit(struct conn_run *r, const struct conn_order *o, struct error *e)
{
	struct json_object *item = item_of(r->conn, o->service);
	const char *out = json_get_text(item, "stdout"), *err = json_get_text(item, "stderr");
	struct answer *a;

	if (simulator_ping(r->conn, e) != ERR_OK)
		return e->code;
	a = r->own = MEM_NEW(r, struct answer);
	a->out = out != NULL ? mem_text(a, out) : o->params != NULL ? json_text(a, o->params) :
	    "{}";
	a->err = err != NULL ? mem_text(a, err) : "";
	a->return_code = json_object_get_int(json_get(item, "return_code"));
	a->results = json_keep(a, json_object_get(json_get(item, "results")));
	a->timer = loop_after(r->conn->loop, json_object_get_int64(json_get(item, "delay_ms")),
	    answer_now, r);
	MEM_ON_FREE(a, answer_free);
	return ERR_OK;
}

static void
simulator_cancel(struct conn_run *r)
{
	struct answer *a = r->own;

	loop_cancel(a->timer);
	a->out = a->err = "";
	a->results = NULL;
	a->return_code = CODE_CANCELED;
	a->timer = loop_after(r->conn->loop, 0, answer_now, r);
}

const struct connector_ops connector_simulator = {
	.kind = "simulator",
	.can = CAN_CANCEL | CAN_DISCOVER,
	.check = simulator_check,
	.connected = simulator_connected,
	.discover = simulator_discover,
	.open = simulator_open,
	.close = simulator_close,
	.ping = simulator_ping,
	.submit = simulator_submit,
	.cancel = simulator_cancel,
};
