/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of a card, its keys and what is ordered for them.
 */
#include "office_private.h"

#include <openssl/crypto.h>

#include "base/text.h"
#include "order/approval.h"
#include "x509/csr.h"

/* An order for an item lives as long as a CA may be away. */
#define ITEM_LIFETIME	(7 * 86400)

/* ---- steps ---- */

int
seat_close_step(struct seat *s, struct db *db, struct error *e)
{
	return s->step == 0 ? 0 : db_card_step_done(db, &s->card.hold,
	    s->step, e);
}

struct step {
	struct seat	*seat;
	enum job_step	 step;
	enum card_slot	 slot;
	int		 seq;
};

/* A secret that is followed by another step is on the card. */
static int
note_secret(struct seat *s, struct db *db, const char *kind,
    struct error *e)
{
	struct db_card_secrets	 all;

	if (db_card_secrets(db, s->card.hold.id, &all, s->arena, e) == -1)
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		const struct db_card_secret	*v = &all.v[i];

		if (strcmp(v->kind, kind) == 0 && v->void_at == 0)
			return v->set_at != 0 ? 0 : db_card_secret_set(db,
			    &s->card.hold, kind, v->version, e);
	}
	return 0;
}

static int
advance(struct seat *s, struct db *db, const char *before, const char *after,
    struct error *e)
{
	return strcmp(s->card.state, before) != 0 ? 0 :
	    db_card_advance(db, &s->card.hold, before, after, e);
}

static const char *
slot_of(const struct step *p)
{
	return p->step == STEP_KEY || p->step == STEP_CERT ?
	    card_slot_name(p->slot) : NULL;
}

static int
begin_step(struct db *db, void *arg, struct error *e)
{
	struct step	*p = arg;
	struct seat	*s = p->seat;
	int		 tries;

	if (seat_close_step(s, db, e) == -1 ||
	    db_card_step_begin(db, &s->card.hold, job_step_name(p->step),
	    slot_of(p), &p->seq, &tries, e) == -1)
		return -1;
	if (p->step != STEP_CHECK)
		return 0;
	return note_secret(s, db, "pin", e) == -1 ||
	    note_secret(s, db, "puk", e) == -1 ||
	    note_secret(s, db, "management", e) == -1 ||
	    advance(s, db, "written", "locked", e) == -1 ? -1 : 0;
}

/* Mostly nothing else is done at the same time, and one trip to the store is
 * enough. */
static int
begin_next(struct step *p, struct error *e)
{
	struct seat	*s = p->seat;
	int		 rc = 0;

	if (s->step != 0 && p->step != STEP_CHECK)
		rc = db_card_step_next(s->office->db, &s->card.hold, s->step,
		    job_step_name(p->step), slot_of(p), &p->seq, e);
	return rc != 0 ? rc : db_txn(s->office->db, begin_step, p, e);
}

int
office_begin(void *arg, enum job_step step, enum card_slot slot,
    struct error *e)
{
	struct seat	*s = arg;
	struct step	 p = { s, step, slot, 0 };
	struct event	 v = { .kind = EVENT_STEP, .step = step,
			    .slot = slot };

	if (!s->has_card)
		return error_set(e, ERROR_BUG, "no card was found");
	if (step == STEP_CHANNEL && seat_may_open(s, e) == -1)
		return -1;
	if (begin_next(&p, e) == -1)
		return -1;
	s->denied = step == STEP_DENIED;
	if (step == STEP_DENIED)
		s->office->denied++;
	else if (step == STEP_PREPARE)
		s->office->denied = 0;
	s->step = p.seq;
	if (step == STEP_CHECK && strcmp(s->card.state, "written") == 0)
		s->card.state = "locked";
	seat_tell_event(s, &v);
	return 0;
}

/* ---- keys ---- */

struct key_note {
	struct seat		*seat;
	struct db_card_key	 key;
};

static int
put_key(struct db *db, void *arg, struct error *e)
{
	struct key_note	*n = arg;

	if (seat_close_step(n->seat, db, e) == -1)
		return -1;
	return db_card_key_put(db, &n->seat->card.hold, &n->key, e);
}

/* The same key again is one whose request was never made. */
static bool
is_noted(struct seat *s, const char *slot, struct bytes spki)
{
	struct db_card_keys	 keys;
	struct error		 e = ERROR_INIT;

	if (db_card_keys(s->office->db, s->card.hold.id, &keys, s->arena,
	    &e) == -1)
		return false;
	for (size_t i = 0; i < keys.n; i++)
		if (strcmp(keys.v[i].slot, slot) == 0)
			return bytes_equal(keys.v[i].spki, spki);
	return false;
}

/* Whether it is true only the CA can say; that it is well-formed is seen when
 * the request that it goes with is parsed. */
static void
set_vouchers(struct seat *s, struct bytes leaf, struct bytes issuer)
{
	buf_clear(&s->leaf);
	buf_clear(&s->issuer);
	buf_add(&s->leaf, leaf.p, leaf.len);
	buf_add(&s->issuer, issuer.p, issuer.len);
}

int
office_key(void *arg, const struct job_slot *j, struct bytes leaf,
    struct bytes issuer, struct buf *nonce, struct error *e)
{
	struct seat	*s = arg;
	struct key_note	 n = { .seat = s, .key = {
			    .slot = card_slot_name(j->slot),
			    .alg = card_alg_name(j->alg) } };
	struct buf	 spki = { 0 }, attestation = { 0 };
	int		 rc = -1;

	if (!s->has_card)
		return error_set(e, ERROR_BUG, "no card was found");
	if (key_public_der(&spki, j->key, e) == -1 ||
	    key_digest(n.key.digest, j->key, e) == -1 ||
	    csr_check_key(j->key, e) == -1 ||
	    rng_fill(&rng_system, s->nonce, sizeof(s->nonce), e) == -1)
		goto out;
	s->nonce_slot = j->slot;
	set_vouchers(s, leaf, issuer);
	buf_add(&attestation, leaf.p, leaf.len);
	buf_add(&attestation, issuer.p, issuer.len);
	n.key.spki = BYTES(spki.p, spki.len);
	n.key.attestation = BYTES(attestation.p, attestation.len);
	rc = is_noted(s, n.key.slot, n.key.spki) ? 0 :
	    db_txn(s->office->db, put_key, &n, e);
	if (rc == 0) {
		s->step = 0;
		buf_add(nonce, s->nonce, sizeof(s->nonce));
	}
 out:
	buf_clear(&attestation);
	buf_clear(&spki);
	return rc;
}

/* ---- orders ---- */

static bool
has_nonce(const struct seat *s, struct bytes der)
{
	char	 hex[2 * NONCE_SIZE + 1];

	text_hex(hex, s->nonce, sizeof(s->nonce));
	return memmem(der.p, der.len, hex, strlen(hex)) != NULL;
}

/* The worker has checked it; so do we, for the worker reads what cards say. */
static int
check_request(struct seat *s, enum card_slot slot, struct bytes der,
    bool is_bare, struct bytes made, const struct db_card_keys *keys,
    struct error *e)
{
	struct csr	*csr = NULL;
	uint8_t		 digest[KEY_DIGEST_SIZE];
	int		 rc = -1;

	if (csr_parse_card(&csr, made, e) == -1)
		return error_wrap(e, "request of the card");
	memcpy(digest, csr->key_digest, sizeof(digest));
	csr_free(&csr);
	if (s->nonce_slot != slot || (!is_bare && !has_nonce(s, der)))
		return error_set(e, ERROR_DENIED, "the request was not made "
		    "for this occasion");
	for (size_t i = 0; i < keys->n; i++)
		if (strcmp(keys->v[i].slot, card_slot_name(slot)) == 0 &&
		    memcmp(keys->v[i].digest, digest, sizeof(digest)) == 0)
			rc = 0;
	return rc == 0 ? 0 : error_set(e, ERROR_DENIED, "the request is for "
	    "another key than the card has shown");
}

/* The station's order: this request is for that item of the batch. */
static int
make_item(struct seat *s, const struct db_card_order *to, struct bytes der,
    struct buf *blob, struct error *e)
{
	struct order	*o = NULL;
	struct buf	 bare = { 0 };
	int		 rc = -1;

	if (order_new(&o, ORDER_ITEM, ITEM_LIFETIME, &clock_system,
	    &rng_system, e) == -1)
		return -1;
	memcpy(o->batch, to->digest, sizeof(o->batch));
	o->n = to->ref.n;
	o->has_request = true;
	o->comment = mem_printf("card %s, %s", s->card.number, to->slot);
	if (EVP_Digest(der.p, der.len, o->request, NULL, EVP_sha256(),
	    NULL) != 1)
		error_ssl(e, ERROR_CRYPTO, "digest of the request");
	else if (approval_wrap(&bare, o, e) == 0)
		rc = approval_add(blob, BYTES(bare.p, bare.len),
		    &s->office->agent, &clock_system, e);
	buf_clear(&bare);
	order_free(&o);
	return rc;
}

static const struct db_card_order *
order_for(const struct db_card_orders *orders, enum card_slot slot)
{
	for (size_t i = 0; i < orders->n; i++)
		if (strcmp(orders->v[i].slot, card_slot_name(slot)) == 0)
			return &orders->v[i];
	return NULL;
}

struct ordering {
	struct seat		*seat;
	enum card_slot		 slot;
	struct db_item_new	 item;
	bool			 last;
};

static bool
is_last(const struct seat *s, const struct db_card_keys *keys,
    enum card_slot slot)
{
	size_t	 ordered = 0;

	for (size_t i = 0; i < keys->n; i++)
		ordered += keys->v[i].ordered ||
		    strcmp(keys->v[i].slot, card_slot_name(slot)) == 0;
	return ordered == s->layout->slots.n;
}

static int
put_order(struct db *db, void *arg, struct error *e)
{
	struct ordering	*r = arg;
	struct seat	*s = r->seat;

	if (db_card_key_order(db, &s->card.hold, card_slot_name(r->slot),
	    &r->item, e) == -1)
		return -1;
	if (!r->last)
		return 0;
	return advance(s, db, "claimed", "keyed", e) == -1 ||
	    db_card_advance(db, &s->card.hold, "keyed", "ordered", e) == -1 ?
	    -1 : 0;
}

int
office_request(void *arg, enum card_slot slot, struct bytes der,
    bool is_request, struct error *e)
{
	struct seat			*s = arg;
	struct office			*o = s->office;
	struct db_card_keys		 keys;
	struct db_card_orders		 orders;
	const struct db_card_order	*to;
	struct ordering			 r = { .seat = s, .slot = slot };
	struct buf			 blob = { 0 }, made = { 0 };
	int				 rc = -1;

	if (!s->has_card)
		return error_set(e, ERROR_BUG, "no card was found");
	csr_card_put(&made, der, !is_request, BYTES(s->leaf.p, s->leaf.len),
	    BYTES(s->issuer.p, s->issuer.len));
	if (db_card_keys(o->db, s->card.hold.id, &keys, s->arena, e) == -1 ||
	    db_card_orders(o->db, s->card.hold.id, &orders, s->arena,
	    e) == -1 || check_request(s, slot, der, !is_request,
	    BYTES(made.p, made.len), &keys, e) == -1)
		goto out;
	if ((to = order_for(&orders, slot)) == NULL) {
		error_set(e, ERROR_CONFIG, "batch %s has no order for the "
		    "%s slot", s->card.batch, card_slot_name(slot));
		goto out;
	}
	if (make_item(s, to, BYTES(made.p, made.len), &blob, e) == 0) {
		r.item = (struct db_item_new){ .ref = to->ref,
		    .holder = s->card.holder,
		    .request = BYTES(made.p, made.len),
		    .station_order = BYTES(blob.p, blob.len) };
		r.last = is_last(s, &keys, slot);
		rc = db_txn(o->db, put_order, &r, e);
	}
 out:
	buf_clear(&made);
	buf_clear(&blob);
	if (rc == 0 && r.last)
		s->card.state = "ordered";
	return rc;
}

/* ---- what came of them ---- */

static int
all_issued(struct seat *s, const struct db_card_keys *keys, struct error *e)
{
	size_t	 issued = 0;

	for (size_t i = 0; i < keys->n; i++) {
		const struct db_card_key	*k = &keys->v[i];

		if (k->state != NULL && (strcmp(k->state, "refused") == 0 ||
		    strcmp(k->state, "dropped") == 0)) {
			s->no_cert = true;
			return error_set(e, ERROR_DENIED, "the CA refused the "
			    "certificate for the %s slot: %s", k->slot,
			    k->reason != NULL ? k->reason : k->state);
		}
		issued += k->der.p != NULL;
	}
	return issued == s->layout->slots.n;
}

static int
note_certified(struct db *db, void *arg, struct error *e)
{
	struct seat	*s = arg;

	return db_card_advance(db, &s->card.hold, "ordered", "certified", e);
}

int
seat_certified(struct seat *s, struct error *e)
{
	if (strcmp(s->card.state, "ordered") != 0)
		return 0;
	if (db_txn(s->office->db, note_certified, s, e) == -1)
		return -1;
	s->card.state = "certified";
	return 0;
}

int
office_wait(void *arg, struct error *e)
{
	struct seat		*s = arg;
	struct db_card_keys	 keys;
	struct arena		*look = s->office->look;
	int			 rc;

	if (!s->has_card)
		return error_set(e, ERROR_BUG, "no card was found");
	s->at_hand = false;		/* it may go elsewhere meanwhile */
	/* Again and again, as long as the CA is away. */
	arena_reset(look);
	if (db_card_keys(s->office->db, s->card.hold.id, &keys, look,
	    e) == -1 || (rc = all_issued(s, &keys, e)) == -1)
		return -1;
	if (rc == 0) {
		if (!s->waits)
			seat_tell(s, EVENT_WAIT, "");
		s->waits = true;
		if (s->asked_at == 0)
			s->asked_at = clock_monotonic_ms();
		return 0;
	}
	s->waits = false;
	return seat_certified(s, e) == -1 ? -1 : 1;
}
