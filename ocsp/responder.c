/* SPDX-License-Identifier: Apache-2.0 */
#include "responder.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "db/db_ocsp.h"
#include "reply.h"

#define BACKDATE	60	/* clients' clocks go wrong */
#define RENEW_PAUSE	2	/* seconds until another one tries */

struct writer {
	struct ocsp_writer	*writer;
	uint64_t		 version;	/* of the signer */
};

struct responder_thread {
	const struct responder	*r;
	struct db		*db;
	struct issuers		*issuers;
	struct writer		*writer;	/* by the CA's number */
	size_t			 nwriters;
	/* The question under way. */
	struct ocsp_request	 request;
	const struct issuer_ca	*ca;
	int64_t			 now;
	struct cell_key		 key[OCSP_IDS_MAX];
	struct cell		*cell[OCSP_IDS_MAX];
	struct ocsp_single	 single[OCSP_IDS_MAX];
};

struct responder_thread *
responder_thread_new(const struct responder *r)
{
	static const struct db_table *const	 tables[] = { &DB_OCSP };
	struct responder_thread			*t = mem_alloc(sizeof(*t));

	t->r = r;
	db_open_later(&t->db, r->conf->database, "signet-ocspd", tables, 1);
	db_set_patience(t->db, 0);
	db_set_deadline(t->db, (int)r->conf->query_ms);
	t->issuers = issuers_get(r->issuers);
	return t;
}

void
responder_thread_free(struct responder_thread **tp)
{
	struct responder_thread	*t = *tp;
	size_t			 i;

	if (t == NULL)
		return;
	for (i = 0; i < t->nwriters; i++)
		ocsp_writer_close(&t->writer[i].writer);
	mem_free(&t->writer);
	issuers_free(&t->issuers);
	db_close(&t->db);
	mem_free(tp);
}

void
outcome_clear(struct outcome *o)
{
	answer_free(&o->answer);
	buf_clear(&o->bytes);
}

static void
count(const struct responder *r, const struct cell_status *s)
{
	static const enum reading	 said[] = {
		[CELL_UNREAD] = READ_INTERNAL,
		[CELL_NEVER_ISSUED] = READ_UNKNOWN,
		[CELL_GOOD] = READ_GOOD, [CELL_REVOKED] = READ_REVOKED,
	};

	reading_add(r->readings, said[s->state]);
}

struct answer *
responder_recall(const struct responder *r, enum answer_by by,
    struct bytes key, bool *renew)
{
	int64_t		 now = clock_now(r->clock), due;
	struct answer	*a = answers_get(r->answers, by, key, now);

	*renew = false;
	if (a == NULL)
		return NULL;
	due = atomic_load_explicit(&a->renew_at, memory_order_relaxed);
	*renew = now >= due && atomic_compare_exchange_strong(&a->renew_at,
	    &due, now + RENEW_PAUSE);
	if (*renew) {
		answer_free(&a);
		return NULL;
	}
	reading_add(r->readings, READ_RECALLED);
	count(r, &a->cell->status);
	return a;
}

/* Which of our CAs is asked?  One signer signs an answer, so it is one. */
static int
find_ca(struct responder_thread *t, struct error *e)
{
	const struct ocsp_request	*q = &t->request;
	const struct issuer_ca		*ca;
	size_t				 i;

	if (issuers_is_new(t->r->issuers, t->issuers)) {
		issuers_free(&t->issuers);
		t->issuers = issuers_get(t->r->issuers);
	}
	t->ca = NULL;
	if (t->issuers->n == 0)
		return error_set(e, ERROR_UPSTREAM, "no CA is known yet");
	for (i = 0; i < q->n; i++) {
		if ((ca = issuers_find(t->issuers, &q->id[i])) == NULL)
			return error_set(e, ERROR_DENIED, "a CA that is none "
			    "of ours");
		if (t->ca != NULL && ca != t->ca)
			return error_set(e, ERROR_DENIED, "two CAs at once");
		t->ca = ca;
	}
	return 0;
}

static int
check_signer(struct responder_thread *t, struct error *e)
{
	const struct ocsp_signer	*s = &t->ca->signer;

	if (s->cert == NULL)
		return error_set(e, ERROR_UPSTREAM, "CA %s has no signer: %s",
		    t->ca->name, t->ca->why_not);
	/* RFC 6960, 4.2.2.2: valid when the client looks at it. */
	if (t->now >= s->not_after)
		return error_set(e, ERROR_UPSTREAM, "the signer of CA %s has "
		    "expired", t->ca->name);
	return 0;
}

/* Statuses. */

static void
set_keys(struct responder_thread *t)
{
	const struct ocsp_request	*q = &t->request;
	size_t				 i;

	for (i = 0; i < q->n; i++) {
		struct cell_key	*k = &t->key[i];

		k->ca = t->ca->number;
		k->serial_len = q->id[i].serial.len <= sizeof(k->serial) ?
		    (uint8_t)q->id[i].serial.len : 0;
		memcpy(k->serial, q->id[i].serial.p, k->serial_len);
	}
}

/* Of what never was, the next act may be the issuing. */
static bool
is_known(const struct responder *r, const struct cell *c)
{
	if (c == NULL || c->status.state == CELL_UNREAD)
		return false;
	return c->status.state != CELL_NEVER_ISSUED ||
	    c->seq >= cells_seq(r->cells);
}

/* No certificate has such a number, whatever the store says. */
static bool
is_no_number(const struct cell_key *k)
{
	return k->serial_len == 0 || k->serial_len > DB_SERIAL;
}

static struct cell_status
status_of(const struct db_ocsp_status *row)
{
	struct cell_status	 s = { .state = CELL_REVOKED,
	    .reason = (int8_t)(row->reason <= 0 ? -1 : row->reason),
	    .revoked_at = row->revoked_at, .not_after = row->not_after };

	if (row->status == DB_STATUS_NONE)
		s.state = CELL_NEVER_ISSUED;
	else if (row->status == DB_STATUS_GOOD)
		s.state = CELL_GOOD;
	else if (row->status == DB_STATUS_HELD)
		s.reason = 6;
	return s;
}

static int
judge(struct responder_thread *t, const struct cell_key *key,
    struct db_ocsp_status *row, struct error *e)
{
	const struct responder	*r = t->r;
	struct floor_court	 court = { r->floor, t->issuers,
	    issuer_source_roots(r->issuers), r->conf->officers_ca, t->db };
	struct error		 why = ERROR_INIT;
	char			 hex[2 * CELL_SERIAL + 1];
	int			 overruled;

	overruled = floor_judge(&court, key, row, &why, e);
	if (overruled != 1)
		return overruled;
	reading_add(r->readings, READ_FLOOR);
	complain(r->complaints, COMPLAIN_FLOOR, &why, "ALARM certificate %s of "
	    "CA %s is answered as its last CRL has it", text_hex(hex,
	    key->serial, key->serial_len), t->ca->name);
	return 0;
}

/* From the store, in one query, what is not at hand. */
static int
read_rows(struct responder_thread *t, const size_t *missing, size_t n,
    struct db_ocsp_status *row, int64_t *seq, struct error *e)
{
	const struct responder	*r = t->r;
	struct db_ocsp_key	 key[OCSP_IDS_MAX];
	int64_t			 feed_seq = cells_seq(r->cells);
	size_t			 i;
	int			 tries;

	for (i = 0; i < n; i++) {
		const struct cell_key	*k = &t->key[missing[i]];

		key[i].ca = t->ca->name;
		key[i].serial.len = k->serial_len;
		memcpy(key[i].serial.p, k->serial, k->serial_len);
	}
	for (tries = 0; ; tries++) {
		reading_add(r->readings, READ_STORE);
		error_clear(e);
		if (db_ocsp_read(t->db, key, n, row, seq, e) == 0)
			break;
		/* Perhaps only this connection is gone, as at a restart. */
		if (e->code != ERROR_UPSTREAM || tries == 1) {
			feed_doubt(r->feed);
			return -1;
		}
	}
	/* Another host than the feed's: what it says may be old. */
	if (*seq < feed_seq) {
		db_disconnect(t->db);
		return error_set(e, ERROR_UPSTREAM, "this server is behind the "
		    "one whose changes are followed");
	}
	return 0;
}

static int
read_missing(struct responder_thread *t, const size_t *missing, size_t n,
    struct error *e)
{
	struct db_ocsp_status	 row[OCSP_IDS_MAX];
	struct cell_status	 s;
	int64_t			 seq;
	size_t			 i;

	if (read_rows(t, missing, n, row, &seq, e) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		struct cell	**c = &t->cell[missing[i]];

		if (judge(t, &t->key[missing[i]], &row[i], e) == -1)
			return -1;
		s = status_of(&row[i]);
		cell_free(c);
		*c = cells_put(t->r->cells, &t->key[missing[i]], &s, seq);
	}
	return 0;
}

static int
find_statuses(struct responder_thread *t, struct error *e)
{
	static const struct cell_status	 never = {
	    .state = CELL_NEVER_ISSUED, .reason = -1 };
	size_t				 missing[OCSP_IDS_MAX], i, n = 0;

	/* Before anything is taken as known: it is so only now. */
	if (feed_check(t->r->feed, e) == -1)
		return -1;
	if (!floor_is_ready(t->r->floor, t->ca->number))
		return error_set(e, ERROR_UPSTREAM, "the last list of CA %s "
		    "is not here yet", t->ca->name);
	for (i = 0; i < t->request.n; i++) {
		t->cell[i] = cells_get(t->r->cells, &t->key[i]);
		if (is_known(t->r, t->cell[i]))
			continue;
		if (!is_no_number(&t->key[i])) {
			missing[n++] = i;
			continue;
		}
		cell_free(&t->cell[i]);
		t->cell[i] = cells_put(t->r->cells, &t->key[i], &never,
		    INT64_MAX);
	}
	return n > 0 ? read_missing(t, missing, n, e) : 0;
}

static void
drop_statuses(struct responder_thread *t)
{
	size_t	 i;

	for (i = 0; i < OCSP_IDS_MAX; i++)
		cell_free(&t->cell[i]);
}

/* Signing. */

static int64_t
latest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Monotone for each certificate: not before its last change. */
static int64_t
this_update(const struct responder_thread *t, const struct cell *c)
{
	int64_t	 from = latest(t->now - BACKDATE, c->since);

	if (c->status.state == CELL_REVOKED)
		from = latest(from, c->status.revoked_at);
	return from > t->now ? t->now : from;
}

static void
fill_single(struct responder_thread *t, size_t i, int64_t next_update)
{
	const struct ocspd_conf	*conf = t->r->conf;
	const struct cell	*c = t->cell[i];
	struct ocsp_single	*s = &t->single[i];

	*s = (struct ocsp_single){ .id = t->request.id[i].der,
	    .state = OCSP_GOOD, .reason = c->status.reason,
	    .revoked_at = c->status.revoked_at,
	    .this_update = this_update(t, c), .next_update = next_update };
	if (c->status.state == CELL_REVOKED)
		s->state = OCSP_REVOKED;
	else if (c->status.state == CELL_NEVER_ISSUED) {
		s->state = OCSP_UNKNOWN;
		if (ocspd_conf_extended_revoked(conf))
			ocsp_single_never_issued(s);
	}
	if (conf->archive_cutoff > 0)
		s->archive_cutoff = t->now - conf->archive_cutoff;
	count(t->r, &c->status);
}

static bool
has_unknown(const struct responder_thread *t)
{
	size_t	 i;

	for (i = 0; i < t->request.n; i++)
		if (t->cell[i]->status.state == CELL_NEVER_ISSUED)
			return true;
	return false;
}

static int64_t
next_update(const struct responder_thread *t)
{
	const struct ocspd_conf	*conf = t->r->conf;
	int64_t			 life = conf->lifetime, next;

	if (has_unknown(t) && conf->unknown_lifetime < life)
		life = conf->unknown_lifetime;
	next = t->now + life;
	return next < t->ca->signer.not_after ? next :
	    t->ca->signer.not_after;
}

static int
find_writer(struct responder_thread *t, struct ocsp_writer **out,
    struct error *e)
{
	struct writer	*w;
	size_t		 n = (size_t)t->ca->number + 1;

	if (n > t->nwriters) {
		t->writer = mem_resize(t->writer, n, sizeof(*t->writer));
		memset(t->writer + t->nwriters, 0,
		    (n - t->nwriters) * sizeof(*t->writer));
		t->nwriters = n;
	}
	w = &t->writer[n - 1];
	if (w->writer == NULL || w->version != t->ca->signer_version) {
		ocsp_writer_close(&w->writer);
		if (ocsp_writer_open(&w->writer, &t->ca->signer, e) == -1)
			return -1;
		w->version = t->ca->signer_version;
	}
	*out = w->writer;
	return 0;
}

static int
sign(struct responder_thread *t, struct outcome *o, struct error *e)
{
	struct ocsp_answer	 a = { .produced_at = t->now,
	    .nonce = t->request.nonce, .n = t->request.n,
	    .single = t->single };
	struct ocsp_writer	*w;
	size_t			 i;

	o->next_update = next_update(t);
	for (i = 0; i < a.n; i++) {
		fill_single(t, i, o->next_update);
		o->this_update = latest(o->this_update,
		    t->single[i].this_update);
	}
	a.extended_revoked = has_unknown(t) &&
	    ocspd_conf_extended_revoked(t->r->conf);
	if (find_writer(t, &w, e) == -1 ||
	    ocsp_writer_sign(w, &o->bytes, &a, e) == -1)
		return -1;
	reading_add(t->r->readings, READ_SIGNED);
	return 0;
}

/* Keeping. */

static void
keep(struct responder_thread *t, enum answer_by by, struct bytes key,
    struct outcome *o)
{
	struct http_shared	*reply;
	struct cell		*cell = t->cell[0];
	struct bytes		 bytes = BYTES(o->bytes.p, o->bytes.len);
	int64_t			 half = t->now + (o->next_update - t->now) / 2;

	if (atomic_load(&cell->dead))
		return;
	t->cell[0] = NULL;
	reply = reply_shared(bytes, o->this_update, o->next_update);
	o->answer = answer_new(reply, cell, bytes.len, t->now, half,
	    o->next_update);
	answers_put(t->r->answers, ANSWER_BY_ID, t->request.id[0].der,
	    o->answer);
	answers_put(t->r->answers, by, key, o->answer);
}

/* The same question in other octets. */
static bool
recall_other(struct responder_thread *t, enum answer_by by, struct bytes key,
    struct outcome *o)
{
	bool	 renew;

	o->answer = responder_recall(t->r, ANSWER_BY_ID,
	    t->request.id[0].der, &renew);
	if (o->answer == NULL)
		return false;
	answers_put(t->r->answers, by, key, o->answer);
	return true;
}

/* Errors. */

static void
tell(struct responder_thread *t, const struct error *e)
{
	struct complaints	*c = t->r->complaints;

	switch (e->code) {
	case ERROR_INPUT:
	case ERROR_DENIED:
		log_debug("request: %s", e->text);
		break;
	case ERROR_UPSTREAM:
	case ERROR_RETRY:
		complain(c, t->ca != NULL && (t->ca->signer.cert == NULL ||
		    t->now >= t->ca->signer.not_after) ? COMPLAIN_SIGNER :
		    COMPLAIN_STORE, e, "answered \"try later\"");
		break;
	default:
		complain(c, COMPLAIN_SIGN, e, "answered \"internal error\"");
	}
}

static void
fail(struct responder_thread *t, const struct error *e, struct outcome *o)
{
	static const enum reading	 said[] = {
		[OCSP_MALFORMED] = READ_MALFORMED,
		[OCSP_INTERNAL] = READ_INTERNAL,
		[OCSP_TRY_LATER] = READ_TRY_LATER,
		[OCSP_SIG_REQUIRED] = READ_INTERNAL,
		[OCSP_UNAUTHORIZED] = READ_UNAUTHORIZED,
	};

	buf_clear(&o->bytes);
	o->status = ocsp_status_of(e);
	reading_add(t->r->readings, said[o->status]);
	tell(t, e);
}

/* What may be said when the store says nothing: what was said before. */
static bool
recall_old(struct responder_thread *t, const struct error *e,
    enum answer_by by, struct bytes key, struct outcome *o)
{
	if (e->code != ERROR_UPSTREAM && e->code != ERROR_RETRY)
		return false;
	if (t->request.n != 1 || t->request.nonce.len > 0)
		return false;
	o->answer = answers_get(t->r->answers, ANSWER_BY_ID,
	    t->request.id[0].der, t->now);
	if (o->answer == NULL)
		o->answer = answers_get(t->r->answers, by, key, t->now);
	if (o->answer == NULL)
		return false;
	reading_add(t->r->readings, READ_RECALLED);
	count(t->r, &o->answer->cell->status);
	return true;
}

void
responder_ask(struct responder_thread *t, enum answer_by by,
    struct bytes key, bool renew, struct bytes der, struct outcome *o)
{
	struct error	 e = ERROR_INIT;
	bool		 one;

	memset(o, 0, sizeof(*o));
	t->now = clock_now(t->r->clock);
	t->ca = NULL;
	if (ocsp_request_read(&t->request, der, &e) == -1 ||
	    find_ca(t, &e) == -1) {
		fail(t, &e, o);
		return;
	}
	one = t->request.n == 1 && t->request.nonce.len == 0;
	if (one && !renew && recall_other(t, by, key, o))
		return;
	set_keys(t);
	if (check_signer(t, &e) == 0 && find_statuses(t, &e) == 0 &&
	    sign(t, o, &e) == 0) {
		if (one)
			keep(t, by, key, o);
		else if (t->request.nonce.len > 0)
			o->this_update = o->next_update = 0;
	} else if (!recall_old(t, &e, by, key, o))
		fail(t, &e, o);
	drop_statuses(t);
}
