/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_card_private.h"

enum { PUT, SET, OLD_VOID, ALL };
static const struct db_stmt stmt[] = {
	[PUT] = DB_STMT("card_secret_put",
	    "INSERT INTO card_secret (card, kind, version, sealed, work)"
	    " SELECT $1::bytea, $2::text, coalesce(max(version), 0) + 1,"
	    " $3::bytea, $4::bytea FROM card_secret"
	    " WHERE card = $1::bytea AND kind = $2::text RETURNING version"),
	[SET] = DB_STMT("card_secret_set",
	    "UPDATE card_secret SET set_at = coalesce(set_at, now())"
	    " WHERE card = $1::bytea AND kind = $2::text"
	    " AND version = $3::bigint AND void_at IS NULL"),
	[OLD_VOID] = DB_STMT("card_secret_old_void",
	    "UPDATE card_secret SET void_at = now(), work = NULL"
	    " WHERE card = $1::bytea AND kind = $2::text"
	    " AND version < $3::bigint AND void_at IS NULL"),
	[ALL] = DB_STMT("card_secrets",
	    "SELECT kind, version, sealed, work, " DB_EPOCH("made_at")
	    ", coalesce(" DB_EPOCH("set_at") ", 0), coalesce("
	    DB_EPOCH("void_at") ", 0) FROM card_secret"
	    " WHERE card = $1::bytea ORDER BY kind, version DESC"),
};
const struct db_table DB_CARD_SECRET = DB_TABLE(stmt);

int
db_card_secret_put(struct db *db, const struct db_card_hold *h,
    const struct db_card_secret *s, int *version, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID),
	    db_text(s->kind), db_bytes(s->sealed.p, s->sealed.len),
	    db_bytes(s->work.p, s->work.len) };
	struct db_rows		*rows;

	if (db_card_own(db, h, NULL, e) == -1)
		return -1;
	if (db_query(db, &stmt[PUT], arg, 4, &rows, e) == -1)
		return db_card_wrap(e, h->id);
	*version = (int)db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return 0;
}

int
db_card_secret_set(struct db *db, const struct db_card_hold *h,
    const char *kind, int version, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(h->id, DB_CARD_ID),
	    db_text(kind), db_int(version) };
	int64_t			 n;

	if (db_card_own(db, h, NULL, e) == -1)
		return -1;
	n = db_exec(db, &stmt[SET], arg, 3, e);
	if (n == 1 && db_exec(db, &stmt[OLD_VOID], arg, 3, e) != -1)
		return 0;
	if (n == 0)
		error_set(e, ERROR_CONFLICT, "%s %d is void or was never made",
		    kind, version);
	return db_card_wrap(e, h->id);
}

int
db_card_secrets(struct db *db, const uint8_t id[DB_CARD_ID],
    struct db_card_secrets *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_bytes(id, DB_CARD_ID) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[ALL], arg, 1, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		struct db_card_secret	*s = &out->v[i];

		s->kind = db_row_text(a, rows, i, 0);
		s->version = (int)db_get_int(rows, i, 1);
		s->sealed = db_row_bytes(a, rows, i, 2);
		s->work = db_row_bytes(a, rows, i, 3);
		s->made_at = db_get_int(rows, i, 4);
		s->set_at = db_get_int(rows, i, 5);
		s->void_at = db_get_int(rows, i, 6);
	}
	db_rows_free(&rows);
	return 0;
}
