/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "db/db_card_private.h"

#define STEP_COLUMNS	"seq, step, slot, tries, station, " \
	DB_EPOCH("begun_at") ", coalesce(" DB_EPOCH("done_at") ", 0)"

enum { FIND, SEEN, FACE, ORDERS, UNREVOKED, KEYS, STEP_OPEN, STEPS };
static const struct db_stmt stmt[] = {
	[FIND] = DB_STMT("card_find",
	    "SELECT " DB_CARD_COLUMNS DB_CARD_FROM "WHERE c.id = $1::bytea"),
	[SEEN] = DB_STMT("card_seen",
	    "SELECT " DB_CARD_COLUMNS DB_CARD_FROM
	    "WHERE c.identity = $1::text ORDER BY c.claimed_at DESC LIMIT 1"),
	[FACE] = DB_STMT("card_face",
	    "SELECT h.name, h.mail, h.org, i.face::text, i.replaces FROM card c"
	    " JOIN card_item i ON i.batch = c.batch AND i.n = c.n"
	    " JOIN holder h ON h.id = c.holder WHERE c.id = $1::bytea"),
	[ORDERS] = DB_STMT("card_orders",
	    "SELECT bo.slot, bo.order_id, i.place, o.digest, o.profile, o.ca,"
	    " o.state, oi.state, oi.reason, " DB_EPOCH("o.expires_at")
	    " FROM card c JOIN card_item i ON i.batch = c.batch AND i.n = c.n"
	    " JOIN card_batch_order bo ON bo.batch = i.batch"
	    "  AND bo.round = i.round"
	    " JOIN orders o ON o.id = bo.order_id"
	    " JOIN item oi ON oi.order_id = o.id AND oi.n = i.place"
	    " WHERE c.id = $1::bytea ORDER BY bo.slot"),
	[UNREVOKED] = DB_STMT_FRESH("card_unrevoked",
	    "SELECT c.id, c.number, x.ca, x.serial, EXISTS (SELECT FROM orders o"
	    "  WHERE o.id = c.order_id AND o.state IN ('pending', 'ready'))"
	    " FROM card c JOIN card_key k ON k.card = c.id"
	    " JOIN cert x ON x.order_id = k.order_id AND x.n = k.n"
	    " WHERE c.state = 'spoiled' AND x.status <> 'revoked'"
	    " AND x.not_after > now()"
	    " AND ($1::text IS NULL OR c.station = $1::text)"
	    " ORDER BY c.changed_at, c.id, k.slot LIMIT $2::bigint"),
	[KEYS] = DB_STMT("card_keys",
	    "SELECT k.slot, k.alg, k.spki, k.key_digest, k.attestation,"
	    " k.request, k.order_id IS NOT NULL, k.order_id, coalesce(k.n, 0),"
	    " coalesce(" DB_EPOCH("k.written_at") ", 0), i.state, i.reason,"
	    " coalesce(x.id, 0), x.der, coalesce(x.status, y.status),"
	    " coalesce(x.ca, y.ca), coalesce(x.serial, y.serial)"
	    " FROM card_key k"
	    " LEFT JOIN item i ON i.order_id = k.order_id AND i.n = k.n"
	    " LEFT JOIN cert x ON x.order_id = k.order_id AND x.n = k.n"
	    " LEFT JOIN archived y ON y.order_id = k.order_id AND y.n = k.n"
	    " WHERE k.card = $1::bytea ORDER BY k.slot"),
	[STEP_OPEN] = DB_STMT("card_step_open",
	    "SELECT " STEP_COLUMNS " FROM card_step WHERE card = $1::bytea"
	    " AND done_at IS NULL"),
	[STEPS] = DB_STMT("card_steps",
	    "SELECT " STEP_COLUMNS " FROM card_step WHERE card = $1::bytea"
	    " ORDER BY seq"),
};
const struct db_table DB_CARD = DB_TABLE(stmt);

int
db_card_wrap(struct error *e, const uint8_t id[DB_CARD_ID])
{
	char	 hex[2 * DB_CARD_ID + 1];

	return error_wrap(e, "card %s", text_hex(hex, id, DB_CARD_ID));
}

void
db_card_fill(struct db_card *c, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	db_row_fixed(c->hold.id, DB_CARD_ID, rows, i, 0);
	c->hold.turn = db_get_int(rows, i, 1);
	c->identity = db_row_text(a, rows, i, 2);
	c->number = db_row_text(a, rows, i, 3);
	c->batch = db_row_text(a, rows, i, 4);
	c->batch_id = db_get_int(rows, i, 5);
	c->n = (uint32_t)db_get_int(rows, i, 6);
	c->holder = db_row_text(a, rows, i, 7);
	c->layout = db_row_text(a, rows, i, 8);
	c->family = db_row_text(a, rows, i, 9);
	c->state = db_row_text(a, rows, i, 10);
	c->station = db_row_text(a, rows, i, 11);
	c->reader = db_row_text(a, rows, i, 12);
	c->claimed_at = db_get_int(rows, i, 13);
	c->taken_at = db_get_int(rows, i, 14);
	c->changed_at = db_get_int(rows, i, 15);
	c->issued_at = db_get_int(rows, i, 16);
	c->expires = db_get_int(rows, i, 17);
	c->changed_by = db_row_text(a, rows, i, 18);
	c->reason = db_row_text(a, rows, i, 19);
}

static int
find_one(struct db *db, const struct db_stmt *s, struct db_arg arg,
    struct db_card *out, struct arena *a, struct error *e)
{
	struct db_rows	*rows;
	int		 found;

	if (db_query(db, s, &arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		db_card_fill(out, rows, 0, a);
	db_rows_free(&rows);
	return found;
}

int
db_card_find(struct db *db, const uint8_t id[DB_CARD_ID],
    struct db_card *out, struct arena *a, struct error *e)
{
	return find_one(db, &stmt[FIND], db_bytes(id, DB_CARD_ID), out, a, e);
}

int
db_card_seen(struct db *db, const char *identity, struct db_card *out,
    struct arena *a, struct error *e)
{
	return find_one(db, &stmt[SEEN], db_text(identity), out, a, e);
}

int
db_card_face(struct db *db, const uint8_t id[DB_CARD_ID],
    struct db_card_face *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_CARD_ID) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &stmt[FACE], arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1)) {
		out->name = db_row_text(a, rows, 0, 0);
		out->mail = db_row_text(a, rows, 0, 1);
		out->org = db_row_text(a, rows, 0, 2);
		out->json = db_row_text(a, rows, 0, 3);
		out->replaces = db_row_text(a, rows, 0, 4);
	}
	db_rows_free(&rows);
	return found;
}

static void
order_fill(struct db_card_order *o, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	o->slot = db_row_text(a, rows, i, 0);
	db_row_ref(&o->ref, rows, i, 1);
	db_row_fixed(o->digest, DB_DIGEST, rows, i, 3);
	o->profile = db_row_text(a, rows, i, 4);
	o->ca = db_row_text(a, rows, i, 5);
	o->order_state = db_row_text(a, rows, i, 6);
	o->item_state = db_row_text(a, rows, i, 7);
	o->reason = db_row_text(a, rows, i, 8);
	o->expires_at = db_get_int(rows, i, 9);
}

int
db_card_orders(struct db *db, const uint8_t id[DB_CARD_ID],
    struct db_card_orders *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_CARD_ID) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[ORDERS], arg, 1, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		order_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_card_unrevoked(struct db *db, const char *station, size_t limit,
    struct db_card_unrevokeds *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(station),
	    db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[UNREVOKED], arg, 2, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		db_row_fixed(out->v[i].id, DB_CARD_ID, rows, i, 0);
		out->v[i].number = db_row_text(a, rows, i, 1);
		out->v[i].ca = db_row_text(a, rows, i, 2);
		db_row_serial(&out->v[i].serial, rows, i, 3);
		out->v[i].ordered = db_get_bool(rows, i, 4);
	}
	db_rows_free(&rows);
	return 0;
}

static void
key_fill(struct db_card_key *k, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	k->slot = db_row_text(a, rows, i, 0);
	k->alg = db_row_text(a, rows, i, 1);
	k->spki = db_row_bytes(a, rows, i, 2);
	db_row_fixed(k->digest, DB_DIGEST, rows, i, 3);
	k->attestation = db_row_bytes(a, rows, i, 4);
	k->request = db_row_bytes(a, rows, i, 5);
	k->ordered = db_get_bool(rows, i, 6);
	db_row_ref(&k->ref, rows, i, 7);
	k->written_at = db_get_int(rows, i, 9);
	k->state = db_row_text(a, rows, i, 10);
	k->reason = db_row_text(a, rows, i, 11);
	k->cert = db_get_int(rows, i, 12);
	k->der = db_row_bytes(a, rows, i, 13);
	k->cert_status = db_row_text(a, rows, i, 14);
	k->ca = db_row_text(a, rows, i, 15);
	db_row_serial(&k->serial, rows, i, 16);
}

int
db_card_keys(struct db *db, const uint8_t id[DB_CARD_ID],
    struct db_card_keys *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_CARD_ID) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[KEYS], arg, 1, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		key_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

static void
step_fill(struct db_card_step *s, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	s->seq = (int)db_get_int(rows, i, 0);
	s->step = db_row_text(a, rows, i, 1);
	s->slot = db_row_text(a, rows, i, 2);
	s->tries = (int)db_get_int(rows, i, 3);
	s->station = db_row_text(a, rows, i, 4);
	s->begun_at = db_get_int(rows, i, 5);
	s->done_at = db_get_int(rows, i, 6);
}

static int
list_steps(struct db *db, const struct db_stmt *which, const uint8_t *id,
    struct db_card_steps *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_CARD_ID) };
	struct db_rows		*rows;

	if (db_query(db, which, arg, 1, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		step_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_card_steps(struct db *db, const uint8_t id[DB_CARD_ID],
    struct db_card_steps *out, struct arena *a, struct error *e)
{
	return list_steps(db, &stmt[STEPS], id, out, a, e);
}

int
db_card_step_open(struct db *db, const uint8_t id[DB_CARD_ID],
    struct db_card_step *out, struct arena *a, struct error *e)
{
	struct db_card_steps	open;

	if (list_steps(db, &stmt[STEP_OPEN], id, &open, a, e) == -1)
		return -1;
	if (open.n == 1)
		*out = open.v[0];
	return (int)open.n;
}
