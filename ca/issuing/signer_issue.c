/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer at its main work: from an approved order to the bytes that will
 * be signed (PREPARE), and from those to a certificate (SIGN).
 */

#include "crew.h"
#include "base/digest.h"
#include "order/code.h"
#include "os/fault.h"
#include "signer_private.h"
#include "wire.h"
#include "x509/attest.h"
#include "x509/cert_look.h"
#include "x509/csr.h"

/* One line of PREPARE, as the worker sent it. */
struct claim {
	bool		 by_digest;
	struct bytes	 order;		/* CMS, or digest of a batch */
	uint32_t	 n;
	struct bytes	 request, proof, station;
};

static void
claim_get(struct msg *in, struct claim *c)
{
	c->by_digest = msg_get_u32(in) == 1;
	c->order = msg_get_blob(in, c->by_digest ? 32 : 1u << 20);
	c->n = msg_get_u32(in);
	c->request = msg_get_blob(in, CSR_MAX);
	c->proof = msg_get_blob(in, 1024);
	c->station = msg_get_blob(in, 64 * 1024);
}

static struct signer_batch *
batch_find(struct signer *s, struct bytes digest)
{
	size_t	 i;

	for (i = 0; i < SIGNER_BATCHES; i++)
		if (s->batch[i].approved != NULL && digest.len == 32 &&
		    memcmp(s->batch[i].approved->digest, digest.p, 32) == 0)
			return &s->batch[i];
	return NULL;
}

/* The slot that was unused for longest and holds nothing in progress. */
static struct signer_batch *
batch_slot(struct signer *s)
{
	struct signer_batch	*best = NULL;
	size_t			 i;

	for (i = 0; i < SIGNER_BATCHES; i++) {
		struct signer_batch	*b = &s->batch[i];

		if (b->pins == 0 && (best == NULL || b->used_at < best->used_at))
			best = b;
	}
	return best;
}

int
signer_batch(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct bytes		 blob = msg_get_blob(in, ORDER_MAX);
	struct approved		*a = NULL;
	struct signer_batch	*b;
	int			 rc = -1;

	if (msg_done(in, e) == -1 ||
	    approval_open_cached(&a, blob, s->cache, e) == -1)
		goto out;
	if (a->order->kind != ORDER_BATCH) {
		error_set(e, ERROR_DENIED, "an order to %s is no batch",
		    order_kind_name(a->order->kind));
		goto out;
	}
	if ((b = batch_find(s, BYTES(a->digest, 32))) == NULL) {
		if ((b = batch_slot(s)) == NULL) {
			error_set(e, ERROR_RETRY, "too many batches at once");
			goto out;
		}
	} else if (b->pins > 0) {
		b = NULL;	/* in use and the same */
	}
	msg_put_blob(out, a->digest, 32);
	if (b != NULL) {
		approval_free(&b->approved);
		*b = (struct signer_batch){ .approved = a, .used_at = s->tick };
		a = NULL;
	}
	rc = 0;
 out:
	approval_free(&a);
	return rc;
}

/*
 * Approvals are checked for each group, not once: an officer may have been
 * revoked between two groups of the same batch.
 */
static int
batch_check(struct signer *s, struct signer_batch *b,
    const struct profile *profile, struct error *e)
{
	if (b->used_at == s->tick && b->opened)
		return 0;
	b->used_at = s->tick;
	b->opened = false;
	if (signer_check_live(s, b->approved, e) == -1 ||
	    signer_check_approvals(s, b->approved,
	    approval_rule_for(profile, b->approved->order), NULL, e) == -1)
		return -1;
	b->opened = true;
	return 0;
}

/* The certificate that a renewal replaces travels in the blob. */
static X509 *
renewed_cert(const struct approved *a)
{
	const struct order	*o = a->order;
	int			 i;

	for (i = 0; o->is_renewal && i < sk_X509_num(a->certs); i++) {
		X509			*x = sk_X509_value(a->certs, i);
		const ASN1_INTEGER	*n = X509_get0_serialNumber(x);

		if ((size_t)n->length == o->renews_len &&
		    memcmp(n->data, o->renews, o->renews_len) == 0)
			return x;
	}
	return NULL;
}

static int64_t
cert_not_after(X509 *x)
{
	struct tm	 tm;

	return ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) == 1 ?
	    timegm(&tm) : 0;
}

/* The profile is not in a certificate; what it lets its holder do is. */
static int
compare_renewal(const struct cert_look *was, const struct cert_look *is,
    struct error *e)
{
	if (!bytes_equal(was->subject, is->subject) ||
	    !bytes_equal(was->san, is->san))
		return error_set(e, ERROR_DENIED, "a renewal keeps the names of "
		    "the certificate that it renews");
	if (!bytes_equal(was->ext_key_usage, is->ext_key_usage))
		return error_set(e, ERROR_DENIED, "a renewal keeps the role and "
		    "uses of the certificate that it renews");
	return 0;
}

static int
check_same_person(X509 *old, const struct prepared *p, struct error *e)
{
	struct cert_look	 was, is;
	unsigned char		*der = NULL;
	int			 len, rc = -1;

	if ((len = i2d_re_X509_tbs(old, &der)) <= 0)
		return error_ssl(e, ERROR_CRYPTO, "old certificate");
	if (cert_look_tbs(&was, BYTES(der, (size_t)len), e) == 0 &&
	    cert_look_tbs(&is, BYTES(p->tbs.p, p->tbs.len), e) == 0)
		rc = compare_renewal(&was, &is, e);
	OPENSSL_free(der);
	return rc;
}

/* Same CA, same names, same uses, inside the window, still good. */
static int
check_renewal(struct signer *s, const struct prepared *p, X509 *old,
    struct error *e)
{
	const struct signer_ca	*ca;
	int64_t			 now = clock_now(s->clock), end;

	if (old == NULL)
		return error_set(e, ERROR_DENIED, "renewal without the "
		    "certificate that it renews");
	if ((ca = signer_ca_of(s, old)) == NULL ||
	    strcmp(ca->family, p->ca->family) != 0)
		return error_set(e, ERROR_DENIED, "the certificate to renew is "
		    "not of CA %s", p->ca->family);
	if (signer_cert_status(s, old, e) != 1)
		return error_set(e, ERROR_DENIED, "the certificate to renew is "
		    "revoked or on hold");
	end = cert_not_after(old);
	if (now >= end)
		return error_set(e, ERROR_DENIED, "the certificate to renew "
		    "has expired");
	if (p->spec.profile->renewal_window > 0 &&
	    now < end - p->spec.profile->renewal_window)
		return error_set(e, ERROR_DENIED, "too early to renew: more "
		    "than %lld days to go", (long long)
		    (p->spec.profile->renewal_window / 86400));
	return check_same_person(old, p, e);
}

/* The request that an item may use: its digest in the manifest, or in the
 * station's own order. */
static int
check_station(struct signer *s, struct prepared *p, const struct claim *c,
    const struct order_item *item, const struct csr *csr, struct error *e)
{
	struct approved	*a = NULL;
	struct order	*o;
	int		 rc = -1;

	if (item->has_request) {
		if (memcmp(item->request, csr->digest, 32) != 0)
			return error_set(e, ERROR_DENIED, "the request is not "
			    "the one that was approved for item %u", item->n);
		return 0;
	}
	if (c->station.len == 0)
		return error_set(e, ERROR_DENIED, "item %u has no request of "
		    "a station", item->n);
	if (approval_open_cached(&a, c->station, s->cache, e) == -1)
		goto out;
	o = a->order;
	if (o->kind != ORDER_ITEM ||
	    memcmp(o->batch, p->order, 32) != 0 || o->n != item->n) {
		error_set(e, ERROR_DENIED, "the station's order is for another "
		    "item or batch");
		goto out;
	}
	if (memcmp(o->request, csr->digest, 32) != 0) {
		error_set(e, ERROR_DENIED, "the request is not the one that "
		    "the station ordered");
		goto out;
	}
	if (ledger_find_use(s->ledger, a->digest, 0) != NULL) {
		error_set(e, ERROR_CONFLICT, "the station's order was used "
		    "before");
		goto out;
	}
	if (signer_check_live(s, a, e) == -1 ||
	    signer_check_approvals(s, a, approval_rule_for(p->spec.profile, o),
	    NULL, e) == -1)
		goto out;
	memcpy(p->station, a->digest, 32);
	p->has_station = true;
	rc = 0;
 out:
	if (rc == -1)
		error_wrap(e, "station's order");
	approval_free(&a);
	return rc;
}

static int
check_request(const struct approved *a, const struct claim *c,
    const struct csr *csr, struct error *e)
{
	const struct order	*o = a->order;

	if (o->has_request) {
		if (memcmp(o->request, csr->digest, 32) != 0)
			return error_set(e, ERROR_DENIED, "the request is not "
			    "the one that was approved");
		return 0;
	}
	if (!o->has_code)
		return error_set(e, ERROR_DENIED, "the order names no request");
	if (c->proof.len == 0)
		return error_set(e, ERROR_DENIED, "the request has no proof of "
		    "the one-time code");
	return code_verify(o, a->digest, csr->digest, c->proof, e);
}

static const struct order_item *
order_item(const struct order *o, uint32_t n)
{
	/* order_parse() makes sure that item n stands at n - 1. */
	return n >= 1 && n <= o->nitems ? &o->item[n - 1] : NULL;
}

/* Where the order comes from, and whether it may still be used. */
static int
prepare_order(struct signer *s, struct prepared *p, const struct claim *c,
    struct approved **a, struct error *e)
{
	if (c->by_digest) {
		p->batch = batch_find(s, c->order);
		if (p->batch == NULL)
			return error_set(e, ERROR_RETRY, "batch is not open");
		p->batch->pins++;
		*a = p->batch->approved;
		if (order_item((*a)->order, c->n) == NULL)
			return error_set(e, ERROR_DENIED, "the batch has no "
			    "item %u", c->n);
	} else {
		if (approval_open_cached(&p->approved, c->order, s->cache,
		    e) == -1)
			return -1;
		*a = p->approved;
		if ((*a)->order->kind != ORDER_ISSUE)
			return error_set(e, ERROR_DENIED, "an order to %s is "
			    "no order to issue",
			    order_kind_name((*a)->order->kind));
		if (c->n != 0)
			return error_set(e, ERROR_DENIED, "a single order has "
			    "no item %u", c->n);
	}
	memcpy(p->order, (*a)->digest, 32);
	p->n = c->n;
	p->expires = (*a)->order->expires;
	if (ledger_find_use(s->ledger, p->order, p->n) != NULL)
		return error_set(e, ERROR_CONFLICT, "this order was used "
		    "before");
	return 0;
}

/*
 * Signers of answers are the one thing that an old generation issues beside
 * its lists: a delegate speaks only for the key that certified it (RFC 6960,
 * 4.2.2.2), and old certificates are asked about until they end.
 */
static int
find_issuer(struct signer *s, struct prepared *p, const struct order *o,
    const struct profile **profile, struct error *e)
{
	struct error	 unknown = ERROR_INIT;

	*profile = NULL;
	if (profiles_find(&s->profiles, o->profile, profile, &unknown) == 0 &&
	    (*profile)->per_generation)
		return signer_speaking_ca(s, o->ca, &p->ca, e);
	if (signer_issuing_ca(s, o->ca, &p->ca, e) == -1)
		return -1;
	if (*profile != NULL)
		return 0;
	*e = unknown;
	return -1;
}

static int
prepare_policy(struct signer *s, struct prepared *p, struct approved *a,
    struct error *e)
{
	const struct order	*o = a->order;
	const struct profile	*profile;
	size_t			 i;

	if (find_issuer(s, p, o, &profile, e) == -1)
		return -1;
	p->spec.profile = profile;
	p->spec.issuer = &p->ca->issuer;
	for (i = 0; i < profile->cas.n; i++)
		if (strcmp(profile->cas.v[i], p->ca->family) == 0)
			break;
	if (i == profile->cas.n)
		return error_set(e, ERROR_DENIED, "profile %s is not issued "
		    "by CA %s", profile->name, o->ca);
	if (profile->is_ca)
		return error_set(e, ERROR_DENIED, "profile %s is for the root "
		    "to issue", profile->name);
	if (profile->order_lifetime > 0 &&
	    o->expires - o->created > profile->order_lifetime)
		return error_set(e, ERROR_DENIED, "the order lives longer than "
		    "profile %s allows", profile->name);
	if (p->batch != NULL)
		return batch_check(s, p->batch, profile, e);
	if (signer_check_live(s, a, e) == -1)
		return -1;
	return signer_check_approvals(s, a, approval_rule_for(profile, o),
	    renewed_cert(a), e);
}

/* The highest that the profile has a policy for. */
static const struct profile_policy *
assurance_of(const struct profile *p, bool has_station, bool attested)
{
	if (!has_station)
		return NULL;
	if (attested && p->assurance[PROFILE_ATTESTED].oid != NULL)
		return &p->assurance[PROFILE_ATTESTED];
	return p->assurance[PROFILE_STATION].oid != NULL ?
	    &p->assurance[PROFILE_STATION] : NULL;
}

/*
 * A key alone is taken from a station that has signed that it saw its proof.
 * What the card's maker says is checked wherever it is said: a false word is
 * worse than none.
 */
static int
check_card(struct signer *s, struct prepared *p, const struct csr *csr,
    struct error *e)
{
	const struct profile	*profile = p->spec.profile;
	struct attest		 a;
	int			 attested = 0;

	if (csr->is_bare && !p->has_station)
		return error_set(e, ERROR_DENIED, "a key without a proof of "
		    "possession is only taken from a station");
	if (s->makers != NULL && (attested = attest_check(&a, csr, s->makers,
	    clock_now(s->clock), e)) == -1)
		return -1;
	if (attested == 1 && a.pin_policy == ATTEST_NEVER &&
	    !profile_has_eku(profile, profile_eku_oid("pivCardAuth")))
		return error_set(e, ERROR_DENIED, "attestation: the card uses "
		    "this key without a PIN, which only keys of the card "
		    "itself are for");
	if (profile->needs_attestation && attested == 0)
		return error_set(e, ERROR_DENIED, "profile %s needs the word of "
		    "a card's maker, and %s", profile->name,
		    csr->nvouchers == 0 ? "the request has none" :
		    "attestation_roots is not set");
	p->spec.assurance = assurance_of(profile, p->has_station,
	    attested == 1);
	return 0;
}

static int
prepare_request(struct signer *s, struct prepared *p, const struct claim *c,
    struct approved *a, struct csr *csr, struct error *e)
{
	const struct order	*o = a->order;
	const struct order_item	*item = NULL;

	if (p->batch != NULL) {
		item = order_item(o, c->n);
		p->spec.fields = &item->fields;
		if (check_station(s, p, c, item, csr, e) == -1)
			return -1;
	} else {
		p->spec.fields = &o->fields;
		if (check_request(a, c, csr, e) == -1)
			return -1;
	}
	if (check_card(s, p, csr, e) == -1 ||
	    csr_check_wishes(csr, p->spec.profile, e) == -1 ||
	    blocklists_check(&s->blocklists, csr->key, e) == -1 ||
	    profile_check_key(p->spec.profile, csr->key, e) == -1 ||
	    profile_check_fields(p->spec.profile, p->spec.fields, e) == -1)
		return -1;
	buf_add(&p->spki, csr->spki.p, csr->spki.len);
	p->spec.spki = BYTES(p->spki.p, p->spki.len);
	if (cert_spec_init(&p->spec, clock_now(s->clock), o->until, s->rng,
	    e) == -1 || cert_tbs(&p->tbs, &p->spec, e) == -1)
		return -1;
	digest_sha256(p->tbs_digest, p->tbs.p, p->tbs.len);
	if (o->is_renewal)
		return check_renewal(s, p, renewed_cert(a), e);
	return 0;
}

static void
prepare_reply(struct msg *out, const struct prepared *p,
    const struct approved *a, const struct csr *csr)
{
	const struct order	*o = a->order;

	msg_put_u32(out, 1);
	msg_put_blob(out, p->order, 32);
	msg_put_str(out, p->ca->conf->name);
	msg_put_blob(out, p->spec.serial, CERT_SERIAL_SIZE);
	msg_put_blob(out, p->tbs.p, p->tbs.len);
	msg_put_str(out, o->profile);
	msg_put_str(out, p->batch != NULL ? order_item(o, p->n)->holder :
	    o->holder);
	msg_put_i64(out, p->expires);
	msg_put_u32(out, p->spec.profile->unique_key);
	msg_put_blob(out, csr->key_digest, KEY_DIGEST_SIZE);
	msg_put_blob(out, csr->digest, 32);
}

static int
parse_request(struct csr **csr, const struct claim *c, struct error *e)
{
	return c->station.len > 0 ? csr_parse_card(csr, c->request, e) :
	    csr_parse(csr, c->request, e);
}

static void
prepare_one(struct signer *s, const struct claim *c, struct msg *out)
{
	struct error	 e = ERROR_INIT;
	struct prepared	*p = mem_alloc(sizeof(*p));
	struct approved	*a = NULL;
	struct csr	*csr = NULL;

	p->group = s->tick;
	if (prepare_order(s, p, c, &a, &e) == -1 ||
	    prepare_policy(s, p, a, &e) == -1 ||
	    parse_request(&csr, c, &e) == -1 ||
	    prepare_request(s, p, c, a, csr, &e) == -1) {
		msg_put_u32(out, 0);
		msg_put_error(out, &e);
	} else {
		prepare_reply(out, p, a, csr);
		/* Prepared before and not signed: the store lost interest. */
		p = map_put(&s->prepared, p);
	}
	csr_free(&csr);
	prepared_free(&p);
}

/*
 * What was prepared and never signed (the worker lost the store in between)
 * must not block the order for ever.
 */
#define PREPARED_KEPT	100000	/* messages */

static void
forget_stale(struct signer *s)
{
	struct prepared	*p;
	size_t		 pos = 0;

	while ((p = map_next(&s->prepared, &pos)) != NULL) {
		if (s->tick - p->group <= PREPARED_KEPT)
			continue;
		map_remove(&s->prepared, p);
		prepared_free(&p);
	}
}

int
signer_prepare(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct claim	 c;
	uint32_t	 n = msg_get_u32(in), i;

	if (signer_check_chain(s, e) == -1)
		return -1;
	if (n > WIRE_GROUP_MAX)
		return error_set(e, ERROR_BUG, "group of %u is too large", n);
	if (s->tick % 1024 == 0)
		forget_stale(s);
	msg_put_u32(out, n);
	for (i = 0; i < n; i++) {
		claim_get(in, &c);
		if (in->bad)
			break;
		prepare_one(s, &c, out);
	}
	return msg_done(in, e);
}

/* SIGN. */

struct to_sign {
	struct prepared	*p;		/* taken out of the map; or */
	struct bytes	 tbs;		/* from an intent, with */
	struct signer_ca *ca;		/* its issuer */
	struct error	 e;
	struct buf	 der;
	bool		 key_failed;
};

/* The CA by the issuer name inside to-be-signed bytes. */
static struct signer_ca *
tbs_issuer(struct signer *s, struct bytes tbs, struct cert_look *look)
{
	struct error	 ignored = ERROR_INIT;
	size_t		 i;

	if (cert_look_tbs(look, tbs, &ignored) == -1)
		return NULL;
	for (i = 0; i < s->nca; i++) {
		const struct buf	*name = &s->ca[i].issuer.subject;

		if (bytes_equal(look->issuer, BYTES(name->p, name->len)))
			return &s->ca[i];
	}
	return NULL;
}

/* Bytes from the store are signed only if the ledger says that we decided to
 * sign exactly these before. */
static int
sign_from_intent(struct signer *s, const uint8_t order[32], uint32_t n,
    struct to_sign *t, struct error *e)
{
	const struct ledger_use	*u = ledger_find_use(s->ledger, order, n);
	struct cert_look	 look;
	uint8_t			 digest[32];

	digest_sha256(digest, t->tbs.p, t->tbs.len);
	if (u == NULL || memcmp(u->tbs, digest, 32) != 0)
		return error_set(e, ERROR_DENIED, "these bytes were never "
		    "prepared here");
	t->ca = tbs_issuer(s, t->tbs, &look);
	if (t->ca == NULL || !signer_key_is_usable(t->ca))
		return error_set(e, ERROR_UPSTREAM, "their CA has no usable "
		    "key");
	if (signer_ca_state(s, t->ca) == WIRE_CA_EXPIRED ||
	    signer_ca_state(s, t->ca) == WIRE_CA_REVOKED)
		return error_set(e, ERROR_UPSTREAM, "CA %s has expired or was "
		    "revoked since", t->ca->conf->name);
	return 0;
}

static void
sign_enter(struct signer *s, struct to_sign *t)
{
	struct ledger_use	 u = { .n = t->p->n };

	memcpy(u.order, t->p->order, 32);
	memcpy(u.tbs, t->p->tbs_digest, 32);
	u.expires = t->p->expires;
	u.ca = t->ca->conf->name;
	u.serial_len = CERT_SERIAL_SIZE;
	memcpy(u.serial, t->p->spec.serial, CERT_SERIAL_SIZE);
	ledger_add_use(s->ledger, &u);
	if (t->p->spec.shard > 0)
		signer_shard_note(s, t->ca);
	if (!t->p->has_station)
		return;
	memcpy(u.order, t->p->station, 32);
	u.n = 0;
	u.ca = NULL;
	ledger_add_use(s->ledger, &u);
}

static void
sign_take(struct signer *s, struct msg *in, struct to_sign *t)
{
	struct bytes	 order = msg_get_blob(in, 32);
	struct prepared	 key = { .n = msg_get_u32(in) }, *p;
	struct bytes	 serial = msg_get_blob(in, CERT_SERIAL_SIZE);

	t->tbs = msg_get_blob(in, CERT_MAX);
	if (in->bad || order.len != 32) {
		error_set(&t->e, ERROR_BUG, "malformed message");
		return;
	}
	if (t->tbs.len > 0) {
		(void)sign_from_intent(s, order.p, key.n, t, &t->e);
		return;
	}
	memcpy(key.order, order.p, 32);
	if ((p = map_find(&s->prepared, &key)) == NULL ||
	    !bytes_equal(serial, BYTES(p->spec.serial, CERT_SERIAL_SIZE))) {
		error_set(&t->e, ERROR_RETRY, "not prepared");
		return;
	}
	t->p = map_remove(&s->prepared, p);
	t->ca = t->p->ca;
	t->tbs = BYTES(t->p->tbs.p, t->p->tbs.len);
	sign_enter(s, t);
}

/* On any thread of the crew.  Once a key has failed, the rest of the group
 * does not wait for it. */
static void
sign_one(void *arg, size_t i)
{
	struct to_sign	*t = (struct to_sign *)arg + i;

	if (t->e.code != ERROR_NONE)
		return;
	if (atomic_load(&t->ca->failing)) {
		error_set(&t->e, ERROR_UPSTREAM, "CA %s: its key failed",
		    t->ca->conf->name);
		return;
	}
	if (cert_sign(&t->der, t->tbs, &t->ca->issuer, t->ca->key,
	    &t->e) == -1) {
		atomic_store(&t->ca->failing, true);
		t->key_failed = true;
	} else if (t->p != NULL)
		(void)cert_check_content(BYTES(t->der.p, t->der.len),
		    &t->p->spec, &t->e);
}

/* The group, on all processors; then what that showed of the keys. */
static void
sign_all(struct signer *s, struct to_sign *t, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (t[i].ca != NULL)
			atomic_store(&t[i].ca->failing, !t[i].ca->usable);
	crew_run(n, crew_size((size_t)s->conf->signing_threads), sign_one, t);
	for (i = 0; i < n; i++)
		if (t[i].key_failed)
			signer_key_failed(t[i].ca, &t[i].e);
}

static int64_t
sign_shard(const struct to_sign *t)
{
	const unsigned char	*p = t->der.p;
	X509			*x;
	int64_t			 shard;

	if (t->p != NULL)
		return t->p->spec.shard;
	x = d2i_X509(NULL, &p, (long)t->der.len);
	shard = x != NULL ? signer_shard_of(t->ca, x) : 0;
	X509_free(x);
	return shard;
}

static void
sign_reply(struct msg *out, const struct to_sign *t)
{
	msg_put_u32(out, t->e.code == ERROR_NONE);
	if (t->e.code == ERROR_NONE) {
		msg_put_blob(out, t->der.p, t->der.len);
		msg_put_i64(out, sign_shard(t));
	} else
		msg_put_error(out, &t->e);
}

int
signer_sign(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	struct to_sign	*t;
	uint32_t	 n = msg_get_u32(in), i;
	int		 rc = -1;

	if (signer_check_chain(s, e) == -1)
		return -1;
	if (n > WIRE_GROUP_MAX)
		return error_set(e, ERROR_BUG, "group of %u is too large", n);
	t = mem_array(n + 1, sizeof(*t));
	for (i = 0; i < n && !in->bad; i++)
		sign_take(s, in, &t[i]);
	/* The decision is on disk before the key is used. */
	if (msg_done(in, e) == -1 || ledger_sync(s->ledger, e) == -1)
		goto out;
	FAULT("signer.decided");
	sign_all(s, t, n);
	msg_put_u32(out, n);
	for (i = 0; i < n; i++)
		sign_reply(out, &t[i]);
	FAULT("signer.signed");
	rc = 0;
 out:
	for (i = 0; i < n; i++) {
		prepared_free(&t[i].p);
		buf_clear(&t[i].der);
	}
	mem_free(&t);
	return rc;
}

/* What is to become of an intent that some worker left in the store. */
static enum wire_resume
resume_one(struct signer *s, const struct ledger_use *u, struct bytes tbs,
    const char *ca, struct bytes serial)
{
	const struct signer_ca	*of;
	struct cert_look	 look;
	uint8_t			 digest[32];

	if (u == NULL)
		return WIRE_RESUME_WITHDRAW;
	digest_sha256(digest, tbs.p, tbs.len);
	if (memcmp(u->tbs, digest, 32) != 0)
		return WIRE_RESUME_REFUSE;
	/* Beside the bytes stand columns, which become the certificate's. */
	of = tbs_issuer(s, tbs, &look);
	return of != NULL && strcmp(of->conf->name, ca) == 0 &&
	    bytes_equal(look.serial, serial) ? WIRE_RESUME_SIGN :
	    WIRE_RESUME_REFUSE;
}

int
signer_resume(struct signer *s, struct msg *in, struct msg *out,
    struct error *e)
{
	uint32_t	 n = msg_get_u32(in), i;

	if (n > WIRE_GROUP_MAX)
		return error_set(e, ERROR_BUG, "group of %u is too large", n);
	msg_put_u32(out, n);
	for (i = 0; i < n; i++) {
		struct bytes		 order = msg_get_blob(in, 32);
		uint32_t		 item = msg_get_u32(in);
		char			 ca[65];
		struct bytes		 serial, tbs;

		msg_get_str(in, ca, sizeof(ca));
		serial = msg_get_blob(in, CERT_SERIAL_SIZE);
		tbs = msg_get_blob(in, CERT_MAX);
		if (in->bad || order.len != 32)
			return error_set(e, ERROR_BUG, "malformed message");
		msg_put_u32(out, resume_one(s, ledger_find_use(s->ledger,
		    order.p, item), tbs, ca, serial));
	}
	return msg_done(in, e);
}
