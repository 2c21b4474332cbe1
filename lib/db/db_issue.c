/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "db/db_issue.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/*
 * UPDATE and DELETE by array of keys.  Written as a plain join, the planner may
 * turn it around and read the whole table once per key: it does so whenever
 * the table was all but empty when it was last analysed, as intent always is.
 * So the rows are looked up one by one first ("OFFSET 0" keeps a subquery
 * where it stands) and then touched by their place.  The state is checked in a
 * form in which no partial index is seen, and again when another transaction
 * was faster.
 *
 * A row that another transaction has changed meanwhile has another place and is
 * not touched.  Items are touched by who holds them; orders, which count what
 * others do to their items as well, are locked by a statement before.
 */
#define HIT_TABLE(table, columns, key, unnest) \
	"WITH hit AS MATERIALIZED (SELECT u.*, x.at FROM " unnest \
	" WITH ORDINALITY AS u (" columns ", place)" \
	" CROSS JOIN LATERAL (SELECT k.ctid AS at FROM " table " k" \
	" WHERE " key " OFFSET 0) x) "
#define REF_KEY	"k.order_id = u.order_id AND k.n = u.n::integer"
#define HIT(table) \
	HIT_TABLE(table, "order_id, n", REF_KEY, "unnest($1::bytea[], $2::bigint[])")
#define IS_HIT	" FROM hit WHERE t.ctid = hit.at"
#define IN_STATE(state)	" AND CASE t.state WHEN '" state "' THEN true END"

enum { LOOK, WORK, CLAIM, BLOB, OPEN_TO_SIGNING, INTENT, INTENT_DROP,
    SIGNING_TO_OPEN, RESUME, INTENT_TAKE, CERT, NAME, OUTBOX, SIGNING_TO_DONE,
    ORDERS_LOCK, ORDERS_DONE, REFUSE, ORDERS_REFUSED, ORDER_REFUSE, EXPIRE };

static const struct db_stmt stmt[] = {
	/* No more orders than it takes to say that there are many. */
	[LOOK] = DB_STMT("issue_look",
	    "SELECT EXISTS (SELECT FROM orders WHERE state = 'ready'"
	    "  AND kind IN ('revoke', 'hold', 'release', 'reject', 'bind',"
	    "  'unbind')),"
	    " (SELECT coalesce(sum(n), 0)::bigint FROM (SELECT o.open_items -"
	    "  o.waiting_items AS n FROM orders o WHERE o.state = 'ready'"
	    "  AND o.ca = ANY ($2::text[]) AND o.open_items > o.waiting_items"
	    "  AND EXISTS (SELECT FROM item i WHERE i.order_id = o.id"
	    "   AND i.state = 'open' OFFSET 0)"
	    "  ORDER BY o.seq LIMIT $1::bigint) w)"),
	[WORK] = DB_STMT("issue_work",
	    "SELECT o.id, o.digest, o.kind FROM orders o"
	    " WHERE o.state = 'ready' AND o.ca = ANY ($2::text[])"
	    " AND o.open_items > o.waiting_items"
	    " AND EXISTS (SELECT FROM item i WHERE i.order_id = o.id"
	    "  AND i.state = 'open' OFFSET 0)"
	    " ORDER BY o.seq LIMIT $1::bigint"),
	[CLAIM] = DB_STMT("issue_claim",
	    "SELECT w.id, i.n, w.place - 1, i.holder, r.der, r.proof,"
	    " r.station_order"
	    " FROM unnest($1::bytea[]) WITH ORDINALITY AS w (id, place)"
	    " CROSS JOIN LATERAL (SELECT n, holder FROM item"
	    "  WHERE order_id = w.id AND state = 'open' ORDER BY n"
	    "  LIMIT $2::bigint FOR UPDATE SKIP LOCKED) i"
	    " CROSS JOIN LATERAL (SELECT der, proof, station_order FROM request"
	    "  WHERE order_id = w.id AND n = i.n OFFSET 0) r"
	    " LIMIT $2::bigint"),
	[BLOB] = DB_STMT("issue_blob",
	    "SELECT blob FROM orders WHERE id = $1::bytea"),
	[OPEN_TO_SIGNING] = DB_STMT("issue_open_to_signing",
	    HIT("item")
	    "UPDATE item t SET state = 'signing', changed_at = now()"
	    IS_HIT IN_STATE("open") " RETURNING hit.place - 1"),
	[INTENT] = DB_STMT("issue_intent",
	    /* In the order of the keys, so that two never wait in a ring. */
	    "WITH new AS (INSERT INTO intent (order_id, n, ca, serial, tbs,"
	    "  key_digest, instance)"
	    "  SELECT u.*, $7::text FROM unnest($1::bytea[], $2::bigint[],"
	    "  $3::text[], $4::bytea[], $5::bytea[], $6::bytea[])"
	    "  AS u (order_id, n, ca, serial, tbs, key_digest)"
	    "  ORDER BY u.key_digest"
	    "  ON CONFLICT (key_digest) DO NOTHING RETURNING order_id, n)"
	    " SELECT u.place - 1 FROM new JOIN unnest($1::bytea[], $2::bigint[])"
	    " WITH ORDINALITY AS u (order_id, n, place)"
	    " ON u.order_id = new.order_id AND u.n = new.n"),
	[INTENT_DROP] = DB_STMT("issue_intent_drop",
	    HIT("intent")
	    "DELETE FROM intent t USING hit WHERE t.ctid = hit.at"),
	[SIGNING_TO_OPEN] = DB_STMT("issue_signing_to_open",
	    HIT("item")
	    "UPDATE item t SET state = 'open', changed_at = now()"
	    IS_HIT IN_STATE("signing")),
	[RESUME] = DB_STMT("issue_resume",
	    "WITH mine AS MATERIALIZED ("
	    "  SELECT order_id, n FROM intent"
	    "  WHERE (instance = ANY ($4::text[])"
	    "  OR written_at < now() - make_interval(secs => $2::bigint))"
	    "  AND NOT ca = ANY ($5::text[])"
	    "  ORDER BY written_at LIMIT $3::bigint FOR UPDATE SKIP LOCKED"
	    " ), taken AS ("
	    "  UPDATE intent t SET instance = $1::text, written_at = now()"
	    "  FROM mine u WHERE t.order_id = u.order_id AND t.n = u.n"
	    "  RETURNING t.order_id, t.n, t.ca, t.serial, t.tbs)"
	    " SELECT t.order_id, t.n, o.digest, o.kind, i.holder, r.der,"
	    " r.proof, r.station_order, t.ca, t.serial, t.tbs FROM taken t"
	    " JOIN orders o ON o.id = t.order_id"
	    " JOIN item i ON i.order_id = t.order_id AND i.n = t.n"
	    " JOIN request r ON r.order_id = t.order_id AND r.n = t.n"),
	[INTENT_TAKE] = DB_STMT("issue_intent_take",
	    HIT_TABLE("intent", "order_id, n, ca, serial",
	    REF_KEY " AND k.ca = u.ca AND k.serial = u.serial",
	    "unnest($1::bytea[], $2::bigint[], $3::text[], $4::bytea[])")
	    "DELETE FROM intent t USING hit WHERE t.ctid = hit.at"),
	[CERT] = DB_STMT("issue_cert",
	    "INSERT INTO cert (ca, serial, order_id, n, profile, holder, card,"
	    " subject, key_digest, not_before, not_after, der, issued_at,"
	    " shard)"
	    " SELECT u.ca, u.serial, u.order_id, u.n, u.profile, u.holder,"
	    " coalesce(u.card, (SELECT d.number FROM card_key k JOIN card d"
	    "  ON d.id = k.card WHERE k.order_id = u.order_id AND k.n = u.n)),"
	    " u.subject, u.key_digest, to_timestamp(u.not_before),"
	    " to_timestamp(u.not_after), u.der, to_timestamp(u.issued_at),"
	    " u.shard"
	    " FROM unnest($1::bytea[], $2::bigint[], $3::text[], $4::bytea[],"
	    " $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[],"
	    " $10::bigint[], $11::bigint[], $12::bytea[], $13::bigint[],"
	    " $14::bigint[])"
	    " AS u (order_id, n, ca, serial, profile, holder, card, subject,"
	    " key_digest, not_before, not_after, der, issued_at, shard)"
	    " RETURNING id, serial"),
	[NAME] = DB_STMT("issue_name",
	    "INSERT INTO cert_name (cert, kind, value)"
	    " SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])"
	    " ON CONFLICT DO NOTHING"),
	[OUTBOX] = DB_STMT("issue_outbox",
	    "INSERT INTO outbox (topic, ca, serial)"
	    " SELECT 'cert', * FROM unnest($1::text[], $2::bytea[])"),
	[SIGNING_TO_DONE] = DB_STMT("issue_signing_to_done",
	    HIT("item")
	    "UPDATE item t SET state = 'done', changed_at = now()"
	    IS_HIT IN_STATE("signing")),
	[ORDERS_LOCK] = DB_STMT("issue_orders_lock",
	    "SELECT FROM (SELECT DISTINCT id FROM unnest($1::bytea[]) AS a (id)"
	    "  ORDER BY id) u CROSS JOIN LATERAL (SELECT FROM orders"
	    "  WHERE id = u.id FOR NO KEY UPDATE) x"),
	[ORDERS_DONE] = DB_STMT("issue_orders_done",
	    "WITH hit AS MATERIALIZED (SELECT u.n, x.at FROM"
	    " (SELECT id, count(*)::integer AS n FROM unnest($1::bytea[])"
	    "  AS a (id) GROUP BY id ORDER BY id) u CROSS JOIN LATERAL"
	    " (SELECT ctid AS at FROM orders WHERE id = u.id OFFSET 0) x)"
	    " UPDATE orders t SET open_items = t.open_items - hit.n,"
	    " state = CASE WHEN t.state = 'ready' AND t.open_items = hit.n"
	    "  THEN 'done' ELSE t.state END, changed_at = now()" IS_HIT),
	[REFUSE] = DB_STMT("issue_refuse",
	    HIT_TABLE("item", "order_id, n, reason", REF_KEY,
	    "unnest($1::bytea[], $2::bigint[], $3::text[])")
	    "UPDATE item t SET state = 'refused', reason = hit.reason,"
	    " changed_at = now()" IS_HIT
	    " AND CASE t.state WHEN 'open' THEN true WHEN 'signing' THEN true"
	    "  END RETURNING hit.place - 1"),
	[ORDERS_REFUSED] = DB_STMT("issue_orders_refused",
	    "WITH hit AS MATERIALIZED (SELECT u.n, u.reason, x.at FROM"
	    " (SELECT id, count(*)::integer AS n, max(reason) AS reason"
	    "  FROM unnest($1::bytea[], $2::text[]) AS a (id, reason)"
	    "  GROUP BY id ORDER BY id) u CROSS JOIN LATERAL"
	    " (SELECT ctid AS at FROM orders WHERE id = u.id OFFSET 0) x)"
	    " UPDATE orders t SET open_items = t.open_items - hit.n,"
	    " state = CASE WHEN t.state <> 'ready' OR t.open_items <> hit.n"
	    "  THEN t.state WHEN t.kind = 'batch' AND EXISTS (SELECT FROM item i"
	    "  WHERE i.order_id = t.id AND i.state = 'done' OFFSET 0)"
	    "  THEN 'done' ELSE 'refused' END,"
	    " reason = CASE WHEN t.kind <> 'batch' THEN hit.reason"
	    "  WHEN t.open_items <> hit.n OR EXISTS (SELECT FROM item i"
	    "  WHERE i.order_id = t.id AND i.state = 'done' OFFSET 0)"
	    "  THEN t.reason ELSE left('no item was issued; the last: ' || hit.reason, 600)"
	    "  END, changed_at = now()" IS_HIT),
	[ORDER_REFUSE] = DB_STMT("issue_order_refuse",
	    "UPDATE orders SET state = 'refused', reason = $2::text,"
	    " changed_at = now()"
	    " WHERE id = $1::bytea AND state IN ('ready', 'pending')"),
	[EXPIRE] = DB_STMT("issue_expire",
	    "WITH late AS MATERIALIZED (SELECT o.id FROM orders o"
	    "  WHERE o.state IN ('pending', 'ready')"
	    "  AND o.expires_at <= " DB_TIME(1)
	    "  AND NOT EXISTS (SELECT FROM item i WHERE i.order_id = o.id"
	    "   AND i.state = 'signing' OFFSET 0)"
	    "  ORDER BY o.expires_at LIMIT $2::bigint FOR UPDATE SKIP LOCKED)"
	    " UPDATE orders o SET state = 'expired', changed_at = now()"
	    " FROM late WHERE o.id = late.id"
	    " RETURNING o.id, o.digest, o.kind"),
};
const struct db_table DB_ISSUE = DB_TABLE(stmt);

/* Run a statement that must touch n rows. */
static int
exec_all(struct db *db, const struct db_stmt *s, const struct db_arg *arg,
    size_t nargs, size_t n, const char *what, struct error *e)
{
	int64_t	 touched = db_exec(db, s, arg, nargs, e);

	if (touched == -1)
		return -1;
	if ((size_t)touched != n)
		return error_set(e, ERROR_CONFLICT, "%zu of %zu %s",
		    n - (size_t)touched, n, what);
	return 0;
}

/* Claims. */

static void
claim_fill(struct db_claim *c, const struct db_rows *rows, size_t i, int col,
    struct arena *a)
{
	c->holder = db_row_text(a, rows, i, col);
	c->request = db_row_bytes(a, rows, i, col + 1);
	c->proof = db_row_bytes(a, rows, i, col + 2);
	c->station_order = db_row_bytes(a, rows, i, col + 3);
}

static int
claim_items(struct db *db, const struct db_rows *work, size_t max,
    struct db_claims *out, struct arena *a, struct error *e)
{
	size_t		 norders = db_rows_count(work);
	struct bytes	*ids = arena_alloc(a, (norders + 1) * sizeof(*ids));
	struct db_rows	*rows;

	for (size_t i = 0; i < norders; i++)
		ids[i] = db_get_bytes(work, i, 0);
	if (db_query(db, &stmt[CLAIM], (struct db_arg[]){
	    db_blobs(ids, norders), db_int((int64_t)max) }, 2, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		size_t order = (size_t)db_get_int(rows, i, 2);

		db_row_ref(&out->v[i].ref, rows, i, 0);
		db_row_fixed(out->v[i].digest, DB_DIGEST, work, order, 1);
		out->v[i].kind = db_row_text(a, work, order, 2);
		claim_fill(&out->v[i], rows, i, 3, a);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_issue_look(struct db *db, const char *const *ca, size_t nca,
    size_t enough, struct db_issue_work *out, struct error *e)
{
	const struct db_arg	 arg[] = { db_int((int64_t)enough),
	    db_texts(ca, nca) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[LOOK], arg, COUNT(arg), &rows, e) == -1)
		return -1;
	out->status = db_get_bool(rows, 0, 0);
	out->items = db_get_int(rows, 0, 1);
	db_rows_free(&rows);
	return 0;
}

int
db_issue_claim(struct db *db, const char *const *ca, size_t nca, size_t max,
    struct db_claims *out, struct arena *a, struct error *e)
{
	/* More orders than items are wanted: others hold some of them. */
	const struct db_arg	 arg[] = { db_int((int64_t)max * 4),
	    db_texts(ca, nca) };
	struct db_rows		*work;
	int			 rc = 0;

	out->n = 0;
	if (db_query(db, &stmt[WORK], arg, COUNT(arg), &work, e) == -1)
		return -1;
	if (db_rows_count(work) > 0)
		rc = claim_items(db, work, max, out, a, e);
	db_rows_free(&work);
	return rc;
}

int
db_issue_blob(struct db *db, const uint8_t id[DB_ORDER_ID],
    struct bytes *blob, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_ORDER_ID) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &stmt[BLOB], arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		*blob = db_row_bytes(a, rows, 0, 0);
	db_rows_free(&rows);
	return found;
}

/* Intents. */

struct intent_columns {
	const char	**ca;
	struct bytes	 *serial, *tbs, *key;
};

/* The rows' first column is the place of what was touched. */
static void
mark_places(bool *touched, size_t n, const struct db_rows *rows)
{
	memset(touched, 0, n * sizeof(*touched));
	for (size_t i = 0; i < db_rows_count(rows); i++)
		touched[db_get_int(rows, i, 0)] = true;
}

/* won[i]: the key of v[i] is not under way elsewhere. */
static int
intent_insert(struct db *db, const struct db_intent *v, size_t n,
    const char *instance, bool *won, struct arena *a, struct error *e)
{
	struct db_rows		*rows;
	struct intent_columns	 c;

	c.ca = arena_alloc(a, (n + 1) * sizeof(*c.ca));
	c.serial = arena_alloc(a, (n + 1) * sizeof(*c.serial));
	c.tbs = arena_alloc(a, (n + 1) * sizeof(*c.tbs));
	c.key = arena_alloc(a, (n + 1) * sizeof(*c.key));
	for (size_t i = 0; i < n; i++) {
		c.ca[i] = v[i].ca;
		c.serial[i] = BYTES(v[i].serial.p, v[i].serial.len);
		c.tbs[i] = v[i].tbs;
		c.key[i] = BYTES(v[i].key_digest, DB_DIGEST);
	}
	if (db_query(db, &stmt[INTENT], (struct db_arg[]){
	    db_column_ids(a, v, n, sizeof(*v)),
	    db_column_ns(a, v, n, sizeof(*v)), db_texts(c.ca, n),
	    db_blobs(c.serial, n), db_blobs(c.tbs, n), db_blobs(c.key, n),
	    db_text(instance) }, 7, &rows, e) == -1)
		return -1;
	mark_places(won, n, rows);
	db_rows_free(&rows);
	return 0;
}

/* Back to open, for a later round. */
static int
intent_put_off(struct db *db, const struct db_intent *v, size_t n,
    struct arena *a, struct error *e)
{
	return n == 0 ? 0 : exec_all(db, &stmt[SIGNING_TO_OPEN],
	    (struct db_arg[]){ db_column_ids(a, v, n, sizeof(*v)),
	    db_column_ns(a, v, n, sizeof(*v)) }, 2, n,
	    "items are not at the signer", e);
}

int
db_issue_intend(struct db *db, const struct db_intent *v, size_t n,
    const char *instance, bool *won, struct error *e)
{
	struct arena		*a = arena_new();
	struct db_intent	*mine = arena_alloc(a, (n + 1) * sizeof(*mine));
	struct db_intent	*late = arena_alloc(a, (n + 1) * sizeof(*late));
	bool			*first = arena_alloc(a, n + 1);
	struct db_rows		*rows = NULL;
	size_t			 nmine = 0, nlate = 0;
	int			 rc = -1;

	if (db_query(db, &stmt[OPEN_TO_SIGNING], (struct db_arg[]){
	    db_column_ids(a, v, n, sizeof(*v)),
	    db_column_ns(a, v, n, sizeof(*v)) }, 2, &rows, e) == -1)
		goto out;
	mark_places(won, n, rows);
	for (size_t i = 0; i < n; i++)
		if (won[i])
			mine[nmine++] = v[i];
	if (intent_insert(db, mine, nmine, instance, first, a, e) == -1)
		goto out;
	for (size_t i = 0, k = 0; i < n; i++) {
		if (!won[i] || first[k++])
			continue;
		won[i] = false;
		late[nlate++] = v[i];
	}
	rc = intent_put_off(db, late, nlate, a, e);
 out:
	db_rows_free(&rows);
	arena_free(&a);
	return rc;
}

int
db_issue_withdraw(struct db *db, const struct db_ref *v, size_t n,
    struct error *e)
{
	struct arena	*a = arena_new();
	struct db_arg	 arg[] = { db_column_ids(a, v, n, sizeof(*v)),
	    db_column_ns(a, v, n, sizeof(*v)) };
	int		 rc = -1;

	if (exec_all(db, &stmt[INTENT_DROP], arg, 2, n, "intents are gone",
	    e) == 0 &&
	    exec_all(db, &stmt[SIGNING_TO_OPEN], arg, 2, n,
	    "items are not at the signer", e) == 0)
		rc = 0;
	arena_free(&a);
	return rc;
}

static void
resume_fill(struct db_resume *r, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	db_row_ref(&r->claim.ref, rows, i, 0);
	db_row_fixed(r->claim.digest, DB_DIGEST, rows, i, 2);
	r->claim.kind = db_row_text(a, rows, i, 3);
	claim_fill(&r->claim, rows, i, 4, a);
	r->intent.ref = r->claim.ref;
	r->intent.ca = db_row_text(a, rows, i, 8);
	db_row_serial(&r->intent.serial, rows, i, 9);
	r->intent.tbs = db_row_bytes(a, rows, i, 10);
}

int
db_issue_resume(struct db *db, const struct db_unfinished *u,
    struct db_resumes *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(u->name[0]),
	    db_int(u->seconds), db_int((int64_t)u->max),
	    db_texts(u->name, u->nnames), db_texts(u->away, u->naway) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[RESUME], arg, COUNT(arg), &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		resume_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

/* Storing. */

/* The same certificates, column by column. */
struct cert_columns {
	struct db_arg	 id, n;
	const char	**ca, **profile, **holder, **card, **subject;
	struct bytes	 *serial, *key, *der;
	int64_t		 *from, *to, *at, *shard;
};

static void
columns_alloc(struct cert_columns *c, size_t n, struct arena *a)
{
	size_t	 texts = (n + 1) * sizeof(char *);
	size_t	 blobs = (n + 1) * sizeof(struct bytes);
	size_t	 ints = (n + 1) * sizeof(int64_t);

	c->ca = arena_alloc(a, texts);
	c->profile = arena_alloc(a, texts);
	c->holder = arena_alloc(a, texts);
	c->card = arena_alloc(a, texts);
	c->subject = arena_alloc(a, texts);
	c->serial = arena_alloc(a, blobs);
	c->key = arena_alloc(a, blobs);
	c->der = arena_alloc(a, blobs);
	c->from = arena_alloc(a, ints);
	c->to = arena_alloc(a, ints);
	c->at = arena_alloc(a, ints);
	c->shard = arena_alloc(a, ints);
}

static void
columns_fill(struct cert_columns *c, const struct db_issued *v, size_t n,
    struct arena *a)
{
	columns_alloc(c, n, a);
	c->id = db_column_ids(a, v, n, sizeof(*v));
	c->n = db_column_ns(a, v, n, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		c->ca[i] = v[i].ca;
		c->profile[i] = v[i].profile;
		c->holder[i] = v[i].holder;
		c->card[i] = v[i].card;
		c->subject[i] = v[i].subject;
		c->serial[i] = BYTES(v[i].serial.p, v[i].serial.len);
		c->key[i] = BYTES(v[i].key_digest, DB_DIGEST);
		c->der[i] = v[i].der;
		c->from[i] = v[i].not_before;
		c->to[i] = v[i].not_after;
		c->at[i] = v[i].issued_at;
		c->shard[i] = v[i].shard;
	}
}

/* ids[i]: the new row of v[i].  The serials say that the order was kept. */
static int
store_certs(struct db *db, const struct cert_columns *c, size_t n,
    int64_t *ids, struct error *e)
{
	struct db_rows	*rows;
	int		 rc = 0;

	if (db_query(db, &stmt[CERT], (struct db_arg[]){ c->id, c->n,
	    db_texts(c->ca, n), db_blobs(c->serial, n), db_texts(c->profile, n),
	    db_texts(c->holder, n), db_texts(c->card, n),
	    db_texts(c->subject, n), db_blobs(c->key, n), db_ints(c->from, n),
	    db_ints(c->to, n), db_blobs(c->der, n), db_ints(c->at, n),
	    db_ints(c->shard, n) }, 14, &rows, e) == -1)
		return -1;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (i >= db_rows_count(rows) ||
		    !bytes_equal(db_get_bytes(rows, i, 1), c->serial[i]))
			rc = error_set(e, ERROR_BUG,
			    "certificates came back in another order");
		else
			ids[i] = db_get_int(rows, i, 0);
	}
	db_rows_free(&rows);
	return rc;
}

static int
store_names(struct db *db, const struct db_issued *v, size_t n,
    const int64_t *ids, struct arena *a, struct error *e)
{
	const char	**kind, **value;
	size_t		 total = 0, k = 0;
	int64_t		*cert;

	for (size_t i = 0; i < n; i++)
		total += v[i].nnames;
	if (total == 0)
		return 0;
	cert = arena_alloc(a, total * sizeof(*cert));
	kind = arena_alloc(a, total * sizeof(*kind));
	value = arena_alloc(a, total * sizeof(*value));
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < v[i].nnames; j++, k++) {
			cert[k] = ids[i];
			kind[k] = v[i].name[j].kind;
			value[k] = v[i].name[j].value;
		}
	return db_exec(db, &stmt[NAME], (struct db_arg[]){
	    db_ints(cert, total), db_texts(kind, total),
	    db_texts(value, total) }, 3, e) == -1 ? -1 : 0;
}

static int
store_close(struct db *db, const struct cert_columns *c, size_t n,
    struct error *e)
{
	if (exec_all(db, &stmt[OUTBOX], (struct db_arg[]){
	    db_texts(c->ca, n), db_blobs(c->serial, n) }, 2, n,
	    "outbox rows were not written", e) == -1 ||
	    exec_all(db, &stmt[SIGNING_TO_DONE],
	    (struct db_arg[]){ c->id, c->n }, 2, n,
	    "items are not at the signer", e) == -1)
		return -1;
	return db_exec(db, &stmt[ORDERS_LOCK], &c->id, 1, e) == -1 ||
	    db_exec(db, &stmt[ORDERS_DONE], &c->id, 1, e) == -1 ? -1 : 0;
}

int
db_issue_store(struct db *db, const struct db_issued *v, size_t n,
    struct error *e)
{
	struct arena		*a = arena_new();
	int64_t			*ids = arena_alloc(a, (n + 1) * sizeof(*ids));
	struct cert_columns	 c;
	int			 rc = -1;

	columns_fill(&c, v, n, a);
	if (exec_all(db, &stmt[INTENT_TAKE], (struct db_arg[]){ c.id, c.n,
	    db_texts(c.ca, n), db_blobs(c.serial, n) }, 4, n,
	    "intents are gone", e) == 0 &&
	    store_certs(db, &c, n, ids, e) == 0 &&
	    store_names(db, v, n, ids, a, e) == 0 &&
	    store_close(db, &c, n, e) == 0)
		rc = 0;
	arena_free(&a);
	return rc;
}

/* Refusing. */

/* Only what was open or at the signer counts for its order. */
static int
refuse_orders(struct db *db, const struct db_refusal *v, const bool *touched,
    size_t n, struct arena *a, struct error *e)
{
	struct bytes	*ids = arena_alloc(a, (n + 1) * sizeof(*ids));
	const char	**reasons = arena_alloc(a, (n + 1) * sizeof(*reasons));
	struct db_arg	 arg[2];
	size_t		 k = 0;

	for (size_t i = 0; i < n; i++) {
		if (!touched[i])
			continue;
		ids[k] = BYTES(v[i].ref.order_id, DB_ORDER_ID);
		reasons[k++] = v[i].reason;
	}
	arg[0] = db_blobs(ids, k);
	arg[1] = db_texts(reasons, k);
	return db_exec(db, &stmt[ORDERS_LOCK], arg, 1, e) == -1 ||
	    db_exec(db, &stmt[ORDERS_REFUSED], arg, 2, e) == -1 ? -1 : 0;
}

int
db_issue_refuse(struct db *db, const struct db_refusal *v, size_t n,
    struct error *e)
{
	struct arena	*a = arena_new();
	const char	**reasons = arena_alloc(a, (n + 1) * sizeof(*reasons));
	bool		*touched = arena_alloc(a, (n + 1) * sizeof(*touched));
	struct db_arg	 arg[3] = { db_column_ids(a, v, n, sizeof(*v)),
	    db_column_ns(a, v, n, sizeof(*v)) };
	struct db_rows	*rows = NULL;
	int		 rc = -1;

	for (size_t i = 0; i < n; i++)
		reasons[i] = v[i].reason;
	arg[2] = db_texts(reasons, n);
	if (db_exec(db, &stmt[INTENT_DROP], arg, 2, e) == -1 ||
	    db_query(db, &stmt[REFUSE], arg, 3, &rows, e) == -1)
		goto out;
	mark_places(touched, n, rows);
	rc = refuse_orders(db, v, touched, n, a, e);
 out:
	db_rows_free(&rows);
	arena_free(&a);
	return rc;
}

int
db_issue_refuse_order(struct db *db, const uint8_t id[DB_ORDER_ID],
    const char *reason, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_ORDER_ID),
	    db_text(reason) };
	char			 hex[2 * DB_ORDER_ID + 1];
	int64_t			 touched = db_exec(db, &stmt[ORDER_REFUSE], arg, 2, e);

	if (touched == 1)
		return 0;
	text_hex(hex, id, DB_ORDER_ID);
	if (touched == -1)
		return error_wrap(e, "order %s", hex);
	return error_set(e, ERROR_CONFLICT, "order %s: is in another state now",
	    hex);
}

int
db_issue_expire(struct db *db, int64_t now, size_t max,
    struct db_expireds *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(now), db_int((int64_t)max) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[EXPIRE], arg, 2, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		db_row_fixed(out->v[i].id, DB_ORDER_ID, rows, i, 0);
		db_row_fixed(out->v[i].digest, DB_DIGEST, rows, i, 1);
		out->v[i].kind = db_row_text(a, rows, i, 2);
	}
	db_rows_free(&rows);
	return 0;
}
