#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/service_file.h"
#include "base/mem.h"
#include "json/body.h"
#include "main/admin.h"

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

static bool
read_document(struct import *im)
{
	struct admin *a = im->a;
	struct text *text = admin_read_file(a, a->args[0], (size_t)a->config->responder_max_import);
	struct error e;

	if (text == NULL)
		return false;
	if (service_file_parse(a->ctx, text->at, text->len, &im->document, &e) == ERR_OK)
		return true;
	admin_fail("%s: %s", im->file, e.detail);
	return false;
}

int
admin_import(struct admin *a)
{
	const char *cluster_id = admin_value(a, "gateway");
	bool create = admin_has(a, "create");
	bool check = admin_has(a, "check"), validate = admin_has(a, "validate");
	struct import im = {
		.a = a, .file = strcmp(a->args[0], "-") == 0 ? "the standard input" : a->args[0],
		.mode = validate ? IMPORT_VALIDATE : check ? IMPORT_CHECK : IMPORT_WRITE,
		.force = admin_has(a, "force"),
	};
	struct json_object *answer;
	struct gateway g;
	bool found;

	if (check && validate)
		return admin_misuse(a, "--check and --validate exclude each other");
	if (!admin_open(a) || !admin_gateway(a, cluster_id, &g, create ? &found : NULL) ||
	    !read_document(&im))
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
