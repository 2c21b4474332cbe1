/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include "base/error.h"
#include "db/db_revocation_code.h"

#define COLUMNS	"cert, name, salt, hash, " DB_EPOCH("made_at") ", " \
	DB_EPOCH("used_at") ", tries"

enum { ADD, REPLACE, OF, TRY, USED };
static const struct db_stmt stmt[] = {
	[ADD] = DB_STMT("revocation_code_add",
	    "INSERT INTO revocation_code (cert, name, salt, hash)"
	    " VALUES ($1::bigint, $2::text, $3::bytea, $4::bytea)"),
	[REPLACE] = DB_STMT("revocation_code_replace",
	    "INSERT INTO revocation_code (cert, name, salt, hash)"
	    " VALUES ($1::bigint, $2::text, $3::bytea, $4::bytea)"
	    " ON CONFLICT (cert) DO UPDATE SET name = excluded.name,"
	    " salt = excluded.salt, hash = excluded.hash, made_at = now(),"
	    " tries = 0, locked_until = NULL"),
	[OF] = DB_STMT("revocation_code_of",
	    "SELECT " COLUMNS " FROM revocation_code"
	    " WHERE cert = $1::bigint"),
	[TRY] = DB_STMT("revocation_code_try",
	    "UPDATE revocation_code SET tries = tries + 1,"
	    " locked_until = now() + CASE WHEN tries + 1 >= $2::bigint"
	    "  THEN interval '1 day' WHEN tries >= 3"
	    "  THEN make_interval(secs => 2 ^ least(tries, 12)) END"
	    " WHERE name = $1::text AND (locked_until IS NULL"
	    "  OR locked_until <= now()) RETURNING " COLUMNS),
	[USED] = DB_STMT("revocation_code_used",
	    "UPDATE revocation_code SET tries = 0, locked_until = NULL,"
	    " used_at = coalesce(used_at, now()) WHERE cert = $1::bigint"),
};
const struct db_table DB_REVOCATION_CODE = DB_TABLE(stmt);

static int
wrap(struct error *e, int64_t cert)
{
	return error_wrap(e, "revocation code of certificate %lld",
	    (long long)cert);
}

int
db_revocation_code_set(struct db *db, const struct db_revocation_code *c,
    bool replace, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(c->cert), db_text(c->name),
	    db_bytes(c->salt, sizeof(c->salt)),
	    db_bytes(c->hash, sizeof(c->hash)) };

	return db_exec(db, &stmt[replace ? REPLACE : ADD], arg, 4, e) == -1 ?
	    wrap(e, c->cert) : 0;
}

static int
code_one(struct db *db, const struct db_stmt *s, const struct db_arg *arg,
    size_t nargs, struct db_revocation_code *c, struct error *e)
{
	struct db_rows	*rows;
	int		 found;

	*c = (struct db_revocation_code){ .cert = 0 };
	if (db_query(db, s, arg, nargs, &rows, e) == -1)
		return -1;
	if ((found = db_rows_count(rows) == 1)) {
		c->cert = db_get_int(rows, 0, 0);
		snprintf(c->name, sizeof(c->name), "%s",
		    db_get_text(rows, 0, 1));
		db_row_fixed(c->salt, sizeof(c->salt), rows, 0, 2);
		db_row_fixed(c->hash, sizeof(c->hash), rows, 0, 3);
		c->made_at = db_get_int(rows, 0, 4);
		c->used_at = db_get_int(rows, 0, 5);
		c->tries = db_get_int(rows, 0, 6);
	}
	db_rows_free(&rows);
	return found;
}

int
db_revocation_code_of(struct db *db, int64_t cert,
    struct db_revocation_code *c, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(cert) };

	return code_one(db, &stmt[OF], arg, 1, c, e);
}

int
db_revocation_code_try(struct db *db, const char *name,
    struct db_revocation_code *c, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(name),
	    db_int(DB_REVOCATION_TRIES) };

	return code_one(db, &stmt[TRY], arg, 2, c, e);
}

int
db_revocation_code_used(struct db *db, int64_t cert, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(cert) };

	return db_exec(db, &stmt[USED], arg, 1, e) == -1 ? wrap(e, cert) : 0;
}
