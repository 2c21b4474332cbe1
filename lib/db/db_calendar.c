/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db_calendar.h"

#define ENDS(col)	col " > " DB_TIME(1) " AND " col " <= " DB_TIME(2)
#define CERT_COLS	"c.id, c.ca, c.profile, c.holder, c.subject, c.serial, " \
	DB_EPOCH("c.not_before") ", " DB_EPOCH("c.not_after")
#define WEEKS(col, from) \
	"SELECT " DB_EPOCH("date_trunc('week', min(" col "), 'UTC')") ", " \
	DB_EPOCH("min(" col ")") ", count(*) FROM " from \
	" GROUP BY date_trunc('week', " col ", 'UTC') ORDER BY 1"
#define CARDS_IN_USE	"state IN ('issued', 'packed', 'delivered'," \
	" 'activated', 'suspended')"

enum { OWN, CERTS, CERT_WEEKS, CARD_WEEKS, CARDS, LISTS, BACKUP };
static const struct db_stmt stmt[] = {
	/* Who has another one by now.  Of signers of OCSP answers each
	 * generation of a CA has its own. */
	[OWN] = DB_STMT("calendar_own", "SELECT " CERT_COLS
	    " FROM cert c WHERE " ENDS("c.not_after")
	    " AND c.profile = ANY ($3::text[]) AND c.status <> 'revoked'"
	    " AND NOT EXISTS (SELECT FROM cert n WHERE n.holder = c.holder"
	    "  AND n.profile = c.profile AND n.subject = c.subject"
	    "  AND n.not_after > c.not_after AND n.status <> 'revoked'"
	    "  AND (n.ca = c.ca OR c.profile <> 'ocsp-signer'))"
	    " ORDER BY c.not_after, c.id"),
	[CERTS] = DB_STMT("calendar_certs", "SELECT " CERT_COLS
	    " FROM cert c WHERE " ENDS("c.not_after")
	    " AND c.profile <> ALL ($3::text[]) AND c.status <> 'revoked'"
	    " AND (" DB_EPOCH("c.not_after") ", c.id) >"
	    " ($4::bigint, $5::bigint)"
	    " ORDER BY c.not_after, c.id LIMIT $6::bigint"),
	[CERT_WEEKS] = DB_STMT("calendar_cert_weeks", WEEKS("not_after",
	    "cert WHERE " ENDS("not_after")
	    " AND profile <> ALL ($3::text[]) AND status <> 'revoked'"
	    " AND serial NOT IN (SELECT decode(t, 'hex')"
	    "  FROM unnest($4::text[]) t)")),
	[CARD_WEEKS] = DB_STMT("calendar_card_weeks", WEEKS("expires",
	    "card WHERE " ENDS("expires") " AND " CARDS_IN_USE)),
	[CARDS] = DB_STMT("calendar_cards",
	    "SELECT number, holder, " DB_EPOCH("expires")
	    " FROM card WHERE " ENDS("expires") " AND " CARDS_IN_USE
	    " AND (" DB_EPOCH("expires") ", number) > ($3::bigint, $4::text)"
	    " ORDER BY " DB_EPOCH("expires") ", number LIMIT $5::bigint"),
	[LISTS] = DB_STMT("calendar_lists",
	    "SELECT l.ca, l.shard, l.number, " DB_EPOCH("l.this_update") ", "
	    DB_EPOCH("l.next_update") " FROM (SELECT ca, shard,"
	    "  max(number) AS number FROM crl WHERE base = 0"
	    "  GROUP BY ca, shard) m"
	    " JOIN crl l USING (ca, shard, number) JOIN ca a ON a.name = l.ca"
	    " WHERE l.base = 0 AND NOT a.is_root"
	    " AND a.not_after > " DB_TIME(1)
	    " AND (l.shard = 0 OR EXISTS (SELECT FROM cert c"
	    "  WHERE c.ca = l.ca AND c.shard = l.shard AND c.shard > 0"
	    "  AND c.not_after > " DB_TIME(1) "))"
	    " ORDER BY l.ca, l.shard"),
	/* "act=backup\n"; where there is a schedule it is not far back. */
	[BACKUP] = DB_STMT("calendar_backup",
	    "SELECT body FROM audit WHERE"
	    " substring(body FROM 1 FOR 11) = '\\x6163743d6261636b75700a'"
	    " ORDER BY seq DESC LIMIT 1"),
};
const struct db_table DB_CALENDAR = DB_TABLE(stmt);

static void
certs_read(struct db_calendar_certs *out, const struct db_rows *rows,
    struct arena *a)
{
	struct db_calendar_cert	*c;

	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		c = &out->v[i];
		c->id = db_get_int(rows, i, 0);
		c->ca = db_row_text(a, rows, i, 1);
		c->profile = db_row_text(a, rows, i, 2);
		c->holder = db_row_text(a, rows, i, 3);
		c->subject = db_row_text(a, rows, i, 4);
		db_row_serial(&c->serial, rows, i, 5);
		c->not_before = db_get_int(rows, i, 6);
		c->not_after = db_get_int(rows, i, 7);
	}
}

int
db_calendar_own(struct db *db, const struct db_calendar_span *s,
    struct db_calendar_certs *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(s->now), db_int(s->until),
				    db_texts(s->profiles, s->n) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[OWN], arg, 3, &rows, e) == -1)
		return -1;
	certs_read(out, rows, a);
	db_rows_free(&rows);
	return 0;
}

int
db_calendar_certs(struct db *db, const struct db_calendar_span *s,
    int64_t after, int64_t id, size_t limit, struct db_calendar_certs *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(s->now), db_int(s->until),
				    db_texts(s->profiles, s->n), db_int(after),
				    db_int(id), db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[CERTS], arg, 6, &rows, e) == -1)
		return -1;
	certs_read(out, rows, a);
	db_rows_free(&rows);
	return 0;
}

static int
ask_weeks(struct db *db, int which, const struct db_arg *arg, size_t n,
    struct db_calendar_weeks *out, struct arena *a, struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &stmt[which], arg, n, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		out->v[i] = (struct db_calendar_week){
		    .monday = db_get_int(rows, i, 0),
		    .first = db_get_int(rows, i, 1),
		    .count = db_get_int(rows, i, 2) };
	db_rows_free(&rows);
	return 0;
}

int
db_calendar_cert_weeks(struct db *db, const struct db_calendar_span *s,
    struct db_calendar_weeks *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(s->now), db_int(s->until),
				    db_texts(s->profiles, s->n),
				    db_texts(s->told, s->ntold) };

	return ask_weeks(db, CERT_WEEKS, arg, 4, out, a, e);
}

int
db_calendar_card_weeks(struct db *db, const struct db_calendar_span *s,
    struct db_calendar_weeks *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(s->now), db_int(s->until) };

	return ask_weeks(db, CARD_WEEKS, arg, 2, out, a, e);
}

int
db_calendar_cards(struct db *db, const struct db_calendar_span *s,
    int64_t after, const char *number, size_t limit,
    struct db_calendar_cards *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(s->now), db_int(s->until),
				    db_int(after), db_text(number),
				    db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[CARDS], arg, 5, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		out->v[i] = (struct db_calendar_card){
		    .number = db_row_text(a, rows, i, 0),
		    .holder = db_row_text(a, rows, i, 1),
		    .expires = db_get_int(rows, i, 2) };
	db_rows_free(&rows);
	return 0;
}

int
db_calendar_lists(struct db *db, int64_t now, struct db_calendar_lists *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(now) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[LISTS], arg, 1, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		out->v[i] = (struct db_calendar_list){
		    .ca = db_row_text(a, rows, i, 0),
		    .shard = db_get_int(rows, i, 1),
		    .number = db_get_int(rows, i, 2),
		    .this_update = db_get_int(rows, i, 3),
		    .next_update = db_get_int(rows, i, 4) };
	db_rows_free(&rows);
	return 0;
}

int
db_calendar_backup(struct db *db, struct bytes *body, struct arena *a,
    struct error *e)
{
	struct db_rows	*rows;
	int		 found;

	if (db_query(db, &stmt[BACKUP], NULL, 0, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1) == 1)
		*body = db_row_bytes(a, rows, 0, 0);
	db_rows_free(&rows);
	return found;
}
