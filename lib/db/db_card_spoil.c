/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cards that become none: given up by the station, or by a person, who takes
 * the card out of the station's hands first.
 */
#include <string.h>

#include "base/error.h"
#include "db/db_card_private.h"

enum { SPOIL, SECRETS_VOID, STEPS_END, WITHDRAW, ITEM_BACK, REVOKING };
static const struct db_stmt stmt[] = {
	[SPOIL] = DB_STMT("card_spoil",
	    "UPDATE card SET state = 'spoiled', changed_at = now(),"
	    " changed_by = coalesce($3::text, station), reason = $2::text"
	    " WHERE id = $1::bytea"),
	[SECRETS_VOID] = DB_STMT("card_secrets_void",
	    "UPDATE card_secret SET void_at = now(), work = NULL"
	    " WHERE card = $1::bytea AND void_at IS NULL"),
	[STEPS_END] = DB_STMT("card_steps_end",
	    "UPDATE card_step SET done_at = now() WHERE card = $1::bytea"
	    " AND done_at IS NULL"),
	[WITHDRAW] = DB_STMT("card_withdraw",
	    "SELECT card_withdraw($1::bytea)"),
	[ITEM_BACK] = DB_STMT("card_item_back",
	    "UPDATE card_item i SET changed_at = now(), state = CASE WHEN EXISTS"
	    " (SELECT FROM card_batch_order bo JOIN item oi"
	    "  ON oi.order_id = bo.order_id AND oi.n = i.place"
	    "  WHERE bo.batch = i.batch AND bo.round = i.round"
	    "  AND oi.state <> 'waiting') THEN 'spent' ELSE 'waiting' END"
	    " FROM card c WHERE c.id = $1::bytea AND i.batch = c.batch"
	    " AND i.n = c.n AND i.state = 'claimed'"),
	[REVOKING] = DB_STMT("card_revoking",
	    "UPDATE card SET order_id = $2::bytea WHERE id = $1::bytea"
	    " AND state = 'spoiled'"),
};
const struct db_table DB_CARD_SPOIL = DB_TABLE(stmt);

static const struct db_stmt seize_stmt[] = {
	DB_STMT("card_seize",
	    "UPDATE card SET turn = turn + 1 WHERE id = $1::bytea"
	    " AND issued_at IS NULL AND state NOT IN ('spoiled', 'destroyed')"
	    " RETURNING turn"),
};
const struct db_table DB_CARD_SEIZE = DB_TABLE(seize_stmt);

static int
withdraw(struct db *db, const struct db_arg *id, int *certs, struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmt[WITHDRAW], id, 1, &rows, e) == -1)
		return -1;
	*certs = (int)db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return 0;
}

static int
spoil(struct db *db, const struct db_card_hold *h, const char *reason,
    const char *who, int *certs, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID),
	    db_text(reason), db_text(who) };
	char			 state[16];

	if (db_card_own(db, h, state, e) == -1)
		return -1;
	if (strcmp(state, "spoiled") == 0) {
		error_set(e, ERROR_CONFLICT, "is spoiled already");
		return db_card_wrap(e, h->id);
	}
	if (db_exec(db, &stmt[SPOIL], arg, 3, e) == -1 ||
	    db_exec(db, &stmt[SECRETS_VOID], arg, 1, e) == -1 ||
	    db_exec(db, &stmt[STEPS_END], arg, 1, e) == -1 ||
	    withdraw(db, arg, certs, e) == -1 ||
	    db_exec(db, &stmt[ITEM_BACK], arg, 1, e) == -1)
		return db_card_wrap(e, h->id);
	return 0;
}

int
db_card_spoil(struct db *db, const struct db_card_hold *h,
    const char *reason, int *certs, struct error *e)
{
	return spoil(db, h, reason, NULL, certs, e);
}

int
db_card_spoil_by(struct db *db, const uint8_t id[DB_CARD_ID],
    const char *who, const char *reason, int *certs, struct error *e)
{
	struct db_card_hold	 h;
	const struct db_arg	 arg[] = { db_bytes(id, DB_CARD_ID) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &seize_stmt[0], arg, 1, &rows, e) == -1)
		return -1;
	memcpy(h.id, id, DB_CARD_ID);
	if ((found = db_rows_count(rows) == 1))
		h.turn = db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	if (found == 0) {
		error_set(e, ERROR_CONFLICT, "is not under way");
		return db_card_wrap(e, id);
	}
	return spoil(db, &h, reason, who, certs, e);
}

int
db_card_revoking(struct db *db, const uint8_t id[DB_CARD_ID],
    const uint8_t order_id[DB_ORDER_ID], struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_CARD_ID),
	    db_bytes(order_id, DB_ORDER_ID) };
	int64_t			 n;

	if ((n = db_exec(db, &stmt[REVOKING], arg, 2, e)) == 1)
		return 0;
	if (n == 0)
		error_set(e, ERROR_CONFLICT, "is not spoiled");
	return db_card_wrap(e, id);
}
