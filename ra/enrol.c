/* SPDX-License-Identifier: Apache-2.0 */
#include "enrol.h"

#include <string.h>

#include "db/db_cert.h"
#include "db/db_order.h"
#include "desk/renewal.h"
#include "desk/submit.h"
#include "order/approval.h"
#include "x509/ca_name.h"

#define ASKED_MAX	32	/* of a holder's orders */

/* A way that needs nobody but us and, if he has proved it, the holder? */
static bool
is_ours(const struct approval_rule *rule, bool holder)
{
	const struct approval_way	*w;
	size_t				 i, k;

	for (i = 0; i < rule->n; i++) {
		w = &rule->way[i];
		for (k = 0; k < w->n; k++)
			if (w->role[k] != ROLE_RA_AGENT &&
			    !(holder && w->role[k] == ROLE_HOLDER))
				break;
		if (k == w->n && k > 0)
			return true;
	}
	return false;
}

static bool
needs_holder(const struct approval_rule *rule)
{
	size_t	i, k;

	for (i = 0; i < rule->n; i++) {
		for (k = 0; k < rule->way[i].n; k++)
			if (rule->way[i].role[k] == ROLE_HOLDER)
				break;
		if (k == rule->way[i].n)
			return false;
	}
	return rule->n > 0;
}

static bool
same_key(const struct enrol *in)
{
	return in->renews != NULL && memcmp(in->renews->key_digest,
	    in->csr->key_digest, DB_DIGEST) == 0;
}

/* An order that says "renews" and needs the holder's own signature would wait
 * for ever; as an order like any other, officers can approve it. */
static bool
is_renewal(const struct enrol *in)
{
	return in->renews != NULL &&
	    (!needs_holder(&in->profile->renewal_approvals) || same_key(in));
}

static int
draw_up(struct page *p, struct draft *d, const struct enrol *in,
    struct error *e)
{
	char			family[CA_NAME_SIZE];
	struct draft_issue	issue = { .profile = in->profile->name,
				    .request = in->csr, .holder = in->holder,
				    .fields = in->fields,
				    .comment = in->comment };

	if (in->renews != NULL) {
		ca_name_split(in->renews->ca, family);
		issue.ca = family;
	}
	if (is_renewal(in)) {
		issue.renews = in->renews->serial.p;
		issue.renews_len = in->renews->serial.len;
	}
	return draft_issue(p->desk, d, &issue, e);
}

static int
wrap(struct buf *blob, const struct draft *d, const struct enrol *in,
    struct error *e)
{
	const unsigned char	*der;
	X509			*old;
	int			 rc;

	if (!d->order->is_renewal)
		return approval_wrap(blob, d->order, e);
	der = in->renews->der.p;
	if ((old = d2i_X509(NULL, &der, (long)in->renews->der.len)) == NULL)
		return error_ssl(e, ERROR_CRYPTO, "certificate to renew");
	rc = approval_wrap_renewal(blob, d->order, old, e);
	X509_free(old);
	return rc;
}

static int
hand_in(struct page *p, const struct draft *d, const struct enrol *in,
    struct error *e)
{
	const struct approval_rule	*rule = approval_rule_for(in->profile,
					    d->order);
	struct db_holder		 holder = { .id = in->holder,
					    .name = in->holder_name };
	struct buf			 blob = { 0 }, sealed = { 0 };
	bool				 seal = is_ours(rule, same_key(in));
	int				 rc = -1;

	if (in->holder_name != NULL &&
	    db_holder_add_missing(p->db, &holder, 1, e) == -1)
		return -1;
	if (wrap(&blob, d, in, e) == -1 || (seal && page_seal(p,
	    BYTES(blob.p, blob.len), BYTES(NULL, 0), &sealed, e) == -1))
		goto out;
	rc = submit_blob(p->desk, d, seal ? BYTES(sealed.p, sealed.len) :
	    BYTES(blob.p, blob.len), seal ? 1 : 0, e) == -1 ? -1 : 0;
 out:
	buf_clear(&blob);
	buf_clear(&sealed);
	return rc;
}

int
enrol_submit(struct page *p, const struct enrol *in, uint8_t id[DB_ORDER_ID],
    struct error *e)
{
	struct draft	d;
	int		rc;

	if (draw_up(p, &d, in, e) == -1)
		return -1;
	memcpy(id, d.order->id, DB_ORDER_ID);
	rc = hand_in(p, &d, in, e);
	draft_clear(&d);
	return rc;
}

/* ---- what became of it ---- */

int
enrol_look(struct page *p, const uint8_t id[DB_ORDER_ID],
    enum enrol_state *state, struct db_cert *cert, const char **why,
    struct error *e)
{
	const char	*said, *reason;
	int		 found;

	page_look_now(p);
	found = db_cert_find_order(p->db, id, &said, &reason, cert, p->arena,
	    e);
	if (found == -1)
		return -1;
	if (found == 0)
		return error_set(e, ERROR_NOTFOUND, "the order is gone");
	*why = reason != NULL ? reason : said;
	if (strcmp(said, "pending") == 0)
		*state = ENROL_PENDING;
	else if (strcmp(said, "ready") == 0)
		*state = ENROL_READY;
	else if (strcmp(said, "done") == 0 && cert->der.p != NULL)
		*state = ENROL_ISSUED;
	else
		*state = ENROL_REFUSED;
	return 0;
}

static bool
asks_for(struct bytes request, const struct csr *csr)
{
	uint8_t		 key[KEY_DIGEST_SIZE];
	struct csr	*other;
	struct error	 ignored = ERROR_INIT;
	bool		 same = false;

	if (csr_find_key(key, request, &ignored) == 0 &&
	    memcmp(key, csr->key_digest, sizeof(key)) == 0 &&
	    csr_parse(&other, request, &ignored) == 0) {
		same = csr_is_same(other, csr);
		csr_free(&other);
	}
	error_clear(&ignored);
	return same;
}

/* 1: of this order there is, or may be, a certificate; one that succeeds the
 * one that is to be renewed. */
static int
is_alive(struct page *p, const struct db_order *o,
    const struct db_cert *renews, struct error *e)
{
	enum enrol_state	 state;
	struct db_cert		 cert;
	const char		*why;

	if (enrol_look(p, o->id, &state, &cert, &why, e) == -1)
		return -1;
	if (state == ENROL_ISSUED)
		return strcmp(cert.status, "good") == 0 &&
		    (renews == NULL || cert.id > renews->id);
	return state != ENROL_REFUSED;
}

int
enrol_find(struct page *p, const char *holder, const char *profile,
    const struct csr *csr, const struct db_cert *renews,
    uint8_t id[DB_ORDER_ID], struct error *e)
{
	struct db_asked	 all;
	int		 alive;

	if (db_order_asked(p->db, holder, profile, ASKED_MAX, &all, p->arena,
	    e) == -1)
		return -1;
	for (size_t i = 0; i < all.orders.n; i++) {
		const struct db_order	*o = &all.orders.v[i];

		if (o->expires_at <= p->now || !asks_for(all.request[i], csr))
			continue;
		if ((alive = is_alive(p, o, renews, e)) == -1)
			return -1;
		if (alive == 1) {
			memcpy(id, o->id, DB_ORDER_ID);
			return 1;
		}
	}
	return 0;
}

/* ---- who has a certificate ---- */

int
enrol_client(struct page *p, struct db_cert *cert, struct error *e)
{
	if (p->client.row == NULL)
		return error_set(e, ERROR_DENIED, "no certificate of ours");
	*cert = *p->client.row;
	if (cert->holder == NULL)
		return error_set(e, ERROR_DENIED, "the certificate has no "
		    "holder in the store");
	return 0;
}

int
enrol_by_cert(struct page *p, const struct db_cert *cert,
    const struct profile *profile, const struct csr *csr,
    const char *comment, uint8_t id[DB_ORDER_ID], struct error *e)
{
	struct enrol	in = { .profile = profile, .csr = csr,
			    .holder = cert->holder, .comment = comment };
	struct fields	has = { 0 };
	int		rc = -1;

	/* What officers approve they look at. */
	if (!is_ours(&profile->approvals, false))
		return enrol_submit(p, &in, id, e);
	if (renewal_fields(p->desk, cert, &has, e) == 0 &&
	    renewal_check_names(profile, &has, csr, e) == 0)
		rc = enrol_submit(p, &in, id, e);
	fields_clear(&has);
	return rc;
}

int
enrol_renewal(struct page *p, const struct db_cert *cert,
    const struct csr *csr, const char *comment, uint8_t id[DB_ORDER_ID],
    struct error *e)
{
	struct enrol	in = { .csr = csr, .holder = cert->holder,
			    .renews = cert, .comment = comment };
	struct fields	has = { 0 };
	int		rc = -1;

	in.fields = &has;
	if (renewal_check(p->desk, cert, e) == -1 ||
	    renewal_check_window(p->desk, cert, e) == -1 ||
	    profiles_find(&p->desk->profiles, cert->profile, &in.profile,
	    e) == -1 ||
	    renewal_fields(p->desk, cert, &has, e) == -1 ||
	    renewal_check_names(in.profile, &has, csr, e) == -1)
		goto out;
	rc = enrol_submit(p, &in, id, e);
 out:
	fields_clear(&has);
	return rc;
}
