#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "json/body.h"
#include "main/admin.h"

enum { CODE_MAX = 255 };

/* Longer than a run may take; the API takes no more than a day. */
#define PREFER_END "wait=86400"
#define PREFER_START "respond-async"

/* The object of --params, {} where it was not given. NULL: said why, *RC is the exit status. */
static struct json_object *
read_params(struct admin *a, int *rc)
{
	const char *given = admin_value(a, "params"), *bytes = given != NULL ? given : "{}";
	size_t n = strlen(bytes);
	struct json_object *o;
	struct text *file;
	struct error e;

	*rc = EXIT_FAILURE;
	if (bytes[0] == '@') {
		file = admin_read_file(a, bytes + 1, (size_t)a->config->responder_max_body);
		if (file == NULL)
			return NULL;
		bytes = file->at;
		n = file->len;
	}
	*rc = EXIT_USAGE;
	if (json_parse(a->ctx, bytes, n, &o, &e) != ERR_OK) {
		admin_misuse(a, "--params: %s", e.detail);
		return NULL;
	}
	if (!json_object_is_type(o, json_type_object)) {
		admin_misuse(a, "--params must be a JSON object");
		return NULL;
	}
	return o;
}

/* Sets the parameter WORD in PARAMS; SEEN has the names of those before. */
static int
set_param(struct admin *a, const char *word, struct json_object *params, struct names *seen)
{
	const char *sign = strchr(word, '=');
	bool is_json = sign != NULL && sign > word && sign[-1] == ':';
	size_t n = sign != NULL ? (size_t)(sign - word) - is_json : 0;
	const char *key = mem_textn(a->ctx, word, n);
	struct json_object *value;
	struct error e;

	if (n == 0)
		return admin_misuse(a, "--param must be NAME=TEXT or NAME:=JSON, not %s", word);
	if (names_has(seen, key))
		return admin_misuse(a, "the parameter %s is given twice", key);
	names_add(a->ctx, seen, key);
	if (!is_json)
		value = mem_must(json_object_new_string(sign + 1));
	else if (json_parse(a->ctx, sign + 1, strlen(sign + 1), &value, &e) == ERR_OK)
		value = json_object_get(value);
	else
		return admin_misuse(a, "the parameter %s: %s (NAME=TEXT gives a text)", key,
		    e.detail);
	json_set(params, key, value);
	return EXIT_SUCCESS;
}

static struct json_object *
collect_params(struct admin *a, int *rc)
{
	struct json_object *params = read_params(a, rc);
	struct names seen = { 0 };

	if (params == NULL)
		return NULL;
	*rc = EXIT_SUCCESS;
	for (size_t i = 0; i < a->n_given && *rc == EXIT_SUCCESS; i++)
		if (strcmp(a->given[i].option->name, "param") == 0)
			*rc = set_param(a, a->given[i].value, params, &seen);
	return *rc == EXIT_SUCCESS ? params : NULL;
}

/* The exit status for an ended run: its own, but never success where it was none. */
static int
end_status(struct json_object *return_code, const char *error)
{
	int64_t code = json_object_get_int64(return_code);

	if (error != NULL)
		admin_fail("%s", error);
	if (return_code == NULL || code < 0 || code > CODE_MAX || (code == 0 && error != NULL))
		return EXIT_FAILURE;
	return (int)code;
}

/* Follows the job that ANSWER names to its end. */
static int
follow(struct admin *a, struct json_object *answer)
{
	const char *job_id = json_get_text(json_get(answer, "result"), "job_id");
	struct json_object *job;
	int rc;

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "gatehouse: this is job %s\n", job_id);
	rc = admin_copy_output(a, job_id, NULL, true);
	if (rc != EXIT_SUCCESS) {
		admin_fail("job %s may go on: see `gatehouse job %s`", job_id, job_id);
		return rc;
	}
	job = admin_job(a, a->ctx, job_id);
	if (job == NULL)
		return EXIT_FAILURE;
	return end_status(json_get(job, "return_code"), json_get_text(job, "error"));
}

static bool
call_run(struct admin *a, struct json_object *params, const char *prefer, struct response *res)
{
	struct json_object *body = json_keep(a->ctx, mem_must(json_object_new_object()));
	const struct call call = {
		.method = M_POST, .path = "/services/run", .prefer = prefer, .body = body
	};

	json_set(body, "serviceName", mem_must(json_object_new_string(a->args[0])));
	json_set(body, "clusterId",
	    mem_must(json_object_new_string(admin_value(a, "gateway"))));
	json_set(body, "params", json_object_get(params));
	json_set(body, "inventory", admin_inventory_given(a));
	return admin_call(a, a->ctx, &call, res);
}

/* The exit status for an answer that was printed whole. */
static int
answer_status(struct json_object *answer, bool wait)
{
	struct json_object *result = json_get(answer, "result");
	struct json_object *code = json_get(result, "return_code");
	struct json_object *error = json_get(answer, "error");

	if (error == NULL && wait && code == NULL)
		return admin_fail("the run goes on: see `gatehouse job %s`",
		    json_get_text(result, "job_id"));
	if (!wait || code == NULL)
		return error == NULL ? EXIT_SUCCESS : EXIT_FAILURE;
	return end_status(code, json_get_text(error, "data"));
}

int
admin_run(struct admin *a)
{
	bool wait = !admin_has(a, "no-wait"), json = admin_has(a, "json");
	struct json_object *params;
	const char *error;
	struct response res;
	int rc;

	params = collect_params(a, &rc);
	if (params == NULL)
		return rc;
	if (!admin_open(a) || !call_run(a, params, wait && json ? PREFER_END : PREFER_START, &res))
		return EXIT_FAILURE;
	if (json) {
		admin_say_json(res.body);
		return answer_status(res.body, wait);
	}
	error = json_get_text(json_get(res.body, "error"), "data");
	if (json_get(res.body, "result") == NULL)
		return admin_fail("%s", error != NULL ? error : "the answer has no result");
	if (wait)
		return follow(a, res.body);
	admin_say("%s", json_get_text(json_get(res.body, "result"), "job_id"));
	return EXIT_SUCCESS;
}
