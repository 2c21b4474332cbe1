/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "db/db_card_batch.h"

#define COLUMNS	"b.id, b.name, b.layout, b.state, b.per_holder, coalesce(" \
	DB_EPOCH("b.expires") ", 0), b.made_by, b.note, " \
	DB_EPOCH("b.made_at") ", i.*, (SELECT CASE" \
	" WHEN bool_or(o.state IN ('rejected', 'expired', 'refused'))" \
	"  THEN 'ended' WHEN bool_or(o.state = 'pending') THEN 'pending'" \
	" WHEN bool_and(o.state = 'done') THEN 'done' ELSE 'ready' END" \
	" FROM card_batch_order bo JOIN orders o ON o.id = bo.order_id" \
	" WHERE bo.batch = b.id)"
#define COUNTS	" CROSS JOIN LATERAL (SELECT count(*)," \
	" count(*) FILTER (WHERE state = 'waiting')," \
	" count(*) FILTER (WHERE state = 'claimed')," \
	" count(*) FILTER (WHERE state = 'issued')," \
	" count(*) FILTER (WHERE state = 'spent')," \
	" count(*) FILTER (WHERE state = 'dropped')" \
	" FROM card_item WHERE batch = b.id) i "

enum { FIND, LIST, ORDERS, ITEMS, NUMBERED, BALANCE, FULL, SPENT };
static const struct db_stmt read_stmt[] = {
	[FIND] = DB_STMT("card_batch_find",
	    "SELECT " COLUMNS " FROM card_batch b" COUNTS
	    "WHERE b.name = $1::text"),
	[LIST] = DB_STMT_FRESH("card_batch_list",
	    "SELECT " COLUMNS " FROM (SELECT * FROM card_batch"
	    " WHERE ($1::text IS NULL OR state = $1::text)"
	    " AND ($2::bigint = 0 OR id < $2::bigint)"
	    " ORDER BY id DESC LIMIT $3::bigint) b" COUNTS
	    "ORDER BY b.id DESC"),
	[ORDERS] = DB_STMT("card_batch_orders",
	    "SELECT bo.round, bo.slot, bo.order_id, o.profile, o.state"
	    " FROM card_batch_order bo JOIN orders o ON o.id = bo.order_id"
	    " WHERE bo.batch = $1::bigint ORDER BY bo.round, bo.slot"),
	[ITEMS] = DB_STMT_FRESH("card_batch_items",
	    "SELECT i.n, i.number, i.holder, h.name, h.mail, h.org, i.replaces,"
	    " i.face::text, i.state, i.reason, i.attempts,"
	    " coalesce(" DB_EPOCH("c.expires") ", 0), c.state, l.number"
	    " FROM card_item i JOIN holder h ON h.id = i.holder"
	    " LEFT JOIN card c ON c.batch = i.batch AND c.n = i.n"
	    "  AND (c.issued_at IS NOT NULL"
	    "  OR c.state NOT IN ('spoiled', 'destroyed'))"
	    " LEFT JOIN letter l ON l.card = c.id AND l.void_at IS NULL"
	    " WHERE i.batch = $1::bigint"
	    " AND ($2::text IS NULL OR i.state = $2::text)"
	    " AND i.n > $3::bigint ORDER BY i.n LIMIT $4::bigint"),
	[NUMBERED] = DB_STMT("card_item_numbered",
	    "SELECT b.id, b.name, i.n, i.number, i.state FROM card_item i"
	    " JOIN card_batch b ON b.id = i.batch WHERE i.number = $1::text"),
	[BALANCE] = DB_STMT("card_batch_balance",
	    "SELECT received, returned, useless, under_way, issued, spoiled,"
	    " items_open FROM card_balance($1::bigint)"),
	[FULL] = DB_STMT("card_holders_full",
	    "SELECT u.place - 1 FROM unnest($1::text[], $2::text[])"
	    " WITH ORDINALITY AS u (holder, replaces, place)"
	    " WHERE (SELECT count(*) FROM card c WHERE c.holder = u.holder"
	    "  AND c.state NOT IN ('spoiled', 'lost', 'replaced', 'returned',"
	    "   'destroyed') AND c.number IS DISTINCT FROM u.replaces)"
	    "  >= $3::bigint"),
	[SPENT] = DB_STMT("card_batch_spent",
	    "SELECT n, place, round FROM card_item WHERE batch = $1::bigint"
	    " AND state = 'spent' ORDER BY n"),
};
const struct db_table DB_CARD_BATCH = DB_TABLE(read_stmt);

enum { NUMBERS, ADD, ADD_ORDER, ADD_ITEMS, MOVE, COUNT, DROP, AGAIN };
static const struct db_stmt make_stmt[] = {
	[NUMBERS] = DB_STMT("card_numbers",
	    "SELECT nextval('card_running') FROM"
	    " generate_series(1, $1::bigint)"),
	[ADD] = DB_STMT("card_batch_add",
	    "INSERT INTO card_batch (name, layout, per_holder, expires, made_by,"
	    " note) VALUES ($1::text, $2::text, $3::bigint,"
	    " to_timestamp(nullif($4::bigint, 0)), $5::text, $6::text)"
	    " RETURNING id"),
	[ADD_ORDER] = DB_STMT("card_batch_add_order",
	    "INSERT INTO card_batch_order (batch, round, slot, order_id)"
	    " VALUES ($1::bigint, $2::bigint, $3::text, $4::bytea)"),
	[ADD_ITEMS] = DB_STMT("card_batch_add_items",
	    "INSERT INTO card_item (batch, n, number, holder, replaces, face,"
	    " place) SELECT $1::bigint, u.n, u.number, u.holder, u.replaces,"
	    " u.face::jsonb, u.n FROM unnest($2::bigint[], $3::text[],"
	    " $4::text[], $5::text[], $6::text[])"
	    " AS u (n, number, holder, replaces, face)"),
	[MOVE] = DB_STMT("card_batch_move",
	    "UPDATE card_batch SET state = $2::text, changed_at = now()"
	    " WHERE id = $1::bigint"),
	[COUNT] = DB_STMT("card_batch_count",
	    "INSERT INTO card_stock (batch, kind, count, who, note)"
	    " SELECT id, $2::text, $3::bigint, $4::text, $5::text"
	    " FROM card_batch WHERE id = $1::bigint AND state <> 'closed'"),
	[DROP] = DB_STMT("card_batch_drop",
	    "UPDATE card_item SET state = 'dropped', reason = $3::text,"
	    " changed_at = now() WHERE batch = $1::bigint AND n = $2::bigint"
	    " AND state IN ('waiting', 'spent')"),
	[AGAIN] = DB_STMT("card_batch_again",
	    "UPDATE card_item i SET state = 'waiting', round = $2::bigint,"
	    " place = u.place, changed_at = now()"
	    " FROM unnest($3::bigint[]) WITH ORDINALITY AS u (n, place)"
	    " WHERE i.batch = $1::bigint AND i.n = u.n AND i.state = 'spent'"),
};
const struct db_table DB_CARD_BATCH_MAKE = DB_TABLE(make_stmt);

static void
batch_fill(struct db_card_batch *b, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	b->id = db_get_int(rows, i, 0);
	b->name = db_row_text(a, rows, i, 1);
	b->layout = db_row_text(a, rows, i, 2);
	b->state = db_row_text(a, rows, i, 3);
	b->per_holder = db_get_int(rows, i, 4);
	b->expires = db_get_int(rows, i, 5);
	b->made_by = db_row_text(a, rows, i, 6);
	b->note = db_row_text(a, rows, i, 7);
	b->made_at = db_get_int(rows, i, 8);
	b->items = db_get_int(rows, i, 9);
	b->waiting = db_get_int(rows, i, 10);
	b->claimed = db_get_int(rows, i, 11);
	b->issued = db_get_int(rows, i, 12);
	b->spent = db_get_int(rows, i, 13);
	b->dropped = db_get_int(rows, i, 14);
	b->orders = db_row_text(a, rows, i, 15);
}

int
db_card_batch_find(struct db *db, const char *name,
    struct db_card_batch *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(name) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &read_stmt[FIND], arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		batch_fill(out, rows, 0, a);
	db_rows_free(&rows);
	return found;
}

int
db_card_batch_list(struct db *db, const char *state, int64_t before,
    size_t limit, struct db_card_batches *out, struct arena *a,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_text(state), db_int(before),
	    db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[LIST], arg, 3, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		batch_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_card_batch_orders(struct db *db, int64_t batch,
    struct db_card_batch_orders *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[ORDERS], arg, 1, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_card_batch_order	*o = &out->v[i];

		o->round = (int)db_get_int(rows, i, 0);
		o->slot = db_row_text(a, rows, i, 1);
		db_row_fixed(o->id, DB_ORDER_ID, rows, i, 2);
		o->profile = db_row_text(a, rows, i, 3);
		o->state = db_row_text(a, rows, i, 4);
	}
	db_rows_free(&rows);
	return 0;
}

static void
item_fill(struct db_card_item *t, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	t->n = (uint32_t)db_get_int(rows, i, 0);
	t->number = db_row_text(a, rows, i, 1);
	t->holder = db_row_text(a, rows, i, 2);
	t->name = db_row_text(a, rows, i, 3);
	t->mail = db_row_text(a, rows, i, 4);
	t->org = db_row_text(a, rows, i, 5);
	t->replaces = db_row_text(a, rows, i, 6);
	t->face = db_row_text(a, rows, i, 7);
	t->state = db_row_text(a, rows, i, 8);
	t->reason = db_row_text(a, rows, i, 9);
	t->attempts = (int)db_get_int(rows, i, 10);
	t->expires = db_get_int(rows, i, 11);
	t->card_state = db_row_text(a, rows, i, 12);
	t->letter = db_row_text(a, rows, i, 13);
}

int
db_card_batch_items(struct db *db, int64_t batch, const char *state,
    uint32_t after, size_t limit, struct db_card_items *out, struct arena *a,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch), db_text(state),
	    db_int(after), db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[ITEMS], arg, 4, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		item_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_card_item_numbered(struct db *db, const char *number,
    struct db_card_place *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(number) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &read_stmt[NUMBERED], arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1)) {
		out->batch = db_get_int(rows, 0, 0);
		out->batch_name = db_row_text(a, rows, 0, 1);
		out->n = (uint32_t)db_get_int(rows, 0, 2);
		out->number = db_row_text(a, rows, 0, 3);
		out->state = db_row_text(a, rows, 0, 4);
	}
	db_rows_free(&rows);
	return found;
}

int
db_card_batch_balance(struct db *db, int64_t batch,
    struct db_card_balance *out, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[BALANCE], arg, 1, &rows, e) == -1)
		return -1;
	*out = (struct db_card_balance){ db_get_int(rows, 0, 0),
	    db_get_int(rows, 0, 1), db_get_int(rows, 0, 2),
	    db_get_int(rows, 0, 3), db_get_int(rows, 0, 4),
	    db_get_int(rows, 0, 5), db_get_int(rows, 0, 6) };
	db_rows_free(&rows);
	return 0;
}

int
db_card_holders_full(struct db *db, const char *const *holder,
    const char *const *replaces, size_t n, int64_t per_holder, bool *full,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_texts(holder, n),
	    db_texts(replaces, n), db_int(per_holder) };
	struct db_rows		*rows;

	memset(full, 0, n * sizeof(*full));
	if (per_holder == 0)
		return 0;
	if (db_query(db, &read_stmt[FULL], arg, 3, &rows, e) == -1)
		return -1;
	for (size_t i = 0; i < db_rows_count(rows); i++)
		full[db_get_int(rows, i, 0)] = true;
	db_rows_free(&rows);
	return 0;
}

int
db_card_numbers(struct db *db, size_t n, int64_t *out, struct error *e)
{
	const struct db_arg	 arg[] = { db_int((int64_t)n) };
	struct db_rows		*rows;

	if (db_query(db, &make_stmt[NUMBERS], arg, 1, &rows, e) == -1)
		return -1;
	for (size_t i = 0; i < n; i++)
		out[i] = db_get_int(rows, i, 0);
	db_rows_free(&rows);
	return 0;
}

int
db_card_batch_add(struct db *db, struct db_card_batch *b, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(b->name),
	    db_text(b->layout), db_int(b->per_holder), db_int(b->expires),
	    db_text(b->made_by), db_text(b->note) };
	struct db_rows		*rows;

	if (db_query(db, &make_stmt[ADD], arg, 6, &rows, e) == -1)
		return error_wrap(e, "batch %.64s", b->name);
	b->id = db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return 0;
}

int
db_card_batch_add_order(struct db *db, int64_t batch, int round,
    const char *slot, const uint8_t order_id[DB_ORDER_ID], struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch), db_int(round),
	    db_text(slot), db_bytes(order_id, DB_ORDER_ID) };

	return db_exec(db, &make_stmt[ADD_ORDER], arg, 4, e) == -1 ? -1 : 0;
}

int
db_card_batch_add_items(struct db *db, int64_t batch,
    const struct db_card_item *v, size_t n, struct error *e)
{
	const char	**text = mem_array(4 * n + 1, sizeof(*text));
	int64_t		 *place = mem_array(n + 1, sizeof(*place));
	int		  rc;

	for (size_t i = 0; i < n; i++) {
		place[i] = v[i].n;
		text[i] = v[i].number;
		text[n + i] = v[i].holder;
		text[2 * n + i] = v[i].replaces;
		text[3 * n + i] = v[i].face;
	}
	rc = db_exec(db, &make_stmt[ADD_ITEMS], (struct db_arg[]){
	    db_int(batch), db_ints(place, n), db_texts(text, n),
	    db_texts(text + n, n), db_texts(text + 2 * n, n),
	    db_texts(text + 3 * n, n) }, 6, e) == -1 ? -1 : 0;
	mem_free(&place);
	mem_free(&text);
	return rc;
}

int
db_card_batch_move(struct db *db, int64_t batch, const char *state,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch), db_text(state) };

	return db_exec(db, &make_stmt[MOVE], arg, 2, e) == -1 ? -1 : 0;
}

int
db_card_batch_count(struct db *db, int64_t batch, const char *kind,
    int64_t count, const char *who, const char *note, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch), db_text(kind),
	    db_int(count), db_text(who), db_text(note) };
	int64_t			 n = db_exec(db, &make_stmt[COUNT], arg, 5, e);

	if (n == 0)
		return error_set(e, ERROR_CONFLICT, "the batch is closed");
	return n == -1 ? -1 : 0;
}

int
db_card_batch_drop(struct db *db, int64_t batch, uint32_t n,
    const char *reason, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch), db_int(n),
	    db_text(reason) };
	int64_t			 hit = db_exec(db, &make_stmt[DROP], arg, 3, e);

	if (hit == 0)
		return error_set(e, ERROR_CONFLICT, "item %u neither waits nor "
		    "is spent", n);
	return hit == -1 ? -1 : 0;
}

int
db_card_batch_spent(struct db *db, int64_t batch, struct db_card_spents *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(batch) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[SPENT], arg, 1, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].n = (uint32_t)db_get_int(rows, i, 0);
		out->v[i].place = (uint32_t)db_get_int(rows, i, 1);
		out->v[i].round = (int)db_get_int(rows, i, 2);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_card_batch_again(struct db *db, int64_t batch, int round,
    const struct db_card_spents *s, struct error *e)
{
	int64_t	*n = mem_array(s->n + 1, sizeof(*n)), touched;

	for (size_t i = 0; i < s->n; i++)
		n[i] = s->v[i].n;
	touched = db_exec(db, &make_stmt[AGAIN], (struct db_arg[]){
	    db_int(batch), db_int(round), db_ints(n, s->n) }, 3, e);
	mem_free(&n);
	if (touched == -1)
		return -1;
	return touched == (int64_t)s->n ? 0 : error_set(e, ERROR_CONFLICT,
	    "an item is not spent any more");
}
