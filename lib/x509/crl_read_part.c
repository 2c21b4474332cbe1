/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a list, read from DER. */
#include <string.h>

#include "base/error.h"
#include "x509/cert_private.h"
#include "x509/crl_private.h"
#include "x509/der.h"

static int
bad(struct error *e, const char *what)
{
	return error_set(e, ERROR_INPUT, "CRL: %s", what);
}

/* Magnitudes without leading zeros: the longer one is the greater. */
int
crl_entry_compare(const struct crl_entry *a, const struct crl_entry *b)
{
	if (a->serial_len != b->serial_len)
		return a->serial_len < b->serial_len ? -1 : 1;
	return memcmp(a->serial, b->serial, a->serial_len);
}

/* A time in the form that RFC 5280 5.1.2.4 to 5.1.2.6 demand for it. */
static int
take_time(struct bytes *in, int64_t *t)
{
	bool	 utc = der_peek(*in, DER_UTC_TIME);

	if (der_take_time(in, t) == -1)
		return -1;
	/* UTCTime cannot name a year from 2050 on. */
	return utc == (*t < INT64_C(2524608000)) ? 0 : -1;
}

static int
read_entry_extension(struct crl_entry *x, const struct der_ext *ext,
    bool delta, struct error *e)
{
	struct bytes	 value = ext->value, c;

	if (ext->critical)
		return bad(e, "malformed extension of an entry");
	if (der_is_oid(ext->oid, OID_EXT_REASON)) {
		if (x->reason != -1 ||
		    der_take(&value, DER_ENUMERATED, &c) == -1 ||
		    value.len > 0 || c.len != 1 ||
		    !crl_is_reason(c.p[0], delta))
			return bad(e, "bad reason");
		x->reason = (int8_t)c.p[0];
	} else if (der_is_oid(ext->oid, OID_EXT_INVALIDITY)) {
		if (x->invalid_since != 0 ||
		    !der_peek(value, DER_GENERALIZED_TIME) ||
		    der_take_time(&value, &x->invalid_since) == -1 ||
		    value.len > 0 || x->invalid_since == 0)
			return bad(e, "bad invalidityDate");
	} else
		return bad(e, "unknown extension of an entry");
	return 0;
}

int
crl_entry_read(struct crl_entry *x, struct bytes *list, bool delta,
    struct error *e)
{
	struct bytes		 in, serial, exts;
	struct der_ext		 ext;

	*x = (struct crl_entry){ .reason = -1 };
	if (der_take(list, DER_SEQUENCE, &in) == -1 ||
	    der_take_uint(&in, &serial) == -1 || serial.len == 0 ||
	    serial.len > sizeof(x->serial) ||
	    take_time(&in, &x->revoked_at) == -1)
		return bad(e, "malformed entry");
	memcpy(x->serial, serial.p, serial.len);
	x->serial_len = (uint8_t)serial.len;
	if (in.len == 0)
		return 0;
	if (der_take(&in, DER_SEQUENCE, &exts) == -1 || in.len > 0 ||
	    exts.len == 0)
		return bad(e, "malformed entry");
	while (exts.len > 0)
		if (der_take_ext(&exts, &ext) == -1)
			return bad(e, "malformed extension of an entry");
		else if (read_entry_extension(x, &ext, delta, e) == -1)
			return -1;
	return 0;
}

static int
read_aki(struct bytes value, const struct issuer *i, struct error *e)
{
	struct bytes	 seq, id;

	if (der_take(&value, DER_SEQUENCE, &seq) == -1 || value.len > 0 ||
	    der_take(&seq, DER_CONTEXT(0), &id) == -1 || seq.len > 0)
		return bad(e, "malformed authorityKeyIdentifier");
	if (!bytes_equal(id, BYTES(i->ski, i->ski_len)))
		return bad(e, "authorityKeyIdentifier is not the issuer's");
	return 0;
}

static int
read_number(struct bytes value, int64_t *n, struct error *e)
{
	if (der_take_int(&value, n) == -1 || value.len > 0 || *n < 0)
		return bad(e, "bad number");
	return 0;
}

/* One full name, a URL, and nothing beside it. */
static int
read_point(struct bytes value, struct bytes *url, struct error *e)
{
	struct bytes	 seq, name, full;

	if (der_take(&value, DER_SEQUENCE, &seq) == -1 || value.len > 0 ||
	    der_take(&seq, DER_CONTEXT_CONS(0), &name) == -1 || seq.len > 0 ||
	    der_take(&name, DER_CONTEXT_CONS(0), &full) == -1 ||
	    name.len > 0 || der_take(&full, DER_CONTEXT(6), url) == -1 ||
	    full.len > 0 || url->len == 0)
		return bad(e, "bad distribution point");
	return 0;
}

static int
read_points(struct bytes value, struct bytes *url, struct error *e)
{
	struct bytes	 seq;

	if (der_take(&value, DER_SEQUENCE, &seq) == -1 || value.len > 0)
		return bad(e, "bad distribution point");
	return read_point(seq, url, e);
}

enum { AKI, NUMBER, DELTA, IDP, FRESHEST, KINDS };
static const struct {
	const char	*oid;
	bool		 critical;
} kinds[KINDS] = {
	[AKI] = { OID_EXT_AKI, false },
	[NUMBER] = { OID_EXT_CRL_NUMBER, false },
	[DELTA] = { OID_EXT_DELTA, true },
	[IDP] = { OID_EXT_IDP, true },
	[FRESHEST] = { OID_EXT_FRESHEST, false },
};

static int
read_extension(struct crl_params *p, int kind, struct bytes value,
    const struct issuer *i, struct error *e)
{
	switch (kind) {
	case AKI:
		return read_aki(value, i, e);
	case NUMBER:
		return read_number(value, &p->number, e);
	case DELTA:
		return read_number(value, &p->base, e);
	case IDP:
		return read_point(value, &p->idp, e);
	case FRESHEST:
		return read_points(value, &p->freshest, e);
	default:
		return bad(e, "unknown extension");
	}
}

static int
read_extensions(struct crl_params *p, struct bytes in,
    const struct issuer *i, struct error *e)
{
	struct bytes		 list, exts;
	struct der_ext		 x;
	bool			 seen[KINDS + 1] = { false };
	int			 k;

	if (der_take(&in, DER_CONTEXT_CONS(0), &list) == -1 || in.len > 0 ||
	    der_take(&list, DER_SEQUENCE, &exts) == -1 || list.len > 0)
		return bad(e, "malformed extensions");
	while (exts.len > 0) {
		if (der_take_ext(&exts, &x) == -1)
			return bad(e, "malformed extension");
		for (k = 0; k < KINDS && !der_is_oid(x.oid, kinds[k].oid); k++)
			;
		if (k == KINDS || seen[k] || x.critical != kinds[k].critical)
			return bad(e, "unknown extension");
		seen[k] = true;
		if (read_extension(p, k, x.value, i, e) == -1)
			return -1;
	}
	if (!seen[AKI] || !seen[NUMBER])
		return bad(e, "no number or no authorityKeyIdentifier");
	if (seen[DELTA] && (p->base == 0 || p->base >= p->number ||
	    seen[FRESHEST]))
		return bad(e, "a delta that is none");
	return 0;
}

static int
read_tbs(struct crl_parts *part, struct bytes outer, const struct issuer *i,
    struct error *e)
{
	struct crl_params	*p = &part->params;
	struct bytes		 tbs = part->tbs, in, alg, name;
	int64_t			 version;

	if (der_take(&tbs, DER_SEQUENCE, &in) == -1 ||
	    der_take_int(&in, &version) == -1 || version != 1 ||
	    der_take_whole(&in, DER_SEQUENCE, &alg) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &name) == -1 ||
	    take_time(&in, &p->this_update) == -1 ||
	    take_time(&in, &p->next_update) == -1)
		return bad(e, "malformed, or not version 2");
	if (!bytes_equal(alg, outer))
		return bad(e, "signature algorithms within and without"
		    " differ");
	if (!bytes_equal(name, BYTES(i->subject.p, i->subject.len)))
		return bad(e, "is not by this issuer");
	if (p->next_update <= p->this_update)
		return bad(e, "nextUpdate is not after thisUpdate");
	if (der_peek(in, DER_SEQUENCE)) {
		if (der_take(&in, DER_SEQUENCE, &part->entries) == -1)
			return bad(e, "malformed, or not version 2");
		if (part->entries.len == 0)
			return bad(e, "empty list of entries");
	}
	return read_extensions(p, in, i, e);
}

int
crl_parts_read(struct crl_parts *part, struct bytes der,
    const struct issuer *i, struct error *e)
{
	struct bytes	 seq, alg;

	memset(part, 0, sizeof(*part));
	if (der_take(&der, DER_SEQUENCE, &seq) == -1)
		return bad(e, "malformed");
	if (der.len > 0)
		return bad(e, "bytes after the end");
	if (der_take_whole(&seq, DER_SEQUENCE, &part->tbs) == -1 ||
	    der_take_whole(&seq, DER_SEQUENCE, &alg) == -1 ||
	    der_take_bits(&seq, &part->sig) == -1 || seq.len > 0)
		return bad(e, "malformed");
	if (alg_sig_find(&part->how, alg, e) == -1)
		return error_wrap(e, "CRL");
	/* By whichever scheme: a CA may change it, its key stays. */
	if (!alg_sig_is_choice(part->how, X509_get0_pubkey(i->cert)))
		return bad(e, "signature algorithm is not the issuer's");
	return read_tbs(part, alg, i, e);
}
