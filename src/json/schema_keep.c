#include "json/schema_keep.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "json/body.h"

enum {
	TEXT_COST = 10,		/* bytes that json-c takes for one of text, about */
	LARGEST = SCHEMA_KEEP_BYTES / 4
};

/* A schema with a tree of memory of its own, which goes from thread to thread under the lock. */
struct kept {
	const char *text, *key;
	const struct schema *schema;
	size_t bytes;
	size_t users;
	uint64_t used;		/* when it was asked for last, in questions */
	bool is_dropped;	/* out of the list: the last user frees it */
};

struct schema_keep {
	pthread_mutex_t lock;
	uint64_t questions;
	size_t bytes;
	size_t n;
	struct kept *at[SCHEMA_KEEP_MAX];
};

/* A user's claim, freed with what it was made for. */
struct claim {
	struct schema_keep *keep;
	struct kept *kept;
};

/* With the lock, as all that follows but where it says otherwise. */
static struct kept *
find(struct schema_keep *k, const char *text, const char *key)
{
	for (size_t i = 0; i < k->n; i++)
		if (strcmp(k->at[i]->text, text) == 0 && strcmp(k->at[i]->key, key) == 0)
			return k->at[i];
	return NULL;
}

static void
drop(struct schema_keep *k, size_t i)
{
	struct kept *old = k->at[i];

	k->bytes -= old->bytes;
	k->at[i] = k->at[--k->n];
	old->is_dropped = true;
	if (old->users == 0)
		mem_free(old);
}

static void
drop_oldest(struct schema_keep *k)
{
	size_t oldest = 0;

	for (size_t i = 1; i < k->n; i++)
		if (k->at[i]->used < k->at[oldest]->used)
			oldest = i;
	drop(k, oldest);
}

/* One that is too large serves its first user and is gone then. */
static void
add(struct schema_keep *k, struct kept *new)
{
	new->is_dropped = new->bytes > LARGEST;
	if (new->is_dropped)
		return;
	while (k->n == SCHEMA_KEEP_MAX || k->bytes + new->bytes > SCHEMA_KEEP_BYTES)
		drop_oldest(k);
	k->at[k->n++] = new;
	k->bytes += new->bytes;
}

/* Without the lock. */
static int
claim_end(struct claim *c)
{
	struct kept *gone = NULL;

	pthread_mutex_lock(&c->keep->lock);
	c->kept->users--;
	if (c->kept->is_dropped && c->kept->users == 0)
		gone = c->kept;
	pthread_mutex_unlock(&c->keep->lock);
	mem_free(gone);
	return 0;
}

/* Without the lock, which schemas of many members would hold for long. */
static struct kept *
kept_new(const char *text, const char *key, struct faults *faults)
{
	SCOPED(tmp, NULL);
	struct json_object *source = json_own(tmp, text), *v;
	struct kept *new;

	if (!json_object_is_type(source, json_type_object)) {
		faults_add(faults, "", "must be an object");
		return NULL;
	}
	new = MEM_NEW(NULL, struct kept);
	new->text = mem_text(new, text);
	new->key = key;
	json_object_object_get_ex(source, key, &v);
	new->schema = schema_compile(new, v, faults);
	new->bytes = talloc_total_size(new) + strlen(text) * TEXT_COST;
	if (new->schema != NULL)
		return new;
	mem_free(new);
	return NULL;
}

/* Without the lock. NULL: there is none yet. */
static struct kept *
ask(struct schema_keep *k, const char *text, const char *key)
{
	struct kept *found;

	pthread_mutex_lock(&k->lock);
	found = find(k, text, key);
	if (found != NULL) {
		found->users++;
		found->used = ++k->questions;
	}
	pthread_mutex_unlock(&k->lock);
	return found;
}

/* Without the lock. What another thread has added meanwhile goes before. */
static struct kept *
offer(struct schema_keep *k, struct kept *new)
{
	struct kept *found;

	pthread_mutex_lock(&k->lock);
	found = find(k, new->text, new->key);
	if (found == NULL) {
		found = new;
		add(k, new);
	}
	found->users++;
	found->used = ++k->questions;
	pthread_mutex_unlock(&k->lock);
	if (found != new)
		mem_free(new);
	return found;
}

const struct schema *
schema_keep_get(struct schema_keep *k, void *ctx, const char *text, const char *key,
    struct faults *faults)
{
	struct kept *found = ask(k, text, key);
	struct claim *c;

	if (found == NULL) {
		found = kept_new(text, key, faults);
		if (found == NULL)
			return NULL;
		found = offer(k, found);
	}
	c = MEM_NEW(ctx, struct claim);
	c->keep = k;
	c->kept = found;
	MEM_ON_FREE(c, claim_end);
	return found->schema;
}

size_t
schema_keep_rest(struct schema_keep *k)
{
	size_t n;

	pthread_mutex_lock(&k->lock);
	for (size_t i = k->n; i > 0; i--)
		if (k->at[i - 1]->users == 0)
			drop(k, i - 1);
	n = k->n;
	pthread_mutex_unlock(&k->lock);
	return n;
}

static int
keep_end(struct schema_keep *k)
{
	while (k->n > 0)
		drop(k, k->n - 1);
	pthread_mutex_destroy(&k->lock);
	return 0;
}

struct schema_keep *
schema_keep_new(void *ctx)
{
	struct schema_keep *k = MEM_NEW(ctx, struct schema_keep);

	pthread_mutex_init(&k->lock, NULL);
	MEM_ON_FREE(k, keep_end);
	return k;
}
