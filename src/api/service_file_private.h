#ifndef API_SERVICE_FILE_PRIVATE_H
#define API_SERVICE_FILE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <json-c/json.h>

#include "base/fault.h"

/* What the files of the service file share. Nothing else includes this. */

enum member_type {
	MEMBER_TEXT,
	MEMBER_TEXTS,		/* a list of texts, none of them empty */
	MEMBER_INT,
	MEMBER_BOOL,
	MEMBER_ENV,		/* an object: names of environment variables to texts */
	MEMBER_SCHEMA,		/* a JSON Schema that can be compiled */
	MEMBER_OBJECT,
	MEMBER_OBJECTS		/* a list of objects */
};

/* What is wrong with text S, a member of OWNER: a sentence about it, NULL where nothing is. */
typedef const char *text_check(const char *s, struct json_object *owner);

/* One member of an item. */
struct member {
	const char *name;
	enum member_type type;
	unsigned required:1;
	unsigned nullable:1;
	int64_t min, max;		/* characters of a text, range of a number, members of a list; max 0: default */
	const char *words;		/* "a|b": what a text may be */
	text_check *check;		/* of a text, or of each one of a list */
	const char *section;		/* a text names an item of the section with this key */
	const char *needs;		/* the member of this name must be true beside it */
	const char *beside;		/* cannot stand beside the member of this name */
	const struct member *members;	/* of an object, or of each one of a list */
};

/* The members that items of one type have beside those of their section. */
struct variant {
	const char *type;
	const struct member *members;
};

struct section {
	const char *key;		/* in the document */
	const char *word;		/* for one item of it: "decorator" */
	bool is_services;		/* kept as services, else as items */
	bool is_secrets;		/* kept as secrets */
	bool is_opaque;			/* of another program: any objects, kept as they are */
	const struct member *members;
	const struct variant *variants;	/* NULL: items have no type */
};

/* In the order of the export; the last has no key. */
extern const struct section service_file_sections[];
/* NULL where there is no section KEY. */
const struct section *service_file_section(const char *key);
/* The check of names of environment variables. */
text_check service_file_env_name;

/* A reference to an item that is not in the document. */
struct reference {
	const struct section *section;
	const char *name;	/* borrowed from the document */
	const char *path;
};

struct references {
	size_t n;
	struct reference *at;
};

/* Adds every fault of DOCUMENT to FAULTS, and to OPEN (made for CTX) what it refers to and does not hold. */
void service_file_check(void *ctx, struct json_object *document, struct faults *faults, struct references *open);
/*
 * The name that item O, number INDEX of section S, is kept by, made for CTX: "#3" for one of another program that
 * has none. NULL: O is at fault.
 */
const char *service_file_name(void *ctx, const struct section *s, struct json_object *o, size_t index);

#endif
