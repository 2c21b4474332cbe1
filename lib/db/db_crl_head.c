/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_crl_head.h"

#include "base/error.h"
#include "base/mem.h"

#define COLUMNS(of)	of ".ca, " of ".shard, " of ".number, " of ".base, " \
	DB_EPOCH(of ".this_update") " AS this, " \
	DB_EPOCH(of ".next_update") " AS next, " of ".entries, " of ".size"

/*
 * From one (ca, shard) to the next along the primary key, since the history
 * of lists is long and what is asked for its end.  Shards have no deltas.
 */
static const struct db_stmt stmt[] = {
	DB_STMT("crl_heads",
	    "WITH RECURSIVE s AS ("
	    "(SELECT ca, shard FROM crl ORDER BY ca, shard LIMIT 1)"
	    " UNION ALL SELECT n.ca, n.shard FROM s CROSS JOIN LATERAL"
	    " (SELECT ca, shard FROM crl WHERE (crl.ca, crl.shard) >"
	    "  (s.ca, s.shard) ORDER BY ca, shard LIMIT 1) n),"
	    " l AS (SELECT x.* FROM s CROSS JOIN LATERAL"
	    " (SELECT * FROM crl WHERE crl.ca = s.ca AND crl.shard = s.shard"
	    "  AND base = 0 ORDER BY number DESC LIMIT 1) x)"
	    " SELECT " COLUMNS("l") " FROM l"
	    " UNION ALL SELECT " COLUMNS("d") " FROM l CROSS JOIN LATERAL"
	    " (SELECT * FROM crl WHERE crl.ca = l.ca AND crl.shard = 0"
	    "  AND base > 0 AND number >= l.number"
	    "  ORDER BY number DESC LIMIT 1) d WHERE l.shard = 0"
	    " ORDER BY 1, 2, 4"),
};
const struct db_table DB_CRL_HEAD = DB_TABLE(stmt);

int
db_crl_heads(struct db *db, struct db_crls *out, struct arena *a,
    struct error *e)
{
	struct db_rows	*rows;
	size_t		 i;

	if (db_query(db, &stmt[0], NULL, 0, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (i = 0; i < out->n; i++) {
		out->v[i].ca = db_row_text(a, rows, i, 0);
		out->v[i].shard = db_get_int(rows, i, 1);
		out->v[i].number = db_get_int(rows, i, 2);
		out->v[i].base = db_get_int(rows, i, 3);
		out->v[i].this_update = db_get_int(rows, i, 4);
		out->v[i].next_update = db_get_int(rows, i, 5);
		out->v[i].entries = db_get_int(rows, i, 6);
		out->v[i].size = db_get_int(rows, i, 7);
	}
	db_rows_free(&rows);
	return 0;
}
