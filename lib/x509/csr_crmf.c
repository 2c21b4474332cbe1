/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a CertReqMsg (RFC 4211, 3): what a CMP client sends in ir, cr and
 * kur.  Its proof of possession must be a signature over the CertRequest,
 * which names subject and key; no other proof can be checked again by a
 * signer that has only these bytes.
 */
#include "x509/csr_private.h"

enum {			/* tags of CertTemplate, RFC 4211, 5 */
	T_VERSION, T_SERIAL, T_ALG, T_ISSUER, T_VALIDITY, T_SUBJECT, T_KEY,
	T_ISSUER_UID, T_SUBJECT_UID, T_EXTENSIONS, T__MAX
};
#define POPO_SIGNATURE	DER_CONTEXT_CONS(1)	/* ProofOfPossession, 4 */

/* What follows the first part is a proof with a tag of its own, where PKCS#10
 * has the algorithm of its signature. */
bool
csr_is_crmf(struct bytes der)
{
	struct bytes	 seq, first;

	return der_take(&der, DER_SEQUENCE, &seq) == 0 &&
	    der_take(&seq, DER_SEQUENCE, &first) == 0 && seq.len > 0 &&
	    (seq.p[0] & 0xc0) == 0x80;
}

/* The fields of a CertTemplate, each at most once and in their order. */
static int
template_walk(struct bytes field[T__MAX], struct bytes in, struct error *e)
{
	struct bytes	 content;
	uint8_t		 tag;
	int		 n, last = -1;

	for (n = 0; n < T__MAX; n++)
		field[n] = BYTES(NULL, 0);
	while (in.len > 0) {
		if (der_next(&in, &tag, &content, NULL) != 1 ||
		    (tag & 0xc0) != 0x80 || (n = tag & 0x1f) >= T__MAX ||
		    n <= last)
			return csr_bad(e, "malformed CertTemplate");
		field[n] = content;
		last = n;
	}
	return 0;
}

/* RFC 4211, 5: these are the CA's. */
static int
template_check(const struct bytes field[T__MAX], struct error *e)
{
	const struct bytes	*v = &field[T_VERSION];

	if (v->p != NULL && (v->len != 1 || v->p[0] != 2))
		return csr_bad(e, "version is not 3 (RFC 4211, 5)");
	if (field[T_SERIAL].p != NULL || field[T_ALG].p != NULL ||
	    field[T_ISSUER_UID].p != NULL || field[T_SUBJECT_UID].p != NULL)
		return csr_bad(e, "it proposes a serial number, a signature "
		    "algorithm or a unique identifier (RFC 4211, 5)");
	if (field[T_SUBJECT].p == NULL || field[T_KEY].p == NULL)
		return csr_bad(e, "without subject or key the proof of "
		    "possession says nothing (RFC 4211, 4.1)");
	return 0;
}

static int
template_read(struct csr *csr, struct bytes template, struct error *e)
{
	struct bytes	 field[T__MAX], subject;

	if (template_walk(field, template, e) == -1 ||
	    template_check(field, e) == -1)
		return -1;
	subject = field[T_SUBJECT];
	if (der_take(&subject, DER_SEQUENCE, &csr->subject) == -1 ||
	    subject.len > 0)
		return csr_bad(e, "malformed CertTemplate");
	der_put(&csr->made_spki, DER_SEQUENCE, field[T_KEY].p,
	    field[T_KEY].len);
	csr->spki = BYTES(csr->made_spki.p, csr->made_spki.len);
	if (csr_read_subject(csr, e) == -1)
		return -1;
	return field[T_EXTENSIONS].p == NULL ? 0 :
	    csr_read_extensions(csr, field[T_EXTENSIONS], e);
}

static int
request_take(struct bytes *whole, struct bytes *template,
    struct bytes *rest, struct bytes der, struct error *e)
{
	struct bytes	 request, seq;
	int64_t		 id;

	if (der_take(&der, DER_SEQUENCE, rest) == -1 ||
	    der_take_whole(rest, DER_SEQUENCE, whole) == -1)
		return csr_bad(e, "malformed CertReqMsg");
	request = *whole;
	if (der_take(&request, DER_SEQUENCE, &seq) == -1 ||
	    der_take_int(&seq, &id) == -1 ||
	    der_take(&seq, DER_SEQUENCE, template) == -1)
		return csr_bad(e, "malformed CertRequest");
	return 0;
}

int
csr_read_crmf(struct csr *csr, struct bytes *tbs, struct bytes *alg,
    struct bytes *sig, struct error *e)
{
	struct bytes	 template, rest, proof;

	if (request_take(tbs, &template, &rest, BYTES(csr->der.p,
	    csr->der.len), e) == -1)
		return -1;
	if (!der_peek(rest, POPO_SIGNATURE))
		return error_set(e, ERROR_DENIED, "request: no proof of "
		    "possession by signature (RFC 4211, 4.1)");
	if (der_take(&rest, POPO_SIGNATURE, &proof) == -1 ||
	    der_take_whole(&proof, DER_SEQUENCE, alg) == -1 ||
	    der_take_bits(&proof, sig) == -1 || proof.len > 0)
		return csr_bad(e, "malformed POPOSigningKey, or one with an "
		    "input of its own");
	return template_read(csr, template, e);
}

int
csr_crmf_key(struct bytes *key, struct bytes der, struct error *e)
{
	struct bytes	 field[T__MAX], whole, template, rest;

	if (request_take(&whole, &template, &rest, der, e) == -1 ||
	    template_walk(field, template, e) == -1)
		return -1;
	if (field[T_KEY].p == NULL)
		return csr_bad(e, "malformed");
	*key = field[T_KEY];
	return 0;
}
