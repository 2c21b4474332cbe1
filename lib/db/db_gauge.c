/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_gauge.h"
#include "db/db_row.h"

#define AT_MOST		" LIMIT 100000) x)"
#define COUNT(what)	"(SELECT count(*) FROM (SELECT FROM " what AT_MOST

#define AGE_MS(at)	"coalesce((extract(epoch FROM clock_timestamp() - " \
	at ") * 1000)::bigint, 0)"

enum { READ, CAS };
static const struct db_stmt stmt[] = {
	[READ] = DB_STMT("gauge_read", "SELECT "
	    COUNT("orders WHERE state = 'pending'") ", "
	    COUNT("orders WHERE state = 'ready'") ", "
	    "(SELECT coalesce(sum(waiting_items), 0)::bigint FROM (SELECT"
	    " waiting_items FROM orders WHERE state = 'ready'" AT_MOST ", "
	    COUNT("item WHERE state = 'open'") ", "
	    COUNT("item WHERE state = 'signing'") ", "
	    COUNT("outbox") ", "
	    AGE_MS("(SELECT made_at FROM outbox ORDER BY id LIMIT 1)")),
	[CAS] = DB_STMT("gauge_cas",
	    "SELECT a.name, " DB_EPOCH("a.not_after") ","
	    " coalesce(l.number, 0), coalesce(l.entries, 0),"
	    " coalesce(l.size, 0), " DB_EPOCH("l.next_update")
	    " FROM ca a LEFT JOIN LATERAL (SELECT number, entries, size,"
	    " next_update FROM crl WHERE crl.ca = a.name AND shard = 0"
	    " AND base = 0 ORDER BY number DESC LIMIT 1) l ON true"
	    " WHERE NOT a.is_root ORDER BY a.name"),
};
const struct db_table DB_GAUGE = DB_TABLE(stmt);

enum { OUTBOX, TARGETS };
static const struct db_stmt publish_stmt[] = {
	[OUTBOX] = DB_STMT("gauge_outbox", "SELECT " COUNT("outbox") ", "
	    AGE_MS("(SELECT made_at FROM outbox ORDER BY id LIMIT 1)")),
	[TARGETS] = DB_STMT("gauge_targets",
	    "SELECT t.name, " DB_EPOCH("t.failing_since") ", t.error,"
	    " w.n, " AGE_MS("w.oldest") ", "
	    COUNT("delivery d WHERE d.target = t.name AND d.dead")
	    " FROM target t CROSS JOIN LATERAL (SELECT count(*) AS n,"
	    "  min(x.made_at) AS oldest FROM (SELECT made_at FROM delivery d"
	    "   WHERE d.target = t.name AND NOT d.dead" AT_MOST " w"
	    " ORDER BY t.name"),
};
const struct db_table DB_GAUGE_PUBLISH = DB_TABLE(publish_stmt);

int
db_gauge_read(struct db *db, struct db_gauges *out, struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmt[READ], NULL, 0, &rows, e) == -1)
		return -1;
	out->pending = db_get_int(rows, 0, 0);
	out->ready = db_get_int(rows, 0, 1);
	out->waiting = db_get_int(rows, 0, 2);
	out->open = db_get_int(rows, 0, 3);
	out->signing = db_get_int(rows, 0, 4);
	out->outbox = db_get_int(rows, 0, 5);
	out->outbox_ms = db_get_int(rows, 0, 6);
	db_rows_free(&rows);
	return 0;
}

int
db_gauge_cas(struct db *db, struct db_gauge_cas *out, struct arena *a,
    struct error *e)
{
	struct db_rows		*rows;
	struct db_gauge_ca	*c;
	size_t			 i;

	if (db_query(db, &stmt[CAS], NULL, 0, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (i = 0; i < out->n; i++) {
		c = &out->v[i];
		c->ca = db_row_text(a, rows, i, 0);
		c->not_after = db_get_int(rows, i, 1);
		c->number = db_get_int(rows, i, 2);
		c->entries = db_get_int(rows, i, 3);
		c->size = db_get_int(rows, i, 4);
		c->next_update = db_get_int(rows, i, 5);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_gauge_publish(struct db *db, struct db_gauge_publish *out,
    struct arena *a, struct error *e)
{
	struct db_rows		*rows;
	struct db_gauge_target	*t;

	if (db_query(db, &publish_stmt[OUTBOX], NULL, 0, &rows, e) == -1)
		return -1;
	out->outbox = db_get_int(rows, 0, 0);
	out->outbox_ms = db_get_int(rows, 0, 1);
	db_rows_free(&rows);
	if (db_query(db, &publish_stmt[TARGETS], NULL, 0, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		t = &out->v[i];
		t->name = db_row_text(a, rows, i, 0);
		t->failing_since = db_get_int(rows, i, 1);
		t->error = db_row_text(a, rows, i, 2);
		t->waiting = db_get_int(rows, i, 3);
		t->oldest_ms = db_get_int(rows, i, 4);
		t->dead = db_get_int(rows, i, 5);
	}
	db_rows_free(&rows);
	return 0;
}
