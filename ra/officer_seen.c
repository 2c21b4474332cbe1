/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which orders an officer may see: those that one of the security keys is for,
 * by themselves, by the office where they were applied for, and by the
 * certificates that they are about.
 */
#include <string.h>

#include "base/log.h"
#include "db/db_archive.h"
#include "officer.h"

/* An order on its way to being seen. */
struct candidate {
	struct review			 r;
	struct officer_applied		 at;
	const struct db_officer_target	*target;	/* as in the order */
};

static const struct order *
order_of(const struct candidate *c)
{
	return c->r.approved->order;
}

/* A serial that is too long for one is nowhere. */
static void
target_set(struct db_officer_target *t, const struct order_target *from)
{
	t->ca = from->ca;
	if (from->serial_len > sizeof(t->serial.p))
		return;
	t->serial.len = from->serial_len;
	memcpy(t->serial.p, from->serial, from->serial_len);
}

/* The certificates of all of them, asked for at once.  Whose key is for
 * everything needs none. */
static int
find_targets(struct page *p, const struct officer_scope *s,
    struct candidate *c, size_t n, struct error *e)
{
	struct db_officer_target	*all, *next;
	const struct order		*o;
	size_t				 i, k, ntargets = 0;

	for (i = 0; i < n; i++)
		if (c[i].r.approved != NULL)
			ntargets += order_of(&c[i])->ntargets;
	if (ntargets == 0 || s->n == 0 || officer_scope_is_whole(s))
		return 0;
	next = all = arena_alloc(p->arena, ntargets * sizeof(*all));
	for (i = 0; i < n; i++) {
		if (c[i].r.approved == NULL)
			continue;
		o = order_of(&c[i]);
		c[i].target = next;
		for (k = 0; k < o->ntargets; k++)
			target_set(next++, &o->target[k]);
	}
	return db_officer_targets(p->db, all, ntargets, p->arena, e);
}

/* Each certificate that a change of status is about, by its own names. */
static int
check_targets(const struct officer_scope *s, const struct candidate *c,
    struct error *e)
{
	const struct order	*o = order_of(c);
	size_t			 i;

	for (i = 0; c->target != NULL && i < o->ntargets; i++) {
		if (c->target[i].serial.len == 0)
			return error_set(e, ERROR_DENIED, "no such number");
		if (c->target[i].found &&
		    officer_scope_target(s, &c->target[i], e) == -1)
			return -1;
	}
	return 0;
}

/* One key must be for both, the order and the office where it was applied
 * for. */
static int
check_both(struct page *p, const struct officer_scope *s,
    const struct candidate *c, struct error *e)
{
	struct officer_scope	 here = *s;

	if (c->at.found) {
		if (officer_scope_office(s, c->at.office, e) == -1)
			return -1;
		officer_scope_here(&here, s, c->at.office);
	}
	return officer_scope_order(p, &here, order_of(c), e);
}

/* What is out of scope is as if it were not there. */
static int
check(struct page *p, const struct officer_scope *s,
    const struct candidate *c, struct error *e)
{
	struct error	why = ERROR_INIT;

	if (check_both(p, s, c, &why) == 0 && check_targets(s, c, &why) == 0)
		return 0;
	if (why.code != ERROR_DENIED) {
		*e = why;
		return -1;
	}
	return s->n == 0 ? officer_no_key(e) : error_set(e, ERROR_NOTFOUND,
	    "no such order");
}

/* One that has been read; it is given to the caller. */
static int
check_one(struct page *p, const struct officer_scope *s, struct candidate *c,
    struct review *r, struct error *e)
{
	if (find_targets(p, s, c, 1, e) == 0 && check(p, s, c, e) == 0) {
		*r = c->r;
		return 0;
	}
	review_clear(&c->r);
	return -1;
}

/* One that was archived can be looked at by nobody here, and its number does
 * not say whose it was. */
static int
not_here(struct page *p, const struct officer_scope *s,
    const uint8_t id[DB_ORDER_ID], struct error *e)
{
	const char	*name = NULL;
	char		 hex[REVIEW_SHORT + 1];

	if (e->code != ERROR_NOTFOUND)
		return -1;
	error_clear(e);
	if (s->n > 0 && db_archive_of_order(p->db, id, &name, p->arena,
	    e) == -1)
		return -1;
	if (name == NULL)
		return error_set(e, ERROR_NOTFOUND, "no such order");
	return error_set(e, ERROR_NOTFOUND, "order %s is in archive %s, and "
	    "not in the store any more", review_short_id(hex, id), name);
}

int
officer_order(struct page *p, const struct officer_scope *s,
    const uint8_t id[DB_ORDER_ID], struct review *r, struct error *e)
{
	struct candidate	 c = { .target = NULL };

	memset(r, 0, sizeof(*r));
	if (review_load_id(p->desk, id, &c.r, e) == -1)
		return not_here(p, s, id, e);
	if (officer_scope_applied(p, s, id, &c.at, e) == 0)
		return check_one(p, s, &c, r, e);
	review_clear(&c.r);
	return -1;
}

static int
candidate_load(struct page *p, struct candidate *c,
    const struct db_officer_row *row, struct error *e)
{
	*c = (struct candidate){ .at = { row->applied, row->office } };
	return review_load_row(p->desk, &row->order, row->blob, &c->r, e);
}

int
officer_order_row(struct page *p, const struct officer_scope *s,
    const struct db_officer_row *row, struct review *r, struct error *e)
{
	struct candidate	 c;

	memset(r, 0, sizeof(*r));
	if (candidate_load(p, &c, row, e) == -1)
		return -1;
	return check_one(p, s, &c, r, e);
}

static bool
is_damaged(const struct error *e)
{
	return e->code == ERROR_INPUT || e->code == ERROR_DENIED;
}

/* 1, 0 it may not be seen, -1. */
static int
is_seen(struct page *p, const struct officer_scope *s,
    const struct candidate *c, struct error *e)
{
	if (c->r.approved == NULL)
		return 0;
	if (check(p, s, c, e) == 0)
		return 1;
	if (is_damaged(e))
		log_error(e, "an order of the store");
	else if (e->code != ERROR_NOTFOUND)
		return -1;
	error_clear(e);
	return 0;
}

/* Large ones are looked at by their rows alone: those are of the profiles that
 * were asked for. */
static bool
is_large(const struct db_officer_row *row)
{
	return strcmp(row->order.kind, "batch") == 0;
}

static int
load_rows(struct page *p, struct candidate *c,
    const struct db_officer_rows *rows, struct error *e)
{
	size_t	i;

	for (i = 0; i < rows->n; i++) {
		if (is_large(&rows->v[i]) || candidate_load(p, &c[i],
		    &rows->v[i], e) == 0)
			continue;
		if (!is_damaged(e))
			return -1;
		log_error(e, "an order of the store");
		error_clear(e);
	}
	return 0;
}

int
officer_order_rows(struct page *p, const struct officer_scope *s,
    const struct db_officer_rows *rows, bool *seen, struct error *e)
{
	struct candidate	*c = mem_array(rows->n + 1, sizeof(*c));
	size_t			 i;
	int			 is, rc = load_rows(p, c, rows, e);

	if (rc == 0)
		rc = find_targets(p, s, c, rows->n, e);
	for (i = 0; rc == 0 && i < rows->n; i++) {
		is = is_large(&rows->v[i]) ? 1 : is_seen(p, s, &c[i], e);
		seen[i] = is == 1;
		rc = is == -1 ? -1 : 0;
	}
	for (i = 0; i < rows->n; i++)
		review_clear(&c[i].r);
	mem_free(&c);
	return rc;
}
