#ifndef API_OPENAPI_PRIVATE_H
#define API_OPENAPI_PRIVATE_H

#include <json-c/json.h>

#include "base/field.h"
#include "http/router.h"

/* What the files of the OpenAPI document share. Nothing else includes this, but its tests. */

/* JSON text by name. The last has no name. */
struct openapi_text {
	const char *name, *json;
};
/* Schemas of what no field table describes; each goes into the document under its name. */
extern const struct openapi_text openapi_shapes[];
/* Schemas of parameters of the path and the query, by the parameter's name; what is not here is a text. */
extern const struct openapi_text openapi_parameters[];
/* Security schemes: each credential that is taken (access/identity.h). */
extern const struct openapi_text openapi_schemes[];
/* Examples, by a member's name on the wire: texts and times only. */
extern const struct openapi_text openapi_examples[];

/* The records that answers hold. The last has no name. */
struct openapi_record {
	const char *name;
	const struct field *fields;
	const char *more;	/* NULL, or JSON: schemas by name of the members that are not in the table */
};
extern const struct openapi_record openapi_records[];
/* The one that FIELDS describe; NULL where there is none. */
const struct openapi_record *openapi_record_of(const struct field *fields);

/* Answers that are errors, one for each HTTP status of base/err.h. The last has the status 0. */
struct openapi_error {
	int status;
	const char *name, *doc;
	const char *header, *header_doc;	/* one that this answer has, or NULL */
};
extern const struct openapi_error openapi_errors[];

enum schema_use {
	SCHEMA_ANSWER,
	SCHEMA_CREATE,
	SCHEMA_UPDATE
};
/* Each makes what the caller owns. */
/* The schema of the object that FIELDS describe: what goes out, or what a body may hold. */
struct json_object *openapi_schema(const struct field *fields, enum schema_use use);
struct json_object *openapi_record_schema(const struct openapi_record *r);
/* {"$ref": "#/components/SECTION/NAME"} */
struct json_object *openapi_ref(const char *section, const char *name);
/* {"type": TYPE} */
struct json_object *openapi_type(const char *type);
/* The value that TEXT (of a table above) is. */
struct json_object *openapi_parse(const char *text);
/* The row NAME of TABLE, NULL where there is none. */
const struct openapi_text *openapi_find(const struct openapi_text *table, const char *name);
/* Member KEY of O becomes TEXT; nothing where TEXT is NULL. */
void openapi_put(struct json_object *o, const char *key, const char *text);
/* A schema of an object: {"type", "required", "properties"}, and a member of it. */
struct json_object *openapi_object(void);
void openapi_member(struct json_object *schema, const char *name, struct json_object *v, bool is_required);

/* The operation that T is. */
struct json_object *openapi_operation(const struct route *t);
/* Adds to LIST a parameter that stands IN "path", "query" or "header". */
void openapi_parameter(struct json_object *list, const char *in, const struct query_field *q);
/* Adds to LIST the parameters that all lists have (api/list.h), as the fields in T's .list allow. */
void openapi_list_parameters(struct json_object *list, const struct route *t);

#endif
