#include "api/list_private.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "http/router.h"
#include "json/record.h"

enum { NUMBER_MAX = 1000000000 };	/* of limit and skip, where a list names no bound */
enum { PAGE_DEFAULT = 25, PAGE_MAX = 1000000 };

/* NAME=V with BESIDE=FIELD, or NAME[FIELD]=V; BESIDE is NULL where there is the latter alone. */
struct operator {
	const char *name, *beside;
	enum list_op op;
	bool is_list;			/* V is a,b,c */
};

static const struct operator operators[] = {
	{ "equals", "equalsField", LIST_EQUALS, false },
	{ "contains", "containsField", LIST_CONTAINS, false },
	{ "startsWith", "startsWithField", LIST_STARTS_WITH, false },
	{ "starts-with", NULL, LIST_STARTS_WITH, false },
	{ "in", NULL, LIST_IN, true },
	{ "not-in", NULL, LIST_NOT_IN, true },
	{ "gt", NULL, LIST_GT, false },
	{ "gte", NULL, LIST_GTE, false },
	{ "lt", NULL, LIST_LT, false },
	{ "lte", NULL, LIST_LTE, false },
	{ 0 }
};

static const char *const plain_keys[] = { "limit", "skip", "sort", "order", "include", "exclude",
	NULL };

/* One reading of a query. */
struct reading {
	struct request *req;
	const struct field *fields;
	struct list *list;
	struct error *e;
};

/* A client has made up KEY and maybe some of the rest: it must not break the line. */
PRINTF_LIKE(3, 4) static enum err
fault(const struct reading *r, const char *key, const char *fmt, ...)
{
	char what[ERROR_DETAIL_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	error_field(r->e, key, "%s", what);
	for (char *p = r->e->field; *p != '\0'; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	for (char *p = r->e->detail; *p != '\0'; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	return r->e->code;
}

static enum err
find_field(const struct reading *r, const char *key, const char *name, const struct field **f)
{
	*f = record_find(r->fields, name);
	return *f != NULL ? ERR_OK : fault(r, key, "there is no field \"%s\"", name);
}

/* --- filters --- */

/* The operator that is the first N bytes of KEY; NULL where there is none. */
static const struct operator *
find_operator(const char *key, size_t n)
{
	for (const struct operator *o = operators; o->name != NULL; o++)
		if (strlen(o->name) == n && strncmp(o->name, key, n) == 0)
			return o;
	return NULL;
}

static const struct operator *
find_beside(const char *key)
{
	for (const struct operator *o = operators; o->name != NULL; o++)
		if (text_eq(o->beside, key))
			return o;
	return NULL;
}

static enum err
add_value(const struct reading *r, struct list_filter *f, const char *key, const char *text)
{
	struct list_value v;
	const char *what = list_value_read(f->field, text, &v);

	if (what != NULL)
		return fault(r, key, "%s, as %s is", what, field_wire(f->field));
	if (f->n == LIST_VALUES_MAX)
		return fault(r, key, "must have at most %d values", LIST_VALUES_MAX);
	f->values = MEM_GROW(r->req, f->values, struct list_value, f->n + 1);
	f->values[f->n++] = v;
	return ERR_OK;
}

static enum err
add_values(const struct reading *r, struct list_filter *f, const char *key, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, ",");

		if (add_value(r, f, key, mem_textn(r->req, text, n)) != ERR_OK)
			return r->e->code;
		if (text[n] == '\0')
			return ERR_OK;
		text += n + 1;
	}
}

static struct list_filter *
new_filter(const struct reading *r, enum list_op op, const struct field *f)
{
	struct list *l = r->list;

	l->filters = MEM_GROW(r->req, l->filters, struct list_filter, l->n_filters + 1);
	l->filters[l->n_filters] = (struct list_filter){ .op = op, .field = f };
	return &l->filters[l->n_filters++];
}

/* FIELD_KEY has named the field, PAIR has the value: equalsField and equals, or both equals[x]. */
static enum err
add_filter(const struct reading *r, const struct operator *o, const struct query_pair *pair,
    const char *field_key, const char *name)
{
	const struct field *f;
	struct list_filter *filter;

	if (find_field(r, field_key, name, &f) != ERR_OK)
		return r->e->code;
	if (!list_can_filter(o->op, f->type))
		return fault(r, field_key, "%s cannot be used with the field \"%s\"", o->name,
		    name);
	filter = new_filter(r, o->op, f);
	return o->is_list ? add_values(r, filter, pair->name, pair->value) :
	    add_value(r, filter, pair->name, pair->value);
}

/* in[FIELD][] and in[FIELD][0]: one value, which joins those before. */
static enum err
add_member(const struct reading *r, const struct operator *o, const struct query_pair *pair,
    const char *name)
{
	struct list *l = r->list;
	struct list_filter *filter = NULL;
	const struct field *f;

	if (find_field(r, pair->name, name, &f) != ERR_OK)
		return r->e->code;
	if (!list_can_filter(o->op, f->type))
		return fault(r, pair->name, "%s cannot be used with the field \"%s\"", o->name,
		    name);
	for (size_t i = 0; i < l->n_filters && filter == NULL; i++)
		if (l->filters[i].is_open && l->filters[i].op == o->op && l->filters[i].field == f)
			filter = &l->filters[i];
	if (filter == NULL)
		filter = new_filter(r, o->op, f);
	filter->is_open = true;
	return add_value(r, filter, pair->name, pair->value);
}

static bool
is_member_mark(const char *s)
{
	size_t digits = *s == '[' ? strspn(s + 1, "0123456789") : 0;

	return *s == '[' && strcmp(s + 1 + digits, "]") == 0;
}

/* OP[FIELD]; BRACKET is where its "[" is. */
static enum err
read_bracket(const struct reading *r, const struct operator *o, const struct query_pair *pair,
    const char *bracket)
{
	size_t n = strcspn(bracket, "]");
	const char *rest = bracket + n + (bracket[n] == ']');
	char *name = mem_textn(r->req, bracket + 1, n - 1);

	if (bracket[n] == ']' && *rest == '\0')
		return add_filter(r, o, pair, pair->name, name);
	if (o->is_list && is_member_mark(rest))
		return add_member(r, o, pair, name);
	return fault(r, pair->name, "must be %s[FIELD]", o->name);
}

/* OP with the key that names its field. */
static enum err
read_beside(const struct reading *r, const struct operator *o, const struct query_pair *pair)
{
	const char *name;

	if (o->beside == NULL)
		return fault(r, pair->name, "must name a field: %s[FIELD]", o->name);
	name = query_text(r->req, o->beside);
	if (name == NULL)
		return fault(r, pair->name, "needs %s beside it", o->beside);
	return add_filter(r, o, pair, o->beside, name);
}

static enum err
read_filter(const struct reading *r, const struct query_pair *pair)
{
	size_t n = strcspn(pair->name, "[");
	const struct operator *o = find_operator(pair->name, n);

	if (o != NULL)
		return pair->name[n] == '[' ? read_bracket(r, o, pair, pair->name + n) :
		    read_beside(r, o, pair);
	o = find_beside(pair->name);
	if (o != NULL && query_text(r->req, o->name) == NULL)
		return fault(r, pair->name, "needs %s beside it", o->name);
	return ERR_OK;
}

/* --- keys that are there twice --- */

static bool
is_of_route(const struct request *req, const char *key)
{
	const struct query_field *f = req->route->query;

	while (f != NULL && f->name != NULL && strcmp(f->name, key) != 0)
		f++;
	return f != NULL && f->name != NULL;
}

/* Whether KEY is one that may be there only once; in[FIELD][] may be there again. */
static bool
is_single(const struct request *req, const char *key)
{
	size_t n = strcspn(key, "["), length = strlen(key);

	for (const char *const *k = plain_keys; *k != NULL; k++)
		if (strcmp(*k, key) == 0)
			return true;
	if (length > 2 && strcmp(key + length - 2, "[]") == 0)
		return false;
	return find_operator(key, n) != NULL || find_beside(key) != NULL || is_of_route(req, key);
}

static enum err
check_single(const struct reading *r, size_t i)
{
	const struct query_pair *pairs = r->req->pairs;

	for (size_t k = 0; k < i; k++)
		if (strcmp(pairs[k].name, pairs[i].name) == 0 && is_single(r->req, pairs[i].name))
			return fault(r, pairs[i].name, "is there twice");
	return ERR_OK;
}

/* --- the rest --- */

const struct query_field list_page_query[] = {
	{ "page", "which page, from 1; limit and skip go before it" },
	{ "pageSize", "how many a page has; 25 if page alone is given" },
	{ 0 }
};

static enum err
read_page(const struct reading *r)
{
	struct request *req = r->req;
	struct list *l = r->list;
	int64_t page;

	if (!l->kind->is_paged || query_text(req, "limit") != NULL ||
	    query_text(req, "skip") != NULL ||
	    (query_text(req, "page") == NULL && query_text(req, "pageSize") == NULL))
		return ERR_OK;
	if (query_int(req, "pageSize", 1, PAGE_MAX, PAGE_DEFAULT, &l->limit, r->e) != ERR_OK ||
	    query_int(req, "page", 1, PAGE_MAX, 1, &page, r->e) != ERR_OK)
		return r->e->code;
	l->skip = (page - 1) * l->limit;
	return ERR_OK;
}

static enum err
read_numbers(const struct reading *r)
{
	struct list *l = r->list;
	const struct list_kind *k = l->kind;
	int64_t limit_max = k->limit_max != 0 ? k->limit_max : NUMBER_MAX;
	int64_t skip_max = k->skip_max != 0 ? k->skip_max : NUMBER_MAX;

	if (query_int(r->req, "limit", 1, limit_max, k->limit, &l->limit, r->e) != ERR_OK)
		return r->e->code;
	if (k->limit_cap != 0 && l->limit > k->limit_cap)
		l->limit = k->limit_cap;
	return query_int(r->req, "skip", 0, skip_max, 0, &l->skip, r->e);
}

static enum err
read_sort(const struct reading *r)
{
	const char *sort = query_text(r->req, "sort"), *order = query_text(r->req, "order");
	struct list *l = r->list;

	if (order != NULL && strcmp(order, "1") != 0 && strcmp(order, "-1") != 0)
		return fault(r, "order", "must be 1 or -1");
	l->is_descending = order != NULL && strcmp(order, "-1") == 0;
	if (sort == NULL)
		return l->is_descending ? fault(r, "order", "needs sort beside it") : ERR_OK;
	if (find_field(r, "sort", sort, &l->sort) != ERR_OK)
		return r->e->code;
	return list_can_sort(l->sort->type) ? ERR_OK :
	    fault(r, "sort", "the field \"%s\" cannot be sorted by", sort);
}

static enum err
read_members(const struct reading *r, const char *key, struct names *out)
{
	const char *text = query_text(r->req, key);
	const struct field *f;

	while (text != NULL) {
		size_t n = strcspn(text, ",");
		char *name = mem_textn(r->req, text, n);

		if (!text_eq(name, r->list->kind->added) &&
		    find_field(r, key, name, &f) != ERR_OK)
			return r->e->code;
		if (!names_has(out, name))
			names_add(r->req, out, name);
		text = text[n] == ',' ? text + n + 1 : NULL;
	}
	return ERR_OK;
}

static enum err
read_projection(const struct reading *r)
{
	struct list *l = r->list;

	if (read_members(r, "include", &l->include) != ERR_OK ||
	    read_members(r, "exclude", &l->exclude) != ERR_OK)
		return r->e->code;
	if (l->include.n > 0 && l->exclude.n > 0)
		return fault(r, "exclude", "cannot stand beside include");
	return ERR_OK;
}

enum err
list_read(struct request *req, const struct list_kind *kind, struct list *l, struct error *e)
{
	const struct reading r = { req, req->route->list, l, e };

	*l = (struct list){ .kind = kind };
	for (size_t i = 0; i < req->n_pairs; i++)
		if (check_single(&r, i) != ERR_OK || read_filter(&r, &req->pairs[i]) != ERR_OK)
			return e->code;
	if (read_numbers(&r) != ERR_OK || read_page(&r) != ERR_OK || read_sort(&r) != ERR_OK)
		return e->code;
	return read_projection(&r);
}
