/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rule an order must satisfy: by its kind, and by what it is about.
 */
#include <string.h>

#include "order/approval.h"
#include "x509/ca_name.h"
#include "x509/cert.h"

const struct approval_rule *
approval_rule_for(const struct profile *profile, const struct order *o)
{
	static const struct approval_rule	 item = {
		.way = { { .role = { ROLE_STATION_AGENT }, .n = 1 } }, .n = 1,
	};
	static const struct approval_rule	 two_security_officers = {
		.way = { { .role = { ROLE_SECURITY_OFFICER,
		    ROLE_SECURITY_OFFICER }, .n = 2 } }, .n = 1,
	};
	static const struct approval_rule	 reject = {
		.way = { { .role = { ROLE_OFFICER }, .n = 1 },
		    { .role = { ROLE_SECURITY_OFFICER }, .n = 1 } }, .n = 2,
	};
	static const struct approval_rule	 two_officers = {
		.way = { { .role = { ROLE_OFFICER, ROLE_OFFICER }, .n = 2 },
		    { .role = { ROLE_OFFICER, ROLE_SECURITY_OFFICER }, .n = 2 },
		    { .role = { ROLE_SECURITY_OFFICER, ROLE_SECURITY_OFFICER },
		    .n = 2 } }, .n = 3,
	};

	switch (o->kind) {
	case ORDER_ITEM:
		return &item;
	case ORDER_REJECT:
		return &reject;
	case ORDER_UNBIND:
		return &reject;
	case ORDER_ADOPT:
	case ORDER_BIND:
		return &two_security_officers;
	case ORDER_PERMIT:
		return &two_officers;
	case ORDER_REVOKE:
		return profile->self_revoke_approvals.n > 0 ?
		    &profile->self_revoke_approvals :
		    &profile->revoke_approvals;
	case ORDER_HOLD:
	case ORDER_RELEASE:
		return &profile->revoke_approvals;
	case ORDER_BATCH:
		return profile->batch_approvals.n > 0 ?
		    &profile->batch_approvals : &profile->approvals;
	case ORDER_ISSUE:
	case ORDER__MAX:
		break;
	}
	if (o->is_renewal && profile->renewal_approvals.n > 0)
		return &profile->renewal_approvals;
	return &profile->approvals;
}

/* Is what is said of its profile borne out by the certificate? */
static bool
shows_profile(const struct cert_look *look, const char *ca,
    const struct profile *p)
{
	char	family[CA_NAME_SIZE];
	size_t	i;

	ca_name_split(ca, family);
	for (i = 0; i < p->cas.n; i++)
		if (strcmp(p->cas.v[i], family) == 0)
			return cert_check_uses(look, p);
	return false;
}

/* How many persons are enough. */
static size_t
rule_weight(const struct approval_rule *rule)
{
	size_t	i, least = APPROVALS_MAX + 1;

	for (i = 0; i < rule->n; i++)
		if (rule->way[i].n < least)
			least = rule->way[i].n;
	return least;
}

/* Of the profiles that give the role the one that asks for most. */
static int
role_rule(const struct approval_rule **out, const struct profiles *profiles,
    enum role role, struct error *e)
{
	const struct approval_rule	*rule = NULL;
	size_t				 i;

	for (i = 0; i < profiles->n; i++) {
		const struct profile	*p = profiles->v[i];

		if (profile_has_eku(p, role_oid(role)) && (rule == NULL ||
		    rule_weight(&p->revoke_approvals) > rule_weight(rule)))
			rule = &p->revoke_approvals;
	}
	if (rule == NULL)
		return error_set(e, ERROR_DENIED, "no profile gives the role "
		    "%s", role_name(role));
	*out = rule;
	return 0;
}

static bool
gives_role(const struct profile *p)
{
	size_t	i;

	for (i = 0; i < p->ext_key_usage.n; i++)
		if (strncmp(p->ext_key_usage.v[i], OID_ROLE ".",
		    sizeof(OID_ROLE)) == 0)
			return true;
	return false;
}

int
approval_rule_for_target(const struct approval_rule **rule,
    const struct profiles *profiles, const struct order *o, const char *ca,
    const struct cert_look *look, const char *profile, struct error *e)
{
	const struct profile	*p;
	enum role		 role = cert_role_in(look->ext_key_usage);

	if (role != ROLE_NONE)
		return role_rule(rule, profiles, role, e);
	if (profiles_find(profiles, profile, &p, e) == -1)
		return -1;
	if (gives_role(p))
		return error_set(e, ERROR_DENIED, "certificate is not of "
		    "profile %s", profile);
	*rule = approval_rule_for(p, o);
	if (*rule != &p->revoke_approvals && !shows_profile(look, ca, p))
		*rule = &p->revoke_approvals;
	return 0;
}
