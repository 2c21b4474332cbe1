/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <openssl/x509.h>
#include "x509/alg.h"
#include "x509/cert_private.h"
#include "x509/crl.h"
#include "x509/der.h"

#define DEPTH_MAX	10
#define REASON_MAX	10	/* aACompromise; RFC 5280 5.3.1 */

static bool
is_reason(int64_t r)
{
	return r >= 1 && r <= REASON_MAX && r != 7;
}

/* Magnitudes without leading zeros: the longer one is the greater. */
static int
serial_compare(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	if (alen != blen)
		return alen < blen ? -1 : 1;
	return memcmp(a, b, alen);
}

int
crl_entry_compare(const struct crl_entry *a, const struct crl_entry *b)
{
	return serial_compare(a->serial, a->serial_len, b->serial,
	    b->serial_len);
}

/*
 * Writing.
 */
static void
put_reason(struct buf *b, int reason)
{
	uint8_t	 octet = (uint8_t)reason;
	size_t	 seq = der_begin(b, DER_SEQUENCE), octets;

	der_put_oid(b, OID_EXT_REASON);
	octets = der_begin(b, DER_OCTET_STRING);
	der_put(b, DER_ENUMERATED, &octet, 1);
	der_end(b, octets);
	der_end(b, seq);
}

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

static void
put_entry(struct buf *b, const struct crl_entry *x)
{
	size_t	 seq = der_begin(b, DER_SEQUENCE), exts;

	der_put_uint(b, x->serial, x->serial_len);
	der_put_time(b, x->revoked_at);
	if (x->reason != -1 || x->invalid_since != 0) {
		exts = der_begin(b, DER_SEQUENCE);
		if (x->reason != -1)
			put_reason(b, x->reason);
		if (x->invalid_since != 0)
			put_invalid_since(b, x->invalid_since);
		der_end(b, exts);
	}
	der_end(b, seq);
}

static int
check_entry(const struct crl_entry *x, const struct crl_entry *last,
    const struct crl_params *p, struct error *e)
{
	if (x->serial_len == 0 || x->serial_len > sizeof(x->serial) ||
	    x->serial[0] == 0)
		return error_set(e, ERROR_BUG, "serial number that is zero,"
		    " too long or has leading zeros");
	if (last->serial_len > 0 && crl_entry_compare(last, x) >= 0)
		return error_set(e, ERROR_BUG, "serial numbers do not ascend");
	if (x->reason != -1 && !is_reason(x->reason))
		return error_set(e, ERROR_BUG, "reason %d", x->reason);
	if (x->revoked_at > p->this_update)
		return error_set(e, ERROR_BUG, "revoked after thisUpdate");
	return 0;
}

/* The list is absent, not empty, when there is nothing in it: 5.1.2.6. */
static int
put_entries(struct buf *b, const struct crl_params *p, crl_next_fn *next,
    void *arg, struct error *e)
{
	struct crl_entry	 x, last = { .serial_len = 0 };
	size_t			 seq = 0, n;
	int			 more;

	for (n = 1;; n++) {
		memset(&x, 0, sizeof(x));
		if ((more = next(arg, &x, e)) == -1)
			return -1;
		if (more == 0)
			break;
		if (check_entry(&x, &last, p, e) == -1)
			return error_wrap(e, "entry %zu", n);
		if (seq == 0)
			seq = der_begin(b, DER_SEQUENCE);
		put_entry(b, &x);
		last = x;
	}
	if (seq != 0)
		der_end(b, seq);
	return 0;
}

static void
put_aki(struct buf *b, const struct issuer *i)
{
	size_t	 ext = der_begin(b, DER_SEQUENCE), octets, seq;

	der_put_oid(b, OID_EXT_AKI);
	octets = der_begin(b, DER_OCTET_STRING);
	seq = der_begin(b, DER_SEQUENCE);
	der_put(b, DER_CONTEXT(0), i->ski, i->ski_len);
	der_end(b, seq);
	der_end(b, octets);
	der_end(b, ext);
}

static void
put_number(struct buf *b, int64_t number)
{
	size_t	 ext = der_begin(b, DER_SEQUENCE), octets;

	der_put_oid(b, OID_EXT_CRL_NUMBER);
	octets = der_begin(b, DER_OCTET_STRING);
	der_put_int(b, number);
	der_end(b, octets);
	der_end(b, ext);
}

static void
put_extensions(struct buf *b, const struct crl_params *p,
    const struct issuer *i)
{
	size_t	 tagged = der_begin(b, DER_CONTEXT_CONS(0));
	size_t	 seq = der_begin(b, DER_SEQUENCE);

	put_aki(b, i);
	put_number(b, p->number);
	der_end(b, seq);
	der_end(b, tagged);
}

static int
check_params(const struct crl_params *p, struct error *e)
{
	if (p->next_update <= p->this_update)
		return error_set(e, ERROR_CONFIG,
		    "nextUpdate is not after thisUpdate");
	if (p->number < 0)
		return error_set(e, ERROR_BUG, "negative CRL number");
	return 0;
}

int
crl_sign(struct buf *out, const struct crl_params *p, crl_next_fn *next,
    void *arg, const struct issuer *i, EVP_PKEY *key, struct error *e)
{
	struct buf	 tbs = { 0 };
	size_t		 mark;
	int		 rc = -1;

	if (check_params(p, e) == -1)
		goto out;
	mark = der_begin(&tbs, DER_SEQUENCE);
	der_put_int(&tbs, 1);			/* v2 */
	der_put_raw(&tbs, BYTES(i->alg.p, i->alg.len));
	der_put_raw(&tbs, BYTES(i->subject.p, i->subject.len));
	der_put_time(&tbs, p->this_update);
	der_put_time(&tbs, p->next_update);
	if (put_entries(&tbs, p, next, arg, e) == -1)
		goto out;
	put_extensions(&tbs, p, i);
	der_end(&tbs, mark);
	rc = cert_seal(out, BYTES(tbs.p, tbs.len), i, key, e);
 out:
	buf_clear(&tbs);
	return rc == 0 ? 0 :
	    error_wrap(e, "CRL %lld", (long long)p->number);
}

/*
 * Reading back: strict, since nobody but a CA of the suite wrote it.
 */
static int
bad(struct error *e, const char *what)
{
	return error_set(e, ERROR_INPUT, "CRL: %s", what);
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

/* Extension ::= SEQUENCE { oid, value }: those here are never critical. */
static int
take_extension(struct bytes *list, struct bytes *oid, struct bytes *value)
{
	struct bytes	 ext;

	if (der_take(list, DER_SEQUENCE, &ext) == -1 ||
	    der_take(&ext, DER_OID, oid) == -1 ||
	    der_take(&ext, DER_OCTET_STRING, value) == -1 || ext.len > 0)
		return -1;
	return 0;
}

static int
parse_entry_extension(struct crl_entry *x, struct bytes oid,
    struct bytes value, struct error *e)
{
	struct bytes	 c;

	if (der_is_oid(oid, OID_EXT_REASON)) {
		if (x->reason != -1 ||
		    der_take(&value, DER_ENUMERATED, &c) == -1 ||
		    value.len > 0 || c.len != 1 || !is_reason(c.p[0]))
			return bad(e, "bad reason");
		x->reason = (int8_t)c.p[0];
	} else if (der_is_oid(oid, OID_EXT_INVALIDITY)) {
		if (x->invalid_since != 0 ||
		    !der_peek(value, DER_GENERALIZED_TIME) ||
		    der_take_time(&value, &x->invalid_since) == -1 ||
		    value.len > 0 || x->invalid_since == 0)
			return bad(e, "bad invalidityDate");
	} else
		return bad(e, "unknown extension of an entry");
	return 0;
}

static int
parse_entry(struct crl_entry *x, struct bytes in, struct error *e)
{
	struct bytes	 serial, exts, oid, value;

	if (der_take_uint(&in, &serial) == -1 || serial.len == 0 ||
	    serial.len > sizeof(x->serial) ||
	    take_time(&in, &x->revoked_at) == -1)
		return bad(e, "malformed entry");
	memcpy(x->serial, serial.p, serial.len);
	x->serial_len = (uint8_t)serial.len;
	x->reason = -1;
	if (in.len == 0)
		return 0;
	if (der_take(&in, DER_SEQUENCE, &exts) == -1 || in.len > 0 ||
	    exts.len == 0)
		return bad(e, "malformed entry");
	while (exts.len > 0)
		if (take_extension(&exts, &oid, &value) == -1)
			return bad(e, "malformed extension of an entry");
		else if (parse_entry_extension(x, oid, value, e) == -1)
			return -1;
	return 0;
}

/* Room for all is made at once: an entry takes at least 18 octets. */
static int
parse_entries(struct crl *crl, struct bytes list, struct error *e)
{
	struct bytes		 in;
	struct crl_entry	*x;

	if (list.len == 0)
		return bad(e, "empty list of entries");
	crl->v = mem_try(list.len / 18 + 1, sizeof(*crl->v));
	if (crl->v == NULL)
		return error_set(e, ERROR_NOMEM, "CRL: too many entries");
	while (list.len > 0) {
		x = &crl->v[crl->n];
		if (der_take(&list, DER_SEQUENCE, &in) == -1 || in.len < 16)
			return bad(e, "malformed entry");
		if (parse_entry(x, in, e) == -1)
			return -1;
		if (x->revoked_at > crl->params.this_update)
			return bad(e, "revoked after thisUpdate");
		if (crl->n > 0 && crl_entry_compare(x - 1, x) >= 0)
			return bad(e, "serial numbers do not ascend");
		crl->n++;
	}
	return 0;
}

static int
parse_aki(struct bytes value, const struct issuer *i, struct error *e)
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
parse_extensions(struct crl *crl, struct bytes in, const struct issuer *i,
    struct error *e)
{
	struct bytes	 list, exts, oid, value;
	bool		 aki = false, number = false;

	if (der_take(&in, DER_CONTEXT_CONS(0), &list) == -1 || in.len > 0 ||
	    der_take(&list, DER_SEQUENCE, &exts) == -1 || list.len > 0)
		return bad(e, "malformed extensions");
	while (exts.len > 0) {
		if (take_extension(&exts, &oid, &value) == -1)
			return bad(e, "malformed or critical extension");
		if (!aki && der_is_oid(oid, OID_EXT_AKI)) {
			if (parse_aki(value, i, e) == -1)
				return -1;
			aki = true;
		} else if (!number && der_is_oid(oid, OID_EXT_CRL_NUMBER)) {
			if (der_take_int(&value, &crl->params.number) == -1 ||
			    value.len > 0 || crl->params.number < 0)
				return bad(e, "bad number");
			number = true;
		} else
			return bad(e, "unknown extension");
	}
	if (!aki || !number)
		return bad(e, "no number or no authorityKeyIdentifier");
	return 0;
}

static int
parse_tbs(struct crl *crl, struct bytes tbs, struct bytes outer,
    const struct issuer *i, struct error *e)
{
	struct bytes	 in, alg, name, list;
	int64_t		 version;

	if (der_take(&tbs, DER_SEQUENCE, &in) == -1 ||
	    der_take_int(&in, &version) == -1 || version != 1 ||
	    der_take_whole(&in, DER_SEQUENCE, &alg) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &name) == -1 ||
	    take_time(&in, &crl->params.this_update) == -1 ||
	    take_time(&in, &crl->params.next_update) == -1)
		return bad(e, "malformed, or not version 2");
	if (!bytes_equal(alg, outer))
		return bad(e, "signature algorithms within and without"
		    " differ");
	if (!bytes_equal(name, BYTES(i->subject.p, i->subject.len)))
		return bad(e, "is not by this issuer");
	if (crl->params.next_update <= crl->params.this_update)
		return bad(e, "nextUpdate is not after thisUpdate");
	if (der_peek(in, DER_SEQUENCE) &&
	    (der_take(&in, DER_SEQUENCE, &list) == -1 ||
	    parse_entries(crl, list, e) == -1))
		return -1;
	return parse_extensions(crl, in, i, e);
}

static int
parse_signed(struct crl *crl, struct bytes der, const struct issuer *i,
    struct error *e)
{
	const struct alg_sig	*how;
	EVP_PKEY		*key = X509_get0_pubkey(i->cert);
	struct bytes		 seq, tbs, alg, sig;

	if (der_take(&der, DER_SEQUENCE, &seq) == -1 ||
	    der_take_whole(&seq, DER_SEQUENCE, &tbs) == -1 ||
	    der_take_whole(&seq, DER_SEQUENCE, &alg) == -1 ||
	    der_take_bits(&seq, &sig) == -1 || seq.len > 0)
		return bad(e, "malformed");
	if (alg_sig_find(&how, alg, e) == -1)
		return error_wrap(e, "CRL");
	/* By whichever scheme: a CA may change it, its key stays. */
	if (!alg_sig_is_choice(how, key))
		return bad(e, "signature algorithm is not the issuer's");
	if (parse_tbs(crl, tbs, alg, i, e) == -1)
		return -1;
	if (alg_verify(how, key, tbs, sig, e) == -1)
		return error_wrap(e, "CRL");
	return 0;
}

int
crl_parse(struct crl **out, struct bytes der, const struct issuer *i,
    struct error *e)
{
	struct crl	*crl = mem_alloc(sizeof(*crl));
	int		 rc;

	*out = NULL;
	if ((rc = der_check(der, DEPTH_MAX, e)) == -1)
		error_wrap(e, "CRL");
	else
		rc = parse_signed(crl, der, i, e);
	if (rc == -1)
		crl_free(&crl);
	*out = crl;
	return rc;
}

const struct crl_entry *
crl_find(const struct crl *crl, const uint8_t *serial, size_t len)
{
	size_t	 low = 0, high = crl->n, mid;
	int	 c;

	while (len > 0 && *serial == 0) {
		serial++;
		len--;
	}
	while (low < high) {
		mid = low + (high - low) / 2;
		c = serial_compare(serial, len, crl->v[mid].serial,
		    crl->v[mid].serial_len);
		if (c == 0)
			return &crl->v[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

void
crl_free(struct crl **crl)
{
	if (*crl == NULL)
		return;
	mem_free(&(*crl)->v);
	mem_free(crl);
}
