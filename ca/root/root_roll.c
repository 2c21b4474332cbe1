/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new generation of the root, linked with the old one in both directions,
 * so that who trusts either can check what is below the other; and the end of
 * an old generation's key.
 */
#include "ca/root/issue.h"
#include "ca/root/protect.h"
#include "ca/root/root_key.h"
#include "ca/root/root_token.h"
#include "ca/root/run.h"

struct roll {
	const struct generation	*old;
	struct generation	 gen;
	EVP_PKEY		*old_key, *key;
	X509			*cert;
	struct ca_cert		 root, up, down;	/* new with old ... */
};

/*
 * The new certificate is signed, in memory, before the plan is written: the
 * links need it, and the key that signs it is known to nobody yet.
 */
static int
roll_plan(struct session *s, struct roll *r, struct error *e)
{
	char	 up[80], down[80];

	if (root_key_new(s, &r->key, e) == -1 ||
	    root_key_generation(&r->gen, r->old->number + 1, r->key, e) == -1)
		return -1;
	session_step(s, "The certificate of generation %lld",
	    (long long)r->gen.number);
	if (issue_plan_root(&r->root, s, r->gen.number, r->key, e) == -1)
		return -1;
	issue_describe(s, &r->root, 1);
	session_parcel(s, r->old);
	if (issue_sign(s, &r->root, r->key, &r->cert, e) == -1)
		return -1;
	snprintf(up, sizeof(up), "link-%lld-by-%lld",
	    (long long)r->gen.number, (long long)r->old->number);
	snprintf(down, sizeof(down), "link-%lld-by-%lld",
	    (long long)r->old->number, (long long)r->gen.number);
	session_step(s, "Links between the generations");
	if (issue_plan_link(&r->up, s, r->old->cert, r->old->number, r->cert,
	    up, e) == -1 || issue_plan_link(&r->down, s, r->cert,
	    r->gen.number, r->old->cert, down, e) == -1)
		return -1;
	issue_describe(s, &r->up, 2);
	session_note(s, "NewWithOld    for who trusts the old root");
	issue_describe(s, &r->down, 3);
	session_note(s, "OldWithNew    for who trusts the new root");
	return 0;
}

static int
roll_move(struct session *s, const struct roll *r, const char *name,
    mode_t mode, struct error *e)
{
	struct buf	 data = { 0 };
	char		*to;
	int		 rc;

	if ((rc = root_load(s->root, name, &data, e)) == -1 &&
	    e->code == ERROR_NOTFOUND && strncmp(name, "shares/", 7) == 0) {
		error_clear(e);		/* the custodian has it with them */
		rc = 0;
	} else if (rc == 0) {
		to = mem_printf("old/%lld/%s", (long long)r->old->number,
		    name);
		session_put(s, to, mode, BYTES(data.p, data.len));
		session_remove(s, name);
		mem_free(&to);
	}
	buf_clear(&data);
	return rc;
}

/* Key and shares of the old generation make room for the new ones. */
static int
roll_away(struct session *s, const struct roll *r, struct error *e)
{
	const struct transcript	*t = &s->root->transcript;
	char			*who, *name;
	size_t			 i;
	int			 k, rc;

	if (roll_move(s, r, "root.pem", 0644, e) == -1)
		return -1;
	if (!root_token_has(s->root, r->old->number) &&
	    roll_move(s, r, "root.key", 0600, e) == -1)
		return -1;
	for (rc = 0, i = 0; i < t->n; i++)
		for (k = 1; rc == 0 && (who = transcript_nth(&t->v[i],
		    "custodian", k)) != NULL; k++) {
			name = mem_printf("shares/%s.share", who);
			rc = roll_move(s, r, name, 0600, e);
			mem_free(&name);
			mem_free(&who);
		}
	return rc;
}

static int
roll_sign(struct session *s, struct roll *r, struct error *e)
{
	if (root_key_record(s, &r->gen, r->key, e) == -1 ||
	    issue_sign(s, &r->up, r->old_key, NULL, e) == -1 ||
	    issue_sign(s, &r->down, r->key, NULL, e) == -1)
		return -1;
	return issue_crl(s, r->cert, r->gen.number, r->key, e);
}

static void
roll_clear(struct roll *r)
{
	EVP_PKEY_free(r->old_key);
	EVP_PKEY_free(r->key);
	X509_free(r->cert);
	issue_clear(&r->root);
	issue_clear(&r->up);
	issue_clear(&r->down);
}

static int
roll_work(struct session *s, struct error *e)
{
	struct roll	 r = { 0 };
	int		 rc = -1;

	if (root_generation(s->root, 0, &r.old, e) == -1 ||
	    roll_away(s, &r, e) == -1 || roll_plan(s, &r, e) == -1 ||
	    session_confirm(s, "The root gets a new key.", e) == -1 ||
	    protect_unlock(s, r.old, &r.old_key, e) == -1 ||
	    protect_new(s, r.key, r.gen.hex, e) == -1 ||
	    session_begin(s, e) == -1 || roll_sign(s, &r, e) == -1)
		goto out;
	rc = session_commit(s, r.old_key, r.old->cert, e);
 out:
	roll_clear(&r);
	return rc;
}

int
root_roll(struct cmd_args *args, void *ctx, struct error *e)
{
	(void)ctx;
	return run_ceremony(args, "roll", roll_work, e);
}

static void
retire_remove(struct session *s, const struct generation *g)
{
	const struct transcript	*t = &s->root->transcript;
	char			*prefix, *who, *name;
	size_t			 i;
	int			 k;

	if (root_token_has(s->root, g->number)) {
		root_token_say_delete(s, g);
		return;
	}
	prefix = root_prefix(s->root, g);
	name = mem_printf("%sroot.key", prefix);
	session_remove(s, name);
	session_note(s, "%s is removed", name);
	mem_free(&name);
	for (i = 0; i < t->n; i++)
		for (k = 1; (who = transcript_nth(&t->v[i], "custodian",
		    k)) != NULL; k++) {
			name = mem_printf("%sshares/%s.share", prefix, who);
			session_remove(s, name);
			mem_free(&name);
			mem_free(&who);
		}
	mem_free(&prefix);
}

/* What the old key alone can still revoke stays as it is for ever. */
static int
retire_check(struct session *s, const struct generation *g,
    const struct generation *now, struct error *e)
{
	const struct issued	*i;
	size_t			 k;

	if (g == now) {
		error_set(e, ERROR_DENIED, "generation %lld is the present "
		    "one", (long long)g->number);
		return error_hint(e, "signet-root roll first");
	}
	if (g->retired)
		return error_set(e, ERROR_CONFLICT, "generation %lld is "
		    "retired already", (long long)g->number);
	for (k = 0; k < s->index.n; k++) {
		i = &s->index.v[k];
		if (i->generation == g->number && i->not_after > s->now &&
		    strcmp(i->kind, "root") != 0 &&
		    strcmp(i->status, "good") == 0)
			session_note(s, "%s, serial %s, is good and can never "
			    "be revoked after this", i->name, i->serial);
	}
	return 0;
}

static int
retire_work(struct session *s, struct error *e)
{
	const struct generation	*g, *now;
	EVP_PKEY		*key = NULL;
	size_t			 k;
	int			 rc = -1;

	if (s->c.generation == 0)
		return error_set(e, ERROR_INPUT, "which generation? "
		    "--generation N");
	session_step(s, "Retire the key of generation %lld",
	    (long long)s->c.generation);
	if (root_generation(s->root, s->c.generation, &g, e) == -1 ||
	    root_generation(s->root, 0, &now, e) == -1 ||
	    retire_check(s, g, now, e) == -1)
		return -1;
	retire_remove(s, g);
	if (session_confirm(s, root_token_has(s->root, g->number) ?
	    "The old key is never used again; destroy it in its token." :
	    "The old key is destroyed here; destroy the copies.", e) == -1 ||
	    protect_unlock(s, now, &key, e) == -1 ||
	    session_begin(s, e) == -1)
		goto out;
	audit_num(&s->end, "retired", g->number);
	for (k = 0; k < s->index.n; k++)
		if (s->index.v[k].number == g->line->number) {
			snprintf(s->index.v[k].status,
			    sizeof(s->index.v[k].status), "retired");
			s->index.v[k].when = s->now;
		}
	rc = session_commit(s, key, now->cert, e);
 out:
	EVP_PKEY_free(key);
	return rc;
}

int
root_retire(struct cmd_args *args, void *ctx, struct error *e)
{
	(void)ctx;
	return run_ceremony(args, "retire", retire_work, e);
}
