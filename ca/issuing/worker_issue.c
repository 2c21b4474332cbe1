/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker on certificates: claim, have prepared, write ahead, have signed,
 * store.  doc/architecture.md tells the story of one certificate.
 */
#include "db/db_evidence.h"
#include "worker_group.h"
#include "x509/cert.h"

/* The first round trip for a batch: the signer gets the manifest itself. */
static int
batch_open(struct worker *w, const struct work *k, struct error *e)
{
	struct bytes	 blob;
	size_t		 i;

	for (i = 0; i < w->nbatch; i++)
		if (memcmp(w->batch[i], k->claim.digest, 32) == 0)
			return 0;
	if (db_issue_blob(w->db, k->claim.ref.order_id, &blob, w->arena,
	    e) != 1)
		return e->code != ERROR_NONE ? -1 :
		    error_set(e, ERROR_NOTFOUND, "batch order is gone");
	msg_init(&w->ask, WIRE_BATCH);
	msg_put_blob(&w->ask, blob.p, blob.len);
	if (worker_ask(w, e) == -1)
		return -1;
	/* What the blob says it is, not what the row says, is used below. */
	if (!bytes_equal(msg_get_blob(&w->answer, 32),
	    BYTES(k->claim.digest, 32)))
		return error_set(e, ERROR_DENIED, "the batch order in the "
		    "store is not the one of its digest");
	if (w->nbatch == sizeof(w->batch) / sizeof(w->batch[0]))
		w->nbatch = 0;
	memcpy(w->batch[w->nbatch++], k->claim.digest, 32);
	return 0;
}

static int
fetch_blobs(struct group *g, struct error *e)
{
	struct arena	*a = g->w->arena;
	struct bytes	*id = arena_alloc(a, (g->n + 1) * sizeof(*id));
	struct bytes	*blob = arena_alloc(a, (g->n + 1) * sizeof(*blob));
	size_t		 i, n = 0;

	for (i = 0; i < g->n; i++)
		if (strcmp(g->v[i].claim.kind, "batch") != 0)
			id[n++] = BYTES(g->v[i].claim.ref.order_id,
			    DB_ORDER_ID);
	if (n > 0 && db_evidence_orders(g->w->db, id, n, blob, a, e) == -1)
		return -1;
	for (i = n = 0; i < g->n; i++)
		if (strcmp(g->v[i].claim.kind, "batch") != 0)
			g->v[i].blob = blob[n++];
	return 0;
}

static void
put_claim(struct msg *m, const struct work *k)
{
	bool	 batch = strcmp(k->claim.kind, "batch") == 0;

	msg_put_u32(m, batch);
	if (batch)
		msg_put_blob(m, k->claim.digest, 32);
	else
		msg_put_blob(m, k->blob.p, k->blob.len);
	msg_put_u32(m, k->claim.ref.n);
	msg_put_blob(m, k->claim.request.p, k->claim.request.len);
	msg_put_blob(m, k->claim.proof.p, k->claim.proof.len);
	msg_put_blob(m, k->claim.station_order.p, k->claim.station_order.len);
}

static const char *
get_text(struct worker *w, struct msg *m)
{
	char	 text[257];

	msg_get_str(m, text, sizeof(text));
	return arena_strdup(w->arena, text);
}

static void
get_fixed(struct msg *m, uint8_t dst[32])
{
	struct bytes	 b = msg_get_blob(m, 32);

	if (b.len == 32)
		memcpy(dst, b.p, 32);
	else
		m->bad = true;
}

static void
get_prepared(struct worker *w, struct msg *m, struct work *k)
{
	struct bytes	 b;
	uint8_t		 digest[32] = { 0 };

	if (msg_get_u32(m) == 0) {
		msg_get_error(m, &k->e);
		return;
	}
	get_fixed(m, digest);
	/* Under its own name, or the audit would tell of another order. */
	if (memcmp(digest, k->claim.digest, 32) != 0)
		error_set(&k->e, ERROR_DENIED, "the order in the store is not "
		    "the one of its row");
	k->intent.ref = k->claim.ref;
	k->intent.ca = get_text(w, m);
	b = msg_get_blob(m, DB_SERIAL);
	memcpy(k->intent.serial.p, b.p, b.len);
	k->intent.serial.len = b.len;
	b = msg_get_blob(m, CERT_MAX);
	k->intent.tbs = BYTES(arena_dup(w->arena, b.p, b.len), b.len);
	k->profile = get_text(w, m);
	k->holder = get_text(w, m);
	k->expires = msg_get_i64(m);
	k->unique_key = msg_get_u32(m) == 1;
	get_fixed(m, k->key);
	memcpy(k->intent.key_digest, k->key, sizeof(k->key));
	get_fixed(m, k->request);
}

static int
group_prepare(struct group *g, struct error *e)
{
	struct worker	*w = g->w;
	size_t		 i;

	for (i = 0; i < g->n; i++)
		if (strcmp(g->v[i].claim.kind, "batch") == 0 &&
		    batch_open(w, &g->v[i], &g->v[i].e) == -1 &&
		    worker_is_passing(&g->v[i].e)) {
			*e = g->v[i].e;
			return -1;
		}
	msg_init(&w->ask, WIRE_PREPARE);
	msg_put_u32(&w->ask, (uint32_t)g->n);
	for (i = 0; i < g->n; i++)
		put_claim(&w->ask, &g->v[i]);
	if (worker_ask(w, e) == -1)
		return -1;
	if (msg_get_u32(&w->answer) != g->n)
		return error_set(e, ERROR_BUG, "answer of another length");
	for (i = 0; i < g->n && !w->answer.bad; i++) {
		struct error	 before = g->v[i].e;

		get_prepared(w, &w->answer, &g->v[i]);
		if (before.code != ERROR_NONE)
			g->v[i].e = before;
		else if (g->v[i].e.code == ERROR_RETRY)
			w->nbatch = 0;	/* the signer has forgotten a batch */
	}
	return msg_done(&w->answer, e);
}

/* Keys. */

static uint64_t
work_hash(const void *item)
{
	return map_hash_bytes(((const struct work *)item)->key, 8);
}

static bool
work_equal(const void *a, const void *b)
{
	return memcmp(((const struct work *)a)->key,
	    ((const struct work *)b)->key, 32) == 0;
}

static void
refuse_key(struct work *k, const char *why, const char *ca,
    const struct db_serial *serial)
{
	char	 hex[2 * DB_SERIAL + 1];

	error_set(&k->e, ERROR_DENIED, "key: %s (certificate %s of CA %s)",
	    why, text_hex(hex, serial->p, serial->len), ca);
}

static void
judge_known_key(struct work *k, const struct db_known_key *known)
{
	const char	*why;

	if (k->e.code == ERROR_NONE && (why = db_key_objection(known,
	    k->holder, k->unique_key)) != NULL)
		refuse_key(k, why, known->ca, &known->serial);
}

/*
 * One key, one holder (S029).  Looked up when the intents are written: from
 * then on nobody else can have a certificate for the same key under way.
 */
static int
group_check_keys(struct group *g, struct error *e)
{
	struct db_known_keys	 known;
	struct arena		*a = g->w->arena;
	struct bytes		*key = arena_alloc(a, (g->n + 1) * sizeof(*key));
	struct map		 seen;
	size_t			 i, n = 0;

	map_init(&seen, work_hash, work_equal);
	for (i = 0; i < g->n; i++) {
		struct work	*k = &g->v[i];

		if (k->e.code != ERROR_NONE)
			continue;
		map_put(&seen, k);
		key[n++] = BYTES(k->key, 32);
	}
	if (db_key_find(g->w->db, key, n, &known, a, e) == -1) {
		map_clear(&seen);
		return -1;
	}
	for (i = 0; i < known.n; i++) {
		struct work	 probe, *k;

		memcpy(probe.key, known.v[i].key_digest, 32);
		if ((k = map_find(&seen, &probe)) != NULL)
			judge_known_key(k, &known.v[i]);
	}
	map_clear(&seen);
	return 0;
}

static int
group_intend(struct group *g, struct error *e)
{
	struct worker	*w = g->w;
	struct db_intent *in = arena_alloc(w->arena, (g->n + 1) * sizeof(*in));
	bool		*won = arena_alloc(w->arena, g->n + 1);
	size_t		 i, n = 0, j;

	for (i = 0; i < g->n; i++)
		if (g->v[i].e.code == ERROR_NONE)
			in[n++] = g->v[i].intent;
	if (n > 0 && db_issue_intend(w->db, in, n, w->name, won, e) == -1)
		return -1;
	for (i = j = 0; i < g->n; i++) {
		if (g->v[i].e.code != ERROR_NONE)
			continue;
		g->v[i].intended = won[j++];
		if (!g->v[i].intended)
			error_set(&g->v[i].e, ERROR_RETRY, "another with the "
			    "same key is under way");
	}
	FAULT("cad.intend");
	return 0;
}

/* For good reasons only; what will pass stays as it is. */
static int
group_refuse(struct group *g, struct error *e)
{
	struct worker	*w = g->w;
	struct db_refusal *no = arena_alloc(w->arena, (g->n + 1) * sizeof(*no));
	size_t		 i, nno = 0;

	group_clear_audit(g);
	for (i = 0; i < g->n; i++) {
		struct work	*k = &g->v[i];

		if (k->e.code == ERROR_NONE || worker_is_passing(&k->e))
			continue;
		no[nno++] = (struct db_refusal){ k->claim.ref, k->e.text };
		k->intended = false;
		group_log_refusal(g, i);
		group_audit_refuse(g, k);
	}
	if (nno > 0 && (db_issue_refuse(w->db, no, nno, e) == -1 ||
	    db_notify(w->db, "signet_issued", e) == -1))
		return -1;
	return worker_audit(w->db, g->audit, g->naudit, e);
}

/* Transaction 1, which holds the claimed rows until the intents are there. */
static int
txn_claim(struct db *db, void *arg, struct error *e)
{
	struct group		*g = arg;
	struct worker		*w = g->w;
	struct db_claims	 claims;
	size_t			 i;

	arena_reset(w->arena);
	g->n = 0;
	g->naudit = 0;
	if (db_issue_claim(db, w->issuing, w->nissuing, (size_t)w->conf->group,
	    &claims, w->arena, e) == -1)
		return -1;
	FAULT("cad.claimed");
	if (claims.n == 0)
		return 0;
	g->v = arena_alloc(w->arena, claims.n * sizeof(*g->v));
	g->audit = arena_alloc(w->arena, (claims.n + 1) * sizeof(*g->audit));
	for (i = 0; i < claims.n; i++)
		g->v[i].claim = claims.v[i];
	g->n = claims.n;
	if (fetch_blobs(g, e) == -1 || group_prepare(g, e) == -1 ||
	    group_intend(g, e) == -1 || group_check_keys(g, e) == -1)
		return -1;
	return group_refuse(g, e);
}

/* Is anything another way than it was?  What waits would be found again. */
static bool
group_moved(const struct group *g)
{
	size_t	 i;

	for (i = 0; i < g->n; i++)
		if (g->v[i].e.code == ERROR_NONE ||
		    !worker_is_passing(&g->v[i].e))
			return true;
	return false;
}

int
worker_issue(struct worker *w, struct error *e)
{
	struct group	 g = { .w = w };
	int		 rc = -1;

	if (db_txn(w->db, txn_claim, &g, e) == -1)
		goto out;
	FAULT("cad.intended");
	if (group_sign(&g, false, e) == -1 || group_store(&g, e) == -1)
		goto out;
	group_leftovers(&g);
	rc = group_moved(&g);
 out:
	group_clear_audit(&g);
	return rc;
}

struct expiring {
	struct worker		*w;
	struct db_expireds	 gone;
};

static int
txn_expire(struct db *db, void *arg, struct error *e)
{
	struct expiring	*x = arg;
	struct buf	*body;
	int64_t		 now = clock_now(&clock_system);
	size_t		 i;
	int		 rc;

	arena_reset(x->w->arena);
	if (db_issue_expire(db, now, 1000, &x->gone, x->w->arena, e) == -1)
		return -1;
	body = mem_array(x->gone.n + 1, sizeof(*body));
	for (i = 0; i < x->gone.n; i++) {
		audit_begin(&body[i], "expire", now);
		audit_hex(&body[i], "order", x->gone.v[i].digest, DB_DIGEST);
		audit_hex(&body[i], "id", x->gone.v[i].id, DB_ORDER_ID);
	}
	rc = worker_audit(db, body, x->gone.n, e);
	for (i = 0; i < x->gone.n; i++)
		buf_clear(&body[i]);
	mem_free(&body);
	return rc;
}

int
worker_expire(struct worker *w, struct error *e)
{
	struct expiring	 x = { .w = w };

	if (db_txn(w->db, txn_expire, &x, e) == -1)
		return error_wrap(e, "expire orders");
	if (x.gone.n > 0)
		log_info("%zu orders expired", x.gone.n);
	return 0;
}
