#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "db/migrate.h"
#include "main/setup.h"
#include "run/dispatch.h"
#include "secret/password.h"

enum { MS_PER_S = 1000, PRIVATE = S_IRWXG | S_IRWXO, EXIT_USAGE = 2, PID_TEXT_MAX = 16 };

struct options {
	const char *config;
	bool on_demand;
};

static const char help[] =
    "usage: gatehoused [--config FILE] [--foreground | --on-demand]\n"
    "\n"
    "The dispatcher of Gatehouse: it starts runs and writes their records. It stays\n"
    "in the foreground. The responder starts it by itself where it is not a service.\n"
    "\n"
    "  --config FILE  the configuration; else GATEHOUSE_CONFIG names it\n"
    "  --foreground   run until SIGTERM (the default)\n"
    "  --on-demand    leave when idle for [dispatcher] idle_exit; leave at once, and\n"
    "                 quietly, where another one serves the state directory\n"
    "  --version, --help\n";

/* Returns -1 to go on, else the exit status. */
static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' }, { "foreground", no_argument, NULL,
		    'f' },
		{ "on-demand", no_argument, NULL, 'd' }, { "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'h')
			return fputs(help, stdout) < 0;
		if (c == 'v')
			return printf("gatehoused %s\n", PACKAGE_VERSION) < 0;
		if (c == '?') {
			fputs("Try 'gatehoused --help'.\n", stderr);
			return EXIT_USAGE;
		}
		o->on_demand |= c == 'd';
		o->config = c == 'c' ? optarg : o->config;
	}
	if (optind < argc) {
		fprintf(stderr, "gatehoused: %s is not expected, see --help\n", argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

/* setup_lock() for as long as this process lives, with its number in the file. */
static int
take_lock(void *ctx, const struct config *c)
{
	char pid[PID_TEXT_MAX];
	int fd = setup_lock(ctx, c);
	int n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());

	if (fd < 0)
		return -1;
	if (ftruncate(fd, 0) != 0 || write(fd, pid, (size_t)n) != n) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

struct stopper {
	struct dispatch *dispatch;
};

static void
on_signal(void *arg, int fd, unsigned ready)
{
	struct stopper *s = arg;
	struct signalfd_siginfo info;

	(void)ready;
	if (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
		dispatch_stop(s->dispatch);
}

static enum err
watch_signals(struct loop *l, struct stopper *s, struct error *e)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return error_set(e, ERR_INTERNAL, "signalfd: %s", strerror(errno));
	return loop_watch(l, fd, LOOP_READ, on_signal, s, e) != NULL ? ERR_OK : e->code;
}

static enum err
serve(void *ctx, const struct config *c, const struct options *o, struct error *e)
{
	struct loop *l = loop_new(ctx, e);
	struct db *db = l != NULL ? db_open(ctx, c, false, e) : NULL;
	struct stopper s;

	if (db == NULL || migrate_run(db, NULL, e) != ERR_OK ||
	    (s.dispatch = dispatch_new(l, l, c, db, e)) == NULL ||
	    watch_signals(l, &s, e) != ERR_OK)
		return e->code;
	if (o->on_demand)
		dispatch_leave_when_idle(s.dispatch, c->dispatcher_idle_exit * MS_PER_S);
	if (geteuid() == 0 && *c->local_run_as == '\0')
		log_warning("services run as root: [local] run_as is not set");
	log_info("version %s serves %s", PACKAGE_VERSION, c->state_dir);
	loop_run(l);
	db_rest(db);
	log_info("stopped");
	/* The dispatcher closes its sockets, then the loop goes. */
	mem_free(s.dispatch);
	return ERR_OK;
}

static void
say_no_lock(const struct config *c)
{
	if (errno == ENOENT)
		log_error("there is no state directory %s: run `gatehouse init`", c->state_dir);
	else
		log_error("%s/gatehoused.pid: %s", c->state_dir, errno == EWOULDBLOCK ?
		    "another gatehoused serves this state directory" : strerror(errno));
}

static int
run(void *ctx, const struct options *o)
{
	struct error e = { 0 };
	struct config *c = setup_config(ctx, o->config, "gatehoused", &e);
	int lock;

	if (c == NULL) {
		log_error("%s", e.detail);
		return EXIT_FAILURE;
	}
	setup_descriptors();
	umask(PRIVATE);
	lock = take_lock(ctx, c);
	if (lock < 0 && errno == EWOULDBLOCK && o->on_demand)
		return EXIT_SUCCESS;
	if (lock < 0) {
		say_no_lock(c);
		return EXIT_FAILURE;
	}
	if (secret_init(&e) != ERR_OK || serve(ctx, c, o, &e) != ERR_OK)
		log_error("%s", e.detail);
	if (ftruncate(lock, 0) != 0)
		log_warning("gatehoused.pid cannot be emptied");
	close(lock);
	return e.code == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	int status = read_options(argc, argv, &o);
	void *ctx;

	if (status >= 0)
		return status;
	ctx = mem_scope(NULL);
	status = run(ctx, &o);
	mem_free(ctx);
	return status;
}
