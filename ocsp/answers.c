/* SPDX-License-Identifier: Apache-2.0 */
#include "answers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

/*
 * As in cells.c, sets of WAYS places; besides, each lock's share of the bytes
 * is a bound of its own.
 */
#define WAYS	8
#define LOCKS	64
#define TYPICAL	4096		/* bytes of an answer with its keys */

struct place {
	struct answer	*answer;	/* NULL: free */
	uint64_t	 hash, used;
	uint8_t		*key;
	uint16_t	 key_len;
	uint8_t		 by;
};

struct share {
	pthread_mutex_t	 lock;
	size_t		 bytes;
	size_t		 hand;		/* next place to be emptied */
} __attribute__((aligned(64)));

struct answers {
	struct hash_key	 key;
	struct place	*place;
	size_t		 nsets;		/* a power of two, LOCKS or more */
	size_t		 share_max;	/* bytes */
	atomic_ullong	 tick;
	struct share	 share[LOCKS];
};

struct answer *
answer_new(struct http_shared *reply, struct cell *cell, size_t size,
    int64_t made_at, int64_t renew_at, int64_t expires)
{
	struct answer	*a = mem_alloc(sizeof(*a));

	atomic_init(&a->refs, 1);
	a->reply = reply;
	a->cell = cell;
	a->size = size;
	a->made_at = made_at;
	atomic_init(&a->renew_at, renew_at);
	a->expires = expires;
	return a;
}

void
answer_free(struct answer **ap)
{
	struct answer	*a = *ap;

	*ap = NULL;
	if (a == NULL || atomic_fetch_sub(&a->refs, 1) != 1)
		return;
	http_shared_free(&a->reply);
	cell_free(&a->cell);
	mem_free(&a);
}

int
answers_new(struct answers **out, size_t bytes, const struct rng *rng,
    struct error *e)
{
	struct answers	*a = NULL;
	size_t		 i;

	*out = NULL;
	/* Its shares are as far apart as cache lines. */
	if ((a = aligned_alloc(64, sizeof(*a))) == NULL)
		return error_set(e, ERROR_NOMEM, "answers");
	memset(a, 0, sizeof(*a));
	if (rng_fill(rng, &a->key, sizeof(a->key), e) == -1) {
		free(a);
		return -1;
	}
	for (a->nsets = LOCKS; a->nsets * 2 * WAYS * TYPICAL <= bytes;)
		a->nsets *= 2;
	a->share_max = bytes / LOCKS;
	a->place = mem_array(a->nsets * WAYS, sizeof(*a->place));
	for (i = 0; i < LOCKS; i++)
		pthread_mutex_init(&a->share[i].lock, NULL);
	*out = a;
	return 0;
}

static size_t
place_cost(const struct place *p)
{
	return p->answer->size + sizeof(*p->answer) + sizeof(*p) + p->key_len;
}

static void
place_clear(struct share *s, struct place *p)
{
	if (p->answer == NULL)
		return;
	s->bytes -= place_cost(p);
	answer_free(&p->answer);
	mem_free(&p->key);
}

void
answers_free(struct answers **ap)
{
	struct answers	*a = *ap;
	size_t		 i;

	if (a == NULL)
		return;
	answers_drop_all(a);
	for (i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&a->share[i].lock);
	mem_free(&a->place);
	free(a);
	*ap = NULL;
}

static bool
is_usable(const struct answer *a, int64_t now)
{
	return now < a->expires && !atomic_load(&a->cell->dead);
}

static struct place *
set_find(struct place *set, uint64_t hash, enum answer_by by,
    struct bytes key)
{
	size_t	 i;

	for (i = 0; i < WAYS; i++)
		if (set[i].answer != NULL && set[i].hash == hash &&
		    set[i].by == by && set[i].key_len == key.len &&
		    memcmp(set[i].key, key.p, key.len) == 0)
			return &set[i];
	return NULL;
}

struct answer *
answers_get(struct answers *a, enum answer_by by, struct bytes key,
    int64_t now)
{
	uint64_t	 hash;
	size_t		 set;
	struct share	*s;
	struct place	*p;
	struct answer	*found = NULL;

	if (key.len > ANSWER_KEY_MAX)
		return NULL;
	hash = hash_keyed(&a->key, key.p, key.len) + by;
	set = hash & (a->nsets - 1);
	s = &a->share[set % LOCKS];
	pthread_mutex_lock(&s->lock);
	p = set_find(&a->place[set * WAYS], hash, by, key);
	if (p != NULL && is_usable(p->answer, now)) {
		found = p->answer;
		atomic_fetch_add(&found->refs, 1);
		p->used = atomic_fetch_add_explicit(&a->tick, 1,
		    memory_order_relaxed);
	} else if (p != NULL)
		place_clear(s, p);
	pthread_mutex_unlock(&s->lock);
	return found;
}

static struct place *
set_room(struct share *s, struct place *set)
{
	struct place	*oldest = set;
	size_t		 i;

	for (i = 0; i < WAYS; i++) {
		if (set[i].answer == NULL)
			return &set[i];
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	place_clear(s, oldest);
	return oldest;
}

/* Places of this share, in turn, until it is within its bound. */
static void
share_trim(struct answers *a, size_t share, const struct place *keep)
{
	struct share	*s = &a->share[share];
	size_t		 per = a->nsets / LOCKS * WAYS, i, set;
	struct place	*p;

	for (i = 0; i < per && s->bytes > a->share_max; i++) {
		s->hand = (s->hand + 1) % per;
		set = s->hand / WAYS * LOCKS + share;
		p = &a->place[set * WAYS + s->hand % WAYS];
		if (p != keep)
			place_clear(s, p);
	}
}

void
answers_put(struct answers *a, enum answer_by by, struct bytes key,
    struct answer *x)
{
	uint64_t	 hash;
	size_t		 set;
	struct share	*s;
	struct place	*p;

	if (key.len > ANSWER_KEY_MAX)
		return;
	hash = hash_keyed(&a->key, key.p, key.len) + by;
	set = hash & (a->nsets - 1);
	s = &a->share[set % LOCKS];
	pthread_mutex_lock(&s->lock);
	p = set_find(&a->place[set * WAYS], hash, by, key);
	if (p != NULL)
		place_clear(s, p);
	else
		p = set_room(s, &a->place[set * WAYS]);
	p->hash = hash;
	p->by = (uint8_t)by;
	p->key = mem_dup(key.p, key.len);
	p->key_len = (uint16_t)key.len;
	p->used = atomic_fetch_add(&a->tick, 1);
	atomic_fetch_add(&x->refs, 1);
	p->answer = x;
	s->bytes += place_cost(p);
	share_trim(a, set % LOCKS, p);
	pthread_mutex_unlock(&s->lock);
}

void
answers_look(struct answers *a, int64_t now, struct answers_use *use)
{
	struct share	*s;
	struct place	*p;
	size_t		 set, i;

	memset(use, 0, sizeof(*use));
	for (set = 0; set < a->nsets; set++) {
		s = &a->share[set % LOCKS];
		pthread_mutex_lock(&s->lock);
		for (i = 0; i < WAYS; i++) {
			p = &a->place[set * WAYS + i];
			if (p->answer == NULL)
				continue;
			if (!is_usable(p->answer, now)) {
				place_clear(s, p);
				continue;
			}
			use->n++;
			use->bytes += place_cost(p);
			if (use->oldest == 0 ||
			    p->answer->made_at < use->oldest)
				use->oldest = p->answer->made_at;
		}
		pthread_mutex_unlock(&s->lock);
	}
}

void
answers_drop_all(struct answers *a)
{
	struct answers_use	 none;

	answers_look(a, INT64_MAX, &none);
}
