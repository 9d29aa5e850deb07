#include "api/list_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "json/body.h"

bool
list_fits(const struct list *l, const void *record)
{
	for (size_t i = 0; i < l->n_filters; i++)
		if (!list_filter_fits(&l->filters[i], record))
			return false;
	return true;
}

/* --- order --- */

struct list_value
list_key(const struct list *l, const void *record)
{
	return l->sort != NULL ? list_value_of(l->sort, record) :
	    (struct list_value){ .is_none = true };
}

static int
pick_compare(const void *a, const void *b, void *arg)
{
	const struct list_pick *x = a, *y = b;
	const struct list *l = arg;
	int order = list_value_compare(&x->key, &y->key);

	if (order != 0)
		return l->is_descending ? -order : order;
	return x->rank < y->rank ? -1 : 1;
}

/* How many can be wanted in the end. */
static size_t
picks_keep(const struct list_picks *p)
{
	const struct list *l = p->list;

	return l->limit == 0 ? SIZE_MAX / 2 : (size_t)(l->skip + l->limit);
}

static void
picks_sort(struct list_picks *p)
{
	struct list l = *p->list;

	if (p->n > 1)
		qsort_r(p->at, p->n, sizeof *p->at, pick_compare, &l);
}

static void
picks_cut(struct list_picks *p)
{
	size_t keep = picks_keep(p);

	picks_sort(p);
	for (; p->n > keep; p->n--)
		if (p->is_owned)
			mem_free(p->at[p->n - 1].what);
}

/* What cannot be wanted goes when as much again has come: that costs one sort for many. */
void
list_pick_add(struct list_picks *p, struct list_value key, void *what)
{
	enum { ROOM_FIRST = 64 };

	if (p->n == p->room) {
		p->room = p->room == 0 ? ROOM_FIRST : 2 * p->room;
		p->at = MEM_GROW(p->ctx, p->at, struct list_pick, p->room);
	}
	p->at[p->n++] = (struct list_pick){ key, what, p->seen++ };
	if (p->n / 2 >= picks_keep(p))
		picks_cut(p);
}

void
list_picks_end(struct list_picks *p, size_t *end)
{
	picks_cut(p);
	*end = p->n;
}

/* --- members --- */

static bool
is_above(const char *path, const char *name)
{
	size_t n = strlen(path);

	return strncmp(name, path, n) == 0 && name[n] == '.';
}

static bool
has_below(const struct names *list, const char *path)
{
	for (size_t i = 0; i < list->n; i++)
		if (is_above(path, list->at[i]))
			return true;
	return false;
}

static void
prune(const struct list *l, struct json_object *o, const char *prefix)
{
	bool is_include = l->include.n > 0;
	const struct names *names = is_include ? &l->include : &l->exclude;
	SCOPED(tmp, NULL);

	json_object_object_foreach(o, key, value) {
		char *path = mem_printf(tmp, "%s%s", prefix, key);
		bool is_named = names_has(names, path);

		if (!is_named && has_below(names, path) &&
		    json_object_is_type(value, json_type_object))
			prune(l, value, mem_printf(tmp, "%s.", path));
		else if (is_include ? !is_named && strcmp(path, "_id") != 0 : is_named)
			json_object_object_del(o, key);
	}
}

/* --- answers --- */

enum err
list_add(struct request *req, struct response *res, const struct list *l, void *record,
    struct error *e)
{
	struct json_object *o = l->kind->show(req, record, e);

	if (o == NULL)
		return e->code;
	if (l->include.n > 0 || l->exclude.n > 0)
		prune(l, o, "");
	json_push(res->body, o);
	return ERR_OK;
}

enum err
list_answer(struct request *req, struct response *res, const struct records *all,
    const struct list_kind *kind, struct error *e)
{
	struct list l;
	struct list_picks p = { .list = &l, .ctx = req };
	size_t end;

	if (list_read(req, kind, &l, e) != ERR_OK)
		return e->code;
	res->total = 0;
	res->skip = l.skip;
	res->limit = l.limit;
	for (size_t i = 0; i < all->n; i++) {
		void *record = records_at(all, i);

		if (kind->fill != NULL)
			kind->fill(req, record);
		if (!list_fits(&l, record))
			continue;
		res->total++;
		list_pick_add(&p, list_key(&l, record), record);
	}
	list_picks_end(&p, &end);
	res->body = mem_must(json_object_new_array());
	for (size_t i = (size_t)l.skip; i < end; i++)
		if (list_add(req, res, &l, p.at[i].what, e) != ERR_OK)
			return e->code;
	return ERR_OK;
}
