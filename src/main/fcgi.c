#include <fcgiapp.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "db/migrate.h"
#include "main/fcgi_exchange.h"
#include "main/fcgi_serve.h"
#include "main/setup.h"
#include "run/link.h"
#include "secret/password.h"

enum {
	EXIT_USAGE = 2,
	ARENAS = 1,
	HEAP_KEPT = 1 << 20	/* free bytes at its end, until mem_trim() */
};

static const char help[] =
    "usage: gatehouse.fcgi [--version | --help]\n"
    "\n"
    "The responder of Gatehouse. A web server starts it: as a FastCGI program with\n"
    "its socket as descriptor 0, or as a CGI program. GATEHOUSE_CONFIG names the\n"
    "configuration. See gatehouse.fcgi(8).\n";

/* --- CGI: the environment, standard input and output --- */

static const char *
cgi_param(void *arg, const char *name)
{
	(void)arg;
	return getenv(name);
}

/* Never more than was announced: under CGI standard input need not end (RFC 3875 section 4.2). */
static size_t
cgi_read(void *arg, void *bytes, size_t n)
{
	size_t *left = arg, got;

	if (n > *left)
		n = *left;
	got = n > 0 ? fread(bytes, 1, n, stdin) : 0;
	*left -= got;
	return got;
}

static void
cgi_write(const char *bytes, size_t n)
{
	if (n > 0)
		fwrite(bytes, 1, n, stdout);
}

/* What there is goes out now. True where more is to come. */
static bool
cgi_send(struct request *req, struct response *res)
{
	struct cgi_answer a;

	exchange_answer(req, res, &a);
	cgi_write(a.head, a.head_len);
	cgi_write(a.body, a.body_len);
	response_release(res);
	return fflush(stdout) == 0 && !a.last;
}

/* False where the answer is whole, or nobody takes it any more. */
static bool
cgi_goes_on(struct link *link, struct request *req, struct response *res)
{
	bool waits = req->wait != NULL;

	if ((!waits || res->streaming) && !cgi_send(req, res))
		return false;
	if (waits)
		link_wait(link, req->wait);
	return true;
}

int
cgi_serve(void *ctx, struct app *app)
{
	const char *length = getenv("CONTENT_LENGTH");
	int64_t announced = 0;
	bool known = length != NULL && text_int(length, 0, INT64_MAX, &announced);
	size_t left = known ? (size_t)announced : 0;
	const struct cgi_io io = { &left, cgi_param, cgi_read };
	struct request *req = exchange_read(ctx, app, &io);
	struct error e = { 0 };
	struct db *db = db_open(ctx, app->config, false, &e);
	struct link *link = link_new(ctx, app->config);
	struct response res;

	response_init(&res);
	if (db == NULL || migrate_run(db, NULL, &e) != ERR_OK)
		app_refuse(req, &res, &e);
	else
		app_handle(app, db, req, &res);
	while (cgi_goes_on(link, req, &res))
		app_resume(db, req, &res);
	return ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
options(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("gatehouse.fcgi %s\n", PACKAGE_VERSION) < 0;
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return fputs(help, stdout) < 0;
	fprintf(stderr, "gatehouse.fcgi: %s is not expected, see --help\n", argv[1]);
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	void *ctx = mem_scope(NULL);
	struct error e = { 0 };
	struct config *c;
	struct app *app = NULL;
	bool cgi = getenv("GATEWAY_INTERFACE") != NULL;
	int status = EXIT_FAILURE;

	/* Under CGI a query may come as an argument (RFC 3875 section 4.4). */
	if (argc > 1 && !cgi)
		return options(argc, argv);
	/* One heap for all threads: they share little, and each heap of its own costs memory. */
	mallopt(M_ARENA_MAX, ARENAS);
	/* What SQLite takes for a statement and gives back: not to the system, page by page. */
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	c = setup_config(ctx, NULL, "gatehouse.fcgi", &e);
	if (c != NULL && secret_init(&e) == ERR_OK)
		app = app_new(ctx, c, &e);
	if (app == NULL)
		log_error("%s", e.detail);
	else if (cgi)
		status = cgi_serve(ctx, app);
	else if (FCGX_IsCGI())
		status = fputs(help, stderr) < 0 ? EXIT_FAILURE : EXIT_USAGE;
	else if (FCGX_Init() == 0)
		status = fcgi_serve(ctx, app);
	mem_free(ctx);
	return status;
}
