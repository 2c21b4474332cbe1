/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the entries of holders are made of.
 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_publish.h"

enum { PEOPLE, HOLDERS, KNOWN };
static const struct db_stmt stmt[] = {
	/*
	 * By holder alone, whatever the planner thinks: without statistics, as
	 * after the first big order, it would have all that have not expired
	 * looked up for each holder.
	 */
	[PEOPLE] = DB_STMT("publish_people",
	    "SELECT k.holder, c.ca, c.profile, c.serial, c.id, c.der"
	    " FROM unnest($1::text[]) WITH ORDINALITY AS k (holder, place)"
	    " CROSS JOIN LATERAL (SELECT x.* FROM (SELECT * FROM cert"
	    "   WHERE holder = k.holder ORDER BY id DESC OFFSET 0) x"
	    "  WHERE x.status = 'good' AND x.not_after > " DB_TIME(3)
	    "  AND x.profile = ANY ($2::text[]) LIMIT $4::bigint) c"
	    " ORDER BY k.place, c.id DESC"),
	[HOLDERS] = DB_STMT("publish_holders",
	    "SELECT DISTINCT holder FROM cert WHERE holder > $1::text"
	    " AND profile = ANY ($2::text[]) ORDER BY holder LIMIT $3::bigint"),
	[KNOWN] = DB_STMT("publish_known",
	    "SELECT k.place - 1 FROM unnest($1::text[]) WITH ORDINALITY"
	    " AS k (holder, place) WHERE EXISTS (SELECT FROM cert c"
	    "  WHERE c.holder = k.holder AND c.profile = ANY ($2::text[]))"),
};
const struct db_table DB_PUBLISH_LOOK = DB_TABLE(stmt);

int
db_publish_people(struct db *db, const char *const *holder, size_t n,
    const struct db_profiles *p, int64_t now, struct db_publisheds *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_texts(holder, n),
	    db_texts(p->v, p->n), db_int(now), db_int(DB_PUBLISHED_MAX) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[PEOPLE], arg, 4, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_published *c = &out->v[i];

		c->holder = db_row_text(a, rows, i, 0);
		c->ca = db_row_text(a, rows, i, 1);
		c->profile = db_row_text(a, rows, i, 2);
		db_row_serial(&c->serial, rows, i, 3);
		c->id = db_get_int(rows, i, 4);
		c->der = db_row_bytes(a, rows, i, 5);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_publish_holders(struct db *db, const char *after,
    const struct db_profiles *p, size_t limit, struct db_keys *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(after),
	    db_texts(p->v, p->n), db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[HOLDERS], arg, 3, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		out->v[i] = db_row_text(a, rows, i, 0);
	db_rows_free(&rows);
	return 0;
}

int
db_publish_known(struct db *db, const char *const *holder, size_t n,
    const struct db_profiles *p, bool *known, struct error *e)
{
	const struct db_arg	 arg[] = { db_texts(holder, n),
	    db_texts(p->v, p->n) };
	struct db_rows		*rows;

	memset(known, 0, n * sizeof(*known));
	if (db_query(db, &stmt[KNOWN], arg, 2, &rows, e) == -1)
		return -1;
	for (size_t i = 0; i < db_rows_count(rows); i++)
		known[db_get_int(rows, i, 0)] = true;
	db_rows_free(&rows);
	return 0;
}
