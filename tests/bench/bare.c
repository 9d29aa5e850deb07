/*
 * The bare event loop over libfcgi with a fixed answer: the limit that the
 * responder is compared with (tests/bench/responder). One thread waits for all
 * connections, workers serve a request each and hand the connection back.
 *
 * usage: bare SOCKET WORKERS
 */
#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { QUEUE = 65536, BATCH = 64, BACKLOG = 1024 };

static struct {
	pthread_mutex_t lock;
	pthread_cond_t some;
	int at[QUEUE];
	unsigned head, tail;
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER, .some = PTHREAD_COND_INITIALIZER };
static int poller;

static int
take(void)
{
	int fd;

	pthread_mutex_lock(&queue.lock);
	while (queue.head == queue.tail)
		pthread_cond_wait(&queue.some, &queue.lock);
	fd = queue.at[queue.head++ % QUEUE];
	pthread_mutex_unlock(&queue.lock);
	return fd;
}

static void
put(int fd)
{
	pthread_mutex_lock(&queue.lock);
	queue.at[queue.tail++ % QUEUE] = fd;
	pthread_cond_signal(&queue.some);
	pthread_mutex_unlock(&queue.lock);
}

static void
wait_for(int fd, int op)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLONESHOT | EPOLLRDHUP, .data.fd = fd };

	if (epoll_ctl(poller, op, fd, &e) != 0)
		perror("epoll_ctl");
}

static void *
work(void *arg)
{
	static const char answer[] = "Content-Type: application/json\r\nContent-Length: 34\r\n\r\n"
	    "{\"status\":\"Success\",\"result\":\"ok\"}";
	FCGX_Request r;

	(void)arg;
	FCGX_InitRequest(&r, -1, 0);
	for (;;) {
		int fd = r.ipcFd = take();

		r.keepConnection = 1;
		if (FCGX_Accept_r(&r) < 0) {
			r.ipcFd = -1;
			continue;
		}
		while (FCGX_GetChar(r.in) != EOF)
			;
		FCGX_PutS(answer, r.out);
		FCGX_Finish_r(&r);
		if (r.ipcFd >= 0)
			wait_for(fd, EPOLL_CTL_MOD);
		r.ipcFd = -1;
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	struct epoll_event ready[BATCH];
	pthread_t thread;
	int listener;

	if (argc != 3 || FCGX_Init() != 0)
		return 2;
	listener = FCGX_OpenSocket(argv[1], BACKLOG);
	poller = epoll_create1(0);
	struct epoll_event e = { .events = EPOLLIN, .data.fd = listener };
	if (listener < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &e) != 0)
		return 1;
	for (int i = 0; i < atoi(argv[2]); i++)
		pthread_create(&thread, NULL, work, NULL);
	for (;;) {
		int n = epoll_wait(poller, ready, BATCH, -1);

		for (int i = 0; i < n; i++)
			if (ready[i].data.fd != listener)
				put(ready[i].data.fd);
			else if ((ready[i].data.fd = accept(listener, NULL, NULL)) >= 0)
				wait_for(ready[i].data.fd, EPOLL_CTL_ADD);
	}
}
