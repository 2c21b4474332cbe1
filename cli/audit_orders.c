/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders: their signatures, who approved them, and that each is used once.
 */
#include <openssl/cms.h>
#include <openssl/err.h>

#include "base/digest.h"
#include "base/text.h"
#include "cli/audit_state.h"

/*
 * An act that was prepared before an approver was revoked may enter the chain
 * just after; the daemons' own work takes seconds.
 */
#define OVERTAKEN	600

/* The id inside a blob whose signatures do not hold, so as to name it. */
static bool
blob_id(struct bytes blob, uint8_t id[ORDER_ID_SIZE])
{
	struct error		 e = ERROR_INIT;
	const unsigned char	*p = blob.p;
	CMS_ContentInfo		*cms;
	ASN1_OCTET_STRING	**content;
	struct order		*o = NULL;
	bool			 ok = false;

	cms = d2i_CMS_ContentInfo(NULL, &p, (long)blob.len);
	if (cms != NULL && (content = CMS_get0_content(cms)) != NULL &&
	    *content != NULL && order_parse(&o,
	    BYTES(ASN1_STRING_get0_data(*content),
	    (size_t)ASN1_STRING_length(*content)), &e) == 0) {
		memcpy(id, o->id, ORDER_ID_SIZE);
		ok = true;
	}
	order_free(&o);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return ok;
}

static void
order_bad(struct audit_verify *v, uint64_t n, struct bytes blob,
    const char *why)
{
	struct audit_about	 about = { 0 };
	uint8_t			 id[ORDER_ID_SIZE];

	if (blob_id(blob, id))
		about.order = id;
	audit_failed(v->r, AUDIT_ORDERS, &about,
	    "number %llu of orders.pem: %s", (unsigned long long)n, why);
}

static void
item_put(struct audit_verify *v, struct audit_order *rec,
    const struct order *o)
{
	struct audit_item	*item = arena_alloc(v->arena, sizeof(*item));

	memcpy(item->batch, o->batch, sizeof(item->batch));
	memcpy(item->request, o->request, sizeof(item->request));
	item->n = o->n;
	item->order = rec;
	map_put(&v->items, item);
}

static void
order_put(struct audit_verify *v, const struct approved *a, size_t at)
{
	struct audit_order	*rec = arena_alloc(v->arena, sizeof(*rec));
	struct audit_about	 about = { .order = a->order->id };

	memcpy(rec->digest, a->digest, sizeof(rec->digest));
	memcpy(rec->id, a->order->id, sizeof(rec->id));
	rec->at = at;
	rec->kind = a->order->kind;
	if (map_put(&v->orders, rec) != NULL)
		audit_failed(v->r, AUDIT_ORDERS, &about,
		    "is in orders.pem twice");
	if (rec->kind == ORDER_ITEM)
		item_put(v, rec, a->order);
	v->r->orders++;
}

/* Officers are few, and their certificates are in each order. */
static int
order_open(struct approved **a, struct audit_verify *v, struct bytes blob,
    struct error *e)
{
	if (approval_open_cached(a, blob, v->trust_cache, e) == -1)
		return -1;
	approval_cache_expect(v->trust_cache, *a);
	return 0;
}

void
orders_load(struct audit_verify *v)
{
	struct bundle_file	*f = &v->b.part[BUNDLE_ORDERS];
	struct error		 e = ERROR_INIT;
	struct approved		*a = NULL;
	struct buf		 der = { 0 };
	uint64_t		 n = 0;
	size_t			 at;
	int			 found;

	while ((found = bundle_pem_next(f, "CMS", &der, &at, &e)) != 0) {
		n++;
		audit_looked(v->r, AUDIT_ORDERS);
		if (found == 1 && order_open(&a, v, BYTES(der.p, der.len),
		    &e) == 0)
			order_put(v, a, at);
		else
			order_bad(v, n, BYTES(der.p, found == 1 ? der.len : 0),
			    e.text);
		approval_free(&a);
		error_clear(&e);
	}
	buf_clear(&der);
}

struct approved *
orders_read(struct audit_verify *v, const struct audit_order *rec)
{
	struct error	 e = ERROR_INIT;
	struct approved	*a = NULL;
	struct buf	 der = { 0 };

	if (bundle_pem_at(&v->b.part[BUNDLE_ORDERS], "CMS", rec->at, &der,
	    &e) == 1)
		(void)order_open(&a, v, BYTES(der.p, der.len), &e);
	buf_clear(&der);
	return a;
}

/* Parsed orders: a batch is used thousands of times in a row.  Borrowed until
 * the cache is full. */
static struct approved *
orders_open(struct audit_verify *v, struct audit_order *rec)
{
	size_t		 i;

	for (i = 0; i < AUDIT_CACHE; i++)
		if (v->cache[i].order == rec)
			return v->cache[i].approved;
	i = v->cache_next++ % AUDIT_CACHE;
	approval_free(&v->cache[i].approved);
	v->cache[i].approved = orders_read(v, rec);
	v->cache[i].order = v->cache[i].approved != NULL ? rec : NULL;
	return v->cache[i].approved;
}

void
orders_clear(struct audit_verify *v)
{
	size_t	 i;

	for (i = 0; i < AUDIT_CACHE; i++)
		approval_free(&v->cache[i].approved);
}

static struct audit_order *
order_find(struct audit_verify *v, const uint8_t digest[32])
{
	struct audit_order	 key;

	memcpy(key.digest, digest, sizeof(key.digest));
	return map_find(&v->orders, &key);
}

/* The order that the entry names; its id becomes part of what is said. */
static struct audit_order *
order_of(struct audit_verify *v, struct audit_entry *en)
{
	struct audit_order	*rec;
	uint8_t			 digest[32], id[ORDER_ID_SIZE];
	size_t			 len;
	char			 hex[65];

	if (!entry_digest(v, en, AUDIT_ORDERS, "order", digest))
		return NULL;
	if ((rec = order_find(v, digest)) == NULL) {
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "%s: the order with digest %s is not in orders.pem, or "
		    "its signatures do not hold", en->act,
		    text_hex(hex, digest, 32));
		return NULL;
	}
	en->about.order = rec->id;
	if (entry_hex(v, en, AUDIT_ORDERS, "id", id, sizeof(id), &len) &&
	    (len != sizeof(id) || memcmp(id, rec->id, len) != 0))
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "%s: the entry calls the order by another id", en->act);
	return rec;
}

void
orders_new(struct audit_verify *v, struct audit_entry *en)
{
	struct audit_order	*rec;
	char			 kind[16];

	audit_looked(v->r, AUDIT_ORDERS);
	if ((rec = order_of(v, en)) == NULL)
		return;
	if (rec->added != 0)
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "was entered before, in entry %lld", (long long)rec->added);
	rec->added = en->seq;
	if (entry_text(v, en, AUDIT_ORDERS, "kind", kind, sizeof(kind)) &&
	    order_kind_of(kind) != rec->kind)
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "the entry says %s, the order %s", kind,
		    order_kind_name(rec->kind));
}

/* An approval that the chain knows must still be in the blob. */
void
orders_approve(struct audit_verify *v, struct audit_entry *en)
{
	struct audit_order	*rec;
	struct approved		*a;
	uint8_t			 cert[32];
	char			 person[65] = "?";
	size_t			 i;

	audit_looked(v->r, AUDIT_ORDERS);
	if ((rec = order_of(v, en)) == NULL ||
	    !entry_digest(v, en, AUDIT_ORDERS, "cert", cert) ||
	    (a = orders_open(v, rec)) == NULL)
		return;
	for (i = 0; i < a->n; i++)
		if (memcmp(a->by[i].cert_digest, cert, 32) == 0)
			return;
	entry_maybe(v, en, "person", person, sizeof(person));
	audit_failed(v->r, AUDIT_ORDERS, &en->about,
	    "the approval by %s is gone from the order", person);
}

void
orders_reject(struct audit_verify *v, struct audit_entry *en)
{
	struct audit_order	*rec;

	audit_looked(v->r, AUDIT_ORDERS);
	if ((rec = order_of(v, en)) != NULL)
		rec->rejected = en->seq;
}

/* Approvals. */

struct asked {
	struct audit_verify	*v;
	const struct audit_entry *en;
	struct audit_order	*rec;
};

/* The approver's certificate as the chain knows it at this entry. */
static int
approver_status(void *arg, X509 *cert, struct error *e)
{
	struct asked		*q = arg;
	struct audit_cert	 key, *c;
	unsigned int		 len = sizeof(key.digest);

	if (X509_digest(cert, EVP_sha256(), key.digest, &len) != 1)
		return error_ssl(e, ERROR_CRYPTO, "digest");
	if ((c = map_find(&q->v->certs, &key)) == NULL || c->issued == 0)
		return error_set(e, ERROR_DENIED,
		    "the approver's certificate had not been issued");
	if (c->status == AUDIT_GOOD)
		return 1;
	if (q->en->at - c->changed_at > OVERTAKEN)
		return error_set(e, ERROR_DENIED, "the approver had been "
		    "revoked before, in entry %lld", (long long)c->changed);
	audit_note(q->v->r, AUDIT_ORDERS, &q->en->about,
	    "an approver was revoked %lld seconds before, in entry %lld",
	    (long long)(q->en->at - c->changed_at), (long long)c->changed);
	return 1;
}

/* The credential as the chain knows it at this entry. */
static int
credential_bound(void *arg, const struct approved *bind, struct error *e)
{
	struct asked		*q = arg;
	struct audit_order	*rec = order_find(q->v, bind->digest);

	if (rec == NULL || rec->bound == 0)
		return error_set(e, ERROR_DENIED, "no entry says that the "
		    "credential was bound");
	if (rec->unbound == 0)
		return 1;
	if (q->en->at - rec->unbound_at > OVERTAKEN)
		return error_set(e, ERROR_DENIED, "the credential had been "
		    "taken away before, in entry %lld",
		    (long long)rec->unbound);
	audit_note(q->v->r, AUDIT_ORDERS, &q->en->about,
	    "a credential was taken away %lld seconds before, in entry %lld",
	    (long long)(q->en->at - rec->unbound_at),
	    (long long)rec->unbound);
	return 1;
}

/* The certificate that a renewal replaces is in the blob. */
static X509 *
renewed_cert(const struct approved *a)
{
	const ASN1_INTEGER	*n;
	X509			*cert;
	int			 i;

	for (i = 0; a->order->is_renewal && i < sk_X509_num(a->certs); i++) {
		cert = sk_X509_value(a->certs, i);
		n = X509_get0_serialNumber(cert);
		if ((size_t)ASN1_STRING_length(n) == a->order->renews_len &&
		    memcmp(ASN1_STRING_get0_data(n), a->order->renews,
		    a->order->renews_len) == 0)
			return cert;
	}
	return NULL;
}

static bool
has_rules(const struct audit_verify *v)
{
	return v->profiles.n > 0 && !v->in->names_only;
}

/*
 * Without the profiles at hand: somebody with a role approved, and what gives
 * a role was approved by the root or by two security officers.
 */
static int
satisfies_least(const struct approved *a, bool grave, struct error *e)
{
	static const struct approval_rule two = {
		.n = 2, .way = {
			{ .n = 1, .role = { ROLE_ROOT } },
			{ .n = 2, .role = { ROLE_SECURITY_OFFICER,
			    ROLE_SECURITY_OFFICER } },
		},
	};
	size_t	 i;

	if (grave)
		return approval_satisfies(a, &two, e);
	for (i = 0; i < a->n; i++)
		if (a->by[i].role != ROLE_NONE)
			return 0;
	return error_set(e, ERROR_DENIED, "nobody with a role approved it");
}

static int
satisfies(struct audit_verify *v, const struct approved *a,
    const char *profile_name, bool grave, struct error *e)
{
	const struct profile		*profile;
	const struct approval_rule	*rule;

	if (a->order->kind == ORDER_REJECT || a->order->kind == ORDER_BIND ||
	    a->order->kind == ORDER_UNBIND || a->order->kind == ORDER_PERMIT)
		return approval_satisfies(a, approval_rule_for(NULL, a->order),
		    e);
	if (!has_rules(v) || profile_name == NULL)
		return satisfies_least(a, grave && !a->order->is_renewal, e);
	if (profiles_find(&v->profiles, profile_name, &profile, e) == -1)
		return -1;
	rule = approval_rule_for(profile, a->order);
	return rule != NULL ? approval_satisfies(a, rule, e) : 0;
}

static int64_t
approvers_until(const struct approved *a)
{
	struct error	 e = ERROR_INIT;
	struct cert_info info;
	int64_t		 until = INT64_MAX;
	size_t		 i;

	for (i = 0; i < a->n; i++) {
		if (cert_info(&info, a->by[i].cert, &e) == -1)
			return 0;
		if (info.not_after < until)
			until = info.not_after;
		cert_info_clear(&info);
		if (a->by[i].bind != NULL && a->by[i].bind->order->until != 0 &&
		    a->by[i].bind->order->until < until)
			until = a->by[i].bind->order->until;
	}
	return until;
}

bool
orders_check_approvals(struct audit_verify *v, const struct audit_entry *en,
    struct audit_order *rec, struct approved *a, const char *profile,
    bool grave)
{
	struct error		 e = ERROR_INIT;
	struct asked		 q = { v, en, rec };
	struct approval_trust	 trust = {
		.anchors = v->anchors, .intermediates = v->intermediates,
		.officers_cas = v->officers_cas,
		.renewed = renewed_cert(a), .now = en->at,
		.status = approver_status, .status_arg = &q,
		.cache = v->trust_cache,
		.bound = credential_bound, .bound_arg = &q,
		.any_scope = !has_rules(v),
	};
	struct error		 unknown = ERROR_INIT;

	if (rec->is_bad)
		return false;
	if (a->order->profile == NULL || !has_rules(v) || profiles_find(
	    &v->profiles, a->order->profile, &trust.profile, &unknown) == -1)
		trust.profile = NULL;
	if (rec->checked == v->generation && en->at <= rec->checked_until &&
	    rec->checked_profile == profile && rec->checked_grave == grave)
		return true;
	if (approval_check(a, &trust, &e) == -1 ||
	    satisfies(v, a, profile, grave, &e) == -1) {
		rec->is_bad = true;
		audit_failed(v->r, AUDIT_ORDERS, &en->about, "%s without "
		    "sufficient approval: %s", en->act, e.text);
		return false;
	}
	rec->checked = v->generation;
	rec->checked_until = approvers_until(a);
	rec->checked_profile = profile;
	rec->checked_grave = grave;
	return true;
}

struct audit_order *
orders_use(struct audit_verify *v, struct audit_entry *en,
    struct approved **out)
{
	struct audit_order	*rec;

	audit_looked(v->r, AUDIT_ORDERS);
	if ((rec = order_of(v, en)) == NULL)
		return NULL;
	if (rec->added == 0)
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "%s: no entry says that the order was handed in", en->act);
	if (rec->rejected != 0)
		audit_failed(v->r, AUDIT_ORDERS, &en->about, "%s: the order "
		    "had been rejected in entry %lld", en->act,
		    (long long)rec->rejected);
	if ((*out = orders_open(v, rec)) == NULL) {
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "the order cannot be read again");
		return NULL;
	}
	return rec;
}

/* what: the item's number or the target, hashed with the order. */
bool
orders_use_once(struct audit_verify *v, const struct audit_entry *en,
    struct audit_order *rec, const void *what, size_t len, const char *text)
{
	struct audit_use	*use = arena_alloc(v->arena, sizeof(*use));
	struct audit_use	*before;
	struct buf		 both = { 0 };

	buf_add(&both, rec->digest, sizeof(rec->digest));
	buf_add(&both, what, len);
	digest_sha256(use->key, both.p, both.len);
	buf_clear(&both);
	use->seq = en->seq;
	if ((before = map_find(&v->uses, use)) != NULL) {
		audit_failed(v->r, AUDIT_ORDERS, &en->about, "%s: the order "
		    "was used %s before, in entry %lld", en->act, text,
		    (long long)before->seq);
		return false;
	}
	map_put(&v->uses, use);
	return true;
}

/* The CA on an order to reject another one. */
void
orders_reject_signed(struct audit_verify *v, struct audit_entry *en)
{
	struct audit_order	*rec, *other;
	struct approved		*a;
	uint8_t			 rejects[32];

	if ((rec = orders_use(v, en, &a)) == NULL ||
	    !entry_digest(v, en, AUDIT_ORDERS, "rejects", rejects))
		return;
	if (a->order->kind != ORDER_REJECT ||
	    memcmp(a->order->rejects, rejects, sizeof(rejects)) != 0) {
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "reject: the order rejects another one");
		return;
	}
	if (orders_check_approvals(v, en, rec, a, NULL, false) &&
	    (other = order_find(v, rejects)) != NULL && other->rejected == 0)
		other->rejected = en->seq;
}

/* The CA on an order to give a credential to an officer, */
void
orders_bind(struct audit_verify *v, struct audit_entry *en)
{
	struct audit_order	*rec;
	struct approved		*a;

	if ((rec = orders_use(v, en, &a)) == NULL)
		return;
	if (a->order->kind != ORDER_BIND) {
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "bind: the order is to %s",
		    order_kind_name(a->order->kind));
		return;
	}
	if (!orders_check_approvals(v, en, rec, a, NULL, false))
		return;
	if (rec->unbound != 0)
		audit_failed(v->r, AUDIT_ORDERS, &en->about, "bind: the "
		    "credential had been taken away in entry %lld",
		    (long long)rec->unbound);
	else if (rec->bound == 0)
		rec->bound = en->seq;
}

/* and to take it away. */
void
orders_unbind(struct audit_verify *v, struct audit_entry *en)
{
	struct audit_order	*rec, *other;
	struct approved		*a;
	uint8_t			 digest[32];

	if ((rec = orders_use(v, en, &a)) == NULL ||
	    !entry_digest(v, en, AUDIT_ORDERS, "unbinds", digest))
		return;
	if (a->order->kind != ORDER_UNBIND ||
	    memcmp(a->order->unbinds, digest, sizeof(digest)) != 0) {
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "unbind: the order is about another credential");
		return;
	}
	if (orders_check_approvals(v, en, rec, a, NULL, false) &&
	    (other = order_find(v, digest)) != NULL && other->unbound == 0) {
		other->unbound = en->seq;
		other->unbound_at = en->at;
		v->generation++;
	}
}

/* What two officers signed for, by the digest that the entry has under key. */
static void
permit_use(struct audit_verify *v, struct audit_entry *en, const char *key,
    const char *what)
{
	struct audit_order	*rec;
	struct approved		*a;
	uint8_t			 digest[32];

	if ((rec = orders_use(v, en, &a)) == NULL ||
	    !entry_digest(v, en, AUDIT_ORDERS, key, digest))
		return;
	if (a->order->kind != ORDER_PERMIT ||
	    memcmp(a->order->permits, digest, sizeof(digest)) != 0) {
		audit_failed(v->r, AUDIT_ORDERS, &en->about,
		    "%s: the order permits something else", en->act);
		return;
	}
	orders_use_once(v, en, rec, digest, sizeof(digest), what);
	orders_check_approvals(v, en, rec, a, NULL, false);
}

/* What left the store: its index; */
void
orders_archive(struct audit_verify *v, struct audit_entry *en)
{
	permit_use(v, en, "archive", "for an archive");
}

/* what was opened of a card: as it was sealed. */
void
orders_secret(struct audit_verify *v, struct audit_entry *en)
{
	permit_use(v, en, "sealed", "for a secret of a card");
}
