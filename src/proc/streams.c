#include <errno.h>
#include <unistd.h>

#include "proc/parts.h"

enum {
	READ_MAX = 65536,	/* bytes of a stream a turn, so that a flood starves nobody */
	LAST_READS = 16		/* a pipe holds 1 MiB at most (pipe(7)): more has no end */
};

static void
stream_close(struct stream *s)
{
	if (s->fd < 0)
		return;
	loop_forget(s->watch);
	s->watch = NULL;
	close(s->fd);
	s->fd = -1;
}

/* One read; false where there is nothing, and at the end, which closes the stream. */
static bool
stream_read(struct stream *s)
{
	char bytes[READ_MAX];
	ssize_t n = read(s->fd, bytes, sizeof bytes);

	if (n > 0)
		s->proc->events->output(s->proc->arg, s->which, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		stream_close(s);
	return n > 0;
}

static void
stream_ready(void *arg, int fd, unsigned ready)
{
	struct stream *s = arg;

	(void)fd;
	(void)ready;
	if (!stream_read(s) && s->fd < 0)
		end_look(s->proc);
}

static enum err
stream_watch(struct stream *s, struct error *e)
{
	if (s->fd < 0 || s->watch != NULL)
		return ERR_OK;
	s->watch = loop_watch(s->proc->loop, s->fd, LOOP_READ, stream_ready, s, e);
	return s->watch != NULL ? ERR_OK : e->code;
}

void
input_close(struct proc *p)
{
	if (p->input_fd < 0)
		return;
	loop_forget(p->input_watch);
	close(p->input_fd);
	p->input_fd = -1;
}

/* A process need not read what it is given: a broken pipe is no fault. */
static void
input_ready(void *arg, int fd, unsigned ready)
{
	struct proc *p = arg;
	size_t left = p->input_len - p->input_at;
	ssize_t n = left > 0 ? write(fd, p->input + p->input_at, left) : 0;

	(void)ready;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		p->input_at += (size_t)n;
	if (n < 0 || p->input_at == p->input_len)
		input_close(p);
}

enum err
streams_watch(struct proc *p, struct error *e)
{
	if (p->input_fd >= 0 && p->input_watch == NULL)
		p->input_watch = loop_watch(p->loop, p->input_fd, LOOP_WRITE, input_ready, p, e);
	if (p->input_fd >= 0 && p->input_watch == NULL)
		return e->code;
	for (int i = 0; i < STREAMS; i++)
		if (stream_watch(&p->out[i], e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

void
streams_pause(struct proc *p)
{
	for (int i = 0; i < STREAMS; i++) {
		loop_forget(p->out[i].watch);
		p->out[i].watch = NULL;
	}
}

bool
streams_ended(const struct proc *p)
{
	return p->out[PROC_STDOUT].fd < 0 && p->out[PROC_STDERR].fd < 0;
}

void
streams_close(struct proc *p)
{
	for (int i = 0; i < STREAMS; i++)
		stream_close(&p->out[i]);
}

void
streams_drain(struct proc *p)
{
	for (int i = 0; i < STREAMS; i++)
		for (int n = 0; p->out[i].fd >= 0 && n < LAST_READS && stream_read(&p->out[i]); n++)
			;
	streams_close(p);
}
