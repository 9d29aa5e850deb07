#ifndef API_LIST_H
#define API_LIST_H

#include <json-c/json.h>

#include "base/field.h"
#include "db/record.h"
#include "http/message.h"
#include "http/router.h"

/*
 * Lists (api.md section 4): what a query asks of the records that a field table describes. Its keys, all of which
 * may be left out:
 *
 *   limit=N skip=N          how many at most; how many to leave out first
 *   sort=FIELD order=1|-1   ascending (the default) or descending; what has no value is lowest; ties as in the store
 *   equals=V&equalsField=FIELD, contains=..., startsWith=...
 *   OP[FIELD]=V             OP is equals, contains, startsWith, starts-with, gt, gte, lt, lte, in, not-in; the last
 *                           two take a,b,c, and each one for itself as in[FIELD][]=a&in[FIELD][]=b
 *   include=a,b exclude=a,b the members to give (and _id), or to leave out
 *   page=N pageSize=N       of some lists, as the original's Inventory Manager has it: N from 1, and 25; limit and skip
 *                           go before
 *
 * FIELD is a name on the wire, dotted in a nest ("service_metadata.name"). A record must fit all filters. contains and
 * startsWith do not tell the case of ASCII letters, all else compares bytes. A time is compared as it is shown, to the
 * second. Of a list of names any one member decides (for not-in: none may fit). No value fits a field that has none,
 * but for not-in. JSON values can be neither filtered nor sorted by. Unknown keys are passed over.
 */

enum list_op {
	LIST_EQUALS,
	LIST_CONTAINS,
	LIST_STARTS_WITH,
	LIST_IN,
	LIST_NOT_IN,
	LIST_GT,
	LIST_GTE,
	LIST_LT,
	LIST_LTE
};

/* A value of a field: TEXT of a text or name, else NUMBER. */
struct list_value {
	const char *text;
	int64_t number;
	bool is_none;			/* null, or left out */
};

struct list_filter {
	enum list_op op;
	const struct field *field;
	bool is_open;			/* of the form in[FIELD][]: others join it */
	size_t n;
	struct list_value *values;	/* at least one; which one fits is all the same */
};

/* What sets one list apart from another. */
struct list_kind {
	/* Sets the computed members of RECORD that can be asked for. May be NULL. */
	void (*fill)(struct request *req, void *record);
	/* RECORD, filled, as it goes out: the caller owns it. NULL: E filled. */
	struct json_object *(*show)(struct request *req, void *record, struct error *e);
	const char *added;		/* a member that SHOW adds to those of the table, or NULL */
	int64_t limit;			/* without "limit"; 0: all */
	int64_t limit_max, skip_max;	/* 0: the bound of all lists */
	int64_t limit_cap;		/* a larger limit is taken for this one; 0: none */
	bool is_paged;			/* page and pageSize are taken too: ANSWER_PAGE */
};

/* A list that is asked for. */
struct list {
	const struct list_kind *kind;
	int64_t limit;			/* 0: all */
	int64_t skip;
	const struct field *sort;	/* NULL: as the store has them */
	bool is_descending;
	size_t n_filters;
	struct list_filter *filters;
	struct names include, exclude;	/* one of them is empty */
};

enum { LIST_VALUES_MAX = 1000 };	/* of one filter */

/* For the .query of a route whose list is paged. */
extern const struct query_field list_page_query[];

/* Whether OP can be used with fields of TYPE, and whether they can be sorted by: JSON and nests can neither. */
bool list_can_filter(enum list_op op, enum field_type type);
bool list_can_sort(enum field_type type);
/*
 * Reads REQ's query by the table in its route's .list; L borrows from REQ. ERR_INVALID naming the key at fault: what
 * is no number or neither 1 nor -1, a field that is not known or that the operator cannot be used with, a value of
 * another type than the field's, over LIST_VALUES_MAX of them, a key without the one that belongs to it, a key that
 * is there twice (also one of the route's own .query).
 */
enum err list_read(struct request *req, const struct list_kind *kind, struct list *l, struct error *e) MUST_CHECK;
/* Whether RECORD, filled, fits all filters of L. */
bool list_fits(const struct list *l, const void *record);
/* Adds RECORD, filled, to the array that is RES's body, with the members that L asks for. */
enum err list_add(struct request *req, struct response *res, const struct list *l, void *record,
    struct error *e) MUST_CHECK;
/* The whole answer where the records are ALL there: RES gets the body, and as total how many fit the filters. */
enum err list_answer(struct request *req, struct response *res, const struct records *all,
    const struct list_kind *kind, struct error *e) MUST_CHECK;

/* Finds the first SKIP + LIMIT in L's order of records that come one by one, and keeps little more than these. */
struct list_picks {
	const struct list *list;
	void *ctx;			/* parent of the rest; also of each WHAT, if they are OWNED */
	bool is_owned;			/* WHAT is freed when it falls out */
	size_t n, room;
	uint64_t seen;			/* all that were added */
	struct list_pick {
		struct list_value key;
		void *what;
		uint64_t rank;		/* among those seen */
	} *at;
};
/* The value of RECORD that L sorts by, borrowed. */
struct list_value list_key(const struct list *l, const void *record);
/* WHAT stands for a record with KEY; the key's text must live as long. */
void list_pick_add(struct list_picks *p, struct list_value key, void *what);
/* Sorts: from then on at[skip] to at[min(n, skip + limit) - 1] are the ones; *END gets that bound. */
void list_picks_end(struct list_picks *p, size_t *end);

#endif
