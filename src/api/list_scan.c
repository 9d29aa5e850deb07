#include "api/list_scan.h"

#include "base/mem.h"

enum { PAGE = 200 };

/* A list under way. */
struct scan {
	struct request *req;
	struct response *res;
	struct error *e;
	const struct list_source *source;
	struct list list;
	const char *after;		/* what comes up to this one counts, but is not given */
	bool is_past;			/* AFTER has been met */
	int64_t passed;			/* how many could have been given */
	struct list_picks picks;
};

/* A page after nothing would look like the end of the list. */
static enum err
check_after(struct scan *s)
{
	const struct list_source *from = s->source;
	SCOPED(tmp, NULL);
	enum err rc;

	if (s->after == NULL)
		return ERR_OK;
	if (s->list.sort != NULL)
		return error_field(s->e, "after", "cannot stand beside sort");
	rc = from->get(tmp, s->req->db, from->query, s->after, mem_bytes(tmp, from->size), s->e);
	return rc == ERR_NOT_FOUND ?
	    error_field(s->e, "after", "there is no %s (any more)", s->after) : rc;
}

/* Without filters the store can answer by itself. */
static enum err
list_plain(struct scan *s)
{
	const struct list_source *from = s->source;
	struct request *req = s->req;
	struct records page;

	if (from->page(req, req->db, from->query, s->after, s->list.limit, &page, s->e) != ERR_OK ||
	    from->total(req->db, from->query, &s->res->total, s->e) != ERR_OK)
		return s->e->code;
	for (size_t i = 0; i < page.n; i++)
		if (list_add(req, s->res, &s->list, records_at(&page, i), s->e) != ERR_OK)
			return s->e->code;
	return ERR_OK;
}

/* The page that holds RECORD goes: what stays of it is its id and what it is sorted by. */
static void
scan_pick(struct scan *s, const void *record)
{
	struct list_value key = list_key(&s->list, record);
	char *id = mem_text(s->req, s->source->id(record));

	if (key.text != NULL)
		key.text = mem_text(id, key.text);
	list_pick_add(&s->picks, key, id);
}

static enum err
scan_one(struct scan *s, void *record)
{
	const struct list *l = &s->list;
	bool can_give = s->is_past;

	s->is_past |= text_eq(s->source->id(record), s->after);
	if (l->kind->fill != NULL)
		l->kind->fill(s->req, record);
	if (!list_fits(l, record))
		return ERR_OK;
	s->res->total++;
	if (l->sort != NULL) {
		scan_pick(s, record);
		return ERR_OK;
	}
	if (!can_give || s->passed++ < l->skip || s->passed > l->skip + l->limit)
		return ERR_OK;
	return list_add(s->req, s->res, l, record, s->e);
}

/* Goes through the page behind *LAST, which then is the end of that; NULL: it was the last page. */
static enum err
scan_page(struct scan *s, char **last)
{
	const struct list_source *from = s->source;
	char *before = *last;
	struct records page;
	SCOPED(tmp, NULL);

	if (from->page(tmp, s->req->db, from->query, before, PAGE, &page, s->e) != ERR_OK)
		return s->e->code;
	for (size_t i = 0; i < page.n; i++)
		if (scan_one(s, records_at(&page, i)) != ERR_OK)
			return s->e->code;
	*last = page.n < PAGE ? NULL :
	    mem_text(s->req, from->id(records_at(&page, page.n - 1)));
	mem_free(before);
	return ERR_OK;
}

/* The picked ones as they are now: one that is gone or does not fit any more is left out. */
static enum err
give_picked(struct scan *s)
{
	const struct list_source *from = s->source;
	size_t end;

	list_picks_end(&s->picks, &end);
	for (size_t i = (size_t)s->list.skip; i < end; i++) {
		SCOPED(tmp, NULL);
		void *record = mem_bytes(tmp, from->size);
		enum err rc = from->get(tmp, s->req->db, from->query, s->picks.at[i].what,
		    record, s->e);

		if (rc == ERR_NOT_FOUND)
			continue;
		if (rc != ERR_OK)
			return rc;
		if (s->list.kind->fill != NULL)
			s->list.kind->fill(s->req, record);
		if (list_fits(&s->list, record) &&
		    list_add(s->req, s->res, &s->list, record, s->e) != ERR_OK)
			return s->e->code;
	}
	return ERR_OK;
}

static enum err
list_through(struct scan *s)
{
	char *last = NULL;

	s->is_past = s->after == NULL;
	s->picks = (struct list_picks){ .list = &s->list, .ctx = s->req, .is_owned = true };
	s->res->total = 0;
	do {
		if (scan_page(s, &last) != ERR_OK)
			return s->e->code;
	} while (last != NULL);
	return give_picked(s);
}

enum err
list_scan(struct request *req, struct response *res, const struct list_source *source,
    struct error *e)
{
	struct scan s = { .req = req, .res = res, .e = e, .source = source,
		.after = query_text(req, "after") };
	const struct list *l = &s.list;

	if (list_read(req, source->kind, &s.list, e) != ERR_OK || check_after(&s) != ERR_OK)
		return e->code;
	res->body = mem_must(json_object_new_array());
	return l->n_filters == 0 && l->skip == 0 && l->sort == NULL ?
	    list_plain(&s) : list_through(&s);
}
