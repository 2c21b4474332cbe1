/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which profiles an officer can order certificates of.
 */
#include "officer.h"
#include "public.h"

bool
officer_may_order(const struct profile *profile)
{
	const struct approval_way	*way;
	size_t				 i, k;

	for (i = 0; !profile->is_ca && i < profile->approvals.n; i++) {
		way = &profile->approvals.way[i];
		for (k = 0; k < way->n; k++)
			if (way->role[k] == ROLE_OFFICER)
				return true;
	}
	return false;
}

int
officer_put_offers(struct page *p, const struct officer_scope *s,
    struct error *e)
{
	const char *const	*scope;
	const struct profile	*profile;
	json_t			*list, *o;
	size_t			 i, n;

	if (desk_need(p->desk, DESK_PROFILES, e) == -1)
		return -1;
	scope = officer_scope_profiles(p, s, &n);
	list = json_array();
	for (i = 0; s->n > 0 && i < p->desk->profiles.n; i++) {
		profile = p->desk->profiles.v[i];
		if (!officer_may_order(profile) ||
		    !officer_scope_has(scope, n, profile->name))
			continue;
		o = json_object();
		officer_put(o, "name", profile->name);
		officer_put(o, "description", public_description(p,
		    profile->name));
		json_array_append_new(list, o);
	}
	page_put(p, "profiles", list);
	return 0;
}

int
officer_find_offer(struct page *p, const struct officer_scope *s,
    const char *name, const struct profile **profile, struct error *e)
{
	const char *const	*scope;
	size_t			 n;

	if (s->n == 0) {
		error_set(e, ERROR_DENIED, "no security key is bound to you");
		return error_hint(e, "register one, and let two security "
		    "officers bind it to you");
	}
	if (desk_need(p->desk, DESK_PROFILES, e) == -1 ||
	    profiles_find(&p->desk->profiles, name, profile, e) == -1)
		return -1;
	scope = officer_scope_profiles(p, s, &n);
	if (officer_may_order(*profile) && officer_scope_has(scope, n, name))
		return 0;
	return error_set(e, ERROR_NOTFOUND, "profile %.64s is not yours to "
	    "order", name);
}
