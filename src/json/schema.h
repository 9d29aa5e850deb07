#ifndef JSON_SCHEMA_H
#define JSON_SCHEMA_H

#include <json-c/json.h>

#include "base/err.h"
#include "base/fault.h"

/*
 * Decorators: JSON Schema for parameters, drafts 2020-12 and 07. What is not understood is refused when the schema is
 * compiled, so that nothing passes unchecked.
 *
 * A schema is read as draft-07 where its "$schema" names that, else as 2020-12; a schema within that has an $id may
 * say otherwise for itself. All formats of 2020-12 are there in both, and "cidr", and "password", which any text
 * fits. A "format" is always asserted. A "pattern" is ECMAScript's: \d, \w and \b are ASCII, \Z or (?i) do not exist.
 *
 * References lead to what is in the schema, or to the two drafts' own meta-schemas
 * ("https://json-schema.org/draft/2020-12/ schema" and its vocabularies', "http://json-schema.org/draft-07/schema"),
 * which are part of the program. $dynamicRef means what is found in the dynamic scope (2020-12 core section 8.2.3.2).
 *
 * Refused are unknown keywords and formats and those of the other draft ($recursiveRef is of neither); references to
 * any other document; those that go round in a circle without going into the value, as far as that can be seen in the
 * schema (where several schemas can be meant by a $dynamicRef it is the check that ends, at its depth); a "$schema"
 * that names somebody's own meta-schema, and $vocabulary, which makes a schema one.
 */
struct schema;

/*
 * Compiles SOURCE (borrowed only during the call), made for CTX. NULL: every
 * fault of the schema is in FAULTS, each with the JSON pointer of its place in
 * the schema. A compiled schema is constant: several threads may check with it at once.
 */
struct schema *schema_compile(void *ctx, struct json_object *source, struct faults *faults);
/*
 * Adds every fault of VALUE to FAULTS, each with its JSON pointer into VALUE. Returns how many were added. No text
 * holds a part of VALUE, but pointers hold its member names. A check that would take too much work, time or depth ends
 * with a fault that says so.
 */
size_t schema_check(const struct schema *s, struct json_object *value, struct faults *faults);
/*
 * Sets declared top-level properties (those of "properties" of the root, through $ref and allOf, and nested
 * objects that are present) that OBJECT lacks to their "default", where they have one. OBJECT is changed in place; a
 * default is taken as it stands, and is not checked: check the result. No object: nothing is done.
 */
void schema_apply_defaults(const struct schema *s, struct json_object *object);
/* Whether the root says (directly, by $ref or allOf) that property NAME is of type boolean and nothing else. */
int schema_is_boolean(const struct schema *s, const char *name);
/* Whether the root (directly, by $ref or allOf) has NAME in its "properties". */
int schema_declares(const struct schema *s, const char *name);
/*
 * Whether property NAME is not to be shown: any part of the root that may apply to it (also in a branch of anyOf, in a
 * nested object, for a name by pattern) says "format": "password".
 */
int schema_is_secret(const struct schema *s, const char *name);
/*
 * Whether host names in all scripts can be checked, which needs a library that is loaded on first use. ERR_UNAVAILABLE,
 * naming the package: it is not there; a check that needs it ends with a fault that says the same.
 */
enum err schema_ready(struct error *e) MUST_CHECK;

#endif
