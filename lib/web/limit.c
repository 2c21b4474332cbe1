/* SPDX-License-Identifier: Apache-2.0 */
#include "web/limit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>

#define WAYS		8		/* buckets in a set */
#define LOCKS		64		/* a power of two */
#define MICRO		1000000		/* of a token */

struct bucket {
	uint64_t	 tag;		/* of rate and whom; 0: free */
	int64_t		 at;		/* when "left" was true, ms */
	int64_t		 left;		/* millionths of a token */
	int64_t		 full_at;	/* from then on it says nothing */
};

struct limits {
	struct bucket	*bucket;
	size_t		 nsets;		/* a power of two */
	uint64_t	 seed;
	pthread_mutex_t	 lock[LOCKS];
};

int
limits_new(struct limits **out, size_t places, const struct rng *rng,
    struct error *e)
{
	struct limits	*l = mem_alloc(sizeof(*l));
	size_t		 i;

	*out = NULL;
	if (rng_fill(rng, &l->seed, sizeof(l->seed), e) == -1) {
		mem_free(&l);
		return -1;
	}
	for (l->nsets = 1; l->nsets * WAYS < places; l->nsets *= 2)
		;
	l->bucket = mem_array(l->nsets * WAYS, sizeof(*l->bucket));
	for (i = 0; i < LOCKS; i++)
		pthread_mutex_init(&l->lock[i], NULL);
	*out = l;
	return 0;
}

void
limits_free(struct limits **lp)
{
	size_t	 i;

	if (*lp == NULL)
		return;
	for (i = 0; i < LOCKS; i++)
		pthread_mutex_destroy(&(*lp)->lock[i]);
	mem_free(&(*lp)->bucket);
	mem_free(lp);
}

static uint64_t
mix(uint64_t h)
{
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

/* Seeded, so that nobody can choose addresses that meet in one set. */
static uint64_t
limit_tag(const struct limits *l, const struct limit_rate *rate,
    struct bytes whom)
{
	uint64_t	 h = l->seed;
	const char	*p;
	size_t		 i;

	for (p = rate->name; *p != '\0'; p++)
		h = mix(h ^ (uint8_t)*p) + 1;
	for (i = 0; i < whom.len; i++)
		h = mix(h ^ whom.p[i]) + 257;
	return h == 0 ? 1 : h;
}

static void
bucket_fill(struct bucket *b, const struct limit_rate *rate, int64_t now)
{
	int64_t	 max = (int64_t)rate->burst * MICRO, ms = now - b->at;

	if (ms > 0) {
		/* More than fills it from empty is as much as that. */
		if (ms > b->full_at - b->at)
			b->left = max;
		else
			b->left += ms * rate->per_minute * MICRO / 60000;
	}
	if (b->left > max)
		b->left = max;
	b->at = now;
	b->full_at = now + (max - b->left) * 60 / ((int64_t)1000 *
	    (rate->per_minute == 0 ? 1 : rate->per_minute)) + 1;
}

/* Under the set's lock. */
static struct bucket *
bucket_get(struct limits *l, uint64_t tag, const struct limit_rate *rate,
    int64_t now)
{
	struct bucket	*set = &l->bucket[(tag & (l->nsets - 1)) * WAYS];
	struct bucket	*b, *victim = set;
	size_t		 i;

	for (i = 0; i < WAYS; i++) {
		b = &set[i];
		if (b->tag == tag) {
			bucket_fill(b, rate, now);
			return b;
		}
		if (victim->tag != 0 &&
		    (b->tag == 0 || b->full_at < victim->full_at))
			victim = b;
	}
	*victim = (struct bucket){ tag, now, (int64_t)rate->burst * MICRO,
	    now };
	return victim;
}

static pthread_mutex_t *
limit_lock(struct limits *l, uint64_t tag)
{
	return &l->lock[tag & (l->nsets - 1) & (LOCKS - 1)];
}

bool
limit_take(struct limits *l, const struct limit_rate *rate,
    struct bytes whom, int64_t now, int *wait)
{
	uint64_t	 tag = limit_tag(l, rate, whom);
	struct bucket	*b;
	bool		 good;

	*wait = 0;
	pthread_mutex_lock(limit_lock(l, tag));
	b = bucket_get(l, tag, rate, now);
	if ((good = b->left >= MICRO)) {
		b->left -= MICRO;
		bucket_fill(b, rate, now);
	} else
		*wait = 1 + (int)((MICRO - b->left) * 60 / ((int64_t)MICRO *
		    (rate->per_minute == 0 ? 1 : rate->per_minute)));
	pthread_mutex_unlock(limit_lock(l, tag));
	return good;
}

void
limit_give(struct limits *l, const struct limit_rate *rate,
    struct bytes whom, int64_t now)
{
	uint64_t	 tag = limit_tag(l, rate, whom);
	struct bucket	*b;

	pthread_mutex_lock(limit_lock(l, tag));
	b = bucket_get(l, tag, rate, now);
	b->left += MICRO;
	bucket_fill(b, rate, now);
	pthread_mutex_unlock(limit_lock(l, tag));
}

char *
limit_address(char dst[48], const char *address)
{
	struct in6_addr	 a;
	size_t		 len = strcspn(address, "%");
	char		 text[48];

	snprintf(text, sizeof(text), "%.*s", len < 47 ? (int)len : 47,
	    address);
	if (inet_pton(AF_INET6, text, &a) != 1) {
		snprintf(dst, 48, "%s", text);
	} else if (IN6_IS_ADDR_V4MAPPED(&a)) {
		inet_ntop(AF_INET, &a.s6_addr[12], dst, 48);
	} else {
		memset(&a.s6_addr[8], 0, 8);
		inet_ntop(AF_INET6, &a, dst, 48);
	}
	return dst;
}
