/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "db/db_card_private.h"

enum { NEXT, BEGIN, AGAIN, DONE, ADVANCE, EVENT };
static const struct db_stmt stmt[] = {
	/* The end of the one is read by the beginning of the other: so they
	 * come in this order, and never are two open. */
	[NEXT] = DB_STMT("card_step_next",
	    "WITH own AS (SELECT id, station FROM card WHERE id = $1::bytea"
	    "  AND turn = $2::bigint FOR UPDATE),"
	    " done AS (UPDATE card_step s SET done_at = now() FROM own"
	    "  WHERE s.card = own.id AND s.seq = $3::bigint"
	    "  AND s.done_at IS NULL RETURNING s.seq)"
	    " INSERT INTO card_step (card, seq, step, slot, station)"
	    " SELECT own.id, done.seq + 1, $4::text, $5::text, own.station"
	    " FROM own, done RETURNING seq"),
	[BEGIN] = DB_STMT("card_step_begin",
	    "INSERT INTO card_step (card, seq, step, slot, station)"
	    " SELECT c.id, coalesce((SELECT max(seq) FROM card_step"
	    "  WHERE card = c.id), 0) + 1, $2::text, $3::text, c.station"
	    " FROM card c WHERE c.id = $1::bytea RETURNING seq"),
	[AGAIN] = DB_STMT("card_step_again",
	    "UPDATE card_step s SET tries = s.tries + 1, station = c.station"
	    " FROM card c WHERE c.id = $1::bytea AND s.card = c.id"
	    " AND s.seq = $2::bigint"),
	[DONE] = DB_STMT("card_step_done",
	    "UPDATE card_step SET done_at = now() WHERE card = $1::bytea"
	    " AND seq = $2::bigint AND done_at IS NULL"),
	[ADVANCE] = DB_STMT("card_advance",
	    "UPDATE card SET state = $3::text, changed_at = now(),"
	    " changed_by = station, reason = NULL"
	    " WHERE id = $1::bytea AND state = $2::text"),
	[EVENT] = DB_STMT("card_event",
	    "INSERT INTO card_event (card, what, who, reason)"
	    " VALUES ($1::bytea, $2::text, $3::text, $4::text)"),
};
const struct db_table DB_CARD_STEP = DB_TABLE(stmt);

static const struct db_stmt own_stmt[] = {
	DB_STMT("card_own",
	    "SELECT state, turn, station, reader FROM card"
	    " WHERE id = $1::bytea FOR UPDATE"),
};
const struct db_table DB_CARD_OWN = DB_TABLE(own_stmt);

int
db_card_own(struct db *db, const struct db_card_hold *h, char state[16],
    struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID) };
	struct db_rows		*rows;
	int			 rc = 0;

	if (db_query(db, own_stmt, arg, 1, &rows, e) == -1)
		return -1;
	if (db_rows_count(rows) == 0)
		rc = error_set(e, ERROR_NOTFOUND, "is not in the store");
	else if (db_get_int(rows, 0, 1) != h->turn)
		rc = error_set(e, ERROR_CONFLICT, "is in other hands: reader "
		    "%.100s of station %.64s", db_get_text(rows, 0, 3),
		    db_get_text(rows, 0, 2));
	else if (state != NULL)
		snprintf(state, 16, "%s", db_get_text(rows, 0, 0));
	db_rows_free(&rows);
	return rc == 0 ? 0 : db_card_wrap(e, h->id);
}

static bool
same_name(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static int
begin_new(struct db *db, const struct db_card_hold *h, const char *step,
    const char *slot, int *seq, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID),
	    db_text(step), db_text(slot) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[BEGIN], arg, 3, &rows, e) == -1)
		return db_card_wrap(e, h->id);
	*seq = (int)db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return 0;
}

int
db_card_step_begin(struct db *db, const struct db_card_hold *h,
    const char *step, const char *slot, int *seq, int *tries,
    struct error *e)
{
	struct db_card_step	 open = { 0 };
	struct arena		*a = arena_new();
	int			 rc = -1, found;

	if (db_card_own(db, h, NULL, e) == -1 ||
	    (found = db_card_step_open(db, h->id, &open, a, e)) == -1)
		goto out;
	*tries = open.tries + 1;
	*seq = open.seq;
	if (found == 0)
		rc = begin_new(db, h, step, slot, seq, e);
	else if (same_name(open.step, step) && same_name(open.slot, slot))
		rc = db_exec(db, &stmt[AGAIN], (struct db_arg[]){
		    db_bytes(h->id, DB_CARD_ID), db_int(open.seq) }, 2,
		    e) == -1 ? -1 : 0;
	else {
		error_set(e, ERROR_CONFLICT, "step %s%s%s is open", open.step,
		    open.slot != NULL ? " of " : "",
		    open.slot != NULL ? open.slot : "");
		db_card_wrap(e, h->id);
	}
 out:
	arena_free(&a);
	return rc;
}

int
db_card_step_next(struct db *db, const struct db_card_hold *h, int before,
    const char *step, const char *slot, int *seq, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID),
	    db_int(h->turn), db_int(before), db_text(step), db_text(slot) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &stmt[NEXT], arg, 5, &rows, e) == -1)
		return db_card_wrap(e, h->id);
	if ((found = db_rows_count(rows) == 1))
		*seq = (int)db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return found;
}

int
db_card_step_done(struct db *db, const struct db_card_hold *h, int seq,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID),
	    db_int(seq) };
	int64_t			 n;

	if (db_card_own(db, h, NULL, e) == -1)
		return -1;
	if ((n = db_exec(db, &stmt[DONE], arg, 2, e)) == 1)
		return 0;
	if (n == 0)
		error_set(e, ERROR_CONFLICT, "step %d is not open", seq);
	return db_card_wrap(e, h->id);
}

int
db_card_advance(struct db *db, const struct db_card_hold *h,
    const char *before, const char *after, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID),
	    db_text(before), db_text(after) };
	char			 state[16];
	int64_t			 n;

	if (strcmp(after, "issued") == 0 || strcmp(after, "spoiled") == 0)
		return error_set(e, ERROR_BUG, "a card does not become %s so",
		    after);
	if (db_card_own(db, h, state, e) == -1)
		return -1;
	if ((n = db_exec(db, &stmt[ADVANCE], arg, 3, e)) == 1)
		return 0;
	if (n == 0)
		error_set(e, ERROR_CONFLICT, "is %s and not %s", state,
		    before);
	return db_card_wrap(e, h->id);
}

int
db_card_event(struct db *db, const uint8_t id[DB_CARD_ID], const char *what,
    const char *who, const char *reason, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_CARD_ID),
	    db_text(what), db_text(who), db_text(reason) };

	return db_exec(db, &stmt[EVENT], arg, 4, e) == -1 ?
	    db_card_wrap(e, id) : 0;
}
