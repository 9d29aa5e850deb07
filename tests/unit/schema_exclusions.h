/*
 * The official cases that are not followed: X(draft, file, group, case, reason). NULL stands for every one; a name that
 * begins with * is an ending; "debian" is draft7 as Debian 12 has it. Read by test_schema_suite.c only, which holds each
 * of them against its reason: what is said to be refused must be refused, for the FAULT that is named here, and what
 * is said to be asserted must be judged, and otherwise than the case wants.
 */

/* Y(reason, why, FAULT: what the schema is refused for, NULL: it is taken) */
#define SCHEMA_REASONS(Y) \
	Y(REMOTE, "refers to a document that is none of the drafts' own: those are not fetched", \
	    "refers to another document, and those are not fetched: ") \
	Y(DIALECT, "somebody's own meta-schema: what it means by a keyword is not known", "names a meta-schema that is not known") \
	Y(LOOKBEHIND, "PCRE2 10.42 has no lookbehind of variable width: as a pattern it is refused", NULL) \
	Y(KEYWORD, "an unknown keyword: none is misspelled unseen", "is not a known keyword") \
	Y(PLACE, "a reference into what is no schema", "refers to a schema that is not there: ") \
	Y(FORMAT, "an unknown format: none is misspelled unseen", "is not a known format: ") \
	Y(ASSERTED, "a decorator lets nothing pass unchecked: a format is asserted, and not only noted", NULL) \
	Y(NOTED, "what a text holds that is of a media type is not looked at", NULL)

X("draft2020-12", "dynamicRef.json", "strict-tree schema, guards against misspelled properties", NULL, REMOTE)
X("draft2020-12", "dynamicRef.json", "tests for implementation dynamic anchor and reference link", NULL, REMOTE)
X("draft2020-12", "dynamicRef.json", "$ref and $dynamicAnchor are independent of order - $defs first", NULL, REMOTE)
X("draft2020-12", "dynamicRef.json", "$ref and $dynamicAnchor are independent of order - $ref first", NULL, REMOTE)
X("draft2020-12", "dynamicRef.json", "$ref to $dynamicRef finds detached $dynamicAnchor", NULL, REMOTE)
X(NULL, "refRemote.json", NULL, NULL, REMOTE)
X("draft2020-12", "format.json", NULL, "*string is only an annotation by default", ASSERTED)
X("draft2020-12", "vocabulary.json", NULL, NULL, DIALECT)
X(NULL, "optional/format/ecmascript-regex.json", "ECMA 262 lookbehind is valid, including variable width",
    "a variable-width lookbehind (ES2018)", LOOKBEHIND)
X(NULL, "optional/format/unknown.json", NULL, NULL, FORMAT)
X(NULL, "optional/unknownKeyword.json", NULL, NULL, KEYWORD)
X("draft2020-12", "optional/refOfUnknownKeyword.json", "reference internals of known non-applicator", NULL, PLACE)
X("draft2020-12", "optional/refOfUnknownKeyword.json", NULL, NULL, KEYWORD)
X("draft7", "optional/content.json", NULL, "an invalid JSON document", NOTED)
X("draft7", "optional/content.json", NULL, "an invalid base64 string (% is not a valid character)", NOTED)
X("draft7", "optional/content.json", NULL, "a validly-encoded invalid JSON document", NOTED)
X("draft7", "optional/content.json", NULL, "an invalid base64 string that is valid JSON", NOTED)
X("debian", "ref.json", "escaped pointer ref", NULL, KEYWORD)
X("draft2020-12", "optional/format-assertion.json", NULL, NULL, DIALECT)
