/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists: each CRL holds exactly what was revoked or held when its entry was
 * made, but for what has expired.
 *
 * A list is signed a moment before its entry enters the chain, and a change of
 * status may be on its way meanwhile.  So a change that is not older than the
 * list may be missing from it, and the list may have one that the chain gets
 * only later - but gets.
 */
#include "base/text.h"
#include "cli/audit_state.h"

void
crls_load(struct audit_verify *v)
{
	struct bundle_file	*f = &v->b.part[BUNDLE_CRLS];
	struct error		 e = ERROR_INIT;
	struct buf		 der = { 0 };
	struct audit_list	*list;
	uint64_t		 n = 0;
	size_t			 at;
	int			 found;

	while ((found = bundle_pem_next(f, "X509 CRL", &der, &at, &e)) != 0) {
		n++;
		audit_looked(v->r, AUDIT_CRLS);
		if (found == -1) {
			audit_failed(v->r, AUDIT_CRLS, NULL,
			    "number %llu of crls.pem: %s",
			    (unsigned long long)n, e.text);
			continue;
		}
		list = arena_alloc(v->arena, sizeof(*list));
		list->at = at;
		EVP_Digest(der.p, der.len, list->digest, NULL, EVP_sha256(),
		    NULL);
		if (map_put(&v->lists, list) != NULL)
			audit_failed(v->r, AUDIT_CRLS, NULL,
			    "number %llu of crls.pem is there twice",
			    (unsigned long long)n);
	}
	buf_clear(&der);
}

/* One certificate that is revoked or held: is it on the list? */
static void
check_missing(struct audit_verify *v, const struct audit_entry *en,
    const struct crl *crl, const struct audit_cert *c)
{
	struct audit_about	 about = { .seq = en->seq,
				    .serial = c->serial,
				    .serial_len = c->serial_len,
				    .order = c->changed_by };

	if (c->not_after < crl->params.this_update ||
	    c->changed_at >= crl->params.this_update ||
	    crl_find(crl, c->serial, c->serial_len, NULL))
		return;
	audit_failed(v->r, AUDIT_CRLS, &about, "list %lld of CA %s lacks it, "
	    "though entry %lld made it invalid", (long long)crl->params.number,
	    v->ca[c->ca].name, (long long)c->changed);
}

static void
check_listed(struct audit_verify *v, const struct audit_entry *en,
    const struct audit_ca *ca, const struct crl_params *params,
    const struct crl_entry *entry)
{
	struct audit_about	 about = { .seq = en->seq,
				    .serial = entry->serial,
				    .serial_len = entry->serial_len };
	struct audit_cert	*c;
	int			 reason;

	c = certs_find(v, (int16_t)(ca - v->ca), entry->serial,
	    entry->serial_len);
	if (c == NULL) {
		audit_failed(v->r, AUDIT_CRLS, &about, "list %lld of CA %s has "
		    "a certificate that it never issued",
		    (long long)params->number, ca->name);
		return;
	}
	if (c->status == AUDIT_GOOD) {
		/* Just released, or about to be revoked. */
		if (c->changed == 0 || c->changed_at < params->this_update)
			c->early = en->seq;
		return;
	}
	reason = c->reason == 0 ? -1 : c->reason;
	if (c->changed_at < params->this_update && (entry->reason != reason ||
	    entry->revoked_at != c->changed_at))
		audit_failed(v->r, AUDIT_CRLS, &about, "list %lld of CA %s "
		    "gives another time or reason than entry %lld",
		    (long long)params->number, ca->name,
		    (long long)c->changed);
}

static void
check_params(struct audit_verify *v, struct audit_entry *en,
    struct audit_ca *ca, const struct crl *crl)
{
	int64_t	 number = 0, base = 0, this = 0, next = 0, n = 0;
	char	 text[24];

	if (!entry_num(v, en, AUDIT_CRLS, "number", &number) ||
	    !entry_num(v, en, AUDIT_CRLS, "entries", &n) ||
	    !entry_time(v, en, AUDIT_CRLS, "this", &this) ||
	    !entry_time(v, en, AUDIT_CRLS, "next", &next))
		return;
	if (entry_maybe(v, en, "base", text, sizeof(text)) &&
	    !entry_num(v, en, AUDIT_CRLS, "base", &base))
		return;
	if (number != crl->params.number || base != crl->params.base || n != (int64_t)crl->n ||
	    this != crl->params.this_update || next != crl->params.next_update)
		audit_failed(v->r, AUDIT_CRLS, &en->about, "list %lld of CA %s "
		    "has another number, time or count than its entry says",
		    (long long)crl->params.number, ca->name);
	if (crl->params.number <= ca->crl_number)
		audit_failed(v->r, AUDIT_CRLS, &en->about, "list %lld of CA %s "
		    "came after list %lld", (long long)crl->params.number,
		    ca->name, (long long)ca->crl_number);
	ca->crl_number = crl->params.number;
}

/* A delta has what changed since its base: what it has is checked, what it
 * lacks may be on the base. */
static void
check_delta(struct audit_verify *v, const struct audit_entry *en,
    const struct audit_ca *ca, const struct crl *crl)
{
	struct crl_entry	 x;
	struct audit_about	 about = { .seq = en->seq };
	struct audit_cert	*c;
	size_t			 pos = 0;

	while (crl_next(crl, &pos, &x)) {
		if (x.reason != CRL_REMOVE) {
			check_listed(v, en, ca, &crl->params, &x);
			continue;
		}
		c = certs_find(v, (int16_t)(ca - v->ca), x.serial,
		    x.serial_len);
		about.serial = x.serial;
		about.serial_len = x.serial_len;
		if (c == NULL || (c->status != AUDIT_GOOD &&
		    c->changed_at < crl->params.this_update &&
		    c->not_after >= crl->params.this_update))
			audit_failed(v->r, AUDIT_CRLS, &about, "delta %lld of "
			    "CA %s takes a certificate off the list that was "
			    "not released", (long long)crl->params.number,
			    ca->name);
	}
}

static void
check_complete(struct audit_verify *v, const struct audit_entry *en,
    const struct audit_ca *ca, const struct crl *crl)
{
	struct crl_entry	 x;
	size_t			 i, pos = 0;

	for (i = 0; i < ca->nbad; i++)
		check_missing(v, en, crl, ca->bad[i]);
	while (crl_next(crl, &pos, &x))
		check_listed(v, en, ca, &crl->params, &x);
}

static void
check_list(struct audit_verify *v, struct audit_entry *en,
    struct audit_ca *ca, const struct audit_list *list)
{
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };
	struct crl	*crl = NULL;

	if (bundle_pem_at(&v->b.part[BUNDLE_CRLS], "X509 CRL", list->at, &der,
	    &e) != 1 || crl_parse(&crl, BYTES(der.p, der.len), &ca->issuer,
	    &e) == -1) {
		audit_failed(v->r, AUDIT_CRLS, &en->about, "list of CA %s: %s",
		    ca->name, e.text);
		goto out;
	}
	check_params(v, en, ca, crl);
	if (crl->params.base > 0)
		check_delta(v, en, ca, crl);
	else
		check_complete(v, en, ca, crl);
 out:
	crl_free(&crl);
	buf_clear(&der);
}

void
crls_check(struct audit_verify *v, struct audit_entry *en)
{
	struct audit_list	 key, *list;
	struct audit_ca		*ca;
	char			 name[65];

	if (!entry_digest(v, en, AUDIT_CRLS, "crl", key.digest) ||
	    !entry_text(v, en, AUDIT_CRLS, "ca", name, sizeof(name)))
		return;
	if ((ca = cas_find(v, name)) == NULL)
		audit_failed(v->r, AUDIT_CRLS, &en->about,
		    "a list of CA %s, which was not added before", name);
	else if ((list = map_find(&v->lists, &key)) == NULL)
		audit_failed(v->r, AUDIT_CRLS, &en->about, "the list of CA %s "
		    "with this digest is not in crls.pem", name);
	else if (list->seq != 0)
		audit_failed(v->r, AUDIT_CRLS, &en->about,
		    "the list of CA %s was entered before, in entry %lld",
		    name, (long long)list->seq);
	else {
		list->seq = en->seq;
		check_list(v, en, ca, list);
	}
}

void
crls_finish(struct audit_verify *v)
{
	struct audit_about	 about = { 0 };
	struct audit_list	*list;
	struct audit_cert	*c;
	size_t			 pos = 0;
	char			 hex[65];

	while ((list = map_next(&v->lists, &pos)) != NULL)
		if (list->seq == 0)
			audit_failed(v->r, AUDIT_CRLS, NULL, "no entry says "
			    "that the list with digest %s was signed",
			    text_hex(hex, list->digest, 32));
	for (pos = 0; (c = map_next(&v->certs, &pos)) != NULL;) {
		if (c->early == 0)
			continue;
		about = (struct audit_about){ .seq = c->early,
		    .serial = c->serial, .serial_len = c->serial_len };
		audit_failed(v->r, AUDIT_CRLS, &about, "a list of CA %s has "
		    "it, but no entry revoked it", v->ca[c->ca].name);
	}
}
