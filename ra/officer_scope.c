/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "db/db_application.h"
#include "officer.h"

void
officer_scope_clear(struct officer_scope *s)
{
	size_t	i;

	for (i = 0; i < s->n; i++)
		approval_free(&s->bind[i]);
	s->n = 0;
}

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
		if (approval_open_cached(&s->bind[s->n], c->blob,
		    p->desk->approvers, e) == -1) {
			officer_scope_clear(s);
			return -1;
		}
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

/*
 * The CA knows nothing of offices: here is where they are kept apart.  1 the
 * order was applied for at a.office; 0 it was not applied for, or no key is
 * for some offices only.
 */
static int
find_office(struct page *p, const struct officer_scope *s,
    const uint8_t order[DB_ORDER_ID], struct db_application *a,
    struct error *e)
{
	size_t	i;

	for (i = 0; i < s->n; i++)
		if (s->bind[i]->order->bind.offices.n > 0)
			return db_application_of_order(p->db, order, a,
			    p->arena, e);
	return 0;
}

int
officer_scope_cert(struct page *p, const struct officer_scope *s,
    const struct db_cert *c, struct error *e)
{
	const unsigned char	*der = c->der.p;
	struct approved		 one = { .n = 1 };
	struct db_application	 a;
	X509			*x;
	size_t			 i;
	int			 found, rc = -1;

	if (s->n == 0)
		return no_key(e);
	if ((found = find_office(p, s, c->ref.order_id, &a, e)) == -1)
		return -1;
	if ((x = d2i_X509(NULL, &der, (long)c->der.len)) == NULL)
		return error_ssl(e, ERROR_BUG, "certificate of the store");
	error_set(e, ERROR_DENIED, "your security key is not for the "
	    "registration office of this certificate");
	for (i = 0; rc == -1 && i < s->n; i++) {
		if (found == 1 && !is_for(s->bind[i], a.office))
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
	size_t	i, n = 0;

	for (i = 0; i < s->n; i++) {
		if (!is_for(s->bind[i], office)) {
			approval_free(&s->bind[i]);
			continue;
		}
		if (n < i) {
			s->bind[n] = s->bind[i];
			s->key[n] = s->key[i];
			s->bind[i] = NULL;
		}
		n++;
	}
	s->n = n;
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
    const uint8_t id[DB_ORDER_ID], const struct order *o, struct error *e)
{
	struct officer_scope	 here = *s;
	struct db_application	 a;
	int			 found;

	if ((found = find_office(p, s, id, &a, e)) == -1)
		return -1;
	if (found == 1) {
		if (officer_scope_office(s, a.office, e) == -1)
			return -1;
		officer_scope_here(&here, s, a.office);
	}
	return officer_scope_order(p, &here, o, e);
}

int
officer_order(struct page *p, const struct officer_scope *s,
    const uint8_t id[DB_ORDER_ID], struct review *r, struct error *e)
{
	struct db_order	 row;
	int		 found;

	if ((found = db_order_find(p->db, id, &row, p->arena, e)) == -1)
		return -1;
	if (found == 0)
		return error_set(e, ERROR_NOTFOUND, "no such order");
	return officer_order_row(p, s, &row, r, e);
}

int
officer_order_row(struct page *p, const struct officer_scope *s,
    const struct db_order *row, struct review *r, struct error *e)
{
	const struct order	*o;
	struct error		 why = ERROR_INIT;

	if (review_load_row(p->desk, row, r, e) == -1)
		return -1;
	o = r->approved->order;
	if (check_both(p, s, row->id, o, &why) == 0 &&
	    check_targets(p, s, o, &why) == 0)
		return 0;
	review_clear(r);
	if (why.code != ERROR_DENIED) {
		*e = why;
		return -1;
	}
	if (s->n == 0)
		return no_key(e);
	/* As if it were not there. */
	return error_set(e, ERROR_NOTFOUND, "no such order");
}

int
officer_scope_at(struct page *p, struct officer_scope *s,
    const uint8_t id[DB_ORDER_ID], struct error *e)
{
	struct db_application	a;
	int			found;

	if ((found = find_office(p, s, id, &a, e)) == 1)
		officer_scope_narrow(s, a.office);
	return found == -1 ? -1 : 0;
}
