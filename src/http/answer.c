#include "http/router.h"

static void
add(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static struct json_object *
success(void)
{
	struct json_object *o = json_object_new_object();

	add(o, "state", "Success");
	return o;
}

struct json_object *
answer_wrap(enum answer kind, struct response *res)
{
	struct json_object *body = res->body, *o, *value;

	res->body = NULL;
	switch (kind) {
	case ANSWER_BARE:
		return body;
	case ANSWER_RESULTS:
	case ANSWER_RESULT:
		o = success();
		if (res->message != NULL)
			add(o, "message", res->message);
		json_object_object_add(o, kind == ANSWER_RESULT ? "result" : "results", body);
		if (res->total >= 0)
			json_object_object_add(o, "total", json_object_new_int64(res->total));
		return o;
	case ANSWER_VALUE:
		o = success();
		value = json_object_new_object();
		json_object_object_add(value, "value", body);
		json_object_object_add(o, "result", value);
		return o;
	case ANSWER_MESSAGE_ID:
		json_object_put(body);
		o = success();
		add(o, "message", res->message);
		add(o, "id", res->id);
		return o;
	}
	return body;
}

static struct json_object *
list_faults(const struct faults *faults)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < faults->kept; i++) {
		struct json_object *one = json_object_new_object();

		add(one, "path", faults->at[i].path);
		add(one, "message", faults->at[i].text);
		json_object_array_add(list, one);
	}
	return list;
}

struct json_object *
answer_error(const struct error *e, const char *request_id, const struct faults *faults)
{
	struct json_object *o = json_object_new_object();

	add(o, "domain", "gateway_manager");
	add(o, "code", err_name(e->code));
	add(o, "message", e->detail);
	if (e->field[0] != '\0')
		add(o, "field", e->field);
	add(o, "request_id", request_id);
	if (faults != NULL && faults->kept > 0)
		json_object_object_add(o, "faults", list_faults(faults));
	return o;
}
