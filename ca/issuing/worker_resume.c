/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker after a crash: intents that were written and not finished, by
 * itself or by an instance that is gone.
 */
#include <openssl/evp.h>

#include "base/digest.h"
#include "order/approval.h"
#include "worker_group.h"
#include "x509/cert.h"

#define TAKEOVER_GROUP	1000

static int
ask_resume(struct group *g, uint32_t *what, struct error *e)
{
	struct worker	*w = g->w;
	uint32_t	 n = 0;
	size_t		 i;

	for (i = 0; i < g->n; i++)
		n += g->v[i].e.code == ERROR_NONE;
	msg_init(&w->ask, WIRE_RESUME);
	msg_put_u32(&w->ask, n);
	for (i = 0; i < g->n; i++) {
		if (g->v[i].e.code != ERROR_NONE)
			continue;
		msg_put_blob(&w->ask, g->v[i].claim.digest, 32);
		msg_put_u32(&w->ask, g->v[i].claim.ref.n);
		msg_put_str(&w->ask, g->v[i].intent.ca);
		msg_put_blob(&w->ask, g->v[i].intent.serial.p,
		    g->v[i].intent.serial.len);
		msg_put_blob(&w->ask, g->v[i].intent.tbs.p,
		    g->v[i].intent.tbs.len);
	}
	if (worker_ask(w, e) == -1)
		return -1;
	if (msg_get_u32(&w->answer) != n)
		return error_set(e, ERROR_BUG, "answer of another length");
	for (i = 0; i < g->n; i++)
		if (g->v[i].e.code == ERROR_NONE)
			what[i] = msg_get_u32(&w->answer);
	return msg_done(&w->answer, e);
}

static int
txn_withdraw(struct db *db, void *arg, struct error *e)
{
	struct group	*g = arg;
	struct db_ref	*ref = arena_alloc(g->w->arena,
	    (g->n + 1) * sizeof(*ref));
	struct db_refusal *no = arena_alloc(g->w->arena,
	    (g->n + 1) * sizeof(*no));
	size_t		 i, n = 0, nno = 0;

	group_clear_audit(g);
	for (i = 0; i < g->n; i++) {
		struct work	*k = &g->v[i];

		if (k->e.code == ERROR_RETRY) {
			ref[n++] = k->claim.ref;
		} else if (k->e.code != ERROR_NONE) {
			no[nno++] = (struct db_refusal){ k->claim.ref,
			    k->e.text };
			group_audit_refuse(g, k);
		}
	}
	if ((n > 0 && db_issue_withdraw(db, ref, n, e) == -1) ||
	    (nno > 0 && db_issue_refuse(db, no, nno, e) == -1))
		return -1;
	return worker_audit(db, g->audit, g->naudit, e);
}

/* Somebody wrote into the store what only a worker writes there. */
static void
resume_alarm(struct group *g, size_t i)
{
	const struct work	*k = &g->v[i];
	const uint8_t		*id = k->claim.ref.order_id;
	char			 detail[300];

	group_log_refusal(g, i);
	snprintf(detail, sizeof(detail), "order %02x%02x%02x%02x, item %u: "
	    "the intent in the store is not what the signer decided to sign: "
	    "%.160s", id[0], id[1], id[2], id[3], k->claim.ref.n, k->e.text);
	worker_alarm(g->w, "intent", detail);
}

/* Sort out what the ledger says: sign again, start afresh, or refuse. */
static int
resume_group(struct group *g, struct error *e)
{
	uint32_t	*what = arena_alloc(g->w->arena,
	    (g->n + 1) * sizeof(*what));
	size_t		 i;

	if (ask_resume(g, what, e) == -1)
		return -1;
	for (i = 0; i < g->n; i++) {
		struct work	*k = &g->v[i];

		k->intended = k->e.code == ERROR_NONE &&
		    what[i] == WIRE_RESUME_SIGN;
		if (k->intended)
			continue;
		if (k->e.code == ERROR_NONE &&
		    what[i] == WIRE_RESUME_WITHDRAW) {
			error_set(&k->e, ERROR_RETRY, "not signed");
			continue;
		}
		if (k->e.code == ERROR_NONE)
			error_set(&k->e, ERROR_DENIED, "the order was used "
			    "for other bytes");
		resume_alarm(g, i);
	}
	return db_txn(g->w->db, txn_withdraw, g, e);
}

/* What an intent does not hold comes from its order and request again. */
static int
resume_facts(struct work *k, const struct order *o, struct arena *a,
    struct error *e)
{
	uint32_t	 n = k->claim.ref.n;
	const char	*holder = o->holder;

	if (n > 0) {
		if (n > o->nitems)
			return error_set(e, ERROR_DENIED, "the order has no "
			    "item %u", n);
		holder = o->item[n - 1].holder;
	}
	k->profile = arena_strdup(a, o->profile);
	k->holder = holder != NULL ? arena_strdup(a, holder) : NULL;
	k->expires = o->expires;
	digest_sha256(k->request, k->claim.request.p, k->claim.request.len);
	return 0;
}

/* -1: the store is away; an order that is not one is the item's trouble. */
static int
resume_open(struct group *g, struct work *k, struct approved **a,
    struct error *e)
{
	struct bytes	 blob;
	int		 found;

	approval_free(a);
	found = db_issue_blob(g->w->db, k->claim.ref.order_id, &blob,
	    g->w->arena, e);
	if (found == 0)
		error_set(&k->e, ERROR_NOTFOUND, "its order is gone");
	else if (found == 1)
		(void)approval_open(a, blob, &k->e);
	return found == -1 ? -1 : 0;
}

/* Items of one batch come together, so its manifest is opened once. */
static int
resume_describe(struct group *g, struct error *e)
{
	struct approved	*a = NULL;
	uint8_t		 id[DB_ORDER_ID] = { 0 };
	size_t		 i;
	int		 rc = 0;

	for (i = 0; i < g->n && rc == 0; i++) {
		struct work	*k = &g->v[i];

		if (a == NULL || memcmp(id, k->claim.ref.order_id,
		    sizeof(id)) != 0) {
			memcpy(id, k->claim.ref.order_id, sizeof(id));
			rc = resume_open(g, k, &a, e);
		}
		if (a == NULL)
			continue;
		memcpy(k->claim.digest, a->digest, 32);
		(void)resume_facts(k, a->order, g->w->arena, &k->e);
	}
	approval_free(&a);
	return rc;
}

/*
 * This worker's own name, and those that fall to it of workers which an
 * earlier run of this instance had more of.
 */
#define RESUME_NAMES	64

static size_t
resume_names(const struct worker *w, const char *name[RESUME_NAMES])
{
	int	 step = service_is_once(w->svc) ? 1 : (int)w->conf->workers;
	int	 i;
	size_t	 n = 0;

	for (i = w->index; i < RESUME_NAMES; i += step)
		name[n++] = arena_printf(w->arena, "%s/%d", w->conf->instance,
		    i);
	return n;
}

int
worker_resume(struct worker *w, struct error *e)
{
	struct db_resumes	 r;
	struct group		 g = { .w = w };
	const char		*name[RESUME_NAMES];
	struct db_unfinished	 u = { .name = name, .away = w->away,
	    .naway = w->naway, .seconds = w->conf->takeover,
	    .max = TAKEOVER_GROUP };
	size_t			 i;
	int			 rc = -1;

	do {
		arena_reset(w->arena);
		u.nnames = resume_names(w, name);
		if (db_issue_resume(w->db, &u, &r, w->arena, e) == -1)
			goto out;
		if (r.n == 0)
			return 0;
		log_info("taking up %zu unfinished certificates", r.n);
		g.n = r.n;
		g.naudit = 0;
		g.v = arena_alloc(w->arena, r.n * sizeof(*g.v));
		g.audit = arena_alloc(w->arena, (r.n + 1) * sizeof(*g.audit));
		for (i = 0; i < r.n; i++) {
			g.v[i].claim = r.v[i].claim;
			g.v[i].intent = r.v[i].intent;
			g.v[i].intended = true;
		}
		if (resume_describe(&g, e) == -1 ||
		    resume_group(&g, e) == -1 || group_sign(&g, true, e) == -1 ||
		    group_store(&g, e) == -1)
			goto out;
		group_leftovers(&g);
	} while (r.n == TAKEOVER_GROUP);
	rc = 0;
 out:
	group_clear_audit(&g);
	return rc;
}
