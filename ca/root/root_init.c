/* SPDX-License-Identifier: Apache-2.0 */
/* A new root: key, self-signed certificate, first CRL. */
#include "ca/root/issue.h"
#include "ca/root/protect.h"
#include "ca/root/root_key.h"
#include "ca/root/run.h"

struct init {
	EVP_PKEY		*key;
	X509			*cert;
	struct ca_cert		 plan;
	struct generation	 gen;
};

static int
init_plan(struct session *s, struct init *i, struct error *e)
{
	if (root_key_new(s, &i->key, e) == -1 ||
	    root_key_generation(&i->gen, 1, i->key, e) == -1)
		return -1;
	session_step(s, "The certificate of the root");
	if (issue_plan_root(&i->plan, s, 1, i->key, e) == -1)
		return -1;
	issue_describe(s, &i->plan, 1);
	return 0;
}

static int
init_sign(struct session *s, struct init *i, struct error *e)
{
	session_parcel(s, &i->gen);
	if (root_key_record(s, &i->gen, i->key, e) == -1 ||
	    issue_sign(s, &i->plan, i->key, &i->cert, e) == -1)
		return -1;
	return issue_crl(s, i->cert, 1, i->key, e);
}

static int
init_work(struct session *s, struct error *e)
{
	struct init	 i = { 0 };
	int		 rc = -1;

	if (init_plan(s, &i, e) == -1 ||
	    session_confirm(s, "A new root is made.", e) == -1 ||
	    protect_new(s, i.key, i.gen.hex, e) == -1 ||
	    session_begin(s, e) == -1 || init_sign(s, &i, e) == -1)
		goto out;
	rc = session_commit(s, i.key, i.cert, e);
 out:
	EVP_PKEY_free(i.key);
	X509_free(i.cert);
	issue_clear(&i.plan);
	return rc;
}

int
root_init(struct cmd_args *args, void *ctx, struct error *e)
{
	(void)ctx;
	return run_ceremony(args, "init", init_work, e);
}
