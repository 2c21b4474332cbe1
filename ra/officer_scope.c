/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "binds.h"
#include "db/db_application.h"
#include "officer.h"
#include "page_private.h"

int
officer_scope(struct page *p, struct officer_scope *s, struct error *e)
{
	struct db_credentials	 all;
	const struct db_credential *c;
	size_t			 i;

	memset(s, 0, sizeof(*s));
	if (db_credential_list(p->db, p->client.person, false, &all,
	    p->arena, e) == -1)
		return -1;
	for (i = 0; i < all.n && s->n < OFFICER_KEYS; i++) {
		c = &all.v[i];
		if (c->until != 0 && c->until <= p->now)
			continue;
		if (binds_open(p->priv->thread->binds, c->blob,
		    p->desk->approvers, &s->bind[s->n], e) == -1)
			return -1;
		s->key[s->n++] = *c;
	}
	return 0;
}

static int
no_key(struct error *e)
{
	error_set(e, ERROR_DENIED, "no security key is bound to you");
	return error_hint(e, "register one, and let two security officers "
	    "bind it to you");
}

int
officer_scope_order(struct page *p, const struct officer_scope *s,
    const struct order *o, struct error *e)
{
	struct approval_trust	 t = { 0 };
	struct error		 ignored = ERROR_INIT;
	size_t			 i;

	if (s->n == 0)
		return no_key(e);
	if (o->profile != NULL && (desk_need(p->desk, DESK_PROFILES,
	    e) == -1))
		return -1;
	if (o->profile != NULL)
		profiles_find(&p->desk->profiles, o->profile, &t.profile,
		    &ignored);
	for (i = 0; i < s->n; i++) {
		error_clear(e);
		if (approval_scope_check(s->bind[i]->order, o, &t, e) == 0)
			return 0;
	}
	return -1;
}

static bool
is_for(const struct approved *bind, const char *office)
{
	const struct order_names	*names = &bind->order->bind.offices;
	size_t				 i;

	for (i = 0; office != NULL && i < names->n; i++)
		if (strcmp(office, names->v[i]) == 0)
			return true;
	return names->n == 0;
}

/* Where an order was applied for by form. */
struct applied {
	bool		 found;
	const char	*office;	/* or NULL */
};

/* The CA knows nothing of offices: here is where they are kept apart.  Nobody
 * has to know where no key is for some of them only. */
static int
find_office(struct page *p, const struct officer_scope *s,
    const uint8_t order[DB_ORDER_ID], struct applied *at, struct error *e)
{
	struct db_application	 a = { .office = NULL };
	size_t			 i;
	int			 found = 0;

	for (i = 0; i < s->n; i++)
		if (s->bind[i]->order->bind.offices.n > 0)
			break;
	if (i < s->n)
		found = db_application_of_order(p->db, order, &a, p->arena,
		    e);
	*at = (struct applied){ found == 1, found == 1 ? a.office : NULL };
	return found == -1 ? -1 : 0;
}

int
officer_scope_cert(struct page *p, const struct officer_scope *s,
    const struct db_cert *c, struct error *e)
{
	const unsigned char	*der = c->der.p;
	struct approved		 one = { .n = 1 };
	struct applied		 at;
	X509			*x;
	size_t			 i;
	int			 rc = -1;

	if (s->n == 0)
		return no_key(e);
	if (find_office(p, s, c->ref.order_id, &at, e) == -1)
		return -1;
	if ((x = d2i_X509(NULL, &der, (long)c->der.len)) == NULL)
		return error_ssl(e, ERROR_BUG, "certificate of the store");
	error_set(e, ERROR_DENIED, "your security key is not for the "
	    "registration office of this certificate");
	for (i = 0; rc == -1 && i < s->n; i++) {
		if (at.found && !is_for(s->bind[i], at.office))
			continue;
		error_clear(e);
		one.by[0].bind = s->bind[i];
		rc = approval_check_target(&one, x, c->profile, e);
	}
	X509_free(x);
	return rc;
}

int
officer_scope_office(const struct officer_scope *s, const char *office,
    struct error *e)
{
	size_t	i;

	if (s->n == 0)
		return no_key(e);
	for (i = 0; i < s->n; i++)
		if (is_for(s->bind[i], office))
			return 0;
	return error_set(e, ERROR_DENIED, "your security key is not for "
	    "registration office %.64s", office != NULL ? office : "(none)");
}

void
officer_scope_here(struct officer_scope *here,
    const struct officer_scope *all, const char *office)
{
	size_t	i;

	here->n = 0;
	for (i = 0; i < all->n; i++)
		if (is_for(all->bind[i], office)) {
			here->bind[here->n] = all->bind[i];
			here->key[here->n++] = all->key[i];
		}
}

void
officer_scope_narrow(struct officer_scope *s, const char *office)
{
	struct officer_scope	 all = *s;

	officer_scope_here(s, &all, office);
}

const char *const *
officer_scope_profiles(struct page *p, const struct officer_scope *s,
    size_t *n)
{
	const struct order_names	*names;
	const char			**all;
	size_t				  i, k, max = 1;

	*n = 0;
	for (i = 0; i < s->n; i++) {
		names = &s->bind[i]->order->bind.profiles;
		if (names->n == 0)
			return NULL;
		max += names->n;
	}
	all = arena_alloc(p->arena, max * sizeof(*all));
	for (i = 0; i < s->n; i++) {
		names = &s->bind[i]->order->bind.profiles;
		for (k = 0; k < names->n; k++)
			all[(*n)++] = names->v[k];
	}
	return all;
}

bool
officer_scope_has(const char *const *profiles, size_t n, const char *profile)
{
	size_t	i;

	for (i = 0; i < n; i++)
		if (strcmp(profiles[i], profile) == 0)
			return true;
	return profiles == NULL;
}

/* Each certificate that a change of status is about, by its own names. */
static int
check_targets(struct page *p, const struct officer_scope *s,
    const struct order *o, struct error *e)
{
	struct db_serial	 serial;
	struct db_cert		 cert;
	size_t			 i;
	int			 found;

	for (i = 0; i < o->ntargets; i++) {
		serial.len = o->target[i].serial_len;
		if (serial.len > sizeof(serial.p))
			return error_set(e, ERROR_NOTFOUND, "no such order");
		memcpy(serial.p, o->target[i].serial, serial.len);
		found = db_cert_find(p->db, o->target[i].ca, &serial, &cert,
		    p->arena, e);
		if (found == -1)
			return -1;
		if (found == 1 && officer_scope_cert(p, s, &cert, e) == -1)
			return -1;
	}
	return 0;
}

/* One key must be for both, the order and the office where it was applied
 * for. */
static int
check_both(struct page *p, const struct officer_scope *s,
    const struct applied *at, const struct order *o, struct error *e)
{
	struct officer_scope	 here = *s;

	if (at->found) {
		if (officer_scope_office(s, at->office, e) == -1)
			return -1;
		officer_scope_here(&here, s, at->office);
	}
	return officer_scope_order(p, &here, o, e);
}

/* What is out of scope is as if it were not there. */
static int
check_scope(struct page *p, const struct officer_scope *s,
    const struct applied *at, struct review *r, struct error *e)
{
	const struct order	*o = r->approved->order;
	struct error		 why = ERROR_INIT;

	if (check_both(p, s, at, o, &why) == 0 &&
	    check_targets(p, s, o, &why) == 0)
		return 0;
	review_clear(r);
	if (why.code != ERROR_DENIED) {
		*e = why;
		return -1;
	}
	return s->n == 0 ? no_key(e) : error_set(e, ERROR_NOTFOUND,
	    "no such order");
}

int
officer_order(struct page *p, const struct officer_scope *s,
    const uint8_t id[DB_ORDER_ID], struct review *r, struct error *e)
{
	struct applied	 at;

	if (review_load_id(p->desk, id, r, e) == -1) {
		if (e->code != ERROR_NOTFOUND)
			return -1;
		error_clear(e);
		return error_set(e, ERROR_NOTFOUND, "no such order");
	}
	if (find_office(p, s, id, &at, e) == 0)
		return check_scope(p, s, &at, r, e);
	review_clear(r);
	return -1;
}

int
officer_order_row(struct page *p, const struct officer_scope *s,
    const struct db_officer_row *row, struct review *r, struct error *e)
{
	const struct applied	 at = { row->applied, row->office };

	if (review_load_row(p->desk, &row->order, row->blob, r, e) == -1)
		return -1;
	return check_scope(p, s, &at, r, e);
}

int
officer_scope_at(struct page *p, struct officer_scope *s,
    const uint8_t id[DB_ORDER_ID], struct error *e)
{
	struct applied	at;

	if (find_office(p, s, id, &at, e) == -1)
		return -1;
	if (at.found)
		officer_scope_narrow(s, at.office);
	return 0;
}
