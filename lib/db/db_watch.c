/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_watch.h"

#define MS_SINCE(at)	"(extract(epoch FROM clock_timestamp() - " at \
	") * 1000)::bigint"

enum { MARKS, CARDS, ALARMS };
static const struct db_stmt stmt[] = {
	[MARKS] = DB_STMT("watch_marks", "SELECT"
	    " coalesce((SELECT id FROM cert ORDER BY id DESC LIMIT 1), 0),"
	    " coalesce((SELECT id FROM status_change ORDER BY id DESC"
	    "  LIMIT 1), 0), (SELECT seq FROM audit_head), "
	    MS_SINCE("(SELECT at FROM heartbeat)")),
	[CARDS] = DB_STMT("watch_cards",
	    "SELECT DISTINCT ON (station, reader) station, reader, number,"
	    " holder, state, " MS_SINCE("changed_at") " FROM card"
	    " WHERE (state IN ('claimed', 'keyed', 'ordered', 'certified',"
	    " 'written', 'locked', 'verified')"
	    " AND changed_at > now() - interval '1 day')"
	    " OR (state IN ('issued', 'spoiled')"
	    " AND changed_at > now() - interval '1 hour')"
	    " ORDER BY station, reader, changed_at DESC"),
	/* "act=alarm\n" */
	[ALARMS] = DB_STMT("watch_alarms",
	    "SELECT body FROM audit WHERE seq > (SELECT seq - 10000"
	    " FROM audit_head)"
	    " AND substring(body FROM 1 FOR 10) = '\\x6163743d616c61726d0a'"
	    " ORDER BY seq DESC LIMIT $1::bigint"),
};
const struct db_table DB_WATCH = DB_TABLE(stmt);

int
db_watch_marks(struct db *db, struct db_watch_marks *out, struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmt[MARKS], NULL, 0, &rows, e) == -1)
		return -1;
	out->certs = db_get_int(rows, 0, 0);
	out->changes = db_get_int(rows, 0, 1);
	out->entries = db_get_int(rows, 0, 2);
	out->silent_ms = db_get_int(rows, 0, 3);
	db_rows_free(&rows);
	return 0;
}

int
db_watch_cards(struct db *db, struct db_watch_cards *out, struct arena *a,
    struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmt[CARDS], NULL, 0, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		out->v[i] = (struct db_watch_card){
		    .station = db_row_text(a, rows, i, 0),
		    .reader = db_row_text(a, rows, i, 1),
		    .number = db_row_text(a, rows, i, 2),
		    .holder = db_row_text(a, rows, i, 3),
		    .state = db_row_text(a, rows, i, 4),
		    .ms = db_get_int(rows, i, 5) };
	db_rows_free(&rows);
	return 0;
}

int
db_watch_alarms(struct db *db, size_t limit, struct db_watch_alarms *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[ALARMS], arg, 1, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->body = arena_alloc(a, (out->n + 1) * sizeof(*out->body));
	for (size_t i = 0; i < out->n; i++)
		out->body[i] = db_row_bytes(a, rows, i, 0);
	db_rows_free(&rows);
	return 0;
}
