#ifndef MAIN_ADMIN_H
#define MAIN_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <json-c/json.h>

#include "access/identity.h"
#include "api/app.h"
#include "base/config.h"
#include "base/text.h"
#include "db/db.h"
#include "http/message.h"
#include "main/setup.h"
#include "run/link.h"
#include "secret/password.h"
#include "store/gateway.h"

/* What the files of the admin command share. Nothing else includes this. */

enum { EXIT_USAGE = 2 };

#define ADMIN_NAME_RULE "a user's name has 1 to 128 printable characters, no blanks and no colon"

/* An option of a command. Rows end in one without a name. */
struct admin_option {
	const char *name;	/* without its dashes; "" where there is only the letter */
	char letter;		/* '\0': none */
	const char *value;	/* what it takes, for the help: "ID"; NULL: nothing */
	int64_t min, max;	/* of a whole number; max 0: it is none */
	unsigned required:1;
	unsigned repeats:1;
	const char *help;
};

struct admin;
/* Returns the exit status. */
typedef int (*admin_fn)(struct admin *a);

struct command {
	const char *name;		/* "user add" */
	const char *arguments;		/* "NAME": one word for each that there must be */
	const struct admin_option *options;	/* NULL: none */
	const char *summary;		/* a sentence */
	admin_fn run;
};

struct given {
	const struct admin_option *option;
	const char *value;	/* NULL where it takes none */
};

struct admin {
	void *ctx;		/* the parent of all that lasts as long as the command */
	const struct command *command;
	const char **args;	/* as many as the command wants */
	struct given *given;
	size_t n_given;
	const struct config *config;
	struct db *db;		/* from admin_open() on, the next three too */
	struct app *app;
	struct link *link;
	struct caller caller;
	bool is_noted;		/* there is an audit record of it: see admin_note_changes() */
};

/* --- admin_options.c --- */

/* Reads the words behind the command into A. EXIT_SUCCESS; else what is wrong has been said. */
int admin_options_read(struct admin *a, int n, char **words);
/* Whether one of WORDS, before a "--", is --help. */
bool admin_options_want_help(int n, char **words);
/* The help of one command, and its usage on a line. */
void admin_options_help(const struct command *c);
/* The value of option NAME; NULL where it was not given. */
const char *admin_value(const struct admin *a, const char *name);
bool admin_has(const struct admin *a, const char *name);
/* The number of option NAME; OTHERWISE where it was not given. */
int64_t admin_number(const struct admin *a, const char *name, int64_t otherwise);

/* --- admin_say.c: what people read. Nothing from outside can steer their terminal. --- */

/* "gatehouse: ..." to stderr. Returns EXIT_FAILURE. */
int admin_fail(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* The same with a hint to the command's help. Returns EXIT_USAGE. */
int admin_misuse(const struct admin *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A line to stdout. */
void admin_say(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* O as indented JSON to stdout. */
void admin_say_json(struct json_object *o);
/* Rows of cells, the first are the headings; printed with their columns in line. */
struct table;
struct table *table_new(void *ctx, size_t columns);
/* The next cell; NULL is "-". Copied. */
void table_add(struct table *t, const char *text);
void table_print(const struct table *t);

/* --- admin.c --- */

/* "cli:" and the login name, for CTX: who asked, in records. */
char *admin_name(void *ctx);
/* Refuses root where the state directory is another's: what root makes there the others could not use. */
enum err admin_check_owner(const struct config *c, struct error *e) MUST_CHECK;
/* Now, as names of files have it, for CTX: "20260303T192637Z". */
char *admin_stamp(void *ctx);
/* Opens the database, migrated, and what admin_call() needs. False: said what is wrong. */
bool admin_open(struct admin *a);

/*
 * What the command changes from now on in the database by itself, not by admin_call(), leaves an audit record: of the
 * command and its first argument, with the first transaction. admin_open() does this.
 */
void admin_note_changes(struct admin *a);

/* A request as the API gets it, by an administrator. */
struct call {
	enum method method;
	const char *path;		/* below the API's base */
	bool outside;			/* PATH is the whole path */
	const char *query;		/* NULL: none */
	const char *prefer;		/* NULL: none */
	struct json_object *body;	/* NULL: none; borrowed */
};
/* Answers CALL into RES, all of it for CTX, however long that takes. False: it failed, and that has been said. */
bool admin_call(struct admin *a, void *ctx, const struct call *call, struct response *res);
/* A command that lists the "results" of CALL: with PRINT, or as JSON where --json asks for that. Its exit status. */
int admin_list(struct admin *a, const struct call *call, void (*print)(struct admin *a, struct json_object *list));
/* Adds NAME=VALUE, encoded, to QUERY; nothing where VALUE is NULL. */
void admin_query_add(struct text *query, const char *name, const char *value);
/*
 * The gateway with this cluster id. Where there is none *FOUND is false and G empty, or, FOUND being NULL, that is
 * wrong too. False: said what is wrong.
 */
bool admin_gateway(struct admin *a, const char *cluster_id, struct gateway *g, bool *found);
/* All of FILE ("-": stdin), at most MAX bytes. NULL: said why not. */
struct text *admin_read_file(struct admin *a, const char *file, size_t max);

/* --- admin_password.c --- */

/*
 * The hash of a password for USER: of the line that the descriptor of --password-fd has, else of what is typed twice at
 * the terminal. The password itself is wiped. NULL: said why there is none.
 */
const char *admin_password(struct admin *a, const char *user);
/* The value of secret NAME as it is typed twice at the terminal, wiped when freed. NULL: said why there is none. */
const char *admin_type_value(struct admin *a, const char *name);

/* --- admin_jobs.c --- */

/* Copies the output of the job from its start to stdout and stderr. FOLLOW: until it has ended. STREAM NULL: both. */
int admin_copy_output(struct admin *a, const char *job_id, const char *stream, bool follow);
/* The job as it is now (api.md section 6), borrowed from CTX. NULL: it failed, and that has been said. */
struct json_object *admin_job(struct admin *a, void *ctx, const char *job_id);

/* --- admin_gateway.c --- */

/* Makes the gateway with the options of `gateway add`, as far as the command has them. False: said why not. */
bool admin_gateway_create(struct admin *a, const char *cluster_id);

/* --- admin_inventory.c --- */

/* The values of --inventory as a run's request has them, a list; the caller owns it. */
struct json_object *admin_inventory_given(struct admin *a);

/* --- admin_access.c --- */

struct user_group;
/* "a,b" for CTX; NULL where LIST is empty. */
char *admin_join_names(void *ctx, const struct names *list);
/* Whether there is a role NAME. */
enum err admin_role(const char *name, struct error *e) MUST_CHECK;
/* The group NAME with its lists; ERR_NOT_FOUND. */
enum err admin_group_must(struct admin *a, const char *name, struct user_group *g, struct error *e) MUST_CHECK;
/* Adds what the options --role and --group name: roles by name, groups by id. */
enum err admin_given_roles(struct admin *a, struct names *list, struct error *e) MUST_CHECK;
enum err admin_given_groups(struct admin *a, struct names *ids, struct error *e) MUST_CHECK;
/* The names of the groups with these ids. */
enum err admin_group_names(struct admin *a, const struct names *ids, struct names *names,
    struct error *e) MUST_CHECK;

/* --- admin_init.c --- */

/* Makes PATH and what is missing above it. MADE (for CTX) gets the topmost that was. */
enum err admin_make_directories(void *ctx, const char *path, const char **made, struct error *e) MUST_CHECK;
/* Takes that back, as long as they are empty: from PATH up to MADE. */
void admin_remove_directories(const char *path, const char *made);

/* --- the commands --- */

int admin_init(struct admin *a);
int admin_secret_set(struct admin *a);
int admin_secret_list(struct admin *a);
int admin_secret_delete(struct admin *a);
int admin_secret_rekey(struct admin *a);
int admin_user_add(struct admin *a);
int admin_user_passwd(struct admin *a);
int admin_user_list(struct admin *a);
int admin_user_delete(struct admin *a);
int admin_token_create(struct admin *a);
int admin_token_list(struct admin *a);
int admin_token_revoke(struct admin *a);
int admin_user_grant(struct admin *a);
int admin_user_revoke(struct admin *a);
int admin_user_disable(struct admin *a);
int admin_user_enable(struct admin *a);
int admin_group_add(struct admin *a);
int admin_group_list(struct admin *a);
int admin_group_delete(struct admin *a);
int admin_group_join(struct admin *a);
int admin_group_leave(struct admin *a);
int admin_group_grant(struct admin *a);
int admin_group_revoke(struct admin *a);
int admin_group_disable(struct admin *a);
int admin_group_enable(struct admin *a);
int admin_role_list(struct admin *a);
int admin_gateway_list(struct admin *a);
int admin_gateway_add(struct admin *a);
int admin_gateway_delete(struct admin *a);
int admin_inventory_list(struct admin *a);
int admin_inventory_show(struct admin *a);
int admin_inventory_import(struct admin *a);
int admin_inventory_delete(struct admin *a);
int admin_import(struct admin *a);
int admin_export(struct admin *a);
int admin_run(struct admin *a);
int admin_jobs(struct admin *a);
int admin_job_show(struct admin *a);
int admin_cancel(struct admin *a);
int admin_logs(struct admin *a);
int admin_migrate(struct admin *a);
int admin_backup(struct admin *a);
int admin_restore(struct admin *a);
int admin_purge(struct admin *a);
int admin_version(struct admin *a);
int admin_doctor(struct admin *a);

#endif
