/* SPDX-License-Identifier: Apache-2.0 */
#include "cells.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "hash.h"

/*
 * Sets of WAYS places each: a cell has its set, and there takes the place that
 * was not used for longest.  No chain grows, and nothing is moved.
 */
#define WAYS	8
#define LOCKS	64
#define COST	(sizeof(struct cell) + 16 + sizeof(struct place))

struct place {
	struct cell	*cell;
	uint64_t	 used;
};

struct cells {
	struct hash_key	 key;
	struct place	*place;
	size_t		 nsets;		/* a power of two, LOCKS or more */
	_Atomic int64_t	 seq;
	atomic_ullong	 tick;
	pthread_mutex_t	 lock[LOCKS];
};

int
cells_new(struct cells **out, size_t bytes, const struct rng *rng,
    struct error *e)
{
	struct cells	*c;
	size_t		 i;

	*out = NULL;
	c = mem_alloc(sizeof(*c));
	if (rng_fill(rng, &c->key, sizeof(c->key), e) == -1) {
		mem_free(&c);
		return -1;
	}
	for (c->nsets = LOCKS; c->nsets * 2 * WAYS * COST <= bytes;)
		c->nsets *= 2;
	c->place = mem_array(c->nsets * WAYS, sizeof(*c->place));
	for (i = 0; i < LOCKS; i++)
		pthread_mutex_init(&c->lock[i], NULL);
	*out = c;
	return 0;
}

void
cell_free(struct cell **cp)
{
	struct cell	*c = *cp;

	*cp = NULL;
	if (c != NULL && atomic_fetch_sub(&c->refs, 1) == 1)
		mem_free(&c);
}

/* It loses its place, and whoever holds it learns that. */
static void
place_clear(struct place *p)
{
	if (p->cell == NULL)
		return;
	atomic_store(&p->cell->dead, true);
	cell_free(&p->cell);
}

void
cells_free(struct cells **cp)
{
	struct cells	*c = *cp;
	size_t		 i;

	if (c == NULL)
		return;
	for (i = 0; i < c->nsets * WAYS; i++)
		place_clear(&c->place[i]);
	for (i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&c->lock[i]);
	mem_free(&c->place);
	mem_free(cp);
}

static bool
key_equal(const struct cell_key *a, const struct cell_key *b)
{
	return a->ca == b->ca && a->serial_len == b->serial_len &&
	    memcmp(a->serial, b->serial, a->serial_len) == 0;
}

/* Returns with the set's lock held. */
static struct place *
set_lock(struct cells *c, const struct cell_key *key, pthread_mutex_t **lock)
{
	uint64_t	 h;
	uint8_t		 flat[3 + CELL_SERIAL];
	size_t		 set;

	flat[0] = (uint8_t)(key->ca >> 8);
	flat[1] = (uint8_t)key->ca;
	flat[2] = key->serial_len;
	memcpy(flat + 3, key->serial, key->serial_len);
	h = hash_keyed(&c->key, flat, 3 + (size_t)key->serial_len);
	set = h & (c->nsets - 1);
	*lock = &c->lock[set % LOCKS];
	pthread_mutex_lock(*lock);
	return &c->place[set * WAYS];
}

/* Its place, or NULL. */
static struct place *
set_find(struct place *set, const struct cell_key *key)
{
	size_t	 i;

	for (i = 0; i < WAYS; i++)
		if (set[i].cell != NULL && key_equal(&set[i].cell->key, key))
			return &set[i];
	return NULL;
}

static struct place *
set_room(struct place *set)
{
	struct place	*oldest = set;
	size_t		 i;

	for (i = 0; i < WAYS; i++) {
		if (set[i].cell == NULL)
			return &set[i];
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	place_clear(oldest);
	return oldest;
}

struct cell *
cells_get(struct cells *c, const struct cell_key *key)
{
	pthread_mutex_t	*lock;
	struct place	*p = set_find(set_lock(c, key, &lock), key);
	struct cell	*found = NULL;

	if (p != NULL) {
		found = p->cell;
		atomic_fetch_add(&found->refs, 1);
		p->used = atomic_fetch_add(&c->tick, 1);
	}
	pthread_mutex_unlock(lock);
	return found;
}

static struct cell *
cell_new(const struct cell_key *key, const struct cell_status *s,
    int64_t seq)
{
	struct cell	*c = mem_alloc(sizeof(*c));

	atomic_init(&c->refs, 1);
	c->key = *key;
	c->status = *s;
	c->seq = seq;
	return c;
}

/* In the place of its predecessor, if it has one. */
static void
set_put(struct cells *c, struct place *set, struct cell *x)
{
	struct place	*p = set_find(set, &x->key);

	if (p != NULL) {
		if (x->since == 0)
			x->since = p->cell->since;
		place_clear(p);
	} else
		p = set_room(set);
	p->cell = x;
	p->used = atomic_fetch_add(&c->tick, 1);
	atomic_fetch_add(&x->refs, 1);
}

struct cell *
cells_put(struct cells *c, const struct cell_key *key,
    const struct cell_status *s, int64_t seq)
{
	struct cell	*x = cell_new(key, s, seq);
	pthread_mutex_t	*lock;
	struct place	*set = set_lock(c, key, &lock), *p;

	if (seq >= atomic_load(&c->seq))
		set_put(c, set, x);
	else {
		if ((p = set_find(set, key)) != NULL)
			x->since = p->cell->since;
		atomic_store(&x->dead, true);
	}
	pthread_mutex_unlock(lock);
	return x;
}

void
cells_set_seq(struct cells *c, int64_t seq)
{
	atomic_store(&c->seq, seq);
}

int64_t
cells_seq(const struct cells *c)
{
	return atomic_load(&c->seq);
}

void
cells_drop(struct cells *c, const struct cell_key *key, int64_t now)
{
	static const struct cell_status	 unread = { .reason = -1 };
	struct cell			*x = cell_new(key, &unread, 0);
	pthread_mutex_t			*lock;

	x->since = now;
	set_put(c, set_lock(c, key, &lock), x);
	pthread_mutex_unlock(lock);
	cell_free(&x);
}

void
cells_sweep(struct cells *c, cells_fn *fn, void *arg)
{
	struct place	*p;
	size_t		 set, i;

	for (set = 0; set < c->nsets; set++) {
		p = &c->place[set * WAYS];
		pthread_mutex_lock(&c->lock[set % LOCKS]);
		for (i = 0; i < WAYS; i++)
			if (p[i].cell != NULL &&
			    (fn == NULL || fn(arg, p[i].cell)))
				place_clear(&p[i]);
		pthread_mutex_unlock(&c->lock[set % LOCKS]);
	}
}

size_t
cells_count(struct cells *c)
{
	size_t	 set, i, n = 0;

	for (set = 0; set < c->nsets; set++) {
		pthread_mutex_lock(&c->lock[set % LOCKS]);
		for (i = 0; i < WAYS; i++)
			n += c->place[set * WAYS + i].cell != NULL;
		pthread_mutex_unlock(&c->lock[set % LOCKS]);
	}
	return n;
}
