/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store brings to have an entry leave the list or join it.
 */
#include "base/text.h"
#include "signer_crl.h"

#define ALARMS_MAX	100	/* of one list; the rest is counted */

struct evidence {
	struct bytes	 der, blob;
	char		 profile[65];
};

static bool
order_proves(struct signer *s, struct signer_ca *ca,
    const struct crl_entry *c, const struct evidence *v, bool release,
    struct ledger_status *st)
{
	const struct ledger_status	*known;
	struct error			 ignored = ERROR_INIT;
	struct signer_proof		 p = { .ca = ca->conf->name,
	    .serial = BYTES(c->serial, c->serial_len), .cert = v->der,
	    .profile = v->profile };
	enum order_kind			 kind;
	bool				 proves = false;

	if (v->blob.len == 0 || approval_open_cached(&p.order, v->blob,
	    s->cache, &ignored) == -1)
		return false;
	known = ledger_find_status(s->ledger, ca->conf->name, c->serial,
	    c->serial_len);
	p.since = release ? c->revoked_at : known != NULL ? known->at : 0;
	kind = p.order->order->kind;
	if (release ? kind == ORDER_RELEASE :
	    kind == ORDER_REVOKE || kind == ORDER_HOLD)
		proves = signer_check_proof(s, &p, &ignored) == 0;
	if (proves)
		signer_proof_status(&p, st);
	approval_free(&p.order);
	return proves;
}

/* The certificate that the entry is about; NULL if it is another one. */
static X509 *
evidence_cert(struct signer *s, struct signer_ca *ca,
    const struct crl_entry *c, struct bytes der)
{
	const unsigned char	*p = der.p;
	X509			*x = d2i_X509(NULL, &p, (long)der.len);
	const ASN1_INTEGER	*n;

	if (x != NULL && signer_ca_of(s, x) == ca) {
		n = X509_get0_serialNumber(x);
		if ((size_t)n->length == c->serial_len &&
		    memcmp(n->data, c->serial, c->serial_len) == 0)
			return x;
	}
	X509_free(x);
	return NULL;
}

/* RFC 5280, 3.3: an entry stays for one list after its certificate expired. */
static bool
has_expired(const struct crl_build *b, const X509 *x)
{
	struct tm	 tm;

	return x != NULL && *b->over != NULL &&
	    ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) == 1 &&
	    timegm(&tm) < (*b->over)->params.this_update;
}

static void
entry_leaves(struct signer *s, struct signer_ca *ca,
    const struct crl_entry *c, struct ledger_status *gone)
{
	gone->status = CERT_GOOD;
	gone->at = clock_now(s->clock);
	gone->serial_len = c->serial_len;
	snprintf(gone->ca, sizeof(gone->ca), "%s", ca->conf->name);
	memcpy(gone->serial, c->serial, c->serial_len);
	ledger_add_status(s->ledger, gone);
}

/* When it was is the store's word; it cannot be later than now. */
static void
entry_joins(struct signer *s, struct signer_ca *ca, struct crl_entry *c,
    struct ledger_status *st)
{
	int64_t	 now = clock_now(s->clock);

	st->at = c->revoked_at < now ? c->revoked_at : now;
	ledger_add_status(s->ledger, st);
	crl_entry_of(ca->build, st, c);
}

void
crl_alarm(struct crl_build *b, const struct crl_entry *c, const char *what)
{
	char	 hex[2 * CERT_SERIAL_SIZE + 3];

	if (b->nalarms == ALARMS_MAX) {
		b->unsaid++;
		return;
	}
	/* Each is a string in the message; NUL separates them here. */
	buf_printf(&b->alarms, "%s %s", what, text_hex(hex, c->serial,
	    c->serial_len));
	buf_byte(&b->alarms, 0);
	b->nalarms++;
}

/* Ours, and not in the store yet: that they differ is nobody's doing. */
static bool
is_under_way(const struct signer *s, const struct signer_ca *ca,
    const struct crl_entry *c)
{
	return ledger_is_under_way(s->ledger, ca->conf->name, c->serial,
	    c->serial_len, clock_now(s->clock));
}

/* We have it and the store does not. */
static void
weigh_missing(struct signer *s, struct signer_ca *ca, struct crl_run *r,
    const struct evidence *v)
{
	struct crl_build	*b = ca->build;
	struct crl_entry	*c = &r->entry;
	struct ledger_status	 st = { .at = 0 };
	X509			*x = evidence_cert(s, ca, c, v->der);

	if (r->claim == CRL_STRAY && x != NULL &&
	    signer_shard_of(ca, x) != b->shard)
		r->claim = CRL_DROPPED;
	else if (has_expired(b, x)) {
		st.shard = signer_shard_of(ca, x);
		entry_leaves(s, ca, c, &st);
		r->claim = CRL_DROPPED;
	} else if (c->reason == 6 && order_proves(s, ca, c, v, true, &st)) {
		entry_leaves(s, ca, c, &st);
		r->claim = CRL_DROPPED;
	} else {
		if (!is_under_way(s, ca, c))
			crl_alarm(b, c, "the store lacks revoked certificate");
		r->claim = CRL_AGREED;
	}
	X509_free(x);
}

/* The store has it and we do not: for whichever list, if it was ordered. */
static void
weigh_extra(struct signer *s, struct signer_ca *ca, struct crl_run *r,
    const struct evidence *v)
{
	struct crl_build	*b = ca->build;
	struct crl_entry	*c = &r->entry;
	struct ledger_status	 st = { .at = 0 };

	r->claim = CRL_DROPPED;
	if (!order_proves(s, ca, c, v, false, &st)) {
		if (!is_under_way(s, ca, c))
			crl_alarm(b, c, "the store calls revoked without an "
			    "order");
		return;
	}
	entry_joins(s, ca, c, &st);
	if (b->shard == 0 || st.shard == b->shard)
		r->claim = CRL_AGREED;
	else
		crl_alarm(b, c, "the store has on another shard certificate");
}

static void
weigh_one(struct signer *s, struct signer_ca *ca, struct crl_run *r,
    const struct evidence *v)
{
	if (r->claim == CRL_EXTRA)
		weigh_extra(s, ca, r, v);
	else
		weigh_missing(s, ca, r, v);
}

int
crl_weigh(struct signer *s, struct signer_ca *ca, struct msg *in,
    struct error *e)
{
	struct crl_build	*b = ca->build;
	uint32_t		 n = msg_get_u32(in);
	size_t			 i;
	struct evidence		 v;

	if (n != b->nasked)
		return error_set(e, ERROR_BUG, "evidence for %u of %zu "
		    "differences", n, b->nasked);
	for (i = 0; i < b->nrun; i++) {
		if (!crl_is_asked(&b->run[i]))
			continue;
		v.der = msg_get_blob(in, CERT_MAX);
		msg_get_str(in, v.profile, sizeof(v.profile));
		v.blob = msg_get_blob(in, 8u << 20);
		if (in->bad)
			break;
		weigh_one(s, ca, &b->run[i], &v);
	}
	b->nasked = 0;
	if (msg_done(in, e) == -1)
		return -1;
	return ledger_sync(s->ledger, e);
}
