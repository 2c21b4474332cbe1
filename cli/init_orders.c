/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The founding orders: one for each of the first officers and agents, as any
 * other order, but approved by the root (doc/decisions/0009).
 */
#include "cli/init.h"

#include <unistd.h>
#include <openssl/sha.h>

#include "audit/chain.h"
#include "base/base64.h"
#include "cli/bundle.h"
#include "db/db_audit.h"
#include "db/db_holder.h"
#include "db/db_order.h"
#include "desk/draft.h"
#include "desk/request.h"
#include "desk/submit.h"
#include "os/fault.h"
#include "os/file.h"
#include "x509/cert.h"

#define ORDER_FILE	(1u << 20)
#define MARGIN		3600	/* an order that expires sooner is made anew */

char *
init_approved_path(struct init *in, const struct init_subject *s)
{
	if (in->conf.offline_root)
		return init_path(in, "incoming/%s.order", s->name);
	return init_path(in, "founding/approved/%s.order", s->name);
}

static int
read_order(struct approved **a, const char *path, struct buf *der,
    struct error *e)
{
	struct bundle_file	 f;
	int			 found;

	if (bundle_file_open(&f, path, path, e) == -1)
		return -1;
	found = bundle_pem_next(&f, "CMS", der, NULL, e);
	bundle_file_close(&f);
	if (found == 0)
		return error_set(e, ERROR_INPUT, "%s: no order in it", path);
	if (found == -1)
		return -1;
	if (approval_open(a, BYTES(der->p, der->len), e) == -1)
		return error_wrap(e, "%s", path);
	return 0;
}

/* Making them. */

/* Expired while the root was waited for: then both are worth nothing. */
static int
drop_expired(struct init *in, const struct init_subject *s,
    const char *path, struct error *e)
{
	struct approved	*a = NULL;
	struct buf	 der = { 0 };
	int		 rc = -1;

	if (!file_exists(path))
		return 0;
	if (read_order(&a, path, &der, e) == -1)
		goto out;
	rc = 0;
	if (a->order->expires > clock_now(in->cli->desk.clock) + MARGIN)
		goto out;
	unlink(init_approved_path(in, s));
	if (unlink(path) == -1)
		rc = error_sys(e, "remove %s", path);
 out:
	approval_free(&a);
	buf_clear(&der);
	return rc;
}

static void
add_field(struct init *in, struct fields *f, const struct profile *p,
    const char *name, const char *value)
{
	(void)in;
	if (value != NULL && profile_takes(p, name))
		fields_add(f, name, value);
}

static int
make_draft(struct init *in, const struct init_subject *s, struct draft *d,
    struct error *e)
{
	struct fields		 f = { 0 };
	const struct profile	*p;
	struct draft_issue	 want = { .profile = s->profile,
				    .ca = "services", .holder = s->id,
				    .comment = "founding of this installation",
				    .fields = &f };
	int			 rc = -1;

	want.csr = init_path(in, "%s/%s.csr", s->dir, s->name);
	if (cli_open_profiles(in->cli, e) == -1 ||
	    profiles_find(&in->cli->desk.profiles, s->profile, &p, e) == -1)
		return -1;
	add_field(in, &f, p, "country", in->conf.country);
	add_field(in, &f, p, "org", in->conf.organization);
	add_field(in, &f, p, "unit", s->unit);
	add_field(in, &f, p, "id", s->id);
	add_field(in, &f, p, "name", s->cn);
	add_field(in, &f, p, "mail", s->mail);
	add_field(in, &f, p, "dns", s->dns);
	rc = draft_issue(&in->cli->desk, d, &want, e);
	fields_clear(&f);
	return rc;
}

static int
make_order(struct init *in, const struct init_subject *s, const char *path,
    struct error *e)
{
	struct draft	 d = { 0 };
	struct buf	 blob = { 0 }, pem = { 0 };
	int		 rc = -1;

	if (make_draft(in, s, &d, e) == -1 ||
	    approval_wrap(&blob, d.order, e) == -1)
		goto out;
	base64_put_pem(&pem, "CMS", BYTES(blob.p, blob.len));
	rc = file_create(path, pem.p, pem.len, 0644, e);
 out:
	draft_clear(&d);
	buf_clear(&pem);
	buf_clear(&blob);
	return rc;
}

/* What has its certificate needs no order any more. */
static int
has_cert(struct init *in, const struct init_subject *s)
{
	return file_exists(init_path(in, "%s/%s.pem", s->dir, s->name));
}

int
init_step_orders(struct init *in, struct error *e)
{
	const struct init_subject	*s;
	char				*path;
	size_t				 i;

	for (i = 0; i < in->nsubjects; i++) {
		s = &in->subject[i];
		path = init_path(in, "founding/%s.order", s->name);
		if (has_cert(in, s))
			continue;
		if (drop_expired(in, s, path, e) == -1)
			return -1;
		if (file_exists(path))
			continue;
		in->did = true;
		if (make_order(in, s, path, e) == -1)
			return error_wrap(e, "order for %s", s->name);
		FAULT("init.order");
	}
	return 0;
}

/* Handing them in. */

struct hand_in {
	struct init		*in;
	const struct init_subject *s;
	struct approved		*a;
	struct buf		 blob;
	struct csr		*csr;
	bool			 stored;
};

static int
add_entries(struct hand_in *h, struct db *db, struct error *e)
{
	const struct approver	*by = &h->a->by[0];
	int64_t			 now = clock_now(h->in->cli->desk.clock);
	struct buf		 b[2] = { { 0 }, { 0 } };
	struct bytes		 body[2];
	int			 i, rc;

	audit_begin(&b[0], "order-new", now);
	audit_begin(&b[1], "order-approve", now);
	for (i = 0; i < 2; i++) {
		audit_hex(&b[i], "order", h->a->digest, 32);
		audit_hex(&b[i], "id", h->a->order->id, ORDER_ID_SIZE);
	}
	audit_str(&b[0], "kind", "issue");
	audit_str(&b[0], "profile", h->a->order->profile);
	audit_str(&b[0], "ca", h->a->order->ca);
	audit_str(&b[0], "holder", h->a->order->holder);
	audit_str(&b[0], "by", h->in->cli->desk.who);
	audit_str(&b[1], "person", "root");
	audit_str(&b[1], "role", role_name(by->role));
	audit_hex(&b[1], "cert", by->cert_digest, 32);
	for (i = 0; i < 2; i++)
		body[i] = BYTES(b[i].p, b[i].len);
	rc = db_audit_append(db, body, 2, NULL, e);
	buf_clear(&b[0]);
	buf_clear(&b[1]);
	return rc;
}

static int
add_order(struct hand_in *h, struct db *db, struct error *e)
{
	const struct order	*o = h->a->order;
	struct draft		 d = { .order = h->a->order };
	char			*summary = draft_summary(&d);
	struct db_order		 row = { .kind = "issue", .state = "ready",
				    .ca = o->ca, .profile = o->profile,
				    .holder = o->holder, .summary = summary,
				    .approvals = (int)h->a->n, .items = 1,
				    .open_items = 1,
				    .created_at = o->created,
				    .expires_at = o->expires };
	int			 added;

	memcpy(row.id, o->id, sizeof(row.id));
	memcpy(row.digest, h->a->digest, sizeof(row.digest));
	added = db_order_add(db, &row, BYTES(h->blob.p, h->blob.len), e);
	mem_free(&summary);
	h->stored = added == 1;
	return added == -1 ? -1 : 0;
}

static int
hand_in_txn(struct db *db, void *arg, struct error *e)
{
	struct hand_in		*h = arg;
	struct db_holder	 holder = { .id = h->s->id, .name = h->s->cn,
				    .mail = h->s->mail,
				    .org = h->in->conf.organization };
	struct db_item_new	 item = { .holder = h->s->id };

	if (db_holder_add_missing(db, &holder, 1, e) == -1 ||
	    add_order(h, db, e) == -1)
		return -1;
	if (!h->stored)
		return 0;
	memcpy(item.ref.order_id, h->a->order->id, ORDER_ID_SIZE);
	item.request = BYTES(h->csr->der.p, h->csr->der.len);
	if (db_order_add_items(db, &item, 1, e) == -1 ||
	    db_notify(db, "signet_order", e) == -1)
		return -1;
	return add_entries(h, db, e);
}

/* The signer will judge for itself; but a file of another root, or for
 * another request, is better refused here. */
static int
check_approved(struct hand_in *h, struct error *e)
{
	struct approval_trust	 trust;
	struct buf		 der = { 0 };
	struct approved		*made = NULL;
	int			 rc = -1;

	if (read_order(&made, init_path(h->in, "founding/%s.order",
	    h->s->name), &der, e) == -1)
		goto out;
	if (memcmp(made->digest, h->a->digest, 32) != 0) {
		error_set(e, ERROR_INPUT, "the approved order for %s is "
		    "another one than was made here", h->s->name);
		goto out;
	}
	if (h->a->n == 0) {
		error_set(e, ERROR_INPUT, "the order for %s is not approved",
		    h->s->name);
		goto out;
	}
	if (desk_trust(&h->in->cli->desk, &trust, e) == 0)
		rc = approval_check(h->a, &trust, e);
 out:
	approval_free(&made);
	buf_clear(&der);
	return rc;
}

static int
hand_in_one(struct init *in, const struct init_subject *s, struct error *e)
{
	struct hand_in	 h = { .in = in, .s = s };
	int		 rc = -1;

	if (read_order(&h.a, init_approved_path(in, s), &h.blob, e) == -1 ||
	    check_approved(&h, e) == -1 || request_load(&h.csr,
	    init_path(in, "%s/%s.csr", s->dir, s->name), e) == -1)
		goto out;
	rc = db_txn(in->cli->desk.db, hand_in_txn, &h, e);
	in->did |= h.stored;
 out:
	csr_free(&h.csr);
	approval_free(&h.a);
	buf_clear(&h.blob);
	return rc;
}

int
init_step_hand_in(struct init *in, struct error *e)
{
	size_t	 i;

	for (i = 0; i < in->nsubjects; i++) {
		if (has_cert(in, &in->subject[i]))
			continue;
		if (hand_in_one(in, &in->subject[i], e) == -1)
			return error_wrap(e, "order for %s",
			    in->subject[i].name);
		FAULT("init.handed_in");
	}
	return 0;
}

int
init_order_state(struct init *in, const struct init_subject *s,
    uint8_t id[ORDER_ID_SIZE], struct error *e)
{
	struct approved	*a = NULL;
	struct buf	 der = { 0 };
	struct db_order	 row;
	int		 rc = -1;

	if (read_order(&a, init_path(in, "founding/%s.order", s->name), &der,
	    e) == -1)
		goto out;
	memcpy(id, a->order->id, ORDER_ID_SIZE);
	switch (db_order_find(in->cli->desk.db, id, &row, in->cli->desk.arena,
	    e)) {
	case 0:
		error_set(e, ERROR_NOTFOUND, "order for %s: not in the store",
		    s->name);
		break;
	case 1:
		rc = strcmp(row.state, "done") == 0;
		if (rc == 1 || strcmp(row.state, "ready") == 0)
			break;
		rc = error_set(e, ERROR_DENIED, "order for %s: %s%s%s",
		    s->name, row.state, row.reason != NULL ? ": " : "",
		    row.reason != NULL ? row.reason : "");
		error_hint(e, "mend the cause, remove founding/%s.order and "
		    "run signet init again", s->name);
		break;
	}
 out:
	approval_free(&a);
	buf_clear(&der);
	return rc;
}
