/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deliveries as signet-crld sees them.
 *
 * Whoever touches many rows of delivery does so in the order of its key, so
 * that two of them wait for each other and not both for ever.
 */
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "db/db_publish.h"

/* More looks for what comes from "look (kind, key, rank, made_at)". */
#define DELIVER_TO(targets) \
	"INSERT INTO delivery (target, kind, key, rank, made_at)" \
	" SELECT t.name, l.kind, l.key, l.rank, l.made_at" \
	" FROM look l CROSS JOIN " targets " t ORDER BY 1, 2, 3" \
	" ON CONFLICT (target, kind, key) DO UPDATE SET" \
	" version = delivery.version + 1, attempts = 0, dead = false," \
	" error = NULL, next_at = least(delivery.next_at, now())," \
	" rank = least(delivery.rank, excluded.rank)"

#define WELL_NOW \
	"UPDATE target SET seen_at = now(), failing_since = NULL," \
	" error = NULL, refusing = false WHERE name = $1::text"

enum { TARGETS, DISPATCH, EXPIRE, FILL, CAS, CLAIM, LATE, DONE, FAIL, RELEASE,
    RESUME, WELL, IDLE, AILING, REFUSING };
static const struct db_stmt stmt[] = {
	[TARGETS] = DB_STMT("publish_targets",
	    "INSERT INTO target (name) SELECT unnest($1::text[])"
	    " ON CONFLICT DO NOTHING"),
	[DISPATCH] = DB_STMT("publish_dispatch",
	    "WITH gone AS (DELETE FROM outbox WHERE id IN (SELECT id"
	    "  FROM outbox ORDER BY id LIMIT $2::bigint)"
	    "  RETURNING topic, ca, serial, made_at),"
	    " look AS (SELECT 'person' AS kind, c.holder AS key,"
	    "  min(CASE g.topic WHEN 'status' THEN 1 ELSE 2 END) AS rank,"
	    "  min(g.made_at) AS made_at"
	    "  FROM gone g CROSS JOIN LATERAL (SELECT x.holder, x.profile"
	    "   FROM cert x WHERE x.serial = g.serial AND x.ca = g.ca"
	    "   OFFSET 0) c"
	    "  WHERE c.holder IS NOT NULL AND (g.topic = 'status'"
	    "   OR c.profile = ANY ($1::text[])) GROUP BY c.holder"
	    "  UNION ALL SELECT 'ca', ca, 0, min(made_at) FROM gone"
	    "  WHERE topic IN ('crl', 'ca') GROUP BY ca),"
	    " made AS (" DELIVER_TO("target") ")"
	    " SELECT count(*) FROM gone"),
	[EXPIRE] = DB_STMT("publish_expire",
	    "WITH since AS (SELECT not_after, cert FROM expiry_look"
	    "  FOR UPDATE),"
	    " page AS (SELECT c.holder, c.not_after, c.id FROM cert c"
	    "  WHERE (c.not_after, c.id) > (SELECT not_after, cert FROM since)"
	    "  AND c.not_after <= " DB_TIME(1)
	    "  ORDER BY c.not_after, c.id LIMIT $2::bigint),"
	    " moved AS (UPDATE expiry_look SET not_after = p.not_after,"
	    "  cert = p.id FROM (SELECT not_after, id FROM page"
	    "  ORDER BY not_after DESC, id DESC LIMIT 1) p),"
	    " look AS (SELECT 'person' AS kind, holder AS key, 1 AS rank,"
	    "  now() AS made_at FROM page WHERE holder IS NOT NULL"
	    "  GROUP BY holder),"
	    " made AS (" DELIVER_TO("target") ")"
	    " SELECT count(*) FROM page"),
	[FILL] = DB_STMT("publish_fill",
	    "WITH aim AS (SELECT name, fill_after FROM target"
	    "  WHERE fill_after IS NOT NULL ORDER BY name LIMIT 1 FOR UPDATE),"
	    " page AS (SELECT DISTINCT holder FROM cert"
	    "  WHERE holder > (SELECT fill_after FROM aim)"
	    "  AND profile = ANY ($1::text[]) ORDER BY holder"
	    "  LIMIT $2::bigint),"
	    " moved AS (UPDATE target SET fill_after ="
	    "  (SELECT max(holder) FROM page)"
	    "  WHERE name = (SELECT name FROM aim)),"
	    " look AS (SELECT 'person' AS kind, holder AS key, 2 AS rank,"
	    "  now() AS made_at FROM page"
	    "  UNION ALL SELECT 'ca', a.name, 0, now() FROM ca a"
	    "  WHERE (SELECT fill_after FROM aim) = ''),"
	    " made AS (" DELIVER_TO("aim") ")"
	    " SELECT count(*) FROM aim"),
	[CAS] = DB_STMT("publish_cas",
	    "WITH look AS (SELECT 'ca' AS kind, name AS key, 0 AS rank,"
	    " now() AS made_at FROM ca) " DELIVER_TO("target")),
	/* Rows are touched by place: a join would be planned for no rows. */
	[CLAIM] = DB_STMT("publish_claim",
	    "UPDATE delivery SET leased_until = now() +"
	    " make_interval(secs => $3::bigint), leased_by = $4::text"
	    " WHERE ctid = ANY (ARRAY(SELECT ctid FROM delivery"
	    "  WHERE target = $1::text AND NOT dead AND next_at <= now()"
	    "  AND (leased_until IS NULL OR leased_until < now())"
	    "  ORDER BY rank, next_at LIMIT $2::bigint"
	    "  FOR UPDATE SKIP LOCKED))"
	    " RETURNING kind, key, version, attempts"),
	/* Another one may have it, or have done it, and what was written after
	 * that may be older than what he wrote. */
	[LATE] = DB_STMT_FRESH("publish_late",
	    "INSERT INTO delivery (target, kind, key, rank)"
	    " SELECT $1::text, u.kind, u.key, 2"
	    " FROM unnest($2::text[], $3::text[]) AS u (kind, key)"
	    " WHERE NOT EXISTS (SELECT FROM delivery d"
	    "  WHERE d.target = $1::text AND d.kind = u.kind"
	    "  AND d.key = u.key AND d.leased_by = $4::text"
	    "  AND d.leased_until IS NOT NULL OFFSET 0)"
	    " ORDER BY 2, 3 ON CONFLICT (target, kind, key) DO UPDATE SET"
	    " version = delivery.version + 1,"
	    " next_at = least(delivery.next_at, now())"
	    " RETURNING kind, key"),
	[DONE] = DB_STMT_FRESH("publish_done",
	    "WITH u AS MATERIALIZED (SELECT d.ctid AS place,"
	    "  d.version = u.version AS same"
	    "  FROM unnest($2::text[], $3::text[], $4::bigint[])"
	    "  AS u (kind, key, version) JOIN delivery d"
	    "  ON d.target = $1::text AND d.kind = u.kind AND d.key = u.key"
	    "  WHERE d.leased_by = $5::text"
	    "  ORDER BY d.kind, d.key FOR UPDATE OF d),"
	    " gone AS (DELETE FROM delivery d USING u"
	    "  WHERE d.ctid = u.place AND u.same RETURNING 1),"
	    " open AS (UPDATE delivery d SET leased_until = NULL FROM u"
	    "  WHERE d.ctid = u.place AND NOT u.same RETURNING 1)"
	    " SELECT (SELECT count(*) FROM u) - (SELECT count(*) FROM gone)"
	    " - (SELECT count(*) FROM open)"),
	[FAIL] = DB_STMT("publish_fail",
	    "WITH u AS MATERIALIZED (SELECT u.* FROM unnest($2::text[],"
	    "  $3::text[], $4::bigint[], $5::text[], $6::bigint[],"
	    "  $7::bigint[]) AS u (kind, key, version, error, wait, dead)"
	    "  JOIN delivery d ON d.target = $1::text AND d.kind = u.kind"
	    "  AND d.key = u.key AND d.version = u.version"
	    "  ORDER BY d.kind, d.key FOR UPDATE OF d)"
	    " UPDATE delivery d SET leased_until = NULL,"
	    " attempts = attempts + 1, error = u.error, dead = u.dead = 1,"
	    " next_at = now() + make_interval(secs => u.wait) FROM u"
	    " WHERE d.target = $1::text AND d.kind = u.kind"
	    " AND d.key = u.key AND d.version = u.version"),
	[RELEASE] = DB_STMT("publish_release",
	    "WITH u AS MATERIALIZED (SELECT d.kind, d.key"
	    "  FROM unnest($2::text[], $3::text[]) AS u (kind, key)"
	    "  JOIN delivery d ON d.target = $1::text AND d.kind = u.kind"
	    "  AND d.key = u.key ORDER BY d.kind, d.key FOR UPDATE OF d)"
	    " UPDATE delivery d SET leased_until = NULL FROM u"
	    " WHERE d.target = $1::text AND d.kind = u.kind"
	    " AND d.key = u.key"),
	[RESUME] = DB_STMT("publish_resume",
	    "UPDATE delivery SET leased_until = NULL WHERE target = $1::text"
	    " AND leased_by = $2::text AND leased_until IS NOT NULL"),
	[WELL] = DB_STMT("publish_well",
	    WELL_NOW),
	/* Whether it takes anything is not known while something waits. */
	[IDLE] = DB_STMT("publish_idle",
	    WELL_NOW " AND NOT (refusing AND EXISTS (SELECT FROM delivery d"
	    " WHERE d.target = $1::text AND NOT d.dead))"),
	[AILING] = DB_STMT("publish_ailing",
	    "UPDATE target SET error = left($2::text, 600),"
	    " refusing = $3::bigint = 1,"
	    " failing_since = coalesce(failing_since, now())"
	    " WHERE name = $1::text"),
	[REFUSING] = DB_STMT("publish_refusing",
	    "SELECT FROM target WHERE name = $1::text AND refusing"),
};
const struct db_table DB_PUBLISH = DB_TABLE(stmt);

int
db_publish_targets(struct db *db, const char *const *name, size_t n,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_texts(name, n) };

	return db_exec(db, &stmt[TARGETS], arg, 1, e) == -1 ? -1 : 0;
}

int
db_publish_cas(struct db *db, struct error *e)
{
	return db_exec(db, &stmt[CAS], NULL, 0, e) == -1 ? -1 : 0;
}

struct count {
	const struct db_stmt	*stmt;
	const struct db_arg	*arg;
	size_t			 nargs;
	int64_t			 n;
};

static int
count_run(struct db *db, void *arg, struct error *e)
{
	struct count	*c = arg;
	struct db_rows	*rows;

	if (db_query(db, c->stmt, c->arg, c->nargs, &rows, e) == -1)
		return -1;
	c->n = db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return 0;
}

/* In a transaction for the sake of its repetition after a deadlock. */
static int64_t
count_of(struct db *db, int stmt_index, const struct db_arg *arg,
    size_t nargs, struct error *e)
{
	struct count	 c = { &stmt[stmt_index], arg, nargs, 0 };

	return db_txn(db, count_run, &c, e) == -1 ? -1 : c.n;
}

int64_t
db_publish_dispatch(struct db *db, const struct db_profiles *p, size_t limit,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_texts(p->v, p->n),
	    db_int((int64_t)limit) };

	return count_of(db, DISPATCH, arg, 2, e);
}

int64_t
db_publish_expire(struct db *db, int64_t now, size_t limit, struct error *e)
{
	const struct db_arg	 arg[] = { db_int(now),
	    db_int((int64_t)limit) };

	return count_of(db, EXPIRE, arg, 2, e);
}

int64_t
db_publish_fill(struct db *db, const struct db_profiles *p, size_t limit,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_texts(p->v, p->n),
	    db_int((int64_t)limit) };

	return count_of(db, FILL, arg, 2, e);
}

int
db_publish_claim(struct db *db, const char *target, const char *who, size_t n,
    int64_t seconds, struct db_deliveries *out, struct arena *a,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_text(target),
	    db_int((int64_t)n), db_int(seconds), db_text(who) };
	struct db_rows		*rows;

	if (db_query(db, &stmt[CLAIM], arg, 4, &rows, e) == -1)
		return -1;
	out->n = db_rows_count(rows);
	out->v = arena_alloc(a, (out->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].kind = db_row_text(a, rows, i, 0);
		out->v[i].key = db_row_text(a, rows, i, 1);
		out->v[i].version = db_get_int(rows, i, 2);
		out->v[i].attempts = db_get_int(rows, i, 3);
	}
	db_rows_free(&rows);
	return 0;
}

int
db_publish_resume(struct db *db, const char *target, const char *who,
    struct error *e)
{
	const struct db_arg	 arg[] = { db_text(target), db_text(who) };

	return db_exec(db, &stmt[RESUME], arg, 2, e) == -1 ? -1 : 0;
}

struct change {
	const struct db_stmt	*stmt;
	struct db_arg		 arg[7];
	size_t			 nargs;
};

static int
change_run(struct db *db, void *arg, struct error *e)
{
	struct change	*c = arg;

	return db_exec(db, c->stmt, c->arg, c->nargs, e) == -1 ? -1 : 0;
}

static void
change_init(struct change *c, int stmt_index, const char *target,
    const struct db_delivery *v, size_t n, size_t size, struct arena *a)
{
	const char	**kind = arena_alloc(a, (n + 1) * sizeof(*kind));
	const char	**key = arena_alloc(a, (n + 1) * sizeof(*key));
	int64_t		 *version = arena_alloc(a, (n + 1) * sizeof(*version));

	for (size_t i = 0; i < n; i++) {
		const struct db_delivery *d = (const void *)
		    ((const char *)v + i * size);

		kind[i] = d->kind;
		key[i] = d->key;
		version[i] = d->version;
	}
	c->stmt = &stmt[stmt_index];
	c->arg[0] = db_text(target);
	c->arg[1] = db_texts(kind, n);
	c->arg[2] = db_texts(key, n);
	c->arg[3] = db_ints(version, n);
	c->nargs = 4;
}

struct late {
	struct change		*change;
	const struct db_delivery *v;
	size_t			 n;
	bool			*late;
	struct arena		*arena;
};

static int
late_run(struct db *db, void *arg, struct error *e)
{
	struct late	*l = arg;
	struct db_rows	*rows;
	const char	*kind, *key;

	if (db_query(db, l->change->stmt, l->change->arg, 4, &rows, e) == -1)
		return -1;
	memset(l->late, 0, l->n * sizeof(*l->late));
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		kind = db_row_text(l->arena, rows, i, 0);
		key = db_row_text(l->arena, rows, i, 1);
		for (size_t k = 0; k < l->n; k++)
			if (strcmp(l->v[k].key, key) == 0 &&
			    strcmp(l->v[k].kind, kind) == 0)
				l->late[k] = true;
	}
	db_rows_free(&rows);
	return 0;
}

int
db_publish_late(struct db *db, const char *target, const char *who,
    const struct db_delivery *v, size_t n, bool *late, struct error *e)
{
	struct arena	*a = arena_new();
	struct change	 c;
	struct late	 l = { &c, v, n, late, a };
	int		 rc;

	change_init(&c, LATE, target, v, n, sizeof(*v), a);
	c.arg[3] = db_text(who);
	rc = db_txn(db, late_run, &l, e);
	arena_free(&a);
	return rc;
}

/* What somebody asked for again in this very moment has moved away from its
 * place: then it stays, as all that is asked for again. */
static int
done_run(struct db *db, void *arg, struct error *e)
{
	struct change	*c = arg;
	struct db_rows	*rows;
	int64_t		 moved;

	if (db_query(db, c->stmt, c->arg, c->nargs, &rows, e) == -1)
		return -1;
	moved = db_get_int(rows, 0, 0);
	db_rows_free(&rows);
	return moved > 0 && db_exec(db, &stmt[RELEASE], c->arg, 3, e) == -1 ?
	    -1 : 0;
}

int
db_publish_done(struct db *db, const char *target, const char *who,
    const struct db_delivery *v, size_t n, struct error *e)
{
	struct arena	*a = arena_new();
	struct change	 c;
	int		 rc;

	change_init(&c, DONE, target, v, n, sizeof(*v), a);
	c.arg[c.nargs++] = db_text(who);
	rc = db_txn(db, done_run, &c, e);
	arena_free(&a);
	return rc;
}

int
db_publish_release(struct db *db, const char *target,
    const struct db_delivery *v, size_t n, struct error *e)
{
	struct arena	*a = arena_new();
	struct change	 c;
	int		 rc;

	change_init(&c, RELEASE, target, v, n, sizeof(*v), a);
	c.nargs = 3;
	rc = db_txn(db, change_run, &c, e);
	arena_free(&a);
	return rc;
}

int
db_publish_fail(struct db *db, const char *target, const struct db_failure *v,
    size_t n, struct error *e)
{
	struct arena	 *a = arena_new();
	const char	**text = arena_alloc(a, (n + 1) * sizeof(*text));
	int64_t		 *wait = arena_alloc(a, (n + 1) * sizeof(*wait));
	int64_t		 *dead = arena_alloc(a, (n + 1) * sizeof(*dead));
	struct change	  c;
	int		  rc;

	for (size_t i = 0; i < n; i++) {
		text[i] = v[i].error;
		wait[i] = v[i].wait;
		dead[i] = v[i].dead;
	}
	change_init(&c, FAIL, target, &v->delivery, n, sizeof(*v), a);
	c.arg[4] = db_texts(text, n);
	c.arg[5] = db_ints(wait, n);
	c.arg[6] = db_ints(dead, n);
	c.nargs = 7;
	rc = db_txn(db, change_run, &c, e);
	arena_free(&a);
	return rc;
}

int
db_publish_state(struct db *db, const char *target,
    enum db_target_state state, const char *error, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(target), db_text(error),
	    db_int(state == DB_TARGET_REFUSES) };

	if (state == DB_TARGET_WELL || state == DB_TARGET_IDLE)
		return db_exec(db, &stmt[state == DB_TARGET_WELL ? WELL :
		    IDLE], arg, 1, e) == -1 ? -1 : 0;
	return db_exec(db, &stmt[AILING], arg, 3, e) == -1 ? -1 : 0;
}

int
db_publish_is_refusing(struct db *db, const char *target, struct error *e)
{
	const struct db_arg	 arg[] = { db_text(target) };
	struct db_rows		*rows;
	int			 found;

	if (db_query(db, &stmt[REFUSING], arg, 1, &rows, e) == -1)
		return -1;
	found = db_rows_count(rows) > 0;
	db_rows_free(&rows);
	return found;
}
