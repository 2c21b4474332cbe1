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

/* RFC 5280, 3.3: an entry stays for one list after its certificate expired. */
static bool
has_expired(struct signer *s, struct signer_ca *ca,
    const struct crl_entry *c, struct bytes der)
{
	const unsigned char	*p = der.p;
	X509			*x = d2i_X509(NULL, &p, (long)der.len);
	struct tm		 tm;
	bool			 expired = false;

	if (x != NULL && ca->last != NULL && signer_ca_of(s, x) == ca) {
		const ASN1_INTEGER	*n = X509_get0_serialNumber(x);

		expired = (size_t)n->length == c->serial_len &&
		    memcmp(n->data, c->serial, c->serial_len) == 0 &&
		    ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) == 1 &&
		    timegm(&tm) < ca->last->params.this_update;
	}
	X509_free(x);
	return expired;
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

static void
weigh_one(struct signer *s, struct signer_ca *ca, struct crl_run *r,
    const struct evidence *v)
{
	struct ledger_status	 st = { .at = 0 };
	struct crl_entry	*c = &r->entry;

	if (r->claim == CRL_MISSING) {
		r->claim = CRL_AGREED;
		if (has_expired(s, ca, c, v->der) || (c->reason == 6 &&
		    order_proves(s, ca, c, v, true, &st))) {
			entry_leaves(s, ca, c, &st);
			r->claim = CRL_DROPPED;
		} else
			crl_alarm(ca->build, c,
			    "the store lacks revoked certificate");
	} else if (order_proves(s, ca, c, v, false, &st)) {
		entry_joins(s, ca, c, &st);
		r->claim = CRL_AGREED;
	} else {
		crl_alarm(ca->build, c,
		    "the store calls revoked without an order");
		r->claim = CRL_DROPPED;
	}
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
		if (b->run[i].claim != CRL_MISSING &&
		    b->run[i].claim != CRL_EXTRA)
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
