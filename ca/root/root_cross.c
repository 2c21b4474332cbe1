/* SPDX-License-Identifier: Apache-2.0 */
/* Certify name and key of a foreign CA. */
#include <openssl/x509v3.h>
#include "base/text.h"
#include "ca/root/intake.h"
#include "ca/root/issue.h"
#include "ca/root/protect.h"
#include "ca/root/run.h"

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

static int
cross_work(struct session *s, struct error *e)
{
	const struct generation	*g;
	struct ca_cert		 plan = { 0 };
	X509			*foreign = NULL;
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
	session_step(s, "The cross certificate \"%s\"", s->c.name);
	if (issue_load_profile(&plan, s, e) == -1 ||
	    issue_take_subject(&plan, foreign, e) == -1 ||
	    issue_plan_ca(&plan, s, g, "cross", X509_get0_pubkey(foreign),
	    e) == -1)
		goto out;
	issue_describe(s, &plan, 1);
	if (session_confirm(s, "This foreign CA is certified.", e) == -1 ||
	    protect_unlock(s, g, &key, e) == -1 || session_begin(s, e) == -1)
		goto out;
	session_parcel(s, g);
	if (issue_sign(s, &plan, key, NULL, e) == -1)
		goto out;
	rc = session_commit(s, key, g->cert, e);
 out:
	EVP_PKEY_free(key);
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
