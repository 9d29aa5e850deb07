#include <string.h>

#include "base/mem.h"
#include "connector/git.h"
#include "json/body.h"
#include "run/frame.h"
#include "run/parts.h"
#include "run/vault.h"

/*
 * Files that clients want from git repositories, for imports. Their credentials come with the
 * order, or name a secret of the gateway; they are in no record and no log.
 */

enum {
	FETCHES_MAX = 8,	/* at once */
	FRAME_SPARE = 4096	/* bytes beside the facts */
};

#define SECRET "$GATEWAYSECRET_"

struct fetch {
	TAILQ_ENTRY(fetch) next;
	struct dispatch *d;
	struct client *client;
	char *tag;
	struct git_get *git;
};

static void
fetch_free(struct fetch *f)
{
	TAILQ_REMOVE(&f->d->fetches, f, next);
	f->d->n_fetches--;
	mem_free(f);
}

static enum err
facts_of(const struct git_end *end, struct json_object *facts, struct error *e)
{
	size_t n = 0;

	if (end->error != NULL)
		return error_set(e, end->error->code, "%s", end->error->detail);
	json_set(facts, "commit", mem_must(json_object_new_string(end->commit)));
	json_set(facts, "content", mem_must(json_object_new_string_len(end->content,
	    (int)end->content_len)));
	/* Escaped it may be longer than a frame can be. */
	json_object_to_json_string_length(facts, JSON_C_TO_STRING_PLAIN, &n);
	return n <= FRAME_MAX - FRAME_SPARE ? ERR_OK :
	    error_set(e, ERR_TOO_LARGE, "the file is too large to be handed over");
}

/* When the client is told, nothing of it is left here, credentials least of all. */
static void
got(void *arg, const struct git_end *end)
{
	SCOPED(tmp, NULL);
	struct fetch *f = arg;
	struct client *client = f->client;
	const char *tag = mem_text(tmp, f->tag);
	struct json_object *facts = json_keep(tmp, mem_must(json_object_new_object()));
	struct error e = { 0 };
	bool ok = facts_of(end, facts, &e) == ERR_OK;

	fetch_free(f);
	if (ok)
		control_tell(client, tag, json_object_get(facts));
	else
		control_reply(client, tag, "refused", &e);
}

/* What a client gave for a key or password: itself, or the secret of the gateway that it names. */
static enum err
credential(void *ctx, struct dispatch *d, struct json_object *o, const char *key,
    const char **value, struct error *e)
{
	const char *given = json_get_text(o, key);
	const char *gateway_id = json_get_text(o, "gateway_id");

	*value = given;
	if (given == NULL || strncmp(given, SECRET, strlen(SECRET)) != 0)
		return ERR_OK;
	return vault_get(ctx, d->db, d->config, gateway_id != NULL ? gateway_id : "",
	    given + strlen(SECRET), value, e);
}

static enum err
begin(struct dispatch *d, struct fetch *f, void *ctx, struct json_object *o, struct error *e)
{
	struct git_wish wish = {
		.name = "of the import", .url = json_get_text(o, "url"),
		.reference = json_get_text(o, "reference"), .scope = "",
		.username = json_get_text(o, "username"), .file = json_get_text(o, "file"),
		.file_max = (size_t)d->config->responder_max_import,
		.mark = mem_printf(f, "GATEHOUSE_JOB_ID=%s", f->tag),
	};

	if (wish.url == NULL || wish.file == NULL)
		return error_set(e, ERR_MALFORMED, "the order lacks its url or file");
	if (credential(ctx, d, o, "key", &wish.key, e) != ERR_OK ||
	    credential(ctx, d, o, "password", &wish.password, e) != ERR_OK)
		return e->code;
	f->git = git_get(f, d->loop, d->config, &wish, got, f);
	return ERR_OK;
}

void
fetch_take(struct dispatch *d, struct client *c, const char *tag, void *ctx, struct json_object *o)
{
	struct fetch *f = MEM_NEW(d, struct fetch);
	struct error e = { 0 };

	f->d = d;
	f->client = c;
	f->tag = mem_text(f, tag);
	TAILQ_INSERT_TAIL(&d->fetches, f, next);
	d->n_fetches++;
	if (d->stopping)
		error_set(&e, ERR_UNAVAILABLE, "gatehoused is being stopped, try again");
	else if (d->n_fetches > FETCHES_MAX)
		error_set(&e, ERR_UNAVAILABLE,
		    "too many imports from git are under way, try again");
	else if (begin(d, f, ctx, o, &e) == ERR_OK)
		return;
	control_reply(c, tag, "refused", &e);
	fetch_free(f);
}

void
fetch_forget(struct dispatch *d, const struct client *c, const char *tag)
{
	struct fetch *f, *next;

	for (f = TAILQ_FIRST(&d->fetches); f != NULL; f = next) {
		next = TAILQ_NEXT(f, next);
		if (f->client == c && (tag == NULL || strcmp(f->tag, tag) == 0))
			fetch_free(f);
	}
}

void
fetch_stop(struct dispatch *d)
{
	struct fetch *f;
	struct error e = { 0 };

	error_set(&e, ERR_UNAVAILABLE, "gatehoused is being stopped, try again");
	while ((f = TAILQ_FIRST(&d->fetches)) != NULL) {
		control_reply(f->client, f->tag, "refused", &e);
		fetch_free(f);
	}
}
