/* SPDX-License-Identifier: Apache-2.0 */
#include "crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

struct crew {
	atomic_size_t	 next;
	size_t		 n;
	crew_fn		*fn;
	void		*arg;
};

static void *
crew_work(void *arg)
{
	struct crew	*c = arg;
	size_t		 i;

	while ((i = atomic_fetch_add(&c->next, 1)) < c->n)
		c->fn(c->arg, i);
	return NULL;
}

void
crew_run(size_t n, size_t threads, crew_fn *fn, void *arg)
{
	struct crew	 c = { .n = n, .fn = fn, .arg = arg };
	pthread_t	 id[CREW_MAX];
	size_t		 i, started = 0;

	if (threads > n)
		threads = n;
	/* Who cannot be started is not needed: the others do the work. */
	for (i = 1; i < threads && i < CREW_MAX; i++)
		if (pthread_create(&id[started], NULL, crew_work, &c) == 0)
			started++;
	crew_work(&c);
	for (i = 0; i < started; i++)
		pthread_join(id[i], NULL);
}

size_t
crew_size(size_t wanted)
{
	long	 n = sysconf(_SC_NPROCESSORS_ONLN);

	if (wanted == 0)
		wanted = n > 0 ? (size_t)n : 1;
	return wanted < CREW_MAX ? wanted : CREW_MAX;
}
