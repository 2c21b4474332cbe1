/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a list in DER. */
#include "x509/cert_private.h"
#include "x509/crl_private.h"
#include "x509/der.h"

void
crl_put_head(struct buf *b, const struct crl_params *p,
    const struct issuer *i, size_t entries)
{
	der_put_int(b, 1);			/* v2 */
	der_put_raw(b, BYTES(i->alg.p, i->alg.len));
	der_put_raw(b, BYTES(i->subject.p, i->subject.len));
	der_put_time(b, p->this_update);
	der_put_time(b, p->next_update);
	/* The list is absent, not empty, if nothing is in it: 5.1.2.6. */
	if (entries > 0)
		der_put_header(b, DER_SEQUENCE, entries);
}

/* SEQUENCE { oid, OCTET STRING { ENUMERATED } } but for the last octet. */
static const uint8_t	 reason_der[] = { 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d,
			    0x15, 0x04, 0x03, 0x0a, 0x01 };

static void
put_invalid_since(struct buf *b, int64_t t)
{
	size_t	 seq = der_begin(b, DER_SEQUENCE), octets;

	der_put_oid(b, OID_EXT_INVALIDITY);
	octets = der_begin(b, DER_OCTET_STRING);
	der_put_general_time(b, t);
	der_end(b, octets);
	der_end(b, seq);
}

void
crl_put_entry(struct buf *b, const struct crl_entry *x)
{
	size_t	 seq = der_begin(b, DER_SEQUENCE), exts;

	der_put_uint(b, x->serial, x->serial_len);
	der_put_time(b, x->revoked_at);
	if (x->reason != -1 || x->invalid_since != 0) {
		exts = der_begin(b, DER_SEQUENCE);
		if (x->reason != -1) {
			buf_add(b, reason_der, sizeof(reason_der));
			buf_byte(b, (uint8_t)x->reason);
		}
		if (x->invalid_since != 0)
			put_invalid_since(b, x->invalid_since);
		der_end(b, exts);
	}
	der_end(b, seq);
}

/* Begins Extension ::= SEQUENCE { oid, critical, OCTET STRING }. */
static void
ext_begin(struct buf *b, const char *oid, bool critical, size_t mark[2])
{
	mark[0] = der_begin(b, DER_SEQUENCE);
	der_put_oid(b, oid);
	if (critical)
		der_put_bool(b, true);
	mark[1] = der_begin(b, DER_OCTET_STRING);
}

static void
ext_end(struct buf *b, const size_t mark[2])
{
	der_end(b, mark[1]);
	der_end(b, mark[0]);
}

static void
put_aki(struct buf *b, const struct issuer *i)
{
	size_t	 mark[2], seq;

	ext_begin(b, OID_EXT_AKI, false, mark);
	seq = der_begin(b, DER_SEQUENCE);
	der_put(b, DER_CONTEXT(0), i->ski, i->ski_len);
	der_end(b, seq);
	ext_end(b, mark);
}

static void
put_number(struct buf *b, const char *oid, bool critical, int64_t number)
{
	size_t	 mark[2];

	ext_begin(b, oid, critical, mark);
	der_put_int(b, number);
	ext_end(b, mark);
}

/* { [0] fullName { [0] { [6] url } } }: inside of a DistributionPoint and of
 * an IssuingDistributionPoint. */
static void
put_point(struct buf *b, struct bytes url)
{
	size_t	 seq = der_begin(b, DER_SEQUENCE);
	size_t	 name = der_begin(b, DER_CONTEXT_CONS(0));
	size_t	 full = der_begin(b, DER_CONTEXT_CONS(0));

	der_put(b, DER_CONTEXT(6), url.p, url.len);
	der_end(b, full);
	der_end(b, name);
	der_end(b, seq);
}

static void
put_freshest(struct buf *b, struct bytes url)
{
	size_t	 mark[2], seq;

	ext_begin(b, OID_EXT_FRESHEST, false, mark);
	seq = der_begin(b, DER_SEQUENCE);
	put_point(b, url);
	der_end(b, seq);
	ext_end(b, mark);
}

void
crl_put_extensions(struct buf *b, const struct crl_params *p,
    const struct issuer *i)
{
	size_t	 tagged, seq, mark[2];

	tagged = der_begin(b, DER_CONTEXT_CONS(0));
	seq = der_begin(b, DER_SEQUENCE);
	put_aki(b, i);
	put_number(b, OID_EXT_CRL_NUMBER, false, p->number);
	if (p->base > 0)
		put_number(b, OID_EXT_DELTA, true, p->base);
	if (p->idp.p != NULL) {
		ext_begin(b, OID_EXT_IDP, true, mark);
		put_point(b, p->idp);
		ext_end(b, mark);
	}
	if (p->freshest.p != NULL)
		put_freshest(b, p->freshest);
	der_end(b, seq);
	der_end(b, tagged);
}
