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
#include <stdio.h>

#include "base/digest.h"
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
		digest_sha256(list->digest, der.p, der.len);
		if (map_put(&v->lists, list) != NULL)
			audit_failed(v->r, AUDIT_CRLS, NULL,
			    "number %llu of crls.pem is there twice",
			    (unsigned long long)n);
	}
	buf_clear(&der);
}

/* One list, held against its entry. */
struct check {
	struct audit_verify	*v;
	struct audit_entry	*en;
	struct audit_ca		*ca;
	const struct crl	*crl;
	int64_t			 shard;
	const char		*point;		/* of a shard: its address */
	char			 name[120];	/* "list 3 of CA people" */
};

static void
check_name(struct check *k)
{
	char	 shard[32] = "";

	if (k->shard > 0)
		snprintf(shard, sizeof(shard), "shard %lld of ",
		    (long long)k->shard);
	snprintf(k->name, sizeof(k->name), "list %lld of %sCA %s",
	    (long long)k->crl->params.number, shard, k->ca->name);
}

/* One certificate that is revoked or held: is it on the list? */
static void
check_missing(const struct check *k, const struct audit_cert *c)
{
	const struct crl	*crl = k->crl;
	struct audit_about	 about = { .seq = k->en->seq,
				    .serial = c->serial,
				    .serial_len = c->serial_len,
				    .order = c->changed_by };

	if (c->not_after < crl->params.this_update ||
	    c->changed_at >= crl->params.this_update ||
	    (k->shard > 0 && c->point != k->point) ||
	    crl_find(crl, c->serial, c->serial_len, NULL))
		return;
	audit_failed(k->v->r, AUDIT_CRLS, &about, "%s lacks it, though entry "
	    "%lld made it invalid", k->name, (long long)c->changed);
}

/*
 * The store lost a revocation and was told of it anew; the list is by a signer
 * that knows since when it is so.  That is in order as far as two security
 * officers have let it go on since.
 */
static bool
is_given_up(const struct check *k, const struct crl_entry *entry,
    const struct audit_cert *c)
{
	size_t	 i;

	for (i = 0; i < k->v->nadopted; i++)
		if (entry->revoked_at <= k->v->adopted[i].at)
			return entry->revoked_at < c->changed_at;
	return false;
}

/* Of a certificate that was revoked or held before the list was made. */
static void
check_details(const struct check *k, const struct audit_about *about,
    const struct crl_entry *entry, const struct audit_cert *c)
{
	if (entry->revoked_at == c->changed_at &&
	    entry->reason == (c->reason == 0 ? -1 : c->reason))
		return;
	if (is_given_up(k, entry, c))
		audit_note(k->v->r, AUDIT_CRLS, about, "%s gives an earlier "
		    "time than entry %lld: what the store had before was "
		    "given up with an approved order", k->name,
		    (long long)c->changed);
	else
		audit_failed(k->v->r, AUDIT_CRLS, about, "%s gives another "
		    "time or reason than entry %lld", k->name,
		    (long long)c->changed);
}

static void
check_listed(const struct check *k, const struct crl_entry *entry)
{
	const struct crl_params	*params = &k->crl->params;
	struct audit_about	 about = { .seq = k->en->seq,
				    .serial = entry->serial,
				    .serial_len = entry->serial_len };
	struct audit_cert	*c;

	c = certs_find(k->v, (int16_t)(k->ca - k->v->ca), entry->serial,
	    entry->serial_len);
	if (c == NULL) {
		audit_failed(k->v->r, AUDIT_CRLS, &about, "%s has a "
		    "certificate that it never issued", k->name);
		return;
	}
	if (k->shard > 0 && c->point != k->point)
		audit_failed(k->v->r, AUDIT_CRLS, &about, "%s has a "
		    "certificate that names another list", k->name);
	if (c->status == AUDIT_GOOD) {
		/* Just released, or about to be revoked. */
		if (c->changed == 0 || c->changed_at < params->this_update)
			c->early = k->en->seq;
		return;
	}
	if (c->changed_at < params->this_update)
		check_details(k, &about, entry, c);
}

/* Each shard has numbers of its own; complete lists and deltas share theirs. */
static void
check_number(const struct check *k)
{
	struct audit_ca	*ca = k->ca;
	int64_t		*last;

	if (ca->crl_number == NULL)
		ca->crl_number = arena_alloc(k->v->arena,
		    (CRL_SHARD_MAX + 1) * sizeof(*ca->crl_number));
	last = &ca->crl_number[k->shard];
	if (k->crl->params.number <= *last)
		audit_failed(k->v->r, AUDIT_CRLS, &k->en->about, "%s came "
		    "after list %lld", k->name, (long long)*last);
	*last = k->crl->params.number;
}

static bool
entry_optional(struct audit_verify *v, const struct audit_entry *en,
    const char *key, int64_t *n)
{
	char	 text[24];

	*n = 0;
	return !entry_maybe(v, en, key, text, sizeof(text)) ||
	    entry_num(v, en, AUDIT_CRLS, key, n);
}

static void
check_params(const struct check *k)
{
	const struct crl_params	*p = &k->crl->params;
	struct audit_verify	*v = k->v;
	struct audit_entry	*en = k->en;
	int64_t			 number = 0, base, this = 0, next = 0, n = 0;

	if (!entry_num(v, en, AUDIT_CRLS, "number", &number) ||
	    !entry_num(v, en, AUDIT_CRLS, "entries", &n) ||
	    !entry_time(v, en, AUDIT_CRLS, "this", &this) ||
	    !entry_time(v, en, AUDIT_CRLS, "next", &next) ||
	    !entry_optional(v, en, "base", &base))
		return;
	if (number != p->number || base != p->base ||
	    n != (int64_t)k->crl->n || this != p->this_update ||
	    next != p->next_update || (k->shard > 0) != (p->idp.p != NULL))
		audit_failed(v->r, AUDIT_CRLS, &en->about, "%s has another "
		    "number, time, count or scope than its entry says",
		    k->name);
	check_number(k);
}

/* A delta has what changed since its base: what it has is checked, what it
 * lacks may be on the base. */
static void
check_delta(const struct check *k)
{
	const struct crl	*crl = k->crl;
	struct crl_entry	 x;
	struct audit_about	 about = { .seq = k->en->seq };
	struct audit_cert	*c;
	size_t			 pos = 0;

	while (crl_next(crl, &pos, &x)) {
		if (x.reason != CRL_REMOVE) {
			check_listed(k, &x);
			continue;
		}
		c = certs_find(k->v, (int16_t)(k->ca - k->v->ca), x.serial,
		    x.serial_len);
		about.serial = x.serial;
		about.serial_len = x.serial_len;
		if (c == NULL || (c->status != AUDIT_GOOD &&
		    c->changed_at < crl->params.this_update &&
		    c->not_after >= crl->params.this_update))
			audit_failed(k->v->r, AUDIT_CRLS, &about, "delta %lld "
			    "of CA %s takes a certificate off the list that "
			    "was not released", (long long)crl->params.number,
			    k->ca->name);
	}
}

static void
check_complete(const struct check *k)
{
	struct crl_entry	 x;
	size_t			 i, pos = 0;

	for (i = 0; i < k->ca->nbad; i++)
		check_missing(k, k->ca->bad[i]);
	while (crl_next(k->crl, &pos, &x))
		check_listed(k, &x);
}

static void
check_scope(struct check *k)
{
	struct bytes	 idp = k->crl->params.idp;
	char		 url[CRL_SHARD_URL] = "";

	if (!entry_optional(k->v, k->en, "shard", &k->shard) ||
	    k->shard < 0 || k->shard > CRL_SHARD_MAX)
		k->shard = 0;
	if (idp.p != NULL)
		snprintf(url, sizeof(url), "%.*s", (int)idp.len, idp.p);
	k->point = entry_intern(k->v, url);
	check_name(k);
}

static void
check_list(struct audit_verify *v, struct audit_entry *en,
    struct audit_ca *ca, const struct audit_list *list)
{
	struct error	 e = ERROR_INIT;
	struct buf	 der = { 0 };
	struct crl	*crl = NULL;
	struct check	 k = { .v = v, .en = en, .ca = ca };

	if (bundle_pem_at(&v->b.part[BUNDLE_CRLS], "X509 CRL", list->at, &der,
	    &e) != 1 || crl_parse(&crl, BYTES(der.p, der.len), &ca->issuer,
	    &e) == -1) {
		audit_failed(v->r, AUDIT_CRLS, &en->about, "list of CA %s: %s",
		    ca->name, e.text);
		goto out;
	}
	k.crl = crl;
	check_scope(&k);
	check_params(&k);
	if (crl->params.base > 0)
		check_delta(&k);
	else
		check_complete(&k);
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
