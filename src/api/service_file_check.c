#include "api/service_file_private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/body.h"
#include "json/schema.h"

enum {
	TEXT_MOST = 32768,	/* characters of a text by default; longer ones belong in a file */
	LIST_MOST = 1000,	/* members of a list by default */
	KEY_SHOWN = 64,		/* bytes of a member's name in a path */
	DELETE_CHARACTER = 0x7f
};

/* A place in the document, from the inside out; NULL is the whole. */
struct where {
	const struct where *up;
	const char *key;	/* NULL: INDEX counts */
	size_t index;
};

struct check {
	void *ctx;
	struct faults *faults;
	struct references *open;
	/* Section key to the names of its items, each to the index of the first with it. */
	struct json_object *names;
};

/* What an item may hold. */
struct lists {
	const struct member *common, *special;	/* SPECIAL may be NULL */
	bool any;	/* what is unknown may belong to a type that cannot be told */
};

static void check_object(struct check *c, const struct where *at, struct json_object *o,
    const struct lists *lists);

/* --- faults --- */

static void
hide_controls(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == DELETE_CHARACTER)
			*s = '?';
}

/* KEY may be anything: cut, and in one line. */
static const char *
key_text(void *ctx, const char *key)
{
	char *shown = mem_textn(ctx, key, KEY_SHOWN);

	hide_controls(shown);
	if (strlen(key) <= KEY_SHOWN)
		return shown;
	utf8_trim(shown);
	return mem_printf(ctx, "%s...", shown);
}

static const char *
where_text(void *ctx, const struct where *at)
{
	const char *up;

	if (at == NULL)
		return "";
	up = where_text(ctx, at->up);
	if (at->key == NULL)
		return mem_printf(ctx, "%s[%zu]", up, at->index);
	return mem_printf(ctx, "%s%s%s", up, *up != '\0' ? "." : "", key_text(ctx, at->key));
}

static void PRINTF_LIKE(3, 4)
fault(struct check *c, const struct where *at, const char *fmt, ...)
{
	SCOPED(tmp, NULL);
	va_list ap;
	const char *text;

	va_start(ap, fmt);
	text = mem_must(talloc_vasprintf(tmp, fmt, ap));
	va_end(ap);
	faults_add(c->faults, where_text(tmp, at), "%s", text);
}

/* --- single values --- */

static bool
is_among(const char *words, const char *s)
{
	size_t n = strlen(s), len;

	for (;; words += len + 1) {
		len = strcspn(words, "|");
		if (len == n && memcmp(words, s, n) == 0)
			return true;
		if (words[len] == '\0')
			return false;
	}
}

static void
fault_words(struct check *c, const struct where *at, const char *words)
{
	SCOPED(tmp, NULL);
	struct text *list = text_new(tmp, TEXT_MOST);

	for (; *words != '\0'; words++)
		text_puts(list, *words == '|' ? ", " : (char[]){ *words, '\0' });
	fault(c, at, "must be one of %s", list->at);
}

/* What is not in the document is left for the caller to look up. */
static void
refer(struct check *c, const struct where *at, const char *key, const char *name)
{
	struct json_object *known = json_get(c->names, key);

	if (json_object_object_get_ex(known, name, NULL))
		return;
	c->open->at = MEM_GROW(c->ctx, c->open->at, struct reference, c->open->n + 1);
	c->open->at[c->open->n++] = (struct reference){
		.section = service_file_section(key), .name = name, .path = where_text(c->ctx, at),
	};
}

static void
check_text(struct check *c, const struct where *at, const struct member *m, struct json_object *v,
    struct json_object *owner)
{
	const char *s = json_object_get_string(v), *wrong;
	bool alone = m->type == MEMBER_TEXT;
	int64_t n = (int64_t)utf8_count(s), min = alone ? m->min : 1;
	int64_t max = alone && m->max > 0 ? m->max : TEXT_MOST;

	if (m->words != NULL && !is_among(m->words, s))
		fault_words(c, at, m->words);
	else if (n < min)
		fault(c, at, "must not be empty");
	else if (n > max)
		fault(c, at, "must have at most %" PRId64 " characters", max);
	else if (m->check != NULL && (wrong = m->check(s, owner)) != NULL)
		fault(c, at, "%s", wrong);
	else if (m->section != NULL)
		refer(c, at, m->section, s);
}

static void
check_int(struct check *c, const struct where *at, const struct member *m, struct json_object *v)
{
	int64_t i = json_object_get_int64(v);

	if (i < m->min || i > m->max)
		fault(c, at, "must be from %" PRId64 " to %" PRId64, m->min, m->max);
}

static void
check_env(struct check *c, const struct where *at, struct json_object *o)
{
	json_object_object_foreach(o, key, v) {
		struct where here = { at, key, 0 };
		const char *wrong = service_file_env_name(key, NULL);

		if (wrong != NULL)
			fault(c, &here, "%s", wrong);
		else if (!json_object_is_type(v, json_type_string))
			fault(c, &here, "must be a text: put it in quotes");
	}
}

static void
check_schema(struct check *c, const struct where *at, struct json_object *o)
{
	SCOPED(tmp, NULL);
	struct faults *found = faults_new(tmp);

	if (schema_compile(tmp, o, found) != NULL)
		return;
	for (size_t i = 0; i < found->kept; i++) {
		char *path = mem_printf(tmp, "%s%s", where_text(tmp, at), found->at[i].path);

		hide_controls(path);
		faults_add(c->faults, path, "%s", found->at[i].text);
	}
	c->faults->count += found->count - found->kept;
	if (found->count == 0)
		fault(c, at, "is no JSON Schema");
}

/* --- lists --- */

static void
check_texts(struct check *c, const struct where *at, const struct member *m,
    struct json_object *list, struct json_object *owner)
{
	for (size_t i = 0, n = json_object_array_length(list); i < n; i++) {
		struct where here = { at, NULL, i };
		struct json_object *v = json_object_array_get_idx(list, i);

		if (json_object_is_type(v, json_type_string))
			check_text(c, &here, m, v, owner);
		else
			fault(c, &here, "must be a text");
	}
}

static void
check_objects(struct check *c, const struct where *at, const struct member *m,
    struct json_object *list)
{
	const struct lists lists = { .common = m->members };

	for (size_t i = 0, n = json_object_array_length(list); i < n; i++) {
		struct where here = { at, NULL, i };
		struct json_object *v = json_object_array_get_idx(list, i);

		if (json_object_is_type(v, json_type_object))
			check_object(c, &here, v, &lists);
		else
			fault(c, &here, "must be an object");
	}
}

/* Whether LIST has as many members as M wants. */
static bool
check_length(struct check *c, const struct where *at, const struct member *m,
    struct json_object *list)
{
	int64_t n = (int64_t)json_object_array_length(list), max = m->max > 0 ? m->max : LIST_MOST;

	if (n < m->min)
		fault(c, at, "must not be empty");
	else if (n > max)
		fault(c, at, "must have at most %" PRId64 " members", max);
	return n >= m->min && n <= max;
}

/* --- members --- */

static const struct {
	enum json_type json;
	const char *wanted;
} types[] = {
	[MEMBER_TEXT] = { json_type_string, "a text" },
	[MEMBER_TEXTS] = { json_type_array, "a list of texts" },
	[MEMBER_INT] = { json_type_int, "a whole number" },
	[MEMBER_BOOL] = { json_type_boolean, "true or false" },
	[MEMBER_ENV] = { json_type_object, "an object of texts" },
	[MEMBER_SCHEMA] = { json_type_object, "an object" },
	[MEMBER_OBJECT] = { json_type_object, "an object" },
	[MEMBER_OBJECTS] = { json_type_array, "a list of objects" },
};

static void
check_typed(struct check *c, const struct where *at, const struct member *m, struct json_object *v,
    struct json_object *owner)
{
	switch (m->type) {
	case MEMBER_TEXT:
		check_text(c, at, m, v, owner);
		break;
	case MEMBER_TEXTS:
		if (check_length(c, at, m, v))
			check_texts(c, at, m, v, owner);
		break;
	case MEMBER_INT:
		check_int(c, at, m, v);
		break;
	case MEMBER_BOOL:
		break;
	case MEMBER_ENV:
		check_env(c, at, v);
		break;
	case MEMBER_SCHEMA:
		check_schema(c, at, v);
		break;
	case MEMBER_OBJECT:
		check_object(c, at, v, &(struct lists){ .common = m->members });
		break;
	case MEMBER_OBJECTS:
		if (check_length(c, at, m, v))
			check_objects(c, at, m, v);
		break;
	}
}

static void
check_member(struct check *c, const struct where *at, const struct member *m, struct json_object *v,
    struct json_object *owner)
{
	if (m->beside != NULL && json_object_object_get_ex(owner, m->beside, NULL))
		fault(c, at, "cannot stand beside %s", m->beside);
	else if (m->needs != NULL && !json_object_get_boolean(json_get(owner, m->needs)))
		fault(c, at, "needs %s: true beside it", m->needs);
	else if (v == NULL && m->nullable)
		return;
	else if (!json_object_is_type(v, types[m->type].json))
		fault(c, at, "must be %s", types[m->type].wanted);
	else
		check_typed(c, at, m, v, owner);
}

static const struct member *
member_find(const struct member *list, const char *name)
{
	for (; list != NULL && list->name != NULL; list++)
		if (strcmp(list->name, name) == 0)
			return list;
	return NULL;
}

static void
check_required(struct check *c, const struct where *at, struct json_object *o,
    const struct member *list)
{
	for (; list != NULL && list->name != NULL; list++) {
		struct where here = { at, list->name, 0 };

		if (list->required && !json_object_object_get_ex(o, list->name, NULL))
			fault(c, &here, "is required");
	}
}

static void
check_object(struct check *c, const struct where *at, struct json_object *o,
    const struct lists *lists)
{
	json_object_object_foreach(o, key, v) {
		struct where here = { at, key, 0 };
		const struct member *m = member_find(lists->common, key);

		if (m == NULL)
			m = member_find(lists->special, key);
		if (m != NULL)
			check_member(c, &here, m, v, o);
		else if (!lists->any)
			fault(c, &here, "is not known here");
	}
	check_required(c, at, o, lists->common);
	check_required(c, at, o, lists->special);
}

/* --- items and sections --- */

const char *
service_file_name(void *ctx, const struct section *s, struct json_object *o, size_t index)
{
	const char *name = json_get_text(o, "name");

	if (name == NULL && s->is_opaque)
		return mem_printf(ctx, "#%zu", index + 1);
	return name != NULL ? mem_text(ctx, name) : NULL;
}

/* The names come first: an item may refer to one that follows. */
static void
collect_names(struct check *c, const struct section *s, struct json_object *list)
{
	struct json_object *names = mem_must(json_object_new_object());

	json_set(c->names, s->key, names);
	for (size_t i = 0, n = json_object_array_length(list); i < n; i++) {
		SCOPED(tmp, NULL);
		const char *name = service_file_name(tmp, s, json_object_array_get_idx(list, i), i);

		if (name != NULL && !json_object_object_get_ex(names, name, NULL))
			json_set(names, name, mem_must(json_object_new_int64((int64_t)i)));
	}
}

static void
check_unique(struct check *c, const struct where *at, const struct section *s,
    struct json_object *o, size_t index)
{
	SCOPED(tmp, NULL);
	const char *name = service_file_name(tmp, s, o, index);
	struct where here = { at, "name", 0 };
	int64_t first;

	if (name == NULL)
		return;
	first = json_object_get_int64(json_get(json_get(c->names, s->key), name));
	if (first != (int64_t)index)
		fault(c, &here, "is that of %s[%" PRId64 "] too", s->key, first);
}

static struct lists
lists_of(const struct section *s, struct json_object *o)
{
	const char *type = json_get_text(o, "type");
	struct lists lists = { .common = s->members, .any = s->variants != NULL };

	for (const struct variant *v = s->variants; v != NULL && v->type != NULL; v++)
		if (text_eq(v->type, type)) {
			lists.special = v->members;
			lists.any = false;
		}
	return lists;
}

static void
check_section(struct check *c, const struct section *s, struct json_object *list)
{
	struct where section = { NULL, s->key, 0 };

	for (size_t i = 0, n = json_object_array_length(list); i < n; i++) {
		struct where here = { &section, NULL, i };
		struct json_object *o = json_object_array_get_idx(list, i);
		struct lists lists = lists_of(s, o);

		if (!json_object_is_type(o, json_type_object)) {
			fault(c, &here, "must be an object");
			continue;
		}
		if (!s->is_opaque)
			check_object(c, &here, o, &lists);
		check_unique(c, &here, s, o, i);
	}
}

void
service_file_check(void *ctx, struct json_object *document, struct faults *faults,
    struct references *open)
{
	struct check c = { .ctx = ctx, .faults = faults, .open = open };

	*open = (struct references){ 0 };
	if (!json_object_is_type(document, json_type_object)) {
		faults_add(faults, "", "a service file must be an object of sections");
		return;
	}
	c.names = json_keep(ctx, mem_must(json_object_new_object()));
	for (const struct section *s = service_file_sections; s->key != NULL; s++)
		if (json_object_is_type(json_get(document, s->key), json_type_array))
			collect_names(&c, s, json_get(document, s->key));
	json_object_object_foreach(document, key, v) {
		struct where here = { NULL, key, 0 };
		const struct section *s = service_file_section(key);

		if (s == NULL)
			fault(&c, &here, "is not known here");
		else if (!json_object_is_type(v, json_type_array))
			fault(&c, &here, "must be a list of objects");
		else
			check_section(&c, s, v);
	}
}
