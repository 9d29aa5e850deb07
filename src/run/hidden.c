#include <string.h>

#include "base/mem.h"
#include "json/body.h"
#include "json/schema.h"
#include "run/mask.h"
#include "run/parts.h"
#include "run/vault.h"

/*
 * What a run is given and nobody is to see again: values of secrets, and
 * parameters of format password. They go into the order, and what the run gives
 * back is masked before anything keeps it.
 */

enum { STREAMS = 2 };

struct hidden {
	struct mask_set *set;
	struct mask *streams[STREAMS];
};

static enum err
too_much(const struct conn_order *o, struct error *e)
{
	return error_set(e, ERR_TOO_LARGE, "the secrets and secret parameters of service %s are "
	    "more than can be masked in its output: %d bytes", o->service, MASK_SET_MAX);
}

/* --- secrets --- */

static const struct conn_secret *
find(const struct conn_order *o, const char *name)
{
	for (size_t i = 0; i < o->n_secrets; i++)
		if (strcmp(o->secrets[i].name, name) == 0)
			return &o->secrets[i];
	return NULL;
}

/* A secret that O or a part of it names; NAME NULL: it names none. */
static enum err
add_secret(void *ctx, struct run *r, const char *name, struct conn_order *o, struct error *e)
{
	struct conn_secret *all;
	const char *value;

	if (name == NULL || find(o, name) != NULL)
		return ERR_OK;
	if (vault_get(ctx, r->d->db, r->d->config, r->job.gateway_id, name, &value, e) != ERR_OK)
		return e->code;
	all = MEM_ARRAY(ctx, struct conn_secret, o->n_secrets + 1);
	if (o->n_secrets > 0)
		memcpy(all, o->secrets, o->n_secrets * sizeof *all);
	all[o->n_secrets++] = (struct conn_secret){ mem_text(ctx, name), value };
	o->secrets = all;
	return mask_set_add(r->hidden->set, value) ? ERR_OK : too_much(o, e);
}

static enum err
add_registry_secrets(void *ctx, struct run *r, struct conn_order *o, struct error *e)
{
	struct json_object *all = o->registries;

	for (size_t i = 0; all != NULL && i < json_object_array_length(all); i++) {
		struct json_object *one = json_object_array_get_idx(all, i);

		if (add_secret(ctx, r, json_get_text(one, "password-name"), o, e) != ERR_OK ||
		    add_secret(ctx, r, json_get_text(one, "token-name"), o, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

static enum err
add_secrets(void *ctx, struct run *r, struct conn_order *o, struct error *e)
{
	struct json_object *list = json_get(o->definition, "secrets");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++)
		if (add_secret(ctx, r, json_get_text(json_object_array_get_idx(list, i), "name"), o,
		    e) != ERR_OK)
			return e->code;
	if (add_registry_secrets(ctx, r, o, e) != ERR_OK ||
	    add_secret(ctx, r, json_get_text(o->repository, "private-key-name"), o, e) != ERR_OK)
		return e->code;
	return add_secret(ctx, r, json_get_text(o->repository, "password-name"), o, e);
}

/* --- parameters --- */

/* All texts and numbers in V: of an object it cannot be told which of them is the secret one. */
static bool
add_leaves(struct mask_set *s, struct json_object *v)
{
	bool fits = true;

	switch (json_object_get_type(v)) {
	case json_type_null:
	case json_type_boolean:
		return true;
	case json_type_int:
	case json_type_double:
	case json_type_string:
		return mask_set_add(s, json_object_get_string(v));
	case json_type_array:
		for (size_t i = 0; i < json_object_array_length(v); i++)
			fits = fits && add_leaves(s, json_object_array_get_idx(v, i));
		return fits;
	case json_type_object:
		break;
	}
	json_object_object_foreach(v, key, member) {
		(void)key;
		fits = fits && add_leaves(s, member);
	}
	return fits;
}

static enum err
add_params(struct run *r, const struct conn_order *o, struct error *e)
{
	if (o->schema == NULL || !json_object_is_type(o->params, json_type_object))
		return ERR_OK;
	json_object_object_foreach(o->params, key, value)
		if (schema_is_secret(o->schema, key) && !add_leaves(r->hidden->set, value))
			return too_much(o, e);
	return ERR_OK;
}

/* --- the run --- */

enum err
hidden_fill(void *ctx, struct run *r, struct conn_order *o, struct error *e)
{
	r->hidden = MEM_NEW(r, struct hidden);
	r->hidden->set = mask_set_new(r->hidden);
	if (add_secrets(ctx, r, o, e) != ERR_OK || add_params(r, o, e) != ERR_OK) {
		/* Half filled it could not be used; the sentence names secrets, not values. */
		mem_free(r->hidden);
		r->hidden = NULL;
		return e->code;
	}
	mask_set_close(r->hidden->set);
	for (int i = 0; i < STREAMS; i++)
		r->hidden->streams[i] = mask_new(r->hidden, r->hidden->set);
	if (mask_set_is_empty(r->hidden->set)) {
		mem_free(r->hidden);
		r->hidden = NULL;
	}
	return ERR_OK;
}

static void
keep(void *pending, const void *bytes, size_t n)
{
	text_add(pending, bytes, n);
}

void
hidden_output(struct run *r, int stream, const void *bytes, size_t n)
{
	if (r->hidden != NULL)
		mask_feed(r->hidden->streams[stream], bytes, n, keep, r->keep[stream].pending);
	else
		text_add(r->keep[stream].pending, bytes, n);
}

void
hidden_output_end(struct run *r)
{
	for (int i = 0; r->hidden != NULL && i < STREAMS; i++)
		mask_flush(r->hidden->streams[i], keep, r->keep[i].pending);
}

const char *
hidden_text(void *ctx, const struct run *r, const char *text)
{
	return r->hidden != NULL ? mask_text(ctx, r->hidden->set, text) : text;
}

const char *
hidden_json(void *ctx, const struct run *r, struct json_object *o)
{
	SCOPED(tmp, NULL);

	if (r->hidden == NULL)
		return json_text(ctx, o);
	return json_text(ctx, json_keep(tmp, mask_json(r->hidden->set, o)));
}
