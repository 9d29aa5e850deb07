#include "main/fcgi_parts.h"

#include <errno.h>
#include <time.h>

enum { MS_PER_S = 1000 };

void
hand_over_init(struct hand_over *q)
{
	pthread_condattr_t a;

	pthread_condattr_init(&a);
	pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->some, &a);
	pthread_condattr_destroy(&a);
	TAILQ_INIT(&q->list);
	q->closed = false;
}

void
hand_over_put(struct hand_over *q, struct line *l)
{
	pthread_mutex_lock(&q->lock);
	TAILQ_INSERT_TAIL(&q->list, l, in_queue);
	pthread_mutex_unlock(&q->lock);
	/* Behind the lock: whom it wakes would only wait for that. */
	pthread_cond_signal(&q->some);
}

/* With the lock held. */
static struct line *
first(struct hand_over *q)
{
	struct line *l = TAILQ_FIRST(&q->list);

	if (l != NULL)
		TAILQ_REMOVE(&q->list, l, in_queue);
	return l;
}

bool
hand_over_take(struct hand_over *q, int64_t ms, struct line **l)
{
	struct timespec until;
	bool open;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / MS_PER_S;
	pthread_mutex_lock(&q->lock);
	while (TAILQ_EMPTY(&q->list) && !q->closed && rc != ETIMEDOUT)
		rc = ms < 0 ? pthread_cond_wait(&q->some, &q->lock) :
		    pthread_cond_timedwait(&q->some, &q->lock, &until);
	*l = first(q);
	open = *l != NULL || !q->closed;
	pthread_mutex_unlock(&q->lock);
	return open;
}

struct line *
hand_over_try(struct hand_over *q)
{
	struct line *l;

	pthread_mutex_lock(&q->lock);
	l = first(q);
	pthread_mutex_unlock(&q->lock);
	return l;
}

void
hand_over_close(struct hand_over *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->some);
	pthread_mutex_unlock(&q->lock);
}
