/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a CMP request may lead to.
 */
#include <regex.h>
#include <string.h>

#include "cmp.h"
#include "desk/renewal.h"
#include "desk/submit.h"
#include "desk/target.h"
#include "once.h"
#include "order/approval.h"
#include "rad.h"

/* ---- with a shared secret ---- */

static int
whole_match(const char *pattern, const char *text, struct error *e)
{
	char	*whole = mem_printf("^(%s)$", pattern);
	regex_t	 re;
	int	 rc = regcomp(&re, whole, REG_EXTENDED | REG_NOSUB);

	mem_free(&whole);
	if (rc != 0)
		return error_set(e, ERROR_CONFIG, "cmp_secrets: names is no "
		    "regular expression");
	rc = regexec(&re, text, 0, NULL, 0);
	regfree(&re);
	return rc == 0;
}

/* Every name must be one that this secret is good for. */
static int
check_names(const struct cmp_turn *t, const struct profile *p,
    const struct fields *f, struct error *e)
{
	size_t	i;
	int	is;

	for (i = 0; i < f->n; i++) {
		if (!profile_takes(p, f->v[i].name))
			continue;
		if ((is = whole_match(t->secret->names, f->v[i].value,
		    e)) == -1)
			return -1;
		if (is == 0)
			return error_set(e, ERROR_DENIED, "%s \"%.100s\" is "
			    "not a name that this reference may ask for",
			    f->v[i].name, f->v[i].value);
	}
	return 0;
}

static int
find_or_submit(struct cmp_turn *t, const struct enrol *in, struct error *e)
{
	int	found = enrol_find(t->page, in->holder, in->profile->name,
		    in->csr, NULL, t->trans->order, e);

	if (found != 0)
		return found == 1 ? 0 : -1;
	return enrol_submit(t->page, in, t->trans->order, e);
}

static int
by_secret(struct cmp_turn *t, const struct csr *csr, struct error *e)
{
	struct desk	*d = t->page->desk;
	struct fields	 f = { 0 };
	struct enrol	 in = { .csr = csr, .comment = "by CMP, with a shared "
			    "secret" };
	int		 rc = -1;

	if (desk_need(d, DESK_PROFILES, e) == -1 ||
	    profiles_find(&d->profiles, t->secret->profile, &in.profile,
	    e) == -1)
		return -1;
	if (t->profile != NULL && t->profile != in.profile)
		return error_set(e, ERROR_DENIED, "this reference is not for "
		    "profile %s", t->profile->name);
	if (csr_fields(csr, &f, e) == -1 || check_names(t, in.profile, &f,
	    e) == -1)
		goto out;
	in.holder = fields_get(&f, t->secret->holder, 0);
	in.holder_name = in.holder;
	if (in.holder == NULL)
		error_set(e, ERROR_INPUT, "request: no \"%s\", which is the "
		    "holder's id", t->secret->holder);
	else
		rc = find_or_submit(t, &in, e);
 out:
	fields_clear(&f);
	return rc;
}

/* ---- with a certificate ---- */

static int
by_client(struct cmp_turn *t, const struct csr *csr, struct error *e)
{
	const struct db_cert	*c = t->client;
	const struct profile	*p = t->profile;
	bool			 renew = t->body == CMP_KUR;
	int			 found;

	if (p == NULL && profiles_find(&t->page->desk->profiles, c->profile,
	    &p, e) == -1)
		return -1;
	if (renew && strcmp(p->name, c->profile) != 0)
		return error_set(e, ERROR_DENIED, "your certificate is of "
		    "profile %s, not %s", c->profile, p->name);
	found = enrol_find(t->page, c->holder, p->name, csr,
	    renew ? c : NULL, t->trans->order, e);
	if (found != 0)
		return found == 1 ? 0 : -1;
	return renew ? enrol_renewal(t->page, c, csr, "by CMP, kur",
	    t->trans->order, e) : enrol_by_cert(t->page, c, p, csr,
	    "by CMP, signed", t->trans->order, e);
}

int
cmp_enrol(struct cmp_turn *t, const struct csr *csr, struct error *e)
{
	int	rc;

	if (t->trans->has_order)
		return 0;
	if (t->secret == NULL && t->client == NULL)
		return error_set(e, ERROR_BUG, "CMP message: by nobody");
	rc = t->secret != NULL ? by_secret(t, csr, e) : by_client(t, csr, e);
	t->trans->has_order = rc == 0;
	return rc;
}

/* ---- revoking ---- */

static bool
is_own(const struct db_cert *c, const X509_NAME *issuer,
    const ASN1_INTEGER *serial)
{
	const unsigned char	*p = c->der.p;
	X509			*x = d2i_X509(NULL, &p, (long)c->der.len);
	bool			 own;

	own = x != NULL && issuer != NULL && serial != NULL &&
	    X509_NAME_cmp(X509_get_issuer_name(x), issuer) == 0 &&
	    ASN1_INTEGER_cmp(X509_get0_serialNumber(x), serial) == 0;
	X509_free(x);
	return own;
}

static int
store(struct page *p, const struct draft *d, struct error *e)
{
	struct buf	blob = { 0 }, sealed = { 0 };
	int		rc = -1;

	if (approval_wrap(&blob, d->order, e) == 0 &&
	    page_seal(p, BYTES(blob.p, blob.len), BYTES(NULL, 0), &sealed,
	    e) == 0)
		rc = submit_blob(p->desk, d, BYTES(sealed.p, sealed.len), 1,
		    e) == -1 ? -1 : 0;
	buf_clear(&blob);
	buf_clear(&sealed);
	return rc;
}

static int
hand_in(struct cmp_turn *t, struct draft *d, struct error *e)
{
	if (!approval_rule_allows(approval_rule_for(d->profile, d->order),
	    ROLE_RA_AGENT))
		return error_set(e, ERROR_DENIED, "holders may not revoke "
		    "certificates of profile %s themselves: ask an officer",
		    d->profile->name);
	return once_hand_in(t->page, d, store, e);
}

int
cmp_revoke(struct cmp_turn *t, const X509_NAME *issuer,
    const ASN1_INTEGER *serial, struct error *e)
{
	const struct profile	*p;
	struct db_cert		 own;
	struct targets		 one = { .v = &own, .n = 1 };
	struct draft		 d;
	int			 rc;

	if (t->trans->has_order)
		return 0;
	if (t->client == NULL || !is_own(t->client, issuer, serial))
		return error_set(e, ERROR_DENIED, "a certificate is revoked by "
		    "a request that it signs itself");
	own = *t->client;
	if (profiles_find(&t->page->desk->profiles, own.profile, &p,
	    e) == -1 ||
	    draft_new(t->page->desk, &d, ORDER_REVOKE, p, e) == -1)
		return -1;
	target_set(d.order, &one);
	d.order->comment = mem_strdup("by CMP, rr");
	rc = hand_in(t, &d, e);
	memcpy(t->trans->order, d.order->id, DB_ORDER_ID);
	t->trans->has_order = rc == 0;
	draft_clear(&d);
	return rc;
}
