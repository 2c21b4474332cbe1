/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "db/db_card_private.h"

#define PASSED_OVER_MAX	1000

enum { PICK, HOLDER_LOCK, HOLDER_CARDS, DROP, ADD, ITEM, TAKE, LOOK };
static const struct db_stmt stmt[] = {
	[PICK] = DB_STMT_FRESH("card_claim_pick",
	    "SELECT i.batch, i.n, i.holder, b.per_holder, i.replaces"
	    " FROM card_item i JOIN card_batch b ON b.id = i.batch"
	    " WHERE i.state = 'waiting' AND b.state = 'running'"
	    " AND b.name = ANY ($1::text[])"
	    " AND ($2::text IS NULL OR i.number = $2::text)"
	    " AND EXISTS (SELECT FROM card_batch_order bo"
	    "  WHERE bo.batch = i.batch AND bo.round = i.round)"
	    " AND NOT EXISTS (SELECT FROM card_batch_order bo"
	    "  JOIN orders o ON o.id = bo.order_id WHERE bo.batch = i.batch"
	    "  AND bo.round = i.round AND o.state <> 'ready')"
	    " ORDER BY i.batch, i.n LIMIT 1 FOR UPDATE OF i SKIP LOCKED"),
	/* Two items of one holder, on two stations: the second waits here and
	 * then counts the first. */
	[HOLDER_LOCK] = DB_STMT("card_claim_holder_lock",
	    "SELECT pg_advisory_xact_lock("
	    "hashtextextended('card holder ' || $1::text, 0))"),
	[HOLDER_CARDS] = DB_STMT("card_claim_holder_cards",
	    "SELECT count(*) FROM card WHERE holder = $1::text"
	    " AND state NOT IN ('spoiled', 'lost', 'replaced', 'returned',"
	    "  'destroyed') AND number IS DISTINCT FROM $2::text"),
	[DROP] = DB_STMT("card_claim_drop",
	    "UPDATE card_item SET state = 'dropped', changed_at = now(),"
	    " reason = 'the holder has as many cards as a holder may have'"
	    " WHERE batch = $1::bigint AND n = $2::bigint"),
	[ADD] = DB_STMT("card_claim_add",
	    "WITH new AS (INSERT INTO card (id, identity, number, batch, n,"
	    "  holder, layout, family, station, reader, changed_by)"
	    "  SELECT $1::bytea, $2::text, i.number, i.batch, i.n, i.holder,"
	    "  b.layout, $3::text, $4::text, $5::text, $4::text"
	    "  FROM card_item i JOIN card_batch b ON b.id = i.batch"
	    "  WHERE i.batch = $6::bigint AND i.n = $7::bigint RETURNING *)"
	    " SELECT " DB_CARD_COLUMNS
	    " FROM new c JOIN card_batch b ON b.id = c.batch"),
	[ITEM] = DB_STMT("card_claim_item",
	    "UPDATE card_item SET state = 'claimed', attempts = attempts + 1,"
	    " changed_at = now() WHERE batch = $1::bigint AND n = $2::bigint"),
	[LOOK] = DB_STMT("card_take_look",
	    "SELECT " DB_CARD_COLUMNS DB_CARD_FROM
	    "WHERE c.id = $1::bytea FOR UPDATE OF c"),
	[TAKE] = DB_STMT("card_take",
	    "UPDATE card SET turn = turn + 1, station = $3::text,"
	    " reader = $4::text, taken_at = now() WHERE id = $1::bytea"
	    " AND turn = $2::bigint"),
};
const struct db_table DB_CARD_CLAIM = DB_TABLE(stmt);

struct pick {			/* an item, locked */
	int64_t		 batch, n, per_holder;
	const char	*holder, *replaces;
};

static int
pick(struct db *db, const struct db_card_new *new, struct pick *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_texts(new->batch,
	    new->nbatches), db_text(new->number) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &stmt[PICK], arg, 2, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1)) {
		out->batch = db_get_int(rows, 0, 0);
		out->n = db_get_int(rows, 0, 1);
		out->holder = db_row_text(a, rows, 0, 2);
		out->per_holder = db_get_int(rows, 0, 3);
		out->replaces = db_row_text(a, rows, 0, 4);
	}
	db_rows_free(&rows);
	return found;
}

/* 1 the holder may have one more, 0 not, -1. */
static int
has_room(struct db *db, const struct pick *p, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(p->holder),
	    db_text(p->replaces) };
	struct db_rows		*rows;
	int			 rc;

	if (p->per_holder == 0)
		return 1;
	if (db_query(db, &stmt[HOLDER_LOCK], arg, 1, &rows, e) == -1)
		return -1;
	db_rows_free(&rows);
	if (db_query(db, &stmt[HOLDER_CARDS], arg, 2, &rows, e) == -1)
		return -1;
	rc = db_get_int(rows, 0, 0) < p->per_holder;
	db_rows_free(&rows);
	return rc;
}

static int
add(struct db *db, const struct db_card_new *new, const struct pick *p,
    struct db_card *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(new->id, DB_CARD_ID),
	    db_text(new->identity), db_text(new->family),
	    db_text(new->station), db_text(new->reader), db_int(p->batch),
	    db_int(p->n) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[ADD], arg, 7, &rows, e) == -1)
		return error_wrap(e, "%s", new->identity);
	db_card_fill(out, rows, 0, a);
	db_rows_free(&rows);
	return db_exec(db, &stmt[ITEM], arg + 5, 2, e) == -1 ? -1 : 1;
}

int
db_card_claim(struct db *db, const struct db_card_new *new,
    struct db_card *out, struct arena *a, struct error *e)
{
	struct pick	 p;
	int		 rc, i;

	for (i = 0; i < PASSED_OVER_MAX; i++) {
		if ((rc = pick(db, new, &p, a, e)) != 1)
			return rc;
		if ((rc = has_room(db, &p, e)) == -1)
			return -1;
		if (rc == 1)
			return add(db, new, &p, out, a, e);
		if (db_exec(db, &stmt[DROP], (struct db_arg[]){
		    db_int(p.batch), db_int(p.n) }, 2, e) == -1)
			return -1;
	}
	return 0;
}

static int
check_takeable(const struct db_card *c, int64_t turn, struct error *e)
{
	static const char *const	under_way[] = { "claimed", "keyed",
		"ordered", "certified", "written", "locked", "verified" };
	size_t				i;

	if (c->hold.turn != turn)
		return error_set(e, ERROR_CONFLICT, "is in other hands: reader "
		    "%s of station %s", c->reader, c->station);
	for (i = 0; i < sizeof(under_way) / sizeof(under_way[0]); i++)
		if (strcmp(c->state, under_way[i]) == 0)
			return 0;
	return error_set(e, ERROR_CONFLICT, "is %s: there is nothing to go on "
	    "with", c->state);
}

int
db_card_take(struct db *db, const struct db_card_hold *h,
    const char *station, const char *reader, struct db_card *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID),
	    db_int(h->turn), db_text(station), db_text(reader) };
	const struct db_card_hold mine = *h;	/* may lie in *out */
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &stmt[LOOK], arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		db_card_fill(out, rows, 0, a);
	db_rows_free(&rows);
	if (found == 0)
		error_set(e, ERROR_NOTFOUND, "is not in the store");
	if (found == 0 || check_takeable(out, mine.turn, e) == -1)
		return db_card_wrap(e, mine.id);
	if (db_exec(db, &stmt[TAKE], arg, 4, e) == -1)
		return -1;
	out->hold.turn++;
	return 0;
}
