#ifndef API_CASE_H
#define API_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <json-c/json.h>

#include "base/err.h"
#include "base/text.h"
#include "http/message.h"

/* A case file, read: see README beside this file for what it may say. */

enum act_kind {
	ACT_SQL,	/* BODY is run on the database */
	ACT_FILE,	/* BODY becomes the file PATH */
	ACT_CALL
};

/* A name and a value: of "save" the path into the answer, of "expect-header" the wanted text. */
struct pair {
	const char *name, *value;
};

struct pairs {
	size_t n;
	struct pair *at;
};

/* Texts may hold {{NAME}}: case_fill() puts the value in. */
struct act {
	enum act_kind kind;
	int line;			/* in the file */
	bool is_given;			/* must answer 200, with whatever */
	enum method method;
	const char *path;		/* decoded, with its query */
	const char *as;			/* admin, reader, nobody, wrong-password */
	const char *authorization;	/* instead of AS; NULL: none */
	const char *prefer, *idempotency_key, *type;	/* NULL: none given */
	const char *cookie, *fetch_site, *origin, *host, *encoding, *remote_user, *remote, *https;	/* likewise */
	const char *body;		/* NULL: none */
	size_t body_len;
	bool is_raw;			/* the body is sent as it is, {{NAME}} too */
	bool is_cut;			/* the body ended before its Content-Length */
	bool again;			/* asked until it is as expected */
	int status;			/* 0: nothing is expected yet */
	const char *want;		/* JSON text; NULL: none */
	const char *want_text;		/* of an answer that is no JSON; NULL: none */
	const char *want_raw;		/* NULL: none */
	size_t want_raw_len;
	struct pairs headers, saved;
};

struct case_file {
	const char *path;		/* of the file */
	const char *config;		/* lines of gatehouse.conf beside those of all cases */
	size_t n_acts;
	struct act *acts;
	size_t n_requests;		/* acts with "expect": the given ones do not count */
};

/* Made for CTX. NULL: E says file, line and what is wrong. */
struct case_file *case_read(void *ctx, const char *path, struct error *e);
/* The same from TEXT, a copy of N bytes; PATH is for messages. */
struct case_file *case_parse(void *ctx, const char *path, const char *text, size_t n, struct error *e);
/*
 * TEXT with each {{NAME}} replaced by its value in SAVED (an object of texts), and each {{repeat N TEXT}} by N times
 * that text, made for CTX. NULL: E names the first that is not there.
 */
char *case_fill(void *ctx, const char *text, struct json_object *saved, struct error *e);
/*
 * The member of O that a path as ".results.0.name" names, as text for CTX; a text without quotes. NULL where there is
 * none.
 */
char *case_find(void *ctx, struct json_object *o, const char *path);

#endif
