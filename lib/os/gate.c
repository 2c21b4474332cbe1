/* SPDX-License-Identifier: Apache-2.0 */
#include "os/gate.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/mem.h"

struct gate {
	pthread_mutex_t	 lock;
	pthread_cond_t	 left;
	unsigned int	 free;
};

void
gate_new(struct gate **out, unsigned int width)
{
	struct gate		*g = mem_alloc(sizeof(*g));
	pthread_condattr_t	 attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->left, &attr);
	pthread_condattr_destroy(&attr);
	g->free = width;
	*out = g;
}

void
gate_free(struct gate **g)
{
	if (*g == NULL)
		return;
	pthread_cond_destroy(&(*g)->left);
	pthread_mutex_destroy(&(*g)->lock);
	mem_free(g);
}

static struct timespec
until(int ms)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

int
gate_enter(struct gate *g, int ms, struct error *e)
{
	struct timespec	 end;
	int		 rc = 0;

	if (g == NULL)
		return 0;
	end = until(ms);
	pthread_mutex_lock(&g->lock);
	while (g->free == 0 && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&g->left, &g->lock, &end);
	rc = g->free > 0 ? 0 : -1;
	if (rc == 0)
		g->free--;
	pthread_mutex_unlock(&g->lock);
	if (rc == 0)
		return 0;
	error_set(e, ERROR_UPSTREAM, "too much of this work is being done at "
	    "the moment");
	return error_hint(e, "try again in a few seconds");
}

void
gate_leave(struct gate *g)
{
	if (g == NULL)
		return;
	pthread_mutex_lock(&g->lock);
	g->free++;
	pthread_cond_signal(&g->left);
	pthread_mutex_unlock(&g->lock);
}
