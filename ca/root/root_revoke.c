/* SPDX-License-Identifier: Apache-2.0 */
/* Revoke a certificate of the root, and sign CRLs. */
#include "ca/root/issue.h"
#include "ca/root/protect.h"
#include "ca/root/run.h"

/* Unlock, sign the list, hand it over: what both verbs end with. */
static int
crl_finish(struct session *s, const struct generation *g,
    struct issued *revoked, struct error *e)
{
	EVP_PKEY	*key = NULL;
	char		 number[64];
	int		 rc = -1;

	snprintf(number, sizeof(number), "%lld %lld", (long long)
	    transcript_highest(&s->root->transcript, "crl-number") + 1,
	    (long long)g->number);
	session_fact(s, "plan-crl", number);
	if (protect_unlock(s, g, &key, e) == -1 || session_begin(s, e) == -1)
		goto out;
	session_parcel(s, g);
	if (revoked != NULL)
		session_revoked(s, revoked, s->c.reason);
	if (issue_crl(s, g->cert, g->number, key, e) == -1)
		goto out;
	rc = session_commit(s, key, g->cert, e);
 out:
	EVP_PKEY_free(key);
	return rc;
}

static int
revoke_check(const struct issued *i, struct error *e)
{
	if (strcmp(i->kind, "root") == 0) {
		error_set(e, ERROR_DENIED, "a root cannot revoke itself");
		return error_hint(e, "signet-root roll makes a new one; tell "
		    "everybody who trusts the old one");
	}
	if (strcmp(i->status, "good") != 0)
		return error_set(e, ERROR_CONFLICT, "%s (%s) is %s already",
		    i->name, i->serial, i->status);
	return 0;
}

static int
revoke_work(struct session *s, struct error *e)
{
	const struct generation	*g;
	struct issued		*i;

	if (issue_check_reason(s->c.reason, e) == -1 ||
	    index_find(&s->index, s->c.target, &i, e) == -1 ||
	    revoke_check(i, e) == -1 ||
	    root_generation(s->root, i->generation, &g, e) == -1)
		return -1;
	session_step(s, "Revoke \"%s\" (%s), serial %s", i->name, i->kind,
	    i->serial);
	session_note(s, "because of %s", s->c.reason);
	session_fact(s, "revoke", i->serial);
	session_fact(s, "reason", s->c.reason);
	if (session_confirm(s, "This cannot be taken back.", e) == -1)
		return -1;
	return crl_finish(s, g, i, e);
}

int
root_revoke(struct cmd_args *args, void *ctx, struct error *e)
{
	(void)ctx;
	return run_ceremony(args, "revoke", revoke_work, e);
}

static int
crl_work(struct session *s, struct error *e)
{
	const struct generation	*g;

	if (root_generation(s->root, s->c.generation, &g, e) == -1)
		return -1;
	session_step(s, "A new CRL of generation %lld",
	    (long long)g->number);
	return crl_finish(s, g, NULL, e);
}

int
root_crl(struct cmd_args *args, void *ctx, struct error *e)
{
	(void)ctx;
	return run_ceremony(args, "crl", crl_work, e);
}
