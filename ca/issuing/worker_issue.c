/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker on certificates: claim, have prepared, write ahead, have signed,
 * store.  doc/architecture.md tells the story of one certificate.
 */
#include <ctype.h>

#include <openssl/x509v3.h>

#include "db/db_evidence.h"
#include "db/db_issue.h"
#include "order/approval.h"
#include "worker_private.h"
#include "x509/cert.h"
#include "x509/cert_look.h"

#define TAKEOVER_GROUP	1000

/* One item on its way through a group. */
struct work {
	struct db_claim	 claim;
	struct bytes	 blob;		/* of a single order */
	struct error	 e;		/* code NONE: going on */
	struct db_intent intent;
	bool		 intended;	/* the intent is in the store */
	const char	*profile, *holder;
	uint8_t		 key[32], request[32];
	bool		 unique_key;
	int64_t		 expires;
	struct db_issued issued;
};

struct group {
	struct worker	*w;
	struct work	*v;
	size_t		 n;
	struct buf	*audit;
	size_t		 naudit;
};

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

static bool
same_holder(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
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
	if (k->e.code != ERROR_NONE)
		return;
	if (strcmp(known->status, "revoked") == 0 && known->reason == 1)
		refuse_key(k, "was revoked as compromised", known->ca,
		    &known->serial);
	else if (!same_holder(k->holder, known->holder))
		refuse_key(k, "is certified for another holder", known->ca,
		    &known->serial);
	else if (k->unique_key)
		refuse_key(k, "is certified already", known->ca,
		    &known->serial);
}

/* One key, one holder (S029); also within the group. */
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
		struct work	*k = &g->v[i], *other;

		if (k->e.code != ERROR_NONE)
			continue;
		other = map_find(&seen, k);
		if (other != NULL && (k->unique_key ||
		    !same_holder(k->holder, other->holder))) {
			error_set(&k->e, ERROR_DENIED, "key: is ordered twice "
			    "at once");
			continue;
		}
		map_put(&seen, k);
		key[n++] = BYTES(k->key, 32);
	}
	if (db_issue_known_keys(g->w->db, key, n, &known, a, e) == -1) {
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

static void
group_clear_audit(struct group *g)
{
	while (g->naudit > 0)
		buf_clear(&g->audit[--g->naudit]);
}

/* In the log once per order and group: a batch may have any number. */
static void
log_refusal(const struct group *g, size_t i)
{
	const struct work	*k = &g->v[i];
	const uint8_t		*id = k->claim.ref.order_id;
	size_t			 j;

	for (j = 0; j < i; j++)
		if (g->v[j].e.code == k->e.code && memcmp(id,
		    g->v[j].claim.ref.order_id, DB_ORDER_ID) == 0)
			return;
	log_error(&k->e, "order %02x%02x%02x%02x, item %u refused", id[0],
	    id[1], id[2], id[3], k->claim.ref.n);
}

static void
audit_refuse(struct group *g, const struct work *k)
{
	struct buf	*b = group_entry(g, "refuse", k);

	audit_str(b, "code", error_name(k->e.code));
	audit_str(b, "reason", k->e.text);
	audit_str(b, "instance", g->w->conf->instance);
}

/* Intents for what goes on; the rest is refused, for good reasons only. */
static int
group_intend(struct group *g, struct error *e)
{
	struct worker	*w = g->w;
	struct db_intent *in = arena_alloc(w->arena, (g->n + 1) * sizeof(*in));
	struct db_refusal *no = arena_alloc(w->arena, (g->n + 1) * sizeof(*no));
	bool		*won = arena_alloc(w->arena, g->n + 1);
	size_t		 i, n = 0, nno = 0, j;

	group_clear_audit(g);
	for (i = 0; i < g->n; i++) {
		struct work	*k = &g->v[i];

		if (k->e.code == ERROR_NONE) {
			in[n++] = k->intent;
			continue;
		}
		if (worker_is_passing(&k->e))
			continue;
		no[nno++] = (struct db_refusal){ k->claim.ref, k->e.text };
		log_refusal(g, i);
		audit_refuse(g, k);
	}
	if ((n > 0 && db_issue_intend(w->db, in, n, w->name, won, e) == -1) ||
	    (nno > 0 && (db_issue_refuse(w->db, no, nno, e) == -1 ||
	    db_notify(w->db, "signet_issued", e) == -1)) ||
	    worker_audit(w->db, g->audit, g->naudit, e) == -1)
		return -1;
	for (i = j = 0; i < g->n; i++) {
		if (g->v[i].e.code != ERROR_NONE)
			continue;
		g->v[i].intended = won[j++];
		if (!g->v[i].intended)
			error_set(&g->v[i].e, ERROR_RETRY, "taken by another");
	}
	FAULT("cad.intend");
	return 0;
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
	if (db_issue_claim(db, w->usable, w->nusable, (size_t)w->conf->group,
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
	    group_check_keys(g, e) == -1)
		return -1;
	return group_intend(g, e);
}

/* Signing. */

static int
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
	}
	return msg_done(&w->answer, e);
}

/* Storing. */

static const char *
lower_case(struct arena *a, const unsigned char *p, int len)
{
	char	*s = arena_alloc(a, (size_t)len + 1);
	int	 i;

	for (i = 0; i < len; i++)
		s[i] = (char)tolower(p[i]);
	return s;
}

static void
add_name(struct db_issued *d, struct db_name *name, struct arena *a,
    const char *kind, const ASN1_STRING *value)
{
	int	 len = ASN1_STRING_length(value);

	/* What is too long to search by is in the certificate all the same. */
	if (len < 1 || len > 512)
		return;
	name[d->nnames++] = (struct db_name){ kind,
	    lower_case(a, ASN1_STRING_get0_data(value), len) };
}

static void
add_general_name(struct db_issued *d, struct db_name *name, struct arena *a,
    const GENERAL_NAME *gn)
{
	if (gn->type == GEN_EMAIL)
		add_name(d, name, a, "mail", gn->d.rfc822Name);
	else if (gn->type == GEN_DNS)
		add_name(d, name, a, "dns", gn->d.dNSName);
	else if (gn->type == GEN_URI)
		add_name(d, name, a, "uri", gn->d.uniformResourceIdentifier);
	else if (gn->type == GEN_OTHERNAME &&
	    OBJ_obj2nid(gn->d.otherName->type_id) == NID_ms_upn &&
	    gn->d.otherName->value->type == V_ASN1_UTF8STRING)
		add_name(d, name, a, "upn",
		    gn->d.otherName->value->value.utf8string);
}

static bool
has_name(const struct db_issued *d, const struct db_name *name,
    const struct db_name *one)
{
	size_t	 i;

	for (i = 0; i < d->nnames; i++)
		if (strcmp(name[i].kind, one->kind) == 0 &&
		    strcmp(name[i].value, one->value) == 0)
			return true;
	return false;
}

/* Each name once: the pair is a key in the store. */
static void
unique_names(struct db_issued *d, struct db_name *name)
{
	size_t	 i, n = d->nnames;

	for (i = d->nnames = 0; i < n; i++)
		if (!has_name(d, name, &name[i]))
			name[d->nnames++] = name[i];
}

static int
collect_names(struct db_issued *d, const X509_NAME *subject,
    struct bytes san_der, struct arena *a, struct error *e)
{
	const unsigned char	*p = san_der.p;
	GENERAL_NAMES		*san = NULL;
	struct db_name		*name;
	int			 i, n;

	if (san_der.len > 0 && (san = d2i_GENERAL_NAMES(NULL, &p,
	    (long)san_der.len)) == NULL)
		return error_ssl(e, ERROR_BUG, "alternative names");
	n = san != NULL ? sk_GENERAL_NAME_num(san) : 0;
	name = arena_alloc(a, (size_t)(n + X509_NAME_entry_count(subject) +
	    1) * sizeof(*name));
	i = -1;
	while ((i = X509_NAME_get_index_by_NID(subject, NID_commonName,
	    i)) != -1)
		add_name(d, name, a, "cn", X509_NAME_ENTRY_get_data(
		    X509_NAME_get_entry(subject, i)));
	for (i = 0; i < n; i++)
		add_general_name(d, name, a, sk_GENERAL_NAME_value(san, i));
	sk_GENERAL_NAME_pop_free(san, GENERAL_NAME_free);
	unique_names(d, name);
	d->name = name;
	return 0;
}

static int
describe_names(struct worker *w, struct db_issued *d,
    const struct cert_look *look, struct error *e)
{
	const unsigned char	*p = look->subject.p;
	X509_NAME		*subject;
	char			*text;
	int			 rc;

	if ((subject = d2i_X509_NAME(NULL, &p,
	    (long)look->subject.len)) == NULL)
		return error_ssl(e, ERROR_BUG, "subject");
	text = name_text(subject);
	d->subject = arena_strdup(w->arena, text);
	mem_free(&text);
	rc = collect_names(d, subject, look->san, w->arena, e);
	X509_NAME_free(subject);
	return rc;
}

static int
describe(struct worker *w, struct work *k, uint8_t digest[32],
    struct error *e)
{
	struct db_issued	*d = &k->issued;
	struct cert_look	 look;

	if (cert_look(&look, d->der, e) == -1 ||
	    describe_names(w, d, &look, e) == -1)
		return error_wrap(e, "certificate from the signer");
	d->ref = k->claim.ref;
	d->ca = k->intent.ca;
	d->profile = k->profile;
	d->holder = k->holder != NULL && *k->holder != '\0' ? k->holder : NULL;
	d->serial = k->intent.serial;
	d->not_before = look.not_before;
	d->not_after = look.not_after;
	d->issued_at = clock_now(&clock_system);
	if (EVP_Digest(look.spki.p, look.spki.len, d->key_digest, NULL,
	    EVP_sha256(), NULL) != 1 || EVP_Digest(d->der.p, d->der.len,
	    digest, NULL, EVP_sha256(), NULL) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest certificate");
	return 0;
}

static void
audit_issue(struct group *g, const struct work *k, const uint8_t digest[32])
{
	char		 at[TEXT_TIME_SIZE];
	uint8_t		 tbs[32];
	struct buf	*b = group_entry(g, "issue", k);

	EVP_Digest(k->intent.tbs.p, k->intent.tbs.len, tbs, NULL,
	    EVP_sha256(), NULL);
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
	if (worker_audit(db, s->g->audit, s->g->naudit, e) == -1 ||
	    db_notify(db, "signet_issued", e) == -1)
		return -1;
	FAULT("cad.before-commit");
	return 0;
}

static int
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
		if (describe(g->w, &g->v[i], digest, e) == -1)
			return -1;
		audit_issue(g, &g->v[i], digest);
		s.v[s.n++] = g->v[i].issued;
	}
	if (s.n > 0)
		rc = db_txn(g->w->db, txn_store, &s, e);
	FAULT("cad.stored");
	return rc;
}

/* What could not be signed is not lost: it is taken up as an intent again. */
static void
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
	rc = g.n > 0;
 out:
	group_clear_audit(&g);
	return rc;
}

/* After a crash. */

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
			audit_refuse(g, k);
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

	log_refusal(g, i);
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
	EVP_Digest(k->claim.request.p, k->claim.request.len, k->request, NULL,
	    EVP_sha256(), NULL);
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
	size_t			 i, nnames;
	int			 rc = -1;

	do {
		arena_reset(w->arena);
		nnames = resume_names(w, name);
		if (db_issue_resume(w->db, name, nnames, w->conf->takeover,
		    TAKEOVER_GROUP, &r, w->arena, e) == -1)
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
