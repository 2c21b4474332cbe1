/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Responses read and held against what was asked: RFC 6960, 3.2 and 4.2.
 */
#include <string.h>
#include <openssl/err.h>
#include "base/text.h"
#include "x509/cert_private.h"
#include "x509/der.h"
#include "x509/ocsp_private.h"

static int
bad(struct error *e, const char *what)
{
	return error_set(e, ERROR_INPUT, "OCSP response: %s", what);
}

struct parts {
	struct bytes		 tbs, sig, id;	/* id: responderID, whole */
	struct bytes		 responses;
	const struct alg_sig	*how;
};

/* A GeneralizedTime; RFC 6960 knows no other. */
static int
take_time(struct bytes *in, int64_t *t)
{
	return der_peek(*in, DER_GENERALIZED_TIME) ? der_take_time(in, t) : -1;
}

static int
read_outer(enum ocsp_status *status, struct bytes der, struct bytes *basic,
    struct error *e)
{
	struct bytes	 in, code, tagged, seq, type;

	if (der_take(&der, DER_SEQUENCE, &in) == -1 ||
	    der_take(&in, DER_ENUMERATED, &code) == -1 || code.len != 1 ||
	    code.p[0] > OCSP_UNAUTHORIZED || code.p[0] == 4)
		return bad(e, "malformed responseStatus");
	*status = (enum ocsp_status)code.p[0];
	if (*status != OCSP_SUCCESSFUL)
		return in.len == 0 ? 0 :
		    bad(e, "an error with bytes of a response");
	if (der_take(&in, DER_CONTEXT_CONS(0), &tagged) == -1 || in.len > 0 ||
	    der_take(&tagged, DER_SEQUENCE, &seq) == -1 || tagged.len > 0 ||
	    der_take(&seq, DER_OID, &type) == -1 ||
	    der_take(&seq, DER_OCTET_STRING, basic) == -1 || seq.len > 0)
		return bad(e, "malformed responseBytes");
	if (ocsp_ext_of(type) != OCSP_EXT_BASIC)
		return bad(e, "is not a basic one");
	return der_check(*basic, OCSP_DEPTH, e) == -1 ?
	    error_wrap(e, "OCSP response") : 0;
}

static int
read_basic(struct parts *p, struct ocsp_reply *r, struct bytes der,
    struct error *e)
{
	struct bytes	 in, alg, certs, list;

	if (der_take(&der, DER_SEQUENCE, &in) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &p->tbs) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &alg) == -1 ||
	    der_take_bits(&in, &p->sig) == -1)
		return bad(e, "malformed");
	if (alg_sig_find(&p->how, alg, e) == -1)
		return error_wrap(e, "OCSP response");
	if (der_take(&in, DER_CONTEXT_CONS(0), &certs) == -1 || in.len > 0 ||
	    der_take(&certs, DER_SEQUENCE, &list) == -1 || certs.len > 0 ||
	    der_take_whole(&list, DER_SEQUENCE, &r->signer) == -1)
		return bad(e, "the signer's certificate is not in it");
	if (list.len > 0)
		return bad(e, "more than one certificate in it");
	return 0;
}

static int
read_revoked(struct ocsp_single *s, struct bytes in, struct error *e)
{
	struct bytes	 tagged, c;

	if (take_time(&in, &s->revoked_at) == -1)
		return bad(e, "malformed revocationTime");
	if (in.len == 0)
		return 0;
	if (der_take(&in, DER_CONTEXT_CONS(0), &tagged) == -1 || in.len > 0 ||
	    der_take(&tagged, DER_ENUMERATED, &c) == -1 || tagged.len > 0 ||
	    c.len != 1 || c.p[0] == 0 || c.p[0] == 7 || c.p[0] > 10)
		return bad(e, "bad revocationReason");
	s->reason = (int8_t)c.p[0];
	return 0;
}

static int
read_status(struct ocsp_single *s, struct bytes *in, struct error *e)
{
	struct bytes	 c;
	uint8_t		 tag;

	if (der_next(in, &tag, &c, NULL) != 1)
		return bad(e, "malformed certStatus");
	if (tag == DER_CONTEXT_CONS(1)) {
		s->state = OCSP_REVOKED;
		return read_revoked(s, c, e);
	}
	if (c.len > 0 || (tag != DER_CONTEXT(0) && tag != DER_CONTEXT(2)))
		return bad(e, "malformed certStatus");
	s->state = tag == DER_CONTEXT(0) ? OCSP_GOOD : OCSP_UNKNOWN;
	return 0;
}

static int
read_cutoff(struct ocsp_single *s, const struct der_ext *x, struct error *e)
{
	struct bytes	 value = x->value;

	if (take_time(&value, &s->archive_cutoff) == -1 || value.len > 0)
		return bad(e, "malformed archiveCutoff");
	return 0;
}

static int
read_single_extensions(struct ocsp_single *s, struct bytes in,
    struct error *e)
{
	struct bytes	 tagged, list;
	struct der_ext	 x;

	if (der_take(&in, DER_CONTEXT_CONS(1), &tagged) == -1 || in.len > 0 ||
	    der_take(&tagged, DER_SEQUENCE, &list) == -1 || tagged.len > 0)
		return bad(e, "malformed singleExtensions");
	while (list.len > 0) {
		if (der_take_ext(&list, &x) == -1)
			return bad(e, "malformed singleExtensions");
		if (ocsp_ext_of(x.oid) == OCSP_EXT_CUTOFF) {
			if (read_cutoff(s, &x, e) == -1)
				return -1;
		} else if (x.critical)
			return bad(e, "critical extension that is not known");
		else if (der_is_oid(x.oid, OID_EXT_REASON))
			return bad(e, "reasonCode as an extension");
	}
	return 0;
}

static int
read_single(struct ocsp_single *s, struct bytes *list, struct error *e)
{
	struct bytes	 in, tagged;

	memset(s, 0, sizeof(*s));
	s->reason = -1;
	if (der_take(list, DER_SEQUENCE, &in) == -1 ||
	    der_take_whole(&in, DER_SEQUENCE, &s->id) == -1)
		return bad(e, "malformed SingleResponse");
	if (read_status(s, &in, e) == -1)
		return -1;
	if (take_time(&in, &s->this_update) == -1)
		return bad(e, "malformed thisUpdate");
	if (!der_peek(in, DER_CONTEXT_CONS(0)))
		return bad(e, "no nextUpdate");
	if (der_take(&in, DER_CONTEXT_CONS(0), &tagged) == -1 ||
	    take_time(&tagged, &s->next_update) == -1 || tagged.len > 0)
		return bad(e, "malformed nextUpdate");
	return in.len == 0 ? 0 : read_single_extensions(s, in, e);
}

/* In its own OCTET STRING, as ours are sent. */
static int
read_nonce(struct ocsp_reply *r, struct bytes value, struct error *e)
{
	if (r->nonce.len > 0)
		return bad(e, "two nonces");
	if (der_take(&value, DER_OCTET_STRING, &r->nonce) == -1 ||
	    value.len > 0 || r->nonce.len == 0)
		return bad(e, "malformed nonce");
	return 0;
}

static int
read_extensions(struct ocsp_reply *r, struct bytes in, struct error *e)
{
	struct bytes	 tagged, list;
	struct der_ext	 x;
	int		 kind;

	if (der_take(&in, DER_CONTEXT_CONS(1), &tagged) == -1 || in.len > 0 ||
	    der_take(&tagged, DER_SEQUENCE, &list) == -1 || tagged.len > 0)
		return bad(e, "malformed responseExtensions");
	while (list.len > 0) {
		if (der_take_ext(&list, &x) == -1)
			return bad(e, "malformed responseExtensions");
		kind = ocsp_ext_of(x.oid);
		if (x.critical)
			return bad(e, "critical extension");
		if (kind == OCSP_EXT_NONCE &&
		    read_nonce(r, x.value, e) == -1)
			return -1;
		if (kind == OCSP_EXT_EXTENDED)
			r->extended_revoked = true;
	}
	return 0;
}

static int
read_tbs(struct parts *p, struct ocsp_reply *r, struct error *e)
{
	struct bytes	 tbs = p->tbs, in, skip;
	uint8_t		 tag;

	if (der_take(&tbs, DER_SEQUENCE, &in) == -1 ||
	    der_next(&in, &tag, &skip, &p->id) != 1 ||
	    (tag != DER_CONTEXT_CONS(1) && tag != DER_CONTEXT_CONS(2)))
		return bad(e, "malformed responderID");
	if (take_time(&in, &r->produced_at) == -1)
		return bad(e, "malformed producedAt");
	if (der_take(&in, DER_SEQUENCE, &p->responses) == -1)
		return bad(e, "malformed responses");
	for (r->n = 0; p->responses.len > 0; r->n++) {
		if (r->n == OCSP_IDS_MAX)
			return bad(e, "more answers than anyone asked for");
		if (read_single(&r->single[r->n], &p->responses, e) == -1)
			return -1;
	}
	return in.len == 0 ? 0 : read_extensions(r, in, e);
}

/*
 * Who signed.
 */
static bool
is_key(struct bytes in, X509 *cert)
{
	const ASN1_BIT_STRING	*key = X509_get0_pubkey_bitstr(cert);
	struct bytes		 want;
	uint8_t			 md[20];

	return der_take(&in, DER_OCTET_STRING, &want) == 0 && in.len == 0 &&
	    EVP_Digest(ASN1_STRING_get0_data(key),
	    (size_t)ASN1_STRING_length(key), md, NULL, EVP_sha1(), NULL) == 1 &&
	    bytes_equal(want, BYTES(md, sizeof(md)));
}

static bool
is_name(struct bytes in, const X509 *cert)
{
	const unsigned char	*der;
	size_t			 len;

	return X509_NAME_get0_der(X509_get_subject_name(cert), &der, &len) ==
	    1 && bytes_equal(in, BYTES(der, len));
}

/* Ours are named by their keys; whoever else answers at that address may have
 * another opinion. */
static bool
is_responder(struct bytes id, X509 *cert)
{
	struct bytes	 in;

	if (der_take(&id, DER_CONTEXT_CONS(2), &in) == 0)
		return is_key(in, cert);
	return der_take(&id, DER_CONTEXT_CONS(1), &in) == 0 &&
	    is_name(in, cert);
}

static int
verify_by(const struct parts *p, struct ocsp_reply *r, X509 *cert,
    const struct ocsp_expect *x, struct error *e)
{
	if (!is_responder(p->id, cert))
		return bad(e, "responderID is neither the certificate's key"
		    " nor its name");
	/* What it says holds at most as long as its signer. */
	if (ocsp_signer_check(cert, x->ca, x->now, e) == -1 ||
	    cert_time(&r->signer_not_after, X509_get0_notAfter(cert), e) ==
	    -1 || alg_verify(p->how, X509_get0_pubkey(cert), p->tbs, p->sig,
	    e) == -1)
		return error_wrap(e, "OCSP response");
	return 0;
}

static int
verify(const struct parts *p, struct ocsp_reply *r,
    const struct ocsp_expect *x, struct error *e)
{
	const unsigned char	*der = r->signer.p;
	X509			*cert;
	int			 rc;

	cert = d2i_X509(NULL, &der, (long)r->signer.len);
	if (cert == NULL || X509_get0_pubkey(cert) == NULL) {
		ERR_clear_error();
		rc = bad(e, "the signer's certificate is malformed");
	} else
		rc = verify_by(p, r, cert, x, e);
	X509_free(cert);
	return rc;
}

/*
 * What it says.
 */
static int
check_times(const struct ocsp_reply *r, const struct ocsp_single *s,
    const struct ocsp_expect *x, struct error *e)
{
	char	 text[TEXT_TIME_SIZE];

	if (s->this_update > x->now + x->skew)
		return error_set(e, ERROR_INPUT, "OCSP response: thisUpdate"
		    " %s is in the future", text_time(text, s->this_update));
	if (s->next_update < x->now - x->skew)
		return error_set(e, ERROR_INPUT, "OCSP response: nextUpdate"
		    " %s is past", text_time(text, s->next_update));
	if (s->next_update < s->this_update)
		return bad(e, "nextUpdate is before thisUpdate");
	if (s->next_update > r->signer_not_after)
		return bad(e, "nextUpdate is beyond the signer's life");
	return 0;
}

static int
check(const struct ocsp_reply *r, const struct ocsp_expect *x,
    struct error *e)
{
	size_t	 i;

	if (x->nonce.len > 0 && !bytes_equal(r->nonce, x->nonce))
		return bad(e, r->nonce.len == 0 ? "without the nonce that was"
		    " sent" : "with another nonce than was sent");
	if (r->n != x->n)
		return error_set(e, ERROR_INPUT, "OCSP response: %zu answers"
		    " to %zu questions", r->n, x->n);
	for (i = 0; i < r->n; i++) {
		if (!bytes_equal(r->single[i].id, x->id[i]))
			return bad(e, "about another certificate than was"
			    " asked");
		if (check_times(r, &r->single[i], x, e) == -1)
			return -1;
	}
	return 0;
}

int
ocsp_response_read(struct ocsp_reply *r, struct bytes der,
    const struct ocsp_expect *x, struct error *e)
{
	struct parts	 p;
	struct bytes	 basic;

	r->n = 0;
	r->nonce = r->signer = BYTES(NULL, 0);
	r->extended_revoked = false;
	if (der.len > OCSP_RESPONSE_MAX)
		return bad(e, "over 256 KiB");
	if (der_check(der, OCSP_DEPTH, e) == -1)
		return error_wrap(e, "OCSP response");
	if (read_outer(&r->status, der, &basic, e) == -1)
		return -1;
	if (r->status != OCSP_SUCCESSFUL)
		return 0;
	if (read_basic(&p, r, basic, e) == -1 || read_tbs(&p, r, e) == -1 ||
	    verify(&p, r, x, e) == -1)
		return -1;
	return check(r, x, e);
}
