/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "db/db_card_private.h"

enum { ELSEWHERE, PUT, ORDER, IS_ORDERED, SUPPLY, WRITTEN };
static const struct db_stmt stmt[] = {
	[ELSEWHERE] = DB_STMT("card_key_elsewhere",
	    "SELECT EXISTS (SELECT FROM card_key WHERE key_digest = $1::bytea"
	    " AND (card <> $2::bytea OR slot <> $3::text))"),
	[PUT] = DB_STMT("card_key_put",
	    "INSERT INTO card_key AS k (card, slot, alg, spki, key_digest,"
	    " attestation) VALUES ($1::bytea, $2::text, $3::text, $4::bytea,"
	    " $5::bytea, $6::bytea) ON CONFLICT (card, slot) DO UPDATE"
	    " SET alg = excluded.alg, spki = excluded.spki,"
	    " key_digest = excluded.key_digest,"
	    " attestation = excluded.attestation, request = NULL,"
	    " made_at = now() WHERE k.order_id IS NULL"),
	[ORDER] = DB_STMT("card_key_order",
	    "UPDATE card_key SET request = $3::bytea, order_id = $4::bytea,"
	    " n = $5::bigint WHERE card = $1::bytea AND slot = $2::text"
	    " AND order_id IS NULL"),
	[IS_ORDERED] = DB_STMT("card_key_is_ordered",
	    "SELECT order_id IS NOT NULL FROM card_key"
	    " WHERE card = $1::bytea AND slot = $2::text"),
	[WRITTEN] = DB_STMT("card_key_written",
	    "UPDATE card_key SET written_at = now() WHERE card = $1::bytea"
	    " AND slot = $2::text AND order_id IS NOT NULL"),
	[SUPPLY] = DB_STMT("card_key_may_order",
	    "SELECT EXISTS (SELECT FROM card c JOIN card_item i"
	    " ON i.batch = c.batch AND i.n = c.n JOIN card_batch_order bo"
	    " ON bo.batch = i.batch AND bo.round = i.round"
	    " WHERE c.id = $1::bytea AND bo.slot = $2::text"
	    " AND bo.order_id = $3::bytea AND i.place = $4::bigint)"),
};
const struct db_table DB_CARD_KEY = DB_TABLE(stmt);

/* 1, 0, -1: what one boolean says; 0 where there is no row. */
static int
ask(struct db *db, int which, const struct db_arg *arg, size_t n,
    struct error *e)
{
	struct db_rows	*rows;
	int		 rc;

	if (db_query(db, &stmt[which], arg, n, &rows, e) == -1)
		return -1;
	rc = db_rows_count(rows) == 1 && db_get_bool(rows, 0, 0);
	db_rows_free(&rows);
	return rc;
}

static int
wrap_slot(struct error *e, const struct db_card_hold *h, const char *slot)
{
	error_wrap(e, "key %s", slot);
	return db_card_wrap(e, h->id);
}

int
db_card_key_put(struct db *db, const struct db_card_hold *h,
    const struct db_card_key *k, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID),
	    db_text(k->slot), db_text(k->alg),
	    db_bytes(k->spki.p, k->spki.len), db_bytes(k->digest, DB_DIGEST),
	    db_bytes(k->attestation.p, k->attestation.len) };
	int			 elsewhere;
	int64_t			 n;

	if (db_card_own(db, h, NULL, e) == -1 ||
	    (elsewhere = ask(db, ELSEWHERE, (struct db_arg[]){ arg[4], arg[0],
	    arg[1] }, 3, e)) == -1)
		return -1;
	if (elsewhere) {
		error_set(e, ERROR_DENIED, "this key is known from another card "
		    "or slot");
		return wrap_slot(e, h, k->slot);
	}
	if ((n = db_exec(db, &stmt[PUT], arg, 6, e)) == 1)
		return 0;
	if (n == 0)
		error_set(e, ERROR_CONFLICT, "a certificate is ordered for the "
		    "key before this one");
	return wrap_slot(e, h, k->slot);
}

/* Is the item this card's, for this slot? */
static int
check_ref(struct db *db, const struct db_card_hold *h, const char *slot,
    const struct db_ref *ref, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID),
	    db_text(slot), db_bytes(ref->order_id, DB_ORDER_ID),
	    db_int(ref->n) };
	int			 may;

	if ((may = ask(db, SUPPLY, arg, 4, e)) == 1)
		return 0;
	return may == -1 ? -1 : error_set(e, ERROR_DENIED,
	    "item %u of that order is not this card's", ref->n);
}

static int
mark_ordered(struct db *db, const struct db_card_hold *h, const char *slot,
    const struct db_item_new *item, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID),
	    db_text(slot), db_bytes(item->request.p, item->request.len),
	    db_bytes(item->ref.order_id, DB_ORDER_ID), db_int(item->ref.n) };
	int			 ordered;
	int64_t			 n;

	if ((n = db_exec(db, &stmt[ORDER], arg, 5, e)) == 1)
		return 0;
	if (n == -1 || (ordered = ask(db, IS_ORDERED, arg, 2, e)) == -1)
		return -1;
	return ordered ? error_set(e, ERROR_CONFLICT, "its certificate is "
	    "ordered already") : error_set(e, ERROR_NOTFOUND, "there is none");
}

int
db_card_key_order(struct db *db, const struct db_card_hold *h,
    const char *slot, const struct db_item_new *item, struct error *e)
{
	if (db_card_own(db, h, NULL, e) == -1)
		return -1;
	if (check_ref(db, h, slot, &item->ref, e) == -1 ||
	    mark_ordered(db, h, slot, item, e) == -1 ||
	    db_order_supply(db, item, e) == -1 ||
	    db_notify(db, "signet_order", e) == -1)
		return wrap_slot(e, h, slot);
	return 0;
}

int
db_card_key_written(struct db *db, const struct db_card_hold *h,
    const char *slot, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID),
	    db_text(slot) };
	int64_t			 n;

	if (db_card_own(db, h, NULL, e) == -1)
		return -1;
	if ((n = db_exec(db, &stmt[WRITTEN], arg, 2, e)) == 1)
		return 0;
	if (n == 0)
		error_set(e, ERROR_CONFLICT, "nothing was ordered for it");
	return wrap_slot(e, h, slot);
}
