#include <string.h>

#include "base/mem.h"
#include "json/schema_private.h"

/*
 * What is known beside a schema itself: the drafts, and their meta-schemas, which are
 * part of the program.
 */

static const char host[] = "json-schema.org";

/* Each has its URI as its first "$id"; the list is that of the Makefile. */
static const char *const documents[] = {
#include "schema_documents.inc"
};

/* A document that a schema refers to: the schema's texts lie in it. */
struct document {
	struct json_object *source;
};

static int
document_free(struct document *d)
{
	json_object_put(d->source);
	return 0;
}

static const char *
text_find(const char *uri)
{
	SCOPED(tmp, NULL);
	const char *start = mem_printf(tmp, "\"$id\": \"%s", uri);

	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		const char *found = strstr(documents[i], start);

		/* draft-07's has a fragment, which is empty */
		if (found != NULL && byte_in(found[strlen(start)], "\"#"))
			return documents[i];
	}
	return NULL;
}

void
schema_known(struct compiler *c, const char *uri)
{
	const char *text = text_find(uri);
	struct document *d;

	if (text == NULL)
		return;
	d = MEM_NEW(c->schema, struct document);
	d->source = mem_must(json_tokener_parse(text));
	MEM_ON_FREE(d, document_free);
	schema_node(c, d->source, NULL, resource_new(c, uri, mem_printf(c->schema, "%s#", uri),
	    names_draft7(d->source)));
}

bool
names_draft7(struct json_object *schema)
{
	struct json_object *v;

	return json_object_is_type(schema, json_type_object) &&
	    json_object_object_get_ex(schema, "$schema", &v) &&
	    json_object_is_type(v, json_type_string) &&
	    strstr(json_object_get_string(v), "draft-07") != NULL;
}

/*
 * The spelling of the two drafts does not matter, and what another draft means otherwise
 * than 2020-12 is refused by its keywords. But whoever names a meta-schema of their own
 * gives keywords a meaning, or none, that cannot be known here: what would be left is to
 * check something else than they meant.
 */
void
take_dialect(const struct taking *t)
{
	const char *text = json_object_get_string(t->v);

	if (!json_object_is_type(t->v, json_type_string))
		compiler_fault(t->c, t->at, "must be a text");
	else if (uri_is_elsewhere(text, host))
		compiler_fault(t->c, t->at,
		    "names a meta-schema that is not known, so that it cannot be told what the "
		    "schema means");
	else if ((strstr(text, "draft-07") != NULL) != t->n->resource->draft7)
		compiler_fault(t->c, t->at,
		    "names another draft than that of the schema around it, and has no $id beside "
		    "it");
}
