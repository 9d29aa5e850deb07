#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "main/admin.h"

/* One line, wiped when it is freed. */
struct secret {
	size_t len;
	bool is_whole;			/* its end was read */
	const char *what;		/* for sentences: "password" */
	char text[PASSWORD_MAX + 1];
};

static int
secret_wipe(struct secret *s)
{
	explicit_bzero(s, sizeof *s);
	return 0;
}

/* As it was before anything was read. */
static void
secret_empty(struct secret *s)
{
	s->len = 0;
	s->is_whole = false;
	explicit_bzero(s->text, sizeof s->text);
}

static struct secret *
secret_new(void *ctx, const char *what)
{
	struct secret *s = MEM_NEW(ctx, struct secret);

	s->what = what;
	MEM_ON_FREE(s, secret_wipe);
	return s;
}

/*
 * Reads what there is of a line, byte by byte, so that nothing behind it is
 * taken. True where S is whole; else E is filled, or it goes on (E's code is
 * ERR_OK).
 */
static bool
secret_read(struct secret *s, int fd, struct error *e)
{
	char c = '\0';
	ssize_t n = read(fd, &c, 1);

	e->code = ERR_OK;
	if (n < 0 && errno != EINTR && errno != EAGAIN)
		error_set(e, ERR_INVALID, "the %s cannot be read: %s", s->what, strerror(errno));
	s->is_whole = n == 0 || (n == 1 && c == '\n');
	if (n <= 0 || s->is_whole)
		return s->is_whole;
	if (c == '\0')
		error_set(e, ERR_INVALID, "the %s has a NUL byte", s->what);
	else if (s->len == PASSWORD_MAX)
		error_set(e, ERR_INVALID, "the %s has more than %d bytes", s->what, PASSWORD_MAX);
	else
		s->text[s->len++] = c;
	explicit_bzero(&c, sizeof c);
	return false;
}

static enum err
read_descriptor(int fd, struct secret *s, struct error *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (!secret_read(s, fd, e)) {
		if (e->code != ERR_OK)
			return e->code;
		poll(&p, 1, -1);
	}
	return ERR_OK;
}

/* --- the terminal --- */

/* What would leave the terminal without an echo, were it not waited for here. */
static void
signals_block(sigset_t *set, sigset_t *before)
{
	static const int numbers[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP };

	sigemptyset(set);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaddset(set, numbers[i]);
	sigprocmask(SIG_BLOCK, set, before);
}

static int
next_signal(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

/* Reads into S until it is whole or a signal comes, whose number is *SIGNO. */
static enum err
read_terminal(int tty, int signals, struct secret *s, int *signo, struct error *e)
{
	struct pollfd p[] = {
		{ .fd = tty, .events = POLLIN }, { .fd = signals, .events = POLLIN }
	};

	*signo = 0;
	for (;;) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents != 0)
			*signo = next_signal(signals);
		if (*signo != 0)
			return ERR_OK;
		if (p[0].revents == 0)
			continue;
		if (secret_read(s, tty, e))
			return ERR_OK;
		if (e->code != ERR_OK)
			return e->code;
	}
}

/* Asks without an echo. A signal takes effect once the terminal is as it was. */
static enum err
ask(int tty, const char *prompt, struct secret *s, struct error *e)
{
	struct termios was, silent;
	sigset_t set, before;
	int signals, signo;

	if (tcgetattr(tty, &was) != 0)
		return error_set(e, ERR_UNAVAILABLE, "the terminal: %s", strerror(errno));
	silent = was;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	silent.c_lflag |= ICANON;
	do {
		secret_empty(s);
		signals_block(&set, &before);
		signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
		tcsetattr(tty, TCSAFLUSH, &silent);
		dprintf(tty, "%s", prompt);
		read_terminal(tty, signals, s, &signo, e);
		tcsetattr(tty, TCSAFLUSH, &was);
		dprintf(tty, "\n");
		close(signals);
		sigprocmask(SIG_SETMASK, &before, NULL);
		if (signo != 0)
			raise(signo);
	} while (signo != 0);
	if (e->code == ERR_OK && s->len == 0)
		error_set(e, ERR_INVALID, "no %s was typed", s->what);
	return e->code;
}

static enum err
ask_twice(int tty, const char *prompt, struct secret *s, struct error *e)
{
	SCOPED(tmp, NULL);
	struct secret *again = secret_new(tmp, s->what);

	if (ask(tty, prompt, s, e) != ERR_OK ||
	    ask(tty, "The same again: ", again, e) != ERR_OK)
		return e->code;
	if (strcmp(s->text, again->text) != 0)
		return error_set(e, ERR_INVALID, "the two %ss differ", s->what);
	return ERR_OK;
}

static enum err
read_password(int fd, const char *user, struct secret *s, struct error *e)
{
	SCOPED(tmp, NULL);
	int tty;

	if (fd >= 0)
		return read_descriptor(fd, s, e);
	tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0)
		return error_set(e, ERR_UNAVAILABLE,
		    "there is no terminal to ask for the password at: give it with --password-fd");
	ask_twice(tty, mem_printf(tmp, "Password for %s: ", user), s, e);
	close(tty);
	return e->code;
}

const char *
admin_password(struct admin *a, const char *user)
{
	struct secret *s = secret_new(a->ctx, "password");
	struct error e = { 0 };
	int fd = (int)admin_number(a, "password-fd", -1);
	char *hash = NULL;

	if (fd >= 0 && fcntl(fd, F_GETFD) < 0)
		error_set(&e, ERR_INVALID, "descriptor %d of --password-fd is not open", fd);
	else if (read_password(fd, user, s, &e) == ERR_OK)
		hash = password_hash(a->ctx, s->text, &e);
	if (hash == NULL)
		admin_fail("%s", e.detail);
	mem_free(s);
	return hash;
}

const char *
admin_type_value(struct admin *a, const char *name)
{
	SCOPED(tmp, NULL);
	struct secret *s = secret_new(a->ctx, "value");
	struct error e = { 0 };
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (tty < 0)
		error_set(&e, ERR_UNAVAILABLE, "there is no terminal to ask for the value at");
	else if (ask_twice(tty, mem_printf(tmp, "Value of %s: ", name), s, &e) == ERR_OK &&
	    !utf8_valid(s->text, s->len))
		error_set(&e, ERR_INVALID, "the value must be UTF-8");
	if (tty >= 0)
		close(tty);
	if (e.code == ERR_OK)
		return s->text;
	admin_fail("%s", e.detail);
	return NULL;
}
