/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_DB_DB_CARD_H
#define SIGNET_DB_DB_CARD_H
/*
 * Cards on a station: from an item of a batch to an issued card or a spoiled
 * one.  Batches are made in db_card_batch.h, what follows after "issued" is in
 * db_card_life.h.
 *
 * The rule of the journal: what is going to be done to a card is committed
 * first (db_card_step_begin, db_card_secret_put), then the card hears of it,
 * then what has come of it is stored.  After a crash the row says what may have
 * happened, the card says what has.
 *
 * Who works on a card has a hold of it.  Taking a card over, on whatever
 * station, gives a new hold, and with an older one every call that writes ends
 * in ERROR_CONFLICT, "is in other hands": of two stations, or two readers with
 * a card and its clone, one goes on.  All calls that write belong into
 * db_txn(); where a transaction was retried they begin from what is stored.
 *
 * Secrets come here sealed and never otherwise.
 */
#include "db/db.h"
#include "db/db_order.h"
#include "db/db_row.h"

#define DB_CARD_ID	16		/* the GUID in the CHUID */

extern const struct db_table DB_CARD;		/* read, for the others, too */
extern const struct db_table DB_CARD_CLAIM;	/* claim, take over */
extern const struct db_table DB_CARD_STEP;	/* journal, states */
extern const struct db_table DB_CARD_KEY;	/* keys and their orders */
extern const struct db_table DB_CARD_SECRET;
extern const struct db_table DB_CARD_END;	/* issue */
extern const struct db_table DB_CARD_OWN;	/* is it still ours? */
extern const struct db_table DB_CARD_SPOIL;
extern const struct db_table DB_CARD_SEIZE;	/* by a person */

struct db_card_hold {
	uint8_t		 id[DB_CARD_ID];
	int64_t		 turn;
};

struct db_card {
	struct db_card_hold hold;	/* what is stored, not yet one's own */
	const char	*identity;	/* "piv-serial:..", "cplc:.." */
	const char	*number;	/* of the face */
	const char	*batch;		/* its name */
	int64_t		 batch_id;
	uint32_t	 n;		/* item of it */
	const char	*holder;
	const char	*layout;
	const char	*family;
	const char	*state;
	const char	*station, *reader;
	int64_t		 claimed_at, taken_at, changed_at;
	int64_t		 issued_at, expires;		/* or 0 */
	const char	*changed_by;
	const char	*reason;	/* or NULL */
};

/* ---- reading: outside of a transaction, too ---- */

/* 1, 0 none, -1. */
int	 db_card_find(struct db *, const uint8_t id[DB_CARD_ID],
	    struct db_card *, struct arena *, struct error *);
/* The newest card that this piece of plastic was: a live one, or what it ended
 * as (spoiled, returned, destroyed).  1, 0 never seen, -1. */
int	 db_card_seen(struct db *, const char *identity, struct db_card *,
	    struct arena *, struct error *);

/* What is printed on the card and in its letter. */
struct db_card_face {
	const char	*name;		/* of the holder */
	const char	*mail, *org;	/* or NULL */
	const char	*json;		/* columns of the import, an object */
	const char	*replaces;	/* number of another card, or NULL */
};
int	 db_card_face(struct db *, const uint8_t id[DB_CARD_ID],
	    struct db_card_face *, struct arena *, struct error *);

/* The orders that certify a card's keys, one per slot of its layout. */
struct db_card_order {
	const char	*slot;
	struct db_ref	 ref;
	uint8_t		 digest[DB_DIGEST];	/* of the batch order */
	const char	*profile, *ca;
	const char	*order_state;	/* "ready", ... */
	const char	*item_state;	/* waiting open signing done refused dropped */
	const char	*reason;	/* why refused, or NULL */
	int64_t		 expires_at;
};
struct db_card_orders {
	struct db_card_order	*v;
	size_t			 n;
};
int	 db_card_orders(struct db *, const uint8_t id[DB_CARD_ID],
	    struct db_card_orders *, struct arena *, struct error *);

/* ---- claiming ---- */

struct db_card_new {
	uint8_t		 id[DB_CARD_ID];	/* fresh random GUID */
	const char	*identity;
	const char	*family;
	const char	*station, *reader;
	const char *const *batch;	/* names of those that run here */
	size_t		 nbatches;
	const char	*number;	/* this one, it is on the face already; or NULL */
};
/*
 * The next item that waits, whose batch runs and whose orders are approved,
 * and the card for it, in state claimed.  Two stations never get the same.
 * Items of holders who have as many cards as they may are dropped, with the
 * reason, and passed over.  1; 0 nothing waits (of that number); -1:
 * ERROR_CONFLICT when the identity is a live card's already.
 */
int	 db_card_claim(struct db *, const struct db_card_new *,
	    struct db_card *, struct arena *, struct error *);
/*
 * Go on with a card that was seen before; *card has the new hold, state and
 * who had it until now.  ERROR_CONFLICT when "turn" is not the last one, or the
 * card is issued or at its end.
 */
int	 db_card_take(struct db *, const struct db_card_hold *,
	    const char *station, const char *reader, struct db_card *,
	    struct arena *, struct error *);

/* ---- journal ---- */

struct db_card_step {
	int		 seq;
	const char	*step, *slot;	/* slot NULL: of the card itself */
	int		 tries;		/* > 1: begun before, look at the card */
	const char	*station;
	int64_t		 begun_at, done_at;	/* done_at 0: not yet */
};
struct db_card_steps {
	struct db_card_step	*v;
	size_t			 n;
};
/*
 * Begin; or begin again what is open with the same names, which *tries tells.
 * ERROR_CONFLICT while another step is open: end that one first, by looking at
 * the card.
 */
int	 db_card_step_begin(struct db *, const struct db_card_hold *,
	    const char *step, const char *slot, int *seq, int *tries,
	    struct error *);
/*
 * That one is done, and the next one begun, in one statement that needs no
 * transaction around it.  1; 0, nothing was changed: it is not open, or the
 * card is in other hands, which the calls for each say.
 */
int	 db_card_step_next(struct db *, const struct db_card_hold *, int before,
	    const char *step, const char *slot, int *seq, struct error *);
/* ERROR_CONFLICT if it is not open. */
int	 db_card_step_done(struct db *, const struct db_card_hold *, int seq,
	    struct error *);
/* The open one: 1, 0 none, -1. */
int	 db_card_step_open(struct db *, const uint8_t id[DB_CARD_ID],
	    struct db_card_step *, struct arena *, struct error *);
/* All of a card, oldest first. */
int	 db_card_steps(struct db *, const uint8_t id[DB_CARD_ID],
	    struct db_card_steps *, struct arena *, struct error *);
/* From one state to the next: claimed keyed ordered certified written locked
 * verified.  ERROR_CONFLICT if it is not in "before" or the way is none.  To
 * "issued" and "spoiled" lead calls of their own. */
int	 db_card_advance(struct db *, const struct db_card_hold *,
	    const char *before, const char *after, struct error *);

/* ---- keys ---- */

struct db_card_key {
	const char	*slot, *alg;
	struct bytes	 spki;
	uint8_t		 digest[DB_DIGEST];	/* SHA-256 of spki */
	struct bytes	 attestation;	/* leaf and issuer, DER; p NULL if none */
	struct bytes	 request;	/* PKCS#10; p NULL: not ordered yet */
	bool		 ordered;
	struct db_ref	 ref;		/* if ordered */
	int64_t		 written_at;	/* the certificate is on the card; or 0 */
	/* What has come of the order: the item's state, NULL if not ordered. */
	const char	*state, *reason;
	int64_t		 cert;		/* id, 0: none */
	struct bytes	 der;		/* p NULL: none */
	const char	*cert_status;	/* good, held, revoked; or NULL */
	const char	*ca;
	struct db_serial serial;
};
struct db_card_keys {
	struct db_card_key	*v;
	size_t			 n;
};
/* By slot. */
int	 db_card_keys(struct db *, const uint8_t id[DB_CARD_ID],
	    struct db_card_keys *, struct arena *, struct error *);
/*
 * A key was made: in the place of an earlier one of this slot that nothing was
 * ordered for.  ERROR_CONFLICT: something was; ERROR_DENIED: this key is on
 * another card, or in another slot.
 */
int	 db_card_key_put(struct db *, const struct db_card_hold *,
	    const struct db_card_key *, struct error *);
/*
 * Order its certificate: the request and the signed ORDER_ITEM (or a batch's
 * item otherwise complete) go to the CA, the key remembers which item it was,
 * and the CA is woken.  item->ref as db_card_orders() says.  ERROR_CONFLICT if
 * something was ordered for this key, or the item does not wait.
 */
int	 db_card_key_order(struct db *, const struct db_card_hold *,
	    const char *slot, const struct db_item_new *item, struct error *);
/* Its certificate is on the card, read back. */
int	 db_card_key_written(struct db *, const struct db_card_hold *,
	    const char *slot, struct error *);

/* ---- secrets ---- */

struct db_card_secret {
	const char	*kind;		/* pin, puk, management */
	int		 version;	/* 1, 2 ... of this kind */
	struct bytes	 sealed;	/* CMS to the escrow; p NULL: PIN */
	struct bytes	 work;		/* CMS to stations; p NULL: over */
	int64_t		 made_at, set_at, void_at;	/* or 0 */
};
struct db_card_secrets {
	struct db_card_secret	*v;
	size_t			 n;
};
/* The next version; to be committed before the card hears of it. */
int	 db_card_secret_put(struct db *, const struct db_card_hold *,
	    const struct db_card_secret *, int *version, struct error *);
/* The card has it: proved.  Earlier versions of the kind are void. */
int	 db_card_secret_set(struct db *, const struct db_card_hold *,
	    const char *kind, int version, struct error *);
/* Newest of each kind first; those that are void, too.  For stations. */
int	 db_card_secrets(struct db *, const uint8_t id[DB_CARD_ID],
	    struct db_card_secrets *, struct arena *, struct error *);

/* ---- the end ---- */

struct db_card_letter {
	const char	*number;	/* the letter's own */
	struct bytes	 sealed;	/* CMS to the mailing house */
	/* Of the revocation code in it; name NULL: none.  For the card's first
	 * certificate, which leads to the others by the card's number. */
	const char	*code_name;
	struct bytes	 code_salt, code_hash;
};
/*
 * From verified to issued, with the item and the letter (NULL: none).  What
 * stations kept to go on with is gone.  ERROR_CONFLICT when a step is open, a
 * key's certificate has not been written, or a secret was not set.
 */
int	 db_card_issue(struct db *, const struct db_card_hold *,
	    int64_t expires, const struct db_card_letter *, struct error *);
/*
 * Spoiled, from anywhere before issued.  Secrets and letter are void, requests
 * that the CA has not begun on are withdrawn, the item waits again or, when its
 * orders are used, is spent.  *certs: how many certificates there are, or may
 * come still of what is being signed; each has to be revoked
 * (db_card_unrevoked()).
 */
int	 db_card_spoil(struct db *, const struct db_card_hold *,
	    const char *reason, int *certs, struct error *);

/* The same by a person, whoever has a hold of it: that one is void then.
 * ERROR_CONFLICT: it is not under way. */
int	 db_card_spoil_by(struct db *, const uint8_t id[DB_CARD_ID],
	    const char *who, const char *reason, int *certs, struct error *);

/* Certificates of spoiled cards that are good: none is to stay so. */
struct db_card_unrevoked {
	uint8_t		 id[DB_CARD_ID];
	const char	*number;
	const char	*ca;
	struct db_serial serial;
	bool		 ordered;	/* an order to revoke is on its way */
};
struct db_card_unrevokeds {
	struct db_card_unrevoked	*v;
	size_t				 n;
};
int	 db_card_unrevoked(struct db *, const char *station,	/* NULL: any */
	    size_t limit, struct db_card_unrevokeds *, struct arena *,
	    struct error *);
/* That order; call it in the transaction that hands the order in. */
int	 db_card_revoking(struct db *, const uint8_t id[DB_CARD_ID],
	    const uint8_t order_id[DB_ORDER_ID], struct error *);
/* Something happened that is no change of state; for the history. */
int	 db_card_event(struct db *, const uint8_t id[DB_CARD_ID],
	    const char *what, const char *who, const char *reason,
	    struct error *);
#endif
