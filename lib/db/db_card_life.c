/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "db/db_card_life.h"
#include "db/db_card_private.h"

enum { NUMBERED, LIST, EVENTS, EFFECT, ORDERED, CHECK };
static const struct db_stmt read_stmt[] = {
	[NUMBERED] = DB_STMT("card_numbered",
	    "SELECT " DB_CARD_COLUMNS DB_CARD_FROM "WHERE c.number = $1::text"
	    " ORDER BY c.issued_at IS NULL, c.claimed_at DESC LIMIT 1"),
	[LIST] = DB_STMT_FRESH("card_list",
	    "SELECT " DB_CARD_COLUMNS DB_CARD_FROM
	    "WHERE (c.number, c.id) > ($1::text, $2::bytea)"
	    " AND ($3::text IS NULL OR c.state = $3::text)"
	    " AND ($4::text IS NULL OR c.holder = $4::text)"
	    " AND ($5::text IS NULL OR b.name = $5::text)"
	    " ORDER BY c.number, c.id LIMIT $6::bigint"),
	[EVENTS] = DB_STMT("card_events",
	    "SELECT what, who, reason, order_id, " DB_EPOCH("at")
	    " FROM card_event WHERE card = $1::bytea ORDER BY id"),
	[EFFECT] = DB_STMT("card_effect",
	    "SELECT effect, coalesce(reason, 0) FROM card_effect"
	    " WHERE before = $1::text AND after = $2::text"),
	[ORDERED] = DB_STMT("card_ordered",
	    "SELECT o.id FROM card c JOIN orders o ON o.id = c.order_id"
	    " WHERE c.id = $1::bytea AND o.kind IN ('hold', 'release')"
	    " AND o.state IN ('pending', 'ready')"),
	[CHECK] = DB_STMT_FRESH("card_check",
	    "SELECT c.number, c.state, x.ca, x.serial, x.status,"
	    " EXISTS (SELECT FROM orders o WHERE o.id = c.order_id"
	    "  AND o.state IN ('pending', 'ready'))"
	    " FROM card c JOIN card_key k ON k.card = c.id"
	    " JOIN cert x ON x.order_id = k.order_id AND x.n = k.n"
	    " WHERE x.not_after > now() AND CASE"
	    "  WHEN c.state IN ('spoiled', 'lost', 'replaced', 'returned',"
	    "   'destroyed') THEN x.status <> 'revoked'"
	    "  WHEN c.state = 'suspended' THEN x.status = 'good'"
	    "  ELSE c.issued_at IS NOT NULL AND x.status <> 'good' END"
	    " ORDER BY c.number, k.slot LIMIT $1::bigint"),
};
const struct db_table DB_CARD_LIFE = DB_TABLE(read_stmt);

enum { MOVE, NOTE };
static const struct db_stmt move_stmt[] = {
	[MOVE] = DB_STMT("card_move",
	    "UPDATE card SET state = $3::text, changed_at = now(),"
	    " changed_by = $4::text, reason = $5::text,"
	    " order_id = coalesce($6::bytea, order_id)"
	    " WHERE id = $1::bytea AND state = $2::text"
	    " AND issued_at IS NOT NULL"),
	[NOTE] = DB_STMT("card_note",
	    "INSERT INTO card_event (card, what, who, reason)"
	    " VALUES ($1::bytea, $2::text, $3::text, $4::text)"),
};
const struct db_table DB_CARD_LIFE_MOVE = DB_TABLE(move_stmt);

static const struct db_stmt escrow_stmt[] = {
	DB_STMT("card_escrow",
	    "SELECT sealed FROM card_secret WHERE card = $1::bytea"
	    " AND kind = $2::text AND sealed IS NOT NULL AND set_at IS NOT NULL"
	    " AND void_at IS NULL ORDER BY version DESC LIMIT 1"),
};
const struct db_table DB_CARD_ESCROW = DB_TABLE(escrow_stmt);

int
db_card_numbered(struct db *db, const char *number, struct db_card *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(number) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &read_stmt[NUMBERED], arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		db_card_fill(out, rows, 0, a);
	db_rows_free(&rows);
	return found;
}

int
db_card_list(struct db *db, const struct db_card_filter *f,
    const char *number, const uint8_t id[DB_CARD_ID], size_t limit,
    struct db_cards *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(number),
	    db_bytes(id, DB_CARD_ID), db_text(f->state), db_text(f->holder),
	    db_text(f->batch), db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[LIST], arg, 6, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		db_card_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_card_events(struct db *db, const uint8_t id[DB_CARD_ID],
    struct db_card_events *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_CARD_ID) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[EVENTS], arg, 1, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_card_event	*v = &out->v[i];

		v->what = db_row_text(a, rows, i, 0);
		v->who = db_row_text(a, rows, i, 1);
		v->reason = db_row_text(a, rows, i, 2);
		v->has_order = !db_is_null(rows, i, 3);
		db_row_fixed(v->order_id, DB_ORDER_ID, rows, i, 3);
		v->at = db_get_int(rows, i, 4);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_card_effect(struct db *db, const char *before, const char *after,
    char effect[16], int *reason, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(before), db_text(after) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &read_stmt[EFFECT], arg, 2, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1)) {
		snprintf(effect, 16, "%s", db_get_text(rows, 0, 0));
		*reason = (int)db_get_int(rows, 0, 1);
	}
	db_rows_free(&rows);
	return found;
}

int
db_card_ordered(struct db *db, const uint8_t id[DB_CARD_ID],
    uint8_t order_id[DB_ORDER_ID], struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_CARD_ID) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &read_stmt[ORDERED], arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		memcpy(order_id, db_get_bytes(rows, 0, 0).p, DB_ORDER_ID);
	db_rows_free(&rows);
	return found;
}

int
db_card_move(struct db *db, const uint8_t id[DB_CARD_ID], const char *before,
    const char *after, const char *who, const char *reason,
    const uint8_t *order_id, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_CARD_ID),
	    db_text(before), db_text(after), db_text(who), db_text(reason),
	    db_bytes(order_id, order_id != NULL ? DB_ORDER_ID : 0) };
	int64_t			 n;

	if ((n = db_exec(db, &move_stmt[MOVE], arg, 6, e)) == 1)
		return 0;
	return n == -1 ? -1 : error_set(e, ERROR_CONFLICT, "is not %s any "
	    "more, or was never issued", before);
}

int
db_card_check(struct db *db, size_t limit, struct db_card_wrongs *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[CHECK], arg, 1, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_card_wrong	*w = &out->v[i];

		w->number = db_row_text(a, rows, i, 0);
		w->state = db_row_text(a, rows, i, 1);
		w->ca = db_row_text(a, rows, i, 2);
		db_row_serial(&w->serial, rows, i, 3);
		w->status = db_row_text(a, rows, i, 4);
		w->ordered = db_get_bool(rows, i, 5);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_card_note(struct db *db, const uint8_t id[DB_CARD_ID], const char *what,
    const char *who, const char *reason, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_CARD_ID),
	    db_text(what), db_text(who), db_text(reason) };

	return db_exec(db, &move_stmt[NOTE], arg, 4, e) == -1 ? -1 : 0;
}

int
db_card_escrow(struct db *db, const uint8_t id[DB_CARD_ID], const char *kind,
    struct bytes *sealed, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_CARD_ID),
	    db_text(kind) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, escrow_stmt, arg, 2, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		*sealed = db_row_bytes(a, rows, 0, 0);
	db_rows_free(&rows);
	return found;
}
