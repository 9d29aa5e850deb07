#ifndef CONNECTOR_FIXTURE_H
#define CONNECTOR_FIXTURE_H

#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/text.h"
#include "connector/connector.h"
#include "json/body.h"
#include "json/schema.h"
#include "proc/proc.h"

/* A state directory, a directory of code below it, a loop, and what runs give. For the connectors' tests. */

enum { LIMIT = 120, TURN_MS = 1000, GRACE = 30000, KEPT = 1024 * 1024 };

static void *ctx;
static struct loop *loop;
static struct config *config;
static const char *state, *code;

struct seen {
	struct text *out[2], *notes;	/* NOTES: a line for each, event and detail */
	struct conn *closes;	/* freed when the run ends */
	int ended;
	bool ran;
	int return_code;
	const char *error, *results;
	char attempt[ID_LEN + 1], job[ID_LEN + 1];
};

static inline void
on_output(void *arg, enum conn_stream stream, const void *bytes, size_t n)
{
	struct seen *s = arg;

	cr_assert_eq(s->ended, 0, "output after the end");
	cr_assert_gt(n, 0);
	text_add(s->out[stream], bytes, n);
}

static inline void
on_note(void *arg, const char *event, const char *detail)
{
	struct seen *s = arg;

	cr_assert_eq(s->ended, 0, "a note after the end");
	text_printf(s->notes, "%s: %s\n", event, detail);
}

static inline void
on_ended(void *arg, const struct conn_end *end)
{
	struct seen *s = arg;

	s->ended++;
	s->ran = end->ran;
	s->return_code = end->return_code;
	s->error = end->error != NULL ? mem_text(s, end->error) : NULL;
	s->results = end->results != NULL ? json_text(s, end->results) : NULL;
	mem_free(s->closes);
}

static const struct conn_events events = { on_output, on_note, on_ended };

static inline void
put_file(const char *name, mode_t mode, const char *text)
{
	const char *path = mem_printf(ctx, "%s/%s", code, name);
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "%s", path);
	fputs(text, f);
	cr_assert_eq(fclose(f), 0);
	cr_assert_eq(chmod(path, mode), 0);
}

static inline void
put_dir(const char *name)
{
	cr_assert_eq(mkdir(mem_printf(ctx, "%s/%s", code, name), 0755), 0);
}

static inline void
put_link(const char *to, const char *name)
{
	cr_assert_eq(symlink(to, mem_printf(ctx, "%s/%s", code, name)), 0);
}

static inline void
begin(void)
{
	struct error e;
	char dir[] = "/tmp/test_connector.XXXXXX";

	ctx = mem_scope(NULL);
	cr_assert_not_null(mkdtemp(dir));
	state = mem_text(ctx, dir);
	code = mem_printf(ctx, "%s/code", state);
	cr_assert_eq(mkdir(code, 0755), 0);
	config = config_defaults(ctx, state);
	config->local_roots = mem_printf(ctx, "/nowhere:%s", code);
	loop = loop_new(ctx, &e);
	cr_assert_not_null(loop);
	cr_assert_eq(proc_init(loop, &e), ERR_OK, "%s", e.detail);
}

/* Every test leaves STATE/runs empty: no run has left anything. */
static inline void
finish(void)
{
	const char *runs = mem_printf(ctx, "%s/runs", state);
	pid_t pid;

	rmdir(runs);
	cr_expect_neq(access(runs, F_OK), 0, "a run directory is left");
	pid = fork();
	if (pid == 0) {
		/* What is read-only stays to who is not root. */
		execl("/bin/sh", "sh", "-c", "chmod -R u+rwx \"$0\"; rm -rf \"$0\"", state, NULL);
		_exit(1);
	}
	while (kill(pid, 0) == 0)
		loop_turn(loop, 10);
	mem_free(ctx);
}

static inline struct conn *
open_kind(const char *kind, const char *settings)
{
	struct error e = { 0 };
	struct conn *c = conn_open(ctx, loop, config, kind, "lab", json_own(ctx, settings), &e);

	cr_assert_not_null(c, "%s", e.detail);
	return c;
}

static inline struct seen *
seen_new(void)
{
	struct seen *s = MEM_NEW(ctx, struct seen);

	s->out[0] = text_new(s, KEPT);
	s->out[1] = text_new(s, KEPT);
	s->notes = text_new(s, KEPT);
	snprintf(s->attempt, sizeof s->attempt, "%s", id_new(s));
	snprintf(s->job, sizeof s->job, "%s", id_new(s));
	return s;
}

/* JSON texts of an order; NULL: not there. */
struct wish {
	const char *service, *type, *definition, *params, *schema, *inventory, *executable, *repository, *registries;
	const char *state_path;
	const struct conn_secret *secrets;	/* ends in one without a name */
};

static inline size_t
count_secrets(const struct wish *w)
{
	size_t n = 0;

	while (w->secrets != NULL && w->secrets[n].name != NULL)
		n++;
	return n;
}

static inline struct json_object *
parsed(const char *text)
{
	struct json_object *o = json_own(ctx, text);

	cr_assert(text == NULL || o != NULL, "no JSON: %s", text);
	return o;
}

static inline enum err
submit(struct conn *c, const struct wish *w, struct seen *s, struct error *e)
{
	struct faults *faults = faults_new(ctx);
	const struct conn_order o = {
		.attempt_id = s->attempt, .job_id = s->job,
		.service = w->service != NULL ? w->service : "test", .type = w->type,
		.definition = parsed(w->definition), .params = parsed(w->params != NULL ? w->params : "{}"),
		.schema = w->schema != NULL ? schema_compile(ctx, parsed(w->schema), faults) : NULL,
		.inventory = parsed(w->inventory), .executable = parsed(w->executable),
		.repository = parsed(w->repository), .registries = parsed(w->registries), .grace_ms = GRACE,
		.state_path = w->state_path,
		.secrets = w->secrets, .n_secrets = count_secrets(w),
	};

	cr_assert_eq(faults->count, 0);
	return conn_submit(c, &o, &events, s, e);
}

static inline struct seen *
submitted(struct conn *c, const struct wish *w)
{
	struct seen *s = seen_new();
	struct error e = { 0 };

	cr_assert_eq(submit(c, w, s, &e), ERR_OK, "%s", e.detail);
	cr_assert_eq(s->ended, 0, "ended within submit");
	cr_assert_eq(s->out[0]->len + s->out[1]->len, 0);
	return s;
}

static inline void
await(const struct seen *s)
{
	while (!s->ended)
		loop_turn(loop, TURN_MS);
	cr_assert_eq(s->ended, 1);
}

static inline void
await_output(const struct seen *s)
{
	while (s->out[0]->len == 0 && !s->ended)
		loop_turn(loop, TURN_MS);
}

/* Refused with CODE and a sentence that holds SAYS; nothing is left of it. */
static inline void
expect_refused(struct conn *c, const struct wish *w, enum err is, const char *says)
{
	struct seen *s = seen_new();
	struct error e = { 0 };

	cr_expect_eq(submit(c, w, s, &e), is, "%s: %s", err_name(e.code), e.detail);
	cr_expect_not_null(strstr(e.detail, says), "wanted: %s\ngot: %s", says, e.detail);
	cr_expect_null(strchr(e.detail, '\n'));
	cr_expect_eq(conn_count(c), 0);
	cr_expect_neq(access(mem_printf(ctx, "%s/runs/%s", state, s->attempt), F_OK), 0);
	loop_turn(loop, 0);
	cr_expect_eq(s->ended, 0);
}

/* --- the local connector --- */

/* {"working-directory":CODE,REST} */
static inline const char *
definition(const char *rest)
{
	return mem_printf(ctx, "{\"name\":\"test\",\"working-directory\":\"%s\",%s}", code, rest);
}

static inline struct seen *
ran(const struct wish *w)
{
	struct conn *c = open_kind("local", "{}");
	struct seen *s = submitted(c, w);

	await(s);
	cr_expect(s->ran);
	mem_free(c);
	return s;
}

static inline void
refused(const struct wish *w, enum err is, const char *says)
{
	struct conn *c = open_kind("local", "{}");

	expect_refused(c, w, is, says);
	mem_free(c);
}

/* The words that the service saw are the JSON array WANTED. */
static inline void
expect_words(const struct wish *w, const char *wanted)
{
	struct seen *s = ran(w);
	struct json_object *o = json_own(ctx, s->out[0]->at);

	cr_assert_not_null(o, "%s%s", s->out[0]->at, s->out[1]->at);
	cr_expect(json_object_equal(o, parsed(wanted)), "%s -> %s, wanted %s", w->params, s->out[0]->at, wanted);
}

#endif
