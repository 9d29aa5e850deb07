/*
 * The official cases that are not followed, each with its reason: X(draft, file, group, case, reason). NULL is every
 * case of the group; a case that begins with * is an ending; "debian" is draft7 as Debian 12 has it. Read by
 * test_schema_suite.c only.
 */
#define REMOTE "refers to another document: those are not fetched, the schema is refused"
#define DYNAMIC "$dynamicRef: not supported, the schema is refused"
#define VOCABULARY "the meta-schema that $schema names is not read: all keywords count"
#define ASSERTED "a decorator lets nothing pass unchecked: format is asserted, not only noted"
#define FORMAT "a format that is not offered: the schema is refused"
#define PUNYCODE "what a punycode label stands for is not looked into"
#define UNKNOWN "refers into an unknown keyword: those are refused, so that none is misspelled unseen"
#define LOOKBEHIND "PCRE2 10.42 has no lookbehind of variable width: such a pattern is refused"

X("draft2020-12", "defs.json", "validate definition against metaschema", NULL, REMOTE)
X("draft2020-12", "dynamicRef.json",
    "A $dynamicRef to a $dynamicAnchor in the same schema resource behaves like a normal $ref to an $anchor",
    NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json",
    "A $dynamicRef to an $anchor in the same schema resource behaves like a normal $ref to an $anchor",
    NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json",
    "A $dynamicRef resolves to the first $dynamicAnchor still in scope that is encountered when the "
    "schema is evaluated",
    NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json",
    "A $dynamicRef without anchor in fragment behaves identical to $ref",
    NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json",
    "A $dynamicRef with intermediate scopes that don't include a matching $dynamicAnchor does not "
    "affect dynamic scope resolution",
    NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json",
    "An $anchor with the same name as a $dynamicAnchor is not used for dynamic scope resolution",
    NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json",
    "A $dynamicRef without a matching $dynamicAnchor in the same schema resource behaves like a "
    "normal $ref to $anchor",
    NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json",
    "A $dynamicRef with a non-matching $dynamicAnchor in the same schema resource behaves like a "
    "normal $ref to $anchor",
    NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json",
    "A $dynamicRef that initially resolves to a schema with a matching $dynamicAnchor resolves to "
    "the first $dynamicAnchor in the dynamic scope",
    NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json",
    "A $dynamicRef that initially resolves to a schema without a matching $dynamicAnchor behaves "
    "like a normal $ref to $anchor",
    NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json", "multiple dynamic paths to the $dynamicRef keyword", NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json", "after leaving a dynamic scope, it is not used by a $dynamicRef", NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json", "strict-tree schema, guards against misspelled properties", NULL, REMOTE)
X("draft2020-12", "dynamicRef.json", "tests for implementation dynamic anchor and reference link", NULL, REMOTE)
X("draft2020-12", "dynamicRef.json", "$ref and $dynamicAnchor are independent of order - $defs first", NULL, REMOTE)
X("draft2020-12", "dynamicRef.json", "$ref and $dynamicAnchor are independent of order - $ref first", NULL, REMOTE)
X("draft2020-12", "dynamicRef.json", "$ref to $dynamicRef finds detached $dynamicAnchor", NULL, REMOTE)
X("draft2020-12", "dynamicRef.json", "$dynamicRef points to a boolean schema", NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json",
    "$dynamicRef skips over intermediate resources - direct reference",
    NULL, DYNAMIC)
X("draft2020-12", "dynamicRef.json",
    "$dynamicRef avoids the root of each schema, but scopes are still registered",
    NULL, DYNAMIC)
X("draft2020-12", "format.json", "email format", "*string is only an annotation by default", ASSERTED)
X("draft2020-12", "format.json", "idn-email format", NULL, FORMAT)
X("draft2020-12", "format.json", "regex format", "*string is only an annotation by default", ASSERTED)
X("draft2020-12", "format.json", "ipv4 format", "*string is only an annotation by default", ASSERTED)
X("draft2020-12", "format.json", "ipv6 format", "*string is only an annotation by default", ASSERTED)
X("draft2020-12", "format.json", "idn-hostname format", NULL, FORMAT)
X("draft2020-12", "format.json", "hostname format", "*string is only an annotation by default", ASSERTED)
X("draft2020-12", "format.json", "date format", "*string is only an annotation by default", ASSERTED)
X("draft2020-12", "format.json", "date-time format", "*string is only an annotation by default", ASSERTED)
X("draft2020-12", "format.json", "time format", "*string is only an annotation by default", ASSERTED)
X("draft2020-12", "format.json", "json-pointer format", NULL, FORMAT)
X("draft2020-12", "format.json", "relative-json-pointer format", NULL, FORMAT)
X("draft2020-12", "format.json", "iri format", NULL, FORMAT)
X("draft2020-12", "format.json", "iri-reference format", NULL, FORMAT)
X("draft2020-12", "format.json", "uri format", "*string is only an annotation by default", ASSERTED)
X("draft2020-12", "format.json", "uri-reference format", NULL, FORMAT)
X("draft2020-12", "format.json", "uri-template format", NULL, FORMAT)
X("draft2020-12", "format.json", "uuid format", "*string is only an annotation by default", ASSERTED)
X("draft2020-12", "format.json", "duration format", NULL, FORMAT)
X("draft2020-12", "optional/format/ecmascript-regex.json",
    "ECMA 262 lookbehind is valid, including variable width",
    "a variable-width lookbehind (ES2018)", LOOKBEHIND)
X("draft2020-12", "optional/format/hostname.json", "validation of A-label (punycode) host names", NULL, PUNYCODE)
X("draft2020-12", "ref.json", "remote ref, containing refs itself", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "remote ref", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "fragment within remote ref", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "anchor within remote ref", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "ref within remote ref", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "base URI change", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "base URI change - change folder", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "base URI change - change folder in subschema", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "root ref in remote ref", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "remote ref with ref to defs", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "Location-independent identifier in remote ref", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "retrieved nested refs resolve relative to their URI not $id", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "remote HTTP ref with different $id", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "remote HTTP ref with different URN $id", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "remote HTTP ref with nested absolute ref", NULL, REMOTE)
X("draft2020-12", "refRemote.json", "$ref to $ref finds detached $anchor", NULL, REMOTE)
X("draft2020-12", "unevaluatedItems.json", "unevaluatedItems with $dynamicRef", NULL, DYNAMIC)
X("draft2020-12", "unevaluatedProperties.json", "unevaluatedProperties with $dynamicRef", NULL, DYNAMIC)
X("draft2020-12", "vocabulary.json",
    "schema that uses custom metaschema with with no validation vocabulary",
    NULL, VOCABULARY)
X("draft7", "definitions.json", "validate definition against metaschema", NULL, REMOTE)
X("draft7", "format.json", "idn-email format", NULL, FORMAT)
X("draft7", "format.json", "idn-hostname format", NULL, FORMAT)
X("draft7", "format.json", "json-pointer format", NULL, FORMAT)
X("draft7", "format.json", "relative-json-pointer format", NULL, FORMAT)
X("draft7", "format.json", "iri format", NULL, FORMAT)
X("draft7", "format.json", "iri-reference format", NULL, FORMAT)
X("draft7", "format.json", "uri-reference format", NULL, FORMAT)
X("draft7", "format.json", "uri-template format", NULL, FORMAT)
X("draft7", "optional/format/ecmascript-regex.json",
    "ECMA 262 lookbehind is valid, including variable width",
    "a variable-width lookbehind (ES2018)", LOOKBEHIND)
X("draft7", "optional/format/hostname.json", "validation of A-label (punycode) host names", NULL, PUNYCODE)
X("draft7", "ref.json", "remote ref, containing refs itself", NULL, REMOTE)
X("draft7", "refRemote.json", "remote ref", NULL, REMOTE)
X("draft7", "refRemote.json", "fragment within remote ref", NULL, REMOTE)
X("draft7", "refRemote.json", "ref within remote ref", NULL, REMOTE)
X("draft7", "refRemote.json", "base URI change", NULL, REMOTE)
X("draft7", "refRemote.json", "base URI change - change folder", NULL, REMOTE)
X("draft7", "refRemote.json", "base URI change - change folder in subschema", NULL, REMOTE)
X("draft7", "refRemote.json", "root ref in remote ref", NULL, REMOTE)
X("draft7", "refRemote.json", "remote ref with ref to definitions", NULL, REMOTE)
X("draft7", "refRemote.json", "Location-independent identifier in remote ref", NULL, REMOTE)
X("draft7", "refRemote.json", "retrieved nested refs resolve relative to their URI not $id", NULL, REMOTE)
X("draft7", "refRemote.json", "$ref to $ref finds location-independent $id", NULL, REMOTE)
X("debian", "definitions.json", "valid definition", NULL, REMOTE)
X("debian", "definitions.json", "invalid definition", NULL, REMOTE)
X("debian", "ref.json", "escaped pointer ref", NULL, UNKNOWN)
