/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making notices of what has happened since the last look.
 *
 * A cursor and the notices that it made move in one statement, so that nothing
 * is missed or told twice whenever the program ends.
 */
#include <stdio.h>
#include "base/error.h"
#include "db/db_notice.h"

#define STEPS		60, 30, 14, 3
#define TEXT_(...)	#__VA_ARGS__
#define TEXT(...)	TEXT_(__VA_ARGS__)

const int DB_NOTICE_DAYS[] = { STEPS, 0 };

/* The cursor, if its rows may be looked at and nobody else is at it. */
#define CURSOR(name) \
	"c AS MATERIALIZED (SELECT place, upto FROM notice_cursor" \
	" WHERE name = '" name "' AND place < upto" \
	" AND horizon <= pg_snapshot_xmin(pg_current_snapshot())" \
	" FOR UPDATE SKIP LOCKED)"
#define MOVE(name) \
	"moved AS (UPDATE notice_cursor SET" \
	" place = CASE WHEN p.n < $2::bigint THEN upto ELSE p.last END," \
	" horizon = CASE WHEN p.n = $2::bigint THEN horizon END" \
	" FROM (SELECT count(*) AS n, max(id) AS last FROM page) p" \
	" WHERE name = '" name "' AND EXISTS (SELECT FROM c))"
#define NOTE(name, table) \
	"UPDATE notice_cursor SET noted_at = now()," \
	" upto = CASE WHEN place >= upto THEN m.id ELSE upto END," \
	" horizon = CASE WHEN place < upto" \
	"  THEN pg_snapshot_xmax(pg_current_snapshot()) END" \
	" FROM (SELECT max(id) AS id FROM " table ") m" \
	" WHERE name = '" name "' AND ((place >= upto AND m.id > upto)" \
	" OR (place < upto AND horizon IS NULL" \
	"  AND noted_at < now() - interval '1 second'))"
#define RECENT(col)	col " > now() - make_interval(secs => $1::bigint)"
/* Where a holder's mail goes, found row by row. */
#define TOLD(of) \
	" LEFT JOIN LATERAL (SELECT x.id, x.mail, x.lang FROM application x" \
	"  WHERE x.order_id = " of ".order_id AND " of ".n = 0 OFFSET 0) a" \
	"  ON true" \
	" LEFT JOIN LATERAL (SELECT y.mail FROM holder y" \
	"  WHERE y.id = " of ".holder OFFSET 0) h ON true"

enum { START, NOTE_ISSUED, NOTE_STATUS, ISSUED, STATUS, EXPIRING, SWEEP };
static const struct db_stmt stmt[] = {
	[START] = DB_STMT("notice_start",
	    "INSERT INTO notice_cursor (name, place, upto, not_after)"
	    " VALUES ('issued', coalesce((SELECT max(id) FROM cert), 0),"
	    "  coalesce((SELECT max(id) FROM cert), 0), NULL),"
	    " ('status', coalesce((SELECT max(id) FROM status_change), 0),"
	    "  coalesce((SELECT max(id) FROM status_change), 0), NULL),"
	    " ('expiring-60', 0, 0, now() + interval '60 days'),"
	    " ('expiring-30', 0, 0, now() + interval '30 days'),"
	    " ('expiring-14', 0, 0, now() + interval '14 days'),"
	    " ('expiring-3', 0, 0, now() + interval '3 days')"
	    " ON CONFLICT DO NOTHING"),
	[NOTE_ISSUED] = DB_STMT("notice_note_issued", NOTE("issued", "cert")),
	[NOTE_STATUS] = DB_STMT("notice_note_status",
	    NOTE("status", "status_change")),
	[ISSUED] = DB_STMT_FRESH("notice_scan_issued",
	    "WITH " CURSOR("issued") ","
	    " page AS MATERIALIZED (SELECT id, order_id, n, holder, issued_at"
	    "  FROM cert WHERE id > (SELECT place FROM c)"
	    "  AND id <= (SELECT upto FROM c) ORDER BY id LIMIT $2::bigint),"
	    " " MOVE("issued") ","
	    " made AS (INSERT INTO notice (kind, application, cert, mail, lang)"
	    "  SELECT 'issued', a.id, CASE WHEN a.id IS NULL THEN p.id END,"
	    "  coalesce(a.mail, h.mail), a.lang FROM page p" TOLD("p")
	    "  WHERE " RECENT("p.issued_at") " ON CONFLICT DO NOTHING)"
	    " SELECT count(*) FROM page"),
	/* And what is its holder's last one now, after a hold or since what
	 * came after it is gone: the look at what expires has passed it by. */
	[STATUS] = DB_STMT_FRESH("notice_scan_status",
	    "WITH " CURSOR("status") ","
	    " page AS MATERIALIZED (SELECT id, ca, serial, status, changed_at"
	    "  FROM status_change WHERE id > (SELECT place FROM c)"
	    "  AND id <= (SELECT upto FROM c) ORDER BY id LIMIT $2::bigint),"
	    " " MOVE("status") ","
	    " made AS (INSERT INTO notice (kind, cert, step, mail, lang)"
	    "  SELECT CASE p.status WHEN 'good' THEN 'released'"
	    "   ELSE p.status END, t.id, p.id, coalesce(a.mail, h.mail), a.lang"
	    "  FROM page p CROSS JOIN LATERAL (SELECT z.id, z.holder,"
	    "   z.order_id, z.n FROM cert z WHERE z.serial = p.serial"
	    "   AND z.ca = p.ca OFFSET 0) t" TOLD("t")
	    "  WHERE " RECENT("p.changed_at") " ON CONFLICT DO NOTHING),"
	    " owner AS MATERIALIZED (SELECT DISTINCT t.holder, t.profile"
	    "  FROM page p CROSS JOIN LATERAL (SELECT z.holder, z.profile"
	    "   FROM cert z WHERE z.serial = p.serial AND z.ca = p.ca"
	    "   OFFSET 0) t WHERE t.holder IS NOT NULL),"
	    " again AS (INSERT INTO notice (kind, cert, step, mail, lang)"
	    "  SELECT 'expiring', t.id, s.step, coalesce(a.mail, h.mail),"
	    "   a.lang FROM owner o CROSS JOIN LATERAL (SELECT z.id,"
	    "   z.holder, z.order_id, z.n, z.not_before, z.not_after FROM cert z"
	    "   WHERE z.holder = o.holder AND z.profile = o.profile"
	    "   AND z.status = 'good' AND z.not_after > now()"
	    "   ORDER BY z.not_after DESC LIMIT 1) t"
	    "  CROSS JOIN LATERAL (SELECT min(d) AS step FROM unnest("
	    "   ARRAY[" TEXT(STEPS) "]) d"
	    "   WHERE t.not_after <= now() + make_interval(days => d)"
	    "   AND t.not_after - t.not_before >="
	    "    make_interval(days => 2 * d)) s" TOLD("t")
	    "  WHERE s.step IS NOT NULL ON CONFLICT DO NOTHING)"
	    " SELECT count(*) FROM page"),
	[EXPIRING] = DB_STMT_FRESH("notice_scan_expiring",
	    "WITH c AS MATERIALIZED (SELECT not_after, place"
	    "  FROM notice_cursor WHERE name = 'expiring-' || $1::bigint"
	    "  FOR UPDATE SKIP LOCKED),"
	    " page AS MATERIALIZED (SELECT id, order_id, n, holder, profile,"
	    "  status, not_before, not_after FROM cert"
	    "  WHERE (not_after, id) > (SELECT not_after, place FROM c)"
	    "  AND not_after <= now() + make_interval(days => $1::bigint::integer)"
	    "  ORDER BY not_after, id LIMIT $3::bigint),"
	    " moved AS (UPDATE notice_cursor SET not_after = p.not_after,"
	    "  place = p.id FROM (SELECT not_after, id FROM page"
	    "   ORDER BY not_after DESC, id DESC LIMIT 1) p"
	    "  WHERE name = 'expiring-' || $1::bigint),"
	    " made AS (INSERT INTO notice (kind, cert, step, mail, lang)"
	    "  SELECT 'expiring', p.id, $1::bigint, coalesce(a.mail, h.mail),"
	    "  a.lang FROM page p" TOLD("p")
	    "  WHERE p.status = 'good'"
	    "  AND p.not_after > now() + make_interval(days => $2::bigint::integer)"
	    "  AND p.not_after - p.not_before >="
	    "   make_interval(days => (2 * $1::bigint)::integer)"
	    "  AND NOT EXISTS (SELECT FROM cert s WHERE s.holder = p.holder"
	    "   AND s.profile = p.profile AND s.status = 'good'"
	    "   AND s.not_after > p.not_after)"
	    "  ON CONFLICT DO NOTHING)"
	    " SELECT count(*) FROM page"),
	[SWEEP] = DB_STMT("notice_sweep",
	    "SELECT registration_sweep(" DB_TIME(1) ", $2::bigint)"),
};
const struct db_table DB_NOTICE_SCAN = DB_TABLE(stmt);

int
db_notice_start(struct db *db, struct error *e)
{
	return db_exec(db, &stmt[START], NULL, 0, e) == -1 ? -1 : 0;
}

static int64_t
count_of(struct db *db, const struct db_stmt *s, const struct db_arg *arg,
    size_t nargs, struct error *e)
{
	struct db_rows	*rows;
	int64_t		 n;

	if (db_query(db, s, arg, nargs, &rows, e) == -1)
		return -1;
	n = db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return n;
}

static int64_t
scan(struct db *db, int note, int look, int64_t max_age, size_t limit,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_int(max_age),
	    db_int((int64_t)limit) };

	if (db_exec(db, &stmt[note], NULL, 0, e) == -1)
		return -1;
	return count_of(db, &stmt[look], arg, 2, e);
}

int64_t
db_notice_scan_issued(struct db *db, int64_t max_age, size_t limit,
    struct error *e)
{
	return scan(db, NOTE_ISSUED, ISSUED, max_age, limit, e);
}

int64_t
db_notice_scan_status(struct db *db, int64_t max_age, size_t limit,
    struct error *e)
{
	return scan(db, NOTE_STATUS, STATUS, max_age, limit, e);
}

int64_t
db_notice_scan_expiring(struct db *db, int days, size_t limit,
    struct error *e)
{
	int	 next = 0;

	for (size_t i = 0; DB_NOTICE_DAYS[i] != 0; i++)
		if (DB_NOTICE_DAYS[i] == days)
			next = DB_NOTICE_DAYS[i + 1];
	return count_of(db, &stmt[EXPIRING], (struct db_arg[]){ db_int(days),
	    db_int(next), db_int((int64_t)limit) }, 3, e);
}

int64_t
db_notice_sweep(struct db *db, int64_t before, size_t limit, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(before),
	    db_int((int64_t)limit) };

	return count_of(db, &stmt[SWEEP], arg, 2, e);
}
