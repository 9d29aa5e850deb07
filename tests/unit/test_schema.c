#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "base/text.h"
#include "json/body.h"
#include "json/schema.h"

/* JSON as C likes to write it: ' stands for ". The caller puts the result. */
static struct json_object *
parse(const char *s)
{
	void *tmp = mem_scope(NULL);
	char *copy = mem_text(tmp, s);
	struct json_object *o;
	struct error e;

	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	cr_assert_eq(json_parse(tmp, copy, strlen(copy), &o, &e), ERR_OK,
	    "the test's own JSON: %s: %s", s, e.detail);
	json_object_get(o);
	mem_free(tmp);
	return o;
}

/* The faults of a schema, made for CTX. */
static char *
refusal(void *ctx, const char *source)
{
	struct faults *f = faults_new(ctx);
	struct json_object *o = parse(source);
	struct schema *s = schema_compile(ctx, o, f);

	json_object_put(o);
	cr_expect_eq(s == NULL, f->count > 0);
	return faults_text(ctx, f);
}

static struct schema *
compile(void *ctx, const char *source)
{
	struct faults *f = faults_new(ctx);
	struct json_object *o = parse(source);
	struct schema *s = schema_compile(ctx, o, f);

	/* the source is the caller's again: what is compiled must not need it */
	json_object_put(o);
	cr_assert_not_null(s, "%s: %s", source, faults_text(ctx, f));
	return s;
}

static char *
faults_of(void *ctx, const char *source, const char *value)
{
	struct faults *f = faults_new(ctx);
	struct schema *s = compile(ctx, source);
	struct json_object *v = parse(value);

	cr_expect_eq(schema_check(s, v, f), f->count);
	json_object_put(v);
	return faults_text(ctx, f);
}

struct row {
	const char *schema, *value, *faults;
};

static void
expect_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		void *tmp = mem_scope(NULL);
		const char *got = faults_of(tmp, rows[i].schema, rows[i].value);

		cr_expect_str_eq(got, rows[i].faults, "%s with %s: \"%s\" instead of \"%s\"",
		    rows[i].schema, rows[i].value, got, rows[i].faults);
		mem_free(tmp);
	}
}

#define EXPECT_ROWS(rows) expect_rows(rows, sizeof rows / sizeof *rows)

Test(schema, texts_of_scalars)
{
	static const struct row rows[] = {
		{ "true", "null", "" },
		{ "{}", "{'a':1}", "" },
		{ "false", "1", "is not allowed here" },
		{ "{'type':'string'}", "1", "must be a text" },
		{ "{'type':'string'}", "null", "must be a text" },
		{ "{'type':['integer','null']}", "'x'", "must be an integer, or null" },
		{ "{'type':['integer','null']}", "null", "" },
		{ "{'type':'integer'}", "1.0", "" },
		{ "{'type':'integer'}", "1.5", "must be an integer" },
		{ "{'type':'integer'}", "1e300", "" },
		{ "{'type':'integer'}", "true", "must be an integer" },
		{ "{'type':'number'}", "1", "" },
		{ "{'type':'boolean'}", "0", "must be true or false" },
		{ "{'type':'array'}", "{}", "must be an array" },
		{ "{'type':'object'}", "[]", "must be an object" },
		{ "{'type':'null'}", "false", "must be null" },
		/* what the type refuses is not refused again for the same reason */
		{ "{'type':'string','enum':['a']}", "1", "must be a text" },
		{ "{'const':{'a':[1]}}", "{'a':[1.0]}", "" },
		{ "{'const':'a/b'}", "'b'", "must be \"a/b\"" },
		{ "{'const':null}", "null", "" },
		{ "{'const':null}", "0", "must be null" },
		{ "{'const':false}", "0", "must be false" },
		{ "{'enum':[1,'a',null]}", "2", "must be one of 1, \"a\", null" },
		{ "{'enum':[1,'a',null]}", "null", "" },
		{ "{'enum':[]}", "null", "must be one of " },
		{ "{'minimum':1}", "0", "must be at least 1" },
		{ "{'minimum':1}", "1", "" },
		{ "{'maximum':1.5}", "2", "must be at most 1.5" },
		{ "{'exclusiveMinimum':0}", "0", "must be greater than 0" },
		{ "{'exclusiveMaximum':10}", "10.0", "must be less than 10" },
		{ "{'minimum':5,'multipleOf':2}", "3",
		    "must be at least 5; must be a multiple of 2" },
		{ "{'minLength':1}", "''", "must be at least 1 character long" },
		{ "{'minLength':2}", "'\\u00e9'", "must be at least 2 characters long" },
		{ "{'maxLength':2.0}", "'\\ud83d\\ude00\\u00e9'", "" },
		{ "{'maxLength':2}", "'abc'", "must be at most 2 characters long" },
		{ "{'pattern':'^a+$'}", "'b'", "must match the pattern ^a+$" },
		{ "{'format':'date'}", "'2026-02-29'", "must be a date, as 2026-03-03" },
		{ "{'format':'password'}", "''", "" },
		{ "{'format':'date'}", "7", "" },
	};

	EXPECT_ROWS(rows);
}

Test(schema, pointers)
{
	static const struct row rows[] = {
		{ "{'properties':{'n':{'minimum':1}}}", "{'n':0}", "/n: must be at least 1" },
		{ "{'required':['n']}", "{}", "/n: is required" },
		{ "{'required':['n','m'],'type':'object'}", "{}",
		    "/n: is required; /m: is required" },
		{ "{'required':['n']}", "{'n':null}", "" },
		{ "{'required':['n']}", "[]", "" },
		{ "{'properties':{'n':true},'additionalProperties':false}", "{'n':1,'x':2}",
		    "/x: is not allowed here" },
		{ "{'properties':{'n':false}}", "{'n':1}", "/n: is not allowed here" },
		{ "{'additionalProperties':{'type':'null'}}", "{'a/b':1,'c~d':2,'':3}",
		    "/a~1b: must be null; /c~0d: must be null; /: must be null" },
		{ "{'properties':{'a':{'items':{'required':['b']}}}}", "{'a':[{'b':1},{},7]}",
		    "/a/1/b: is required" },
		{ "{'prefixItems':[{'type':'string'}],'items':false}", "[1,2]",
		    "/0: must be a text; /1: is not allowed here" },
		{ "{'uniqueItems':true}", "[{'a':1,'b':[2]},3,{'b':[2.0],'a':1}]",
		    "/2: must not be the same as item 0" },
		{ "{'uniqueItems':true}", "[1,true,0,false,null,'',[],{}]", "" },
		{ "{'minItems':2}", "[1]", "must have at least 2 items" },
		{ "{'maxItems':1}", "[1,2]", "must have at most 1 item" },
		{ "{'contains':{'const':1}}", "[2]",
		    "must have at least 1 item that fits \"contains\", has 0" },
		{ "{'contains':{'const':1},'maxContains':1}", "[1,1.0]",
		    "must have at most 1 item that fit \"contains\", has 2" },
		{ "{'minProperties':1}", "{}", "must have at least 1 member" },
		{ "{'maxProperties':0}", "{'a':1}", "must have at most 0 members" },
		{ "{'propertyNames':{'maxLength':1}}", "{'ab':1}",
		    "/ab: the name of this member must be at most 1 character long" },
		{ "{'patternProperties':{'^x':{'type':'null'}},'additionalProperties':false}",
		    "{'x1':1,'y':1}", "/x1: must be null; /y: is not allowed here" },
		{ "{'dependentRequired':{'a':['b']}}", "{'a':1}",
		    "/b: is required where a is given" },
		{ "{'dependentRequired':{'a':['b']}}", "{'b':1}", "" },
		{ "{'dependentSchemas':{'a':{'required':['c']}}}", "{'a':1}", "/c: is required" },
		{ "{'dependencies':{'a':['b'],'b':{'minProperties':3}}}", "{'a':1,'b':1}",
		    "must have at least 3 members" },
		{ "{'properties':{'a':true},'unevaluatedProperties':false}", "{'a':1,'b':2}",
		    "/b: is not allowed here" },
		{ "{'allOf':[{'prefixItems':[true]}],'unevaluatedItems':false}", "[1,2]",
		    "/1: is not allowed here" },
	};

	EXPECT_ROWS(rows);
}

Test(schema, branches)
{
	static const struct row rows[] = {
		{ "{'allOf':[{'minimum':1},{'multipleOf':2}]}", "-1",
		    "must be at least 1; must be a multiple of 2" },
		{ "{'anyOf':[{'type':'string'},{'type':'null'}]}", "1",
		    "must fit one of 2 alternatives (anyOf), and fits none" },
		{ "{'anyOf':[{'required':['a']}]}", "{}", "/a: is required" },
		{ "{'oneOf':[{'minimum':1},{'maximum':5}]}", "3",
		    "must fit only one of 2 alternatives (oneOf), and fits more" },
		{ "{'oneOf':[{'minimum':5},{'maximum':1}]}", "3",
		    "must fit one of 2 alternatives (oneOf), and fits none" },
		{ "{'oneOf':[{'minimum':5},{'maximum':1}]}", "7", "" },
		{ "{'not':{'type':'null'}}", "null", "must not fit the schema under \"not\"" },
		{ "{'if':{'minimum':10},'then':{'multipleOf':10},'else':{'multipleOf':2}}", "15",
		    "must be a multiple of 10" },
		{ "{'if':{'minimum':10},'then':{'multipleOf':10},'else':{'multipleOf':2}}", "3",
		    "must be a multiple of 2" },
		/* what a branch that did not fit looked at counts for nothing */
		{ "{'anyOf':[{'properties':{'a':{'type':'null'}}},true],'unevaluatedProperties':false}",
		    "{'a':1}", "/a: is not allowed here" },
		{ "{'$ref':'#/$defs/a','minimum':3,'$defs':{'a':{'maximum':1}}}", "2",
		    "must be at least 3; must be at most 1" },
		{ "{'$schema':'http://json-schema.org/draft-07/schema#','allOf':[{'$ref':'#/definitions/a',"
		    "'minimum':3}],'definitions':{'a':{'maximum':1}}}", "2", "must be at most 1" },
		{ "{'$schema':'http://json-schema.org/draft-07/schema#','items':[{'type':'null'}],"
		    "'additionalItems':{'type':'string'}}", "[1,2]",
		    "/0: must be null; /1: must be a text" },
	};

	EXPECT_ROWS(rows);
}

Test(schema, dynamic_references)
{
	/* a tree that says of its children only "what a tree is", and one that is stricter of all of them */
#define TREE "'$id':'tree','$dynamicAnchor':'node','properties':{'kids':{'items':{'$dynamicRef':'#node'}}}"
#define STRICT "'$id':'strict','$dynamicAnchor':'node','$ref':'tree','unevaluatedProperties':false,"
	static const struct row rows[] = {
		{ "{" STRICT "'$defs':{'t':{" TREE "}}}", "{'kids':[{'kids':[{}]}]}", "" },
		{ "{" STRICT "'$defs':{'t':{" TREE "}}}", "{'kids':[{'kids':[{'kid':1}]}]}",
		    "/kids/0/kids/0/kid: is not allowed here" },
		/* the tree by itself is what it says */
		{ "{" TREE ",'$defs':{'s':{" STRICT "'type':'object'}}}", "{'kids':[{'kid':1}]}", "" },
		/* only one schema can be meant */
		{ "{" TREE "}", "{'kids':[{'kids':7}]}", "" },
		{ "{" TREE ",'type':'object'}", "{'kids':[{'kids':[7]}]}", "/kids/0/kids/0: must be an object" },
		{ "{'$dynamicRef':'#/$defs/a','$defs':{'a':{'type':'null'}}}", "1", "must be null" },
		{ "{'$dynamicRef':'#a','$defs':{'a':{'$anchor':'a','type':'null'}}}", "1", "must be null" },
		/* what is left is not in scope any more */
		{ "{'$id':'r','allOf':[{'$ref':'x'},{'$ref':'y'}],'$defs':{"
		    "'x':{'$id':'x','$dynamicAnchor':'d','type':'integer'},"
		    "'y':{'$id':'y','$dynamicRef':'#d','$defs':{'d':{'$dynamicAnchor':'d','minimum':5}}}}}", "3",
		    "must be at least 5" },
		/* nor does an $anchor of that name count */
		{ "{'$id':'r','$ref':'y','$defs':{'a':{'$anchor':'d','type':'null'},"
		    "'y':{'$id':'y','$dynamicRef':'#d','$defs':{'d':{'$dynamicAnchor':'d','minimum':5}}},"
		    "'z':{'$id':'z','$dynamicAnchor':'d'}}}", "3", "must be at least 5" },
		/* a circle that only the check can find */
		{ "{'$id':'r','$dynamicAnchor':'a','$ref':'x','$defs':{'x':{'$id':'x','$dynamicAnchor':'a',"
		    "'$dynamicRef':'#a'}}}", "1", "is nested too deeply to check" },
	};

	EXPECT_ROWS(rows);
}

#define META "'$ref':'https://json-schema.org/draft/2020-12/schema'"
#define META7 "'$ref':'http://json-schema.org/draft-07/schema#'"
#define DRAFT7 "'$schema':'http://json-schema.org/draft-07/schema#'"

Test(schema, known_documents)
{
	static const struct row rows[] = {
		{ "{" META "}", "{'properties':{'a':{'minimum':1}}}", "" },
		{ "{" META "}", "{'properties':{'a':{'minimum':'1','x':[{'minimum':'1'}]}}}",
		    "/properties/a/minimum: must be a number" },
		{ "{" META "}", "{'$defs':{'a':{'type':'integr','$anchor':'1'}},'required':['a','a']}",
		    "/$defs/a/$anchor: must match the pattern ^[A-Za-z_][-A-Za-z0-9._]*$; "
		    "/$defs/a/type: must fit one of 2 alternatives (anyOf), and fits none; "
		    "/required/1: must not be the same as item 0" },
		{ "{" META "}", "{'pattern':'('}", "/pattern: must be a regular expression as ECMAScript has them" },
		{ "{'$ref':'https://json-schema.org/draft/2020-12/meta/validation#/$defs/stringArray'}", "[1]",
		    "/0: must be a text" },
		/* also from the other draft, each read as what it is */
		{ "{" META7 "}", "{'items':[{'minimum':1},{'minimum':'1'}]}",
		    "/items: must fit one of 2 alternatives (anyOf), and fits none" },
		{ "{" DRAFT7 "," META7 "}", "{'not':1}", "/not: must be an object, or true or false" },
		{ "{" DRAFT7 "," META "}", "{'not':1}", "/not: must be an object, or true or false" },
		/* what a schema calls so itself goes before */
		{ "{" META ",'$defs':{'m':{'$id':'https://json-schema.org/draft/2020-12/schema','type':'null'}}}",
		    "1", "must be null" },
		/* a schema within may be of the other draft */
		{ "{'prefixItems':[{'$id':'a'," DRAFT7 ",'items':[{'type':'null'}]}],'$defs':{'b':"
		    "{'$id':'b'," DRAFT7 ",'dependencies':{'a':['b']}}}}", "[[1]]", "/0/0: must be null" },
	};
	void *tmp = mem_scope(NULL);
	const char *got;

	EXPECT_ROWS(rows);
	/* an anchor that is not there, and a document that only looks like one of them */
	got = refusal(tmp, "{'$ref':'https://json-schema.org/draft/2020-12/meta/core#none'}");
	cr_expect_str_eq(got, "/$ref: refers to a schema that is not there: "
	    "https://json-schema.org/draft/2020-12/meta/core#none");
	got = refusal(tmp, "{'$ref':'https://json-schema.org/draft/2020-12/meta/cor'}");
	cr_expect_str_eq(got, "/$ref: refers to another document, and those are not fetched: "
	    "https://json-schema.org/draft/2020-12/meta/cor");
	got = refusal(tmp, "{'$ref':'https://json-schema.org/draft/2019-09/schema'}");
	cr_expect_not_null(strstr(got, "refers to another document"));
	mem_free(tmp);
}

Test(schema, recursion)
{
	static const char tree[] = "{'$id':'root','type':'object','properties':{'v':{'type':'integer'},"
	    "'kids':{'type':'array','items':{'$ref':'#'}}},'additionalProperties':false}";
	static const struct row rows[] = {
		{ tree, "{'v':1,'kids':[{'v':2,'kids':[]},{'kids':[{}]}]}", "" },
		{ tree, "{'kids':[{},{'kids':[{'v':'x'},{'w':1}]}]}",
		    "/kids/1/kids/0/v: must be an integer; /kids/1/kids/1/w: is not allowed here" },
	};

	EXPECT_ROWS(rows);
}

Test(schema, numbers_are_exact)
{
	static const struct row rows[] = {
		{ "{'multipleOf':0.01}", "0.07", "" },
		{ "{'multipleOf':0.01}", "19.99", "" },
		{ "{'multipleOf':0.01}", "1.005", "must be a multiple of 0.01" },
		{ "{'multipleOf':0.1}", "1000000000000", "" },
		{ "{'multipleOf':1e-7}", "123456789.12345678", "must be a multiple of 1e-7" },
		{ "{'multipleOf':0.3}", "0.9", "" },
		{ "{'multipleOf':0.3}", "-0.9", "" },
		{ "{'multipleOf':0.3}", "1", "must be a multiple of 0.3" },
		{ "{'multipleOf':1e300}", "2e300", "" },
		{ "{'multipleOf':3}", "1e300", "must be a multiple of 3" },
		{ "{'multipleOf':2}", "0", "" },
		{ "{'multipleOf':1e308}", "0.5", "must be a multiple of 1e308" },
		{ "{'multipleOf':9223372036854775807}", "9223372036854775807", "" },
		{ "{'multipleOf':0.5}", "-9223372036854775808", "" },
		{ "{'maximum':9007199254740992}", "9007199254740993",
		    "must be at most 9007199254740992" },
		{ "{'const':9007199254740993}", "9007199254740992", "must be 9007199254740993" },
		{ "{'const':9007199254740992.0}", "9007199254740992", "" },
		{ "{'exclusiveMaximum':9223372036854775807}", "9223372036854775806", "" },
		{ "{'maximum':9223372036854775807}", "9223372036854775808",
		    "must be at most 9223372036854775807" },
		{ "{'minimum':-9223372036854775808}", "-1e19",
		    "must be at least -9223372036854775808" },
		{ "{'minimum':-0.5}", "-1", "must be at least -0.5" },
		{ "{'maximum':-0.5}", "0", "must be at most -0.5" },
		{ "{'const':0}", "-0.0", "" },
		{ "{'uniqueItems':true}", "[1,1.5,9007199254740992,9007199254740993]", "" },
		{ "{'uniqueItems':true}", "[0,-0.0]", "/1: must not be the same as item 0" },
	};

	EXPECT_ROWS(rows);
}

Test(schema, long_choices_are_cut_at_a_character)
{
	void *tmp = mem_scope(NULL);
	struct text *t = text_new(tmp, 4096);
	const char *got;

	text_puts(t, "{'enum':[");
	for (int i = 0; i < 100; i++)
		text_printf(t, "%s'\\u00e9%d'", i == 0 ? "" : ",", i);
	text_puts(t, "]}");
	got = faults_of(tmp, t->at, "1");
	cr_expect_lt(strlen(got), 250);
	cr_expect(utf8_valid(got, strlen(got)));
	cr_expect_str_eq(got + strlen(got) - 3, "...");
	mem_free(tmp);
}

Test(schema, the_value_is_in_no_text)
{
	void *tmp = mem_scope(NULL);
	const char *got = faults_of(tmp,
	    "{'properties':{'p':{'minLength':20,'pattern':'^x','enum':['y'],"
	    "'format':'uuid','not':{'type':'string'}}}}", "{'p':'hunter2'}");

	cr_expect_not_null(strstr(got, "/p: "));
	cr_expect_null(strstr(got, "hunter2"));
	mem_free(tmp);
}

Test(schema, formats)
{
	static const struct {
		const char *format, *good, *bad;
	} rows[] = {
		{ "cidr", "192.0.2.0/24", "192.0.2.0/33" },
		{ "cidr", "0.0.0.0/0", "0.0.0.0/00" },
		{ "cidr", "2001:db8::/32", "2001:db8::/129" },
		{ "cidr", "::1/128", "::1" },
		{ "cidr", "10.0.0.1/8", "10.0.0.1/" },
		{ "cidr", "10.0.0.1/32", "10.0.0.1/08" },
		{ "cidr", "10.0.0.1/9", "010.0.0.1/9" },
		{ "cidr", "10.0.0.1/9", "x/9" },
		{ "cidr", "10.0.0.1/9", "/9" },
		{ "cidr", "10.0.0.1/9", "10.0.0.1/1000" },
		{ "date", "2024-02-29", "2023-02-29" },
		{ "date", "2000-02-29", "1900-02-29" },
		{ "date", "2026-12-31", "2026-12-32" },
		{ "date", "2026-04-30", "2026-04-31" },
		{ "date", "2026-01-01", "2026-00-01" },
		{ "date", "2026-01-01", "2026-13-01" },
		{ "date-time", "2026-03-03T19:26:37.5+01:00", "2026-03-03 19:26:37Z" },
		{ "date-time", "2026-03-03t19:26:37z", "2026-03-03T19:26:37" },
		{ "date-time", "1990-12-31T23:59:60Z", "1990-12-31T22:59:60Z" },
		{ "date-time", "1990-12-31T23:59:59Z", "1990-12-31T" },
		{ "time", "00:00:00-00:00", "00:00:00.Z" },
		{ "email", "a.b+c@example.org", "a.b@" },
		{ "email", "\\\"a b\\\"@[192.0.2.1]", "\\\"a b@example.org" },
		{ "email", "\\\"a\\\\\\\"b\\\"@x", "\\\"a\\\"b\\\"@x" },
		{ "duration", "P1Y2M3DT4H5M6S", "P1YT" },
		{ "duration", "P3W", "P3W1D" },
		{ "duration", "PT36H", "PT1H2S" },
		{ "duration", "P0D", "P" },
		{ "email", "a@xn--9n2bp8q", "a@xn--x" },
		{ "hostname", "a-1.example", "a_1.example" },
		{ "hostname", "xn--9n2bp8q.example", "xn--hello-txk.example" },
		{ "hostname", "XN--9N2BP8Q", "\\u00e9.example" },
		{ "hostname", "a.xn--ll-0ea", "a.xn--" },
		{ "hostname", "1.2", "1..2" },
		/* a name that is read from right to left lets no label begin with a digit */
		{ "hostname", "a.xn--4db", "0a.xn--4db" },
		{ "idn-email", "\\u00e9.\\u00e8@\\u00e9t\\u00e9.example", "\\u00e9.@example" },
		{ "idn-email", "\\\"\\u00e9 \\\\\\\"\\\"@e\\u0301", "\\\"\\u00e9 \\\"\\\"@x" },
		{ "idn-email", "\\u00e9@[IPv6:::1]", "\\u00e9@-x" },
		{ "idn-hostname", "a.b", "a_b" },
		{ "idn-hostname", "\\u00e9t\\u00e9\\u3002example", "e\\u0301.example" },
		{ "idn-hostname", "stra\\u00dfe.example", "\\u00c9t\\u00e9.example" },
		{ "idn-hostname", "l\\u00b7l.\\u05d0", "l\\u00b7.\\u05d0" },
		{ "idn-hostname", "\\u05d0\\u0660", "\\u05d00\\u0660" },
		{ "idn-hostname", "\\u05d0.b1", "\\u05d0.1b" },
		{ "iri", "http://\\u00e9.example/\\u00e9?\\ue000#\\u00e9", "http://example/\\ue000" },
		{ "iri", "urn:a", "\\u00e9" },
		{ "iri", "a:\\ud800\\udc00", "a:\\ufdd0" },
		{ "iri", "a:\\u00a0", "a:\\u0080" },
		{ "iri", "a:\\udb44\\udc00", "a:\\udb40\\udc00" },
		{ "iri-reference", "\\u00e9/a:b", "\\u00e9:b" },
		{ "iri-reference", "?\\ue000", "#\\ue000" },
		{ "ipv4", "192.0.2.1", "192.0.2.01" },
		{ "ipv6", "::ffff:192.0.2.1", "fe80::1%eth0" },
		{ "json-pointer", "", "a" },
		{ "json-pointer", "/~0~1\\u00e9", "/~" },
		{ "json-pointer", "/a\\u0000b", "/~\\u0000" },
		{ "relative-json-pointer", "0#", "0#/a" },
		{ "relative-json-pointer", "10/a~1b", "01/a" },
		{ "relative-json-pointer", "0-1/a", "0-0/a" },
		{ "relative-json-pointer", "0+12#", "0+/a" },
		{ "uri-reference", "", "%" },
		{ "uri-reference", "//h:1/a:b", "a:b:[" },
		{ "uri-reference", "./1:b", "1:b" },
		{ "uri-template", "/a{/b:3,c.d*}{?e,f}%20'", "/a{/b:3,}" },
		{ "uri-template", "{%41}\\ue000", "{%4}" },
		{ "uri-template", "{!a}", "{a:10000}" },
		{ "uri-template", "a", "{a*:1}" },
		{ "uri-template", "\\u00e9", "{\\u00e9}" },
		{ "uri-template", "", "{a" },
		{ "uri", "https://[v1.a:b]:8/p?q#f", "https://[v1.]/" },
		{ "uri", "a:", "a:#b#c" },
		{ "uuid", "2eb8aa08-AA98-11ea-b4aa-73b441d16380",
		    "2eb8aa08-AA98-11ea-b4aa-73b441d1638" },
		{ "regex", "^(?<y>\\\\d{4})-\\\\k<y>$", "(?i)a" },
		{ "regex", "a|b", "a\\\\Z" },
		{ "regex", "[^]", "[z-a]" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		void *tmp = mem_scope(NULL);
		const char *source = mem_printf(tmp, "{'format':'%s'}", rows[i].format);
		struct schema *s = compile(tmp, source);
		const char *texts[] = { rows[i].good, rows[i].bad };

		for (size_t k = 0; k < 2; k++) {
			struct json_object *v = json_tokener_parse(mem_printf(tmp, "\"%s\"",
			    texts[k]));
			struct faults *f = faults_new(tmp);

			cr_assert_not_null(v, "%s", texts[k]);
			cr_expect_eq(schema_check(s, v, f), k, "%s: %s", rows[i].format, texts[k]);
			json_object_put(v);
		}
		mem_free(tmp);
	}
}

Test(schema, patterns_are_ecmascript)
{
	static const struct {
		const char *pattern, *good, *bad;
	} rows[] = {
		{ "^\\d$", "1", "\u0663" },
		{ "^\\w$", "a", "\u00e9" },
		{ "^\\s$", "\u00a0", "x" },
		{ "^[\\s]$", "\ufeff", "x" },
		{ "^[^\\s]$", "x", "\u2028" },
		{ "^[\\S]$", "x", "\u3000" },
		{ "^[\\w-.]$", "-", "," },
		{ "^[.-\\w]$", "-", "," },
		{ "^.$", "x", "\n" },
		{ "^a$", "a", "a\n" },
		{ "^[[:alpha:]$", ":", "b" },
		{ "^\\v$", "\v", "\n" },
		{ "^\\x41\\u0042\\u{1F432}$", "AB\U0001F432", "AB" },
		{ "^\\ud83d\\udc32$", "\U0001F432", "x" },
		{ "^\\p{Lu}\\p{Lowercase_Letter}\\P{gc=Letter}$", "Aa1", "Aaa" },
		{ "^(a)?\\1b$", "b", "ab" },
		{ "^[\\b]$", "\b", "b" },
		{ "^\\$\\/\\-$", "$/-", "x" },
		{ "^(?<n>x)(?=y)(?!z)(?<=x)(?<!y)y\\k<n>$", "xyx", "xy" },
		{ "^[^]$", "\n", "" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		void *tmp = mem_scope(NULL);
		struct json_object *o = json_object_new_object();
		struct faults *f = faults_new(tmp);
		struct schema *s;
		const char *texts[] = { rows[i].good, rows[i].bad };

		json_object_object_add(o, "pattern", json_object_new_string(rows[i].pattern));
		s = schema_compile(tmp, o, f);
		json_object_put(o);
		cr_assert_not_null(s, "%s: %s", rows[i].pattern, faults_text(tmp, f));
		for (size_t k = 0; k < 2; k++) {
			struct json_object *v = json_object_new_string(texts[k]);

			cr_expect_eq(schema_check(s, v, faults_new(tmp)), k, "%s: \"%s\"",
			    rows[i].pattern, texts[k]);
			json_object_put(v);
		}
		mem_free(tmp);
	}
}

Test(schema, patterns_of_others_are_refused)
{
	static const char *const rows[] = {
		"\\A", "\\Z", "\\z", "\\a", "\\Qa\\E", "\\h", "\\R", "\\X", "\\C", "\\N", "\\K",
		    "\\G", "\\e",
		"(?i)a", "(?P<n>a)", "(?#c)", "(?>a)", "(?|a)", "(?R)", "(?1)", "(?C1)",
		    "(*UTF)a", "(*FAIL)",
		"(?<=a+)b", "(?<!a*)b", "a++", "a*+", "a?+", "\\p", "\\pL", "\\p{", "\\p{Nonsense}", "\\p{^L}", "\\u12",
		    "\\u{110000}",
		"\\ud800", "\\x1", "\\c1", "\\01", "[\\1]", "[\\B]", "\\2(a)", "(", ")", "[a",
		    "a{2,1}",
		"\\", "\\k", "*", "[b-a]",
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		void *tmp = mem_scope(NULL);
		struct json_object *o = json_object_new_object();
		struct faults *f = faults_new(tmp);

		json_object_object_add(o, "pattern", json_object_new_string(rows[i]));
		cr_expect_null(schema_compile(tmp, o, f), "%s", rows[i]);
		cr_expect_eq(f->count, 1);
		if (f->kept == 1) {
			cr_expect_str_eq(f->at[0].path, "/pattern");
			cr_expect_eq(strncmp(f->at[0].text,
			    "is no regular expression of ECMAScript: ", 40), 0);
		}
		json_object_put(o);
		mem_free(tmp);
	}
}

Test(schema, refusals)
{
	static const struct {
		const char *schema, *faults;
	} rows[] = {
		{ "1", "must be a schema: an object, true or false" },
		{ "null", "must be a schema: an object, true or false" },
		{ "[]", "must be a schema: an object, true or false" },
		{ "{'requird':['n']}", "/requird: is not a known keyword" },
		{ "{'properties':{'n':{'requird':true}}}",
		    "/properties/n/requird: is not a known keyword" },
		{ "{'properties':{'a/b':{'x~':1}}}",
		    "/properties/a~1b/x~0: is not a known keyword" },
		{ "{'$defs':{'unused':{'typ':1}}}", "/$defs/unused/typ: is not a known keyword" },
		{ "{'type':'integr'}",
		    "/type: must be one of \"null\", \"boolean\", \"integer\", \"number\", "
		    "\"string\", \"array\", \"object\"" },
		{ "{'type':[]}", "/type: must name at least one type" },
		{ "{'type':['null','null']}", "/type/1: is given twice" },
		{ "{'enum':1}", "/enum: must be an array" },
		{ "{'required':true}", "/required: must be an array of texts: names of members" },
		{ "{'required':['a',1,'a']}", "/required/1: must be a text: the name of a member; "
		    "/required/2: is given twice" },
		{ "{'properties':[]}", "/properties: must be an object of schemas" },
		{ "{'properties':{'a':1}}",
		    "/properties/a: must be a schema: an object, true or false" },
		{ "{'patternProperties':{'(':true}}",
		    "/patternProperties/(: is no regular expression of "
		    "ECMAScript: missing closing parenthesis" },
		{ "{'patternProperties':1}", "/patternProperties: must be an object of schemas" },
		{ "{'additionalProperties':'no'}",
		    "/additionalProperties: must be a schema: an object, true or false" },
		{ "{'propertyNames':null}",
		    "/propertyNames: must be a schema: an object, true or false" },
		{ "{'dependentRequired':{'a':'b'}}",
		    "/dependentRequired/a: must be an array of texts: names of members" },
		{ "{'dependentRequired':[]}",
		    "/dependentRequired: must be an object of arrays of names" },
		{ "{'dependentSchemas':{'a':[]}}",
		    "/dependentSchemas/a: must be a schema: an object, true or false" },
		{ "{'dependencies':3}",
		    "/dependencies: must be an object of schemas and arrays of names" },
		{ "{'dependencies':{'a':[1]}}",
		    "/dependencies/a/0: must be a text: the name of a member" },
		{ "{'items':[true]}",
		    "/items: must be a schema: draft 2020-12 has prefixItems for arrays" },
		{ "{'prefixItems':{}}", "/prefixItems: must be an array of at least one schema" },
		{ "{'additionalItems':true}",
		    "/additionalItems: is no keyword of draft 2020-12, as which this schema is read" },
		{ "{'$schema':'http://json-schema.org/draft-07/schema','unevaluatedItems':true}",
		    "/unevaluatedItems: is no keyword of draft-07, as which this schema is read" },
		{ "{'minimum':'1'}", "/minimum: must be a number" },
		{ "{'maximum':null}", "/maximum: must be a number" },
		{ "{'exclusiveMinimum':true}", "/exclusiveMinimum: must be a number" },
		{ "{'exclusiveMaximum':[]}", "/exclusiveMaximum: must be a number" },
		{ "{'multipleOf':0}", "/multipleOf: must be a number greater than 0" },
		{ "{'multipleOf':-1.5}", "/multipleOf: must be a number greater than 0" },
		{ "{'multipleOf':'x'}", "/multipleOf: must be a number greater than 0" },
		{ "{'minLength':-1}", "/minLength: must be a whole number of at least 0" },
		{ "{'maxLength':1.5}", "/maxLength: must be a whole number of at least 0" },
		{ "{'minItems':1e30}", "/minItems: must be a whole number of at least 0" },
		{ "{'maxItems':'1'}", "/maxItems: must be a whole number of at least 0" },
		{ "{'minProperties':null}",
		    "/minProperties: must be a whole number of at least 0" },
		{ "{'maxProperties':true}",
		    "/maxProperties: must be a whole number of at least 0" },
		{ "{'minContains':[]}", "/minContains: must be a whole number of at least 0" },
		{ "{'maxContains':{}}", "/maxContains: must be a whole number of at least 0" },
		{ "{'uniqueItems':1}", "/uniqueItems: must be true or false" },
		{ "{'pattern':1}", "/pattern: must be a text: a regular expression" },
		{ "{'format':'URI'}", "/format: is not a known format: \"URI\"" },
		{ "{'format':1}", "/format: must be a text: the name of a format" },
		{ "{'allOf':[]}", "/allOf: must be an array of at least one schema" },
		{ "{'anyOf':{}}", "/anyOf: must be an array of at least one schema" },
		{ "{'oneOf':[1]}", "/oneOf/0: must be a schema: an object, true or false" },
		{ "{'not':1}", "/not: must be a schema: an object, true or false" },
		{ "{'if':1,'then':2,'else':3}",
		    "/if: must be a schema: an object, true or false; /then: must "
		    "be a schema: an object, true or false; /else: must be a schema: an object, true or false" },
		{ "{'contains':1}", "/contains: must be a schema: an object, true or false" },
		{ "{'title':1}", "/title: must be a text" },
		{ "{'description':[]}", "/description: must be a text" },
		{ "{'$comment':1}", "/$comment: must be a text" },
		{ "{'$schema':1}", "/$schema: must be a text" },
		{ "{'$id':1}", "/$id: must be a text" },
		{ "{'$anchor':1}", "/$anchor: must be a text" },
		{ "{'$anchor':'1a'}",
		    "/$anchor: must be a name of letters, digits and _ - . that begins with "
		    "a letter" },
		{ "{'$id':'a#b'}",
		    "/$id: must have no fragment: draft 2020-12 has $anchor for that" },
		{ "{'$defs':{'a':{'$anchor':'x'},'b':{'$anchor':'x'}}}",
		    "/$defs/b/$anchor: is given twice: #x" },
		{ "{'$id':'r','$defs':{'b':{'$id':'r'}}}", "/$defs/b/$id: is given twice: r" },
		{ "{'readOnly':'yes'}", "/readOnly: must be true or false" },
		{ "{'examples':1}", "/examples: must be an array" },
		{ "{'contentSchema':1}",
		    "/contentSchema: must be a schema: an object, true or false" },
		{ "{'$dynamicRef':'#a'}", "/$dynamicRef: refers to a schema that is not there: #a" },
		{ "{'$dynamicRef':1}", "/$dynamicRef: must be a text: a reference to a schema" },
		{ "{'$recursiveRef':'#'}", "/$recursiveRef: is not a known keyword" },
		{ "{'$schema':'http://json-schema.org/draft-07/schema#','$dynamicRef':'#'}",
		    "/$dynamicRef: is no keyword of draft-07, as which this schema is read" },
		{ "{'$schema':'https://example.org/my-schema'}",
		    "/$schema: names a meta-schema that is not known, so that it cannot be told what the schema means" },
		{ "{'$schema':'urn:example:draft-07'}",
		    "/$schema: names a meta-schema that is not known, so that it cannot be told what the schema means" },
		{ "{'not':{'$schema':'http://json-schema.org/draft-07/schema#'}}",
		    "/not/$schema: names another draft than that of the schema around it, and has no $id beside it" },
		{ "{'$vocabulary':{}}", "/$vocabulary: is not supported" },
		{ "{'$ref':1}", "/$ref: must be a text: a reference to a schema" },
		{ "{'$ref':'#/nowhere'}",
		    "/$ref: refers to a schema that is not there: #/nowhere" },
		{ "{'$ref':'#nowhere'}", "/$ref: refers to a schema that is not there: #nowhere" },
		{ "{'$ref':'#/%4'}", "/$ref: has a malformed percent sign" },
		{ "{'$ref':'#/%00'}", "/$ref: has a malformed percent sign" },
		{ "{'$ref':'#/enum/0','enum':[{}]}",
		    "/$ref: refers to a schema that is not there: #/enum/0" },
		{ "{'$ref':'http://example.org/s.json#/a'}",
		    "/$ref: refers to another document, and those are "
		    "not fetched: http://example.org/s.json" },
		{ "{'$ref':'file:///etc/passwd'}",
		    "/$ref: refers to another document, and those are not "
		    "fetched: file:///etc/passwd" },
		{ "{'$ref':'other'}",
		    "/$ref: refers to another document, and those are not fetched: other" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		void *tmp = mem_scope(NULL);
		const char *got = refusal(tmp, rows[i].schema);

		cr_expect_str_eq(got, rows[i].faults, "%s: \"%s\"", rows[i].schema, got);
		mem_free(tmp);
	}
}

Test(schema, circles_are_refused)
{
	static const char *const rows[] = {
		"{'$ref':'#'}",
		"{'$defs':{'a':{'$ref':'#/$defs/b'},'b':{'$ref':'#/$defs/a'}}}",
		"{'allOf':[{'anyOf':[{'oneOf':[{'not':{'$ref':'#'}}]}]}]}",
		"{'if':{'$ref':'#'}}",
		"{'then':{'$ref':'#'}}",
		"{'dependentSchemas':{'a':{'$ref':'#'}}}",
		"{'$dynamicRef':'#'}",
		"{'$dynamicAnchor':'a','anyOf':[{'$dynamicRef':'#a'}]}",
	};
	void *tmp = mem_scope(NULL);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *got = refusal(tmp, rows[i]);

		cr_expect_not_null(strstr(got, "leads back to itself"), "%s: %s", rows[i], got);
	}
	mem_free(tmp);
}

Test(schema, all_annotations_are_taken)
{
	void *tmp = mem_scope(NULL);
	struct schema *s = compile(tmp,
	    "{'$schema':'anything','$id':'root','title':'t','description':'d',"
	    "'$comment':'c','examples':[1],'readOnly':true,'writeOnly':false,'deprecated':true,'default':7,"
	    "'contentEncoding':'base64','contentMediaType':'text/plain','contentSchema':{'type':'null'},"
	    "'$dynamicAnchor':'a','$anchor':'a'}");
	struct faults *f = faults_new(tmp);

	cr_expect_eq(schema_check(s, NULL, f), 0);
	mem_free(tmp);
}

/* {"KEY":{"KEY":...true...}} to the depth N, made for CTX */
static char *
nested(void *ctx, const char *open, const char *middle, const char *close, size_t n)
{
	struct text *t = text_new(ctx, SIZE_MAX / 2);

	for (size_t i = 0; i < n; i++)
		text_puts(t, open);
	text_puts(t, middle);
	for (size_t i = 0; i < n; i++)
		text_puts(t, close);
	return t->at;
}

static struct json_object *
parse_deep(const char *s, int depth)
{
	struct json_tokener *t = json_tokener_new_ex(depth);
	struct json_object *o = json_tokener_parse_ex(t, s, (int)strlen(s) + 1);

	json_tokener_free(t);
	return o;
}

Test(schema, deep_schemas_are_refused)
{
	void *tmp = mem_scope(NULL);
	struct faults *f = faults_new(tmp);
	struct json_object *o = parse_deep(nested(tmp, "{\"not\":", "true", "}", 500), 2000);

	cr_assert_not_null(o);
	cr_expect_null(schema_compile(tmp, o, f));
	cr_assert_eq(f->kept, 1);
	cr_expect_str_eq(f->at[0].text, "is nested too deeply");
	json_object_put(o);
	mem_free(tmp);
}

Test(schema, large_schemas_are_refused)
{
	void *tmp = mem_scope(NULL);
	struct faults *f = faults_new(tmp);
	struct json_object *o = json_object_new_object(), *all = json_object_new_array();

	for (int i = 0; i < 30000; i++)
		json_object_array_add(all, json_object_new_boolean(1));
	json_object_object_add(o, "allOf", all);
	cr_expect_null(schema_compile(tmp, o, f));
	cr_assert_eq(f->count, 1);
	cr_expect_str_eq(f->at[0].text, "is one schema too many");
	json_object_put(o);
	mem_free(tmp);
}

/* Names and references so long that copies of them for each schema would fill the memory. */
Test(schema, long_names_are_refused)
{
	static const char *const forms[] = {
		"{'properties':{'%s':{'type':'null'}}}", "{'$id':'%s'}", "{'$ref':'%s'}",
		    "{'pattern':'%s'}",
	};
	char *name = calloc(1, 10001);

	memset(name, 'a', 10000);
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		void *tmp = mem_scope(NULL);
		const char *rest = strstr(forms[i], "%s") + 2;
		const char *source = mem_printf(tmp, "%.*s%s%s", (int)(rest - 2 - forms[i]),
		    forms[i], name, rest);
		const char *got = refusal(tmp, source);

		cr_expect(strstr(got, "too long") != NULL || strstr(got,
		    "must be at most 2048 bytes") != NULL,
		    "%.100s", got);
		cr_expect_lt(strlen(got), 5000);
		mem_free(tmp);
	}
	free(name);
}

Test(schema, long_pointers_are_cut)
{
	void *tmp = mem_scope(NULL);
	struct schema *s = compile(tmp, "false");
	struct schema *closed = compile(tmp, "{'additionalProperties':false}");
	struct json_object *v = json_object_new_object();
	struct faults *f = faults_new(tmp);
	char *name = calloc(1, 100001);

	for (size_t i = 0; i < 100000; i += 2)
		memcpy(name + i, "\u00e9", 2);
	json_object_object_add(v, name, NULL);
	cr_expect_eq(schema_check(s, v, f), 1);
	cr_expect_str_eq(f->at[0].path, "");
	cr_expect_eq(schema_check(closed, v, f), 1);
	cr_expect_lt(strlen(f->at[1].path), 5000);
	cr_expect(utf8_valid(f->at[1].path, strlen(f->at[1].path)));
	json_object_put(v);
	free(name);
	mem_free(tmp);
}

Test(schema, deep_values_end_with_a_fault)
{
	void *tmp = mem_scope(NULL);
	struct faults *f = faults_new(tmp);
	struct schema *s = compile(tmp, "{'items':{'$ref':'#'}}");
	struct json_object *v = parse_deep(nested(tmp, "[", "", "]", 3000), 5000);

	cr_assert_not_null(v);
	cr_expect_eq(schema_check(s, v, f), 1);
	cr_expect_str_eq(f->at[0].text, "is nested too deeply to check");
	json_object_put(v);
	mem_free(tmp);
}

/* Each level is looked at twice by the one above: 2^40 ways through it. */
Test(schema, endless_work_ends_with_a_fault)
{
	void *tmp = mem_scope(NULL);
	struct text *t = text_new(tmp, 1 << 20);
	struct faults *f = faults_new(tmp);
	struct schema *s;

	text_puts(t, "{'$ref':'#/$defs/d0','$defs':{");
	for (int i = 0; i < 40; i++)
		text_printf(t,
		    "'d%d':{'not':{'not':{'allOf':[{'$ref':'#/$defs/d%d'},{'$ref':'#/$defs/d%d'}]}}},",
		    i, i + 1, i + 1);
	text_puts(t, "'d40':true}}");
	s = compile(tmp, t->at);
	cr_expect_eq(schema_check(s, NULL, f), 1);
	cr_expect_str_eq(f->at[0].text, "takes too much work to check");
	/* nor may the questions beside checking take for ever */
	cr_expect_eq(schema_is_boolean(s, "x"), 0);
	cr_expect_eq(schema_is_secret(s, "x"), 0);
	mem_free(tmp);
}

/* Also where the schema turns "does not match" into "fits". */
Test(schema, endless_patterns_end_with_a_fault)
{
	static const char *const rows[] = {
		"{'pattern':'^(a+)+$'}", "{'not':{'pattern':'^(a+)+$'}}",
		"{'anyOf':[{'pattern':'^(a|a)*$'},true]}",
	};
	char value[] = "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaX'";

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		void *tmp = mem_scope(NULL);

		cr_expect_str_eq(faults_of(tmp, rows[i], value),
		    "is no valid text, or takes too much work to compare with a pattern", "%s",
		    rows[i]);
		mem_free(tmp);
	}
}

Test(schema, bytes_that_are_no_utf8_never_match)
{
	void *tmp = mem_scope(NULL);
	struct schema *s = compile(tmp, "{'pattern':'^.*$'}");
	struct json_object *v = json_object_new_string("a\xff\xfe");

	cr_expect_eq(schema_check(s, v, faults_new(tmp)), 1);
	json_object_put(v);
	mem_free(tmp);
}

Test(schema, long_arrays)
{
	void *tmp = mem_scope(NULL);
	struct schema *s = compile(tmp,
	    "{'uniqueItems':true,'items':{'type':'integer','minimum':0}}");
	struct json_object *v = json_object_new_array();
	struct faults *f = faults_new(tmp);

	for (int i = 0; i < 200000; i++)
		json_object_array_add(v, json_object_new_int(i));
	cr_expect_eq(schema_check(s, v, f), 0);
	json_object_array_add(v, json_object_new_double(77));
	cr_expect_eq(schema_check(s, v, f), 1);
	cr_expect_str_eq(f->at[0].path, "/200000");
	cr_expect_str_eq(f->at[0].text, "must not be the same as item 77");
	json_object_put(v);
	mem_free(tmp);
}

Test(schema, faults_beyond_the_list_are_counted)
{
	void *tmp = mem_scope(NULL);
	struct schema *s = compile(tmp, "{'items':{'type':'null'}}");
	struct json_object *v = json_object_new_array();
	struct faults *f = faults_new(tmp);

	for (int i = 0; i < 250; i++)
		json_object_array_add(v, json_object_new_int(i));
	cr_expect_eq(schema_check(s, v, f), 250);
	cr_expect_eq(f->kept, FAULTS_MAX);
	/* what was there before is not counted again */
	cr_expect_eq(schema_check(s, v, f), 250);
	json_object_put(v);
	mem_free(tmp);
}

static void
expect_defaults(const char *source, const char *before, const char *after)
{
	void *tmp = mem_scope(NULL);
	struct schema *s = compile(tmp, source);
	struct json_object *got = parse(before), *wanted = parse(after);

	schema_apply_defaults(s, got);
	/* what was added belongs to the object, not to the schema */
	mem_free(tmp);
	cr_expect(json_object_equal(got, wanted), "%s with %s: %s instead of %s", source, before,
	    json_object_to_json_string(got), json_object_to_json_string(wanted));
	json_object_put(got);
	json_object_put(wanted);
}

Test(schema, defaults)
{
	expect_defaults("{'properties':{'a':{'default':1},'b':{'type':'string'}}}", "{}",
	    "{'a':1}");
	expect_defaults("{'properties':{'a':{'default':1}}}", "{'a':null}", "{'a':null}");
	expect_defaults("{'properties':{'a':{'default':null}}}", "{}", "{'a':null}");
	expect_defaults("{'properties':{'a':{'default':{'b':[1,{'c':2}]}}}}", "{}",
	    "{'a':{'b':[1,{'c':2}]}}");
	expect_defaults("{'properties':{'a':{'default':1}}}", "[]", "[]");
	expect_defaults("{'properties':{'o':{'properties':{'p':{'default':2}}}}}", "{'o':{}}",
	    "{'o':{'p':2}}");
	expect_defaults("{'properties':{'o':{'properties':{'p':{'default':2}}}}}", "{}", "{}");
	/* a default is taken as it stands */
	expect_defaults("{'properties':{'o':{'default':{},'properties':{'p':{'default':2}}}}}",
	    "{}", "{'o':{}}");
	expect_defaults("{'properties':{'o':{'default':{},'$ref':'#'}}}", "{'o':{}}",
	    "{'o':{'o':{}}}");
	expect_defaults("{'properties':{'o':{'default':{},'$ref':'#'}},'allOf':[{'properties':{'o':{'$ref':'#'}}}]}",
	    "{'o':{}}", "{'o':{'o':{}}}");
	expect_defaults("{'$ref':'#/$defs/r','$defs':{'r':{'properties':{'a':{'$ref':'#/$defs/p'}}},"
	    "'p':{'default':80}}}", "{}", "{'a':80}");
	expect_defaults("{'allOf':[{'properties':{'a':{'default':1}}}],'properties':{'a':{'default':2}}}", "{}",
	    "{'a':2}");
	expect_defaults("{'$schema':'http://json-schema.org/draft-07/schema#','definitions':{'p':{'type':"
	    "'integer'}},'properties':{'a':{'$ref':'#/definitions/p','default':3}}}", "{}",
	    "{'a':3}");
	/* what holds only in a branch is no default of the whole */
	expect_defaults("{'anyOf':[{'properties':{'a':{'default':1}}}]}", "{}", "{}");
	expect_defaults("{'$dynamicRef':'#a','$defs':{'r':{'$dynamicAnchor':'a','properties':{'a':{'default':1}}}}}",
	    "{}", "{'a':1}");
	expect_defaults("true", "{}", "{}");
}

Test(schema, booleans)
{
	void *tmp = mem_scope(NULL);
	struct schema *s = compile(tmp,
	    "{'properties':{'a':{'type':'boolean'},'b':{'type':['boolean']},"
	    "'c':{'type':['boolean','null']},'d':{'$ref':'#/$defs/f'},'e':{'type':'string'},"
	    "'g':{'allOf':[{'$ref':'#/$defs/f'}]},'h':true,'i':{'enum':[true,false]}},"
	    "'allOf':[{'properties':{'k':{'type':'boolean'}}}],'$defs':{'f':{'type':'boolean'}}}");
	static const struct {
		const char *name;
		int is;
	} rows[] = {
		{ "a", 1 }, { "b", 1 }, { "c", 0 }, { "d", 1 }, { "e", 0 }, { "f", 0 }, { "g",
		    1 }, { "h", 0 },
		{ "i", 0 }, { "k", 1 }, { "", 0 }, { "none", 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(schema_is_boolean(s, rows[i].name), rows[i].is, "%s", rows[i].name);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(schema_declares(s, rows[i].name),
		    rows[i].name[0] != '\0' && strstr("abcdeghik", rows[i].name) != NULL, "%s", rows[i].name);
	cr_expect_eq(schema_is_boolean(compile(tmp, "true"), "a"), 0);
	cr_expect_eq(schema_declares(compile(tmp, "true"), "a"), 0);
	cr_expect_eq(schema_declares(compile(tmp, "{'patternProperties':{'a':true}}"), "a"), 0);
	cr_expect_eq(schema_is_boolean(compile(tmp,
	    "{'$ref':'#/$defs/r','$defs':{'r':{'properties':"
	    "{'a':{'type':'boolean'}}}}}"), "a"), 1);
	mem_free(tmp);
}

Test(schema, secrets)
{
	static const struct {
		const char *schema;
		int is;
	} rows[] = {
		{ "{'properties':{'p':{'format':'password'}}}", 1 },
		{ "{'properties':{'q':{'format':'password'}}}", 0 },
		{ "{'properties':{'p':{'type':'string'}},'format':'password'}", 0 },
		{ "{'properties':{'p':{'$ref':'#/$defs/s'}},'$defs':{'s':{'format':'password'}}}",
		    1 },
		{ "{'properties':{'p':true},'$defs':{'s':{'format':'password'}}}", 0 },
		{ "{'properties':{'p':{'anyOf':[{'type':'null'},{'format':'password'}]}}}", 1 },
		{ "{'properties':{'p':{'properties':{'inner':{'format':'password'}}}}}", 1 },
		{ "{'properties':{'p':{'items':{'format':'password'}}}}", 1 },
		{ "{'patternProperties':{'^p':{'format':'password'}}}", 1 },
		{ "{'patternProperties':{'^q':{'format':'password'}}}", 0 },
		{ "{'additionalProperties':{'format':'password'}}", 1 },
		{ "{'properties':{'p':true},'additionalProperties':{'format':'password'}}", 0 },
		{ "{'unevaluatedProperties':{'format':'password'}}", 1 },
		{ "{'if':{'required':['x']},'then':{'properties':{'p':{'format':'password'}}}}",
		    1 },
		{ "{'dependentSchemas':{'x':{'properties':{'p':{'format':'password'}}}}}", 1 },
		{ "{'$ref':'#/$defs/r','$defs':{'r':{'properties':{'p':{'format':'password'}}}}}",
		    1 },
		{ "{'properties':{'p':{'$ref':'#'},'q':{'format':'password'}}}", 1 },
		{ "{'properties':{'p':{'items':{'$ref':'#/properties/p'}}}}", 0 },
		/* wherever it is met, it may mean that */
		{ "{'$id':'r','properties':{'p':{'$dynamicRef':'x#s'}},'$defs':{'x':{'$id':'x','$dynamicAnchor':'s'},"
		    "'y':{'$id':'y','$dynamicAnchor':'s','format':'password'}}}", 1 },
		{ "{'$id':'r','properties':{'p':{'$dynamicRef':'x#s'}},'$defs':{'x':{'$id':'x','$dynamicAnchor':'s'},"
		    "'y':{'$id':'y','$dynamicAnchor':'t','format':'password'}}}", 0 },
		{ "true", 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		void *tmp = mem_scope(NULL);

		cr_expect_eq(schema_is_secret(compile(tmp, rows[i].schema), "p"), rows[i].is, "%s",
		    rows[i].schema);
		mem_free(tmp);
	}
}

static const struct schema *shared;

static void *
check_often(void *arg)
{
	void *tmp = mem_scope(NULL);
	struct json_object *v = parse(arg);
	size_t *faults = calloc(1, sizeof *faults);

	for (int i = 0; i < 500; i++)
		*faults += schema_check(shared, v, faults_new(tmp));
	json_object_put(v);
	mem_free(tmp);
	return faults;
}

Test(schema, threads_share_one)
{
	static char good[] = "{'a':'abc','b':[1,2]}", bad[] = "{'a':'ABC','b':[1,1],'c':0}";
	void *tmp = mem_scope(NULL);
	pthread_t thread[4];

	shared = compile(tmp, "{'properties':{'a':{'pattern':'^[a-z]+$','enum':['abc','d']},"
	    "'b':{'uniqueItems':true}},'unevaluatedProperties':false}");
	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, check_often, i % 2 == 0 ?
		    good : bad), 0);
	for (size_t i = 0; i < 4; i++) {
		void *faults;

		pthread_join(thread[i], &faults);
		cr_expect_eq(*(size_t *)faults, i % 2 == 0 ? 0 : 2000);
		free(faults);
	}
	mem_free(tmp);
}

/* Once by many threads, whoever comes first: the library is loaded when the first such name is met. */
Test(schema, threads_may_meet_a_wide_name_together)
{
	static char good[] = "'\u00e9t\u00e9.example'", bad[] = "'\u00c9t\u00e9.example'";
	void *tmp = mem_scope(NULL);
	pthread_t thread[4];
	struct error e;

	shared = compile(tmp, "{'format':'idn-hostname'}");
	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, check_often, i % 2 == 0 ? good : bad), 0);
	for (size_t i = 0; i < 4; i++) {
		void *faults;

		pthread_join(thread[i], &faults);
		cr_expect_eq(*(size_t *)faults, i % 2 == 0 ? 0 : 500);
		free(faults);
	}
	cr_expect_eq(schema_ready(&e), ERR_OK);
	mem_free(tmp);
}

/* Where libidn2 cannot be loaded nothing passes that would need it, not under "not" either; and it is tried again. */
Test(schema, names_that_cannot_be_judged)
{
	static const char missing[] = "libidn2.so.0 cannot be loaded: install the package libidn2-0 (";
	static const struct row rows[] = {
		{ "{'format':'hostname'}", "'plain.example'", "" },
		{ "{'format':'hostname'}", "'xn--9n2bp8q'", missing },
		{ "{'format':'idn-hostname'}", "'\u00e9.example'", missing },
		{ "{'format':'idn-email'}", "'a@\u00e9.example'", missing },
		{ "{'not':{'format':'idn-hostname'}}", "'-\u00e9'", missing },
		{ "{'anyOf':[{'format':'email'},true]}", "'a@xn--x'", missing },
		{ "{'format':'uri'}", "'a:xn--x'", "" },
	};
	void *tmp = mem_scope(NULL);
	struct rlimit all, none;
	const char *got[sizeof rows / sizeof *rows];

	/* without files to open no library can be */
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = all;
	none.rlim_cur = 0;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		got[i] = faults_of(tmp, rows[i].schema, rows[i].value);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect(rows[i].faults[0] == '\0' ? got[i][0] == '\0' :
		    strncmp(got[i], rows[i].faults, strlen(rows[i].faults)) == 0, "%s with %s: %s",
		    rows[i].schema, rows[i].value, got[i]);
	cr_expect_str_eq(faults_of(tmp, "{'format':'hostname'}", "'xn--9n2bp8q'"), "");
	mem_free(tmp);
}
