/* SPDX-License-Identifier: Apache-2.0 */
/* Certify name and key of a foreign CA. */
#include <time.h>
#include <openssl/x509v3.h>
#include "base/text.h"
#include "ca/root/intake.h"
#include "ca/root/issue.h"
#include "ca/root/protect.h"
#include "ca/root/run.h"
#include "x509/der.h"

/* A request by the same key shows that the other side takes part. */
static int
cross_possession(struct session *s, const struct generation *g,
    const struct cert_info *info, struct error *e)
{
	struct csr	*csr = NULL;
	int		 rc = -1;

	if (s->c.csr == NULL && s->c.no_possession != NULL) {
		session_fact(s, "no-possession", s->c.no_possession);
		session_note(s, "no proof of possession, because: %s",
		    s->c.no_possession);
		return 0;
	}
	if (s->c.csr == NULL) {
		error_set(e, ERROR_INPUT, "nothing shows that the other side "
		    "takes part");
		return error_hint(e, "give --csr FILE, a request signed by its "
		    "key, or --no-possession REASON");
	}
	if (intake_request(s, g, s->c.csr, &csr, e) == -1)
		goto out;
	if (memcmp(csr->key_digest, info->key_digest, KEY_DIGEST_SIZE) != 0)
		error_set(e, ERROR_DENIED, "%s is of another key than %s",
		    s->c.csr, s->c.certificate);
	else
		rc = 0;
 out:
	csr_free(&csr);
	return rc;
}

static int
cross_check(struct session *s, const struct generation *g, X509 *foreign,
    struct error *e)
{
	struct cert_info	 info;
	char			 hex[65];
	int			 rc = -1;

	if (cert_info(&info, foreign, e) == -1)
		return -1;
	session_note(s, "%s", info.subject);
	text_hex(hex, info.digest, sizeof(info.digest));
	session_fact(s, "certificate", hex);
	text_hex(hex, info.key_digest, sizeof(info.key_digest));
	session_note(s, "key sha256 %s", hex);
	if (root_signer(s->root, foreign) != NULL)
		error_set(e, ERROR_INPUT, "this is the root itself");
	else if (info.not_after <= s->now)
		error_set(e, ERROR_DENIED, "the certificate has expired");
	else if ((X509_get_extension_flags(foreign) &
	    (EXFLAG_CA | EXFLAG_INVALID)) != EXFLAG_CA)
		error_set(e, ERROR_INPUT, "it is not the certificate of a CA");
	else if (csr_check_key(X509_get0_pubkey(foreign), e) == 0 &&
	    intake_check_new(s, "cross-key", hex, e) == 0)
		rc = cross_possession(s, g, &info, e);
	cert_info_clear(&info);
	return rc;
}

/* What they issued to us: our name and key under theirs. */
static int
cross_check_reverse(struct session *s, const struct generation *g,
    X509 *foreign, X509 *reverse, struct error *e)
{
	if (X509_NAME_cmp(X509_get_subject_name(reverse),
	    X509_get_subject_name(g->cert)) != 0 ||
	    EVP_PKEY_eq(X509_get0_pubkey(reverse),
	    X509_get0_pubkey(g->cert)) != 1)
		return error_set(e, ERROR_INPUT, "it is not for our root");
	if (!cert_is_by(reverse, foreign))
		return error_set(e, ERROR_DENIED, "it was not issued by %s",
		    s->c.certificate);
	if (X509_check_ca(reverse) != 1)
		return error_set(e, ERROR_INPUT, "it is not the certificate of "
		    "a CA");
	if (ASN1_OCTET_STRING_cmp(X509_get0_subject_key_id(reverse),
	    X509_get0_subject_key_id(g->cert)) != 0) {
		error_set(e, ERROR_INPUT, "its key identifier is not that of "
		    "our root");
		return error_hint(e, "what is below our root names that one, "
		    "and clients would not find the way; ask for it to be "
		    "copied");
	}
	return 0;
}

static void
put_half(struct buf *der, uint8_t n, X509 *cert)
{
	unsigned char	*p = NULL;
	int		 len = cert != NULL ? i2d_X509(cert, &p) : 0;
	size_t		 mark;

	if (len > 0) {
		mark = der_begin(der, DER_CONTEXT_CONS(n));
		der_put_raw(der, BYTES(p, (size_t)len));
		der_end(der, mark);
	}
	OPENSSL_free(p);
}

/*
 * CertificatePair of X.509, as the attribute crossCertificatePair has it (RFC
 * 4523, 2.3): issuedToThisCA [0], issuedByThisCA [1].
 */
static void
cross_put_pair(struct session *s, X509 *by, X509 *to)
{
	struct buf	 der = { 0 };
	size_t		 seq = der_begin(&der, DER_SEQUENCE);
	char		 name[70], *path;

	put_half(&der, 0, to);
	put_half(&der, 1, by);
	der_end(&der, seq);
	snprintf(name, sizeof(name), "%s.pair", s->c.name);
	path = mem_printf("issued/%s", name);
	session_put(s, path, 0644, BYTES(der.p, der.len));
	session_step(s, "For the directory: %s%s", path, to != NULL ? "" :
	    ", without what they issue to us");
	if (s->parcel != NULL)
		parcel_add(s->parcel, name, BYTES(der.p, der.len));
	mem_free(&path);
	buf_clear(&der);
}

static int
cross_reverse(struct session *s, const struct generation *g, X509 *foreign,
    X509 **out, struct error *e)
{
	char	 hex[65];
	uint8_t	 digest[32];

	if (s->c.issued_to_us == NULL)
		return 0;
	if (cert_load(out, s->c.issued_to_us, e) == -1 ||
	    cross_check_reverse(s, g, foreign, *out, e) == -1)
		return error_wrap(e, "%s", s->c.issued_to_us);
	if (X509_digest(*out, EVP_sha256(), digest, NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest certificate");
	session_fact(s, "issued-to-us", text_hex(hex, digest, sizeof(digest)));
	return 0;
}

/* Not past the certificate that the other side has given itself. */
static int64_t
cross_until(X509 *foreign)
{
	struct tm	 tm;

	return ASN1_TIME_to_tm(X509_get0_notAfter(foreign), &tm) == 1 ?
	    timegm(&tm) : 0;
}

static int
cross_work(struct session *s, struct error *e)
{
	const struct generation	*g;
	struct ca_cert		 plan = { 0 };
	X509			*foreign = NULL, *reverse = NULL, *cert = NULL;
	EVP_PKEY		*key = NULL;
	int			 rc = -1;

	session_step(s, "The foreign CA's certificate, %s", s->c.certificate);
	if (root_generation(s->root, 0, &g, e) == -1 ||
	    cert_load(&foreign, s->c.certificate, e) == -1)
		goto out;
	if (cross_check(s, g, foreign, e) == -1) {
		error_wrap(e, "%s", s->c.certificate);
		goto out;
	}
	if (cross_reverse(s, g, foreign, &reverse, e) == -1)
		goto out;
	session_step(s, "The cross certificate \"%s\"", s->c.name);
	plan.until = cross_until(foreign);
	if (issue_load_profile(&plan, s, e) == -1 ||
	    issue_constrain(&plan, &s->c, e) == -1 ||
	    issue_take_subject(&plan, foreign, e) == -1 ||
	    issue_plan_ca(&plan, s, g, "cross", X509_get0_pubkey(foreign),
	    e) == -1)
		goto out;
	issue_describe(s, &plan, 1);
	if (session_confirm(s, "This foreign CA is certified.", e) == -1 ||
	    protect_unlock(s, g, &key, e) == -1 || session_begin(s, e) == -1)
		goto out;
	session_parcel(s, g);
	if (issue_sign(s, &plan, key, &cert, e) == -1)
		goto out;
	cross_put_pair(s, cert, reverse);
	rc = session_commit(s, key, g->cert, e);
 out:
	EVP_PKEY_free(key);
	X509_free(cert);
	X509_free(reverse);
	X509_free(foreign);
	issue_clear(&plan);
	return rc;
}

int
root_cross_certify(struct cmd_args *args, void *ctx, struct error *e)
{
	(void)ctx;
	return run_ceremony(args, "cross-certify", cross_work, e);
}
