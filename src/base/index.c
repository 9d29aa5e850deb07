#include "base/index.h"

#include <assert.h>
#include <search.h>
#include <string.h>

#include "base/mem.h"

static int
compare(const void *a, const void *b)
{
	const struct indexed *x = a, *y = b;

	return strcmp(x->key, y->key);
}

void
index_add(struct index *i, struct indexed *e, const char *key, void *thing)
{
	struct indexed **in;

	*e = (struct indexed){ key, thing };
	in = mem_must(tsearch(e, &i->root, compare));
	assert(*in == e && "a key can be in an index once");
}

void
index_remove(struct index *i, struct indexed *e)
{
	if (e->key != NULL)
		tdelete(e, &i->root, compare);
	*e = (struct indexed){ 0 };
}

void *
index_find(const struct index *i, const char *key)
{
	const struct indexed wanted = { .key = key };
	struct indexed **in = tfind(&wanted, (void *const *)&i->root, compare);

	return in != NULL ? (*in)->thing : NULL;
}
