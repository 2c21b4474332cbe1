/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "db/conninfo.h"
#include "db/db.h"
#include "db/db_private.h"
#include "db/pgerror.h"
#include "db/pgwait.h"
#include "db/successor.h"

#define PATIENCE	60
#define TXN_TRIES	3
#define CHANNELS_MAX	8
#define FIRST_WAIT_MS	100
#define LONGEST_WAIT_MS	5000
#define LOOK_MS		10000	/* from one look for a successor to the next */

/* Type numbers of PostgreSQL's pg_type that arrays carry within. */
#define OID_BYTEA	17
#define OID_INT8	20
#define OID_TEXT	25

struct channel {
	char	 name[64];
	bool	 missed;	/* reconnected: something may have come */
};

struct db {
	PGconn			*conn;		/* NULL: lost */
	char			*conninfo;
	char			*program;
	const struct db_table	**table;
	size_t			 ntables;
	int			 patience;
	int			 deadline;	/* ms; 0: none */
	int64_t			 end;		/* of the call under way, or 0 */
	unsigned int		 turned;	/* hosts that are asked last */
	struct pgwait		 wait;		/* until the program ends */
	bool			 in_txn;
	bool			 alone;		/* no standby has what was done */
	unsigned int		 hosts;
	int			 silence;	/* ms that each may be silent; or 0 */
	bool			 replaced;	/* by a primary that was found */
	int64_t			 left;		/* for such a one, in all */
	bool			 strict;	/* never alone */
	int64_t			 timeline;	/* of a primary of several */
	int64_t			 look_at;	/* for a successor, the next time */
	struct channel		 channel[CHANNELS_MAX];
	size_t			 nchannels;
};

struct db_rows {
	PGresult	*res;
};

/* The arguments of one call as libpq wants them. */
struct params {
	const char	*value[DB_ARGS_MAX];
	int		 length[DB_ARGS_MAX];
	int		 format[DB_ARGS_MAX];
	uint64_t	 num[DB_ARGS_MAX];
	struct buf	 array[DB_ARGS_MAX];
	int		 n;
};

/* Encoding. */

static void
put32(uint8_t **p, uint32_t v)
{
	uint32_t	 be = htonl(v);

	memcpy(*p, &be, sizeof(be));
	*p += sizeof(be);
}

/* Start of an array with n elements, or all of an empty one. */
static void
put_array(uint8_t **p, size_t n, bool has_null, uint32_t oid)
{
	put32(p, n == 0 ? 0 : 1);	/* dimensions */
	put32(p, has_null ? 1 : 0);
	put32(p, oid);
	if (n == 0)
		return;
	put32(p, (uint32_t)n);
	put32(p, 1);			/* lower bound */
}

static void
put_element(uint8_t **p, const void *v, size_t len)
{
	if (v == NULL) {
		put32(p, UINT32_MAX);
		return;
	}
	put32(p, (uint32_t)len);
	if (len > 0)
		memcpy(*p, v, len);
	*p += len;
}

static void
encode_texts(struct buf *b, const char *const *v, size_t n)
{
	size_t	 size = 20;
	bool	 has_null = false;
	uint8_t	*p;

	for (size_t i = 0; i < n; i++) {
		has_null |= v[i] == NULL;
		size += 4 + (v[i] != NULL ? strlen(v[i]) : 0);
	}
	buf_reserve(b, size);
	p = b->p;
	put_array(&p, n, has_null, OID_TEXT);
	for (size_t i = 0; i < n; i++)
		put_element(&p, v[i], v[i] != NULL ? strlen(v[i]) : 0);
	b->len = (size_t)(p - b->p);
}

static void
encode_ints(struct buf *b, const int64_t *v, size_t n)
{
	uint8_t	*p;

	buf_reserve(b, 20 + n * 12);
	p = b->p;
	put_array(&p, n, false, OID_INT8);
	for (size_t i = 0; i < n; i++) {
		uint64_t be = htobe64((uint64_t)v[i]);

		put_element(&p, &be, sizeof(be));
	}
	b->len = (size_t)(p - b->p);
}

static void
encode_blobs(struct buf *b, const struct bytes *v, size_t n)
{
	size_t	 size = 20;
	bool	 has_null = false;
	uint8_t	*p;

	for (size_t i = 0; i < n; i++) {
		has_null |= v[i].p == NULL;
		size += 4 + (v[i].p != NULL ? v[i].len : 0);
	}
	buf_reserve(b, size);
	p = b->p;
	put_array(&p, n, has_null, OID_BYTEA);
	for (size_t i = 0; i < n; i++)
		put_element(&p, v[i].p, v[i].len);
	b->len = (size_t)(p - b->p);
}

/* Point slot i at len bytes. */
static void
params_set(struct params *ps, int i, const void *v, size_t len)
{
	ps->value[i] = v;
	ps->length[i] = (int)len;
	ps->format[i] = 1;
}

static void
params_add(struct params *ps, const struct db_arg *a)
{
	int		 i = ps->n++;
	struct buf	*array = &ps->array[i];

	switch (a->type) {
	case DB_NULL:
		params_set(ps, i, NULL, 0);
		return;
	case DB_TEXT:
		params_set(ps, i, a->u.text, strlen(a->u.text));
		return;
	case DB_BYTES:
		params_set(ps, i, a->u.bytes.p, a->u.bytes.len);
		return;
	case DB_INT:
		ps->num[i] = htobe64((uint64_t)a->u.num);
		params_set(ps, i, &ps->num[i], 8);
		return;
	case DB_BOOL:
		ps->num[i] = htobe64((uint64_t)(a->u.num != 0) << 56);
		params_set(ps, i, &ps->num[i], 1);
		return;
	case DB_TEXTS:
		encode_texts(array, a->u.texts.v, a->u.texts.n);
		break;
	case DB_INTS:
		encode_ints(array, a->u.ints.v, a->u.ints.n);
		break;
	case DB_BLOBS:
		encode_blobs(array, a->u.blobs.v, a->u.blobs.n);
		break;
	}
	params_set(ps, i, array->p, array->len);
}

static int
params_init(struct params *ps, const struct db_arg *arg, size_t n,
    struct error *e)
{
	memset(ps, 0, sizeof(*ps));
	if (n > DB_ARGS_MAX)
		return error_set(e, ERROR_BUG, "%zu arguments, at most %d", n,
		    DB_ARGS_MAX);
	for (size_t i = 0; i < n; i++)
		params_add(ps, &arg[i]);
	return 0;
}

static void
params_clear(struct params *ps)
{
	for (int i = 0; i < ps->n; i++)
		buf_clear(&ps->array[i]);
}

/* The connection. */

static void
db_drop(struct db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
}

/* A call begins: until when may it wait? */
static void
db_begin(struct db *db)
{
	db->end = db->deadline > 0 ? clock_monotonic_ms() + db->deadline : 0;
}

/* It has waited long enough.  What the server may still say is not ours any
 * more, so the connection goes, too. */
static int
db_late(struct db *db, const char *what, int ms, struct error *e)
{
	db_drop(db);
	if (pgwait_is_over(&db->wait))
		return error_set(e, ERROR_UPSTREAM, "%s: no answer from the "
		    "database, and the program ends", what);
	return error_set(e, ERROR_UPSTREAM, "%s: no answer from the database "
	    "within %d ms", what, ms);
}

/* So has a call, and another host may be alive. */
static int
db_late_call(struct db *db, const char *what, struct error *e)
{
	db->turned++;
	return db_late(db, what, db->deadline, e);
}

/*
 * Another host is the primary now, and this one has not been told.  The next
 * connection is to that.
 */
static int
db_leave(struct db *db, unsigned int successor, struct error *e)
{
	db_drop(db);
	db->turned = successor;
	db->replaced = true;
	db->left++;
	return error_set(e, ERROR_UPSTREAM, "another primary is in the place "
	    "of this one");
}

/* A bell that is heard meanwhile is heard again: the time that is left for an
 * answer begins there. */
static bool
db_find_successor(const struct db *db, unsigned int *which)
{
	struct pgwait	w = db->wait;

	return successor_find(&w, db->conninfo, db->timeline, which);
}

/*
 * The answer to what was sent.  Of several hosts a primary that was left behind
 * has nobody to acknowledge a commit, and keeps it for ever.
 */
static PGresult *
db_answer(struct db *db, int64_t end, bool *in_time)
{
	struct error	 ignored = ERROR_INIT;
	unsigned int	 successor;
	int64_t		 look;

	for (;;) {
		look = clock_monotonic_ms() + LOOK_MS;
		if (db->timeline == 0 || (end != 0 && end <= look) ||
		    !pgwait_is_busy(&db->wait, db->conn, look) ||
		    pgwait_is_ending(&db->wait))
			return pgwait_last(&db->wait, db->conn, end, in_time);
		if (db_find_successor(db, &successor)) {
			*in_time = true;
			db_leave(db, successor, &ignored);
			return NULL;
		}
	}
}

/* Take the connection down if this answer, or none, shows that it is gone. */
static void
db_notice_loss(struct db *db, const PGresult *res)
{
	const char	*state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	if (PQstatus(db->conn) != CONNECTION_OK || (state != NULL &&
	    (strncmp(state, "57P0", 4) == 0 || strncmp(state, "08", 2) == 0 ||
	    strcmp(state, "25006") == 0)))	/* read-only: not the primary */
		db_drop(db);
}

/*
 * Who waits for a standby and is cancelled, by an operator for instance, is
 * told of success all the same, with a warning.  But when that server fails
 * nobody else has it.
 */
static void
db_noticed(void *arg, const PGresult *res)
{
	struct db	*db = arg;
	const char	*by = PQresultErrorField(res, PG_DIAG_SOURCE_FUNCTION);

	if (by != NULL && strcmp(by, "SyncRepWaitForLSN") == 0)
		db->alone = true;
}

/* Of what is over with success: did the standbys get it? */
static int
db_check_standby(struct db *db, struct error *e)
{
	if (!db->alone)
		return 0;
	db->alone = false;
	db_drop(db);
	return error_set(e, ERROR_UPSTREAM, "outcome unknown: the database did "
	    "not wait until a standby has it");
}

static int
db_fail(struct db *db, const PGresult *res, const char *what, struct error *e)
{
	if (db->conn == NULL)
		return error_set(e, ERROR_UPSTREAM, "%s: another primary is in "
		    "the place of this one", what);
	error_pg(e, db->conn, res, "%s", what);
	db_notice_loss(db, res);
	return -1;
}

/* To the hosts in their order of now.  dbname comes after what conninfo may
 * override and before what it may not. */
static int
db_dial(struct db *db, const char *dbname, struct pgwait_hosts *h,
    struct error *e)
{
	const char *const keys[] = { "connect_timeout", "keepalives",
	    "keepalives_idle", "keepalives_interval", "keepalives_count",
	    "tcp_user_timeout", "dbname", "client_encoding", "application_name",
	    dbname != NULL ? "dbname" : NULL, NULL };
	char			*conninfo = NULL;
	const char		*values[] = { "5", "1", "10", "5", "3",
	    "20000", db->conninfo, "UTF8", db->program, dbname, NULL };

	db_drop(db);
	if (db->turned > 0 && conninfo_turn(&conninfo, db->conninfo,
	    db->turned, e) == -1)
		return -1;
	if (conninfo != NULL)
		values[6] = conninfo;
	db->conn = pgwait_connect(&db->wait, keys, values, h);
	mem_free(&conninfo);
	if (db->conn == NULL)
		return error_set(e, ERROR_NOMEM, "connect to database");
	if (h->silent > 0 || h->late)
		db->turned++;		/* the next time another is the first */
	return 0;
}

/* A host that is silent after it has taken the connection is asked no more, and
 * the others are. */
static int
db_connect(struct db *db, const char *dbname, struct error *e)
{
	struct pgwait_hosts	 h = { .silence = db->silence };
	unsigned int		 left = db->hosts;

	if (db->deadline > 0) {
		h.end = clock_monotonic_ms() + db->deadline;
		if (h.silence == 0 || h.silence > db->deadline)
			h.silence = db->deadline;
	}
	do {
		if (db_dial(db, dbname, &h, e) == -1)
			return -1;
	} while (h.late && --left > 0 && !pgwait_is_over(&db->wait) &&
	    (h.end == 0 || clock_monotonic_ms() < h.end));
	if (h.late)
		return db_late(db, "connect", h.silence, e);
	if (PQstatus(db->conn) == CONNECTION_OK) {
		db->alone = false;
		(void)PQsetNoticeReceiver(db->conn, db_noticed, db);
		return 0;
	}
	error_pg(e, db->conn, NULL, "connect to database");
	db_drop(db);
	return -1;
}

/*
 * The role's or the operator's time-out stays; without one it is a minute.
 * Statements are short: compiling one takes longer than running it.  And the
 * server finds out within half a minute that we are not there any more: with
 * its own two hours it would keep our locks as long.
 */
static int
db_set_session(struct db *db, struct error *e)
{
	return db_script(db,
	    "SELECT set_config('search_path', 'signet, pg_temp', false),"
	    " set_config('jit', 'off', false),"
	    " set_config('tcp_keepalives_idle', '10', false),"
	    " set_config('tcp_keepalives_interval', '5', false),"
	    " set_config('tcp_keepalives_count', '3', false),"
	    " set_config('tcp_user_timeout', '20000', false),"
	    " CASE WHEN current_setting('statement_timeout') = '0'"
	    " THEN set_config('statement_timeout', '60s', false) END;"
	    " SET plan_cache_mode = force_generic_plan", e);
}

/* Is this primary one that was left behind? */
static int
db_judge(struct db *db, const struct db_rows *rows, int col, struct error *e)
{
	unsigned int	 successor;

	if (db->hosts < 2)
		return 0;
	db->look_at = clock_monotonic_ms() + LOOK_MS;
	db->timeline = db_get_int(rows, 0, col);
	if (!db_get_bool(rows, 0, col + 1))
		return 0;
	if (db_find_successor(db, &successor))
		return db_leave(db, successor, e);
	if (!db->strict)
		return 0;
	db_turn(db);
	return error_set(e, ERROR_UPSTREAM, "the database waits for standbys "
	    "and has none");
}

static int
db_look(struct db *db, struct error *e)
{
	struct db_rows	*rows;
	int		 rc;

	db->look_at = INT64_MAX;	/* this one does not look again */
	if (db_ask(db, "SELECT " SUCCESSOR_COLUMNS, NULL, 0, &rows, e) == -1)
		return -1;
	rc = db_judge(db, rows, 0, e);
	db_rows_free(&rows);
	return rc;
}

static int
check_version(int64_t v, struct error *e)
{
	if (v == DB_SCHEMA_VERSION)
		return 0;
	error_set(e, ERROR_CONFIG, "the database has schema version %lld, this "
	    "program needs %d", (long long)v, DB_SCHEMA_VERSION);
	return error_hint(e, v < DB_SCHEMA_VERSION ? "run: signet db migrate" :
	    "install the newer suite");
}

/* What server is it, in one question: far away each takes long. */
static int
db_check_server(struct db *db, struct error *e)
{
	struct db_rows	*rows = NULL;
	int		 rc;

	if (db_ask(db, "SELECT coalesce(max(version), 0), " SUCCESSOR_COLUMNS
	    " FROM signet.schema_version", NULL, 0, &rows, e) == -1) {
		if (e->code != ERROR_BUG)
			return error_wrap(e, "schema version");
		error_set(e, ERROR_CONFIG, "the database has no Signet schema");
		return error_hint(e, "run: signet db migrate");
	}
	if ((rc = db_judge(db, rows, 1, e)) == 0)
		rc = check_version(db_get_int(rows, 0, 0), e);
	db_rows_free(&rows);
	return rc;
}

/* Statements. */

static bool
is_success(const PGresult *res)
{
	ExecStatusType	 status = PQresultStatus(res);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* The highest n of $n. */
static int
count_params(const char *sql)
{
	int	 max = 0;

	for (const char *p = sql; (p = strchr(p, '$')) != NULL; p++) {
		int n = (int)strtol(p + 1, NULL, 10);

		if (n > max)
			max = n;
	}
	return max;
}

/*
 * PREPARE checks names and types, but no grants; EXPLAIN does, and nothing
 * else happens.
 */
static int
send_check(struct db *db, const struct db_stmt *s)
{
	struct buf	 sql = { .p = NULL };
	int		 n = count_params(s->sql), rc;

	buf_printf(&sql, "EXPLAIN EXECUTE %s", s->name);
	for (int i = 0; i < n; i++)
		buf_str(&sql, i == 0 ? "(NULL" : ", NULL");
	if (n > 0)
		buf_str(&sql, ")");
	rc = PQsendQueryParams(db->conn, buf_cstr(&sql), 0, NULL, NULL, NULL,
	    NULL, 0);
	buf_clear(&sql);
	return rc;
}

static int
send_stmt(struct db *db, const struct db_stmt *s, struct error *e)
{
	if (PQsendPrepare(db->conn, s->name, s->sql, 0, NULL) != 1 ||
	    send_check(db, s) != 1)
		return error_pg(e, db->conn, NULL, "prepare %s", s->name);
	return 0;
}

/* The next answer of the pipeline; the first failure is the one that counts. */
static int
receive(struct db *db, const char *name, struct error *e)
{
	bool		 in_time;
	PGresult	*res = pgwait_result(&db->wait, db->conn, db->end, &in_time);
	int		 rc = 0;

	if (!in_time)
		return db_late_call(db, "prepare", e);
	if (!is_success(res))
		rc = error_pg(e, db->conn, res, "prepare %s", name);
	PQclear(res);
	if (rc == 0)
		PQclear(PQgetResult(db->conn));	/* NULL: end of this one */
	return rc;
}

static int
send_all(struct db *db, struct error *e)
{
	for (size_t t = 0; t < db->ntables; t++)
		for (size_t i = 0; i < db->table[t]->n; i++)
			if (send_stmt(db, &db->table[t]->stmt[i], e) == -1)
				return -1;
	if (PQsendQueryParams(db->conn, "RESET plan_cache_mode", 0, NULL, NULL,
	    NULL, NULL, 0) != 1 || PQpipelineSync(db->conn) != 1)
		return error_pg(e, db->conn, NULL, "prepare statements");
	return 0;
}

static int
receive_all(struct db *db, struct error *e)
{
	PGresult	*res;
	bool		 in_time;
	int		 rc = 0;

	for (size_t t = 0; t < db->ntables; t++)
		for (size_t i = 0; i < db->table[t]->n; i++) {
			const char *name = db->table[t]->stmt[i].name;

			if (receive(db, name, e) == -1 ||
			    receive(db, name, e) == -1)
				return -1;
		}
	if (receive(db, "statements", e) == -1)
		return -1;
	res = pgwait_result(&db->wait, db->conn, db->end, &in_time);
	if (!in_time)
		return db_late_call(db, "prepare", e);
	if (PQresultStatus(res) != PGRES_PIPELINE_SYNC)
		rc = error_pg(e, db->conn, res, "prepare statements");
	PQclear(res);
	return rc;
}

/*
 * One round trip for all statements.  They are planned for any arguments here
 * (plan_cache_mode), so that EXPLAIN's NULLs do not count among the arguments
 * from which the server learns.  On failure the caller drops the connection, so
 * that the pipeline need not be worked off.
 */
static int
db_prepare_all(struct db *db, struct error *e)
{
	db_begin(db);
	if (PQenterPipelineMode(db->conn) != 1)
		return error_pg(e, db->conn, NULL, "prepare statements");
	if (send_all(db, e) == -1 || receive_all(db, e) == -1)
		return -1;
	if (PQexitPipelineMode(db->conn) != 1)
		return error_pg(e, db->conn, NULL, "prepare statements");
	return 0;
}

/* verb: LISTEN or NOTIFY. */
static int
db_say(struct db *db, const char *verb, const char *channel, struct error *e)
{
	char	*sql, *name;
	int	 rc;

	if (db_quote_name(&name, db, channel, e) == -1)
		return -1;
	sql = mem_printf("%s %s", verb, name);
	rc = db_script(db, sql, e);
	mem_free(&sql);
	mem_free(&name);
	return rc;
}

static int
db_set_up_session(struct db *db, struct error *e)
{
	db->look_at = INT64_MAX;	/* what it asks does not look, too */
	if (db_connect(db, NULL, e) == -1)
		return -1;
	if (db_set_session(db, e) == -1 || db_check_server(db, e) == -1 ||
	    db_prepare_all(db, e) == -1) {
		db_drop(db);
		return -1;
	}
	return 0;
}

static int
db_set_up(struct db *db, struct error *e)
{
	db->replaced = false;
	if (db_set_up_session(db, e) == -1) {
		if (!db->replaced)
			return -1;
		error_clear(e);
		if (db_set_up_session(db, e) == -1)
			return -1;
	}
	for (size_t i = 0; i < db->nchannels; i++) {
		if (db_say(db, "LISTEN", db->channel[i].name, e) == -1) {
			db_drop(db);
			return -1;
		}
		db->channel[i].missed = true;
	}
	return 0;
}

/* False: the program was told to end meanwhile. */
static bool
db_sleep(struct db *db, int64_t ms)
{
	struct pollfd	 p = { .fd = db->wait.bell, .events = POLLIN };
	int64_t		 end = clock_monotonic_ms() + ms, left;

	while (!pgwait_is_ending(&db->wait) &&
	    (left = end - clock_monotonic_ms()) > 0)
		(void)poll(&p, 1, (int)left);
	return !pgwait_is_ending(&db->wait);
}

/*
 * Connect again.  Only what time can heal is tried again: a schema that does
 * not fit or a grant that is missing is handed up at once.
 */
static int
db_reconnect(struct db *db, struct error *e)
{
	int64_t	 end = clock_monotonic_ms() + (int64_t)db->patience * 1000;
	int64_t	 wait = FIRST_WAIT_MS;

	for (;;) {
		error_clear(e);
		db_begin(db);
		if (db_set_up(db, e) == 0)
			return 0;
		if (e->code != ERROR_UPSTREAM && e->code != ERROR_RETRY)
			return -1;
		if (clock_monotonic_ms() + wait > end || !db_sleep(db, wait))
			return -1;
		wait = wait * 2 > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : wait * 2;
	}
}

static int
db_ready(struct db *db, struct error *e)
{
	if (pgwait_is_over(&db->wait) || (db->conn == NULL &&
	    pgwait_is_ending(&db->wait))) {
		db_drop(db);
		return error_set(e, ERROR_UPSTREAM, "the program ends");
	}
	if (db->conn != NULL && !db->in_txn &&
	    clock_monotonic_ms() >= db->look_at && db_look(db, e) == -1) {
		if (db->conn != NULL)
			return -1;
		error_clear(e);
	}
	if (db->conn != NULL) {
		db_begin(db);
		return 0;
	}
	if (db->in_txn)
		return error_set(e, ERROR_UPSTREAM,
		    "the connection was lost earlier in this transaction");
	return db_reconnect(db, e);
}

static struct db *
db_new(const char *conninfo, const char *program)
{
	struct db	*db = mem_alloc(sizeof(*db));

	db->conninfo = mem_strdup(conninfo);
	db->program = mem_strdup(program);
	db->hosts = conninfo_count(conninfo);
	db->silence = conninfo_timeout(conninfo);
	db->look_at = INT64_MAX;
	db->wait = (struct pgwait)PGWAIT_INIT;
	db->patience = PATIENCE;
	return db;
}

void
db_open_later(struct db **out, const char *conninfo, const char *program,
    const struct db_table *const *tables, size_t ntables)
{
	struct db	*db = db_new(conninfo, program);

	db->table = mem_array(ntables + 1, sizeof(*db->table));
	for (size_t i = 0; i < ntables; i++)
		db->table[i] = tables[i];
	db->ntables = ntables;
	*out = db;
}

int
db_open(struct db **out, const char *conninfo, const char *program,
    const struct db_table *const *tables, size_t ntables, struct error *e)
{
	return db_open_told(out, conninfo, program, tables, ntables, -1, e);
}

int
db_open_told(struct db **out, const char *conninfo, const char *program,
    const struct db_table *const *tables, size_t ntables, int bell,
    struct error *e)
{
	struct db	*db;

	*out = NULL;
	db_open_later(&db, conninfo, program, tables, ntables);
	db_set_bell(db, bell);
	if (db_set_up(db, e) == -1) {
		db_close(&db);
		return -1;
	}
	*out = db;
	return 0;
}

int
db_open_bare(struct db **out, const char *conninfo, const char *dbname,
    struct error *e)
{
	struct db	*db = db_new(conninfo, "signet-migrate");

	*out = NULL;
	if (db_connect(db, dbname, e) == -1) {
		db_close(&db);
		return -1;
	}
	*out = db;
	return 0;
}

void
db_close(struct db **dbp)
{
	struct db	*db = *dbp;

	if (db == NULL)
		return;
	db_drop(db);
	mem_free(&db->table);
	mem_free(&db->program);
	mem_free(&db->conninfo);
	mem_free(dbp);
}

void
db_disconnect(struct db *db)
{
	db_drop(db);
}

void
db_turn(struct db *db)
{
	db_drop(db);
	db->turned++;
}

int
db_set_strict(struct db *db, struct error *e)
{
	db->strict = true;
	return db->conn != NULL && db->hosts > 1 ? db_look(db, e) : 0;
}

int64_t
db_left(const struct db *db)
{
	return db->left;
}

void
db_set_patience(struct db *db, int seconds)
{
	db->patience = seconds;
}

void
db_set_deadline(struct db *db, int ms)
{
	db->deadline = ms;
}

void
db_set_bell(struct db *db, int fd)
{
	db->wait.bell = fd > 0 ? fd : -1;
}

int
db_socket(const struct db *db)
{
	return PQsocket(db->conn);
}

int
db_quote_name(char **out, struct db *db, const char *name, struct error *e)
{
	char	*quoted = PQescapeIdentifier(db->conn, name, strlen(name));

	*out = NULL;
	if (quoted == NULL)
		return error_pg(e, db->conn, NULL, "quote name");
	*out = mem_strdup(quoted);
	PQfreemem(quoted);
	return 0;
}

int
db_name_of(char **out, const char *conninfo, struct error *e)
{
	PQconninfoOption	*opts;
	char			*why = NULL;

	*out = NULL;
	if ((opts = PQconninfoParse(conninfo, &why)) == NULL) {
		error_set(e, ERROR_CONFIG, "connection string: %.*s",
		    (int)strcspn(why != NULL ? why : "", "\n"),
		    why != NULL ? why : "");
		PQfreemem(why);
		return -1;
	}
	for (PQconninfoOption *o = opts; o->keyword != NULL; o++)
		if (strcmp(o->keyword, "dbname") == 0)
			*out = mem_strdup(o->val);
	PQconninfoFree(opts);
	if (*out == NULL)
		return error_set(e, ERROR_CONFIG,
		    "the connection string does not name a database");
	return 0;
}

/* Calls. */

static PGresult *
db_run(struct db *db, const struct db_stmt *s, const struct params *ps,
    bool *in_time)
{
	int	 sent;

	if (s->fresh)
		sent = PQsendQueryParams(db->conn, s->sql, ps->n, NULL,
		    ps->value, ps->length, ps->format, 1);
	else
		sent = PQsendQueryPrepared(db->conn, s->name, ps->n, ps->value,
		    ps->length, ps->format, 1);
	*in_time = true;
	return sent == 1 ? db_answer(db, db->end, in_time) : NULL;
}

int
db_query(struct db *db, const struct db_stmt *s, const struct db_arg *arg,
    size_t nargs, struct db_rows **out, struct error *e)
{
	struct params	 ps = { .n = 0 };
	PGresult	*res = NULL;
	bool		 in_time;
	int		 rc = -1;

	*out = NULL;
	if (db_ready(db, e) == -1 || params_init(&ps, arg, nargs, e) == -1)
		goto out;
	res = db_run(db, s, &ps, &in_time);
	if (!in_time) {
		db_late_call(db, s->name, e);
		goto out;
	}
	if (!is_success(res)) {
		db_fail(db, res, s->name, e);
		goto out;
	}
	if (db_check_standby(db, e) == -1)
		goto out;
	*out = mem_alloc(sizeof(**out));
	(*out)->res = res;
	res = NULL;
	rc = 0;
 out:
	PQclear(res);
	params_clear(&ps);
	return rc;
}

int
db_ask(struct db *db, const char *sql, const struct db_arg *arg, size_t nargs,
    struct db_rows **out, struct error *e)
{
	const struct db_stmt	 s = DB_STMT_FRESH("query", sql);

	return db_query(db, &s, arg, nargs, out, e);
}

int64_t
db_exec(struct db *db, const struct db_stmt *s, const struct db_arg *arg,
    size_t nargs, struct error *e)
{
	struct db_rows	*rows;
	int64_t		 n;

	if (db_query(db, s, arg, nargs, &rows, e) == -1)
		return -1;
	n = strtoll(PQcmdTuples(rows->res), NULL, 10);
	db_rows_free(&rows);
	return n;
}

int
db_script(struct db *db, const char *sql, struct error *e)
{
	PGresult	*res = NULL;
	bool		 in_time = true;
	int		 rc = 0;

	if (db_ready(db, e) == -1)
		return -1;
	if (PQsendQuery(db->conn, sql) == 1)
		res = db_answer(db, db->end, &in_time);
	if (!in_time)
		return db_late_call(db, "database script", e);
	if (!is_success(res))
		rc = db_fail(db, res, "database script", e);
	else
		rc = db_check_standby(db, e);
	PQclear(res);
	return rc;
}

size_t
db_rows_count(const struct db_rows *rows)
{
	return (size_t)PQntuples(rows->res);
}

bool
db_is_null(const struct db_rows *rows, size_t row, int col)
{
	return PQgetisnull(rows->res, (int)row, col) == 1;
}

const char *
db_get_text(const struct db_rows *rows, size_t row, int col)
{
	if (db_is_null(rows, row, col))
		return NULL;
	return PQgetvalue(rows->res, (int)row, col);
}

int64_t
db_get_int(const struct db_rows *rows, size_t row, int col)
{
	const char	*p = PQgetvalue(rows->res, (int)row, col);
	uint64_t	 u64;
	uint32_t	 u32;
	uint16_t	 u16;

	switch (PQgetlength(rows->res, (int)row, col)) {
	case 8:
		memcpy(&u64, p, sizeof(u64));
		return (int64_t)be64toh(u64);
	case 4:
		memcpy(&u32, p, sizeof(u32));
		return (int32_t)be32toh(u32);
	case 2:
		memcpy(&u16, p, sizeof(u16));
		return (int16_t)be16toh(u16);
	default:
		return 0;
	}
}

bool
db_get_bool(const struct db_rows *rows, size_t row, int col)
{
	return PQgetlength(rows->res, (int)row, col) == 1 &&
	    *PQgetvalue(rows->res, (int)row, col) != 0;
}

struct bytes
db_get_bytes(const struct db_rows *rows, size_t row, int col)
{
	if (db_is_null(rows, row, col))
		return BYTES(NULL, 0);
	return BYTES(PQgetvalue(rows->res, (int)row, col),
	    (size_t)PQgetlength(rows->res, (int)row, col));
}

void
db_rows_free(struct db_rows **rows)
{
	if (*rows == NULL)
		return;
	PQclear((*rows)->res);
	mem_free(rows);
}

/* Transactions. */

/* COMMIT of a transaction in which a statement failed answers ROLLBACK. */
static int
db_commit(struct db *db, struct error *e)
{
	PGresult	*res = NULL;
	bool		 in_time = true;
	int		 rc = -1;

	if (PQsendQuery(db->conn, "COMMIT") == 1)
		res = db_answer(db, 0, &in_time);
	if (!in_time) {
		db_late_call(db, "commit", e);
		error_wrap(e, "outcome unknown");
	} else if (!is_success(res)) {
		db_fail(db, res, "commit", e);
		if (db->conn == NULL) {
			e->code = ERROR_UPSTREAM;
			error_wrap(e, "outcome unknown");
		}
	} else if (strcmp(PQcmdStatus(res), "COMMIT") != 0)
		error_set(e, ERROR_BUG, "commit: a statement of this "
		    "transaction had failed");
	else if (db_check_standby(db, e) == -1)
		error_wrap(e, "commit");
	else
		rc = 0;
	PQclear(res);
	return rc;
}

static void
db_rollback(struct db *db)
{
	PGresult	*res = NULL;
	bool		 in_time = true;

	if (db->conn == NULL)
		return;
	if (PQsendQuery(db->conn, "ROLLBACK") == 1)
		res = db_answer(db, 0, &in_time);
	if (!in_time || !is_success(res))
		db_drop(db);
	PQclear(res);
}

/* One run of fn; *again says whether another may succeed. */
static int
db_txn_once(struct db *db, db_txn_fn *fn, void *arg, bool *again,
    struct error *e)
{
	int	 rc;

	*again = false;
	if (db_ready(db, e) == -1)
		return -1;
	if (db_script(db, "BEGIN ISOLATION LEVEL READ COMMITTED", e) == -1) {
		*again = db->conn == NULL;
		return error_wrap(e, "begin");
	}
	db->in_txn = true;
	rc = fn(db, arg, e);
	if (db->conn == NULL) {
		*again = true;
		if (rc == 0)
			rc = error_set(e, ERROR_UPSTREAM,
			    "the connection was lost in a transaction");
	} else if (rc == 0) {
		rc = db_commit(db, e);
		*again = rc == -1 && e->code == ERROR_RETRY;
	} else {
		*again = e->code == ERROR_RETRY;
		db_rollback(db);
	}
	db->in_txn = false;
	return rc;
}

int
db_txn(struct db *db, db_txn_fn *fn, void *arg, struct error *e)
{
	bool	 again;

	if (db->in_txn)
		return error_set(e, ERROR_BUG, "transaction in a transaction");
	for (int try = 1; ; try++) {
		if (db_txn_once(db, fn, arg, &again, e) == 0)
			return 0;
		if (!again || try == TXN_TRIES || pgwait_is_over(&db->wait))
			return -1;
		error_clear(e);
	}
}

/* Notifications. */

int
db_notify(struct db *db, const char *channel, struct error *e)
{
	if (db_ready(db, e) == -1)
		return -1;
	return db_say(db, "NOTIFY", channel, e);
}

int
db_listen(struct db *db, const char *channel, struct error *e)
{
	struct channel	*c;

	if (db->nchannels == CHANNELS_MAX)
		return error_set(e, ERROR_BUG, "more than %d channels",
		    CHANNELS_MAX);
	if (strlen(channel) >= sizeof(c->name))
		return error_set(e, ERROR_BUG, "channel name too long");
	if (db_ready(db, e) == -1 || db_say(db, "LISTEN", channel, e) == -1)
		return error_wrap(e, "listen");
	c = &db->channel[db->nchannels++];
	snprintf(c->name, sizeof(c->name), "%s", channel);
	return 0;
}

/* What a lost connection may have swallowed. */
static bool
db_missed(struct db *db, char channel[64])
{
	for (size_t i = 0; i < db->nchannels; i++) {
		struct channel *c = &db->channel[i];

		if (!c->missed)
			continue;
		c->missed = false;
		snprintf(channel, 64, "%s", c->name);
		return true;
	}
	return false;
}

int
db_notified(struct db *db, char channel[64], struct error *e)
{
	PGnotify	*n;

	if (db_ready(db, e) == -1)
		return -1;
	if (db_missed(db, channel))
		return 1;
	if (PQconsumeInput(db->conn) != 1)
		return db_fail(db, NULL, "notifications", e);
	if ((n = PQnotifies(db->conn)) == NULL)
		return 0;
	snprintf(channel, 64, "%s", n->relname);
	PQfreemem(n);
	return 1;
}
