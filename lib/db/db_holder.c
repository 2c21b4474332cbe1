/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/mem.h"
#include "db/db_holder.h"

#define COLUMNS	"id, name, mail, org, note, " DB_EPOCH("created_at")

enum { FIND, LIST, LIST_MAIL };
static const struct db_stmt read_stmt[] = {
	[FIND] = DB_STMT("holder_find",
	    "SELECT " COLUMNS " FROM holder WHERE id = $1::text"),
	[LIST] = DB_STMT("holder_list",
	    "SELECT " COLUMNS " FROM holder WHERE id > $1::text"
	    " ORDER BY id LIMIT $2::bigint"),
	[LIST_MAIL] = DB_STMT("holder_list_mail",
	    "SELECT " COLUMNS " FROM holder WHERE id > $1::text"
	    " AND lower(mail) COLLATE \"C\" = lower($3::text)"
	    " ORDER BY id LIMIT $2::bigint"),
};
const struct db_table DB_HOLDER = DB_TABLE(read_stmt);

enum { ADD, SAME, ADD_MISSING };
static const struct db_stmt add_stmt[] = {
	[ADD] = DB_STMT("holder_add",
	    "INSERT INTO holder (id, name, mail, org, note) VALUES ($1::text,"
	    " $2::text, $3::text, $4::text, $5::text)"
	    " ON CONFLICT (id) DO NOTHING"),
	[SAME] = DB_STMT("holder_same",
	    "SELECT 1 FROM holder WHERE id = $1::text AND (name, mail, org,"
	    " note) IS NOT DISTINCT FROM ($2::text, $3::text, $4::text,"
	    " $5::text)"),
	[ADD_MISSING] = DB_STMT("holder_add_missing",
	    "INSERT INTO holder (id, name, mail, org) SELECT DISTINCT ON (id)"
	    " id, name, mail, org FROM unnest($1::text[], $2::text[],"
	    " $3::text[], $4::text[]) AS u (id, name, mail, org) ORDER BY id"
	    " ON CONFLICT (id) DO NOTHING"),
};
const struct db_table DB_HOLDER_ADD = DB_TABLE(add_stmt);

static const struct db_stmt edit_stmt[] = {
	DB_STMT("holder_edit",
	    "UPDATE holder SET name = coalesce($2::text, name),"
	    " mail = nullif(coalesce($3::text, mail), ''),"
	    " org = nullif(coalesce($4::text, org), ''),"
	    " note = nullif(coalesce($5::text, note), '')"
	    " WHERE id = $1::text"),
};
const struct db_table DB_HOLDER_EDIT = DB_TABLE(edit_stmt);

int
db_holder_add(struct db *db, const struct db_holder *h, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(h->id), db_text(h->name),
	    db_text(h->mail), db_text(h->org), db_text(h->note) };
	int64_t			 n;

	if ((n = db_exec(db, &add_stmt[ADD], arg, 5, e)) == 0)
		n = db_exec(db, &add_stmt[SAME], arg, 5, e);
	if (n == -1)
		return error_wrap(e, "holder %.64s", h->id);
	if (n == 0)
		return error_set(e, ERROR_CONFLICT,
		    "holder %.64s: is there with other data", h->id);
	return 0;
}

int
db_holder_edit(struct db *db, const struct db_holder *h, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(h->id), db_text(h->name),
	    db_text(h->mail), db_text(h->org), db_text(h->note) };
	int64_t			 n = db_exec(db, &edit_stmt[0], arg, 5, e);

	if (n == -1)
		return error_wrap(e, "holder %.64s", h->id);
	if (n == 0)
		return error_set(e, ERROR_NOTFOUND, "no holder %.64s", h->id);
	return 0;
}

int
db_holder_add_missing(struct db *db, const struct db_holder *v, size_t n,
    struct error *e)
{
	const char	**id = mem_array(4 * n + 1, sizeof(*id));
	int64_t		  added;

	for (size_t i = 0; i < n; i++) {
		id[i] = v[i].id;
		id[n + i] = v[i].name;
		id[2 * n + i] = v[i].mail;
		id[3 * n + i] = v[i].org;
	}
	added = db_exec(db, &add_stmt[ADD_MISSING], (struct db_arg[]){
	    db_texts(id, n), db_texts(id + n, n), db_texts(id + 2 * n, n),
	    db_texts(id + 3 * n, n) }, 4, e);
	mem_free(&id);
	return added == -1 ? -1 : 0;
}

static void
holder_fill(struct db_holder *h, const struct db_rows *rows, size_t i,
    struct arena *a)
{
	h->id = db_row_text(a, rows, i, 0);
	h->name = db_row_text(a, rows, i, 1);
	h->mail = db_row_text(a, rows, i, 2);
	h->org = db_row_text(a, rows, i, 3);
	h->note = db_row_text(a, rows, i, 4);
	h->created_at = db_get_int(rows, i, 5);
}

int
db_holder_find(struct db *db, const char *id, struct db_holder *h,
    struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(id) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &read_stmt[FIND], arg, 1, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1))
		holder_fill(h, rows, 0, a);
	db_rows_free(&rows);
	return found;
}

int
db_holder_list(struct db *db, const char *mail, const char *after,
    size_t limit, struct db_holders *out, struct arena *a, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(after),
	    db_int((int64_t)limit), db_text(mail) };
	struct db_rows		*rows;

	if (db_query(db, &read_stmt[mail != NULL ? LIST_MAIL : LIST], arg,
	    mail != NULL ? 3 : 2, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++)
		holder_fill(&out->v[i], rows, i, a);
	db_rows_free(&rows);
	return 0;
}
