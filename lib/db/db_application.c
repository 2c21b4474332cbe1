/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "db/db_application.h"

#define COLUMNS	"a.id, a.office, a.profile, a.fields, a.note, a.key_digest," \
	" a.mail, a.lang, " DB_EPOCH("a.expires_at") ", a.state, a.reason," \
	" a.order_id, a.seq, " DB_EPOCH("a.made_at") ", " \
	DB_EPOCH("a.confirmed_at") ", " DB_EPOCH("a.changed_at") "," \
	" a.moved_from, a.moved_by, a.moved_why"
enum { REQUEST = 19 };		/* the column after these */

enum { FIND, OF_ORDER, LIST, COUNTS };
static const struct db_stmt read_stmt[] = {
	[FIND] = DB_STMT("application_find",
	    "SELECT " COLUMNS ", a.request FROM application a"
	    " WHERE a.id = $1::bytea"),
	[OF_ORDER] = DB_STMT("application_of_order",
	    "SELECT " COLUMNS ", a.request FROM application a"
	    " WHERE a.order_id = $1::bytea"),
	[LIST] = DB_STMT_FRESH("application_list",
	    "SELECT " COLUMNS " FROM application a"
	    " WHERE ($1::bigint = 0 OR a.seq < $1::bigint)"
	    " AND ($2::text IS NULL OR a.state = $2::text)"
	    " AND ($3::text[] IS NULL OR a.office = ANY ($3::text[]))"
	    " AND ($4::text IS NULL OR a.profile = $4::text)"
	    " AND ($5::text IS NULL"
	    "  OR lower(a.mail) COLLATE \"C\" = lower($5::text))"
	    " AND ($6::bytea IS NULL OR a.key_digest = $6::bytea)"
	    " ORDER BY a.seq DESC LIMIT $7::bigint"),
	[COUNTS] = DB_STMT("application_counts",
	    "SELECT state, office, count(*), " DB_EPOCH("min(made_at)")
	    " FROM application"
	    " WHERE state IN ('unconfirmed', 'waiting', 'ordered')"
	    " GROUP BY state, office ORDER BY state, office"),
};
const struct db_table DB_APPLICATION = DB_TABLE(read_stmt);

enum { ADD, LINK, FIND_LINK, CONFIRM, WITHDRAW };
static const struct db_stmt new_stmt[] = {
	[ADD] = DB_STMT("application_add",
	    "INSERT INTO application (id, office, profile, fields, note,"
	    " request, key_digest, mail, lang, expires_at)"
	    " SELECT $1::bytea, $2::text, $3::text, $4::text, $5::text,"
	    " $6::bytea, $7::bytea, $8::text, $9::text, " DB_TIME(10)
	    " WHERE (SELECT count(*) FROM (SELECT FROM application"
	    "  WHERE lower(mail) COLLATE \"C\" = lower($8::text)"
	    "  AND state IN ('unconfirmed', 'expired')"
	    "  AND confirmed_at IS NULL AND made_at > now() - interval '1 day'"
	    "  LIMIT $11::bigint) few) < $11::bigint"),
	[LINK] = DB_STMT("application_link",
	    "INSERT INTO application_link (application, kind, token)"
	    " VALUES ($1::bytea, $2::text, $3::bytea)"),
	[FIND_LINK] = DB_STMT("application_find_link",
	    "SELECT " COLUMNS ", a.request FROM application_link l"
	    " JOIN application a ON a.id = l.application"
	    " WHERE l.token = $1::bytea AND l.kind = $2::text"),
	[CONFIRM] = DB_STMT("application_confirm",
	    "UPDATE application SET state = 'waiting', confirmed_at = now(),"
	    " changed_at = now(), expires_at = " DB_TIME(2)
	    " WHERE id = $1::bytea AND state = 'unconfirmed'"
	    " AND expires_at > now()"),
	[WITHDRAW] = DB_STMT("application_withdraw",
	    "UPDATE application SET state = 'withdrawn', changed_at = now()"
	    " WHERE id = $1::bytea AND state = 'waiting'"),
};
const struct db_table DB_APPLICATION_NEW = DB_TABLE(new_stmt);

enum { ORDER, REJECT, MOVE };
static const struct db_stmt decide_stmt[] = {
	[ORDER] = DB_STMT("application_order",
	    "UPDATE application SET state = 'ordered', order_id = $2::bytea,"
	    " changed_at = now() WHERE id = $1::bytea AND state = 'waiting'"),
	[REJECT] = DB_STMT("application_reject",
	    "UPDATE application SET state = 'rejected', reason = $2::text,"
	    " changed_at = now() WHERE id = $1::bytea AND state = 'waiting'"),
	[MOVE] = DB_STMT("application_move",
	    "UPDATE application SET office = $2::text, changed_at = now(),"
	    " moved_from = office, moved_by = $4::text, moved_why = $5::text"
	    " WHERE id = $1::bytea AND state = 'waiting'"
	    " AND office IS NOT DISTINCT FROM $3::text"),
};
const struct db_table DB_APPLICATION_DECIDE = DB_TABLE(decide_stmt);

enum { FOLLOW, EXPIRE };
static const struct db_stmt follow_stmt[] = {
	[FOLLOW] = DB_STMT("application_follow",
	    "WITH page AS MATERIALIZED (SELECT a.id, a.seq, a.mail, a.lang,"
	    "  o.state, o.reason, o.open_items, i.state AS item,"
	    "  i.reason AS why FROM (SELECT id, seq, order_id, mail, lang"
	    "   FROM application WHERE state = 'ordered'"
	    "   AND seq > $1::bigint ORDER BY seq LIMIT $2::bigint) a"
	    "  JOIN orders o ON o.id = a.order_id"
	    "  LEFT JOIN item i ON i.order_id = o.id AND i.n = 0),"
	    " came AS (SELECT id, mail, lang, CASE WHEN item = 'done'"
	    "  THEN 'issued' WHEN state = 'expired' THEN 'expired'"
	    "  ELSE 'rejected' END AS became,"
	    "  coalesce(why, reason, 'the order was ' || state) AS why"
	    "  FROM page WHERE item = 'done' OR item = 'refused'"
	    "  OR (open_items = 0 AND state IN ('rejected', 'expired',"
	    "   'refused'))),"
	    " done AS (UPDATE application a SET state = c.became,"
	    "  reason = CASE WHEN c.became <> 'issued' THEN left(c.why, 150) END,"
	    "  changed_at = now() FROM came c"
	    "  WHERE a.id = c.id AND a.state = 'ordered'),"
	    " told AS (INSERT INTO notice (kind, application, mail, lang)"
	    "  SELECT became, id, mail, lang FROM came"
	    "  UNION ALL SELECT 'approved', id, mail, lang FROM page"
	    "  WHERE state = 'ready' AND item IN ('open', 'signing')"
	    "  ON CONFLICT DO NOTHING)"
	    " SELECT count(*), coalesce(max(seq), 0) FROM page"),
	[EXPIRE] = DB_STMT("application_expire",
	    "WITH gone AS (UPDATE application SET state = 'expired',"
	    " changed_at = now() WHERE id = ANY (ARRAY(SELECT id"
	    "  FROM application WHERE state IN ('unconfirmed', 'waiting')"
	    "  AND expires_at <= now() ORDER BY expires_at LIMIT $1::bigint"
	    "  FOR UPDATE SKIP LOCKED))"
	    " RETURNING id, mail, lang, confirmed_at),"
	    " told AS (INSERT INTO notice (kind, application, mail, lang)"
	    "  SELECT 'expired', id, mail, lang FROM gone"
	    "  WHERE confirmed_at IS NOT NULL ON CONFLICT DO NOTHING)"
	    " SELECT count(*) FROM gone"),
};
const struct db_table DB_APPLICATION_FOLLOW = DB_TABLE(follow_stmt);

static const char *
link_name(enum db_link kind)
{
	return kind == DB_LINK_CONFIRM ? "confirm" : "status";
}

static int
wrap_id(struct error *e, const uint8_t id[DB_APPLICATION_ID])
{
	char	 hex[2 * DB_APPLICATION_ID + 1];

	return error_wrap(e, "application %s",
	    text_hex(hex, id, DB_APPLICATION_ID));
}

int
db_application_add(struct db *db, const struct db_application *p, int max,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(p->id, sizeof(p->id)),
	    db_text(p->office), db_text(p->profile), db_text(p->fields),
	    db_text(p->note), db_bytes(p->request.p, p->request.len),
	    db_bytes(p->key_digest, DB_DIGEST), db_text(p->mail),
	    db_text(p->lang), db_int(p->expires_at), db_int(max) };
	int64_t			 n = db_exec(db, &new_stmt[ADD], arg, 11, e);

	return n == -1 ? wrap_id(e, p->id) : (int)n;
}

int
db_application_link(struct db *db, const uint8_t id[DB_APPLICATION_ID],
    enum db_link kind, const uint8_t token[DB_APPLICATION_TOKEN],
    struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_APPLICATION_ID),
	    db_text(link_name(kind)), db_bytes(token, DB_APPLICATION_TOKEN) };

	if (db_exec(db, &new_stmt[LINK], arg, 3, e) == -1)
		return wrap_id(e, id);
	return 0;
}

/* One row is to be changed by its state's leave; "not" says what it is not. */
static int
application_change(struct db *db, const struct db_stmt *stmt,
    const struct db_arg *arg, size_t nargs, const char *not, struct error *e)
{
	int64_t	 n = db_exec(db, stmt, arg, nargs, e);

	if (n == 1)
		return 0;
	if (n == 0)
		error_set(e, ERROR_CONFLICT, "%s", not);
	return wrap_id(e, arg[0].u.bytes.p);
}

int
db_application_confirm(struct db *db, const uint8_t id[DB_APPLICATION_ID],
    int64_t expires_at, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_APPLICATION_ID),
	    db_int(expires_at) };

	return application_change(db, &new_stmt[CONFIRM], arg, 2,
	    "does not wait for its mail address to be confirmed", e);
}

#define NOT_WAITING	"does not wait for an officer's decision"

int
db_application_withdraw(struct db *db, const uint8_t id[DB_APPLICATION_ID],
    struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_APPLICATION_ID) };

	return application_change(db, &new_stmt[WITHDRAW], arg, 1,
	    NOT_WAITING, e);
}

int
db_application_order(struct db *db, const uint8_t id[DB_APPLICATION_ID],
    const uint8_t order[DB_ORDER_ID], struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_APPLICATION_ID),
	    db_bytes(order, DB_ORDER_ID) };

	return application_change(db, &decide_stmt[ORDER], arg, 2,
	    NOT_WAITING, e);
}

int
db_application_reject(struct db *db, const uint8_t id[DB_APPLICATION_ID],
    const char *reason, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_APPLICATION_ID),
	    db_text(reason) };

	return application_change(db, &decide_stmt[REJECT], arg, 2,
	    NOT_WAITING, e);
}

int
db_application_move(struct db *db, const uint8_t id[DB_APPLICATION_ID],
    const struct db_application_move *m, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_APPLICATION_ID),
	    db_text(m->to), db_text(m->from), db_text(m->by),
	    db_text(m->why) };

	return application_change(db, &decide_stmt[MOVE], arg, 5,
	    NOT_WAITING " there", e);
}

/* Reading. */

static void
application_fill(struct db_application *p, const struct db_rows *rows,
    size_t i, struct arena *a)
{
	db_row_fixed(p->id, sizeof(p->id), rows, i, 0);
	p->office = db_row_text(a, rows, i, 1);
	p->profile = db_row_text(a, rows, i, 2);
	p->fields = db_row_text(a, rows, i, 3);
	p->note = db_row_text(a, rows, i, 4);
	db_row_fixed(p->key_digest, sizeof(p->key_digest), rows, i, 5);
	p->mail = db_row_text(a, rows, i, 6);
	p->lang = db_row_text(a, rows, i, 7);
	p->expires_at = db_get_int(rows, i, 8);
	p->state = db_row_text(a, rows, i, 9);
	p->reason = db_row_text(a, rows, i, 10);
	if ((p->has_order = !db_is_null(rows, i, 11)))
		db_row_fixed(p->order_id, sizeof(p->order_id), rows, i, 11);
	p->seq = db_get_int(rows, i, 12);
	p->made_at = db_get_int(rows, i, 13);
	p->confirmed_at = db_get_int(rows, i, 14);
	p->changed_at = db_get_int(rows, i, 15);
	p->moved_from = db_row_text(a, rows, i, 16);
	p->moved_by = db_row_text(a, rows, i, 17);
	p->moved_why = db_row_text(a, rows, i, 18);
}

static int
application_one(struct db *db, const struct db_stmt *stmt,
    const struct db_arg *arg, size_t nargs, struct db_application *p,
    struct arena *a, struct error *e)
{
	struct db_rows	*rows;
	int		 found;

	*p = (struct db_application){ .seq = 0 };
	if (db_query(db, stmt, arg, nargs, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1)) {
		application_fill(p, rows, 0, a);
		p->request = db_row_bytes(a, rows, 0, REQUEST);
	}
	db_rows_free(&rows);
	return found;
}

int
db_application_find(struct db *db, const uint8_t id[DB_APPLICATION_ID],
    struct db_application *p, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_APPLICATION_ID) };

	return application_one(db, &read_stmt[FIND], arg, 1, p, a, e);
}

int
db_application_find_link(struct db *db, enum db_link kind,
    const uint8_t token[DB_APPLICATION_TOKEN], struct db_application *p,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = {
	    db_bytes(token, DB_APPLICATION_TOKEN), db_text(link_name(kind)) };

	return application_one(db, &new_stmt[FIND_LINK], arg, 2, p, a, e);
}

int
db_application_of_order(struct db *db, const uint8_t order[DB_ORDER_ID],
    struct db_application *p, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(order, DB_ORDER_ID) };

	return application_one(db, &read_stmt[OF_ORDER], arg, 1, p, a, e);
}

int
db_application_list(struct db *db, const struct db_application_filter *f,
    int64_t before, size_t limit, struct db_applications *out,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(before), db_text(f->state),
	    f->office != NULL ? db_texts(f->office, f->noffices) : db_null(),
	    db_text(f->profile), db_text(f->mail),
	    db_bytes(f->key_digest, DB_DIGEST), db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[LIST], arg, 7, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		application_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}

int
db_application_counts(struct db *db, struct db_application_counts *out,
    struct arena *a, struct error *e)
{
	struct db_rows	*rows;

	if (db_query(db, &read_stmt[COUNTS], NULL, 0, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].state = db_row_text(a, rows, i, 0);
		out->v[i].office = db_row_text(a, rows, i, 1);
		out->v[i].n = db_get_int(rows, i, 2);
		out->v[i].oldest = db_get_int(rows, i, 3);
	}
	db_rows_free(&rows);
	return 0;
}

/* What time and orders do. */

int
db_application_follow(struct db *db, int64_t *after, size_t limit,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_int(*after),
	    db_int((int64_t)limit) };
	struct db_rows		*rows;

	if (db_query(db, &follow_stmt[FOLLOW], arg, 2, &rows, e) == -1)
		return -1;
	*after = db_get_int(rows, 0, 0) < (int64_t)limit ? 0 :
	    db_get_int(rows, 0, 1);
	db_rows_free(&rows);
	return 0;
}

int64_t
db_application_expire(struct db *db, size_t limit, struct error *e)
{
	const struct db_arg	 arg[] = { db_int((int64_t)limit) };
	struct db_rows		*rows;
	int64_t			 n;

	if (db_query(db, &follow_stmt[EXPIRE], arg, 1, &rows, e) == -1)
		return -1;
	n = db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return n;
}
