/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approvals by assertion: the attribute in the RA's SignerInfo, and whether
 * the officer whom it speaks of counts.
 */
#include <string.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include "order/approval.h"
#include "order/approval_private.h"
#include "x509/cert.h"

#define ATTR_ONCE	(-3)	/* one attribute of the type, with one value */

int
approval_assertion_find(struct assertion *out, CMS_SignerInfo *si,
    struct error *e)
{
	ASN1_OBJECT		*oid = OBJ_txt2obj(OID_ASSERTION, 1);
	const ASN1_STRING	*value;
	int			 rc = 0;

	if (oid == NULL)
		return error_ssl(e, ERROR_NOMEM, "identifier");
	if (CMS_signed_get_attr_by_OBJ(si, oid, -1) >= 0) {
		value = CMS_signed_get0_data_by_OBJ(si, oid, ATTR_ONCE,
		    V_ASN1_SEQUENCE);
		if (value == NULL)
			rc = error_set(e, ERROR_INPUT, "more than one "
			    "assertion in one signature, or none");
		else
			rc = assertion_parse(out,
			    BYTES(ASN1_STRING_get0_data(value),
			    (size_t)ASN1_STRING_length(value)), e) == 0 ?
			    1 : -1;
	}
	ERR_clear_error();
	ASN1_OBJECT_free(oid);
	return rc;
}

X509 *
approval_cert_find(STACK_OF(X509) *certs, const uint8_t digest[32])
{
	uint8_t	 hash[EVP_MAX_MD_SIZE];
	X509	*cert;
	int	 i;

	for (i = 0; i < sk_X509_num(certs); i++) {
		cert = sk_X509_value(certs, i);
		if (X509_digest(cert, EVP_sha256(), hash, NULL) == 1 &&
		    memcmp(hash, digest, 32) == 0)
			return cert;
	}
	return NULL;
}

int
approval_assertion_open(struct approved *a, const struct approver *ra,
    const struct assertion *as, struct approval_cache *cache,
    struct error *e)
{
	struct approver	*by;
	X509		*cert;

	if (ra->role != ROLE_RA_AGENT)
		return error_set(e, ERROR_DENIED, "an assertion in a signature "
		    "that is not of an RA agent");
	if ((cert = approval_cert_find(a->certs, as->cert)) == NULL)
		return error_set(e, ERROR_INPUT, "the certificate of the "
		    "assertion's officer is not in the blob");
	if ((by = approval_place(a, cert, as->cert, e)) == NULL)
		return -1;
	by->signed_at = ra->signed_at;
	if (approval_open_plain(&by->bind, as->bind, cache, e) == -1)
		return error_wrap(e, "order that binds the credential");
	return assertion_verify(as, by->bind->order, a->digest, e);
}

/* ---- who counts ---- */

/* Of those who signed a bind order: they were good then, and that it was
 * carried out and not undone is what "bound" says. */
static int
was_good(void *arg, X509 *cert, struct error *e)
{
	(void)arg;
	(void)cert;
	(void)e;
	return 1;
}

static int
check_bind(struct approved *bind, const struct approval_trust *t,
    struct error *e)
{
	struct approval_trust	 then = {
		.anchors = t->anchors, .intermediates = t->intermediates,
		.officers_cas = t->officers_cas,
		.now = bind->order->created, .status = was_good,
	};

	if (approval_check(bind, &then, e) == -1 || approval_satisfies(bind,
	    approval_rule_for(NULL, bind->order), e) == -1)
		return error_wrap(e, "order that binds the credential");
	return 0;
}

static int
check_bound(const struct approved *bind, const struct approval_trust *t,
    struct error *e)
{
	int	 bound;

	if (bind->order->until != 0 && t->now > bind->order->until)
		return error_set(e, ERROR_DENIED, "the credential was bound "
		    "until an earlier time");
	if (t->bound == NULL)
		return error_set(e, ERROR_DENIED, "nobody here knows whether "
		    "the credential is bound");
	if ((bound = t->bound(t->bound_arg, bind, e)) == -1)
		return -1;
	if (bound != 1)
		return error_set(e, ERROR_DENIED, "the credential is not bound "
		    "(any more)");
	return 0;
}

int
approval_assertion_check(const struct approved *a, const struct approver *by,
    const struct approval_trust *t, struct error *e)
{
	const struct order	*bind = by->bind->order;

	/* What security officers do is too grave for a page that may show one
	 * order and have another one signed. */
	if (by->role != ROLE_OFFICER)
		return error_set(e, ERROR_DENIED, "an assertion counts for "
		    "officers alone; others sign with the key of their "
		    "certificate");
	if (strcmp(by->person, bind->bind.person) != 0)
		return error_set(e, ERROR_DENIED, "the credential is bound to "
		    "another person (%s)", bind->bind.person);
	if (check_bind(by->bind, t, e) == -1 ||
	    check_bound(by->bind, t, e) == -1)
		return -1;
	return approval_scope_check(bind, a->order, t, e);
}
