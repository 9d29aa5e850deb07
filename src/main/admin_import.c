#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/service_file.h"
#include "base/mem.h"
#include "json/body.h"
#include "main/admin.h"

enum { CREDENTIAL_MAX = 65536 };	/* bytes */

struct import {
	struct admin *a;
	const char *file;	/* as faults name it */
	struct json_object *document;
	enum import_mode mode;
	bool force;
};

/* Each fault on a line of its own, so that editors and people can go from one to the next. */
static void
say_faults(const struct import *im, const struct faults *faults)
{
	for (size_t i = 0; i < faults->kept; i++)
		admin_fail("%s: %s%s%s", im->file, faults->at[i].path,
		    *faults->at[i].path != '\0' ? ": " : "", faults->at[i].text);
	if (faults->count > faults->kept)
		admin_fail("%s: and %zu more", im->file, faults->count - faults->kept);
	admin_fail("%s has %zu fault%s: nothing is imported", im->file, faults->count,
	    faults->count == 1 ? "" : "s");
}

/* The answer; NULL: said what is wrong. */
static struct json_object *
try_import(const struct import *im, const struct gateway *g, enum import_mode mode)
{
	struct service_import import = {
		.document = im->document, .mode = mode, .force = im->force,
		.faults = faults_new(im->a->ctx), .config = im->a->config,
		.by = im->a->caller.username,
	};
	struct error e;

	if (service_file_import(im->a->ctx, im->a->db, g, &import, &e) == ERR_OK)
		return import.answer;
	if (import.faults->count > 0)
		say_faults(im, import.faults);
	else
		admin_fail("%s: %s", im->file, e.detail);
	return NULL;
}

/* Makes the gateway, when it is known that the document will do. */
static bool
make_gateway(const struct import *im, const char *cluster_id, struct gateway *g)
{
	if (try_import(im, g, IMPORT_CHECK) == NULL || !admin_gateway_create(im->a, cluster_id) ||
	    !admin_gateway(im->a, cluster_id, g, NULL))
		return false;
	admin_say("gateway %s is registered", cluster_id);
	return true;
}

static size_t
say_names(struct json_object *answer, const char *key)
{
	struct json_object *list = json_get(answer, key);
	size_t n = json_object_array_length(list);

	for (size_t i = 0; i < n; i++)
		admin_say("%-9s %s", key,
		    json_object_get_string(json_object_array_get_idx(list, i)));
	return n;
}

static void
say_answer(const struct import *im, struct json_object *answer)
{
	size_t added, replaced, skipped;

	if (im->mode == IMPORT_VALIDATE) {
		admin_say("%s has no faults", im->file);
		return;
	}
	added = say_names(answer, "added");
	replaced = say_names(answer, "replaced");
	skipped = say_names(answer, "skipped");
	admin_say("%zu added, %zu replaced, %zu skipped%s%s", added, replaced, skipped,
	    skipped > 0 ? ", for they are there already: --force replaces them" : "",
	    im->mode == IMPORT_CHECK ? " (nothing is written: this was --check)" : "");
}

/*
 * The text of option NAME's file, without the line feed at its end; NULL where the option was
 * not given.
 */
static bool
read_credential(struct admin *a, const char *name, const char **value)
{
	const char *file = admin_value(a, name);
	struct text *text;

	*value = NULL;
	if (file == NULL)
		return true;
	text = admin_read_file(a, file, CREDENTIAL_MAX);
	if (text == NULL)
		return false;
	if (text->len > 0 && text->at[text->len - 1] == '\n')
		text->at[--text->len] = '\0';
	*value = mem_wiped(text->at);
	return true;
}

/* gatehoused fetches it, as it does for the API. NULL: said why not. */
static const char *
fetch(struct admin *a, const struct gateway *g, size_t *n)
{
	struct order_file f = {
		.gateway_id = g->id, .url = admin_value(a, "git"), .file = a->args[0],
		.reference = admin_value(a, "reference"), .username = admin_value(a, "username"),
	};
	struct json_object *content;
	struct wait *w;

	if (!read_credential(a, "password-file", &f.password) ||
	    !read_credential(a, "key-file", &f.key))
		return NULL;
	w = order_fetch(a->ctx, a->config, &f);
	link_wait(a->link, w);
	content = w->facts != NULL ? json_get(json_own(a->ctx, w->facts), "content") : NULL;
	if (w->event == WAIT_DONE && content != NULL) {
		*n = (size_t)json_object_get_string_len(content);
		return json_object_get_string(content);
	}
	admin_fail("%s", w->event == WAIT_OVER ? "the repository was not fetched in time" :
	    w->detail);
	return NULL;
}

static bool
read_document(struct import *im, const struct gateway *g)
{
	struct admin *a = im->a;
	struct text *text;
	const char *bytes;
	struct error e;
	size_t n;

	if (admin_has(a, "git")) {
		bytes = fetch(a, g, &n);
	} else {
		text = admin_read_file(a, a->args[0], (size_t)a->config->responder_max_import);
		bytes = text != NULL ? text->at : NULL;
		n = text != NULL ? text->len : 0;
	}
	if (bytes == NULL)
		return false;
	if (service_file_parse(a->ctx, bytes, n, &im->document, &e) == ERR_OK)
		return true;
	admin_fail("%s: %s", im->file, e.detail);
	return false;
}

/* Words that would have no meaning are refused. -1: fine. */
static int
check_words(struct admin *a)
{
	static const char *const for_git[] = {
		"reference", "username", "password-file", "key-file"
	};

	if (admin_has(a, "check") && admin_has(a, "validate"))
		return admin_misuse(a, "--check and --validate exclude each other");
	if (admin_has(a, "password-file") && admin_has(a, "key-file"))
		return admin_misuse(a, "--password-file and --key-file exclude each other");
	if (admin_has(a, "username") && !admin_has(a, "password-file"))
		return admin_misuse(a, "--username goes with --password-file");
	if (admin_has(a, "password-file") && !admin_has(a, "username") &&
	    admin_has(a, "git") && strchr(admin_value(a, "git"), '@') == NULL)
		return admin_misuse(a, "--password-file goes with --username");
	for (size_t i = 0; !admin_has(a, "git") && i < sizeof for_git / sizeof *for_git; i++)
		if (admin_has(a, for_git[i]))
			return admin_misuse(a, "--%s goes with --git", for_git[i]);
	return -1;
}

int
admin_import(struct admin *a)
{
	const char *cluster_id = admin_value(a, "gateway");
	bool create = admin_has(a, "create");
	bool check = admin_has(a, "check"), validate = admin_has(a, "validate");
	struct import im = {
		.a = a, .file = strcmp(a->args[0], "-") == 0 && !admin_has(a, "git") ?
		    "the standard input" : a->args[0],
		.mode = validate ? IMPORT_VALIDATE : check ? IMPORT_CHECK : IMPORT_WRITE,
		.force = admin_has(a, "force"),
	};
	struct json_object *answer;
	struct gateway g = { 0 };
	bool found;
	int rc = check_words(a);

	if (rc >= 0)
		return rc;
	if (!admin_open(a) || !admin_gateway(a, cluster_id, &g, create ? &found : NULL) ||
	    !read_document(&im, &g))
		return EXIT_FAILURE;
	if (create && !found && im.mode == IMPORT_WRITE && !make_gateway(&im, cluster_id, &g))
		return EXIT_FAILURE;
	answer = try_import(&im, &g, im.mode);
	if (answer == NULL)
		return EXIT_FAILURE;
	say_answer(&im, answer);
	return EXIT_SUCCESS;
}

int
admin_export(struct admin *a)
{
	struct json_object *document;
	struct gateway g;
	struct error e;

	if (!admin_open(a) || !admin_gateway(a, admin_value(a, "gateway"), &g, NULL))
		return EXIT_FAILURE;
	if (service_file_export(a->ctx, a->db, g.id, &document, &e) != ERR_OK)
		return admin_fail("%s", e.detail);
	admin_say_json(document);
	return EXIT_SUCCESS;
}
