/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "db/db_card_private.h"

enum { UNDONE, ISSUE, ITEM_ISSUED, WORK_OVER, LETTER, CODE };
static const struct db_stmt stmt[] = {
	/* What is missing before a card may be issued. */
	[UNDONE] = DB_STMT("card_undone",
	    "SELECT CASE"
	    " WHEN EXISTS (SELECT FROM card_step WHERE card = $1::bytea"
	    "  AND done_at IS NULL) THEN 'a step is open'"
	    " WHEN EXISTS (SELECT FROM card c JOIN card_item i"
	    "  ON i.batch = c.batch AND i.n = c.n JOIN card_batch_order bo"
	    "  ON bo.batch = i.batch AND bo.round = i.round WHERE c.id = $1::bytea"
	    "  AND NOT EXISTS (SELECT FROM card_key k WHERE k.card = c.id"
	    "  AND k.slot = bo.slot AND k.written_at IS NOT NULL))"
	    "  THEN 'a certificate is not on it'"
	    " WHEN EXISTS (SELECT FROM card_secret WHERE card = $1::bytea"
	    "  AND set_at IS NULL AND void_at IS NULL)"
	    "  THEN 'a secret was made and not set' END"),
	[ISSUE] = DB_STMT("card_issue",
	    "UPDATE card SET state = 'issued', issued_at = now(),"
	    " changed_at = now(), changed_by = station, reason = NULL,"
	    " expires = to_timestamp(nullif($2::bigint, 0))"
	    " WHERE id = $1::bytea AND state = 'verified'"),
	[ITEM_ISSUED] = DB_STMT("card_item_issued",
	    "UPDATE card_item i SET state = 'issued', changed_at = now()"
	    " FROM card c WHERE c.id = $1::bytea AND i.batch = c.batch"
	    " AND i.n = c.n AND i.state = 'claimed'"),
	[WORK_OVER] = DB_STMT("card_work_over",
	    "UPDATE card_secret SET work = NULL WHERE card = $1::bytea"
	    " AND work IS NOT NULL"),
	[LETTER] = DB_STMT("card_letter_add",
	    "INSERT INTO letter (number, card, sealed, digest)"
	    " VALUES ($2::text, $1::bytea, $3::bytea, sha256($3::bytea))"),
	[CODE] = DB_STMT("card_code_add",
	    "INSERT INTO revocation_code (cert, name, salt, hash)"
	    " SELECT x.id, $2::text, $3::bytea, $4::bytea FROM card_key k"
	    " JOIN cert x ON x.order_id = k.order_id AND x.n = k.n"
	    " WHERE k.card = $1::bytea"
	    " ORDER BY k.slot <> 'authentication', k.slot LIMIT 1"),
};
const struct db_table DB_CARD_END = DB_TABLE(stmt);

static int
check_done(struct db *db, const struct db_card_hold *h, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID) };
	struct db_rows		*rows;
	int			 rc = 0;

	if (db_query(db, &stmt[UNDONE], arg, 1, &rows, e) == -1)
		return -1;
	if (!db_is_null(rows, 0, 0))
		rc = error_set(e, ERROR_CONFLICT, "cannot be issued: %s",
		    db_get_text(rows, 0, 0));
	db_rows_free(&rows);
	return rc;
}

static int
add_letter(struct db *db, const struct db_card_hold *h,
    const struct db_card_letter *l, struct error *e)
{
	const struct db_arg	 id = db_bytes(h->id, DB_CARD_ID);

	if (db_exec(db, &stmt[LETTER], (struct db_arg[]){ id,
	    db_text(l->number), db_bytes(l->sealed.p, l->sealed.len) }, 3,
	    e) == -1)
		return -1;
	if (l->code_name == NULL)
		return 0;
	return db_exec(db, &stmt[CODE], (struct db_arg[]){ id,
	    db_text(l->code_name), db_bytes(l->code_salt.p, l->code_salt.len),
	    db_bytes(l->code_hash.p, l->code_hash.len) }, 4, e) == -1 ? -1 : 0;
}

/* Exactly one row, or it is not in the state that it must be in. */
static int
touch_one(struct db *db, int which, const struct db_arg *arg, size_t n,
    const char *state, struct error *e)
{
	int64_t	touched = db_exec(db, &stmt[which], arg, n, e);

	if (touched == 1)
		return 0;
	return touched == -1 ? -1 : error_set(e, ERROR_CONFLICT,
	    "is %s: cannot be issued", state);
}

int
db_card_issue(struct db *db, const struct db_card_hold *h, int64_t expires,
    const struct db_card_letter *letter, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID),
	    db_int(expires) };
	char			 state[16];

	if (db_card_own(db, h, state, e) == -1)
		return -1;
	if (check_done(db, h, e) == -1 ||
	    touch_one(db, ISSUE, arg, 2, state, e) == -1 ||
	    touch_one(db, ITEM_ISSUED, arg, 1, "of no item", e) == -1 ||
	    db_exec(db, &stmt[WORK_OVER], arg, 1, e) == -1 ||
	    (letter != NULL && add_letter(db, h, letter, e) == -1))
		return db_card_wrap(e, h->id);
	return 0;
}
