#ifndef LIST_THING_H
#define LIST_THING_H

#include <criterion/criterion.h>

#include <stdint.h>

#include "api/list.h"
#include "base/mem.h"
#include "http/router.h"

/* A made-up record with a field of every type, and a request that lists such records. */

#define COUNT(a) (sizeof (a) / sizeof *(a))
#define SECOND INT64_C(1000)
/* 2026-03-03T19:26:37Z */
#define MARCH (INT64_C(1772565997) * SECOND)

struct thing {
	const char *id, *name, *note, *extra, *kind, *settings, *host;
	int64_t size, left, made, seen, port;
	bool enabled;
	struct names groups;
};

static const struct field inner_fields[] = {
	F_TEXT(thing, host),
	F_INT(thing, port),
	F_END
};

static const struct field connector_fields[] = {
	F_TEXT(thing, kind),
	F_JSON(thing, settings),
	F_NEST("inner", inner_fields),
	F_END
};

static const struct field fields[] = {
	F_TEXT(thing, id, .wire = "_id"),
	F_TEXT(thing, name),
	F_TEXT(thing, note, .nullable = 1),
	F_TEXT(thing, extra, .optional = 1),
	F_INT(thing, size),
	F_INT(thing, left, .nullable = 1),
	F_BOOL(thing, enabled),
	F_TIME(thing, made, .wire = "madeAt"),
	F_EPOCH(thing, seen),
	F_NAMES(thing, groups),
	F_NEST("connector", connector_fields),
	F_END
};

/* What one test has. */
struct world {
	struct request *req;
	struct response res;
	struct error e;
	struct route route;
};

static const struct query_field own_query[] = { { "own", "a key of the route's" }, { 0 } };

static struct world *
world_new(const char *query)
{
	struct world *w = MEM_NEW(NULL, struct world);

	w->req = MEM_NEW(w, struct request);
	w->route = (struct route){ .list = fields, .query = own_query };
	w->req->route = &w->route;
	w->req->query = query;
	response_init(&w->res);
	cr_assert_eq(query_read(w->req, &w->e), ERR_OK, "%s: %s", query, w->e.detail);
	return w;
}

static void
world_end(struct world *w)
{
	response_release(&w->res);
	mem_free(w);
}

#endif
