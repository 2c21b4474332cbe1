/* SPDX-License-Identifier: Apache-2.0 */
/* Certify an issuing CA from its request. */
#include "base/text.h"
#include "ca/root/intake.h"
#include "ca/root/issue.h"
#include "ca/root/protect.h"
#include "ca/root/run.h"

static int
certify_plan(struct session *s, const struct generation *g,
    const struct csr *csr, struct ca_cert *plan, struct error *e)
{
	struct fields	 wished = { NULL, 0 };
	int		 rc = -1;

	if (issue_load_profile(plan, s, e) == -1 ||
	    csr_fields(csr, &wished, e) == -1 ||
	    issue_set_subject(plan, &s->c, &wished, g->cert, e) == -1)
		goto out;
	session_step(s, "The certificate of \"%s\"", s->c.name);
	if (issue_plan_ca(plan, s, g, "sub-ca", csr->key, e) == -1)
		goto out;
	issue_describe(s, plan, 1);
	if (plan->issuer.cdp.n == 0)
		session_note(s, "no address of a CRL: clients cannot see this "
		    "CA revoked");
	rc = 0;
 out:
	fields_clear(&wished);
	return rc;
}

static int
certify_work(struct session *s, struct error *e)
{
	const struct generation	*g;
	struct ca_cert		 plan = { 0 };
	struct csr		*csr = NULL;
	EVP_PKEY		*key = NULL;
	int			 rc = -1;

	if (root_generation(s->root, 0, &g, e) == -1 ||
	    intake_request(s, g, s->c.csr, &csr, e) == -1 ||
	    certify_plan(s, g, csr, &plan, e) == -1 ||
	    session_confirm(s, "This CA is certified.", e) == -1 ||
	    protect_unlock(s, g, &key, e) == -1 || session_begin(s, e) == -1)
		goto out;
	session_parcel(s, g);
	if (issue_sign(s, &plan, key, NULL, e) == -1)
		goto out;
	rc = session_commit(s, key, g->cert, e);
 out:
	EVP_PKEY_free(key);
	csr_free(&csr);
	issue_clear(&plan);
	return rc;
}

int
root_certify(struct cmd_args *args, void *ctx, struct error *e)
{
	(void)ctx;
	return run_ceremony(args, "certify", certify_work, e);
}
