/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <string.h>
#include <unistd.h>
#include <openssl/sha.h>

#include "audit/chain.h"
#include "base/text.h"
#include "cli/progress.h"
#include "cli/submit.h"
#include "db/db_audit.h"
#include "db/db_order.h"
#include "x509/cert.h"

#define ITEMS_PIECE	2000	/* items per statement */
#define TRIES		5	/* against other officers */

const char *
submit_user(struct cli *c)
{
	struct passwd	*pw = getpwuid(getuid());

	if (pw != NULL)
		return arena_strdup(c->arena, pw->pw_name);
	return arena_printf(c->arena, "uid %u", (unsigned int)getuid());
}

/* ---- handing in ---- */

struct handing_in {
	struct cli		*c;
	const struct draft	*draft;
	const struct db_holder	*holder;	/* NULL: must be there */
	struct db_order		 row;
	struct bytes		 blob;
	bool			 stored;
	struct progress		 progress;
};

static int
check_holder(struct handing_in *h, struct db *db, struct error *e)
{
	const char		*id = h->draft->order->holder;
	struct db_holder	 there;
	int			 found;

	if (h->draft->order->kind != ORDER_ISSUE || id == NULL)
		return 0;
	if ((found = db_holder_find(db, id, &there, h->c->arena, e)) == -1)
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
		progress_set(&h->progress, done + n);
	}
	mem_free(&v);
	return rc;
}

static int
add_entry(struct handing_in *h, struct db *db, struct error *e)
{
	const struct db_order	*o = &h->row;
	struct buf		 body = { 0 };
	struct bytes		 bytes;
	int			 rc;

	audit_begin(&body, "order-new", clock_now(h->c->clock));
	audit_hex(&body, "order", o->digest, sizeof(o->digest));
	audit_hex(&body, "id", o->id, sizeof(o->id));
	audit_str(&body, "kind", o->kind);
	if (o->profile != NULL)
		audit_str(&body, "profile", o->profile);
	if (o->ca != NULL)
		audit_str(&body, "ca", o->ca);
	if (o->holder != NULL)
		audit_str(&body, "holder", o->holder);
	audit_str(&body, "by", submit_user(h->c));
	bytes = BYTES(body.p, body.len);
	rc = db_audit_append(db, &bytes, 1, NULL, e);
	buf_clear(&body);
	return rc;
}

static int
hand_in(struct db *db, void *arg, struct error *e)
{
	struct handing_in	*h = arg;
	int			 added;

	h->stored = false;
	if (check_holder(h, db, e) == -1 ||
	    (added = db_order_add(db, &h->row, h->blob, e)) == -1)
		return -1;
	if (added == 0)
		return 0;
	h->stored = true;
	if (add_items(h, db, e) == -1 ||
	    (strcmp(h->row.state, "ready") == 0 &&
	    db_notify(db, "signet_order", e) == -1))
		return -1;
	return add_entry(h, db, e);
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
	if (approval_open(&r.approved, r.blob, e) == 0 &&
	    review_judge(h->c, &r, e) == 0) {
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
	SHA256(der.p, der.len, h->row.digest);
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
submit(struct cli *c, const struct draft *d, const struct db_holder *holder,
    struct bytes blob, int approvals, struct error *e)
{
	struct handing_in	 h = { .c = c, .draft = d, .holder = holder,
				    .blob = blob };
	char			*summary = NULL;
	int			 rc = -1;

	if (cli_open_db(c, e) == -1 || submit_check_keys(c, d, e) == -1 ||
	    judge_blob(&h, approvals, e) == -1 ||
	    fill_row(&h, approvals, &summary, e) == -1)
		goto out;
	progress_begin(&h.progress, "storing", (uint64_t)h.row.items);
	rc = db_txn(c->db, hand_in, &h, e);
	progress_end(&h.progress);
	if (rc == 0)
		rc = h.stored ? 1 : 0;
 out:
	mem_free(&summary);
	return rc;
}

int
submit_draft(struct cli *c, const struct draft *d,
    const struct db_holder *holder, const struct identity *proof,
    struct error *e)
{
	struct buf	blob = { 0 }, with_proof = { 0 };
	int		rc = -1;

	if (approval_wrap(&blob, d->order, e) == -1)
		goto out;
	if (proof != NULL) {
		if (approval_add(&with_proof, BYTES(blob.p, blob.len), proof,
		    c->clock, e) == -1)
			goto out;
		rc = submit(c, d, holder, BYTES(with_proof.p, with_proof.len),
		    1, e);
	} else
		rc = submit(c, d, holder, BYTES(blob.p, blob.len), 0, e);
 out:
	buf_clear(&with_proof);
	buf_clear(&blob);
	return rc;
}

int
submit_blob(struct cli *c, const struct draft *d, struct bytes blob,
    int approvals, struct error *e)
{
	return submit(c, d, NULL, blob, approvals, e);
}

/* ---- approving ---- */

struct approving {
	struct cli		*c;
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
	struct bytes	 bytes;
	int		 rc;

	audit_begin(&body, "order-approve", clock_now(a->c->clock));
	audit_hex(&body, "order", a->r->row.digest, DB_DIGEST);
	audit_hex(&body, "id", a->r->row.id, DB_ORDER_ID);
	audit_str(&body, "person", a->by->person);
	audit_str(&body, "role", role_name(a->by->role));
	audit_hex(&body, "cert", a->by->cert_digest,
	    sizeof(a->by->cert_digest));
	bytes = BYTES(body.p, body.len);
	rc = db_audit_append(db, &bytes, 1, NULL, e);
	buf_clear(&body);
	return rc;
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
		if (X509_cmp(a->by[i].cert, cert) == 0)
			return &a->by[i];
	return NULL;
}

/* One attempt: sign what is there now, judge it, store it. */
static int
approve_once(struct cli *c, struct review *r, struct error *e)
{
	struct approving	 a = { .c = c, .r = r };
	struct buf		 blob = { 0 };
	int			 rc = -1;

	SHA256(r->blob.p, r->blob.len, a.old);
	if (approval_add(&blob, r->blob, &c->officer, c->clock, e) == -1)
		goto out;
	approval_free(&r->approved);
	r->blob.p = arena_dup(c->arena, blob.p, blob.len);
	r->blob.len = blob.len;
	if (approval_open(&r->approved, r->blob, e) == -1 ||
	    review_judge(c, r, e) == -1)
		goto out;
	a.by = find_approver(r->approved, c->officer.cert);
	if (a.by == NULL) {
		error_set(e, ERROR_BUG, "our approval is not in the order");
		goto out;
	}
	a.blob = r->blob;
	a.state = r->complete ? "ready" : "pending";
	if (db_txn(c->db, approve, &a, e) == -1)
		goto out;
	r->row.state = a.state;
	r->row.approvals = (int)r->approved->n;
	rc = 0;
 out:
	buf_clear(&blob);
	return rc;
}

static int
check_open(const struct review *r, struct error *e)
{
	char	id[REVIEW_SHORT + 1];

	if (review_is_open(r))
		return 0;
	return error_set(e, ERROR_CONFLICT, "order %s is %s: nothing to "
	    "approve", review_short_id(id, r->row.id), r->row.state);
}

/* Would our certificate be one that counts?  Asked before it signs. */
static int
check_officer(struct cli *c, struct error *e)
{
	struct approval_trust	 trust;
	struct error		 later = ERROR_INIT;
	int			 good;

	if (cli_trust(c, &trust, e) == -1)
		return -1;
	if (cert_verify_chain(c->officer.cert, trust.intermediates,
	    trust.anchors, trust.now, &later) == -1) {
		*e = later;
		return error_wrap(e, "your certificate");
	}
	if ((good = trust.status(trust.status_arg, c->officer.cert,
	    e)) == -1)
		return -1;
	if (good == 1)
		return 0;
	error_set(e, ERROR_DENIED, "your certificate is revoked or on hold");
	return error_hint(e, "nothing was signed; another officer has to "
	    "approve");
}

int
submit_may_approve(struct cli *c, struct review *r, struct error *e)
{
	char	hex[REVIEW_SHORT + 1];

	if (check_open(r, e) == -1 || cli_open_officer(c, e) == -1 ||
	    check_officer(c, e) == -1 ||
	    review_wants_role(c, r, cert_role(c->officer.cert), e) == -1)
		return -1;
	if (find_approver(r->approved, c->officer.cert) == NULL)
		return 0;
	review_short_id(hex, r->row.id);
	error_set(e, ERROR_CONFLICT, "order %s has your approval already",
	    hex);
	return error_hint(e, "what is missing: signet explain order %s", hex);
}

int
submit_approval(struct cli *c, struct review *r, struct error *e)
{
	uint8_t	id[DB_ORDER_ID];
	int	rc, tries;

	memcpy(id, r->row.id, sizeof(id));
	if (submit_may_approve(c, r, e) == -1)
		return -1;
	for (tries = 0;; tries++) {
		rc = approve_once(c, r, e);
		if (rc == 0 || e->code != ERROR_CONFLICT || tries == TRIES)
			return rc;
		error_clear(e);
		review_clear(r);
		if (review_load_id(c, id, r, e) == -1 ||
		    check_open(r, e) == -1)
			return -1;
	}
}

/* ---- rejecting ---- */

struct rejecting {
	struct cli		*c;
	const struct review	*r;
	const char		*reason;
};

static int
reject(struct db *db, void *arg, struct error *e)
{
	const struct rejecting	*j = arg;
	struct buf		 body = { 0 };
	struct bytes		 bytes;
	int			 rc;

	if (db_order_reject(db, j->r->row.id, j->reason, e) == -1)
		return -1;
	audit_begin(&body, "order-reject", clock_now(j->c->clock));
	audit_hex(&body, "order", j->r->row.digest, DB_DIGEST);
	audit_hex(&body, "id", j->r->row.id, DB_ORDER_ID);
	audit_str(&body, "person", submit_user(j->c));
	audit_str(&body, "reason", j->reason);
	bytes = BYTES(body.p, body.len);
	rc = db_audit_append(db, &bytes, 1, NULL, e);
	buf_clear(&body);
	return rc;
}

int
submit_rejection(struct cli *c, const struct review *r, const char *reason,
    struct error *e)
{
	struct rejecting	j = { c, r, reason };

	return db_txn(c->db, reject, &j, e);
}

/* ---- telling ---- */

static void
report_next(struct out_record *out, const struct review *r, const char *id)
{
	if (!r->complete) {
		out_put_line(out, "%s", r->missing.text);
		out_put_line(out, "next: signet order approve %s", id);
	} else if (r->row.waiting_items > 0)
		out_put_line(out, "all approvals are there; it waits for %s",
		    r->approved->order->has_code ? "its request" :
		    "requests");
	else
		out_put_line(out, "all approvals are there; next: signet "
		    "order show %s", id);
}

void
submit_report(struct cli *c, const struct review *r, const char *done,
    const struct secret *code)
{
	struct out_record	*out = out_record_new(stdout, c->json);
	char			 id[REVIEW_SHORT + 1], *rules;

	review_short_id(id, r->row.id);
	rules = review_rules_text(r);
	out_put_hex(out, "id", NULL, r->row.id, DB_ORDER_ID);
	out_put(out, "state", NULL, r->row.state);
	out_put(out, "kind", NULL, r->row.kind);
	out_put(out, "summary", NULL, r->row.summary);
	out_put_num(out, "items", NULL, r->row.items);
	out_put_num(out, "approvals", NULL, r->row.approvals);
	out_put(out, "needs", NULL, rules);
	out_put_bool(out, "approved", NULL, r->complete);
	out_put(out, "missing", NULL, r->complete ? NULL : r->missing.text);
	out_put_time(out, "expires_at", NULL, r->row.expires_at);
	if (code != NULL)
		out_put(out, "code", "One-time code", (const char *)code->p);
	out_put_line(out, "order %s %s: %s", id, done, r->row.summary);
	report_next(out, r, id);
	if (code != NULL)
		out_put_line(out, "The code is shown only now.  With it: "
		    "signet order redeem %s --csr FILE", id);
	out_record_free(&out);
	mem_free(&rules);
}
