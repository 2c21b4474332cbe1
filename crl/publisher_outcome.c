/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a batch went: each delivery, and the directory.
 *
 * A directory that refuses an entry may have something against that entry.  One
 * that refuses all of a kind has something against us, or can take nothing: our
 * rights are gone, it is read only, its disk is full, it lacks the schema.  Then
 * no entry is to blame: they stay as they are, and one at a time shows whether
 * it takes anything again.
 */
#include <string.h>

#include "publisher_private.h"

#define REFUSALS_MAX	3	/* in a row, and nothing was written between */
#define WRONG_MAX	16	/* of one batch, when they would be given up */
#define PROBES_MAX	3	/* after these an entry is wrong itself */

/* What the directory said, without the name of the entry. */
static void
say_why(struct error *why, const struct deliver *v)
{
	const char	*text = v->error.text;
	size_t		 n = strlen(v->wanted.dn);

	if (strncmp(text, v->wanted.dn, n) == 0 && text[n] == ':')
		text += n + 1 + strspn(text + n + 1, " ");
	error_set(why, v->error.code, "it takes nothing that is written to "
	    "it: %s", text);
}

/* Rights are given by subtree. */
static bool
is_other(const struct db_delivery *d)
{
	return strcmp(d->kind, "person") != 0;
}

bool
publisher_is_refused(const struct publisher *p)
{
	return p->refusals[false].all || p->refusals[true].all;
}

/* Those of people, or the others. */
static enum publisher_outcome
judge(struct refusals *r, bool other, const struct db_deliveries *work,
    const struct deliver *v, struct error *why)
{
	const struct deliver	*last = NULL;
	bool			 written = false;
	int			 later = 0, wrong = 0;

	for (size_t i = 0; i < work->n; i++) {
		if (is_other(&work->v[i]) != other)
			continue;
		written |= v[i].written && !v[i].refused;
		if (!v[i].refused)
			continue;
		last = &v[i];
		*(v[i].state == DELIVER_DEAD ? &wrong : &later) += 1;
	}
	if (written) {
		*r = (struct refusals){ .n = 0 };
		return PUBLISHER_WRITTEN;
	}
	if (last == NULL)
		return PUBLISHER_NOTHING;
	if (r->n < REFUSALS_MAX)
		r->n += later;
	r->all |= r->n >= REFUSALS_MAX || later + wrong >= WRONG_MAX;
	if (!r->all)
		return PUBLISHER_NOTHING;
	say_why(why, last);
	return PUBLISHER_REFUSED;
}

enum publisher_outcome
publisher_judge(struct publisher *p, const struct db_deliveries *work,
    const struct deliver *v, struct error *why)
{
	enum publisher_outcome	 people, others;

	others = judge(&p->refusals[true], true, work, v, why);
	people = judge(&p->refusals[false], false, work, v, why);
	return people > others ? people : others;
}

static int64_t
pause_after(const struct publisher *p, int64_t attempts)
{
	int64_t	 s = 1;

	while (attempts-- > 0 && s < p->target->retry_max)
		s *= 2;
	return s < p->target->retry_max ? s : p->target->retry_max;
}

/* It is not to blame. */
static bool
is_excused(const struct publisher *p, const struct db_delivery *d,
    const struct deliver *v)
{
	return v->refused && p->refusals[is_other(d)].all;
}

static bool
is_dead(const struct publisher *p, const struct db_delivery *d,
    const struct deliver *v)
{
	return v->state == DELIVER_DEAD && (!is_excused(p, d, v) ||
	    d->attempts + 1 >= PROBES_MAX);
}

/* Tell the store how it went.  lost: why the connection ended, or NULL. */
int
publisher_finish(struct publisher *p, const struct db_deliveries *work,
    const struct deliver *v, const struct error *lost, struct error *e)
{
	struct arena		*a = p->arena;
	struct db_delivery	*done = arena_alloc(a, (work->n + 1) *
				    sizeof(*done));
	struct db_delivery	*open = arena_alloc(a, (work->n + 1) *
				    sizeof(*open));
	struct db_failure	*failed = arena_alloc(a, (work->n + 1) *
				    sizeof(*failed));
	const char		*target = p->target->name;
	size_t			 ndone = 0, nopen = 0, nfailed = 0;
	bool			*late = arena_alloc(a, (work->n + 1) *
				    sizeof(*late));

	if (db_publish_late(p->base.db, target, p->name, work->v, work->n,
	    late, e) == -1)
		return -1;
	for (size_t i = 0; i < work->n; i++) {
		const struct db_delivery *d = &work->v[i];
		bool	 again = v[i].state == DELIVER_OPEN;

		if (late[i])
			continue;
		if (v[i].state == DELIVER_DONE)
			done[ndone++] = *d;
		else if (work->n > 1 && (again || is_excused(p, d, &v[i])))
			open[nopen++] = *d;
		else
			failed[nfailed++] = (struct db_failure){ *d,
			    again && lost != NULL ? lost->text :
			    v[i].error.text, pause_after(p, d->attempts),
			    is_dead(p, d, &v[i]) };
	}
	if ((ndone > 0 && db_publish_done(p->base.db, target, p->name,
	    done, ndone, e) == -1) || (nopen > 0 && db_publish_release(p->base.db, target,
	    open, nopen, e) == -1) || (nfailed > 0 && db_publish_fail(
	    p->base.db, target, failed, nfailed, e) == -1))
		return -1;
	return 0;
}
