#ifndef BASE_INDEX_H
#define BASE_INDEX_H

/*
 * Things found by a text: a balanced tree (tsearch(3)). Keys and things are
 * borrowed: what is indexed lies within the thing, both stay where they are while
 * they are in.
 */
struct indexed {
	const char *key;
	void *thing;
};

struct index {
	void *root;	/* NULL: nothing is in it */
};

/* KEY is in it no other time. */
void index_add(struct index *i, struct indexed *e, const char *key, void *thing);
/* One that is not in, zeroed or removed, is left alone. */
void index_remove(struct index *i, struct indexed *e);
/* The thing of KEY, or NULL. */
void *index_find(const struct index *i, const char *key);

#endif
