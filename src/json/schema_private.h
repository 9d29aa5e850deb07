#ifndef JSON_SCHEMA_PRIVATE_H
#define JSON_SCHEMA_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <json-c/json.h>

#include "base/fault.h"
#include "base/text.h"
#include "json/schema.h"

/* What the files of the schema compiler and checker share. Nothing else includes this. */

enum {
	SCHEMA_DEPTH = 64,		/* levels of schemas in schemas */
	SCHEMA_NODES = 20000,		/* schemas in a schema */
	SCHEMA_CHAIN = 256,		/* schemas in a row that look at one value */
	SCHEMA_TEXT = 200,		/* bytes of the schema's values that a fault quotes */
	CHECK_DEPTH = 1024,		/* schemas within schemas while checking */
	CHECK_WORK = 10000000,		/* steps of a check, about a second */
	CHECK_TIME = 2000,		/* ms of a check that looks at patterns */
	PATTERN_MAX = 8192,		/* bytes of a pattern */
	URI_MAX = 2048,			/* bytes of a $id or $ref */
	PLACE_MAX = 4096,		/* bytes of a JSON pointer; a longer one is cut */
	WORK_BYTES = 64,		/* bytes of a text that count as one step */
};

/* A number: an integer where it is one (also when it was written 1.0) and fits, else a double. */
struct number {
	bool is_int;
	int64_t i;
	double d;
};

struct bound {
	bool set;
	struct number number;
	const char *text;	/* as JSON */
};

struct count {
	bool set;
	size_t n;
};

enum {
	TYPE_NULL = 1,
	TYPE_BOOLEAN = 2,
	TYPE_INTEGER = 4,
	TYPE_NUMBER = 8,
	TYPE_STRING = 16,
	TYPE_ARRAY = 32,
	TYPE_OBJECT = 64
};

struct pattern;
struct node;

struct format {
	const char *name;
	const char *what;	/* "must be WHAT" */
	bool (*fits)(const char *s, size_t n);
	bool is_of_hosts;	/* FITS may only be asked after idn_load(), where idn_concerns() the text */
};

struct nodes {
	size_t n;
	struct node **at;
};

/* A member's schema, or what must be there beside it. Which of these is set depends on the list. */
struct member {
	const char *name;
	struct pattern *pattern;
	struct node *node;
	struct names needs;
};

struct members {
	size_t n;
	struct member *at;
};

/* How a schema applies another one: not at all ($defs), to the same value, or to a part of it. */
enum edge { EDGE_NONE, EDGE_SAME, EDGE_INTO };

/* All schemas whose $dynamicAnchor is NAME. */
struct anchor {
	size_t index;			/* among the schema's anchors */
	const char *name;
	struct nodes nodes;
};

struct dynamic_anchor {
	const struct anchor *anchor;
	const struct node *node;
};

/* A schema with a URI of its own and what is in it, without those within that have theirs. */
struct resource {
	const char *uri;		/* that references within are relative to, no fragment */
	const char *document;		/* "", or the URI of a known document (schema_known.c) with a # */
	bool draft7;
	size_t n_anchors;
	struct dynamic_anchor *anchors;
};

struct child {
	enum edge edge;
	struct node *node;
};

/* A compiled schema within the schema. All its texts belong to the schema's own copy of the source. */
struct node {
	size_t index;			/* among the schema's nodes */
	const char *where;		/* JSON pointer, in a known document behind its URI */
	struct resource *resource;
	bool never;			/* the schema false */
	bool walking, walked;		/* marks of the search for circles */
	size_t n_children;
	struct child *children;

	struct node *ref;
	struct node *dynamic;		/* of $dynamicRef: what it means, unless ANCHOR is set and found further out */
	const struct anchor *anchor;
	unsigned types;			/* 0: any */
	const char *types_text;
	bool has_constant, has_fallback, unique, tuple;
	struct json_object *constant, *fallback, *choices;
	const char *constant_text, *choices_text;
	struct bound minimum, maximum, above, below, step;
	struct count min_length, max_length, min_items, max_items, min_members, max_members;
	struct count min_contains, max_contains;
	struct pattern *pattern;
	const struct format *format;

	struct nodes all_of, any_of, one_of, prefix;
	struct node *not, *when, *then, *otherwise;
	struct node *items, *extra_items, *contains, *unevaluated_items;
	struct node *names, *additional, *unevaluated;
	struct members properties;	/* sorted by name */
	struct members patterns, dependent, definitions;
	struct names required;
	struct node *content;		/* contentSchema: an annotation, never applied */
};

struct schema {
	struct json_object *source;	/* a copy of our own */
	struct node *root;
	struct nodes nodes;
	size_t n_anchors;
	bool is_dynamic;		/* some $dynamicRef can mean several schemas */
};

/* A place in a value or a schema, from the inside out; NULL is the whole. */
struct spot {
	const struct spot *up;
	const char *key;	/* NULL: INDEX counts */
	size_t index;
};

/* A reference that waits until all is compiled. */
struct reference {
	struct node *from;
	const char *uri;
	const char *where;	/* of the reference itself */
	bool is_dynamic;
};

struct compiler {
	struct schema *schema;
	struct faults *faults;
	void *scratch;
	struct lh_table *places;	/* JSON pointer to node */
	struct lh_table *names;		/* URI, or URI#anchor, to node */
	struct lh_table *anchors;	/* name to struct anchor */
	size_t n_references;
	struct reference *references;
	size_t depth;
	bool full;			/* it was said that there are too many */
};

/* schema_compile.c */

/* The schema at V, which is in R, never NULL: what is wrong with it is among the faults. */
struct node *schema_node(struct compiler *c, struct json_object *v, const struct spot *at, struct resource *r);
/* The JSON pointer of a place, made for CTX; CUT (may be NULL) gets whether it was too long. */
char *spot_text(void *ctx, const struct spot *at, bool *cut);
void compiler_fault(struct compiler *c, const struct spot *at, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* schema_keyword.c */

/* A keyword K whose value V, at AT, goes into node N. */
struct taking {
	struct compiler *c;
	struct node *n;
	const struct keyword *k;
	struct json_object *v;
	const struct spot *at;
};

struct keyword {
	const char *name;
	unsigned drafts;	/* DRAFT_07 | DRAFT_2020 */
	void (*take)(const struct taking *t);
	size_t off;		/* of the member of struct node that is filled */
	enum edge edge;
};

enum { DRAFT_07 = 1, DRAFT_2020 = 2, DRAFTS = DRAFT_07 | DRAFT_2020 };

const struct keyword *keyword_find(const char *name);
/* What can be done only when all keywords of N are there. */
void keyword_finish(struct node *n);

/* schema_value.c: keywords whose value is plain, each as keyword.take. */

/* Where the node keeps the keyword's value. */
void *taking_slot(const struct taking *t);

void take_type(const struct taking *t);
void take_enum(const struct taking *t);
void take_const(const struct taking *t);
void take_default(const struct taking *t);
void take_bound(const struct taking *t);
void take_step(const struct taking *t);
void take_count(const struct taking *t);
void take_unique(const struct taking *t);
void take_pattern(const struct taking *t);
void take_format(const struct taking *t);
void take_required(const struct taking *t);
void take_text(const struct taking *t);
void take_dialect(const struct taking *t);
void take_flag(const struct taking *t);
void take_list(const struct taking *t);
/* Takes an array of unique texts; a fault where it is none. */
void take_names(struct compiler *c, struct names *out, struct json_object *v, const struct spot *at);
/* The compiled pattern S, made for the schema; a fault at AT where it is none, and NULL. */
struct pattern *take_regex(struct compiler *c, const char *s, size_t n, const struct spot *at);

/* schema_ref.c */

/* Registers N, the schema O at AT, under its pointer, $id and anchors; an $id gives it a resource of its own. */
void schema_register(struct compiler *c, struct node *n, struct json_object *o, const struct spot *at);
/* Keeps a $ref or $dynamicRef of N for schema_link(). */
void schema_refer(struct compiler *c, struct node *n, const char *uri, const struct spot *at, bool is_dynamic);
/* Finds what each reference means, and refuses circles. */
void schema_link(struct compiler *c);
/* A resource made for the schema. */
struct resource *resource_new(struct compiler *c, const char *uri, const char *document, bool draft7);
/* Notes that PARENT applies CHILD; nothing where EDGE is EDGE_NONE. */
void schema_attach(struct node *parent, struct node *child, enum edge edge);

/* schema_known.c */

/* Compiles the document URI, which the schema borrows, where it is a known one, and registers it. */
void schema_known(struct compiler *c, const char *uri);
/* Whether the "$schema" of SCHEMA names draft-07. */
bool names_draft7(struct json_object *schema);

/* schema_uri.c: RFC 3986 */

/* Whether S names a scheme, and its host, if it has one, is not HOST. */
bool uri_is_elsewhere(const char *s, const char *host);

/* REF resolved against BASE, made for CTX, without its fragment: *FRAGMENT gets that, borrowed from REF, or NULL. */
char *uri_resolve(void *ctx, const char *base, const char *ref, const char **fragment);
/* Percent-decodes S, made for CTX; NULL where it is malformed or holds a NUL. */
char *uri_decode(void *ctx, const char *s);
/*
 * How many bytes at S (N there) make one character beyond ASCII that may stand in an IRI (RFC 3987), of those for
 * private use only where WITH_PRIVATE is set; 0 where they make none.
 */
size_t uri_wide(const char *s, size_t n, bool with_private);

/* schema_format.c */

#define ALPHA "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"
#define HEX DIGIT "abcdefABCDEF"

const struct format *format_find(const char *name);
/* Whether C, which is no NUL, is in SET. */
bool byte_in(char c, const char *set);
/* Whether S (N bytes, all of them) has the shape FORM: 9 there is a digit, f a hexadecimal one, all else itself. */
bool bytes_shaped(const char *s, size_t n, const char *form);
/* The number that N digits make; N is small. */
int digits_value(const char *s, size_t n);

/* What the formats are, each as format.fits: schema_time.c, _host.c, _pointer.c, _uri.c */
bool format_date(const char *s, size_t n);
bool format_time(const char *s, size_t n);
bool format_date_time(const char *s, size_t n);
bool format_duration(const char *s, size_t n);
bool format_ipv4(const char *s, size_t n);
bool format_ipv6(const char *s, size_t n);
bool format_cidr(const char *s, size_t n);
bool format_hostname(const char *s, size_t n);
bool format_idn_hostname(const char *s, size_t n);
bool format_email(const char *s, size_t n);
bool format_idn_email(const char *s, size_t n);
bool format_pointer(const char *s, size_t n);
bool format_relative_pointer(const char *s, size_t n);
bool format_template(const char *s, size_t n);
bool format_uri(const char *s, size_t n);
bool format_uri_reference(const char *s, size_t n);
bool format_iri(const char *s, size_t n);
bool format_iri_reference(const char *s, size_t n);

/* schema_pattern.c */

/* What matching needs beside the pattern: one per check, made on first use. */
struct match;
enum matched { MATCHED_NO, MATCHED_YES, MATCHED_GAVE_UP };

/* N bytes as an ECMAScript pattern, made for CTX. NULL: *WHY says why not, made for CTX. */
struct pattern *pattern_new(void *ctx, const char *s, size_t n, const char **why);
const char *pattern_text(const struct pattern *p);
struct match *match_new(void *ctx);
/* Whether any part of the N bytes at S matches. GAVE_UP: it takes too much, or S is not UTF-8. */
enum matched pattern_match(const struct pattern *p, struct match *m, const char *s, size_t n);
/* schema_ecma.c: the ECMAScript pattern as PCRE2 wants it, made for CTX. NULL: *WHY says why not. */
struct text *ecma_translate(void *ctx, const char *s, size_t n, const char **why);

/* schema_number.c */

struct number number_of(struct json_object *v);
/* -1, 0, 1; a NaN is beside all: 2. Exact, also between an integer and a double. */
int number_compare(struct number a, struct number b);
/* Whether A is a multiple of B (greater than 0), as the decimal numbers that they are written as. */
bool number_is_multiple(struct number a, struct number b);
/* JSON equality: 1 equals 1.0, members in any order. */
bool value_equal(struct json_object *a, struct json_object *b);
/* Equal values have the same. */
uint64_t value_hash(struct json_object *v);
/* The TYPE_ bits that V has: an integer has two. */
unsigned value_types(struct json_object *v);

/* schema_check.c */

/* A resource that the check has entered: the dynamic scope, from the inside out. */
struct scope {
	const struct scope *outer;
	const struct resource *resource;
};

/* A check under way. It belongs to one thread. */
struct check {
	const struct schema *schema;
	void *scratch;
	struct faults *all;	/* the caller's */
	struct faults *faults;	/* the same, or NULL while something is only tried */
	const struct scope *scope;	/* kept only where the schema is_dynamic */
	const char *about;	/* before each text: "", or what of the place is meant */
	struct match *match;
	int64_t started;	/* ms, where a pattern was met */
	size_t work;
	size_t depth;
	bool gave_up;
};

/* Which items of an array, or members of an object in their order, some schema has looked at. */
struct marks {
	size_t n;
	bool *at;
};

struct visit {
	const struct node *node;
	struct json_object *value;
	unsigned types;		/* of the value */
	const struct spot *at;
	struct marks *marks;	/* NULL: nobody asks */
};

bool check_node(struct check *c, const struct node *n, struct json_object *v, const struct spot *at,
    struct marks *marks);
/* The same without faults; MARKS only where it fits. */
bool check_try(struct check *c, const struct node *n, struct json_object *v, const struct spot *at,
    struct marks *marks);
/* Adds a fault unless this is only a try. Returns false. */
bool check_fault(struct check *c, const struct spot *at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Takes N steps off what the check may cost; false where it has to end. */
bool check_spend(struct check *c, const struct spot *at, size_t n);
/*
 * Ends the check, with a fault also where this was only a try: what was not looked at to its end must not pass. Returns
 * false.
 */
bool check_give_up(struct check *c, const struct spot *at, const char *why);
/* Whether the check goes on after one fault. */
bool check_goes_on(const struct check *c, bool ok);
bool check_matches(struct check *c, const struct pattern *p, const char *s, size_t n, const struct spot *at);
struct marks *marks_new(struct check *c, struct json_object *v);
void marks_set(struct marks *m, size_t i);
void marks_join(struct marks *to, const struct marks *from);

/* The steps of check_node(), each for some keywords: schema_scalar.c, _branch.c, _array.c, _object.c */
bool check_type(struct check *c, const struct visit *x);
bool check_value(struct check *c, const struct visit *x);
bool check_number(struct check *c, const struct visit *x);
bool check_string(struct check *c, const struct visit *x);
bool check_branches(struct check *c, const struct visit *x);
bool check_array(struct check *c, const struct visit *x);
bool check_object(struct check *c, const struct visit *x);
bool check_dependent(struct check *c, const struct visit *x);
bool check_unevaluated(struct check *c, const struct visit *x);

const struct member *members_find(const struct members *list, const char *name);

#endif
