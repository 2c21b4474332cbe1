/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who must approve: read from a profile's file, and said in words.
 */
#include <stdio.h>
#include <string.h>
#include "x509/profile.h"
#include "x509/profile_private.h"

/* "security-officer + security-officer" */
static int
way_parse(struct approval_way *w, const char *text, const char *what,
    struct error *e)
{
	const char	*p = text;
	char		 name[65];
	size_t		 n;

	for (;;) {
		p += strspn(p, " ");
		n = strcspn(p, " +");
		if (w->n == APPROVALS_MAX)
			return error_set(e, ERROR_CONFIG,
			    "%s: more than %d roles", what, APPROVALS_MAX);
		snprintf(name, sizeof(name), "%.*s", (int)(n < 64 ? n : 64), p);
		w->role[w->n] = role_of(name);
		if (w->role[w->n] == ROLE_NONE)
			return error_set(e, ERROR_CONFIG,
			    "%s: no role \"%s\"", what, name);
		w->n++;
		p += n + strspn(p + n, " ");
		if (*p == '\0')
			return 0;
		if (*p++ != '+')
			return error_set(e, ERROR_CONFIG,
			    "%s: \"%s\" is not roles with + between", what,
			    text);
	}
}

static int
rule_parse(struct approval_rule *r, const struct conf_list *l,
    const char *what, struct error *e)
{
	size_t	 i;

	if (l->n > APPROVALS_MAX)
		return error_set(e, ERROR_CONFIG, "%s: more than %d ways",
		    what, APPROVALS_MAX);
	for (i = 0; i < l->n; i++)
		if (way_parse(&r->way[r->n++], l->v[i], what, e) == -1)
			return -1;
	return 0;
}

static bool
rule_has(const struct approval_rule *r, enum role role)
{
	size_t	 i, k;

	for (i = 0; i < r->n; i++)
		for (k = 0; k < r->way[i].n; k++)
			if (r->way[i].role[k] == role)
				return true;
	return false;
}

/* An agent alone; never for those who approve orders, or their programs. */
static int
fill_self_revoke(struct profile *p, const char *key, enum role role,
    struct error *e)
{
	struct approval_rule	*r = &p->self_revoke_approvals;
	size_t			 i;

	for (i = 0; i < p->ext_key_usage.n; i++)
		if (strncmp(p->ext_key_usage.v[i], OID_ROLE ".",
		    sizeof(OID_ROLE)) == 0)
			return error_set(e, ERROR_CONFIG, "%s: not for a "
			    "profile that gives a role", key);
	if (p->is_ca)
		return error_set(e, ERROR_CONFIG, "%s: not for a CA", key);
	if (r->n == 0)
		*r = p->revoke_approvals;
	if (r->n == APPROVALS_MAX)
		return error_set(e, ERROR_CONFIG, "%s: revoke_approvals has "
		    "too many ways for one more", key);
	r->way[r->n++] = (struct approval_way){ { role }, 1 };
	return 0;
}

int
profile_fill_approvals(struct profile *p, const struct profile_file *f,
    struct error *e)
{
	if (rule_parse(&p->approvals, &f->approvals, "approvals", e) == -1 ||
	    rule_parse(&p->batch_approvals, &f->batch_approvals,
	    "batch_approvals", e) == -1 ||
	    rule_parse(&p->revoke_approvals, &f->revoke_approvals,
	    "revoke_approvals", e) == -1 ||
	    rule_parse(&p->renewal_approvals, &f->renewal_approvals,
	    "renewal_approvals", e) == -1)
		return -1;
	if (p->approvals.n == 0)
		return error_set(e, ERROR_CONFIG, "approvals: none, so that"
		    " nobody could order it");
	if (rule_has(&p->approvals, ROLE_HOLDER) ||
	    rule_has(&p->batch_approvals, ROLE_HOLDER))
		return error_set(e, ERROR_CONFIG, "approvals: the holder can"
		    " approve a renewal or a revocation only");
	if (p->revoke_approvals.n == 0) {
		p->revoke_approvals = (struct approval_rule){ .n = 2, .way = {
		    { { ROLE_OFFICER }, 1 }, { { ROLE_SECURITY_OFFICER }, 1 }
		} };
	}
	if (f->self_revoke && fill_self_revoke(p, "self_revoke",
	    ROLE_RA_AGENT, e) == -1)
		return -1;
	return f->station_revoke ? fill_self_revoke(p, "station_revoke",
	    ROLE_STATION_AGENT, e) : 0;
}

bool
approval_rule_allows(const struct approval_rule *r, enum role role)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->way[i].n == 1 && r->way[i].role[0] == role)
			return true;
	return false;
}

char *
approval_rule_text(const struct approval_rule *r)
{
	struct buf	 b = { 0 };
	size_t		 i, k;
	char		*text;

	for (i = 0; i < r->n; i++) {
		if (i > 0)
			buf_str(&b, ", or ");
		for (k = 0; k < r->way[i].n; k++)
			buf_printf(&b, "%s%s", k > 0 ? " and " : "",
			    role_name(r->way[i].role[k]));
	}
	text = mem_strdup(r->n == 0 ? "nobody" : buf_cstr(&b));
	buf_clear(&b);
	return text;
}
