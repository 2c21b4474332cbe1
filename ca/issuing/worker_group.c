/* SPDX-License-Identifier: Apache-2.0 */
#include "worker_group.h"
#include "base/digest.h"
#include "x509/cert.h"

static struct buf *
group_entry(struct group *g, const char *act, const struct work *k)
{
	struct buf	*b = &g->audit[g->naudit++];

	audit_begin(b, act, clock_now(&clock_system));
	audit_hex(b, "order", k->claim.digest, 32);
	audit_hex(b, "id", k->claim.ref.order_id, DB_ORDER_ID);
	audit_num(b, "n", k->claim.ref.n);
	return b;
}

void
group_clear_audit(struct group *g)
{
	while (g->naudit > 0)
		buf_clear(&g->audit[--g->naudit]);
}

/* In the log once per order and group: a batch may have any number. */
void
group_log_refusal(const struct group *g, size_t i)
{
	const struct work	*k = &g->v[i];
	const uint8_t		*id = k->claim.ref.order_id;
	size_t			 j;

	worker_count(g->w, "signet_cad_refusals",
	    "Certificates that were refused.", 1);
	for (j = 0; j < i; j++)
		if (g->v[j].e.code == k->e.code && memcmp(id,
		    g->v[j].claim.ref.order_id, DB_ORDER_ID) == 0)
			return;
	log_error(&k->e, "order %02x%02x%02x%02x, item %u refused", id[0],
	    id[1], id[2], id[3], k->claim.ref.n);
}

void
group_audit_refuse(struct group *g, const struct work *k)
{
	struct buf	*b = group_entry(g, "refuse", k);

	audit_str(b, "code", error_name(k->e.code));
	audit_str(b, "reason", k->e.text);
	audit_str(b, "instance", g->w->conf->instance);
}

/* Signing. */

int
group_sign(struct group *g, bool from_intents, struct error *e)
{
	struct worker	*w = g->w;
	size_t		 i;
	uint32_t	 n = 0;

	for (i = 0; i < g->n; i++)
		n += g->v[i].e.code == ERROR_NONE;
	msg_init(&w->ask, WIRE_SIGN);
	msg_put_u32(&w->ask, n);
	for (i = 0; i < g->n; i++) {
		const struct work	*k = &g->v[i];

		if (k->e.code != ERROR_NONE)
			continue;
		msg_put_blob(&w->ask, k->claim.digest, 32);
		msg_put_u32(&w->ask, k->claim.ref.n);
		msg_put_blob(&w->ask, k->intent.serial.p,
		    k->intent.serial.len);
		msg_put_blob(&w->ask, k->intent.tbs.p,
		    from_intents ? k->intent.tbs.len : 0);
	}
	if (n == 0)
		return 0;
	if (worker_ask(w, e) == -1)
		return -1;
	if (msg_get_u32(&w->answer) != n)
		return error_set(e, ERROR_BUG, "answer of another length");
	for (i = 0; i < g->n; i++) {
		struct work	*k = &g->v[i];
		struct bytes	 der;

		if (k->e.code != ERROR_NONE)
			continue;
		if (msg_get_u32(&w->answer) == 0) {
			msg_get_error(&w->answer, &k->e);
			continue;
		}
		der = msg_get_blob(&w->answer, CERT_MAX);
		k->issued.der = BYTES(arena_dup(w->arena, der.p, der.len),
		    der.len);
		k->issued.shard = msg_get_i64(&w->answer);
	}
	return msg_done(&w->answer, e);
}

static void
audit_issue(struct group *g, const struct work *k, const uint8_t digest[32])
{
	char		 at[TEXT_TIME_SIZE];
	uint8_t		 tbs[32];
	struct buf	*b = group_entry(g, "issue", k);

	digest_sha256(tbs, k->intent.tbs.p, k->intent.tbs.len);
	audit_str(b, "ca", k->issued.ca);
	audit_hex(b, "serial", k->issued.serial.p, k->issued.serial.len);
	audit_hex(b, "cert", digest, 32);
	audit_hex(b, "tbs", tbs, 32);
	audit_hex(b, "key", k->issued.key_digest, 32);
	audit_hex(b, "request", k->request, 32);
	audit_str(b, "profile", k->issued.profile);
	audit_str(b, "holder", k->issued.holder != NULL ? k->issued.holder :
	    "");
	audit_str(b, "expires", text_time(at, k->expires));
	audit_str(b, "instance", g->w->conf->instance);
}

struct storing {
	struct group		*g;
	struct db_issued	*v;
	size_t			 n;
};

static int
txn_store(struct db *db, void *arg, struct error *e)
{
	struct storing	*s = arg;

	if (db_issue_store(db, s->v, s->n, e) == -1)
		return -1;
	FAULT("cad.storing");
	/* The chain last: everybody waits for it until the commit. */
	if (db_notify(db, "signet_issued", e) == -1 ||
	    worker_audit(db, s->g->audit, s->g->naudit, e) == -1)
		return -1;
	FAULT("cad.before-commit");
	return 0;
}

/* A group is for one CA or a few: a series is looked for once for each run. */
static void
count_issued(struct worker *w, const struct db_issued *v, size_t n)
{
	size_t	 i, first = 0;

	for (i = 1; i <= n; i++)
		if (i == n || strcmp(v[i].ca, v[first].ca) != 0) {
			worker_count_ca(w, "signet_cad_certificates",
			    "Certificates issued.", v[first].ca,
			    (int64_t)(i - first));
			first = i;
		}
}

int
group_store(struct group *g, struct error *e)
{
	struct storing	 s = { .g = g };
	uint8_t		 digest[32];
	size_t		 i;
	int		 rc = 0;

	s.v = arena_alloc(g->w->arena, (g->n + 1) * sizeof(*s.v));
	group_clear_audit(g);
	for (i = 0; i < g->n; i++) {
		if (g->v[i].e.code != ERROR_NONE)
			continue;
		if (work_describe(g->w, &g->v[i], digest, e) == -1)
			return -1;
		audit_issue(g, &g->v[i], digest);
		s.v[s.n++] = g->v[i].issued;
	}
	if (s.n > 0)
		rc = db_txn(g->w->db, txn_store, &s, e);
	FAULT("cad.stored");
	if (rc == 0)
		count_issued(g->w, s.v, s.n);
	return rc;
}

void
group_leftovers(struct group *g)
{
	size_t	 i;

	for (i = 0; i < g->n; i++) {
		struct work	*k = &g->v[i];

		if (k->e.code == ERROR_NONE || !k->intended)
			continue;
		g->w->resume = true;
		log_error(&k->e, "item %u waits", k->claim.ref.n);
		return;
	}
}
