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

static struct json_object *
status(struct response *res, struct json_object *body)
{
	struct json_object *o = json_object_new_object();

	add(o, "status", "Success");
	if (res->message != NULL)
		add(o, "message", res->message);
	json_object_object_add(o, "result", body);
	return o;
}

/* Pages are counted from 1; where all is given, that is one page. */
static struct json_object *
page(const struct response *res, struct json_object *data)
{
	struct json_object *o = json_object_new_object();
	int64_t size = res->limit > 0 ? res->limit : res->total > 0 ? res->total : 1;

	json_object_object_add(o, "data", data);
	json_object_object_add(o, "totalRecords", json_object_new_int64(res->total));
	json_object_object_add(o, "currentPage", json_object_new_int64(res->skip / size + 1));
	json_object_object_add(o, "pageSize", json_object_new_int64(size));
	json_object_object_add(
	    o, "totalPages", json_object_new_int64((res->total + size - 1) / size));
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
	case ANSWER_LISTING:
		o = json_object_new_object();
		json_object_object_add(o, "results", body);
		json_object_object_add(o, "total", json_object_new_int64(res->total));
		return o;
	case ANSWER_OK:
		o = json_object_new_object();
		add(o, "status", "OK");
		json_object_object_add(o, "data", body);
		return o;
	case ANSWER_STATUS:
		return status(res, body);
	case ANSWER_PAGE:
		return status(res, page(res, body));
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
