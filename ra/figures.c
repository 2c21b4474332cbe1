/* SPDX-License-Identifier: Apache-2.0 */
#include "figures.h"

#include <pthread.h>
#include <string.h>

#define DAY	INT64_C(86400)

/* What all of the kinds have. */
struct kept {
	int64_t		 at;		/* counted; 0: not yet */
	bool		 busy;		/* somebody counts anew */
	unsigned int	 forgotten;	/* how often */
};

struct chart {
	struct kept	 kept;		/* first in each */
	int64_t		 first, day[FIGURES_DAYS];
};

struct figures {
	pthread_mutex_t	 lock;
	struct {
		struct kept			 kept;
		struct db_officer_counts	 v;
	} counts;
	struct {
		struct kept			 kept;
		struct db_application_counts	 v;
		struct arena			*arena;
	} applications;
	struct chart	 chart[2];	/* enum db_officer_days */
};

struct figures *
figures_new(void)
{
	struct figures	*f = mem_alloc(sizeof(*f));

	pthread_mutex_init(&f->lock, NULL);
	f->applications.arena = arena_new();
	return f;
}

void
figures_free(struct figures **fp)
{
	if (*fp == NULL)
		return;
	arena_free(&(*fp)->applications.arena);
	pthread_mutex_destroy(&(*fp)->lock);
	mem_free(fp);
}

static void
forget(struct kept *k)
{
	k->at = 0;
	k->forgotten++;
}

void
figures_forget(struct figures *f)
{
	pthread_mutex_lock(&f->lock);
	forget(&f->counts.kept);
	forget(&f->applications.kept);
	pthread_mutex_unlock(&f->lock);
}

/* Under the lock: is there something to take?  If not, or if it is too old
 * and nobody is at it, the caller counts, and brings "begun" to end(). */
static bool
is_fresh(struct kept *k, int64_t now, int64_t age, unsigned int *begun)
{
	*begun = k->forgotten;
	if (k->at != 0 && (k->busy || (now >= k->at && now < k->at + age)))
		return true;
	k->busy = true;
	return false;
}

/* Under the lock: may it be kept? */
static bool
end(struct kept *k, int rc, int64_t now, unsigned int begun)
{
	k->busy = false;
	if (rc == -1 || begun != k->forgotten)
		return false;
	k->at = now;
	return true;
}

int
figures_counts(struct figures *f, struct db *db, int64_t now,
    struct db_officer_counts *out, struct error *e)
{
	struct kept	*k = &f->counts.kept;
	unsigned int	 begun;
	bool		 fresh;
	int		 rc;

	pthread_mutex_lock(&f->lock);
	if ((fresh = is_fresh(k, now, FIGURES_S, &begun)))
		*out = f->counts.v;
	pthread_mutex_unlock(&f->lock);
	if (fresh)
		return 0;
	rc = db_officer_counts(db, now, now + FIGURES_DAYS * DAY,
	    now - FIGURES_DAYS * DAY, out, e);
	pthread_mutex_lock(&f->lock);
	if (end(k, rc, now, begun))
		f->counts.v = *out;
	pthread_mutex_unlock(&f->lock);
	return rc;
}

static void
copy(struct db_application_counts *to,
    const struct db_application_counts *from, struct arena *a)
{
	size_t	 i;

	to->n = from->n;
	to->v = arena_alloc(a, (from->n + 1) * sizeof(*to->v));
	for (i = 0; i < from->n; i++) {
		to->v[i] = from->v[i];
		to->v[i].state = arena_strdup(a, from->v[i].state);
		if (from->v[i].office != NULL)
			to->v[i].office = arena_strdup(a, from->v[i].office);
	}
}

int
figures_applications(struct figures *f, struct db *db, int64_t now,
    struct db_application_counts *out, struct arena *a, struct error *e)
{
	struct kept	*k = &f->applications.kept;
	unsigned int	 begun;
	bool		 fresh;
	int		 rc;

	pthread_mutex_lock(&f->lock);
	if ((fresh = is_fresh(k, now, FIGURES_S, &begun)))
		copy(out, &f->applications.v, a);
	pthread_mutex_unlock(&f->lock);
	if (fresh)
		return 0;
	rc = db_application_counts(db, out, a, e);
	pthread_mutex_lock(&f->lock);
	if (end(k, rc, now, begun)) {
		arena_reset(f->applications.arena);
		copy(&f->applications.v, out, f->applications.arena);
	}
	pthread_mutex_unlock(&f->lock);
	return rc;
}

int
figures_days(struct figures *f, struct db *db, int64_t now,
    enum db_officer_days which, int64_t *first, int64_t day[FIGURES_DAYS],
    struct error *e)
{
	struct chart	*c = &f->chart[which];
	unsigned int	 begun;
	bool		 fresh;
	int		 rc;

	*first = (now / DAY - FIGURES_DAYS + 1) * DAY;
	pthread_mutex_lock(&f->lock);
	if (c->first != *first)
		forget(&c->kept);
	if ((fresh = is_fresh(&c->kept, now, FIGURES_CHART_S,
	    &begun)))
		memcpy(day, c->day, sizeof(c->day));
	pthread_mutex_unlock(&f->lock);
	if (fresh)
		return 0;
	rc = db_officer_days(db, which, *first, day, FIGURES_DAYS, e);
	pthread_mutex_lock(&f->lock);
	if (end(&c->kept, rc, now, begun)) {
		c->first = *first;
		memcpy(c->day, day, sizeof(c->day));
	}
	pthread_mutex_unlock(&f->lock);
	return rc;
}
