/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the CA sent, before it takes the place of what works.
 */
#include <openssl/x509v3.h>

#include "agent/agent_private.h"
#include "x509/cert.h"

/* RFC 6960, 4.2.2.2: certified by the key for which it answers. */
static int
check_signer(const struct agent *a, const struct task *t, X509 *cert,
    struct error *e)
{
	(void)a;
	if (!cert_is_by(cert, t->ca->cert))
		return error_set(e, ERROR_DENIED, "it is not from CA %s",
		    t->ca->name);
	if ((X509_get_extension_flags(cert) & EXFLAG_XKUSAGE) == 0 ||
	    (X509_get_extended_key_usage(cert) & XKU_OCSP_SIGN) == 0)
		return error_set(e, ERROR_DENIED, "it is not for signing OCSP "
		    "answers (no OCSPSigning)");
	if (X509_get_ext_by_NID(cert, NID_id_pkix_OCSP_noCheck, -1) == -1)
		return error_set(e, ERROR_DENIED, "clients would ask for its "
		    "own status (no id-pkix-ocsp-nocheck)");
	return 0;
}

static int
check_agent(const struct agent *a, const struct task *t, X509 *cert,
    struct error *e)
{
	if (!t->server && cert_role(cert) != a->role)
		return error_set(e, ERROR_DENIED, "its role is not %s",
		    role_name(a->role));
	if (X509_NAME_cmp(X509_get_subject_name(cert),
	    X509_get_subject_name(t->now.cert)) != 0)
		return error_set(e, ERROR_DENIED, "it is for another subject");
	return 0;
}

static int
check_cert(const struct agent *a, const struct task *t,
    const struct pending *p, X509 *cert, STACK_OF(X509) *intermediates,
    struct error *e)
{
	if (!key_matches(cert, p->key))
		return error_set(e, ERROR_DENIED, "it is for another key");
	if ((X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) == 0)
		return error_set(e, ERROR_DENIED, "its key may not sign");
	if (cert_verify_chain(cert, intermediates, a->anchors,
	    clock_now(a->clock), e) == -1)
		return -1;
	return t->ca != NULL ? check_signer(a, t, cert, e) :
	    check_agent(a, t, cert, e);
}

int
agent_check(const struct agent *a, const struct task *t,
    const struct pending *p, STACK_OF(X509) *intermediates, struct error *e)
{
	X509	*cert = sk_X509_value(p->chain, 0);

	if (check_cert(a, t, p, cert, intermediates, e) == 0)
		return 0;
	e->code = ERROR_DENIED;
	error_wrap(e, "the CA's certificate is not used");
	return error_hint(e, "is profile \"%s\" as it should be?",
	    t->ca != NULL ? "ocsp-signer" : t->server ?
	    a->conf->server_profile : role_name(a->role));
}
