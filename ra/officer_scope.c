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

int
officer_no_key(struct error *e)
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
		return officer_no_key(e);
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

bool
officer_scope_is_whole(const struct officer_scope *s)
{
	const struct order_bind	*b;
	size_t			 i;

	for (i = 0; i < s->n; i++) {
		b = &s->bind[i]->order->bind;
		if (b->profiles.n == 0 && b->domains.n == 0 &&
		    b->offices.n == 0)
			return true;
	}
	return false;
}

/* The CA knows nothing of offices: here is where they are kept apart.  Nobody
 * has to know where no key is for some of them only. */
int
officer_scope_applied(struct page *p, const struct officer_scope *s,
    const uint8_t order[DB_ORDER_ID], struct officer_applied *at,
    struct error *e)
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
	*at = (struct officer_applied){ found == 1,
	    found == 1 ? a.office : NULL };
	return found == -1 ? -1 : 0;
}

int
officer_scope_target(const struct officer_scope *s,
    const struct db_officer_target *t, struct error *e)
{
	struct approved		 one = { .n = 1 };
	struct cert_look	 look;
	size_t			 i;
	int			 rc = -1;

	if (s->n == 0)
		return officer_no_key(e);
	if (cert_look(&look, t->der, e) == -1)
		return error_wrap(e, "certificate of the store");
	error_set(e, ERROR_DENIED, "your security key is not for the "
	    "registration office of this certificate");
	for (i = 0; rc == -1 && i < s->n; i++) {
		if (t->applied && !is_for(s->bind[i], t->office))
			continue;
		error_clear(e);
		one.by[0].bind = s->bind[i];
		rc = approval_check_target(&one, &look, t->profile, e);
	}
	return rc;
}

int
officer_scope_cert(struct page *p, const struct officer_scope *s,
    const struct db_cert *c, struct error *e)
{
	struct officer_applied		 at;
	struct db_officer_target	 t = { .profile = c->profile,
					    .der = c->der };

	if (s->n == 0)
		return officer_no_key(e);
	if (officer_scope_applied(p, s, c->ref.order_id, &at, e) == -1)
		return -1;
	t.applied = at.found;
	t.office = at.office;
	return officer_scope_target(s, &t, e);
}

int
officer_scope_office(const struct officer_scope *s, const char *office,
    struct error *e)
{
	size_t	i;

	if (s->n == 0)
		return officer_no_key(e);
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

int
officer_scope_at(struct page *p, struct officer_scope *s,
    const uint8_t id[DB_ORDER_ID], struct error *e)
{
	struct officer_applied	at;

	if (officer_scope_applied(p, s, id, &at, e) == -1)
		return -1;
	if (at.found)
		officer_scope_narrow(s, at.office);
	return 0;
}
