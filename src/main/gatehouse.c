#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "main/admin.h"

enum { PRIVATE = S_IRWXG | S_IRWXO, LIMIT_MAX = 10000, EXPIRES_MAX = 36500 };

#define COUNT(array) (sizeof (array) / sizeof *(array))
#define OPTIONS(...) (const struct admin_option[]){ __VA_ARGS__, { 0 } }
#define FLAG(n, h) { .name = n, .help = h }
#define VALUE(n, v, h) { .name = n, .value = v, .help = h }
#define JSON FLAG("json", "print JSON")
#define PASSWORD_FD { .name = "password-fd", .value = "N", .max = INT_MAX, \
	.help = "read the password from descriptor N, one line" }
#define GATEWAY { .name = "gateway", .value = "ID", .required = 1, \
	.help = "the cluster id of the gateway" }

static const struct admin_option init_options[] = {
	VALUE("user", "NAME", "the administrator's name; admin if left out"),
	PASSWORD_FD, { 0 }
};

#define ROLE { .name = "role", .value = "ROLE", .repeats = 1, .help = "a role; see `role list`" }

static const struct admin_option user_add_options[] = {
	FLAG("reader", "has all roles that only look"), ROLE,
	{ .name = "group", .value = "GROUP", .repeats = 1, .help = "a group that it is in" },
	PASSWORD_FD, { 0 }
};

static const struct admin_option group_add_options[] = {
	VALUE("description", "TEXT", "what it is for"), ROLE,
	{ .name = "group", .value = "GROUP", .repeats = 1,
	  .help = "a group that it is a member of" }, { 0 }
};

static const struct admin_option token_create_options[] = {
	{ .name = "user", .value = "NAME", .required = 1, .help = "whom it stands for" },
	{ .name = "expires", .value = "DAYS", .min = 1, .max = EXPIRES_MAX,
	  .help = "how long it is good for; until it is revoked if left out" },
	{ 0 }
};

static const struct admin_option gateway_add_options[] = {
	VALUE("name", "NAME", "what people call it; the cluster id if left out"),
	VALUE("description", "TEXT", "what it is for"),
	FLAG("readonly", "it shows its services but runs none"),
	VALUE("connector", "KIND", "how it is reached; [gateways] default_connector if left out"),
	VALUE("settings", "JSON", "settings of the connector, an object"), { 0 }
};

static const struct admin_option import_options[] = {
	GATEWAY,
	VALUE("git", "URL", "FILE is in this git repository"),
	VALUE("reference", "REF", "branch, tag or full SHA there"),
	VALUE("username", "NAME", "for https"),
	VALUE("password-file", "PATH", "the password for https; - is standard input"),
	VALUE("key-file", "PATH", "the private key for ssh; - is standard input"),
	FLAG("create", "make the gateway if there is none"),
	FLAG("check", "only say what would happen"),
	FLAG("validate", "only look for faults in the file"),
	FLAG("force", "replace what is there already"), { 0 }
};

static const struct admin_option run_options[] = {
	GATEWAY,
	{ .name = "param", .value = "K=V", .repeats = 1,
	  .help = "a parameter: k=text, or k:=JSON" },
	VALUE("params", "JSON", "all parameters in one object; @FILE reads them"),
	{ .name = "inventory", .value = "NAME", .repeats = 1,
	  .help = "nodes to run on: all of an inventory, or NAME:NODE,NODE" },
	FLAG("no-wait", "print the job's id and leave"),
	FLAG("json", "print the whole answer in place of the output"), { 0 }
};

static const struct admin_option jobs_options[] = {
	VALUE("gateway", "ID", "only those on this gateway"),
	VALUE("service", "NAME", "only those of this service"),
	VALUE("state", "STATE", "queued, running, completed, failed, canceled, timeout or lost"),
	{ .name = "limit", .value = "N", .min = 1, .max = LIMIT_MAX,
	  .help = "how many at most; 25 if left out" },
	JSON, { 0 }
};

static const struct admin_option logs_options[] = {
	{ .name = "follow", .letter = 'f', .help = "go on until the job has ended" },
	VALUE("stream", "NAME", "only stdout, or only stderr"), { 0 }
};

static const struct admin_option backup_options[] = {
	VALUE("key", "FILE", "write the key of the secrets too, into this file"),
	FLAG("force", "replace files that are there"), { 0 }
};

static const struct admin_option restore_options[] = {
	VALUE("key", "FILE", "the key file that the backup goes with"),
	FLAG("without-secrets", "bring back the rest where there is no key any more"),
	FLAG("force", "put it in the place of what is there, which is kept"), { 0 }
};

static const struct command commands[] = {
	{ "init", "", init_options,
	  "Make the state directory, the database and the first administrator.", admin_init },
	{ "user add", "NAME", user_add_options,
	  "Add a user, an administrator unless options say otherwise.", admin_user_add },
	{ "user passwd", "NAME", OPTIONS(PASSWORD_FD),
	  "Give a user a new password.", admin_user_passwd },
	{ "user list", "", NULL, "List the users.", admin_user_list },
	{ "user delete", "NAME", NULL, "Delete a user.", admin_user_delete },
	{ "user grant", "NAME ROLE", NULL, "Give a user a role.", admin_user_grant },
	{ "user revoke", "NAME ROLE", NULL, "Take a role from a user.", admin_user_revoke },
	{ "user disable", "NAME", NULL, "Let nobody come in as a user.", admin_user_disable },
	{ "user enable", "NAME", NULL, "Let a disabled user in again.", admin_user_enable },
	{ "group add", "GROUP", group_add_options, "Make a user group.", admin_group_add },
	{ "group list", "", NULL, "List the user groups.", admin_group_list },
	{ "group delete", "GROUP", NULL, "Delete a user group.", admin_group_delete },
	{ "group join", "GROUP USER", NULL, "Put a user into a group.", admin_group_join },
	{ "group leave", "GROUP USER", NULL, "Take a user out of a group.", admin_group_leave },
	{ "group grant", "GROUP ROLE", NULL, "Give a role to a group.", admin_group_grant },
	{ "group revoke", "GROUP ROLE", NULL, "Take a role from a group.", admin_group_revoke },
	{ "group disable", "GROUP", NULL, "Let a group count for nothing.", admin_group_disable },
	{ "group enable", "GROUP", NULL, "Let it count again.", admin_group_enable },
	{ "role list", "", NULL, "List the roles.", admin_role_list },
	{ "token create", "NAME", token_create_options,
	  "Make an API token for a user and print it, this once.", admin_token_create },
	{ "token list", "", NULL, "List the API tokens, without the tokens themselves.",
	  admin_token_list },
	{ "token revoke", "NAME", NULL, "End an API token at once.", admin_token_revoke },
	{ "gateway list", "", OPTIONS(JSON), "List the gateways.", admin_gateway_list },
	{ "gateway add", "ID", gateway_add_options,
	  "Register a gateway by its cluster id.", admin_gateway_add },
	{ "gateway delete", "ID", OPTIONS(FLAG("force", "cancel its runs first")),
	  "Delete a gateway with its services; its jobs stay.", admin_gateway_delete },
	{ "inventory list", "", OPTIONS(JSON), "List the inventories.", admin_inventory_list },
	{ "inventory show", "NAME", NULL,
	  "Print an inventory with its nodes, as JSON.", admin_inventory_show },
	{ "inventory import", "FILE", NULL,
	  "Make an inventory of a file, YAML or JSON, or replace it.", admin_inventory_import },
	{ "inventory delete", "NAME", NULL,
	  "Delete an inventory with its nodes.", admin_inventory_delete },
	{ "import", "FILE", import_options,
	  "Import a service file, YAML or JSON; - is standard input.", admin_import },
	{ "export", "", OPTIONS(GATEWAY), "Print what was imported, as JSON.", admin_export },
	{ "secret set", "NAME", OPTIONS(GATEWAY),
	  "Give a secret its value: standard input, or typed.", admin_secret_set },
	{ "secret list", "", OPTIONS(GATEWAY, JSON),
	  "List the secrets of a gateway: names and times.", admin_secret_list },
	{ "secret delete", "NAME", OPTIONS(GATEWAY), "Delete a secret.", admin_secret_delete },
	{ "secret rekey", "", NULL, "Seal all secrets with a new key.", admin_secret_rekey },
	{ "run", "SERVICE", run_options,
	  "Run a service, print its output, end with its return code.", admin_run },
	{ "jobs", "", jobs_options, "List jobs, newest first.", admin_jobs },
	{ "job", "JOB", NULL, "Print a job as JSON.", admin_job_show },
	{ "cancel", "JOB", NULL, "Cancel a job that has not ended.", admin_cancel },
	{ "logs", "JOB", logs_options, "Print the output of a job.", admin_logs },
	{ "migrate", "", NULL, "Bring the database to this program's schema.", admin_migrate },
	{ "backup", "FILE", backup_options,
	  "Copy the database, while all runs on; - is standard output.", admin_backup },
	{ "restore", "FILE", restore_options,
	  "Bring a backup back; - is standard input.", admin_restore },
	{ "purge", "", NULL,
	  "Remove the old jobs that [retention] does not keep, now.", admin_purge },
	{ "doctor", "", NULL, "Check the installation.", admin_doctor },
	{ "version", "", NULL, "Print the versions of program and schema.", admin_version },
};

static const char intro[] =
    "usage: gatehouse [--config FILE] COMMAND ...\n"
    "\n"
    "Sets up and looks after the Gatehouse Gateway Manager on this host.\n"
    "\n";

static const char outro[] =
    "\n"
    "  --config FILE  the configuration; else GATEHOUSE_CONFIG names it\n"
    "  --version, --help\n"
    "\n"
    "gatehouse help COMMAND tells more of a command. See gatehouse(1).\n";

/* Whether the command's name is the word GROUP and another one. */
static bool
is_in_group(const struct command *c, const char *group)
{
	size_t n = strlen(group);

	return strncmp(c->name, group, n) == 0 && c->name[n] == ' ';
}

static void
print_commands(const char *group)
{
	enum { NAME_COLUMN = 24 };

	for (size_t i = 0; i < COUNT(commands); i++) {
		const struct command *c = &commands[i];

		if (group == NULL || is_in_group(c, group))
			printf("  %s %-*s%s\n", c->name, NAME_COLUMN - (int)strlen(c->name),
			    c->arguments, c->summary);
	}
}

static int
print_help(void)
{
	fputs(intro, stdout);
	print_commands(NULL);
	fputs(outro, stdout);
	return EXIT_SUCCESS;
}

/* The command that WORDS begin with; *USED gets how many words its name has. */
static const struct command *
find_command(int n, char **words, int *used)
{
	for (size_t i = 0; i < COUNT(commands); i++) {
		const char *second = strchr(commands[i].name, ' ');

		*used = second != NULL ? 2 : 1;
		if (second == NULL && strcmp(words[0], commands[i].name) == 0)
			return &commands[i];
		if (second != NULL && n > 1 && is_in_group(&commands[i], words[0]) &&
		    strcmp(words[1], second + 1) == 0)
			return &commands[i];
	}
	return NULL;
}

static bool
is_group(const char *word)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (is_in_group(&commands[i], word))
			return true;
	return false;
}

static int
no_command(int n, char **words)
{
	bool known = is_group(words[0]);

	if (known && n == 1)
		admin_fail("%s is not a whole command", words[0]);
	else
		admin_fail("there is no command %s%s%s", words[0], known ? " " : "",
		    known ? words[1] : "");
	fprintf(stderr, "Try 'gatehouse %s%s'.\n", known ? "help " : "--help",
	    known ? words[0] : "");
	return EXIT_USAGE;
}

static int
help_with(int n, char **words)
{
	const struct command *c;
	int used;

	if (n == 0)
		return print_help();
	c = find_command(n, words, &used);
	if (c != NULL && used == n) {
		admin_options_help(c);
		return EXIT_SUCCESS;
	}
	if (n > 1 || !is_group(words[0]))
		return no_command(n, words);
	print_commands(words[0]);
	return EXIT_SUCCESS;
}

static int
run_command(void *ctx, const char *config_file, int n, char **words)
{
	struct admin a = { .ctx = ctx };
	struct error e;
	int used, rc;

	if (strcmp(words[0], "help") == 0)
		return help_with(n - 1, words + 1);
	a.command = find_command(n, words, &used);
	if (a.command == NULL && n > 1 && admin_options_want_help(1, words + 1))
		return help_with(1, words);
	if (a.command == NULL)
		return no_command(n, words);
	if (admin_options_want_help(n - used, words + used))
		return help_with(used, words);
	a.given = MEM_ARRAY(ctx, struct given, (size_t)n);
	a.args = MEM_ARRAY(ctx, const char *, (size_t)n);
	rc = admin_options_read(&a, n - used, words + used);
	if (rc != EXIT_SUCCESS)
		return rc;
	a.config = config_read(ctx, config_file, &e);
	if (a.config == NULL || secret_init(&e) != ERR_OK)
		return admin_fail("%s", e.detail);
	a.caller.username = admin_name(ctx);
	a.caller.is_admin = true;
	return a.command->run(&a);
}

/* The options before the command. */
static int
run(void *ctx, int n, char **words)
{
	static const char config[] = "--config", glued[] = "--config=";
	const char *file = NULL;

	while (n > 0 && words[0][0] == '-') {
		bool is_glued = strncmp(words[0], glued, sizeof glued - 1) == 0;

		if (strcmp(words[0], "--help") == 0)
			return print_help();
		if (strcmp(words[0], "--version") == 0)
			return admin_version(NULL);
		if (!is_glued && strcmp(words[0], config) != 0) {
			admin_fail("there is no option %s before the command: see --help",
			    words[0]);
			return EXIT_USAGE;
		}
		if (!is_glued && n == 1) {
			admin_fail("--config wants a file");
			return EXIT_USAGE;
		}
		file = is_glued ? words[0] + sizeof glued - 1 : words[1];
		words += is_glued ? 1 : 2;
		n -= is_glued ? 1 : 2;
	}
	if (n > 0)
		return run_command(ctx, file, n, words);
	fputs(intro, stderr);
	fputs("Try 'gatehouse --help'.\n", stderr);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	void *ctx = mem_scope(NULL);
	int status;

	umask(PRIVATE);
	log_open("gatehouse", LOG_WARNING);
	status = run(ctx, argc - 1, argv + 1);
	mem_free(ctx);
	/* What could not be written was not done for whoever reads it. */
	if ((fflush(stdout) != 0 || ferror(stdout) != 0) && status == EXIT_SUCCESS)
		status = admin_fail("the output could not be written");
	return status;
}
