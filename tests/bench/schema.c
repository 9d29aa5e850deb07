/*
 * What it costs to check a run's parameters, in time of the processor: a dozen of them, with a nested object, an
 * enumeration, patterns, bounds and formats. Beside it stand the floor, which is json-c parsing the same text, and the
 * steps around it.
 *
 * usage: schema SCHEMA-FILE VALUE-FILE [SECONDS]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "json/body.h"
#include "json/schema.h"
#include "json/schema_keep.h"

enum { BATCH = 1000, US_PER_S = 1000000, NS_PER_US = 1000 };

struct bench {
	const char *schema_text, *text;
	struct json_object *source, *value, *wrong;
	struct schema *schema;
	const char *decorator;		/* as it is in the database */
	struct schema_keep *keep;
};

static void
parse_floor(struct bench *b)
{
	json_object_put(json_tokener_parse(b->text));
}

static void
parse_strictly(struct bench *b)
{
	SCOPED(tmp, NULL);
	struct json_object *o;
	struct error e;

	if (json_parse(tmp, b->text, strlen(b->text), &o, &e) != ERR_OK)
		exit(1);
}

static void
compile(struct bench *b)
{
	SCOPED(tmp, NULL);

	if (schema_compile(tmp, b->source, faults_new(tmp)) == NULL)
		exit(1);
}

static void
find_kept(struct bench *b)
{
	SCOPED(tmp, NULL);

	if (schema_keep_get(b->keep, tmp, b->decorator, "schema", faults_new(tmp)) == NULL)
		exit(1);
}

static void
check(struct bench *b)
{
	SCOPED(tmp, NULL);

	if (schema_check(b->schema, b->value, faults_new(tmp)) != 0)
		exit(1);
}

static void
check_wrong(struct bench *b)
{
	SCOPED(tmp, NULL);

	if (schema_check(b->schema, b->wrong, faults_new(tmp)) != 2)
		exit(1);
}

static void
ask_secrets(struct bench *b)
{
	json_object_object_foreach(b->value, key, v) {
		(void)v;
		if (schema_is_secret(b->schema, key))
			exit(1);
	}
}

/* Microseconds of this process, whatever else the machine does. */
static int64_t
cpu_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / NS_PER_US;
}

static void
measure(struct bench *b, const char *what, void (*run)(struct bench *), int64_t us)
{
	int64_t start = cpu_time(), now = start, n = 0;

	for (; now - start < us; now = cpu_time(), n += BATCH)
		for (int i = 0; i < BATCH; i++)
			run(b);
	printf("%-44s %9.2f us\n", what, (double)(now - start) / (double)n);
}

static char *
read_all(void *ctx, const char *name)
{
	FILE *f = fopen(name, "r");
	char buffer[65536];
	size_t n = f == NULL ? 0 : fread(buffer, 1, sizeof buffer, f);

	if (n == 0 || n == sizeof buffer) {
		fprintf(stderr, "%s cannot be read\n", name);
		exit(2);
	}
	fclose(f);
	return mem_textn(ctx, buffer, n);
}

int
main(int argc, char **argv)
{
	SCOPED(tmp, NULL);
	struct bench b = { NULL };
	int64_t us = (argc > 3 ? strtol(argv[3], NULL, 10) : 1) * US_PER_S;

	if (argc < 3)
		return 2;
	b.schema_text = read_all(tmp, argv[1]);
	b.text = read_all(tmp, argv[2]);
	b.source = json_tokener_parse(b.schema_text);
	b.value = json_tokener_parse(b.text);
	b.wrong = json_tokener_parse(b.text);
	json_object_object_add(b.wrong, "environment", json_object_new_string("moon"));
	json_object_object_add(b.wrong, "colour", json_object_new_string("red"));
	b.schema = schema_compile(tmp, b.source, faults_new(tmp));
	if (b.schema == NULL)
		return 1;
	b.keep = schema_keep_new(tmp);
	b.decorator = mem_printf(tmp, "{\"name\":\"d\",\"schema\":%s}", b.schema_text);
	measure(&b, "json-c parses the value (the floor)", parse_floor, us);
	measure(&b, "json_parse(), strictly", parse_strictly, us);
	measure(&b, "schema_check(), it fits", check, us);
	measure(&b, "schema_check(), with two faults", check_wrong, us);
	measure(&b, "schema_is_secret() of each parameter", ask_secrets, us);
	measure(&b, "schema_compile()", compile, us);
	measure(&b, "schema_keep_get(), it is kept", find_kept, us);
	json_object_put(b.source);
	json_object_put(b.value);
	json_object_put(b.wrong);
	return 0;
}
