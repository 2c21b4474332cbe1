/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "audit/chain.h"
#include "base/digest.h"
#include "base/text.h"
#include "db/db_audit.h"
#include "db/db_order.h"
#include "desk/submit.h"
#include "x509/cert.h"

#define ITEMS_PIECE	2000	/* items per statement */
#define TRIES		5	/* against other officers */

/* ---- handing in ---- */

struct handing_in {
	struct desk		*dk;
	const struct draft	*draft;
	const struct db_holder	*holder;	/* NULL: must be there */
	struct db_order		 row;
	struct bytes		 blob;
	bool			 stored;
};

static int
check_holder(struct handing_in *h, struct db *db, struct error *e)
{
	const char		*id = h->draft->order->holder;
	struct db_holder	 there;
	int			 found;

	if (h->draft->order->kind != ORDER_ISSUE || id == NULL)
		return 0;
	if ((found = db_holder_find(db, id, &there, h->dk->arena, e)) == -1)
		return -1;
	if (found == 1)
		return 0;
	if (h->holder == NULL || h->holder->name == NULL) {
		error_set(e, ERROR_NOTFOUND, "no holder \"%s\"", id);
		return error_hint(e, "add --holder-name NAME to make the "
		    "holder, or: signet holder new");
	}
	return db_holder_add(db, h->holder, e);
}

static void
item_at(const struct handing_in *h, size_t i, struct db_item_new *item)
{
	const struct order	*o = h->draft->order;
	const struct draft	*d = h->draft;

	memset(item, 0, sizeof(*item));
	memcpy(item->ref.order_id, o->id, ORDER_ID_SIZE);
	item->ref.n = o->kind == ORDER_BATCH ? o->item[i].n : 0;
	item->holder = o->kind == ORDER_BATCH ? o->item[i].holder :
	    o->holder;
	if (i < d->nrequests && d->request[i].len > 0)
		item->request = BYTES(d->request[i].p, d->request[i].len);
}

/* Those of a batch who are new. */
static int
add_holders(struct handing_in *h, struct db *db, size_t from, size_t n,
    struct error *e)
{
	const struct order	*o = h->draft->order;
	struct db_holder	*v;
	const char		*name;
	size_t			 i;
	int			 rc;

	if (o->kind != ORDER_BATCH)
		return 0;
	v = mem_array(n, sizeof(*v));
	for (i = 0; i < n; i++) {
		const struct order_item	*item = &o->item[from + i];

		name = fields_get(&item->fields, "name", 0);
		v[i].id = item->holder;
		v[i].name = name != NULL ? name : item->holder;
		v[i].mail = fields_get(&item->fields, "mail", 0);
		v[i].org = fields_get(&item->fields, "org", 0);
	}
	rc = db_holder_add_missing(db, v, n, e);
	mem_free(&v);
	return rc;
}

static int
add_items(struct handing_in *h, struct db *db, struct error *e)
{
	struct db_item_new	*v;
	size_t			 total = (size_t)h->row.items, done, n, i;
	int			 rc = 0;

	v = mem_array(ITEMS_PIECE, sizeof(*v));
	for (done = 0; rc == 0 && done < total; done += n) {
		n = total - done < ITEMS_PIECE ? total - done : ITEMS_PIECE;
		for (i = 0; i < n; i++)
			item_at(h, done + i, &v[i]);
		rc = add_holders(h, db, done, n, e);
		if (rc == 0)
			rc = db_order_add_items(db, v, n, e);
		desk_progress(h->dk, "storing", done + n, total);
	}
	mem_free(&v);
	return rc;
}

static void
entry(const struct handing_in *h, struct buf *body)
{
	const struct db_order	*o = &h->row;

	audit_begin(body, "order-new", clock_now(h->dk->clock));
	audit_hex(body, "order", o->digest, sizeof(o->digest));
	audit_hex(body, "id", o->id, sizeof(o->id));
	audit_str(body, "kind", o->kind);
	if (o->profile != NULL)
		audit_str(body, "profile", o->profile);
	if (o->ca != NULL)
		audit_str(body, "ca", o->ca);
	if (o->holder != NULL)
		audit_str(body, "holder", o->holder);
	audit_str(body, "by", h->dk->who);
}

static int
add_entry(const struct handing_in *h, struct db *db, struct error *e)
{
	struct buf	 body = { 0 };

	entry(h, &body);
	return db_audit_add(db, &body, e);
}

/* All but the audit entry. */
static int
store(struct handing_in *h, struct db *db, struct error *e)
{
	int	added;

	h->stored = false;
	if (check_holder(h, db, e) == -1 ||
	    (added = db_order_add(db, &h->row, h->blob, e)) == -1)
		return -1;
	if (added == 0)
		return 0;
	h->stored = true;
	if (add_items(h, db, e) == -1 || (h->draft->also != NULL &&
	    h->draft->also(db, h->draft->also_arg, e) == -1) ||
	    (strcmp(h->row.state, "ready") == 0 &&
	    db_notify(db, "signet_order", e) == -1))
		return -1;
	return 0;
}

static int
hand_in(struct db *db, void *arg, struct error *e)
{
	struct handing_in	*h = arg;

	if (store(h, db, e) == -1)
		return -1;
	return h->stored ? add_entry(h, db, e) : 0;
}

/*
 * One order for one certificate of a holder who is known: all at once.  When
 * that stores nothing, or nobody can say whether it did, the long way finds
 * out why.
 */
static int
hand_in_one(struct handing_in *h, struct error *e)
{
	const struct draft	*d = h->draft;
	struct buf		 body = { 0 };
	struct bytes		 request = { 0 };
	int			 rc;

	if (d->nrequests > 0 && d->request[0].len > 0)
		request = BYTES(d->request[0].p, d->request[0].len);
	entry(h, &body);
	rc = db_order_enter(h->dk->db, &h->row, h->blob, request,
	    BYTES(body.p, body.len), e);
	buf_clear(&body);
	h->stored = rc == 1;
	if (rc == 1 || (rc == -1 && e->code != ERROR_UPSTREAM &&
	    e->code != ERROR_RETRY))
		return rc;
	error_clear(e);
	return db_txn(h->dk->db, hand_in, h, e);
}

static size_t
count_items(const struct order *o)
{
	if (o->kind == ORDER_BATCH)
		return o->nitems;
	return o->kind == ORDER_ISSUE ? 1 : 0;
}

static size_t
count_waiting(const struct draft *d)
{
	size_t	i, n = count_items(d->order), waiting = 0;

	for (i = 0; i < n; i++)
		waiting += i >= d->nrequests || d->request[i].len == 0;
	return waiting;
}

/* What is signed well enough on arrival need not wait for anybody. */
static int
judge_blob(struct handing_in *h, int approvals, struct error *e)
{
	struct review	r = { .blob = h->blob };
	int		rc = -1;

	h->row.state = "pending";
	if (approvals == 0)
		return 0;
	if (approval_open_cached(&r.approved, r.blob, h->dk->approvers,
	    e) == 0 && review_judge(h->dk, &r, e) == 0) {
		if (r.complete)
			h->row.state = "ready";
		rc = 0;
	}
	review_clear(&r);
	return rc;
}

static int
fill_row(struct handing_in *h, int approvals, char **summary,
    struct error *e)
{
	const struct order	*o = h->draft->order;
	struct buf		 der = { 0 };

	if (order_encode(&der, o, e) == -1)
		return -1;
	digest_sha256(h->row.digest, der.p, der.len);
	buf_clear(&der);
	memcpy(h->row.id, o->id, ORDER_ID_SIZE);
	h->row.kind = order_kind_name(o->kind);
	h->row.ca = o->ca;
	h->row.profile = o->profile;
	h->row.holder = o->kind == ORDER_ISSUE ? o->holder : NULL;
	h->row.summary = *summary = draft_summary(h->draft);
	h->row.approvals = approvals;
	h->row.items = (int)count_items(o);
	h->row.open_items = h->row.items;
	h->row.waiting_items = (int)count_waiting(h->draft);
	h->row.created_at = o->created;
	h->row.expires_at = o->expires;
	return 0;
}

static int
submit(struct desk *dk, const struct draft *d, const struct db_holder *holder,
    struct bytes blob, int approvals, struct error *e)
{
	struct handing_in	 h = { .dk = dk, .draft = d, .holder = holder,
				    .blob = blob };
	char			*summary = NULL;
	int			 rc = -1;

	if (desk_need(dk, DESK_DB, e) == -1 || submit_check_keys(dk, d,
	    e) == -1 ||
	    judge_blob(&h, approvals, e) == -1 ||
	    fill_row(&h, approvals, &summary, e) == -1)
		goto out;
	desk_progress(dk, "storing", 0, (uint64_t)h.row.items);
	if (d->order->kind == ORDER_ISSUE && holder == NULL && d->also == NULL)
		rc = hand_in_one(&h, e);
	else
		rc = db_txn(dk->db, hand_in, &h, e);
	desk_progress(dk, NULL, 0, 0);
	if (rc != -1)
		rc = h.stored ? 1 : 0;
 out:
	mem_free(&summary);
	return rc;
}

int
submit_draft(struct desk *dk, const struct draft *d,
    const struct db_holder *holder, const struct identity *proof,
    struct error *e)
{
	struct buf	blob = { 0 }, with_proof = { 0 };
	int		rc = -1;

	if (approval_wrap(&blob, d->order, e) == -1)
		goto out;
	if (proof != NULL) {
		if (approval_add(&with_proof, BYTES(blob.p, blob.len), proof,
		    dk->clock, e) == -1)
			goto out;
		rc = submit(dk, d, holder, BYTES(with_proof.p, with_proof.len),
		    1, e);
	} else
		rc = submit(dk, d, holder, BYTES(blob.p, blob.len), 0, e);
 out:
	buf_clear(&with_proof);
	buf_clear(&blob);
	return rc;
}

/* ---- several at once ---- */

struct several {
	struct handing_in	*v;
	size_t			 n;
};

static int
hand_in_all(struct db *db, void *arg, struct error *e)
{
	struct several	*s = arg;
	size_t		 i;

	for (i = 0; i < s->n; i++) {
		if (store(&s->v[i], db, e) == -1)
			return -1;
		if (!s->v[i].stored)
			return error_set(e, ERROR_CONFLICT, "it was handed in "
			    "before");
	}
	for (i = 0; i < s->n; i++)
		if (add_entry(&s->v[i], db, e) == -1)
			return -1;
	return 0;
}

static int
prepare(struct handing_in *h, struct desk *dk, const struct draft *d,
    struct buf *blob, char **summary, struct error *e)
{
	if (approval_wrap(blob, d->order, e) == -1)
		return -1;
	*h = (struct handing_in){ .dk = dk, .draft = d,
	    .blob = BYTES(blob->p, blob->len) };
	if (submit_check_keys(dk, d, e) == -1 ||
	    judge_blob(h, 0, e) == -1)
		return -1;
	return fill_row(h, 0, summary, e);
}

int
submit_drafts(struct desk *dk, const struct draft *const *d,
    const struct db_holder *holder, size_t n, struct error *e)
{
	struct several	 s = { mem_array(n, sizeof(*s.v)), n };
	struct buf	*blob = mem_array(n, sizeof(*blob));
	char		**summary = mem_array(n, sizeof(*summary));
	int		 rc = desk_need(dk, DESK_DB, e);
	size_t		 i;

	for (i = 0; i < n && rc == 0; i++) {
		rc = prepare(&s.v[i], dk, d[i], &blob[i], &summary[i], e);
		s.v[i].holder = holder != NULL ? &holder[i] : NULL;
	}
	if (rc == 0)
		rc = db_txn(dk->db, hand_in_all, &s, e);
	desk_progress(dk, NULL, 0, 0);
	for (i = 0; i < n; i++) {
		buf_clear(&blob[i]);
		mem_free(&summary[i]);
	}
	mem_free(&summary);
	mem_free(&blob);
	mem_free(&s.v);
	return rc;
}

int
submit_blob(struct desk *dk, const struct draft *d, struct bytes blob,
    int approvals, struct error *e)
{
	return submit(dk, d, NULL, blob, approvals, e);
}

/* ---- approving ---- */

struct approving {
	struct desk		*dk;
	const struct review	*r;
	struct bytes		 blob;
	uint8_t			 old[DB_DIGEST];
	const char		*state;
	const struct approver	*by;
};

static int
approve_entry(const struct approving *a, struct db *db, struct error *e)
{
	struct buf	 body = { 0 };

	audit_begin(&body, "order-approve", clock_now(a->dk->clock));
	audit_hex(&body, "order", a->r->row.digest, DB_DIGEST);
	audit_hex(&body, "id", a->r->row.id, DB_ORDER_ID);
	audit_str(&body, "person", a->by->person);
	audit_str(&body, "role", role_name(a->by->role));
	audit_hex(&body, "cert", a->by->cert_digest,
	    sizeof(a->by->cert_digest));
	return db_audit_add(db, &body, e);
}

static int
approve(struct db *db, void *arg, struct error *e)
{
	const struct approving	*a = arg;

	if (db_order_replace(db, a->r->row.id, a->old, a->blob,
	    (int)a->r->approved->n, a->state, e) == -1)
		return -1;
	if (strcmp(a->state, "ready") == 0 &&
	    db_notify(db, "signet_order", e) == -1)
		return -1;
	return approve_entry(a, db, e);
}

/* The approver whose certificate this is. */
static const struct approver *
find_approver(const struct approved *a, X509 *cert)
{
	size_t	i;

	for (i = 0; i < a->n; i++)
		if (cert_is_same(a->by[i].cert, cert))
			return &a->by[i];
	return NULL;
}

/* One attempt: sign what is there now, judge it, store it. */
static int
approve_once(struct desk *dk, struct review *r, struct error *e)
{
	struct approving	 a = { .dk = dk, .r = r };
	struct buf		 blob = { 0 };
	int			 rc = -1;

	digest_sha256(a.old, r->blob.p, r->blob.len);
	if (dk->signer.sign(dk->signer.arg, &blob, r->blob, e) == -1)
		goto out;
	approval_free(&r->approved);
	r->blob.p = arena_dup(dk->arena, blob.p, blob.len);
	r->blob.len = blob.len;
	if (approval_open_cached(&r->approved, r->blob, dk->approvers,
	    e) == -1 || review_judge(dk, r, e) == -1)
		goto out;
	a.by = find_approver(r->approved, dk->signer.cert);
	if (a.by == NULL) {
		error_set(e, ERROR_BUG, "our approval is not in the order");
		goto out;
	}
	/* One that does not count would spoil the order for all others. */
	if (review_check_approver(dk, r, a.by, e) == -1) {
		error_hint(e, "nothing was stored");
		goto out;
	}
	a.blob = r->blob;
	a.state = r->complete ? "ready" : "pending";
	if (db_txn(dk->db, approve, &a, e) == -1)
		goto out;
	r->row.state = a.state;
	r->row.approvals = (int)r->approved->n;
	rc = 0;
 out:
	buf_clear(&blob);
	return rc;
}

static int
check_open(struct desk *dk, const struct review *r, struct error *e)
{
	char	id[REVIEW_SHORT + 1], when[TEXT_TIME_SIZE];

	review_short_id(id, r->row.id);
	if (!review_is_open(r))
		return error_set(e, ERROR_CONFLICT, "order %s is %s: nothing "
		    "to approve", id, r->row.state);
	if (r->approved->order->expires > clock_now(dk->clock))
		return 0;
	return error_set(e, ERROR_CONFLICT, "order %s expired on %s: nothing "
	    "to approve", id, text_time(when, r->approved->order->expires));
}

/* Would our certificate be one that counts?  Asked before it signs. */
static int
check_signer(struct desk *dk, struct error *e)
{
	struct approval_trust	 trust;
	struct error		 later = ERROR_INIT;
	int			 good;

	if (desk_trust(dk, &trust, e) == -1)
		return -1;
	if (cert_verify_chain(dk->signer.cert, trust.intermediates,
	    trust.anchors, trust.now, &later) == -1) {
		*e = later;
		return error_wrap(e, "your certificate");
	}
	if ((good = trust.status(trust.status_arg, dk->signer.cert,
	    e)) == -1)
		return -1;
	if (good == 1)
		return 0;
	error_set(e, ERROR_DENIED, "your certificate is revoked or on hold");
	return error_hint(e, "nothing was signed; another officer has to "
	    "approve");
}

bool
submit_has_approval(const struct desk *dk, const struct review *r)
{
	return dk->signer.cert != NULL && r->approved != NULL &&
	    find_approver(r->approved, dk->signer.cert) != NULL;
}

static int
check_new(struct desk *dk, const struct review *r, struct error *e)
{
	char	hex[REVIEW_SHORT + 1];

	if (!submit_has_approval(dk, r))
		return 0;
	review_short_id(hex, r->row.id);
	error_set(e, ERROR_CONFLICT, "order %s has your approval already",
	    hex);
	return error_hint(e, "what is missing: signet explain order %s", hex);
}

int
submit_may_approve(struct desk *dk, struct review *r, struct error *e)
{
	if (check_open(dk, r, e) == -1 || desk_need(dk, DESK_SIGNER, e) == -1 ||
	    check_signer(dk, e) == -1 ||
	    review_wants_role(dk, r, cert_role(dk->signer.cert), e) == -1)
		return -1;
	return check_new(dk, r, e);
}

int
submit_approval(struct desk *dk, struct review *r, struct error *e)
{
	uint8_t	id[DB_ORDER_ID];
	int	rc, tries;

	memcpy(id, r->row.id, sizeof(id));
	if (submit_may_approve(dk, r, e) == -1)
		return -1;
	for (tries = 0;; tries++) {
		rc = approve_once(dk, r, e);
		if (rc == 0 || e->code != ERROR_CONFLICT || tries == TRIES)
			return rc;
		error_clear(e);
		review_clear(r);
		if (review_load_id(dk, id, r, e) == -1 ||
		    check_open(dk, r, e) == -1 || check_new(dk, r, e) == -1)
			return -1;
	}
}

int
submit_approval_once(struct desk *dk, struct review *r, struct error *e)
{
	struct error	why;
	uint8_t		id[DB_ORDER_ID];

	if (submit_has_approval(dk, r))
		return 0;
	memcpy(id, r->row.id, sizeof(id));
	if (submit_approval(dk, r, e) == 0)
		return 0;
	if (e->code != ERROR_CONFLICT)
		return -1;
	why = *e;
	error_clear(e);
	review_clear(r);
	if (review_load_id(dk, id, r, e) == -1)
		return -1;
	if (submit_has_approval(dk, r))
		return 0;
	*e = why;
	return -1;
}

/* ---- rejecting ---- */

int
submit_rejected(struct db *db, void *arg, struct error *e)
{
	const struct rejecting	*j = arg;
	struct buf		 body = { 0 };

	if (db_order_reject(db, j->r->row.id, j->reason, e) == -1)
		return -1;
	audit_begin(&body, "order-reject", clock_now(j->desk->clock));
	audit_hex(&body, "order", j->r->row.digest, DB_DIGEST);
	audit_hex(&body, "id", j->r->row.id, DB_ORDER_ID);
	audit_str(&body, "person", j->desk->who);
	audit_str(&body, "reason", j->reason);
	return db_audit_add(db, &body, e);
}

int
submit_draft_rejection(struct desk *dk, struct draft *d,
    const struct review *r, const char *reason, struct error *e)
{
	if (draft_new(dk, d, ORDER_REJECT, NULL, e) == -1)
		return -1;
	memcpy(d->order->rejects, r->row.digest, ORDER_DIGEST);
	d->order->comment = mem_strdup(reason);
	if (d->order->expires < r->row.expires_at)
		d->order->expires = r->row.expires_at;
	return 0;
}

int
submit_rejection(struct desk *dk, const struct review *r, const char *reason,
    struct error *e)
{
	struct rejecting	j = { dk, r, reason };

	return db_txn(dk->db, submit_rejected, &j, e);
}
