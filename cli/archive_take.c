/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/archive.h"

#include "os/fault.h"

#define LISTS	50		/* in one piece */

/* Members, gathered until the next piece begins. */
struct gathered {
	struct arena		*arena;
	struct bytes		*order, *have;
	size_t			 norders, nhave, max;
	const char		*ca[LISTS];
	int64_t			 shard[LISTS], number[LISTS], base[LISTS];
	size_t			 nlists;
	bool			 items;		/* something that is no order */
};

static struct bytes
kept(struct arena *a, const uint8_t *p, size_t n)
{
	uint8_t	*copy = arena_alloc(a, n);

	memcpy(copy, p, n);
	return BYTES(copy, n);
}

static void
gather(struct gathered *g, const struct archive_member *m)
{
	if (g->nhave == g->max) {
		g->max = g->max == 0 ? 4096 : 2 * g->max;
		g->order = mem_resize(g->order, g->max, sizeof(*g->order));
		g->have = mem_resize(g->have, g->max, sizeof(*g->have));
	}
	g->have[g->nhave++] = kept(g->arena, m->digest, sizeof(m->digest));
	if (m->kind == ARCHIVE_ORDER)
		g->order[g->norders++] = kept(g->arena, m->id, sizeof(m->id));
	else
		g->items = true;
	if (m->kind != ARCHIVE_LIST)
		return;
	g->ca[g->nlists] = arena_strdup(g->arena, m->ca);
	g->shard[g->nlists] = m->shard;
	g->number[g->nlists] = m->number;
	g->base[g->nlists++] = m->base;
}

/* Orders of one page stand together, and what belongs to them follows. */
static bool
begins_anew(const struct gathered *g, const struct archive_member *m)
{
	return g->nhave > 0 && ((m->kind == ARCHIVE_ORDER && g->items) ||
	    g->nlists == LISTS);
}

static int
take(struct archive *a, struct archive_taking *t, struct gathered *g,
    bool is_last, struct error *e)
{
	const struct db_archive_piece	p = { .name = a->name,
	    .digest = a->digest, .permit = t->permit, .cutoff = a->cutoff,
	    .who = t->who, .order = g->order, .norders = g->norders,
	    .ca = g->ca, .shard = g->shard, .number = g->number,
	    .base = g->base, .nlists = g->nlists, .have = g->have,
	    .nhave = g->nhave, .is_last = is_last };
	struct db_archive_taken		n;

	FAULT("archive.take");
	if (db_archive_take(t->db, &p, &n, e) == -1)
		return -1;
	FAULT("archive.taken");
	t->taken.orders += n.orders;
	t->taken.certs += n.certs;
	t->taken.lists += n.lists;
	g->norders = g->nhave = g->nlists = 0;
	g->items = false;
	arena_reset(g->arena);
	return 0;
}

int
archive_take(struct archive *a, struct archive_taking *t, struct error *e)
{
	struct gathered		g = { .arena = arena_new() };
	struct archive_member	m;
	uint64_t		done = 0;
	int			found, rc = -1;

	archive_rewind(a);
	progress_begin(t->progress, "taking out of the store",
	    a->members.data.len);
	while ((found = archive_next(a, &m, e)) == 1) {
		if (begins_anew(&g, &m) && take(a, t, &g, false, e) == -1)
			goto out;
		gather(&g, &m);
		if (++done % 1000 == 0)
			progress_set(t->progress, a->members.pos);
	}
	if (found == 0)
		rc = take(a, t, &g, true, e);
 out:
	progress_end(t->progress);
	mem_free(&g.order);
	mem_free(&g.have);
	arena_free(&g.arena);
	return rc;
}
